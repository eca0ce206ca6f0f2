//! What stands still while time goes on: who reads what through which devices.

use super::network::{Device, Network, Way, bytes};
use crate::model::{Class, Cluster, Data, Host, Model, On};
use crate::ops::{Director, Job, JobKind, Level, Ops, Stream, class_of};
use la_arena::{ArenaMap, Idx};

/// The most that a job takes to begin and to end, in seconds: 2.3 to 4 were measured.
pub(super) const OVERHEAD: f64 = 5.0;

/// An estate, looked at once.
#[derive(Debug)]
pub(super) struct Yard<'a> {
    pub model: &'a Model,
    pub ops: &'a Ops,
    pub as_of: i64,
    pub network: Network,
    pub jobs: ArenaMap<Idx<Job>, Task>,
    pub streams: ArenaMap<Idx<Stream>, Pipe>,
}

/// A job, ready to run.
#[derive(Debug)]
pub(super) struct Task {
    pub data: Vec<Idx<Data>>,
    pub director: Option<Idx<Director>>,
    /// Hosts without any of which it cannot run.
    pub hosts: Vec<Idx<Host>>,
    /// What its bytes pass through, its way included.
    pub devices: Vec<usize>,
    pub cap: f64,
    /// The disk on which a database is staged first.
    pub stages: Option<usize>,
    /// The replica that it reads, if it reads one.
    pub reads: Option<Idx<Stream>>,
    /// Its database, if it carries one.
    pub cluster: Option<Idx<Cluster>>,
}

/// A stream, ready to flow.
#[derive(Debug)]
pub(super) struct Pipe {
    pub way: Way,
    /// Bytes of the log for each byte on the wire.
    pub compress: f64,
    pub apply: f64,
}

pub(super) fn together(model: &Model, data: Idx<Data>) -> Vec<Idx<Data>> {
    match model.data[data].on {
        On::Cluster(c) => model.data_in(c),
        On::Files { .. } => vec![data],
    }
}

impl<'a> Yard<'a> {
    pub fn new(model: &'a Model, ops: &'a Ops, as_of: i64) -> Self {
        let network = Network::new(model, ops);
        let mut yard =
            Self { model, ops, as_of, network, jobs: ArenaMap::default(), streams: ArenaMap::default() };
        for (id, _) in ops.jobs.iter() {
            let task = yard.task(id);
            yard.jobs.insert(id, task);
        }
        for (id, s) in ops.streams.iter() {
            let hops = s.paths.first().map_or(&[][..], |p| &p.hops);
            let way = yard.network.way(model, (s.from, s.to), hops, Class::Replication);
            let engine = &model.engines[model.clusters[s.cluster].engine];
            let pipe = Pipe { way, compress: s.compress.as_f64(), apply: bytes(engine.apply.value) };
            yard.streams.insert(id, pipe);
        }
        yard
    }

    /// The hosts between which a job's bytes go, and the stores at its ends.
    fn ends(&self, job: &Job) -> Ends {
        let (model, ops) = (self.model, self.ops);
        match &job.kind {
            JobKind::Files { client, store, .. }
            | JobKind::Database { client, store, .. }
            | JobKind::Log { client, store, .. } => {
                let from = ops.clients[*client].host;
                Ends {
                    from,
                    to: model.stores[*store].host,
                    devices: vec![Device::Disk(from), Device::Store(*store)],
                }
            }
            JobKind::Copy { from, to, .. } => Ends {
                from: model.stores[*from].host,
                to: model.stores[*to].host,
                devices: vec![Device::Store(*from), Device::Store(*to)],
            },
            JobKind::Verify { of, .. } => {
                let there = self.ends(&ops.jobs[*of]);
                let read = |d: &Device| matches!(d, Device::Store(_));
                Ends {
                    from: there.to,
                    to: there.from,
                    devices: there.devices.into_iter().filter(read).collect(),
                }
            }
            JobKind::Mirror { from, to, .. } => {
                Ends { from: *from, to: *to, devices: vec![Device::Disk(*from), Device::Disk(*to)] }
            }
        }
    }

    fn task(&self, id: Idx<Job>) -> Task {
        let (model, ops) = (self.model, self.ops);
        let job = &ops.jobs[id];
        let ends = self.ends(job);
        let hops = job.paths.first().map_or(&[][..], |p| &p.hops);
        let back: Vec<_> = hops.iter().rev().map(|h| h.reversed()).collect();
        let hops = if matches!(job.kind, JobKind::Verify { .. }) { &back } else { hops };
        let way = self.network.way(model, (ends.from, ends.to), hops, class_of(&job.kind));
        let mut devices: Vec<usize> = ends
            .devices
            .iter()
            .filter_map(|d| self.network.number(*d))
            .chain(way.devices.iter().copied())
            .collect();
        devices.sort_unstable();
        devices.dedup();
        let cluster = match &job.kind {
            JobKind::Database { cluster, .. } | JobKind::Log { cluster, .. } => Some(*cluster),
            _ => None,
        };
        let reads = cluster.and_then(|c| {
            ops.streams.iter().find(|(_, s)| s.cluster == c && s.to == ends.from).map(|(id, _)| id)
        });
        let director = job.kind.director();
        let mut hosts = vec![ends.from, ends.to];
        hosts.extend(director.map(|d| ops.directors[d].host));
        Task {
            data: job.serves.first().map_or_else(Vec::new, |c| together(model, model.copies[*c].data)),
            director,
            hosts,
            cap: job.cap.map_or(f64::INFINITY, |c| bytes(c.rate)).min(way.tcp),
            devices,
            stages: match job.kind {
                JobKind::Database { .. } => self.network.number(Device::Disk(ends.from)),
                _ => None,
            },
            reads,
            cluster,
        }
    }

    /// The runs of all jobs between two moments, in their order.
    pub fn calendar(
        &self,
        (from, to): (f64, f64),
        mut late: impl FnMut(f64) -> f64,
    ) -> Vec<(f64, Idx<Job>, Level)> {
        let (a, b) = (self.as_of + from as i64, self.as_of + to as i64);
        let mut all = Vec::new();
        for (id, job) in self.ops.jobs.iter() {
            for run in &job.runs {
                let at = run.rule.occurrences(&job.zone, a, b);
                let jitter = run.rule.jitter.as_secs_f64();
                all.extend(at.into_iter().map(|t| ((t - self.as_of) as f64, id, run.level, jitter)));
            }
        }
        // Of two levels at the same minute the fuller one.
        all.sort_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)).then(x.2.cmp(&y.2)));
        all.dedup_by(|later, first| later.0 == first.0 && later.1 == first.1);
        let mut all: Vec<_> =
            all.into_iter().map(|(at, job, level, jitter)| (at + late(jitter), job, level)).collect();
        all.sort_by(|x, y| x.0.total_cmp(&y.0));
        all
    }
}

struct Ends {
    from: Idx<Host>,
    to: Idx<Host>,
    devices: Vec<Device>,
}
