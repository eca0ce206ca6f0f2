//! The four base quantities.

use serde::Serialize;

/// An amount of data in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub struct Bytes(pub u64);

/// A data rate in **bits** per second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub struct Rate(pub u64);

/// A time in nanoseconds, up to 584 years.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub struct Duration(pub u64);

/// A ratio in billionths: 100 % is 1 000 000 000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub struct Ratio(pub u64);

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;
/// Billionths in a whole.
const WHOLE: u64 = 1_000_000_000;

fn saturate(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

impl Duration {
    /// No time.
    pub const ZERO: Self = Self(0);
    /// Longer than any horizon; what is this long never ends.
    pub const MAX: Self = Self(u64::MAX);

    /// Whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(SECOND))
    }

    /// Whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// Whole minutes.
    pub const fn from_mins(minutes: u64) -> Self {
        Self::from_secs(minutes.saturating_mul(60))
    }

    /// Whole hours.
    pub const fn from_hours(hours: u64) -> Self {
        Self::from_secs(hours.saturating_mul(3600))
    }

    /// Days of 24 hours.
    pub const fn from_days(days: u64) -> Self {
        Self::from_secs(days.saturating_mul(86_400))
    }

    /// Whole seconds, rounded up.
    pub const fn secs_up(self) -> u64 {
        self.0.div_ceil(SECOND)
    }

    /// Seconds for people and JSON; exact below 104 days.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// The sum; [`Duration::MAX`] when it is longer than that.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference; nothing when `other` is longer.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// `n` times as long.
    #[must_use]
    pub const fn times(self, n: u64) -> Self {
        Self(self.0.saturating_mul(n))
    }
}

impl std::iter::Sum for Duration {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Self::plus)
    }
}

impl Bytes {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Mebibytes.
    pub const fn mib(n: u64) -> Self {
        Self(n.saturating_mul(1 << 20))
    }

    /// Gibibytes.
    pub const fn gib(n: u64) -> Self {
        Self(n.saturating_mul(1 << 30))
    }

    /// The sum, at most `u64::MAX`.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// `n` times as much.
    #[must_use]
    pub const fn times(self, n: u64) -> Self {
        Self(self.0.saturating_mul(n))
    }

    /// The part `ratio`, rounded up.
    #[must_use]
    pub fn part_up(self, ratio: Ratio) -> Self {
        Self(saturate((u128::from(self.0) * u128::from(ratio.0)).div_ceil(u128::from(WHOLE))))
    }
}

impl Rate {
    /// From bytes per second.
    pub const fn bytes_per_sec(bytes: u64) -> Self {
        Self(bytes.saturating_mul(8))
    }

    /// Mebibytes per second.
    pub const fn mib_per_sec(mib: u64) -> Self {
        Self(mib.saturating_mul(8 << 20))
    }

    /// Whole bytes per second, rounded down.
    pub const fn in_bytes_down(self) -> u64 {
        self.0 / 8
    }

    /// The part `ratio`, rounded down; a ratio above one gives more.
    #[must_use]
    pub fn part_down(self, ratio: Ratio) -> Self {
        Self(saturate(u128::from(self.0) * u128::from(ratio.0) / u128::from(WHOLE)))
    }

    /// How much it would take so that its part `ratio` is this rate, rounded down: this rate
    /// divided by the ratio. `None` for a ratio of zero.
    #[must_use]
    pub fn over_down(self, ratio: Ratio) -> Option<Self> {
        (u128::from(self.0) * u128::from(WHOLE)).checked_div(u128::from(ratio.0)).map(|r| Self(saturate(r)))
    }

    /// One of `n` equal parts, rounded down. `None` for no parts.
    #[must_use]
    pub fn split_down(self, n: u64) -> Option<Self> {
        self.0.checked_div(n).map(Self)
    }

    /// The most that it moves in a time, rounded up.
    #[must_use]
    pub fn moves_up(self, time: Duration) -> Bytes {
        Bytes(saturate((u128::from(self.0) * u128::from(time.0)).div_ceil(8 * u128::from(SECOND))))
    }
}

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// All of it.
    pub const WHOLE: Self = Self(WHOLE);

    /// Whole percent.
    pub const fn percent(percent: u64) -> Self {
        Self(percent.saturating_mul(WHOLE / 100))
    }

    /// As a number of wholes.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / WHOLE as f64
    }
}

/// How long `bytes` take at `rate`, rounded up. `None` when the rate is zero and there is
/// anything to move.
pub fn time_to_move(bytes: Bytes, rate: Rate) -> Option<Duration> {
    if bytes.0 == 0 {
        return Some(Duration::ZERO);
    }
    if rate.0 == 0 {
        return None;
    }
    Some(Duration(saturate((u128::from(bytes.0) * 8 * u128::from(SECOND)).div_ceil(u128::from(rate.0)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_rounds_against_the_user() {
        // 800 GiB at 300 MiB/s: 2730.67 s, so 45 min 31 s.
        let t = time_to_move(Bytes::gib(800), Rate::mib_per_sec(300)).unwrap();
        assert_eq!(t.0, 2_730_666_666_667);
        assert_eq!(time_to_move(Bytes(1), Rate(0)), None);
        assert_eq!(time_to_move(Bytes(0), Rate(0)), Some(Duration::ZERO));
        assert_eq!(Rate(10).part_down(Ratio::percent(33)), Rate(3));
        assert_eq!(Bytes(10).part_up(Ratio::percent(33)), Bytes(4));
        assert_eq!(Rate(9).in_bytes_down(), 1);
        assert_eq!(Rate(1).moves_up(Duration(1)), Bytes(1));
        assert_eq!(Duration(1).secs_up(), 1);
    }
}
