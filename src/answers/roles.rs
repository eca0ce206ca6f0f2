//! What kind of thing each input is: who could change it, and which way helps.

use crate::schema::Kind;

/// Who could change an input. The order is that in which changes are offered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    /// Whoever runs the estate: a schedule, a share, a time something is kept.
    Choice,
    /// Whoever pays for it: a link, a card, a disk, a contract.
    Purchase,
    /// Nobody at once: how much is written, how large something is, how fast a program is. The
    /// estate would have to be another.
    Fact,
    /// The people who react, and how many they are.
    People,
    /// Whoever promised it.
    Promise,
}

impl Who {
    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Choice => "choice",
            Self::Purchase => "purchase",
            Self::Fact => "fact",
            Self::People => "people",
            Self::Promise => "promise",
        }
    }
}

/// Which way an input helps when nothing is shared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Good {
    /// More of it.
    Up,
    /// Less of it; of a schedule, a shorter interval.
    Down,
    /// It depends.
    Either,
}

/// What kind of thing an input is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Role {
    /// Who could change it.
    pub who: Who,
    /// Which way helps.
    pub good: Good,
    /// Whether only whole numbers mean something.
    pub whole: bool,
}

const fn role(who: Who, good: Good) -> Option<Role> {
    Some(Role { who, good, whole: false })
}

const fn whole(who: Who, good: Good) -> Option<Role> {
    Some(Role { who, good, whole: true })
}

/// The role of an attribute; `None` for one that no objective can rest on.
pub(super) fn of(kind: Kind, attribute: &str) -> Option<Role> {
    use Good::{Down, Either, Up};
    use Who::{Choice, Fact, People, Promise, Purchase};
    match (kind, attribute) {
        (Kind::Data, "size" | "writes" | "changed") => role(Fact, Down),
        (Kind::Replica, "compress") => role(Fact, Up),
        (Kind::Replica, "timeout") => role(Choice, Either),
        (Kind::Mirror | Kind::CopyOf, "at")
        | (Kind::Backup, "full" | "differential" | "incremental" | "log") => role(Choice, Down),
        (Kind::Backup | Kind::CopyOf, "keep") | (Kind::Mirror | Kind::Backup | Kind::CopyOf, "limit") => {
            role(Choice, Up)
        }
        (Kind::Mirror, "keep") => whole(Choice, Up),
        (Kind::Site | Kind::Host, "replace") => role(Purchase, Down),
        (Kind::Host, "nic" | "disk") | (Kind::Store, "capacity") | (Kind::Link, "bandwidth") => {
            role(Purchase, Up)
        }
        (Kind::Store, "immutable") => role(Purchase, Up),
        (Kind::Link, "rtt" | "loss") => role(Fact, Down),
        (Kind::Link, "efficiency") => role(Fact, Up),
        (Kind::Link, "window") => role(Choice, Up),
        (Kind::Share, _) => role(Choice, Up),
        (Kind::Engine, "apply" | "replay" | "prepare" | "load") | (Kind::Medium, "rate") => role(Fact, Up),
        (Kind::Engine, "amplification" | "start" | "promote" | "largest-transaction")
        | (Kind::Medium, "mount")
        | (Kind::Service, "start") => role(Fact, Down),
        (Kind::Engine, "fallback") => role(Fact, Either),
        (Kind::Pool, "needs") => whole(Fact, Down),
        (Kind::PoolCheck, "fall") | (Kind::Vip, "fall") => whole(Choice, Down),
        (Kind::PoolCheck | Kind::Vip, "every") | (Kind::PoolCheck, "timeout") | (Kind::Vip, "advert") => {
            role(Choice, Down)
        }
        (Kind::Dns, "ttl" | "update") => role(Choice, Down),
        (Kind::BackupServer, "jobs") => whole(Choice, Up),
        (Kind::Response, "operators") => whole(People, Up),
        (Kind::Response, _) => role(People, Down),
        (Kind::Tier | Kind::TierCase(_), "rpo" | "rto") => role(Promise, Up),
        _ => None,
    }
}

/// What stands in for attributes that nobody wrote, as it would be written: the defaults of the
/// compiler's that objectives rest on. A test holds that writing them down changes nothing.
pub(super) const DEFAULTS: &[(Kind, &str, &str)] = &[
    (Kind::Host, "nic", "1 Gbit/s"),
    (Kind::Host, "disk", "100 MiB/s"),
    (Kind::Store, "capacity", "50 MiB/s"),
    (Kind::Link, "loss", "0.1 %"),
    (Kind::Link, "window", "1 MiB"),
    (Kind::Link, "efficiency", "90 %"),
    (Kind::Replica, "compress", "1"),
    (Kind::Dns, "update", "30 s"),
    (Kind::PoolCheck, "every", "2 s"),
    (Kind::PoolCheck, "fall", "3"),
    (Kind::Vip, "advert", "1 s"),
    (Kind::Vip, "every", "2 s"),
    (Kind::Vip, "fall", "2"),
];

/// Attributes that may be added where a block has none, with what to try, the mildest first.
pub(super) const ADDITIONS: &[(Kind, &str, &[&str])] = &[
    (
        Kind::Backup,
        "log",
        &[
            "every 12 h",
            "every 6 h",
            "every 1 h",
            "every 30 min",
            "every 15 min",
            "every 10 min",
            "every 5 min",
            "every 3 min",
            "every 2 min",
            "every 1 min",
        ],
    ),
    (
        Kind::Backup,
        "incremental",
        &["daily 01:30", "every 12 h", "every 6 h", "every 4 h", "every 2 h", "every 1 h", "every 30 min"],
    ),
    (Kind::Host, "replace", &["24 h", "8 h", "4 h", "2 h", "1 h", "30 min", "15 min"]),
    (Kind::Site, "replace", &["48 h", "24 h", "12 h", "4 h", "1 h"]),
];
