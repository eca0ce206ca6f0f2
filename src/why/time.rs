//! Why a recovery takes so long: the steps that wait for one another, each with its terms.

use super::{Node, Value};
use crate::base::Span;
use crate::model::{CONTROL_ELSEWHERE, Origin};
use crate::plan::times::{Part, Term, times};
use crate::plan::{Actor, Estate, Leg, Plan, Step};
use crate::quantity::Duration;

/// The derivation of the end of a step: the longest path to it.
pub fn time(estate: Estate<'_>, plan: &Plan, step: usize) -> Node {
    let legs = plan.legs(step);
    let steps = legs.iter().filter_map(|l| Some((l, plan.steps.get(l.step)?)));
    let mut children: Vec<Node> = steps.map(|(leg, s)| of_step(estate, leg, s)).collect();
    if legs.iter().filter_map(|l| plan.steps.get(l.step)).any(|s| s.actor == Actor::Runner) {
        children.push(Node::origin(CONTROL, Value::None, control(estate)));
    }
    let finish = plan.steps.get(step).map(|s| s.finish).filter(|f| *f != Duration::MAX);
    Node::rule(
        "time until it works again",
        finish.into(),
        "the steps that wait for one another, one after the other",
        children,
    )
}

/// What the plan itself needs, in words.
pub(super) const CONTROL: &str = "where plans lie, and from where they are run";

/// Who says from where plans are run.
pub(super) fn control(estate: Estate<'_>) -> Origin {
    let control = &estate.model.control;
    match (control.hosts.first(), control.plans.first()) {
        (Some((_, span)), Some(_)) => Origin::stated(*span),
        _ => Origin { span: Span::default(), assumed: Some(&CONTROL_ELSEWHERE) },
    }
}

/// The terms of a step.
pub(super) fn terms(estate: Estate<'_>, step: &Step) -> Vec<Node> {
    let times = times(estate.model, estate.ops, estate.facts, &step.kind, step.response);
    times.terms.iter().map(term).collect()
}

fn of_step(estate: Estate<'_>, leg: &Leg, step: &Step) -> Node {
    let children = terms(estate, step);
    let most = Some(step.takes.most).filter(|t| *t != Duration::MAX);
    let model = estate.model;
    let waits = leg.waits_for.map_or(String::new(), |r| format!(", once {} is free", r.words(model)));
    let what = format!("step {}, {}{}{waits}", leg.step + 1, step.kind.name(), step.kind.about(model));
    Node::rule(what, most.into(), "the sum", children)
}

/// What a term comes to: a time, or a rate where bytes are moved.
pub(super) fn value(term: &Term) -> Value {
    match term.what {
        Part::Moving(_, _, rate) => Value::Rate(rate),
        _ if term.time.most == Duration::MAX => Value::Never,
        _ => Value::Time(term.time.most),
    }
}

fn term(term: &Term) -> Node {
    let value = if term.time.most == Duration::MAX { Value::Never } else { Value::Time(term.time.most) };
    match term.what {
        Part::People(what) | Part::Stated(what) => Node::origin(what, value, term.origin),
        Part::Fixed(what) => Node::rule(what, value, "the same everywhere", Vec::new()),
        Part::Moving(what, bytes, rate) => Node::rule(
            what,
            value,
            "bytes over the narrowest rate",
            vec![
                Node::rule("bytes, at most", Value::Size(bytes), "by the jobs that wrote them", Vec::new()),
                Node::origin("rate", Value::Rate(rate), term.origin),
            ],
        ),
    }
}
