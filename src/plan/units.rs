//! What is recovered as one, who reacts, and when it is due.

use super::Index;
use crate::model::{Data, Model, On, Response, Service, StrikeKind};
use crate::quantity::Duration;
use la_arena::Idx;

/// What is recovered as one: the data classes of one database, or one tree of files.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// The data classes, the tightest promise first. Never empty.
    pub data: Vec<Idx<Data>>,
    /// Who reacts.
    pub response: Option<Idx<Response>>,
    /// The tightest recovery time that its own data classes promise.
    pub own: Duration,
    /// The same with what the services that need it promise: [`due`].
    pub due: Duration,
}

/// The units that a set of hit data classes makes, in the order in which they are due; those that
/// are due together by what they promise themselves.
pub(super) fn units(model: &Model, index: &Index, hit: &[Idx<Data>], kind: StrikeKind) -> Vec<Unit> {
    let mut groups: Vec<Vec<Idx<Data>>> = Vec::new();
    let mut at = std::collections::BTreeMap::new();
    for data in hit {
        let known = match model.data[*data].on {
            On::Cluster(c) => *at.entry(c).or_insert(groups.len()),
            On::Files { .. } => groups.len(),
        };
        match groups.get_mut(known) {
            Some(group) => group.push(*data),
            None => groups.push(vec![*data]),
        }
    }
    let rto = |d: &Idx<Data>| own(model, *d, kind).unwrap_or(Duration::MAX);
    let unit = |mut data: Vec<Idx<Data>>| {
        data.sort_by_key(|d| (rto(d), *d));
        let response = data.first().and_then(|d| response_of(model, *d));
        let own = data.first().map_or(Duration::MAX, rto);
        let due = data.iter().map(|d| due(model, index, *d, kind).0).min().unwrap_or(Duration::MAX);
        Unit { data, response, own, due }
    };
    let mut units: Vec<Unit> = groups.into_iter().map(unit).collect();
    units.sort_by_key(|u| (u.due, u.own, u.data.first().copied()));
    units
}

/// The recovery time that a data class promises itself in a kind of scenario.
pub fn own(model: &Model, data: Idx<Data>, kind: StrikeKind) -> Option<Duration> {
    let tier = model.data[data].tier?.0;
    model.tiers[tier].bounds(kind).rto.map(|r| r.value)
}

/// When a data class must be back so that what it promises itself and what every service that
/// needs it promises can be met: `RTO*(n) = min(RTO(n), min over p of (RTO*(p) - delay(p, n)))`
/// (calculus, 6.2), with the service that decides, if one does. Services that need it by way of
/// other services count with their own look at the result alone. [`Duration::MAX`] when nobody
/// promises anything; zero when a service has no time left for it at all.
pub fn due(
    model: &Model,
    index: &Index,
    data: Idx<Data>,
    kind: StrikeKind,
) -> (Duration, Option<Idx<Service>>) {
    let mut found = (own(model, data, kind).unwrap_or(Duration::MAX), None);
    for service in index.users(data) {
        let s = &model.services[service];
        let rto = s.tier.and_then(|t| model.tiers[t.0].bounds(kind).rto);
        let Some(rto) = rto else { continue };
        let by = rto.value.minus(after_data(model, service));
        if by < found.0 {
            found = (by, Some(service));
        }
    }
    found
}

/// What a service takes at most in a plan once its data is there: the look at whether it works.
pub fn after_data(model: &Model, service: Idx<Service>) -> Duration {
    let s = &model.services[service];
    if let Some(check) = &s.check {
        return check.within.value;
    }
    let response = s.response.or_else(|| model.tiers[s.tier?.0].response);
    response.map_or(Duration::ZERO, |r| model.responses[r.0].confirm.value.1)
}

/// Who reacts when a data class is hit: those it names, else those of its tier.
pub(super) fn response_of(model: &Model, data: Idx<Data>) -> Option<Idx<Response>> {
    let d = &model.data[data];
    d.response.or_else(|| model.tiers[d.tier?.0].response).map(|r| r.0)
}
