//! What runs on the hosts.

use super::{may, must};
use crate::schema::{Colon, Head, Kind, KindDef, Type};

pub static ENGINE: KindDef = KindDef {
    kind: Kind::Engine,
    keyword: "engine",
    head: Head::Declares,
    colon: Colon::None,
    attributes: &[
        must(
            "family",
            Type::Word(&[
                ("mariadb", "MariaDB: mariadb-backup, mariadb-dump, mariadb-binlog"),
                ("mysql", "MySQL: xtrabackup, mysqldump, mysqlbinlog"),
            ]),
            "The programs that are emitted for it.",
        ),
        must("port", Type::Port, "The port that replicas and clients speak to."),
        must("amplification", Type::Factor, "Bytes of its log for each byte written."),
        must("apply", Type::Rate, "How fast a replica applies its stream."),
        must("replay", Type::Rate, "How fast logs are replayed after a restore."),
        must("prepare", Type::Rate, "How fast a physical backup is made ready."),
        must("load", Type::Rate, "How fast a dump is loaded."),
        must("start", Type::Duration, "From start to answering, crash recovery included."),
        must("promote", Type::Duration, "From order to writable once the backlog is applied."),
        must("acknowledgements", Type::Count, "Acknowledgements that a semi-sync primary waits for."),
        must("fallback", Type::Duration, "How long a semi-sync primary waits before it goes on alone."),
        must("largest-transaction", Type::Bytes, "The largest transaction, which ships whole."),
        must("physical", Type::Bool, "Whether it has a physical backup."),
        must("logs", Type::Bool, "Whether it can ship its logs."),
    ],
    inside: &[],
    doc: "What a kind of database can do, and how fast.",
};

pub static CLUSTER: KindDef = KindDef {
    kind: Kind::Cluster,
    keyword: "cluster",
    head: Head::Declares,
    colon: Colon::Must(&[Kind::Engine]),
    attributes: &[
        must("primary", Type::Ref(&[Kind::Host]), "The host that takes writes."),
        may("replicas", Type::Refs(&[Kind::Host]), "The hosts that follow."),
        may(
            "failover",
            Type::Failover,
            "Who promotes a replica. People, when not stated: nothing that is emitted promotes by itself.",
        ),
        may(
            "witness",
            Type::Ref(&[Kind::Host]),
            "A host that holds no data and has a vote. Nothing that is emitted counts votes yet: plans say whether a majority is left.",
        ),
        may("datadir", Type::Path, "The folder of its data files. `/var/lib/mysql` when not stated."),
        may("logdir", Type::Path, "The folder of its binary logs. That of its data files when not stated."),
        may(
            "staging",
            Type::Path,
            "The folder in which backups are staged. `/var/lib/drc/staging` when not stated.",
        ),
        may(
            "credentials",
            Type::Secret,
            "The option file of the account that backs up and promotes. `/etc/drc/db.cnf` when not stated.",
        ),
        may(
            "logs-kept",
            Type::Duration,
            "How long each of its servers keeps binary logs, as its own configuration says. 10 days are assumed when not stated.",
        ),
        may(
            "write-budget",
            Type::Duration,
            "How much longer a commit may take because it waits for replicas. 5 ms are assumed when not stated.",
        ),
    ],
    inside: &[],
    doc: "A database and its replicas.",
};

pub static POOL_CHECK: KindDef = KindDef {
    kind: Kind::PoolCheck,
    keyword: "check",
    head: Head::Bare,
    colon: Colon::None,
    attributes: &[
        may("every", Type::Duration, "How often the balancer asks a member. 2 s when not stated."),
        may("fall", Type::Count, "Misses that take a member out. 3 when not stated."),
        may("timeout", Type::Duration, "How long one ask may hang. As long as `every` when not stated."),
    ],
    inside: &[],
    doc: "How the balancer finds out that a member is gone.",
};

pub static POOL: KindDef = KindDef {
    kind: Kind::Pool,
    keyword: "pool",
    head: Head::Declares,
    colon: Colon::None,
    attributes: &[
        must("members", Type::Refs(&[Kind::Host]), "The servers that work on normal days."),
        may("standby", Type::Refs(&[Kind::Host]), "Servers that are started when members are lost."),
        may(
            "needs",
            Type::Count,
            "Servers that must work for the declared load. All members when not stated.",
        ),
        must("port", Type::Port, "The port that they answer on."),
        may("unit", Type::Text, "The systemd unit of a server. `drc-` and the pool's name when not stated."),
        may(
            "tolerated-pause",
            Type::Duration,
            "How long a server may stand still without having failed. 1 s is assumed when not stated.",
        ),
    ],
    inside: &[&POOL_CHECK],
    doc: "Servers that do the same work behind a balancer.",
};

pub static VIP: KindDef = KindDef {
    kind: Kind::Vip,
    keyword: "vip",
    head: Head::Declares,
    colon: Colon::None,
    attributes: &[
        must("address", Type::Prefix, "The address and its prefix length."),
        must("on", Type::Refs(&[Kind::Host]), "Its hosts, the preferred one first, all in one site."),
        may("serves", Type::Ref(&[Kind::Pool]), "The pool behind it."),
        may("advert", Type::Duration, "Time between VRRP advertisements. 1 s when not stated."),
        may("every", Type::Duration, "How often its host is checked. 2 s when not stated."),
        may(
            "fall",
            Type::Count,
            "Failed checks after which the host gives the address up. 2 when not stated.",
        ),
        may(
            "check",
            Type::Command,
            "A command that succeeds while the host can serve. Asks the pool's port on the host when not stated.",
        ),
        may(
            "tolerated-pause",
            Type::Duration,
            "How long a host may stand still without having failed. 1 s is assumed when not stated.",
        ),
    ],
    inside: &[],
    doc: "An address that moves between hosts of one site.",
};

pub static DNS: KindDef = KindDef {
    kind: Kind::Dns,
    keyword: "dns",
    head: Head::Declares,
    colon: Colon::None,
    attributes: &[
        must("name", Type::Text, "The domain name."),
        must("ttl", Type::Duration, "How long resolvers keep it."),
        must("points", Type::Refs(&[Kind::Vip]), "The virtual addresses that it points to on normal days."),
        may("failover", Type::Refs(&[Kind::Vip, Kind::Host]), "Where it points when none of those is left."),
        may("server", Type::Address, "The server that takes updates. Without one people change the records."),
        may("key", Type::Secret, "The TSIG key that signs updates."),
        may(
            "update",
            Type::Duration,
            "How long until every authoritative server answers with a change. 30 s is assumed when not stated.",
        ),
    ],
    inside: &[],
    doc: "A domain name whose records follow a failover.",
};

pub static SERVICE: KindDef = KindDef {
    kind: Kind::Service,
    keyword: "service",
    head: Head::Declares,
    colon: Colon::May(&[Kind::Tier]),
    attributes: &[
        must("runs-on", Type::Ref(&[Kind::Pool]), "The pool that runs it."),
        may(
            "needs",
            Type::Refs(&[Kind::Data, Kind::Service]),
            "The data classes, and other services, that it needs.",
        ),
        may(
            "consistent",
            Type::Refs(&[Kind::Data]),
            "Data classes that must come back to one common moment: all in one database.",
        ),
        must("start", Type::Duration, "From order to answering."),
        may("check", Type::Check, "How one knows that it works."),
        may("reached", Type::Refs(&[Kind::Dns]), "The names by which it is reached."),
        may("response", Type::Ref(&[Kind::Response]), "Who reacts when it is hit."),
    ],
    inside: &[],
    doc: "What people use.",
};

pub static BACKUP_SERVER: KindDef = KindDef {
    kind: Kind::BackupServer,
    keyword: "backup-server",
    head: Head::Declares,
    colon: Colon::None,
    attributes: &[
        must("host", Type::Ref(&[Kind::Host]), "The host of the Bacula director."),
        must("stores", Type::Refs(&[Kind::Store]), "The stores whose jobs it runs."),
        may(
            "keys",
            Type::Refs(&[Kind::Host, Kind::Store, Kind::Site]),
            "Where the private master key of its backups is kept: on hosts, in stores, or in a safe of a site. A place that nothing takes is assumed when not stated.",
        ),
        may(
            "opened-by",
            Type::Refs(&[Kind::Data]),
            "The data classes that must work before it can restore: a vault that holds its passwords.",
        ),
        may("jobs", Type::Count, "Jobs at the same time. As many as there are when not stated."),
        may(
            "secrets",
            Type::Path,
            "The folder of password files on each host. `/etc/bacula/secrets` when not stated.",
        ),
        may(
            "certificates",
            Type::Path,
            "The folder of certificates and keys on each host. `/etc/bacula/tls` when not stated.",
        ),
    ],
    inside: &[],
    doc: "A Bacula director. A store that no server names has one of its own on its host.",
};
