//! One choice of copies and one order for all that a scenario hits, made together.
//!
//! The plain plan takes the best copy of each unit and serves units as they are due. Where it
//! misses an objective that another plan may meet, a bounded number of others is tried: other
//! rules of priority, the next-best copies of what stands in the way. The plan that misses the
//! fewest objectives is kept, then the one that is late by the least, then the first. Nothing here
//! proves anything: whatever is kept is judged like any plan (calculus, 6.2: list scheduling).

use super::Lost;
use super::build::{Builder, Estate, title};
use super::outage::Outages;
use super::step::{Plan, Reason, StepKind, Subject};
use super::units::{Unit, units};
use crate::model::{Bounds, Copy, Data, Model, Scenario, StrikeKind};
use crate::quantity::Duration;
use la_arena::Idx;
use std::collections::{BTreeMap, BTreeSet};

/// The ordered recovery from a scenario. Its slug is not yet unique: see [`super::name_all`].
pub fn plan(estate: Estate<'_>, scenario: &Scenario) -> Plan {
    let (lost, outages) = struck(estate, scenario);
    let basis = Basis::new(estate, scenario, &lost, &outages);
    let (plain, work) = basis.build(&Policy::default());
    let score = Score::of(estate.model, basis.kind, &plain, &work.decided);
    if score.hopeful.is_empty() { plain } else { basis.better(plain, score, &work) }
}

/// The plan before anything else is tried: the best copy of each unit, units as they are due.
pub fn plain(estate: Estate<'_>, scenario: &Scenario) -> Plan {
    let (lost, outages) = struck(estate, scenario);
    Basis::new(estate, scenario, &lost, &outages).build(&Policy::default()).0
}

/// What is gone, and what had been cut before.
fn struck(estate: Estate<'_>, scenario: &Scenario) -> (Lost, Outages) {
    (Lost::of(estate.model, scenario), Outages::new(estate.model, &scenario.earlier))
}

/// How many objectives a plan misses, and by how much together, in nanoseconds.
pub fn misses(model: &Model, plan: &Plan) -> (usize, u128) {
    let score = Score::of(model, plan.scenario.kind(model), plan, &BTreeMap::new());
    (score.missed, score.late)
}

/// How many plans are made for one scenario at most, and how many for one with many units.
const MOST_TRIES: usize = 16;
const UNITS_OVER_ALL_TRIES: usize = 2_000;
/// How many candidates of a unit are looked at.
const CANDIDATES: usize = 4;

/// A rule of priority.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Rule {
    /// As they are due.
    #[default]
    Due,
    /// Those first that can wait the least.
    Slack,
    /// The shortest first.
    Shortest,
    /// By what they promise themselves.
    Own,
}

/// How a plan is made.
#[derive(Clone, Debug, Default)]
struct Policy {
    rule: Rule,
    /// Whether a unit takes another copy where its best would be late.
    joint: bool,
    /// Units that go before all others.
    first: BTreeSet<usize>,
    /// Copies that units leave to others.
    avoid: BTreeSet<(usize, Idx<Copy>)>,
}

/// What making a plan has shown.
#[derive(Default)]
struct Work {
    /// By unit how long its own steps take at most, one after the other.
    own: Vec<Duration>,
    /// By who reacts when it is decided.
    decided: BTreeMap<Option<Idx<crate::model::Response>>, Duration>,
}

/// What all plans of a scenario have in common.
struct Basis<'a> {
    estate: Estate<'a>,
    scenario: &'a Scenario,
    lost: &'a Lost,
    outages: &'a Outages,
    kind: StrikeKind,
    hit: Vec<Idx<Data>>,
    units: Vec<Unit>,
}

impl<'a> Basis<'a> {
    fn new(estate: Estate<'a>, scenario: &'a Scenario, lost: &'a Lost, outages: &'a Outages) -> Self {
        let Estate { model, index, .. } = estate;
        let kind = scenario.kind(model);
        let touched = index.touched(model, lost, &scenario.strikes);
        let hit: Vec<Idx<Data>> = touched.into_iter().filter(|d| lost.hits(model, *d)).collect();
        let units = units(model, index, &hit, kind);
        Self { estate, scenario, lost, outages, kind, hit, units }
    }

    /// The units in the order in which they are served.
    fn order(&self, policy: &Policy, work: &Work) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.units.len()).collect();
        let own = |n: usize| work.own.get(n).copied().unwrap_or_default();
        order.sort_by_key(|n| {
            let Some(unit) = self.units.get(*n) else { return (true, Duration::MAX, *n) };
            let key = match policy.rule {
                Rule::Due => unit.due,
                Rule::Slack => unit.due.minus(own(*n)),
                Rule::Shortest => own(*n),
                Rule::Own => unit.own,
            };
            (!policy.first.contains(n), key, *n)
        });
        order
    }

    fn build(&self, policy: &Policy) -> (Plan, Work) {
        self.build_with(policy, &Work::default())
    }

    fn build_with(&self, policy: &Policy, known: &Work) -> (Plan, Work) {
        let mut builder = Builder::new(self.estate, self.lost, self.outages, self.kind);
        let mut work = Work { own: vec![Duration::ZERO; self.units.len()], ..Work::default() };
        let mut waiting = self.order(policy, known);
        let moved = builder.left_inside(&self.units);
        waiting.retain(|n| moved.contains(n));
        // One whose backup is opened by what another brings back stands behind that other. Once
        // nothing moves on, what still waits is refused.
        let opened = self.estate.model.has_openers();
        let mut last = false;
        while !waiting.is_empty() {
            let mut later = Vec::new();
            for (place, n) in waiting.iter().copied().enumerate() {
                let Some(unit) = self.units.get(n) else { continue };
                let others = later.iter().chain(waiting.get(place + 1..).unwrap_or_default());
                let others = others.filter(|_| opened).filter_map(|o| self.units.get(*o));
                let pending: BTreeSet<Idx<Data>> = others.flat_map(|u| u.data.iter().copied()).collect();
                let from = builder.steps.len();
                match self.recover(&mut builder, policy, n, &pending, last) {
                    Ok(true) => {}
                    Ok(false) => {
                        later.push(n);
                        continue;
                    }
                    Err(reason) => {
                        let reason = builder.out_of_reach(unit, reason);
                        builder.gone.extend(unit.data.iter().map(|d| (Subject::Data(*d), reason.clone())));
                    }
                }
                let steps = builder.steps.get(from..).unwrap_or_default();
                if let Some(own) = work.own.get_mut(n) {
                    *own = steps.iter().map(|s| s.step.takes.most).sum();
                }
                work.decided.entry(unit.response).or_insert_with(|| builder.decided(unit.response));
            }
            last = later.len() == waiting.len();
            waiting = later;
        }
        builder.besides(&self.hit);
        builder.services(self.scenario);
        builder.what_plans_need();
        builder.told(self.scenario);
        builder.afterwards();
        let steps = builder.finish();
        builder.points(&steps);
        let title = title(self.estate.model, self.scenario, self.lost);
        let slug = title.replace(' ', "-").into();
        let plan = Plan {
            scenario: self.scenario.clone(),
            title,
            slug,
            choices: builder.choices,
            steps,
            recovered: builder.recovered,
            lost: builder.gone,
            notes: builder.notes,
            exposure: Vec::new(),
        };
        (plan, work)
    }

    /// Recovers a unit from its best copy, or jointly from the best that is not late: the
    /// candidates are tried in their order, and where all are late the one that is done first is
    /// taken. Whether it was: not if its best is opened by something that is still `pending`.
    fn recover(
        &self,
        builder: &mut Builder<'_>,
        policy: &Policy,
        number: usize,
        pending: &BTreeSet<Idx<Data>>,
        last: bool,
    ) -> Result<bool, Reason> {
        let Some(unit) = self.units.get(number) else { return Err(Reason::NoCopySurvives) };
        let chooser = builder.chooser(unit, pending, last);
        let mut candidates = chooser.ranked(unit)?;
        if candidates.first().is_some_and(|c| c.waits_for(pending)) {
            return Ok(false);
        }
        candidates.retain(|c| !c.waits_for(pending));
        if policy.joint {
            candidates = chooser.as_good(unit, candidates);
            let avoided = |c: &super::choose::Candidate| policy.avoid.contains(&(number, c.copy));
            if candidates.iter().any(|c| !avoided(c)) {
                candidates.retain(|c| !avoided(c));
            }
            candidates.truncate(CANDIDATES);
        }
        let Some(best) = candidates.first() else { return Err(Reason::NoCopySurvives) };
        if !policy.joint || candidates.len() == 1 {
            builder.unit(unit, best);
            return Ok(true);
        }
        let mut soonest = (Duration::MAX, best);
        for candidate in &candidates {
            builder.attempt();
            let done = builder.unit(unit, candidate);
            if done <= unit.due {
                builder.keep();
                return Ok(true);
            }
            builder.undo();
            if done < soonest.0 {
                soonest = (done, candidate);
            }
        }
        builder.unit(unit, soonest.1);
        Ok(true)
    }

    /// The best of a bounded number of plans.
    fn better(&self, plain: Plan, score: Score, work: &Work) -> Plan {
        let missed = score.missed;
        let (score, mut plan, _) = self.search(plain, score, work);
        if score.missed < missed {
            plan.notes.push(format!(
                "each as it is due and from its own best copy would miss {missed} objectives; in this order and from these copies {} are missed",
                score.missed
            ));
        }
        plan
    }

    fn search(&self, plain: Plan, score: Score, work: &Work) -> (Score, Plan, Policy) {
        let mut search = Search {
            basis: self,
            work,
            left: (UNITS_OVER_ALL_TRIES / self.units.len().max(1)).clamp(2, MOST_TRIES),
            best: (score, plain, Policy::default()),
        };
        for rule in [Rule::Due, Rule::Shortest, Rule::Slack, Rule::Own] {
            search.attempt(Policy { rule, joint: true, ..Policy::default() });
            if self.units.len() < 2 {
                break;
            }
        }
        // Those that are still late go first; then what stands before them gives way.
        while search.goes_on() {
            let policy = Policy { joint: true, first: search.late_units(), ..search.best.2.clone() };
            if !search.attempt(policy) {
                break;
            }
        }
        while search.goes_on() {
            let better = search.in_the_way().into_iter().any(|pair| {
                let mut policy = Policy { joint: true, ..search.best.2.clone() };
                policy.avoid.insert(pair) && search.attempt(policy)
            });
            if !better {
                break;
            }
        }
        search.best
    }

    fn unit_of(&self, data: Idx<Data>) -> Option<usize> {
        self.units.iter().position(|u| u.data.contains(&data))
    }
}

/// A search for a better plan.
struct Search<'a> {
    basis: &'a Basis<'a>,
    work: &'a Work,
    /// How many plans may still be made.
    left: usize,
    best: (Score, Plan, Policy),
}

impl Search<'_> {
    /// Whether another plan may be made, and might be better.
    fn goes_on(&self) -> bool {
        self.left > 0 && !self.best.0.hopeful.is_empty()
    }

    /// Makes a plan and keeps it if it is better. Whether it was.
    fn attempt(&mut self, policy: Policy) -> bool {
        if !self.goes_on() {
            return false;
        }
        self.left -= 1;
        let (plan, work) = self.basis.build_with(&policy, self.work);
        let score = Score::of(self.basis.estate.model, self.basis.kind, &plan, &work.decided);
        let better = score.key() < self.best.0.key();
        if better {
            self.best = (score, plan, policy);
        }
        better
    }

    /// The units that are late, or that a service which is late needs.
    fn late_units(&self) -> BTreeSet<usize> {
        let model = self.basis.estate.model;
        let data = self.best.0.hopeful.iter().flat_map(|s| match s {
            Subject::Data(d) => vec![*d],
            Subject::Service(s) => model.services[*s].needs.iter().map(|n| n.0).collect(),
        });
        data.filter_map(|d| self.basis.unit_of(d)).collect()
    }

    /// The copies that others use on the critical paths of what is late, and its own.
    fn in_the_way(&self) -> Vec<(usize, Idx<Copy>)> {
        let plan = &self.best.1;
        let late = self.best.0.hopeful.iter();
        let ends = late.filter_map(|s| plan.recovered.iter().find(|r| r.0 == *s)).map(|r| r.1);
        let mut found = Vec::new();
        for step in ends.take(CANDIDATES).flat_map(|end| plan.path(end)) {
            let Some(StepKind::Restore { data, copy, .. }) = plan.steps.get(step).map(|s| &s.kind) else {
                continue;
            };
            let pair = self.basis.unit_of(*data).map(|u| (u, *copy));
            found.extend(pair.filter(|p| !found.contains(p)));
        }
        found.reverse();
        found
    }
}

/// How well a plan does.
struct Score {
    /// Objectives that it misses.
    missed: usize,
    /// By how much it is late, all together.
    late: u128,
    /// What is late, and might not be under another plan.
    hopeful: Vec<Subject>,
}

impl Score {
    fn of(
        model: &Model,
        kind: StrikeKind,
        plan: &Plan,
        decided: &BTreeMap<Option<Idx<crate::model::Response>>, Duration>,
    ) -> Self {
        let mut score = Self { missed: 0, late: 0, hopeful: Vec::new() };
        let bounds = |subject: Subject| {
            let tier = match subject {
                Subject::Data(d) => model.data[d].tier,
                Subject::Service(s) => model.services[s].tier,
            };
            tier.map_or(Bounds::default(), |t| model.tiers[t.0].bounds(kind))
        };
        // Nothing ends before anybody has decided.
        let soonest = decided.values().copied().min().unwrap_or_default();
        for (subject, step) in &plan.recovered {
            let Some(rto) = bounds(*subject).rto else { continue };
            let finish = plan.steps.get(*step).map_or(Duration::MAX, |s| s.finish);
            if finish > rto.value {
                score.missed += 1;
                score.late += u128::from(finish.minus(rto.value).0);
                if rto.value > soonest {
                    score.hopeful.push(*subject);
                }
            }
        }
        for choice in &plan.choices {
            let Some(rpo) = bounds(Subject::Data(choice.data)).rpo else { continue };
            if choice.loss.is_none_or(|l| l > rpo.value) {
                score.missed += 1;
                // A point that is gone when it is read might be read earlier.
                if choice.reason == Some(Reason::KeptTooShort) {
                    score.hopeful.push(Subject::Data(choice.data));
                }
            }
        }
        for (subject, _) in &plan.lost {
            let bounds = bounds(*subject);
            let own = matches!(subject, Subject::Data(_)) && bounds.rpo.is_some();
            score.missed += usize::from(bounds.rto.is_some()) + usize::from(own);
        }
        score
    }

    fn key(&self) -> (usize, u128) {
        (self.missed, self.late)
    }
}
