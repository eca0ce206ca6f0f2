//! What must hold on a day on which nothing is lost.

use super::{errors, runs, witness};
use crate::diag::Problems;
use crate::flow::stream::Behind;
use crate::plan::Estate;
use std::collections::BTreeSet;

/// Runs end before the next is due, streams catch up, what asks for encryption gets it, and
/// somebody reacts.
pub fn normal_days(estate: Estate<'_>, problems: &mut Problems) {
    scheduled(estate, problems);
    streams(estate, problems);
    encryption(estate, problems);
    responses(estate, problems);
}

fn scheduled(estate: Estate<'_>, problems: &mut Problems) {
    for (id, fact) in estate.facts.jobs.iter() {
        let job = &estate.ops.jobs[id];
        // A director without any place is refused where its files are made.
        if job.kind.director().is_some_and(|d| estate.ops.directors[d].jobs == 0) {
            continue;
        }
        // A run whose bytes nobody states is told of where it is needed.
        let late = fact.levels.iter().find(|l| l.bytes.is_some() && l.overruns());
        if let Some(level) = late {
            problems.push(runs::overruns(estate, id, level));
            // How late it ends follows from that.
            continue;
        }
        if let Some(level) = fact.levels.iter().find(|l| l.bytes.is_some() && l.misses_window()) {
            problems.push(runs::misses_window(estate, id, level));
        }
    }
}

fn streams(estate: Estate<'_>, problems: &mut Problems) {
    for (id, fact) in estate.facts.streams.iter() {
        let stream = &estate.ops.streams[id];
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
