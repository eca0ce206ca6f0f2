//! How old what a copy holds may be, and whether all that it needs is still there when it is read.

use super::choose::Chooser;
use super::step::Reason;
use crate::flow::{Asked, JobFact};
use crate::model::{Hop, Host};
use crate::ops::{Job, JobKind, Level};
use crate::quantity::{Bytes, Duration};
use la_arena::Idx;

impl Chooser<'_> {
    /// The loss when the newest complete run of a job is used, up to its source, what struck
    /// earlier included: the longest cut along the way counts once (`outage`).
    pub fn run_loss(&self, job: Idx<Job>) -> (Option<Duration>, Duration, Option<Reason>) {
        let (mut loss, surely, mut reason) = self.run_bound(job);
        if let Some(link) = self.crowded(job) {
            (loss, reason) =
                (None, Some(Reason::MissingInput(format!("what `{link}` carries after the first loss"))));
        }
        let cut = self.outages.job(self.model, self.ops, job);
        (loss.map(|l| l.plus(cut.most)), surely.max(cut.surely), reason)
    }

    /// A link on the way of a job that nothing divides and that others may have come onto since
    /// something was lost: how long runs then take is not known.
    fn crowded(&self, job: Idx<Job>) -> Option<&str> {
        if self.outages.is_empty() {
            return None;
        }
        let streams = self.ops.streams.iter().map(|(_, s)| &s.paths);
        let jobs = self.ops.jobs.iter().map(|(_, j)| &j.paths);
        let others: Vec<Hop> =
            streams.chain(jobs).flat_map(|p| p.iter().skip(1)).flat_map(|p| p.hops.clone()).collect();
        let hops = self.ops.jobs[job].paths.first().map_or(&[][..], |p| &p.hops);
        let open = |h: &&Hop| self.model.links[h.link].shares.is_empty() && others.contains(h);
        hops.iter().find(open).map(|h| self.model.links[h.link].name.as_str())
    }

    /// The same had nothing struck earlier.
    fn run_bound(&self, job: Idx<Job>) -> (Option<Duration>, Duration, Option<Reason>) {
        let Some(fact) = self.facts.after_misses(job) else { return (None, Duration::ZERO, None) };
        let surely = self.facts.surely_lost(job).unwrap_or_default();
        let own = fact.loss().map(|(loss, _)| loss);
        let reason = own.is_none().then(|| {
            if let Some(data) = fact.unstated {
                return Reason::MissingInput(format!(
                    "how much is written to `{}`",
                    self.model.data[data].name
                ));
            }
            // A run whose bytes nobody states has no bound either.
            match fact.levels.iter().find(|l| l.bytes.is_none()) {
                Some(_) => Reason::MissingInput("how much is written".to_owned()),
                None => Reason::Overruns,
            }
        });
        if let Some(stops) = self.stops(job) {
            return (None, Duration::ZERO, Some(stops));
        }
        let (before, missing) = self.source_loss(job);
        (own.and_then(|o| Some(o.plus(before?))), surely, reason.or(missing))
    }

    /// How old the last clean point surely is when contents went wrong at the worst moment. What was
    /// in progress then ends all the same: a tree that is read holds some of what is wrong, a
    /// database's backup or a copy of older runs does not.
    pub fn surely_clean(&self, job: Idx<Job>) -> Duration {
        match &self.ops.jobs[job].kind {
            // It has no point that the original has not.
            JobKind::Copy { of, .. } => self.surely_clean(*of),
            JobKind::Database { .. } => {
                let surely = self.facts.jobs.get(job).and_then(JobFact::surely);
                surely.map(|s| s.age()).unwrap_or_default()
            }
            _ => self.facts.surely_lost(job).unwrap_or_default(),
        }
    }

    /// Why runs of a job may stop within the horizon: a pool has no volume for them, or what they
    /// write to has no room, or nobody says whether it has.
    pub fn stops(&self, job: Idx<Job>) -> Option<Reason> {
        let capacity = &self.facts.capacity;
        if capacity.held.get(job).is_some_and(|h| h.stops.is_some()) {
            return Some(Reason::RunsStop);
        }
        let kind = &self.ops.jobs[job].kind;
        let disk = match kind {
            JobKind::Database { client, .. } | JobKind::Log { client, .. } => {
                self.full(self.ops.clients[*client].host)
            }
            JobKind::Mirror { to, .. } => self.full(*to),
            _ => None,
        };
        let store = kind.writes_to().and_then(|s| Some((s, capacity.stores.get(s)?)));
        let store = store.and_then(|(id, fact)| {
            if fact.passes.is_some() {
                return Some(Reason::RunsStop);
            }
            let name = &self.model.stores[id].name;
            (fact.mark.is_some() && fact.unknown).then(|| held_unknown(name))
        });
        disk.or(store)
    }

    /// Why a disk may have no room for what is on it on normal days.
    pub fn full(&self, host: Idx<Host>) -> Option<Reason> {
        let disk = self.facts.capacity.disks.get(host)?;
        if disk.passes.is_some() {
            return Some(Reason::RunsStop);
        }
        disk.unknown.then(|| held_unknown(&self.model.hosts[host].name))
    }

    /// Whether a disk takes what a restore brings beside what is there; a machine in the place of
    /// another has nothing yet.
    pub fn room(&self, host: Idx<Host>, empty: bool) -> bool {
        self.facts.capacity.disks.get(host).is_none_or(|disk| {
            let there = if empty { Bytes::ZERO } else { disk.most };
            disk.restore.is_none_or(|(_, bytes)| there.plus(bytes) <= disk.mark)
        })
    }

    /// How stale what a job reads is itself.
    fn source_loss(&self, job: Idx<Job>) -> (Option<Duration>, Option<Reason>) {
        match &self.ops.jobs[job].kind {
            JobKind::Copy { of, .. } => {
                let (loss, _, reason) = self.run_bound(*of);
                (loss, reason)
            }
            JobKind::Database { client, cluster, .. } | JobKind::Log { client, cluster, .. } => {
                let host = self.ops.clients[*client].host;
                let streams = self.index.streams(*cluster);
                match streams.iter().find(|s| self.ops.streams[**s].to == host) {
                    Some(stream) => match self.facts.streams.get(*stream) {
                        Some(fact) => (fact.applied(), self.behind(fact).2),
                        None => (None, None),
                    },
                    None => (Some(Duration::ZERO), None),
                }
            }
            _ => (Some(Duration::ZERO), None),
        }
    }

    /// Whether the newest point is still whole when the next is complete, missed runs counted, and a
    /// day after people have decided: runs that fail after a loss, the first of several, take volumes
    /// like others until they are held. Not where nobody knows when runs are complete.
    pub fn stands(&self, data: Idx<Job>, log: Option<Idx<Job>>) -> bool {
        let Some(points) = self.facts.points.get(data) else { return true };
        let kept = log.map(|l| (self.ops.jobs[l].held(Level::Log), Duration::ZERO));
        let people = self.model.responses.iter().map(|(_, r)| r.detect.value.1.plus(r.declare.value.1));
        let held = people.max().unwrap_or_default().plus(Duration::from_days(1));
        let cut = |job: Idx<Job>| self.outages.job(self.model, self.ops, job).most;
        let cut = cut(data).max(log.map_or(Duration::ZERO, cut));
        let Some(older) = self.facts.base_older(self.ops, data) else { return false };
        let held = held.plus(cut).plus(older);
        points.serves(Asked { until_read: held, until_held: held, lock: None, logs: kept })
    }
}

fn held_unknown(on: &str) -> Reason {
    Reason::MissingInput(format!("how much is written to all that is kept on `{on}`"))
}
