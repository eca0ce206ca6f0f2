//! The first start after a run that goes on over others.

use super::{Rule, Zone};
use crate::quantity::Duration;

const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;

/// The starts of one schedule that answer for runs which take up to so many weeks: those of a
/// plain stretch, and of the days round each transition. Worked out once, however many jobs follow
/// the schedule.
#[derive(Debug)]
pub struct Starts {
    windows: Vec<Window>,
    /// Whether every week is the same but for transitions.
    weekly: bool,
    /// Where the horizon begins.
    from: i64,
    /// What a start is late at random.
    late: Duration,
}

/// Starts round one moment.
#[derive(Debug)]
struct Window {
    /// The transition it lies round.
    turn: Option<i64>,
    /// Runs that are due before this are looked at.
    until: i64,
    /// Rising, from before the runs that are looked at to after what may follow them.
    starts: Vec<i64>,
}

/// For how many weeks [`Starts`] are needed for runs that take so long.
pub fn weeks(busy: Duration) -> i64 {
    i64::try_from(busy.secs_up()).unwrap_or(i64::MAX) / WEEK + 1
}

impl Starts {
    /// The starts of rules over `days` days from the instant `from`, for runs of up to `weeks`
    /// weeks.
    pub fn new(runs: &[Rule], zone: &Zone, from: i64, days: i64, weeks: i64) -> Self {
        let weekly = runs.iter().all(Rule::repeats_weekly);
        let busy = weeks.saturating_mul(WEEK);
        let to = from + days * DAY;
        let look = |turn: Option<i64>, a: i64, b: i64| {
            let end = b.saturating_add(ahead(weekly, busy));
            let mut starts: Vec<i64> = runs.iter().flat_map(|r| r.occurrences(zone, a, end)).collect();
            starts.sort();
            starts.dedup();
            Window { turn, until: b, starts }
        };
        let windows = if weekly {
            // As for gaps: a plain stretch, and the days round each transition.
            let around = (16 * DAY).saturating_add(busy);
            let turns = zone.transitions(from.saturating_sub(around), to + 16 * DAY).into_iter();
            let turns = turns.map(|t| look(Some(t), t.saturating_sub(around), t + 16 * DAY));
            std::iter::once(look(None, from - 16 * DAY, from + 16 * DAY)).chain(turns).collect()
        } else {
            vec![look(None, from - 366 * DAY, to)]
        };
        let late = runs.iter().map(|r| r.jitter).max().unwrap_or(Duration::ZERO);
        Self { windows, weekly, from, late }
    }

    /// The longest time from a run, over all runs in the horizon, to the first run that is due at
    /// least so long after it: what a start that is skipped while the run before goes on makes of a
    /// gap (calculus, 3.5: `W * ceil(T / W)` on an even grid). `None` when no run follows.
    pub fn next_free(&self, busy: Duration) -> Option<Duration> {
        let busy = i64::try_from(busy.secs_up()).ok()?;
        let ahead = ahead(self.weekly, busy);
        let around = (16 * DAY).saturating_add(busy);
        let mut worst: Option<i64> = None;
        for window in &self.windows {
            let (first, end) = match window.turn {
                Some(turn) if turn < self.from.saturating_sub(around) => continue,
                Some(turn) => (turn.saturating_sub(around), window.until.saturating_add(ahead)),
                None => (i64::MIN, window.until.saturating_add(ahead)),
            };
            let mut next = window.starts.iter().copied().take_while(|t| *t < end).peekable();
            let runs = window.starts.iter().skip_while(|t| **t < first).take_while(|t| **t < window.until);
            for run in runs {
                let free = run.saturating_add(busy).max(run + 1);
                while next.next_if(|t| *t < free).is_some() {}
                worst = worst.max(Some(next.peek()? - run));
            }
        }
        worst.map(|w| Duration::from_secs(w.unsigned_abs()).plus(self.late))
    }
}

/// How long after a run the next free one is looked for.
fn ahead(weekly: bool, busy: i64) -> i64 {
    busy.saturating_add(if weekly { 16 } else { 366 } * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARCH_2024: i64 = 1_709_251_200;

    #[test]
    fn a_start_while_the_run_before_goes_on_is_skipped() {
        let next = |rule: &[Rule], zone: &Zone, minutes: u64| {
            let busy = Duration::from_mins(minutes);
            let found = Starts::new(rule, zone, MARCH_2024, 365, weeks(busy)).next_free(busy);
            // Starts that are kept for longer runs answer the same.
            assert_eq!(Starts::new(rule, zone, MARCH_2024, 365, 5).next_free(busy), found);
            found
        };
        // Every hour, 2 h 10 min each: the next free start is 3 h later (W * ceil(T / W)).
        let hourly = |minutes| next(&[Rule::every(60, 0).unwrap()], &Zone::utc(), minutes);
        assert_eq!(hourly(130), Some(Duration::from_hours(3)));
        assert_eq!(hourly(50), Some(Duration::from_hours(1)));
        assert_eq!(hourly(60), Some(Duration::from_hours(1)));
        // Half past two of Paris by the clock, 10 hours each: nothing is skipped, so as the gap.
        let paris = Zone::named("Europe/Paris").unwrap();
        let daily = |hours: u64| next(&[Rule::daily(150)], &paris, hours * 60);
        assert_eq!(daily(10), Some(Duration::from_hours(47)));
        // 30 hours each: from 29 March the run of the 30th is skipped and the 31st has none: 71 h.
        assert_eq!(daily(30), Some(Duration::from_hours(71)));
        // On the first of each month, a run of 32 days: the next but one, 61 or 62 days later.
        let monthly = next(&[Rule::monthly_day(1, 0)], &Zone::utc(), 32 * 1440);
        assert_eq!(monthly, Some(Duration::from_days(62)));
    }
}
