//! Operations over time to facts: how stale each copy can be, how long each run takes.
//!
//! Facts are side tables keyed by the ids of the operations. Each keeps the numbers that it came
//! from, so that a derivation can be printed without a second set of formulas.
//!
//! What the timeline of shared devices, exact sharing of links and simulation add later reads the
//! same operations and fills the same tables.

pub mod fluid;
pub mod rate;
pub mod run;
pub mod stream;
mod timeline;

pub use rate::{Binding, WayRate};
pub use run::{JobFact, LevelFact};
pub use stream::{StreamFact, log_written, never_falls_back};

use crate::calendar::{Gaps, Rule, Zone, worst_gaps};
use crate::model::{Class, Data, Direction, Hop, Host, Link, Model, On};
use crate::ops::job::JobKind;
use crate::ops::shaping::{self, Members};
use crate::ops::{Job, Ops, Stream};
use crate::quantity::{Bytes, Duration, Rate};
use la_arena::{ArenaMap, Idx};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// The time that verdicts hold for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Horizon {
    /// Its first instant, in Unix seconds.
    pub as_of: i64,
    /// How many days it lasts.
    pub days: u32,
}

/// All facts.
#[derive(Debug)]
pub struct Facts {
    /// The time that they hold for.
    pub horizon: Horizon,
    /// By stream.
    pub streams: ArenaMap<Idx<Stream>, StreamFact>,
    /// By job.
    pub jobs: ArenaMap<Idx<Job>, JobFact>,
    /// How many members share each class of each link, in each direction.
    pub members: Members,
    /// Who uses each host's network card.
    cards: ArenaMap<Idx<Host>, Card>,
    /// What each sender over a link may take at most.
    peaks: BTreeMap<(Idx<Link>, Direction), Vec<Rate>>,
}

/// Who uses a network card.
#[derive(Clone, Copy, Debug, Default)]
struct Card {
    /// Streams that leave or reach the host.
    streams: u64,
    /// Jobs that do.
    jobs: u64,
    /// What the streams take at most, together.
    peak: Rate,
}

/// Computes all facts.
pub fn analyse(model: &Model, ops: &Ops, horizon: Horizon) -> Facts {
    let members = shaping::members(model, ops);
    let peaks = peaks(model, ops);
    let mut facts = Facts {
        horizon,
        streams: ArenaMap::default(),
        jobs: ArenaMap::default(),
        members,
        cards: cards(model, ops),
        peaks,
    };
    for (id, stream) in ops.streams.iter() {
        let fact = stream::fact(model, &facts, stream);
        facts.streams.insert(id, fact);
    }
    let mut calendar = Calendar { horizon, known: FxHashMap::default() };
    run::facts(model, ops, &mut facts, &mut calendar);
    facts
}

impl Facts {
    /// The rate that a way guarantees to one member of a class.
    pub fn way(
        &self,
        model: &Model,
        hops: &[Hop],
        class: Class,
        own_peak: Rate,
        limit: Option<Rate>,
    ) -> WayRate {
        rate::way(model, &self.members, &self.peaks, hops, class, own_peak, limit)
    }
}

fn cards(model: &Model, ops: &Ops) -> ArenaMap<Idx<Host>, Card> {
    let mut cards: ArenaMap<Idx<Host>, Card> = ArenaMap::default();
    for (_, stream) in ops.streams.iter() {
        let peak = stream::peak(model, stream);
        for host in [stream.from, stream.to] {
            let card = cards.entry(host).or_default();
            card.streams += 1;
            card.peak = Rate(card.peak.0.saturating_add(peak.0));
        }
    }
    for (_, job) in ops.jobs.iter() {
        for host in run::hosts(model, ops, &job.kind) {
            cards.entry(host).or_default().jobs += 1;
        }
    }
    cards
}

impl Facts {
    /// What a host's card gives one of its streams: its part when all of them and all jobs are at
    /// work.
    fn card_of_stream(&self, model: &Model, host: Idx<Host>) -> Rate {
        let card = self.cards.get(host).copied().unwrap_or_default();
        model.hosts[host].nic.value.split_down((card.streams + card.jobs).max(1)).unwrap_or(Rate(0))
    }

    /// What the streams leave of a host's card to its jobs: all that they do not take at their
    /// peaks, and never less than the part of one more.
    fn card_left(&self, model: &Model, host: Idx<Host>) -> Rate {
        let card = self.cards.get(host).copied().unwrap_or_default();
        let nic = model.hosts[host].nic.value;
        let part = nic.split_down(card.streams + 1).unwrap_or(Rate(0));
        Rate(nic.0.saturating_sub(card.peak.0)).max(part)
    }
}

/// What each sender over each link may take at most on a normal day.
fn peaks(model: &Model, ops: &Ops) -> rate::Peaks {
    let mut peaks = rate::Peaks::new();
    let mut add = |hops: &[Hop], rate: Rate| {
        for hop in hops {
            peaks.entry((hop.link, hop.direction)).or_default().push(rate);
        }
    };
    for (_, stream) in ops.streams.iter() {
        let peak = stream::peak(model, stream);
        add(stream.paths.first().map_or(&[][..], |p| &p.hops), peak);
    }
    for (_, job) in ops.jobs.iter() {
        if !matches!(job.kind, JobKind::Verify { .. }) {
            add(job.paths.first().map_or(&[][..], |p| &p.hops), job.cap.map_or(Rate(u64::MAX), |c| c.rate));
        }
    }
    peaks
}

/// The gaps of schedules, each distinct schedule worked out once.
struct Calendar {
    horizon: Horizon,
    known: FxHashMap<(Vec<(Rule, usize)>, Zone), Gaps>,
}

impl Calendar {
    fn gaps(&mut self, runs: Vec<(Rule, usize)>, zone: &Zone) -> &Gaps {
        let horizon = self.horizon;
        self.known
            .entry((runs, zone.clone()))
            .or_insert_with_key(|(runs, zone)| worst_gaps(runs, zone, horizon.as_of, i64::from(horizon.days)))
    }
}

/// The data classes that live in the same database as this one, or it alone.
pub fn together(model: &Model, data: Idx<Data>) -> Vec<Idx<Data>> {
    match model.data[data].on {
        On::Cluster(cluster) => model.data_in(cluster),
        On::Files { .. } => vec![data],
    }
}

/// How much there may be of some data classes at the end of the horizon.
///
/// Growth is compound over whole periods, the last one counted in full.
pub fn size_at_end(model: &Model, data: &[Idx<Data>], horizon: Horizon) -> Bytes {
    let span = Duration::from_days(u64::from(horizon.days));
    data.iter().fold(Bytes::ZERO, |sum, d| {
        let d = &model.data[*d];
        let size = match d.growth.map(|g| g.value) {
            Some((part, per)) if per.0 > 0 => {
                let periods = span.0.div_ceil(per.0).min(10_000);
                (0..periods).fold(d.size.value, |size, _| size.plus(size.part_up(part)))
            }
            _ => d.size.value,
        };
        sum.plus(size)
    })
}

/// How much is stated of some data classes today.
pub fn size_today(model: &Model, data: &[Idx<Data>]) -> Bytes {
    data.iter().fold(Bytes::ZERO, |sum, d| sum.plus(model.data[*d].size.value))
}

/// What the disk of a host has left for runs, once the writes of the data that lives there are
/// taken off.
pub fn disk_left(model: &Model, writes: &ArenaMap<Idx<Host>, u64>, host: Idx<Host>) -> Rate {
    let taken = Rate::bytes_per_sec(writes.get(host).copied().unwrap_or(0));
    Rate(model.hosts[host].disk_rate.value.0.saturating_sub(taken.0))
}
