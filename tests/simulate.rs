//! The analysis against the simulator, over generated estates; the simulator against sums by hand.
//!
//! `DRC_LONG=5000 cargo test --test simulate` tries that many estates; `DRC_SEED=17` one alone,
//! and prints its spec.

#[path = "support/estate.rs"]
mod estate;
#[path = "support/generate.rs"]
mod generate;
#[path = "support/oracle.rs"]
mod oracle;

use drlang::simulate::Settings;
use oracle::{Checked, check};
use std::sync::atomic::{AtomicU64, Ordering};

#[test]
fn no_strike_is_worse_than_what_is_proved() {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    let (first, many) = match number("DRC_SEED") {
        Some(seed) => (seed, 1),
        None => (0, number("DRC_LONG").unwrap_or(300)),
    };
    let next = AtomicU64::new(first);
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let work = || {
        let mut mine = Checked::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + many {
                return mine;
            }
            let spec = generate::spec(seed);
            if many == 1 {
                println!("{spec}");
            }
            let settings = Settings { seed, windows: 2, strikes: 3, at: None };
            mine.join(check(&format!("seed {seed}"), &spec, &settings));
        }
    };
    let mut checked: Checked = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut all = Checked::default();
        for thread in running {
            all.join(thread.join().expect("a thread"));
        }
        all
    });
    println!("{}", checked.summary());
    assert!(checked.wrong.is_empty(), "{} disagreements:\n{}", checked.wrong.len(), checked.wrong_in_short());
}
