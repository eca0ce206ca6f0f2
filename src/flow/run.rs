//! How much each run carries and how long it takes.

use super::late::{self, Between, Real};
use super::level::{JOB_OVERHEAD, JobFact, LevelFact, Terms};
use super::missed::{self, Missed};
use super::queue::Exclusive;
use super::timeline::{Demand, Timeline, Use};
use super::{Calendar, Facts, size_at_end, size_today, together};
use crate::calendar::{Gap, Gaps, Rule};
use crate::model::{Data, Hop, Host, Model, Store};
use crate::ops::job::{Job, JobKind, Level, Staging};
use crate::ops::{Ops, class_of};
use crate::quantity::{Bytes, Duration, Rate};
use la_arena::Idx;
use std::collections::BTreeMap;
use std::rc::Rc;

const LEVELS: [Level; 5] = [Level::Full, Level::Differential, Level::Incremental, Level::Log, Level::Changes];

/// Fills the facts of all jobs, and those after the missed runs that tiers tolerate.
pub(super) fn facts(model: &Model, ops: &Ops, facts: &mut Facts, calendar: &mut Calendar) {
    calendar.misses = false;
    facts.missed = None;
    solve(model, ops, facts, calendar);
    if facts.jobs.iter().any(|(_, f)| missed::tolerated(model, &f.data) > 0) {
        let as_scheduled = std::mem::take(&mut facts.jobs);
        calendar.misses = true;
        solve(model, ops, facts, calendar);
        facts.missed = Some(std::mem::replace(&mut facts.jobs, as_scheduled));
    }
}

/// First how much each run carries, then how long it takes beside all others.
fn solve(model: &Model, ops: &Ops, facts: &mut Facts, calendar: &mut Calendar) {
    for (id, _) in ops.jobs.iter() {
        let fact = volumes(model, ops, facts, calendar, id, &[]);
        facts.jobs.insert(id, fact);
    }
    let mut shared = Shared::new(model, ops, facts);
    shared.solve(ops, facts);
    late::settle(model, ops, facts, calendar, &mut shared);
}

/// All runs on the devices that they share.
pub(super) struct Shared {
    limits: BTreeMap<Exclusive, u64>,
    timeline: Timeline,
}

impl Shared {
    fn new(model: &Model, ops: &Ops, facts: &Facts) -> Self {
        let limits = limits(model, ops);
        let timeline = Timeline::new(demands(model, ops, facts, &limits), limits.clone(), facts.horizon);
        Self { limits, timeline }
    }

    /// How long all runs take, from what they carry now, which is never less than before.
    pub fn solve_again(&mut self, model: &Model, ops: &Ops, facts: &mut Facts) {
        self.timeline.grow(demands(model, ops, facts, &self.limits));
        self.solve(ops, facts);
    }

    fn solve(&mut self, ops: &Ops, facts: &mut Facts) {
        for run in self.timeline.solve() {
            if let Some(level) = facts.jobs.get_mut(run.job).and_then(|f| f.levels.get_mut(run.level)) {
                level.most = run.most;
                level.alone = run.alone;
                level.terms = run.terms;
                let staged = run.terms.fixed.plus(run.terms.wait).plus(run.terms.staging);
                level.moment = match &ops.jobs[run.job].kind {
                    JobKind::Database { staging: Staging::Physical { .. }, .. } => {
                        run.most.map_or(Duration::MAX, |_| staged)
                    }
                    _ => Duration::ZERO,
                };
            }
        }
    }
}

fn demands(model: &Model, ops: &Ops, facts: &Facts, limits: &BTreeMap<Exclusive, u64>) -> Vec<Demand> {
    let mut demands = Vec::new();
    for (id, job) in ops.jobs.iter() {
        let Some(fact) = facts.jobs.get(id) else { continue };
        for (n, level) in fact.levels.iter().enumerate() {
            demands.extend(demand(model, ops, facts, id, job, n, level, fact, limits));
        }
    }
    demands
}

/// What there is less of than jobs that come for it, and how much.
fn limits(model: &Model, ops: &Ops) -> BTreeMap<Exclusive, u64> {
    let mut limits: BTreeMap<Exclusive, u64> = BTreeMap::new();
    for director in ops.crowded() {
        limits.insert(Exclusive::Places(director), ops.directors[director].jobs);
    }
    let mut users: BTreeMap<Idx<Store>, u64> = BTreeMap::new();
    for (_, job) in ops.jobs.iter() {
        for store in ops.stores_of(job) {
            *users.entry(store).or_default() += 1;
        }
    }
    for (store, users) in users {
        if let Some(drives) = &model.stores[store].drives
            && drives.value < users
        {
            limits.insert(Exclusive::Drives(store), drives.value);
        }
    }
    limits
}

/// The most that a run puts on the wire: its cap, and never more than the card that sends it.
pub(super) fn peak(model: &Model, ops: &Ops, job: &Job) -> Rate {
    let from = match &job.kind {
        JobKind::Files { client, .. } | JobKind::Database { client, .. } | JobKind::Log { client, .. } => {
            ops.clients[*client].host
        }
        JobKind::Copy { from, .. } => model.stores[*from].host,
        JobKind::Mirror { from, .. } => *from,
        JobKind::Verify { of, .. } => match ops.jobs[*of].kind.writes_to() {
            Some(store) => model.stores[store].host,
            None => return Rate(u64::MAX),
        },
    };
    let card = model.hosts[from].nic.value;
    job.cap.map_or(card, |c| c.rate.min(card))
}

/// The links that a run's bytes cross: those of its job, the other way round where it reads back.
pub(super) fn hops(job: &Job) -> Vec<Hop> {
    let hops = job.paths.first().map_or(&[][..], |p| &p.hops);
    match &job.kind {
        JobKind::Verify { .. } => hops.iter().rev().map(|h| h.reversed()).collect(),
        _ => hops.to_vec(),
    }
}

/// How much each level of a job carries, and its gaps.
///
/// `late` are the levels whose runs do not start as said.
pub(super) fn volumes(
    model: &Model,
    ops: &Ops,
    facts: &Facts,
    calendar: &mut Calendar,
    id: Idx<Job>,
    late: &[Real],
) -> JobFact {
    let job = &ops.jobs[id];
    let data = data(model, job);
    let misses = if calendar.misses { missed::tolerated(model, &data) } else { 0 };
    let back = calendar.back.get(id).copied().unwrap_or(0);
    let (within, gaps) = (calendar.gaps(ops, id, 0), calendar.gaps(ops, id, back));
    let missed =
        Missed { runs: misses, time: gaps.longest().map_or(Duration::ZERO, |g| g.length).times(misses) };
    let gaps = if misses > 0 { Rc::new(gaps.missing(misses)) } else { gaps };
    let hops = hops(job);
    let limit = job.cap.map(|c| c.rate);
    // What reads back to the client goes the way of a restore, and has a restore's part.
    let way = match job.kind {
        JobKind::Verify { .. } => {
            facts.way(model, &hops, class_of(&job.kind), Some(peak(model, ops, job)), limit)
        }
        _ => facts.way_of(model, id, &hops, class_of(&job.kind), peak(model, ops, job), limit),
    };
    let mut levels = Vec::new();
    for level in LEVELS.into_iter().filter(|l| job.runs.iter().any(|r| r.level == *l)) {
        let at = place(level);
        let get = |list: &[Option<Gap>]| list.get(at).copied().flatten();
        // Of gaps as long as it one in the horizon is told of.
        let told = get(&within.before);
        let from =
            |g: &Gap| told.filter(|t| t.length.plus(missed.time) == g.length).map_or(g.from, |t| t.from);
        // One that does not come near the horizon has no gap there: it counts as if it came after any,
        // as it would in a longer one.
        let gap = get(&gaps.before).or_else(|| gaps.longest()).map(|g| Gap { from: from(&g), ..g });
        let real = late::of(late, level);
        let since = gap.map(|g| real.and_then(|r| r.since).unwrap_or(g.length).max(g.length));
        let carries = |since, missed| carried(model, ops, facts, job, level, &data, &gaps, since, missed);
        let bytes = carries(since, missed.time);
        // What each late start adds to makes every run larger, a missed full whatever stands on the
        // one before, and the log that was open at a run comes with the next.
        let each = real.is_some_and(|r| r.overruns) || matches!(level, Level::Differential | Level::Log);
        let usual = match misses {
            0 => bytes,
            _ if each => bytes,
            _ => carries(since.map(|s| s.minus(missed.time)), Duration::ZERO),
        };
        levels.push(LevelFact {
            level,
            bytes,
            usual,
            gap,
            surely: get(&within.surely),
            same: get(&gaps.same),
            room: get(&gaps.room).map(|g| g.length),
            nearest: get(&gaps.nearest).map(|g| g.length),
            per_day: gaps.per_day.get(at).copied().unwrap_or(0),
            again: gaps.again.get(at).copied().unwrap_or_default(),
            window: get(&gaps.windows),
            most: None,
            between: Between::AsSaid,
            alone: None,
            moment: Duration::ZERO,
            terms: Terms::default(),
        });
    }
    let unstated = disks(ops, job).into_iter().find_map(|host| facts.spare.unstated(model, host, None));
    JobFact { levels, way, data, missed, unstated }
}

/// Data classes that a job carries.
pub(super) fn data(model: &Model, job: &Job) -> Vec<Idx<Data>> {
    job.serves.first().map_or_else(Vec::new, |copy| together(model, model.copies[*copy].data))
}

/// The rules of a job's runs, each with the place of its level in the order of levels.
pub(super) fn levelled(job: &Job) -> Vec<(Rule, usize)> {
    job.runs.iter().map(|r| (r.rule.clone(), place(r.level))).collect()
}

fn place(level: Level) -> usize {
    LEVELS.iter().position(|l| *l == level).unwrap_or(0)
}

/// The hosts whose disks a job reads or writes, stores apart.
fn disks(ops: &Ops, job: &Job) -> Vec<Idx<Host>> {
    match &job.kind {
        JobKind::Mirror { from, to, .. } => vec![*from, *to],
        JobKind::Verify { .. } => Vec::new(),
        kind => kind.client().map(|c| ops.clients[c].host).into_iter().collect(),
    }
}

#[expect(clippy::too_many_arguments, reason = "what a run carries depends on that much")]
fn carried(
    model: &Model,
    ops: &Ops,
    facts: &Facts,
    job: &Job,
    level: Level,
    data: &[Idx<Data>],
    gaps: &Gaps,
    since: Option<Duration>,
    missed: Duration,
) -> Option<Bytes> {
    let size = size_at_end(model, data, facts.horizon);
    match (&job.kind, level) {
        (JobKind::Verify { of, .. }, _) => facts.jobs.get(*of)?.level(Level::Full)?.bytes,
        (JobKind::Copy { of, .. }, _) => {
            // Every run of the original since the last copy, the one of just before it included.
            let original = facts.jobs.get(*of)?;
            let since = since?;
            let mut sum = Bytes::ZERO;
            for l in &original.levels {
                sum = sum.plus(match l.level {
                    Level::Log => log_bytes(facts, &ops.jobs[*of], since.plus(original.held_by_log(l)?))?,
                    _ => l.carried_by(original.runs_in(l, since))?,
                });
            }
            Some(sum.plus(original.taken_again()))
        }
        (_, Level::Full) => Some(size),
        // What was open at the run before had been written since the one before that.
        (_, Level::Log) => log_bytes(facts, job, since?.plus(since?.minus(missed))),
        (_, Level::Differential) => {
            let full =
                gaps.same.first().copied().flatten().or_else(|| gaps.before.first().copied().flatten())?;
            Some(changed(model, data, full.length, facts))
        }
        (_, Level::Incremental | Level::Changes) => Some(changed(model, data, since?, facts)),
    }
}

/// How many runs a run of a copy job copies at most: each is a job of the backup product of its own.
fn copied(ops: &Ops, facts: &Facts, job: &Job, fact: &LevelFact) -> u64 {
    let JobKind::Copy { of, .. } = &job.kind else { return 1 };
    let since = match (fact.between, fact.gap) {
        (Between::Late(gap), _) => gap,
        (_, Some(gap)) => gap.length,
        (_, None) => return 1,
    };
    let since = since.plus(fact.terms.wait);
    // Copies of copies take what those have taken.
    let mut original = *of;
    while let JobKind::Copy { of, .. } = &ops.jobs[original].kind {
        original = *of;
    }
    let Some(fact) = facts.jobs.get(original) else { return 0 };
    fact.levels.iter().map(|l| fact.runs_in(l, since)).fold(0, u64::saturating_add)
}

/// Log written in a time, at most.
fn log_bytes(facts: &Facts, job: &Job, time: Duration) -> Option<Bytes> {
    let JobKind::Log { cluster, .. } = &job.kind else { return None };
    facts.logs.written(*cluster, time)
}

/// Log written in a time, at least, when the writes follow their profile.
fn least_log(facts: &Facts, job: &Job, time: Duration) -> Option<Bytes> {
    let JobKind::Log { cluster, .. } = &job.kind else { return None };
    facts.logs.profile(*cluster).map(|_| facts.logs.lowest(*cluster, time))
}

/// Unique bytes that change in a time: at most the stated part of the size for each window that
/// the time touches, at most the size. Nothing stated: all of it, since a product that looks at
/// files or pages sends whole ones.
fn changed(model: &Model, data: &[Idx<Data>], time: Duration, facts: &Facts) -> Bytes {
    changed_of(model, data, time, |d| size_at_end(model, &[d], facts.horizon))
}

/// The same of a size.
fn changed_of(model: &Model, data: &[Idx<Data>], time: Duration, size: impl Fn(Idx<Data>) -> Bytes) -> Bytes {
    data.iter().fold(Bytes::ZERO, |sum, d| {
        let size = size(*d);
        let bytes = match model.data[*d].changed.map(|c| c.value) {
            Some((part, per)) if per.0 > 0 => size.part_up(part).times(time.0.div_ceil(per.0)).min(size),
            _ => size,
        };
        sum.plus(bytes)
    })
}

/// What a run asks of the devices.
#[expect(clippy::too_many_arguments, reason = "a run asks that many things of that many devices")]
fn demand(
    model: &Model,
    ops: &Ops,
    facts: &Facts,
    id: Idx<Job>,
    job: &Job,
    level: usize,
    fact: &LevelFact,
    whole: &JobFact,
    limits: &BTreeMap<Exclusive, u64>,
) -> Option<Demand> {
    let disk = |host: Idx<Host>| (Use::Disk(host), facts.spare.disk(model, host));
    let card = |host: Idx<Host>| (Use::Card(host), facts.spare.card(model, ops, host, None));
    let store = |s: Idx<Store>| (Use::Store(s), model.stores[s].rate.value);
    let holder = |s: Idx<Store>| model.stores[s].host;
    let mut staged_on = None;
    let mut devices = match &job.kind {
        JobKind::Files { client, store: s, .. } => {
            let host = ops.clients[*client].host;
            vec![disk(host), card(host), card(holder(*s)), store(*s)]
        }
        JobKind::Database { client, store: s, .. } => {
            let host = ops.clients[*client].host;
            staged_on = Some(disk(host));
            vec![disk(host), card(host), card(holder(*s)), store(*s)]
        }
        JobKind::Log { client, store: s, .. } => {
            let host = ops.clients[*client].host;
            vec![disk(host), card(host), card(holder(*s)), store(*s)]
        }
        JobKind::Copy { from, to, .. } => {
            vec![store(*from), card(holder(*from)), card(holder(*to)), store(*to)]
        }
        JobKind::Verify { of, .. } => {
            let original = &ops.jobs[*of];
            let (client, s) = (original.kind.client()?, original.kind.writes_to()?);
            let host = ops.clients[client].host;
            vec![store(s), card(holder(s)), card(host)]
        }
        JobKind::Mirror { from, to, .. } => vec![disk(*from), card(*from), card(*to), disk(*to)],
    };
    devices.sort_unstable();
    devices.dedup();
    let whole_size = size_today(model, &whole.data);
    let today = match (&job.kind, fact.level) {
        // How many runs a copy finds is only bounded from above, and a log run carries at least
        // what is written at the least rate in its gap.
        (JobKind::Copy { .. }, _) => fact.bytes.map(|_| Bytes::ZERO),
        (_, Level::Log) => fact.bytes.and_then(|b| Some(least_log(facts, job, fact.surely?.length)?.min(b))),
        // What changes is a part of what is there now; since the last run of any level at least.
        (_, Level::Incremental | Level::Differential | Level::Changes) => fact.bytes.and_then(|b| {
            let now = changed_of(model, &whole.data, fact.surely?.length, |d| size_today(model, &[d]));
            Some(now.min(b))
        }),
        _ => fact.bytes.map(|b| b.min(whole_size)),
    };
    // With nothing else going on: whole devices, and of links what the run is held to.
    let nominal = |device: Use| match device {
        Use::Disk(h) => model.hosts[h].disk_rate.value,
        Use::Card(h) => model.hosts[h].nic.value,
        Use::Store(s) => model.stores[s].rate.value,
    };
    let lines = hops(job).iter().map(|h| model.links[h.link].bandwidth.value).min();
    let alone = devices.iter().map(|d| nominal(d.0)).chain(lines).chain(job.cap.map(|c| c.rate)).min();
    let scanned = if fact.level == Level::Full { Bytes::ZERO } else { whole_size };
    let staged_alone = staged_on.map(|(device, _)| (nominal(device), scanned));
    // A physical backup is written beside the data and read again; a full one reads all of it, and
    // so does an incremental one, which looks at every page.
    let staging = staged_on.map(|device| {
        let scan = match fact.level {
            Level::Full => Bytes::ZERO,
            _ => size_at_end(model, &whole.data, facts.horizon),
        };
        (device, scan)
    });
    let runs = job.runs.iter().filter(|r| r.level == fact.level).map(|r| r.rule.clone()).collect();
    let drives = ops.stores_of(job).into_iter().map(Exclusive::Drives);
    let places = job.kind.director().map(Exclusive::Places);
    let needs = drives.chain(places).filter(|n| limits.contains_key(n)).collect();
    Some(Demand {
        job: id,
        level,
        // What each late start adds to has no bound; the whole has.
        bytes: fact
            .bytes
            .filter(|_| fact.between != Between::Unbounded || fact.level == Level::Full)
            .map(|bytes| bytes.max(whole.taken_again())),
        today,
        devices,
        beside: facts.transactions.before_run(model, ops, id),
        way: whole.way.rate,
        alone: alone.unwrap_or(Rate(u64::MAX)),
        staging,
        staged_alone,
        fixed: JOB_OVERHEAD.times(copied(ops, facts, job, fact).max(1)),
        runs,
        zone: job.zone.clone(),
        period: fact.room,
        late: fact.between != Between::AsSaid,
        skips: late::skips(job),
        again: matches!(job.kind, JobKind::Copy { .. }),
        needs,
    })
}
