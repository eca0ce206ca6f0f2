//! Where the runs of a schedule may lie in a week, daylight saving included.
//!
//! When all schedules follow the clocks of one zone, the week is that of its clocks. A run that is
//! due or goes on while clocks are changed is given the width of the change on both sides: real
//! time and the clock's differ by no more. Otherwise the week is that of universal time, and a
//! start lies anywhere between its earliest and its latest place of the year.
//!
//! A rule of months or of days of the month is taken as if it came in every week, on every day
//! that it may fall on: more runs than there are.

use super::Horizon;
use crate::calendar::{Rule, WEEK_SECONDS, Zone};
use crate::quantity::Duration;
use std::collections::{BTreeMap, BTreeSet};

const WEEK: i64 = WEEK_SECONDS as i64;

/// A start: the first second of the week at which it may be, and how much later it may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    from: u64,
    spread: u64,
    /// Whether clocks show it twice in some night, and it then comes twice: the second run waits
    /// for the first, so that both are over after twice the time.
    pub twice: bool,
}

/// The week that runs are laid into.
pub(super) struct Frame {
    /// Where clocks are changed: second of the week, and by how much.
    turns: Vec<(u64, u64)>,
    /// What the clocks of each zone show twice: second of its week, and how many.
    folds: BTreeMap<String, BTreeSet<(u64, u64)>>,
    /// The least and the most that the clocks of each zone are ahead of the frame's.
    ahead: BTreeMap<String, (i64, i64)>,
}

impl Frame {
    pub fn new<'a>(zones: impl Iterator<Item = &'a Zone>, horizon: Horizon) -> Self {
        let known: BTreeMap<&str, &Zone> = zones.map(|z| (z.name(), z)).collect();
        // Runs that are still felt at the first instant began before it.
        let from = horizon.as_of - 5 * WEEK;
        let to = horizon.as_of + i64::from(horizon.days) * 86_400 + WEEK;
        let mut turns = BTreeSet::new();
        let mut folds: BTreeMap<String, BTreeSet<(u64, u64)>> = BTreeMap::new();
        let mut ahead = BTreeMap::new();
        let alone = known.len() == 1;
        for (name, zone) in known {
            let first = zone.offset(from);
            let (mut least, mut most) = (first, first);
            for turn in zone.transitions(from, to) {
                let (before, after) = (zone.offset(turn - 1), zone.offset(turn));
                (least, most) = (least.min(after), most.max(after));
                // 1 January 1970 was a Thursday.
                let at = (turn + before.min(after) + 3 * 86_400).rem_euclid(WEEK).unsigned_abs();
                let width = before.abs_diff(after);
                if alone {
                    turns.insert((at, width));
                }
                if after < before {
                    folds.entry(name.to_owned()).or_default().insert((at, width));
                }
            }
            ahead.insert(name.to_owned(), if alone { (0, 0) } else { (least, most) });
        }
        Self { turns: turns.into_iter().collect(), folds, ahead }
    }

    /// The starts of rules, each of which may be late by `jitter`.
    pub fn starts(&self, rules: &[Rule], zone: &Zone, jitter: Duration) -> Vec<Start> {
        let (least, most) = self.ahead.get(zone.name()).copied().unwrap_or_default();
        let spread = (most - least).unsigned_abs() + jitter.secs_up();
        let folds = self.folds.get(zone.name());
        let mut all = Vec::new();
        for rule in rules {
            let repeated = folds.is_some() && rule.is_repeated();
            for day in (0..7).filter(|d| rule.weekdays() & (1 << d) != 0) {
                for minute in &rule.times {
                    let shown = (day * 1440 + i64::from(*minute)) * 60;
                    let within = |f: &(u64, u64)| (f.0..f.0 + f.1).contains(&shown.unsigned_abs());
                    let twice = repeated && folds.is_some_and(|f| f.iter().any(within));
                    let from = (shown - most).rem_euclid(WEEK).unsigned_abs();
                    all.push(Start { from, spread, twice });
                }
            }
        }
        all
    }

    /// The shortest time between two starts as clocks show them; a week when there is one.
    pub fn nearest(starts: &[Start]) -> Duration {
        let mut at: Vec<u64> = starts.iter().map(|s| s.from).collect();
        at.sort_unstable();
        let wrapped = at.first().map(|f| f + WEEK_SECONDS);
        let next = at.iter().skip(1).copied().chain(wrapped);
        let least = at.iter().zip(next).map(|(a, b)| b - a).min();
        Duration::from_secs(least.unwrap_or(WEEK_SECONDS))
    }

    /// The seconds of the week, and how many, in which a run of that length may go on.
    pub fn span(&self, start: Start, length: u64) -> (u64, u64) {
        let length = length.saturating_mul(1 + u64::from(start.twice)).saturating_add(start.spread);
        let wide = self.turns.iter().filter(|(at, width)| {
            // From the start: where the change begins, and where one begun before ends.
            let begins = (at + WEEK_SECONDS - start.from) % WEEK_SECONDS;
            begins <= length || begins + width >= WEEK_SECONDS
        });
        let wide = wide.map(|(_, width)| *width).max().unwrap_or(0);
        let from = (start.from + WEEK_SECONDS - wide % WEEK_SECONDS) % WEEK_SECONDS;
        (from, length.saturating_add(2 * wide).min(WEEK_SECONDS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-15, midnight UTC.
    const YEAR: Horizon = Horizon { as_of: 1_768_435_200, days: 365 };
    const HOUR: u64 = 3_600;

    fn spans(zones: &[&str], rule: &Rule, zone: &str, length: u64) -> Vec<(u64, u64)> {
        let all: Vec<Zone> = zones.iter().map(|z| Zone::named(z).unwrap()).collect();
        let frame = Frame::new(all.iter(), YEAR);
        let starts = frame.starts(std::slice::from_ref(rule), &Zone::named(zone).unwrap(), Duration::ZERO);
        starts.into_iter().map(|s| frame.span(s, length)).collect()
    }

    #[test]
    fn a_zone_without_changes_is_exact() {
        let sunday = Rule::weekly(0b100_0000, 120);
        assert_eq!(spans(&["Asia/Shanghai"], &sunday, "Asia/Shanghai", HOUR), [(146 * HOUR, HOUR)]);
        assert_eq!(spans(&["UTC", "UTC"], &sunday, "UTC", HOUR), [(146 * HOUR, HOUR)]);
    }

    #[test]
    fn clocks_are_changed_under_a_run() {
        // In Paris on Sundays between 02:00 and 03:00. From 01:30 for an hour, on 29 March: to 03:30
        // on the clock. An hour more on both sides; on Saturdays and from four o'clock nothing.
        let paris = |rule: &Rule| spans(&["Europe/Paris"], rule, "Europe/Paris", HOUR);
        let half = HOUR / 2;
        assert_eq!(paris(&Rule::weekly(0b100_0000, 90)), [(144 * HOUR + half, 3 * HOUR)]);
        // What is due at 02:30 comes twice in October.
        assert_eq!(paris(&Rule::weekly(0b100_0000, 150)), [(145 * HOUR + half, 4 * HOUR)]);
        assert_eq!(paris(&Rule::weekly(0b010_0000, 90)), [(121 * HOUR + half, HOUR)]);
        assert_eq!(paris(&Rule::weekly(0b100_0000, 240)), [(148 * HOUR, HOUR)]);
    }

    #[test]
    fn zones_move_against_one_another() {
        // Sunday 12:00 in Paris is 11:00 in winter and 10:00 in summer, universal time.
        let sunday = Rule::weekly(0b100_0000, 720);
        let both = ["Europe/Paris", "Asia/Shanghai"];
        assert_eq!(spans(&both, &sunday, "Europe/Paris", HOUR), [(154 * HOUR, 2 * HOUR)]);
        // In Shanghai 04:00 all year.
        assert_eq!(spans(&both, &sunday, "Asia/Shanghai", HOUR), [(148 * HOUR, HOUR)]);
    }
}
