//! What must hold of every plan.

#[path = "support/estate.rs"]
mod estate;

use drlang::base::world::Memory;
use drlang::driver::{Options, compile};
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
}
