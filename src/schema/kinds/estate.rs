//! Places and links.

use super::{LIKELIHOOD, may, must};
use crate::schema::GroupKind;
use crate::schema::{Colon, Head, Kind, KindDef, Type};

const GROUPS: &[Kind] = &[Kind::Group(GroupKind::Rack)];

macro_rules! group {
    ($constant:ident $kind:ident $keyword:literal $doc:literal) => {
        pub static $constant: KindDef = KindDef {
            kind: Kind::Group(GroupKind::$kind),
            keyword: $keyword,
            head: Head::Declares,
            colon: Colon::None,
            attributes: &[LIKELIHOOD],
            inside: &[],
            doc: $doc,
        };
    };
}

group!(CONDUIT Conduit "conduit" "A duct that links run through: they are lost together.");
group!(RACK Rack "rack" "A rack: the hosts in it are lost together.");
group!(POWER Power "power" "A power feed: the hosts on it are lost together.");
group!(CHASSIS Chassis "chassis" "A machine that carries virtual machines: they are lost together.");
group!(CREDENTIALS Credentials "credentials"
    "A domain of credentials: whoever holds them can delete what stands in it.");

pub static REGION: KindDef = KindDef {
    kind: Kind::Region,
    keyword: "region",
    head: Head::Declares,
    colon: Colon::None,
    attributes: &[LIKELIHOOD],
    inside: &[&SITE],
    doc: "A part of the world that one disaster can take as a whole.",
};

pub static SITE: KindDef = KindDef {
    kind: Kind::Site,
    keyword: "site",
    head: Head::Declares,
    colon: Colon::None,
    attributes: &[
        may(
            "role",
            Type::Word(&[
                ("production", "work is done here on normal days"),
                ("standby", "work moves here when production is lost"),
                ("vault", "only copies are kept here"),
            ]),
            "What the site is for, for people who read the plans. Production when not stated.",
        ),
        must("timezone", Type::Text, "The IANA zone of its clocks; schedules follow it."),
        may("replace", Type::Interval, "How long until an equal site stands in its place."),
        may("cost", Type::Cost, "What it costs, a contract for its replacement included: `400 EUR / month`."),
        LIKELIHOOD,
    ],
    inside: &[&HOST, &STORE],
    doc: "A data centre or an office.",
};

pub static HOST: KindDef = KindDef {
    kind: Kind::Host,
    keyword: "host",
    head: Head::Declares,
    colon: Colon::None,
    attributes: &[
        may("address", Type::Address, "How others reach it. Needed by all that runs on it."),
        may("interface", Type::Text, "The network interface of that address. `eth0` when not stated."),
        may("nic", Type::Rate, "What its network card moves. 1 Gbit/s is assumed when not stated."),
        may(
            "debounce",
            Type::Duration,
            "How long a bond of its cards waits before it tells that the carrier is gone. None when not stated.",
        ),
        may(
            "disk",
            Type::Capacity,
            "How much its disk holds and moves. 100 MiB/s is assumed when no rate is stated.",
        ),
        may(
            "mark",
            Type::Percent,
            "How full its disk may become, of its stated capacity. 95 % is assumed when not stated.",
        ),
        may("rack", Type::Refs(GROUPS), "The racks whose fate it shares."),
        may(
            "power",
            Type::Refs(&[Kind::Group(GroupKind::Power)]),
            "The power feeds without any of which it is lost.",
        ),
        may("chassis", Type::Refs(&[Kind::Group(GroupKind::Chassis)]), "The machine that carries it."),
        may(
            "credentials",
            Type::Refs(&[Kind::Group(GroupKind::Credentials)]),
            "The domains of credentials that can write on it. Those of production when not stated.",
        ),
        may(
            "replace",
            Type::Interval,
            "How long until an equal host, with its name and address, stands in its place.",
        ),
        may(
            "cost",
            Type::Cost,
            "What it costs: `90 EUR / month`, `8 EUR / TiB / month` of its disk, or a sum.",
        ),
        LIKELIHOOD,
    ],
    inside: &[],
    doc: "A machine, real or virtual.",
};

pub static STORE: KindDef = KindDef {
    kind: Kind::Store,
    keyword: "store",
    head: Head::Declares,
    colon: Colon::May(&[Kind::Medium]),
    attributes: &[
        must("host", Type::Ref(&[Kind::Host]), "The host that it hangs on."),
        must("path", Type::Path, "The folder of its volumes."),
        may(
            "capacity",
            Type::Capacity,
            "How much it holds and moves. Its medium's rate, or 50 MiB/s, is assumed when no rate is stated.",
        ),
        may(
            "mark",
            Type::Percent,
            "How full it may become, of its stated capacity. 95 % is assumed when not stated.",
        ),
        may(
            "drives",
            Type::Count,
            "How many runs can write to or read from it at the same time, restores counted: the others wait. Each job has a device of its own when not stated.",
        ),
        may(
            "immutable",
            Type::Duration,
            "How long nobody can delete what was written. Counts only with `enforced`.",
        ),
        may(
            "opened-by",
            Type::Refs(&[Kind::Data]),
            "The data classes that must work before it can be read: a vault that holds its passwords.",
        ),
        may("enforced", Type::Text, "What outside of drc's files enforces `immutable`, in words."),
        may(
            "credentials",
            Type::Refs(&[Kind::Group(GroupKind::Credentials)]),
            "The domains of credentials that can delete in it. Those of production when not stated.",
        ),
        may(
            "cost",
            Type::Cost,
            "What it costs: `30 EUR / month`, `8 EUR / TiB / month` of its capacity, or a sum.",
        ),
    ],
    inside: &[],
    doc: "A place where backups are kept.",
};

pub static MEDIUM: KindDef = KindDef {
    kind: Kind::Medium,
    keyword: "medium",
    head: Head::Declares,
    colon: Colon::None,
    attributes: &[
        must("rate", Type::Rate, "What it reads and writes."),
        must("mount", Type::Duration, "How long until it is ready to be read."),
    ],
    inside: &[],
    doc: "What a kind of store can do.",
};

pub static SHARE: KindDef = KindDef {
    kind: Kind::Share,
    keyword: "share",
    head: Head::Bare,
    colon: Colon::None,
    attributes: &[
        may("replication", Type::Percent, "Streams of databases."),
        may("backup", Type::Percent, "Backups, copies of backups and restores."),
        may("mirror", Type::Percent, "Trees of files kept alike."),
    ],
    inside: &[],
    doc: "How the bandwidth is divided. Hosts that send are shaped to it by files that are emitted.",
};

pub static LINK: KindDef = KindDef {
    kind: Kind::Link,
    keyword: "link",
    head: Head::Declares,
    colon: Colon::Ends,
    attributes: &[
        must("bandwidth", Type::Rate, "Line rate in each direction."),
        must("rtt", Type::Duration, "There and back, without load."),
        may("loss", Type::Percent, "Packets lost. 0.1 % is assumed when not stated."),
        may(
            "window",
            Type::Bytes,
            "The window that one TCP connection reaches. 1 MiB is assumed when not stated.",
        ),
        may(
            "efficiency",
            Type::Percent,
            "The part of the line rate that payload gets. 90 % is assumed when not stated.",
        ),
        may("conduit", Type::Refs(&[Kind::Group(GroupKind::Conduit)]), "The ducts that it runs through."),
        may(
            "enforced",
            Type::Text,
            "What enforces the shares when it is not the shaping that is emitted, in words.",
        ),
        may(
            "encrypted",
            Type::Word(&[
                ("ipsec", "by IPsec"),
                ("wireguard", "by WireGuard"),
                ("macsec", "by MACsec"),
                ("tls", "by TLS of what crosses it"),
            ]),
            "How all that crosses it is encrypted.",
        ),
        may(
            "cost",
            Type::Cost,
            "What it costs: `900 EUR / month`, `2 EUR / Mbit / month` of its bandwidth, or a sum.",
        ),
        LIKELIHOOD,
    ],
    inside: &[&SHARE],
    doc: "A link between two sites.",
};
