//! How often a schedule comes in a time at most.

use super::{Rule, Zone};
use crate::quantity::Duration;

const DAY: i64 = 86_400;
/// Clocks show an hour twice at most once in so long.
pub const HALF_YEAR: Duration = Duration::from_days(180);

/// How near to one another the starts of some rules are due.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Again {
    /// The shortest time between two of them; `None` when there are no two. A start that comes again
    /// because clocks show its time twice does not count.
    pub nearest: Option<Duration>,
    /// Whether there is such a start.
    pub twice: bool,
}

impl Again {
    /// Of rules, from a year before the instant `from` on and for `days` days after it, so that no
    /// change of clocks and no month is left out, whichever day `from` is.
    pub fn of(rules: &[&Rule], zone: &Zone, from: i64, days: i64) -> Self {
        let (first, to) = (from - 400 * DAY, from + days * DAY);
        let changes = zone.transitions(first, to);
        let repeated = rules.iter().any(|r| r.is_repeated());
        let windows: Vec<(i64, i64)> = if rules.iter().all(|r| r.repeats_weekly()) {
            let around = |t: i64| (t - 8 * DAY, t + 8 * DAY);
            changes.iter().copied().chain([from]).map(around).collect()
        } else {
            vec![(first, to)]
        };
        let once: Vec<Rule> = rules.iter().map(|r| r.unrepeated()).collect();
        let nearest = windows.into_iter().filter_map(|(a, b)| {
            let mut due: Vec<i64> = once.iter().flat_map(|r| r.occurrences(zone, a, b)).collect();
            due.sort_unstable();
            due.iter().zip(due.iter().skip(1)).map(|(a, b)| b - a).min()
        });
        let nearest = nearest.min().map(|s| Duration::from_secs(s.unsigned_abs()));
        Self { nearest, twice: repeated && !changes.is_empty() }
    }

    /// How many starts lie within a time at most, both ends counted, when each is late by less than the
    /// shortest time between two; `None` without a bound.
    ///
    /// Of `k` of them the last is due at least `k - 1` times the shortest after the first, and begins no
    /// more than once the shortest nearer: `k - 2` times that is less than the time.
    pub fn most_in(&self, time: Duration) -> Option<u64> {
        let nearest = self.nearest.filter(|n| n.0 > 0)?;
        let again = if self.twice { (time.0 / HALF_YEAR.0).saturating_add(1) } else { 0 };
        Some(time.0.div_ceil(nearest.0).saturating_add(1).saturating_add(again))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Clock;
    use proptest::prelude::*;

    const MARCH_2024: i64 = 1_709_251_200;

    #[test]
    fn weekly_runs_are_a_week_apart_less_the_hour_of_spring() {
        let sundays = Rule::weekly(0b100_0000, 240);
        let of = |zone: &str, rules: &[&Rule]| Again::of(rules, &Zone::named(zone).unwrap(), MARCH_2024, 30);
        let hours = |a: Again| a.nearest.unwrap().secs_up() / 3_600;
        assert_eq!(hours(of("Asia/Shanghai", &[&sundays])), 168);
        assert_eq!(hours(of("Europe/Paris", &[&sundays])), 167);
        // Wednesdays beside them: from Sunday, 04:00, to Wednesday, 00:00.
        let both = [&sundays, &Rule::weekly(0b000_0100, 0)];
        assert_eq!(hours(of("Asia/Shanghai", &both)), 68);
        // First Sundays are four weeks apart at least.
        assert_eq!(hours(of("Asia/Shanghai", &[&Rule::monthly_weekday(1, 0b100_0000, 0)])), 28 * 24);
        // Eight weeks have nine Sundays, both ends counted.
        assert_eq!(of("Asia/Shanghai", &[&sundays]).most_in(Duration::from_days(56)), Some(9));
        assert_eq!(of("Asia/Shanghai", &[&sundays]).most_in(Duration::ZERO), Some(1));
        assert!(!of("Europe/Paris", &[&Rule { clock: Clock::CaughtUp, ..sundays.clone() }]).twice);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Whatever span of two years is looked at, and however late each start is.
        #[test]
        fn no_span_has_more_starts_than_counted(
            zone in prop_oneof![Just("Europe/Paris"), Just("Europe/London"), Just("America/New_York"), Just("UTC")],
            weekdays in 1u8..128,
            minute in 0u16..1440,
            monthly in any::<bool>(),
            clock in prop_oneof![Just(Clock::Shown), Just(Clock::CaughtUp)],
            days in 1u64..420,
            late in prop::collection::vec(0u64..1_000, 16),
            begun in 0usize..300,
        ) {
            let zone = Zone::named(zone).unwrap();
            let rule = match monthly {
                true => Rule::monthly_weekday(1, weekdays, minute),
                false => Rule::weekly(weekdays, minute),
            };
            let rule = Rule { clock, ..rule };
            let again = Again::of(&[&rule], &zone, MARCH_2024, 365);
            let nearest = again.nearest.unwrap().secs_up();
            let due = rule.occurrences(&zone, MARCH_2024 - 300 * DAY, MARCH_2024 + 365 * DAY);
            let late = |n: usize| i64::try_from(nearest * late[n % 16] / 1_000).unwrap();
            let starts: Vec<i64> = due.iter().enumerate().map(|(n, t)| t + late(n)).collect();
            let begun = starts[begun % starts.len()];
            let time = Duration::from_days(days);
            let end = begun + time.secs_up() as i64;
            let within = starts.iter().filter(|t| (begun..=end).contains(*t)).count() as u64;
            prop_assert!(within <= again.most_in(time).unwrap(), "{within} in {days} d: {again:?}");
        }
    }
}
