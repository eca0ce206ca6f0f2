//! What the largest transactions of streams take of what nothing divides.
//!
//! On cards and on links without shares a stream is counted with its writes at their peak. A large
//! transaction comes whole when it commits, faster than that, and so does what waited behind one.
//! In any time a stream sends at most its peak times the time and one transaction of each stream of
//! its group: those that can hold one another up, directly or through others. So whoever shares
//! anything with one of them is behind by the transactions of the whole group on top, each once, as
//! in `sharing.rs`.
//!
//! A place at which all that can be asked at once fits holds nobody up. Whoever is counted on for
//! all that it can send (`stream::loads`) brings nothing on top.

use super::logs::Logs;
use super::run;
use super::stream;
use crate::model::{Cluster, Direction, Hop, Host, Link, Model};
use crate::ops::shaping::Parts;
use crate::ops::{JobKind, Ops, Stream};
use crate::quantity::{Bytes, Rate};
use la_arena::{ArenaMap, Idx};
use std::collections::{BTreeMap, BTreeSet};

/// Where bytes pass that nothing divides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Place {
    /// What a host's card sends.
    Sends(Idx<Host>),
    /// What it receives.
    Receives(Idx<Host>),
    /// A link without shares, one way.
    Line(Idx<Link>, Direction),
}

/// Who passes a place.
#[derive(Clone, Debug, Default)]
struct Use {
    streams: Vec<Idx<Stream>>,
    /// Bits per second that everyone there can send at most, together.
    asked: u128,
}

/// The largest transactions of all streams, by who can hold up whom.
#[derive(Clone, Debug, Default)]
pub struct Transactions {
    uses: BTreeMap<Place, Use>,
    /// Places at which somebody can wait.
    tight: BTreeSet<Place>,
    /// The first stream of each one's group.
    group: ArenaMap<Idx<Stream>, Idx<Stream>>,
    /// Bytes on the wire of one transaction.
    own: ArenaMap<Idx<Stream>, u128>,
    /// The same of a whole group.
    sums: ArenaMap<Idx<Stream>, u128>,
}

/// The places between two hosts on a way.
fn places(model: &Model, from: Idx<Host>, to: Idx<Host>, hops: &[Hop]) -> Vec<Place> {
    let open = hops.iter().filter(|h| model.links[h.link].shares.is_empty());
    let mut all: Vec<Place> = open.map(|h| Place::Line(h.link, h.direction)).collect();
    if from != to {
        all.extend([Place::Sends(from), Place::Receives(to)]);
    }
    all
}

/// The first way of a stream.
fn first(stream: &Stream) -> &[Hop] {
    stream.paths.first().map_or(&[], |p| &p.hops)
}

impl Transactions {
    pub(super) fn new(
        model: &Model,
        ops: &Ops,
        parts: &Parts,
        logs: &Logs,
        queued: &BTreeSet<Idx<Stream>>,
    ) -> Self {
        let mut all = Self::default();
        for (id, s) in ops.streams.iter() {
            let mut most = stream::most(model, parts, id, s).min(model.hosts[s.to].nic.value);
            for hop in first(s) {
                most = most.min(model.links[hop.link].bandwidth.value);
            }
            for place in places(model, s.from, s.to, first(s)) {
                let used = all.uses.entry(place).or_default();
                used.streams.push(id);
                used.asked += u128::from(most.0);
            }
            let bounded = !queued.contains(&id) && logs.follows_peak(s.cluster);
            let whole = logs.largest(s.cluster);
            let wire = (u128::from(whole.0) * 1_000_000_000).div_ceil(u128::from(s.compress.0.max(1)));
            all.own.insert(id, if bounded { wire } else { 0 });
            all.group.insert(id, id);
        }
        for (id, job) in ops.jobs.iter() {
            let Some((from, to)) = ends(model, ops, id) else { continue };
            for place in places(model, from, to, &run::hops(job)) {
                if let Some(used) = all.uses.get_mut(&place) {
                    used.asked += u128::from(run::peak(model, ops, job).0);
                }
            }
        }
        all.tight = all.uses.iter().filter(|(p, u)| u.asked > room(model, **p)).map(|(p, _)| *p).collect();
        all.gather(model, ops);
        all
    }

    /// Puts those into one group that pass the same tight place, or feed one another.
    fn gather(&mut self, model: &Model, ops: &Ops) {
        let mut pairs: Vec<(Idx<Stream>, Idx<Stream>)> = Vec::new();
        for place in &self.tight {
            let streams = self.uses.get(place).map_or(&[][..], |u| &u.streams);
            pairs.extend(streams.iter().zip(streams.iter().skip(1)).map(|(a, b)| (*a, *b)));
        }
        pairs.extend(ops.streams.iter().filter_map(|(id, s)| Some((id, s.source(model, ops)?))));
        let root = |group: &ArenaMap<Idx<Stream>, Idx<Stream>>, mut at: Idx<Stream>| {
            while let Some(up) = group.get(at).copied().filter(|up| *up != at) {
                at = up;
            }
            at
        };
        for (a, b) in pairs {
            let (a, b) = (root(&self.group, a), root(&self.group, b));
            self.group.insert(a.max(b), a.min(b));
        }
        let roots: Vec<(Idx<Stream>, Idx<Stream>)> =
            self.group.iter().map(|(id, _)| (id, root(&self.group, id))).collect();
        for (id, root) in roots {
            self.group.insert(id, root);
            let own = self.own.get(id).copied().unwrap_or(0);
            let sum = self.sums.get(root).copied().unwrap_or(0);
            self.sums.insert(root, sum.saturating_add(own));
        }
    }

    /// The groups of those who pass some places.
    fn met(
        &self,
        places: Vec<Place>,
        anywhere: bool,
        without: impl Fn(Idx<Stream>) -> bool,
    ) -> BTreeSet<Idx<Stream>> {
        let places = places.into_iter().filter(|p| anywhere || self.tight.contains(p));
        let streams = places.filter_map(|p| self.uses.get(&p)).flat_map(|u| &u.streams);
        streams.filter(|s| !without(**s)).filter_map(|s| self.group.get(*s)).copied().collect()
    }

    fn sum(&self, groups: &BTreeSet<Idx<Stream>>) -> u128 {
        groups.iter().filter_map(|g| self.sums.get(*g)).fold(0, |a, b| a.saturating_add(*b))
    }

    /// Bytes on the wire of others that may come before those of a stream.
    pub(super) fn before_stream(&self, model: &Model, id: Idx<Stream>, s: &Stream, hops: &[Hop]) -> Bytes {
        let groups = self.met(places(model, s.from, s.to, hops), false, |other| other == id);
        let own = match self.group.get(id) {
            Some(group) if groups.contains(group) => self.own.get(id).copied().unwrap_or(0),
            _ => 0,
        };
        bytes(self.sum(&groups).saturating_sub(own))
    }

    /// The same for the runs of a job.
    pub(super) fn before_run(&self, model: &Model, ops: &Ops, id: Idx<crate::ops::Job>) -> Bytes {
        let Some((from, to)) = ends(model, ops, id) else { return Bytes::ZERO };
        let places = places(model, from, to, &run::hops(&ops.jobs[id]));
        bytes(self.sum(&self.met(places, false, |_| false)))
    }

    /// The same for what is brought back or made again, on which nobody has counted at any place.
    /// `own` is a database whose streams do not flow meanwhile.
    pub fn before(
        &self,
        model: &Model,
        ops: &Ops,
        (from, to): (Idx<Host>, Idx<Host>),
        hops: &[Hop],
        own: Option<Idx<Cluster>>,
    ) -> Bytes {
        let without = |s: Idx<Stream>| Some(ops.streams[s].cluster) == own;
        bytes(self.sum(&self.met(places(model, from, to, hops), true, without)))
    }
}

fn bytes(sum: u128) -> Bytes {
    Bytes(u64::try_from(sum).unwrap_or(u64::MAX))
}

/// Bits per second that pass a place.
fn room(model: &Model, place: Place) -> u128 {
    let rate: Rate = match place {
        Place::Sends(h) | Place::Receives(h) => model.hosts[h].nic.value,
        Place::Line(l, _) => {
            let link = &model.links[l];
            link.bandwidth.value.part_down(link.efficiency.value)
        }
    };
    u128::from(rate.0)
}

/// The hosts between which a job's bytes go.
pub(super) fn ends(model: &Model, ops: &Ops, job: Idx<crate::ops::Job>) -> Option<(Idx<Host>, Idx<Host>)> {
    let store = |s: Idx<crate::model::Store>| model.stores[s].host;
    Some(match &ops.jobs[job].kind {
        JobKind::Files { client, store: s, .. }
        | JobKind::Database { client, store: s, .. }
        | JobKind::Log { client, store: s, .. } => (ops.clients[*client].host, store(*s)),
        JobKind::Copy { from, to, .. } => (store(*from), store(*to)),
        JobKind::Mirror { from, to, .. } => (*from, *to),
        JobKind::Verify { of, .. } => {
            let of = &ops.jobs[*of].kind;
            (store(of.writes_to()?), ops.clients[of.client()?].host)
        }
    })
}
