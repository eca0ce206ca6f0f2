//! Costs, likelihoods and penalties.

use super::{Get, Lower, errors, ratio};
use crate::base::Span;
use crate::model::money::{Costs, Paid, Penalties};
use crate::model::{GroupKind, Strike};
use crate::quantity::{Cost, Currency, Money, Penalty};
use crate::resolve::hir::Value;
use crate::schema::Kind;

fn cost(value: &Value) -> Option<Cost> {
    match value {
        Value::Cost(c) => Some(c.clone()),
        _ => None,
    }
}

fn penalty(value: &Value) -> Option<Penalty> {
    match value {
        Value::Penalty(p) => Some(*p),
        _ => None,
    }
}

fn money(value: &Value) -> Option<Money> {
    match value {
        Value::Money(m) => Some(*m),
        _ => None,
    }
}

impl Lower<'_> {
    /// All that is said of money. Nothing of it, with a finding, when it is said in two currencies.
    pub(super) fn money(&mut self) {
        let mut costs = Costs::default();
        let mut seen: Vec<(Span, Currency)> = Vec::new();
        for kind in [Kind::Site, Kind::Host, Kind::Store, Kind::Link, Kind::Response] {
            for (id, item) in self.sound(kind) {
                let paid = match kind {
                    Kind::Site => self.id(id).map(Paid::Site),
                    Kind::Host => self.id(id).map(Paid::Host),
                    Kind::Store => self.id(id).map(Paid::Store),
                    Kind::Link => self.id(id).map(Paid::Link),
                    _ => self.id(id).map(Paid::Response),
                };
                if let (Some(paid), Some(cost)) = (paid, item.read("cost", cost)) {
                    seen.push((cost.span, cost.value.currency));
                    costs.paid.push((paid, cost));
                }
            }
        }
        for (id, item) in self.sound(Kind::Tier) {
            let penalties = Penalties {
                outage: item.read("outage-cost", penalty),
                loss: item.read("loss-cost", penalty),
            };
            for stated in [&penalties.outage, &penalties.loss].into_iter().flatten() {
                seen.push((stated.span, stated.value.currency));
            }
            if let Some(tier) = self.id(id) {
                costs.penalties.insert(tier, penalties);
            }
        }
        for (_, item) in self.sound(Kind::Budget) {
            let Some(budget) = item.read("yearly", money) else { continue };
            seen.push((budget.span, budget.value.currency));
            // Of several the smallest holds.
            if costs.budget.is_none_or(|b| budget.value.minor < b.value.minor) {
                costs.budget = Some(budget);
            }
        }
        self.likelihoods(&mut costs);
        // Blocks come by kind and name, so the order in which they are written changes nothing. What
        // most of them say is the spec's currency.
        let count = |c: Currency| seen.iter().filter(|(_, o)| *o == c).count();
        let most = seen.iter().rev().max_by_key(|(_, c)| count(*c)).copied();
        let Some((most_at, most)) = most else {
            self.model.costs = costs;
            return;
        };
        match seen.iter().find(|(_, c)| *c != most) {
            Some((at, other)) => self.problems.push(errors::mixed_currencies(*at, *other, most_at, most)),
            None => {
                costs.currency = Some(most);
                self.model.costs = costs;
            }
        }
    }

    fn likelihoods(&mut self, costs: &mut Costs) {
        let groups = [
            GroupKind::Conduit,
            GroupKind::Rack,
            GroupKind::Power,
            GroupKind::Chassis,
            GroupKind::Credentials,
        ];
        let kinds = [Kind::Region, Kind::Site, Kind::Host, Kind::Link, Kind::Data];
        for kind in kinds.into_iter().chain(groups.map(Kind::Group)) {
            for (id, item) in self.sound(kind) {
                let strike = match kind {
                    Kind::Region => self.id(id).map(Strike::Region),
                    Kind::Site => self.id(id).map(Strike::Site),
                    Kind::Host => self.id(id).map(Strike::Host),
                    Kind::Link => self.id(id).map(Strike::Link),
                    Kind::Data => self.id(id).map(Strike::Corruption),
                    _ => self.id(id).map(Strike::Group),
                };
                if let (Some(strike), Some(likelihood)) = (strike, item.read("likelihood", ratio)) {
                    costs.likelihoods.insert(strike, likelihood);
                }
            }
        }
        for (_, item) in self.sound(Kind::Scenario) {
            if let Some(likelihood) = item.read("likelihood", ratio) {
                costs.own.insert(item.name.clone(), likelihood);
            }
        }
    }
}
