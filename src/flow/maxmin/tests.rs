//! Sums by hand, and naive simulations that the bounds are held against.

use super::*;
use crate::calendar::{Line, WeekProfile};
use crate::flow::fluid;
use proptest::prelude::*;

const MB: u64 = 1_000_000;
const HOUR: u64 = 3600;

fn mbps(n: u64) -> Rate {
    Rate::bytes_per_sec(n * MB)
}

/// Brings `base` MB/s, and `peak` MB/s on Mondays from one hour to another.
fn flow(base: u64, peak: u64, from: u64, to: u64, crosses: &[usize]) -> Flow {
    Flow {
        source: Source::Profile(vec![(0, base * MB), (from * HOUR, peak * MB), (to * HOUR, base * MB)]),
        cap: Rate(u64::MAX),
        compress: Ratio::WHOLE,
        apply: u64::MAX,
        crosses: crosses.to_vec(),
        greedy: false,
    }
}

fn waits(flows: &[Flow], capacities: &[Rate]) -> Vec<u64> {
    solve(flows, capacities).iter().map(|f| f.wait.unwrap().secs_up()).collect()
}

#[test]
fn what_one_leaves_is_the_others() {
    // 10 MB/s for two. The first brings 9 MB/s from 10 to 11 and nothing else; the second 2.
    // Its static part is 5: 4 MB/s * 3600 s = 14.4 GB too many, 2880 s. But the second uses
    // 2 of its 5, so the first has 8: 1 MB/s * 3600 s = 3.6 GB, which 8 MB/s send in 450 s.
    let flows = [flow(0, 9, 10, 11, &[0]), flow(2, 2, 10, 11, &[0])];
    let found = solve(&flows, &[mbps(10)]);
    assert_eq!(found[0].wait, Some(Duration::from_secs(450)));
    assert_eq!(found[0].backlog, Bytes(3_600 * MB));
    assert_eq!((found[0].busy_from, found[0].at), (10 * HOUR, 11 * HOUR));
    assert_eq!(found[1].wait, Some(Duration::ZERO));
    // At any time it could ask for 8, and the second, while the first brings 9, for 5.
    assert_eq!((found[0].least, found[1].least), (8 * MB, 5 * MB));
}

#[test]
fn a_peak_in_the_others_idle_hour_waits_less() {
    // Both bring 8 MB/s for an hour, else nothing, through 10 MB/s. In the same hour each has
    // 5: 3 MB/s * 3600 s = 10.8 GB, 2160 s at 5.
    let same = [flow(0, 8, 10, 11, &[0]), flow(0, 8, 10, 11, &[0])];
    assert_eq!(waits(&same, &[mbps(10)]), [2160, 2160]);
    // In hours of their own they have 10, and nothing waits.
    let apart = [flow(0, 8, 10, 11, &[0]), flow(0, 8, 11, 12, &[0])];
    assert_eq!(waits(&apart, &[mbps(10)]), [0, 0]);
    // With 12 MB/s each the first leaves 2 * 3600 = 7200 MB at 11. From then on each has 5:
    // the last byte of the first waits 1440 s; meanwhile the second is sent 5 of 12, then 10:
    // 7 * 1440 + 2 * 2160 = 14400 MB wait at 12, and are sent at 10 MB/s in 1440 s.
    let more = [flow(0, 12, 10, 11, &[0]), flow(0, 12, 11, 12, &[0])];
    let found = solve(&more, &[mbps(10)]);
    assert_eq!(found[0].wait, Some(Duration::from_secs(1440)));
    assert_eq!(found[1].backlog, Bytes(14_400 * MB));
    // The one that waits longest: written x s after 11, it is behind 12 x MB, of which 7200 go
    // at 5 and the rest at 10. At x = 600 all 7200 MB have come, and the last of them leaves
    // at 1440: 840 s. Later ones wait 1440 + (12 x - 7200) / 10 - x, at x = 3600 1440 s.
    assert_eq!(found[1].wait, Some(Duration::from_secs(1440)));
}

#[test]
fn three_over_two_links() {
    // A and B share a link of 10, B and C one of 6 MB/s. In the same hour A brings 9, B 4,
    // C 5. On the first link A would have 10 - 4 = 6, or 5 once B has a queue; on the second B
    // has 3 beside C, and C 3. So B, served at min(5, 3) = 3, has a queue, and A counts on 5.
    // B: 1 * 3600 MB too many, sent at 3 in 1200 s, until 11:20. A has 5 until then, and 10
    // after it: 5 * 4800 s = 24 GB are sent by 11:20, up to what was written 24000 / 9 =
    // 2666.7 s after 10:00: that byte waits 2133.3 s, and later ones less. C has 3 until then,
    // 14.4 GB, up to what was written 14400 / 5 = 2880 s after 10:00: 1920 s.
    let flows = [flow(0, 9, 10, 11, &[0]), flow(0, 4, 10, 11, &[0, 1]), flow(0, 5, 10, 11, &[1])];
    let found = waits(&flows, &[mbps(10), mbps(6)]);
    assert_eq!(found, [2134, 1200, 1920]);
}

#[test]
fn a_chain_waits_for_its_slowest() {
    // 8 MB/s for an hour through 4, applied at 5, then sent on through 2 MB/s: what leaves the
    // first at 4 for two hours waits at the last, which is done after 28800 MB / 2 = 4 h: the
    // byte of 11:00 leaves at 14:00, three hours late, as through 2 MB/s alone.
    let mut first = flow(0, 8, 10, 11, &[0]);
    first.apply = 5 * MB;
    let mut second = first.clone();
    (second.source, second.crosses) = (Source::Fed(0), vec![1]);
    let flows = [first, second];
    assert_eq!(waits(&flows, &[mbps(4), mbps(2)]), [HOUR, 3 * HOUR]);
    // A last link of 6 MB/s adds nothing.
    assert_eq!(waits(&flows, &[mbps(4), mbps(6)]), [HOUR, HOUR]);
    // Applying at 3 MB/s does: 28800 / 3 = 9600 s after 10:00, 6000 s after 11:00.
    let mut slow = flows.clone();
    slow[0].apply = 3 * MB;
    assert_eq!(waits(&slow, &[mbps(4), mbps(6)]), [HOUR, 6000]);
}

#[test]
fn who_may_ask_at_any_time_is_counted_on_always() {
    // As in the first test, but the second may bring bursts: the first has 5. A third, that
    // brings more than its part for ever, has no bound and leaves the others theirs.
    let mut flows = vec![flow(0, 9, 10, 11, &[0]), flow(2, 2, 10, 11, &[0])];
    flows[1].greedy = true;
    assert_eq!(waits(&flows, &[mbps(10)]), [2880, 0]);
    flows.push(flow(20, 20, 10, 11, &[0]));
    let found = solve(&flows, &[mbps(15)]);
    assert_eq!(found[0].wait, Some(Duration::from_secs(2880)));
    assert_eq!((found[1].wait, found[2].wait), (Some(Duration::ZERO), None));
}

/// What one capacity gives to those who ask so much in a second: all it has, in equal parts,
/// what one does not need to the others.
fn dealt(asks: &[f64], capacity: f64) -> Vec<f64> {
    let mut got = vec![0.0; asks.len()];
    let mut left = capacity;
    loop {
        let open: Vec<usize> = (0..asks.len()).filter(|n| asks[*n] - got[*n] > 1e-9).collect();
        if open.is_empty() || left < 1e-9 {
            return got;
        }
        let part = left / open.len() as f64;
        for n in open {
            let more = part.min(asks[n] - got[n]);
            got[n] += more;
            left -= more;
        }
    }
}

/// The longest wait of each, second by second through two weeks of minutes as seconds.
fn simulated(profiles: &[WeekProfile], capacity: u64) -> Vec<f64> {
    let step = 60.0;
    let minutes = (WEEK_SECONDS / 60) as usize;
    let n = profiles.len();
    let mut queue = vec![0.0; n];
    let mut come: Vec<Vec<f64>> = vec![vec![0.0]; n];
    let mut left = vec![0.0; n];
    let mut oldest = vec![0_usize; n];
    let mut worst = vec![0.0_f64; n];
    for minute in 0..3 * minutes {
        let second = (minute % minutes) as u64 * 60;
        let asks: Vec<f64> = (0..n).map(|k| queue[k] + profiles[k].written(second, 60) as f64).collect();
        let got = dealt(&asks, capacity as f64 * step);
        for k in 0..n {
            let sum = come[k].last().unwrap() + asks[k] - queue[k];
            come[k].push(sum);
            queue[k] = asks[k] - got[k];
            left[k] += got[k];
            // The first moment at which more had come than has left by now.
            while oldest[k] + 1 < come[k].len() && come[k][oldest[k] + 1] <= left[k] + 1e-6 {
                oldest[k] += 1;
            }
            if queue[k] > 1e-6 {
                worst[k] = worst[k].max((minute + 1 - oldest[k]) as f64 * step);
            }
        }
    }
    worst
}

fn lines() -> impl Strategy<Value = Vec<(u8, u16, u16, u64)>> {
    proptest::collection::vec((1u8..128, 0u16..24, 1u16..5, 1u64..40), 1..3)
}

fn profile(lines: &[(u8, u16, u16, u64)], unit: u64) -> WeekProfile {
    let line = |l: &(u8, u16, u16, u64)| Line {
        weekdays: l.0,
        from: l.1 * 60,
        to: (l.1 + l.2) % 24 * 60,
        rate: l.3 * unit,
        adds: false,
    };
    WeekProfile::new(unit, &lines.iter().map(line).collect::<Vec<_>>(), Bytes::ZERO)
}

fn of(profile: &WeekProfile, crosses: &[usize]) -> Flow {
    let segments = profile.segments().map(|(s, _, rate)| (s, rate)).collect();
    Flow { source: Source::Profile(segments), ..flow(0, 0, 1, 2, crosses) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_naive_simulation_is_never_worse_and_hardly_better(
        all in proptest::collection::vec(lines(), 2..5),
        capacity in 20u64..80,
    ) {
        let profiles: Vec<WeekProfile> = all.iter().map(|l| profile(l, 1_000)).collect();
        let flows: Vec<Flow> = profiles.iter().map(|p| of(p, &[0])).collect();
        let found = solve(&flows, &[Rate::bytes_per_sec(capacity * 1_000)]);
        let seen = simulated(&profiles, capacity * 1_000);
        for (found, seen) in found.iter().zip(seen) {
            let Some(wait) = found.wait else { continue };
            let wait = wait.as_secs_f64();
            // Minutes: the simulation sees a wait up to one longer, or two shorter.
            prop_assert!(seen <= wait + 60.0, "{seen} {wait}");
            prop_assert!(wait <= seen * 1.01 + 120.0, "{seen} {wait}");
        }
    }

    #[test]
    fn never_worse_than_equal_parts_and_alone_as_the_closed_form(
        all in proptest::collection::vec(lines(), 1..5),
        capacity in 20u64..120,
    ) {
        let profiles: Vec<WeekProfile> = all.iter().map(|l| profile(l, 1_000)).collect();
        let flows: Vec<Flow> = profiles.iter().map(|p| of(p, &[0])).collect();
        let part = capacity * 1_000;
        let found = solve(&flows, &[Rate::bytes_per_sec(part * flows.len() as u64)]);
        for (found, profile) in found.iter().zip(&profiles) {
            prop_assert!(found.least >= part);
            if let Ok(own) = fluid::lag(profile, part) {
                // A queue's end is rounded up to the next nanosecond, for each that it meets.
                prop_assert!(found.wait.unwrap() <= own.worst.plus(Duration(1_000)));
                if flows.len() == 1 {
                    prop_assert!(found.wait.unwrap().plus(Duration(2)) >= own.worst);
                    prop_assert_eq!(found.backlog, own.backlog);
                }
            } else if flows.len() == 1 {
                prop_assert_eq!(found.wait, None);
            }
        }
    }

    #[test]
    fn alone_more_bandwidth_and_fewer_writes_never_harm(
        lines in lines(),
        capacity in 20u64..80,
        more in 1u64..40,
        fewer in 1u64..100,
    ) {
        let one = |unit: u64, capacity: u64| {
            let found = solve(&[of(&profile(&lines, unit), &[0])], &[Rate::bytes_per_sec(capacity * 1_000)]);
            found.first().and_then(|f| f.wait).unwrap_or(Duration::MAX)
        };
        let before = one(1_000, capacity);
        prop_assert!(one(1_000, capacity + more) <= before);
        prop_assert!(one(1_000 - fewer, capacity) <= before);
    }

    #[test]
    fn over_two_links_a_true_allocation_is_never_worse(
        all in proptest::collection::vec((lines(), 0usize..3), 2..5),
        capacities in (20u64..80, 20u64..80),
    ) {
        // Each crosses the first, the second, or both. The true allocation, minute by minute:
        // all rise alike until a link is full, whose members then stand still.
        let profiles: Vec<WeekProfile> = all.iter().map(|l| profile(&l.0, 1_000)).collect();
        let crosses: Vec<&[usize]> = all.iter().map(|l| [&[0][..], &[1], &[0, 1]][l.1]).collect();
        let flows: Vec<Flow> = profiles.iter().zip(&crosses).map(|(p, c)| of(p, c)).collect();
        let sizes = [capacities.0 * 1_000, capacities.1 * 1_000];
        let found = solve(&flows, &sizes.map(Rate::bytes_per_sec));
        let n = flows.len();
        let mut queue = vec![0.0_f64; n];
        let mut most = vec![0.0_f64; n];
        for minute in 0..2 * (WEEK_SECONDS / 60) {
            let second = minute * 60 % WEEK_SECONDS;
            let asks: Vec<f64> = (0..n).map(|k| queue[k] + profiles[k].written(second, 60) as f64).collect();
            let mut got = vec![0.0; n];
            let mut still: Vec<bool> = asks.iter().map(|a| *a == 0.0).collect();
            while still.iter().any(|s| !s) {
                let used = |l: usize| (0..n).filter(|k| crosses[*k].contains(&l)).map(|k| got[k]).sum::<f64>();
                let open = |l: usize| (0..n).filter(|k| !still[*k] && crosses[*k].contains(&l)).count();
                let room = (0..2).filter(|l| open(*l) > 0).map(|l| (sizes[l] as f64 * 60.0 - used(l)) / open(l) as f64);
                let need = (0..n).filter(|k| !still[*k]).map(|k| asks[k] - got[k]);
                let rise = room.chain(need).fold(f64::MAX, f64::min).max(0.0);
                (0..n).filter(|k| !still[*k]).for_each(|k| got[k] += rise);
                let full: Vec<bool> = (0..2).map(|l| {
                    let used: f64 = (0..n).filter(|k| crosses[*k].contains(&l)).map(|k| got[k]).sum();
                    used >= sizes[l] as f64 * 60.0 - 1e-6
                }).collect();
                for k in 0..n {
                    still[k] |= asks[k] - got[k] <= 1e-6 || crosses[k].iter().any(|l| full[*l]);
                }
            }
            for k in 0..n {
                queue[k] = asks[k] - got[k];
                most[k] = most[k].max(queue[k]);
            }
        }
        for (found, most) in found.iter().zip(most) {
            if found.wait.is_some() {
                prop_assert!(most <= found.backlog.0 as f64 * (1.0 + 1e-9) + 1.0, "{most} {:?}", found);
            }
        }
    }
}
