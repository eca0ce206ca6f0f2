//! Recovery points: which there are, the chain that each needs, and until when all of it is kept.
//!
//! A run is surely known and not overwritten until its own time and its retention have passed:
//! Bacula drops a run's records once that is over, also of a volume that other runs keep. A point
//! stands on the newest full before it, the newest differential after that, and every incremental
//! since; it is whole until the first of them goes (calculus, 5.4).
//!
//! What was right just before `t0` is read until `t0 + d`. The newest point that was complete at
//! `t0` is followed by one that is complete at `r`, so it serves every `t0 < r`, and is whole then
//! if its chain is until `r + d`. The least of `until - r` over all points of the horizon is how
//! far back a recovery surely reaches (2.2b).

mod alone;
mod chain;
mod longest;
mod sweep;

use super::late::{self, Between};
use super::level::JobFact;
use super::timetable::{Expander, Timetables};
use super::volumes::MOST_FILLED;
use super::{Facts, Horizon};
use crate::base::threads::dealt;
use crate::ops::{Job, JobKind, Level, Ops, Pool};
use crate::quantity::Duration;
use chain::Chain;
use la_arena::{ArenaMap, Idx};
use sweep::Sweep;

const DAY: i64 = 86_400;

/// A point of a chain that is gone while the point itself is still to be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Break {
    /// The first moment at which a point that is to be kept cannot be restored.
    pub on: i64,
    /// The point, by the start of its run.
    pub point: i64,
    /// What its run carried.
    pub level: Level,
    /// What is gone: the start and the level of a run; the point itself where it is the same.
    pub missing: (i64, Level),
    /// How long that run is kept.
    pub kept: Duration,
    /// How long it would have to be.
    pub needed: Duration,
}

/// What is known of the points of a job. Times are in seconds.
#[derive(Clone, Debug)]
pub struct PointFact {
    /// How long after wrong contents a recovery can still read what was right before, whatever the
    /// moment in the horizon; below zero when a chain goes before its point is replaced. `None`
    /// without a bound on runs.
    pub reach: Option<i64>,
    /// The longest time from the start of a point's run until the next point is complete.
    pub age: i64,
    /// The longest time from the writing of the oldest run of a point's chain until the next point
    /// is complete: a lock must outlast that.
    pub span: i64,
    /// Where volumes break a chain.
    pub breaks: Option<Break>,
    /// Where the catalogue forgets what volumes still hold.
    pub forgets: Option<Break>,
    /// The expanded runs of the data.
    pub(super) table: usize,
    /// The expanded runs that copy them.
    pub(super) copies: Option<usize>,
}

/// A point that a recovery may choose.
#[derive(Clone, Copy, Debug)]
struct Point {
    start: i64,
    ready: i64,
    until: i64,
    /// When the oldest run of its chain was written to the store: at the earliest where bounds are
    /// asked for.
    oldest: i64,
}

/// All recovery points.
#[derive(Debug, Default)]
pub struct Points {
    pub(super) tables: Timetables,
    pub(super) of: ArenaMap<Idx<Job>, PointFact>,
    as_of: i64,
    end: i64,
    /// For how long feeds may have been cut when the last strike of a scenario falls.
    cut: i64,
}

/// Which times runs are taken to need.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Runs {
    /// The most.
    Longest,
    /// What they take alone; runs, and copies of what was right, are made for so long after contents went
    /// wrong.
    Alone(Duration),
}

/// What a recovery after wrong contents asks of points.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// From the moment at which contents went wrong until a point has been read.
    pub until_read: Duration,
    /// And until no run is made any more that could take a volume.
    pub until_held: Duration,
    /// How long what was written cannot be deleted, where somebody tries to.
    pub lock: Option<Duration>,
    /// How long logs are kept and what is lost when they roll a point forward.
    pub logs: Option<(Duration, Duration)>,
}

fn seconds(d: Duration) -> i64 {
    i64::try_from(d.secs_up()).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}

impl PointFact {
    /// Whether, whatever the moment at which contents go wrong, the newest point before it can
    /// still be read when it is asked for.
    pub fn serves(&self, asked: Asked) -> bool {
        let needed = seconds(asked.until_held);
        let logs = asked.logs.is_none_or(|(kept, _)| needed.saturating_add(self.age) <= seconds(kept));
        let read = seconds(asked.until_read);
        let locked = asked.lock.is_none_or(|l| read.saturating_add(self.span) <= seconds(l));
        self.reach.is_some_and(|r| needed <= r) && logs && locked
    }
}

impl Points {
    pub(super) fn new(ops: &Ops, facts: &Facts, horizon: Horizon, cut: Duration) -> Self {
        let as_of = horizon.as_of;
        let end = horizon.end();
        let mut expander = Expander::new(end);
        let mut points = Self { as_of, end, cut: seconds(cut), ..Self::default() };
        // A schedule is looked at from so long before that every chain that is then kept has begun,
        // and volumes have gone round twice.
        let mut longest: ArenaMap<Idx<Job>, Duration> = ArenaMap::default();
        for (id, job) in ops.jobs.iter() {
            let round = |p: &Pool| {
                let gap = facts.asked_every(ops, id, p).unwrap_or_default();
                p.keep.plus(p.filled_in(gap).min(MOST_FILLED).times(2))
            };
            let own = job.pools.iter().map(round).max();
            let of = if let JobKind::Copy { of, .. } = &job.kind { *of } else { id };
            let own = own.unwrap_or_default().max(longest.get(of).copied().unwrap_or_default());
            longest.insert(of, own);
        }
        let from = |id: Idx<Job>| {
            let days = seconds(longest.get(id).copied().unwrap_or_default()) / DAY + 366;
            as_of - (days / 128 + 1) * 128 * DAY
        };
        for (id, job) in ops.jobs.iter().filter(|(_, j)| !j.pools.is_empty()) {
            let (original, copies) = match &job.kind {
                JobKind::Copy { of, .. } => (*of, Some(expander.of(job, from(*of)))),
                _ => (id, None),
            };
            let table = expander.of(&ops.jobs[original], from(original));
            points.of.insert(
                id,
                PointFact { reach: None, age: 0, span: 0, breaks: None, forgets: None, table, copies },
            );
        }
        points.tables = expander.made;
        let ids: Vec<Idx<Job>> = points.of.iter().map(|(id, _)| id).collect();
        let known = dealt(&ids, |mine| {
            let mut list = Vec::new();
            mine.filter_map(|id| Some((*id, points.known(ops, facts, *id, &mut list)?))).collect::<Vec<_>>()
        });
        for (id, fact) in known.into_iter().flatten() {
            points.of.insert(id, fact);
        }
        points
    }

    /// How many runs were looked at, each distinct schedule's once.
    pub fn moments(&self) -> usize {
        self.tables.moments()
    }

    /// The facts of a job's points.
    pub fn get(&self, job: Idx<Job>) -> Option<&PointFact> {
        self.of.get(job)
    }

    fn known(&self, ops: &Ops, facts: &Facts, id: Idx<Job>, list: &mut Vec<Point>) -> Option<PointFact> {
        let jobs = &facts.jobs;
        let mut fact = self.of.get(id)?.clone();
        let known = in_order(ops, jobs, id);
        // What is kept as long as chains need breaks none.
        if ops.jobs[id].pools.iter().any(|p| p.stated) {
            fact.breaks =
                self.first_break(ops, id, |job, level| job.pool(level).map_or(Duration::ZERO, |p| p.keep));
        }
        if ops.jobs[id].files_kept.is_some() || ops.jobs[id].jobs_kept.is_some() {
            fact.forgets = self.first_break(ops, id, Job::held);
        }
        // A full and a newer point lie between here and the as-of date.
        let original = if let JobKind::Copy { of, .. } = &ops.jobs[id].kind { *of } else { id };
        let fulls = jobs.get(original).and_then(|f| f.level(Level::Full)?.same);
        let late = last_gap(ops, jobs, id);
        // What is replaced before the as-of date, missed runs and feeds that had been cut counted, is of
        // no interest.
        let later = facts.later(ops, id).map_or(i64::MAX / 4, seconds);
        let first = self.as_of.saturating_sub(later.saturating_add(self.cut));
        let from = match (fulls, late) {
            (Some(fulls), Some(late)) => {
                first.saturating_sub(seconds(fulls.length).saturating_add(late.saturating_mul(2)))
            }
            _ => i64::MIN,
        };
        // Where runs are left out nobody knows which points there are.
        list.clear();
        if !known
            || longest::each(ops, jobs, (id, &fact), &self.tables, from, |point| list.push(point)).is_none()
        {
            return Some(fact);
        }
        if list.first().is_none_or(|p| p.ready > first) {
            return Some(fact);
        }
        // Beyond the horizon the next point comes as late as it may.
        for (n, point) in list.iter().enumerate() {
            let next = match list.get(n + 1) {
                Some(next) if next.ready == point.ready => continue,
                Some(next) => next.ready,
                None => match late {
                    Some(late) => point.start.saturating_add(late),
                    None => continue,
                },
            };
            if next <= first || point.ready >= self.end {
                continue;
            }
            let reach = point.until - next;
            fact.reach = Some(fact.reach.map_or(reach, |r| r.min(reach)));
            fact.age = fact.age.max(next - point.start);
            fact.span = fact.span.max(next - point.oldest);
        }
        Some(fact)
    }

    /// The first moment in the horizon at which a point that is to be kept cannot be restored.
    fn first_break(&self, ops: &Ops, id: Idx<Job>, kept: impl Fn(&Job, Level) -> Duration) -> Option<Break> {
        let job = &ops.jobs[id];
        let fact = self.of.get(id)?;
        if ops.is_log(id) {
            return None;
        }
        // A pool of one level that says how long promises that of its runs to what they stand on in
        // other pools; of one another they are promised what the backup keeps.
        let own = |level: Level| {
            let pool = job.pool(level).filter(|p| p.stated && p.level.is_some());
            pool.map_or(job.keep, |p| p.keep.max(job.keep))
        };
        let mut chain = Chain::default();
        let mut first: Option<Break> = None;
        for moment in self.tables.table(fact.table) {
            if !chain.take(*moment, moment.at) {
                continue;
            }
            for part in chain.parts() {
                let promised = if part.level == moment.level { job.keep } else { own(moment.level) };
                let begun = moment.at.saturating_add(jitter(job, moment.level));
                let wanted = begun.saturating_add(seconds(promised));
                let until = part.at.saturating_add(seconds(kept(job, part.level)));
                let on = until.max(self.as_of);
                let breaks = until < wanted && wanted > self.as_of && on < self.end;
                if breaks && first.is_none_or(|f| on < f.on) {
                    first = Some(Break {
                        on,
                        point: moment.at,
                        level: moment.level,
                        missing: (part.at, part.level),
                        kept: kept(job, part.level),
                        needed: Duration::from_secs((wanted - part.at).unsigned_abs()),
                    });
                }
            }
        }
        first
    }

    /// The most that is lost when contents go wrong at any moment of the horizon, or so long `before`
    /// it, and the best point that can then still be read is taken; `None` when for some moment there
    /// is none.
    pub fn worst(
        &self,
        ops: &Ops,
        facts: &Facts,
        id: Idx<Job>,
        asked: Asked,
        runs: Runs,
        before: Duration,
    ) -> Option<Duration> {
        if runs == Runs::Longest && !in_order(ops, &facts.jobs, id) {
            return None;
        }
        // What is no longer kept goes when the next volume is asked for, and a volume stays for as
        // long as the last run that it takes.
        let slack = match runs {
            Runs::Longest => 0,
            Runs::Alone(_) => {
                let pools = &ops.jobs[id].pools;
                let filled =
                    pools.iter().map(|p| i64::try_from(p.runs).unwrap_or(i64::MAX)).max().unwrap_or(1);
                let fact = facts.jobs.get(id);
                let apart = fact.and_then(|f| f.levels.iter().map(|l| f.longest_apart(l.level)).max());
                let gap = apart.unwrap_or_default();
                DAY + seconds(gap).saturating_mul(filled)
            }
        };
        let mut sweep = Sweep::new((self.as_of.saturating_sub(seconds(before)), self.end), asked, slack);
        let (tables, of) = (&self.tables, (id, self.of.get(id)?));
        let show = |point| sweep.point(point);
        match runs {
            Runs::Longest => longest::each(ops, &facts.jobs, of, tables, i64::MIN, show)?,
            Runs::Alone(goes_on) => alone::each(ops, &facts.jobs, of, tables, (goes_on, self.end), show)?,
        }
        sweep.worst()
    }
}

/// The longest time from the start of a point's run until the next is complete, copies included.
fn last_gap(ops: &Ops, jobs: &ArenaMap<Idx<Job>, JobFact>, id: Idx<Job>) -> Option<i64> {
    let own = jobs.get(id)?.loss()?.0;
    match &ops.jobs[id].kind {
        JobKind::Copy { of, .. } => Some(seconds(own).saturating_add(last_gap(ops, jobs, *of)?)),
        _ => Some(seconds(own)),
    }
}

/// Whether each run of a job, and of one whose runs it copies, is made: when its schedule says, or
/// in its turn where runs overrun and wait for one another.
pub(super) fn in_order(ops: &Ops, jobs: &ArenaMap<Idx<Job>, JobFact>, id: Idx<Job>) -> bool {
    let job = &ops.jobs[id];
    let made = |between: Between| match between {
        Between::AsSaid => true,
        Between::Late(_) => !late::skips(job),
        Between::Unbounded => false,
    };
    let own = jobs.get(id).is_some_and(|f| f.levels.iter().all(|l| made(l.between)));
    own && match &job.kind {
        JobKind::Copy { of, .. } => in_order(ops, jobs, *of),
        _ => true,
    }
}

/// How late runs of a level may begin, in seconds.
fn jitter(job: &Job, level: Level) -> i64 {
    let rules = job.runs.iter().filter(|r| r.level == level).map(|r| r.rule.jitter);
    seconds(rules.max().unwrap_or_default())
}
