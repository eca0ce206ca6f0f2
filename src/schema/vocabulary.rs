//! Words of the language that later stages keep using as they are.

use crate::base::EcoString;

/// What kind of fate a group shares.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum GroupKind {
    /// A duct that links run through.
    Conduit,
    /// A rack.
    Rack,
    /// A power feed.
    Power,
    /// A machine that carries virtual machines.
    Chassis,
    /// Credentials: who holds them can delete.
    Credentials,
}

impl GroupKind {
    /// Its keyword.
    pub fn name(self) -> &'static str {
        match self {
            Self::Conduit => "conduit",
            Self::Rack => "rack",
            Self::Power => "power",
            Self::Chassis => "chassis",
            Self::Credentials => "credentials",
        }
    }
}

/// The kinds of scenario that tiers tell apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StrikeKind {
    /// One host.
    Host,
    /// One store, its host alive.
    Store,
    /// One site.
    Site,
    /// One site, cut off and alive.
    Isolated,
    /// One region.
    Region,
    /// One link or conduit.
    Link,
    /// A rack, a power feed, a chassis or a domain of credentials.
    Group,
    /// Wrong contents.
    Corruption,
    /// An attacker.
    Hostile,
    /// The user's own.
    Own,
}

impl StrikeKind {
    /// All, in the order of a tier's cases.
    pub const ALL: [Self; 10] = [
        Self::Host,
        Self::Store,
        Self::Site,
        Self::Isolated,
        Self::Region,
        Self::Link,
        Self::Group,
        Self::Corruption,
        Self::Hostile,
        Self::Own,
    ];

    /// Its name in specs and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Store => "store",
            Self::Site => "site",
            Self::Isolated => "isolated",
            Self::Region => "region",
            Self::Link => "link",
            Self::Group => "group",
            Self::Corruption => "corruption",
            Self::Hostile => "hostile",
            Self::Own => "scenario",
        }
    }

    /// The kind whose bounds apply where a tier states none for this one: a store goes with its
    /// host, and a site that is cut off is no worse than one that is gone.
    pub fn broader(self) -> Option<Self> {
        match self {
            Self::Store => Some(Self::Host),
            Self::Isolated => Some(Self::Site),
            _ => None,
        }
    }
}

/// The runs that a pool of volumes takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PoolOf {
    /// Those that have no pool of their own.
    Rest,
    /// Full ones.
    Full,
    /// Differential ones.
    Differential,
    /// Incremental ones.
    Incremental,
    /// Those of a database's logs.
    Log,
}

/// Where a secret lives. Never the secret itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Secret {
    /// In a file on the host that needs it, by its absolute path.
    File(EcoString),
}
