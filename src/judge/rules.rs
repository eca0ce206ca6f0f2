//! What must hold on a day on which nothing is lost.

use super::{errors, witness};
use crate::diag::Problems;
use crate::flow::Binding;
use crate::flow::stream::Behind;
use crate::plan::Estate;
use std::collections::BTreeSet;

/// Runs end before the next is due, streams catch up, what asks for encryption gets it, and
/// somebody reacts.
pub fn normal_days(estate: Estate<'_>, problems: &mut Problems) {
    runs(estate, problems);
    streams(estate, problems);
    encryption(estate, problems);
    responses(estate, problems);
}

fn runs(estate: Estate<'_>, problems: &mut Problems) {
    let crowded = estate.ops.crowded();
    // One without any place is refused where its files are made.
    for director in crowded.iter().filter(|d| estate.ops.directors[**d].jobs > 0) {
        problems.push(errors::crowded(estate, *director));
    }
    for (id, fact) in estate.facts.jobs.iter() {
        let job = &estate.ops.jobs[id];
        if job.kind.director().is_some_and(|d| crowded.contains(&d)) {
            continue;
        }
        // A run whose bytes nobody states, or what else is written to its disk, is told of where it
        // is needed.
        if nothing_promised(fact.way.binding) || fact.unstated.is_some() {
            continue;
        }
        let late = fact.levels.iter().find(|l| l.bytes.is_some() && l.overruns());
        if let Some(level) = late {
            let alone = level.alone.filter(|a| level.room.is_some_and(|r| *a <= r));
            problems.push(errors::overruns(job, level, alone));
        }
    }
}

fn streams(estate: Estate<'_>, problems: &mut Problems) {
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
