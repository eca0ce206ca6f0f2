//! Promises against plans and facts: what is proved, refuted or unknown.

mod errors;
mod rules;
mod runs;
mod verdict;
pub mod witness;

pub use errors::findings;
pub use rules::normal_days;
pub use verdict::{Status, Verdict, Witness};

use crate::model::{Objective, Scenario, StrikeKind};
use crate::plan::{self, Choice, Estate, Plan, Reason, Subject};
use crate::quantity::Duration;
use std::collections::BTreeMap;

/// All verdicts, in the order of subjects, scenarios and objectives.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
    /// The verdicts.
    pub list: Vec<Verdict>,
}

impl Verdicts {
    /// How many have a status.
    pub fn count(&self, status: Status) -> usize {
        self.list.iter().filter(|v| v.status == status).count()
    }
}

/// Judges every objective under every scenario that touches its subject. What a scenario does not
/// touch loses nothing and never stops: those pairs are left out, which a test holds against
/// judging every pair.
pub fn judge(estate: Estate<'_>) -> Verdicts {
    let scenarios = plan::scenarios(estate.model, estate.ops, estate.index);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(8);
    let numbered: Vec<(u32, &Scenario)> = scenarios.iter().enumerate().map(|(n, s)| (n as u32, s)).collect();
    // Dealt out like cards, since neighbours cost alike.
    let mut list: Vec<Verdict> = std::thread::scope(|scope| {
        let work = |n: usize| {
            let mine: Vec<_> = numbered.iter().skip(n).step_by(threads).copied().collect();
            scope.spawn(move || {
                let judged = mine.into_iter().flat_map(|(n, s)| under(estate, n, s));
                judged.collect::<Vec<Verdict>>()
            })
        };
        let running: Vec<_> = (0..threads).map(work).collect();
        running.into_iter().filter_map(|t| t.join().ok()).flatten().collect()
    });
    list.sort_by_key(|v| (v.subject, v.scenario, v.objective));
    Verdicts { scenarios, list }
}

/// The verdicts under one scenario.
pub fn under(estate: Estate<'_>, number: u32, scenario: &Scenario) -> Vec<Verdict> {
    let model = estate.model;
    let plan = plan::plan(estate, scenario);
    let kind = scenario.kind(model);
    let lost = plan::Lost::of(model, scenario);
    let mut subjects: Vec<Subject> =
        estate.index.touched(model, &lost, &scenario.strikes).into_iter().map(Subject::Data).collect();
    if estate.index.is_naive() {
        subjects.extend(model.services.iter().map(|(id, _)| Subject::Service(id)));
    }
    subjects.extend(plan.recovered.iter().map(|r| r.0).filter(|s| matches!(s, Subject::Service(_))));
    subjects.extend(plan.lost.iter().map(|l| l.0).filter(|s| matches!(s, Subject::Service(_))));
    subjects.sort_unstable();
    subjects.dedup();
    let found = Found::new(&plan);
    subjects
        .into_iter()
        .flat_map(|subject| of_subject(estate, &plan, &found, number, kind, subject))
        .collect()
}

/// What a plan says, by subject.
struct Found<'a> {
    choices: BTreeMap<Subject, &'a Choice>,
    recovered: BTreeMap<Subject, usize>,
    lost: BTreeMap<Subject, &'a Reason>,
}

impl<'a> Found<'a> {
    fn new(plan: &'a Plan) -> Self {
        Self {
            choices: plan.choices.iter().map(|c| (Subject::Data(c.data), c)).collect(),
            recovered: plan.recovered.iter().copied().collect(),
            lost: plan.lost.iter().map(|(s, r)| (*s, r)).collect(),
        }
    }
}

fn of_subject(
    estate: Estate<'_>,
    plan: &Plan,
    found: &Found<'_>,
    scenario: u32,
    kind: StrikeKind,
    subject: Subject,
) -> Vec<Verdict> {
    let model = estate.model;
    let tier = match subject {
        Subject::Data(d) => model.data[d].tier,
        Subject::Service(s) => model.services[s].tier,
    };
    let Some((tier, _)) = tier else { return Vec::new() };
    let bounds = model.tiers[tier].bounds(kind);
    let choice = found.choices.get(&subject).copied();
    let lost = found.lost.get(&subject).copied();
    let blank = |objective, allowed: crate::model::Input<Duration>| Verdict {
        subject,
        objective,
        scenario,
        status: Status::Proved,
        allowed: allowed.value,
        allowed_at: allowed.span,
        predicted: Some(Duration::ZERO),
        surely: Duration::ZERO,
        relies_on: choice.map(|c| c.copy),
        reason: None,
        witness: None,
    };
    let settle = |mut v: Verdict, witness: &dyn Fn() -> Witness| {
        v.status = Status::of(v.allowed, v.predicted, v.surely);
        if v.status == Status::Refuted {
            v.witness = Some(Box::new(witness()));
        }
        v
    };
    let nothing = |mut v: Verdict, reason: &Reason| {
        v.predicted = None;
        v.surely = if reason.is_ignorance() { Duration::ZERO } else { Duration::MAX };
        v.reason = Some(reason.clone());
        settle(v, &|| witness::nothing(reason))
    };
    let mut verdicts = Vec::new();
    // A service keeps no data: what it may lose is judged where the data is.
    if let (Some(allowed), Subject::Data(_)) = (bounds.rpo, subject) {
        let mut v = blank(Objective::Rpo, allowed);
        verdicts.push(match (choice, lost) {
            (Some(choice), _) => {
                v.predicted = choice.loss;
                v.surely = choice.loss_surely;
                v.reason = choice.reason.clone();
                settle(v, &|| witness::of_loss(estate, choice))
            }
            // A primary that waits loses nothing.
            (None, Some(Reason::Stalls)) => v,
            (None, Some(reason)) => nothing(v, reason),
            (None, None) => v,
        });
    }
    if let Some(allowed) = bounds.rto {
        let mut v = blank(Objective::Rto, allowed);
        verdicts.push(match (found.recovered.get(&subject), lost) {
            (Some(step), _) => {
                if let Some(s) = plan.steps.get(*step) {
                    v.predicted = (s.finish != Duration::MAX).then_some(s.finish);
                    v.surely = s.surely;
                }
                if v.predicted.is_none() {
                    // What keeps the loss from having a bound keeps the restore from having one.
                    v.reason = choice
                        .and_then(|c| c.reason.clone())
                        .or_else(|| Some(Reason::MissingInput(unbounded(estate, plan, *step))));
                }
                settle(v, &|| witness::of_time(plan, *step))
            }
            (None, Some(reason)) => nothing(v, reason),
            (None, None) => v,
        });
    }
    verdicts
}

/// What is missing where a step has no bound: the first step on the way to it that never ends.
fn unbounded(estate: Estate<'_>, plan: &Plan, step: usize) -> String {
    let mut at = step;
    loop {
        let Some(s) = plan.steps.get(at) else { return "how long a step takes".to_owned() };
        let before =
            s.after.iter().copied().find(|a| plan.steps.get(*a).is_some_and(|b| b.finish == Duration::MAX));
        match before {
            Some(b) => at = b,
            None => {
                let times = plan::times::times(estate.model, estate.ops, estate.facts, &s.kind, s.response);
                let term = times.terms.iter().find(|t| t.time.most == Duration::MAX);
                return term.map_or_else(
                    || "how long a step takes".to_owned(),
                    |t| format!("enough to bound `{}`: {}", s.kind.name(), t.what.words()),
                );
            }
        }
    }
}
