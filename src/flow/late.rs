//! Runs that are still going when the next of their job is due (calculus, 3.5 and R-13).
//!
//! What then happens is the scheduler's. cron's script leaves a start out while the run before
//! holds its lock, and Bacula drops a log run while one is queued or running: the next start is the
//! first that is due once the run is over, `W * ceil(T / W)` after it on an even grid. Bacula's
//! other jobs wait: the next run starts when the one before ends, so from start to start it is the
//! gap or the time of a run, whichever is longer.
//!
//! A run that starts later carries more, and so takes longer: the true gap is the least fixpoint.
//! It is widened from the gap of the schedule until nothing changes; what still grows then has no
//! bound.

use super::level::{JobFact, LevelFact};
use super::run::{self, Shared};
use super::{Calendar, Facts};
use crate::model::Model;
use crate::ops::{Director, Job, JobKind, Level, Ops};
use crate::quantity::Duration;
use la_arena::Idx;
use std::collections::{BTreeMap, BTreeSet};

/// How the starts of a level's runs lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Between {
    /// As the schedule says.
    AsSaid,
    /// Runs overrun: the longest time from a start to the next.
    Late(Duration),
    /// Runs overrun, and nothing bounds the time from one to the next.
    Unbounded,
}

/// What is known of a level whose runs start late, or wait.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Real {
    level: Level,
    /// From start to start at most; `None` without a bound.
    gap: Option<Duration>,
    /// What a run carries was written in at most this: the gap, and what it waits after it is due.
    pub since: Option<Duration>,
    /// Whether it overruns; else it only waits.
    pub overruns: bool,
}

/// Rounds after which a gap that still grows has no bound.
const ROUNDS: usize = 24;

/// Whether a start of a job's run is left out while the run before goes on; else it waits.
pub(super) fn skips(job: &Job) -> bool {
    matches!(job.kind, JobKind::Mirror { .. } | JobKind::Log { .. })
}

/// What is known of a level whose runs start late, or wait.
pub(super) fn of(late: &[Real], level: Level) -> Option<&Real> {
    late.iter().find(|l| l.level == level)
}

/// Finds the true gaps of jobs whose runs overrun or wait, with what they then carry, and what
/// that does to all others.
pub(super) fn settle(
    model: &Model,
    ops: &Ops,
    facts: &mut Facts,
    calendar: &mut Calendar,
    shared: &mut Shared,
) {
    let mut real: BTreeMap<Idx<Job>, Vec<Real>> = BTreeMap::new();
    let crowded = ops.crowded();
    let mut settled = false;
    for _ in 0..ROUNDS {
        let mut grown = false;
        for (id, job) in ops.jobs.iter() {
            let moved = |f: &&JobFact| f.levels.iter().any(|l| l.overruns() || l.terms.wait > Duration::ZERO);
            let Some(fact) = facts.jobs.get(id).filter(moved) else { continue };
            let known = real.get(&id);
            let next: Vec<Real> = gaps(job, fact, calendar, &crowded)
                .into_iter()
                .map(|now| match known.and_then(|k| of(k, now.level)) {
                    // Only ever wider, so that the rounds end.
                    Some(before) => Real {
                        level: now.level,
                        gap: before.gap.and_then(|b| Some(b.max(now.gap?))),
                        since: before.since.and_then(|b| Some(b.max(now.since?))),
                        overruns: before.overruns || now.overruns,
                    },
                    None => now,
                })
                .collect();
            if known != Some(&next) {
                grown = true;
                real.insert(id, next);
            }
        }
        if !grown {
            settled = true;
            break;
        }
        carry(model, ops, facts, calendar, &real);
        shared.solve_again(model, ops, facts);
    }
    if !settled {
        for level in real.values_mut().flatten() {
            (level.gap, level.since, level.overruns) = (None, None, true);
        }
        carry(model, ops, facts, calendar, &real);
        shared.solve_again(model, ops, facts);
    }
}

/// What runs carry when starts lie so far apart.
fn carry(
    model: &Model,
    ops: &Ops,
    facts: &mut Facts,
    calendar: &mut Calendar,
    real: &BTreeMap<Idx<Job>, Vec<Real>>,
) {
    for (id, job) in ops.jobs.iter() {
        let levels = real.get(&id).map_or(&[][..], Vec::as_slice);
        let reads = match &job.kind {
            JobKind::Copy { of, .. } | JobKind::Verify { of, .. } => Some(*of),
            _ => None,
        };
        if levels.is_empty() && reads.is_none() {
            continue;
        }
        let mut fact = run::volumes(model, ops, facts, calendar, id, levels);
        let endless = |f: &JobFact| f.levels.iter().any(|l| l.between == Between::Unbounded);
        let source = reads.and_then(|of| facts.jobs.get(of)).is_some_and(endless);
        for level in &mut fact.levels {
            // What it waited last counts for how many runs a copy finds.
            if let Some(known) = facts.jobs.get(id).and_then(|f| f.level(level.level)) {
                level.terms = known.terms;
            }
            level.between = match of(levels, level.level) {
                _ if source => Between::Unbounded,
                Some(Real { gap: None, .. }) => Between::Unbounded,
                Some(Real { gap: Some(gap), overruns: true, .. }) => Between::Late(*gap),
                _ => Between::AsSaid,
            };
        }
        facts.jobs.insert(id, fact);
    }
}

/// From start to start at most, by level, with the times that runs take now.
fn gaps(job: &Job, fact: &JobFact, calendar: &mut Calendar, crowded: &BTreeSet<Idx<Director>>) -> Vec<Real> {
    let overruns = fact.levels.iter().any(LevelFact::overruns);
    let longest = fact.levels.iter().map(|l| l.most).try_fold(Duration::ZERO, |a, b| Some(a.max(b?)));
    // What a differential run carries grows with how late it is, and what waits for a place is
    // late by what others queue: neither has a bound here.
    let bounded = !fact.levels.iter().any(|l| l.level == Level::Differential) && !scarce(job, fact, crowded);
    let mut of = |level: &LevelFact| -> Option<Duration> {
        let gap = level.gap?.length;
        if !overruns {
            return Some(gap);
        }
        if skips(job) {
            let rules: Vec<_> = job.runs.iter().map(|r| r.rule.clone()).collect();
            let most = level.most?;
            let free = calendar.next_free(rules, &job.zone, most.plus(job.jitter()))?;
            // Those that are missed come after that.
            let free = free.plus(fact.missed.time);
            // A run that waited starts late, and is over soon after: the next is due at most a gap
            // after that.
            let soon = Duration(most.0.saturating_sub(level.terms.wait.0)).plus(gap);
            return Some(free.min(soon).max(gap));
        }
        longest.filter(|_| bounded).map(|longest| longest.max(gap))
    };
    let real = |l: &LevelFact| {
        let gap = of(l);
        let since = gap.map(|g| g.plus(l.terms.wait));
        Real { level: l.level, gap, since, overruns }
    };
    fact.levels.iter().map(real).collect()
}

/// Whether runs of a job wait for a place or a drive.
fn scarce(job: &Job, fact: &JobFact, crowded: &BTreeSet<Idx<Director>>) -> bool {
    let crowded = job.kind.director().is_some_and(|d| crowded.contains(&d));
    crowded || fact.levels.iter().any(|l| l.terms.wait > Duration::ZERO)
}
