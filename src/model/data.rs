//! Data classes and their copies.

use super::estate::{Hop, Host, Store};
use super::running::Cluster;
use super::tier::{Response, Tier};
use super::{Input, Model};
use crate::base::{EcoString, Span};
use crate::calendar::{Rule, WeekProfile, Zone};
use crate::quantity::{Bytes, Duration, Rate, Ratio};
use crate::schema::PoolOf;
use la_arena::Idx;

/// A set of data that is protected, and recovered, as one.
#[derive(Debug)]
pub struct Data {
    /// Its name.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// What it claims to meet, and where it claims so.
    pub tier: Option<(Idx<Tier>, Span)>,
    /// Where its primary copy lives.
    pub on: On,
    /// How much there is on the as-of date.
    pub size: Input<Bytes>,
    /// Growth: this much of the size in each such time.
    pub growth: Option<Input<(Ratio, Duration)>>,
    /// The upper envelope of its writes, in its site's time.
    pub writes: Option<Input<WeekProfile>>,
    /// Unique bytes that change: at most this fraction of the size in each window of that length.
    pub changed: Option<Input<(Ratio, Duration)>>,
    /// Whether its files mean something each for itself, so that a tree copied file by file is a
    /// recovery point.
    pub files: Files,
    /// Who reacts when it is hit.
    pub response: Option<(Idx<Response>, Span)>,
    /// Its copies, in the order of the spec.
    pub copies: Vec<Idx<Copy>>,
}

/// Where a primary copy lives.
#[derive(Clone, Debug)]
pub enum On {
    /// In a database.
    Cluster(Idx<Cluster>),
    /// In files below a folder of a host.
    Files {
        /// The host.
        host: Idx<Host>,
        /// The folder, absolute.
        path: Input<EcoString>,
    },
}

/// Whether a tree of files has a consistent moment when it is copied one by one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Files {
    /// Each file stands for itself.
    Independent,
    /// The files belong together: a copy taken while they change is no recovery point.
    Together,
}

/// Where a copy lives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Place {
    /// On a host.
    Host(Idx<Host>),
    /// In a store.
    Store(Idx<Store>),
}

/// A copy of a data class, the primary apart.
#[derive(Debug)]
pub struct Copy {
    /// Whose copy.
    pub data: Idx<Data>,
    /// How findings call it: `replica db-b1`, `backup vault-a`.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// Where it lives.
    pub place: Place,
    /// How it comes about.
    pub kind: CopyKind,
    /// How its bytes travel from its source.
    pub route: Route,
}

/// The ways by which bytes travel from a source to a copy, the preferred one first. One way
/// without hops: source and copy stand in the same site.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// Alternatives, each from end to end.
    pub ways: Vec<Vec<Hop>>,
    /// Where it was written, or the copy's own place.
    pub span: Span,
}

/// How a copy comes about.
#[derive(Debug)]
pub enum CopyKind {
    /// A stream of a database's changes.
    Replica(Replica),
    /// A tree of files kept alike by scheduled runs.
    Mirror(Mirror),
    /// Scheduled backups into a store.
    Backup(Box<Backup>),
    /// Scheduled copies of another store's backups.
    CopyOf(CopyOf),
}

/// When a write counts as done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// When enough synchronous replicas have it; writes wait for ever.
    Sync,
    /// When enough synchronous replicas have it; after `timeout` without them, when the primary
    /// has it.
    SemiSync {
        /// How long the primary waits before it goes on alone.
        timeout: Duration,
    },
    /// When the primary has it.
    Async,
}

/// A replica of a database.
#[derive(Debug)]
pub struct Replica {
    /// When a write counts as done.
    pub mode: Input<Mode>,
    /// The replica that it reads, where that is not the primary: its host.
    pub from: Option<(Idx<Host>, Span)>,
    /// Bytes before by bytes after, in billionths: 2.2 is 2 200 000 000. 1 when nothing is stated.
    pub compress: Input<Ratio>,
    /// How long its first copy may take to arrive.
    pub seed_within: Input<Duration>,
}

/// A tree of files kept alike.
#[derive(Debug)]
pub struct Mirror {
    /// The folder at the other end, absolute.
    pub path: Input<EcoString>,
    /// When it runs.
    pub at: (Rule, Span),
    /// The most bandwidth it takes, enforced by the emitted script.
    pub limit: Option<Input<Rate>>,
    /// A run that would delete more than this fraction of the files stops.
    pub max_delete: Input<Ratio>,
    /// How many snapshots are kept, 1 or more.
    pub keep: Input<u64>,
    /// How long its first copy may take to arrive.
    pub seed_within: Input<Duration>,
}

/// How a backup reads its data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// File by file.
    Files,
    /// The engine's own physical backup, staged on the client.
    Physical,
    /// A dump, always full.
    Logical,
}

/// A pool of volumes, as the spec states it.
#[derive(Clone, PartialEq, Debug)]
pub struct PoolSpec {
    /// The runs that it takes.
    pub of: PoolOf,
    /// Where it is declared.
    pub span: Span,
    /// How long nothing overwrites a run; as long as chains need when not stated.
    pub keep: Option<Input<Duration>>,
    /// The most volumes, 1 or more; no limit when not stated.
    pub volumes: Option<Input<u64>>,
    /// Runs in one volume, 1 or more.
    pub runs: u64,
    /// How long a volume is written to, from its first byte; no limit when not stated.
    pub use_duration: Option<Input<Duration>>,
}

impl PoolSpec {
    /// Whether two pools say the same, wherever they stand.
    pub fn alike(&self, other: &Self) -> bool {
        let span = other.span;
        Self { span, ..self.clone() } == *other
    }
}

/// Scheduled backups into a store.
#[derive(Debug)]
pub struct Backup {
    /// The host whose data is read: the primary's, or a replica's to spare it.
    pub from: (Idx<Host>, Span),
    /// The copy that it reads when that is a replica.
    pub from_copy: Option<Idx<Copy>>,
    /// How it reads.
    pub method: Input<Method>,
    /// When full backups run.
    pub full: (Rule, Span),
    /// When differential backups run.
    pub differential: Option<(Rule, Span)>,
    /// When incremental backups run.
    pub incremental: Option<(Rule, Span)>,
    /// When the logs since the last run are shipped.
    pub log: Option<(Rule, Span)>,
    /// How long a recovery point is kept.
    pub keep: Input<Duration>,
    /// The most bandwidth that one run takes, enforced by the emitted configuration.
    pub limit: Option<Input<Rate>>,
    /// When the newest run is read back and compared with the catalogue.
    pub verify: Option<(Rule, Span)>,
    /// What is stated of its volumes and of the records of its runs.
    pub kept: Box<Kept>,
}

/// What a backup states of its volumes and of the records of its runs.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Kept {
    /// Its pools of volumes that are stated, each for other runs.
    pub pools: Vec<PoolSpec>,
    /// How long the catalogue knows single files; as long as their volume when not stated.
    pub files: Option<Input<Duration>>,
    /// How long the catalogue knows runs; as long as their volume when not stated.
    pub jobs: Option<Input<Duration>>,
}

/// Scheduled copies of another store's backups.
#[derive(Debug)]
pub struct CopyOf {
    /// The backup that is copied.
    pub of: Idx<Copy>,
    /// When.
    pub at: (Rule, Span),
    /// How long a recovery point is kept; the original's time when not stated.
    pub keep: Input<Duration>,
    /// The most bandwidth that it takes, enforced by the emitted configuration.
    pub limit: Option<Input<Rate>>,
    /// Its pools of volumes that are stated: for data, and for logs.
    pub pools: Vec<PoolSpec>,
}

impl Model {
    /// The clock of a host: its site's.
    pub fn zone(&self, host: Idx<Host>) -> &Zone {
        &self.sites[self.hosts[host].site].zone
    }

    /// The host that carries a place.
    pub fn host_of(&self, place: Place) -> Idx<Host> {
        match place {
            Place::Host(h) => h,
            Place::Store(s) => self.stores[s].host,
        }
    }

    /// The host that carries the primary copy of a data class.
    pub fn primary_host(&self, data: Idx<Data>) -> Idx<Host> {
        match &self.data[data].on {
            On::Cluster(c) => self.clusters[*c].primary.0,
            On::Files { host, .. } => *host,
        }
    }

    /// The host from which a copy gets its bytes.
    pub fn source_host(&self, copy: Idx<Copy>) -> Idx<Host> {
        let c = &self.copies[copy];
        match &c.kind {
            CopyKind::Replica(Replica { from: Some((host, _)), .. }) => *host,
            CopyKind::Replica(_) | CopyKind::Mirror(_) => self.primary_host(c.data),
            CopyKind::Backup(b) => b.from.0,
            CopyKind::CopyOf(o) => self.host_of(self.copies[o.of].place),
        }
    }
}
