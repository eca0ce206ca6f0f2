//! What must hold of every plan.

#[path = "support/estate.rs"]
mod estate;

use drlang::base::world::Memory;
use drlang::driver::{Options, compile};
use drlang::judge::Status;
use drlang::plan::{Resource, StepKind, audit};

fn sound(spec: String) {
    let world = Memory([("main.dr".to_owned(), spec.into_bytes())].into());
    let compiled = compile(&world, "main.dr", &Options::from(1_768_435_200)).expect("in memory");
    assert_eq!(compiled.left_out, 0);
    let plans = compiled.plans();
    assert_eq!(plans.as_ref().err(), None);
    assert!(plans.expect("sound").iter().any(|p| p.steps.len() > 5));
}

#[test]
fn the_plans_of_the_examples_are_sound() {
    for example in ["shop", "small-office", "textbook-schedule"] {
        let path = format!("{}/examples/{example}/main.dr", env!("CARGO_MANIFEST_DIR"));
        sound(std::fs::read_to_string(path).expect("an example"));
    }
}

#[test]
fn the_plans_of_generated_estates_are_sound() {
    for seed in 0..6 {
        sound(estate::spec(seed, 40 + 30 * seed));
    }
}

#[test]
fn an_audit_sees_what_is_broken() {
    let path = format!("{}/examples/shop/main.dr", env!("CARGO_MANIFEST_DIR"));
    let spec = std::fs::read(path).expect("an example");
    let compiled =
        compile(&Memory([("main.dr".to_owned(), spec)].into()), "main.dr", &Options::from(1_768_435_200))
            .expect("in memory");
    let find = |title: &str| {
        let scenario = compiled.verdicts.scenarios.iter().find(|s| s.name(&compiled.model) == title);
        drlang::plan::plan(compiled.estate(), scenario.expect("a scenario"))
    };
    let wrong = |plan: &drlang::plan::Plan| audit(&compiled.model, &compiled.ops, plan).join("\n");
    let mut plan = find("site hz-a");
    assert_eq!(wrong(&plan), "");
    // A promotion that waits for nothing makes a second primary.
    let promote = plan.steps.iter().position(|s| matches!(s.kind, StepKind::Promote { .. })).expect("one");
    let after = std::mem::take(&mut plan.steps[promote].after);
    assert!(wrong(&plan).contains("second primary"));
    plan.steps[promote].after = after;
    assert_eq!(wrong(&plan), "");
    // One that is done on a lost host.
    let lost = compiled.model.hosts.iter().find(|(_, h)| h.name == "db-a2").expect("a host").0;
    if let StepKind::Promote { host, .. } = &mut plan.steps[promote].kind {
        *host = lost;
    }
    assert!(wrong(&plan).contains("needs `db-a2`, which is lost"));
    // Two restores from one store at the same time.
    let mut plan = find("hostile");
    assert_eq!(wrong(&plan), "");
    let readers: Vec<usize> = (0..plan.steps.len())
        .filter(|n| plan.steps[*n].holds.iter().any(|h| matches!(h, Resource::Store(_))))
        .collect();
    plan.steps[readers[1]].after.clear();
    assert!(wrong(&plan).contains("does not wait for it"));
    // More machines are made harmless at once than there are people.
    let mut plan = find("hostile");
    plan.steps.iter_mut().for_each(|s| s.behind.retain(|b| b.1 != Resource::Operator));
    assert!(wrong(&plan).contains("people, and all are taken"));
    // One person does two steps at once.
    let mut plan = find("hostile");
    let rows: Vec<usize> = (0..plan.steps.len())
        .filter(|n| plan.steps[*n].behind.iter().any(|b| b.1 == Resource::Operator))
        .collect();
    let before = plan.steps[rows[0]].behind.clone();
    plan.steps[rows[1]].after.extend(before.iter().map(|b| b.0));
    plan.steps[rows[1]].behind = before;
    assert!(wrong(&plan).contains("who is elsewhere"));
    // A second replica is promoted, behind the same fence.
    let mut plan = find("site hz-a");
    let promote = plan.steps.iter().position(|s| matches!(s.kind, StepKind::Promote { .. })).expect("one");
    let StepKind::Promote { cluster, .. } = plan.steps[promote].kind else { panic!("it is one") };
    let db_c1 = compiled.model.hosts.iter().find(|(_, h)| h.name == "db-c1").expect("a host").0;
    let repoint = plan.steps.iter().position(|s| matches!(s.kind, StepKind::Repoint { .. })).expect("one");
    plan.steps[repoint].kind =
        StepKind::Promote { cluster, host: db_c1, others: Vec::new(), cut: drlang::quantity::Duration::ZERO };
    assert!(wrong(&plan).contains("a second primary: `db-c1` beside the first"));
}

#[test]
fn a_service_is_hit_by_wrong_contents_that_nothing_takes_back() {
    let spec = "site a { timezone = \"UTC\"
          host x { address = 10.0.0.1 }; host y { address = 10.0.0.2 }; host w { address = 10.0.0.3 } }
        tier gold { rpo = 10 min; rto = 1 h }
        response duty { detect = 1 min..5 min; notice = 10 min..20 min; declare = 2 min..10 min
          confirm = 1 min..3 min; operators = 4 }
        engine e { family = mariadb; port = 3306; amplification = 1; apply = 1 MiB/s; replay = 1 MiB/s; prepare = 1 MiB/s
          load = 1 MiB/s; start = 1 s; promote = 1 s; acknowledgements = 1; fallback = 1 s; largest-transaction = 1 MiB
          physical = true; logs = true }
        cluster c : e { primary = x; replicas = [y] }
        data d { on = c; size = 1 GiB; writes = 10 KiB/s; replica y { mode = async } }
        pool web { members = [w]; port = 80 }
        service s : gold { runs-on = web; needs = [d]; start = 1 s }";
    let world = Memory([("main.dr".to_owned(), spec.into())].into());
    let compiled = compile(&world, "main.dr", &Options::from(1_768_435_200)).expect("in memory");
    assert_eq!(compiled.left_out, 0);
    let verdict = compiled
        .verdicts
        .list
        .iter()
        .find(|v| compiled.verdicts.scenarios[v.scenario as usize].name(&compiled.model) == "corruption");
    // Its data promises nothing, so that nobody else would tell.
    assert_eq!(verdict.map(|v| v.status), Some(Status::Refuted));
}
