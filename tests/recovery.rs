//! Recovery as a schedule: choices made together, things that restores share, bounds that no plan
//! beats, and what comes after. The sums are in the tests' texts.

#[path = "support/estate.rs"]
mod estate;

use drlang::base::world::Memory;
use drlang::driver::{Compiled, Options, compile};
use drlang::judge::Status;
use drlang::model::Strike;
use drlang::plan::{Exposure, Plan, Reason, StepKind, Subject, audit, misses, plain, plan};
use drlang::quantity::Duration;
use std::collections::BTreeMap;

/// 2026-01-15, midnight UTC.
const AS_OF: i64 = 1_768_435_200;

/// 15 min at most from a loss to the decision, 4 min a step by hand; a new machine takes 2 h. Cards
/// move 1 Gbit/s: 100 GiB, 107.4 GB, take 859 s, 14 min 19 s.
const SITES: &str = "
    site a { timezone = \"UTC\"; replace = 2 h
        host d1 { address = 10.0.0.1; disk = 4 TiB at 900 MiB/s }
        host d2 { address = 10.0.0.2; disk = 4 TiB at 900 MiB/s }
        host d3 { address = 10.0.0.3; disk = 4 TiB at 900 MiB/s }
        host d4 { address = 10.0.0.4; disk = 4 TiB at 900 MiB/s }
        host d5 { address = 10.0.0.5; disk = 4 TiB at 900 MiB/s }
        host m  { address = 10.0.0.6; disk = 4 TiB at 900 MiB/s }
        host b1 { address = 10.0.0.7; disk = 4 TiB at 900 MiB/s }
        host b2 { address = 10.0.0.8; disk = 4 TiB at 900 MiB/s }
        store s1 { host = b1; path = \"/srv/1\"; capacity = 20 TiB at 900 MiB/s }
        store s2 { host = b2; path = \"/srv/1\"; capacity = 20 TiB at 900 MiB/s } }
";

const DUTY: &str =
    "response duty { detect = 5 min; notice = 6 h; declare = 10 min; confirm = 4 min; operators = 4 }";

fn raw(text: &str) -> Compiled {
    let world = Memory([("main.dr".to_owned(), text.as_bytes().to_vec())].into());
    let compiled = compile(&world, "main.dr", &Options::from(AS_OF)).expect("it is in memory");
    let told: Vec<&str> = compiled.problems.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(compiled.left_out, 0, "{told:?}");
    compiled
}

fn compiled(rest: &str) -> Compiled {
    raw(&format!("{DUTY}\n{SITES}\n{rest}"))
}

/// A tree of 100 GiB on a host, with backups.
fn tree(name: &str, tier: &str, host: &str, copies: &str) -> String {
    format!(
        "data {name} : {tier} {{ on = {host} path \"/{name}\"; size = 100 GiB; changed = 0.1 % / hour; writes = 1 B/s; files = independent; {copies} }}\n"
    )
}

const DAILY: &str = "backup s1 { full = daily 01:00; keep = 30 days }";

fn planned(c: &Compiled, under: &str) -> Plan {
    let scenario = c.verdicts.scenarios.iter().find(|s| s.name(&c.model) == under).expect("a scenario");
    let plan = plan(c.estate(), scenario);
    assert_eq!(audit(&c.model, &c.ops, &plan), Vec::<String>::new());
    plan
}

fn name(c: &Compiled, subject: Subject) -> String {
    match subject {
        Subject::Data(d) => c.model.data[d].name.to_string(),
        Subject::Service(s) => c.model.services[s].name.to_string(),
    }
}

/// By name, in minutes, when everything is back at the latest.
fn back(c: &Compiled, plan: &Plan) -> BTreeMap<String, f64> {
    let minutes = |n: usize| plan.steps[n].finish.as_secs_f64() / 60.0;
    plan.recovered.iter().map(|(s, n)| (name(c, *s), minutes(*n))).collect()
}

#[track_caller]
fn near(found: f64, wanted: f64) {
    // Half a minute for what jobs and mounts take of their own.
    assert!((wanted..wanted + 0.5).contains(&found), "{found} and not {wanted}");
}

#[test]
fn of_two_restores_that_share_a_store_the_tighter_goes_first() {
    // `late` stands before `urgent` in the alphabet and behind it in what is promised. The machines
    // stand after 15 + 120 min; a restore takes 14 min 19 s, the look at it one more minute.
    let c = compiled(
        &("tier gold { rpo = 30 h; rto = 4 h }
           tier silver { rpo = 30 h; rto = 9 h }
           scenario both { lose = [host d1, host d2] }\n"
            .to_owned()
            + &tree("late", "silver", "d1", DAILY)
            + &tree("urgent", "gold", "d2", DAILY)),
    );
    let plan = planned(&c, "both");
    let back = back(&c, &plan);
    near(back["urgent"], 135.0 + 14.3 + 1.0);
    near(back["late"], 135.0 + 2.0 * 14.3 + 1.0);
    // Who waits for whom, and for what: the second restore, for the store's host and the store.
    let (_, end) = plan.recovered.iter().find(|r| name(&c, r.0) == "late").expect("it is back");
    let leg = plan.legs(*end).into_iter().find(|l| l.waits_for.is_some()).expect("it waits for something");
    assert!(matches!(plan.steps[leg.step].kind, StepKind::Restore { .. }));
}

#[test]
fn a_service_tightens_what_it_needs() {
    // Alone `first` is due before `second`; a service that promises 3 h needs `second`, and 4 min
    // for somebody to try it. So `second` is due after 2 h 56 min and goes first.
    let spec = "tier gold { rpo = 30 h; rto = 4 h }
           tier silver { rpo = 30 h; rto = 9 h }
           tier front { rto = 3 h }
           scenario both { lose = [host d1, host d2] }\n"
        .to_owned()
        + &tree("first", "gold", "d1", DAILY)
        + &tree("second", "silver", "d2", DAILY);
    let order = |c: &Compiled| {
        let back = back(c, &planned(c, "both"));
        back["first"] < back["second"]
    };
    assert!(order(&compiled(&spec)));
    let c = compiled(
        &(spec
            + "pool web { members = [m]; port = 80 }
               service shop : front { runs-on = web; needs = [second]; start = 1 s }"),
    );
    assert!(!order(&c));
    near(back(&c, &planned(&c, "both"))["shop"], 135.0 + 14.3 + 1.0 + 4.0);
    let told = c.problems.iter().find(|p| p.entry.name == "looser-than-service").expect("it is told");
    assert!(told.notes.iter().any(|n| n.contains("due after 2 h 56 min")), "{:?}", told.notes);
}

#[test]
fn one_person_makes_one_machine_harmless_after_the_other() {
    // Five trees are put in place on the host of their mirrors, a minute each, one more to look.
    // One person needs 4 min for each old host: the last is harmless after 15 + 20 min, so that
    // the tree is back after 37. Of four people the first does the fifth from 19 to 23 min, when
    // the four others have just been put in place, from 19 to 23: 25 min.
    let spec = |operators: u64| {
        let trees: String = (1..=5)
            .map(|n| {
                let mirror = format!("mirror m {{ at = every 30 min; path = \"/m/{n}\" }}");
                tree(&format!("t{n}"), "t", &format!("d{n}"), &mirror)
            })
            .collect();
        let duty = DUTY.replace("operators = 4", &format!("operators = {operators}"));
        format!(
            "{duty}\n{SITES}\ntier t {{ rpo = 2 h; rto = 1 h }}
             scenario all {{ lose = [host d1, host d2, host d3, host d4, host d5] }}\n{trees}"
        )
    };
    let last = |operators| {
        let c = raw(&spec(operators));
        back(&c, &planned(&c, "all")).values().copied().fold(0.0, f64::max)
    };
    assert_eq!((last(1), last(4)), (37.0, 25.0));
}

#[test]
fn copies_that_are_each_the_best_are_not_the_best_together() {
    // Both trees are in both stores, equally old. Each by itself takes the first store, so that the
    // second is back after 135 + 28.6 + 1 min; 2 h 40 min are promised. From the two stores both
    // are back after 135 + 14.3 + 1.
    let both =
        "backup s1 { full = daily 01:00; keep = 30 days }; backup s2 { full = daily 13:00; keep = 30 days }";
    let c = compiled(
        &("tier t { rpo = 30 h; rto = 160 min }
           scenario both { lose = [host d1, host d2] }\n"
            .to_owned()
            + &tree("o", "t", "d1", both)
            + &tree("p", "t", "d2", both)),
    );
    let scenario = c.verdicts.scenarios.iter().find(|s| s.own.is_some()).expect("it is stated");
    let alone = plain(c.estate(), scenario);
    assert_eq!(alone.choices[0].copy, c.model.data[alone.choices[0].data].copies[0]);
    assert_eq!(misses(&c.model, &alone).0, 1);
    let together = planned(&c, "both");
    assert_eq!(misses(&c.model, &together), (0, 0));
    assert!(together.notes.iter().any(|n| n.contains("would miss 1 objectives")), "{:?}", together.notes);
    let back = back(&c, &together);
    near(back["o"], 150.3);
    near(back["p"], 150.3);
    // Both objectives are judged on that one choice.
    let own = c.verdicts.list.iter().filter(|v| c.verdicts.scenarios[v.scenario as usize].own.is_some());
    assert!(own.clone().count() == 4 && own.clone().all(|v| v.status == Status::Proved));
    let relied: Vec<_> = own.filter_map(|v| v.relies_on).map(|copy| c.model.copies[copy].place).collect();
    assert!(together.choices.iter().all(|choice| relied.contains(&c.model.copies[choice.copy].place)));
}

#[test]
fn who_waits_for_a_machine_keeps_nobody_from_a_store() {
    // The tighter tree waits two hours for its machine. The looser one can be restored to the host
    // of its mirror, which is older than the backup and is left: meanwhile.
    let c = compiled(
        &("tier gold { rpo = 30 h; rto = 4 h }
           tier silver { rpo = 30 h; rto = 9 h }
           scenario both { lose = [host d1, host d2] }\n"
            .to_owned()
            + &tree("urgent", "gold", "d1", DAILY)
            + &tree(
                "other",
                "silver",
                "d2",
                &format!("{DAILY}; mirror m {{ at = weekly sun 01:00; path = \"/m\" }}"),
            )),
    );
    // `m` is a place for `other`: fenced after 19 min, restored by 33.3 beside the mirrors of `m`,
    // which may take half of its card until then: 28.6 min, 47.6 in all, and a minute to look.
    let back = back(&c, &planned(&c, "both"));
    near(back["other"], 19.0 + 28.6 + 1.0);
    near(back["urgent"], 135.0 + 14.3 + 1.0);
}

#[test]
fn a_bound_says_when_no_plan_is_in_time() {
    let spec = |rto: &str| {
        format!(
            "tier t {{ rpo = 40 h; rto = {rto} }}
           scenario all {{ lose = [host d1, host d2, host d3] }}\n"
        ) + &tree("o", "t", "d1", DAILY)
            + &tree("p", "t", "d2", DAILY)
            + &tree("q", "t", "d3", DAILY)
    };
    let own = |c: &Compiled| -> Vec<drlang::judge::Verdict> {
        let all = c.verdicts.list.iter();
        all.filter(|v| c.verdicts.scenarios[v.scenario as usize].own.is_some()).cloned().collect()
    };
    let notes = |c: &Compiled| -> String {
        let words = own(c).into_iter().filter_map(|v| drlang::judge::any_plan(c.estate(), &v));
        words.collect::<Vec<_>>().join("\n")
    };
    // The store's host sends 3 * 107.4 GB at 125 MB/s: 42 min 57 s, from 135 min on. 170 min are
    // missed by one of them in any order; two would be in time.
    let c = compiled(&spec("170 min"));
    assert_eq!(own(&c).iter().filter(|v| v.status == Status::Refuted).count(), 1);
    let found = notes(&c);
    assert!(
        found.contains("no choice of copies is in time for all of `o`, `p`, `q`: from 2 h 15 min on"),
        "{found}"
    );
    assert!(found.contains("busy for 42 min 57"), "{found}");
    // 180 min leave room for all three.
    assert_eq!(notes(&compiled(&spec("180 min"))), "");
    // 140 min are missed by each alone: 135 min, 14 min 19 s, and a second to look, which is shown
    // rounded up.
    let found = notes(&compiled(&spec("140 min")));
    assert!(found.contains("alone, from the copy that is back first, it surely takes 2 h 30 min"), "{found}");
}

fn exposure<'a>(c: &Compiled, plans: &'a [Plan], under: &str, data: &str) -> &'a Exposure {
    let plan = plans.iter().find(|p| p.title == under).expect("a plan");
    plan.exposure.iter().find(|e| c.model.data[e.data].name == data).expect("it is exposed")
}

fn minutes(time: Duration) -> f64 {
    time.as_secs_f64() / 60.0
}

#[test]
fn protection_is_whole_when_the_lost_copy_is_made_again() {
    let mirror = "mirror m { at = every 60 min; path = \"/m\" }";
    let c = compiled(&("tier t { rpo = 3 h; rto = 1 h }\n".to_owned() + &tree("o", "t", "d1", mirror)));
    let plans = c.plans().expect("sound");
    // Put in place and looked at after 15 + 4 + 1 + 1 = 21 min. A new machine takes 120 min more.
    // 107.4 GB go back to it over a card of which the mirror may take half: 28 min 38 s.
    let e = exposure(&c, &plans, "host d1", "o");
    near(minutes(e.whole.most), 21.0 + 120.0 + 28.6);
    // At best everything but the machine takes no time, and the card is free: 120 + 14 min 19 s.
    near(minutes(e.whole.least), 120.0 + 14.3);
    assert_eq!(e.unstated, None);
    // Nothing else has the data.
    let m = c.model.hosts.iter().find(|(_, h)| h.name == "m").expect("a host").0;
    assert_eq!(e.second[0].strike, Strike::Host(m));
    assert_eq!(e.second[0].serves, Err(Reason::NoCopySurvives));
    // When `m` is lost the tree goes on; its mirror comes again with the first run on a new machine:
    // 120 min, at most 60 more until a run begins, and 14 min 19 s or, beside itself, twice that.
    let e = exposure(&c, &plans, "host m", "o");
    near(minutes(e.whole.most), 120.0 + 60.0 + 28.6);
}

#[test]
fn a_second_failure_falls_back_to_what_is_older() {
    // With a backup beside the mirror a second loss costs a day and its run up to the first, and
    // what was written since: the job reads the host that is gone.
    let copies =
        "mirror m { at = every 60 min; path = \"/m\" }; backup s1 { full = daily 01:00; keep = 30 days }";
    let c = compiled(&("tier t { rpo = 3 h; rto = 1 h }\n".to_owned() + &tree("o", "t", "d1", copies)));
    let plans = c.plans().expect("sound");
    let second = &exposure(&c, &plans, "host d1", "o").second;
    let serves = second[0].serves.clone().expect("the backup");
    assert_eq!(c.model.copies[serves].name, "backup s1");
    assert!(second[0].since);
    let loss = second[0].loss.expect("a bound").as_secs_f64() / 3600.0;
    assert!((24.0..27.0).contains(&loss), "{loss}");
    // With the site the store goes as well.
    assert_eq!(second[1].serves, Err(Reason::NoCopySurvives));
    let printed = drlang::emit::targets::plans::text(
        drlang::emit::target::Input {
            model: &c.model,
            ops: &c.ops,
            plans: &plans,
            templates: &drlang::emit::template::Templates::default(),
        },
        plans.iter().find(|p| p.title == "host d1").expect("a plan"),
    );
    assert!(printed.contains("with host m too: from backup s1, losing at most 24 h"), "{printed}");
    assert!(printed.contains("with site a too: nothing is left"), "{printed}");
}

#[test]
fn what_is_tried_is_never_worse_than_the_plain_order() {
    for seed in 0..4 {
        let c = raw(&estate::spec(seed, 60 + 60 * seed));
        for scenario in &c.verdicts.scenarios {
            let plain = misses(&c.model, &plain(c.estate(), scenario));
            let found = plan(c.estate(), scenario);
            let tried = misses(&c.model, &found);
            assert!(tried <= plain, "{}: {tried:?} and {plain:?}", found.title);
            assert_eq!(audit(&c.model, &c.ops, &found), Vec::<String>::new());
        }
    }
}

#[test]
fn more_people_and_faster_stores_make_nothing_later_that_is_recovered_alone() {
    let spec = estate::spec(5, 90);
    let base = raw(&spec);
    let alone = |c: &Compiled| -> BTreeMap<String, Duration> {
        let plans = c.verdicts.scenarios.iter().map(|s| plan(c.estate(), s));
        let one = plans.filter(|p| p.title.starts_with("corruption "));
        let last = |p: &Plan| p.recovered.iter().map(|(_, n)| p.steps[*n].finish).max().unwrap_or_default();
        one.map(|p| (p.title.clone(), last(&p))).collect()
    };
    let before = alone(&base);
    assert!(before.len() > 20);
    let mut earlier = 0;
    for (from, to) in [
        ("operators = 4", "operators = 5"),
        ("500 TiB at 900 MiB/s", "500 TiB at 2000 MiB/s"),
        ("declare = 2 min..10 min", "declare = 2 min..8 min"),
    ] {
        let after = alone(&raw(&spec.replace(from, to)));
        for (title, time) in &after {
            assert!(*time <= before[title], "{title} with {to}");
            earlier += usize::from(*time < before[title]);
        }
    }
    assert!(earlier > 0);
}

#[test]
fn log_that_surely_has_to_be_replayed_counts_in_a_refutation() {
    // A database of 1 GiB writes 10 MiB/s of log at any time, is backed up once a day and ships its
    // log every hour. A strike just before the next backup finds at least 24 h - 1 h, less the run
    // of a backup: more than 22.5 h, 791 GiB of log, which an engine that replays 30 MiB/s replays
    // in 7.5 h. 7 h are surely missed, whatever a card of 10 Gbit/s does.
    let c = compiled(
        "engine maria { family = mariadb; port = 3306; amplification = 1; apply = 40 MiB/s; replay = 30 MiB/s
             prepare = 200 MiB/s; load = 20 MiB/s; start = 60 s; promote = 10 s; acknowledgements = 1; fallback = 10 s
             largest-transaction = 4 MiB; physical = true; logs = true }
         tier t { rpo = 30 h; rto = 7 h }
         cluster k : maria { primary = d1 }
         data o : t { on = k; size = 1 GiB; writes = 10 MiB/s
             backup s1 { full = daily 01:00; log = every 60 min; keep = 30 days } }",
    );
    let host = |v: &&drlang::judge::Verdict| {
        c.verdicts.scenarios[v.scenario as usize].name(&c.model) == "host d1"
            && v.objective == drlang::model::Objective::Rto
    };
    let v = c.verdicts.list.iter().find(host).expect("a verdict");
    assert_eq!(v.status, Status::Refuted);
    let surely = v.surely.as_secs_f64() / 3600.0;
    // Two hours for the machine at the least, 15 min to decide, and the log once more over the card.
    assert!((2.25 + 7.5 + 1.8..2.25 + 7.7 + 2.0).contains(&surely), "{surely}");
}
