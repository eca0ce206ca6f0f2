//! What the cards and disks of hosts have left beside streams and the writes of data.

use super::logs::Logs;
use super::stream;
use crate::model::{Cluster, Data, Host, Model, On};
use crate::ops::{JobKind, Ops, Stream};
use crate::quantity::Rate;
use la_arena::{ArenaMap, Idx};
use std::collections::BTreeMap;

/// What passes a card in one direction on a normal day.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    /// Bits per second that streams bring at their peaks.
    streams: u128,
    /// The same of runs.
    runs: u128,
    /// How many streams there are.
    stream_count: u64,
    /// How many jobs.
    job_count: u64,
}

/// What happens on each host beside the run or stream that one looks at.
#[derive(Debug, Default)]
pub struct Spare {
    /// What is sent and what is received.
    cards: ArenaMap<Idx<Host>, [Side; 2]>,
    /// Bytes per second that the data on each host writes at its peak, amplified.
    writes: ArenaMap<Idx<Host>, u64>,
    /// What of it a database brings.
    own: BTreeMap<(Idx<Host>, Idx<Cluster>), u64>,
    /// Data on each host of which nobody says how much is written: nothing is left of its disk that
    /// anything could count on.
    unstated: ArenaMap<Idx<Host>, Vec<Idx<Data>>>,
    /// What each stream puts on the wire at most.
    loads: stream::Loads,
    /// Mirrors that read or write on each host: bits per second at their peaks, and how many.
    mirrors: ArenaMap<Idx<Host>, (u128, u64)>,
}

impl Spare {
    pub(super) fn new(model: &Model, ops: &Ops, logs: &Logs, loads: stream::Loads) -> Self {
        let mut spare = Self { loads, ..Self::default() };
        for (id, s) in ops.streams.iter() {
            let peak = u128::from(spare.load(id).0);
            for (host, side) in [(s.from, 0), (s.to, 1)] {
                if let Some(side) = spare.cards.entry(host).or_default().get_mut(side) {
                    side.streams += peak;
                    side.stream_count += 1;
                }
            }
        }
        for (id, job) in ops.jobs.iter() {
            let Some((from, to)) = super::transactions::ends(model, ops, id) else { continue };
            let peak = u128::from(super::run::peak(model, ops, job).0);
            for (host, side) in [(from, 0), (to, 1)] {
                if let Some(side) = spare.cards.entry(host).or_default().get_mut(side) {
                    side.runs += peak;
                    side.job_count += 1;
                }
                if matches!(job.kind, JobKind::Mirror { .. }) {
                    let (sum, many) = spare.mirrors.get(host).copied().unwrap_or_default();
                    spare.mirrors.insert(host, (sum.saturating_add(peak), many + 1));
                }
            }
        }
        let loads = spare.loads.clone();
        let feeds: BTreeMap<(Idx<Cluster>, Idx<Host>), Idx<Stream>> =
            ops.streams.iter().map(|(id, s)| ((s.cluster, s.to), id)).collect();
        let mut own: BTreeMap<(Idx<Host>, Idx<Cluster>), u64> = BTreeMap::new();
        let mut add = |host: Idx<Host>, peak: Result<u64, Idx<Data>>| match peak {
            Ok(peak) => {
                let sum = spare.writes.get(host).copied().unwrap_or(0).saturating_add(peak);
                spare.writes.insert(host, sum);
            }
            Err(data) => spare.unstated.entry(host).or_default().push(data),
        };
        for (cluster, c) in model.clusters.iter() {
            let peak = logs.stated(cluster).map(|p| p.peak());
            own.insert((c.primary.0, cluster), peak.unwrap_or(0));
            add(c.primary.0, peak);
            for (replica, _) in &c.replicas {
                let feed = feeds.get(&(cluster, *replica));
                // What has waited comes faster than it was written, up to what the replica applies.
                let comes = feed.map_or(0, |id| {
                    let bits = u128::from(loads.get(*id).copied().unwrap_or_default().0);
                    (bits * u128::from(ops.streams[*id].compress.0)).div_ceil(8_000_000_000)
                });
                let apply = u128::from(model.engines[c.engine].apply.value.0).div_ceil(8);
                let catches_up = u64::try_from(comes.min(apply)).unwrap_or(u64::MAX);
                let most = peak.map(|p| p.max(catches_up));
                own.insert((*replica, cluster), most.unwrap_or(0));
                add(*replica, most);
            }
        }
        for (id, data) in model.data.iter() {
            if let On::Files { .. } = &data.on {
                add(model.primary_host(id), data.writes.as_ref().map(|w| w.value.peak()).ok_or(id));
            }
        }
        spare.own = own;
        spare
    }

    /// What is sure of a card to somebody of whom nobody else knows: what all leave at their peaks,
    /// or a fair part.
    pub(super) fn guest(&self, model: &Model, host: Idx<Host>, sends: bool) -> Rate {
        let card = model.hosts[host].nic.value;
        let [out, into] = self.sides(host);
        let side = if sends { out } else { into };
        let left = card.0.saturating_sub(saturated(side.streams + side.runs));
        Rate(left.max(card.0 / (side.stream_count + side.job_count + 1)))
    }

    /// What a stream puts on the wire at most.
    pub(super) fn load(&self, stream: Idx<Stream>) -> Rate {
        self.loads.get(stream).copied().unwrap_or_default()
    }

    fn sides(&self, host: Idx<Host>) -> [Side; 2] {
        self.cards.get(host).copied().unwrap_or_default()
    }

    /// What the cards at both ends give a stream of that peak: what all others leave at their
    /// peaks, or its fair part if that is more. With the host whose card is shared, if it is.
    pub(super) fn stream(&self, model: &Model, stream: &Stream, peak: Rate) -> (Rate, Option<Idx<Host>>) {
        let mut least = (Rate(u64::MAX), None);
        for (host, side) in [(stream.from, 0), (stream.to, 1)] {
            let card = model.hosts[host].nic.value;
            let side = self.sides(host).get(side).copied().unwrap_or_default();
            let others = (side.streams + side.runs).saturating_sub(u128::from(peak.0));
            let left = card.0.saturating_sub(saturated(others));
            let fair = card.0 / (side.stream_count + side.job_count).max(1);
            let rate = Rate(left.max(fair));
            if rate < least.0 {
                least = (rate, (rate < card).then_some(host));
            }
        }
        least
    }

    /// What a host's card leaves runs: what streams leave at their peaks, or the part of one of
    /// them if that is more. `without` is a database whose streams do not flow.
    pub fn card(&self, model: &Model, ops: &Ops, host: Idx<Host>, without: Option<Idx<Cluster>>) -> Rate {
        let card = model.hosts[host].nic.value;
        let mut sides = self.sides(host);
        if let Some(cluster) = without {
            for (id, s) in ops.streams.iter().filter(|(_, s)| s.cluster == cluster) {
                let peak = u128::from(self.load(id).0);
                for (_, side) in [s.from, s.to].into_iter().zip(&mut sides).filter(|(at, _)| *at == host) {
                    side.streams = side.streams.saturating_sub(peak);
                    side.stream_count = side.stream_count.saturating_sub(1);
                }
            }
        }
        let left = |s: Side| card.0.saturating_sub(saturated(s.streams)).max(card.0 / (s.stream_count + 1));
        Rate(sides.into_iter().map(left).min().unwrap_or(card.0))
    }

    /// What mirrors leave of a rate of a host's card or disk: nothing stops them while something is
    /// recovered there. All of them count, whichever are lost: those of a lost host go on as soon
    /// as it stands again. What they do not take at their peaks, or the part of one among them if
    /// that is more.
    pub fn beside_mirrors(&self, host: Idx<Host>, rate: Rate) -> Rate {
        let Some((sum, many)) = self.mirrors.get(host).copied() else { return rate };
        Rate(rate.0.saturating_sub(saturated(sum)).max(rate.0 / many.saturating_add(1)))
    }

    /// A data class on a host of which nobody says how much is written; `besides` leaves out those
    /// that are recovered with a data class, and so are not written to.
    pub fn unstated(&self, model: &Model, host: Idx<Host>, besides: Option<Idx<Data>>) -> Option<Idx<Data>> {
        let own = besides.map(|d| super::together(model, d)).unwrap_or_default();
        self.unstated.get(host)?.iter().copied().find(|d| !own.contains(d))
    }

    /// What a host's disk leaves runs once the writes of the data that lives there are taken off:
    /// nothing where somebody does not say how much that is.
    pub fn disk(&self, model: &Model, host: Idx<Host>) -> Rate {
        if self.unstated(model, host, None).is_some() {
            return Rate(0);
        }
        let taken = Rate::bytes_per_sec(self.writes.get(host).copied().unwrap_or(0));
        Rate(model.hosts[host].disk_rate.value.0.saturating_sub(taken.0))
    }

    /// The same while a database or a tree of files, which `data` belongs to, is recovered there
    /// and so is not written to.
    pub fn disk_for(&self, model: &Model, host: Idx<Host>, data: Idx<Data>) -> Rate {
        if self.unstated(model, host, Some(data)).is_some() {
            return Rate(0);
        }
        let d = &model.data[data];
        let own = match &d.on {
            On::Cluster(c) => self.own.get(&(host, *c)).copied().unwrap_or(0),
            On::Files { host: home, .. } if *home == host => d.writes.as_ref().map_or(0, |w| w.value.peak()),
            On::Files { .. } => 0,
        };
        let all = self.writes.get(host).copied().unwrap_or(0);
        let taken = Rate::bytes_per_sec(all.saturating_sub(own));
        Rate(model.hosts[host].disk_rate.value.0.saturating_sub(taken.0))
    }
}

fn saturated(rate: u128) -> u64 {
    u64::try_from(rate).unwrap_or(u64::MAX)
}
