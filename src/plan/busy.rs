//! When something that only one step can have is taken, and when it is free for long enough.

use crate::quantity::Duration;

/// The times at which one resource is taken, from the strike.
#[derive(Clone, Debug, Default)]
pub(super) struct Busy {
    /// From and to, in order; none touches the next.
    blocks: Vec<(Duration, Duration)>,
}

impl Busy {
    /// The first time, not before `from`, at which it is free for `long`. Behind a step that never
    /// ends it is never free.
    pub fn free(&self, from: Duration, long: Duration) -> Duration {
        let mut at = from;
        let first = self.blocks.partition_point(|b| b.1 <= at);
        for (start, end) in self.blocks.get(first..).unwrap_or_default() {
            if at.plus(long) <= *start {
                return at;
            }
            at = at.max(*end);
        }
        at
    }

    /// Takes it. What takes no time, or begins never, leaves it as it was.
    pub fn take(&mut self, from: Duration, to: Duration) {
        if from >= to {
            return;
        }
        let first = self.blocks.partition_point(|b| b.1 < from);
        let mut last = first;
        let mut block = (from, to);
        while let Some(met) = self.blocks.get(last).filter(|b| b.0 <= to) {
            block = (block.0.min(met.0), block.1.max(met.1));
            last += 1;
        }
        self.blocks.splice(first..last, [block]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn m(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    #[test]
    fn a_short_step_goes_before_one_that_waits_for_something_else() {
        let mut busy = Busy::default();
        busy.take(m(180), m(240));
        // 120 min are free before, 130 are not.
        assert_eq!(busy.free(m(60), m(120)), m(60));
        assert_eq!(busy.free(m(60), m(130)), m(240));
        busy.take(m(60), m(180));
        assert_eq!(busy.free(m(30), m(30)), m(30));
        assert_eq!(busy.free(m(30), m(31)), m(240));
        assert_eq!(busy.blocks, [(m(60), m(240))]);
    }

    #[test]
    fn behind_what_never_ends_nothing_begins() {
        let mut busy = Busy::default();
        busy.take(m(10), Duration::MAX);
        assert_eq!(busy.free(m(5), m(5)), m(5));
        assert_eq!(busy.free(m(5), m(6)), Duration::MAX);
        assert_eq!(busy.free(m(0), Duration::MAX), Duration::MAX);
        busy.take(Duration::MAX, Duration::MAX);
        assert_eq!(busy.blocks.len(), 1);
    }
}
