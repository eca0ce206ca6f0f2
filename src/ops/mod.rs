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

pub use job::{Cap, Director, FileDaemon, Job, JobKind, Level, Run, Scheduler, Staging, StorageDaemon};
pub use lower::{class_of, lower};
pub use names::NameTable;
pub use retention::retentions;
pub use stream::{Flow, Path, Shaper, ShaperClass, Stream};
pub use takeover::{Member, Vrrp};

use la_arena::Arena;

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
