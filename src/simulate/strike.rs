//! What stops when something strikes or is held, and when a strike costs most.

use super::lost::Taken;
use super::script::Script;
use super::world::{Done, World};
use super::writes::float;
use super::yard::Yard;
use crate::model::{Cluster, Mode};
use crate::ops::{Job, JobKind};
use la_arena::Idx;
use std::collections::BTreeSet;

impl<'a> World<'a> {
    /// A world at a moment, so long after each of some strikes: as long as the script goes back.
    pub fn struck(yard: &'a Yard<'a>, script: &'a Script, earlier: &[(f64, Taken)], at: f64) -> Self {
        let mut world = Self::new(yard, script);
        for (before, taken) in earlier {
            while world.go((at - before).max(script.start)).is_some() {}
            world.strike(taken);
        }
        while world.go(at).is_some() {}
        world
    }
}

impl World<'_> {
    /// A strike: what is gone stops at once.
    pub fn strike(&mut self, taken: &Taken) {
        self.silent.extend(taken.hosts.iter().copied());
        let cut = self.yard.ops.streams.iter().filter(|(_, s)| {
            let hops = s.paths.first().map_or(&[][..], |p| &p.hops);
            taken.hosts.contains(&s.from)
                || taken.hosts.contains(&s.to)
                || hops.iter().any(|h| taken.links.contains(&h.link))
        });
        self.cut.extend(cut.map(|(id, _)| id));
        self.stall();
        let dead: BTreeSet<Idx<Job>> =
            self.yard.ops.jobs.iter().map(|(id, _)| id).filter(|id| self.cannot_run(*id, taken)).collect();
        self.runs.retain(|r| !dead.contains(&r.job));
        self.held.extend(dead);
        let directors = self.yard.ops.directors.iter();
        self.paused.extend(directors.filter(|(_, d)| taken.hosts.contains(&d.host)).map(|(id, _)| id));
        for (id, flow) in self.flows.iter_mut() {
            if self.cut.contains(&id) {
                flow.sending.clear();
            }
        }
    }

    /// A primary that never goes on alone writes nothing more once fewer replicas are left than it
    /// waits for.
    fn stall(&mut self) {
        let (model, ops) = (self.yard.model, self.yard.ops);
        for (id, cluster) in model.clusters.iter() {
            let waits: Vec<_> =
                ops.streams.iter().filter(|(_, s)| s.cluster == id && s.mode != Mode::Async).collect();
            let never_alone = !waits.is_empty() && waits.iter().all(|(_, s)| s.mode == Mode::Sync);
            let left = waits.iter().filter(|(s, _)| !self.cut.contains(s)).count() as u64;
            if never_alone && left < model.engines[cluster.engine].acknowledgements.value {
                self.silent.insert(cluster.primary.0);
            }
        }
    }

    fn cannot_run(&self, job: Idx<Job>, taken: &Taken) -> bool {
        let Some(task) = self.yard.jobs.get(job) else { return true };
        let j = &self.yard.ops.jobs[job];
        let hops = j.paths.first().map_or(&[][..], |p| &p.hops);
        let stores: Vec<_> = match &j.kind {
            JobKind::Copy { from, to, .. } => vec![*from, *to],
            JobKind::Verify { of, .. } => self.yard.ops.jobs[*of].kind.writes_to().into_iter().collect(),
            other => other.writes_to().into_iter().collect(),
        };
        task.hosts.iter().any(|h| taken.hosts.contains(h))
            || stores.iter().any(|s| taken.stores.contains(s))
            || hops.iter().any(|h| taken.links.contains(&h.link))
    }

    /// The jobs of a director stop: none begins, and what goes on is given up.
    pub fn hold(&mut self, director: Idx<crate::ops::Director>) {
        let own = self.yard.ops.jobs.iter().filter(|(_, j)| j.kind.director() == Some(director));
        let own: BTreeSet<Idx<Job>> = own.map(|(id, _)| id).collect();
        self.runs.retain(|r| !own.contains(&r.job));
        self.held.extend(own);
        self.paused.insert(director);
    }

    /// Until when a run of a job is kept at least.
    pub fn kept_until(&self, job: Idx<Job>, run: &Done) -> f64 {
        run.end + self.yard.ops.jobs[job].held(run.level).as_secs_f64()
    }

    /// The runs of a job that its store still holds.
    pub fn kept(&self, job: Idx<Job>) -> impl Iterator<Item = &Done> {
        let pruned = self.pruned(job);
        self.held_by(job, self.now).iter().filter(move |d| self.kept_until(job, d) >= pruned)
    }

    /// For each job the run for which one waited longest since the begin of the one before, and
    /// for each stream when it was farthest behind: the moments at which a strike costs most.
    pub fn worst_moments(&self, after: f64) -> Vec<f64> {
        let mut all = Vec::new();
        for (_, done) in self.done.iter() {
            let pairs = done.iter().zip(done.iter().skip(1)).filter(|(_, b)| b.end > after);
            let worst = pairs.max_by(|x, y| (x.1.end - x.0.holds.0).total_cmp(&(y.1.end - y.0.holds.0)));
            all.extend(worst.map(|(_, b)| b.end - 1e-6));
        }
        for (_, flow) in self.flows.iter() {
            if flow.worst.1 > after {
                all.push(flow.worst.1 - 1e-6);
            }
        }
        all
    }

    /// The bytes of a database's largest transaction, amplified.
    pub fn largest(yard: &Yard<'_>, cluster: Idx<Cluster>) -> f64 {
        let engine = &yard.model.engines[yard.model.clusters[cluster].engine];
        float(engine.largest_transaction.value) * engine.amplification.value.as_f64()
    }
}
