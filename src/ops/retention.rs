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
//! belong to. Where a store holds a lock on what was written, they are kept at least until the day
//! after its end: to overwrite a volume before would fail. What the spec states in a pool stands as
//! it is stated, and is judged.
//!
//! What is copied must be there when the copy job runs, lest a point is gone before:
//! `retention >= C + A + 1 day`, `C` being the longest time between copies; and a copy stays until
//! the next comes: it is kept as if `keep` were `C` at least.

use super::Ops;
use super::job::{Job, JobKind, Level, Pool};
use crate::base::EcoString;
use crate::calendar::{Rule, Zone, worst_gaps};
use crate::model::{CopyKind, Model, PoolOf, PoolSpec};
use crate::quantity::Duration;
use la_arena::{ArenaMap, Idx};
use std::collections::{BTreeMap, BTreeSet};

/// 1 January 2024. The calendar repeats after 28 years: gaps over that long are all gaps, whatever
/// the day of the build.
const FROM: i64 = 1_704_067_200;
const DAYS: i64 = 28 * 366;
const DAY: Duration = Duration::from_days(1);

/// Gives every job that writes volumes its pools: those that the spec states, and one for the
/// levels that these leave.
pub(super) fn keep(model: &Model, ops: &mut Ops) {
    let needed = needed(model, ops);
    let pools: Vec<(Idx<Job>, Vec<Pool>)> =
        needed.iter().map(|(id, kept)| (id, pools(model, ops, id, *kept))).collect();
    for (id, pools) in pools {
        ops.jobs[id].pools = pools;
    }
}

/// The pools of a job; `needed` is kept where none is stated.
fn pools(model: &Model, ops: &Ops, id: Idx<Job>, needed: Duration) -> Vec<Pool> {
    let job = &ops.jobs[id];
    let stated: &[PoolSpec] = match job.serves.first().map(|c| &model.copies[*c].kind) {
        Some(CopyKind::Backup(b)) => &b.kept.pools,
        Some(CopyKind::CopyOf(c)) => &c.pools,
        _ => &[],
    };
    let logs = ops.is_log(id);
    let made = |spec: Option<&PoolSpec>, level: Option<Level>| Pool {
        name: level.map_or_else(|| job.name.clone(), |l| format!("{}_{}", job.name, l.name()).into()),
        level,
        keep: spec.and_then(|s| s.keep).map_or(needed, |k| Duration::from_secs(k.value.secs_up())),
        stated: spec.is_some_and(|s| s.keep.is_some()),
        volumes: spec.and_then(|s| s.volumes).map(|v| v.value),
        runs: spec.map_or(1, |s| s.runs),
        use_duration: spec.and_then(|s| s.use_duration).map(|d| d.value),
        span: spec.map_or(job.span, |s| s.span),
    };
    let of = |wanted: PoolOf| stated.iter().find(|p| p.of == wanted);
    if logs || matches!(job.kind, JobKind::Copy { .. }) {
        return vec![made(of(if logs { PoolOf::Log } else { PoolOf::Rest }), None)];
    }
    let own: Vec<Pool> = [
        (PoolOf::Full, Level::Full),
        (PoolOf::Differential, Level::Differential),
        (PoolOf::Incremental, Level::Incremental),
    ]
    .into_iter()
    .filter_map(|(wanted, level)| Some(made(Some(of(wanted)?), Some(level))))
    .collect();
    let left = job.runs.iter().any(|r| own.iter().all(|p| p.level != Some(r.level)));
    left.then(|| made(of(PoolOf::Rest), None)).into_iter().chain(own).collect()
}

/// How long each job's volumes must be kept, by job; nothing for jobs that write none.
fn needed(model: &Model, ops: &Ops) -> ArenaMap<Idx<Job>, Duration> {
    let mut years = Years::default();
    let mut all: ArenaMap<Idx<Job>, Duration> = ArenaMap::default();
    for (id, job) in ops.jobs.iter() {
        let Some(store) = job.kind.writes_to() else { continue };
        let (fulls, any) = years.gaps(chain(ops, id));
        // What is copied stays at least until the next of it comes.
        let comes = match &job.kind {
            JobKind::Copy { .. } => years.longest(job.runs.iter().map(|r| &r.rule), &job.zone),
            _ => Duration::ZERO,
        };
        let kept = whole_days(job.keep.max(comes).plus(fulls).plus(any).plus(DAY));
        let s = &model.stores[store];
        // Until a lock ends nothing can be overwritten: a run that tried would stop.
        let locked = s.immutable.filter(|_| s.enforced.is_some()).map(|i| whole_days(i.value.plus(DAY)));
        all.insert(id, kept.max(locked.unwrap_or_default()));
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
struct Years {
    gaps: BTreeMap<(EcoString, Vec<Rule>), Duration>,
    changes: BTreeMap<EcoString, Vec<i64>>,
}

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
        let key = (EcoString::from(zone.name()), rules);
        if let Some(known) = self.gaps.get(&key) {
            return *known;
        }
        let runs: Vec<(Rule, usize)> = key.1.iter().map(|r| (r.clone(), 0)).collect();
        let look = |from: i64, days: i64| worst_gaps(&runs, zone, from, days, 0).longest().map(|g| g.length);
        let longest = if runs.iter().all(|(r, _)| r.repeats_weekly()) {
            // Weeks differ only round a change of the clocks.
            let changes = self.changes.entry(key.0.clone()).or_insert_with(|| changes(zone));
            let round = changes.iter().filter_map(|t| look(t - 86_400, 2)).max();
            look(FROM, 8).max(round)
        } else {
            look(FROM, DAYS)
        };
        *self.gaps.entry(key).or_insert(longest.unwrap_or(Duration::ZERO))
    }
}

/// Changes of a zone's clocks in 28 years, one of each sort: on the same day of the week, at the
/// same local time, by as much, and as far from the next ones.
fn changes(zone: &Zone) -> Vec<i64> {
    let all = zone.transitions(FROM, FROM + DAYS * 86_400);
    let near = |a: Option<&i64>, b: i64| a.map(|a| (a - b).abs()).filter(|d| *d < 40 * 86_400);
    let mut sorts = BTreeSet::new();
    let mut found = Vec::new();
    for (n, t) in all.iter().enumerate() {
        let before = zone.local(t - 60).map(|(_, minute, day)| (minute, day));
        let after = zone.local(*t).map(|(_, minute, day)| (minute, day));
        let next = near(all.get(n + 1), *t);
        let last = near(n.checked_sub(1).and_then(|l| all.get(l)), *t);
        if sorts.insert((before, after, next, last)) {
            found.push(*t);
        }
    }
    found
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
        // One change of each sort stands for all of its sort.
        for zone in ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"] {
            let z = Zone::named(zone).unwrap();
            for rule in [Rule::weekly(0b100_0000, 150), Rule::daily(90), Rule::weekly(0b010_1000, 30)] {
                let whole = worst_gaps(&[(rule.clone(), 0)], &z, FROM, DAYS, 0).longest().unwrap().length;
                assert_eq!(days(&[rule], zone), whole.secs_up() / 3600, "{zone}");
            }
        }
    }
}
