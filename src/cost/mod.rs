//! What a design costs: outlays, and what losses are expected to cost (calculus 2.5).
//!
//! Outlays are what is declared, in a year. The expected loss of a scenario is its likelihood in a
//! year times what it costs when it strikes: the bound of each recovery time and recovery point
//! times what its tier says that such a time costs. Bounds are from above, so the sum is too. What
//! states no likelihood is named and not counted. Nothing here decides a verdict.

mod errors;

use crate::base::{EcoString, Span};
use crate::diag::Problems;
use crate::judge::{Verdict, Verdicts};
use crate::model::money::Paid;
use crate::model::{Model, Objective, Scenario};
use crate::plan::Subject;
use crate::quantity::money::{Per, part_of};
use crate::quantity::{Currency, Duration, Ratio};
use std::collections::BTreeMap;

/// One outlay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outlay {
    /// What is paid for: `link wan-a`.
    pub what: String,
    /// Where its cost was written.
    pub at: Span,
    /// In a year, in minor units. `None` when it costs by its capacity, and states none.
    pub yearly: Option<u64>,
}

/// All outlays, in the order of kinds and names.
pub fn outlays(model: &Model) -> Vec<Outlay> {
    let of = |(paid, cost): &(Paid, crate::model::Input<crate::quantity::Cost>)| {
        // What its price is for: bits of capacity, bits a second, or people.
        let (what, many) = match paid {
            Paid::Site(s) => (format!("site {}", model.sites[*s].name), None),
            Paid::Host(h) => {
                let host = &model.hosts[*h];
                (
                    format!("host {}", host.name),
                    host.disk_capacity.as_ref().map(|c| c.value.0.saturating_mul(8)),
                )
            }
            Paid::Store(s) => {
                let store = &model.stores[*s];
                (
                    format!("store {}", store.name),
                    store.capacity.as_ref().map(|c| c.value.0.saturating_mul(8)),
                )
            }
            Paid::Link(l) => {
                let link = &model.links[*l];
                (format!("link {}", link.name), Some(link.bandwidth.value.0))
            }
            Paid::Response(r) => {
                let response = &model.responses[*r];
                (format!("response {}", response.name), Some(response.operators.value))
            }
        };
        let people = matches!(paid, Paid::Response(_));
        let term = |(amount, per): &(crate::quantity::money::Amount, Per)| match per {
            Per::Whole => Some(amount.times(1, 1)),
            Per::Data { bits } if !people => many.map(|m| amount.times(m, *bits)),
            Per::Operator if people => many.map(|m| amount.times(m, 1)),
            Per::Data { .. } | Per::Operator => None,
        };
        let yearly = cost.value.terms.iter().try_fold(0_u64, |sum, t| Some(sum.saturating_add(term(t)?)));
        Outlay { what, at: cost.span, yearly }
    };
    model.costs.paid.iter().map(of).collect()
}

/// The sum of the outlays of a year, in minor units; those of no known amount are left out.
pub fn sum(outlays: &[Outlay]) -> u64 {
    outlays.iter().filter_map(|o| o.yearly).fold(0, u64::saturating_add)
}

/// What one objective adds when a scenario strikes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// The data class or service.
    pub subject: EcoString,
    /// `rpo`: work that is lost; `rto`: an outage.
    pub objective: Objective,
    /// How long, at most; `None` without bound.
    pub time: Option<Duration>,
    /// What that costs, in minor units.
    pub amount: Option<u64>,
}

/// What a scenario is expected to cost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expected {
    /// As a spec names it; corruption with the data class that it is of.
    pub scenario: String,
    /// How likely it is in a year.
    pub likelihood: Ratio,
    /// What it costs when it strikes, part by part.
    pub parts: Vec<Part>,
    /// The sum of the parts, in minor units; `None` when one has no bound.
    pub strike: Option<u64>,
    /// Likelihood times that.
    pub yearly: Option<u64>,
}

/// All expected losses.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Losses {
    /// By scenario, in their order. One that costs nothing is left out.
    pub list: Vec<Expected>,
    /// Scenarios that would cost something, and state no likelihood.
    pub not_counted: Vec<String>,
    /// Objectives without which a penalty of their tier counts for nothing, as `core.rpo`.
    pub no_objective: Vec<String>,
}

impl Losses {
    /// The sum in a year, in minor units; `None` when a part of it has no bound.
    pub fn sum(&self) -> Option<u64> {
        self.list.iter().try_fold(0_u64, |sum, e| Some(sum.saturating_add(e.yearly?)))
    }
}

/// What losses are expected to cost.
pub fn expected(model: &Model, verdicts: &Verdicts) -> Losses {
    let mut losses = Losses::default();
    let mut by_scenario: BTreeMap<u32, Vec<&Verdict>> = BTreeMap::new();
    for v in &verdicts.list {
        by_scenario.entry(v.scenario).or_default().push(v);
    }
    for (number, list) in by_scenario {
        let Some(scenario) = verdicts.scenarios.get(number as usize) else { continue };
        let parts: Vec<Part> = list.iter().filter_map(|v| part(model, v, &list)).collect();
        if parts.iter().all(|p| p.amount == Some(0)) {
            continue;
        }
        let name = name(model, scenario);
        let Some(likelihood) = likelihood(model, scenario) else {
            losses.not_counted.push(name);
            continue;
        };
        let strike = parts.iter().try_fold(0_u64, |sum, p| Some(sum.saturating_add(p.amount?)));
        let yearly = strike.map(|s| part_of(s, likelihood));
        losses.list.push(Expected { scenario: name, likelihood, parts, strike, yearly });
    }
    for (tier, penalties) in model.costs.penalties.iter() {
        let t = &model.tiers[tier];
        let asks =
            |f: fn(&crate::model::Bounds) -> bool| f(&t.general) || t.special.iter().any(|(_, b)| f(b));
        if penalties.outage.is_some() && !asks(|b| b.rto.is_some()) {
            losses.no_objective.push(format!("{}.rto", t.name));
        }
        if penalties.loss.is_some() && !asks(|b| b.rpo.is_some()) {
            losses.no_objective.push(format!("{}.rpo", t.name));
        }
    }
    losses
}

/// What one verdict adds; `None` when its tier says nothing of what such a time costs. An outage
/// counts once: for the service, and for data only when no service that is away needs it.
fn part(model: &Model, v: &Verdict, all: &[&Verdict]) -> Option<Part> {
    let (tier, subject) = match v.subject {
        Subject::Data(d) => (model.data[d].tier, &model.data[d].name),
        Subject::Service(s) => (model.services[s].tier, &model.services[s].name),
    };
    let penalties = model.costs.penalties.get(tier?.0)?;
    let penalty = match v.objective {
        Objective::Rpo => penalties.loss.as_ref(),
        Objective::Rto => penalties.outage.as_ref(),
    }?;
    if let (Objective::Rto, Subject::Data(d)) = (v.objective, v.subject) {
        let counted = all.iter().any(|o| match o.subject {
            Subject::Service(s) if o.objective == Objective::Rto => {
                let service = &model.services[s];
                let priced = service.tier.and_then(|(t, _)| model.costs.penalties.get(t)?.outage);
                priced.is_some() && service.needs.iter().any(|(n, _)| *n == d)
            }
            _ => false,
        });
        if counted {
            return None;
        }
    }
    let amount = v.predicted.map(|time| penalty.value.of(time));
    Some(Part { subject: subject.clone(), objective: v.objective, time: v.predicted, amount })
}

fn name(model: &Model, scenario: &Scenario) -> String {
    match scenario.strikes.as_slice() {
        [crate::model::Strike::Corruption(d)] if scenario.own.is_none() => {
            format!("corruption of {}", model.data[*d].name)
        }
        _ => scenario.name(model),
    }
}

fn likelihood(model: &Model, scenario: &Scenario) -> Option<Ratio> {
    if let Some(own) = &scenario.own {
        return model.costs.own.get(own).map(|l| l.value);
    }
    match scenario.strikes.as_slice() {
        [strike] => model.costs.likelihoods.get(strike).map(|l| l.value),
        _ => None,
    }
}

/// One finding when what is declared costs more than the budget.
pub fn findings(model: &Model, problems: &mut Problems) {
    let (Some(budget), Some(currency)) = (&model.costs.budget, model.costs.currency) else { return };
    let mut outlays = outlays(model);
    let sum = sum(&outlays);
    if sum > budget.value.minor {
        outlays.sort_by_key(|o| std::cmp::Reverse(o.yearly));
        problems.push(errors::over_budget(budget.span, currency, budget.value.minor, sum, &outlays));
    }
}

/// The currency and the sum of the outlays of a year, when anything states a cost.
pub fn yearly(model: &Model) -> Option<(Currency, u64)> {
    let currency = model.costs.currency?;
    (!model.costs.paid.is_empty()).then(|| (currency, sum(&outlays(model))))
}
