//! Time zones, from data that is in the binary: every machine gives the same answer.

use super::Clock;
use crate::base::EcoString;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

/// A time zone of the IANA data base.
#[derive(Clone, Debug)]
pub struct Zone {
    name: EcoString,
    tz: TimeZone,
}

/// The first instant of a day such as `2027-03-31` in coordinated universal time, in Unix seconds;
/// `None` when the calendar has no such day.
pub fn day(text: &str) -> Option<i64> {
    let start = text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(start.timestamp().as_second())
}

/// There is no zone of that name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no time zone `{0}`")]
pub struct UnknownZone(pub String);

impl Zone {
    /// The zone of an IANA name such as `Asia/Shanghai`.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        let tz = jiff::tz::db().get(name).map_err(|_| UnknownZone(name.to_owned()))?;
        Ok(Self { name: tz.iana_name().unwrap_or(name).into(), tz })
    }

    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self { name: "UTC".into(), tz: TimeZone::UTC }
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of all zones, for suggestions.
    pub fn names() -> Vec<String> {
        jiff::tz::db().available().map(|n| n.to_string()).collect()
    }

    /// The instant, in Unix seconds, of a local date and minute; none when clocks jump over it,
    /// the first of two when they show it twice.
    pub fn instant(&self, date: Date, minute: u16) -> Option<i64> {
        let time = Time::new((minute / 60) as i8, (minute % 60) as i8, 0, 0).ok()?;
        let ambiguous = self.tz.to_ambiguous_timestamp(date.to_datetime(time));
        if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
            return None;
        }
        ambiguous.earlier().ok().map(Timestamp::as_second)
    }

    /// The instants at which what is meant for a local date and minute is due, at most two.
    pub fn due(&self, date: Date, minute: u16, clock: Clock) -> [Option<i64>; 2] {
        let Ok(time) = Time::new((minute / 60) as i8, (minute % 60) as i8, 0, 0) else { return [None; 2] };
        let ambiguous = self.tz.to_ambiguous_timestamp(date.to_datetime(time));
        let second = |t: Result<Timestamp, jiff::Error>| t.ok().map(Timestamp::as_second);
        match (ambiguous.offset(), clock) {
            (AmbiguousOffset::Gap { .. }, Clock::Shown | Clock::Once) => [None; 2],
            (AmbiguousOffset::Gap { before, after }, Clock::CaughtUp) => {
                // What is left of the hour when the jump comes is the same on both sides of it.
                let late = second(ambiguous.later());
                let jump = late.and_then(|late| {
                    let width = i64::from(after.seconds() - before.seconds());
                    self.transitions(late - width, late + width).into_iter().next()
                });
                [jump.or(late), None]
            }
            (AmbiguousOffset::Fold { .. }, Clock::Shown) => {
                [second(ambiguous.earlier()), second(ambiguous.later())]
            }
            _ => [second(ambiguous.earlier()), None],
        }
    }

    /// The local date, minute of the day and weekday (Monday is 0) of an instant.
    pub fn local(&self, instant: i64) -> Option<(Date, u16, u8)> {
        let zoned = Timestamp::from_second(instant).ok()?.to_zoned(self.tz.clone());
        let minute = u16::from(zoned.hour().unsigned_abs()) * 60 + u16::from(zoned.minute().unsigned_abs());
        Some((zoned.date(), minute, zoned.weekday().to_monday_zero_offset().unsigned_abs()))
    }

    /// What its clocks are ahead of universal time at an instant, in seconds.
    pub fn offset(&self, instant: i64) -> i64 {
        Timestamp::from_second(instant).map_or(0, |t| i64::from(self.tz.to_offset(t).seconds()))
    }

    /// The instants in `[from, to)` at which clocks are changed.
    pub fn transitions(&self, from: i64, to: i64) -> Vec<i64> {
        let Ok(start) = Timestamp::from_second(from) else { return Vec::new() };
        self.tz.following(start).map(|t| t.timestamp().as_second()).take_while(|t| *t < to).collect()
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl std::hash::Hash for Zone {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}
