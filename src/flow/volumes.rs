//! Volumes of a pool, as Bacula fills and recycles them (calculus, published design 1).
//!
//! A run that needs a volume is appended to one that has room; else the oldest volume whose last
//! write is more than the retention ago is recycled; else a volume is made, if there may be one
//! more; else the run waits for an operator. Volumes are filled one after the other and recycled in
//! the same order, so that at any time they hold the newest runs, whole volumes of them.
//!
//! Nobody knows to the second when a run asks for a volume and when it writes to it: the worst is that
//! each asks as early and ends as late as it may. Where volumes take several runs nobody knows either
//! with which they began, years ago, and one run more or less moves that for ever: any may have.

use crate::quantity::Duration;

/// Of volumes that take longer to fill nothing is known: who can say how many there are.
pub const MOST_FILLED: Duration = Duration::from_days(2 * 365);

/// How a pool treats its volumes. Times are in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PoolRules {
    /// Volume Retention.
    pub keep: i64,
    /// Maximum Volume Jobs, 1 or more.
    pub runs: u64,
    /// Maximum Volumes.
    pub volumes: Option<u64>,
    /// Volume Use Duration.
    pub use_duration: Option<i64>,
}

/// A run that writes to a pool, in Unix seconds. No bound is before that of a run before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Write {
    /// When it asks for a volume at the earliest.
    pub from: i64,
    /// Its first byte at the latest.
    pub begun: i64,
    /// Its last write at the latest.
    pub to: i64,
}

/// What becomes of the runs of a pool.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Turnover {
    /// For each run, the oldest run that is still on a volume once it is written.
    pub oldest: Vec<u32>,
    /// The first run that may find no volume and wait for an operator. Those after it are looked at as
    /// if one had been made, as the operator then does.
    pub stuck: Option<usize>,
    /// How many volumes there are at the end, at most. None is ever removed.
    pub volumes: u64,
    /// The most runs of a volume.
    pub fullest: u64,
}

/// Follows the runs of a pool, rising by their start.
pub fn turn(writes: &[Write], rules: PoolRules) -> Turnover {
    match rules.runs {
        0 | 1 => one_run_each(writes, rules),
        _ => whichever_began(writes, rules),
    }
}

/// Volume by volume, from an empty pool, when each takes a run.
fn one_run_each(writes: &[Write], rules: PoolRules) -> Turnover {
    let mut turned = Turnover::default();
    let mut oldest = 0;
    for (n, write) in writes.iter().enumerate() {
        if writes.get(oldest).is_some_and(|w| oldest < n && write.from - w.to > rules.keep) {
            oldest += 1;
        }
        turned.needs((n - oldest) as u64 + 1, n, rules);
        turned.oldest.push(u32::try_from(oldest).unwrap_or(u32::MAX));
    }
    turned
}

/// Whichever runs volumes begin with, when each takes several.
///
/// When a run begins a volume those before it end just there, one behind the other, and of those that
/// are not kept any more one is taken. The most are left when each ended as soon as it may have. All
/// that there are hold the most when each, from the newest back, has as many runs as it may.
fn whichever_began(writes: &[Write], rules: PoolRules) -> Turnover {
    let time = rules.use_duration.unwrap_or(i64::MAX);
    let many = usize::try_from(rules.runs).unwrap_or(usize::MAX);
    let end = writes.len();
    let mut turned = Turnover::default();
    // For each run the latest with which a volume may have begun that ends before it.
    let mut began = Chain::with_capacity(end + 1);
    // Of so many runs, how many lie before the volume that the last of them may be in.
    let mut before: Vec<usize> = Vec::with_capacity(end + 1);
    before.push(0);
    let (mut soonest, mut first, mut kept) = (0, 0, 0);
    for (n, write) in writes.iter().enumerate() {
        while soonest + 1 < n && writes.get(soonest + 1).is_some_and(|w| write.begun - w.from >= time) {
            soonest += 1;
        }
        let closed = writes.get(soonest).is_some_and(|w| soonest < n && write.begun - w.from >= time);
        began.push(if closed { soonest.max(n.saturating_sub(many)) } else { n.saturating_sub(many) });
        while writes.get(first).is_some_and(|w| write.from - w.begun >= time) || n - first >= many {
            first += 1;
        }
        before.push(first);
        turned.fullest = turned.fullest.max((n + 1 - first) as u64);
        while kept < n && writes.get(kept).is_some_and(|w| write.from - w.to > rules.keep) {
            kept += 1;
        }
        turned.needs(began.steps(n, kept) + 1, n, rules);
    }
    let oldest = repeated(before, turned.volumes);
    turned.oldest = oldest.iter().skip(1).map(|o| u32::try_from(*o).unwrap_or(u32::MAX)).collect();
    turned
}

/// Places that each lead to one before, with what counts the steps of a way in its logarithm: beside
/// the next place a far one, as in a skew binary list.
struct Chain(Vec<Link>);

struct Link {
    next: usize,
    far: usize,
    depth: u64,
}

impl Chain {
    fn with_capacity(places: usize) -> Self {
        Self(Vec::with_capacity(places))
    }

    fn at(&self, place: usize) -> (usize, usize, u64) {
        self.0.get(place).map_or((0, 0, 0), |l| (l.next, l.far, l.depth))
    }

    /// One more place. The first leads nowhere.
    fn push(&mut self, next: usize) {
        if self.0.is_empty() {
            self.0.push(Link { next: 0, far: 0, depth: 0 });
            return;
        }
        let (_, far, depth) = self.at(next);
        let (_, farther, far_depth) = self.at(far);
        let as_far = depth - far_depth == far_depth - self.at(farther).2;
        self.0.push(Link { next, far: if as_far { farther } else { next }, depth: depth + 1 });
    }

    /// How many steps lead from a place to the first that is not behind another.
    fn steps(&self, from: usize, to: usize) -> u64 {
        let mut at = from;
        while at > to {
            let (next, far, _) = self.at(at);
            at = if far >= to { far } else { next };
        }
        self.at(from).2 - self.at(at).2
    }
}

/// Where so many steps lead from each place, when one leads as it says.
fn repeated(mut step: Vec<usize>, mut times: u64) -> Vec<usize> {
    let mut all: Vec<usize> = (0..step.len()).collect();
    let after = |a: &[usize], b: &[usize]| -> Vec<usize> {
        a.iter().map(|at| b.get(*at).copied().unwrap_or(0)).collect()
    };
    while times > 0 {
        if times % 2 == 1 {
            all = after(&all, &step);
        }
        times /= 2;
        if times > 0 {
            step = after(&step, &step);
        }
    }
    all
}

impl Turnover {
    /// Run `n` needs so many volumes.
    fn needs(&mut self, volumes: u64, n: usize, rules: PoolRules) {
        self.volumes = self.volumes.max(volumes);
        if self.stuck.is_none() && rules.volumes.is_some_and(|most| volumes > most) {
            self.stuck = Some(n);
        }
    }

    /// What is in the pool after each run, when run `n` brought `sizes[n]` bytes: volumes keep
    /// their size until they are recycled, each after as many runs more as were missed.
    pub fn in_use<'a>(&'a self, sizes: &'a [u64], missed: usize) -> impl Iterator<Item = u64> + 'a {
        let mut sum = 0_u64;
        let mut gone = 0_usize;
        self.oldest.iter().zip(sizes).map(move |(oldest, size)| {
            sum = sum.saturating_add(*size);
            while gone < (*oldest as usize).saturating_sub(missed) {
                sum = sum.saturating_sub(sizes.get(gone).copied().unwrap_or(0));
                gone += 1;
            }
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = 86_400;

    fn exact(from: i64, to: i64) -> Write {
        Write { from, begun: from, to }
    }

    fn daily(days: std::ops::Range<i64>) -> Vec<Write> {
        days.map(|d| exact(d * DAY, d * DAY + 600)).collect()
    }

    fn rules(keep: i64, runs: u64, volumes: Option<u64>) -> PoolRules {
        PoolRules { keep: keep * DAY, runs, volumes, use_duration: None }
    }

    #[test]
    fn one_run_a_volume_by_hand() {
        // A run a day, kept 3 days. Day 3 finds the volume of day 0 written 2 days 23 h 50 min ago:
        // a fourth is made. Day 4 finds it 3 days 23 h 50 min old and takes it. So four volumes,
        // which hold the runs of the last four days.
        let turned = turn(&daily(0..8), rules(3, 1, None));
        assert_eq!(turned.oldest, [0, 0, 0, 0, 1, 2, 3, 4]);
        assert_eq!((turned.volumes, turned.stuck), (4, None));
        // Four volumes are just enough; with three the fourth run waits for an operator: 3 volumes
        // of one run are fewer than 3 days' runs and one more.
        assert_eq!(turn(&daily(0..8), rules(3, 1, Some(4))).stuck, None);
        assert_eq!(turn(&daily(0..8), rules(3, 1, Some(3))).stuck, Some(3));
        // 10 bytes a day, 1 more each day: 10+11+12+13 = 46 after day 3, then 11+12+13+14 = 50.
        let sizes: Vec<u64> = (10..18).collect();
        assert_eq!(turned.in_use(&sizes, 0).collect::<Vec<_>>(), [10, 21, 33, 46, 50, 54, 58, 62]);
    }

    #[test]
    fn several_runs_a_volume_by_hand() {
        // Six runs a volume, kept 20 days, as in the published design. Where the first holds days 0 to 5
        // it is free 20 days after day 5. A volume is begun on days 0, 6, 12, 18 and 24; on day 24 the
        // first was written 19 days ago, so there are five; on day 30 it is free. They hold 30 days, and
        // so whichever day they begin with.
        let turned = turn(&daily(0..60), rules(20, 6, None));
        assert_eq!(turned.volumes, 5);
        assert_eq!((turned.oldest[29], turned.oldest[36]), (0, 7));
        // Closed after two days, each holds two runs: those of 20 days, and the two last. Ten volumes have
        // been written within 20 days when an eleventh is begun.
        let short = PoolRules { use_duration: Some(2 * DAY), ..rules(20, 6, None) };
        let turned = turn(&daily(0..60), short);
        assert_eq!((turned.volumes, turned.oldest[40]), (11, 41 - 22));
    }

    #[test]
    fn whichever_run_began_the_volumes_by_hand() {
        // Mondays to Thursdays, four runs a volume, kept 10 days. Begun on Mondays, the one of two weeks
        // ago was written 11 days ago, and two do. Begun on Wednesdays it ends on a Tuesday, 8 days
        // before: a third is needed.
        let nights = |weeks: i64| -> Vec<Write> {
            let days = (0..weeks * 7).filter(|d| d % 7 < 4);
            days.map(|d| exact(d * DAY, d * DAY + 600)).collect()
        };
        assert_eq!(turn(&nights(30), rules(10, 4, Some(3))).stuck, None);
        assert!(turn(&nights(30), rules(10, 4, Some(2))).stuck.is_some());
        // Thirty days a volume, kept 31: three, ninety days. Of no part of the cycle less is said.
        let turned = turn(&daily(0..500), rules(31, 30, None));
        assert_eq!((turned.volumes, turned.oldest[400], turned.oldest[401]), (3, 401 - 90, 402 - 90));
    }

    #[test]
    fn a_pool_that_is_too_small_goes_on_to_fill() {
        // 4 volumes of a run a day that is kept 30 days: the fifth waits until somebody adds one, and so
        // up to the 31st.
        let turned = turn(&daily(0..100), rules(30, 1, Some(4)));
        assert_eq!((turned.stuck, turned.volumes, turned.oldest[99]), (Some(4), 31, 99 - 30));
    }

    #[test]
    fn a_run_that_may_find_a_volume_closed_by_hand() {
        // Daily at 02:00, on Sundays up to 70 min later; volumes are closed 25 h after their first byte,
        // or with the seventh run. Sunday's may find Saturday's 25 h 10 min old, or a day: each volume
        // has two runs, but for those that Sunday ends. Kept 98 h: when a run asks, those of the last four
        // days are there, in two volumes if each has two, and in three if Sunday's is one of a run, or the
        // oldest began a day before; and it needs one more.
        let late = |d: i64| if d % 7 == 0 { 4_200 } else { 0 };
        let writes: Vec<Write> = (0..40)
            .map(|d| Write { from: d * DAY, begun: d * DAY + late(d), to: d * DAY + late(d) + 900 })
            .collect();
        let rules = PoolRules { keep: 98 * 3600, runs: 7, volumes: Some(3), use_duration: Some(25 * 3600) };
        assert_eq!(turn(&daily(0..40), rules).stuck, None);
        let turned = turn(&writes, rules);
        assert!(turned.stuck.is_some());
        assert_eq!(turned.volumes, 4);
        // Where none may find it open or closed it is the same as if none were late.
        let exactly = PoolRules { use_duration: Some(30 * 3600), ..rules };
        assert_eq!(turn(&writes, exactly).volumes, turn(&daily(0..40), exactly).volumes);
    }

    /// Bacula's steps one by one, on volumes with a status and no assumption about their order.
    fn naive(writes: &[Write], rules: PoolRules) -> (Vec<Vec<usize>>, Option<usize>) {
        struct V {
            runs: Vec<usize>,
            first: i64,
            last: i64,
        }
        let mut all: Vec<V> = Vec::new();
        let mut held = Vec::new();
        for (n, w) in writes.iter().enumerate() {
            let append = all.iter().position(|v| {
                (v.runs.len() as u64) < rules.runs && rules.use_duration.is_none_or(|u| w.from - v.first < u)
            });
            let old = |v: &V| w.from - v.last > rules.keep;
            let free = (0..all.len()).filter(|i| old(&all[*i])).min_by_key(|i| all[*i].last);
            match (append, free) {
                (Some(i), _) => {
                    all[i].runs.push(n);
                    all[i].last = all[i].last.max(w.to);
                }
                (None, Some(i)) => all[i] = V { runs: vec![n], first: w.begun, last: w.to },
                (None, None) if rules.volumes.is_none_or(|m| (all.len() as u64) < m) => {
                    all.push(V { runs: vec![n], first: w.begun, last: w.to });
                }
                (None, None) => return (held, Some(n)),
            }
            let mut now: Vec<usize> = all.iter().flat_map(|v| v.runs.iter().copied()).collect();
            now.sort_unstable();
            held.push(now);
        }
        (held, None)
    }

    proptest! {
        #[test]
        fn bacula_step_by_step_agrees(
            gaps in proptest::collection::vec((1i64..40, 0i64..10), 1..120),
            keep in 0i64..200,
            volumes in proptest::option::of(1u64..30),
            use_duration in proptest::option::of(1i64..100),
        ) {
            let mut at = 0;
            let mut last = 0;
            let writes: Vec<Write> = gaps
                .iter()
                .map(|(gap, takes)| {
                    at += gap;
                    // Runs of a job end one after the other.
                    last = (at + takes).max(last + 1);
                    exact(at, last)
                })
                .collect();
            let rules = PoolRules { keep, runs: 1, volumes, use_duration };
            let turned = turn(&writes, rules);
            let (held, stuck) = naive(&writes, rules);
            prop_assert_eq!(turned.stuck, stuck);
            let ours: Vec<Vec<usize>> =
                turned.oldest.iter().enumerate().map(|(n, o)| (*o as usize..=n).collect()).collect();
            prop_assert_eq!(&ours[..held.len()], &held[..]);
        }

        /// A schedule that repeats, looked at from some time on: volumes had begun with any run before.
        #[test]
        fn whichever_run_was_the_first_they_need_no_more(
            gaps in proptest::collection::vec(1i64..40, 1..8),
            keep in 0i64..200,
            runs in 2u64..6,
            use_duration in proptest::option::of(1i64..100),
            skipped in 0usize..12,
        ) {
            let mut at = 0;
            let due = |gap: &i64| { at += gap; exact(at, at) };
            let writes: Vec<Write> = gaps.iter().cycle().take(400).map(due).collect();
            let rules = PoolRules { keep, runs, volumes: None, use_duration };
            let bound = turn(&writes, rules);
            let (held, _) = naive(&writes[skipped..], rules);
            let all = bound.oldest.iter().skip(skipped).zip(&held);
            for (oldest, held) in all {
                prop_assert!(*oldest as usize <= held[0] + skipped, "{oldest} {held:?}");
            }
            let enough = |volumes| naive(&writes[skipped..], PoolRules { volumes: Some(volumes), ..rules }).1;
            prop_assert_eq!(enough(bound.volumes), None);
            // And some first run needs them all, where no time closes them.
            if use_duration.is_none() {
                let needs = |first: usize| {
                    let fewer = PoolRules { volumes: Some(bound.volumes - 1), ..rules };
                    bound.volumes == 1 || naive(&writes[first..], fewer).1.is_some()
                };
                prop_assert!((0..60).any(needs));
            }
        }

        #[test]
        fn whenever_runs_write_they_need_no_more(
            drawn in proptest::collection::vec((1i64..40, 0i64..30, 0i64..10, 0u8..4, 0u8..4), 1..120),
            keep in 0i64..200,
            runs in 1u64..6,
            use_duration in proptest::option::of(1i64..100),
        ) {
            let (mut at, mut begun, mut last) = (0, 0, 0);
            let (mut asked, mut ended) = (0, 0);
            let (mut bounds, mut drew): (Vec<Write>, Vec<Write>) = (Vec::new(), Vec::new());
            for (gap, late, takes, when, how) in drawn {
                at += gap;
                begun = (at + late).max(begun);
                last = (begun + takes).max(last + 1);
                bounds.push(Write { from: at, begun, to: last });
                // It asks, and ends, somewhere between, one after the other.
                asked = (at + (begun - at) * i64::from(when) / 3).max(asked);
                ended = (asked + (last - asked) * i64::from(how) / 3).max(ended + 1).min(last);
                let first = (asked + (begun - asked) * i64::from(how) / 3).min(ended);
                drew.push(Write { from: asked, begun: first, to: ended });
            }
            let rules = PoolRules { keep, runs, volumes: None, use_duration };
            let bound = turn(&bounds, rules);
            let (held, _) = naive(&drew, rules);
            for (oldest, held) in bound.oldest.iter().zip(&held) {
                prop_assert!(*oldest as usize <= held[0], "{oldest} {held:?}");
            }
            // No fewer volumes will do.
            let enough = PoolRules { volumes: Some(bound.volumes), ..rules };
            prop_assert_eq!(naive(&drew, enough).1, None);
        }
    }
}
