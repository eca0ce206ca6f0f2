//! The points of a job where runs take what they take alone: bounds from below, after wrong contents.
//!
//! A run of a tree that is in progress when contents go wrong holds some of that. A database's backup
//! does not, nor does a copy of what was right before: they end all the same while runs go on. A run
//! begins as late as it may wait for others, or for the one before, and a physical backup holds what
//! there was at the end of its staging. So every point counts from as early on as it may, holds as
//! much, and is kept for as long.

use super::chain::Chain;
use super::{Point, PointFact, seconds};
use crate::flow::level::{JobFact, LevelFact};
use crate::flow::timetable::Timetables;
use crate::ops::{Job, JobKind, Level, Ops};
use crate::quantity::Duration;
use la_arena::{ArenaMap, Idx};

/// Shows the points of a job, rising by start and by when they count; runs and copies are made until
/// `goes_on` after contents went wrong, and what stands in no table is due at the `end` or later.
pub(super) fn each(
    ops: &Ops,
    jobs: &ArenaMap<Idx<Job>, JobFact>,
    (id, fact): (Idx<Job>, &PointFact),
    tables: &Timetables,
    (goes_on, end): (Duration, i64),
    mut show: impl FnMut(Point),
) -> Option<()> {
    let original = ops.original(id);
    let (data, own) = (jobs.get(original)?, jobs.get(id)?);
    let database = matches!(ops.jobs[original].kind, JobKind::Database { .. });
    // Just before it is complete it is not.
    let alone = |l: &LevelFact| l.alone.map_or(0, |a| seconds(a) - 1).max(0);
    let takes: Vec<(Level, i64)> = data.levels.iter().map(|l| (l.level, alone(l))).collect();
    let copying = own.levels.iter().map(alone).min().unwrap_or(0);
    let waits = seconds(data.longest_wait());
    let staging = seconds(data.levels.iter().map(|l| l.moment).max().unwrap_or_default());
    // A copy that waits finds what is done meanwhile.
    let copy_waits = own.waiting().map_or(i64::MAX / 4, seconds);
    let goes_on = seconds(goes_on);
    let kept = |level: Level| seconds(ops.jobs[id].held(level));
    let copies = fact.copies.map(|c| tables.table(c));
    let mut chain = Chain::default();
    // When the run before is over, and how late runs have been at most.
    let (mut free, mut late) = (i64::MIN, 0);
    let (mut ready, mut next) = (i64::MIN, 0);
    for moment in tables.table(fact.table) {
        let begins = moment.at.max(free);
        late = late.max(begins - moment.at);
        let takes = takes.iter().find(|l| l.0 == moment.level).map_or(0, |l| l.1);
        free = begins + takes;
        let done = moment.at + takes;
        let clean = if database { moment.at } else { done };
        let (mut complete, mut written) = (done, begins + waits);
        if let Some(copies) = copies {
            while copies.get(next).is_some_and(|c| c.at.saturating_add(copy_waits) < done) {
                next += 1;
            }
            complete = copies.get(next).map_or(end, |copy| copy.at.max(done)).saturating_add(copying);
            written = complete;
        }
        ready = complete.saturating_sub(goes_on).max(clean).max(ready);
        if chain.take(*moment, written)
            && let Some((until, _)) = chain.until(kept)
        {
            let until = until.saturating_add(late + waits);
            show(Point { start: begins + waits + staging, ready, until, oldest: chain.written });
        }
    }
    Some(())
}
