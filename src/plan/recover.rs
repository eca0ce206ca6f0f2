//! The steps that recover databases and trees of files.

use super::build::{Builder, Draft, Estate, Once};
use super::choose::{Candidate, Source, waits};
use super::reading::Reading;
use super::step::{Actor, Choice, Reason, Resource, Step, StepKind, Subject};
use super::units::Unit;
use crate::flow::{Asked, Runs, never_falls_back, size_at_end, size_today};
use crate::model::{Cluster, Data, Host, On};
use crate::ops::shaping::way_back;
use crate::ops::{Director, Job, JobKind, Level, Staging};
use crate::quantity::{Bytes, Duration};
use la_arena::Idx;
use std::collections::{BTreeMap, BTreeSet};

impl Builder<'_> {
    /// What comes on top of the units: databases that stall, and what people must know.
    pub(super) fn besides(&mut self, hit: &[Idx<Data>]) {
        let model = self.estate.model;
        if !self.lost.wrong_contents() {
            self.stalls();
            self.outages();
        }
        if self.lost.corrupted.is_some() && hit.len() > 1 {
            let names: Vec<_> = hit.iter().take(12).map(|d| format!("`{}`", model.data[*d].name)).collect();
            let more = if hit.len() > names.len() { " and more" } else { "" };
            self.notes.push(format!(
                "the database goes back as a whole, {}{more} alike: what was written since then is discarded",
                names.join(", ")
            ));
        }
    }

    /// Adds the steps that recover a unit from a copy. Gives when all of it is back at the latest.
    pub(super) fn unit(&mut self, unit: &Unit, chosen: &Candidate) -> Duration {
        let from = self.recovered.len();
        self.recover(unit, chosen);
        let done = self.recovered.get(from..).unwrap_or_default();
        let ends = done.iter().filter_map(|(_, n)| self.steps.get(*n)).map(|s| s.step.finish);
        ends.max().unwrap_or(Duration::MAX)
    }

    fn recover(&mut self, unit: &Unit, chosen: &Candidate) {
        let Some(first) = unit.data.first().copied() else { return };
        let primary = self.estate.model.primary_host(first);
        let response = unit.response;
        let ready = match &chosen.source {
            Source::Stream { others } => {
                let On::Cluster(cluster) = self.estate.model.data[first].on else { return };
                let fence = self.fence(primary, response);
                let kind = StepKind::Promote {
                    cluster,
                    host: chosen.target,
                    others: others.clone(),
                    cut: chosen.cut.most,
                };
                // What is fetched from another site has what is left of the link: no restore beside it.
                let ways = others.iter().filter_map(|o| way_back(self.estate.model, *o, chosen.target));
                let mut links: Vec<_> = ways.flatten().map(|h| h.link).collect();
                links.sort_unstable();
                links.dedup();
                let draft = Draft::new(kind, Actor::Runner, vec![fence]);
                self.add(
                    draft.holds([Resource::Host(chosen.target)]).holds(links.into_iter().map(Resource::Link)),
                )
            }
            Source::Mirror { job } => {
                let fence = self.fence(primary, response);
                let kind = StepKind::Publish { data: first, job: *job, host: chosen.target };
                self.add(Draft::new(kind, Actor::Runner, vec![fence]).holds([Resource::Host(chosen.target)]))
            }
            Source::Store { .. } => self.restore(unit, first, chosen),
        };
        if let (On::Cluster(cluster), true) = (&self.estate.model.data[first].on, chosen.target != primary) {
            let (name, host) =
                (&self.estate.model.clusters[*cluster].name, &self.estate.model.hosts[chosen.target].name);
            self.note(format!(
                "whoever uses the database `{name}` must find it on `{host}` from now on: nothing that drc writes points them there"
            ));
        }
        for data in &unit.data {
            let kind = StepKind::VerifyData { data: *data, host: chosen.target };
            let verify = self.add(Draft::new(kind, Actor::Runner, vec![ready]));
            self.recovered.push((Subject::Data(*data), verify));
            self.settle(*data, chosen.target);
            self.choices.push(Choice {
                data: *data,
                copy: chosen.copy,
                means: chosen.means,
                target: chosen.target,
                loss: chosen.loss,
                loss_surely: chosen.surely,
                reason: chosen.reason.clone(),
                cut: chosen.cut,
                discarded: None,
            });
            self.taken.push((chosen.clone(), verify));
        }
    }

    /// Says what is lost by points that are no longer kept when they are read, and what is discarded.
    pub(super) fn points(&mut self, steps: &[Step]) {
        let wrong = self.lost.wrong_contents();
        // The last restore of each copy, and the first fence of each host.
        let (mut restores, mut fences, mut holds) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for step in steps {
            match &step.kind {
                StepKind::Restore { copy, .. } => drop(restores.insert(*copy, step)),
                StepKind::Fence { host, .. } => drop(fences.entry(*host).or_insert(step.finish)),
                StepKind::Hold { director } => drop(holds.insert(*director, step.finish)),
                _ => {}
            }
        }
        let mut choices = std::mem::take(&mut self.choices);
        for (choice, (chosen, _)) in choices.iter_mut().zip(&self.taken) {
            let read = restores.get(&chosen.copy).copied();
            let held = self.until_held(chosen, &holds);
            let kept = self.kept_long_enough(chosen, read, held);
            (choice.loss, choice.loss_surely, choice.reason) = (kept.loss, kept.surely, kept.reason);
            let primary = self.estate.model.primary_host(choice.data);
            // Until then people go on writing to what is wrong.
            choice.discarded = fences.get(&primary).copied().filter(|_| wrong);
        }
        if self.estate.model.has_openers() {
            self.shut(&mut choices);
        }
        self.choices = choices;
    }

    /// What opens a store must itself be there: nothing is read without it.
    fn shut(&self, choices: &mut [Choice]) {
        let nothing = |c: &Choice| c.reason.as_ref().is_some_and(Reason::leaves_nothing);
        loop {
            let gone: BTreeSet<Idx<Data>> = choices.iter().filter(|c| nothing(c)).map(|c| c.data).collect();
            let mut grown = false;
            for (choice, (chosen, _)) in choices.iter_mut().zip(&self.taken) {
                let Source::Store { openers, .. } = &chosen.source else { continue };
                if !nothing(choice) && openers.iter().any(|o| gone.contains(o)) {
                    (choice.loss, choice.loss_surely, choice.reason) =
                        (None, Duration::ZERO, Some(Reason::KeptTooShort));
                    grown = true;
                }
            }
            if !grown {
                break;
            }
        }
    }

    /// What is lost when the chosen copy is read as late as the plan reads it: points and their
    /// chains may be gone by then, or no longer protected by a lock (model, "corruption"). `read` is
    /// the step that reads it last; after `held` at the latest no run takes a volume any more.
    fn kept_long_enough(&self, chosen: &Candidate, read: Option<&Step>, held: Duration) -> Kept {
        let as_chosen = || Kept { loss: chosen.loss, surely: chosen.surely, reason: chosen.reason.clone() };
        let Source::Store { store, data, log, .. } = &chosen.source else { return as_chosen() };
        let wrong = self.lost.wrong_contents();
        // What has no bound has none for a reason of its own.
        let (true, Some(loss)) = (wrong, chosen.loss) else { return as_chosen() };
        let Estate { model, ops, facts, .. } = self.estate;
        let Some(read) = read else { return as_chosen() };
        let asked = |until_read: Duration, until_held: Duration| Asked {
            until_read,
            until_held,
            lock: model.stores[*store].immutable.filter(|_| self.lost.hostile).map(|i| i.value),
            logs: log.map(|l| (ops.jobs[l].held(Level::Log), loss)),
        };
        // Where runs may have been missed the next point is complete later, and stands on an older full.
        let (Some(later), Some(older)) = (facts.later(ops, *data), facts.base_older(ops, *data)) else {
            return Kept { loss: None, surely: chosen.surely, reason: Some(Reason::KeptTooShort) };
        };
        let cut = chosen.cut.most;
        let until = read.finish.plus(older).plus(cut);
        let latest = asked(until, until);
        if facts.points.get(*data).is_some_and(|p| p.serves(latest)) {
            return as_chosen();
        }
        // The newest point will not do: an older one may still.
        let worst = |asked, runs, before| facts.points.worst(ops, facts, *data, asked, runs, before);
        // The newest that there can be is of so much earlier.
        let before = later.plus(cut);
        let found = worst(latest, Runs::Longest, before);
        let surely = worst(asked(read.surely, held.min(read.surely)), Runs::Alone(held), Duration::ZERO);
        let found = found.and_then(|f| Some(f.plus(self.behind(*data)?)));
        Kept {
            loss: found.map(|f| f.plus(before).max(loss)),
            surely: surely
                .map_or(Duration::MAX, |s| chosen.surely.max(if log.is_some() { Duration::ZERO } else { s })),
            // Logs that roll an older point forward are more than the plan counts on.
            reason: if found.is_some() && log.is_none() {
                chosen.reason.clone()
            } else {
                Some(Reason::KeptTooShort)
            },
        }
    }

    /// How long at most runs of the director that schedules a copy's go on: until they are held, not
    /// at all where it is lost.
    fn until_held(&self, chosen: &Candidate, holds: &BTreeMap<Idx<Director>, Duration>) -> Duration {
        let Source::Store { data, .. } = &chosen.source else { return Duration::MAX };
        let ops = self.estate.ops;
        let Some(director) = ops.jobs[*data].kind.director() else { return Duration::MAX };
        let lost = self.lost.host(ops.directors[director].host);
        let until = if lost { Some(Duration::ZERO) } else { holds.get(&director).copied() };
        until.unwrap_or(Duration::MAX)
    }

    /// How far behind the data is that a job reads from a replica; nothing where it reads the
    /// primary, `None` without a bound.
    fn behind(&self, job: Idx<Job>) -> Option<Duration> {
        let ops = self.estate.ops;
        let JobKind::Database { client, cluster, .. } = &ops.jobs[ops.original(job)].kind else {
            return Some(Duration::ZERO);
        };
        let host = ops.clients[*client].host;
        match self.estate.index.streams(*cluster).iter().find(|s| ops.streams[**s].to == host) {
            Some(stream) => self.estate.facts.streams.get(*stream)?.applied(),
            None => Some(Duration::ZERO),
        }
    }

    /// Hold or scan, restore, and what makes a database of it.
    fn restore(&mut self, unit: &Unit, first: Idx<Data>, chosen: &Candidate) -> usize {
        let Source::Store { store, data, log, director, scan, openers } = &chosen.source else { return 0 };
        let Estate { model, facts, .. } = self.estate;
        let (response, target) = (unit.response, chosen.target);
        let declare = self.declare(response);
        let fence = self.fence(model.primary_host(first), response);
        let mut before = vec![declare, fence];
        before.extend(openers.iter().filter_map(|o| self.end_of(Subject::Data(*o))));
        if chosen.provision {
            before.push(self.provision(target, response));
        }
        let holder = model.stores[*store].host;
        if self.lost.host(holder) {
            before.push(self.provision(holder, response));
        }
        let jobs: Vec<Idx<Job>> = std::iter::once(*data).chain(*log).collect();
        let reading = Reading { ops: self.estate.ops, model, facts };
        let original = self.estate.ops.original(*data);
        let chain = reading.chain(*data);
        let bytes = chain.unwrap_or(Bytes(u64::MAX));
        let logs = log.map(|_| reading.logs(*data).unwrap_or(Bytes(u64::MAX)));
        let log_bytes = logs.unwrap_or(Bytes::ZERO);
        // Where it begins, and where a moment ends it.
        let ends = if self.lost.wrong_contents() { 2 } else { 1 };
        let spanning =
            log.map_or(Bytes::ZERO, |l| reading.spanning(l).unwrap_or(Bytes(u64::MAX)).times(ends));
        let all = bytes.plus(log_bytes).plus(spanning);
        // Runs that go on would share what is read, sent over and written to.
        let index = self.estate.index;
        let sharing = index.directors(holder).chain(index.directors(target));
        let stands = |d: &Idx<Director>| !self.lost.host(self.estate.ops.directors[*d].host);
        let mut held: Vec<Idx<Director>> = sharing.filter(stands).collect();
        // One that only restores has no runs, nor has one whose machine is new.
        let runs = |(_, j): (_, &Job)| j.kind.director() == Some(*director);
        let goes_on = stands(director) && self.estate.ops.jobs.iter().any(runs);
        held.extend((!scan || goes_on).then_some(*director));
        held.sort_unstable();
        held.dedup();
        for director in held {
            let hold = self.once(Once::Hold(director), |_| {
                Draft::new(StepKind::Hold { director }, Actor::Runner, vec![declare])
            });
            before.push(hold);
        }
        let least = size_today(model, &crate::flow::together(model, first));
        let log_least = log.map_or(Bytes::ZERO, |l| reading.surely_logs(*data, l));
        if *scan {
            // Nobody knows which volumes hold the newest chain: all of them are read.
            let volumes = jobs.iter().try_fold(Bytes::ZERO, |sum, j| Some(sum.plus(reading.kept(*j)?)));
            let bytes = volumes.unwrap_or(Bytes(u64::MAX));
            let least = reading.surely_kept(*data, least);
            let kind =
                StepKind::Scan { director: *director, store: *store, jobs: jobs.clone(), bytes, least };
            let draft = Draft::new(kind, Actor::Runner, before.clone()).holds([Resource::Store(*store)]);
            before.push(self.add(draft));
        }
        let kind = StepKind::Restore {
            data: first,
            copy: chosen.copy,
            director: *director,
            store: *store,
            jobs,
            to: target,
            bytes: all,
            least: least.plus(log_least),
        };
        let links = way_back(model, holder, target).unwrap_or_default();
        let restore = self.add(
            Draft::new(kind, Actor::Runner, before)
                .holds([Resource::Store(*store), Resource::Host(holder), Resource::Host(target)])
                .holds(links.first().map(|h| Resource::Link(h.link))),
        );
        let On::Cluster(cluster) = model.data[first].on else { return restore };
        self.database(
            cluster,
            first,
            target,
            restore,
            Restored { original, log: *log, bytes, log_bytes, log_least },
        )
    }

    /// A restored staging area becomes a database.
    fn database(
        &mut self,
        cluster: Idx<Cluster>,
        data: Idx<Data>,
        host: Idx<Host>,
        restore: usize,
        restored: Restored,
    ) -> usize {
        let Estate { model, ops, facts, .. } = self.estate;
        let together = crate::flow::together(model, data);
        let (staging, dump) = match &ops.jobs[restored.original].kind {
            JobKind::Database { staging: Staging::Physical { path }, .. } => (path.clone(), false),
            JobKind::Database { staging: Staging::Logical { path }, .. } => (path.clone(), true),
            _ => return restore,
        };
        let least = size_today(model, &together);
        // A physical copy is put in place as large as the database is; preparing reads the chain.
        let bytes = restored.bytes.max(size_at_end(model, &together, facts.horizon));
        let on = [Resource::Host(host)];
        let prepare = StepKind::Prepare { cluster, data, host, staging, dump, bytes, least };
        let start = StepKind::StartDatabase { cluster, host };
        // A dump is loaded into a database that runs; a physical copy is made ready before.
        let order = if dump { [start, prepare] } else { [prepare, start] };
        let mut last = restore;
        for kind in order {
            last = self.add(Draft::new(kind, Actor::Runner, vec![last]).holds(on));
        }
        if let Some(log) = restored.log
            && let JobKind::Log { path, .. } = &ops.jobs[ops.original(log)].kind
        {
            let until = self.lost.wrong_contents();
            let (bytes, least) = (restored.log_bytes, restored.log_least);
            let kind = StepKind::Replay { cluster, host, path: path.clone(), bytes, least, until };
            last = self.add(Draft::new(kind, Actor::Runner, vec![last]).holds(on));
        }
        last
    }

    /// Databases that are not hit but whose primary waits for replicas that are gone or cut off.
    fn stalls(&mut self) {
        let Estate { model, ops, index, .. } = self.estate;
        for (cluster, c) in model.clusters.iter() {
            if self.lost.host(c.primary.0) {
                continue;
            }
            let streams: Vec<_> = index.streams(cluster).iter().map(|s| &ops.streams[*s]).collect();
            let waiting: Vec<_> = streams.iter().filter(|s| waits(s.mode)).collect();
            let reached = |s: &&&&crate::ops::Stream| {
                !self.lost.host(s.to)
                    && s.paths.iter().any(|p| p.hops.iter().all(|h| !self.lost.link(h.link)))
            };
            let left = waiting.iter().filter(reached).count() as u64;
            let wanted = model.engines[c.engine].acknowledgements.value.min(waiting.len() as u64);
            if left >= wanted {
                continue;
            }
            let data = model.data_in(cluster);
            if waiting.iter().any(|s| never_falls_back(s.mode)) {
                self.gone.extend(data.iter().map(|d| (Subject::Data(*d), Reason::Stalls)));
                continue;
            }
            let resume = self.add(Draft::new(StepKind::Resume { cluster }, Actor::Automatic, Vec::new()));
            self.recovered.extend(data.iter().map(|d| (Subject::Data(*d), resume)));
        }
    }
}

/// What the points that are kept come to.
struct Kept {
    loss: Option<Duration>,
    surely: Duration,
    reason: Option<Reason>,
}

/// What a restore brought to a host.
#[derive(Clone, Copy)]
struct Restored {
    original: Idx<Job>,
    log: Option<Idx<Job>>,
    bytes: Bytes,
    log_bytes: Bytes,
    log_least: Bytes,
}
