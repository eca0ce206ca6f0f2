//! The rounds in which times and overlaps are widened in turn.
//!
//! A run is looked at again only when something that its time is computed from has changed: what it
//! moves, its own time, whether its job is late, a device or a queue that it uses. What runs carry
//! only ever grows (`late`), and so do times: those that were reached are where the next solution
//! begins, as long as the same jobs are late.

use super::{Demand, Solved, Timeline, Use, touched, wider};
use crate::base::threads::dealt;
use crate::flow::device::Device;
use crate::flow::queue::{Exclusive, Queue};
use crate::ops::Job;
use la_arena::Idx;
use std::collections::{BTreeMap, BTreeSet};

/// Rounds of widening after which what still grows has no bound.
const ROUNDS: usize = 60;
/// Rounds after which nothing has.
const LAST: usize = 100;

/// From so many demands on, and so many things to look at, a second thread is worth its start.
const MANY: usize = 1_000;
const FEW: usize = 100;

/// How far the rounds have come.
#[derive(Default)]
pub(super) struct Reached {
    /// By demand.
    times: Vec<Solved>,
    /// The demands that are to be looked at whatever the devices and queues come to.
    moved: Vec<bool>,
    /// Jobs whose run may go on when their next is due.
    late: BTreeSet<Idx<Job>>,
    devices: BTreeMap<Use, Device>,
    queues: BTreeMap<Exclusive, Queue>,
}

impl Timeline {
    /// Goes back to the times that runs take alone.
    pub(super) fn begin(&mut self) {
        self.reached = Reached {
            times: self.demands.iter().map(|d| self.alone(d)).collect(),
            moved: vec![true; self.demands.len()],
            ..Reached::default()
        };
    }

    /// Takes the same demands with what they carry now, which is never less than before.
    pub fn grow(&mut self, demands: Vec<Demand>) {
        let before = std::mem::replace(&mut self.demands, demands);
        let pairs = || self.demands.iter().zip(&before);
        // A small run that is late is counted in another way, by which others may end sooner.
        if pairs().any(|(now, before)| now.late != before.late) {
            self.begin();
            return;
        }
        for (moved, (now, before)) in self.reached.moved.iter_mut().zip(self.demands.iter().zip(&before)) {
            *moved |= now != before;
        }
    }

    /// Widens times until nothing changes.
    pub fn solve(&mut self) -> Vec<Solved> {
        let mut reached = std::mem::take(&mut self.reached);
        let settled = (0..LAST).any(|round| self.widen(&mut reached, round));
        let mut times = reached.times.clone();
        for (time, demand) in times.iter_mut().zip(&self.demands) {
            if !settled {
                time.most = None;
            }
            time.alone = self.alone(demand).alone;
        }
        match settled {
            true => self.reached = reached,
            false => self.begin(),
        }
        times
    }

    /// One round; whether it changed no time.
    fn widen(&self, reached: &mut Reached, round: usize) -> bool {
        let mut newly_late = BTreeSet::new();
        for ((n, demand), time) in self.demands.iter().enumerate().zip(&reached.times) {
            if (demand.late || self.is_late(n, demand, time.most)) && reached.late.insert(demand.job) {
                newly_late.insert(demand.job);
            }
        }
        let devices = self.devices(&reached.times, &reached.late);
        let queues = self.queues(&reached.times, &reached.late);
        let new_devices = changed(&reached.devices, &devices);
        let new_queues = changed(&reached.queues, &queues);
        (reached.devices, reached.queues) = (devices, queues);
        let again = |(n, demand): &(usize, &Demand)| {
            reached.moved.get(*n).copied().unwrap_or(true)
                || newly_late.contains(&demand.job)
                || demand.needs.iter().any(|n| new_queues.contains(n))
                || touched(demand).iter().any(|d| new_devices.contains(d))
        };
        let again: Vec<(usize, &Demand)> = self.demands.iter().enumerate().filter(again).collect();
        let next = self.look(&again, reached, round);
        reached.moved.fill(false);
        let mut same = true;
        for (n, now) in next {
            if let (Some(time), Some(moved)) = (reached.times.get_mut(n), reached.moved.get_mut(n)) {
                same &= time.most == now.most;
                *moved = *time != now;
                *time = now;
            }
        }
        same
    }

    /// The times of some demands beside all others, each by itself.
    fn look<'a>(
        &self,
        some: &'a [(usize, &'a Demand)],
        reached: &Reached,
        round: usize,
    ) -> Vec<(usize, Solved)> {
        let one = |(n, demand): &(usize, &Demand)| {
            let before = *reached.times.get(*n)?;
            let solved = self.beside(*n, demand, before, &reached.devices, &reached.queues, &reached.late);
            // Only ever wider, so that the rounds end.
            let now = match (solved.most, before.most) {
                (Some(_), Some(was)) => {
                    let wider = wider(solved, before);
                    let grows = wider.most != Some(was);
                    if grows && round >= ROUNDS { Solved { most: None, ..wider } } else { wider }
                }
                _ => Solved { most: None, ..solved },
            };
            Some((*n, now))
        };
        self.each(some, one)
    }

    /// What is made of each of some things, side by side where there is much to do.
    pub(super) fn each<T: Sync, R: Send>(&self, some: &[T], one: impl Fn(&T) -> Option<R> + Sync) -> Vec<R> {
        if self.demands.len() < MANY || some.len() < FEW {
            return some.iter().filter_map(one).collect();
        }
        dealt(some, |mine| mine.filter_map(&one).collect::<Vec<_>>()).into_iter().flatten().collect()
    }
}

/// The keys whose values are not what they were, those that are gone included.
fn changed<K: Ord + Copy, V: PartialEq>(before: &BTreeMap<K, V>, now: &BTreeMap<K, V>) -> BTreeSet<K> {
    let other = |(k, v): &(&K, &V)| before.get(k) != Some(v);
    let gone = before.keys().filter(|k| !now.contains_key(k));
    now.iter().filter(other).map(|(k, _)| k).chain(gone).copied().collect()
}
