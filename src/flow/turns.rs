//! What a night on which clocks are changed does to a week of writes.
//!
//! A profile is of a zone's own clocks. An hour that they show twice is written in twice, and one
//! that they leave out brings what is before and after it nearer together. Either may lie in the
//! horizon, and then the week that has it is one more that is looked at.

use super::Horizon;
use crate::calendar::{WEEK_SECONDS, WeekProfile, Zone};
use crate::model::{Cluster, Model};
use crate::quantity::{Bytes, Duration};
use la_arena::Idx;

/// Clocks that are changed: the second of the local week that would come, and the one that comes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Turn {
    /// What clocks would show next.
    pub at: u64,
    /// What they show.
    pub to: u64,
}

impl Turn {
    /// By how much, and whether it is shown twice; else it is left out.
    fn by(self) -> (u64, bool) {
        let back = (self.at + WEEK_SECONDS - self.to) % WEEK_SECONDS;
        if back <= WEEK_SECONDS / 2 { (back, true) } else { (WEEK_SECONDS - back, false) }
    }

    /// The change as one that shows the same part of a week twice or leaves it out: by how much a
    /// profile is later behind it than before it, seen from one side or the other.
    pub fn shift(self) -> u64 {
        self.by().0
    }
}

/// The second of a zone's week at an instant.
fn second(zone: &Zone, instant: i64) -> Option<u64> {
    let (_, minute, day) = zone.local(instant)?;
    let second = (i64::from(day) * 1440 + i64::from(minute)) * 60 + instant.rem_euclid(60);
    Some(second.rem_euclid(WEEK_SECONDS as i64).unsigned_abs())
}

/// All changes over a horizon, each kind once.
pub(super) fn turns(zone: &Zone, horizon: Horizon) -> Vec<Turn> {
    let to = horizon.as_of.saturating_add(i64::from(horizon.days) * 86_400);
    // What a run carries at the first instant was written before it.
    let from = horizon.as_of.saturating_sub(16 * 86_400);
    let mut all: Vec<Turn> = zone
        .transitions(from, to)
        .into_iter()
        .filter_map(|at| {
            let before = second(zone, at - 1)?;
            Some(Turn { at: (before + 1) % WEEK_SECONDS, to: second(zone, at)? })
        })
        .filter(|turn| turn.at != turn.to)
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Those of the zone in which a database's primary stands.
pub(super) fn of_cluster(model: &Model, cluster: Idx<Cluster>, horizon: Horizon) -> Vec<Turn> {
    let host = model.clusters[cluster].primary.0;
    turns(&model.sites[model.hosts[host].site].zone, horizon)
}

/// Changes are months apart: a shorter time has one of them at most.
const APART: Duration = Duration::from_days(60);

/// The most that a profile brings in any interval of a length, those on such a night included.
///
/// An interval with the whole of an hour twice is one of the week that is an hour shorter, and that
/// hour; one with a part of it brings no more. An interval around an hour that is left out is one of
/// the week that is an hour longer, less that hour.
pub(super) fn most_in(profile: &WeekProfile, length: Duration, turns: &[Turn]) -> Bytes {
    let mut most = profile.most_in(length);
    if length > APART {
        // Several of them: all that is shown twice comes on top, and none of the rest is taken off.
        let skipped = turns.iter().map(|t| t.by()).filter(|b| !b.1).map(|b| b.0).sum();
        most = profile.most_in(length.plus(Duration::from_secs(skipped)));
        for turn in turns.iter().filter(|t| t.by().1) {
            most = most.plus(written(profile, turn.to, turn.by().0));
        }
        return most;
    }
    for turn in turns {
        let (by, twice) = turn.by();
        let time = Duration::from_secs(by);
        let found = if twice {
            profile.most_in(length.minus(time)).plus(written(profile, turn.to, by))
        } else {
            let whole = profile.most_in(length.plus(time));
            Bytes(whole.0.saturating_sub(written(profile, turn.at, by).0))
        };
        most = most.max(found);
    }
    most
}

fn written(profile: &WeekProfile, from: u64, length: u64) -> Bytes {
    Bytes(u64::try_from(profile.written(from, length)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Line;

    #[test]
    fn an_hour_that_is_shown_twice() {
        // Sundays from 02:00 to 03:00 10 a second, else 1. In Paris 02:00 comes again on 25 October
        // 2026: within two hours 72 000 are written instead of 39 600; in spring that hour is left
        // out.
        let paris = Zone::named("Europe/Paris").unwrap();
        let sunday = 6 * 86_400;
        let turns = turns(&paris, Horizon { as_of: 1_768_435_200, days: 365 });
        let spring = Turn { at: sunday + 2 * 3600, to: sunday + 3 * 3600 };
        let autumn = Turn { at: sunday + 3 * 3600, to: sunday + 2 * 3600 };
        assert_eq!(turns, [spring, autumn]);
        let line = Line { weekdays: 1 << 6, from: 120, to: 180, rate: 10, adds: false };
        let profile = WeekProfile::new(1, &[line], Bytes::ZERO);
        let hours = Duration::from_hours;
        assert_eq!(most_in(&profile, hours(2), &[]), Bytes(39_600));
        assert_eq!(most_in(&profile, hours(2), &turns), Bytes(72_000));
        assert_eq!(most_in(&profile, hours(3), &turns), Bytes(75_600));
        // The peaks of both sides of a quiet hour that is left out stand together.
        let both = Line { weekdays: 1 << 6, from: 60, to: 120, rate: 10, adds: false };
        let after = Line { weekdays: 1 << 6, from: 180, to: 240, rate: 10, adds: false };
        let profile = WeekProfile::new(1, &[both, after], Bytes::ZERO);
        assert_eq!(most_in(&profile, hours(2), &[]), Bytes(39_600));
        assert_eq!(most_in(&profile, hours(2), &turns), Bytes(72_000));
    }
}
