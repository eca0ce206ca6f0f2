//! Large estates: how many pairs are judged, that what is left out loses nothing, and that the
//! order in which a spec is written changes nothing.

#[path = "support/estate.rs"]
mod estate;

use drlang::base::world::Memory;
use drlang::driver::{Compiled, Options, compile};
use drlang::judge::{Status, Verdicts, judge};
use drlang::model::Objective;
use drlang::plan::{Estate, Index, Subject};
use drlang::quantity::Duration;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// 2026-01-15, midnight UTC.
const AS_OF: i64 = 1_768_435_200;

fn compiled(spec: String) -> Compiled {
    let world = Memory([("main.dr".to_owned(), spec.into_bytes())].into());
    compile(&world, "main.dr", &Options::from(AS_OF)).expect("it is in memory")
}

fn line(compiled: &Compiled, v: &drlang::judge::Verdict, scenario: &str) -> String {
    let subject = match v.subject {
        Subject::Data(d) => &compiled.model.data[d].name,
        Subject::Service(s) => &compiled.model.services[s].name,
    };
    let objective = if v.objective == Objective::Rpo { "rpo" } else { "rto" };
    format!("{subject} {objective} {scenario} {} {:?}", v.status.name(), v.predicted.map(|p| p.0))
}

fn lines(compiled: &Compiled, verdicts: &Verdicts) -> BTreeSet<String> {
    let names: Vec<String> = verdicts
        .scenarios
        .iter()
        .map(|s| match s.strikes.first() {
            Some(drlang::model::Strike::Corruption(d)) => {
                format!("corruption {}", compiled.model.data[*d].name)
            }
            _ => s.name(&compiled.model),
        })
        .collect();
    verdicts.list.iter().map(|v| line(compiled, v, &names[v.scenario as usize])).collect()
}

fn digest(lines: &BTreeSet<String>) -> String {
    let mut hash = Sha256::new();
    for line in lines {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    hash.finalize().iter().take(8).fold(String::new(), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    })
}

#[test]
fn pairs_that_are_left_out_lose_nothing_and_never_stop() {
    let compiled = compiled(estate::spec(7, 400));
    let quick = lines(&compiled, &compiled.verdicts);
    let index = Index::naive(&compiled.model, &compiled.ops);
    let estate = Estate { model: &compiled.model, ops: &compiled.ops, facts: &compiled.facts, index: &index };
    let every = judge(estate, |(): &mut (), _| {}).0;
    assert!(every.list.len() > 20 * compiled.verdicts.list.len(), "{}", every.list.len());
    let (mut judged, mut free) = (BTreeSet::new(), 0);
    let all = lines(&compiled, &every);
    for line in all {
        if quick.contains(&line) {
            judged.insert(line);
        } else {
            assert!(line.ends_with("proved Some(0)"), "left out, and not free: {line}");
            free += 1;
        }
    }
    assert_eq!(judged, quick);
    assert!(free > 0);
}

#[test]
fn a_site_that_is_cut_off_is_judged_as_one_that_is_lost() {
    // Every tier promises a time, so that copies are promoted outside: by the same steps.
    let compiled = compiled(estate::spec(7, 400));
    let all = lines(&compiled, &compiled.verdicts);
    let cut: Vec<&String> = all.iter().filter(|l| l.contains(" isolated ")).collect();
    let lost = all.iter().filter(|l| l.contains(" site ") && !l.contains(" isolated ")).count();
    assert_eq!(cut.len(), lost);
    let differing: Vec<_> = cut.iter().filter(|l| !all.contains(&l.replace(" isolated ", " "))).collect();
    assert!(differing.is_empty(), "{differing:?}");
}

#[test]
fn ten_thousand_data_classes_have_the_verdicts_that_they_had() {
    let compiled = compiled(estate::spec(1, 10_000));
    assert_eq!(compiled.left_out, 0);
    assert_eq!((compiled.model.hosts.len(), compiled.model.links.len()), (200, 20));
    assert!(compiled.model.data.iter().all(|(_, d)| d.copies.len() >= 3));
    let verdicts = &compiled.verdicts;
    let counts = (
        verdicts.list.len(),
        verdicts.count(Status::Proved),
        verdicts.count(Status::Refuted),
        verdicts.count(Status::Unknown),
    );
    insta::assert_debug_snapshot!(counts);
    insta::assert_snapshot!(digest(&lines(&compiled, verdicts)));
    assert!(verdicts.list.iter().all(|v| v.predicted != Some(Duration::MAX)));
}

#[test]
fn the_order_of_blocks_changes_no_verdict() {
    let spec = estate::spec(3, 60);
    let straight = compiled(spec.clone());
    let mut blocks: Vec<String> = Vec::new();
    let (mut depth, mut block) = (0_i32, String::new());
    for line in spec.lines() {
        block.push_str(line);
        block.push('\n');
        depth += line.matches('{').count() as i32 - line.matches('}').count() as i32;
        if depth == 0 {
            blocks.push(std::mem::take(&mut block));
        }
    }
    assert!(blocks.len() > 80);
    let mut dice = estate::Dice::new(11);
    for n in (1..blocks.len()).rev() {
        blocks.swap(n, dice.roll(0, n as u64) as usize);
    }
    let shuffled = compiled(blocks.concat());
    assert_eq!(shuffled.left_out, 0);
    assert_eq!(lines(&straight, &straight.verdicts), lines(&shuffled, &shuffled.verdicts));
}
