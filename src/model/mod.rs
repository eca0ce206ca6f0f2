//! The estate as typed data: what stands where, what holds what, what is promised.
//!
//! Built once from the resolved spec by `lower` and never changed by analysis; facts about it live in side
//! tables keyed by its ids. After lowering, every id is valid, every link joins two different
//! sites, every route joins up from end to end, and every number is within its range.

pub mod claims;
pub mod data;
pub mod estate;
pub mod input;
pub mod lower;
pub mod money;
pub mod running;
pub mod scenario;
pub mod tier;

pub use crate::schema::{GroupKind, PoolOf, Secret, StrikeKind};
pub use claims::{Claims, Subject};
pub use data::{
    Backup, Copy, CopyKind, CopyOf, Data, Files, Kept, Method, Mirror, Mode, On, Place, PoolSpec, Replica,
    Route,
};
pub use estate::{Class, Direction, Group, Hop, Host, Link, Region, Site, Store};
pub use input::{Assumption, Input, Origin};
pub use running::{
    BackupServer, CONTROL_ELSEWHERE, Check, Cluster, Control, Dns, Engine, KEYS_ELSEWHERE, Keeper, Pointer,
    Pool, Service, Vip,
};
pub use scenario::{Earlier, Scenario, Strike};
pub use tier::{Bounds, Objective, Response, Tier};

pub use la_arena::{Arena, Idx};

use crate::quantity::Duration;

/// The whole estate.
#[derive(Debug, Default)]
pub struct Model {
    /// Regions, sites and what stands in them.
    pub regions: Arena<Region>,
    /// Sites, each in at most one region.
    pub sites: Arena<Site>,
    /// Hosts, each in one site.
    pub hosts: Arena<Host>,
    /// Places where backups are kept.
    pub stores: Arena<Store>,
    /// Links between sites.
    pub links: Arena<Link>,
    /// Declared groups that share a fate.
    pub groups: Arena<Group>,
    /// What a kind of database can do.
    pub engines: Arena<Engine>,
    /// Database clusters.
    pub clusters: Arena<Cluster>,
    /// Pools of web servers.
    pub pools: Arena<Pool>,
    /// Virtual addresses.
    pub vips: Arena<Vip>,
    /// Names that follow a failover.
    pub dns: Arena<Dns>,
    /// Services that people use.
    pub services: Arena<Service>,
    /// Data classes.
    pub data: Arena<Data>,
    /// The data classes of each cluster, in their order.
    pub in_cluster: la_arena::ArenaMap<Idx<Cluster>, Vec<Idx<Data>>>,
    /// Their copies, the primary apart.
    pub copies: Arena<Copy>,
    /// What is promised.
    pub tiers: Arena<Tier>,
    /// How people react.
    pub responses: Arena<Response>,
    /// The user's own scenarios.
    pub scenarios: Arena<Scenario>,
    /// Backup servers.
    pub backup_servers: Arena<BackupServer>,
    /// What the spec says about its own verdicts.
    pub claims: Claims,
    /// What is said of money.
    pub costs: money::Costs,
    /// From where recovery is run, and where its plans lie.
    pub control: Control,
}

impl Model {
    /// For how long a feed may have been cut when the last strike of a scenario falls, at most.
    pub fn longest_cut(&self) -> Duration {
        let earlier = self.scenarios.iter().flat_map(|(_, s)| &s.earlier);
        earlier.map(|e| e.before).max().unwrap_or_default()
    }

    /// The data classes that live in a cluster.
    pub fn data_in(&self, cluster: Idx<Cluster>) -> Vec<Idx<Data>> {
        self.in_cluster.get(cluster).cloned().unwrap_or_default()
    }
}
