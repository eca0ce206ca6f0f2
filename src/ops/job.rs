//! Scheduled runs, and the daemons that run them.

use super::stream::Path;
use crate::base::{EcoString, Span};
use crate::calendar::{Rule, Zone};
use crate::model::{Cluster, Copy, Host, Input, Site, Store};
use crate::quantity::{Duration, Rate, Ratio};
use la_arena::Idx;

/// What one run carries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Everything.
    Full,
    /// What changed since the last full.
    Differential,
    /// What changed since the last run of any level.
    Incremental,
    /// The database's log since the last log run.
    Log,
    /// What changed since the last run of a mirror, or the runs that a copy job has not copied yet.
    Changes,
}

impl Level {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Differential => "differential",
            Self::Incremental => "incremental",
            Self::Log => "log",
            Self::Changes => "changes",
        }
    }
}

/// One line of a schedule. The lines of a job never fall on the same minute.
#[derive(Clone, Debug)]
pub struct Run {
    /// What it carries.
    pub level: Level,
    /// When, in the job's zone.
    pub rule: Rule,
    /// Where it was written.
    pub span: Span,
}

/// Who starts the runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheduler {
    /// Bacula's director.
    Bacula,
    /// Debian's cron.
    Cron,
}

/// A scheduled job.
#[derive(Debug)]
pub struct Job {
    /// Unique among jobs; lower-case letters, digits and hyphens, at most 60 characters. Used in
    /// file names, Bacula resources, cron lines and lock files.
    pub name: EcoString,
    /// The copies that it makes or keeps: several when data classes of one database state the
    /// same. Never empty; the first one's data class gives the job its name.
    pub serves: Vec<Idx<Copy>>,
    /// What it does.
    pub kind: JobKind,
    /// Who starts it.
    pub scheduler: Scheduler,
    /// The zone of its schedule.
    pub zone: Zone,
    /// The site whose clock the schedule follows.
    pub site: Idx<Site>,
    /// When it runs.
    pub runs: Vec<Run>,
    /// How long what it makes is kept.
    pub keep: Duration,
    /// The pools of its volumes, each for other levels; empty for jobs that write none. The first
    /// takes every level that no other has.
    pub pools: Vec<Pool>,
    /// How long the catalogue knows single files, where the spec says so: never longer than their
    /// volume.
    pub files_kept: Option<Input<Duration>>,
    /// The same for runs.
    pub jobs_kept: Option<Input<Duration>>,
    /// The bandwidth that each of its runs is held to by what is emitted.
    pub cap: Option<Cap>,
    /// How its bytes travel: the preferred way and the others.
    pub paths: Vec<Path>,
    /// The copy's declaration.
    pub span: Span,
}

/// A pool of volumes: what runs are appended to, what is overwritten when.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Unique among pools: its job's name, or that and `_full`, `_differential`, `_incremental`.
    pub name: EcoString,
    /// The level that it takes; `None`: those that no other pool of the job takes.
    pub level: Option<Level>,
    /// How long nothing overwrites a run, from its end; bounds count it from the run's start.
    pub keep: Duration,
    /// Whether the spec states that; else it is what chains need.
    pub stated: bool,
    /// The most volumes; no limit when `None`.
    pub volumes: Option<u64>,
    /// Runs in one volume, 1 or more.
    pub runs: u64,
    /// How long a volume is written to, from its first byte; no limit when `None`.
    pub use_duration: Option<Duration>,
    /// Where it is declared, or the copy that it belongs to.
    pub span: Span,
}

impl Pool {
    /// How long after the first run of a volume its last may come at most, when runs come so often.
    pub fn filled_in(&self, gap: Duration) -> Duration {
        let filled = gap.times(self.runs.saturating_sub(1));
        self.use_duration.map_or(filled, |u| filled.min(u))
    }
}

impl Job {
    /// The pool that runs of a level go into.
    pub fn pool(&self, level: Level) -> Option<&Pool> {
        self.pools.iter().find(|p| p.level == Some(level)).or_else(|| self.pools.first())
    }

    /// How late a run may begin at most.
    pub fn jitter(&self) -> Duration {
        self.runs.iter().map(|r| r.rule.jitter).max().unwrap_or_default()
    }

    /// How long a run of a level is surely known and not overwritten, from its end: as long as its
    /// volume, its record in the catalogue and those of its files (calculus, 5.6).
    pub fn held(&self, level: Level) -> Duration {
        self.pool(level).map_or(Duration::ZERO, |p| self.held_in(p))
    }

    /// The same of a run in one of its pools.
    pub fn held_in(&self, pool: &Pool) -> Duration {
        let records = [self.files_kept, self.jobs_kept];
        records.iter().flatten().fold(pool.keep, |kept, r| kept.min(r.value))
    }
}

/// A limit that the emitted configuration enforces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cap {
    /// Bits a second on the wire.
    pub rate: Rate,
    /// Where the limit, or the share that it comes from, was written.
    pub span: Span,
}

/// What a job does.
#[derive(Clone, Debug)]
pub enum JobKind {
    /// A Bacula backup of files below a folder.
    Files {
        /// Who schedules it.
        director: Idx<Director>,
        /// Who reads.
        client: Idx<FileDaemon>,
        /// Where to.
        store: Idx<Store>,
        /// The folder.
        path: EcoString,
    },
    /// A Bacula backup of a database's staged physical backup or dump.
    Database {
        /// Who schedules it.
        director: Idx<Director>,
        /// Who reads.
        client: Idx<FileDaemon>,
        /// Where to.
        store: Idx<Store>,
        /// Which database.
        cluster: Idx<Cluster>,
        /// How it is staged before it is read.
        staging: Staging,
    },
    /// A Bacula backup of a database's closed logs.
    Log {
        /// Who schedules it.
        director: Idx<Director>,
        /// Who reads.
        client: Idx<FileDaemon>,
        /// Where to.
        store: Idx<Store>,
        /// Which database.
        cluster: Idx<Cluster>,
        /// Where closed logs are gathered, a folder of this job alone.
        path: EcoString,
    },
    /// A Bacula copy of what another job has written.
    Copy {
        /// Who schedules it: the director of the original.
        director: Idx<Director>,
        /// The job that is copied.
        of: Idx<Job>,
        /// From where.
        from: Idx<Store>,
        /// To where.
        to: Idx<Store>,
    },
    /// A Bacula job that reads the newest run back and compares it with the catalogue.
    Verify {
        /// Who schedules it.
        director: Idx<Director>,
        /// The job that is verified.
        of: Idx<Job>,
    },
    /// An rsync run, started by cron on the source.
    Mirror {
        /// From which host: the script runs here.
        from: Idx<Host>,
        /// The folder there.
        from_path: EcoString,
        /// To which host.
        to: Idx<Host>,
        /// The folder there; snapshots stand in it as `YYYYMMDDThhmmssZ`, and `current` points to
        /// the newest.
        to_path: EcoString,
        /// A run that would delete more than this stops.
        max_delete: Ratio,
        /// Snapshots kept, at least 1.
        keep: u64,
    },
}

/// How a database is made readable for a backup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Staging {
    /// The engine's physical backup into a folder of this job alone; incrementals build on it.
    Physical {
        /// The folder.
        path: EcoString,
    },
    /// A dump into a folder of this job alone.
    Logical {
        /// The folder.
        path: EcoString,
    },
}

/// A Bacula director.
#[derive(Debug)]
pub struct Director {
    /// Unique; also the name of its resource.
    pub name: EcoString,
    /// Where it runs.
    pub host: Idx<Host>,
    /// Jobs at the same time.
    pub jobs: u64,
    /// The folder of password files.
    pub secrets: EcoString,
    /// The folder of certificates and keys.
    pub certificates: EcoString,
    /// The stores that it writes to or restores from.
    pub stores: Vec<Idx<Store>>,
    /// The clients that it backs up or restores.
    pub clients: Vec<Idx<FileDaemon>>,
    /// Whether it only restores, after the loss of the one that schedules.
    pub standby: bool,
    /// Where it was declared, or the store that it stands by.
    pub span: Span,
}

/// A Bacula storage daemon.
#[derive(Debug)]
pub struct StorageDaemon {
    /// Where it runs.
    pub host: Idx<Host>,
    /// Its stores.
    pub stores: Vec<Idx<Store>>,
    /// The directors that it answers.
    pub directors: Vec<Idx<Director>>,
}

/// A Bacula file daemon.
#[derive(Debug)]
pub struct FileDaemon {
    /// Where it runs.
    pub host: Idx<Host>,
    /// The directors that it answers.
    pub directors: Vec<Idx<Director>>,
}

impl JobKind {
    /// The director that schedules it, if one does.
    pub fn director(&self) -> Option<Idx<Director>> {
        match self {
            Self::Files { director, .. }
            | Self::Database { director, .. }
            | Self::Log { director, .. }
            | Self::Copy { director, .. }
            | Self::Verify { director, .. } => Some(*director),
            Self::Mirror { .. } => None,
        }
    }

    /// The client that a backup reads from.
    pub fn client(&self) -> Option<Idx<FileDaemon>> {
        match self {
            Self::Files { client, .. } | Self::Database { client, .. } | Self::Log { client, .. } => {
                Some(*client)
            }
            Self::Copy { .. } | Self::Verify { .. } | Self::Mirror { .. } => None,
        }
    }

    /// The store that it writes to.
    pub fn writes_to(&self) -> Option<Idx<Store>> {
        match self {
            Self::Files { store, .. } | Self::Database { store, .. } | Self::Log { store, .. } => {
                Some(*store)
            }
            Self::Copy { to, .. } => Some(*to),
            Self::Verify { .. } | Self::Mirror { .. } => None,
        }
    }
}
