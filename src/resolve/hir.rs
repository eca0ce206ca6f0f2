//! The resolved spec: blocks with typed values, every reference an id.

use crate::base::{EcoString, Span};
use crate::calendar::{Rule, WeekProfile};
use crate::diag::Waiver;
use crate::quantity::{Bytes, Cost, Duration, Money, Penalty, Quantity, Rate, Ratio};
use crate::schema::Secret;
use crate::schema::{Kind, KindDef};
use std::net::IpAddr;

/// A block of the spec.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ItemId(pub u32);

/// All blocks.
#[derive(Clone, Debug, Default)]
pub struct Hir {
    /// Parents before their children, in the order of the files.
    pub items: Vec<Item>,
    /// The responses that `use` or a declaration brought into the main file, in order: when it is
    /// one, it answers for every tier that names none.
    pub responses: Vec<ItemId>,
    /// Findings that the spec waives.
    pub waivers: Vec<Waiver>,
    /// What the spec asserts of its own verdicts.
    pub assertions: Vec<Assertion>,
    /// The spec's own tests.
    pub tests: Vec<Test>,
}

/// `assert left <= right because "…"`.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// The left side; the only one that can be a verdict.
    pub left: Side,
    /// How the sides compare.
    pub compare: Compare,
    /// The right side.
    pub right: Side,
    /// Why it is asserted, if the spec says so.
    pub because: Option<EcoString>,
    /// Where it stands.
    pub span: Span,
}

/// How two sides of an assertion compare.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the comparisons of arithmetic")]
pub enum Compare {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Differs,
}

/// One side of an assertion.
#[derive(Clone, Debug)]
pub enum Side {
    /// A value.
    Quantity(Quantity),
    /// `rpo(subject, scenario)` or `rto(subject, scenario)`: what is lost, or how long recovery
    /// takes.
    Measure {
        /// Whether it is the recovery time.
        rto: bool,
        /// The data class or service.
        subject: ItemId,
        /// The scenario's name.
        scenario: EcoString,
        /// Where it stands.
        span: Span,
    },
    /// `verdict(subject.rpo, scenario)`.
    Verdict {
        /// Whether it is about the recovery time.
        rto: bool,
        /// The data class or service.
        subject: ItemId,
        /// The scenario's name.
        scenario: EcoString,
        /// Where it stands.
        span: Span,
    },
    /// `proved`, `refuted` or `unknown`.
    Status(EcoString),
}

/// `test name { set …; assert … }`.
#[derive(Clone, Debug)]
pub struct Test {
    /// Its name.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// What is otherwise than the spec says.
    pub overrides: Vec<Override>,
    /// What then holds.
    pub assertions: Vec<Assertion>,
}

/// An attribute that a test sets.
#[derive(Clone, Debug)]
pub struct Override {
    /// Of which block.
    pub item: ItemId,
    /// The attribute.
    pub attribute: Attr,
}

/// One block.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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
    Cost(Cost),
    Penalty(Penalty),
    Money(Money),
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

impl Hir {
    /// The spec as a test has it: its attributes in the place of what was stated, its assertions
    /// the only ones.
    #[must_use]
    pub fn under(&self, test: &Test) -> Self {
        let mut hir = self.clone();
        for o in &test.overrides {
            let Some(item) = hir.items.get_mut(o.item.0 as usize) else { continue };
            item.attributes.retain(|a| a.name != o.attribute.name);
            item.attributes.push(o.attribute.clone());
        }
        hir.assertions = test.assertions.clone();
        hir
    }
}

impl Value {
    /// The number that it is, if it is one.
    pub fn quantity(&self) -> Option<Quantity> {
        Some(match self {
            Self::Count(n) => Quantity::count(*n),
            Self::Ratio(r) => Quantity::from(*r),
            Self::Bytes(b) | Self::Size { bytes: b, .. } | Self::Capacity { bytes: Some(b), .. } => {
                Quantity::from(*b)
            }
            Self::Rate(r) => Quantity::from(*r),
            Self::Duration(d) => Quantity::from(*d),
            _ => return None,
        })
    }
}

impl Item {
    /// An attribute's value, if it was stated and is sound.
    pub fn get(&self, name: &str) -> Option<&Attr> {
        self.attributes.iter().find(|a| a.name == name)
    }
}
