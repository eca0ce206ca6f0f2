//! Who goes on at the same time as a job's runs, on the same disks, cards and stores.

use super::Facts;
use super::frame::Frame;
use crate::calendar::WEEK_SECONDS;
use crate::model::{Host, Model, Store};
use crate::ops::{Job, JobKind, Ops};
use crate::quantity::Duration;
use la_arena::{ArenaMap, Idx};
use std::collections::{BTreeMap, BTreeSet};

/// A place where runs meet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Spot {
    Host(Idx<Host>),
    Store(Idx<Store>),
}

/// The jobs that meet at each place.
pub struct Neighbours {
    spots: ArenaMap<Idx<Job>, Vec<Spot>>,
    at: BTreeMap<Spot, Vec<Idx<Job>>>,
}

impl Neighbours {
    /// Looks at all jobs once.
    pub fn new(model: &Model, ops: &Ops) -> Self {
        let spots: ArenaMap<_, _> = ops.jobs.iter().map(|(id, j)| (id, spots(model, ops, j))).collect();
        let mut at: BTreeMap<Spot, Vec<Idx<Job>>> = BTreeMap::new();
        for (id, spots) in spots.iter() {
            for spot in spots {
                at.entry(*spot).or_default().push(id);
            }
        }
        Self { spots, at }
    }

    /// The other jobs that use what this one does, each with the first such place of its own.
    fn near(&self, job: Idx<Job>) -> Vec<(Idx<Job>, Spot)> {
        let own = self.spots.get(job).map_or(&[][..], Vec::as_slice);
        let near: BTreeSet<Idx<Job>> = own.iter().filter_map(|s| self.at.get(s)).flatten().copied().collect();
        let others = near.into_iter().filter(|id| *id != job);
        let shared = |id| self.spots.get(id)?.iter().find(|s| own.contains(s)).copied();
        others.filter_map(|id| Some((id, shared(id)?))).collect()
    }
}

/// The jobs whose runs may go on while one of this job's does and that use what it uses, those
/// with the longest runs first, each with the name of what they share.
pub fn beside(
    model: &Model,
    ops: &Ops,
    facts: &Facts,
    neighbours: &Neighbours,
    job: Idx<Job>,
) -> Vec<(Idx<Job>, String)> {
    let near = neighbours.near(job);
    let all = near.iter().map(|n| n.0).chain([job]);
    let frame = Frame::new(all.map(|j| &ops.jobs[j].zone), facts.horizon);
    let when = |id: Idx<Job>| -> Vec<(u64, u64)> {
        let j = &ops.jobs[id];
        let time = |level| facts.jobs.get(id).and_then(|f| f.level(level)).map(|l| (l.most, l.overruns()));
        let spans = j.runs.iter().flat_map(|r| {
            let length = match time(r.level) {
                Some((Some(most), false)) => most.secs_up().min(WEEK_SECONDS),
                _ => WEEK_SECONDS,
            };
            let starts = frame.starts(std::slice::from_ref(&r.rule), &j.zone, r.rule.jitter);
            starts.into_iter().map(|s| frame.span(s, length)).collect::<Vec<_>>()
        });
        spans.collect()
    };
    let mine = when(job);
    let meet = |(a, length): (u64, u64), (b, other): (u64, u64)| {
        (b + WEEK_SECONDS - a) % WEEK_SECONDS <= length || (a + WEEK_SECONDS - b) % WEEK_SECONDS <= other
    };
    let longest = |id: Idx<Job>| {
        let levels = facts.jobs.get(id).map_or(&[][..], |f| f.levels.as_slice());
        levels.iter().map(|l| l.most.unwrap_or(Duration::MAX)).max().unwrap_or(Duration::ZERO)
    };
    let mut found: Vec<(Idx<Job>, Spot)> = near
        .into_iter()
        .filter(|(id, _)| when(*id).iter().any(|theirs| mine.iter().any(|own| meet(*own, *theirs))))
        .collect();
    found.sort_by_key(|(id, _)| (std::cmp::Reverse(longest(*id)), *id));
    let name = |s: Spot| match s {
        Spot::Host(h) => format!("`{}`", model.hosts[h].name),
        Spot::Store(s) => format!("`{}`", model.stores[s].name),
    };
    found.into_iter().map(|(id, spot)| (id, name(spot))).collect()
}

fn spots(model: &Model, ops: &Ops, job: &Job) -> Vec<Spot> {
    let mut all: Vec<Spot> = ops.stores_of(job).into_iter().map(Spot::Store).collect();
    match &job.kind {
        JobKind::Mirror { from, to, .. } => all.extend([Spot::Host(*from), Spot::Host(*to)]),
        JobKind::Verify { of, .. } => {
            all.extend(ops.jobs[*of].kind.client().map(|c| Spot::Host(ops.clients[c].host)));
        }
        kind => all.extend(kind.client().map(|c| Spot::Host(ops.clients[c].host))),
    }
    for store in ops.stores_of(job) {
        all.push(Spot::Host(model.stores[store].host));
    }
    all
}
