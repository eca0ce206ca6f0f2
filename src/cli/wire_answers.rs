//! What `slack` and `suggest` say to machines. These types are the interface: they only grow.

use super::input::{Spec, day};
use super::wire::seconds;
use crate::answers::{Edit, Who, slack, suggest};
use crate::diag::render::json::{Edit as WireEdit, Place, place};
use crate::judge::Status;
use crate::model::Objective;
use serde::Serialize;

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
    /// Changed specs that were compiled.
    pub trials: usize,
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
    /// `sharing-reversal` or `overrun-reversal`.
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
                    name: r.name,
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
        trials: answer.trials,
    }
}
