//! What each pool holds, run by run over the calendar.
//!
//! Runs that are missed, that wait, and that come with a later copy all let a pool hold more than on a
//! normal day: runs ask for a volume as early, and end as late, as they may.

use super::DAY;
use crate::flow::late::{self, Between};
use crate::flow::level::{JobFact, LevelFact};
use crate::flow::sizes::Sizes;
use crate::flow::timetable::Moment;
use crate::flow::volumes::{MOST_FILLED, PoolRules, Turnover, Write, turn};
use crate::flow::{Facts, Horizon};
use crate::model::Model;
use crate::ops::{Job, JobKind, Level, Ops, Pool};
use crate::quantity::{Bytes, Duration};
use la_arena::Idx;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Runs that are later than so many days are looked at as if they were not.
const MOST_LATE: u64 = 60;

/// What one pool takes, day by day.
pub(super) struct Series {
    pub job: Idx<Job>,
    pub pool: usize,
    pub daily: Vec<u64>,
    pub volumes: u64,
    pub stuck: Option<i64>,
    pub known: bool,
}

/// What turnovers that are the same have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct TurnKey {
    table: usize,
    copies: Option<usize>,
    rules: PoolRules,
    late: Lateness,
    missing: Missing,
    apart: Option<u64>,
}

/// How much later than it is due a run is, at most, in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Late {
    /// At its first byte.
    begun: i64,
    /// At its last.
    over: i64,
}

/// The same of the runs that come into a pool, and of those of the job that writes them there: its own
/// but for a copy.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Lateness {
    made: Late,
    own: Late,
}

/// The turnover of a log's pool.
struct LogTurn {
    turned: Turnover,
    /// For each day of the horizon the longest time that what is held was written in.
    spans: Vec<i64>,
    stuck: Option<i64>,
}

/// The pools of some jobs, one after the other.
pub(super) struct Pools<'a> {
    model: &'a Model,
    ops: &'a Ops,
    facts: &'a Facts,
    /// Logs run often, on few schedules.
    turned: FxHashMap<TurnKey, Rc<LogTurn>>,
    pub made: Vec<Series>,
}

/// A run of the data, by its place in the table, and when it is written to a pool.
#[derive(Clone, Copy)]
struct Written {
    of: usize,
    write: Write,
}

/// What a pool holds besides where runs may have been missed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Missing {
    /// So many runs before those that are left on a normal day.
    runs: usize,
    /// So many bytes.
    bytes: u64,
    /// So many volumes at once, where their number is bound.
    volumes: u64,
}

impl Missing {
    /// How many runs before those that are left on a normal day may be there. Where a time closes volumes
    /// runs then come to lie on others, up to a volume of them.
    fn more(self, usual: &Turnover) -> usize {
        let fullest = usize::try_from(usual.fullest).unwrap_or(usize::MAX);
        if self.runs == 0 { 0 } else { self.runs.saturating_add(fullest) }
    }
}

impl<'a> Pools<'a> {
    pub fn new(model: &'a Model, ops: &'a Ops, facts: &'a Facts) -> Self {
        Self { model, ops, facts, turned: FxHashMap::default(), made: Vec::new() }
    }

    /// A job and those that copy it.
    pub fn family(&mut self, original: Idx<Job>, copies: &[Idx<Job>]) {
        if let JobKind::Log { cluster, .. } = &self.ops.jobs[original].kind {
            let logs = &self.facts.logs;
            let most = |time: Duration| Some(logs.written(*cluster, time)?.0);
            for job in std::iter::once(original).chain(copies.iter().copied()) {
                self.log(original, job, logs.profile(*cluster).map(|_| &most));
            }
            return;
        }
        let (Some(point), Some(fact)) = (self.facts.points.get(original), self.facts.after_misses(original))
        else {
            return;
        };
        let table = self.facts.points.tables.table(point.table);
        let sizes = Sizes::new(self.model, &fact.data, self.facts.horizon).of(table, fact.missed.runs);
        for job in std::iter::once(original).chain(copies.iter().copied()) {
            for (n, pool) in self.ops.jobs[job].pools.iter().enumerate() {
                let level =
                    |m: &Moment| self.ops.jobs[job].pool(m.level).is_some_and(|p| std::ptr::eq(p, pool));
                let written = self.written(job, table, self.late(original, job, pool), level);
                self.data(job, n, pool, &written, (&sizes, self.missed(job, original, pool)));
            }
        }
    }

    /// What missed runs of a job and of its original let a pool hold besides.
    fn missed(&self, job: Idx<Job>, original: Idx<Job>, pool: &Pool) -> Missing {
        let facts = self.facts;
        let (Some(fact), Some(usual)) = (facts.after_misses(original), facts.jobs.get(original)) else {
            return Missing::default();
        };
        // A run after missed ones holds what those kept no longer would have held; a full that failed
        // is taken again by one of another level.
        let more = |(now, usual): (&LevelFact, &LevelFact)| Some(now.bytes?.0.saturating_sub(usual.bytes?.0));
        let of = |l: &(&LevelFact, &LevelFact)| pool.level.is_none_or(|level| level == l.0.level);
        let more = fact.levels.iter().zip(&usual.levels).filter(of).filter_map(more).max().unwrap_or(0);
        let bytes = more.max(fact.taken_again().0);
        // Recycling goes on with the runs that are made: what missed ones would have recycled stays,
        // and of a copy all that it would have brought.
        let copies = facts.after_misses(job).filter(|f| job != original && f.missed.runs > 0);
        let batch = copies.map_or(0, |f| {
            let gap = f.longest_gap().unwrap_or_default();
            fact.levels.iter().map(|l| fact.runs_in(l, gap)).fold(0, u64::saturating_add)
        });
        // A full that is taken again may have filled a part of a volume before.
        let again = u64::from(fact.taken_again() > Bytes::ZERO);
        let brought = if batch > 0 { batch.div_ceil(pool.runs.max(1)).saturating_add(1) } else { 0 };
        let runs = usize::try_from(fact.missed.runs.saturating_add(batch)).unwrap_or(usize::MAX);
        Missing { runs, bytes, volumes: again.saturating_add(brought) }
    }

    /// The first run of the horizon where a pool may have fewer volumes than missed runs make it need.
    fn short(&self, pool: &Pool, missing: Missing, writes: &[Write], turned: &Turnover) -> Option<i64> {
        let most = pool.volumes.filter(|_| missing.volumes > 0)?;
        let first = || writes.iter().map(|w| w.from).find(|at| *at >= self.facts.horizon.as_of);
        (turned.volumes.saturating_add(missing.volumes) > most).then(first).flatten()
    }

    /// When a job writes the runs of a table that a pool takes: at once; or with the first run that
    /// copies after it began, or the first after it is surely over.
    fn written(
        &self,
        job: Idx<Job>,
        table: &[Moment],
        Lateness { made, own }: Lateness,
        mine: impl Fn(&Moment) -> bool,
    ) -> Vec<Written> {
        let runs = table.iter().enumerate().filter(|(_, m)| mine(m));
        let copies = self.facts.points.get(job).and_then(|p| p.copies);
        let Some(copies) = copies.map(|c| self.facts.points.tables.table(c)) else {
            let at = |m: &Moment| Write { from: m.at, begun: m.at + own.begun, to: m.at + own.over };
            return runs.map(|(of, m)| Written { of, write: at(m) }).collect();
        };
        let (mut soonest, mut latest) = (0, 0);
        let mut all = Vec::with_capacity(table.len());
        for (of, moment) in runs {
            // A copy that is due before the run may begin after it.
            while copies.get(soonest).is_some_and(|c| c.at.saturating_add(own.begun) <= moment.at) {
                soonest += 1;
            }
            while copies.get(latest).is_some_and(|c| c.at <= moment.at.saturating_add(made.over)) {
                latest += 1;
            }
            let Some(copy) = copies.get(soonest) else { break };
            // What it brings at once it writes one after the other.
            let to = copies.get(latest).map_or(i64::MAX / 4, |copy| copy.at + own.over);
            all.push(Written { of, write: Write { from: copy.at.max(moment.at), begun: to, to } });
        }
        all
    }

    /// How much later than they are due runs may be that come into a pool, and those of the job that
    /// writes to it: whole hours, so that pools that are alike are worked out once; to the second where
    /// it matters to the second.
    fn late(&self, original: Idx<Job>, job: Idx<Job>, pool: &Pool) -> Lateness {
        let exact = pool.volumes.is_some() || pool.use_duration.is_some();
        let seconds = |time: Duration| {
            let seconds = i64::try_from(time.secs_up()).unwrap_or(i64::MAX).min(MOST_LATE as i64 * DAY);
            if exact { seconds } else { (seconds + 3_599) / 3_600 * 3_600 }
        };
        let of = |job: Idx<Job>| {
            let Some(fact) = self.facts.after_misses(job) else { return Late { begun: 0, over: 0 } };
            let levels = &fact.levels;
            let own =
                |l: &&LevelFact| pool.level.is_none_or(|level| level == l.level) || l.level == Level::Changes;
            let most =
                |of: fn(&LevelFact) -> Duration| levels.iter().filter(own).map(of).max().unwrap_or_default();
            let takes = most(|l| l.most.unwrap_or_default());
            // Runs that overrun wait for one another, and for so long where nobody knows how long: `late`
            // then says that they have no bound, and nothing that stands on them is proved.
            let overrun = levels.iter().any(|l| matches!(l.between, Between::Late(_)))
                && !late::skips(&self.ops.jobs[job]);
            let queued = || fact.queued().unwrap_or(Duration::from_days(MOST_LATE));
            let waits = if overrun { queued() } else { Duration::ZERO };
            let jitter = self.ops.jobs[job].jitter().plus(waits);
            let begins = most(|l| l.terms.fixed.plus(l.terms.wait).plus(l.terms.staging));
            Late { begun: seconds(jitter.plus(begins)), over: seconds(jitter.plus(takes)) }
        };
        Lateness { made: of(original), own: of(job) }
    }

    /// Whether volumes are full, or closed, in a time that is looked at.
    fn fills(&self, job: Idx<Job>, pool: &Pool) -> bool {
        let gap = self.facts.asked_every(self.ops, job, pool).unwrap_or_default();
        pool.filled_in(gap) <= MOST_FILLED
    }

    /// A pool of data.
    fn data(
        &mut self,
        id: Idx<Job>,
        n: usize,
        pool: &Pool,
        written: &[Written],
        (sizes, missing): (&[u64], Missing),
    ) {
        let writes: Vec<Write> = written.iter().map(|w| w.write).collect();
        let turned = turn(&writes, rules(pool));
        let sizes: Vec<u64> = written.iter().map(|w| sizes.get(w.of).copied().unwrap_or(0)).collect();
        let in_use = turned.in_use(&sizes, missing.more(&turned));
        let in_use = in_use.map(|bytes| bytes.saturating_add(missing.bytes));
        let daily = by_day(self.facts.horizon, while_there(&writes).zip(in_use));
        let stuck = turned.stuck.and_then(|s| writes.get(s)).map(|w| w.from);
        let stuck = stuck.or_else(|| self.short(pool, missing, &writes, &turned));
        let known = self.fills(id, pool);
        self.made.push(Series { job: id, pool: n, daily, volumes: turned.volumes, stuck, known });
    }

    /// A pool of logs: how much stands in it is what was written in the time that its runs cover,
    /// and in one more, since a log may close late.
    fn log(&mut self, original: Idx<Job>, id: Idx<Job>, most: Option<&impl Fn(Duration) -> Option<u64>>) {
        let job = &self.ops.jobs[id];
        let (Some(pool), Some(point)) = (job.pools.first(), self.facts.points.get(id)) else { return };
        let (late, missing) = (self.late(original, id, pool), self.missed(id, original, pool));
        // Where starts are left out, what volumes are full of was written in as many real gaps.
        let apart = self.facts.after_misses(original).filter(|f| f.is_late()).map(JobFact::longest_between);
        let apart = apart.map(|a| a.map_or(u64::MAX, Duration::secs_up));
        let key =
            TurnKey { table: point.table, copies: point.copies, rules: rules(pool), late, missing, apart };
        let turned = match self.turned.get(&key) {
            Some(known) => Rc::clone(known),
            None => {
                let table = self.facts.points.tables.table(point.table);
                let made = Rc::new(self.log_turn(id, pool, table, key));
                self.turned.insert(key, Rc::clone(&made));
                made
            }
        };
        let gap = self.facts.after_misses(original).and_then(JobFact::longest_between);
        // What a missed copy would have brought stays on with the next.
        let copied = self.facts.after_misses(id).filter(|_| id != original).map(|f| f.missed.time);
        let mut known: FxHashMap<i64, u64> = FxHashMap::default();
        let daily: Option<Vec<u64>> = match (most, gap) {
            (Some(most), Some(gap)) => Some(
                turned
                    .spans
                    .iter()
                    .map(|span| {
                        *known.entry((span + 3_599) / 3_600).or_insert_with_key(|hours| {
                            let time = Duration::from_hours(hours.unsigned_abs()).plus(gap);
                            let time = time.plus(copied.unwrap_or_default());
                            most(time).unwrap_or(u64::MAX)
                        })
                    })
                    .collect(),
            ),
            _ => None,
        };
        let (known, daily) = (daily.is_some() && self.fills(id, pool), daily.unwrap_or_default());
        self.made.push(Series {
            job: id,
            pool: 0,
            daily,
            volumes: turned.turned.volumes,
            stuck: turned.stuck,
            known,
        });
    }

    fn log_turn(
        &self,
        id: Idx<Job>,
        pool: &Pool,
        table: &[Moment],
        TurnKey { late, missing, apart, .. }: TurnKey,
    ) -> LogTurn {
        let written = self.written(id, table, late, |_| true);
        let writes: Vec<Write> = written.iter().map(|w| w.write).collect();
        let turned = turn(&writes, rules(pool));
        let more = missing.more(&turned).saturating_add(1);
        let at = |of: usize| table.get(of).map_or(0, |m| m.at);
        let spans = written.iter().enumerate().zip(&turned.oldest).map(|((n, w), oldest)| {
            let first = (*oldest as usize).saturating_sub(more);
            let span = (at(w.of) - at(first)).unsigned_abs();
            apart.map_or(span, |a| span.max(a.saturating_mul((n - first) as u64)).min(i64::MAX as u64))
        });
        let spans = by_day(self.facts.horizon, while_there(&writes).zip(spans));
        let spans = spans.into_iter().map(|s| i64::try_from(s).unwrap_or(i64::MAX)).collect();
        let stuck = turned.stuck.and_then(|s| writes.get(s)).map(|w| w.from);
        let stuck = stuck.or_else(|| self.short(pool, missing, &writes, &turned));
        LogTurn { turned, spans, stuck }
    }
}

fn rules(pool: &Pool) -> PoolRules {
    let seconds = |d: Duration| i64::try_from(d.secs_up()).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
    PoolRules {
        keep: seconds(pool.keep),
        runs: pool.runs,
        volumes: pool.volumes,
        use_duration: pool.use_duration.map(seconds),
    }
}

/// From when until when there may be what there is after each run: until the next has surely begun.
fn while_there(writes: &[Write]) -> impl Iterator<Item = (i64, i64)> {
    let next = writes.iter().skip(1).map(|w| w.begun).chain([i64::MAX]);
    writes.iter().map(|w| w.from).zip(next)
}

/// The most on each day of the horizon of what is there from an instant until another.
fn by_day(horizon: Horizon, there: impl Iterator<Item = ((i64, i64), u64)>) -> Vec<u64> {
    let days = horizon.days as usize;
    let mut daily = vec![0; days];
    let day = |at: i64| usize::try_from((at.saturating_sub(horizon.as_of)).div_euclid(DAY));
    for ((from, until), value) in there {
        let Ok(last) = day(until) else { continue };
        let first = day(from).unwrap_or(0);
        for most in daily.get_mut(first..days.min(last.saturating_add(1))).unwrap_or_default() {
            *most = value.max(*most);
        }
    }
    daily
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_most() {
        let horizon = Horizon { as_of: 0, days: 4 };
        // 5 until the first day, 3 from then until the third, 9 on that alone, and 2 from then on.
        let there =
            [((-10, 100), 5), ((100, 2 * DAY), 3), ((2 * DAY, 2 * DAY + 5), 9), ((2 * DAY + 5, i64::MAX), 2)];
        assert_eq!(by_day(horizon, there.into_iter()), [5, 3, 9, 2]);
        // What may begin on the first day, and surely has on the third, may still be there then.
        let late = [((-10, 2 * DAY + 5), 5), ((100, i64::MAX), 3)];
        assert_eq!(by_day(horizon, late.into_iter()), [5, 5, 5, 3]);
        assert_eq!(by_day(horizon, [((-10, i64::MAX), 7)].into_iter()), [7, 7, 7, 7]);
        assert_eq!(by_day(horizon, std::iter::empty()), [0, 0, 0, 0]);
    }
}
