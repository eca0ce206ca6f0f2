//! The loss at every moment of the horizon, from one recovery point to the next.
//!
//! Points come rising by start and by when they are complete. Between the completion of one and of
//! the next what is lost only grows, since points only go: it is most just before the next, with the
//! newest that is still there then. One that is gone by then is gone for good.

use super::{Asked, Point, seconds};
use crate::quantity::Duration;

/// A look at points, one after the other.
pub(super) struct Sweep {
    asked: Asked,
    slack: i64,
    horizon: (i64, i64),
    /// Points that may be read, with the moments until which wrong contents may come; the newest last.
    there: Vec<(i64, i64)>,
    /// The moment until which logs roll some point forward.
    rolled: i64,
    /// Up to where everything has been looked at.
    at: i64,
    worst: Option<Duration>,
}

impl Sweep {
    /// Over the horizon between two instants. Points stay for `slack` seconds longer than they are
    /// kept.
    pub fn new(horizon: (i64, i64), asked: Asked, slack: i64) -> Self {
        Self {
            asked,
            slack,
            horizon,
            there: Vec::new(),
            rolled: i64::MIN,
            at: horizon.0,
            worst: Some(Duration::ZERO),
        }
    }

    /// Takes in the next point.
    pub fn point(&mut self, point: Point) {
        self.up_to(point.ready);
        let (read, held) = (seconds(self.asked.until_read), seconds(self.asked.until_held));
        let locked = self.asked.lock.map_or(i64::MAX, |l| point.oldest.saturating_add(seconds(l)) - read);
        let until = (point.until.saturating_add(self.slack) - held).min(locked);
        if until > point.ready {
            self.there.push((point.start, until));
        }
        if let Some((kept, _)) = self.asked.logs {
            let rolled = (point.start.saturating_add(seconds(kept)) - held).min(until);
            if rolled > point.ready {
                self.rolled = self.rolled.max(rolled);
            }
        }
    }

    /// Looks at all moments before one.
    fn up_to(&mut self, moment: i64) {
        let moment = moment.clamp(self.horizon.0, self.horizon.1);
        if moment <= self.at {
            return;
        }
        let rolls = |at: i64| self.asked.logs.filter(|_| self.rolled >= at).map(|(_, loss)| loss);
        let lost = rolls(moment).or_else(|| {
            while self.there.pop_if(|(_, until)| *until < moment).is_some() {}
            // One may count before the latest moment that it may hold.
            let plain = Duration::from_secs((moment - self.there.last()?.0).max(0).unsigned_abs());
            Some(plain.max(rolls(self.at + 1).unwrap_or_default()))
        });
        self.worst = self.worst.zip(lost).map(|(a, b)| a.max(b));
        self.at = moment;
    }

    /// The most that is lost; `None` when for some moment nothing can be read.
    pub fn worst(mut self) -> Option<Duration> {
        self.up_to(self.horizon.1);
        self.worst
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_lost_agrees_with_a_look_at_every_second(
            drawn in proptest::collection::vec((0i64..9, 0i64..9, -9i64..60, 0i64..5), 0..14),
            needed in 0u64..20,
            held in 0u64..20,
            lock in proptest::option::of(0u64..60),
            logs in proptest::option::of((0u64..50, 0u64..9)),
        ) {
            let (as_of, end) = (20, 70);
            let mut points: Vec<Point> = Vec::new();
            for (later, takes, kept, chain) in drawn {
                let before = points.last().copied();
                let start = before.map_or(0, |p| p.start) + later;
                let ready = (start + takes - 4).max(before.map_or(0, |p| p.ready));
                points.push(Point { start, ready, until: start + kept, oldest: start - chain });
            }
            let time = Duration::from_secs;
            let asked = Asked {
                until_read: time(needed),
                until_held: time(held),
                lock: lock.map(time),
                logs: logs.map(|(kept, loss)| (time(kept), time(loss))),
            };
            let mut sweep = Sweep::new((as_of, end), asked, 0);
            points.iter().for_each(|p| sweep.point(*p));
            let whole = |n: u64| n as i64;
            let (needed, held) = (whole(needed), whole(held));
            let there = |p: &&Point, at: i64| {
                let locked = lock.is_none_or(|l| at + needed < p.oldest + whole(l));
                p.ready <= at && at + held < p.until && locked
            };
            let lost = |at: i64| {
                let mut now = points.iter().filter(|p| there(p, at));
                let logs = logs.filter(|(kept, _)| now.clone().any(|p| at + held < p.start + whole(*kept)));
                let plain = now.next_back().map(|p| time((at + 1 - p.start).max(0).unsigned_abs()));
                logs.map(|l| time(l.1)).or(plain)
            };
            let by_hand: Option<Vec<Duration>> = (as_of..end).map(lost).collect();
            prop_assert_eq!(sweep.worst(), by_hand.map(|all| all.into_iter().max().unwrap_or_default()));
        }
    }
}
