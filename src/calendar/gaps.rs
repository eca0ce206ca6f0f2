//! The longest real time between the runs of a schedule.

use super::{ALL_MONTHS, Again, Rule, Zone};
use crate::quantity::Duration;
use std::collections::VecDeque;

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
    /// The longest that surely can come to pass within the horizon, by the level of the run that ends
    /// it: no run is late but those at its end, each as late as it may be. What lies behind the horizon
    /// is cut off.
    pub surely: Vec<Option<Gap>>,
    /// From a run of a level to the next of the same level.
    pub same: Vec<Option<Gap>>,
    /// The shortest time from a run of a level to the next run of any: a run that takes longer
    /// collides with it. A run that comes again because clocks show its time twice does not count.
    pub room: Vec<Option<Gap>>,
    /// The same had no run been late.
    pub nearest: Vec<Option<Gap>>,
    /// The most runs of a level in any day, for counting.
    pub per_day: Vec<u64>,
    /// How near to one another runs of a level are due, for counting.
    pub again: Vec<Again>,
    /// The least time from a start to the end of its window, by level; `None` where no window is
    /// stated. Zero when a start lies outside.
    pub windows: Vec<Option<Gap>>,
}

impl Gaps {
    /// The longest time between two runs, whatever their levels.
    pub fn longest(&self) -> Option<Gap> {
        self.before.iter().flatten().copied().max_by_key(|g| (g.length, std::cmp::Reverse(g.from)))
    }

    /// Whether gaps are as long as others, wherever they lie.
    pub fn as_long_as(&self, other: &Self) -> bool {
        let lengths = |all: &Self| -> Vec<Option<Duration>> {
            let lists = [&all.before, &all.same, &all.room];
            lists.into_iter().flatten().map(|g| g.map(|g| g.length)).collect()
        };
        lengths(self) == lengths(other)
    }

    /// The same when so many runs in a row are missed before one.
    pub fn missing(&self, runs: u64) -> Self {
        let more = self.longest().map_or(Duration::ZERO, |g| g.length).times(runs);
        let longer = |g: &Option<Gap>| g.map(|g| Gap { length: g.length.plus(more), ..g });
        let again = |g: &Option<Gap>| g.map(|g| Gap { length: g.length.times(runs.saturating_add(1)), ..g });
        Self {
            before: self.before.iter().map(longer).collect(),
            same: self.same.iter().map(again).collect(),
            ..self.clone()
        }
    }
}

const DAY: i64 = 86_400;

/// The longest gaps of runs with levels (small numbers) over `days` days from the instant `from`,
/// the zone's transitions included.
///
/// A gap counts when any moment of it lies within the horizon, or in the `back` days before: the
/// strike may fall before the first run in it, or after the last, and a gap is felt until what ends it
/// is complete wherever it is needed. Starts that are late at random may make each gap longer by
/// what the later start is late, and shorter by what the earlier one is; a start that may be so late
/// that it comes after the next one is not counted on before that.
///
/// A schedule that is the same every week has the same gaps every week but round a transition, so
/// only a plain stretch and the days round each transition are looked at; tests hold that against
/// the whole horizon.
pub fn worst_gaps(runs: &[(Rule, usize)], zone: &Zone, from: i64, days: i64, back: i64) -> Gaps {
    let levels = runs.iter().map(|(_, l)| l + 1).max().unwrap_or(0);
    let mut gaps = Gaps {
        before: vec![None; levels],
        surely: vec![None; levels],
        same: vec![None; levels],
        room: vec![None; levels],
        nearest: Vec::new(),
        per_day: vec![0; levels],
        again: vec![Again::default(); levels],
        windows: vec![None; levels],
    };
    let to = from + days * DAY;
    let first = from - back * DAY;
    let mut look = |a: i64, b: i64| window(runs, zone, (a, b), Counts { felt: first, from, to }, &mut gaps);
    if days > 40 && runs.iter().all(|(r, _)| r.repeats_weekly()) {
        look(from - 16 * DAY, from + 16 * DAY);
        for t in zone.transitions(first - 16 * DAY, to + 16 * DAY) {
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
        look(first - around * DAY, to + around * DAY);
    }
    for (rule, level) in runs {
        if let Some(n) = gaps.per_day.get_mut(*level) {
            *n += rule.times.len() as u64;
        }
    }
    for (level, again) in gaps.again.iter_mut().enumerate() {
        let rules: Vec<&Rule> = runs.iter().filter(|(_, l)| *l == level).map(|(r, _)| r).collect();
        *again = Again::of(&rules, zone, from, days);
    }
    windows(runs, zone, from, days, &mut gaps);
    gaps.nearest.clone_from(&gaps.room);
    let late = runs.iter().map(|(r, _)| r.jitter).max().unwrap_or(Duration::ZERO);
    if late > Duration::ZERO {
        for gap in gaps.before.iter_mut().chain(&mut gaps.same).flatten() {
            gap.length = gap.length.plus(late);
        }
        for gap in gaps.room.iter_mut().flatten() {
            gap.length = Duration(gap.length.0.saturating_sub(late.0));
        }
    }
    gaps
}

/// What is left of their windows when runs start, at least, by level: on the clocks of the horizon.
fn windows(runs: &[(Rule, usize)], zone: &Zone, from: i64, days: i64, gaps: &mut Gaps) {
    let mut keep = |level: usize, room: Duration, at: i64| {
        if let Some(slot) = gaps.windows.get_mut(level)
            && slot.is_none_or(|s| s.length > room)
        {
            *slot = Some(Gap { length: room, from: at });
        }
    };
    for (rule, level) in runs {
        let Some(window) = rule.window else { continue };
        let mut look = |a: i64, b: i64| {
            for start in rule.occurrences(zone, a, b) {
                let Some((date, minute, _)) = zone.local(start) else { continue };
                let Some(left) = window.left(minute) else {
                    keep(*level, Duration::ZERO, start);
                    continue;
                };
                let end = minute + left;
                let day = if end >= 1440 { date.tomorrow().ok() } else { Some(date) };
                // What clocks jump over ends with the jump.
                let end = day.and_then(|d| {
                    let caught = zone.due(d, end % 1440, super::Clock::CaughtUp);
                    caught.into_iter().flatten().next()
                });
                let left = end.map_or(0, |e| (e - start).max(0));
                let left = Duration::from_secs(left.unsigned_abs());
                keep(*level, Duration(left.0.saturating_sub(rule.jitter.0)), start);
            }
        };
        // A plain fortnight, or a year where not every week is the same; and the days round each
        // transition.
        let plain = if rule.repeats_weekly() { 15 } else { 366 };
        look(from, from + plain * DAY);
        for t in zone.transitions(from, from + days * DAY) {
            look(t - 2 * DAY, t + 2 * DAY);
        }
    }
}

/// For each run, when one of those after it has begun at the latest, each as late as it may be, and of
/// which level that is.
fn next_begun(runs: &[(i64, usize, i64)]) -> Vec<Option<(i64, usize)>> {
    let mut next: Option<(i64, usize)> = None;
    let mut all: Vec<_> = runs
        .iter()
        .rev()
        .map(|(_, level, latest)| {
            let after = next;
            if next.is_none_or(|(end, _)| *latest <= end) {
                next = Some((*latest, *level));
            }
            after
        })
        .collect();
    all.reverse();
    all
}

/// Runs that are late by as much, and the newest of them that has begun, whatever it is late.
struct Alike {
    level: usize,
    late: i64,
    waiting: VecDeque<i64>,
    begun: Option<i64>,
}

/// For each run, the due times of the newest run before it that has surely begun when it is due, of any
/// level and of its own.
fn begun_before(runs: &[(i64, usize, i64)]) -> Vec<(Option<i64>, Option<i64>)> {
    let mut kinds: Vec<Alike> = Vec::new();
    let mut all = Vec::with_capacity(runs.len());
    for (due, level, latest) in runs {
        for kind in &mut kinds {
            while let Some(first) = kind.waiting.pop_front_if(|first| *first + kind.late <= *due) {
                kind.begun = Some(first);
            }
        }
        let any = kinds.iter().filter_map(|k| k.begun).max();
        all.push((any, kinds.iter().filter(|k| k.level == *level).filter_map(|k| k.begun).max()));
        let late = latest - due;
        match kinds.iter_mut().find(|k| (k.level, k.late) == (*level, late)) {
            Some(kind) => kind.waiting.push_back(*due),
            None => kinds.push(Alike { level: *level, late, waiting: [*due].into(), begun: None }),
        }
    }
    all
}

/// Which gaps count, in Unix seconds: those with a moment in the horizon, from `from` until `to`, or
/// since `felt`.
#[derive(Clone, Copy)]
struct Counts {
    felt: i64,
    from: i64,
    to: i64,
}

/// The gaps between the runs in a window.
fn window(runs: &[(Rule, usize)], zone: &Zone, (from, to): (i64, i64), counts: Counts, gaps: &mut Gaps) {
    // When each start is due, its level, and when it has begun at the latest.
    let starts = |of: fn(&Rule) -> Rule| {
        let mut all: Vec<(i64, usize, i64)> = Vec::new();
        for (rule, level) in runs {
            let late = i64::try_from(rule.jitter.secs_up()).unwrap_or(i64::MAX);
            let due = of(rule).occurrences(zone, from, to);
            all.extend(due.into_iter().map(|t| (t, *level, t.saturating_add(late))));
        }
        // Each rule's moments rise already: a sort that merges is done in one pass.
        all.sort();
        all
    };
    let mut all = starts(Rule::clone);
    let within = |g: &Gap| {
        let end = g.from.saturating_add(i64::try_from(g.length.secs_up()).unwrap_or(i64::MAX));
        g.from < counts.to && end > counts.felt
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
    for ((t, level, _), (any, same)) in all.iter().zip(begun_before(&all)) {
        if let Some(before) = any {
            keep(gaps.before.get_mut(*level), between(before, *t));
        }
        if let Some(before) = same {
            keep(gaps.same.get_mut(*level), between(before, *t));
        }
    }
    for ((begun, ..), next) in all.iter().zip(next_begun(&all)) {
        let Some((end, level)) = next else { continue };
        // What is due behind the window may begin before that.
        if end <= to && end > counts.from && *begun < counts.to {
            keep(gaps.surely.get_mut(level), between(*begun, end.min(counts.to)));
        }
    }
    let repeats = runs.iter().any(|(r, _)| r.is_repeated()) && !zone.transitions(from, to).is_empty();
    if repeats {
        all = starts(Rule::unrepeated);
    }
    for (one, next) in all.iter().zip(all.iter().skip(1)) {
        let gap = between(one.0, next.0);
        if let Some(room) = gaps.room.get_mut(one.1)
            && within(&gap)
            && room.is_none_or(|r| r.length > gap.length)
        {
            *room = Some(gap);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{ALL_WEEKS, Clock, Days};
    use proptest::prelude::*;

    const MARCH_2024: i64 = 1_709_251_200;

    #[test]
    fn a_daily_run_in_a_lost_hour_leaves_two_days() {
        let paris = Zone::named("Europe/Paris").unwrap();
        let gaps = worst_gaps(&[(Rule::daily(150), 0)], &paris, MARCH_2024, 365, 0);
        // 30 March 02:30 to 1 April 02:30, less the hour that was lost.
        assert_eq!(gaps.longest().unwrap().length, Duration::from_hours(47));
        // At noon only the hour that October gains counts.
        let gaps = worst_gaps(&[(Rule::daily(720), 0)], &paris, MARCH_2024, 365, 0);
        assert_eq!(gaps.longest().unwrap().length, Duration::from_hours(25));
        let shanghai = Zone::named("Asia/Shanghai").unwrap();
        let gaps = worst_gaps(&[(Rule::daily(150), 0)], &shanghai, MARCH_2024, 365, 0);
        assert_eq!(gaps.longest().unwrap().length, Duration::from_hours(24));
    }

    #[test]
    fn cron_catches_up_what_clocks_jump_over() {
        // 30 March 02:30 (01:30 UTC) to the jump on the 31st (01:00 UTC) are 23 h 30 min, and so is
        // the time to 1 April 02:30 (00:30 UTC). In October 26th 02:30 (00:30 UTC) to the first
        // 02:30 of the 27th is a day, and from there to the 28th (01:30 UTC) 25 hours.
        let paris = Zone::named("Europe/Paris").unwrap();
        let rule = Rule { clock: Clock::CaughtUp, ..Rule::daily(150) };
        let gaps = worst_gaps(&[(rule, 0)], &paris, MARCH_2024, 365, 0);
        assert_eq!(gaps.longest().unwrap().length, Duration::from_hours(25));
        assert_eq!(gaps.room[0].unwrap().length, Duration::from_mins(23 * 60 + 30));
        // Bacula starts the second 02:30 of October too, an hour after the first; the first need not
        // be over by then. The shortest time to another day's run is the 23 h of late March, from
        // 02:30 of the 30th there is none: 24 h.
        let gaps = worst_gaps(&[(Rule::daily(150), 0)], &paris, MARCH_2024, 365, 0);
        assert_eq!(gaps.room[0].unwrap().length, Duration::from_hours(24));
        let gaps = worst_gaps(&[(Rule::daily(240), 0)], &paris, MARCH_2024, 365, 0);
        assert_eq!(gaps.room[0].unwrap().length, Duration::from_hours(23));
        // Every half hour, by the clock: nothing changes in either night.
        let gaps = worst_gaps(&[(Rule::every(30, 0).unwrap(), 0)], &paris, MARCH_2024, 365, 0);
        assert_eq!(gaps.longest().unwrap().length, Duration::from_mins(30));
        assert_eq!(gaps.room[0].unwrap().length, Duration::from_mins(30));
    }

    #[test]
    fn a_late_start_moves_both_gaps() {
        let rule = Rule { jitter: Duration::from_mins(10), ..Rule::daily(60) };
        let gaps = worst_gaps(&[(rule, 0)], &Zone::utc(), MARCH_2024, 365, 0);
        assert_eq!(gaps.longest().unwrap().length, Duration::from_mins(24 * 60 + 10));
        assert_eq!(gaps.room[0].unwrap().length, Duration::from_mins(24 * 60 - 10));
    }

    #[test]
    fn what_surely_passes_between_runs_by_hand() {
        let surely =
            |runs: &[(Rule, usize)], days| worst_gaps(runs, &Zone::utc(), MARCH_2024, days, 0).surely;
        let mins = |g: &Option<Gap>| g.unwrap().length.secs_up() / 60;
        let late = |mins: u64, rule: Rule| Rule { jitter: Duration::from_mins(mins), ..rule };
        // Every 5 min, up to 10 late: after one that is not late the next has begun 15 min later.
        assert_eq!(mins(&surely(&[(late(10, Rule::every(5, 0).unwrap()), 0)], 100)[0]), 15);
        // A full on Sunday 02:00 up to 6 h late, an incremental on Saturday 02:00 that is never late:
        // from the one to the other 6 days, and 24 h and 6 h.
        let (full, rest) = (Rule::weekly(0b100_0000, 120), Rule::weekly(0b010_0000, 120));
        let both = surely(&[(late(360, full.clone()), 0), (rest, 1)], 100);
        assert_eq!((mins(&both[0]), mins(&both[1])), (30 * 60, 144 * 60));
        // Ten days from a Friday on have two Sundays: the week between them, and not the 22 h that are
        // left after the second.
        let week = surely(&[(full, 0)], 10);
        assert_eq!(mins(&week[0]), 7 * 24 * 60);
        // First Sundays: 4 February, 3 March, 7 April. Of the five weeks behind 3 March, 02:00, 30 days and
        // 22 h lie before 3 April.
        let first = |days| mins(&surely(&[(Rule::monthly_weekday(1, 0b100_0000, 120), 0)], days)[0]);
        assert_eq!((first(47), first(33)), (35 * 24 * 60, (30 * 24 + 22) * 60));
    }

    #[test]
    fn a_window_is_an_hour_shorter_in_the_night_of_spring() {
        // 01:00..05:00, a run at 01:30: three and a half hours; on 31 March two and a half.
        let window = Some(crate::calendar::Window { from: 60, to: 300 });
        let rule = Rule { window, ..Rule::daily(90) };
        let left = |zone: &str, rule: &Rule| {
            let gaps = worst_gaps(&[(rule.clone(), 0)], &Zone::named(zone).unwrap(), MARCH_2024, 365, 0);
            gaps.windows[0].unwrap().length
        };
        assert_eq!(left("Europe/Paris", &rule), Duration::from_mins(150));
        assert_eq!(left("Asia/Shanghai", &rule), Duration::from_mins(210));
        let late = Rule { jitter: Duration::from_mins(30), ..rule.clone() };
        assert_eq!(left("Asia/Shanghai", &late), Duration::from_mins(180));
        assert_eq!(left("Asia/Shanghai", &Rule { times: vec![600], ..rule }), Duration::ZERO);
    }

    #[test]
    fn a_gap_counts_when_the_strike_may_fall_into_it() {
        // 31 March 2024, noon in UTC: the clocks of Paris jumped that morning, and the run of 02:30
        // is missing. It was 30 March 02:30 (01:30 UTC) before and is 1 April 02:30 (00:30 UTC) next.
        let paris = Zone::named("Europe/Paris").unwrap();
        for days in [20, 365] {
            let gaps = worst_gaps(&[(Rule::daily(150), 0)], &paris, 1_711_886_400, days, 0);
            assert_eq!(gaps.longest().unwrap().length, Duration::from_hours(47), "{days}");
        }
        // First Saturdays of 2024: 2 March, 6 April, 4 May, 1 June. From 10 March on for 50 days
        // the gap of five weeks that is under way counts, and so does that of four weeks after it.
        let first = Rule::monthly_weekday(1, 0b010_0000, 0);
        let gaps = worst_gaps(&[(first, 0)], &Zone::utc(), MARCH_2024 + 9 * DAY, 50, 0);
        assert_eq!(gaps.longest().unwrap().length, Duration::from_days(35));
    }

    #[test]
    fn levels_are_told_apart() {
        let full = Rule::weekly(0b100_0000, 90);
        let rest = Rule::weekly(0b011_1111, 90);
        let gaps = worst_gaps(&[(full, 0), (rest, 1)], &Zone::utc(), MARCH_2024, 100, 0);
        let hours = |g: &Option<Gap>| g.unwrap().length.secs_up() / 3600;
        assert_eq!((hours(&gaps.before[0]), hours(&gaps.before[1])), (24, 24));
        assert_eq!((hours(&gaps.same[0]), hours(&gaps.same[1])), (168, 48));
    }

    proptest! {
        #[test]
        fn neighbours_are_those_that_the_words_say(
            drawn in prop::collection::vec((0i64..60, 0usize..3, 0i64..3), 0..40),
        ) {
            // Runs of three levels, late by nothing, 7 or 40.
            let mut runs: Vec<(i64, usize, i64)> =
                drawn.into_iter().map(|(due, level, late)| (due, level, due + [0, 7, 40][late as usize])).collect();
            runs.sort();
            for (n, ((before, next), (due, level, _))) in
                begun_before(&runs).into_iter().zip(next_begun(&runs)).zip(&runs).enumerate()
            {
                let begun = |r: &&(i64, usize, i64)| r.2 <= *due;
                let any = runs[..n].iter().filter(begun).map(|r| r.0).max();
                let same = runs[..n].iter().filter(begun).filter(|r| r.1 == *level).map(|r| r.0).max();
                prop_assert_eq!(before, (any, same));
                let first = runs[n + 1..].iter().min_by_key(|r| r.2);
                prop_assert_eq!(next, first.map(|r| (r.2, r.1)));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_short_cut_agrees_with_the_whole_year(
            zone in prop_oneof![Just("Europe/Paris"), Just("America/New_York"), Just("Australia/Lord_Howe"), Just("Asia/Shanghai")],
            weekdays in 1u8..128,
            every in prop_oneof![Just(60u64), Just(120), Just(360), Just(1440)],
            offset in 0u64..1440,
            jitter in 0u64..400,
        ) {
            let zone = Zone::named(zone).unwrap();
            let mut rule = Rule::every(every, offset).unwrap();
            rule.days = Days::Weekly { weeks: ALL_WEEKS, weekdays };
            let late = Rule { jitter: Duration::from_mins(jitter), ..Rule::weekly(weekdays, offset as u16) };
            let runs = [(rule, 0), (late, 1)];
            let none = || vec![None, None];
            let mut whole = Gaps { before: none(), surely: none(), same: none(), room: none(), ..Gaps::default() };
            let (start, end) = (MARCH_2024, MARCH_2024 + 400 * DAY);
            let counts = Counts { felt: start, from: start, to: end };
            window(&runs, &zone, (start - 30 * DAY, end + 30 * DAY), counts, &mut whole);
            let quick = worst_gaps(&runs, &zone, MARCH_2024, 400, 0);
            let lengths = |gaps: &[Option<Gap>], late: u64| -> Vec<_> {
                gaps.iter().map(|g| g.map(|g| g.length.plus(Duration::from_mins(late)))).collect()
            };
            prop_assert_eq!(lengths(&quick.surely, 0), lengths(&whole.surely, 0));
            // What runs may be late is added at the end.
            prop_assert_eq!(lengths(&quick.before, 0), lengths(&whole.before, jitter));
            prop_assert_eq!(lengths(&quick.same, 0), lengths(&whole.same, jitter));
            // And taken away where runs are nearer.
            prop_assert_eq!(lengths(&quick.nearest, 0), lengths(&whole.room, 0));
            let less = |g: &Option<Gap>| g.map(|g| g.length.minus(Duration::from_mins(jitter)));
            let room: Vec<_> = whole.room.iter().map(less).collect();
            prop_assert_eq!(lengths(&quick.room, 0), room);
        }
    }
}
