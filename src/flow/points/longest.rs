//! The points of a job where runs take their longest time: bounds from above.
//!
//! A run that may be late at random is complete as late as it may be, those that came first meanwhile
//! waited for, and is kept as if it had begun when it was due. Where a full or a differential may come
//! behind what is due after it nobody knows what stands on what.

use super::chain::Chain;
use super::{Point, PointFact, jitter, seconds};
use crate::flow::level::JobFact;
use crate::flow::timetable::{Moment, Timetables};
use crate::ops::{Job, Level, Ops};
use crate::quantity::Duration;
use la_arena::{ArenaMap, Idx};

/// Shows the points of a job from the first full behind an instant on, rising by start and by when
/// they are complete; `None` where nobody knows which there are.
pub(super) fn each(
    ops: &Ops,
    jobs: &ArenaMap<Idx<Job>, JobFact>,
    (id, fact): (Idx<Job>, &PointFact),
    tables: &Timetables,
    from: i64,
    mut show: impl FnMut(Point),
) -> Option<()> {
    let original = ops.original(id);
    let (data, own) = (jobs.get(original)?, jobs.get(id)?);
    if changes_places(ops, data, original) || changes_places(ops, own, id) {
        return None;
    }
    let most = |fact: &JobFact| -> Option<Vec<(Level, i64)>> {
        fact.levels.iter().map(|l| Some((l.level, seconds(l.most?)))).collect()
    };
    // A copy that is due before a run may begin after it.
    let waiting = own.waiting().map_or(i64::MAX / 4, seconds);
    let (data, own) = (most(data)?, most(own)?);
    let takes = |level| data.iter().find(|l| l.0 == level).map_or(0, |l| l.1);
    let copying = own.iter().map(|l| l.1).max().unwrap_or(0);
    let latest = |job: Idx<Job>, m: &Moment| m.at.saturating_add(jitter(&ops.jobs[job], m.level));
    let latest_start = seconds(ops.jobs[original].jitter());
    let kept = |level: Level| seconds(ops.jobs[id].held(level));
    let copies = fact.copies.map(|c| tables.table(c));
    let table = tables.table(fact.table);
    let first = table.partition_point(|m| m.at < from);
    let mut chain = Chain::default();
    let (mut done, mut ready) = (i64::MIN, i64::MIN);
    let (mut next, mut copied) = (0, i64::MIN);
    // A run that is quick may be copied before one that takes its longest time is done.
    let mut soonest = 0;
    for (n, moment) in table.iter().enumerate().skip(first) {
        // A run that is due while one of its job goes on waits for it, and for those that are due until
        // it begins: they may come first.
        let begins = latest(original, moment);
        let sooner = table.iter().skip(n + 1).take_while(|m| m.at <= begins);
        let waits: i64 = sooner.map(|m| takes(m.level)).sum();
        done = begins.max(done) + waits + takes(moment.level);
        let mut written = moment.at;
        let mut complete = done;
        if let Some(copies) = copies {
            let ends = |copy: &Moment, before: i64| latest(id, copy).max(before) + copying;
            while let Some(copy) = copies.get(next).filter(|c| c.at < done) {
                copied = ends(copy, copied);
                next += 1;
            }
            let Some(copy) = copies.get(next) else { break };
            complete = ends(copy, copied);
            while copies.get(soonest).is_some_and(|c| latest(id, c).saturating_add(waiting) < moment.at) {
                soonest += 1;
            }
            written = copies.get(soonest).map_or(moment.at, |c| c.at.max(moment.at));
        }
        ready = complete.max(ready);
        let there = chain.take(*moment, written);
        if moment.level < Level::Incremental {
            let before = table.get(first..n).unwrap_or(&[]).iter().rev();
            let before = before.take_while(|m| m.at >= moment.at - latest_start);
            let late = before.filter(|m| latest(original, m) >= moment.at && m.level > moment.level);
            chain.straggles(late.min_by_key(|m| m.at).copied());
        }
        if there && let Some((until, _)) = chain.until(kept) {
            show(Point { start: moment.at, ready, until, oldest: chain.written });
        }
    }
    Some(())
}

/// Whether a run may begin before one that was due before it and that it would stand on.
fn changes_places(ops: &Ops, fact: &JobFact, id: Idx<Job>) -> bool {
    // The room is less by what a run may be late: nothing is left where the next may come first.
    let late = |level: Level| level < Level::Incremental && jitter(&ops.jobs[id], level) > 0;
    fact.levels.len() > 1 && fact.levels.iter().any(|l| late(l.level) && l.room == Some(Duration::ZERO))
}
