//! Data classes and their copies.

use super::{may, must};
use crate::schema::{Attribute, Colon, Head, Kind, KindDef, PoolOf, Type};

pub static DATA: KindDef = KindDef {
    kind: Kind::Data,
    keyword: "data",
    head: Head::Declares,
    colon: Colon::May(&[Kind::Tier]),
    attributes: &[
        must("on", Type::Placement, "Where its primary copy lives."),
        must("size", Type::Size, "How much there is, and how it grows."),
        may(
            "writes",
            Type::Profile,
            "The upper envelope of its writes over a week. Without it nothing that depends on writes is proved.",
        ),
        may(
            "changed",
            Type::Change,
            "Unique bytes that change, as a part of the size in a time. The whole size when not stated.",
        ),
        may(
            "files",
            Type::Word(&[
                ("independent", "each file means something by itself"),
                (
                    "together",
                    "the files belong together: a copy taken while they change is no recovery point",
                ),
            ]),
            "Whether a tree copied file by file is a recovery point. `together` when not stated.",
        ),
        may("response", Type::Ref(&[Kind::Response]), "Who reacts when it is hit."),
        may(
            "likelihood",
            Type::Likelihood,
            "How likely it is in a year that its contents go wrong, from 0 to 1: `drc cost` counts it.",
        ),
    ],
    inside: &[&REPLICA, &MIRROR, &BACKUP, &COPY],
    doc: "A set of data that is protected, and recovered, as one.",
};

pub static REPLICA: KindDef = KindDef {
    kind: Kind::Replica,
    keyword: "replica",
    head: Head::Names(&[Kind::Host]),
    colon: Colon::None,
    attributes: &[
        must(
            "mode",
            Type::Word(&[
                ("sync", "a write is done when this replica has it"),
                (
                    "semi-sync",
                    "a write is done when enough semi-sync replicas have it, or the primary gave up waiting",
                ),
                ("async", "a write is done when the primary has it"),
            ]),
            "When a write counts as done.",
        ),
        may(
            "from",
            Type::Ref(&[Kind::Host]),
            "The replica that it reads, which passes on what it has applied. The primary when not stated.",
        ),
        may(
            "over",
            Type::Route,
            "The links that its stream takes. The one link between the sites when not stated.",
        ),
        may("compress", Type::Factor, "Bytes before compression for each byte after it. 1 when not stated."),
        may(
            "timeout",
            Type::Duration,
            "How long a semi-sync primary waits before it goes on alone. The engine's when not stated.",
        ),
        may(
            "seed-within",
            Type::Duration,
            "How long its first copy may take to arrive. 72 h are assumed when not stated.",
        ),
    ],
    inside: &[],
    doc: "A replica of a database.",
};

pub static MIRROR: KindDef = KindDef {
    kind: Kind::Mirror,
    keyword: "mirror",
    head: Head::Names(&[Kind::Host]),
    colon: Colon::None,
    attributes: &[
        must(
            "at",
            Type::Schedule,
            "When it runs. With `jitter 2 min` each start waits a random time of at most that; with `window 01:00..05:00` a run that may end outside of it is a finding.",
        ),
        may(
            "with",
            Type::Word(&[("rsync", "scheduled runs with atomic snapshots")]),
            "What runs it. rsync when not stated.",
        ),
        may(
            "path",
            Type::Path,
            "The folder of its snapshots. `/var/lib/drc/mirrors/` and its name when not stated.",
        ),
        may("over", Type::Route, "The links that it takes. The one link between the sites when not stated."),
        may("limit", Type::Rate, "The most bandwidth that it takes."),
        may(
            "max-delete",
            Type::Percent,
            "A run that would drop more of the files stops. 20 % when not stated.",
        ),
        may("keep", Type::Count, "Snapshots kept. 3 when not stated."),
        may(
            "seed-within",
            Type::Duration,
            "How long its first copy may take to arrive. 72 h are assumed when not stated.",
        ),
    ],
    inside: &[],
    doc: "A tree of files kept alike on another host.",
};

const POOL: &[Attribute] = &[
    may(
        "keep",
        Type::Duration,
        "How long nothing overwrites a run, from its end: Bacula's Volume Retention. As long as chains need when not stated.",
    ),
    may(
        "volumes",
        Type::Count,
        "The most volumes: Bacula's Maximum Volumes. When all are in use and kept, the job waits for an operator. No limit when not stated.",
    ),
    may("runs", Type::Count, "Runs in one volume: Bacula's Maximum Volume Jobs. 1 when not stated."),
    may(
        "use-duration",
        Type::Duration,
        "How long a volume is written to, from its first byte: Bacula's Volume Use Duration. No limit when not stated.",
    ),
];

macro_rules! pool {
    ($constant:ident $of:ident $keyword:literal $doc:literal) => {
        pub static $constant: KindDef = KindDef {
            kind: Kind::BackupPool(PoolOf::$of),
            keyword: $keyword,
            head: Head::Bare,
            colon: Colon::None,
            attributes: POOL,
            inside: &[],
            doc: $doc,
        };
    };
}

pool!(POOL_REST Rest "pool" "The volumes of all runs of data that have no pool of their own.");
pool!(POOL_FULL Full "full-pool" "The volumes of full runs.");
pool!(POOL_DIFFERENTIAL Differential "differential-pool" "The volumes of differential runs.");
pool!(POOL_INCREMENTAL Incremental "incremental-pool" "The volumes of incremental runs.");
pool!(POOL_LOG Log "log-pool" "The volumes of a database's logs.");

pub static BACKUP: KindDef = KindDef {
    kind: Kind::Backup,
    keyword: "backup",
    head: Head::Names(&[Kind::Store]),
    colon: Colon::None,
    attributes: &[
        may("from", Type::Ref(&[Kind::Host]), "The host whose data is read. The primary when not stated."),
        may(
            "method",
            Type::Word(&[("physical", "the engine's own physical backup"), ("logical", "a dump")]),
            "How a database is read. Physical when not stated.",
        ),
        must(
            "full",
            Type::Schedule,
            "When everything is backed up. With `window 01:00..05:00` behind it, as behind every schedule, a run that may end outside of it is a finding.",
        ),
        may("differential", Type::Schedule, "When what changed since the last full is backed up."),
        may("incremental", Type::Schedule, "When what changed since the last run is backed up."),
        may("log", Type::Schedule, "When a database's closed logs are shipped."),
        must("keep", Type::Duration, "How long a recovery point is kept."),
        may("over", Type::Route, "The links that it takes. The one link between the sites when not stated."),
        may("limit", Type::Rate, "The most bandwidth that one run takes."),
        may("verify", Type::Schedule, "When the newest run is read back and compared with the catalogue."),
        may(
            "files-kept",
            Type::Duration,
            "How long the catalogue knows single files: Bacula's File Retention. As long as their volume when not stated.",
        ),
        may(
            "jobs-kept",
            Type::Duration,
            "How long the catalogue knows a run: Bacula's Job Retention. As long as its volume when not stated.",
        ),
    ],
    inside: &[&POOL_REST, &POOL_FULL, &POOL_DIFFERENTIAL, &POOL_INCREMENTAL, &POOL_LOG],
    doc: "Scheduled backups into a store.",
};

pub static COPY: KindDef = KindDef {
    kind: Kind::CopyOf,
    keyword: "copy",
    head: Head::Names(&[Kind::Store]),
    colon: Colon::None,
    attributes: &[
        must("of", Type::Ref(&[Kind::Store]), "The store whose backup of this data class is copied."),
        must("at", Type::Schedule, "When it runs."),
        may(
            "keep",
            Type::Duration,
            "How long a recovery point is kept. As long as the original when not stated.",
        ),
        may("over", Type::Route, "The links that it takes. The one link between the sites when not stated."),
        may("limit", Type::Rate, "The most bandwidth that it takes."),
    ],
    inside: &[&POOL_REST, &POOL_LOG],
    doc: "Scheduled copies of another store's backups.",
};
