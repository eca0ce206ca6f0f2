//! The longest real time between the runs of a schedule.

use super::{ALL_MONTHS, Rule, Zone};
use crate::quantity::Duration;

/// A time between two runs, and when it begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gap {
    /// How long.
    pub length: Duration,
    /// The first of the two runs, in Unix seconds.
    pub from: i64,
}

/// The longest times between the runs of one job, by the level of the later run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Gaps {
    /// From a run of any level to the next, by the level of the next. `None`: that level never
    /// comes after another run within the horizon.
    pub before: Vec<Option<Gap>>,
    /// From a run of a level to the next of the same level.
    pub same: Vec<Option<Gap>>,
    /// The shortest time from a run of a level to the next run of any: a run that takes longer
    /// collides with it.
    pub room: Vec<Option<Gap>>,
    /// The most runs of a level in any day, for counting.
    pub per_day: Vec<u64>,
}

impl Gaps {
    /// The longest time between two runs, whatever their levels.
    pub fn longest(&self) -> Option<Gap> {
        self.before.iter().flatten().copied().max_by_key(|g| (g.length, std::cmp::Reverse(g.from)))
    }
}

const DAY: i64 = 86_400;

/// The longest gaps of runs with levels (small numbers) over `days` days from the instant `from`,
/// the zone's transitions included.
///
/// A gap counts when any moment of it lies within the horizon: the strike may fall before the
/// first run in it, or after the last.
///
/// A schedule that is the same every week has the same gaps every week but round a transition, so
/// only a plain stretch and the days round each transition are looked at; tests hold that against
/// the whole horizon.
pub fn worst_gaps(runs: &[(Rule, usize)], zone: &Zone, from: i64, days: i64) -> Gaps {
    let levels = runs.iter().map(|(_, l)| l + 1).max().unwrap_or(0);
    let mut gaps = Gaps {
        before: vec![None; levels],
        same: vec![None; levels],
        room: vec![None; levels],
        per_day: vec![0; levels],
    };
    let to = from + days * DAY;
    let mut look = |a: i64, b: i64| window(runs, zone, (a, b), (from, to), &mut gaps);
    if days > 40 && runs.iter().all(|(r, _)| r.repeats_weekly()) {
        look(from - 16 * DAY, from + 16 * DAY);
        for t in zone.transitions(from - 16 * DAY, to + 16 * DAY) {
            look(t - 16 * DAY, t + 16 * DAY);
        }
    } else {
        let monthly = |r: &Rule| r.months == ALL_MONTHS;
        let around = match runs {
            _ if runs.iter().all(|(r, _)| r.repeats_weekly()) => 16,
            // A fifth Saturday comes back within 98 days, a thirty-first within 62.
            _ if runs.iter().all(|(r, _)| monthly(r)) => 130,
            _ => 366,
        };
        look(from - around * DAY, to + around * DAY);
    }
    for (rule, level) in runs {
        if let Some(n) = gaps.per_day.get_mut(*level) {
            *n += rule.times.len() as u64;
        }
    }
    gaps
}

/// The gaps between the runs in a window that have a moment in `counts`.
fn window(runs: &[(Rule, usize)], zone: &Zone, (from, to): (i64, i64), counts: (i64, i64), gaps: &mut Gaps) {
    let mut all: Vec<(i64, usize)> = runs
        .iter()
        .flat_map(|(rule, level)| rule.occurrences(zone, from, to).into_iter().map(|t| (t, *level)))
        .collect();
    all.sort_unstable();
    let within = |g: &Gap| {
        let end = g.from.saturating_add(i64::try_from(g.length.secs_up()).unwrap_or(i64::MAX));
        g.from < counts.1 && end > counts.0
    };
    let keep = |slot: Option<&mut Option<Gap>>, gap: Gap| {
        if let Some(slot) = slot
            && within(&gap)
            && slot.is_none_or(|s| s.length < gap.length)
        {
            *slot = Some(gap);
        }
    };
    let between = |a: i64, b: i64| Gap { length: Duration::from_secs((b - a).unsigned_abs()), from: a };
    let mut last = vec![None; gaps.same.len()];
    for (n, (t, level)) in all.iter().enumerate() {
        if let Some((before, its_level)) = n.checked_sub(1).and_then(|p| all.get(p)) {
            let gap = between(*before, *t);
            keep(gaps.before.get_mut(*level), gap);
            if let Some(room) = gaps.room.get_mut(*its_level)
                && within(&gap)
                && room.is_none_or(|r| r.length > gap.length)
            {
                *room = Some(gap);
            }
        }
        if let Some(slot) = last.get_mut(*level) {
            if let Some(before) = slot {
                keep(gaps.same.get_mut(*level), between(*before, *t));
            }
            *slot = Some(*t);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{ALL_WEEKS, Days};
    use proptest::prelude::*;

    const MARCH_2024: i64 = 1_709_251_200;

    #[test]
    fn a_daily_run_in_a_lost_hour_leaves_two_days() {
        let paris = Zone::named("Europe/Paris").unwrap();
        let gaps = worst_gaps(&[(Rule::daily(150), 0)], &paris, MARCH_2024, 365);
        // 30 March 02:30 to 1 April 02:30, less the hour that was lost.
        assert_eq!(gaps.longest().unwrap().length, Duration::from_hours(47));
        // At noon only the hour that October gains counts.
        let gaps = worst_gaps(&[(Rule::daily(720), 0)], &paris, MARCH_2024, 365);
        assert_eq!(gaps.longest().unwrap().length, Duration::from_hours(25));
        let shanghai = Zone::named("Asia/Shanghai").unwrap();
        let gaps = worst_gaps(&[(Rule::daily(150), 0)], &shanghai, MARCH_2024, 365);
        assert_eq!(gaps.longest().unwrap().length, Duration::from_hours(24));
    }

    #[test]
    fn a_gap_counts_when_the_strike_may_fall_into_it() {
        // 31 March 2024, noon in UTC: the clocks of Paris jumped that morning, and the run of 02:30
        // is missing. It was 30 March 02:30 (01:30 UTC) before and is 1 April 02:30 (00:30 UTC) next.
        let paris = Zone::named("Europe/Paris").unwrap();
        for days in [20, 365] {
            let gaps = worst_gaps(&[(Rule::daily(150), 0)], &paris, 1_711_886_400, days);
            assert_eq!(gaps.longest().unwrap().length, Duration::from_hours(47), "{days}");
        }
        // First Saturdays of 2024: 2 March, 6 April, 4 May, 1 June. From 10 March on for 50 days
        // the gap of five weeks that is under way counts, and so does that of four weeks after it.
        let first = Rule::monthly_weekday(1, 0b010_0000, 0);
        let gaps = worst_gaps(&[(first, 0)], &Zone::utc(), MARCH_2024 + 9 * DAY, 50);
        assert_eq!(gaps.longest().unwrap().length, Duration::from_days(35));
    }

    #[test]
    fn levels_are_told_apart() {
        let full = Rule::weekly(0b100_0000, 90);
        let rest = Rule::weekly(0b011_1111, 90);
        let gaps = worst_gaps(&[(full, 0), (rest, 1)], &Zone::utc(), MARCH_2024, 100);
        let hours = |g: &Option<Gap>| g.unwrap().length.secs_up() / 3600;
        assert_eq!((hours(&gaps.before[0]), hours(&gaps.before[1])), (24, 24));
        assert_eq!((hours(&gaps.same[0]), hours(&gaps.same[1])), (168, 48));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_short_cut_agrees_with_the_whole_year(
            zone in prop_oneof![Just("Europe/Paris"), Just("America/New_York"), Just("Australia/Lord_Howe"), Just("Asia/Shanghai")],
            weekdays in 1u8..128,
            every in prop_oneof![Just(60u64), Just(120), Just(360), Just(1440)],
            offset in 0u64..1440,
        ) {
            let zone = Zone::named(zone).unwrap();
            let mut rule = Rule::every(every, offset).unwrap();
            rule.days = Days::Weekly { weeks: ALL_WEEKS, weekdays };
            let runs = [(rule, 0)];
            let mut whole = Gaps { before: vec![None], same: vec![None], room: vec![None], per_day: vec![0] };
            let horizon = (MARCH_2024, MARCH_2024 + 400 * DAY);
            window(&runs, &zone, (horizon.0 - 30 * DAY, horizon.1 + 30 * DAY), horizon, &mut whole);
            let quick = worst_gaps(&runs, &zone, MARCH_2024, 400);
            prop_assert_eq!(quick.before[0].map(|g| g.length), whole.before[0].map(|g| g.length));
        }
    }
}
