//! `plan.json`, for other programs. The schema only grows: a field that is there stays.
//!
//! Times are seconds; `null` is a time without a bound. Steps are numbered from 1.

use super::act::address;
use super::reading::moved;
use super::sheet::{actor, sheets, stage};
use crate::emit::target::Input;
use crate::plan::{Means, Plan, Resource, Subject};
use crate::quantity::Duration;
use serde::Serialize;

#[derive(Serialize)]
struct Wire {
    version: u32,
    made_by: &'static str,
    title: String,
    slug: String,
    scenario: String,
    choices: Vec<Choice>,
    steps: Vec<Step>,
    recovered: Vec<Recovered>,
    lost: Vec<Loss>,
    notes: Vec<String>,
    exposure: Vec<Exposed>,
}

#[derive(Serialize)]
struct Choice {
    data: String,
    copy: String,
    means: &'static str,
    target: String,
    loss_seconds: Option<f64>,
    loss_surely_seconds: Option<f64>,
    /// How long people go on writing before wrong contents are noticed and writing is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    discarded_seconds: Option<f64>,
    reason: Option<&'static str>,
}

#[derive(Serialize)]
struct Step {
    number: usize,
    kind: &'static str,
    title: String,
    stage: &'static str,
    actor: &'static str,
    response: Option<String>,
    hosts: Vec<Host>,
    after: Vec<usize>,
    holds: Vec<Held>,
    behind: Vec<Behind>,
    jobs: Vec<String>,
    bytes: Option<u64>,
    takes_seconds: Range,
    start_seconds: Option<f64>,
    finish_seconds: Option<f64>,
    surely_seconds: Option<f64>,
    script: String,
    acts: Vec<Act>,
    verify: String,
    fails: String,
}

#[derive(Serialize)]
struct Host {
    name: String,
    address: String,
}

#[derive(Serialize)]
struct Held {
    kind: &'static str,
    name: Option<String>,
}

#[derive(Serialize)]
struct Behind {
    step: usize,
    kind: &'static str,
    name: Option<String>,
}

#[derive(Serialize)]
struct Exposed {
    data: String,
    whole_seconds: Range,
    last: String,
    unstated: Option<String>,
    second: Vec<Second>,
}

#[derive(Serialize)]
struct Second {
    strike: String,
    serves: Option<String>,
    loss_seconds: Option<f64>,
    since_too: bool,
    reason: Option<&'static str>,
}

#[derive(Serialize)]
struct Range {
    least: Option<f64>,
    most: Option<f64>,
}

#[derive(Serialize)]
struct Act {
    verb: &'static str,
    words: Vec<String>,
}

#[derive(Serialize)]
struct Recovered {
    kind: &'static str,
    name: String,
    step: usize,
    path: Vec<usize>,
}

#[derive(Serialize)]
struct Loss {
    kind: &'static str,
    name: String,
    reason: &'static str,
    why: String,
}

pub(super) fn seconds(time: Duration) -> Option<f64> {
    (time != Duration::MAX).then(|| time.as_secs_f64())
}

pub(super) fn means(means: Means) -> &'static str {
    match means {
        Means::Promote => "promote",
        Means::Publish => "publish",
        Means::Restore => "restore",
    }
}

/// The kind and the name of a subject.
pub(super) fn subject(input: Input<'_>, subject: Subject) -> (&'static str, String) {
    match subject {
        Subject::Data(d) => ("data", input.model.data[d].name.to_string()),
        Subject::Service(s) => ("service", input.model.services[s].name.to_string()),
    }
}

/// The kind and the name of a resource; an operator has none.
pub(super) fn resource(input: Input<'_>, resource: Resource) -> (&'static str, Option<String>) {
    match resource {
        Resource::Store(s) => ("store", Some(input.model.stores[s].name.to_string())),
        Resource::Link(l) => ("link", Some(input.model.links[l].name.to_string())),
        Resource::Host(h) => ("host", Some(input.model.hosts[h].name.to_string())),
        Resource::Operator => ("operator", None),
    }
}

/// A plan as JSON, version 1.
pub fn json(input: Input<'_>, plan: &Plan) -> String {
    let model = input.model;
    let choice = |c: &crate::plan::Choice| Choice {
        data: model.data[c.data].name.to_string(),
        copy: model.copies[c.copy].name.to_string(),
        means: means(c.means),
        target: model.hosts[c.target].name.to_string(),
        loss_seconds: c.loss.and_then(seconds),
        loss_surely_seconds: seconds(c.loss_surely),
        discarded_seconds: c.discarded.and_then(seconds),
        reason: c.reason.as_ref().map(crate::plan::Reason::name),
    };
    let step = |sheet: super::sheet::Sheet<'_>| {
        let s = sheet.step;
        let (jobs, bytes) = moved(input, &s.kind);
        Step {
            number: sheet.number,
            kind: s.kind.name(),
            title: sheet.title.clone(),
            stage: stage(s.stage),
            actor: actor(s.actor),
            response: s.response.map(|r| model.responses[r].name.to_string()),
            hosts: sheet
                .place
                .iter()
                .map(|h| Host { name: model.hosts[*h].name.to_string(), address: address(input, *h) })
                .collect(),
            after: sheet.after.clone(),
            holds: s
                .holds
                .iter()
                .map(|r| {
                    let (kind, name) = resource(input, *r);
                    Held { kind, name }
                })
                .collect(),
            behind: s
                .behind
                .iter()
                .map(|(step, r)| {
                    let (kind, name) = resource(input, *r);
                    Behind { step: step + 1, kind, name }
                })
                .collect(),
            jobs: jobs.into_iter().map(str::to_owned).collect(),
            bytes: bytes.map(|b| b.0),
            takes_seconds: Range { least: seconds(s.takes.least), most: seconds(s.takes.most) },
            start_seconds: seconds(s.start),
            finish_seconds: seconds(s.finish),
            surely_seconds: seconds(s.surely),
            script: sheet.path(),
            acts: sheet
                .acts
                .iter()
                .map(|a| {
                    let (verb, words) = a.words(input);
                    Act { verb, words }
                })
                .collect(),
            verify: sheet.verify,
            fails: sheet.fails,
        }
    };
    let wire = Wire {
        version: 1,
        made_by: "Made by drc: do not edit; change the spec and build again.",
        title: plan.title.clone(),
        slug: plan.slug.to_string(),
        scenario: plan.scenario.name(model),
        choices: plan.choices.iter().map(choice).collect(),
        steps: sheets(input, plan).into_iter().map(step).collect(),
        recovered: plan
            .recovered
            .iter()
            .map(|(s, n)| {
                let (kind, name) = subject(input, *s);
                let path = plan.path(*n).into_iter().map(|n| n + 1).collect();
                Recovered { kind, name, step: n + 1, path }
            })
            .collect(),
        lost: plan
            .lost
            .iter()
            .map(|(s, why)| {
                let (kind, name) = subject(input, *s);
                Loss { kind, name, reason: why.name(), why: why.to_string() }
            })
            .collect(),
        notes: plan.notes.clone(),
        exposure: plan.exposure.iter().map(|e| exposed(input, e)).collect(),
    };
    // Plain structures of strings and numbers always serialise.
    let mut text = serde_json::to_string_pretty(&wire).unwrap_or_default();
    text.push('\n');
    text
}

fn exposed(input: Input<'_>, e: &crate::plan::Exposure) -> Exposed {
    let model = input.model;
    let second = |s: &crate::plan::Second| Second {
        strike: super::protection::strike(input, s.strike),
        serves: s.serves.as_ref().ok().map(|c| model.copies[*c].name.to_string()),
        loss_seconds: s.loss.and_then(seconds),
        since_too: s.since,
        reason: s.serves.as_ref().err().map(crate::plan::Reason::name),
    };
    Exposed {
        data: model.data[e.data].name.to_string(),
        whole_seconds: Range { least: seconds(e.whole.least), most: seconds(e.whole.most) },
        last: model.copies[e.last].name.to_string(),
        unstated: e.unstated.clone(),
        second: e.second.iter().map(second).collect(),
    }
}
