//! The examples say what their comments claim.

#![cfg(test)]

use drlang::driver::{Compiled, Disk, Options, compile};
use drlang::judge::Status;
use drlang::model::Objective;
use drlang::plan::Subject;
use std::path::Path;

fn example(name: &str) -> Compiled {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    compile(&Disk::new(folder, 1 << 20), "main.dr", &Options::from(1_768_435_200)).unwrap()
}

fn findings(compiled: &Compiled) -> Vec<(&'static str, &str)> {
    compiled.problems.iter().map(|d| (d.entry.name, d.message.as_str())).collect()
}

#[test]
fn the_shop_and_the_office_are_proved() {
    for name in ["shop", "small-office"] {
        let c = example(name);
        assert_eq!(findings(&c), [], "{name}");
        assert!(!c.verdicts.list.is_empty());
        assert!(c.verdicts.list.iter().all(|v| v.status == Status::Proved), "{name}");
    }
}

/// The verdicts of the shop hold whenever they are asked for: schedules meet leap days, years and
/// clocks that change in other places.
#[test]
fn the_shop_and_the_office_are_proved_on_any_day() {
    for name in ["shop", "small-office"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
        let world = Disk::new(folder, 1 << 20);
        for day in 0..24 {
            let as_of = 1_768_435_200 + day * 31 * 86_400 + day * 3_599;
            let c = compile(&world, "main.dr", &Options::from(as_of)).unwrap();
            assert_eq!(findings(&c), [], "{name} as of {as_of}");
        }
    }
}

#[test]
fn the_textbook_schedule_is_refuted_on_every_level() {
    let c = example("textbook-schedule");
    let refuted = |data: &str, objective: Objective, scenario: &str| {
        let subject = c.model.data.iter().find(|(_, d)| d.name == data).unwrap().0;
        let index = c.verdicts.scenarios.iter().position(|s| s.name(&c.model) == scenario).unwrap();
        let verdict = c.verdicts.list.iter().find(|v| {
            v.subject == Subject::Data(subject) && v.objective == objective && v.scenario as usize == index
        });
        let verdict = verdict.unwrap();
        assert_eq!(verdict.status, Status::Refuted, "{data} {scenario}");
        assert!(verdict.witness.is_some());
        verdict.predicted.unwrap().as_secs_f64() / 3600.0
    };
    // An interval and the run that ends it: never less than the interval.
    let level_1 = refuted("orders", Objective::Rpo, "host db");
    assert!((1.0..1.1).contains(&level_1), "{level_1}");
    let level_2 = refuted("catalogue", Objective::Rpo, "host files");
    assert!((24.0..24.5).contains(&level_2), "{level_2}");
    let level_3 = refuted("reports", Objective::Rpo, "host files");
    assert!((168.0..169.5).contains(&level_3), "{level_3}");
    // A restore is no failover.
    assert!(refuted("orders", Objective::Rto, "host db") > 4.0);
    // Nothing else is wrong with it.
    for (name, message) in findings(&c) {
        assert!(matches!(name, "rpo-not-met" | "rto-not-met"), "{name}: {message}");
    }
}
