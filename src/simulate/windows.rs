//! Which stretches of the horizon are simulated.

use super::dice::Dice;
use super::yard::Yard;
use crate::ops::{Level, Ops};
use std::collections::{BTreeMap, BTreeSet};

const DAY: f64 = 86_400.0;
/// How long each is, in seconds: a week with what came before it.
pub(super) const LENGTH: f64 = 8.0 * DAY;
/// How far the calendar goes on behind it, for recoveries.
pub(super) const AFTER: f64 = 12.0 * DAY;

/// How long runs are remembered when a stretch begins.
pub(super) fn past(ops: &Ops) -> f64 {
    let kept = ops.jobs.iter().flat_map(|(_, j)| &j.pools).map(|p| p.keep.as_secs_f64());
    let rules = ops.jobs.iter().flat_map(|(_, j)| &j.runs);
    let rare = rules.into_iter().any(|r| !r.rule.repeats_weekly());
    kept.fold(40.0 * DAY, f64::max).min(130.0 * DAY).max(if rare { 400.0 * DAY } else { 0.0 })
}

/// The ends of the longest gaps before the runs of each level of each job, and the days on which clocks are
/// changed, in seconds from the as-of instant.
fn hard_times(yard: &Yard<'_>, days: u32) -> Vec<f64> {
    let horizon = i64::from(days) * 86_400;
    let mut found: BTreeSet<i64> = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for (_, job) in yard.ops.jobs.iter() {
        let rules: Vec<_> = job.runs.iter().map(|r| r.rule.clone()).collect();
        if !seen.insert((job.zone.name().to_owned(), rules.clone())) {
            continue;
        }
        let often = rules.iter().any(|r| r.times.len() > 4);
        let turns = job.zone.transitions(yard.as_of, yard.as_of + horizon);
        found.extend(turns.iter().map(|t| t - yard.as_of + 86_400));
        // What comes every few minutes is looked at where clocks are changed only.
        let stretches: Vec<(i64, i64)> = if often {
            turns.iter().map(|t| (t - 2 * 86_400, t + 2 * 86_400)).collect()
        } else {
            vec![(yard.as_of - 31 * 86_400, yard.as_of + horizon)]
        };
        // By the level of the later run: the loss is that gap and its time.
        let mut longest: BTreeMap<Level, (i64, i64)> = BTreeMap::new();
        for (a, b) in stretches {
            let mut all: Vec<(i64, Level)> = Vec::new();
            for run in &job.runs {
                all.extend(run.rule.occurrences(&job.zone, a, b).into_iter().map(|t| (t, run.level)));
            }
            all.sort_unstable();
            for (x, y) in all.iter().zip(all.iter().skip(1)) {
                let slot = longest.entry(y.1).or_default();
                if y.0 - x.0 > slot.0 && y.0 > yard.as_of && y.0 < yard.as_of + horizon {
                    *slot = (y.0 - x.0, y.0);
                }
            }
        }
        found.extend(longest.values().filter(|l| l.0 > 0).map(|l| l.1 - yard.as_of));
    }
    found.into_iter().map(|t| t as f64).collect()
}

/// As many stretches as are wanted: the hard times in an order that is drawn and the end of the
/// horizon in every other place, random ones between.
pub(super) fn choose(yard: &Yard<'_>, days: u32, many: usize, dice: &mut Dice) -> Vec<(f64, f64)> {
    let horizon = f64::from(days) * DAY;
    let mut hard = hard_times(yard, days);
    hard.push(horizon - 1.5 * DAY);
    let clamp = |end: f64| {
        let end = end.clamp(LENGTH.min(horizon), horizon);
        ((end - LENGTH).floor(), end.floor())
    };
    let mut all = Vec::new();
    while all.len() < many {
        if all.len() % 2 == 0 && !hard.is_empty() {
            let n = dice.below(hard.len());
            all.push(clamp(hard.swap_remove(n) + 1.5 * DAY));
        } else {
            all.push(clamp(dice.between(0.0, horizon)));
        }
    }
    all
}
