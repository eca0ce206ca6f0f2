//! What `cost` says to machines. These types are the interface: they only grow. Money is in the
//! minor unit of the one currency, so that it is exact.

use super::input::{Spec, day};
use crate::cost::{Losses, Outlay, sum};
use crate::diag::render::json::{Place, place};
use crate::model::Objective;
use serde::Serialize;

/// The answer of `cost --format json`.
#[derive(Debug, Serialize)]
pub struct CostAnswer {
    /// Of this interface: 1.
    pub version: u32,
    /// The first day for which the bounds hold.
    pub as_of: String,
    /// For how many days they hold.
    pub horizon_days: u32,
    /// The ISO 4217 code of all amounts; `null` when nothing states money.
    pub currency: Option<String>,
    /// Digits of an amount that stand behind the point of the major unit.
    pub minor_digits: Option<u32>,
    /// What is paid in a year.
    pub outlays: Vec<OutlayAnswer>,
    /// The sum of what is known of it.
    pub outlays_sum: u64,
    /// What may be paid in a year.
    pub budget: Option<u64>,
    /// What losses are expected to cost in a year, at most.
    pub losses: Vec<LossAnswer>,
    /// The sum; `null` when a part has no bound.
    pub losses_sum: Option<u64>,
    /// Scenarios that would cost something, and of which nothing says how likely they are.
    pub not_counted: Vec<String>,
    /// Objectives that are not promised, without which a penalty counts for nothing.
    pub no_objective: Vec<String>,
}

/// One outlay.
#[derive(Debug, Serialize)]
pub struct OutlayAnswer {
    /// What is paid for.
    pub what: String,
    /// The file in which its cost stands.
    pub file: Option<String>,
    /// Where in that file.
    pub span: Option<Place>,
    /// In a year; `null` when it costs by its capacity and states none.
    pub yearly: Option<u64>,
}

/// What a scenario is expected to cost.
#[derive(Debug, Serialize)]
pub struct LossAnswer {
    /// The scenario.
    pub scenario: String,
    /// How likely it is in a year.
    pub likelihood: f64,
    /// What it costs when it strikes; `null` without bound.
    pub strike: Option<u64>,
    /// Likelihood times that.
    pub yearly: Option<u64>,
    /// Part by part.
    pub parts: Vec<PartAnswer>,
}

/// What one objective adds.
#[derive(Debug, Serialize)]
pub struct PartAnswer {
    /// A data class or a service.
    pub subject: String,
    /// `rpo`: work that is lost; `rto`: an outage.
    pub objective: Objective,
    /// How long, at most; `null` without bound.
    pub seconds: Option<f64>,
    /// What that costs.
    pub amount: Option<u64>,
}

/// The answer for one spec.
pub(super) fn cost(spec: &Spec, outlays: &[Outlay], losses: &Losses) -> CostAnswer {
    let sources = &spec.compiled.sources;
    let costs = &spec.compiled.model.costs;
    let outlay = |o: &Outlay| {
        let (file, span) = place(sources, o.at);
        OutlayAnswer { what: o.what.clone(), file, span, yearly: o.yearly }
    };
    CostAnswer {
        version: 1,
        as_of: day(spec.horizon.as_of),
        horizon_days: spec.horizon.days,
        currency: costs.currency.map(|c| c.to_string()),
        minor_digits: costs.currency.map(crate::quantity::Currency::digits),
        outlays: outlays.iter().map(outlay).collect(),
        outlays_sum: sum(outlays),
        budget: costs.budget.as_ref().map(|b| b.value.minor),
        losses: losses
            .list
            .iter()
            .map(|e| LossAnswer {
                scenario: e.scenario.clone(),
                likelihood: e.likelihood.0 as f64 / 1e9,
                strike: e.strike,
                yearly: e.yearly,
                parts: e
                    .parts
                    .iter()
                    .map(|p| PartAnswer {
                        subject: p.subject.to_string(),
                        objective: p.objective,
                        seconds: p.time.map(|t| t.0.div_ceil(1_000_000) as f64 / 1000.0),
                        amount: p.amount,
                    })
                    .collect(),
            })
            .collect(),
        losses_sum: losses.sum(),
        not_counted: losses.not_counted.clone(),
        no_objective: losses.no_objective.clone(),
    }
}
