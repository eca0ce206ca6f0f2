//! Work on many things side by side.

use std::iter::{Skip, StepBy};
use std::num::NonZero;
use std::slice::Iter;

/// More threads than this gain nothing: what is joined afterwards then costs as much.
const MOST: usize = 8;

/// Every so many of some things, in order.
pub type Dealt<'a, T> = StepBy<Skip<Iter<'a, T>>>;

/// Deals things out like cards, since neighbours cost alike, and gives what each thread makes of
/// its own. A panic in one of them is one here: what a thread had found is never left out.
pub fn dealt<'a, T: Sync, R: Send>(items: &'a [T], work: impl Fn(Dealt<'a, T>) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST);
    let work = &work;
    std::thread::scope(|scope| {
        let one = |n: usize| scope.spawn(move || work(items.iter().skip(n).step_by(threads)));
        let running: Vec<_> = (0..threads).map(one).collect();
        running.into_iter().map(|t| t.join().unwrap_or_else(|p| std::panic::resume_unwind(p))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thing_is_dealt_once() {
        for many in [0, 1, 7, 8, 9, 100] {
            let items: Vec<usize> = (0..many).collect();
            let mut seen: Vec<usize> =
                dealt(&items, |mine| mine.copied().collect::<Vec<_>>()).into_iter().flatten().collect();
            seen.sort_unstable();
            assert_eq!(seen, items);
        }
    }

    #[test]
    #[should_panic(expected = "the fifth")]
    fn a_panic_is_not_swallowed() {
        let items: Vec<usize> = (0..9).collect();
        dealt(&items, |mut mine| assert!(mine.all(|n| *n != 5), "the fifth"));
    }
}
