//! What can be restored: the newest point that a store holds, and what stands below it.

use super::world::{Done, World};
use crate::ops::{Job, Level};
use la_arena::Idx;

/// A recovery point in a store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    /// It brings back every write up to here.
    pub moment: f64,
    /// Bytes of the full and what stands on it.
    pub chain: f64,
    /// Bytes of the logs on top.
    pub logs: f64,
    /// What of them is replayed: nothing from where contents are wrong on.
    pub replayed: f64,
    /// Until when the data runs that it needs are kept.
    pub until: f64,
    /// The same of the logs on top.
    pub logs_until: f64,
}

/// The runs of a job, oldest first, and what they stand on.
#[derive(Default)]
struct Chain {
    /// The newest full and what stands on it; nothing when it is gone.
    runs: Vec<Done>,
    /// Whether all of it is there.
    intact: bool,
    /// What was the newest that was, before.
    before: Vec<Done>,
}

impl Chain {
    fn take(&mut self, run: Done, there: bool) {
        let stands = match run.level {
            Level::Full => true,
            // On the full alone, whatever is gone behind that.
            Level::Differential => !self.runs.is_empty(),
            _ => self.intact,
        };
        let intact = there && stands;
        if self.intact && !intact {
            self.before.clone_from(&self.runs);
        }
        match run.level {
            Level::Full => self.runs.clear(),
            Level::Differential => self.runs.truncate(1),
            _ => {}
        }
        if intact {
            self.runs.push(run);
        }
        self.intact = intact;
    }

    /// The newest run that is whole, with what it stands on.
    fn whole(self) -> Vec<Done> {
        if self.intact { self.runs } else { self.before }
    }
}

/// The newest point at a moment, with nothing in it of `clean` or later. A director that `scanned`
/// its volumes knows of a copy when that was made, and of nothing before.
pub(super) fn newest(
    world: &World<'_>,
    (data, log): (Idx<Job>, Option<Idx<Job>>),
    at: f64,
    scanned: bool,
    clean: Option<f64>,
) -> Option<Point> {
    let before = clean.unwrap_or(f64::INFINITY);
    let known = if scanned { at.min(before) } else { at };
    let mut chain = Chain::default();
    let pruned = world.pruned(data);
    for run in world.held_by(data, known).iter().filter(|d| d.holds.1 < before) {
        chain.take(*run, world.kept_until(data, run) >= pruned);
    }
    let chain = chain.whole();
    let top = chain.last()?;
    let mut point = Point {
        moment: top.holds.0,
        chain: chain.iter().map(|d| d.bytes).sum(),
        logs: 0.0,
        replayed: 0.0,
        logs_until: f64::INFINITY,
        until: chain.iter().map(|d| world.kept_until(data, d)).fold(f64::INFINITY, f64::min),
    };
    for (log, run) in log.into_iter().flat_map(|log| world.held_by(log, at).iter().map(move |run| (log, run)))
    {
        if run.holds.0 <= top.holds.0 || point.moment >= before {
            continue;
        }
        // Nothing is replayed over a hole.
        if run.from > point.moment || world.kept_until(log, run) < world.pruned(log) {
            break;
        }
        point.logs += run.bytes;
        point.logs_until = point.logs_until.min(world.kept_until(log, run));
        // Replay stops just before what is wrong.
        point.moment = point.moment.max(run.holds.0.min(before));
    }
    // What the backup holds is not replayed again.
    point.replayed = world.logged(world.yard.ops.original(data), top.holds.0, point.moment);
    Some(point)
}
