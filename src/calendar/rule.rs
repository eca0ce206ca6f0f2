//! Schedules as sets of local minutes.

use super::Zone;
use crate::quantity::Duration;
use jiff::ToSpan;
use jiff::civil::Date;

/// All twelve months.
pub const ALL_MONTHS: u16 = 0xfff;
/// All five weeks of a month.
pub const ALL_WEEKS: u8 = 0x1f;
/// All seven days of a week.
pub const ALL_WEEKDAYS: u8 = 0x7f;

/// Which days.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Days {
    /// Days of the week in weeks of the month: bit 0 of `weekdays` is Monday, bit 0 of `weeks` are
    /// the days 1 to 7 of a month, bit 4 the days 29 to 31.
    Weekly {
        /// Weeks of the month.
        weeks: u8,
        /// Days of the week.
        weekdays: u8,
    },
    /// Days of the month: bit 0 is the 1st.
    Monthly {
        /// Days of the month.
        days: u32,
    },
}

/// What a schedule goes by in the nights in which clocks are changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Clock {
    /// What clocks show: a time that they jump over never comes, and one that they show twice comes
    /// twice. So Bacula's director (it asks each hour which runs are due in that hour of the clock
    /// and the next), and Debian's cron for a line whose minute or hour begins with `*`.
    #[default]
    Shown,
    /// A time that clocks jump over comes right after the jump, and one that they show twice comes
    /// once, the first time. So Debian's cron for all other lines (targets, 1c: run).
    CaughtUp,
    /// A time that clocks jump over never comes, and one that they show twice counts once: what
    /// starts again an hour later is a run more, and no reason for the first to be over by then.
    Once,
}

/// The part of a day that runs are to stay within, in minutes from local midnight. An end at or
/// before the beginning is on the next day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Window {
    /// From this minute.
    pub from: u16,
    /// To this minute, below 1440.
    pub to: u16,
}

impl Window {
    /// Minutes from a minute of the day to the window's end; none when the minute is outside.
    pub fn left(self, minute: u16) -> Option<u16> {
        let length = match (self.to + 1440 - self.from) % 1440 {
            0 => 1440,
            length => length,
        };
        length.checked_sub((minute + 1440 - self.from) % 1440).filter(|left| *left > 0)
    }
}

/// A schedule: on these days of these months, at these minutes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Rule {
    /// Bit 0 is January.
    pub months: u16,
    /// Which days.
    pub days: Days,
    /// Minutes from midnight, rising, each below 1440; never empty.
    pub times: Vec<u16>,
    /// Each start is late by a random time of at most this.
    pub jitter: Duration,
    /// What each run is to stay within, if that was said.
    pub window: Option<Window>,
    /// What whoever starts the runs goes by when clocks are changed.
    pub clock: Clock,
}

/// An interval that the clock does not divide into.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotAligned {
    /// The nearest intervals that it does, in minutes: the next shorter and the next longer.
    pub nearest: Vec<u64>,
}

const EVERY_DAY: Days = Days::Weekly { weeks: ALL_WEEKS, weekdays: ALL_WEEKDAYS };

impl Rule {
    /// On these days of these months at these minutes, without jitter or window.
    pub fn plain(months: u16, days: Days, times: Vec<u16>) -> Self {
        Self { months, days, times, jitter: Duration::ZERO, window: None, clock: Clock::Shown }
    }

    /// Every day at a minute.
    pub fn daily(minute: u16) -> Self {
        Self::plain(ALL_MONTHS, EVERY_DAY, vec![minute])
    }

    /// On days of the week (bit 0 is Monday) at a minute.
    pub fn weekly(weekdays: u8, minute: u16) -> Self {
        Self::plain(ALL_MONTHS, Days::Weekly { weeks: ALL_WEEKS, weekdays }, vec![minute])
    }

    /// On the `nth` (from 1) such day of each month at a minute.
    pub fn monthly_weekday(nth: u8, weekdays: u8, minute: u16) -> Self {
        let weeks = 1 << (nth - 1);
        Self::plain(ALL_MONTHS, Days::Weekly { weeks, weekdays }, vec![minute])
    }

    /// On a day (from 1) of each month at a minute.
    pub fn monthly_day(day: u8, minute: u16) -> Self {
        Self::plain(ALL_MONTHS, Days::Monthly { days: 1 << (day - 1) }, vec![minute])
    }

    /// On the first day of January, April, July and October at a minute.
    pub fn quarterly(minute: u16) -> Self {
        Self::plain(0b0010_0100_1001, Days::Monthly { days: 1 }, vec![minute])
    }

    /// Every so many minutes, counted from midnight plus an offset.
    ///
    /// # Errors
    /// When the interval divides neither the hour nor, being whole hours, the day: the clock
    /// would not come out even at midnight.
    pub fn every(minutes: u64, offset: u64) -> Result<Self, NotAligned> {
        let divides = |m: u64| {
            m > 0 && (60_u64.is_multiple_of(m) || (m.is_multiple_of(60) && 1440_u64.is_multiple_of(m)))
        };
        if !divides(minutes) {
            let shorter = (1..minutes.min(1441)).rev().find(|m| divides(*m));
            let longer = (minutes + 1..=1440).find(|m| divides(*m));
            return Err(NotAligned { nearest: shorter.into_iter().chain(longer).collect() });
        }
        let first = offset % minutes;
        let times = (0..1440 / minutes).filter_map(|k| u16::try_from(first + k * minutes).ok()).collect();
        Ok(Self::plain(ALL_MONTHS, EVERY_DAY, times))
    }

    /// Whether it runs on a date.
    pub fn on(&self, date: Date) -> bool {
        if self.months & (1 << (date.month() - 1)) == 0 {
            return false;
        }
        let day = date.day() - 1;
        match self.days {
            Days::Weekly { weeks, weekdays } => {
                weeks & (1 << (day / 7)) != 0 && weekdays & (1 << date.weekday().to_monday_zero_offset()) != 0
            }
            Days::Monthly { days } => days & (1 << day) != 0,
        }
    }

    /// Whether it is the same in every week.
    pub fn repeats_weekly(&self) -> bool {
        self.months == ALL_MONTHS && matches!(self.days, Days::Weekly { weeks: ALL_WEEKS, .. })
    }

    /// The days of the week on which it may run (bit 0 is Monday).
    pub fn weekdays(&self) -> u8 {
        match self.days {
            Days::Weekly { weekdays, .. } => weekdays,
            Days::Monthly { .. } => ALL_WEEKDAYS,
        }
    }

    /// What is left of it without the minutes of `other`: rules that never fall on the same
    /// minute, in a fixed order.
    pub fn without(&self, other: &Self) -> Vec<Self> {
        let (shared, own): (Vec<u16>, Vec<u16>) = self.times.iter().partition(|t| other.times.contains(t));
        let mut left = Vec::new();
        if !own.is_empty() {
            left.push(Self { times: own, ..self.clone() });
        }
        if shared.is_empty() {
            return left;
        }
        // Months that only this rule has, then, in the months of both, the days that only it has.
        let apart = self.months & !other.months;
        if apart != 0 {
            left.push(Self { months: apart, times: shared.clone(), ..self.clone() });
        }
        let months = self.months & other.months;
        if months == 0 {
            return left;
        }
        let mut keep = |days: Days| left.push(Self { months, days, times: shared.clone(), ..self.clone() });
        match (self.days, other.days) {
            (Days::Weekly { weeks, weekdays }, Days::Weekly { weeks: w, weekdays: d }) => {
                if weekdays & !d != 0 {
                    keep(Days::Weekly { weeks, weekdays: weekdays & !d });
                }
                if weekdays & d != 0 && weeks & !w != 0 {
                    keep(Days::Weekly { weeks: weeks & !w, weekdays: weekdays & d });
                }
            }
            (Days::Monthly { days }, Days::Monthly { days: d }) => {
                if days & !d != 0 {
                    keep(Days::Monthly { days: days & !d });
                }
            }
            (Days::Weekly { weeks: ALL_WEEKS, weekdays: ALL_WEEKDAYS }, Days::Monthly { days: d }) => {
                keep(Days::Monthly { days: 0x7fff_ffff & !d });
            }
            // A weekday and a day of the month meet on some dates only; no rule says "not then".
            // Both stay: two runs on the same minute are one too many, never one too few.
            _ => keep(self.days),
        }
        left
    }

    /// Whether the line of Debian's cron that says it has a minute or an hour that begins with `*`:
    /// cron then goes by what clocks show. A test of the emitter holds it to this.
    pub fn is_all_day(&self) -> bool {
        let starred = |set: &[u16], size: u16| {
            let step = match set {
                [0, step, _, ..] => *step,
                _ => return false,
            };
            size.is_multiple_of(step)
                && set.len() == usize::from(size / step)
                && set.iter().enumerate().all(|(n, m)| usize::from(*m) == n * usize::from(step))
        };
        let mut minutes: Vec<u16> = self.times.iter().map(|t| t % 60).collect();
        let mut hours: Vec<u16> = self.times.iter().map(|t| t / 60).collect();
        minutes.sort_unstable();
        minutes.dedup();
        hours.dedup();
        // Only a rule that is one line: each of its minutes in each of its hours.
        self.times.len() == minutes.len() * hours.len() && (starred(&minutes, 60) || starred(&hours, 24))
    }

    /// Whether its runs are started again when clocks show their time twice, though they are far
    /// apart on all other days.
    pub fn is_repeated(&self) -> bool {
        self.clock == Clock::Shown && !self.is_all_day()
    }

    /// The same, but that no start comes again because clocks show its time twice.
    pub fn unrepeated(&self) -> Self {
        let clock = if self.is_repeated() { Clock::Once } else { self.clock };
        Self { clock, ..self.clone() }
    }

    /// The instants in `[from, to)`, in Unix seconds, rising.
    pub fn occurrences(&self, zone: &Zone, from: i64, to: i64) -> Vec<i64> {
        let mut found = Vec::new();
        let Some((mut date, _, _)) = zone.local(from) else { return found };
        while let Some(midnight) = zone.instant(date, 0).or_else(|| zone.instant(date, 180)) {
            if midnight >= to + 86_400 {
                break;
            }
            if self.on(date) {
                let times = self.times.iter().flat_map(|minute| zone.due(date, *minute, self.clock));
                found.extend(times.flatten().filter(|t| (from..to).contains(t)));
            }
            match date.checked_add(1.day()) {
                Ok(next) => date = next,
                Err(_) => break,
            }
        }
        found.sort();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn intervals_come_out_even() {
        assert_eq!(Rule::every(5, 0).unwrap().times.len(), 288);
        assert_eq!(Rule::every(15, 5).unwrap().times[..2], [5, 20]);
        assert_eq!(Rule::every(7, 0).unwrap_err().nearest, [6, 10]);
        assert_eq!(Rule::every(90, 0).unwrap_err().nearest, [60, 120]);
        assert!(Rule::every(0, 0).is_err());
    }

    #[test]
    fn clocks_that_jump() {
        let paris = Zone::named("Europe/Paris").unwrap();
        // 30 and 31 March 2024; the clocks of Paris jump from 02:00 to 03:00 on the 31st.
        let from = 1_711_753_200;
        let half_past_two =
            |clock| Rule { clock, ..Rule::daily(150) }.occurrences(&paris, from, from + 3 * 86_400);
        let (before, after) = (from + 9_000, from + 2 * 86_400 - 3_600 + 9_000);
        assert_eq!(half_past_two(Clock::Shown), [before, after]);
        // The jump is 26 hours after the first midnight.
        assert_eq!(half_past_two(Clock::CaughtUp), [before, from + 26 * 3_600, after]);
        // 26, 27 and 28 October: on the 27th 02:30 is shown twice, an hour apart.
        let from = 1_729_893_600;
        let half_past_two =
            |clock| Rule { clock, ..Rule::daily(150) }.occurrences(&paris, from, from + 3 * 86_400);
        let night = from + 86_400 + 9_000;
        let last = from + 2 * 86_400 + 3_600 + 9_000;
        assert_eq!(half_past_two(Clock::Shown), [from + 9_000, night, night + 3_600, last]);
        assert_eq!(half_past_two(Clock::CaughtUp), [from + 9_000, night, last]);
    }

    #[test]
    fn windows_end() {
        let night = Window { from: 60, to: 300 };
        assert_eq!(night.left(90), Some(210));
        assert_eq!((night.left(59), night.left(300)), (None, None));
        let over = Window { from: 1320, to: 240 };
        assert_eq!((over.left(1380), over.left(0), over.left(240)), (Some(300), Some(240), None));
        assert_eq!(Window { from: 60, to: 60 }.left(0), Some(60));
    }

    fn rules() -> impl Strategy<Value = Rule> {
        let days = prop_oneof![
            (1u8..32, 1u8..128).prop_map(|(weeks, weekdays)| Days::Weekly { weeks, weekdays }),
            Just(EVERY_DAY),
            (1u32..0x7fff_ffff).prop_map(|days| Days::Monthly { days }),
        ];
        (1u16..4096, days, proptest::collection::btree_set(0u16..12, 1..4)).prop_map(
            |(months, days, times)| Rule::plain(months, days, times.into_iter().map(|t| t * 120).collect()),
        )
    }

    proptest! {
        #[test]
        fn without_never_loses_a_minute(a in rules(), b in rules()) {
            let utc = Zone::utc();
            let (from, to) = (1_704_067_200, 1_704_067_200 + 800 * 86_400);
            let all = |r: &Rule| r.occurrences(&utc, from, to).into_iter().collect::<BTreeSet<_>>();
            let mut left = BTreeSet::new();
            for rule in a.without(&b) {
                for t in all(&rule) {
                    prop_assert!(left.insert(t), "twice");
                }
            }
            let exact: BTreeSet<i64> = all(&a).difference(&all(&b)).copied().collect();
            prop_assert!(left.is_superset(&exact));
            prop_assert!(left.is_subset(&all(&a)));
            let mixed = matches!((a.days, b.days), (Days::Weekly { .. }, Days::Monthly { .. }) | (Days::Monthly { .. }, Days::Weekly { .. }));
            if !mixed {
                prop_assert_eq!(left, exact);
            }
        }
    }
}
