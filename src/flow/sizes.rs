//! How much runs carry, run by run, as sizes grow.

use super::capacity::DAY;
use super::timetable::Moment;
use super::{Horizon, grown};
use crate::model::{Data, Model};
use crate::ops::Level;
use crate::quantity::{Bytes, Duration, Ratio};
use la_arena::Idx;
use rustc_hash::FxHashMap;

/// How much runs carry, as sizes grow. What was before the as-of date was as large as then.
pub(super) struct Sizes {
    /// The ends of the stretches in which nothing grows.
    bounds: Vec<i64>,
    /// By data class and stretch.
    sizes: Vec<Vec<u64>>,
    changes: Vec<Option<(Ratio, Duration)>>,
    known: FxHashMap<(usize, i64), u64>,
}

impl Sizes {
    pub fn new(model: &Model, data: &[Idx<Data>], horizon: Horizon) -> Self {
        let growth = |d: &Idx<Data>| model.data[*d].growth.map(|g| g.value).filter(|(_, per)| per.0 > 0);
        let mut periods: Vec<u64> =
            data.iter().filter_map(growth).map(|(_, per)| per.secs_up().max(1)).collect();
        periods.sort_unstable();
        periods.dedup();
        let all = i64::from(horizon.days) * DAY;
        let many: u64 = periods.iter().map(|p| all.unsigned_abs() / p).sum();
        if many > 400 {
            periods = vec![DAY.unsigned_abs()];
        }
        let mut bounds = vec![0];
        for period in periods {
            let period = i64::try_from(period).unwrap_or(i64::MAX / 4);
            let steps = (1..).map(|n: i64| n.saturating_mul(period));
            bounds.extend(steps.take_while(|b| *b < all.saturating_add(period)));
        }
        bounds.sort_unstable();
        bounds.dedup();
        let sizes = data.iter().map(|d| {
            let size = model.data[*d].size.value;
            let Some((part, per)) = growth(d) else { return vec![size.0; bounds.len()] };
            let mut now = size;
            let mut done = 0;
            let mut of = Vec::with_capacity(bounds.len());
            for bound in &bounds {
                let time = Duration::from_secs(bound.unsigned_abs());
                let periods = time.0.div_ceil(per.0);
                now = grown(now, part, periods - done);
                done = periods;
                of.push(now.0);
            }
            of
        });
        let sizes = sizes.collect();
        let changes = data.iter().map(|d| model.data[*d].changed.map(|c| c.value)).collect();
        let bounds = bounds.into_iter().map(|b| horizon.as_of.saturating_add(b)).collect();
        Self { bounds, sizes, changes, known: FxHashMap::default() }
    }

    /// What each run of a table carries at most when so many fulls in a row may have been missed
    /// before it.
    pub fn of(mut self, table: &[Moment], missed: u64) -> Vec<u64> {
        let missed = usize::try_from(missed).unwrap_or(usize::MAX);
        let mut before: Option<i64> = None;
        let mut fulls: Vec<i64> = Vec::new();
        let mut all = Vec::with_capacity(table.len());
        for moment in table {
            let stretch =
                self.bounds.partition_point(|b| *b < moment.at).min(self.bounds.len().saturating_sub(1));
            let since = match moment.level {
                Level::Full | Level::Log => None,
                Level::Differential => fulls.iter().nth_back(missed).copied(),
                Level::Incremental | Level::Changes => before,
            };
            all.push(self.bytes(stretch, since.map_or(i64::MAX, |s| moment.at - s)));
            before = Some(moment.at);
            if moment.level == Level::Full {
                fulls.push(moment.at);
            }
        }
        all
    }

    /// What changes in a time: at most all of it.
    fn bytes(&mut self, stretch: usize, time: i64) -> u64 {
        let (sizes, changes) = (&self.sizes, &self.changes);
        *self.known.entry((stretch, time)).or_insert_with(|| {
            sizes.iter().zip(changes).fold(0_u64, |sum, (sizes, change)| {
                let size = Bytes(sizes.get(stretch).copied().unwrap_or(0));
                let bytes = match change {
                    Some((part, per)) if per.0 > 0 && time < i64::MAX => {
                        let windows = Duration::from_secs(time.unsigned_abs()).0.div_ceil(per.0);
                        size.part_up(*part).times(windows).min(size)
                    }
                    _ => size,
                };
                sum.saturating_add(bytes.0)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_grow_in_whole_periods_and_changes_in_whole_windows() {
        // 1000 bytes, 10 % more in each 30 days; 1 % changes in a day.
        let sizes = || Sizes {
            bounds: vec![0, 30 * DAY, 60 * DAY],
            sizes: vec![vec![1000, 1100, 1210]],
            changes: vec![Some((Ratio::percent(1), Duration::from_days(1)))],
            known: FxHashMap::default(),
        };
        let run = |day: i64, level: Level| Moment { at: day * DAY, level };
        let table = [
            run(-1, Level::Full),
            run(1, Level::Incremental),
            run(2, Level::Incremental),
            run(5, Level::Differential),
            run(31, Level::Full),
        ];
        // A full of before; two days of 11 bytes; one; six days since the full; the second period.
        assert_eq!(sizes().of(&table, 0), [1000, 22, 11, 66, 1210]);
        // Had the full been missed, nothing is known to stand before the differential.
        assert_eq!(sizes().of(&table, 1), [1000, 22, 11, 1100, 1210]);
        // Nor is the one before it here: the differential of day 31 is of 40 days, not of 20.
        let two = [run(-9, Level::Full), run(11, Level::Full), run(31, Level::Differential)];
        assert_eq!(sizes().of(&two, 0)[2], 20 * 13);
        assert_eq!(sizes().of(&two, 1)[2], 40 * 13);
        // Nothing stands before the first run: it brings all.
        assert_eq!(sizes().of(&[run(1, Level::Incremental)], 0), [1100]);
    }
}
