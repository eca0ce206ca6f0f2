//! What a restore waits for runs that were in progress at the strike, where drives or places are
//! scarce.
//!
//! Runs that are due later are held; those that have come before the restore go first. Each of
//! them is over when its own bound is, so the longest of the bounds is the longest wait.

use crate::flow::Facts;
use crate::model::{Model, Origin, Store};
use crate::ops::{Director, Ops};
use crate::quantity::Duration;
use la_arena::Idx;

/// The longest wait of a restore by a director from a store, and where what is scarce was stated;
/// `None` when it finds a drive and a place at any time. [`Duration::MAX`] without a bound.
pub(super) fn waits(
    model: &Model,
    ops: &Ops,
    facts: &Facts,
    director: Idx<Director>,
    store: Idx<Store>,
) -> Option<(Duration, Origin)> {
    let drives = model.stores[store].drives;
    let places = ops.directors[director].jobs;
    if drives.is_none() && places >= 1000 {
        return None;
    }
    let (mut users, mut scheduled) = (0_u64, 0_u64);
    let (mut by_drive, mut by_place) = (Duration::ZERO, Duration::ZERO);
    for (id, job) in ops.jobs.iter() {
        let levels = facts.after_misses(id).map_or(&[][..], |f| f.levels.as_slice());
        let longest = levels.iter().map(|l| l.most.unwrap_or(Duration::MAX)).max().unwrap_or(Duration::ZERO);
        if drives.is_some() && ops.stores_of(job).contains(&store) {
            users += 1;
            by_drive = by_drive.max(longest);
        }
        if job.kind.director() == Some(director) {
            scheduled += 1;
            by_place = by_place.max(longest);
        }
    }
    let drive = drives.filter(|d| d.value <= users).map(|d| (by_drive, Origin::stated(d.span)));
    let place = (places <= scheduled).then(|| (by_place, Origin::stated(ops.directors[director].span)));
    drive.into_iter().chain(place).max_by_key(|(wait, _)| *wait)
}
