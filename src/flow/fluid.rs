//! A stream as a fluid queue: a weekly profile of writes through a constant rate.
//!
//! All results are exact for the model, in integers, and rounded up. The formulas are those of
//! network calculus; the numbers in brackets are the calculus's.

use super::turns::Turn;
use crate::calendar::{WEEK_SECONDS, WeekProfile};
use crate::quantity::{Bytes, Duration, Rate, Ratio};

/// What a queue comes to at its worst.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lag {
    /// The longest that a byte waits: the horizontal distance of the curves (3.3).
    pub worst: Duration,
    /// The most that waits (3.2), the burst included.
    pub backlog: Bytes,
    /// Second of the week at which the byte that waits longest is written.
    pub at: u64,
    /// Second of the week at which the queue that it joins began.
    pub busy_from: u64,
}

/// More comes than goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unstable {
    /// Bytes per second that come on average.
    pub mean: u64,
    /// Bytes per second that go.
    pub service: u64,
}

/// The worst of a profile through `service` bytes per second.
///
/// The backlog at t is the most that any interval that ends at t brings beyond its service (3.2).
/// The profile repeats every week and brings no more than the service on average, so an interval
/// longer than a week is beaten by the one that is a week shorter: two rounds from an empty queue
/// see every worst case.
///
/// # Errors
/// When the mean exceeds the service: the queue then grows for ever.
pub fn lag(profile: &WeekProfile, service: u64) -> Result<Lag, Unstable> {
    lag_over(profile, service, &[])
}

/// The same with weeks in which clocks are changed: behind two rounds comes the part of a week up to
/// the change, what clocks show from then on, and two rounds more.
///
/// # Errors
/// As [`lag`].
pub fn lag_over(profile: &WeekProfile, service: u64, turns: &[Turn]) -> Result<Lag, Unstable> {
    if profile.per_week() > u128::from(service) * u128::from(WEEK_SECONDS) {
        return Err(Unstable { mean: profile.mean(), service });
    }
    let mut worst = (0_i128, 0, 0);
    let whole = (0, WEEK_SECONDS);
    let usual = vec![whole, whole];
    let turned = turns.iter().map(|t| vec![whole, whole, (0, t.at), (t.to, WEEK_SECONDS), whole, whole]);
    for course in std::iter::once(usual).chain(turned) {
        let mut queue: i128 = 0;
        let mut began = 0;
        for (from, to) in course {
            for (start, length, rate) in profile.segments() {
                let (start, end) = (start.max(from), (start + length).min(to));
                if start >= end {
                    continue;
                }
                let growth = i128::from(rate) - i128::from(service);
                if queue == 0 && growth > 0 {
                    began = start;
                }
                queue = (queue + growth * i128::from(end - start)).max(0);
                if queue > worst.0 {
                    worst = (queue, end, began);
                }
            }
        }
    }
    let backlog = u128::try_from(worst.0).unwrap_or(0) + u128::from(profile.burst.0);
    let wait = if backlog == 0 {
        Some(0)
    } else {
        (backlog * 1_000_000_000).div_ceil(u128::from(service.max(1))).into()
    };
    Ok(Lag {
        worst: Duration(wait.and_then(|w| u64::try_from(w).ok()).unwrap_or(u64::MAX)),
        backlog: Bytes(u64::try_from(backlog).unwrap_or(u64::MAX)),
        at: worst.1 % WEEK_SECONDS,
        busy_from: worst.2 % WEEK_SECONDS,
    })
}

/// How long bytes take at so many bytes per second, rounded up; `None` without any.
pub(super) fn time_at(bytes: Bytes, service: u64) -> Option<Duration> {
    crate::quantity::time_to_move(bytes, Rate::bytes_per_sec(service))
}

/// The least constant service, in bytes per second, with which no byte waits longer than `r`
/// (3.5): the most that any interval brings, over its length plus `r`, and no less than the mean.
pub fn required_rate(profile: &WeekProfile, r: Duration) -> u64 {
    let mut need = u128::from(profile.mean());
    let seconds = u128::from(r.0);
    let second = 1_000_000_000_u128;
    // An interval that brings the most begins where the rate rises and ends where it falls.
    let cuts: Vec<u64> = profile.segments().map(|(s, _, _)| s).collect();
    for from in &cuts {
        for to in &cuts {
            let length = (to + WEEK_SECONDS - from) % WEEK_SECONDS;
            let length = if length == 0 { WEEK_SECONDS } else { length };
            let brought = profile.written(*from, length) + u128::from(profile.burst.0);
            need = need.max((brought * second).div_ceil(u128::from(length) * second + seconds));
        }
    }
    if r > Duration::ZERO {
        need = need.max((u128::from(profile.burst.0) * second).div_ceil(seconds));
    } else {
        need = need.max(u128::from(profile.peak()));
    }
    u64::try_from(need).unwrap_or(u64::MAX)
}

/// The highest rolling average over a time, in bytes per second, rounded up: the rule of vendors'
/// sheets, never less than [`required_rate`] and at most twice as much (3.3).
pub fn peak_rolling_average(profile: &WeekProfile, r: Duration) -> u64 {
    let most = u128::from(profile.most_in(r).0);
    u64::try_from((most * 1_000_000_000).div_ceil(u128::from(r.0.max(1)))).unwrap_or(u64::MAX)
}

/// What one TCP connection moves with a window: window / rtt (section 4), rounded down.
pub fn window_limit(window: Bytes, rtt: Duration) -> Option<Rate> {
    let bits = u128::from(window.0) * 8 * 1_000_000_000;
    bits.checked_div(u128::from(rtt.0)).map(|r| Rate(u64::try_from(r).unwrap_or(u64::MAX)))
}

/// Payload of a full segment on Ethernet with TCP timestamps.
pub const SEGMENT: u64 = 1448;

/// What one TCP connection reaches on average with losses: segment / (rtt * sqrt(loss)), the bound
/// of Mathis with the constant 1 (section 4), rounded down. `None` without loss or rtt.
pub fn mathis_limit(rtt: Duration, loss: Ratio) -> Option<Rate> {
    if rtt.0 == 0 || loss.0 == 0 {
        return None;
    }
    let bits = SEGMENT as f64 * 8.0 / (rtt.as_secs_f64() * loss.as_f64().sqrt());
    Some(Rate((bits * (1.0 - 1e-9)) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Line;
    use proptest::prelude::*;

    const MB: u64 = 1_000_000;

    /// The hourly profile of the test vector TV-1, in MB/s, the same every day.
    fn tv1() -> WeekProfile {
        let hours = [2, 2, 2, 2, 2, 2, 2, 8, 12, 20, 30, 30, 25, 20, 30, 30, 25, 15, 8, 5, 4, 3, 2, 2];
        let lines: Vec<Line> = (0u16..)
            .zip(hours)
            .map(|(h, mb)| Line { weekdays: 0x7f, from: h * 60, to: h * 60 + 60, rate: mb * MB, adds: false })
            .collect();
        WeekProfile::new(0, &lines, Bytes::ZERO)
    }

    #[test]
    fn test_vector_1_to_its_printed_digits() {
        let p = tv1();
        assert_eq!(p.per_week() / 7 / 100_000_000, 10_188); // 1018.8 GB a day
        assert_eq!(p.mean(), 11_791_667);
        let printed =
            [(60, 29.752), (900, 26.667), (3600, 23.75), (7200, 21.111), (14_400, 17.5), (28_800, 13.235)];
        for (seconds, mb) in printed {
            let rate = required_rate(&p, Duration::from_secs(seconds)) as f64 / 1e6;
            assert!((rate - mb).abs() < 0.0006, "{seconds} s: {rate} for {mb}");
        }
        let averages =
            [(60, 30.0), (900, 30.0), (3600, 30.0), (7200, 30.0), (14_400, 26.25), (28_800, 26.25)];
        for (seconds, mb) in averages {
            let rate = peak_rolling_average(&p, Duration::from_secs(seconds)) as f64 / 1e6;
            assert!((rate - mb).abs() < 0.0006, "{seconds} s: {rate} for {mb}");
        }
        let lags = [
            (13, 8.307, 388.8),
            (14, 7.071, 356.4),
            (16, 5.124, 295.2),
            (18, 3.667, 237.6),
            (20, 2.5, 180.0),
            (25, 0.6, 54.0),
            (29, 0.069, 7.2),
        ];
        for (mb, hours, gb) in lags {
            let l = lag(&p, mb * MB).unwrap();
            // The vector prints 388.8 GB at 13 MB/s, 8.30769 h, as 8.307 and 295.2 GB at 16 MB/s,
            // just 5.125 h, as 5.124; its other hours are rounded: one in the last digit.
            let beyond = l.worst.as_secs_f64() / 3600.0 - hours;
            assert!(beyond.abs() < 0.001_001, "{mb}: {l:?}");
            assert!((l.backlog.0 as f64 / 1e9 - gb).abs() < 0.06, "{mb}: {l:?}");
        }
        assert!(lag(&p, 11 * MB).is_err());
    }

    #[test]
    fn one_burst_by_hand() {
        // 9 MB/s for an hour over a background of 1 MB/s through 5 MB/s: the queue grows by 4 MB/s
        // for 3600 s to 14.4 GB, which takes 2880 s at 5 MB/s.
        let line = Line { weekdays: 1, from: 600, to: 660, rate: 9 * MB, adds: false };
        let l = lag(&WeekProfile::new(MB, &[line], Bytes::ZERO), 5 * MB).unwrap();
        assert_eq!(l.worst, Duration::from_secs(2880));
        assert_eq!(l.backlog, Bytes(14_400 * MB));
        assert_eq!((l.busy_from, l.at), (36_000, 39_600));
        // On a day on which clocks show 10:00 again at 11:00 the hour comes twice: the queue grows to
        // 28.8 GB, 5760 s.
        let twice = Turn { at: 39_600, to: 36_000 };
        let l = lag_over(&WeekProfile::new(MB, &[line], Bytes::ZERO), 5 * MB, &[twice]).unwrap();
        assert_eq!(l.worst, Duration::from_secs(5760));
        // A burst of 500 MB on top waits 100 s more.
        let l = lag(&WeekProfile::new(MB, &[line], Bytes(500 * MB)), 5 * MB).unwrap();
        assert_eq!(l.worst, Duration::from_secs(2980));
    }

    #[test]
    fn tcp_limits_by_hand() {
        // 1 MiB in 28 ms: 1048576 * 8 / 0.028 bit/s.
        assert_eq!(window_limit(Bytes::mib(1), Duration::from_millis(28)), Some(Rate(299_593_142)));
        // 1448 * 8 / (0.028 * 0.01) bit/s at a loss of 0.01 %.
        let rate = mathis_limit(Duration::from_millis(28), Ratio(100_000)).unwrap();
        assert!((rate.0 as f64 - 41_371_428.0).abs() < 2.0, "{rate:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_simulation_second_by_second_agrees(
            lines in proptest::collection::vec((1u8..128, 0u16..1440, 0u16..1440, 0u64..40), 1..5),
            service in 5u64..60,
        ) {
            let lines: Vec<Line> = lines.iter().map(|l| Line { weekdays: l.0, from: l.1, to: l.2, rate: l.3, adds: false }).collect();
            let p = WeekProfile::new(2, &lines, Bytes::ZERO);
            let Ok(found) = lag(&p, service) else {
                prop_assert!(p.mean() > service);
                return Ok(());
            };
            let mut queue = 0_u64;
            let mut most = 0;
            for _ in 0..2 {
                for (_, length, rate) in p.segments() {
                    for _ in 0..length {
                        queue = (queue + rate).saturating_sub(service);
                        most = most.max(queue);
                    }
                }
            }
            prop_assert_eq!(found.backlog.0, most);
            // The least rate for that wait is no more than the rate that gives it.
            prop_assert!(required_rate(&p, found.worst.plus(Duration(1))) <= service);
        }
    }
}
