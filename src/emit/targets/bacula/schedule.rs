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
    use super::super::parse::parse;
    use super::super::run::{RunLine, run_line};
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::process::Command;

    /// The minutes of days on which a rule, a line of ours or a line of Bacula's own program runs:
    /// month, day of the month, its week, day of the week from Monday, minute.
    type Minutes = BTreeSet<(u16, u32, u16, u16, u16)>;

    fn expand(on: impl Fn(u16, u32, u16, u16) -> bool, times: &[u16]) -> Minutes {
        let mut all = Minutes::new();
        for month in 0..12 {
            for day in 0..31u32 {
                let week = (day / 7) as u16;
                for weekday in (0..7).filter(|w| on(month, day, week, *w)) {
                    all.extend(times.iter().map(|t| (month, day, week, weekday, *t)));
                }
            }
        }
        all
    }

    fn of_rule(rule: &Rule) -> Minutes {
        let on = |month: u16, day: u32, week: u16, weekday: u16| {
            rule.months & (1 << month) != 0
                && match rule.days {
                    Days::Weekly { weeks, weekdays } => {
                        weeks & (1 << week) != 0 && weekdays & (1 << weekday) != 0
                    }
                    Days::Monthly { days } => days & (1 << day) != 0,
                }
        };
        expand(on, &rule.times)
    }

    fn of_line(run: &RunLine) -> Minutes {
        let on = |month: u16, day: u32, week: u16, weekday: u16| {
            run.months & (1 << month) != 0
                && run.days & (1 << day) != 0
                && run.weeks & (1 << week) != 0
                && run.weekdays & (1 << weekday) != 0
        };
        let times: Vec<u16> =
            (0..24).filter(|h| run.hours & (1 << h) != 0).map(|h| h * 60 + run.minute).collect();
        expand(on, &times)
    }

    /// A run as `bdirjson` prints it.
    fn of_json(run: &serde_json::Value) -> Minutes {
        let set = |key: &str| -> BTreeSet<u64> {
            run[key].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect()
        };
        let (months, days, weeks) = (set("Month"), set("Day"), set("WeekOfMonth"));
        let weekdays: BTreeSet<u64> = set("DayOfWeek").iter().map(|d| (d + 6) % 7).collect();
        let minute = run["Minute"].as_u64().unwrap() as u16;
        let times: Vec<u16> = set("Hour").iter().map(|h| *h as u16 * 60 + minute).collect();
        let on = |month: u16, day: u32, week: u16, weekday: u16| {
            months.contains(&month.into())
                && days.contains(&day.into())
                && weeks.contains(&week.into())
                && weekdays.contains(&weekday.into())
        };
        expand(on, &times)
    }

    fn rules() -> impl Strategy<Value = Rule> {
        let days = prop_oneof![
            (1u8..32, 1u8..128).prop_map(|(weeks, weekdays)| Days::Weekly { weeks, weekdays }),
            Just(Days::Weekly { weeks: ALL_WEEKS, weekdays: ALL_WEEKDAYS }),
            (1u32..0x8000_0000).prop_map(|days| Days::Monthly { days }),
        ];
        let times = prop_oneof![
            proptest::collection::btree_set(0u16..1440, 1..6).prop_map(|t| t.into_iter().collect()),
            Just(Rule::every(60, 7).unwrap().times),
            Just(Rule::every(5, 0).unwrap().times),
        ];
        let months = prop_oneof![Just(ALL_MONTHS), 1u16..4096];
        (months, days, times).prop_map(|(months, days, times)| Rule::plain(months, days, times))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4))]
        #[test]
        fn bacula_and_our_parser_read_the_very_rule(rules in proptest::collection::vec(rules(), 20)) {
            let mut text = String::from(include_str!("../../../../tests/data/bacula-smallest.conf"));
            for (n, rule) in rules.iter().enumerate() {
                text.push_str(&format!("Schedule {{\n Name = s{n}\n"));
                for line in lines(Some("Full"), rule) {
                    text.push_str(&format!(" Run = {line}\n"));
                }
                text.push_str("}\n");
            }
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("d.conf");
            std::fs::write(&file, &text).unwrap();
            let out = Command::new("bdirjson").arg("-c").arg(&file).output().unwrap();
            let json: serde_json::Value = serde_json::from_slice(&out.stdout)
                .unwrap_or_else(|e| panic!("{e}: {}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)));
            let config = parse(&text).unwrap();
            for (n, rule) in rules.iter().enumerate() {
                let wanted = of_rule(rule);
                let name = format!("s{n}");
                let block = config.of("schedule").find(|b| b.name() == name).unwrap();
                let ours: Minutes = block.all("run").flat_map(|r| of_line(&run_line(r).unwrap())).collect();
                prop_assert_eq!(&ours, &wanted, "{:?}", block);
                let theirs = json
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter_map(|r| r.get("Schedule"))
                    .find(|s| s["Name"] == name.as_str())
                    .unwrap();
                let theirs: Minutes =
                    theirs["Run"].as_array().unwrap().iter().flat_map(of_json).collect();
                prop_assert_eq!(&theirs, &wanted, "{:?}", block);
            }
        }
    }

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
