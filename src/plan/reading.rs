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

    /// How long a run may stand on a volume at most: until the first run after the retention of the
    /// volume that it is on, whichever day a plan is made on.
    fn stands(&self, job: Idx<Job>, level: Level) -> Option<Duration> {
        let pool = self.ops.jobs[job].pool(level)?;
        let gap = self
            .facts
            .jobs
            .get(self.original(job))?
            .levels
            .iter()
            .filter_map(|l| l.gap)
            .max_by_key(|g| g.length);
        let filled = gap.map_or(Duration::ZERO, |g| g.length.times(pool.runs.saturating_sub(1)));
        let filled = pool.use_duration.map_or(filled, |u| filled.min(u));
        Some(pool.keep.plus(filled).plus(Duration::from_days(1)))
    }

    /// All that a job's volumes hold at once, at most: a scan reads it.
    pub fn kept(&self, job: Idx<Job>) -> Option<Bytes> {
        let original = self.original(job);
        if let JobKind::Log { cluster, .. } = &self.ops.jobs[original].kind {
            let gap = self.facts.jobs.get(original)?.level(Level::Log)?.gap?.length;
            return log_written(self.model, *cluster, self.stands(job, Level::Log)?.plus(gap));
        }
        let mut sum = Bytes::ZERO;
        for level in &self.facts.jobs.get(original)?.levels {
            sum = sum.plus(level.bytes?.times(runs_in(self.stands(job, level.level)?, level.room)));
        }
        Some(sum)
    }

    /// A tree merged from every run that is kept: the whole once, and what each run between
    /// brought.
    pub fn merged(&self, job: Idx<Job>) -> Option<Bytes> {
        let fact = self.facts.jobs.get(self.original(job))?;
        let mut sum = fact.level(Level::Full)?.bytes?;
        for level in fact.levels.iter().filter(|l| l.level != Level::Full) {
            sum = sum.plus(level.bytes?.times(runs_in(self.stands(job, level.level)?, level.room)));
        }
        Some(sum)
    }
}

/// How many runs fall into a time at most, when no two of them are nearer than `room`.
fn runs_in(time: Duration, room: Option<Duration>) -> u64 {
    match room {
        Some(room) if room.0 > 0 => time.0.div_ceil(room.0).saturating_add(1),
        // It has run once.
        _ => 1,
    }
}
