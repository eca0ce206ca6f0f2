//! A plan in the making: each step gets the first time at which what it waits for has ended and
//! what it holds is free.
//!
//! That is list scheduling: whoever comes first is served first, and who comes later may go before
//! only where it is in nobody's way (calculus, 6.2). The order on each resource is fixed when all
//! steps are there (`order.rs`), and becomes part of the plan.

use super::busy::Busy;
use super::choose::{Candidate, Chooser};
use super::outage::Outages;
use super::requisites::Openings;
use super::step::{Actor, Choice, Interval, Plan, Reason, Resource, Stage, Step, StepKind, Subject};
use super::units::Unit;
use super::{Index, Lost, times};
use crate::flow::Facts;
use crate::model::{Data, Host, Model, On, Response, Scenario, Site, StrikeKind};
use crate::ops::{Director, NameTable, Ops};
use crate::quantity::Duration;
use la_arena::Idx;
use rustc_hash::FxHashMap;
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

/// The title of a scenario's plan: its name; for a corruption with what is wrong behind it.
pub(super) fn title(model: &Model, scenario: &Scenario, lost: &Lost) -> String {
    let title = scenario.name(model);
    let (None, Some(data)) = (&scenario.own, lost.corrupted) else { return title };
    let whose = match &model.data[data].on {
        On::Cluster(c) => &model.clusters[*c].name,
        On::Files { .. } => &model.data[data].name,
    };
    format!("{title} {whose}")
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
    StartMember(Idx<crate::model::Service>, Idx<Host>),
    DropMembers(Idx<crate::model::Pool>, bool),
}

/// Who has one resource: the thing itself, or one of the people of a response.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Holder {
    Thing(Resource),
    Person(Option<Idx<Response>>, u32),
}

/// A step that has its time.
pub(super) struct Placed {
    pub step: Step,
    /// What it takes in a behaviour that can surely happen.
    pub sure: Duration,
    /// Which of the people does it, where it holds one.
    pub person: Option<u32>,
}

impl Placed {
    /// What it holds, and whose it is.
    pub fn holders(&self) -> impl Iterator<Item = (Holder, Resource)> + '_ {
        self.step.holds.iter().map(|r| match (r, self.person) {
            (Resource::Operator, Some(n)) => (Holder::Person(self.step.response, n), *r),
            _ => (Holder::Thing(*r), *r),
        })
    }
}

/// A plan in the making.
pub(super) struct Builder<'a> {
    pub estate: Estate<'a>,
    pub lost: &'a Lost,
    /// What had struck before the last strike.
    pub outages: &'a Outages,
    pub kind: StrikeKind,
    pub steps: Vec<Placed>,
    pub once: BTreeMap<Once, usize>,
    busy: FxHashMap<Holder, Busy>,
    /// Where data classes live afterwards, when that is not where they lived.
    pub homes: BTreeMap<Idx<Data>, Idx<Host>>,
    /// Sites in which machines stand again.
    pub revived: BTreeSet<Idx<Site>>,
    /// Of services that something happened to, where whoever needs them finds them.
    pub served: BTreeMap<Idx<crate::model::Service>, super::services::Found>,
    pub choices: Vec<Choice>,
    /// By choice the candidate that was taken, and the step after which it is there.
    pub taken: Vec<(Candidate, usize)>,
    pub recovered: Vec<(Subject, usize)>,
    pub gone: Vec<(Subject, Reason)>,
    pub notes: Vec<String>,
    /// What to put back when what follows is undone; kept only while something is tried.
    undo: Option<Undo>,
}

/// How a plan was before something was tried.
struct Undo {
    steps: usize,
    choices: usize,
    recovered: usize,
    notes: usize,
    once: Vec<Once>,
    homes: Vec<Idx<Data>>,
    revived: BTreeSet<Idx<Site>>,
    busy: Vec<(Holder, Busy)>,
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

    pub fn stage(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }
}

impl<'a> Builder<'a> {
    pub fn new(estate: Estate<'a>, lost: &'a Lost, outages: &'a Outages, kind: StrikeKind) -> Self {
        Self {
            estate,
            lost,
            outages,
            kind,
            steps: Vec::new(),
            once: BTreeMap::new(),
            busy: FxHashMap::default(),
            homes: BTreeMap::new(),
            revived: BTreeSet::new(),
            served: BTreeMap::new(),
            choices: Vec::new(),
            taken: Vec::new(),
            recovered: Vec::new(),
            gone: Vec::new(),
            notes: Vec::new(),
            undo: None,
        }
    }

    /// Who chooses a copy for a unit while others are still to be recovered; `last` when none of
    /// those can come first any more.
    pub fn chooser<'c>(
        &'c self,
        unit: &'c Unit,
        pending: &'c BTreeSet<Idx<Data>>,
        last: bool,
    ) -> Chooser<'c> {
        let Estate { model, ops, facts, index } = self.estate;
        let openings = Openings { unit: &unit.data, pending, gone: &self.gone, last };
        let (lost, outages) = (self.lost, self.outages);
        Chooser { model, ops, facts, index, lost, kind: self.kind, outages, openings }
    }

    /// Adds a step: it begins when all it waits for has ended and all it holds is free for as long
    /// as it takes at most.
    pub fn add(&mut self, draft: Draft) -> usize {
        let Draft { kind, actor, mut after, mut holds, response, stage } = draft;
        let mut seen = BTreeSet::new();
        holds.retain(|h| seen.insert(*h));
        after.sort_unstable();
        after.dedup();
        let Estate { model, ops, facts, .. } = self.estate;
        let times = times::times(model, ops, facts, &kind, response);
        let takes: Interval = times.takes();
        let ends = after.iter().filter_map(|a| self.steps.get(*a)).map(|s| s.step.finish);
        let ready = ends.max().unwrap_or_default();
        let (start, person) = self.slot(ready, takes.most, &holds, response);
        let finish = start.plus(takes.most);
        let step = Step {
            kind,
            actor,
            after,
            behind: Vec::new(),
            holds,
            takes,
            response,
            start,
            finish,
            surely: Duration::ZERO,
            stage,
        };
        let placed = Placed { step, sure: times.sure(), person };
        for (holder, _) in placed.holders() {
            let busy = self.busy.entry(holder).or_default();
            if let Some(undo) = &mut self.undo {
                undo.busy.push((holder, busy.clone()));
            }
            busy.take(start, finish);
        }
        self.steps.push(placed);
        self.steps.len() - 1
    }

    /// The first time from `ready` on at which all of it is free for so long, and whose hands do it.
    fn slot(
        &self,
        ready: Duration,
        long: Duration,
        holds: &[Resource],
        response: Option<Idx<Response>>,
    ) -> (Duration, Option<u32>) {
        let free = |holder: Holder, from| self.busy.get(&holder).map_or(from, |b| b.free(from, long));
        let (mut at, mut person) = (ready, None);
        loop {
            let before = at;
            for resource in holds {
                if *resource == Resource::Operator {
                    let many = operators(self.estate.model, response);
                    let first = (0..many).map(|n| (free(Holder::Person(response, n), at), n)).min();
                    if let Some((when, n)) = first {
                        (at, person) = (when, Some(n));
                    }
                } else {
                    at = free(Holder::Thing(*resource), at);
                }
            }
            if at == before {
                return (at, person);
            }
        }
    }

    /// From here on, what is done can be undone.
    pub fn attempt(&mut self) {
        self.undo = Some(Undo {
            steps: self.steps.len(),
            choices: self.choices.len(),
            recovered: self.recovered.len(),
            notes: self.notes.len(),
            once: Vec::new(),
            homes: Vec::new(),
            revived: self.revived.clone(),
            busy: Vec::new(),
        });
    }

    /// What was done since the attempt began stays.
    pub fn keep(&mut self) {
        self.undo = None;
    }

    /// Makes undone what was done since the attempt began.
    pub fn undo(&mut self) {
        let Some(undo) = self.undo.take() else { return };
        self.steps.truncate(undo.steps);
        self.choices.truncate(undo.choices);
        self.taken.truncate(undo.choices);
        self.recovered.truncate(undo.recovered);
        self.notes.truncate(undo.notes);
        for key in &undo.once {
            self.once.remove(key);
        }
        for data in &undo.homes {
            self.homes.remove(data);
        }
        self.revived = undo.revived;
        for (holder, busy) in undo.busy.into_iter().rev() {
            self.busy.insert(holder, busy);
        }
    }

    /// A data class lives on a host from now on.
    pub fn settle(&mut self, data: Idx<Data>, host: Idx<Host>) {
        self.homes.insert(data, host);
        if let Some(undo) = &mut self.undo {
            undo.homes.push(data);
        }
    }

    /// The step of which a plan has one.
    pub fn once(&mut self, key: Once, draft: impl FnOnce(&mut Self) -> Draft) -> usize {
        if let Some(known) = self.once.get(&key) {
            return *known;
        }
        let draft = draft(self);
        let n = self.add(draft);
        if let Some(undo) = &mut self.undo {
            undo.once.push(key.clone());
        }
        self.once.insert(key, n);
        n
    }

    /// People know, and have decided.
    pub fn declare(&mut self, response: Option<Idx<Response>>) -> usize {
        let hidden = self.lost.wrong_contents();
        let detect = self.once(Once::Detect(response), |_| {
            Draft::new(StepKind::Detect { hidden }, Actor::Person, Vec::new()).people(response)
        });
        self.once(Once::Declare(response), |_| {
            Draft::new(StepKind::Declare, Actor::Person, vec![detect]).people(response)
        })
    }

    /// What may still write there is made harmless.
    pub fn fence(&mut self, host: Idx<Host>, response: Option<Idx<Response>>) -> usize {
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

    /// When people have decided, at the latest; zero where nobody has to.
    pub fn decided(&self, response: Option<Idx<Response>>) -> Duration {
        let step = self.once.get(&Once::Declare(response)).and_then(|n| self.steps.get(*n));
        step.map_or(Duration::ZERO, |s| s.step.finish)
    }

    /// Says something that the operators must know, once.
    pub fn note(&mut self, text: String) {
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }
}

/// How many of the people of a response work at the same time. One where nothing says.
pub(super) fn operators(model: &Model, response: Option<Idx<Response>>) -> u32 {
    let many = response.map_or(1, |r| model.responses[r].operators.value).clamp(1, 64);
    u32::try_from(many).unwrap_or(1)
}
