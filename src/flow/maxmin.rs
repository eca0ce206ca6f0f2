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
            let asks: Vec<(usize, Option<u64>)> = members
                .iter()
                .filter_map(|n| {
                    let flow = self.flows.get(*n)?;
                    let finite = (!at(asking, *n)).then(|| wire(at(come, *n), flow.compress));
                    Some((*n, finite))
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
/// what is told: `None` is without limit.
fn shares(asks: &[(usize, Option<u64>)], capacity: u64) -> Vec<(usize, u64)> {
    let asked = Asked::new(asks.iter().filter_map(|a| a.1));
    let endless = asks.iter().filter(|a| a.1.is_none()).count() as u64;
    let level = asked.level(None, endless, capacity);
    let share = |(n, ask): &(usize, Option<u64>)| match ask {
        None => (*n, level),
        Some(own) => (*n, asked.level(Some(*own), endless + 1, capacity)),
    };
    asks.iter().map(share).collect()
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
mod tests;
