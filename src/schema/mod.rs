//! The one table of the language: which blocks there are, what may stand in them, of what type.
//!
//! The type check, the order of `fmt`, completion, hovers and the reference pages read it. A new
//! attribute is a row here and its lowering in `model`; the grammar never changes.

mod kinds;
mod statements;
mod types;
mod vocabulary;

pub use kinds::{TOP, by_keyword};
pub use statements::{STATEMENTS, Statement, form};
pub use types::{Type, Words};
pub use vocabulary::{GroupKind, PoolOf, Secret, StrikeKind};

/// A kind of block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "each kind is documented by its row")]
pub enum Kind {
    Region,
    Site,
    Host,
    Store,
    Link,
    Share,
    Group(GroupKind),
    Engine,
    Medium,
    Cluster,
    Pool,
    PoolCheck,
    Vip,
    Dns,
    Service,
    BackupServer,
    Data,
    Replica,
    Mirror,
    Backup,
    CopyOf,
    BackupPool(PoolOf),
    Tier,
    TierCase(StrikeKind),
    Response,
    Scenario,
    Budget,
    Then,
    Control,
}

/// What stands between the keyword and the rest of a block's head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Head {
    /// Nothing: `share { … }`.
    Bare,
    /// A new name: `host db-a1`.
    Declares,
    /// The name of something declared elsewhere: `replica db-a2`.
    Names(&'static [Kind]),
}

/// What stands behind the colon of a head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Colon {
    /// No colon is allowed.
    None,
    /// It may name one of these: `data orders : core`.
    May(&'static [Kind]),
    /// It must name one of these.
    Must(&'static [Kind]),
    /// Two sites: `hz-a <-> bj`.
    Ends,
}

/// A kind of block: a row of the table.
#[derive(Debug)]
pub struct KindDef {
    /// Which.
    pub kind: Kind,
    /// The word that it begins with.
    pub keyword: &'static str,
    /// What follows the word.
    pub head: Head,
    /// What follows the colon.
    pub colon: Colon,
    /// Its attributes, in the order in which `fmt` keeps them.
    pub attributes: &'static [Attribute],
    /// The blocks that may stand inside.
    pub inside: &'static [&'static KindDef],
    /// What it is, in a sentence.
    pub doc: &'static str,
}

/// An attribute: a row of a block's table.
#[derive(Debug)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub ty: Type,
    /// Whether a block without it is an error.
    pub required: bool,
    /// What it means, with its unit and, where nothing is stated, what is taken.
    pub doc: &'static str,
}

impl Attribute {
    /// What to write, by example: its type's, where nothing nearer is known.
    pub fn example(&self) -> &'static str {
        match self.name {
            "rtt" => "8 ms",
            "loss" => "0.01 %",
            "efficiency" => "90 %",
            "window" | "largest-transaction" => "4 MiB",
            "rpo" => "5 min",
            "rto" => "30 min",
            "keep" | "immutable" => "30 days",
            "enforced" => "\"compliance mode of the disk array\"",
            "timezone" => "\"Europe/Berlin\"",
            "after" => "10 min",
            "ttl" => "60 s",
            "advert" => "1 s",
            "amplification" => "1.5",
            _ => self.ty.example(),
        }
    }
}

impl KindDef {
    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().find(|a| a.name == name)
    }

    /// The kind of block inside that begins with that word.
    pub fn child(&self, keyword: &str) -> Option<&'static KindDef> {
        self.inside.iter().copied().find(|k| k.keyword == keyword)
    }
}

impl Kind {
    /// What people call it, with an article: `a host`.
    pub fn described(self) -> &'static str {
        match self {
            Self::Region => "a region",
            Self::Site => "a site",
            Self::Host => "a host",
            Self::Store => "a store",
            Self::Link => "a link",
            Self::Share => "the shares of a link",
            Self::Group(GroupKind::Conduit) => "a conduit",
            Self::Group(GroupKind::Rack) => "a rack",
            Self::Group(GroupKind::Power) => "a power feed",
            Self::Group(GroupKind::Chassis) => "a chassis",
            Self::Group(GroupKind::Credentials) => "a domain of credentials",
            Self::Engine => "an engine",
            Self::Medium => "a medium",
            Self::Cluster => "a cluster",
            Self::Pool => "a pool",
            Self::PoolCheck => "the check of a pool",
            Self::Vip => "a virtual address",
            Self::Dns => "a name server entry",
            Self::Service => "a service",
            Self::BackupServer => "a backup server",
            Self::Data => "a data class",
            Self::Replica => "a replica",
            Self::Mirror => "a mirror",
            Self::Backup => "a backup",
            Self::CopyOf => "a copy of a backup",
            Self::BackupPool(_) => "a pool of volumes",
            Self::Tier => "a tier",
            Self::TierCase(_) => "a case of a tier",
            Self::Response => "a response",
            Self::Scenario => "a scenario",
            Self::Budget => "a budget",
            Self::Then => "a later loss of a scenario",
            Self::Control => "where plans are kept and run",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn visit(def: &'static KindDef, seen: &mut BTreeSet<Kind>) {
        if !seen.insert(def.kind) {
            return;
        }
        let mut names = BTreeSet::new();
        for a in def.attributes {
            assert!(names.insert(a.name), "{} has `{}` twice", def.keyword, a.name);
            assert!(!a.doc.is_empty());
        }
        for child in def.inside {
            assert!(names.insert(child.keyword), "{}: `{}` is two things", def.keyword, child.keyword);
            visit(child, seen);
        }
    }

    #[test]
    fn no_block_has_a_word_twice() {
        let mut seen = BTreeSet::new();
        let mut words = BTreeSet::new();
        for def in TOP {
            assert!(words.insert(def.keyword));
            visit(def, &mut seen);
        }
    }
}
