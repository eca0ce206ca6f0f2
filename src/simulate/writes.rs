//! What is written when: a course of writes that a profile admits, and what of it is new to a run.

use super::dice::Dice;
use crate::calendar::{WEEK_SECONDS, WeekProfile, Zone};
use crate::model::{Data, Model};
use crate::quantity::Bytes;
use la_arena::Idx;

/// How much of what is admitted is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Load {
    /// All of it.
    Full,
    /// A part, drawn anew for each piece of the profile.
    Drawn,
}

/// Bytes a second from moments on, and bytes at once. Moments are seconds from the as-of instant.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    /// Rising; the rate holds until the next.
    pub rates: Vec<(f64, f64)>,
    /// Rising.
    pub jumps: Vec<(f64, f64)>,
}

impl Course {
    /// The course of a profile between two moments. The zone's own weeks count: a night on which
    /// clocks are changed is an hour longer or shorter.
    pub fn of(
        profile: &WeekProfile,
        zone: &Zone,
        as_of: i64,
        (from, to): (f64, f64),
        load: Load,
        dice: &mut Dice,
    ) -> Self {
        let (first, last) = (as_of + from as i64, as_of + to as i64 + 1);
        let mut turns = vec![first];
        turns.extend(zone.transitions(first, last));
        let mut rates: Vec<(f64, f64)> = Vec::new();
        for (n, turn) in turns.iter().enumerate() {
            let until = turns.get(n + 1).copied().unwrap_or(last);
            let local = second_of_week(zone, *turn);
            // The segment that goes on at the turn, then each that begins before the next turn.
            let week = WEEK_SECONDS as i64;
            let mut starts: Vec<(i64, f64)> = Vec::new();
            for (start, length, rate) in profile.segments() {
                let (start, length) = (start as i64, length as i64);
                if (local - start).rem_euclid(week) < length {
                    starts.push((*turn, rate as f64));
                }
                let mut at = turn + (start - local).rem_euclid(week);
                while at < until {
                    if at > *turn {
                        starts.push((at, rate as f64));
                    }
                    at += week;
                }
            }
            starts.sort_by_key(|s| s.0);
            for (at, rate) in starts {
                let factor = match load {
                    Load::Full => 1.0,
                    Load::Drawn => dice.unit(),
                };
                rates.push(((at - as_of) as f64, rate * factor));
            }
        }
        Self { rates, jumps: Vec::new() }
    }

    pub fn rate(&self, at: f64) -> f64 {
        let n = self.rates.partition_point(|(t, _)| *t <= at);
        n.checked_sub(1).and_then(|n| self.rates.get(n)).map_or(0.0, |r| r.1)
    }

    /// What is written in `(from, to]`.
    pub fn between(&self, from: f64, to: f64) -> f64 {
        let jumps: f64 = self.jumps.iter().filter(|(t, _)| *t > from && *t <= to).map(|j| j.1).sum();
        let mut sum = jumps;
        for (n, (start, rate)) in self.rates.iter().enumerate() {
            let end = self.rates.get(n + 1).map_or(f64::INFINITY, |r| r.0);
            sum += rate * (end.min(to) - start.max(from)).max(0.0);
        }
        sum
    }

    /// The sum of courses, times a factor.
    pub fn sum(courses: &[Self], factor: f64) -> Self {
        let mut cuts: Vec<f64> = courses.iter().flat_map(|c| c.rates.iter().map(|r| r.0)).collect();
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        let rates =
            cuts.iter().map(|t| (*t, courses.iter().map(|c| c.rate(*t)).sum::<f64>() * factor)).collect();
        let mut jumps: Vec<(f64, f64)> =
            courses.iter().flat_map(|c| c.jumps.iter().map(|(t, b)| (*t, b * factor))).collect();
        jumps.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { rates, jumps }
    }

    /// The ends of its peaks: the moments at which it falls.
    pub fn falls(&self) -> Vec<f64> {
        self.rates
            .iter()
            .zip(self.rates.iter().skip(1))
            .filter(|(a, b)| b.1 < a.1)
            .map(|(_, b)| b.0)
            .collect()
    }

    /// Lets what is written just before a moment come at once, as one transaction of that many
    /// bytes at most does when it commits.
    pub fn commit_at(&mut self, at: f64, bytes: f64) {
        let mut left = bytes;
        let mut end = at;
        let mut from = at;
        while left > 1e-6 {
            let n = self.rates.partition_point(|(t, _)| *t < end);
            let Some((start, rate)) = n.checked_sub(1).and_then(|n| self.rates.get(n)).copied() else {
                break;
            };
            if rate > 0.0 && (end - start) * rate >= left {
                from = end - left / rate;
                left = 0.0;
            } else {
                left -= (end - start) * rate;
                from = start;
                end = start;
            }
        }
        let gathered = bytes - left;
        if gathered <= 0.0 || self.jumps.iter().any(|(t, _)| *t > from && *t <= at) {
            return;
        }
        let after = self.rate(at);
        let mut rates: Vec<(f64, f64)> =
            self.rates.iter().copied().filter(|(t, _)| *t < from || *t > at).collect();
        rates.extend([(from, 0.0), (at, after)]);
        rates.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.rates = rates;
        self.jumps.push((at, gathered));
        self.jumps.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
}

/// The second of a zone's week at an instant.
fn second_of_week(zone: &Zone, instant: i64) -> i64 {
    let second = instant.rem_euclid(60);
    zone.local(instant)
        .map_or(0, |(_, minute, day)| (i64::from(day) * 1440 + i64::from(minute)) * 60 + second)
}

/// How much a data class holds at a moment, in seconds from the as-of instant: it grows by its
/// part in each of its times, evenly within one.
pub(super) fn size(model: &Model, data: Idx<Data>, at: f64) -> f64 {
    let d = &model.data[data];
    let today = d.size.value.0 as f64;
    let Some((part, per)) = d.growth.map(|g| g.value).filter(|g| g.1.0 > 0) else { return today };
    let (part, per) = (part.0 as f64 / 1e9, per.as_secs_f64());
    let mut size = today;
    let mut left = at.max(0.0);
    while left >= per {
        size *= 1.0 + part;
        left -= per;
    }
    size * (1.0 + part * left / per)
}

/// When what is unique to a run is changed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Changes {
    /// Evenly, a part of what is admitted.
    Even(f64),
    /// All that is admitted in a window at once, once in each window: at this part of it.
    AtOnce(f64),
}

/// Unique bytes of a data class that change in `(from, to]`.
pub(super) fn changed(model: &Model, data: Idx<Data>, (from, to): (f64, f64), changes: Changes) -> f64 {
    let all = size(model, data, to);
    let Some((part, per)) = model.data[data].changed.map(|c| c.value).filter(|c| c.1.0 > 0) else {
        return match changes {
            Changes::Even(part) => all * part,
            Changes::AtOnce(_) => all,
        };
    };
    let (part, per) = (part.0 as f64 / 1e9, per.as_secs_f64());
    let windows = match changes {
        Changes::Even(share) => share * (to - from) / per,
        Changes::AtOnce(phase) => (to / per - phase).floor() - (from / per - phase).floor(),
    };
    (all * part * windows).min(all)
}

/// The same as a number of bytes.
pub(super) fn float(bytes: Bytes) -> f64 {
    bytes.0 as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Line;

    #[test]
    fn a_night_on_which_clocks_are_changed_is_longer() {
        // Paris, 26 October 2025, 00:00 UTC: 02:00 summer time; at 01:00 UTC the clocks show 02:00
        // again. The profile has 10 a second from 02:00 to 03:00, else 1.
        let paris = Zone::named("Europe/Paris").unwrap();
        let line = Line { weekdays: 0x7f, from: 120, to: 180, rate: 10, adds: false };
        let profile = WeekProfile::new(1, &[line], Bytes::ZERO);
        let as_of = 1_761_436_800;
        let course = Course::of(&profile, &paris, as_of, (0.0, 10_800.0), Load::Full, &mut Dice::new(1));
        // Two hours of 10, then one of 1.
        assert_eq!(course.between(0.0, 10_800.0), 2.0 * 36_000.0 + 3600.0);
        assert_eq!(course.rate(7_199.0), 10.0);
        assert_eq!(course.rate(7_200.0), 1.0);
    }

    #[test]
    fn a_transaction_comes_when_it_commits() {
        let mut course = Course { rates: vec![(0.0, 2.0), (10.0, 4.0)], jumps: Vec::new() };
        // 30 bytes at 15: 20 of the last five seconds, 10 of the five before.
        course.commit_at(15.0, 30.0);
        assert_eq!(course.between(0.0, 14.9), 10.0);
        assert_eq!(course.between(14.9, 15.0), 30.0);
        assert_eq!(course.between(0.0, 16.0), 44.0);
    }
}
