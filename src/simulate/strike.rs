//! What stops when something strikes or is held, and when a strike costs most.

use super::lost::Taken;
use super::world::World;
use super::writes::float;
use super::yard::Yard;
use crate::model::Cluster;
use crate::ops::{Job, JobKind};
use la_arena::Idx;
use std::collections::BTreeSet;

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

    /// What the store of each job holds, in bytes, of runs that ended after a moment.
    pub fn kept(&self, job: Idx<Job>, since: f64) -> f64 {
        self.held_by(job, self.now).iter().filter(|d| d.end >= since).map(|d| d.bytes).sum()
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
