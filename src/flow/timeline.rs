//! How long runs take beside one another.
//!
//! Runs share disks, cards and stores max-min fairly. Two kinds are told apart. A *great* run
//! (less often than every six hours) has a place in the week; at any moment a device with `k` great
//! runs gives each at least the `k`-th part of what the small ones leave. A *small* run (a log
//! every five minutes) counts by its work: all small runs of a device together bring at most their
//! rate times the time, plus one run of each in progress and one that just falls due.
//!
//! For a run with `w` bytes over devices `r` of capacity `C_r`, shared by at most `k_r` great runs
//! while it goes on, its time `T` solves
//!
//! ```text
//! T * min_r (C_r / k_r) = w + sum_r (burst_r + rate_r * T) / k_r
//! ```
//!
//! At its narrowest device a run has the largest share, so its rate is at least what the small
//! runs leave there divided by `k`; adding up what small runs take on every device bounds what it
//! may lose to them. The `k` are those of the runs' own bounds: starting from the times that runs
//! take alone, times and overlaps are widened in turn until nothing changes. At that point every
//! run ends within its bound: the first one not to would have been sharing with more runs than its
//! bound has counted, all of which are still within theirs.

use super::Horizon;
use super::run::{JOB_OVERHEAD, Terms};
use crate::calendar::{Rule, WEEK_SECONDS, Zone};
use crate::model::{Host, Store};
use crate::ops::Job;
use crate::quantity::{Bytes, Duration, Rate};
use la_arena::Idx;
use std::collections::BTreeMap;

/// A device that runs share.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Use {
    /// The disk of a host.
    Disk(Idx<Host>),
    /// The network card of a host.
    Card(Idx<Host>),
    /// A store.
    Store(Idx<Store>),
}

/// What the runs of one level of a job ask of the devices.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    pub job: Idx<Job>,
    /// Index into the job's levels.
    pub level: usize,
    /// What one run moves at most; `None`: nobody says.
    pub bytes: Option<Bytes>,
    /// What one run moves today.
    pub today: Option<Bytes>,
    /// The devices that it moves through, with what they have.
    pub devices: Vec<(Use, Rate)>,
    /// What its way guarantees.
    pub way: Rate,
    /// What devices and way give it when nothing else goes on.
    pub alone: Rate,
    /// The disk on which it is staged first, and what is read there without being moved.
    pub staging: Option<((Use, Rate), Bytes)>,
    /// What that disk gives it when nothing else goes on.
    pub staged_alone: Option<Rate>,
    pub runs: Vec<Rule>,
    pub zone: Zone,
    /// The shortest time to the next run of the job.
    pub period: Option<Duration>,
}

/// What a run comes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Solved {
    pub job: Idx<Job>,
    pub level: usize,
    pub most: Option<Duration>,
    pub alone: Option<Duration>,
    pub terms: Terms,
}

/// Runs that come at least this often are small.
const GREAT: Duration = Duration::from_hours(6);
/// Rounds of widening after which there is no bound.
const ROUNDS: usize = 40;

pub(super) struct Timeline {
    demands: Vec<Demand>,
    starts: Vec<Vec<u64>>,
    slack: u64,
}

/// All runs of a device: the work of small ones, the places of great ones.
#[derive(Default)]
struct Device {
    small_rate: f64,
    small_burst: f64,
    /// Starts and ends in seconds of the week, an end behind its start possibly in the next week.
    great: Vec<(u64, u64)>,
    /// Second of the week, and how many great runs go on from then.
    load: Vec<(u64, u64)>,
}

impl Timeline {
    pub fn new(demands: Vec<Demand>, horizon: Horizon) -> Self {
        let mut zones: Vec<&Zone> = demands.iter().map(|d| &d.zone).collect();
        zones.dedup();
        let one = zones.first().is_none_or(|first| zones.iter().all(|z| z == first));
        let starts: Vec<Vec<u64>> = demands.iter().map(|d| places(d, horizon.as_of, one)).collect();
        // Zones that change their clocks on different days move against one another by an hour.
        let slack = if one { 0 } else { 3_600 };
        Self { demands, starts, slack }
    }

    fn is_small(demand: &Demand) -> bool {
        demand.period.is_some_and(|p| p < GREAT)
    }

    pub fn solve(&self) -> Vec<Solved> {
        let mut devices: BTreeMap<Use, Device> = BTreeMap::new();
        for demand in self.demands.iter().filter(|d| Self::is_small(d)) {
            let bytes = demand.bytes.map_or(0.0, |b| b.0 as f64);
            let period = demand.period.map_or(1.0, Duration::as_secs_f64).max(1.0);
            for device in touched(demand) {
                let d = devices.entry(device).or_default();
                d.small_rate += bytes / period;
                d.small_burst += 2.0 * bytes;
            }
        }
        let mut times: Vec<Option<Solved>> = self.demands.iter().map(|d| Some(self.alone(d))).collect();
        let mut settled = false;
        for _ in 0..ROUNDS {
            self.place(&mut devices, &times);
            let next: Vec<Option<Solved>> = self
                .demands
                .iter()
                .zip(&self.starts)
                .zip(&times)
                .map(|((demand, starts), before)| {
                    let before = (*before)?;
                    let solved = self.beside(demand, starts, before, &devices);
                    // Only ever wider, so that the rounds end.
                    Some(if solved.most < before.most && solved.most.is_some() { before } else { solved })
                })
                .collect();
            let same = next.iter().zip(&times).all(|(a, b)| match (a, b) {
                (Some(a), Some(b)) => a.most == b.most,
                _ => true,
            });
            times = next;
            if same {
                settled = true;
                break;
            }
        }
        times
            .into_iter()
            .zip(&self.demands)
            .map(|(t, d)| {
                let mut solved = t.unwrap_or_else(|| self.alone(d));
                if !settled {
                    solved.most = None;
                }
                solved.alone = self.alone(d).alone;
                solved
            })
            .collect()
    }

    /// The time of a run that has everything to itself: as a bound, and as what surely passes.
    fn alone(&self, demand: &Demand) -> Solved {
        let time = |bytes: Option<Bytes>, rate: f64, staging: Option<Rate>| {
            let moved = seconds(bytes?.0 as f64, rate)?;
            let staged = match (demand.staging, staging) {
                (Some((_, scan)), Some(rate)) => {
                    seconds(2.0 * bytes?.0 as f64 + scan.0 as f64, rate.0 as f64 / 8.0)?
                }
                _ => Duration::ZERO,
            };
            Some(moved.plus(staged))
        };
        let staging = demand.staging.map(|((_, rate), _)| rate);
        Solved {
            job: demand.job,
            level: demand.level,
            most: time(demand.bytes, narrowest(demand, |_| 1.0), staging).map(|t| t.plus(JOB_OVERHEAD)),
            alone: time(demand.today, demand.alone.0 as f64 / 8.0, demand.staged_alone),
            terms: Terms::default(),
        }
    }

    /// Puts every great run in its places, with the times of the last round.
    fn place(&self, devices: &mut BTreeMap<Use, Device>, times: &[Option<Solved>]) {
        for device in devices.values_mut() {
            device.great.clear();
        }
        for ((demand, starts), time) in self.demands.iter().zip(&self.starts).zip(times) {
            if Self::is_small(demand) {
                continue;
            }
            // Without a bound it is always there.
            let length = time.and_then(|t| t.most).map_or(WEEK_SECONDS, |t| t.secs_up().min(WEEK_SECONDS));
            for device in touched(demand) {
                let d = devices.entry(device).or_default();
                for start in starts {
                    let from = (start + WEEK_SECONDS - self.slack) % WEEK_SECONDS;
                    d.great.push((from, (length + 2 * self.slack).min(WEEK_SECONDS)));
                }
            }
        }
        for device in devices.values_mut() {
            device.count();
        }
    }

    /// The time of a run beside the others.
    fn beside(
        &self,
        demand: &Demand,
        starts: &[u64],
        before: Solved,
        devices: &BTreeMap<Use, Device>,
    ) -> Solved {
        let none = Solved { most: None, ..before };
        let (Some(bytes), Some(length)) = (demand.bytes, before.most) else { return none };
        let length = length.secs_up().min(WEEK_SECONDS);
        let sharing = |device: Use| -> f64 {
            let Some(d) = devices.get(&device) else { return 1.0 };
            let own = u64::from(Self::is_small(demand));
            let k = if Self::is_small(demand) {
                // A small run may fall anywhere.
                d.load.iter().map(|l| l.1).max().unwrap_or(0)
            } else {
                starts.iter().map(|s| d.most_between(*s, length)).max().unwrap_or(1)
            };
            (k + own).max(1) as f64
        };
        let ks: BTreeMap<Use, f64> = touched(demand).into_iter().map(|d| (d, sharing(d))).collect();
        let k = |device: Use| ks.get(&device).copied().unwrap_or(1.0);
        let own_work = |device: Use| {
            let small = Self::is_small(demand) && touched(demand).contains(&device);
            if small { 2.0 * bytes.0 as f64 } else { 0.0 }
        };
        // One phase: so many bytes at least at this rate, with the small runs of these devices.
        let phase = |work: f64, rate: f64, through: &[Use]| -> Option<Duration> {
            let mut burst = 0.0;
            let mut flow = 0.0;
            for device in through {
                if let Some(d) = devices.get(device) {
                    burst += (d.small_burst - own_work(*device)).max(0.0) / k(*device);
                    flow += d.small_rate / k(*device);
                }
            }
            seconds(work + burst, rate - flow)
        };
        let through: Vec<Use> = demand.devices.iter().map(|d| d.0).collect();
        let transfer = phase(bytes.0 as f64, narrowest(demand, k), &through);
        let staging = match demand.staging {
            Some(((device, rate), scan)) => {
                phase(2.0 * bytes.0 as f64 + scan.0 as f64, rate.0 as f64 / 8.0 / k(device), &[device])
            }
            None => Some(Duration::ZERO),
        };
        let (Some(transfer), Some(staging)) = (transfer, staging) else { return none };
        let most_shared = ks.values().fold(1.0_f64, |a, b| a.max(*b));
        let terms = Terms { fixed: JOB_OVERHEAD, staging, transfer, sharing: most_shared as u64 };
        Solved { most: Some(JOB_OVERHEAD.plus(transfer).plus(staging)), terms, ..before }
    }
}

impl Device {
    /// Sorts the starts and ends of great runs into how many go on from when.
    fn count(&mut self) {
        let mut steps: Vec<(u64, i64)> = Vec::with_capacity(2 * self.great.len() + 1);
        let mut always = 0;
        for (from, length) in &self.great {
            if *length >= WEEK_SECONDS {
                always += 1;
                continue;
            }
            let to = from + length;
            steps.push((*from, 1));
            if to <= WEEK_SECONDS {
                steps.push((to, -1));
            } else {
                always += 1;
                steps.push((to - WEEK_SECONDS, -1));
            }
        }
        // At the same second a run that ends still counts beside one that begins.
        steps.sort_unstable_by_key(|(at, step)| (*at, std::cmp::Reverse(*step)));
        let mut now = always;
        self.load.clear();
        self.load.push((0, u64::try_from(now).unwrap_or(0)));
        for (at, step) in steps {
            now += step;
            self.load.push((at, u64::try_from(now).unwrap_or(0)));
        }
    }

    /// The most great runs that go on at the same time in `[from, from + length]`.
    fn most_between(&self, from: u64, length: u64) -> u64 {
        let to = from + length;
        let inside = |a: u64, b: u64| {
            let first = self.load.partition_point(|(at, _)| *at <= a).saturating_sub(1);
            self.load.iter().skip(first).take_while(|(at, _)| *at <= b).map(|(_, n)| *n).max().unwrap_or(0)
        };
        if to <= WEEK_SECONDS {
            inside(from, to)
        } else {
            inside(from, WEEK_SECONDS).max(inside(0, to - WEEK_SECONDS))
        }
    }
}

/// The devices of a run, that of its staging included.
fn touched(demand: &Demand) -> Vec<Use> {
    let mut all: Vec<Use> = demand.devices.iter().map(|d| d.0).collect();
    all.extend(demand.staging.map(|((device, _), _)| device));
    all.sort_unstable();
    all.dedup();
    all
}

/// Bytes per second that the narrowest device leaves, each divided by how many share it.
fn narrowest(demand: &Demand, sharing: impl Fn(Use) -> f64) -> f64 {
    let way = if demand.way == Rate(u64::MAX) { f64::INFINITY } else { demand.way.0 as f64 / 8.0 };
    demand.devices.iter().map(|(device, rate)| rate.0 as f64 / 8.0 / sharing(*device)).fold(way, f64::min)
}

/// How long work takes at a rate, rounded up; `None` when it does not end within four weeks.
fn seconds(work: f64, rate: f64) -> Option<Duration> {
    if work <= 0.0 {
        return Some(Duration::ZERO);
    }
    let time = work / rate;
    // Rounding of a few operations stays far below one part in a thousand million.
    (rate > 0.0 && time < 4.0 * WEEK_SECONDS as f64)
        .then(|| Duration((time * 1e9 * (1.0 + 1e-9)).ceil() as u64))
}

/// The seconds of the week at which a demand's runs begin. A rule of months or of days of the
/// month is taken as if it came in every week, on every day that it may fall on.
fn places(demand: &Demand, as_of: i64, local: bool) -> Vec<u64> {
    let offset = if local {
        0
    } else {
        // Local midnight of Monday in universal time, so that zones can be compared.
        demand.zone.local(as_of).map_or(0, |(_, minute, day)| {
            let local = (i64::from(day) * 1440 + i64::from(minute)) * 60;
            let universal = (as_of + 3 * 86_400).rem_euclid(WEEK_SECONDS as i64);
            (universal - local.div_euclid(60) * 60).rem_euclid(WEEK_SECONDS as i64)
        })
    };
    let mut all = Vec::new();
    for rule in &demand.runs {
        for day in (0..7).filter(|d| rule.weekdays() & (1 << d) != 0) {
            for minute in &rule.times {
                let at = (day * 1440 + i64::from(*minute)) * 60 + offset;
                all.push(at.rem_euclid(WEEK_SECONDS as i64).unsigned_abs());
            }
        }
    }
    all
}
