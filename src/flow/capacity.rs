//! How full stores become: the volumes of every pool, run by run over the calendar, with sizes that
//! grow.
//!
//! A volume keeps its size until it is recycled, so what a pool takes is the sum of the runs that
//! its volumes still hold ([`super::volumes`]), the one that is written included. Pools are added
//! up day by day, each with its most of that day: never less than what there is at any moment.

mod pools;

use super::disks::{self, DiskFact};
use super::level::LevelFact;
use super::{Facts, Horizon};
use crate::base::threads::dealt;
use crate::model::{Host, Model, Store};
use crate::ops::{Job, JobKind, Ops, Pool};
use crate::quantity::{Bytes, Duration, Ratio};
use la_arena::{ArenaMap, Idx};
use pools::{Pools, Series};

pub(super) const DAY: i64 = 86_400;

/// How full stores and disks become.
#[derive(Debug, Default)]
pub struct Capacity {
    /// By store, for those that jobs write to.
    pub stores: ArenaMap<Idx<Store>, StoreFact>,
    /// By host, for those whose disk states a capacity.
    pub disks: ArenaMap<Idx<Host>, DiskFact>,
    /// By job, for those that write volumes.
    pub held: ArenaMap<Idx<Job>, Held>,
}

/// What a store holds over the horizon.
#[derive(Debug)]
pub struct StoreFact {
    /// The most on each day of the horizon.
    pub daily: Vec<u64>,
    /// The most on any day.
    pub peak: Bytes,
    /// The start of that day, in Unix seconds.
    pub peak_on: i64,
    /// What it may hold, where its capacity is stated.
    pub mark: Option<Bytes>,
    /// The start of the first day on which it may hold more than that.
    pub passes: Option<i64>,
    /// When it would, beyond the horizon, if it went on as within; `None` when it does not grow or
    /// that is more than a hundred years away.
    pub projected: Option<i64>,
    /// What each pool takes on the day of the most, the largest first.
    pub pools: Vec<Share>,
    /// Whether nobody states how much one of its jobs brings, so that there is more than this.
    pub unknown: bool,
}

/// What a pool takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// Whose pool.
    pub job: Idx<Job>,
    /// Its place among the job's pools.
    pub pool: usize,
    /// How much.
    pub bytes: Bytes,
    /// How many volumes it has at the end of the horizon.
    pub volumes: u64,
}

/// What becomes of a job's volumes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Held {
    /// Where a run finds no volume and waits for an operator.
    pub stops: Option<Stop>,
    /// The most that they hold at once; `None` when nobody states how much a run brings.
    pub most: Option<Bytes>,
}

/// A run that finds every volume of its pool in use and kept, and may not make one more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stop {
    /// When, in Unix seconds; the as-of date when it was before that.
    pub at: i64,
    /// The pool's place among those of its job.
    pub pool: usize,
}

impl Facts {
    /// The longest time from a run that comes into a pool to the next, where there is a bound; what a copy
    /// brings comes at once.
    pub fn asked_every(&self, ops: &Ops, job: Idx<Job>, pool: &Pool) -> Option<Duration> {
        // What only takes runs of one level waits for the next of that level.
        let fact = self.after_misses(ops.original(job))?;
        let made = match pool.level {
            Some(level) => fact.level(level).map_or(Some(Duration::ZERO), LevelFact::apart),
            None => fact.longest_between(),
        }?;
        match &ops.jobs[job].kind {
            JobKind::Copy { .. } => Some(self.after_misses(job)?.longest_between()?.max(made)),
            _ => Some(made),
        }
    }
}

/// Works all stores and disks out.
pub(super) fn of(model: &Model, ops: &Ops, facts: &Facts) -> Capacity {
    let mut copies: ArenaMap<Idx<Job>, Vec<Idx<Job>>> = ArenaMap::default();
    let mut originals = Vec::new();
    for (id, job) in ops.jobs.iter().filter(|(_, j)| !j.pools.is_empty()) {
        match &job.kind {
            JobKind::Copy { of, .. } => copies.entry(*of).or_default().push(id),
            _ => originals.push(id),
        }
    }
    let made = dealt(&originals, |mine| {
        let mut pools = Pools::new(model, ops, facts);
        for id in mine {
            pools.family(*id, copies.get(*id).map_or(&[], Vec::as_slice));
        }
        pools.made
    });
    let mut series: Vec<Series> = made.into_iter().flatten().collect();
    series.sort_by_key(|s| (s.job, s.pool));
    let mut capacity = Capacity { disks: disks::of(model, ops, facts), ..Capacity::default() };
    add_up(model, ops, facts.horizon, &series, &mut capacity);
    capacity
}

fn add_up(model: &Model, ops: &Ops, horizon: Horizon, series: &[Series], capacity: &mut Capacity) {
    let days = horizon.days as usize;
    let mut by_store: ArenaMap<Idx<Store>, Vec<&Series>> = ArenaMap::default();
    let mut by_job: ArenaMap<Idx<Job>, Vec<&Series>> = ArenaMap::default();
    for s in series {
        by_job.entry(s.job).or_default().push(s);
        if let Some(store) = ops.jobs[s.job].kind.writes_to() {
            by_store.entry(store).or_default().push(s);
        }
    }
    for (job, pools) in by_job.iter() {
        let stops =
            pools.iter().filter_map(|s| s.stuck.map(|at| Stop { at: at.max(horizon.as_of), pool: s.pool }));
        let most = pools.iter().all(|s| s.known).then(|| Bytes(highest(&sum(pools, days)).1));
        let held = Held { stops: stops.min_by_key(|s| (s.at, s.pool)), most };
        capacity.held.insert(job, held);
    }
    for (store, pools) in by_store.iter() {
        let daily = sum(pools, days);
        let (day, peak) = highest(&daily);
        let s = &model.stores[store];
        let mark = s.capacity.map(|c| part_down(c.value, s.mark.value));
        let date = |day: usize| horizon.as_of + i64::try_from(day).unwrap_or(0) * DAY;
        let passes = mark.and_then(|m| daily.iter().position(|b| *b > m.0)).map(date);
        let projected = mark.filter(|_| passes.is_none()).and_then(|m| projected(&daily, m.0)).map(date);
        let mut shares: Vec<Share> = pools
            .iter()
            .map(|s| Share {
                job: s.job,
                pool: s.pool,
                bytes: Bytes(s.daily.get(day).copied().unwrap_or(0)),
                volumes: s.volumes,
            })
            .collect();
        shares.sort_by_key(|s| (std::cmp::Reverse(s.bytes), s.job, s.pool));
        let fact = StoreFact {
            peak: Bytes(peak),
            peak_on: date(day),
            mark,
            passes,
            projected,
            pools: shares,
            unknown: pools.iter().any(|s| !s.known),
            daily,
        };
        capacity.stores.insert(store, fact);
    }
}

fn sum(pools: &[&Series], days: usize) -> Vec<u64> {
    let mut total = vec![0_u64; days];
    for series in pools {
        for (sum, bytes) in total.iter_mut().zip(&series.daily) {
            *sum = sum.saturating_add(*bytes);
        }
    }
    total
}

/// The first day with the most, and how much that is.
fn highest(daily: &[u64]) -> (usize, u64) {
    let first = daily.iter().enumerate().max_by_key(|(day, bytes)| (**bytes, std::cmp::Reverse(*day)));
    first.map_or((0, 0), |(day, bytes)| (day, *bytes))
}

/// The part of a size, rounded down.
pub(super) fn part_down(size: Bytes, part: Ratio) -> Bytes {
    let bytes = u128::from(size.0) * u128::from(part.0) / u128::from(Ratio::WHOLE.0);
    Bytes(u64::try_from(bytes).unwrap_or(u64::MAX))
}

/// The day on which a series that goes on growing as it did passes a mark: from the most of its
/// first quarter to the most of its last, by the same factor in the same time.
fn projected(daily: &[u64], mark: u64) -> Option<usize> {
    let quarter = daily.len() / 4;
    let (from, first) = highest(daily.get(..quarter)?);
    let late = daily.len() - quarter;
    let (to, last) = highest(daily.get(late..)?);
    let to = late + to;
    if first == 0 || last <= first || to <= from {
        return None;
    }
    let rate = (last as f64 / first as f64).ln() / (to - from) as f64;
    let days = to as f64 + (mark as f64 / last as f64).ln() / rate;
    // It has not within the horizon.
    (days < 36_525.0).then(|| (days.ceil() as usize).max(daily.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projection_goes_on_as_before() {
        // Twice as much in 100 days, from 100 to 200; 400 after 100 days more.
        let daily: Vec<u64> =
            (0..=100).map(|d| (100.0 * 2_f64.powf(f64::from(d) / 100.0)).round() as u64).collect();
        // The first quarter ends on day 24 with 118, the last day has 200: ln(200/118)/76 a day.
        let day = projected(&daily, 400).unwrap();
        assert!((198..=201).contains(&day), "{day}");
        assert_eq!(projected(&[5; 40], 400), None);
        assert_eq!(part_down(Bytes(99), Ratio::percent(50)), Bytes(49));
    }
}
