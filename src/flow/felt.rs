//! For how long before the horizon a gap between runs is felt in it.
//!
//! A strike at the first instant still finds what runs of before left. A gap that had ended then is
//! felt until the run that ended it is complete; where runs may have been missed, until so many more
//! are due; where runs are copied, until the copy that brings it is complete, and so along every
//! copy; where a feed had been cut before the last strike, for as long as that. How long runs take
//! is known only when all has been solved: so a time is assumed and held against that.

use super::{Calendar, Facts, JobFact, missed, run};
use crate::model::Model;
use crate::ops::{Job, JobKind, Ops};
use crate::quantity::Duration;
use la_arena::{ArenaMap, Idx};

/// Rounds after which what is assumed is no longer doubled: a year and more is looked back.
const ROUNDS: usize = 12;

/// Solves with gaps from as far back as they are felt.
pub(super) fn solve(model: &Model, ops: &Ops, facts: &mut Facts, calendar: &mut Calendar) {
    let cut = model.longest_cut();
    let own = |id: Idx<Job>, calendar: &mut Calendar| {
        let gap = calendar.gaps(ops, id, 0).longest().map_or(Duration::ZERO, |g| g.length);
        let misses = missed::tolerated(model, &run::data(model, &ops.jobs[id]));
        // The gap and a run that is no longer than that.
        gap.times(misses.saturating_add(1)).plus(gap)
    };
    let assumed: ArenaMap<Idx<Job>, Duration> =
        ops.jobs.iter().map(|(id, _)| (id, own(id, calendar))).collect();
    for (id, time) in along(ops, |id| assumed[id]).iter() {
        calendar.back.insert(id, days(time.plus(cut)));
    }
    for _ in 0..ROUNDS {
        run::facts(model, ops, facts, calendar);
        let felt = along(ops, |id| facts.after_misses(id).and_then(felt).unwrap_or_default());
        let mut enough = true;
        for (id, time) in felt.iter() {
            let needed = days(time.plus(cut));
            let Some(back) = calendar.back.get(id).copied().filter(|back| *back < needed) else { continue };
            let farther = needed.max(back.saturating_mul(2));
            calendar.back.insert(id, farther);
            enough &= calendar.gaps(ops, id, back).as_long_as(&calendar.gaps(ops, id, farther));
        }
        if enough {
            break;
        }
    }
}

/// How long after the start of the first of two runs the second is complete at the latest. `None`
/// without a bound, of which nothing is claimed.
fn felt(fact: &JobFact) -> Option<Duration> {
    fact.loss().map(|(loss, _)| loss)
}

/// The sum of a time along the longest chain of those that copy a job, itself counted.
fn along(ops: &Ops, of: impl Fn(Idx<Job>) -> Duration) -> ArenaMap<Idx<Job>, Duration> {
    let mut sums: ArenaMap<Idx<Job>, Duration> = ops.jobs.iter().map(|(id, _)| (id, of(id))).collect();
    // A copy is made after what it copies: from the last one on each has all that copy it.
    for (id, job) in ops.jobs.iter().rev() {
        if let JobKind::Copy { of: original, .. } = &job.kind {
            let sum = sums[id].plus(of(*original));
            sums[*original] = sums[*original].max(sum);
        }
    }
    sums
}

/// Whole days, and one more.
fn days(time: Duration) -> i64 {
    i64::try_from(time.secs_up() / 86_400).unwrap_or(i64::MAX).min(1_500) + 1
}
