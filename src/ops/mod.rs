//! The operations: what runs where and when, and moves what.
//!
//! This is the one source. Verdicts are computed from these jobs, streams, takeovers and caps,
//! and the emitters write these very ones; nothing downstream invents a schedule, a path or a
//! timeout. The types are plain data; ids are indices that `lower` hands out.

mod errors;
pub mod job;
mod lower;
mod names;
pub mod retention;
pub mod shaping;
pub mod stream;
pub mod takeover;

pub use job::{Cap, Director, FileDaemon, Job, JobKind, Level, Pool, Run, Scheduler, Staging, StorageDaemon};
pub use lower::{class_of, lower};
pub use names::NameTable;
pub use stream::{Flow, Path, Shaper, ShaperClass, Stream};
pub use takeover::{Member, Vrrp};

use la_arena::{Arena, Idx};
use std::collections::{BTreeMap, BTreeSet};

/// All operations of an estate.
#[derive(Debug, Default)]
pub struct Ops {
    /// Scheduled runs, in the order of the spec.
    pub jobs: Arena<Job>,
    /// Streams of databases.
    pub streams: Arena<Stream>,
    /// Addresses that move.
    pub vrrps: Arena<Vrrp>,
    /// Traffic shaping, at most one a host, in the order of the hosts.
    pub shapers: Vec<Shaper>,
    /// Bacula directors.
    pub directors: Arena<Director>,
    /// Bacula storage daemons, one a host that carries a store.
    pub storages: Arena<StorageDaemon>,
    /// Bacula file daemons, one a host whose data is backed up or restored.
    pub clients: Arena<FileDaemon>,
}

impl Ops {
    /// The job whose runs a copy job copies, down to the first; any other job is its own.
    pub fn original(&self, job: Idx<Job>) -> Idx<Job> {
        match &self.jobs[job].kind {
            JobKind::Copy { of, .. } => self.original(*of),
            _ => job,
        }
    }

    /// Whether a job carries logs, itself or as a copy.
    pub fn is_log(&self, job: Idx<Job>) -> bool {
        matches!(self.jobs[self.original(job)].kind, JobKind::Log { .. })
    }

    /// How many jobs each director schedules.
    pub fn jobs_of_directors(&self) -> BTreeMap<Idx<Director>, u64> {
        let mut many = BTreeMap::new();
        for director in self.jobs.iter().filter_map(|(_, j)| j.kind.director()) {
            *many.entry(director).or_default() += 1;
        }
        many
    }

    /// The stores of which a job's runs take a drive where they have drives: those that it reads
    /// and writes.
    pub fn stores_of(&self, job: &Job) -> Vec<Idx<crate::model::Store>> {
        let read = match &job.kind {
            JobKind::Copy { from, .. } => Some(*from),
            JobKind::Verify { of, .. } => self.jobs[*of].kind.writes_to(),
            _ => None,
        };
        read.into_iter().chain(job.kind.writes_to()).collect()
    }

    /// The directors that have fewer places for runs than jobs, so that a run may have to wait for
    /// others that use nothing of what it uses.
    pub fn crowded(&self) -> BTreeSet<Idx<Director>> {
        let many = self.jobs_of_directors().into_iter();
        many.filter(|(d, n)| self.directors[*d].jobs < *n).map(|(d, _)| d).collect()
    }
}
