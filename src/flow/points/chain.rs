//! What a point stands on.

use crate::flow::timetable::Moment;
use crate::ops::Level;

/// The runs that the newest point stands on.
#[derive(Default)]
pub(super) struct Chain {
    full: Option<Moment>,
    differential: Option<Moment>,
    first: Option<Moment>,
    /// When the full was written to the store.
    pub written: i64,
}

impl Chain {
    /// Takes in the next run; whether there is a full to stand on.
    pub fn take(&mut self, moment: Moment, written: i64) -> bool {
        match moment.level {
            Level::Full | Level::Log => {
                *self = Self { full: Some(moment), written, ..Self::default() };
            }
            Level::Differential => (self.differential, self.first) = (Some(moment), None),
            Level::Incremental | Level::Changes => {
                self.first.get_or_insert(moment);
            }
        }
        self.full.is_some()
    }

    /// Puts the oldest incremental down as one of before: a run that was due before a full or a
    /// differential and may come behind it stands on it.
    pub fn straggles(&mut self, moment: Option<Moment>) {
        self.first = moment.or(self.first);
    }

    /// The runs that may go first: of several incrementals that is the oldest.
    pub fn parts(&self) -> impl Iterator<Item = Moment> {
        [self.full, self.differential, self.first].into_iter().flatten()
    }

    /// Until when all of it is kept, and which run goes first.
    pub fn until(&self, kept: impl Fn(Level) -> i64) -> Option<(i64, Moment)> {
        let ends = self.parts().map(|m| (m.at.saturating_add(kept(m.level)), m));
        ends.min_by_key(|(until, m)| (*until, m.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn run(day: i64, level: Level) -> Moment {
        Moment { at: day * DAY, level }
    }

    #[test]
    fn the_chain_of_a_point_by_hand() {
        // A full on day 0, a differential on day 7, incrementals on days 8 and 9. Fulls are kept 20
        // days, differentials 10, incrementals 5.
        let kept = |level: Level| match level {
            Level::Full => 20 * DAY,
            Level::Differential => 10 * DAY,
            _ => 5 * DAY,
        };
        let mut chain = Chain::default();
        assert!(!chain.take(run(-1, Level::Incremental), 0), "nothing to stand on");
        let mut until = |day, level| {
            assert!(chain.take(run(day, level), 0));
            let (until, first) = chain.until(kept).unwrap();
            (until / DAY, first.at / DAY)
        };
        assert_eq!(until(0, Level::Full), (20, 0));
        // The differential is kept until day 17, its full until day 20.
        assert_eq!(until(7, Level::Differential), (17, 7));
        // The incremental of day 9 is kept until day 14 and needs that of day 8, until day 13.
        assert_eq!(until(8, Level::Incremental), (13, 8));
        assert_eq!(until(9, Level::Incremental), (13, 8));
        // On day 16 another differential needs only itself and the full, which goes on day 20.
        assert_eq!(until(16, Level::Differential), (20, 0));
        assert_eq!(until(17, Level::Full), (37, 17));
    }
}
