//! How long what a job writes must stay readable.
//!
//! A recovery point at instant `p` is to be there until `p + keep`. What it takes to read it is
//! older than the point itself:
//!
//! ```text
//! retention = keep + F + A + 1 day,     rounded up to whole days
//! ```
//!
//! - `F`, the longest time between two fulls: the last incremental before a full needs the full
//!   before it (`retention(parent) >= retention(child) + age of the parent`);
//! - `A`, the longest time between two runs of any level: a full that failed is taken again by the
//!   next run, so the old chain grows by that;
//! - a day for the run itself, whose volume counts from its last byte, and for the reading.
//!
//! Logs roll forward from any full that is still kept, so they are kept as long as the data they
//! belong to. What is copied must be there when the copy job runs, lest a point is gone before:
//! `retention >= C + A + 1 day`, `C` being the longest time between copies.

use super::{Job, JobKind, Level, Ops};
use crate::base::EcoString;
use crate::calendar::{Rule, Zone, worst_gaps};
use crate::quantity::Duration;
use la_arena::{ArenaMap, Idx};
use std::collections::BTreeMap;

/// 1 January 2024. The calendar repeats after 28 years: gaps over that long are all gaps, whatever
/// the day of the build.
const FROM: i64 = 1_704_067_200;
const DAYS: i64 = 28 * 366;
const DAY: Duration = Duration::from_days(1);

/// How long each job's volumes must be kept, by job; nothing for jobs that write none.
pub fn retentions(ops: &Ops) -> ArenaMap<Idx<Job>, Duration> {
    let mut years = Years::default();
    let mut all: ArenaMap<Idx<Job>, Duration> = ArenaMap::default();
    for (id, job) in ops.jobs.iter().filter(|(_, j)| j.kind.writes_to().is_some()) {
        let (fulls, any) = years.gaps(chain(ops, id));
        all.insert(id, whole_days(job.keep.plus(fulls).plus(any).plus(DAY)));
    }
    for (_, copy) in ops.jobs.iter() {
        let JobKind::Copy { of, .. } = &copy.kind else { continue };
        let between = years.longest(copy.runs.iter().map(|r| &r.rule), &copy.zone);
        let (_, any) = years.gaps(chain(ops, *of));
        let least = whole_days(between.plus(any).plus(DAY));
        if let Some(kept) = all.get_mut(*of) {
            *kept = (*kept).max(least);
        }
    }
    all
}

/// The job whose fulls begin the chain that this job's runs belong to.
fn chain(ops: &Ops, job: Idx<Job>) -> &Job {
    let j = &ops.jobs[job];
    match &j.kind {
        JobKind::Copy { of, .. } => chain(ops, *of),
        // Its data's job was made just before it.
        JobKind::Log { .. } => ops
            .jobs
            .iter()
            .rev()
            .skip_while(|(id, _)| *id != job)
            .find(|(_, other)| {
                matches!(other.kind, JobKind::Database { .. }) && other.serves.first() == j.serves.first()
            })
            .map_or(j, |(_, data)| data),
        _ => j,
    }
}

/// The gaps of schedules that were looked at: 28 years are long, and jobs share their schedules.
#[derive(Default)]
struct Years(BTreeMap<(EcoString, Vec<Rule>), Duration>);

impl Years {
    /// The longest time between two fulls, and between two runs.
    fn gaps(&mut self, job: &Job) -> (Duration, Duration) {
        let fulls = job.runs.iter().filter(|r| r.level == Level::Full).map(|r| &r.rule);
        let fulls = self.longest(fulls, &job.zone);
        let any = self.longest(job.runs.iter().map(|r| &r.rule), &job.zone);
        (if fulls == Duration::ZERO { any } else { fulls }, any)
    }

    /// At least the longest time between two runs: of each rule only the first time of a day
    /// counts, so that a run every five minutes costs no more to look at than a daily one.
    fn longest<'a>(&mut self, rules: impl Iterator<Item = &'a Rule>, zone: &Zone) -> Duration {
        let rules: Vec<Rule> = rules
            .map(|r| Rule { times: r.times.first().copied().into_iter().collect(), ..r.clone() })
            .collect();
        *self.0.entry((zone.name().into(), rules)).or_insert_with_key(|(_, rules)| {
            let runs: Vec<(Rule, usize)> = rules.iter().map(|r| (r.clone(), 0)).collect();
            worst_gaps(&runs, zone, FROM, DAYS).longest().map_or(Duration::ZERO, |g| g.length)
        })
    }
}

fn whole_days(time: Duration) -> Duration {
    Duration::from_days(time.secs_up().div_ceil(86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(rules: &[Rule], zone: &str) -> u64 {
        Years::default().longest(rules.iter(), &Zone::named(zone).unwrap()).secs_up() / 3600
    }

    #[test]
    fn gaps_are_those_of_every_year() {
        let sunday = Rule::weekly(0b100_0000, 90);
        assert_eq!(days(&[sunday], "Asia/Shanghai"), 7 * 24);
        // The clocks of Paris jump over half past two on a Sunday: that full is lost.
        assert_eq!(days(&[Rule::weekly(0b100_0000, 150)], "Europe/Paris"), 14 * 24 - 1);
        // July, August and September; October to December is a day longer.
        assert_eq!(days(&[Rule::quarterly(0)], "UTC"), 92 * 24);
        // Fifth Mondays: none between 31 January and 29 May 2028.
        assert_eq!(days(&[Rule::monthly_weekday(5, 1, 0)], "UTC"), 17 * 7 * 24);
        assert_eq!(days(&[Rule::every(5, 0).unwrap()], "UTC"), 24);
    }
}
