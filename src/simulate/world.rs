//! The estate in motion: jobs run, streams flow, time goes from one event to the next.
//!
//! Nothing here knows a bound. Between two events all rates are constant; at each event they are
//! shared out anew.

mod runs;

use super::dice::Dice;
use super::network::{Demand, Device, bytes, fill};
use super::pipe::{Flow, INSTANT};
use super::script::Script;
use super::yard::Yard;
use crate::model::{Cluster, Host, On};
use crate::ops::{Director, Job, JobKind, Level, Stream};
use la_arena::{ArenaMap, Idx};
use std::collections::{BTreeSet, VecDeque};

/// A run that has ended well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done {
    pub level: Level,
    pub begin: f64,
    pub end: f64,
    /// Of a run of logs: where they begin.
    pub from: f64,
    /// It holds every write up to here, and none after there.
    pub holds: (f64, f64),
    pub bytes: f64,
}

/// What a run is doing, and how much of that is left.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Begin { until: f64 },
    Stage { left: f64 },
    Move { left: f64 },
}

#[derive(Clone, Debug)]
pub(super) struct Running {
    pub job: Idx<Job>,
    level: Level,
    begin: f64,
    bytes: f64,
    from: f64,
    stage: f64,
    holds: (f64, f64),
    phase: Phase,
}

/// A run that is due and waits.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    job: Idx<Job>,
    level: Level,
    /// Whether it has the drives that it needs, and waits for a place of its director.
    drives: bool,
}

/// Work that a recovery does.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub step: usize,
    pub devices: Vec<usize>,
    pub cap: f64,
    pub left: f64,
}

/// Everything that changes with time.
#[derive(Clone, Debug)]
pub(super) struct World<'a> {
    pub yard: &'a Yard<'a>,
    pub script: &'a Script,
    pub now: f64,
    dice: Dice,
    next: usize,
    jumped: ArenaMap<Idx<Cluster>, usize>,
    pub runs: Vec<Running>,
    waiting: VecDeque<Waiting>,
    pub done: ArenaMap<Idx<Job>, Vec<Done>>,
    pub flows: ArenaMap<Idx<Stream>, Flow>,
    /// Streams that do not flow any more.
    pub cut: BTreeSet<Idx<Stream>>,
    /// Databases and trees that are not written to.
    pub silent: BTreeSet<Idx<Host>>,
    pub held: BTreeSet<Idx<Job>>,
    /// Directors that start nothing any more.
    pub paused: BTreeSet<Idx<Director>>,
    /// When a run of each job last began, or failed to: that is when what is old is dropped.
    asked: ArenaMap<Idx<Job>, f64>,
    pub works: Vec<Work>,
}

/// Less work than this is none: a thousandth of a byte.
const NOTHING: f64 = 1e-3;

/// What is left of work after a time; nothing when the rest would take none.
fn spent(left: f64, rate: f64, time: f64) -> f64 {
    let left = left - rate * time;
    if left <= rate * INSTANT { 0.0 } else { left }
}

impl<'a> World<'a> {
    /// A world that begins at the script's start with the runs before it as they were due.
    pub fn new(yard: &'a Yard<'a>, script: &'a Script) -> Self {
        let start = script.start;
        let mut world = Self {
            yard,
            script,
            now: start,
            dice: script.dice.fork(7),
            next: 0,
            jumped: ArenaMap::default(),
            runs: Vec::new(),
            waiting: VecDeque::new(),
            done: ArenaMap::default(),
            flows: ArenaMap::default(),
            cut: BTreeSet::new(),
            silent: BTreeSet::new(),
            held: BTreeSet::new(),
            paused: BTreeSet::new(),
            asked: ArenaMap::default(),
            works: Vec::new(),
        };
        for (id, _) in yard.ops.streams.iter() {
            world.flows.insert(id, Flow { received: start, applied: start, ..Flow::default() });
        }
        for (at, job, level) in &script.before {
            let bytes = world.carries(*job, *level, *at, *at);
            let from = world.logs_from(*job, *at);
            let done = Done { level: *level, begin: *at, end: *at, from, holds: (*at, *at), bytes };
            world.done.entry(*job).or_default().push(done);
        }
        world
    }

    fn course(&self, cluster: Idx<Cluster>) -> Option<&'a super::writes::Course> {
        self.script.logs.get(cluster)
    }

    /// Log that the database of a job writes between two moments.
    pub fn logged(&self, job: Idx<Job>, from: f64, to: f64) -> f64 {
        let cluster = self.yard.jobs.get(job).and_then(|t| t.cluster);
        cluster.and_then(|c| self.course(c)).map_or(0.0, |c| c.between(from, to))
    }

    /// Bytes of log that a database writes a second now.
    fn logs(&self, cluster: Idx<Cluster>) -> f64 {
        if self.silent.contains(&self.yard.model.clusters[cluster].primary.0) {
            return 0.0;
        }
        self.course(cluster).map_or(0.0, |c| c.rate(self.now))
    }

    /// What the writes of data take of a host's disk now, but for one database or tree.
    pub fn written_on(&self, host: Idx<Host>, but: Option<&On>) -> f64 {
        let model = self.yard.model;
        let mut sum = 0.0;
        for (id, c) in model.clusters.iter() {
            let here = c.primary.0 == host || c.replicas.iter().any(|r| r.0 == host);
            let own = matches!(but, Some(On::Cluster(b)) if *b == id);
            if here && !own {
                sum += self.logs(id);
            }
        }
        for (id, course) in self.script.files.iter() {
            let own = matches!(but, Some(On::Files { host: h, .. }) if *h == host);
            if model.primary_host(id) == host && !own && !self.silent.contains(&host) {
                sum += course.rate(self.now);
            }
        }
        sum
    }

    /// The runs that a job's store holds at a moment, oldest first: for a copy those of the job
    /// that it copies that it has taken.
    pub fn held_by(&self, job: Idx<Job>, at: f64) -> &[Done] {
        // A job has one run at a time, so they end in their order.
        let done = self.done.get(job).map_or(&[][..], Vec::as_slice);
        let ended = done.get(..done.partition_point(|d| d.end <= at)).unwrap_or(&[]);
        match self.yard.ops.jobs[job].kind {
            JobKind::Copy { of, .. } => ended.last().map_or(&[], |newest| self.held_by(of, newest.begin)),
            _ => ended,
        }
    }

    /// The moment up to which what is old has been dropped from a job's pools: that of its last run
    /// that could take a volume. Records that the catalogue keeps for a time of its own go with any.
    pub fn pruned(&self, job: Idx<Job>) -> f64 {
        let j = &self.yard.ops.jobs[job];
        let any = j.files_kept.is_some() || j.jobs_kept.is_some();
        let asked = self.asked.iter().filter(|(id, _)| any || *id == job).map(|(_, at)| *at);
        asked.fold(self.script.start, f64::max)
    }

    /// Goes on until a moment, or until a work of the recovery is done; that one's step.
    pub fn go(&mut self, until: f64) -> Option<usize> {
        loop {
            if let Some(n) = self.works.iter().position(|w| w.left <= NOTHING) {
                return Some(self.works.remove(n).step);
            }
            if self.now >= until {
                return None;
            }
            self.advance(until);
        }
    }

    fn advance(&mut self, until: f64) {
        let yard = self.yard;
        let mut capacity = yard.network.capacity.clone();
        for (host, _) in yard.model.hosts.iter() {
            let taken = self.written_on(host, None);
            if let Some(c) = yard.network.number(Device::Disk(host)).and_then(|n| capacity.get_mut(n)) {
                *c = (*c - taken).max(0.0);
            }
        }
        // Who sends now.
        let mut demands = Vec::new();
        let mut pipes = Vec::new();
        for (id, flow) in self.flows.iter() {
            let (Some(pipe), stream) = (yard.streams.get(id), &yard.ops.streams[id]) else { continue };
            if self.cut.contains(&id) {
                continue;
            }
            let comes = self.logs(stream.cluster);
            let disk = bytes(yard.model.hosts[stream.to].disk_rate.value);
            let own = On::Cluster(stream.cluster);
            let lands = (disk - self.written_on(stream.to, Some(&own))).max(0.0);
            let most = pipe.way.tcp.min(lands);
            let cap = if flow.sending.is_empty() { (comes / pipe.compress).min(most) } else { most };
            demands.push(Demand { devices: &pipe.way.devices, cap });
            pipes.push((id, comes, lands));
        }
        let running: Vec<usize> = (0..self.runs.len()).collect();
        let mut moving = Vec::new();
        let staging: Vec<Vec<usize>> = self
            .runs
            .iter()
            .map(|r| yard.jobs.get(r.job).and_then(|t| t.stages).into_iter().collect())
            .collect();
        for n in running {
            let Some(run) = self.runs.get(n) else { continue };
            let Some(task) = yard.jobs.get(run.job) else { continue };
            match run.phase {
                Phase::Begin { .. } => {}
                Phase::Stage { .. } => {
                    let devices = staging.get(n).map_or(&[][..], Vec::as_slice);
                    demands.push(Demand { devices, cap: f64::INFINITY });
                    moving.push(n);
                }
                Phase::Move { .. } => {
                    demands.push(Demand { devices: &task.devices, cap: task.cap });
                    moving.push(n);
                }
            }
        }
        let works = self.works.clone();
        demands.extend(works.iter().map(|w| Demand { devices: &w.devices, cap: w.cap }));
        let rates = fill(&capacity, &demands);
        let mut rates = rates.into_iter();
        let pipes: Vec<_> = pipes.into_iter().zip(rates.by_ref()).collect();
        let moving: Vec<(usize, f64)> = moving.into_iter().zip(rates.by_ref()).collect();
        let working: Vec<f64> = rates.collect();

        // The next event.
        let mut then = until;
        let mut at = |t: f64| then = then.min(t.max(self.now));
        if let Some((t, _, _)) = self.script.due.get(self.next) {
            at(*t);
        }
        for (id, course) in self.script.logs.iter() {
            let n = course.rates.partition_point(|(t, _)| *t <= self.now);
            if let Some((t, _)) = course.rates.get(n) {
                at(*t);
            }
            let n = self.jumped.get(id).copied().unwrap_or(0);
            if let Some((t, _)) = course.jumps.get(n) {
                at(*t);
            }
        }
        for (_, course) in self.script.files.iter() {
            let n = course.rates.partition_point(|(t, _)| *t <= self.now);
            if let Some((t, _)) = course.rates.get(n) {
                at(*t);
            }
        }
        for run in &self.runs {
            if let Phase::Begin { until } = run.phase {
                at(until);
            }
        }
        for (n, rate) in &moving {
            if let Some(Phase::Stage { left } | Phase::Move { left }) = self.runs.get(*n).map(|r| r.phase) {
                at(self.now + left / rate);
            }
        }
        for (work, rate) in self.works.iter().zip(&working) {
            at(self.now + work.left / rate);
        }
        for ((id, comes, lands), wire) in &pipes {
            let (Some(flow), Some(pipe)) = (self.flows.get(*id), yard.streams.get(*id)) else { continue };
            let leaves = wire * pipe.compress;
            if !flow.sending.is_empty() && leaves > *comes {
                at(self.now + flow.sending.bytes / (leaves - comes));
            }
            let inflow = if flow.sending.is_empty() { leaves.min(*comes) } else { leaves };
            let applies = pipe.apply.min(*lands);
            if !flow.applying.is_empty() && applies > inflow {
                at(self.now + flow.applying.bytes / (applies - inflow));
            }
        }
        for id in &self.cut {
            if let (Some(flow), Some(pipe)) = (self.flows.get(*id), yard.streams.get(*id))
                && !flow.applying.is_empty()
            {
                at(self.now + flow.applying.bytes / pipe.apply);
            }
        }

        // Time passes.
        let time = then - self.now;
        for ((id, comes, lands), wire) in pipes {
            if let (Some(flow), Some(pipe)) = (self.flows.get_mut(id), yard.streams.get(id)) {
                flow.pass(self.now, time, comes, wire * pipe.compress, pipe.apply.min(lands));
            }
        }
        for id in &self.cut {
            if let (Some(flow), Some(pipe)) = (self.flows.get_mut(*id), yard.streams.get(*id)) {
                flow.settle(time, pipe.apply);
            }
        }
        for (n, rate) in moving {
            if let Some(Phase::Stage { left } | Phase::Move { left }) =
                self.runs.get_mut(n).map(|r| &mut r.phase)
            {
                *left = spent(*left, rate, time);
            }
        }
        for (work, rate) in self.works.iter_mut().zip(working) {
            work.left = spent(work.left, rate, time);
        }
        self.now = then;
        self.happens();
    }

    /// What happens at this moment: bytes at once, runs that go on to their next phase or end, runs
    /// that are due.
    fn happens(&mut self) {
        for (id, course) in self.script.logs.iter() {
            let n = self.jumped.get(id).copied().unwrap_or(0);
            let Some((t, bytes)) = course.jumps.get(n).copied() else { continue };
            if t > self.now {
                continue;
            }
            self.jumped.insert(id, n + 1);
            if self.silent.contains(&self.yard.model.clusters[id].primary.0) {
                continue;
            }
            for (stream, flow) in self.flows.iter_mut() {
                if self.yard.ops.streams[stream].cluster == id && !self.cut.contains(&stream) {
                    flow.jump(self.now, bytes);
                }
            }
        }
        let mut n = 0;
        while n < self.runs.len() {
            if self.turn(n) {
                n += 1;
            }
        }
        // Who came first is served first.
        let mut place = 0;
        while let Some(run) = self.waiting.remove(place) {
            place += usize::from(self.due(run, place));
        }
        while let Some((t, job, level)) = self.script.due.get(self.next).copied() {
            if t > self.now {
                break;
            }
            self.next += 1;
            self.due(Waiting { job, level, drives: false }, self.waiting.len());
        }
    }

    /// The moment up to which a job's source holds everything.
    fn reads(&self, job: Idx<Job>) -> f64 {
        let stream = self.yard.jobs.get(job).and_then(|t| t.reads);
        stream.map_or(self.now, |s| self.front(s, |f| f.applied))
    }

    /// The moment up to which a replica holds everything: one that reads another has nothing that
    /// this one has not.
    pub fn front(&self, stream: Idx<Stream>, of: impl Fn(&Flow) -> f64) -> f64 {
        let ops = self.yard.ops;
        let mut front = self.now;
        let mut next = Some(stream);
        // Chains have no cycles, and are no longer than all streams.
        for _ in 0..ops.streams.len() {
            let Some(stream) = next else { break };
            front = self.flows.get(stream).map_or(front, |f| of(f).min(front));
            next = ops.streams[stream].source(self.yard.model, ops);
        }
        front
    }
}
