//! What can go wrong.

use super::estate::{Group, Host, Link, Region, Site, Store};
use super::{Data, GroupKind, Model, StrikeKind};
use crate::base::{EcoString, Span};
use crate::quantity::Duration;
use la_arena::Idx;

/// What one strike takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Strike {
    /// A host and all that stands on it.
    Host(Idx<Host>),
    /// A store, its host alive.
    Store(Idx<Store>),
    /// A site.
    Site(Idx<Site>),
    /// A site is cut off from everybody and alive: nothing in it is lost, and nobody outside knows
    /// what goes on in it.
    Isolated(Idx<Site>),
    /// A region.
    Region(Idx<Region>),
    /// A link is cut.
    Link(Idx<Link>),
    /// A declared group.
    Group(Idx<Group>),
    /// The contents of one data class have been wrong for a while.
    Corruption(Idx<Data>),
    /// All that production, or credentials kept there, can write is gone or encrypted everywhere.
    Hostile,
}

/// What had struck a while before the last strike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Earlier {
    /// How long before the last strike, above zero.
    pub before: Duration,
    /// All that was gone from then on: what struck then and earlier.
    pub strikes: Vec<Strike>,
}

/// Something that goes wrong: one or more losses, at the same moment or one after the other. What
/// was lost stays lost.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The user's own name, if it is one of theirs.
    pub own: Option<EcoString>,
    /// Where it is declared, or the place of what is lost.
    pub span: Span,
    /// Which of several that one name stands for: what is lost of `any 2 of [a, b, c]`.
    pub case: Option<EcoString>,
    /// What this case stands for too, such as losses of hosts that carry alike things.
    pub stands_for: Option<EcoString>,
    /// All that is lost once the last strike has fallen. Never empty.
    pub strikes: Vec<Strike>,
    /// What had struck before it, the earliest first; empty when all falls at once. Loss and
    /// recovery are counted from the last strike.
    pub earlier: Vec<Earlier>,
}

impl Scenario {
    /// One loss that nobody had to name.
    pub fn derived(span: Span, strike: Strike) -> Self {
        Self { own: None, span, case: None, stands_for: None, strikes: vec![strike], earlier: Vec::new() }
    }

    /// Which of a tier's bounds apply.
    pub fn kind(&self, model: &Model) -> StrikeKind {
        if self.own.is_some() {
            return StrikeKind::Own;
        }
        match self.strikes.first() {
            Some(Strike::Host(_)) => StrikeKind::Host,
            Some(Strike::Store(_)) => StrikeKind::Store,
            Some(Strike::Isolated(_)) => StrikeKind::Isolated,
            Some(Strike::Site(_)) => StrikeKind::Site,
            Some(Strike::Region(_)) => StrikeKind::Region,
            Some(Strike::Link(_)) => StrikeKind::Link,
            Some(Strike::Group(g)) if model.groups[*g].kind == GroupKind::Conduit => StrikeKind::Link,
            Some(Strike::Group(_)) => StrikeKind::Group,
            Some(Strike::Corruption(_)) => StrikeKind::Corruption,
            Some(Strike::Hostile) => StrikeKind::Hostile,
            None => StrikeKind::Own,
        }
    }

    /// The name that specs, `--scenario` and outputs use, such as `site hz-a`.
    pub fn name(&self, model: &Model) -> String {
        if let Some(own) = &self.own {
            return match &self.case {
                Some(case) => format!("{own} ({case})"),
                None => own.to_string(),
            };
        }
        match self.strikes.first() {
            Some(Strike::Host(h)) => format!("host {}", model.hosts[*h].name),
            Some(Strike::Site(s)) => format!("site {}", model.sites[*s].name),
            Some(Strike::Store(s)) => format!("store {}", model.stores[*s].name),
            Some(Strike::Isolated(s)) => format!("site {} isolated", model.sites[*s].name),
            Some(Strike::Region(r)) => format!("region {}", model.regions[*r].name),
            Some(Strike::Link(l)) => format!("link {}", model.links[*l].name),
            Some(Strike::Group(g)) => {
                format!("{} {}", model.groups[*g].kind.name(), model.groups[*g].name)
            }
            Some(Strike::Corruption(_)) => "corruption".to_owned(),
            Some(Strike::Hostile) => "hostile".to_owned(),
            None => String::new(),
        }
    }
}
