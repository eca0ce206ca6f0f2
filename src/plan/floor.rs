//! What no plan can beat: bounds from below that hold for every order and every choice of copies.
//!
//! Two arguments, both with what steps surely take (the data as it is today, rates that are never
//! exceeded, people at the upper end of what is stated of them):
//!
//! - *alone*: a unit that has every resource to itself, from the copy that is back first, is not
//!   back before that;
//! - *energy* (calculus, R-52): units that must all use one resource, whichever copy each takes,
//!   keep it busy for the sum of what each needs of it at least. It cannot begin before the first
//!   of them can, and after the last one something is still to be done. When that is later than
//!   the last of them is due, one of them is late in every plan.

use super::Lost;
use super::build::{Builder, Estate, operators};
use super::choose::Candidate;
use super::outage::Outages;
use super::step::{Resource, Step, StepKind, Subject};
use super::units::{Unit, units};
use crate::model::{Data, Host, Response, Scenario, Service};
use crate::quantity::Duration;
use la_arena::Idx;
use std::collections::{BTreeMap, BTreeSet};

/// What surely passes until something is back, whatever the plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Floor {
    /// Alone, by the copy that is back first.
    pub alone: Duration,
    /// The crowd at one resource, of which it is part, that no plan brings back in time.
    pub crowd: Option<Crowd>,
}

/// Units of which every plan is late with one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Crowd {
    /// What they all need.
    pub at: Resource,
    /// The first data class of each, as they are due.
    pub units: Vec<Idx<Data>>,
    /// When the first of them can have it, at the earliest.
    pub from: Duration,
    /// How long they keep it busy together, at least.
    pub busy: Duration,
    /// What is to be done after it, at least.
    pub then: Duration,
    /// When the last of them is due.
    pub due: Duration,
}

impl Crowd {
    /// When the last of them is back, at the earliest.
    pub fn end(&self) -> Duration {
        self.from.plus(self.busy).plus(self.then)
    }
}

/// The floors of all that a scenario hits and that some copy brings back.
pub fn floors(estate: Estate<'_>, scenario: &Scenario) -> BTreeMap<Subject, Floor> {
    let model = estate.model;
    let lost = Lost::of(model, scenario);
    let outages = Outages::new(model, &scenario.earlier);
    let kind = scenario.kind(model);
    let touched = estate.index.touched(model, &lost, &scenario.strikes);
    let hit: Vec<Idx<Data>> = touched.into_iter().filter(|d| lost.hits(model, *d)).collect();
    let units = units(model, estate.index, &hit, kind);
    // What a unit shares with others may be done by the people of another: any of them may be the
    // quicker.
    let who: BTreeSet<Option<Idx<Response>>> = units.iter().map(|u| u.response).collect();
    let mut floors = BTreeMap::new();
    let mut needs: Vec<Need> = Vec::new();
    for unit in &units {
        let builder = Builder::new(estate, &lost, &outages, kind);
        let Ok(candidates) = builder.chooser(unit, &BTreeSet::new(), false).ranked(unit) else { continue };
        let by = |response: &Option<Idx<Response>>| Unit { response: *response, ..unit.clone() };
        let ways: Vec<Way> = who
            .iter()
            .map(by)
            .flat_map(|u| candidates.iter().map(|c| way(estate, &lost, scenario, &u, c)).collect::<Vec<_>>())
            .collect();
        let alone = ways.iter().map(|w| w.end).min().unwrap_or_default();
        for data in &unit.data {
            floors.insert(Subject::Data(*data), Floor { alone, crowd: None });
        }
        let due = due_at_most(estate, scenario, unit);
        if let (Some(first), true) = (unit.data.first(), due != Duration::MAX) {
            needs.push(Need { first: *first, due, at: forced(&ways), response: unit.response });
        }
    }
    needs.sort_by_key(|n| (n.due, n.first));
    // Whose people do a step that several units share depends on the order.
    let people = if who.len() == 1 { people(estate, &needs) } else { None };
    for crowd in things(&needs).into_iter().chain(people) {
        for first in &crowd.units {
            for data in crate::flow::together(model, *first) {
                if let Some(floor) = floors.get_mut(&Subject::Data(data)) {
                    floor.crowd.get_or_insert_with(|| crowd.clone());
                }
            }
        }
    }
    services(estate, &hit, &mut floors);
    floors
}

/// A service is not back before the last of what it needs, and the look at it.
fn services(estate: Estate<'_>, hit: &[Idx<Data>], floors: &mut BTreeMap<Subject, Floor>) {
    let model = estate.model;
    let needing: BTreeSet<Idx<Service>> =
        hit.iter().flat_map(|d| estate.index.services(*d)).copied().collect();
    for service in needing {
        let of = |d: &Idx<Data>| floors.get(&Subject::Data(*d));
        let needed = || model.services[service].needs.iter().filter_map(|(d, _)| of(d));
        let Some(last) = needed().max_by_key(|f| f.alone) else { continue };
        let crowd = needed().find_map(|f| f.crowd.clone());
        let floor = Floor { alone: last.alone, crowd };
        floors.insert(Subject::Service(service), floor);
    }
}

/// When a unit is due in any plan that meets all: by its own promises and those of the services
/// that need it, whose own time surely is nothing.
fn due_at_most(estate: Estate<'_>, scenario: &Scenario, unit: &Unit) -> Duration {
    let (model, kind) = (estate.model, scenario.kind(estate.model));
    let of_services = unit.data.iter().flat_map(|d| estate.index.services(*d)).filter_map(|s| {
        let tier = model.services[*s].tier?.0;
        Some(model.tiers[tier].bounds(kind).rto?.value)
    });
    of_services.min().unwrap_or(Duration::MAX).min(unit.own)
}

/// What one resource surely gives to one way of recovering a unit.
#[derive(Clone, Copy)]
struct Share {
    /// When it can begin, at the earliest.
    from: Duration,
    /// For how long it is held.
    busy: Duration,
    /// What is still to be done when it is let go for the last time.
    then: Duration,
}

/// One way of recovering a unit, with everything to itself.
struct Way {
    end: Duration,
    at: BTreeMap<Resource, Share>,
    fenced: Option<(Idx<Host>, Share)>,
}

/// What a unit surely takes from a copy when nobody is in its way.
fn way(estate: Estate<'_>, lost: &Lost, scenario: &Scenario, unit: &Unit, from: &Candidate) -> Way {
    let outages = Outages::new(estate.model, &scenario.earlier);
    let mut builder = Builder::new(estate, lost, &outages, scenario.kind(estate.model));
    builder.unit(unit, from);
    let steps = builder.finish();
    let ends = builder.recovered.iter().filter_map(|r| steps.get(r.1)).map(|s| s.surely);
    // One of several people or machines may be late; the unit is back with its last data class,
    // and each of them is not back before the first.
    let end = ends.min().unwrap_or_default();
    let mut at: BTreeMap<Resource, Share> = BTreeMap::new();
    let mut fenced = None;
    for step in &steps {
        let (begins, ends) = (surely_starts(&steps, step), step.surely);
        let share = Share { from: begins, busy: ends.minus(begins), then: end.minus(ends) };
        if let StepKind::Fence { host, .. } = step.kind {
            fenced = Some((host, share));
            continue;
        }
        for resource in step.holds.iter().filter(|r| **r != Resource::Operator) {
            let known = at.entry(*resource).or_insert(Share { busy: Duration::ZERO, ..share });
            *known =
                Share { from: known.from.min(begins), busy: known.busy.plus(share.busy), then: share.then };
        }
    }
    Way { end, at, fenced }
}

fn surely_starts(steps: &[Step], step: &Step) -> Duration {
    step.after.iter().filter_map(|a| steps.get(*a)).map(|s| s.surely).max().unwrap_or_default()
}

/// What a unit needs whichever copy it takes.
struct Need {
    first: Idx<Data>,
    due: Duration,
    at: Forced,
    response: Option<Idx<Response>>,
}

/// What cannot be done without.
#[derive(Default)]
struct Forced {
    things: BTreeMap<Resource, Share>,
    fenced: Option<(Idx<Host>, Share)>,
}

/// The least that every way needs of each resource: what one of them does without is not needed.
fn forced(ways: &[Way]) -> Forced {
    let mut ways = ways.iter();
    let Some(first) = ways.next() else { return Forced::default() };
    let (mut at, mut fenced) = (first.at.clone(), first.fenced);
    let least = |a: Share, b: Share| Share {
        from: a.from.min(b.from),
        busy: a.busy.min(b.busy),
        then: a.then.min(b.then),
    };
    for way in ways {
        at.retain(|resource, _| way.at.contains_key(resource));
        for (resource, share) in &mut at {
            if let Some(other) = way.at.get(resource) {
                *share = least(*share, *other);
            }
        }
        fenced = match (fenced, way.fenced) {
            (Some((host, a)), Some((other, b))) if host == other => Some((host, least(a, b))),
            _ => None,
        };
    }
    Forced { things: at, fenced }
}

/// A sum over units in the order in which they are due.
struct Sum {
    units: Vec<Idx<Data>>,
    share: Share,
}

impl Sum {
    fn add(&mut self, unit: Idx<Data>, share: Share) {
        self.units.push(unit);
        self.share = Share {
            from: self.share.from.min(share.from),
            busy: self.share.busy.plus(share.busy),
            then: self.share.then.min(share.then),
        };
    }

    /// The crowd, when so many at a time are not done by then.
    fn late(&self, at: Resource, many: u64, due: Duration) -> Option<Crowd> {
        let busy = Duration(self.share.busy.0 / many.max(1));
        let crowd =
            Crowd { at, units: self.units.clone(), from: self.share.from, busy, then: self.share.then, due };
        (crowd.end() > due && self.units.len() > 1).then_some(crowd)
    }
}

impl Default for Sum {
    fn default() -> Self {
        let share = Share { from: Duration::MAX, busy: Duration::ZERO, then: Duration::MAX };
        Self { units: Vec::new(), share }
    }
}

/// The first crowd at each thing that only one can have.
fn things(needs: &[Need]) -> Vec<Crowd> {
    let mut sums: BTreeMap<Resource, Sum> = BTreeMap::new();
    let mut found: BTreeMap<Resource, Crowd> = BTreeMap::new();
    for need in needs {
        for (resource, share) in &need.at.things {
            let sum = sums.entry(*resource).or_default();
            sum.add(need.first, *share);
            if !found.contains_key(resource)
                && let Some(crowd) = sum.late(*resource, 1, need.due)
            {
                found.insert(*resource, crowd);
            }
        }
    }
    found.into_values().collect()
}

/// The first crowd for people who are all of one response: each host is made harmless once,
/// whoever asks.
fn people(estate: Estate<'_>, needs: &[Need]) -> Option<Crowd> {
    let many = u64::from(operators(estate.model, needs.first()?.response));
    let mut sum = Sum::default();
    let mut seen = BTreeSet::new();
    for need in needs {
        let Some((host, share)) = need.at.fenced else { continue };
        if seen.insert(host) {
            sum.add(need.first, share);
            if let Some(crowd) = sum.late(Resource::Operator, many, need.due) {
                return Some(crowd);
            }
        }
    }
    None
}
