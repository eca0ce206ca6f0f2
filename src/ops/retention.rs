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
use crate::calendar::{Rule, Zone, worst_gaps};
use crate::quantity::Duration;
use la_arena::{ArenaMap, Idx};

/// 1 January 2024. The calendar repeats after 28 years: gaps over that long are all gaps, whatever
/// the day of the build.
const FROM: i64 = 1_704_067_200;
const DAYS: i64 = 28 * 366;
const DAY: Duration = Duration::from_days(1);

/// How long each job's volumes must be kept, by job; nothing for jobs that write none.
pub fn retentions(ops: &Ops) -> ArenaMap<Idx<Job>, Duration> {
    let mut all: ArenaMap<Idx<Job>, Duration> = ArenaMap::default();
    for (id, _) in ops.jobs.iter() {
        if let Some(own) = own(ops, id) {
            all.insert(id, own);
        }
    }
    for (_, copy) in ops.jobs.iter() {
        let JobKind::Copy { of, .. } = &copy.kind else { continue };
        let least = until_copied(ops, copy, *of);
        if let Some(kept) = all.get_mut(*of) {
            *kept = (*kept).max(least);
        }
    }
    all
}

/// How long one job's volumes must be kept. Zero for a job that writes none.
pub fn retention(ops: &Ops, job: Idx<Job>) -> Duration {
    let copies = ops.jobs.iter().filter_map(|(_, copy)| match &copy.kind {
        JobKind::Copy { of, .. } if *of == job => Some(until_copied(ops, copy, job)),
        _ => None,
    });
    own(ops, job).map_or(Duration::ZERO, |own| copies.fold(own, Duration::max))
}

fn own(ops: &Ops, job: Idx<Job>) -> Option<Duration> {
    let j = &ops.jobs[job];
    j.kind.writes_to()?;
    let (fulls, any) = gaps(chain(ops, job));
    Some(whole_days(j.keep.plus(fulls).plus(any).plus(DAY)))
}

fn until_copied(ops: &Ops, copy: &Job, of: Idx<Job>) -> Duration {
    let between = longest(copy.runs.iter().map(|r| &r.rule), &copy.zone);
    let (_, any) = gaps(chain(ops, of));
    whole_days(between.plus(any).plus(DAY))
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

/// The longest time between two fulls, and between two runs.
fn gaps(job: &Job) -> (Duration, Duration) {
    let fulls = longest(job.runs.iter().filter(|r| r.level == Level::Full).map(|r| &r.rule), &job.zone);
    let any = longest(job.runs.iter().map(|r| &r.rule), &job.zone);
    (if fulls == Duration::ZERO { any } else { fulls }, any)
}

/// At least the longest time between two runs: of each rule only the first time of a day counts,
/// so that a run every five minutes costs no more to look at than a daily one.
fn longest<'a>(rules: impl Iterator<Item = &'a Rule>, zone: &Zone) -> Duration {
    let runs: Vec<(Rule, usize)> = rules
        .map(|r| (Rule { times: r.times.first().copied().into_iter().collect(), ..r.clone() }, 0))
        .collect();
    worst_gaps(&runs, zone, FROM, DAYS).longest().map_or(Duration::ZERO, |g| g.length)
}

fn whole_days(time: Duration) -> Duration {
    Duration::from_days(time.secs_up().div_ceil(86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(rules: &[Rule], zone: &str) -> u64 {
        longest(rules.iter(), &Zone::named(zone).unwrap()).secs_up() / 3600
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
