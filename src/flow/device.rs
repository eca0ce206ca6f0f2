//! What all runs ask of one device: the work of small ones, and how many great ones go on when.

use super::queue::Exclusive;
use crate::calendar::WEEK_SECONDS;
use std::collections::BTreeMap;

/// All runs of a device: the work of small ones, the places of great ones.
#[derive(Default)]
pub(super) struct Device {
    pub small_rate: f64,
    pub small_burst: f64,
    /// Starts and lengths in seconds of the week, one job at a time not overlapping, with what is
    /// scarce of what the job needs.
    pub great: Vec<(u64, u64, Option<Exclusive>)>,
    /// Second of the week, and how many great runs go on from then.
    pub load: Vec<(u64, u64)>,
}

/// Spans of a week as spans that do not overlap: a job runs once at a time.
pub(super) fn merged(mut spans: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    if spans.len() < 2 {
        return spans;
    }
    spans.sort_unstable();
    let mut all: Vec<(u64, u64)> = Vec::with_capacity(spans.len());
    for (from, length) in spans {
        match all.last_mut() {
            Some((first, whole)) if from <= *first + *whole => *whole = (*whole).max(from + length - *first),
            _ => all.push((from, length)),
        }
    }
    // What runs over the end of the week may reach the first of it.
    while let (Some((first, length)), Some((last, whole))) = (all.first().copied(), all.last().copied()) {
        if all.len() < 2 || last + whole < first + WEEK_SECONDS {
            break;
        }
        all.remove(0);
        if let Some(end) = all.last_mut() {
            end.1 = end.1.max(first + WEEK_SECONDS + length - end.0);
        }
    }
    all.iter_mut().for_each(|s| s.1 = s.1.min(WEEK_SECONDS));
    all
}

impl Device {
    /// Sorts the starts and ends of great runs into how many go on from when: at most `most`, and
    /// of those who need the same scarce thing no more than there are places.
    pub fn count(&mut self, most: u64, limits: &BTreeMap<Exclusive, u64>) {
        let mut steps: Vec<(u64, i64, Option<Exclusive>)> = Vec::with_capacity(2 * self.great.len() + 1);
        let mut now: BTreeMap<Option<Exclusive>, i64> = BTreeMap::new();
        for (from, length, scarce) in &self.great {
            if *length >= WEEK_SECONDS {
                *now.entry(*scarce).or_default() += 1;
                continue;
            }
            let to = from + length;
            steps.push((*from, 1, *scarce));
            if to <= WEEK_SECONDS {
                steps.push((to, -1, *scarce));
            } else {
                *now.entry(*scarce).or_default() += 1;
                steps.push((to - WEEK_SECONDS, -1, *scarce));
            }
        }
        let held = |scarce: &Option<Exclusive>, n: i64| {
            let places = scarce.and_then(|s| limits.get(&s)).copied().unwrap_or(u64::MAX);
            u64::try_from(n).unwrap_or(0).min(places)
        };
        // At the same second a run that ends still counts beside one that begins.
        steps.sort_unstable_by_key(|(at, step, _)| (*at, std::cmp::Reverse(*step)));
        let mut sum: u64 = now.iter().map(|(scarce, n)| held(scarce, *n)).sum();
        self.load.clear();
        self.load.push((0, sum.min(most)));
        for (at, step, scarce) in steps {
            let n = now.entry(scarce).or_default();
            sum -= held(&scarce, *n);
            *n += step;
            sum += held(&scarce, *n);
            self.load.push((at, sum.min(most)));
        }
    }

    /// The most great runs that go on at the same time in `[from, from + length]`.
    pub fn most_between(&self, from: u64, length: u64) -> u64 {
        let to = from + length;
        let inside = |a: u64, b: u64| {
            let first = self.load.partition_point(|(at, _)| *at <= a).saturating_sub(1);
            self.load.iter().skip(first).take_while(|(at, _)| *at <= b).map(|(_, n)| *n).max().unwrap_or(0)
        };
        if to <= WEEK_SECONDS {
            inside(from, to)
        } else {
            inside(from, WEEK_SECONDS).max(inside(0, to - WEEK_SECONDS))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_there_once() {
        // A full and an incremental of one job that meet on paper; one that goes over the week's end.
        assert_eq!(merged(vec![(100, 50), (120, 100), (300, 5)]), [(100, 120), (300, 5)]);
        let end = WEEK_SECONDS - 10;
        assert_eq!(merged(vec![(5, 20), (end, 30), (90, 5)]), [(90, 5), (end, 35)]);
        assert_eq!(merged(vec![(0, WEEK_SECONDS), (0, WEEK_SECONDS)]), [(0, WEEK_SECONDS)]);
    }

    #[test]
    fn no_more_run_than_there_are_places() {
        // Three runs of a director with two places, and one of cron.
        let director = Exclusive::Places(la_arena::Idx::from_raw(0.into()));
        let mut device = Device::default();
        device.great.extend([(0, 10, Some(director)), (0, 10, Some(director)), (5, 10, Some(director))]);
        device.great.push((5, 100, None));
        let limits = [(director, 2)].into();
        device.count(u64::MAX, &limits);
        assert_eq!(
            (device.most_between(0, 3), device.most_between(6, 1), device.most_between(12, 1)),
            (2, 3, 2)
        );
        device.count(1, &limits);
        assert_eq!(device.most_between(6, 1), 1);
    }
}
