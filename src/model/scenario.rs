//! What can go wrong.

use super::estate::{Group, Host, Link, Region, Site};
use super::{Data, GroupKind, Model, StrikeKind};
use crate::base::{EcoString, Span};
use la_arena::Idx;

/// What one strike takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Strike {
    /// A host and all that stands on it.
    Host(Idx<Host>),
    /// A site.
    Site(Idx<Site>),
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

/// Something that goes wrong: one or more losses at the same moment.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The user's own name, if it is one of theirs.
    pub own: Option<EcoString>,
    /// Where it is declared, or the place of what is lost.
    pub span: Span,
    /// What is lost. Never empty.
    pub strikes: Vec<Strike>,
}

impl Scenario {
    /// Which of a tier's bounds apply.
    pub fn kind(&self, model: &Model) -> StrikeKind {
        if self.own.is_some() {
            return StrikeKind::Own;
        }
        match self.strikes.first() {
            Some(Strike::Host(_)) => StrikeKind::Host,
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
            return own.to_string();
        }
        match self.strikes.first() {
            Some(Strike::Host(h)) => format!("host {}", model.hosts[*h].name),
            Some(Strike::Site(s)) => format!("site {}", model.sites[*s].name),
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
