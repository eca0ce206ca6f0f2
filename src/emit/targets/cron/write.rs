//! Rules as lines of a table.
//!
//! A line of cron is a product: each of its minutes in each of its hours, on each of its days. A
//! rule's times are split into as few products as have it exactly, the hours with the same minutes
//! together.
//!
//! Where both the day of the month and the day of the week are restricted cron runs when *either*
//! matches. So one of the two is always `*` here, and weeks of the month become a guard before the
//! command.

use super::parse::days_of;
use crate::calendar::{ALL_MONTHS, ALL_WEEKDAYS, ALL_WEEKS, Days, Rule};
use serde::Serialize;
use std::collections::BTreeMap;

/// A line without its user, its fields in cron's spelling.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Line {
    /// Minutes of the hour.
    pub minutes: String,
    /// Hours of the day.
    pub hours: String,
    /// Days of the month.
    pub days: String,
    /// Months.
    pub months: String,
    /// Days of the week, Sunday is 0.
    pub weekdays: String,
    /// What the shell runs; a `%` in it is not yet escaped.
    pub command: String,
}

/// The lines that run `command` at the minutes of a rule and at no others, none of them twice.
pub fn lines(rule: &Rule, command: &str) -> Vec<Line> {
    let (days, weekdays, guard) = match rule.days {
        Days::Monthly { days } => (days, ALL_WEEKDAYS, None),
        Days::Weekly { weeks: ALL_WEEKS, weekdays } => (EVERY_DAY, weekdays, None),
        Days::Weekly { weeks, weekdays: ALL_WEEKDAYS } => (days_of(weeks), ALL_WEEKDAYS, None),
        Days::Weekly { weeks, weekdays } => (EVERY_DAY, weekdays, Some(days_of(weeks))),
    };
    let command = match guard {
        Some(days) => guarded(days, command),
        None => command.to_owned(),
    };
    let mut products: BTreeMap<u64, u64> = BTreeMap::new();
    for hour in 0..24u16 {
        let minutes: u64 = rule.times.iter().filter(|t| *t / 60 == hour).map(|t| 1 << (t % 60)).sum();
        if minutes != 0 {
            *products.entry(minutes).or_default() |= 1 << hour;
        }
    }
    let mut products: Vec<(u64, u64)> = products.into_iter().collect();
    products.sort_by_key(|(minutes, hours)| (hours.trailing_zeros(), minutes.trailing_zeros()));
    products
        .into_iter()
        .map(|(minutes, hours)| Line {
            minutes: clock(minutes, 60),
            hours: clock(hours, 24),
            days: if days == EVERY_DAY { "*".into() } else { list(u64::from(days) << 1) },
            months: if rule.months == ALL_MONTHS { "*".into() } else { list(u64::from(rule.months) << 1) },
            weekdays: if weekdays == ALL_WEEKDAYS { "*".into() } else { list(sunday_first(weekdays)) },
            command: command.clone(),
        })
        .collect()
}

/// All 31 days of a month.
const EVERY_DAY: u32 = 0x7fff_ffff;

/// The command behind a test of the day of the month. `date` reads the clock that cron goes by.
fn guarded(days: u32, command: &str) -> String {
    let days: Vec<String> = bits(u64::from(days) << 1).map(|d| format!("{d:02}")).collect();
    format!("case \"$(date +%d)\" in {}) {command} ;; esac", days.join("|"))
}

/// Bit 0 Monday to bit 0 Sunday.
fn sunday_first(weekdays: u8) -> u64 {
    u64::from(weekdays) << 1 & 0x7f | u64::from(weekdays) >> 6
}

fn bits(set: u64) -> impl Iterator<Item = u32> {
    (0..64).filter(move |b| set & (1 << b) != 0)
}

/// Minutes of an hour or hours of a day: `*`, a step, or a list. A field that begins with `*` makes
/// cron follow the clock where the clock is changed, which is right for what runs all day long.
fn clock(set: u64, size: u32) -> String {
    let members: Vec<u32> = bits(set).collect();
    let steps = |step: u32| {
        let first = members.first().copied().unwrap_or(0);
        first < step
            && size.is_multiple_of(step)
            && members.len() as u64 == u64::from(size / step)
            && members
                .iter()
                .enumerate()
                .all(|(n, m)| u64::from(*m) == u64::from(first) + n as u64 * u64::from(step))
    };
    match (members.as_slice(), members.first()) {
        (all, _) if all.len() as u64 == u64::from(size) => "*".into(),
        ([a, b, _, ..], Some(first)) if steps(b - a) => match first {
            0 => format!("*/{}", b - a),
            _ => format!("{first}-{}/{}", size - 1, b - a),
        },
        _ => list(set),
    }
}

/// A list with ranges where three or more follow each other.
fn list(set: u64) -> String {
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for bit in bits(set) {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == bit => *last = bit,
            _ => parts.push((bit, bit)),
        }
    }
    let parts: Vec<String> = parts
        .into_iter()
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            1 => format!("{first},{last}"),
            _ => format!("{first}-{last}"),
        })
        .collect();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(rule: &Rule) -> Vec<String> {
        lines(rule, "run")
            .into_iter()
            .map(|l| {
                format!("{} {} {} {} {} {}", l.minutes, l.hours, l.days, l.months, l.weekdays, l.command)
            })
            .collect()
    }

    #[test]
    fn rules_in_crons_words() {
        assert_eq!(shown(&Rule::daily(90)), ["30 1 * * * run"]);
        assert_eq!(shown(&Rule::weekly(0b100_0000, 90)), ["30 1 * * 0 run"]);
        assert_eq!(shown(&Rule::weekly(0b001_1111, 90)), ["30 1 * * 1-5 run"]);
        assert_eq!(shown(&Rule::weekly(0b110_0000, 90)), ["30 1 * * 0,6 run"]);
        assert_eq!(shown(&Rule::monthly_day(15, 90)), ["30 1 15 * * run"]);
        assert_eq!(shown(&Rule::quarterly(0)), ["0 0 1 1,4,7,10 * run"]);
        assert_eq!(shown(&Rule::every(1, 0).unwrap()), ["* * * * * run"]);
        assert_eq!(shown(&Rule::every(5, 0).unwrap()), ["*/5 * * * * run"]);
        assert_eq!(shown(&Rule::every(15, 5).unwrap()), ["5-59/15 * * * * run"]);
        assert_eq!(shown(&Rule::every(30, 0).unwrap()), ["0,30 * * * * run"]);
        assert_eq!(shown(&Rule::every(120, 30).unwrap()), ["30 */2 * * * run"]);
        assert_eq!(
            shown(&Rule::monthly_weekday(2, 1, 180)),
            ["0 3 * * 1 case \"$(date +%d)\" in 08|09|10|11|12|13|14) run ;; esac"]
        );
        let uneven = Rule { times: vec![60, 90, 120, 180], ..Rule::daily(0) };
        assert_eq!(shown(&uneven), ["0,30 1 * * * run", "0 2,3 * * * run"]);
    }
}
