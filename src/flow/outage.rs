//! What streams do while links or replicas between are lost, and how long they take to catch up.
//!
//! A stream takes the next of its ways that is left whole. It is a member on the links of all of
//! them (`ops/shaping.rs`), so it has its part there. Everyone else may have a queue by then, so
//! nothing counts on what others leave: shares give the static part, links that nothing divides
//! what is left of all that anyone may send there over any of its ways.
//!
//! With a service `c` that is interrupted for a time `o` at any moment, the longest wait grows by
//! just `o`: a byte written at `t` in a busy period that began at `s` leaves at `s + A(s,t)/c`, or
//! `o` later if the interruption falls into that period, which it may begin too; and the longest
//! wait without it is already that of the worst `s` and `t` (calculus, 3.2). So an rpo tolerates an
//! outage of itself less what the stream is behind anyway.
//!
//! The backlog of an outage has gone when what the stream would have sent since the outage began
//! fits through `c` in the time since it ended: the first `L` with `D(s, s + L) <= c * (L - o)`,
//! where `D` is what is sent without an outage. Both sides are exact, and the worst `s` stands
//! where an end of the interval meets a breakpoint of `D`. For constant writes `a` this is
//! `a * o / (c - a)` after the end.

use super::fluid;
use super::stream;
use super::{Facts, Spare, rate};
use crate::calendar::{WEEK_SECONDS, WeekProfile};
use crate::model::{Host, Link, Model};
use crate::ops::{Ops, Stream};
use crate::quantity::{Duration, Rate, time_to_move};
use la_arena::Idx;

/// How long it takes until packets take another way and a replica has connected again: routers
/// notice a dead neighbour within the 180 s that BGP holds it by default, and a replica tries again
/// every 60 s.
pub const REROUTE: Duration = Duration::from_mins(5);

/// What is lost besides the data that one asks about.
#[derive(Clone, Copy, Debug)]
pub struct Gone<'a> {
    /// Links, by whatever took them.
    pub links: &'a [Idx<Link>],
    /// Hosts: of interest are replicas that others read.
    pub hosts: &'a [Idx<Host>],
}

/// Everyone at their most: all may have a queue, and be on any of their ways.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    pub peaks: rate::Peaks,
    pub spare: Spare,
}

/// What a stream does while something is lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Detour {
    /// Its own way, by its place among the stream's paths; `None` when none is left whole or what
    /// it reads is gone.
    pub way: Option<usize>,
    /// Whether it receives nothing: it has no way, or one before it in the chain has none.
    pub cut: bool,
    /// Whether it, or one before it in the chain, takes another way than usual.
    pub moved: bool,
    /// How far what it has received is behind at most, from the primary's write on, for as long as
    /// it goes on; before the loss where it is cut. `None` without a bound.
    pub behind: Option<Duration>,
}

/// One way and what stands before it.
struct Chain {
    way: Option<usize>,
    cut: bool,
    moved: bool,
    service: u64,
    /// The rate at which its replica applies.
    apply: Rate,
    latency: Duration,
    unit: Duration,
}

impl Facts {
    /// What a stream does while something is lost.
    pub fn detour(&self, model: &Model, ops: &Ops, stream: Idx<Stream>, gone: Gone<'_>) -> Detour {
        let chain = self.chain(model, ops, stream, gone);
        let usual = self.streams.get(stream);
        let behind = if gone.links.is_empty() && gone.hosts.is_empty() {
            usual.and_then(|f| f.received())
        } else {
            // At any time it had the least of what it has before and after; others may have come
            // onto its links.
            let service = chain.service.min(usual.map_or(0, |f| f.chain));
            let cluster = ops.streams[stream].cluster;
            let profile = self.logs.profile(cluster);
            let lag = profile.and_then(|p| fluid::lag_over(p, service, self.logs.turns(cluster)).ok());
            let reroute = if chain.moved { REROUTE } else { Duration::ZERO };
            lag.map(|l| l.worst.plus(reroute).plus(chain.latency).plus(chain.unit))
        };
        Detour { way: chain.way, cut: chain.cut, moved: chain.moved, behind }
    }

    /// The most recent work that a replica may lack when the primary is lost `outage` after these
    /// links and hosts were, which are still lost then. `None` without a bound.
    pub fn stream_after_outage(
        &self,
        model: &Model,
        ops: &Ops,
        stream: Idx<Stream>,
        gone: Gone<'_>,
        outage: Duration,
    ) -> Option<Duration> {
        let detour = self.detour(model, ops, stream, gone);
        let waited = if detour.cut { outage } else { Duration::ZERO };
        Some(detour.behind?.plus(waited))
    }

    /// How long an outage may last until a stream that is cut may lack more than `rpo`, down to what
    /// is shown of a time that long; `None` when it may even without one.
    pub fn tolerated(
        &self,
        model: &Model,
        ops: &Ops,
        stream: Idx<Stream>,
        gone: Gone<'_>,
        rpo: Duration,
    ) -> Option<Duration> {
        let behind = self.detour(model, ops, stream, gone).behind?;
        (behind <= rpo).then(|| down(rpo.minus(behind)))
    }

    /// How long after an outage of that length, at the worst moment of the week, a stream on its
    /// usual way may still send what waited because of it. `None` without a bound.
    pub fn drain(&self, model: &Model, ops: &Ops, stream: Idx<Stream>, outage: Duration) -> Option<Duration> {
        let nothing = Gone { links: &[], hosts: &[] };
        let service = self.chain(model, ops, stream, nothing).service;
        let profile = self.logs.profile(ops.streams[stream].cluster)?;
        let burst = fluid::time_at(profile.burst, service)?;
        drain(profile, service, outage).map(|d| d.plus(burst))
    }

    fn chain(&self, model: &Model, ops: &Ops, id: Idx<Stream>, gone: Gone<'_>) -> Chain {
        let stream = &ops.streams[id];
        let whole = |p: &crate::ops::Path| p.hops.iter().all(|h| !gone.links.contains(&h.link));
        let ends = !gone.hosts.contains(&stream.from) && !gone.hosts.contains(&stream.to);
        let way = stream.paths.iter().position(whole).filter(|_| ends);
        let hops = stream.paths.get(way.unwrap_or(0)).map_or(&[][..], |p| &p.hops);
        let own = stream::way_on(model, ops, &self.parts, &self.crowd.peaks, &self.crowd.spare, id, hops);
        let engine = &model.engines[model.clusters[stream.cluster].engine];
        let largest = engine.largest_transaction.value.part_up(engine.amplification.value);
        let mut chain = Chain {
            way,
            cut: way.is_none(),
            moved: way.is_some_and(|w| w > 0),
            service: own.service,
            apply: own.apply,
            latency: own.latency(),
            unit: fluid::time_at(largest, own.service).unwrap_or(Duration::MAX),
        };
        if let Some(source) = own.source {
            let before = self.chain(model, ops, source, gone);
            chain.cut |= before.cut;
            chain.moved |= before.moved;
            chain.service = chain.service.min(before.service).min(before.apply.in_bytes_down());
            chain.latency = chain.latency.plus(before.latency);
            let applied = time_to_move(largest, before.apply).unwrap_or(Duration::MAX);
            chain.unit = chain.unit.plus(before.unit).plus(applied);
        }
        chain
    }
}

/// A time rounded down to what is shown of one that long, which would be rounded up.
fn down(time: Duration) -> Duration {
    let step = match time.0 / 1_000_000_000 {
        0..60 => Duration::from_millis(100),
        60..3_600 => Duration::from_secs(1),
        3_600..172_800 => Duration::from_mins(1),
        _ => Duration::from_hours(1),
    };
    Duration(time.0 / step.0 * step.0)
}

const SECOND: i128 = 1_000_000_000;
const WEEK: i128 = WEEK_SECONDS as i128 * SECOND;
/// Weeks after which a backlog counts as never drained.
const LONGEST: i128 = 52;

/// What a queue sends over a week that repeats: from which nanosecond on how many bytes a second,
/// with what it had sent by then.
struct Sent {
    steps: Vec<(i128, i128, i128)>,
    week: i128,
}

impl Sent {
    fn new(profile: &WeekProfile, service: u64) -> Self {
        let service = i128::from(service);
        let mut queue = 0_i128;
        let mut steps = Vec::new();
        let mut sum = 0;
        // The second week begins with what the first has left.
        for round in 0..2 {
            steps.clear();
            sum = 0;
            for (start, length, rate) in profile.segments() {
                let (mut at, end) = (i128::from(start) * SECOND, i128::from(start + length) * SECOND);
                let rate = i128::from(rate);
                if queue > 0 && rate < service {
                    let empties = (queue + service - rate - 1) / (service - rate);
                    let until = end.min(at + empties);
                    steps.push((at, service, sum));
                    // What the last of it does not fill is not sent.
                    let sent = (service * (until - at)).min(queue + rate * (until - at));
                    sum += sent;
                    queue = (queue + rate * (until - at) - sent).max(0);
                    at = until;
                }
                if at < end {
                    let goes = if queue > 0 { service } else { rate.min(service) };
                    steps.push((at, goes, sum));
                    sum += goes * (end - at);
                    queue += (rate - goes) * (end - at);
                }
            }
            if round == 0 && queue == 0 {
                break;
            }
        }
        Self { steps, week: sum }
    }

    fn by(&self, at: i128) -> i128 {
        let (weeks, rest) = (at.div_euclid(WEEK), at.rem_euclid(WEEK));
        let next = self.steps.partition_point(|(from, ..)| *from <= rest);
        let now = next.checked_sub(1).and_then(|n| self.steps.get(n));
        weeks * self.week + now.map_or(0, |(from, rate, sum)| sum + rate * (rest - from))
    }

    /// The most in any time of that length.
    fn most_in(&self, length: i128) -> i128 {
        let cuts = self.steps.iter().map(|s| s.0);
        cuts.flat_map(|c| [self.by(c + length) - self.by(c), self.by(c) - self.by(c - length)])
            .max()
            .unwrap_or(0)
    }
}

/// How long after an outage the backlog of it is gone, the outage coming at the worst moment.
fn drain(profile: &WeekProfile, service: u64, outage: Duration) -> Option<Duration> {
    if profile.per_week() >= u128::from(service) * u128::from(WEEK_SECONDS) {
        return None;
    }
    let sent = Sent::new(profile, service);
    let outage = i128::from(outage.0);
    let gone = |length: i128| sent.most_in(length) <= i128::from(service) * (length - outage);
    let (mut low, mut high) = (outage, outage + LONGEST * WEEK);
    if !gone(high) {
        return None;
    }
    while low < high {
        let middle = low.midpoint(high);
        if gone(middle) { high = middle } else { low = middle + 1 }
    }
    Some(Duration(u64::try_from(high - outage).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Line;
    use crate::quantity::Bytes;

    const MB: u64 = 1_000_000;

    #[test]
    fn the_backlog_of_an_outage_by_hand() {
        // 2 MB/s through 10, an hour's outage: 7200 MB wait, and 8 MB/s are left for them: 900 s
        // (a * o / (c - a) = 2 * 3600 / 8).
        let constant = WeekProfile::constant(2 * MB);
        assert_eq!(drain(&constant, 10 * MB, Duration::from_hours(1)), Some(Duration::from_secs(900)));
        // 8 MB/s for an hour on Mondays, else 2. An outage of just that hour leaves 28.8 GB, of which
        // 8 MB/s go: 3600 s. One of the hour before leaves 7.2 GB, of which 2 MB/s go in the hour:
        // 3600 s too. One between ends x before the hour does: (3600 - x) * 8 + x * 2 MB wait, x * 2
        // go until its end, and the rest, 28800 - 8 x, at 8 MB/s: x + 3600 - x. All the same.
        let line = Line { weekdays: 1, from: 600, to: 660, rate: 8 * MB, adds: false };
        let peak = WeekProfile::new(2 * MB, &[line], Bytes::ZERO);
        let found = drain(&peak, 10 * MB, Duration::from_hours(1)).unwrap();
        // Second by second, for outages that begin at each minute of that day.
        let worst = (0..1440).map(|minute| simulated(&peak, 10 * MB, minute * 60, 3600)).max().unwrap();
        assert!(found.secs_up().abs_diff(worst) <= 1, "{found:?} {worst}");
        assert_eq!(found, Duration::from_secs(3600));
        // What never goes.
        assert_eq!(drain(&constant, 2 * MB, Duration::from_hours(1)), None);
    }

    /// Seconds after an outage until as much waits as without one.
    fn simulated(profile: &WeekProfile, service: u64, from: u64, length: u64) -> u64 {
        let (mut with, mut without) = (0_u64, 0_u64);
        for second in 0..10 * WEEK_SECONDS {
            let come = profile.written(second % WEEK_SECONDS, 1) as u64;
            without = (without + come).saturating_sub(service);
            let goes = if (from..from + length).contains(&second) { 0 } else { service };
            with = (with + come).saturating_sub(goes);
            if second >= from + length && with == without {
                return second + 1 - from - length;
            }
        }
        u64::MAX
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(8))]
        #[test]
        fn a_simulation_finds_no_outage_that_takes_longer(
            lines in proptest::collection::vec((1u8..128, 0u16..24, 1u16..5, 1u64..40), 1..3),
            service in 10u64..60,
            from in 0u64..WEEK_SECONDS,
            length in 60u64..20_000,
        ) {
            let line = |l: &(u8, u16, u16, u64)| Line {
                weekdays: l.0, from: l.1 * 60, to: (l.1 + l.2) % 24 * 60, rate: l.3, adds: false,
            };
            let profile = WeekProfile::new(1, &lines.iter().map(line).collect::<Vec<_>>(), Bytes::ZERO);
            if let Some(found) = drain(&profile, service, Duration::from_secs(length)) {
                // The queue without an outage repeats from the second week on.
                let seen = simulated(&profile, service, WEEK_SECONDS + from, length);
                proptest::prop_assert!(seen <= found.secs_up() + 1, "{} {:?}", seen, found);
            }
        }
    }
}
