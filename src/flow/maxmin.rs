//! Fluid queues that share capacities max-min fairly, solved together from event to event.
//!
//! Each flow brings what its profile says, or what the flow before it in a chain has applied, and
//! crosses some capacities, each of which divides itself max-min among those who cross it. Between
//! two events (a profile's breakpoint, a queue that runs empty) all rates are constant.
//!
//! With one capacity this is the true allocation. With several it is a comparison system: flow `i`
//! is served at `min_l f_l(i)`, where `f_l(i)` is its max-min share of `l` alone when everyone else
//! of `l` that has a queue asks without limit and the others ask what arrives. In the true
//! allocation `r` every flow with a queue has a bottleneck `b` that is full and on which nobody has
//! more; so each other flow of `b` has at most the less of `r_i` and what it asks, and `i` has no
//! less than `f_b(i)`: `r_i >= min_l f_l(i)`. The right side falls as any other queue grows, so
//! true queues never exceed those of the system (comparison theorem of Kamke); fewer arrivals
//! anywhere only shrink them, for the same reason. A cap of a flow's own bounds its own service
//! alone: nobody else counts on it.
//!
//! Strict priority in bands is monotone in the same way, and the same holds: a band is left what
//! those before it ask.
//!
//! Times are nanoseconds and rates bytes (or bits) per second, all integers; service is rounded
//! down, the end of a queue and every wait up.

use crate::calendar::WEEK_SECONDS;
use crate::quantity::{Bytes, Duration, Rate, Ratio};

/// A second, in nanoseconds.
const SECOND: i128 = 1_000_000_000;
/// A week.
const WEEK: i128 = WEEK_SECONDS as i128 * SECOND;
/// Weeks after which the state must repeat.
const ROUNDS: usize = 12;
/// Weeks that a byte may wait before it counts as never sent.
const LONGEST: i128 = 8;

/// Where a flow's bytes come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Second of the week (the first is 0) and bytes per second from then on.
    Profile(Vec<(u64, u64)>),
    /// What the end of an earlier flow has applied, by its place in the list.
    Fed(usize),
}

/// One who sends.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Its bytes, before compression.
    pub source: Source,
    /// The most that it can use of its way: payload, on the wire.
    pub cap: Rate,
    /// Bytes before compression for each byte on the wire.
    pub compress: Ratio,
    /// Bytes per second that its end applies; what is applied feeds those after it in the chain.
    pub apply: u64,
    /// The capacities that it crosses, by their places.
    pub crosses: Vec<usize>,
    /// Whether others must count on it to ask without limit at any time, since it may bring bytes
    /// at moments that its source does not tell.
    pub greedy: bool,
    /// Bands before it are served first on every capacity; the first is 0.
    pub band: u8,
}

/// What a flow comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    /// The longest that a byte waits from when it is written (at the head of the chain) until it
    /// has been sent; `None` without a bound.
    pub wait: Option<Duration>,
    /// The most that waits on the whole chain.
    pub backlog: Bytes,
    /// Second of the week at which the byte that waits longest is written.
    pub at: u64,
    /// Second of the week at which the queue that it joins began.
    pub busy_from: u64,
    /// The least service that it has at any moment of the week, if it asks for it; before
    /// compression, in bytes per second.
    pub least: u64,
}

/// Solves all flows together.
///
/// A flow whose queue is larger at the end of every week than at its beginning has no bound; the
/// others then count on it to ask without limit.
pub fn solve(flows: &[Flow], capacities: &[Rate]) -> Vec<Found> {
    let mut system = System::new(flows, capacities);
    let mut endless = vec![false; flows.len()];
    // Each turn takes at least one flow out.
    for _ in 0..=flows.len() {
        match system.settle() {
            Ok(()) => break,
            Err(grow) => {
                for (n, flow) in grow.iter().enumerate() {
                    if *flow {
                        system.take_out(n, &mut endless);
                    }
                }
                if grow.iter().all(|g| !g) {
                    endless.fill(true);
                    break;
                }
            }
        }
    }
    (0..flows.len()).map(|n| system.found(n, endless.get(n).copied().unwrap_or(true))).collect()
}

/// Everything at one moment of the week, and for each flow what has come and what waits.
#[derive(Clone, Debug, Default)]
struct Moment {
    /// Nanosecond of the week.
    at: i128,
    /// What has come to the head of each flow's chain since the week began, in byte-nanoseconds
    /// a second: so many thousand-millionths of a byte.
    come: Vec<i128>,
    /// What waits on the chain of each flow, its own queue included.
    wait: Vec<i128>,
}

struct System<'a> {
    flows: &'a [Flow],
    capacities: &'a [Rate],
    /// Who crosses each capacity.
    members: Vec<Vec<usize>>,
    greedy: Vec<bool>,
    /// Bytes that wait to be sent.
    queue: Vec<i128>,
    /// Bytes that were sent and wait to be applied, where that feeds somebody.
    applying: Vec<i128>,
    feeds: Vec<bool>,
    /// The order in which each comes after what feeds it.
    order: Vec<usize>,
    /// The moments of the last week.
    week: Vec<Moment>,
    least: Vec<u64>,
    out: Vec<bool>,
}

fn at<T: Copy + Default>(list: &[T], n: usize) -> T {
    list.get(n).copied().unwrap_or_default()
}

fn put<T>(list: &mut [T], n: usize, value: T) {
    if let Some(slot) = list.get_mut(n) {
        *slot = value;
    }
}

/// All rates between two events.
#[derive(Default)]
struct Rates {
    come: Vec<u64>,
    enter: Vec<u64>,
    leave: Vec<u64>,
    applied: Vec<u64>,
}

impl<'a> System<'a> {
    fn new(flows: &'a [Flow], capacities: &'a [Rate]) -> Self {
        let mut members = vec![Vec::new(); capacities.len()];
        let mut feeds = vec![false; flows.len()];
        for (n, flow) in flows.iter().enumerate() {
            for c in &flow.crosses {
                if let Some(members) = members.get_mut(*c) {
                    members.push(n);
                }
            }
            if let Source::Fed(by) = flow.source {
                put(&mut feeds, by, true);
            }
        }
        let mut order: Vec<usize> = (0..flows.len()).collect();
        order.sort_by_key(|n| depth(flows, *n));
        Self {
            flows,
            capacities,
            members,
            // What comes from a chain may come sooner than is computed, and so faster at times.
            greedy: flows.iter().map(|f| f.greedy || matches!(f.source, Source::Fed(_))).collect(),
            queue: vec![0; flows.len()],
            applying: vec![0; flows.len()],
            feeds,
            order,
            week: Vec::new(),
            least: vec![0; flows.len()],
            out: vec![false; flows.len()],
        }
    }

    /// Leaves a flow without bound, and all that it feeds.
    fn take_out(&mut self, n: usize, endless: &mut [bool]) {
        put(endless, n, true);
        put(&mut self.out, n, true);
        put(&mut self.greedy, n, true);
        for m in 0..self.flows.len() {
            if self.flows.get(m).is_some_and(|f| matches!(f.source, Source::Fed(by) if by == n)) {
                self.take_out(m, endless);
            }
        }
    }

    /// Runs weeks until the state at their edge repeats; else says which queues have grown.
    fn settle(&mut self) -> Result<(), Vec<bool>> {
        self.queue.fill(0);
        self.applying.fill(0);
        let mut grown = Vec::new();
        for _ in 0..ROUNDS {
            let before = (self.queue.clone(), self.applying.clone());
            self.run_week();
            if before == (self.queue.clone(), self.applying.clone()) {
                return Ok(());
            }
            grown = (0..self.flows.len())
                .map(|n| at(&self.queue, n) > at(&before.0, n) || at(&self.applying, n) > at(&before.1, n))
                .collect();
        }
        Err(grown)
    }

    fn run_week(&mut self) {
        self.week.clear();
        self.least.fill(u64::MAX);
        let flows = self.flows;
        let mut cuts: Vec<i128> = vec![0, WEEK];
        for flow in flows {
            if let Source::Profile(segments) = &flow.source {
                cuts.extend(segments.iter().map(|(s, _)| i128::from(*s) * SECOND));
            }
        }
        cuts.sort_unstable();
        cuts.dedup();
        let mut come = vec![0_i128; flows.len()];
        let mut now = 0;
        for (from, to) in cuts.iter().zip(cuts.iter().skip(1)) {
            now = now.max(*from);
            while now < *to {
                let rates = self.rates(now);
                self.note(now, &come);
                let step = self.until_empty(&rates).min(*to - now).max(1);
                self.advance(&rates, step);
                for (sum, rate) in come.iter_mut().zip(&rates.come) {
                    *sum += i128::from(*rate) * step;
                }
                now += step;
            }
        }
        self.note(WEEK, &come);
    }

    fn note(&mut self, now: i128, come: &[i128]) {
        let waiting = (0..self.flows.len()).map(|n| self.chain_waits(n)).collect();
        self.week.push(Moment { at: now, come: come.to_vec(), wait: waiting });
    }

    /// All that waits from the head of a chain to where this flow ends.
    fn chain_waits(&self, n: usize) -> i128 {
        let own = at(&self.queue, n);
        match self.flows.get(n).map(|f| &f.source) {
            Some(Source::Fed(by)) => own + at(&self.applying, *by) + self.chain_waits(*by),
            _ => own,
        }
    }

    /// What comes of a profile at a moment.
    fn brought(&self, n: usize, now: i128) -> u64 {
        match self.flows.get(n).map(|f| &f.source) {
            Some(Source::Profile(segments)) => {
                let next = segments.partition_point(|(s, _)| i128::from(*s) * SECOND <= now);
                next.checked_sub(1).and_then(|k| segments.get(k)).map_or(0, |s| s.1)
            }
            Some(Source::Fed(by)) => self.brought(*by, now),
            None => 0,
        }
    }

    fn rates(&mut self, now: i128) -> Rates {
        let flows = self.flows;
        let mut rates = Rates {
            come: (0..flows.len()).map(|n| self.brought(n, now)).collect(),
            enter: vec![0; flows.len()],
            leave: vec![0; flows.len()],
            applied: vec![0; flows.len()],
        };
        // Who asks without limit: the least set in which whoever is not in it gets what it brings.
        let mut asking: Vec<bool> =
            (0..flows.len()).map(|n| at(&self.greedy, n) || at(&self.queue, n) > 0).collect();
        let service = loop {
            let service = self.service(&asking, &rates.come);
            let late: Vec<usize> = (0..flows.len())
                .filter(|n| !at(&asking, *n) && at(&rates.come, *n) > at(&service, *n))
                .collect();
            if late.is_empty() {
                break service;
            }
            for n in late {
                put(&mut asking, n, true);
            }
        };
        for (least, now) in self.least.iter_mut().zip(&service) {
            *least = (*least).min(*now);
        }
        for n in self.order.clone() {
            let enter = match flows.get(n).map(|f| &f.source) {
                Some(Source::Fed(by)) => at(&rates.applied, *by),
                _ => at(&rates.come, n),
            };
            let served = at(&service, n);
            let leave = if at(&self.queue, n) > 0 { served } else { served.min(enter) };
            let apply = flows.get(n).map_or(0, |f| f.apply);
            let applied = if at(&self.applying, n) > 0 { apply } else { apply.min(leave) };
            put(&mut rates.enter, n, enter);
            put(&mut rates.leave, n, leave);
            put(&mut rates.applied, n, applied);
        }
        rates
    }

    /// Bytes per second that each flow would be served if it asked without limit.
    fn service(&self, asking: &[bool], come: &[u64]) -> Vec<u64> {
        let mut payload: Vec<u64> = self.flows.iter().map(|f| f.cap.0).collect();
        for (members, capacity) in self.members.iter().zip(self.capacities) {
            let asks: Vec<(usize, u8, Option<u64>)> = members
                .iter()
                .filter_map(|n| {
                    let flow = self.flows.get(*n)?;
                    let finite = (!at(asking, *n)).then(|| wire(at(come, *n), flow.compress));
                    Some((*n, flow.band, finite))
                })
                .collect();
            for (n, share) in shares(&asks, capacity.0) {
                let least = at(&payload, n).min(share);
                put(&mut payload, n, least);
            }
        }
        let log = |(bits, flow): (u64, &Flow)| Rate(bits).part_down(flow.compress).in_bytes_down();
        payload.into_iter().zip(self.flows).map(log).collect()
    }

    /// Nanoseconds until the next queue runs empty, rounded up.
    fn until_empty(&self, rates: &Rates) -> i128 {
        let falls = |waits: i128, enter: u64, leave: u64| {
            let fall = i128::from(leave) - i128::from(enter);
            (waits > 0 && fall > 0).then(|| (waits + fall - 1) / fall)
        };
        let each = (0..self.flows.len()).flat_map(|n| {
            let sent = falls(at(&self.queue, n), at(&rates.enter, n), at(&rates.leave, n));
            let applied = falls(at(&self.applying, n), at(&rates.leave, n), at(&rates.applied, n));
            [sent, applied.filter(|_| at(&self.feeds, n))].into_iter().flatten()
        });
        each.min().unwrap_or(WEEK)
    }

    fn advance(&mut self, rates: &Rates, step: i128) {
        for n in self.order.clone() {
            if at(&self.out, n) {
                continue;
            }
            let moved =
                |enter: &[u64], leave: &[u64]| (i128::from(at(enter, n)) - i128::from(at(leave, n))) * step;
            // What would have left beyond what was there has not come to the next queue either.
            let queue = at(&self.queue, n) + moved(&rates.enter, &rates.leave);
            put(&mut self.queue, n, queue.max(0));
            if !at(&self.feeds, n) {
                continue;
            }
            let applying = at(&self.applying, n) + moved(&rates.leave, &rates.applied) + queue.min(0);
            put(&mut self.applying, n, applying.max(0));
            let over = applying.min(0);
            for m in 0..self.flows.len() {
                if self.flows.get(m).is_some_and(|f| matches!(f.source, Source::Fed(by) if by == n)) {
                    // Never below nothing: the rest stays against us.
                    let fed = at(&self.queue, m);
                    put(&mut self.queue, m, fed + over.max(-fed));
                }
            }
        }
    }

    /// What has come of a chain's head and what has left a flow at the `k`-th moment; moments go on
    /// before and after the week as the weeks repeat.
    fn curve(&self, n: usize, k: i128) -> (i128, i128, i128) {
        let steps = (self.week.len() as i128 - 1).max(1);
        let (weeks, k) = (k.div_euclid(steps), k.rem_euclid(steps));
        let whole = self.week.last().map_or(0, |m| at(&m.come, n));
        let Some(moment) = self.week.get(usize::try_from(k).unwrap_or(0)) else { return (0, 0, 0) };
        let come = at(&moment.come, n) + weeks * whole;
        (moment.at + weeks * WEEK, come, come - at(&moment.wait, n))
    }

    /// The horizontal distance of what has come and what has left, over the week that repeats.
    fn found(&self, n: usize, endless: bool) -> Found {
        let least = at(&self.least, n);
        let none = Found { wait: None, backlog: Bytes(u64::MAX), at: 0, busy_from: 0, least };
        if endless {
            return none;
        }
        let steps = (self.week.len() as i128 - 1).max(1);
        let most = self.week.iter().map(|m| at(&m.wait, n)).max().unwrap_or(0);
        let mut worst = (0_i128, 0_i128);
        let mut take = |wait: i128, written: i128| {
            if wait > worst.0 {
                worst = (wait, written);
            }
        };
        // The byte written at each moment: when it has left.
        let mut later = 0;
        for k in 1..=steps {
            let (written, come, left) = self.curve(n, k);
            if come == self.curve(n, k - 1).1 || left == come {
                continue;
            }
            later = later.max(k);
            while self.curve(n, later).2 < come {
                later += 1;
                if later > (LONGEST + 1) * steps {
                    return none;
                }
            }
            let (a, b) = (self.curve(n, later - 1), self.curve(n, later));
            take(a.0 + div_up((come - a.2) * (b.0 - a.0), b.2 - a.2) - written, written);
        }
        // The byte that leaves at each moment: when it was written.
        let mut earlier = 1 - LONGEST * steps;
        for k in 1..=steps {
            let (leaves, come, left) = self.curve(n, k);
            if left == self.curve(n, k - 1).2 || left == come {
                continue;
            }
            while self.curve(n, earlier).1 < left {
                earlier += 1;
            }
            let (a, b) = (self.curve(n, earlier - 1), self.curve(n, earlier));
            let written = a.0 + ((left - a.1) * (b.0 - a.0)).div_euclid((b.1 - a.1).max(1));
            take(leaves - written, written);
        }
        let (wait, written) = worst;
        if wait > LONGEST * WEEK {
            return none;
        }
        let mut began =
            (1..=steps).rev().find(|k| self.curve(n, *k).0 <= written.rem_euclid(WEEK)).unwrap_or(0);
        while began > -steps && self.curve(n, began).1 != self.curve(n, began).2 {
            began -= 1;
        }
        let second = |t: i128| u64::try_from(t.rem_euclid(WEEK) / SECOND).unwrap_or(0);
        Found {
            wait: Some(Duration(u64::try_from(wait).unwrap_or(u64::MAX))),
            backlog: Bytes(u64::try_from(div_up(most, SECOND)).unwrap_or(u64::MAX)),
            at: second(written),
            busy_from: second(self.curve(n, began).0),
            least,
        }
    }
}

fn div_up(a: i128, b: i128) -> i128 {
    let b = b.max(1);
    (a + b - 1).div_euclid(b)
}

/// How many flows feed one another before this one.
fn depth(flows: &[Flow], n: usize) -> usize {
    let mut depth = 0;
    let mut at = n;
    while let Some(Flow { source: Source::Fed(by), .. }) = flows.get(at) {
        (at, depth) = (*by, depth + 1);
        if depth > flows.len() {
            break;
        }
    }
    depth
}

/// Bits per second that bytes of a log take on the wire, rounded up.
fn wire(bytes: u64, compress: Ratio) -> u64 {
    let bits = u128::from(bytes) * 8 * u128::from(Ratio::WHOLE.0);
    u64::try_from(bits.div_ceil(u128::from(compress.0.max(1)))).unwrap_or(u64::MAX)
}

/// The share of one capacity that each would have if it asked without limit, the others asking
/// what is told: `None` is without limit. Bands before its own come first.
fn shares(asks: &[(usize, u8, Option<u64>)], capacity: u64) -> Vec<(usize, u64)> {
    let mut found = Vec::with_capacity(asks.len());
    let mut bands: Vec<u8> = asks.iter().map(|a| a.1).collect();
    bands.sort_unstable();
    bands.dedup();
    let mut left = capacity;
    for band in bands {
        let inside = || asks.iter().filter(move |a| a.1 == band);
        let asked = Asked::new(inside().filter_map(|a| a.2));
        let endless = inside().filter(|a| a.2.is_none()).count() as u64;
        let level = asked.level(None, endless, left);
        found.extend(inside().map(|(n, _, ask)| match ask {
            None => (*n, level),
            Some(own) => (*n, asked.level(Some(*own), endless + 1, left)),
        }));
        let taken = u64::try_from(asked.sum()).unwrap_or(u64::MAX);
        left = if endless > 0 { 0 } else { left.saturating_sub(taken) };
    }
    found
}

/// What those who do not ask without limit ask, in order, and the sums of what stands before.
struct Asked {
    each: Vec<(u64, u128)>,
}

impl Asked {
    fn new(asks: impl Iterator<Item = u64>) -> Self {
        let mut asks: Vec<u64> = asks.collect();
        asks.sort_unstable();
        let mut sum = 0;
        let each = asks.into_iter().map(|a| {
            let before = sum;
            sum += u128::from(a);
            (a, before)
        });
        Self { each: each.collect() }
    }

    fn sum(&self) -> u128 {
        self.each.last().map_or(0, |(a, before)| before + u128::from(*a))
    }

    /// The share of each of `endless` who ask without limit, one that asks `without` left out.
    ///
    /// Whoever asks no more than an equal part of what is left gets it; that holds for the first
    /// so many of them, since what is left over after equal parts only falls along the order.
    fn level(&self, without: Option<u64>, endless: u64, capacity: u64) -> u64 {
        let place = without.map(|own| self.each.partition_point(|(a, _)| *a < own));
        let of = |k: usize| match place {
            Some(p) if k >= p => {
                let own = without.map_or(0, u128::from);
                self.each.get(k + 1).map(|(a, before)| (*a, before - own))
            }
            _ => self.each.get(k).copied(),
        };
        let count = self.each.len() - usize::from(place.is_some());
        let all = count as u128 + u128::from(endless);
        let whole = u128::from(capacity);
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low.midpoint(high);
            let fits = of(middle)
                .is_some_and(|(a, before)| before + u128::from(a) * (all - middle as u128) <= whole);
            if fits { low = middle + 1 } else { high = middle }
        }
        let before = match low.checked_sub(1) {
            Some(last) => of(last).map_or(0, |(a, before)| before + u128::from(a)),
            None => 0,
        };
        let left = whole.saturating_sub(before) / (all - low as u128).max(1);
        u64::try_from(left).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{Line, WeekProfile};
    use crate::flow::fluid;
    use proptest::prelude::*;

    const MB: u64 = 1_000_000;
    const HOUR: u64 = 3600;

    fn mbps(n: u64) -> Rate {
        Rate::bytes_per_sec(n * MB)
    }

    /// Brings `base` MB/s, and `peak` MB/s on Mondays from one hour to another.
    fn flow(base: u64, peak: u64, from: u64, to: u64, crosses: &[usize]) -> Flow {
        Flow {
            source: Source::Profile(vec![(0, base * MB), (from * HOUR, peak * MB), (to * HOUR, base * MB)]),
            cap: Rate(u64::MAX),
            compress: Ratio::WHOLE,
            apply: u64::MAX,
            crosses: crosses.to_vec(),
            greedy: false,
            band: 0,
        }
    }

    fn waits(flows: &[Flow], capacities: &[Rate]) -> Vec<u64> {
        solve(flows, capacities).iter().map(|f| f.wait.unwrap().secs_up()).collect()
    }

    #[test]
    fn what_one_leaves_is_the_others() {
        // 10 MB/s for two. The first brings 9 MB/s from 10 to 11 and nothing else; the second 2.
        // Its static part is 5: 4 MB/s * 3600 s = 14.4 GB too many, 2880 s. But the second uses
        // 2 of its 5, so the first has 8: 1 MB/s * 3600 s = 3.6 GB, which 8 MB/s send in 450 s.
        let flows = [flow(0, 9, 10, 11, &[0]), flow(2, 2, 10, 11, &[0])];
        let found = solve(&flows, &[mbps(10)]);
        assert_eq!(found[0].wait, Some(Duration::from_secs(450)));
        assert_eq!(found[0].backlog, Bytes(3_600 * MB));
        assert_eq!((found[0].busy_from, found[0].at), (10 * HOUR, 11 * HOUR));
        assert_eq!(found[1].wait, Some(Duration::ZERO));
        // At any time it could ask for 8, and the second, while the first brings 9, for 5.
        assert_eq!((found[0].least, found[1].least), (8 * MB, 5 * MB));
    }

    #[test]
    fn a_peak_in_the_others_idle_hour_waits_less() {
        // Both bring 8 MB/s for an hour, else nothing, through 10 MB/s. In the same hour each has
        // 5: 3 MB/s * 3600 s = 10.8 GB, 2160 s at 5.
        let same = [flow(0, 8, 10, 11, &[0]), flow(0, 8, 10, 11, &[0])];
        assert_eq!(waits(&same, &[mbps(10)]), [2160, 2160]);
        // In hours of their own they have 10, and nothing waits.
        let apart = [flow(0, 8, 10, 11, &[0]), flow(0, 8, 11, 12, &[0])];
        assert_eq!(waits(&apart, &[mbps(10)]), [0, 0]);
        // With 12 MB/s each the first leaves 2 * 3600 = 7200 MB at 11. From then on each has 5:
        // the last byte of the first waits 1440 s; meanwhile the second is sent 5 of 12, then 10:
        // 7 * 1440 + 2 * 2160 = 14400 MB wait at 12, and are sent at 10 MB/s in 1440 s.
        let more = [flow(0, 12, 10, 11, &[0]), flow(0, 12, 11, 12, &[0])];
        let found = solve(&more, &[mbps(10)]);
        assert_eq!(found[0].wait, Some(Duration::from_secs(1440)));
        assert_eq!(found[1].backlog, Bytes(14_400 * MB));
        // The one that waits longest: written x s after 11, it is behind 12 x MB, of which 7200 go
        // at 5 and the rest at 10. At x = 600 all 7200 MB have come, and the last of them leaves
        // at 1440: 840 s. Later ones wait 1440 + (12 x - 7200) / 10 - x, at x = 3600 1440 s.
        assert_eq!(found[1].wait, Some(Duration::from_secs(1440)));
    }

    #[test]
    fn three_over_two_links() {
        // A and B share a link of 10, B and C one of 6 MB/s. In the same hour A brings 9, B 4,
        // C 5. On the first link A would have 10 - 4 = 6, or 5 once B has a queue; on the second B
        // has 3 beside C, and C 3. So B, served at min(5, 3) = 3, has a queue, and A counts on 5.
        // B: 1 * 3600 MB too many, sent at 3 in 1200 s, until 11:20. A has 5 until then, and 10
        // after it: 5 * 4800 s = 24 GB are sent by 11:20, up to what was written 24000 / 9 =
        // 2666.7 s after 10:00: that byte waits 2133.3 s, and later ones less. C has 3 until then,
        // 14.4 GB, up to what was written 14400 / 5 = 2880 s after 10:00: 1920 s.
        let flows = [flow(0, 9, 10, 11, &[0]), flow(0, 4, 10, 11, &[0, 1]), flow(0, 5, 10, 11, &[1])];
        let found = waits(&flows, &[mbps(10), mbps(6)]);
        assert_eq!(found, [2134, 1200, 1920]);
    }

    #[test]
    fn a_chain_waits_for_its_slowest() {
        // 8 MB/s for an hour through 4, applied at 5, then sent on through 2 MB/s: what leaves the
        // first at 4 for two hours waits at the last, which is done after 28800 MB / 2 = 4 h: the
        // byte of 11:00 leaves at 14:00, three hours late, as through 2 MB/s alone.
        let mut first = flow(0, 8, 10, 11, &[0]);
        first.apply = 5 * MB;
        let mut second = first.clone();
        (second.source, second.crosses) = (Source::Fed(0), vec![1]);
        let flows = [first, second];
        assert_eq!(waits(&flows, &[mbps(4), mbps(2)]), [HOUR, 3 * HOUR]);
        // A last link of 6 MB/s adds nothing.
        assert_eq!(waits(&flows, &[mbps(4), mbps(6)]), [HOUR, HOUR]);
        // Applying at 3 MB/s does: 28800 / 3 = 9600 s after 10:00, 6000 s after 11:00.
        let mut slow = flows.clone();
        slow[0].apply = 3 * MB;
        assert_eq!(waits(&slow, &[mbps(4), mbps(6)]), [HOUR, 6000]);
    }

    #[test]
    fn bands_come_one_after_the_other() {
        // 10 MB/s; the first band brings 8 for an hour, the second 4: it has 2 meanwhile, so at the
        // end half of what it brought is sent, up to what was written 1800 s before. From then on
        // it has 10. The first never waits.
        let mut flows = [flow(0, 8, 10, 11, &[0]), flow(0, 4, 10, 11, &[0])];
        flows[1].band = 1;
        assert_eq!(waits(&flows, &[mbps(10)]), [0, 1800]);
        // The other way round nothing of the 4 waits, and 6 of the 8 are sent: 3600 * 6 / 8 = 2700.
        (flows[0].band, flows[1].band) = (1, 0);
        assert_eq!(waits(&flows, &[mbps(10)]), [900, 0]);
    }

    #[test]
    fn who_may_ask_at_any_time_is_counted_on_always() {
        // As in the first test, but the second may bring bursts: the first has 5. A third, that
        // brings more than its part for ever, has no bound and leaves the others theirs.
        let mut flows = vec![flow(0, 9, 10, 11, &[0]), flow(2, 2, 10, 11, &[0])];
        flows[1].greedy = true;
        assert_eq!(waits(&flows, &[mbps(10)]), [2880, 0]);
        flows.push(flow(20, 20, 10, 11, &[0]));
        let found = solve(&flows, &[mbps(15)]);
        assert_eq!(found[0].wait, Some(Duration::from_secs(2880)));
        assert_eq!((found[1].wait, found[2].wait), (Some(Duration::ZERO), None));
    }

    /// What one capacity gives to those who ask so much in a second: all it has, in equal parts,
    /// what one does not need to the others.
    fn dealt(asks: &[f64], capacity: f64) -> Vec<f64> {
        let mut got = vec![0.0; asks.len()];
        let mut left = capacity;
        loop {
            let open: Vec<usize> = (0..asks.len()).filter(|n| asks[*n] - got[*n] > 1e-9).collect();
            if open.is_empty() || left < 1e-9 {
                return got;
            }
            let part = left / open.len() as f64;
            for n in open {
                let more = part.min(asks[n] - got[n]);
                got[n] += more;
                left -= more;
            }
        }
    }

    /// The longest wait of each, second by second through two weeks of minutes as seconds.
    fn simulated(profiles: &[WeekProfile], capacity: u64) -> Vec<f64> {
        let step = 60.0;
        let minutes = (WEEK_SECONDS / 60) as usize;
        let n = profiles.len();
        let mut queue = vec![0.0; n];
        let mut come: Vec<Vec<f64>> = vec![vec![0.0]; n];
        let mut left = vec![0.0; n];
        let mut oldest = vec![0_usize; n];
        let mut worst = vec![0.0_f64; n];
        for minute in 0..3 * minutes {
            let second = (minute % minutes) as u64 * 60;
            let asks: Vec<f64> = (0..n).map(|k| queue[k] + profiles[k].written(second, 60) as f64).collect();
            let got = dealt(&asks, capacity as f64 * step);
            for k in 0..n {
                let sum = come[k].last().unwrap() + asks[k] - queue[k];
                come[k].push(sum);
                queue[k] = asks[k] - got[k];
                left[k] += got[k];
                // The first moment at which more had come than has left by now.
                while oldest[k] + 1 < come[k].len() && come[k][oldest[k] + 1] <= left[k] + 1e-6 {
                    oldest[k] += 1;
                }
                if queue[k] > 1e-6 {
                    worst[k] = worst[k].max((minute + 1 - oldest[k]) as f64 * step);
                }
            }
        }
        worst
    }

    fn lines() -> impl Strategy<Value = Vec<(u8, u16, u16, u64)>> {
        proptest::collection::vec((1u8..128, 0u16..24, 1u16..5, 1u64..40), 1..3)
    }

    fn profile(lines: &[(u8, u16, u16, u64)], unit: u64) -> WeekProfile {
        let line = |l: &(u8, u16, u16, u64)| Line {
            weekdays: l.0,
            from: l.1 * 60,
            to: (l.1 + l.2) % 24 * 60,
            rate: l.3 * unit,
            adds: false,
        };
        WeekProfile::new(unit, &lines.iter().map(line).collect::<Vec<_>>(), Bytes::ZERO)
    }

    fn of(profile: &WeekProfile, crosses: &[usize]) -> Flow {
        let segments = profile.segments().map(|(s, _, rate)| (s, rate)).collect();
        Flow { source: Source::Profile(segments), ..flow(0, 0, 1, 2, crosses) }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_naive_simulation_is_never_worse_and_hardly_better(
            all in proptest::collection::vec(lines(), 2..5),
            capacity in 20u64..80,
        ) {
            let profiles: Vec<WeekProfile> = all.iter().map(|l| profile(l, 1_000)).collect();
            let flows: Vec<Flow> = profiles.iter().map(|p| of(p, &[0])).collect();
            let found = solve(&flows, &[Rate::bytes_per_sec(capacity * 1_000)]);
            let seen = simulated(&profiles, capacity * 1_000);
            for (found, seen) in found.iter().zip(seen) {
                let Some(wait) = found.wait else { continue };
                let wait = wait.as_secs_f64();
                // Minutes: the simulation sees a wait up to one longer, or two shorter.
                prop_assert!(seen <= wait + 60.0, "{seen} {wait}");
                prop_assert!(wait <= seen * 1.01 + 120.0, "{seen} {wait}");
            }
        }

        #[test]
        fn never_worse_than_equal_parts_and_alone_as_the_closed_form(
            all in proptest::collection::vec(lines(), 1..5),
            capacity in 20u64..120,
        ) {
            let profiles: Vec<WeekProfile> = all.iter().map(|l| profile(l, 1_000)).collect();
            let flows: Vec<Flow> = profiles.iter().map(|p| of(p, &[0])).collect();
            let part = capacity * 1_000;
            let found = solve(&flows, &[Rate::bytes_per_sec(part * flows.len() as u64)]);
            for (found, profile) in found.iter().zip(&profiles) {
                prop_assert!(found.least >= part);
                if let Ok(own) = fluid::lag(profile, part) {
                    // A queue's end is rounded up to the next nanosecond, for each that it meets.
                    prop_assert!(found.wait.unwrap() <= own.worst.plus(Duration(1_000)));
                    if flows.len() == 1 {
                        prop_assert!(found.wait.unwrap().plus(Duration(2)) >= own.worst);
                        prop_assert_eq!(found.backlog, own.backlog);
                    }
                } else if flows.len() == 1 {
                    prop_assert_eq!(found.wait, None);
                }
            }
        }

        #[test]
        fn over_two_links_a_true_allocation_is_never_worse(
            all in proptest::collection::vec((lines(), 0usize..3), 2..5),
            capacities in (20u64..80, 20u64..80),
        ) {
            // Each crosses the first, the second, or both. The true allocation, minute by minute:
            // all rise alike until a link is full, whose members then stand still.
            let profiles: Vec<WeekProfile> = all.iter().map(|l| profile(&l.0, 1_000)).collect();
            let crosses: Vec<&[usize]> = all.iter().map(|l| [&[0][..], &[1], &[0, 1]][l.1]).collect();
            let flows: Vec<Flow> = profiles.iter().zip(&crosses).map(|(p, c)| of(p, c)).collect();
            let sizes = [capacities.0 * 1_000, capacities.1 * 1_000];
            let found = solve(&flows, &sizes.map(Rate::bytes_per_sec));
            let n = flows.len();
            let mut queue = vec![0.0_f64; n];
            let mut most = vec![0.0_f64; n];
            for minute in 0..2 * (WEEK_SECONDS / 60) {
                let second = minute * 60 % WEEK_SECONDS;
                let asks: Vec<f64> = (0..n).map(|k| queue[k] + profiles[k].written(second, 60) as f64).collect();
                let mut got = vec![0.0; n];
                let mut still: Vec<bool> = asks.iter().map(|a| *a == 0.0).collect();
                while still.iter().any(|s| !s) {
                    let used = |l: usize| (0..n).filter(|k| crosses[*k].contains(&l)).map(|k| got[k]).sum::<f64>();
                    let open = |l: usize| (0..n).filter(|k| !still[*k] && crosses[*k].contains(&l)).count();
                    let room = (0..2).filter(|l| open(*l) > 0).map(|l| (sizes[l] as f64 * 60.0 - used(l)) / open(l) as f64);
                    let need = (0..n).filter(|k| !still[*k]).map(|k| asks[k] - got[k]);
                    let rise = room.chain(need).fold(f64::MAX, f64::min).max(0.0);
                    (0..n).filter(|k| !still[*k]).for_each(|k| got[k] += rise);
                    let full: Vec<bool> = (0..2).map(|l| {
                        let used: f64 = (0..n).filter(|k| crosses[*k].contains(&l)).map(|k| got[k]).sum();
                        used >= sizes[l] as f64 * 60.0 - 1e-6
                    }).collect();
                    for k in 0..n {
                        still[k] |= asks[k] - got[k] <= 1e-6 || crosses[k].iter().any(|l| full[*l]);
                    }
                }
                for k in 0..n {
                    queue[k] = asks[k] - got[k];
                    most[k] = most[k].max(queue[k]);
                }
            }
            for (found, most) in found.iter().zip(most) {
                if found.wait.is_some() {
                    prop_assert!(most <= found.backlog.0 as f64 * (1.0 + 1e-9) + 1.0, "{most} {:?}", found);
                }
            }
        }
    }
}
