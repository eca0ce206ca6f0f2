//! Volumes of a pool, as Bacula fills and recycles them (calculus, published design 1).
//!
//! A run that needs a volume is appended to one that has room; else the oldest volume whose last
//! write is more than the retention ago is recycled; else a volume is made, if there may be one
//! more; else the run waits for an operator. Volumes are filled one after the other and recycled in
//! the same order, so that at any time they hold the newest runs, whole volumes of them.
//!
//! Nobody knows to the second when a run asks for a volume and when it writes to it. Where volumes are
//! closed by how many runs they have, the worst is that each asks as early and ends as late as it may.
//! Where the use duration closes them, and a run may or may not find one closed, volumes may begin
//! with any run, and are counted so.

use std::collections::VecDeque;

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
    /// The first run that finds no volume and waits for an operator; those after it are not
    /// looked at.
    pub stuck: Option<usize>,
    /// How many volumes there are at the end, at most. None is ever removed.
    pub volumes: u64,
    /// The most runs of a volume.
    pub fullest: u64,
}

struct Volume {
    oldest: u32,
    first: Write,
    last: i64,
    runs: u64,
}

/// Follows the runs of a pool, rising by their start, from an empty pool.
pub fn turn(writes: &[Write], rules: PoolRules) -> Turnover {
    step_by_step(writes, rules).unwrap_or_else(|| whatever_closes(writes, rules))
}

/// Volume by volume; `None` where a run may or may not find one closed.
fn step_by_step(writes: &[Write], rules: PoolRules) -> Option<Turnover> {
    let mut turned = Turnover::default();
    let mut volumes: VecDeque<Volume> = VecDeque::new();
    for (n, write) in (0_u32..).zip(writes) {
        let open = volumes.back_mut().filter(|v| v.runs < rules.runs);
        if let (Some(open), Some(time)) = (&open, rules.use_duration)
            && (write.begun - open.first.from >= time) != (write.from - open.first.begun >= time)
        {
            return None;
        }
        let room = |v: &&mut Volume| rules.use_duration.is_none_or(|time| write.from - v.first.from < time);
        if let Some(open) = open.filter(room) {
            open.runs += 1;
            open.last = open.last.max(write.to);
        } else {
            let over = |v: &Volume| write.from - v.last > rules.keep;
            if volumes.front().is_some_and(over) {
                volumes.pop_front();
            } else if rules.volumes.is_some_and(|most| volumes.len() as u64 >= most) {
                turned.stuck = Some(n as usize);
                break;
            }
            volumes.push_back(Volume { oldest: n, first: *write, last: write.to, runs: 1 });
        }
        turned.fullest = turned.fullest.max(volumes.back().map_or(0, |v| v.runs));
        turned.oldest.push(volumes.front().map_or(n, |v| v.oldest));
    }
    turned.volumes = volumes.len() as u64;
    Some(turned)
}

/// Whichever runs volumes begin with.
///
/// There is one volume more at most than may not be recycled when a run asks for one: that of the
/// oldest run that is still kept, and those that began since, the soonest after one another that may
/// be. All of them hold what they do when each, from the newest back, has as many runs as it may.
fn whatever_closes(writes: &[Write], rules: PoolRules) -> Turnover {
    let time = rules.use_duration.unwrap_or(i64::MAX);
    let many = usize::try_from(rules.runs).unwrap_or(usize::MAX);
    let end = writes.len();
    // How many volumes there may be from a run on: the next begins once this one is full, or closed
    // at the soonest.
    let mut begun = vec![0_u64; end + 1];
    let mut next = end;
    for (n, write) in writes.iter().enumerate().rev() {
        while next > n + 1 && writes.get(next - 1).is_some_and(|w| w.begun - write.from >= time) {
            next -= 1;
        }
        let at = next.min(n.saturating_add(many));
        begun[n] = begun[at] + 1;
    }
    let mut turned = Turnover::default();
    let (mut first, mut kept) = (0, 0);
    // Of so many runs, how many lie before the volume that the last of them may be in.
    let mut before: Vec<usize> = Vec::with_capacity(end + 1);
    before.push(0);
    for (n, write) in writes.iter().enumerate() {
        while writes.get(first).is_some_and(|w| write.from - w.begun >= time) || n - first >= many {
            first += 1;
        }
        before.push(first);
        turned.fullest = turned.fullest.max((n + 1 - first) as u64);
        while kept < n && writes.get(kept).is_some_and(|w| write.from - w.to > rules.keep) {
            kept += 1;
        }
        // Counted from either run both ways end together or one apart.
        let since = if kept + 1 < n { begun[kept + 1] - begun[n] + 1 } else { 0 };
        let needed = since + u64::from(kept < n) + 1;
        turned.volumes = turned.volumes.max(needed);
        if turned.stuck.is_none() && rules.volumes.is_some_and(|most| turned.volumes > most) {
            turned.stuck = Some(n);
        }
    }
    turned.volumes = turned.volumes.min(rules.volumes.unwrap_or(u64::MAX));
    let oldest = repeated(before, turned.volumes);
    turned.oldest = oldest.iter().skip(1).map(|o| u32::try_from(*o).unwrap_or(u32::MAX)).collect();
    turned
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
        // Six runs a volume, kept 20 days, as in the published design. The first volume holds days
        // 0 to 5 and is free 20 days after day 5. A volume is begun on days 0, 6, 12, 18 and 24; on
        // day 24 the first was written 19 days ago, so there are five; on day 30 it is free.
        let turned = turn(&daily(0..37), rules(20, 6, None));
        assert_eq!(turned.volumes, 5);
        assert_eq!((turned.oldest[29], turned.oldest[30], turned.oldest[36]), (0, 6, 12));
        // Closed after two days, each holds two runs: a volume for every other day of 20 and one.
        let short = PoolRules { use_duration: Some(2 * DAY), ..rules(20, 6, None) };
        let turned = turn(&daily(0..60), short);
        // Begun on even days; that of day 0 was last written on day 1 and is free on day 22.
        assert_eq!((turned.volumes, turned.oldest[21], turned.oldest[22]), (11, 0, 2));
    }

    #[test]
    fn a_run_that_may_find_a_volume_closed_by_hand() {
        // Daily at 02:00, on Sundays up to 70 min later; volumes are closed 25 h after their first byte,
        // or with the seventh run. Sunday's may find Saturday's 25 h 10 min old, or a day: each volume
        // has two runs, but for those that Sunday begins or does not. Kept 98 h: when a run asks, those
        // of the last four days and the one before are there, in three volumes or four, counted one too
        // many; and it needs one more. Had none been late two days each in three would do.
        let late = |d: i64| if d % 7 == 0 { 4_200 } else { 0 };
        let writes: Vec<Write> = (0..40)
            .map(|d| Write { from: d * DAY, begun: d * DAY + late(d), to: d * DAY + late(d) + 900 })
            .collect();
        let rules = PoolRules { keep: 98 * 3600, runs: 7, volumes: Some(3), use_duration: Some(25 * 3600) };
        assert_eq!(turn(&daily(0..40), rules).stuck, None);
        let turned = turn(&writes, rules);
        assert!(turned.stuck.is_some());
        // Two runs begin at most a day and 70 min apart, three do not within 25 h.
        assert_eq!(turned.fullest, 2);
        assert_eq!(turn(&writes, PoolRules { volumes: None, ..rules }).volumes, 5);
        // Where none may find it open or closed it is counted volume by volume.
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
            runs in 1u64..6,
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
            let rules = PoolRules { keep, runs, volumes, use_duration };
            let turned = turn(&writes, rules);
            let (held, stuck) = naive(&writes, rules);
            prop_assert_eq!(turned.stuck, stuck);
            let ours: Vec<Vec<usize>> =
                turned.oldest.iter().enumerate().map(|(n, o)| (*o as usize..=n).collect()).collect();
            prop_assert_eq!(ours, held);
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
