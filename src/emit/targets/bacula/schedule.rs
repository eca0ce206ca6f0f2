//! Rules of the calendar as Bacula's `Run` lines.
//!
//! A `Run` line has one minute and a set of hours, so a rule makes one line for each minute past
//! the hour that it has.

use crate::calendar::{ALL_MONTHS, ALL_WEEKDAYS, ALL_WEEKS, Days, Rule};
use std::collections::BTreeMap;

pub(super) const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// From Monday, as rules count.
pub(super) const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
pub(super) const WEEKS: [&str; 5] = ["1st", "2nd", "3rd", "4th", "5th"];

/// What stands behind `Run =` for a rule: one text a line.
pub fn lines(level: Option<&str>, rule: &Rule) -> Vec<String> {
    let mut by_minute: BTreeMap<u16, Vec<u16>> = BTreeMap::new();
    for time in &rule.times {
        by_minute.entry(time % 60).or_default().push(time / 60);
    }
    let level = level.map(|l| format!("Level={l} ")).unwrap_or_default();
    let days = days(rule);
    by_minute
        .into_iter()
        .map(|(minute, hours)| {
            if hours.len() == 24 {
                return format!("{level}{days} hourly at 0:{minute:02}");
            }
            let at: Vec<String> = hours.iter().map(|h| format!("at {h}:{minute:02}")).collect();
            format!("{level}{days} {}", at.join(" "))
        })
        .collect()
}

fn days(rule: &Rule) -> String {
    let mut words = Vec::new();
    if rule.months != ALL_MONTHS {
        words.push(named(&MONTHS, u32::from(rule.months)));
    }
    match rule.days {
        Days::Weekly { weeks: ALL_WEEKS, weekdays: ALL_WEEKDAYS } => words.push("daily".into()),
        Days::Weekly { weeks, weekdays } => {
            if weeks != ALL_WEEKS {
                words.push(named(&WEEKS, u32::from(weeks)));
            }
            if weekdays != ALL_WEEKDAYS {
                words.push(named(&WEEKDAYS, u32::from(weekdays)));
            }
        }
        Days::Monthly { days } => {
            let days: Vec<String> =
                (0..31).filter(|d| days & (1 << d) != 0).map(|d| (d + 1).to_string()).collect();
            words.push(format!("on {}", days.join(",")));
        }
    }
    words.join(" ")
}

fn named(names: &[&str], bits: u32) -> String {
    let chosen: Vec<&str> =
        names.iter().enumerate().filter(|(n, _)| bits & (1 << n) != 0).map(|(_, name)| *name).collect();
    chosen.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_each_minute() {
        assert_eq!(lines(Some("Full"), &Rule::weekly(0b100_0000, 90)), ["Level=Full sun at 1:30"]);
        let five = lines(None, &Rule::every(5, 0).unwrap());
        assert_eq!(five.len(), 12);
        assert_eq!(five[1], "daily hourly at 0:05");
        assert_eq!(lines(None, &Rule::every(720, 15).unwrap()), ["daily at 0:15 at 12:15"]);
        assert_eq!(lines(None, &Rule::quarterly(0)), ["jan,apr,jul,oct on 1 at 0:00"]);
        assert_eq!(lines(None, &Rule::monthly_weekday(1, 1, 125)), ["1st mon at 2:05"]);
    }
}
