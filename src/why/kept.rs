//! Why a stored point is still there when it is read.

use super::{Node, Value};
use crate::model::{Assumption, Copy, Idx, Input, Origin, Place};
use crate::ops::Job;
use crate::plan::{Choice, Estate};
use crate::quantity::Duration;

static UNBOUNDED: Assumption = Assumption {
    text: "a store whose capacity is not stated has room for all that is to be kept",
    source: "`drc check --format json` says how much that is",
};

/// That what is to be restored has room, and where contents are wrong that it is kept long enough.
pub(super) fn kept(estate: Estate<'_>, choice: &Choice) -> Vec<Node> {
    let mut nodes: Vec<Node> = room(estate, choice.copy).into_iter().collect();
    let Some(discarded) = choice.discarded else { return nodes };
    let jobs = estate.index.jobs(choice.copy);
    if let Some(data) = jobs.iter().copied().find(|j| !estate.ops.is_log(*j)) {
        let reach = estate.facts.points.get(data).and_then(|p| p.reach);
        let reach = reach.and_then(|r| u64::try_from(r).ok()).map(Duration::from_secs);
        let older = estate.facts.base_older(estate.ops, data);
        let reach = reach.and_then(|r| Some(Duration(r.0.checked_sub(older?.0)?)));
        let mut inputs: Vec<Node> = jobs.iter().flat_map(|j| pools(estate, *j)).collect();
        if older != Some(Duration::ZERO) {
            inputs.push(Node::rule(
                "less what missed runs may make the chain older",
                older.into(),
                "the next point is complete later, and stands on an older full",
                vec![],
            ));
        }
        if let Place::Store(store) = estate.model.copies[choice.copy].place
            && let Some(lock) = &estate.model.stores[store].immutable
        {
            inputs.push(Node::input("nobody can delete it for", lock, Value::Time(lock.value)));
        }
        nodes.push(Node::rule(
            "how long after it went wrong what was right before can be read",
            reach.into(),
            "over all points of the horizon, the least time from when the next point is complete until the first run of the chain may be overwritten",
            inputs,
        ));
    }
    nodes.push(Node::rule(
        "good work done until it is noticed and stopped, discarded with what is wrong",
        Value::Time(discarded),
        "the end of the step that fences the primary",
        vec![],
    ));
    nodes
}

fn room(estate: Estate<'_>, copy: Idx<Copy>) -> Option<Node> {
    let Place::Store(store) = estate.model.copies[copy].place else { return None };
    let s = &estate.model.stores[store];
    let fact = estate.facts.capacity.stores.get(store)?;
    let inputs = match &s.capacity {
        Some(capacity) => vec![
            Node::input(format!("capacity of `{}`", s.name), capacity, Value::Size(capacity.value)),
            Node::input("the part of it that may be filled", &s.mark, Value::Part(s.mark.value)),
        ],
        None => vec![Node::origin(
            format!("capacity of `{}`", s.name),
            Value::None,
            Origin { span: s.span, assumed: Some(&UNBOUNDED) },
        )],
    };
    Some(Node::rule(
        format!("the most that `{}` holds within the horizon", s.name),
        Value::Size(fact.peak),
        "the volumes of all its pools, as Bacula recycles them",
        inputs,
    ))
}

fn pools(estate: Estate<'_>, id: Idx<Job>) -> Vec<Node> {
    let job = &estate.ops.jobs[id];
    let held = job.pools.iter().map(|p| {
        let held = job.held_in(p);
        let what = if p.stated { "kept in" } else { "kept, as long as chains need, in" };
        Node::origin(format!("{what} `{}`", p.name), Value::Time(held), Origin::stated(p.span))
    });
    let records = [("files", &job.files_kept), ("runs", &job.jobs_kept)];
    let known = records.into_iter().filter_map(|(what, kept): (_, &Option<Input<Duration>>)| {
        let kept = kept.as_ref()?;
        Some(Node::input(format!("the catalogue knows {what} for"), kept, Value::Time(kept.value)))
    });
    held.chain(known).collect()
}
