//! Runs that a tier lets its schedules miss (model, "worst case").
//!
//! So many runs in a row of each schedule may have been missed before a strike. The next run then
//! carries what they did not, comes that much later after the one before, and takes longer, which
//! those that share a drive, a place or a device with it feel: the timeline is solved a second time
//! with each run as large as after its misses. Nobody knows when runs are missed, so that every run
//! may be the one.

use super::points;
use super::{Facts, JobFact};
use crate::model::{Data, Model};
use crate::ops::{Job, JobKind, Level, Ops};
use crate::quantity::Duration;
use la_arena::Idx;

/// Runs in a row of a job that are taken to be missed before one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Missed {
    /// How many.
    pub runs: u64,
    /// How much longer that makes the gap to that one, at most.
    pub time: Duration,
}

/// How many runs in a row of a job that carries these data classes may have been missed: the most
/// that a tier of them tolerates.
pub(super) fn tolerated(model: &Model, data: &[Idx<Data>]) -> u64 {
    let of = |d: &Idx<Data>| model.tiers[model.data[*d].tier?.0].tolerate.map(|t| t.value);
    data.iter().filter_map(of).max().unwrap_or(0)
}

impl Facts {
    /// What a strike may find of a job: its runs with the tolerated number missed before one.
    pub fn after_misses(&self, job: Idx<Job>) -> Option<&JobFact> {
        self.missed.as_ref().unwrap_or(&self.jobs).get(job)
    }

    /// A loss of a job's runs that can happen: each missed run lets the gap grow by the shortest time
    /// between two runs at least. Nothing behind the horizon counts.
    pub fn surely_lost(&self, job: Idx<Job>) -> Option<Duration> {
        let fact = self.jobs.get(job)?;
        let surely = fact.surely()?;
        // Where runs queue, that after a missed one is due already, and starts at once.
        let missed = self.after_misses(job).filter(|f| !f.is_late()).map_or(0, |f| f.missed.runs);
        let room = fact.levels.iter().filter_map(|l| l.room).min().unwrap_or_default();
        let left = Duration::from_secs((self.horizon.end() - surely.from).unsigned_abs());
        Some(surely.loss().plus(room.times(missed)).min(left))
    }

    /// How much later than on a normal day the next point of a job may be complete: by its own
    /// missed runs, and by those of every job whose runs it copies. `None` without a bound.
    pub fn later(&self, ops: &Ops, job: Idx<Job>) -> Option<Duration> {
        let Some(missed) = &self.missed else { return Some(Duration::ZERO) };
        if !points::in_order(ops, missed, job) {
            return None;
        }
        let (usual, now) = (self.jobs.get(job)?, missed.get(job)?);
        let mut own = Duration::ZERO;
        for (usual, now) in usual.levels.iter().zip(&now.levels) {
            own = own.max(now.loss()?.minus(usual.loss()?));
        }
        match &ops.jobs[job].kind {
            JobKind::Copy { of, .. } => {
                let before = self.jobs.get(*of)?;
                // A run that takes longer may miss the copy that would have brought it: then the run
                // before is the newest, until the next copy.
                let next = usual.longest_gap().min(before.longest_gap()).filter(|_| self.longer(*of));
                Some(own.plus(self.later(ops, *of)?).plus(next.unwrap_or_default()))
            }
            _ => Some(own),
        }
    }

    /// Whether runs of a job may take longer after missed runs, its own or those of others.
    fn longer(&self, job: Idx<Job>) -> bool {
        let facts = self.jobs.get(job).zip(self.after_misses(job));
        let mut pairs = facts.into_iter().flat_map(|(usual, now)| usual.levels.iter().zip(&now.levels));
        pairs.any(|(usual, now)| now.most.is_none() || now.most > usual.most)
    }

    /// How many copies a run of a job may miss, since it takes longer: each brings it with its next
    /// run.
    fn copies_missed(&self, ops: &Ops, job: Idx<Job>) -> u64 {
        match &ops.jobs[job].kind {
            JobKind::Copy { of, .. } => u64::from(self.longer(*of)) + self.copies_missed(ops, *of),
            _ => 0,
        }
    }

    /// How much older what the newest point of a job stands on may be when the next is complete:
    /// where fulls were missed, or missed their copy, it is the full before.
    pub fn base_older(&self, ops: &Ops, job: Idx<Job>) -> Option<Duration> {
        let later = self.later(ops, job)?;
        let original = ops.original(job);
        let Some(fact) = self.after_misses(original).filter(|f| f.levels.len() > 1) else {
            return Some(later);
        };
        let fulls = fact.missed.runs.saturating_add(self.copies_missed(ops, job));
        Some(later.plus(self.jobs.get(original)?.longest_apart(Level::Full).times(fulls)))
    }
}
