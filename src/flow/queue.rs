//! How long runs wait for what only so many of them can have at once: the places of a director,
//! the drives of a store.
//!
//! Bacula serves what waits in the order in which it came. While a run waits, all `n` places are
//! taken by others that were there when it came, or, where something else held it up first, that
//! came until then. So it waits at most
//!
//! ```text
//! (sum of the times for which each of those holds its place) / n
//! ```
//!
//! A run is there from when it is due until its own bound is over; bounds that grow make more runs
//! meet, so waits and bounds are widened in turn, as in `timeline`. A run that may still be there
//! when the next of its job is due, and whose job queues them, may stand there any number of times:
//! then nobody has a bound.

use crate::calendar::WEEK_SECONDS;
use crate::model::Store;
use crate::ops::Director;
use crate::quantity::Duration;
use la_arena::Idx;

/// What only so many runs can have at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Exclusive {
    /// The drives of a store.
    Drives(Idx<Store>),
    /// The places of a director.
    Places(Idx<Director>),
}

/// What a place stands idle between two runs: Bacula's director looks every two seconds.
pub(super) const HAND_OVER: Duration = Duration::from_secs(3);

/// Everyone who comes for one exclusive thing.
#[derive(Default, PartialEq)]
pub(super) struct Queue {
    places: f64,
    /// When the runs of a week come and are gone, in seconds of four weeks, the third being
    /// looked at, with the seconds for which each holds its place.
    comes: Vec<(i64, f64)>,
    goes: Vec<(i64, f64)>,
    /// The seconds of those who are always there.
    always: f64,
    /// What small runs bring: how long one is there, how often one comes, for how long it holds.
    small: Vec<(f64, f64, f64)>,
    /// Somebody holds on to it without a bound.
    endless: bool,
}

const WEEK: i64 = WEEK_SECONDS as i64;

impl Queue {
    pub fn new(places: u64) -> Self {
        Self { places: places.max(1) as f64, endless: places == 0, ..Self::default() }
    }

    /// A run that is there at these seconds of the week and holds its place for so long.
    pub fn great(&mut self, (from, length): (u64, u64), hold: Duration) {
        let hold = hold.plus(HAND_OVER).as_secs_f64();
        if length >= WEEK_SECONDS {
            self.always += hold;
            return;
        }
        let from = i64::try_from(from).unwrap_or(0);
        let length = i64::try_from(length).unwrap_or(WEEK);
        for week in [-2 * WEEK, -WEEK, 0, WEEK] {
            self.comes.push((from + week, hold));
            self.goes.push((from + week + length, hold));
        }
    }

    /// A run that comes every `period`, at any moment, and is there for at most `stay`.
    pub fn small(&mut self, stay: Duration, period: Duration, hold: Duration) {
        let period = period.as_secs_f64().max(1.0);
        self.small.push((stay.as_secs_f64(), period, hold.plus(HAND_OVER).as_secs_f64()));
    }

    /// A run that may hold its place for ever.
    pub fn endless(&mut self) {
        self.endless = true;
    }

    /// Sums up who comes and goes; to be called once all are there.
    pub fn sort(&mut self) {
        for list in [&mut self.comes, &mut self.goes] {
            list.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            let mut sum = 0.0;
            for (_, hold) in list {
                sum += *hold;
                *hold = sum;
            }
        }
    }

    fn there(&self, from: i64, to: i64) -> f64 {
        let until =
            |list: &[(i64, f64)], n: usize| n.checked_sub(1).and_then(|n| list.get(n)).map_or(0.0, |l| l.1);
        let come = self.comes.partition_point(|(at, _)| *at <= to);
        let gone = self.goes.partition_point(|(at, _)| *at < from);
        until(&self.comes, come) - until(&self.goes, gone)
    }

    /// The most that a run waits that is due at these seconds of the week, or at any when `None`,
    /// and comes here at most `later` after that. `own` is what it was itself counted with.
    pub fn wait(&self, due: Option<&[(u64, u64)]>, later: Duration, own: Own) -> Option<Duration> {
        if self.endless {
            return None;
        }
        let seconds = later.as_secs_f64();
        let more = i64::try_from(later.secs_up()).ok().filter(|l| *l <= WEEK)?;
        let small: f64 = self
            .small
            .iter()
            .map(|(stay, period, hold)| (((stay + seconds) / period).floor() + 1.0) * hold)
            .sum();
        let great = match due {
            Some(due) => due
                .iter()
                .map(|(from, spread)| {
                    let from = i64::try_from(*from).unwrap_or(0);
                    let to = from + i64::try_from(*spread).unwrap_or(WEEK) + more;
                    self.there(from, to.min(from + WEEK))
                })
                .fold(0.0, f64::max),
            None => {
                let starts = self.comes.iter().map(|(at, _)| *at).filter(|at| (0..WEEK).contains(at));
                starts.map(|at| self.there(at - more, at)).fold(0.0, f64::max)
            }
        };
        let own = match own {
            Own::Great(hold) => hold.plus(HAND_OVER).as_secs_f64(),
            Own::Small(stay, period, hold) => {
                let times = ((stay.as_secs_f64() + seconds) / period.as_secs_f64().max(1.0)).floor() + 1.0;
                times * hold.plus(HAND_OVER).as_secs_f64()
            }
        };
        let others = (self.always + small + great - own).max(0.0);
        // A millionth of a second below nothing is rounding.
        if others < 1e-6 {
            return Some(Duration::ZERO);
        }
        let wait = others / self.places * (1.0 + 1e-9);
        (wait < 4.0 * WEEK_SECONDS as f64).then(|| Duration((wait * 1e9).ceil() as u64).plus(HAND_OVER))
    }
}

/// What a run itself was counted with among those who come.
#[derive(Clone, Copy)]
pub(super) enum Own {
    /// How long it holds its place.
    Great(Duration),
    /// How long it is there, how often it comes, how long it holds.
    Small(Duration, Duration, Duration),
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600;

    fn hours(n: u64) -> Duration {
        Duration::from_hours(n)
    }

    #[test]
    fn one_waits_for_those_who_are_there() {
        // One place. A is due at 1:00 and takes 3 h; B at 2:00, 1 h; C at 6:00, 1 h. B may come
        // while A is there, so it waits at most 3 h; C may still meet B, which is gone by 6:00 only
        // if its bound says so: with 4 h it is there until 6:00, at that very second too.
        let mut queue = Queue::new(1);
        queue.great((HOUR, 3 * HOUR), hours(3));
        queue.great((2 * HOUR, 4 * HOUR), hours(1));
        queue.great((6 * HOUR, HOUR), hours(1));
        queue.sort();
        let wait = |at: u64, own: u64| {
            queue.wait(Some(&[(at * HOUR, 0)]), Duration::ZERO, Own::Great(hours(own))).unwrap().secs_up()
        };
        assert_eq!(wait(1, 3), 0);
        // With the time in which the director notices, twice.
        // A second is what rounding up may cost.
        assert!((3 * HOUR + 6..=3 * HOUR + 7).contains(&wait(2, 1)));
        assert!((HOUR + 6..=HOUR + 7).contains(&wait(6, 1)));
        // Two places: half of that.
        queue.places = 2.0;
        let wait = queue.wait(Some(&[(2 * HOUR, 0)]), Duration::ZERO, Own::Great(hours(1))).unwrap();
        assert!((5_400..5_406).contains(&wait.secs_up()));
    }

    #[test]
    fn the_week_is_a_circle_and_small_runs_come_at_any_time() {
        let mut queue = Queue::new(1);
        // From Sunday 23:00 for 3 h, and a log every 15 min that is there for 20 min, 1 min of it
        // at work: at one moment two of them.
        queue.great((167 * HOUR, 3 * HOUR), hours(3));
        queue.small(Duration::from_mins(20), Duration::from_mins(15), Duration::from_mins(1));
        queue.sort();
        let small = Own::Small(Duration::from_mins(20), Duration::from_mins(15), Duration::from_mins(1));
        let wait = queue.wait(None, Duration::ZERO, small).unwrap().secs_up();
        assert!((3 * HOUR + 6..=3 * HOUR + 7).contains(&wait));
        let great = queue.wait(Some(&[(HOUR, 0)]), Duration::ZERO, Own::Great(hours(0))).unwrap();
        // Its own 0 h were never counted: only the 3 s of handing over are taken off.
        let sum = 3 * HOUR + 3 + 2 * 63 - 3 + 3;
        assert!((sum..=sum + 1).contains(&great.secs_up()));
        queue.endless();
        assert_eq!(queue.wait(None, Duration::ZERO, small), None);
    }
}
