//! What `check` says to machines. These types are the interface: they only grow.

use super::input::{Spec, day};
use super::table;
use crate::answers::{Edit, Who, slack, suggest};
use crate::diag::Severity;
use crate::diag::render::json::{Edit as WireEdit, Finding, Place, finding, place};
use crate::driver::Compiled;
use crate::judge::{Status, Verdict, Witness};
use crate::model::Objective;
use crate::plan::{Choice, Plan, Subject, plan};
use crate::quantity::Duration;
use crate::why::{self, Assumptions};
use serde::Serialize;
use std::collections::BTreeMap;

/// The answer of `check --format json`.
#[derive(Debug, Serialize)]
pub struct CheckAnswer {
    /// Of this interface: 1.
    pub version: u32,
    /// The first day for which the verdicts hold.
    pub as_of: String,
    /// For how many days they hold.
    pub horizon_days: u32,
    /// How many of each.
    pub summary: Summary,
    /// Every objective under every scenario that touches it.
    pub verdicts: Vec<VerdictAnswer>,
    /// What verdicts rest on and nobody stated; verdicts name them by number.
    pub assumptions: Vec<AssumptionAnswer>,
    /// The findings.
    pub findings: Vec<Finding>,
}

/// How many of each.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// Objectives proved.
    pub proved: usize,
    /// Objectives refuted.
    pub refuted: usize,
    /// Objectives of which neither is known.
    pub unknown: usize,
    /// Objectives waived. Always 0 in this version.
    pub waived: usize,
    /// Findings that are errors.
    pub errors: usize,
    /// Findings that are warnings.
    pub warnings: usize,
    /// Data classes and services that were not judged because of findings about them.
    pub not_judged: usize,
}

/// One verdict.
#[derive(Debug, Serialize)]
pub struct VerdictAnswer {
    /// A data class or a service.
    pub subject: String,
    /// `rpo` or `rto`.
    pub objective: Objective,
    /// As a spec and `--scenario` name it.
    pub scenario: String,
    /// `proved`, `refuted` or `unknown`.
    pub status: Status,
    /// What the tier allows.
    pub allowed_seconds: f64,
    /// The bound, rounded up to a millisecond; `null` when there is none.
    pub predicted_seconds: Option<f64>,
    /// Why there is no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The copy that serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relies_on: Option<String>,
    /// A behaviour that exceeds the objective.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<Witness>,
    /// What it rests on, by the number of the assumption.
    pub assumptions: Vec<usize>,
}

/// Something that nobody stated.
#[derive(Debug, Serialize)]
pub struct AssumptionAnswer {
    /// Its number.
    pub number: usize,
    /// What is assumed.
    pub text: String,
    /// Where the figure comes from.
    pub source: String,
}

/// Seconds, rounded up to a millisecond.
fn seconds(d: Duration) -> f64 {
    d.0.div_ceil(1_000_000) as f64 / 1000.0
}

/// The answer for one spec.
pub(super) fn check(spec: &Spec) -> CheckAnswer {
    let compiled = &spec.compiled;
    let verdicts = &compiled.verdicts;
    let mut assumptions = Assumptions::default();
    let mut by_verdict = vec![Vec::new(); verdicts.list.len()];
    each_with_plan(compiled, |n, v, plan| {
        if let Some(slot) = by_verdict.get_mut(n) {
            *slot = rests_on(compiled, v, plan, &mut assumptions);
        }
    });
    let answer = |(v, rests): (&Verdict, Vec<usize>)| VerdictAnswer {
        subject: table::name(&compiled.model, v.subject).to_owned(),
        objective: v.objective,
        scenario: verdicts
            .scenarios
            .get(v.scenario as usize)
            .map_or_else(String::new, |s| s.name(&compiled.model)),
        status: v.status,
        allowed_seconds: seconds(v.allowed),
        predicted_seconds: v.predicted.map(seconds),
        reason: v.reason.as_ref().map(crate::plan::Reason::name),
        relies_on: v.relies_on.map(|c| compiled.model.copies[c].name.to_string()),
        witness: v.witness.as_deref().cloned(),
        assumptions: rests,
    };
    let severity = |s: Severity| spec.findings.iter().filter(|f| f.severity == s).count();
    CheckAnswer {
        version: 1,
        as_of: day(spec.horizon.as_of),
        horizon_days: spec.horizon.days,
        summary: Summary {
            proved: verdicts.count(Status::Proved),
            refuted: verdicts.count(Status::Refuted),
            unknown: verdicts.count(Status::Unknown),
            waived: 0,
            errors: severity(Severity::Error),
            warnings: severity(Severity::Warning),
            not_judged: compiled.left_out,
        },
        verdicts: verdicts.list.iter().zip(by_verdict).map(answer).collect(),
        assumptions: assumptions
            .list()
            .into_iter()
            .enumerate()
            .map(|(number, a)| AssumptionAnswer { number, text: a.text.clone(), source: a.source.clone() })
            .collect(),
        findings: spec.findings.iter().map(|f| finding(&compiled.sources, f)).collect(),
    }
}

/// The answer of `slack --format json`.
#[derive(Debug, Serialize)]
pub struct SlackAnswer {
    /// Of this interface: 1.
    pub version: u32,
    /// The first day for which it holds.
    pub as_of: String,
    /// For how many days it holds.
    pub horizon_days: u32,
    /// The objectives, the tightest first.
    pub objectives: Vec<ObjectiveSlack>,
    /// Inputs that, moved the way that helps when nothing is shared, turn something.
    pub notes: Vec<ReversalNote>,
    /// Objectives left out by the limit.
    pub left_out: usize,
    /// Inputs that were moved.
    pub inputs_moved: usize,
    /// Inputs that were not, since enough had been tried.
    pub inputs_not_moved: usize,
}

/// An objective and its headroom.
#[derive(Debug, Serialize)]
pub struct ObjectiveSlack {
    /// A data class or a service.
    pub subject: String,
    /// `rpo` or `rto`.
    pub objective: Objective,
    /// The scenario in which it is nearest to failing.
    pub scenario: String,
    /// Whether it is proved.
    pub proved: bool,
    /// What the tier allows there.
    pub allowed_seconds: f64,
    /// The bound there; `null` when there is none.
    pub predicted_seconds: Option<f64>,
    /// Its inputs, the nearest first.
    pub limits: Vec<InputLimit>,
}

/// How far an input can move.
#[derive(Debug, Serialize)]
pub struct InputLimit {
    /// What it is, in words.
    pub input: String,
    /// Who could change it.
    pub who: Who,
    /// Whether nobody stated it.
    pub assumed: bool,
    /// The file it stands in; that of the block that lacks it, when nobody stated it.
    pub file: Option<String>,
    /// Where in that file.
    pub span: Option<Place>,
    /// What is stated.
    pub stated: String,
    /// The farthest that keeps the verdict.
    pub keeps: String,
    /// The nearest that turns it.
    pub turns: String,
    /// How many times what is stated that is.
    pub times: f64,
    /// The scenario under which it turns.
    pub under: String,
    /// The change that turns it.
    pub edit: WireEdit,
}

/// An input that turns something although it moved the way that helps.
#[derive(Debug, Serialize)]
pub struct ReversalNote {
    /// `sharing-reversal`.
    pub name: &'static str,
    /// What it is, in words.
    pub input: String,
    /// The file it stands in.
    pub file: Option<String>,
    /// Where in that file.
    pub span: Option<Place>,
    /// What is stated.
    pub stated: String,
    /// What was put there.
    pub put: String,
    /// What is then no longer met.
    pub turns: Vec<String>,
}

/// The answer of `suggest --format json`.
#[derive(Debug, Serialize)]
pub struct SuggestAnswer {
    /// Of this interface: 1.
    pub version: u32,
    /// The first day for which it holds.
    pub as_of: String,
    /// For how many days it holds.
    pub horizon_days: u32,
    /// What fails, the worst first.
    pub objectives: Vec<ObjectiveFixes>,
    /// Objectives that fail and were left out by the limit.
    pub left_out: usize,
}

/// What can be done about an objective.
#[derive(Debug, Serialize)]
pub struct ObjectiveFixes {
    /// A data class or a service.
    pub subject: String,
    /// `rpo` or `rto`.
    pub objective: Objective,
    /// The scenario in which it is worst.
    pub scenario: String,
    /// `refuted` or `unknown`.
    pub status: Status,
    /// What the tier allows there.
    pub allowed_seconds: f64,
    /// The bound there; `null` when there is none.
    pub predicted_seconds: Option<f64>,
    /// Changes that mend it, the ones to try first first.
    pub fixes: Vec<FixAnswer>,
    /// Changes that mend it under some scenarios, where nothing does under all.
    pub partly: Vec<PartlyAnswer>,
    /// Inputs that were moved.
    pub inputs_moved: usize,
    /// Inputs that were not, since enough had been tried.
    pub inputs_not_moved: usize,
}

/// Changes that together mend something.
#[derive(Debug, Serialize)]
pub struct FixAnswer {
    /// Whether the whole compiler, run over the changed text, proved it and found nothing worse.
    pub rechecked: bool,
    /// What it adds to the outlays of a year, in the currency's minor unit; `null` when nothing says.
    pub price: Option<i64>,
    /// All objectives that are met with it and were not.
    pub meets: Vec<String>,
    /// The changes.
    pub changes: Vec<ChangeAnswer>,
}

/// A change of one input.
#[derive(Debug, Serialize)]
pub struct ChangeAnswer {
    /// What it is, in words.
    pub input: String,
    /// Who could change it.
    pub who: Who,
    /// What is stated; empty when nobody stated anything.
    pub stated: String,
    /// What would stand there.
    pub put: String,
    /// The entry as it would read.
    pub line: String,
    /// The edit that makes it so.
    pub edit: WireEdit,
}

/// Changes that mend an objective under some scenarios.
#[derive(Debug, Serialize)]
pub struct PartlyAnswer {
    /// The changes.
    pub fix: FixAnswer,
    /// The scenarios.
    pub under: Vec<String>,
}

fn edit(e: &Edit) -> WireEdit {
    WireEdit { file: e.file.clone(), start: e.start, end: e.end, text: e.text.clone() }
}

fn changed(c: &suggest::Change) -> ChangeAnswer {
    ChangeAnswer {
        input: c.input.clone(),
        who: c.who,
        stated: c.stated.clone(),
        put: c.put.clone(),
        line: c.line.clone(),
        edit: edit(&c.edit),
    }
}

/// The answer of `suggest` for one spec.
pub(super) fn suggest(spec: &Spec, answer: &suggest::Answer) -> SuggestAnswer {
    let fix = |f: &suggest::Fix| FixAnswer {
        rechecked: true,
        price: f.price,
        meets: f.meets.iter().map(ToString::to_string).collect(),
        changes: f.changes.iter().map(changed).collect(),
    };
    let of = |s: &suggest::Suggestion| ObjectiveFixes {
        subject: s.objective.subject.to_string(),
        objective: s.objective.objective,
        scenario: s.scenario.to_string(),
        status: s.status,
        allowed_seconds: seconds(s.allowed),
        predicted_seconds: s.predicted.map(seconds),
        fixes: s.single.iter().chain(&s.combined).map(fix).collect(),
        partly: s
            .partly
            .iter()
            .map(|p| PartlyAnswer {
                fix: fix(&p.fix),
                under: p.under.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        inputs_moved: s.moved,
        inputs_not_moved: s.not_moved,
    };
    SuggestAnswer {
        version: 1,
        as_of: day(spec.horizon.as_of),
        horizon_days: spec.horizon.days,
        objectives: answer.suggestions.iter().map(of).collect(),
        left_out: answer.left_out,
    }
}

/// The answer of `slack` for one spec.
pub(super) fn slack(spec: &Spec, answer: &slack::Answer) -> SlackAnswer {
    let sources = &spec.compiled.sources;
    let limit = |l: &slack::Limit| {
        let (file, span) = place(sources, l.at);
        InputLimit {
            input: l.input.clone(),
            who: l.who,
            assumed: l.assumed,
            file,
            span,
            stated: l.stated.clone(),
            keeps: l.keeps.0.clone(),
            turns: l.turns.0.clone(),
            times: (l.times * 1e6).round() / 1e6,
            under: l.under.to_string(),
            edit: edit(&l.turns.1),
        }
    };
    SlackAnswer {
        version: 1,
        as_of: day(spec.horizon.as_of),
        horizon_days: spec.horizon.days,
        objectives: answer
            .slacks
            .iter()
            .map(|s| ObjectiveSlack {
                subject: s.objective.subject.to_string(),
                objective: s.objective.objective,
                scenario: s.scenario.to_string(),
                proved: s.proved,
                allowed_seconds: seconds(s.allowed),
                predicted_seconds: s.predicted.map(seconds),
                limits: s.limits.iter().map(limit).collect(),
            })
            .collect(),
        notes: answer
            .reversals
            .iter()
            .map(|r| {
                let (file, span) = place(sources, r.at);
                ReversalNote {
                    name: "sharing-reversal",
                    input: r.input.clone(),
                    file,
                    span,
                    stated: r.stated.clone(),
                    put: r.put.clone(),
                    turns: r.turns.clone(),
                }
            })
            .collect(),
        left_out: answer.left_out,
        inputs_moved: answer.moved,
        inputs_not_moved: answer.not_moved,
    }
}

/// Every verdict with the plan that it was judged on, plan by plan.
fn each_with_plan(compiled: &Compiled, mut see: impl FnMut(usize, &Verdict, &Plan)) {
    let mut by_scenario: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (n, v) in compiled.verdicts.list.iter().enumerate() {
        by_scenario.entry(v.scenario).or_default().push(n);
    }
    for (scenario, numbers) in by_scenario {
        let Some(scenario) = compiled.verdicts.scenarios.get(scenario as usize) else { continue };
        let plan = plan(compiled.estate(), scenario);
        for n in numbers {
            if let Some(v) = compiled.verdicts.list.get(n) {
                see(n, v, &plan);
            }
        }
    }
}

fn choice(plan: &Plan, subject: Subject) -> Option<&Choice> {
    plan.choices.iter().find(|c| Subject::Data(c.data) == subject)
}

fn rests_on(compiled: &Compiled, v: &Verdict, plan: &Plan, all: &mut Assumptions) -> Vec<usize> {
    let tree = match v.objective {
        Objective::Rpo => choice(plan, v.subject).map(|c| why::loss(compiled.estate(), c)),
        Objective::Rto => {
            let step = plan.recovered.iter().find(|(s, _)| *s == v.subject).map(|(_, n)| *n);
            step.map(|n| why::time(compiled.estate(), plan, n))
        }
    };
    tree.map_or_else(Vec::new, |t| all.of(&t, &compiled.sources))
}
