//! Promises against plans and facts: what is proved, refuted or unknown.

mod assertions;
mod best;
mod cycles;
mod errors;
mod kept;
mod promises;
mod rules;
mod runs;
mod thin;
mod verdict;
mod waivers;
pub mod witness;

pub use assertions::{Asserted, assertions};
pub use best::any_plan;
pub use errors::findings;
pub use rules::normal_days;
pub use thin::thin;
pub use verdict::{Status, Verdict, Witness};
pub use waivers::{is_verdict, waive};

use crate::base::threads::dealt;
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
    /// How many have a status and are not waived.
    pub fn count(&self, status: Status) -> usize {
        self.list.iter().filter(|v| v.status == status && v.waived.is_none()).count()
    }

    /// How many are not proved, and waived.
    pub fn waived(&self) -> usize {
        self.list.iter().filter(|v| v.waived.is_some()).count()
    }
}

/// Judges every objective under every scenario that touches its subject. What a scenario does not
/// touch loses nothing and never stops: those pairs are left out, which a test holds against
/// judging every pair.
///
/// Each plan is made once and shown to `look`, which gathers what it likes of the scenarios that one
/// thread judges.
pub fn judge<S: Default + Send>(
    estate: Estate<'_>,
    look: impl Fn(&mut S, &Plan) + Sync,
) -> (Verdicts, Vec<S>) {
    let scenarios = plan::scenarios(estate.model, estate.ops, estate.index);
    let numbered: Vec<(u32, &Scenario)> = scenarios.iter().enumerate().map(|(n, s)| (n as u32, s)).collect();
    let judged = dealt(&numbered, |mine| {
        let mut seen = S::default();
        let of = |(n, s): &(u32, &Scenario)| {
            let plan = plan::plan(estate, s);
            look(&mut seen, &plan);
            of_plan(estate, *n, s, &plan)
        };
        (mine.flat_map(of).collect::<Vec<_>>(), seen)
    });
    let (lists, seen): (Vec<_>, Vec<_>) = judged.into_iter().unzip();
    let mut list: Vec<Verdict> = lists.into_iter().flatten().collect();
    list.sort_by_key(|v| (v.subject, v.scenario, v.objective));
    (Verdicts { scenarios, list }, seen)
}

/// The verdicts under one scenario.
fn of_plan(estate: Estate<'_>, number: u32, scenario: &Scenario, plan: &Plan) -> Vec<Verdict> {
    let model = estate.model;
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
    let found = Found::new(plan);
    let mut verdicts: Vec<Verdict> = subjects
        .into_iter()
        .flat_map(|subject| of_subject(estate, plan, &found, number, kind, subject))
        .collect();
    // What the plan surely misses, any other may miss as surely.
    let missed =
        |v: &Verdict| v.objective == Objective::Rto && v.status == Status::Refuted && v.reason.is_none();
    if verdicts.iter().any(missed) {
        let floors = plan::floors(estate, scenario);
        for v in verdicts.iter_mut().filter(|v| missed(v)) {
            v.floor = floors.get(&v.subject).cloned().map(Box::new);
        }
    }
    verdicts
}

/// What a plan says, by subject.
struct Found<'a> {
    choices: BTreeMap<Subject, &'a Choice>,
    recovered: BTreeMap<Subject, usize>,
    lost: BTreeMap<Subject, &'a Reason>,
    /// The choices without which a step has nothing to go on with, by step: those of which nothing
    /// may be left to be read.
    useless: BTreeMap<usize, &'a Choice>,
}

impl<'a> Found<'a> {
    fn new(plan: &'a Plan) -> Self {
        Self {
            choices: plan.choices.iter().map(|c| (Subject::Data(c.data), c)).collect(),
            recovered: plan.recovered.iter().copied().collect(),
            lost: plan.lost.iter().map(|(s, r)| (*s, r)).collect(),
            useless: useless(plan),
        }
    }
}

fn useless(plan: &Plan) -> BTreeMap<usize, &Choice> {
    let stops = |c: &&Choice| c.reason.as_ref().is_some_and(Reason::leaves_nothing);
    let stopped: BTreeMap<Subject, &Choice> =
        plan.choices.iter().filter(stops).map(|c| (Subject::Data(c.data), c)).collect();
    let ends = plan.recovered.iter().filter_map(|(s, step)| Some((*step, *stopped.get(s)?)));
    let mut found: BTreeMap<usize, &Choice> = ends.collect();
    if found.is_empty() {
        return found;
    }
    for (n, step) in plan.steps.iter().enumerate() {
        let needed = step.after.iter().filter(|a| !step.waits_for_a_thing(**a));
        if let Some(choice) = needed.filter_map(|a| found.get(a)).next().copied() {
            found.entry(n).or_insert(choice);
        }
    }
    found
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
    let judged = |objective, allowed: crate::model::Input<Duration>| {
        let reached = reached(estate, plan, found, subject, objective);
        let mut v = Verdict {
            subject,
            objective,
            scenario,
            status: Status::of(allowed.value, reached.predicted, reached.surely),
            allowed: allowed.value,
            allowed_at: allowed.span,
            predicted: reached.predicted,
            surely: reached.surely,
            relies_on: choice.map(|c| c.copy),
            reason: reached.reason,
            witness: None,
            waived: None,
            floor: None,
        };
        if v.status == Status::Refuted {
            v.witness = Some(Box::new(match reached.by {
                By::Choice(choice) => witness::of_loss(estate, choice),
                By::Step(step) => witness::of_time(estate, plan, step),
                By::Lost(reason) => witness::nothing(reason),
                By::Untouched => Witness::default(),
            }));
        }
        v
    };
    // A service keeps no data: what it may lose is judged where the data is.
    let rpo = bounds.rpo.filter(|_| matches!(subject, Subject::Data(_)));
    let rpo = rpo.map(|allowed| judged(Objective::Rpo, allowed));
    let rto = bounds.rto.map(|allowed| judged(Objective::Rto, allowed));
    rpo.into_iter().chain(rto).collect()
}

/// What an objective comes to in a plan.
struct Reached<'a> {
    /// The bound; `None` when there is none.
    predicted: Option<Duration>,
    /// What a behaviour that is admitted surely reaches.
    surely: Duration,
    /// Why there is no bound.
    reason: Option<Reason>,
    /// What it was read off.
    by: By<'a>,
}

/// What in a plan an objective is read off.
enum By<'a> {
    /// The copy that serves.
    Choice(&'a Choice),
    /// The step whose end is the recovery.
    Step(usize),
    /// Nothing recovers it.
    Lost(&'a Reason),
    /// Nothing happens to it.
    Untouched,
}

fn reached<'a>(
    estate: Estate<'_>,
    plan: &Plan,
    found: &Found<'a>,
    subject: Subject,
    objective: Objective,
) -> Reached<'a> {
    let choice = found.choices.get(&subject).copied();
    let free =
        Reached { predicted: Some(Duration::ZERO), surely: Duration::ZERO, reason: None, by: By::Untouched };
    let gone = |reason: &'a Reason| Reached {
        predicted: None,
        surely: if reason.is_ignorance() { Duration::ZERO } else { Duration::MAX },
        reason: Some(reason.clone()),
        by: By::Lost(reason),
    };
    match (objective, found.lost.get(&subject).copied()) {
        (Objective::Rpo, lost) => match (choice, lost) {
            (Some(choice), _) => Reached {
                predicted: choice.loss,
                surely: choice.loss_surely,
                reason: choice.reason.clone(),
                by: By::Choice(choice),
            },
            // A primary that waits loses nothing, nor does one that goes on out of reach.
            (None, Some(Reason::Stalls | Reason::CutOff(_)) | None) => free,
            (None, Some(reason)) => gone(reason),
        },
        (Objective::Rto, lost) => match (found.recovered.get(&subject).copied(), lost) {
            (Some(step), _) => {
                let times = plan.steps.get(step).map(|s| (s.finish, s.surely));
                let (finish, surely) = times.unwrap_or_default();
                // Where runs stop, or nothing is left to be read, no time can be counted on.
                let stops = found.useless.get(&step).copied();
                let predicted = (finish != Duration::MAX && stops.is_none()).then_some(finish);
                let choice = stops.or(choice);
                // What keeps the loss from having a bound keeps the restore from having one.
                let missing = || Reason::MissingInput(unbounded(estate, plan, step));
                let reason = match predicted {
                    Some(_) => None,
                    None => choice.and_then(|c| c.reason.clone()).or_else(|| Some(missing())),
                };
                Reached { predicted, surely, reason, by: By::Step(step) }
            }
            (None, Some(reason)) => gone(reason),
            (None, None) => free,
        },
    }
}

/// What a subject loses at worst, or how long its recovery takes at worst, under a scenario: a
/// value that is surely reached, and the bound, `None` when there is none. Whether or not anything
/// is promised.
pub fn measure(
    estate: Estate<'_>,
    scenario: &Scenario,
    subject: Subject,
    objective: Objective,
) -> (Duration, Option<Duration>) {
    let plan = plan::plan(estate, scenario);
    let reached = reached(estate, &plan, &Found::new(&plan), subject, objective);
    (reached.surely, reached.predicted)
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
