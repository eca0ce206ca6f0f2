//! What runs on the hosts: databases, pools, addresses, names, services, backup servers.

use super::estate::{Host, Site, Store};
use super::tier::{Response, Tier};
use super::{Assumption, Data, Input, Secret};
use crate::base::{EcoString, Span};
use crate::quantity::{Duration, Rate, Ratio};
use la_arena::Idx;
use std::net::IpAddr;

/// What a kind of database can do and how fast.
#[derive(Debug)]
pub struct Engine {
    /// Its name, such as `mariadb`.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// The program family: decides which commands are emitted.
    pub family: Input<EcoString>,
    /// The port that replicas and clients speak to.
    pub port: Input<u64>,
    /// Bytes of its log for each byte written, in billionths.
    pub amplification: Input<Ratio>,
    /// How fast a replica applies its stream.
    pub apply: Input<Rate>,
    /// How fast logs are replayed after a restore.
    pub replay: Input<Rate>,
    /// How fast a physical backup is made ready to start from.
    pub prepare: Input<Rate>,
    /// How fast a dump is loaded.
    pub load: Input<Rate>,
    /// From start to answering, crash recovery included.
    pub start: Input<Duration>,
    /// From order to writable, once the backlog is applied.
    pub promote: Input<Duration>,
    /// How many acknowledgements a semi-sync primary waits for.
    pub acknowledgements: Input<u64>,
    /// How long a semi-sync primary waits before it goes on alone.
    pub fallback: Input<Duration>,
    /// The largest transaction, which ships whole.
    pub largest_transaction: Input<crate::quantity::Bytes>,
    /// Whether it has a physical backup.
    pub physical: bool,
    /// Whether it can ship its logs.
    pub logs: bool,
}

/// A database and its replicas.
#[derive(Debug)]
pub struct Cluster {
    /// Its name.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// Its engine.
    pub engine: Idx<Engine>,
    /// The host that takes writes.
    pub primary: (Idx<Host>, Span),
    /// The hosts that follow.
    pub replicas: Vec<(Idx<Host>, Span)>,
    /// The folder of its data files on each host.
    pub datadir: Input<EcoString>,
    /// The folder of its logs on each host.
    pub logdir: Input<EcoString>,
    /// The folder in which backups are staged.
    pub staging: Input<EcoString>,
    /// The option file with the account that backs up and promotes.
    pub credentials: Secret,
    /// How long each of its servers keeps its binary logs: its own configuration, which nothing
    /// that is emitted sets.
    pub logs_kept: Input<Duration>,
    /// How much longer a commit may take because it waits for replicas.
    pub write_budget: Input<Duration>,
    /// The host that has a vote and holds no data.
    pub witness: Option<(Idx<Host>, Span)>,
    /// Where `failover = automatic …` stands, if it does: nothing that is emitted performs it.
    pub automatic: Option<Span>,
}

/// A check of a service or of members of a pool.
#[derive(Clone, Debug)]
pub struct Check {
    /// The address to ask: `http://…`, `https://…`.
    pub url: Input<EcoString>,
    /// How long an answer may take.
    pub within: Input<Duration>,
}

/// Servers that do the same work behind a balancer.
#[derive(Debug)]
pub struct Pool {
    /// Its name.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// The servers that work on normal days.
    pub members: Vec<(Idx<Host>, Span)>,
    /// Servers that are started when members are lost.
    pub standby: Vec<(Idx<Host>, Span)>,
    /// Members that must work for the declared load; at most `members` + `standby`.
    pub needs: Input<u64>,
    /// The port they answer on.
    pub port: Input<u64>,
    /// How often the balancer asks.
    pub every: Input<Duration>,
    /// How many misses take a member out.
    pub fall: Input<u64>,
    /// How long one ask may hang.
    pub timeout: Input<Duration>,
    /// The systemd unit that runs it, for starts on standby hosts.
    pub unit: Input<EcoString>,
    /// How long a server may stand still without having failed.
    pub tolerated_pause: Input<Duration>,
}

/// An address that moves between hosts of one site (VRRP).
#[derive(Debug)]
pub struct Vip {
    /// Its name.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// The address.
    pub address: Input<IpAddr>,
    /// Its prefix length.
    pub prefix: u8,
    /// The hosts, the preferred one first; all in one site.
    pub on: Vec<(Idx<Host>, Span)>,
    /// The pool behind it.
    pub serves: Option<(Idx<Pool>, Span)>,
    /// The site of its hosts.
    pub site: Idx<Site>,
    /// Seconds between advertisements.
    pub advert: Input<Duration>,
    /// How often the track script runs.
    pub every: Input<Duration>,
    /// How many failures of it make the node give up the address.
    pub fall: Input<u64>,
    /// A shell command that succeeds while the node can serve; `None` asks the local port.
    pub check: Option<Input<EcoString>>,
    /// How long a host may stand still without having failed.
    pub tolerated_pause: Input<Duration>,
}

/// What a name can point to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Pointer {
    /// A virtual address.
    Vip(Idx<Vip>),
    /// A host.
    Host(Idx<Host>),
}

/// A name whose records follow a failover.
#[derive(Debug)]
pub struct Dns {
    /// Its name in the spec.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// The domain name.
    pub fqdn: Input<EcoString>,
    /// How long resolvers keep it.
    pub ttl: Input<Duration>,
    /// The virtual addresses that it points to on normal days.
    pub points: Vec<(Idx<Vip>, Span)>,
    /// What it points to when none of `points` is left.
    pub failover: Vec<(Pointer, Span)>,
    /// The server that takes updates.
    pub server: Option<Input<IpAddr>>,
    /// The host that this server runs on, if it is one of the estate.
    pub server_host: Option<Idx<Host>>,
    /// The key that signs updates.
    pub key: Option<Secret>,
    /// How long an update takes to be served by every authoritative server.
    pub update: Input<Duration>,
}

/// What people use.
#[derive(Debug)]
pub struct Service {
    /// Its name.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// What it claims to meet, and where it claims so.
    pub tier: Option<(Idx<Tier>, Span)>,
    /// The pool that runs it.
    pub runs_on: (Idx<Pool>, Span),
    /// The data classes that it needs.
    pub needs: Vec<(Idx<Data>, Span)>,
    /// Data classes that must come back to one common moment.
    pub consistent: Vec<(Idx<Data>, Span)>,
    /// The other services that it needs.
    pub services: Vec<(Idx<Service>, Span)>,
    /// From order to answering.
    pub start: Input<Duration>,
    /// How one knows that it works.
    pub check: Option<Check>,
    /// The names by which it is reached.
    pub reached: Vec<(Idx<Dns>, Span)>,
    /// Who reacts when it is hit.
    pub response: Option<(Idx<Response>, Span)>,
}

/// What is taken where nobody says where the keys of encrypted backups are.
pub static KEYS_ELSEWHERE: Assumption = Assumption {
    text: "the master key of the backups is kept where no scenario takes it",
    source: "nothing is stated: name its places with `keys` of the backup server",
};

/// What is taken where nobody says from where plans are run.
pub static CONTROL_ELSEWHERE: Assumption = Assumption {
    text: "a host that runs the plans, and the plans, stay in reach of every step",
    source: "nothing is stated: name them in `control`",
};

/// Where something small that recovery needs is kept: a key, a plan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Keeper {
    /// In a file of a host.
    Host(Idx<Host>),
    /// In a store.
    Store(Idx<Store>),
    /// On paper, or in a safe, of a site.
    Site(Idx<Site>),
}

/// From where recovery is run, and where its plans lie.
#[derive(Debug, Default)]
pub struct Control {
    /// The hosts on which the runner of a plan can be started; empty when nobody says.
    pub hosts: Vec<(Idx<Host>, Span)>,
    /// Where the plans are kept; empty when nobody says.
    pub plans: Vec<(Keeper, Span)>,
}

/// A Bacula director: who it is and what it keeps.
#[derive(Debug)]
pub struct BackupServer {
    /// Its name.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// The host it runs on.
    pub host: (Idx<Host>, Span),
    /// The stores whose jobs it runs.
    pub stores: Vec<Idx<Store>>,
    /// Where the private master key of its backups is kept; empty when nobody says.
    pub keys: Vec<(Keeper, Span)>,
    /// What must work before it can restore.
    pub opened_by: Vec<(Idx<Data>, Span)>,
    /// Jobs that run at the same time.
    pub jobs: Input<u64>,
    /// The folder with one password file per daemon, on each host.
    pub secrets: Input<EcoString>,
    /// The folder with the certificates and keys of TLS and of data encryption, on each host.
    pub certificates: Input<EcoString>,
}
