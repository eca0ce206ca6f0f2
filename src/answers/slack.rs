//! How far each objective's nearest input can move before the verdict turns.

use super::edit::Edit;
use super::levers::{Form, Lever, Levers};
use super::mover::{Moved, Mover};
use super::relevant;
use super::roles::{Good, Who};
use super::trial::{Key, Trials};
use super::writing::{LADDER, Timetable};
use crate::base::limits;
use crate::base::{EcoString, Span};
use crate::quantity::Duration;
use std::collections::{BTreeMap, BTreeSet};

/// The farthest that an input is moved, either way: a thousand times.
const FARTHEST: f64 = 6.907_755;
/// Two places of an input nearer than this, as a logarithm, are not told apart: a thousandth.
const FINEST: f64 = 0.001;
/// Digits of a number that matter.
const DIGITS: i32 = 4;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Only this objective, and every input of it; all objectives, each with its nearest input,
    /// when `None`.
    pub only: Option<Key>,
    /// At most so many objectives, the tightest first.
    pub limit: usize,
}

/// How far an input can move.
#[derive(Clone, Debug)]
pub struct Limit {
    /// What it is, in words.
    pub input: String,
    /// Where it was written, or the block that lacks it.
    pub at: Span,
    /// Who could change it.
    pub who: Who,
    /// Whether nobody stated it: a default of the compiler's.
    pub assumed: bool,
    /// What is stated.
    pub stated: String,
    /// The farthest that keeps the verdict, as it would be written, and the change.
    pub keeps: (String, Edit),
    /// The nearest that turns it, and the change.
    pub turns: (String, Edit),
    /// How many times what is stated that is.
    pub times: f64,
    /// The scenario under which the verdict turns.
    pub under: EcoString,
}

impl Limit {
    /// How far that is from what is stated, whichever way.
    fn distance(&self) -> f64 {
        self.times.ln().abs()
    }
}

/// An objective and its headroom.
#[derive(Clone, Debug)]
pub struct Slack {
    /// Which.
    pub objective: Key,
    /// The scenario in which it is nearest to failing.
    pub scenario: EcoString,
    /// The bound there; `None` when there is none.
    pub predicted: Option<Duration>,
    /// What is allowed there.
    pub allowed: Duration,
    /// Whether it is proved: nothing is said of the inputs of one that is not.
    pub proved: bool,
    /// Its inputs, the nearest first. One, unless all were asked for; none, when none of those that
    /// were tried turns it within a thousand times.
    pub limits: Vec<Limit>,
}

/// An input that, moved the way that helps when nothing is shared, turns something: or that turns
/// an objective and, moved farther, turns it back.
#[derive(Clone, Debug)]
pub struct Reversal {
    /// `overrun-reversal` when a run is then not done before the next is due; `sharing-reversal`
    /// when something that shares a link, a disk, a card or people with it has less.
    pub name: &'static str,
    /// What it is, in words.
    pub input: String,
    /// Where it was written.
    pub at: Span,
    /// What is stated.
    pub stated: String,
    /// What was put there.
    pub put: String,
    /// The change.
    pub edit: Edit,
    /// What is then no longer met.
    pub turns: Vec<String>,
}

/// The answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The objectives, the tightest first.
    pub slacks: Vec<Slack>,
    /// Notes to the user, each with its name.
    pub reversals: Vec<Reversal>,
    /// Objectives that were left out by the limit.
    pub left_out: usize,
    /// Inputs that were moved.
    pub moved: usize,
    /// Inputs that were not, since enough had been tried.
    pub not_moved: usize,
    /// Changed specs that were compiled.
    pub trials: usize,
}

/// Finds how far inputs can move.
pub fn slack(trials: &Trials<'_>, wanted: &Wanted) -> Answer {
    let mut answer = Answer::default();
    let mut keys: Vec<&Key> = match &wanted.only {
        Some(key) => trials.before.claims.keys().filter(|k| *k == key).collect(),
        None => trials.before.claims.keys().collect(),
    };
    let strain = |k: &Key| trials.before.worst(k).map_or(0, |(_, c)| c.strain());
    keys.sort_by_key(|k| (trials.before.met(k), std::cmp::Reverse(strain(k)), *k));
    answer.left_out = keys.len().saturating_sub(wanted.limit);
    keys.truncate(wanted.limit);
    for key in &keys {
        let Some((scenario, claim)) = trials.before.worst(key) else { continue };
        answer.slacks.push(Slack {
            objective: (*key).clone(),
            scenario: scenario.clone(),
            predicted: claim.predicted,
            allowed: claim.allowed,
            proved: trials.before.met(key),
            limits: Vec::new(),
        });
    }
    let open: BTreeSet<Key> = keys.into_iter().filter(|k| trials.before.met(k)).cloned().collect();
    if open.is_empty() {
        return answer;
    }
    let levers = Levers::of(&trials.compiled.sources, &limits::DEFAULT);
    let inputs = relevant::inputs(trials.compiled, &open);
    let spans: BTreeSet<Span> = inputs.into_values().flatten().collect();
    let ranks = levers.ranks(&spans, &trials.compiled.sources);
    let mut order: Vec<(u8, usize, &Lever)> = levers
        .list
        .iter()
        .zip(&ranks)
        .enumerate()
        .filter(|(_, (l, rank))| **rank < 2 && l.role.who != Who::Promise)
        .map(|(n, (l, rank))| (*rank, n, l))
        .collect();
    order.sort_by_key(|(rank, n, _)| (*rank, *n));
    let mut search = Search { open, all: wanted.only.is_some(), best: BTreeMap::new() };
    for (_, _, lever) in order {
        if trials.left() == 0 {
            answer.not_moved += 1;
            continue;
        }
        answer.moved += 1;
        let mut mover = Mover::new(trials, lever);
        match &lever.form {
            Form::Number(_) => search.number(&mut mover, trials, &mut answer.reversals),
            Form::Schedule(table) => search.schedule(&mut mover, trials, table, &mut answer.reversals),
            Form::Words(_) => {}
        }
    }
    for slack in &mut answer.slacks {
        slack.limits = search.best.remove(&slack.objective).unwrap_or_default();
        slack.limits.sort_by(|a, b| {
            a.distance().total_cmp(&b.distance()).then_with(|| (a.at, &a.input).cmp(&(b.at, &b.input)))
        });
    }
    answer.trials = trials.ran();
    answer.reversals.sort_by(|a, b| (a.at, &a.put).cmp(&(b.at, &b.put)));
    answer
}

/// The nearest that was found so far.
struct Search {
    open: BTreeSet<Key>,
    all: bool,
    best: BTreeMap<Key, Vec<Limit>>,
}

impl Search {
    /// How far it is worth looking for an objective.
    fn reach(&self, key: &Key) -> f64 {
        if self.all {
            return FARTHEST;
        }
        self.best.get(key).and_then(|l| l.first()).map_or(FARTHEST, Limit::distance)
    }

    fn worth(&self, keys: &BTreeSet<Key>, from: f64) -> BTreeSet<Key> {
        keys.iter().filter(|k| self.reach(k) > from + FINEST).cloned().collect()
    }

    fn found(&mut self, key: &Key, lever: &Lever, keeps: &Moved, turns: &Moved) {
        let under = turns.state.unmet(key).into_iter().next().cloned().unwrap_or_default();
        let limit = Limit {
            input: lever.name.clone(),
            at: lever.span,
            who: lever.role.who,
            assumed: lever.absent,
            stated: lever.shown(&lever.stated),
            keeps: (lever.shown(&keeps.text), lever.edit(&keeps.text)),
            turns: (lever.shown(&turns.text), lever.edit(&turns.text)),
            times: turns.log.exp(),
            under,
        };
        let list = self.best.entry(key.clone()).or_default();
        if self.all {
            list.push(limit);
        } else if list.first().is_none_or(|b| limit.distance() < b.distance()) {
            *list = vec![limit];
        }
    }

    fn number(&mut self, mover: &mut Mover<'_, '_>, trials: &Trials<'_>, reversals: &mut Vec<Reversal>) {
        for up in [true, false] {
            let helps = match mover.lever.role.good {
                Good::Either => false,
                Good::Up => up,
                Good::Down => !up,
            };
            let sign = if up { 1.0 } else { -1.0 };
            if helps {
                // Twice as good: nothing may turn, unless something is shared.
                if let Some(m) = mover.scale(sign * std::f64::consts::LN_2, DIGITS)
                    && !mover.is_broken(&m)
                {
                    reversals.extend(reversal(mover.lever, &m, trials));
                }
            } else {
                self.one_way(mover, sign, trials, reversals);
            }
        }
    }

    /// Moves a number one way until objectives turn, and finds where each does.
    fn one_way(
        &mut self,
        mover: &mut Mover<'_, '_>,
        sign: f64,
        trials: &Trials<'_>,
        reversals: &mut Vec<Reversal>,
    ) {
        let open = self.worth(&self.open, 0.0);
        let mut far = open.iter().map(|k| self.reach(k)).fold(0.0, f64::max);
        let Some(stated) = mover.put(mover.lever.stated.clone(), 0.0) else { return };
        let end = loop {
            if far < FINEST {
                return;
            }
            match mover.scale(sign * far, DIGITS) {
                None => return,
                Some(m) if mover.is_broken(&m) => far /= 2.0,
                Some(m) => break m,
            }
        };
        let turned = |m: &Moved, keys: &BTreeSet<Key>| -> BTreeSet<Key> {
            keys.iter().filter(|k| !m.state.met(k)).cloned().collect()
        };
        let turns = turned(&end, &open);
        let steady: BTreeSet<Key> = open.difference(&turns).cloned().collect();
        let mut brackets = vec![(stated, end, turns)];
        while let Some((near, end, keys)) = brackets.pop() {
            let keys = self.worth(&keys, near.log.abs());
            if keys.is_empty() {
                continue;
            }
            let middle = f64::midpoint(near.log, end.log);
            let between =
                if (end.log - near.log).abs() <= FINEST { None } else { mover.scale(middle, DIGITS) };
            let between = between.filter(|m| m.text != near.text && m.text != end.text);
            let Some(between) = between else {
                // Only a bracket that has been closed says where it turns.
                if trials.left() > 0 || (end.log - near.log).abs() <= FINEST * 4.0 {
                    keys.iter().for_each(|k| self.found(k, mover.lever, &near, &end));
                }
                continue;
            };
            if mover.is_broken(&between) {
                continue;
            }
            // What keeps farther out and not here turns back.
            let back = turned(&between, &self.worth(&steady, between.log.abs()));
            if !back.is_empty() {
                reversals.extend(turning_back(mover.lever, &between, &back));
                back.iter().for_each(|k| {
                    self.found(k, mover.lever, &near, &between);
                });
            }
            let first = turned(&between, &keys);
            let later: BTreeSet<Key> = keys.difference(&first).cloned().collect();
            brackets.push((between.clone(), end, later));
            brackets.push((near, between, first));
        }
    }

    /// Stretches a schedule until objectives turn.
    fn schedule(
        &mut self,
        mover: &mut Mover<'_, '_>,
        trials: &Trials<'_>,
        table: &Timetable,
        reversals: &mut Vec<Reversal>,
    ) {
        let log = |p: u32| (f64::from(p) / f64::from(table.period.max(1))).ln();
        let Some(mut near) = mover.put(mover.lever.stated.clone(), 0.0) else { return };
        let mut open = self.open.clone();
        for period in LADDER.iter().rev().filter(|p| **p > table.period) {
            open = self.worth(&open, near.log);
            if open.is_empty() {
                break;
            }
            let Some(m) = mover.put(table.every(*period), log(*period)) else { return };
            if mover.is_broken(&m) {
                continue;
            }
            let turned: Vec<Key> = open.iter().filter(|k| !m.state.met(k)).cloned().collect();
            for key in turned {
                if self.reach(&key) > m.log {
                    self.found(&key, mover.lever, &near, &m);
                }
                open.remove(&key);
            }
            near = m;
        }
        if let Some(shorter) = LADDER.iter().find(|p| **p < table.period)
            && let Some(m) = mover.put(table.every(*shorter), log(*shorter))
            && !mover.is_broken(&m)
        {
            reversals.extend(reversal(mover.lever, &m, trials));
        }
    }
}

/// What turns although the input moved the way that helps.
fn reversal(lever: &Lever, moved: &Moved, trials: &Trials<'_>) -> Option<Reversal> {
    let turns = moved.state.harm(&trials.before);
    (!turns.is_empty()).then(|| named(lever, moved, turns))
}

fn turning_back(lever: &Lever, moved: &Moved, keys: &BTreeSet<Key>) -> Option<Reversal> {
    let turns = keys.iter().map(|k| format!("`{k}`, and moved farther it does not")).collect();
    Some(named(lever, moved, turns))
}

fn named(lever: &Lever, moved: &Moved, turns: Vec<String>) -> Reversal {
    let overruns = turns.iter().any(|t| t == "`run-overruns`");
    Reversal {
        name: if overruns { "overrun-reversal" } else { "sharing-reversal" },
        input: lever.name.clone(),
        at: lever.span,
        stated: lever.shown(&lever.stated),
        put: lever.shown(&moved.text),
        edit: lever.edit(&moved.text),
        turns,
    }
}
