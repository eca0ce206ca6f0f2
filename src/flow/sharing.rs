//! Which streams share what, and what each has of it when all are solved together.
//!
//! Streams share max-min what their host's shaping class lets through, whose fair queue gives what
//! one leaves to the others, and a share of a link that something else enforces for all hosts. A
//! stream alone in both has its static part, which is the same, and is not solved. Links that
//! nothing divides are not shared here: there a stream has what all others leave at their peaks
//! (`rate.rs`). Cards, disks and the limits of one connection cap a stream's own service.
//!
//! Three things make a stream count for others as one that asks without limit at any time: a burst
//! on top of its profile, writes that nobody states, and a source that is a replica itself, which
//! may bring bytes sooner than is computed. What the others' largest transactions take, which
//! arrive whole, is charged to each stream on top, at the least service that it has.
//!
//! Profiles are in their sites' times. Where streams of different zones share, each brings at any
//! moment the most that its profile says for any of its zone's clocks over the horizon.

use super::fluid::{Lag, time_at};
use super::maxmin::{Flow, Found, Source, solve};
use crate::calendar::{WEEK_SECONDS, WeekProfile, Zone};
use crate::model::{Class, Hop, Model};
use crate::ops::shaping::Parts;
use crate::ops::{Ops, Stream};
use crate::quantity::{Bytes, Duration, Rate};
use la_arena::{ArenaMap, Idx};
use std::collections::{BTreeMap, BTreeSet};

/// What a stream has of what it shares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shared {
    /// The longest wait from the primary's write on, and the most that waits; none without a bound.
    pub lag: Option<Lag>,
    /// Bytes of the log per second that it has at any moment at least, if it asks for them.
    pub least: u64,
    /// How many streams were solved together.
    pub streams: u64,
    /// How long the largest transactions of the others take at most, when they come first.
    pub others: Duration,
    /// Whether the wait is reached when everyone writes what the profiles say: a single shaping
    /// class is shared, and nothing else binds.
    pub reached: bool,
}

/// What is known of a stream before what it shares.
pub(super) struct Own<'a> {
    /// The envelope of what it carries.
    pub profile: Option<&'a WeekProfile>,
    /// What binds it besides shares, as payload on the wire.
    pub cap: Rate,
    /// Bytes per second that its replica applies.
    pub apply: u64,
    /// The stream that feeds the replica which it reads, if it does not read the primary.
    pub from: Option<Idx<Stream>>,
    /// The largest transaction, in bytes of the log.
    pub largest: Bytes,
    /// Whether what binds it besides shares can bind at all.
    pub free: bool,
}

/// The sets of streams that share something, and the capacities.
struct Groups {
    capacities: Vec<Rate>,
    /// Whether a capacity is a class of a host's shaping.
    shaped: Vec<bool>,
    crosses: ArenaMap<Idx<Stream>, Vec<usize>>,
    /// Streams solved together.
    sets: Vec<Vec<Idx<Stream>>>,
}

/// Solves all streams that share something with another one, or read another replica.
pub(super) fn shared(
    model: &Model,
    ops: &Ops,
    parts: &Parts,
    own: &ArenaMap<Idx<Stream>, Own<'_>>,
    horizon: super::Horizon,
) -> ArenaMap<Idx<Stream>, Shared> {
    let groups = groups(model, ops, parts, own);
    let mut found = ArenaMap::default();
    for set in groups.sets.iter().filter(|s| s.len() > 1) {
        one(model, ops, &groups, set, own, horizon, &mut found);
    }
    found
}

fn groups(model: &Model, ops: &Ops, parts: &Parts, own: &ArenaMap<Idx<Stream>, Own<'_>>) -> Groups {
    let mut groups =
        Groups { capacities: Vec::new(), shaped: Vec::new(), crosses: ArenaMap::default(), sets: Vec::new() };
    // A pool or an enforced share, and its place among the capacities.
    let mut pools: BTreeMap<usize, usize> = BTreeMap::new();
    let mut elsewhere: BTreeMap<Hop, usize> = BTreeMap::new();
    let mut members: Vec<Vec<Idx<Stream>>> = Vec::new();
    let mut add = |groups: &mut Groups, rate: Rate, shaped: bool| {
        groups.capacities.push(rate);
        groups.shaped.push(shaped);
        members.push(Vec::new());
        groups.capacities.len() - 1
    };
    for (id, stream) in ops.streams.iter() {
        let mut crosses = Vec::new();
        if let Some((place, pool)) =
            parts.streams.get(id).and_then(|p| p.pool).and_then(|p| Some((p, parts.pools.get(p)?)))
        {
            crosses.push(*pools.entry(place).or_insert_with(|| add(&mut groups, pool.payload, true)));
        }
        for hop in stream.paths.first().map_or(&[][..], |p| &p.hops) {
            let link = &model.links[hop.link];
            if let (Some(share), Some(_)) = (link.share(Class::Replication), &link.enforced) {
                let rate = link.bandwidth.value.part_down(share.value).part_down(link.efficiency.value);
                crosses.push(*elsewhere.entry(*hop).or_insert_with(|| add(&mut groups, rate, false)));
            }
        }
        groups.crosses.insert(id, crosses);
    }
    for (id, crosses) in groups.crosses.iter() {
        for c in crosses {
            if let Some(members) = members.get_mut(*c) {
                members.push(id);
            }
        }
    }
    // Everyone that is reached over capacities and sources from one belongs to its set.
    let mut next: BTreeMap<Idx<Stream>, Vec<Idx<Stream>>> = BTreeMap::new();
    for (id, own) in own.iter() {
        if let Some(from) = own.from {
            next.entry(id).or_default().push(from);
            next.entry(from).or_default().push(id);
        }
    }
    let mut seen: BTreeSet<Idx<Stream>> = BTreeSet::new();
    let mut opened = vec![false; members.len()];
    for (id, _) in ops.streams.iter() {
        if !seen.insert(id) {
            continue;
        }
        let mut set = vec![id];
        let mut at = 0;
        while let Some(stream) = set.get(at).copied() {
            at += 1;
            let mut reached: Vec<Idx<Stream>> = next.get(&stream).cloned().unwrap_or_default();
            for c in groups.crosses.get(stream).into_iter().flatten() {
                if let Some(open) = opened.get_mut(*c).filter(|o| !**o) {
                    *open = true;
                    reached.extend(members.get(*c).into_iter().flatten());
                }
            }
            set.extend(reached.into_iter().filter(|s| seen.insert(*s)));
        }
        set.sort_unstable();
        groups.sets.push(set);
    }
    groups
}

fn one(
    model: &Model,
    ops: &Ops,
    groups: &Groups,
    set: &[Idx<Stream>],
    own: &ArenaMap<Idx<Stream>, Own<'_>>,
    horizon: super::Horizon,
    into: &mut ArenaMap<Idx<Stream>, Shared>,
) {
    let zone = |s: Idx<Stream>| {
        let primary = model.clusters[ops.streams[s].cluster].primary.0;
        &model.sites[model.hosts[primary].site].zone
    };
    let first = set.first().map(|s| zone(*s));
    let local = set.iter().all(|s| Some(zone(*s)) == first);
    let place = |s: Idx<Stream>| set.binary_search(&s).ok();
    // Only the capacities of this set.
    let mut used: Vec<usize> = set.iter().filter_map(|s| groups.crosses.get(*s)).flatten().copied().collect();
    used.sort_unstable();
    used.dedup();
    let capacities: Vec<Rate> = used.iter().filter_map(|c| groups.capacities.get(*c)).copied().collect();
    // Where clocks are changed, a profile is as before or by so much later from then on.
    let turned = first.map(|z| super::turns::turns(z, horizon)).unwrap_or_default();
    let mut shifts: Vec<i64> = turned.iter().map(|t| -(t.shift() as i64)).chain([0]).collect();
    shifts.sort_unstable();
    shifts.dedup();
    let flow = |s: &Idx<Stream>| {
        let own = own.get(*s)?;
        let offsets = if local { shifts.clone() } else { offsets(zone(*s), horizon) };
        let profile = own.profile.map_or_else(|| vec![(0, 0)], |p| most_of(p, &offsets));
        Some(Flow {
            source: own.from.and_then(place).map_or(Source::Profile(profile), Source::Fed),
            cap: own.cap,
            compress: ops.streams[*s].compress,
            apply: own.apply,
            crosses: groups.crosses.get(*s)?.iter().filter_map(|c| used.binary_search(c).ok()).collect(),
            greedy: own.profile.is_none_or(|p| p.burst > Bytes::ZERO),
        })
    };
    let Some(flows) = set.iter().map(flow).collect::<Option<Vec<Flow>>>() else { return };
    let exact = used.len() == 1
        && shifts == [0]
        && used.iter().all(|c| groups.shaped.get(*c).copied().unwrap_or(false))
        && flows.iter().all(|f| !f.greedy && matches!(f.source, Source::Profile(_)))
        && set.iter().all(|s| own.get(*s).is_some_and(|o| o.free));
    let shift = if local { 0 } else { first.and_then(|z| offsets(z, horizon).first().copied()).unwrap_or(0) };
    let largest =
        |s: &Idx<Stream>| own.get(*s).map_or(0, |o| on_the_wire(o.largest, ops.streams[*s].compress.0));
    let all: u128 = set.iter().map(largest).sum();
    let solved = solve(&flows, &capacities);
    // A burst goes to a replica of a replica no faster than through any hop before, and than it is
    // applied there.
    let narrowest = |s: Idx<Stream>| {
        let hops = std::iter::successors(Some(s), |s| own.get(*s)?.from).take(set.len());
        let passes = |hop: Idx<Stream>| {
            let service = place(hop).and_then(|n| solved.get(n)).map_or(0, |f| f.least);
            let applied = own.get(hop).map(|o| o.apply).filter(|_| hop != s);
            service.min(applied.unwrap_or(u64::MAX))
        };
        hops.map(passes).min().unwrap_or(0)
    };
    for (s, found) in set.iter().zip(&solved) {
        let Some(mine) = own.get(*s) else { continue };
        let burst = mine.profile.map_or(Bytes::ZERO, |p| p.burst);
        let others = Bytes(u64::try_from(all - largest(s)).unwrap_or(u64::MAX));
        let others = others.part_up(ops.streams[*s].compress);
        into.insert(
            *s,
            Shared {
                lag: mine.profile.and_then(|_| lag(found, burst, narrowest(*s), shift)),
                least: found.least,
                streams: set.len() as u64,
                others: time_at(others, found.least).unwrap_or(Duration::MAX),
                reached: exact,
            },
        );
    }
}

/// Bytes of a log as payload on the wire, rounded up.
fn on_the_wire(bytes: Bytes, compress: u64) -> u128 {
    (u128::from(bytes.0) * 1_000_000_000).div_ceil(u128::from(compress.max(1)))
}

/// A burst waits, on top, as long as the least service on its way takes for it.
fn lag(found: &Found, burst: Bytes, least: u64, shift: i64) -> Option<Lag> {
    let second = |at: u64| (at as i64 + shift).rem_euclid(WEEK_SECONDS as i64).unsigned_abs();
    Some(Lag {
        worst: found.wait?.plus(time_at(burst, least)?),
        backlog: found.backlog.plus(burst),
        at: second(found.at),
        busy_from: second(found.busy_from),
    })
}

/// Seconds that a zone's clocks may be before universal time during the horizon.
fn offsets(zone: &Zone, horizon: super::Horizon) -> Vec<i64> {
    let to = horizon.as_of.saturating_add(i64::from(horizon.days) * 86_400);
    let week = WEEK_SECONDS as i64;
    let mut all: Vec<i64> = std::iter::once(horizon.as_of)
        .chain(zone.transitions(horizon.as_of, to))
        .filter_map(|at| {
            // Monday is the first day; the epoch was a Thursday.
            let (_, minute, day) = zone.local(at)?;
            let local = (i64::from(day) * 1440 + i64::from(minute)) * 60;
            let universal = (at + 3 * 86_400).rem_euclid(week).div_euclid(60) * 60;
            Some((local - universal).rem_euclid(week))
        })
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The most that a profile says for any of some shifts of its week.
fn most_of(profile: &WeekProfile, offsets: &[i64]) -> Vec<(u64, u64)> {
    let week = WEEK_SECONDS as i64;
    let segments: Vec<(u64, u64)> = profile.segments().map(|(s, _, rate)| (s, rate)).collect();
    if offsets == [0] {
        return segments;
    }
    let mut cuts: Vec<u64> = vec![0];
    for (start, _) in &segments {
        cuts.extend(offsets.iter().map(|o| (*start as i64 - o).rem_euclid(week).unsigned_abs()));
    }
    cuts.sort_unstable();
    cuts.dedup();
    let rate = |at: u64, offset: i64| {
        let at = (at as i64 + offset).rem_euclid(week).unsigned_abs();
        let next = segments.partition_point(|(s, _)| *s <= at);
        next.checked_sub(1).and_then(|n| segments.get(n)).map_or(0, |s| s.1)
    };
    cuts.iter().map(|c| (*c, offsets.iter().map(|o| rate(*c, *o)).max().unwrap_or(0))).collect()
}
