//! A recovery carried out: the steps of the plan in its order, on what is really there.

use super::dice::Dice;
use super::lost::Taken;
use super::network::{Device, bytes};
use super::points::{Point, newest};
use super::world::{Work, World};
use super::writes::size;
use super::yard::{OVERHEAD, together};
use crate::model::{Class, Cluster, CopyKind, Data, Host, Mode, Response, Store, Vip};
use crate::ops::shaping::way_back;
use crate::ops::{Job, Stream};
use crate::plan::{Choice, Means, Plan, Stage, Step, StepKind, Subject};
use crate::quantity::Duration;
use la_arena::{ArenaMap, Idx};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What one strike came to, in seconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// What is lost of each data class that a copy serves; endless when nothing is left of it.
    pub losses: Vec<(Idx<Data>, f64)>,
    /// When each data class or service was recovered; endless when it never was.
    pub times: Vec<(Subject, f64)>,
}

/// A part of a step.
#[derive(Clone, Debug)]
enum Part {
    Time(f64),
    Move { devices: Vec<usize>, cap: f64, bytes: f64 },
}

/// How long a recovery is followed.
pub(super) const LONGEST: f64 = 40.0 * 86_400.0;

/// How long the runs of each job can be read, in seconds from their ends.
pub(super) type Kept = ArenaMap<Idx<Job>, f64>;

/// What any run of a job is kept for: the shortest of its pools and of what the catalogue keeps.
pub(super) fn kept(ops: &crate::ops::Ops) -> Kept {
    let shortest = |job: &Job| {
        let records = [job.files_kept, job.jobs_kept];
        let records = records.iter().flatten().map(|r| r.value);
        job.pools.iter().map(|p| p.keep).chain(records).min()
    };
    ops.jobs.iter().filter_map(|(id, job)| Some((id, shortest(job)?.as_secs_f64()))).collect()
}

pub(super) struct Recovery<'a, 'w> {
    pub world: World<'w>,
    pub plan: &'a Plan,
    pub taken: &'a Taken,
    pub kept: &'a Kept,
    pub dice: Dice,
    struck: f64,
    /// The points that were restored, by the first data class of what goes together.
    points: BTreeMap<Idx<Data>, Option<Point>>,
    /// What each restored point needs the oldest of, until its restore has ended.
    reading: BTreeMap<usize, (Idx<Data>, Idx<Job>)>,
    outcome: Outcome,
}

impl<'a, 'w> Recovery<'a, 'w> {
    /// Strikes a world as it is now.
    pub fn new(world: World<'w>, plan: &'a Plan, taken: &'a Taken, kept: &'a Kept, dice: Dice) -> Self {
        let struck = world.now;
        Self {
            world,
            plan,
            taken,
            kept,
            dice,
            struck,
            points: BTreeMap::new(),
            reading: BTreeMap::new(),
            outcome: Outcome::default(),
        }
    }

    /// Carries the plan out.
    pub fn run(mut self) -> Outcome {
        let fronts: BTreeMap<Idx<Stream>, f64> =
            self.world.flows.iter().map(|(id, f)| (id, f.received.min(self.struck))).collect();
        self.world.strike(self.taken);
        for choice in &self.plan.choices {
            let loss = match choice.means {
                Means::Promote => self.behind(choice, &fronts),
                Means::Publish => self.snapshot(choice),
                Means::Restore => continue,
            };
            self.outcome.losses.push((choice.data, loss));
        }
        let ends = self.steps(&fronts);
        for choice in self.plan.choices.iter().filter(|c| c.means == Means::Restore) {
            let point = self.points.get(&self.unit(choice.data)).copied().flatten();
            let loss = point.map_or(f64::INFINITY, |p| (self.struck - p.moment).max(0.0));
            self.outcome.losses.push((choice.data, loss));
        }
        for (subject, step) in &self.plan.recovered {
            let end = ends.get(*step).copied().flatten();
            self.outcome.times.push((*subject, end.map_or(f64::INFINITY, |e| e - self.struck)));
        }
        self.outcome
    }

    /// The first data class of what is recovered as one.
    fn unit(&self, data: Idx<Data>) -> Idx<Data> {
        together(self.world.yard.model, data).first().copied().unwrap_or(data)
    }

    /// What a promoted replica lacks.
    fn behind(&mut self, choice: &Choice, fronts: &BTreeMap<Idx<Stream>, f64>) -> f64 {
        let ops = self.world.yard.ops;
        let Some((id, stream)) = ops.streams.iter().find(|(_, s)| s.serves.contains(&choice.copy)) else {
            return f64::INFINITY;
        };
        let cluster = stream.cluster;
        let asked: Vec<Idx<Host>> = self
            .plan
            .steps
            .iter()
            .filter_map(|s| match &s.kind {
                StepKind::Promote { cluster: c, others, .. } if *c == cluster => Some(others.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        // The order in which replicas acknowledge is anybody's: each is a little behind.
        let own: BTreeMap<Idx<Stream>, f64> = ops
            .streams
            .iter()
            .filter(|(_, s)| s.cluster == cluster)
            .map(|(id, _)| {
                let latency = self.world.yard.streams.get(id).map_or(0.0, |p| p.way.latency);
                let front = fronts.get(&id).copied().unwrap_or(0.0) - latency;
                (id, front - self.dice.between(0.0, 1e-4))
            })
            .collect();
        let front = |id: Idx<Stream>| own.get(&id).copied().unwrap_or(f64::NEG_INFINITY);
        let survivors =
            ops.streams.iter().filter(|(s, x)| *s == id || (x.cluster == cluster && asked.contains(&x.to)));
        let best = survivors.map(|(s, _)| front(s)).fold(f64::NEG_INFINITY, f64::max);
        let waits: Vec<&crate::ops::Stream> = ops
            .streams
            .iter()
            .map(|(_, s)| s)
            .filter(|s| s.cluster == cluster && !matches!(s.mode, Mode::Async))
            .collect();
        // Without a way to go on alone, only what enough replicas had was ever done.
        if !waits.is_empty() && waits.iter().all(|s| matches!(s.mode, Mode::Sync)) {
            let mut have: Vec<f64> = ops
                .streams
                .iter()
                .filter(|(_, s)| s.cluster == cluster && matches!(s.mode, Mode::Sync))
                .map(|(id, _)| front(id))
                .collect();
            have.sort_by(|a, b| b.total_cmp(a));
            let engine = &self.world.yard.model.engines[self.world.yard.model.clusters[cluster].engine];
            let wanted = (engine.acknowledgements.value as usize).clamp(1, have.len());
            if have.get(wanted - 1).is_some_and(|done| *done <= best) {
                return 0.0;
            }
        }
        // The draw above orders replicas; it is no part of what they are behind.
        let exact = ops
            .streams
            .iter()
            .filter(|(s, x)| *s == id || (x.cluster == cluster && asked.contains(&x.to)))
            .map(|(s, _)| {
                let latency = self.world.yard.streams.get(s).map_or(0.0, |p| p.way.latency);
                fronts.get(&s).copied().unwrap_or(f64::NEG_INFINITY) - latency
            })
            .fold(f64::NEG_INFINITY, f64::max);
        (self.struck - exact).max(0.0)
    }

    /// How old the newest whole snapshot of a mirror is.
    fn snapshot(&self, choice: &Choice) -> f64 {
        let ops = self.world.yard.ops;
        let job = ops.jobs.iter().find(|(_, j)| j.serves.contains(&choice.copy)).map(|(id, _)| id);
        let newest = job.and_then(|j| self.world.held_by(j, self.struck).last().copied());
        newest.map_or(f64::INFINITY, |d| self.struck - d.holds.0)
    }

    /// Carries out the steps; when each ended.
    fn steps(&mut self, fronts: &BTreeMap<Idx<Stream>, f64>) -> Vec<Option<f64>> {
        let plan = self.plan;
        let mut wanted: BTreeSet<usize> = plan.recovered.iter().map(|r| r.1).collect();
        for (n, step) in plan.steps.iter().enumerate().rev() {
            if wanted.contains(&n) {
                wanted.extend(step.after.iter().copied());
            }
        }
        let mut ends: Vec<Option<f64>> = vec![None; plan.steps.len()];
        let mut parts: BTreeMap<usize, VecDeque<Part>> = BTreeMap::new();
        let mut timers: BTreeMap<usize, f64> = BTreeMap::new();
        let mut begun: BTreeSet<usize> = BTreeSet::new();
        let limit = self.struck + LONGEST;
        loop {
            // Steps that end at this moment let others begin at this moment.
            loop {
                let mut moved = false;
                for n in wanted.iter().copied() {
                    let Some(step) = plan.steps.get(n).filter(|s| s.stage == Stage::Recover) else {
                        continue;
                    };
                    let ready = step.after.iter().all(|a| ends.get(*a).copied().flatten().is_some());
                    if ready && begun.insert(n) {
                        let work = self.parts(n, step, fronts);
                        parts.insert(n, work);
                        moved |= self.next(n, &mut parts, &mut timers, &mut ends);
                    }
                }
                if !moved {
                    break;
                }
            }
            if wanted.iter().all(|n| ends.get(*n).copied().flatten().is_some()) {
                break;
            }
            let alarm = timers.values().copied().fold(limit, f64::min);
            if alarm >= limit && self.world.works.is_empty() {
                // All that is left never ends.
                break;
            }
            match self.world.go(alarm) {
                Some(step) => {
                    self.next(step, &mut parts, &mut timers, &mut ends);
                }
                None if self.world.now >= limit => break,
                None => {
                    let rung: Vec<usize> =
                        timers.iter().filter(|(_, t)| **t <= self.world.now).map(|(n, _)| *n).collect();
                    for n in rung {
                        timers.remove(&n);
                        self.next(n, &mut parts, &mut timers, &mut ends);
                    }
                }
            }
        }
        ends
    }

    /// Takes a step to its next part; whether it ended.
    fn next(
        &mut self,
        n: usize,
        parts: &mut BTreeMap<usize, VecDeque<Part>>,
        timers: &mut BTreeMap<usize, f64>,
        ends: &mut [Option<f64>],
    ) -> bool {
        loop {
            match parts.get_mut(&n).and_then(VecDeque::pop_front) {
                Some(Part::Time(t)) if t <= 0.0 => {}
                Some(Part::Time(t)) => {
                    timers.insert(n, self.world.now + t);
                    return false;
                }
                Some(Part::Move { bytes, .. }) if bytes <= 0.0 => {}
                Some(Part::Move { devices, cap, bytes }) => {
                    self.world.works.push(Work { step: n, devices, cap, left: bytes });
                    return false;
                }
                None => break,
            }
        }
        if let Some(end) = ends.get_mut(n) {
            *end = Some(self.world.now);
        }
        if let Some(step) = self.plan.steps.get(n) {
            self.ended(n, step);
        }
        true
    }

    fn ended(&mut self, n: usize, step: &Step) {
        match &step.kind {
            StepKind::Fence { host, .. } => {
                self.world.silent.insert(*host);
            }
            StepKind::Hold { director } => self.world.hold(*director),
            StepKind::Restore { .. } => {
                // What was pruned while it was read is not there.
                if let Some((unit, job)) = self.reading.remove(&n) {
                    let held = self.kept.get(job).copied().unwrap_or(f64::INFINITY);
                    let slot = self.points.entry(unit).or_default();
                    if slot.is_some_and(|p| self.world.now > p.oldest + held) {
                        *slot = None;
                    }
                }
            }
            _ => {}
        }
    }

    fn range(&mut self, range: (Duration, Duration)) -> f64 {
        self.world.script.delay(&mut self.dice, range.0.as_secs_f64(), range.1.as_secs_f64())
    }

    fn people(
        &mut self,
        response: Option<Idx<Response>>,
        pick: fn(&Response) -> (Duration, Duration),
    ) -> Part {
        match response {
            Some(r) => {
                let range = pick(&self.world.yard.model.responses[r]);
                Part::Time(self.range(range))
            }
            None => Part::Time(f64::INFINITY),
        }
    }

    fn between(&mut self, least: f64, most: f64) -> Part {
        Part::Time(self.world.script.delay(&mut self.dice, least, most))
    }

    fn up_to(&mut self, most: Duration) -> Part {
        self.between(0.0, most.as_secs_f64())
    }

    fn disk(&self, host: Idx<Host>) -> Vec<usize> {
        self.world.yard.network.number(Device::Disk(host)).into_iter().collect()
    }

    /// What a step is made of, as things stand when it begins.
    fn parts(&mut self, n: usize, step: &Step, fronts: &BTreeMap<Idx<Stream>, f64>) -> VecDeque<Part> {
        let (model, ops) = (self.world.yard.model, self.world.yard.ops);
        let response = step.response;
        let mut parts = VecDeque::new();
        match &step.kind {
            StepKind::Detect { hidden: false } => parts.push_back(self.people(response, |r| r.detect.value)),
            StepKind::Detect { hidden: true } => parts.push_back(self.people(response, |r| r.notice.value)),
            StepKind::Declare => parts.push_back(self.people(response, |r| r.declare.value)),
            StepKind::Fence { .. } | StepKind::Announce => {
                parts.push_back(self.people(response, |r| r.confirm.value))
            }
            StepKind::Hold { .. } | StepKind::Release { .. } => parts.push_back(self.between(1.0, 30.0)),
            StepKind::Provision { host, site } => {
                let h = &model.hosts[*host];
                let whole = model.sites[h.site].replace;
                let range = if *site { whole } else { h.replace.or(whole) };
                parts.push_back(Part::Time(range.map_or(f64::INFINITY, |r| self.range(r.value))));
            }
            StepKind::Scan { store, jobs, .. } => {
                let s = &model.stores[*store];
                let now = self.world.now;
                let held = |j: &Idx<Job>| now - self.kept.get(*j).copied().unwrap_or(f64::INFINITY);
                let bytes = jobs.iter().map(|j| self.world.kept(*j, held(j))).sum();
                parts.push_back(Part::Time(s.mount.value.as_secs_f64()));
                parts.push_back(self.between(0.0, OVERHEAD));
                parts.push_back(self.read(*store, bytes));
            }
            StepKind::Restore { data, store, jobs, scanned, to, .. } => {
                self.restore(n, (*data, *store, jobs, *scanned, *to), &mut parts);
            }
            StepKind::Prepare { cluster, data, host, dump, .. } => {
                let engine = &model.engines[model.clusters[*cluster].engine];
                let unit = self.unit(*data);
                let point = self.points.get(&unit).copied().flatten();
                let chain = point.map_or(0.0, |p| p.chain);
                let devices = self.disk(*host);
                if *dump {
                    parts.push_back(Part::Move { devices, cap: bytes(engine.load.value), bytes: chain });
                } else {
                    let whole: f64 =
                        together(model, *data).iter().map(|d| size(model, *d, self.struck)).sum();
                    let cap = bytes(engine.prepare.value);
                    parts.push_back(Part::Move { devices: devices.clone(), cap, bytes: chain });
                    // Read and written on the same disk.
                    parts.push_back(Part::Move { devices, cap: f64::INFINITY, bytes: 2.0 * whole });
                }
            }
            StepKind::StartDatabase { cluster, .. } => {
                parts.push_back(self.up_to(model.engines[model.clusters[*cluster].engine].start.value));
            }
            StepKind::Replay { cluster, .. } => {
                let replay = bytes(model.engines[model.clusters[*cluster].engine].replay.value);
                let unit = model.data_in(*cluster).first().copied();
                let point = unit.and_then(|u| self.points.get(&u)).copied().flatten();
                parts.push_back(Part::Time(point.map_or(0.0, |p| p.logs) / replay));
            }
            StepKind::Promote { cluster, host, others } => {
                self.promote(*cluster, *host, others, fronts, &mut parts)
            }
            StepKind::Publish { .. } | StepKind::VerifyData { .. } | StepKind::Repoint { .. } => {
                parts.push_back(self.between(1.0, 60.0));
            }
            StepKind::StartMember { service, .. } => {
                parts.push_back(self.up_to(model.services[*service].start.value))
            }
            StepKind::TakeOver { vip, to } => parts.push_back(self.moves(*vip, *to)),
            StepKind::DropMembers { pool } => {
                // A balancer asks, waits for the answer, and asks again after its interval.
                let p = &model.pools[*pool];
                let (every, hangs) = (p.every.value.as_secs_f64(), p.timeout.value.as_secs_f64());
                let mut time = self.world.script.delay(&mut self.dice, 0.0, every);
                for n in 0..p.fall.value {
                    time += hangs + if n > 0 { every } else { 0.0 };
                }
                parts.push_back(Part::Time(time));
            }
            StepKind::SwitchDns { dns, .. } => {
                let d = &model.dns[*dns];
                if d.server.is_none() {
                    parts.push_back(self.people(response, |r| r.confirm.value));
                }
                parts.push_back(self.up_to(d.update.value));
                // Somebody asked just before the change.
                parts.push_back(Part::Time(d.ttl.value.as_secs_f64()));
            }
            StepKind::VerifyService { service } => {
                let within = model.services[*service].check.as_ref().map(|c| c.within.value);
                parts.push_back(self.up_to(within.unwrap_or(Duration::from_secs(60))));
            }
            StepKind::Resume { cluster } => {
                let waits = ops.streams.iter().filter(|(_, s)| s.cluster == *cluster).filter_map(|(_, s)| {
                    match s.mode {
                        Mode::SemiSync { timeout } => Some(timeout.as_secs_f64()),
                        _ => None,
                    }
                });
                parts.push_back(Part::Time(waits.fold(0.0, f64::max)));
            }
            StepKind::Reprotect { .. } | StepKind::FailBack { .. } => {}
        }
        parts
    }

    fn read(&self, store: Idx<Store>, bytes: f64) -> Part {
        let devices = self.world.yard.network.number(Device::Store(store)).into_iter().collect();
        Part::Move { devices, cap: f64::INFINITY, bytes }
    }

    fn restore(
        &mut self,
        n: usize,
        (data, store, jobs, scanned, to): (Idx<Data>, Idx<Store>, &[Idx<Job>], bool, Idx<Host>),
        parts: &mut VecDeque<Part>,
    ) {
        let yard = self.world.yard;
        let (model, s) = (yard.model, &yard.model.stores[store]);
        let clean = self.taken.dirty().then_some(self.struck);
        let log = jobs.iter().copied().find(|j| yard.is_log(*j));
        let Some(main) = jobs.iter().copied().find(|j| !yard.is_log(*j)) else { return };
        let point = newest(&self.world, main, log, self.world.now, clean);
        let unit = self.unit(data);
        self.points.insert(unit, point);
        self.reading.insert(n, (unit, main));
        let Some(mut point) = point else {
            parts.push_back(Part::Time(f64::INFINITY));
            return;
        };
        let copied = matches!(
            model.copies.iter().find(|(id, _)| yard.ops.jobs[main].serves.contains(id)).map(|c| &c.1.kind),
            Some(CopyKind::CopyOf(_))
        );
        if scanned && copied && matches!(model.data[data].on, crate::model::On::Files { .. }) {
            // Which run is a full one is not known: everything that is there is laid over.
            let since = self.world.now - self.kept.get(main).copied().unwrap_or(f64::INFINITY);
            let newer: f64 = self
                .world
                .held_by(main, self.world.now)
                .iter()
                .filter(|d| d.end >= since && d.level != crate::ops::Level::Full)
                .map(|d| d.bytes)
                .sum();
            point.chain = point.full + newer;
        }
        let mut devices: Vec<usize> = yard.network.number(Device::Store(store)).into_iter().collect();
        devices.extend(self.disk(to));
        let hops = way_back(model, s.host, to).unwrap_or_default();
        let way = yard.network.way(model, (s.host, to), &hops, Class::Backup);
        devices.extend(way.devices);
        parts.push_back(Part::Time(s.mount.value.as_secs_f64()));
        for _ in jobs {
            parts.push_back(self.between(0.0, OVERHEAD));
        }
        parts.push_back(Part::Move { devices, cap: way.tcp, bytes: point.chain + point.logs });
    }

    fn promote(
        &mut self,
        cluster: Idx<Cluster>,
        host: Idx<Host>,
        others: &[Idx<Host>],
        fronts: &BTreeMap<Idx<Stream>, f64>,
        parts: &mut VecDeque<Part>,
    ) {
        let yard = self.world.yard;
        let (model, ops) = (yard.model, yard.ops);
        let engine = &model.engines[model.clusters[cluster].engine];
        let to = |h: Idx<Host>| {
            ops.streams.iter().find(move |(_, s)| s.cluster == cluster && s.to == h).map(|(id, _)| id)
        };
        let front = |h: Idx<Host>| to(h).and_then(|id| fronts.get(&id)).copied().unwrap_or(0.0);
        let ahead = others.iter().copied().max_by(|a, b| front(*a).total_cmp(&front(*b)));
        let own = front(host);
        if let Some(other) = ahead.filter(|o| front(*o) > own) {
            let course = self.world.script.logs.get(cluster);
            let more = course.map_or(0.0, |c| c.between(own, front(other)));
            let hops = way_back(model, other, host).unwrap_or_default();
            let way = yard.network.way(model, (other, host), &hops, Class::Replication);
            // It waits until the other has applied what it hands on.
            let theirs =
                to(other).and_then(|id| Some(self.world.flows.get(id)?.applying.bytes)).unwrap_or(0.0);
            parts.push_back(Part::Time(theirs / bytes(engine.apply.value)));
            parts.push_back(Part::Move { devices: way.devices, cap: way.tcp, bytes: more });
            parts.push_back(Part::Time(more / bytes(engine.apply.value)));
        }
        let waits = to(host).and_then(|id| Some(self.world.flows.get(id)?.applying.bytes)).unwrap_or(0.0);
        let devices = self.disk(host);
        parts.push_back(Part::Move { devices, cap: bytes(engine.apply.value), bytes: waits });
        parts.push_back(self.up_to(engine.promote.value));
    }

    /// VRRP, version 3: the next node takes the address when it has heard nothing for three
    /// intervals and its skew; the last advertisement came up to an interval before the strike.
    fn moves(&mut self, vip: Idx<Vip>, to: Idx<Host>) -> Part {
        let Some((_, v)) = self.world.yard.ops.vrrps.iter().find(|(_, v)| v.vip == vip) else {
            return Part::Time(f64::INFINITY);
        };
        let priority = v.members.iter().find(|m| m.host == to).map_or(1, |m| m.priority);
        let advert = v.advert.as_secs_f64();
        let skew = (256.0 - f64::from(priority)) * advert / 256.0;
        let heard = advert - self.world.script.delay(&mut self.dice, 0.0, advert);
        let learnt = self.world.script.delay(&mut self.dice, 0.0, 1.0);
        Part::Time(3.0 * advert + skew - heard + learnt)
    }
}
