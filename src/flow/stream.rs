//! How far a replica can be behind.

use super::rate::{Binding, Held, Peaks, WayRate, way};
use super::sharing::{Own, Shared, shared};
use super::turns::Turn;
use super::{Facts, Logs, Spare, fluid};
use crate::calendar::WeekProfile;
use crate::model::{Class, Data, Hop, Mode, Model};
use crate::ops::shaping::Parts;
use crate::ops::{Ops, Stream};
use crate::quantity::{Bytes, Duration, Rate, time_to_move};
use la_arena::{ArenaMap, Idx};
use std::collections::BTreeSet;

/// What is known of a stream.
#[derive(Clone, Debug)]
pub struct StreamFact {
    /// What its way guarantees on the wire, whatever the others do.
    pub way: WayRate,
    /// Bytes of the log per second that this carries at least, compression counted.
    pub service: u64,
    /// The same of its static part, and of all that stands between it and the primary.
    pub chain: u64,
    /// What it has when all who share with it are looked at together; none for one that shares
    /// nothing.
    pub shared: Option<Shared>,
    /// The stream that feeds the replica which it reads, if it does not read the primary.
    pub source: Option<Idx<Stream>>,
    /// How far what the replica has received is behind; the parts of [`StreamFact::received`].
    pub lag: Behind,
    /// One way of each stream from the primary on, without load.
    pub latency: Duration,
    /// The largest transaction, which ships whole, over each stream from the primary on.
    pub unit: Duration,
    /// The largest transactions of others, where `lag` counts on what they leave.
    pub others: Duration,
    /// A wait that surely happens when the writes follow their profile.
    pub surely: Duration,
    /// How long applying all that was received takes at most.
    pub apply: Behind,
    /// The account of its static part, and of what it shares: what reads this replica goes on with
    /// the one or the other, since the times of one do not hold at the rates of the other.
    apart: Account,
    together: Option<Account>,
}

/// What makes up the time by which a replica can be behind, all at one rate that it has.
#[derive(Clone, Copy, Debug)]
struct Account {
    lag: Behind,
    /// Bytes of the log per second.
    service: u64,
    /// The largest transaction over each stream from the primary on.
    unit: Duration,
    /// The largest transactions of others.
    others: Duration,
}

impl Account {
    fn worst(&self) -> Option<Duration> {
        Some(self.lag.worst()?.plus(self.unit).plus(self.others))
    }
}

/// A queue's worst, or why there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Behind {
    /// At most this.
    Lag(fluid::Lag),
    /// More comes than goes: it never catches up.
    Never(fluid::Unstable),
    /// A data class of the database does not say how much is written.
    Unstated(Idx<Data>),
}

impl Behind {
    fn of(profile: Result<&WeekProfile, Idx<Data>>, service: u64, turns: &[Turn]) -> Self {
        match profile {
            Err(data) => Self::Unstated(data),
            Ok(p) => match fluid::lag_over(p, service, turns) {
                Ok(lag) => Self::Lag(lag),
                Err(unstable) => Self::Never(unstable),
            },
        }
    }

    /// The longest wait, if there is a bound.
    pub fn worst(&self) -> Option<Duration> {
        match self {
            Self::Lag(lag) => Some(lag.worst),
            Self::Never(_) | Self::Unstated(_) => None,
        }
    }
}

impl StreamFact {
    /// The most recent work that may not have been received: the loss when the primary is gone
    /// and everything received counts.
    pub fn received(&self) -> Option<Duration> {
        Some(self.lag.worst()?.plus(self.latency).plus(self.unit).plus(self.others))
    }

    /// How far what is applied, and so what is read from the replica, may be behind.
    pub fn applied(&self) -> Option<Duration> {
        Some(self.received()?.plus(self.apply.worst()?))
    }
}

/// What each stream puts on the wire at most, in bits per second.
pub(super) type Loads = ArenaMap<Idx<Stream>, Rate>;

/// What each stream puts on the wire at most: its writes at their peak; all that its card sends, or
/// its host's shaping lets through, where bursts come on top, where nobody says how much is written,
/// and of those in `queued`, which may send what has waited.
pub(super) fn loads(
    model: &Model,
    ops: &Ops,
    parts: &Parts,
    logs: &Logs,
    queued: &BTreeSet<Idx<Stream>>,
) -> Loads {
    let mut all = Loads::default();
    for (id, stream) in ops.streams.iter() {
        let most = most(model, parts, id, stream);
        let peak = match logs.profile(stream.cluster) {
            Some(p) if logs.follows_peak(stream.cluster) && !queued.contains(&id) => {
                let peak = Rate::bytes_per_sec(p.peak()).over_down(stream.compress);
                peak.map_or(most, |r| Rate(r.0.saturating_add(1)).min(most))
            }
            _ => most,
        };
        all.insert(id, peak);
    }
    all
}

/// All that a stream can send: its card, or its host's shaping lets through.
pub(super) fn most(model: &Model, parts: &Parts, id: Idx<Stream>, stream: &Stream) -> Rate {
    let card = model.hosts[stream.from].nic.value;
    let pool = parts.streams.get(id).and_then(|p| parts.pools.get(p.pool?));
    pool.map_or(card, |p| p.rate.min(card))
}

/// What a stream has before anybody shares with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// With its static part of what is shared.
    held: WayRate,
    /// What binds it besides shares.
    cap: Rate,
    /// Bytes of the log per second of `held`.
    pub service: u64,
    /// The rate at which its replica applies.
    pub apply: Rate,
    /// The stream that feeds what it reads.
    pub source: Option<Idx<Stream>>,
}

/// The links that a stream takes on a normal day.
fn hops(stream: &Stream) -> &[Hop] {
    stream.paths.first().map_or(&[], |p| &p.hops)
}

impl Way {
    /// One way, without load.
    pub(super) fn latency(&self) -> Duration {
        Duration(self.held.rtt.0.div_ceil(2))
    }
}

/// What every stream has at any time, whatever those who share with it do.
pub(super) fn ways(model: &Model, ops: &Ops, facts: &Facts) -> ArenaMap<Idx<Stream>, Way> {
    let usual =
        |(id, stream)| (id, way_on(model, ops, &facts.parts, &facts.peaks, &facts.spare, id, hops(stream)));
    ops.streams.iter().map(usual).collect()
}

/// What a stream has on a way.
pub(super) fn way_on(
    model: &Model,
    ops: &Ops,
    parts: &Parts,
    peaks: &Peaks,
    spare: &Spare,
    id: Idx<Stream>,
    hops: &[Hop],
) -> Way {
    let stream = &ops.streams[id];
    let engine = &model.engines[model.clusters[stream.cluster].engine];
    let load = spare.load(id);
    let over = |held: Held<'_>| way(model, held, peaks, hops, Class::Replication, Some(load), None);
    let mut held = over(Held::Part(parts.streams.get(id).copied()));
    let (card, shared) = spare.stream(model, stream, load);
    let mut cap = over(Held::Apart).rate.min(card);
    if card < held.rate {
        (held.rate, held.binding) = (card, shared.map_or(Binding::Limit, Binding::Card));
    }
    // What is received counts once it is on the replica's disk.
    let disk = match stream.serves.first() {
        Some(copy) => spare.disk_for(model, stream.to, model.copies[*copy].data),
        None => Rate(0),
    };
    if disk < held.rate {
        (held.rate, held.binding) = (disk, Binding::Disk(stream.to));
    }
    cap = cap.min(disk);
    let service = held.rate.part_down(stream.compress).in_bytes_down();
    let apply = engine.apply.value.min(disk);
    Way { held, cap, service, apply, source: stream.source(model, ops) }
}

/// The streams that may have a queue at some time.
pub(super) fn queued<'a>(
    ops: &'a Ops,
    logs: &'a Logs,
    ways: &'a ArenaMap<Idx<Stream>, Way>,
) -> impl Iterator<Item = Idx<Stream>> + 'a {
    let late = move |id: Idx<Stream>| {
        let Some(profile) = logs.profile(ops.streams[id].cluster) else { return true };
        ways.get(id).is_none_or(|w| w.service < profile.peak())
    };
    // What waits at one replica comes late, and faster, to those behind it.
    let behind = move |id: Idx<Stream>| {
        let source = ways.get(id).and_then(|w| w.source);
        source.is_some_and(|s| {
            let Some(profile) = logs.profile(ops.streams[s].cluster) else { return true };
            ways.get(s).is_none_or(|w| w.apply.in_bytes_down() < profile.peak() || w.source.is_some())
                || late(s)
        })
    };
    ops.streams.iter().map(|(id, _)| id).filter(move |id| late(*id) || behind(*id))
}

/// Fills the facts of all streams.
///
/// Staleness is the horizontal distance between what is written and what the way guarantees, plus
/// one way of latency, plus the largest transaction (model, "async stream"). Compression lets the
/// wire carry more of the log. What a stream has is its static part, or, where that is less, what
/// is left of what it shares when all are looked at together; both are bounds.
///
/// A replica that reads another one is behind by what waits on the whole chain. With constant rates
/// that is the wait through the slowest of them (a chain of servers is one server with the least of
/// their rates); latency and the largest transaction are paid on each.
pub(super) fn facts(model: &Model, ops: &Ops, facts: &mut Facts, ways: &ArenaMap<Idx<Stream>, Way>) {
    let mut own = ArenaMap::default();
    for (id, way) in ways.iter() {
        let stream = &ops.streams[id];
        let pool = facts.parts.streams.get(id).and_then(|p| facts.parts.pools.get(p.pool?));
        own.insert(
            id,
            Own {
                profile: facts.logs.profile(stream.cluster),
                cap: way.cap,
                apply: way.apply.in_bytes_down(),
                from: way.source,
                largest: facts.logs.largest(stream.cluster),
                free: pool.is_some_and(|p| p.payload <= way.cap),
            },
        );
    }
    let shared = shared(model, ops, &facts.parts, &own, facts.horizon);
    let mut left: Vec<Idx<Stream>> = ways.iter().map(|(id, _)| id).collect();
    // Those that are read from first; chains have no cycles, so each turn gets on.
    while !left.is_empty() {
        let before = left.len();
        left.retain(|id| {
            let Some(way) = ways.get(*id) else { return false };
            let source = way.source.map(|s| facts.streams.get(s).cloned().map(|f| (f, ways.get(s).copied())));
            let source = match source {
                Some(None) => return true,
                Some(Some(known)) => Some(known),
                None => None,
            };
            let fact = fact(model, ops, facts, *id, *way, shared.get(*id).copied(), source);
            facts.streams.insert(*id, fact);
            false
        });
        if left.len() == before {
            break;
        }
    }
}

fn fact(
    model: &Model,
    ops: &Ops,
    facts: &Facts,
    id: Idx<Stream>,
    own: Way,
    shared: Option<Shared>,
    source: Option<(StreamFact, Option<Way>)>,
) -> StreamFact {
    let stream = &ops.streams[id];
    let chain = match &source {
        Some((fact, way)) => fact.chain.min(way.map_or(0, |w| w.apply.in_bytes_down())).min(own.service),
        None => own.service,
    };
    let (profile, turns) = (facts.logs.stated(stream.cluster), facts.logs.turns(stream.cluster));
    let alone = Behind::of(profile, chain, turns);
    let largest = facts.logs.largest(stream.cluster);
    // What others leave at their peaks does not count what comes whole.
    let before = facts.transactions.before_stream(model, id, stream, hops(stream));
    let before = before.part_up(stream.compress);
    let ends = |lag: Behind, service: u64, theirs: Duration, so_far: Option<Account>| {
        let mut unit = fluid::time_at(largest, service).unwrap_or(Duration::MAX);
        let mut others = theirs.plus(fluid::time_at(before, service).unwrap_or(Duration::MAX));
        if let Some((_, way)) = &source {
            let applied = way.and_then(|w| time_to_move(largest, w.apply)).unwrap_or(Duration::MAX);
            unit = unit.plus(so_far.map_or(Duration::MAX, |s| s.unit)).plus(applied);
            // It has nothing before the replica that it reads has it.
            others = others.plus(so_far.map_or(Duration::MAX, |s| s.others));
        }
        Account { lag, service, unit, others }
    };
    let apart = ends(alone, own.service, Duration::ZERO, source.as_ref().map(|(f, _)| f.apart));
    let together = shared.and_then(|s| {
        let so_far = source.as_ref().map(|(f, _)| f.together.unwrap_or(f.apart));
        Some(ends(Behind::Lag(s.lag?), s.least, s.others, so_far))
    });
    let better = together.filter(|t| apart.worst().is_none_or(|w| t.worst().is_some_and(|t| t < w)));
    let Account { mut lag, service, unit, others } = better.unwrap_or(apart);
    // Somebody else on the replica's disk does not say how much is written there.
    let besides = stream.serves.first().map(|c| model.copies[*c].data);
    let unstated = facts.spare.unstated(model, stream.to, besides).map(Behind::Unstated);
    let before = source.as_ref().map(|(f, _)| f.lag).filter(|l| matches!(l, Behind::Unstated(_)));
    lag = unstated.or(before).unwrap_or(lag);
    let unit_apply = time_to_move(largest, own.apply).unwrap_or(Duration::MAX);
    let mut apply = unstated.unwrap_or_else(|| Behind::of(profile, own.apply.in_bytes_down(), turns));
    if let Behind::Lag(lag) = &mut apply {
        lag.worst = lag.worst.plus(unit_apply);
    }
    let mut latency = own.latency();
    if let Some((before, _)) = &source {
        latency = latency.plus(before.latency);
    }
    // The bound is reached when the rate is just what is guaranteed: so where a limit that is
    // enforced binds it, but not where losses do only on average or others may be idle.
    let pool = facts.parts.streams.get(id).and_then(|p| facts.parts.pools.get(p.pool?).map(|pool| (p, pool)));
    let reached = match own.held.binding {
        Binding::Share(..) => pool.is_some_and(|(p, pool)| pool.members == 1 && pool.rate <= p.rate),
        Binding::Limit | Binding::Window | Binding::Local => true,
        Binding::Card(_) | Binding::Disk(_) | Binding::Leftover(_) | Binding::Losses => false,
    };
    let surely = match (alone, shared) {
        _ if source.is_some() || matches!(lag, Behind::Unstated(_)) => Duration::ZERO,
        (_, Some(Shared { lag: Some(lag), reached: true, .. })) => lag.worst,
        (Behind::Lag(lag), _) if reached => lag.worst,
        (Behind::Never(_), _) if reached => Duration::MAX,
        _ => Duration::ZERO,
    };
    StreamFact {
        way: own.held,
        service,
        chain,
        shared,
        source: own.source,
        lag,
        latency,
        unit,
        others,
        surely,
        apply,
        apart,
        together,
    }
}

/// How long one write waits for its acknowledgement, and how many one connection commits in a
/// second at most: 1 / (round trip + bytes / rate) (model, "semi-sync").
pub fn commit_time(fact: &StreamFact, bytes: Bytes) -> Duration {
    let carry = time_to_move(bytes, Rate::bytes_per_sec(fact.service)).unwrap_or(Duration::MAX);
    fact.way.rtt.plus(carry)
}

/// Whether a mode makes writes wait for ever rather than lose one.
pub fn never_falls_back(mode: Mode) -> bool {
    matches!(mode, Mode::Sync)
}
