//! Data classes and their copies.

use super::{may, must};
use crate::schema::{Colon, Head, Kind, KindDef, Type};

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
    ],
    inside: &[],
    doc: "A tree of files kept alike on another host.",
};

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
    ],
    inside: &[],
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
    inside: &[],
    doc: "Scheduled copies of another store's backups.",
};
