//! How much a recovery reads.

use crate::flow::{Facts, JobFact, log_lowest, log_written};
use crate::model::Model;
use crate::ops::{Job, JobKind, Level, Ops};
use crate::quantity::{Bytes, Duration};
use la_arena::Idx;

/// What the answers are read off.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub ops: &'a Ops,
    pub model: &'a Model,
    pub facts: &'a Facts,
}

impl Reading<'_> {
    /// The job whose runs a copy job copies, down to the first.
    pub fn original(&self, job: Idx<Job>) -> Idx<Job> {
        match &self.ops.jobs[job].kind {
            JobKind::Copy { of, .. } => self.original(*of),
            _ => job,
        }
    }

    /// The newest full and what stands on it, at most.
    pub fn chain(&self, job: Idx<Job>) -> Option<Bytes> {
        self.facts.jobs.get(self.original(job)).and_then(JobFact::chain_bytes)
    }

    /// Log written since the newest data run that the logs stand on: that run may be as old as a
    /// gap and a run, and so along every copy.
    pub fn logs(&self, data: Idx<Job>) -> Option<Bytes> {
        let mut age = Duration::ZERO;
        let mut job = data;
        loop {
            age = age.plus(self.facts.jobs.get(job)?.loss()?.0);
            match &self.ops.jobs[job].kind {
                JobKind::Copy { of, .. } => job = *of,
                JobKind::Database { cluster, .. } => return log_written(self.model, *cluster, age),
                _ => return None,
            }
        }
    }

    /// Log that surely can stand between the newest data run and the strike: what is written at the
    /// lowest rate of the envelope in the longest gap between data runs, less the time of a run and
    /// the logs that are not shipped yet. Nothing for copies, whose age is another.
    pub fn surely_logs(&self, data: Idx<Job>, log: Idx<Job>) -> Bytes {
        let JobKind::Database { cluster, .. } = self.ops.jobs[data].kind else { return Bytes::ZERO };
        let (Some(runs), Some(logs)) = (self.facts.jobs.get(data), self.facts.jobs.get(log)) else {
            return Bytes::ZERO;
        };
        let longest = |fact: &JobFact| fact.levels.iter().filter_map(|l| l.gap).map(|g| g.length).max();
        let (Some(gap), Some(shipped)) = (longest(runs), longest(logs)) else { return Bytes::ZERO };
        let run = runs.levels.iter().map(|l| l.alone.unwrap_or(Duration::MAX)).max().unwrap_or_default();
        log_lowest(self.model, cluster, gap.minus(run).minus(shipped))
    }

    /// The data job whose fulls a job's runs stand on.
    fn chain_of(&self, job: Idx<Job>) -> Idx<Job> {
        let original = self.original(job);
        let JobKind::Log { cluster, store, .. } = &self.ops.jobs[original].kind else { return original };
        // It is made just before its logs.
        let data = self.ops.jobs.iter().find(|(_, j)| {
            matches!(&j.kind, JobKind::Database { cluster: c, store: s, .. } if c == cluster && s == store)
        });
        data.map_or(original, |(id, _)| id)
    }

    /// All that a job's volumes hold at once, at most: a scan reads it.
    pub fn kept(&self, job: Idx<Job>) -> Option<Bytes> {
        self.facts.capacity.held.get(job)?.most
    }

    /// What a job's volumes surely hold once the estate has run for as long as points are kept: as
    /// many fulls as fall into that time where they are farthest apart, each as large as the data
    /// is today, since nothing ever shrinks.
    pub fn surely_kept(&self, job: Idx<Job>, least: Bytes) -> Bytes {
        let original = self.original(job);
        let full = self.facts.jobs.get(self.chain_of(job)).and_then(|f| f.level(Level::Full));
        let apart = full.and_then(|l| l.same.or(l.gap)).map_or(Duration::ZERO, |g| g.length);
        let year = Duration::from_days(u64::from(self.facts.horizon.days));
        let keep = self.ops.jobs[job].keep.min(self.ops.jobs[original].keep).min(year);
        least.times(keep.0.checked_div(apart.0).unwrap_or(0).max(1))
    }

    /// A tree merged from every run that is kept: the whole once, and what each run between
    /// brought.
    pub fn merged(&self, job: Idx<Job>) -> Option<Bytes> {
        let full = self.facts.jobs.get(self.original(job))?.level(Level::Full)?.bytes?;
        Some(full.plus(self.facts.capacity.held.get(job)?.changes?))
    }
}
