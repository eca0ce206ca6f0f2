//! What must hold on a day on which nothing is lost: the rules of the model's "Normal days" and of
//! the calculus's section 10, one file a family. `docs/rules.md` says which rule is where.

mod backup;
mod domains;
mod failover;
mod inputs;
mod logs;
mod standby;
mod streams;
pub(super) mod sync;

use super::cycles::cycles;
use super::{errors, runs, witness};
use crate::diag::Problems;
use crate::flow::stream::Behind;
use crate::flow::{Binding, JobFact, Neighbours};
use crate::model::{Idx, Input, Model, Objective, StrikeKind, Tier};
use crate::ops::{Job, JobKind};
use crate::plan::Estate;
use crate::quantity::Duration;
use std::collections::BTreeSet;

/// The kinds of scenario that take things and leave contents right.
const LOSSES: [StrikeKind; 8] = [
    StrikeKind::Host,
    StrikeKind::Store,
    StrikeKind::Site,
    StrikeKind::Isolated,
    StrikeKind::Region,
    StrikeKind::Link,
    StrikeKind::Group,
    StrikeKind::Own,
];

/// Runs end before the next is due, streams catch up, what asks for encryption gets it, somebody
/// reacts, nothing waits for itself to be recovered, and each family's own rules hold. Each rule
/// looks at each thing of the estate once.
pub fn normal_days(estate: Estate<'_>, problems: &mut Problems) {
    scheduled(estate, problems);
    catching_up(estate, problems);
    encryption(estate, problems);
    responses(estate, problems);
    inputs::check(estate, problems);
    logs::check(estate, problems);
    streams::check(estate, problems);
    sync::check(estate, problems);
    domains::check(estate, problems);
    backup::check(estate, problems);
    failover::check(estate, problems);
    standby::check(estate, problems);
    super::kept::check(estate, problems);
    super::promises::promises(estate, problems);
    cycles(estate.model, problems);
}

/// The tightest that a tier asks for in some kinds of scenario, and where.
fn tightest(
    model: &Model,
    tier: Idx<Tier>,
    objective: Objective,
    kinds: &[StrikeKind],
) -> Option<Input<Duration>> {
    let bound = |kind: &StrikeKind| {
        let bounds = model.tiers[tier].bounds(*kind);
        match objective {
            Objective::Rpo => bounds.rpo,
            Objective::Rto => bounds.rto,
        }
    };
    kinds.iter().filter_map(bound).min_by_key(|b| b.value)
}

/// Where a limit stands, for a label; nowhere when it is a default.
fn stated(limit: Input<Duration>) -> crate::base::Span {
    if limit.assumed.is_some() { crate::base::Span::default() } else { limit.span }
}

fn scheduled(estate: Estate<'_>, problems: &mut Problems) {
    let neighbours = Neighbours::new(estate.model, estate.ops);
    for (id, fact) in estate.facts.jobs.iter() {
        let job = &estate.ops.jobs[id];
        // A director without any place is refused where its files are made.
        if job.kind.director().is_some_and(|d| estate.ops.directors[d].jobs == 0) {
            continue;
        }
        // A run whose bytes nobody states, or what else is written to its disk, is told of where it
        // is needed.
        if nothing_promised(fact.way.binding) || unstated(estate, id) {
            continue;
        }
        let late = |f: &'_ JobFact| f.levels.iter().position(|l| l.bytes.is_some() && l.overruns());
        if let Some(n) = late(fact) {
            problems.push(runs::overruns(estate, &neighbours, id, &fact.levels[n]));
            // How late it ends follows from that.
            continue;
        }
        if let Some(after) = estate.facts.after_misses(id)
            && let Some(n) = late(after)
        {
            problems.push(runs::overruns_after_misses(estate, id, &fact.levels[n], &after.levels[n]));
        }
        if let Some(level) = fact.levels.iter().find(|l| l.bytes.is_some() && l.misses_window()) {
            problems.push(runs::misses_window(estate, &neighbours, id, level));
        }
    }
}

/// Whether nobody says how much is written to a disk that a job, or one whose runs it reads, uses.
fn unstated(estate: Estate<'_>, job: Idx<Job>) -> bool {
    let own = estate.facts.jobs.get(job).is_some_and(|f| f.unstated.is_some());
    own || match &estate.ops.jobs[job].kind {
        JobKind::Copy { of, .. } | JobKind::Verify { of, .. } => unstated(estate, *of),
        _ => false,
    }
}

fn catching_up(estate: Estate<'_>, problems: &mut Problems) {
    for (id, fact) in estate.facts.streams.iter() {
        let stream = &estate.ops.streams[id];
        if nothing_promised(fact.way.binding) {
            continue;
        }
        match (&fact.lag, &fact.apply) {
            (Behind::Never(n), _) => {
                let why = witness::binding(estate, fact);
                problems.push(errors::never_catches_up(stream, n.mean, n.service, why));
            }
            (_, Behind::Never(n)) => {
                let why = "how fast the replica applies".to_owned();
                problems.push(errors::never_catches_up(stream, n.mean, n.service, why));
            }
            _ => {}
        }
    }
}

/// Whether a divided link gives it nothing, which has a finding of its own.
fn nothing_promised(binding: Binding) -> bool {
    matches!(binding, Binding::Share(_, 0))
}

fn encryption(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    let mut told = BTreeSet::new();
    for (id, copy) in model.copies.iter() {
        let tier = model.data[copy.data].tier.map(|t| t.0);
        let asked = tier.and_then(|t| model.tiers[t].encrypted).is_some_and(|e| e.value);
        if !asked {
            continue;
        }
        for hop in copy.route.ways.iter().flatten() {
            if model.links[hop.link].encrypted.is_none() && told.insert((copy.data, hop.link)) {
                problems.push(errors::unencrypted(estate, id, *hop));
            }
        }
    }
}

fn responses(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    let mut told = BTreeSet::new();
    for (_, data) in model.data.iter() {
        if let Some((tier, at)) = data.tier
            && data.response.is_none()
            && model.tiers[tier].response.is_none()
            && told.insert(tier)
        {
            problems.push(errors::no_response(&data.name, at));
        }
    }
    for (_, service) in model.services.iter() {
        if let Some((tier, at)) = service.tier
            && service.response.is_none()
            && model.tiers[tier].response.is_none()
            && told.insert(tier)
        {
            problems.push(errors::no_response(&service.name, at));
        }
    }
}
