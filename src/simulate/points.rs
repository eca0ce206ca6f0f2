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

/// The newest point at a moment, with nothing in it of `clean` or later.
pub(super) fn newest(
    world: &World<'_>,
    data: Idx<Job>,
    log: Option<Idx<Job>>,
    at: f64,
    clean: Option<f64>,
) -> Option<Point> {
    let before = clean.unwrap_or(f64::INFINITY);
    let mut held = world.held_by(data, at).to_vec();
    held.retain(|d| d.holds.1 < before);
    let full = held.iter().rposition(|d| d.level == Level::Full)?;
    let mut chain: Vec<Done> = Vec::new();
    let since = held.get(full..).unwrap_or(&[]);
    let differential = since.iter().rposition(|d| d.level == Level::Differential);
    chain.extend(since.first());
    chain.extend(differential.and_then(|n| since.get(n)));
    let rest = since.get(differential.map_or(1, |n| n + 1)..).unwrap_or(&[]);
    chain.extend(rest.iter().filter(|d| d.level == Level::Incremental));
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
        let wrong = world.logged(data, before.min(run.holds.0), run.holds.0);
        point.logs += run.bytes;
        point.replayed += (run.bytes - wrong).max(0.0);
        point.logs_until = point.logs_until.min(world.kept_until(log, run));
        // Replay stops just before what is wrong.
        point.moment = point.moment.max(run.holds.0.min(before));
    }
    Some(point)
}
