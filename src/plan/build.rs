//! A plan in the making: steps in the order in which they can be done, each timed as it is added.

use super::outage::Outages;
use super::step::{Actor, Choice, Interval, Plan, Reason, Resource, Stage, Step, StepKind, Subject};
use super::{Index, Lost, times};
use crate::flow::Facts;
use crate::model::{Data, Host, Model, On, Response, Scenario, Site, StrikeKind};
use crate::ops::{Director, NameTable, Ops};
use crate::quantity::Duration;
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
        outages: Outages::new(model, &scenario.earlier),
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
    builder.what_plans_need();
    builder.told(scenario);
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
    /// What had struck before the last strike.
    pub outages: Outages,
    pub kind: StrikeKind,
    pub steps: Vec<Step>,
    pub once: BTreeMap<Once, usize>,
    last: BTreeMap<Resource, usize>,
    people: BTreeMap<Option<Idx<Response>>, Vec<Option<usize>>>,
    /// Where data classes live afterwards, when that is not where they lived.
    pub homes: BTreeMap<Idx<Data>, Idx<Host>>,
    /// Sites in which machines stand again.
    pub revived: BTreeSet<Idx<Site>>,
    pub dropped: BTreeMap<Idx<crate::model::Pool>, usize>,
    pub choices: Vec<Choice>,
    pub recovered: Vec<(Subject, usize)>,
    pub gone: Vec<(Subject, Reason)>,
    pub notes: Vec<String>,
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

    /// Says something that the operators must know, once.
    pub fn note(&mut self, text: String) {
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }
}
