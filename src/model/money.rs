//! What things cost, how likely their loss is, and what outages cost.

use super::estate::{Host, Link, Site, Store};
use super::scenario::Strike;
use super::tier::{Response, Tier};
use super::{Idx, Input};
use crate::base::EcoString;
use crate::quantity::{Cost, Currency, Money, Penalty, Ratio};
use la_arena::ArenaMap;
use std::collections::BTreeMap;

/// A thing that costs something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paid {
    /// A site.
    Site(Idx<Site>),
    /// A host.
    Host(Idx<Host>),
    /// A store.
    Store(Idx<Store>),
    /// A link.
    Link(Idx<Link>),
    /// People.
    Response(Idx<Response>),
}

/// What the outage of a tier's services, and the loss of its work, cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Penalties {
    /// For each time in which it is away.
    pub outage: Option<Input<Penalty>>,
    /// For each time of which the work is lost.
    pub loss: Option<Input<Penalty>>,
}

/// All that a spec says of money, in one currency. Verdicts do not rest on it.
#[derive(Debug, Default)]
pub struct Costs {
    /// The currency of all of it; `None` when nothing states any.
    pub currency: Option<Currency>,
    /// What costs something.
    pub paid: Vec<(Paid, Input<Cost>)>,
    /// How likely losses and wrong contents are in a year, in their order.
    pub likelihoods: BTreeMap<Strike, Input<Ratio>>,
    /// How likely the spec's own scenarios are in a year, by name.
    pub own: BTreeMap<EcoString, Input<Ratio>>,
    /// What outages and losses cost, by tier.
    pub penalties: ArenaMap<Idx<Tier>, Penalties>,
    /// What may be spent in a year.
    pub budget: Option<Input<Money>>,
}
