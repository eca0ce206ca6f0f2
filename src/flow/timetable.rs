//! The instants at which jobs run, each distinct schedule expanded once.

use crate::base::EcoString;
use crate::calendar::{Clock, Rule, Zone};
use crate::ops::{Job, Level};
use jiff::ToSpan as _;
use jiff::civil::Date;
use rustc_hash::FxHashMap;

const DAY: i64 = 86_400;

/// A run of a schedule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Moment {
    /// When it starts, in Unix seconds.
    pub at: i64,
    /// What it carries.
    pub level: Level,
}

/// A date and, where its clocks do not change, its midnight.
#[derive(Clone, Copy)]
struct Date24 {
    date: Date,
    midnight: Option<i64>,
}

/// What tells schedules apart.
type Key = (EcoString, i64, Vec<(Level, Rule)>);

impl Date24 {
    /// The instants at which what is meant for a minute of it is due.
    fn due(&self, zone: &Zone, minute: u16, clock: Clock) -> [Option<i64>; 2] {
        match self.midnight {
            Some(midnight) => [Some(midnight + i64::from(minute) * 60), None],
            None => zone.due(self.date, minute, clock),
        }
    }
}

/// Expanded schedules.
#[derive(Debug, Default)]
pub struct Timetables {
    tables: Vec<Vec<Moment>>,
}

impl Timetables {
    /// The runs of a table, rising.
    pub fn table(&self, number: usize) -> &[Moment] {
        self.tables.get(number).map_or(&[], Vec::as_slice)
    }

    /// How many runs all tables have.
    pub fn moments(&self) -> usize {
        self.tables.iter().map(Vec::len).sum()
    }
}

/// Expands schedules up to one instant.
pub(super) struct Expander {
    pub made: Timetables,
    to: i64,
    known: FxHashMap<Key, usize>,
    dates: FxHashMap<(EcoString, i64), Vec<Date24>>,
}

impl Expander {
    pub fn new(to: i64) -> Self {
        Self { made: Timetables::default(), to, known: FxHashMap::default(), dates: FxHashMap::default() }
    }

    /// The number of the table of a job's runs in `[from, to)`.
    pub fn of(&mut self, job: &Job, from: i64) -> usize {
        let rules: Vec<(Level, Rule)> = job.runs.iter().map(|r| (r.level, r.rule.clone())).collect();
        let key = (EcoString::from(job.zone.name()), from, rules);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let to = self.to;
        let dates = self.dates.entry((key.0.clone(), from)).or_insert_with(|| dates(&job.zone, from, to));
        let mut table = Vec::new();
        for (level, rule) in &key.2 {
            for day in dates.iter().filter(|d| rule.on(d.date)) {
                for minute in &rule.times {
                    let due = day.due(&job.zone, *minute, rule.clock).into_iter().flatten();
                    table.extend(
                        due.filter(|at| (from..to).contains(at)).map(|at| Moment { at, level: *level }),
                    );
                }
            }
        }
        // Each rule's moments rise already: a sort that merges is done in one pass.
        table.sort();
        table.dedup_by_key(|m| m.at);
        let number = self.made.tables.len();
        self.made.tables.push(table);
        self.known.insert(key, number);
        number
    }
}

/// The dates of a zone that have a moment in `[from, to)`.
fn dates(zone: &Zone, from: i64, to: i64) -> Vec<Date24> {
    let mut all = Vec::new();
    let changes = zone.transitions(from - 2 * DAY, to + 2 * DAY);
    let Some((mut date, _, _)) = zone.local(from) else { return all };
    while let Some(start) = zone.instant(date, 0).or_else(|| zone.instant(date, 180)) {
        if start >= to {
            break;
        }
        let next = changes.partition_point(|c| *c < start - DAY);
        let plain = changes.get(next).is_none_or(|c| *c > start + 2 * DAY);
        all.push(Date24 { date, midnight: plain.then_some(start) });
        match date.checked_add(1.day()) {
            Ok(following) => date = following,
            Err(_) => break,
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{ALL_MONTHS, Days};

    #[test]
    fn tables_are_what_the_calendar_says() {
        let from = 1_704_067_200 + 7 * 3600;
        let to = from + 900 * DAY;
        for name in ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"] {
            let zone = Zone::named(name).unwrap();
            for rule in [
                Rule::daily(150),
                Rule::every(30, 5).unwrap(),
                Rule::weekly(0b100_0000, 90),
                Rule::plain(ALL_MONTHS, Days::Monthly { days: 1 << 14 }, vec![0, 1439]),
                Rule { clock: Clock::CaughtUp, ..Rule::daily(150) },
            ] {
                let dates = dates(&zone, from, to);
                let mut found: Vec<i64> = dates
                    .iter()
                    .filter(|d| rule.on(d.date))
                    .flat_map(|d| rule.times.iter().flat_map(|m| d.due(&zone, *m, rule.clock)).flatten())
                    .filter(|t| (from..to).contains(t))
                    .collect();
                found.sort_unstable();
                found.dedup();
                assert_eq!(found, rule.occurrences(&zone, from, to), "{name} {rule:?}");
            }
        }
    }
}
