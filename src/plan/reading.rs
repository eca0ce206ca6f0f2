//! How much a recovery reads.

use crate::flow::{Between, Facts, JobFact, Surely};
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
    /// The newest full and what stands on it, at most.
    pub fn chain(&self, job: Idx<Job>) -> Option<Bytes> {
        self.facts.after_misses(self.ops.original(job)).and_then(JobFact::chain_bytes)
    }

    /// Log written since the newest data run that the logs stand on: that run may be as old as a
    /// gap and a run, and so along every copy.
    pub fn logs(&self, data: Idx<Job>) -> Option<Bytes> {
        let mut age = Duration::ZERO;
        let mut job = data;
        loop {
            age = age.plus(self.facts.after_misses(job)?.loss()?.0);
            match &self.ops.jobs[job].kind {
                JobKind::Copy { of, .. } => job = *of,
                JobKind::Database { client, cluster, .. } => {
                    // The replica that was read was itself behind.
                    let host = self.ops.clients[*client].host;
                    let feeds = self.ops.streams.iter().find(|(_, s)| s.cluster == *cluster && s.to == host);
                    let behind = match feeds {
                        Some((id, _)) => self.facts.streams.get(id)?.applied()?,
                        None => Duration::ZERO,
                    };
                    return self.facts.logs.written(*cluster, age.plus(behind));
                }
                _ => return None,
            }
        }
    }

    /// Log from before or after what is replayed that comes along in the run which holds its first or
    /// its last part: runs and their copies bring whole files. A run that ends after the data's
    /// began may hold what was written in a gap and a run before.
    pub fn spanning(&self, log: Idx<Job>) -> Option<Bytes> {
        self.facts.log_of_a_run(self.ops, self.ops.original(log))
    }

    /// Log that surely can stand between the newest data run and the strike: what is written at the
    /// lowest rate of the envelope in the longest gap between data runs, less the time of a run and
    /// the logs that are not shipped yet. Nothing for copies, whose age is another, nor where logs are
    /// shipped late or not at all.
    pub fn surely_logs(&self, data: Idx<Job>, log: Idx<Job>) -> Bytes {
        let JobKind::Database { cluster, .. } = self.ops.jobs[data].kind else { return Bytes::ZERO };
        let (Some(runs), Some(logs)) = (self.facts.jobs.get(data), self.facts.jobs.get(log)) else {
            return Bytes::ZERO;
        };
        let late = logs.levels.iter().any(|l| l.overruns() || l.between != Between::AsSaid);
        if late || self.facts.logs_expire(self.model, self.ops, log) {
            return Bytes::ZERO;
        }
        let (Some(Surely { gap, .. }), Some(shipped)) = (runs.surely(), logs.longest_gap()) else {
            return Bytes::ZERO;
        };
        let run = runs.levels.iter().map(|l| l.alone.unwrap_or(Duration::MAX)).max().unwrap_or_default();
        self.facts.logs.lowest(cluster, gap.minus(run).minus(shipped))
    }

    /// The data job whose fulls a job's runs stand on.
    fn chain_of(&self, job: Idx<Job>) -> Idx<Job> {
        let original = self.ops.original(job);
        let JobKind::Log { cluster, store, .. } = &self.ops.jobs[original].kind else { return original };
        // It is made just before its logs.
        let data = self.ops.jobs.iter().find(|(_, j)| {
            matches!(&j.kind, JobKind::Database { cluster: c, store: s, .. } if c == cluster && s == store)
        });
        data.map_or(original, |(id, _)| id)
    }

    /// How old a run may be that stands on a volume, at most, whichever day a plan is made on: until
    /// the first run that needs a volume after the retention of its own. What a copy brings at once had
    /// been made since the copy before.
    fn age_on_volume(&self, job: Idx<Job>, level: Level) -> Option<Duration> {
        let pool = self.ops.jobs[job].pool(level)?;
        let gap = self.facts.asked_every(self.ops, job, pool)?;
        // It was the first of its volume; when nothing keeps that any more another has just begun.
        let filled = pool.filled_in(gap);
        let mut age = pool.keep.plus(filled.times(2)).plus(gap.max(Duration::from_days(1)));
        let mut at = job;
        while let JobKind::Copy { of, .. } = &self.ops.jobs[at].kind {
            age = age.plus(self.facts.after_misses(at)?.loss()?.0);
            for run in &self.facts.after_misses(*of)?.levels {
                age = age.plus(run.most?);
            }
            at = *of;
        }
        Some(age)
    }

    /// All that a job's volumes hold at once, at most: a scan reads it. As much on whichever day a plan
    /// is made, but where volumes may begin with any run.
    pub fn kept(&self, job: Idx<Job>) -> Option<Bytes> {
        let held = self.facts.capacity.held.get(job)?.most?;
        Some(self.ever_kept(job)?.max(held))
    }

    /// The same as counts say, whichever day it is.
    fn ever_kept(&self, job: Idx<Job>) -> Option<Bytes> {
        let original = self.ops.original(job);
        if let JobKind::Log { cluster, .. } = &self.ops.jobs[original].kind {
            let gap = self.facts.after_misses(original)?.longest_between()?;
            return self.facts.logs.written(*cluster, self.age_on_volume(job, Level::Log)?.plus(gap));
        }
        let fact = self.facts.after_misses(original)?;
        let mut sum = Bytes::ZERO;
        for level in &fact.levels {
            sum = sum.plus(level.carried_by(fact.runs_in(level, self.age_on_volume(job, level.level)?))?);
        }
        Some(sum)
    }

    /// What a job's volumes surely hold once the estate has run for as long as points are kept: as
    /// many fulls as fall into that time where they are farthest apart, each as large as the data
    /// is today, since nothing ever shrinks.
    pub fn surely_kept(&self, job: Idx<Job>, least: Bytes) -> Bytes {
        let original = self.ops.original(job);
        let fact = self.facts.jobs.get(self.chain_of(job));
        let apart = fact.map_or(Duration::ZERO, |f| f.longest_apart(Level::Full));
        let year = Duration::from_days(u64::from(self.facts.horizon.days));
        let held = |job: Idx<Job>| {
            let pool = self.ops.jobs[job].pool(Level::Full).map_or(Duration::ZERO, |p| p.keep);
            self.ops.jobs[job].keep.min(pool)
        };
        let keep = held(job).min(held(original)).min(year);
        least.times(keep.0.checked_div(apart.0).unwrap_or(0).max(1))
    }
}
