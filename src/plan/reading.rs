//! How much a recovery reads.

use crate::flow::{Facts, JobFact, log_written};
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

    /// All that a job's volumes hold at once, at most: a scan reads it.
    pub fn kept(&self, job: Idx<Job>) -> Option<Bytes> {
        self.facts.capacity.held.get(job)?.most
    }

    /// A tree merged from every run that is kept: the whole once, and what each run between
    /// brought.
    pub fn merged(&self, job: Idx<Job>) -> Option<Bytes> {
        let full = self.facts.jobs.get(self.original(job))?.level(Level::Full)?.bytes?;
        Some(full.plus(self.facts.capacity.held.get(job)?.changes?))
    }
}
