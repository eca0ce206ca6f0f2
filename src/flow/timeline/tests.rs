//! Bounds of the timeline against a simulation, second by second, that shares nothing with it.

use super::*;
use proptest::prelude::*;

/// 2026-01-15, midnight UTC.
const YEAR: Horizon = Horizon { as_of: 1_768_435_200, days: 365 };
/// Bytes that a device moves in a second, times this.
const MB: u64 = 1_000_000;

/// What one job asks for: when it is due (minutes of the day), how much it moves, through which of
/// the devices, and whether it comes for a place of the director.
#[derive(Clone, Debug)]
struct Ask {
    due: Vec<u64>,
    megabytes: u64,
    through: Vec<usize>,
    place: bool,
    skips: bool,
}

#[derive(Clone, Debug)]
struct World {
    /// Megabytes a second.
    devices: Vec<u64>,
    asks: Vec<Ask>,
    places: u64,
}

fn director() -> Exclusive {
    Exclusive::Places(Idx::from_raw(0.into()))
}

fn device(n: usize) -> Use {
    Use::Disk(Idx::from_raw((n as u32).into()))
}

fn bounds(world: &World) -> Vec<Option<Duration>> {
    let comers = world.asks.iter().filter(|a| a.place).count() as u64;
    let scarce = comers > world.places;
    let demands = world.asks.iter().enumerate().map(|(n, ask)| {
        let times: Vec<u16> = ask.due.iter().map(|m| *m as u16).collect();
        let period = ask
            .due
            .iter()
            .zip(ask.due.iter().skip(1).copied().chain([ask.due[0] + 1440]))
            .map(|(a, b)| b - a)
            .min();
        let rate = |d: usize| Rate::bytes_per_sec(world.devices[d] * MB);
        Demand {
            job: Idx::from_raw((n as u32).into()),
            level: 0,
            bytes: Some(Bytes(ask.megabytes * MB)),
            today: Some(Bytes(ask.megabytes * MB)),
            devices: ask.through.iter().map(|d| (device(*d), rate(*d))).collect(),
            beside: Bytes::ZERO,
            way: Rate(u64::MAX),
            alone: Rate(u64::MAX),
            staging: None,
            staged_alone: None,
            fixed: Duration::from_secs(5),
            runs: vec![Rule { times, ..Rule::daily(0) }],
            zone: Zone::utc(),
            period: period.map(Duration::from_mins),
            late: false,
            skips: ask.skips,
            again: false,
            needs: if ask.place && scarce { vec![director()] } else { Vec::new() },
        }
    });
    let limits = if scarce { [(director(), world.places)].into() } else { BTreeMap::new() };
    Timeline::new(demands.collect(), limits, YEAR).solve().into_iter().map(|s| s.most).collect()
}

/// A run under way.
struct Going {
    ask: usize,
    due: u64,
    left: f64,
}

/// Max-min fair rates, in megabytes a second, by filling up.
fn rates(world: &World, going: &[Going]) -> Vec<f64> {
    let mut rate = vec![0.0; going.len()];
    let mut open: Vec<usize> = (0..going.len()).collect();
    let mut left: Vec<f64> = world.devices.iter().map(|d| *d as f64).collect();
    while !open.is_empty() {
        let users =
            |d: usize| open.iter().filter(|g| world.asks[going[**g].ask].through.contains(&d)).count() as f64;
        let step = (0..left.len())
            .filter(|d| users(*d) > 0.0)
            .map(|d| left[d] / users(d))
            .fold(f64::INFINITY, f64::min);
        let counts: Vec<f64> = (0..left.len()).map(users).collect();
        for (l, n) in left.iter_mut().zip(counts) {
            *l -= step * n;
        }
        open.iter().for_each(|g| rate[*g] += step);
        open.retain(|g| world.asks[going[*g].ask].through.iter().all(|d| left[*d] > 1e-9));
    }
    rate
}

/// The longest time from due to done of each job's runs, over so many days.
fn simulated(world: &World, days: u64) -> Vec<u64> {
    let mut longest = vec![0; world.asks.len()];
    let mut waiting: Vec<(usize, u64)> = Vec::new();
    let mut going: Vec<Going> = Vec::new();
    for now in 0..days * 86_400 {
        if now % 60 == 0 {
            for (n, ask) in world.asks.iter().enumerate() {
                let busy = going.iter().any(|g| g.ask == n) || waiting.iter().any(|w| w.0 == n);
                if ask.due.contains(&(now / 60 % 1440)) && !(busy && ask.skips) {
                    waiting.push((n, now));
                }
            }
        }
        let mut n = 0;
        while n < waiting.len() {
            let (ask, due) = waiting[n];
            let served = going.iter().filter(|g| world.asks[g.ask].place).count() as u64;
            let full = world.asks[ask].place && served >= world.places;
            if full || going.iter().any(|g| g.ask == ask) {
                n += 1;
            } else {
                waiting.remove(n);
                going.push(Going { ask, due, left: world.asks[ask].megabytes as f64 });
            }
        }
        let rates = rates(world, &going);
        for (run, rate) in going.iter_mut().zip(rates) {
            run.left -= rate;
        }
        going.retain(|run| {
            let done = run.left <= 1e-6;
            if done {
                longest[run.ask] = longest[run.ask].max(now + 1 - run.due);
            }
            !done
        });
    }
    longest
}

fn worlds() -> impl Strategy<Value = World> {
    let ask = (
        0u64..4,
        0u64..48,
        1u64..40,
        proptest::collection::btree_set(0usize..3, 1..3),
        any::<(bool, bool)>(),
    )
        .prop_map(|(kind, at, size, through, (place, skips))| {
            let due = match kind {
                // Small: every half hour; great: once or twice a day, many of them in one night.
                0 => (0..48).map(|k| k * 30).collect(),
                1 => vec![at * 5, at * 5 + 720],
                _ => vec![at * 5],
            };
            let megabytes = if kind == 0 { size * 100 } else { size * 3_000 };
            Ask { due, megabytes, through: through.into_iter().collect(), place, skips }
        });
    let devices = proptest::collection::vec(20u64..120, 3);
    (devices, proptest::collection::vec(ask, 1..6), 1u64..4).prop_map(|(devices, asks, places)| World {
        devices,
        asks,
        places,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn no_simulated_run_takes_longer_than_its_bound(world in worlds()) {
        let (bounds, found) = (bounds(&world), simulated(&world, 3));
        // A run that ends within a second holds its part until the second is over.
        let rounding = 1 + 4 * world.asks.len() as u64;
        for ((bound, found), ask) in bounds.iter().zip(&found).zip(&world.asks) {
            if let Some(bound) = bound {
                prop_assert!(*found <= bound.secs_up() + rounding, "{found} > {bound:?}: {ask:?}");
            }
        }
    }
}

#[test]
fn a_lone_run_is_bounded_to_the_second() {
    // 60 GB through 40 and 100 MB/s: 1500 s, and 5 s of its own.
    let ask = Ask { due: vec![60], megabytes: 60_000, through: vec![0, 1], place: true, skips: false };
    let world = World { devices: vec![40, 100], asks: vec![ask], places: 1 };
    let bound = bounds(&world)[0].unwrap();
    assert_eq!(simulated(&world, 1), [1500]);
    assert!((1505..=1506).contains(&bound.secs_up()));
}

#[test]
fn two_that_never_meet_do_not_slow_one_another() {
    // 72 GB at 40 MB/s are 30 min. An hour apart they take that each; ten minutes apart an hour.
    let ask =
        |at: u64| Ask { due: vec![at], megabytes: 72_000, through: vec![0], place: false, skips: false };
    let apart = World { devices: vec![40], asks: vec![ask(60), ask(120)], places: 1 };
    assert!(bounds(&apart).iter().all(|b| (1805..=1806).contains(&b.unwrap().secs_up())));
    let near = World { devices: vec![40], asks: vec![ask(60), ask(70)], places: 1 };
    assert!(bounds(&near).iter().all(|b| (3605..=3606).contains(&b.unwrap().secs_up())));
    // The second ends 20 + 2 * 10 min after the first begins: together they take an hour.
    assert_eq!(simulated(&near, 1), [3000, 3000]);
}

#[test]
fn one_place_lets_one_after_the_other() {
    // 30 min each on a disk of their own, one place, due at once: the third waits for two, each
    // with 5 s of its own and 3 s until the director looks.
    let ask =
        |d: usize| Ask { due: vec![60], megabytes: 72_000, through: vec![d], place: true, skips: false };
    let world = World { devices: vec![40, 40, 40], asks: (0..3).map(ask).collect(), places: 1 };
    let sum = 2 * (1805 + 3) + 3 + 1805;
    assert!(bounds(&world).iter().all(|b| (sum..=sum + 2).contains(&b.unwrap().secs_up())));
    assert_eq!(simulated(&world, 1).into_iter().max(), Some(3 * 1800));
}
