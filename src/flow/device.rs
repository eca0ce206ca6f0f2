//! What all runs ask of one device: the work of small ones, and how many great ones go on when.

use super::queue::Exclusive;
use crate::calendar::WEEK_SECONDS;
use std::collections::BTreeMap;

/// All runs of a device: the work of small ones, the places of great ones.
#[derive(Default, PartialEq)]
pub(super) struct Device {
    pub small_rate: f64,
    pub small_burst: f64,
    /// Starts and lengths in seconds of the week, one job at a time not overlapping, with what is
    /// scarce of what the job needs.
    pub great: Vec<(u64, u64, Option<Exclusive>)>,
    /// How many great runs go on when.
    load: Load,
}

/// A number that changes over the week.
#[derive(Default, PartialEq)]
pub(super) struct Load {
    /// The seconds of the week at which it changes, rising, and what it is from then.
    steps: Vec<(u64, u64)>,
    /// Of `n` steps: from the `n`th on what each is, before that the more of the two at twice the
    /// place, so that the most of any stretch is that of few places.
    most: Vec<u64>,
}

impl Load {
    fn new(steps: Vec<(u64, u64)>) -> Self {
        let n = steps.len();
        let mut most = vec![0; n];
        most.extend(steps.iter().map(|s| s.1));
        for place in (1..n).rev() {
            let both = most.get(2 * place).max(most.get(2 * place + 1)).copied();
            if let (Some(slot), Some(both)) = (most.get_mut(place), both) {
                *slot = both;
            }
        }
        Self { steps, most }
    }

    /// The most from the `first` step to before the `end`th; none when there is no such step.
    fn most(&self, first: usize, end: usize) -> u64 {
        let n = self.steps.len();
        let (mut from, mut to) = (first + n, end + n);
        let mut most = 0;
        let at = |place: usize| self.most.get(place).copied().unwrap_or(0);
        while from < to {
            if from % 2 == 1 {
                most = most.max(at(from));
                from += 1;
            }
            if to % 2 == 1 {
                to -= 1;
                most = most.max(at(to));
            }
            (from, to) = (from / 2, to / 2);
        }
        most
    }
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
    /// Takes what [`Device::counted`] made of the starts and ends of great runs in their stead.
    pub fn count(&mut self, load: Load) {
        self.great = Vec::new();
        self.load = load;
    }

    /// The starts and ends of great runs as how many go on from when: at most `most`, and of those
    /// who need the same scarce thing no more than there are places.
    pub fn counted(&self, most: u64, limits: &BTreeMap<Exclusive, u64>) -> Load {
        let mut steps: Vec<(u64, i64, Option<Exclusive>)> = Vec::with_capacity(2 * self.great.len() + 1);
        let mut now: BTreeMap<Option<Exclusive>, i64> = BTreeMap::new();
        for (from, length, scarce) in self.great.iter().copied() {
            if length >= WEEK_SECONDS {
                *now.entry(scarce).or_default() += 1;
                continue;
            }
            let to = from + length;
            steps.push((from, 1, scarce));
            if to <= WEEK_SECONDS {
                steps.push((to, -1, scarce));
            } else {
                *now.entry(scarce).or_default() += 1;
                steps.push((to - WEEK_SECONDS, -1, scarce));
            }
        }
        let held = |scarce: &Option<Exclusive>, n: i64| {
            let places = scarce.and_then(|s| limits.get(&s)).copied().unwrap_or(u64::MAX);
            u64::try_from(n).unwrap_or(0).min(places)
        };
        // At the same second a run that ends still counts beside one that begins.
        steps.sort_unstable_by_key(|(at, step, _)| (*at, std::cmp::Reverse(*step)));
        let mut sum: u64 = now.iter().map(|(scarce, n)| held(scarce, *n)).sum();
        let mut load = Vec::with_capacity(steps.len() + 1);
        load.push((0, sum.min(most)));
        for (at, step, scarce) in steps {
            let n = now.entry(scarce).or_default();
            sum -= held(&scarce, *n);
            *n += step;
            sum += held(&scarce, *n);
            load.push((at, sum.min(most)));
        }
        Load::new(load)
    }

    /// The most great runs that go on at the same time in the week.
    pub fn most(&self) -> u64 {
        self.load.most(0, self.load.steps.len())
    }

    /// The same in any of these spans, each with its start and length.
    pub fn most_in(&self, spans: &[(u64, u64)]) -> u64 {
        let ever = self.most();
        let mut most = 0;
        for (from, length) in spans {
            most = most.max(self.most_between(*from, *length));
            // More than at the worst moment of the week there never are.
            if most == ever {
                break;
            }
        }
        most
    }

    /// The most great runs that go on at the same time in `[from, from + length]`.
    fn most_between(&self, from: u64, length: u64) -> u64 {
        let to = from + length;
        let inside = |a: u64, b: u64| {
            let after = |second: u64| self.load.steps.partition_point(|(at, _)| *at <= second);
            self.load.most(after(a).saturating_sub(1), after(b))
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
    fn the_most_of_a_stretch_is_that_of_its_steps() {
        let heights = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5];
        for n in 0..=heights.len() {
            let load = Load::new((0..).zip(heights).take(n).collect());
            for (first, end) in (0..=n).flat_map(|end| (0..=end).map(move |first| (first, end))) {
                let most = heights[first..end].iter().max().copied().unwrap_or(0);
                assert_eq!(load.most(first, end), most, "{first}..{end} of {n}");
            }
        }
    }

    #[test]
    fn no_more_run_than_there_are_places() {
        // Three runs of a director with two places, and one of cron.
        let director = Exclusive::Places(la_arena::Idx::from_raw(0.into()));
        let mut device = Device::default();
        device.great.extend([(0, 10, Some(director)), (0, 10, Some(director)), (5, 10, Some(director))]);
        device.great.push((5, 100, None));
        let limits = [(director, 2)].into();
        device.count(device.counted(u64::MAX, &limits));
        assert_eq!(
            (device.most_between(0, 3), device.most_between(6, 1), device.most_between(12, 1)),
            (2, 3, 2)
        );
        device.great.extend([(0, 10, Some(director)), (5, 100, None)]);
        device.count(device.counted(1, &limits));
        assert_eq!(device.most_between(6, 1), 1);
    }
}
