//! The steps that recover databases and trees of files.

use super::choose::{Candidate, Chooser, Source, Unit, response_of, units, waits};
use super::reading::Reading;
use super::step::{Actor, Choice, Interval, Plan, Reason, Resource, Stage, Step, StepKind, Subject};
use super::{Index, Lost, times};
use crate::flow::{Facts, never_falls_back, size_at_end, size_today};
use crate::model::{Cluster, Data, Host, Model, On, Response, Scenario, Site, StrikeKind};
use crate::ops::shaping::way_back;
use crate::ops::{Director, Job, JobKind, Level, NameTable, Ops, Staging};
use crate::quantity::{Bytes, Duration};
use la_arena::Idx;
use std::collections::{BTreeMap, BTreeSet};

/// All that a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Estate<'a> {
    /// The estate.
    pub model: &'a Model,
    /// The operations.
    pub ops: &'a Ops,
    /// What is known of them.
    pub facts: &'a Facts,
    /// Who depends on what.
    pub index: &'a Index,
}

/// The ordered recovery from a scenario. Its slug is not yet unique: see [`name_all`].
pub fn plan(estate: Estate<'_>, scenario: &Scenario) -> Plan {
    let model = estate.model;
    let lost = Lost::of(model, scenario);
    let kind = scenario.kind(model);
    let mut title = scenario.name(model);
    if let (None, Some(data)) = (&scenario.own, lost.corrupted) {
        let whose = match &model.data[data].on {
            On::Cluster(c) => &model.clusters[*c].name,
            On::Files { .. } => &model.data[data].name,
        };
        title = format!("{title} {whose}");
    }
    let mut builder = Builder {
        estate,
        lost,
        kind,
        steps: Vec::new(),
        once: BTreeMap::new(),
        last: BTreeMap::new(),
        people: BTreeMap::new(),
        homes: BTreeMap::new(),
        revived: BTreeSet::new(),
        dropped: BTreeMap::new(),
        choices: Vec::new(),
        recovered: Vec::new(),
        gone: Vec::new(),
        notes: Vec::new(),
    };
    builder.data(scenario);
    builder.services(scenario);
    builder.afterwards();
    let slug = title.replace(' ', "-").into();
    Plan {
        scenario: scenario.clone(),
        title,
        slug,
        choices: builder.choices,
        steps: builder.steps,
        recovered: builder.recovered,
        lost: builder.gone,
        notes: builder.notes,
    }
}

/// Gives plans slugs that are unique and can be names of folders.
pub fn name_all(plans: &mut [Plan]) {
    let mut names = NameTable::default();
    for plan in plans {
        plan.slug = names.unique(&[&plan.title]);
    }
}

/// Steps that a plan has once, whoever asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Once {
    Detect(Option<Idx<Response>>),
    Declare(Option<Idx<Response>>),
    Fence(Idx<Host>),
    Hold(Idx<Director>),
    Provision(Idx<Host>),
    TakeOver(Idx<crate::model::Vip>),
    SwitchDns(Idx<crate::model::Dns>),
    StartMember(Idx<crate::model::Pool>, Idx<Host>),
}

/// A plan in the making. Steps are timed as they are added: what holds a resource waits for the
/// step that had it before, and that order becomes part of the plan.
pub(super) struct Builder<'a> {
    pub estate: Estate<'a>,
    pub lost: Lost,
    pub kind: StrikeKind,
    pub steps: Vec<Step>,
    once: BTreeMap<Once, usize>,
    last: BTreeMap<Resource, usize>,
    people: BTreeMap<Option<Idx<Response>>, Vec<Option<usize>>>,
    /// Where data classes live afterwards, when that is not where they lived.
    pub homes: BTreeMap<Idx<Data>, Idx<Host>>,
    /// Sites in which machines stand again.
    pub revived: BTreeSet<Idx<Site>>,
    pub dropped: BTreeMap<Idx<crate::model::Pool>, usize>,
    choices: Vec<Choice>,
    pub recovered: Vec<(Subject, usize)>,
    pub gone: Vec<(Subject, Reason)>,
    notes: Vec<String>,
}

/// A step before its time is known.
pub(super) struct Draft {
    kind: StepKind,
    actor: Actor,
    after: Vec<usize>,
    holds: Vec<Resource>,
    response: Option<Idx<Response>>,
    stage: Stage,
}

impl Draft {
    pub fn new(kind: StepKind, actor: Actor, after: Vec<usize>) -> Self {
        Self { kind, actor, after, holds: Vec::new(), response: None, stage: Stage::Recover }
    }

    pub fn holds(mut self, what: impl IntoIterator<Item = Resource>) -> Self {
        self.holds.extend(what);
        self
    }

    pub fn people(mut self, response: Option<Idx<Response>>) -> Self {
        self.response = response;
        self
    }

    fn stage(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }
}

impl Builder<'_> {
    /// Adds a step behind what it waits for and behind the steps that hold what it holds.
    pub fn add(&mut self, draft: Draft) -> usize {
        let Draft { kind, actor, mut after, mut holds, response, stage } = draft;
        let mut seen = BTreeSet::new();
        holds.retain(|h| seen.insert(*h));
        let n = self.steps.len();
        let Estate { model, ops, facts, .. } = self.estate;
        for resource in &holds {
            if *resource == Resource::Operator {
                after.extend(self.somebody(response, n));
            } else if let Some(before) = self.last.insert(*resource, n) {
                after.push(before);
            }
        }
        after.sort_unstable();
        after.dedup();
        let times = times::times(model, ops, facts, &kind, response);
        let before = |pick: fn(&Step) -> Duration| {
            after.iter().filter_map(|a| self.steps.get(*a)).map(pick).max().unwrap_or_default()
        };
        let (start, sure_start) = (before(|s| s.finish), before(|s| s.surely));
        let takes: Interval = times.takes();
        let finish = start.plus(takes.most);
        let surely = sure_start.plus(times.sure());
        self.steps.push(Step { kind, actor, after, holds, takes, response, start, finish, surely, stage });
        n
    }

    /// Gives the step one of the people, the one who is free first; the step that they did before.
    fn somebody(&mut self, response: Option<Idx<Response>>, step: usize) -> Option<usize> {
        let many = response.map_or(1, |r| self.estate.model.responses[r].operators.value).clamp(1, 64);
        let people = self.people.entry(response).or_insert_with(|| vec![None; many as usize]);
        let steps = &self.steps;
        let free =
            |last: &Option<usize>| last.and_then(|l| steps.get(l)).map(|s| s.finish).unwrap_or_default();
        people.iter_mut().min_by_key(|p| free(p)).and_then(|p| p.replace(step))
    }

    /// The step of which a plan has one.
    pub fn once(&mut self, key: Once, draft: impl FnOnce(&mut Self) -> Draft) -> usize {
        if let Some(known) = self.once.get(&key) {
            return *known;
        }
        let draft = draft(self);
        let n = self.add(draft);
        self.once.insert(key, n);
        n
    }

    /// People know, and have decided.
    pub fn declare(&mut self, response: Option<Idx<Response>>) -> usize {
        let hidden = self.lost.corrupted.is_some() || self.lost.hostile;
        let detect = self.once(Once::Detect(response), |_| {
            Draft::new(StepKind::Detect { hidden }, Actor::Person, Vec::new()).people(response)
        });
        self.once(Once::Declare(response), |_| {
            Draft::new(StepKind::Declare, Actor::Person, vec![detect]).people(response)
        })
    }

    /// What may still write there is made harmless.
    fn fence(&mut self, host: Idx<Host>, response: Option<Idx<Response>>) -> usize {
        let declare = self.declare(response);
        let reachable = !self.lost.host(host);
        self.once(Once::Fence(host), |_| {
            Draft::new(StepKind::Fence { host, reachable }, Actor::Person, vec![declare])
                .holds([Resource::Operator])
                .people(response)
        })
    }

    /// A machine stands in the place of a lost one.
    pub fn provision(&mut self, host: Idx<Host>, response: Option<Idx<Response>>) -> usize {
        let declare = self.declare(response);
        let at = self.estate.model.hosts[host].site;
        self.revived.insert(at);
        let site = self.lost.whole_site(at);
        self.once(Once::Provision(host), |_| {
            Draft::new(StepKind::Provision { host, site }, Actor::Person, vec![declare]).people(response)
        })
    }

    /// Whether two sites can speak once the machines that the plan brings back stand.
    pub fn joined(&self, a: Idx<Site>, b: Idx<Site>) -> bool {
        let stands = |s: Idx<Site>| !self.lost.whole_site(s) || self.revived.contains(&s);
        a == b
            || self.estate.model.links.iter().any(|(id, l)| {
                (l.ends == [a, b] || l.ends == [b, a]) && !self.lost.struck(id) && stands(a) && stands(b)
            })
    }

    fn hit(&self, scenario: &Scenario) -> Vec<Idx<Data>> {
        let model = self.estate.model;
        let touched = self.estate.index.touched(model, &self.lost, &scenario.strikes);
        touched.into_iter().filter(|d| self.lost.hits(model, *d)).collect()
    }

    fn data(&mut self, scenario: &Scenario) {
        let hit = self.hit(scenario);
        let model = self.estate.model;
        for unit in units(model, &hit, self.kind) {
            let chosen = Chooser {
                model,
                ops: self.estate.ops,
                facts: self.estate.facts,
                index: self.estate.index,
                lost: &self.lost,
                kind: self.kind,
            }
            .choose(&unit);
            match chosen {
                Ok(candidate) => self.recover(&unit, &candidate),
                Err(reason) => {
                    self.gone.extend(unit.data.iter().map(|d| (Subject::Data(*d), reason.clone())));
                }
            }
        }
        if !self.lost.hostile && self.lost.corrupted.is_none() {
            self.stalls();
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

    fn recover(&mut self, unit: &Unit, chosen: &Candidate) {
        let Some(first) = unit.data.first().copied() else { return };
        let primary = self.estate.model.primary_host(first);
        let response = unit.response;
        let ready = match &chosen.source {
            Source::Stream { others } => {
                let On::Cluster(cluster) = self.estate.model.data[first].on else { return };
                let fence = self.fence(primary, response);
                let kind = StepKind::Promote { cluster, host: chosen.target, others: others.clone() };
                self.add(Draft::new(kind, Actor::Runner, vec![fence]).holds([Resource::Host(chosen.target)]))
            }
            Source::Mirror { job } => {
                let fence = self.fence(primary, response);
                let kind = StepKind::Publish { data: first, job: *job, host: chosen.target };
                self.add(Draft::new(kind, Actor::Runner, vec![fence]).holds([Resource::Host(chosen.target)]))
            }
            Source::Store { .. } => self.restore(unit, first, chosen),
        };
        for data in &unit.data {
            let kind = StepKind::VerifyData { data: *data, host: chosen.target };
            let verify = self.add(Draft::new(kind, Actor::Runner, vec![ready]));
            self.recovered.push((Subject::Data(*data), verify));
            self.homes.insert(*data, chosen.target);
            let (kept, surely_gone) = self.kept_long_enough(chosen, verify);
            self.choices.push(Choice {
                data: *data,
                copy: chosen.copy,
                means: chosen.means,
                target: chosen.target,
                loss: if kept { chosen.loss } else { None },
                loss_surely: if surely_gone { Duration::MAX } else { chosen.surely },
                reason: if kept { chosen.reason.clone() } else { Some(Reason::KeptTooShort) },
            });
        }
    }

    /// Whether the chosen point and its chain still stand when they are read: what was right just
    /// before the contents went wrong must be kept until the recovery has ended, and the point may
    /// be older than that by the gap and the run (model, "corruption").
    ///
    /// Whether it surely does, and whether it surely does not.
    fn kept_long_enough(&self, chosen: &Candidate, done: usize) -> (bool, bool) {
        let Source::Store { store, data, log, .. } = &chosen.source else { return (true, false) };
        if self.lost.corrupted.is_none() && !self.lost.hostile {
            return (true, false);
        }
        let (Some(step), Some(fact)) = (self.steps.get(done), self.estate.facts.jobs.get(*data)) else {
            return (false, false);
        };
        let ops = self.estate.ops;
        let keep = log.map_or(ops.jobs[*data].keep, |l| ops.jobs[l].keep.min(ops.jobs[*data].keep));
        let held = match self.estate.model.stores[*store].immutable {
            Some(window) if self.lost.hostile => window.value,
            _ => Duration::MAX,
        };
        // What cannot be deleted must hold the whole chain: its full may be older still.
        let full =
            self.estate.facts.jobs.get(self.reading().original(*data)).and_then(|f| f.level(Level::Full));
        let chain = full.and_then(|l| l.same.or(l.gap)).map_or(Duration::MAX, |g| g.length);
        let stands = |needed: Duration| needed <= keep && needed.plus(chain) <= held;
        // Without a bound on its age there is none on the loss, for a reason of its own.
        let kept = fact.loss().is_none_or(|(age, _)| stands(step.finish.plus(age)));
        let gone = fact.loss_alone().is_some_and(|(age, _)| !stands(step.surely.plus(age)));
        (kept, gone)
    }

    fn reading(&self) -> Reading<'_> {
        Reading { ops: self.estate.ops, model: self.estate.model, facts: self.estate.facts }
    }

    /// Hold or scan, restore, and what makes a database of it.
    fn restore(&mut self, unit: &Unit, first: Idx<Data>, chosen: &Candidate) -> usize {
        let Source::Store { store, data, log, director, scan } = &chosen.source else { return 0 };
        let Estate { model, facts, .. } = self.estate;
        let (response, target) = (unit.response, chosen.target);
        let declare = self.declare(response);
        let fence = self.fence(model.primary_host(first), response);
        let mut before = vec![declare, fence];
        if chosen.provision {
            before.push(self.provision(target, response));
        }
        let holder = model.stores[*store].host;
        if self.lost.host(holder) {
            before.push(self.provision(holder, response));
        }
        let jobs: Vec<Idx<Job>> = std::iter::once(*data).chain(*log).collect();
        let reading = Reading { ops: self.estate.ops, model, facts };
        let original = reading.original(*data);
        let files = matches!(model.data[first].on, On::Files { .. });
        let copied = matches!(self.estate.ops.jobs[*data].kind, JobKind::Copy { .. });
        // A scanned copy does not know its level: a tree is merged from every run that is there.
        let chain = if *scan && files && copied { reading.merged(*data) } else { reading.chain(*data) };
        let bytes = chain.unwrap_or(Bytes(u64::MAX));
        let logs = log.map(|_| reading.logs(*data).unwrap_or(Bytes(u64::MAX)));
        let log_bytes = logs.unwrap_or(Bytes::ZERO);
        let all = bytes.plus(log_bytes);
        if *scan {
            // Nobody knows which volumes hold the newest chain: all of them are read.
            let volumes = jobs.iter().try_fold(Bytes::ZERO, |sum, j| Some(sum.plus(reading.kept(*j)?)));
            let bytes = volumes.unwrap_or(Bytes(u64::MAX));
            let kind = StepKind::Scan { director: *director, store: *store, jobs: jobs.clone(), bytes };
            let draft = Draft::new(kind, Actor::Runner, before.clone()).holds([Resource::Store(*store)]);
            before.push(self.add(draft));
        }
        // Runs that go on would share what the restore reads, sends over and writes to.
        let index = self.estate.index;
        let sharing = index.directors(holder).chain(index.directors(target));
        let mut held: Vec<Idx<Director>> = sharing
            .filter(|d| d != director && !self.lost.host(self.estate.ops.directors[*d].host))
            .collect();
        held.extend((!scan).then_some(*director));
        held.sort_unstable();
        held.dedup();
        for director in held {
            let hold = self.once(Once::Hold(director), |_| {
                Draft::new(StepKind::Hold { director }, Actor::Runner, vec![declare])
            });
            before.push(hold);
        }
        let least = size_today(model, &crate::flow::together(model, first));
        let kind = StepKind::Restore {
            data: first,
            copy: chosen.copy,
            director: *director,
            store: *store,
            jobs,
            scanned: *scan,
            to: target,
            bytes: all,
            least,
        };
        let links = way_back(model, holder, target).unwrap_or_default();
        let restore = self.add(
            Draft::new(kind, Actor::Runner, before)
                .holds([Resource::Store(*store), Resource::Host(holder), Resource::Host(target)])
                .holds(links.first().map(|h| Resource::Link(h.link))),
        );
        let On::Cluster(cluster) = model.data[first].on else { return restore };
        self.database(cluster, first, target, restore, Restored { original, log: *log, bytes, log_bytes })
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
            && let JobKind::Log { path, .. } = &ops.jobs[self.reading().original(log)].kind
        {
            let until = self.lost.corrupted.is_some() || self.lost.hostile;
            let kind =
                StepKind::Replay { cluster, host, path: path.clone(), bytes: restored.log_bytes, until };
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

    /// What follows when everything works again, and the way back.
    fn afterwards(&mut self) {
        if !self.steps.iter().any(|s| matches!(s.kind, StepKind::Declare)) {
            return;
        }
        let responses: Vec<Option<Idx<Response>>> = self.people_known();
        let done: Vec<usize> = self.recovered.iter().map(|(_, n)| *n).collect();
        let moved: Vec<(Idx<Data>, Idx<Host>, usize)> = self
            .recovered
            .iter()
            .filter_map(|(s, n)| match s {
                Subject::Data(d) => self.homes.get(d).map(|h| (*d, *h, *n)),
                Subject::Service(_) => None,
            })
            .collect();
        let mut repoints = Vec::new();
        for (n, step) in self.steps.iter().enumerate() {
            if let StepKind::Promote { cluster, host, others } = &step.kind {
                let follow =
                    |r: &Idx<Host>| StepKind::Repoint { cluster: *cluster, replica: *r, primary: *host };
                repoints.extend(others.iter().map(|r| (follow(r), n)));
            }
        }
        for (kind, n) in repoints {
            self.add(Draft::new(kind, Actor::Runner, vec![n]).stage(Stage::Afterwards));
        }
        for director in self.held() {
            let draft = Draft::new(StepKind::Release { director }, Actor::Runner, done.clone());
            self.add(draft.stage(Stage::Afterwards));
        }
        if let Some(response) = responses.first() {
            let draft = Draft::new(StepKind::Announce, Actor::Person, done).people(*response);
            self.add(draft.stage(Stage::Afterwards));
        }
        self.failback(&moved);
    }

    fn people_known(&self) -> Vec<Option<Idx<Response>>> {
        let known = self.once.keys().filter_map(|k| match k {
            Once::Declare(r) => Some(*r),
            _ => None,
        });
        known.collect()
    }

    fn held(&self) -> Vec<Idx<Director>> {
        let held = self.once.keys().filter_map(|k| match k {
            Once::Hold(d) => Some(*d),
            _ => None,
        });
        held.collect()
    }

    /// Data that moved to another host goes home, once a copy stands there again.
    fn failback(&mut self, moved: &[(Idx<Data>, Idx<Host>, usize)]) {
        let model = self.estate.model;
        let mut seen = BTreeSet::new();
        for (data, host, n) in moved {
            let home = model.primary_host(*data);
            let unit = crate::flow::together(model, *data).first().copied();
            if home == *host || !seen.insert(unit) {
                continue;
            }
            let response = response_of(model, *data);
            let kind = StepKind::Reprotect { data: *data, host: home, from: *host };
            let again = Draft::new(kind, Actor::Person, vec![*n]).people(response).stage(Stage::Failback);
            let again = self.add(again);
            let kind = StepKind::FailBack { data: *data, from: *host, to: home };
            self.add(Draft::new(kind, Actor::Person, vec![again]).people(response).stage(Stage::Failback));
        }
    }

    /// Says something that the operators must know, once.
    pub fn note(&mut self, text: String) {
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }
}

/// What a restore brought to a host.
#[derive(Clone, Copy)]
struct Restored {
    original: Idx<Job>,
    log: Option<Idx<Job>>,
    bytes: Bytes,
    log_bytes: Bytes,
}
