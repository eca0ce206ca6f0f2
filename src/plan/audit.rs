//! What must hold of every plan before anybody sees it.
//!
//! The planner is made so that it does; this looks at the finished plan and trusts nothing.

use super::requisites::openers;
use super::{Actor, Lost, Plan, Resource, Step, StepKind};
use crate::model::{Cluster, Data, Host, Model, On, Response};
use crate::ops::Ops;
use la_arena::Idx;
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong with a plan, one line each; empty for every plan that is fit to be followed.
///
/// - a step waits only for steps before it, and starts when they have ended;
/// - steps that share what only one can have are ordered;
/// - never do more steps hold a person at the same time than there are people: each person has
///   a row of steps, of which each waits for the one before;
/// - nothing becomes a primary before a person has made the old one harmless, and of each database
///   or tree one host at most does: whatever order the graph allows, there are never two;
/// - nothing is done on what is lost, unless it stands again before;
/// - a store is read only when what opens it has been recovered.
pub fn audit(model: &Model, ops: &Ops, plan: &Plan) -> Vec<String> {
    let lost = Lost::of(model, &plan.scenario);
    let mut wrong = Vec::new();
    let mut say = |n: usize, what: String| wrong.push(format!("{}: step {}: {what}", plan.title, n + 1));
    let mut known: Vec<Known> = Vec::with_capacity(plan.steps.len());
    let mut last: BTreeMap<Resource, (usize, usize)> = BTreeMap::new();
    let mut people = People::default();
    let mut primaries: BTreeMap<Whole, Idx<Host>> = BTreeMap::new();
    for (n, step) in plan.steps.iter().enumerate() {
        if step.after.iter().any(|a| *a >= n) {
            say(n, "waits for a later step".to_owned());
        }
        if step.after.iter().filter_map(|a| plan.steps.get(*a)).any(|a| a.finish > step.start) {
            say(n, "starts before what it waits for has ended".to_owned());
        }
        if let Some(what) = people.takes(model, n, step) {
            say(n, what);
        }
        if let Some((whole, host)) = made_primary(model, &step.kind)
            && *primaries.entry(whole).or_insert(host) != host
        {
            say(n, format!("a second primary: `{}` beside the first", model.hosts[host].name));
        }
        let mut mine = Known::default();
        for a in &step.after {
            mine.join(known.get(*a));
        }
        for resource in step.holds.iter().filter(|r| **r != Resource::Operator) {
            let next = last.len();
            let (number, other) = *last.entry(*resource).or_insert((next, usize::MAX));
            if other != usize::MAX && mine.held.get(number).copied() != Some(other as u32 + 1) {
                say(n, format!("shares {resource:?} with step {} and does not wait for it", other + 1));
            }
            last.insert(*resource, (number, n));
        }
        if let Some(primary) = replaces(model, &step.kind)
            && !mine.fenced.contains(primary)
        {
            say(n, format!("a second primary: `{}` was not fenced", model.hosts[primary].name));
        }
        if let StepKind::Restore { store, director, .. } = &step.kind {
            let openers = openers(model, ops, *store, *director);
            for by in openers.into_iter().filter(|by| lost.hits(model, *by)) {
                if !comes_after(plan, n, by) {
                    say(n, format!("is opened by `{}`, which is not recovered before", model.data[by].name));
                }
            }
        }
        for host in needs(model, ops, &step.kind) {
            if lost.host(host) && !mine.back.contains(host) {
                say(n, format!("needs `{}`, which is lost", model.hosts[host].name));
            }
        }
        mine.ends(step, n, &last);
        known.push(mine);
    }
    wrong
}

/// Who has worked on what, by response.
#[derive(Default)]
struct People {
    /// How many have begun a row of their own.
    begun: BTreeMap<Option<Idx<Response>>, u32>,
    /// Steps whose person has gone on to another.
    passed: BTreeSet<usize>,
}

impl People {
    /// Takes in a step. What is wrong with who does it, if something is.
    fn takes(&mut self, model: &Model, n: usize, step: &Step) -> Option<String> {
        for (before, resource) in &step.behind {
            if !step.after.contains(before) {
                return Some(format!(
                    "does not wait for step {}, which has {resource:?} before it",
                    before + 1
                ));
            }
        }
        if !step.holds.contains(&Resource::Operator) {
            return None;
        }
        match step.behind.iter().find(|b| b.1 == Resource::Operator) {
            Some((before, _)) if *before < n && self.passed.insert(*before) => None,
            Some((before, _)) => Some(format!("has the person of step {}, who is elsewhere", before + 1)),
            None => {
                let begun = self.begun.entry(step.response).or_default();
                *begun += 1;
                let many = super::build::operators(model, step.response);
                (*begun > many).then(|| format!("needs one of {many} people, and all are taken"))
            }
        }
    }
}

/// A database or a tree of files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Whole {
    Database(Idx<Cluster>),
    Tree(Idx<Data>),
}

/// What a step makes writable, and where.
fn made_primary(model: &Model, kind: &StepKind) -> Option<(Whole, Idx<Host>)> {
    match kind {
        StepKind::Promote { cluster, host, .. } | StepKind::StartDatabase { cluster, host } => {
            Some((Whole::Database(*cluster), *host))
        }
        // It goes on where it was.
        StepKind::Resume { cluster } => Some((Whole::Database(*cluster), model.clusters[*cluster].primary.0)),
        StepKind::Publish { data, host, .. } => Some((Whole::Tree(*data), *host)),
        StepKind::Restore { data, to, .. } => match model.data[*data].on {
            On::Files { .. } => Some((Whole::Tree(*data), *to)),
            On::Cluster(_) => None,
        },
        _ => None,
    }
}

/// What has surely happened when a step ends.
#[derive(Clone, Default)]
struct Known {
    /// Hosts that a person has made harmless.
    fenced: Hosts,
    /// Hosts that stand again.
    back: Hosts,
    /// By the number of a resource the last step, plus one, that held it.
    held: Vec<u32>,
}

impl Known {
    fn join(&mut self, other: Option<&Self>) {
        let Some(other) = other else { return };
        self.fenced.join(&other.fenced);
        self.back.join(&other.back);
        if self.held.len() < other.held.len() {
            self.held.resize(other.held.len(), 0);
        }
        for (mine, theirs) in self.held.iter_mut().zip(&other.held) {
            *mine = (*mine).max(*theirs);
        }
    }

    fn ends(&mut self, step: &Step, n: usize, numbers: &BTreeMap<Resource, (usize, usize)>) {
        match step.kind {
            StepKind::Fence { host, .. } if step.actor == Actor::Person => self.fenced.insert(host),
            StepKind::Provision { host, .. } => self.back.insert(host),
            _ => {}
        }
        for (number, _) in step.holds.iter().filter_map(|r| numbers.get(r)) {
            if self.held.len() <= *number {
                self.held.resize(number + 1, 0);
            }
            if let Some(slot) = self.held.get_mut(*number) {
                *slot = n as u32 + 1;
            }
        }
    }
}

/// A set of hosts, a bit each: plans may have many steps.
#[derive(Clone, Default)]
struct Hosts(Vec<u64>);

impl Hosts {
    fn place(host: Idx<Host>) -> (usize, u64) {
        let n = host.into_raw().into_u32() as usize;
        (n / 64, 1 << (n % 64))
    }

    fn insert(&mut self, host: Idx<Host>) {
        let (word, bit) = Self::place(host);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(slot) = self.0.get_mut(word) {
            *slot |= bit;
        }
    }

    fn contains(&self, host: Idx<Host>) -> bool {
        let (word, bit) = Self::place(host);
        self.0.get(word).is_some_and(|w| w & bit != 0)
    }

    fn join(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }
}

/// Whether a step waits, through others, for the look at recovered data.
fn comes_after(plan: &Plan, step: usize, data: Idx<crate::model::Data>) -> bool {
    let mut open = vec![step];
    let mut seen = vec![false; plan.steps.len()];
    while let Some(s) = open.pop().and_then(|n| plan.steps.get(n)) {
        if matches!(s.kind, StepKind::VerifyData { data: d, .. } if d == data) {
            return true;
        }
        for a in &s.after {
            if let Some(slot) = seen.get_mut(*a).filter(|s| !**s) {
                *slot = true;
                open.push(*a);
            }
        }
    }
    false
}

/// The old primary, when a step makes a new one.
fn replaces(model: &Model, kind: &StepKind) -> Option<Idx<Host>> {
    match kind {
        StepKind::Promote { cluster, .. }
        | StepKind::StartDatabase { cluster, .. }
        | StepKind::Replay { cluster, .. } => Some(model.clusters[*cluster].primary.0),
        StepKind::Publish { data, .. } => match model.data[*data].on {
            On::Files { host, .. } => Some(host),
            On::Cluster(_) => None,
        },
        StepKind::Restore { data, .. } => Some(model.primary_host(*data)),
        _ => None,
    }
}

/// The hosts that a step is done on or with.
pub(super) fn needs(model: &Model, ops: &Ops, kind: &StepKind) -> Vec<Idx<Host>> {
    match kind {
        StepKind::Hold { director } | StepKind::Release { director } => vec![ops.directors[*director].host],
        StepKind::Scan { director, store, .. } => {
            vec![ops.directors[*director].host, model.stores[*store].host]
        }
        StepKind::Restore { director, store, to, .. } => {
            vec![ops.directors[*director].host, model.stores[*store].host, *to]
        }
        StepKind::Prepare { host, .. }
        | StepKind::StartDatabase { host, .. }
        | StepKind::Replay { host, .. }
        | StepKind::Promote { host, .. }
        | StepKind::Publish { host, .. }
        | StepKind::VerifyData { host, .. }
        | StepKind::StartMember { host, .. }
        | StepKind::TakeOver { to: host, .. } => vec![*host],
        StepKind::SwitchDns { dns, .. } => model.dns[*dns].server_host.into_iter().collect(),
        _ => Vec::new(),
    }
}
