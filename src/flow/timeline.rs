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
//! bound has counted, all of which are still within theirs. What a run waits for a place of its
//! director or a drive of its store (`queue`) is part of its time and widened with it.
//!
//! A job runs once at a time, whatever its levels, and of the jobs of a director or a store that
//! has fewer places no more run than it has places: `k` counts no more than that. A job whose run
//! may still go on when its next is due has no place in the week: it is always there.

use super::Horizon;
use super::device::{Device, merged};
use super::frame::{Frame, Start};
use super::level::Terms;
use super::queue::{Exclusive, Own, Queue};
use crate::calendar::{Rule, WEEK_SECONDS, Zone};
use crate::model::{Host, Store};
use crate::ops::Job;
use crate::quantity::{Bytes, Duration, Rate};
use la_arena::Idx;
use rounds::Reached;
use std::collections::{BTreeMap, BTreeSet};

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
#[derive(Clone, PartialEq, Debug)]
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
    /// Transactions of streams that may come first on cards and links, whole (`transactions`).
    pub beside: Bytes,
    /// What its way guarantees.
    pub way: Rate,
    /// What devices and way give it when nothing else goes on.
    pub alone: Rate,
    /// The disk on which it is staged first, and what is read there without being moved.
    pub staging: Option<((Use, Rate), Bytes)>,
    /// What that disk gives it when nothing else goes on, and what is read there today.
    pub staged_alone: Option<(Rate, Bytes)>,
    /// Starting, catalogue, ending.
    pub fixed: Duration,
    pub runs: Vec<Rule>,
    pub zone: Zone,
    /// The shortest time to the next run of the job.
    pub period: Option<Duration>,
    /// Whether it is known that its job's runs overrun.
    pub late: bool,
    /// Whether a run that is due while the one before goes on is left out; else it waits.
    pub skips: bool,
    /// Whether it comes for a place again and again, once for each run that it copies.
    pub again: bool,
    /// What only so many runs can have at once, drives before places.
    pub needs: Vec<Exclusive>,
}

/// What a run comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Solved {
    pub job: Idx<Job>,
    pub level: usize,
    /// From when it is due to its end.
    pub most: Option<Duration>,
    pub alone: Option<Duration>,
    pub terms: Terms,
}

/// Runs that come at least this often are small.
const GREAT: Duration = Duration::from_hours(6);
pub(super) struct Timeline {
    demands: Vec<Demand>,
    frame: Frame,
    starts: Vec<Vec<Start>>,
    small: Vec<bool>,
    /// How many places there are of what is scarce.
    limits: BTreeMap<Exclusive, u64>,
    /// How far the rounds have come.
    reached: Reached,
}

impl Timeline {
    pub fn new(demands: Vec<Demand>, limits: BTreeMap<Exclusive, u64>, horizon: Horizon) -> Self {
        let frame = Frame::new(demands.iter().map(|d| &d.zone), horizon);
        let starts: Vec<Vec<Start>> = demands
            .iter()
            .map(|d| {
                let late = d.runs.iter().map(|r| r.jitter).max().unwrap_or(Duration::ZERO);
                frame.starts(&d.runs, &d.zone, late)
            })
            .collect();
        let small = starts.iter().map(|s| Frame::nearest(s) < GREAT).collect();
        let mut timeline = Self { demands, frame, starts, small, limits, reached: Reached::default() };
        timeline.begin();
        timeline
    }

    fn is_small(&self, n: usize) -> bool {
        self.small.get(n).copied().unwrap_or(false)
    }

    /// Whether a run may still go on when the next of its job is due.
    fn is_late(&self, n: usize, demand: &Demand, most: Option<Duration>) -> bool {
        let twice = !self.is_small(n) && self.starts.get(n).is_some_and(|s| s.iter().any(|s| s.twice));
        match (most, demand.period) {
            (Some(most), Some(period)) => most.times(1 + u64::from(twice)) > period,
            (Some(_), None) => false,
            (None, _) => true,
        }
    }

    /// The time of a run that has everything to itself: as a bound, and as what surely passes.
    fn alone(&self, demand: &Demand) -> Solved {
        let time = |bytes: Option<Bytes>, rate: f64, staging: Option<(Rate, Bytes)>| {
            let moved = seconds(bytes?.0 as f64, rate)?;
            let staged = match staging {
                Some((rate, scan)) => seconds(2.0 * bytes?.0 as f64 + scan.0 as f64, rate.0 as f64 / 8.0)?,
                _ => Duration::ZERO,
            };
            Some(moved.plus(staged))
        };
        let staging = demand.staging.map(|((_, rate), scan)| (rate, scan));
        Solved {
            job: demand.job,
            level: demand.level,
            most: time(demand.bytes, narrowest(demand, |_| 1.0), staging).map(|t| t.plus(demand.fixed)),
            alone: time(demand.today, demand.alone.0 as f64 / 8.0, demand.staged_alone),
            terms: Terms::default(),
        }
    }

    /// The demands of each job, which stand together, with their numbers.
    fn jobs(&self) -> impl Iterator<Item = (usize, &[Demand])> {
        let mut at = 0;
        self.demands.chunk_by(|a, b| a.job == b.job).map(move |chunk| {
            let first = at;
            at += chunk.len();
            (first, chunk)
        })
    }

    /// What everyone asks of each device, with the times of the last round.
    fn devices(&self, times: &[Solved], late: &BTreeSet<Idx<Job>>) -> BTreeMap<Use, Device> {
        let mut devices: BTreeMap<Use, Device> = BTreeMap::new();
        for (first, levels) in self.jobs() {
            let mut spans: Vec<(u64, u64)> = Vec::new();
            let mut uses: Vec<Use> = Vec::new();
            let always = levels.iter().any(|d| late.contains(&d.job));
            for (n, demand) in (first..).zip(levels) {
                let bytes = demand.bytes.map_or(0.0, |b| b.0 as f64);
                if !always && self.is_small(n) {
                    let period = demand.period.map_or(1.0, Duration::as_secs_f64).max(1.0);
                    for device in touched(demand) {
                        let d = devices.entry(device).or_default();
                        d.small_rate += bytes / period;
                        d.small_burst += 2.0 * bytes;
                    }
                    continue;
                }
                uses.extend(touched(demand));
                let time = times.get(n).and_then(|t| t.most);
                match (always, time) {
                    (false, Some(time)) => spans.extend(self.spans(n, time)),
                    _ => spans.push((0, WEEK_SECONDS)),
                }
            }
            uses.sort_unstable();
            uses.dedup();
            let spans = merged(spans);
            let scarce = levels.iter().find_map(|d| d.needs.first()).copied();
            for device in uses {
                let d = devices.entry(device).or_default();
                d.great.extend(spans.iter().map(|(from, length)| (*from, *length, scarce)));
            }
        }
        let all: Vec<(&Use, &Device)> = devices.iter().collect();
        let counted = self.each(&all, |(place, device)| {
            let drives = match place {
                Use::Store(store) => self.limits.get(&Exclusive::Drives(*store)).copied(),
                _ => None,
            };
            Some((**place, device.counted(drives.unwrap_or(u64::MAX), &self.limits)))
        });
        for (place, load) in counted {
            if let Some(device) = devices.get_mut(&place) {
                device.count(load);
            }
        }
        devices
    }

    /// The seconds of the week in which the runs of a demand may go on.
    fn spans(&self, n: usize, time: Duration) -> impl Iterator<Item = (u64, u64)> {
        let length = time.secs_up().min(WEEK_SECONDS);
        self.starts.get(n).into_iter().flatten().map(move |s| self.frame.span(*s, length))
    }

    /// Everyone who comes for what is scarce, with the times of the last round.
    fn queues(&self, times: &[Solved], late: &BTreeSet<Idx<Job>>) -> BTreeMap<Exclusive, Queue> {
        let mut queues: BTreeMap<Exclusive, Queue> =
            self.limits.iter().map(|(what, places)| (*what, Queue::new(*places))).collect();
        for ((n, demand), time) in self.demands.iter().enumerate().zip(times) {
            for need in &demand.needs {
                let Some(queue) = queues.get_mut(need) else { continue };
                let (Some(most), Some(hold)) = (time.most, self.hold(*need, time)) else {
                    queue.endless();
                    continue;
                };
                match (late.contains(&demand.job), demand.skips, self.is_small(n)) {
                    (true, false, _) => queue.endless(),
                    // At most one of them is let in before the one before is gone.
                    (true, true, _) | (false, _, true) => {
                        let (stay, period) = stay(demand, most);
                        queue.small(stay, period, hold);
                    }
                    (false, _, false) => {
                        let length = most.secs_up().min(WEEK_SECONDS);
                        for start in self.starts.get(n).into_iter().flatten() {
                            let hold = hold.times(1 + u64::from(start.twice));
                            queue.great(self.frame.span(*start, length), hold);
                        }
                    }
                }
            }
        }
        queues.values_mut().for_each(Queue::sort);
        queues
    }

    /// How long a run holds on to a thing once it has it: a drive is kept while the run waits for a
    /// place of its director.
    fn hold(&self, need: Exclusive, time: &Solved) -> Option<Duration> {
        let waits = time.terms.wait;
        let before = match need {
            Exclusive::Places(_) => waits,
            Exclusive::Drives(_) => time.terms.drive_wait,
        };
        Some(Duration(time.most?.0.saturating_sub(before.0)))
    }

    /// What a run waits for a drive, and in all.
    fn waits(
        &self,
        n: usize,
        demand: &Demand,
        before: Solved,
        queues: &BTreeMap<Exclusive, Queue>,
        late: bool,
    ) -> Option<(Duration, Duration)> {
        let (mut drive, mut all) = (Duration::ZERO, Duration::ZERO);
        let most = before.most?;
        // Several drives are taken at once: while one is waited for, whoever comes may take the others.
        let several = demand.needs.iter().filter(|n| matches!(n, Exclusive::Drives(_))).count() > 1;
        let starts: Vec<(u64, u64)> = self.spans(n, Duration::ZERO).collect();
        for need in &demand.needs {
            let Some(queue) = queues.get(need) else { continue };
            let hold = self.hold(*need, &before)?;
            let drives = matches!(need, Exclusive::Drives(_));
            let later = match (demand.again, drives) {
                (true, _) => most,
                (_, true) if several => before.terms.drive_wait,
                (_, true) => Duration::ZERO,
                (_, false) => all,
            };
            let small = self.is_small(n) || late;
            let own = if small {
                let (stay, period) = stay(demand, most);
                Own::Small(stay, period, hold)
            } else {
                Own::Great(hold)
            };
            // A run that skips starts is due where its schedule says, and small ones anywhere.
            let due = (!self.is_small(n)).then_some(starts.as_slice());
            let wait = queue.wait(due, later, own)?;
            all = all.plus(wait);
            if drives {
                drive = drive.plus(wait);
            }
        }
        Some((drive, all))
    }

    /// How many great runs share each device with a run of this demand at the worst moment, it
    /// counted.
    fn sharing(
        &self,
        n: usize,
        demand: &Demand,
        length: Duration,
        devices: &BTreeMap<Use, Device>,
        late: &BTreeSet<Idx<Job>>,
    ) -> BTreeMap<Use, u64> {
        let always = late.contains(&demand.job);
        let anywhere = always || self.is_small(n);
        let spans: Vec<(u64, u64)> = if anywhere { Vec::new() } else { self.spans(n, length).collect() };
        let k = |device: Use| -> u64 {
            let Some(d) = devices.get(&device) else { return 1 };
            let k = if anywhere {
                // It may fall anywhere; a small one is not among those that are counted.
                d.most() + u64::from(!always)
            } else {
                d.most_in(&spans)
            };
            let drives = match device {
                Use::Store(store) => self.limits.get(&Exclusive::Drives(store)).copied(),
                _ => None,
            };
            k.min(drives.unwrap_or(u64::MAX)).max(1)
        };
        touched(demand).into_iter().map(|d| (d, k(d))).collect()
    }

    /// The time of a run beside the others.
    fn beside(
        &self,
        n: usize,
        demand: &Demand,
        before: Solved,
        devices: &BTreeMap<Use, Device>,
        queues: &BTreeMap<Exclusive, Queue>,
        late: &BTreeSet<Idx<Job>>,
    ) -> Solved {
        let none = Solved { most: None, ..before };
        let (Some(bytes), Some(length)) = (demand.bytes, before.most) else { return none };
        let always = late.contains(&demand.job);
        let Some((drive_wait, wait)) = self.waits(n, demand, before, queues, always) else { return none };
        let ks = self.sharing(n, demand, length, devices, late);
        let k = |device: Use| ks.get(&device).map_or(1.0, |k| *k as f64);
        // Its own other runs do not go on beside it.
        let counted = self.is_small(n) && !always;
        let period = demand.period.map_or(1.0, Duration::as_secs_f64).max(1.0);
        let own = if counted { bytes.0 as f64 } else { 0.0 };
        // One phase: so many bytes at least at this rate, with the small runs of these devices.
        let phase = |work: f64, rate: f64, through: &[Use]| -> Option<Duration> {
            let mut burst = 0.0;
            let mut flow = 0.0;
            for device in through {
                if let Some(d) = devices.get(device) {
                    burst += (d.small_burst - 2.0 * own).max(0.0) / k(*device);
                    flow += (d.small_rate - own / period).max(0.0) / k(*device);
                }
            }
            seconds(work + burst, rate - flow)
        };
        let through: Vec<Use> = demand.devices.iter().map(|d| d.0).collect();
        // Streams are taken off the rates with their peaks; their transactions come on top.
        let first = if bytes > Bytes::ZERO { demand.beside } else { Bytes::ZERO };
        let transfer = phase(bytes.0 as f64 + first.0 as f64, narrowest(demand, k), &through);
        let staging = match demand.staging {
            Some(((device, rate), scan)) => {
                phase(2.0 * bytes.0 as f64 + scan.0 as f64, rate.0 as f64 / 8.0 / k(device), &[device])
            }
            None => Some(Duration::ZERO),
        };
        let (Some(transfer), Some(staging)) = (transfer, staging) else { return none };
        let sharing = ks.values().copied().max().unwrap_or(1);
        let terms =
            Terms { fixed: demand.fixed, wait, drive_wait, staging, transfer, beside: first, sharing };
        let most = demand.fixed.plus(wait).plus(transfer).plus(staging);
        Solved { most: Some(most), terms, ..before }
    }
}

/// The wider of two answers, in each of its terms.
fn wider(a: Solved, b: Solved) -> Solved {
    let (x, y) = (a.terms, b.terms);
    let terms = Terms {
        fixed: x.fixed.max(y.fixed),
        wait: x.wait.max(y.wait),
        drive_wait: x.drive_wait.max(y.drive_wait),
        staging: x.staging.max(y.staging),
        transfer: x.transfer.max(y.transfer),
        beside: x.beside.max(y.beside),
        sharing: x.sharing.max(y.sharing),
    };
    let sum = terms.fixed.plus(terms.wait).plus(terms.staging).plus(terms.transfer);
    Solved { most: Some(sum).max(a.most).max(b.most), terms, ..a }
}

/// How long a run that comes often is there, and how often one comes. One that skips starts is let
/// in only when the one before is gone.
fn stay(demand: &Demand, most: Duration) -> (Duration, Duration) {
    let period = demand.period.unwrap_or(Duration::from_secs(WEEK_SECONDS));
    let stay = if demand.skips { most.min(period) } else { most };
    (stay, period)
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

mod rounds;
#[cfg(test)]
mod tests;
