//! The resolved spec: blocks with typed values, every reference an id.

use crate::base::{EcoString, Span};
use crate::calendar::{Rule, WeekProfile};
use crate::quantity::{Bytes, Duration, Rate, Ratio};
use crate::schema::Secret;
use crate::schema::{Kind, KindDef};
use std::net::IpAddr;

/// A block of the spec.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ItemId(pub u32);

/// All blocks.
#[derive(Debug, Default)]
pub struct Hir {
    /// Parents before their children, in the order of the files.
    pub items: Vec<Item>,
    /// The responses that `use` or a declaration brought into the main file, in order: when it is
    /// one, it answers for every tier that names none.
    pub responses: Vec<ItemId>,
}

/// One block.
#[derive(Debug)]
pub struct Item {
    /// Its row in the schema.
    pub def: &'static KindDef,
    /// The name that it declares, if its kind does.
    pub name: EcoString,
    /// Where its name, or its keyword, stands.
    pub span: Span,
    /// The block around it.
    pub parent: Option<ItemId>,
    /// What its head names: the host of a replica, the store of a backup.
    pub target: Option<ItemId>,
    /// What stands behind its colon: one tier or engine, or the two ends of a link.
    pub colon: Vec<(ItemId, Span)>,
    /// Its attributes.
    pub attributes: Vec<Attr>,
    /// Whether anything in its head or its attributes was wrong.
    pub poisoned: bool,
}

/// An attribute with its value.
#[derive(Debug)]
pub struct Attr {
    /// Its name, as in the schema.
    pub name: &'static str,
    /// Its value.
    pub value: Value,
    /// Where the value stands.
    pub span: Span,
}

/// A typed value.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each variant is the value of the schema type of its name")]
pub enum Value {
    Text(EcoString),
    Bool(bool),
    Count(u64),
    Ratio(Ratio),
    Bytes(Bytes),
    Rate(Rate),
    Duration(Duration),
    Interval(Duration, Duration),
    Address(IpAddr),
    Prefix(IpAddr, u8),
    Secret(Secret),
    Word(&'static str),
    Ref(ItemId),
    Refs(Vec<(ItemId, Span)>),
    Schedule(Rule),
    Size { bytes: Bytes, growth: Option<(Ratio, Duration)> },
    Capacity { bytes: Option<Bytes>, rate: Option<Rate> },
    Change(Ratio, Duration),
    Route(Vec<Vec<ItemId>>),
    OnCluster(ItemId),
    OnFiles(ItemId, EcoString),
    Failover { automatic: bool },
    Check { url: EcoString, within: Option<Duration> },
    Profile(WeekProfile),
    Strikes(Vec<Loss>),
    Missed(u64),
}

/// One item of a list of losses.
#[derive(Clone, Debug)]
pub enum Loss {
    /// `site hz-a`.
    One(ItemId, Span),
    /// `site hz-a isolated`.
    Isolated(ItemId, Span),
    /// `any 2 of [db-a1, db-a2, db-b1]`: so many of the things named.
    AnyOf(u64, Vec<(ItemId, Span)>, Span),
    /// `any 2 hosts in site hz-a`, `any 1 host of pool web`: so many hosts of what is named.
    AnyHosts(u64, ItemId, Span),
}

impl Hir {
    /// One block.
    pub fn get(&self, id: ItemId) -> &Item {
        &self.items[id.0 as usize]
    }

    /// All blocks of a kind, in order, with their ids.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = (ItemId, &Item)> {
        self.iter().filter(move |(_, i)| i.def.kind == kind)
    }

    /// The blocks behind one, in order, with their ids.
    pub fn behind(&self, id: ItemId) -> impl Iterator<Item = (ItemId, &Item)> {
        let first = id.0 + 1;
        self.items.get(first as usize..).unwrap_or_default().iter().zip(first..).map(|(i, n)| (ItemId(n), i))
    }

    /// All blocks, in order, with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (ItemId, &Item)> {
        self.items.iter().enumerate().map(|(n, i)| (ItemId(n as u32), i))
    }
}

impl Item {
    /// An attribute's value, if it was stated and is sound.
    pub fn get(&self, name: &str) -> Option<&Attr> {
        self.attributes.iter().find(|a| a.name == name)
    }
}
