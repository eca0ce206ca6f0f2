//! Write profiles: upper envelopes over a week.

use crate::quantity::{Bytes, Duration, Ratio};

/// Minutes in a week.
pub const WEEK_MINUTES: u32 = 7 * 1440;
/// Seconds in a week.
pub const WEEK_SECONDS: u64 = 7 * 86_400;

/// A rate that repeats every week, constant between its breakpoints, and a burst on top: in any
/// interval at most the integral of the rate plus the burst is written.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct WeekProfile {
    /// Minute of the week (0 is Monday, midnight) and bytes per second from then on; the first
    /// stands at 0, neighbours differ.
    segments: Vec<(u32, u64)>,
    /// Bytes that may come at once, on top.
    pub burst: Bytes,
}

/// A line of a profile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// Days on which it begins (bit 0 is Monday).
    pub weekdays: u8,
    /// From this minute of the day.
    pub from: u16,
    /// To this minute; at or below `from` it is on the next day.
    pub to: u16,
    /// Bytes per second.
    pub rate: u64,
    /// Whether it comes on top of what is there instead of replacing it.
    pub adds: bool,
}

impl WeekProfile {
    /// The same rate, in bytes per second, at all times.
    pub fn constant(rate: u64) -> Self {
        Self { segments: vec![(0, rate)], burst: Bytes::ZERO }
    }

    /// A rate with lines laid over it; a later line wins over an earlier one where they overlap.
    pub fn new(base: u64, lines: &[Line], burst: Bytes) -> Self {
        // Each line as intervals of minutes of the week, those over the week's end cut in two.
        let mut intervals: Vec<(u32, u32, &Line)> = Vec::new();
        for line in lines {
            let length = match u32::from(line.to).checked_sub(u32::from(line.from)) {
                Some(l) if l > 0 => l,
                _ => u32::from(line.to) + 1440 - u32::from(line.from),
            };
            for day in (0..7).filter(|d| line.weekdays & (1 << d) != 0) {
                let from = day * 1440 + u32::from(line.from);
                let to = from + length;
                intervals.push((from, to.min(WEEK_MINUTES), line));
                if to > WEEK_MINUTES {
                    intervals.push((0, to - WEEK_MINUTES, line));
                }
            }
        }
        let mut cuts: Vec<u32> = intervals
            .iter()
            .flat_map(|(a, b, _)| [*a, *b])
            .chain([0])
            .filter(|c| *c < WEEK_MINUTES)
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        let rate_at = |minute: u32| {
            intervals.iter().filter(|(a, b, _)| (*a..*b).contains(&minute)).fold(
                base,
                |rate, (_, _, line)| {
                    if line.adds { rate.saturating_add(line.rate) } else { line.rate }
                },
            )
        };
        Self::from_segments(cuts.into_iter().map(|c| (c, rate_at(c))).collect(), burst)
    }

    /// The sum of profiles: what all of them write together.
    pub fn sum<'a>(profiles: impl IntoIterator<Item = &'a Self>) -> Self {
        let profiles: Vec<&Self> = profiles.into_iter().collect();
        if let [one] = profiles.as_slice() {
            return (*one).clone();
        }
        let mut steps: Vec<(u32, i128)> = Vec::new();
        for p in &profiles {
            let mut before = 0;
            for (minute, rate) in &p.segments {
                steps.push((*minute, i128::from(*rate) - before));
                before = i128::from(*rate);
            }
        }
        steps.sort_unstable();
        let mut segments: Vec<(u32, u64)> = vec![(0, 0)];
        let mut rate = 0_i128;
        for (minute, step) in steps {
            rate += step;
            let now = u64::try_from(rate).unwrap_or(u64::MAX);
            match segments.last_mut() {
                Some(last) if last.0 == minute => last.1 = now,
                _ => segments.push((minute, now)),
            }
        }
        Self::from_segments(segments, profiles.iter().fold(Bytes::ZERO, |b, p| b.plus(p.burst)))
    }

    fn from_segments(mut segments: Vec<(u32, u64)>, burst: Bytes) -> Self {
        segments.dedup_by(|later, earlier| later.1 == earlier.1);
        Self { segments, burst }
    }

    /// Second of the week at which each segment begins, its length in seconds, and its rate in
    /// bytes per second.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = (u64, u64, u64)> + Clone + '_ {
        self.segments.iter().enumerate().map(|(n, (minute, rate))| {
            let end = self.segments.get(n + 1).map_or(WEEK_MINUTES, |s| s.0);
            (u64::from(*minute) * 60, u64::from(end - minute) * 60, *rate)
        })
    }

    /// What is written in a week, without the burst.
    pub fn per_week(&self) -> u128 {
        self.segments().map(|(_, length, rate)| u128::from(length) * u128::from(rate)).sum()
    }

    /// Bytes per second on average, rounded up, without the burst.
    pub fn mean(&self) -> u64 {
        u64::try_from(self.per_week().div_ceil(u128::from(WEEK_SECONDS))).unwrap_or(u64::MAX)
    }

    /// The highest rate in bytes per second, without the burst.
    pub fn peak(&self) -> u64 {
        self.segments.iter().map(|s| s.1).max().unwrap_or(0)
    }

    /// What is written from second 0 of the week up to `second`, which may lie in later weeks.
    fn written_to(&self, second: u64) -> u128 {
        let weeks = u128::from(second / WEEK_SECONDS) * self.per_week();
        let rest = second % WEEK_SECONDS;
        let part: u128 = self
            .segments()
            .take_while(|(start, _, _)| *start < rest)
            .map(|(start, length, rate)| u128::from((rest - start).min(length)) * u128::from(rate))
            .sum();
        weeks + part
    }

    /// What is written in `[from, from + length)`, in seconds, `from` within the week; without
    /// the burst.
    pub fn written(&self, from: u64, length: u64) -> u128 {
        self.written_to(from + length) - self.written_to(from)
    }

    /// The most that is written in any interval of that length, the burst included.
    ///
    /// The most is reached where an end of the interval stands at a breakpoint, since the sum is
    /// linear between.
    pub fn most_in(&self, length: Duration) -> Bytes {
        let length = length.secs_up();
        let most = self
            .segments()
            .flat_map(|(start, _, _)| {
                let back = (start + WEEK_SECONDS - length % WEEK_SECONDS) % WEEK_SECONDS;
                [self.written(start, length), self.written(back, length)]
            })
            .max()
            .unwrap_or(0);
        Bytes(u64::try_from(most).unwrap_or(u64::MAX)).plus(self.burst)
    }

    /// The profile times a factor, rounded up.
    #[must_use]
    pub fn scaled(&self, factor: Ratio) -> Self {
        let scale = |rate: u64| Bytes(rate).part_up(factor).0;
        let segments = self.segments.iter().map(|(m, r)| (*m, scale(*r))).collect();
        Self::from_segments(segments, self.burst.part_up(factor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SAT: u8 = 0b010_0000;
    const SUN: u8 = 0b100_0000;

    #[test]
    fn later_lines_win_and_nights_cross_midnight() {
        let line = |weekdays, from, to, rate, adds| Line { weekdays, from, to, rate, adds };
        let p = WeekProfile::new(
            1,
            &[
                line(0x7f, 1140, 1380, 9, false),
                line(SAT, 1200, 1260, 24, false),
                line(SUN, 1380, 60, 5, true),
            ],
            Bytes::ZERO,
        );
        let at = |day: u64, minute: u64| p.written((day * 1440 + minute) * 60, 1) as u64;
        assert_eq!((at(0, 0), at(0, 30), at(0, 70)), (6, 6, 1));
        assert_eq!((at(5, 1150), at(5, 1210), at(5, 1300)), (9, 24, 9));
        assert_eq!(p.peak(), 24);
        // Mon to Sun 4 h at 9, an hour of it on Saturday at 24; 2 h on top of 1 at 5; 1 elsewhere.
        let sum = 3600 * (7 * 4 * 9 - 9 + 24 + 2 * 6 + (168 - 28 - 2));
        assert_eq!(p.per_week(), sum);
    }

    proptest! {
        #[test]
        fn most_in_is_what_a_search_finds(
            rates in proptest::collection::vec((0u8..128, 0u16..1440, 0u16..1440, 0u64..50, any::<bool>()), 0..5),
            length in 1u64..400_000,
        ) {
            let lines: Vec<Line> = rates.iter().map(|r| Line { weekdays: r.0, from: r.1, to: r.2, rate: r.3, adds: r.4 }).collect();
            let p = WeekProfile::new(3, &lines, Bytes(7));
            let most = p.most_in(Duration::from_secs(length)).0;
            let found = (0..WEEK_SECONDS).step_by(60 * 7).map(|s| p.written(s, length)).max().unwrap() as u64 + 7;
            prop_assert!(most >= found);
            prop_assert!(most <= p.peak() * length + 7);
        }
    }
}
