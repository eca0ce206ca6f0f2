//! What a changed spec comes to, beside what the spec itself does.
//!
//! A trial is a run of the whole compiler over the changed text: there is no second way to a verdict.

use super::edit::{Edit, Overlay};
use crate::base::EcoString;
use crate::base::world::World;
use crate::cost;
use crate::diag::{Problems, Severity};
use crate::driver::{Compiled, Options, compile};
use crate::emit::target::Input;
use crate::emit::targets;
use crate::emit::template::Templates;
use crate::judge::{Status, Verdict};
use crate::model::Objective;
use crate::plan::Subject;
use crate::quantity::Duration;
use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};

/// An objective by its names, which stay the same however the text is changed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    /// The data class or service.
    pub subject: EcoString,
    /// Which objective of it.
    pub objective: Objective,
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = if self.objective == Objective::Rpo { "rpo" } else { "rto" };
        write!(f, "{}.{what}", self.subject)
    }
}

impl Key {
    /// The objective of a verdict.
    pub fn of(compiled: &Compiled, v: &Verdict) -> Self {
        let subject = match v.subject {
            Subject::Data(d) => compiled.model.data[d].name.clone(),
            Subject::Service(s) => compiled.model.services[s].name.clone(),
        };
        Self { subject, objective: v.objective }
    }
}

/// What is to be met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Target {
    /// This objective.
    pub key: Key,
    /// Under these scenarios; under all when `None`.
    pub under: Option<BTreeSet<EcoString>>,
}

impl Target {
    /// An objective under every scenario.
    pub fn all(key: &Key) -> Self {
        Self { key: key.clone(), under: None }
    }

    /// Whether it is met.
    pub fn met(&self, state: &State) -> bool {
        let Some(under) = &self.under else { return state.met(&self.key) };
        // A scenario that no longer touches it costs it nothing.
        let proved = |c: &BTreeMap<EcoString, Claim>, s: &EcoString| {
            c.get(s).is_none_or(|c| c.status == Status::Proved)
        };
        state.claims.get(&self.key).is_some_and(|c| under.iter().all(|s| proved(c, s)))
    }

    /// Whether a state meets it, and has nothing worse than before.
    pub fn mended(&self, state: &State, before: &State) -> bool {
        !state.is_broken(before) && self.met(state) && state.harm(before).is_empty()
    }

    /// Whether anything of it that fails is nearer to being met.
    pub fn helped(&self, state: &State, before: &State) -> bool {
        let (Some(old), Some(new)) = (before.claims.get(&self.key), state.claims.get(&self.key)) else {
            return false;
        };
        let asked = |s: &EcoString| self.under.as_ref().is_none_or(|u| u.contains(s));
        old.iter().filter(|(s, c)| c.status != Status::Proved && asked(s)).any(|(s, old)| {
            new.get(s).is_none_or(|n| n.status == Status::Proved || n.strain() < old.strain())
        })
    }
}

/// What is claimed of an objective under one scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// Proved, refuted or unknown.
    pub status: Status,
    /// The bound, if there is one.
    pub predicted: Option<Duration>,
    /// What the tier allows.
    pub allowed: Duration,
}

impl Claim {
    /// How near to failing: the part of what is allowed that the bound takes, in billionths.
    pub fn strain(&self) -> u128 {
        self.predicted.map_or(u128::MAX, |p| {
            u128::from(p.0).saturating_mul(1_000_000_000) / u128::from(self.allowed.0.max(1))
        })
    }
}

/// What a spec comes to.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// By objective, then by scenario.
    pub claims: BTreeMap<Key, BTreeMap<EcoString, Claim>>,
    /// Findings that are errors, apart from those about objectives: how many of each name.
    errors: BTreeMap<&'static str, usize>,
    /// Of these, those that say that the text itself is wrong.
    wrong: usize,
    left_out: usize,
    /// What is declared costs in a year, in minor units; `None` when nothing states a cost.
    pub yearly: Option<u64>,
}

impl State {
    /// What a compiled spec comes to; `problems` are its findings.
    pub fn of<'d>(compiled: &Compiled, problems: impl Iterator<Item = &'d crate::diag::Diagnostic>) -> Self {
        let yearly = cost::yearly(&compiled.model).map(|(_, sum)| sum);
        let mut state = Self { left_out: compiled.left_out, yearly, ..Self::default() };
        let names: Vec<EcoString> =
            compiled.verdicts.scenarios.iter().map(|s| s.name(&compiled.model).into()).collect();
        for v in &compiled.verdicts.list {
            let scenario = names.get(v.scenario as usize).cloned().unwrap_or_default();
            let claim = Claim { status: v.status, predicted: v.predicted, allowed: v.allowed };
            state.claims.entry(Key::of(compiled, v)).or_default().insert(scenario, claim);
        }
        for d in problems {
            let about_objectives = ["rpo-not-met", "rto-not-met", "rpo-unproved", "rto-unproved"];
            if d.entry.severity == Severity::Error && !about_objectives.contains(&d.entry.name) {
                *state.errors.entry(d.entry.name).or_default() += 1;
                state.wrong += usize::from(d.entry.stage != "judge");
            }
        }
        state
    }

    /// Whether an objective is proved under every scenario that touches it. One that is no longer
    /// judged is not.
    pub fn met(&self, key: &Key) -> bool {
        self.claims.get(key).is_some_and(|c| c.values().all(|c| c.status == Status::Proved))
    }

    /// The scenario under which an objective is nearest to failing.
    pub fn worst(&self, key: &Key) -> Option<(&EcoString, &Claim)> {
        let rank = |c: &Claim| (c.status != Status::Proved, c.status == Status::Refuted, c.strain());
        self.claims.get(key)?.iter().max_by_key(|(name, c)| (rank(c), std::cmp::Reverse((*name).clone())))
    }

    /// Where an objective is not proved.
    pub fn unmet(&self, key: &Key) -> BTreeSet<&EcoString> {
        let claims = self.claims.get(key).into_iter().flatten();
        claims.filter(|(_, c)| c.status != Status::Proved).map(|(s, _)| s).collect()
    }

    /// Whether the text is wrong where `before` was not, so that its verdicts say nothing.
    pub fn is_broken(&self, before: &Self) -> bool {
        self.wrong > before.wrong
            || self.left_out > before.left_out
            || before.claims.keys().any(|k| !self.claims.contains_key(k))
    }

    /// The objectives, and the findings by name, that are worse than in `before`.
    pub fn harm(&self, before: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for (key, claims) in &self.claims {
            let was = before.claims.get(key);
            let good = |s: &EcoString| was.and_then(|w| w.get(s)).is_none_or(|c| c.status == Status::Proved);
            let worse = claims.iter().find(|(s, c)| c.status != Status::Proved && good(s));
            if let Some((scenario, _)) = worse {
                found.push(format!("`{key}` under `{scenario}`"));
            }
        }
        let more = self.errors.iter().filter(|(n, c)| before.errors.get(*n).copied().unwrap_or(0) < **c);
        found.extend(more.map(|(n, _)| format!("`{n}`")));
        found
    }
}

/// Tries changes on one spec.
pub struct Trials<'a> {
    world: &'a dyn World,
    main: &'a str,
    options: &'a Options,
    /// The spec as it is.
    pub compiled: &'a Compiled,
    /// What it comes to.
    pub before: State,
    left: Cell<usize>,
    ran: Cell<usize>,
    emits: OnceCell<bool>,
}

impl<'a> Trials<'a> {
    /// Trials on a compiled spec, at most `most` of them. `problems` are its findings.
    pub fn new<'d>(
        world: &'a dyn World,
        main: &'a str,
        options: &'a Options,
        compiled: &'a Compiled,
        problems: impl Iterator<Item = &'d crate::diag::Diagnostic>,
        most: usize,
    ) -> Self {
        let before = State::of(compiled, problems);
        Self {
            world,
            main,
            options,
            compiled,
            before,
            left: Cell::new(most),
            ran: Cell::new(0),
            emits: OnceCell::new(),
        }
    }

    /// How many more may run.
    pub fn left(&self) -> usize {
        self.left.get()
    }

    /// How many ran.
    pub fn ran(&self) -> usize {
        self.ran.get()
    }

    /// Lets at most `most` more run.
    pub fn allow(&self, most: usize) {
        self.left.set(most);
    }

    fn compile(&self, edits: &[Edit]) -> Option<Compiled> {
        self.left.set(self.left.get().checked_sub(1)?);
        self.ran.set(self.ran.get() + 1);
        let files = self.compiled.sources.files();
        let text_of = |name: &str| files.iter().find(|f| f.name == name).map(|f| &*f.text);
        let overlay = Overlay::new(self.world, edits, text_of);
        compile(&overlay, self.main, self.options).ok()
    }

    /// What the spec with these edits comes to; `None` when no more may be tried.
    pub fn run(&self, edits: &[Edit]) -> Option<State> {
        let compiled = self.compile(edits)?;
        Some(State::of(&compiled, compiled.problems.iter()))
    }

    /// Whether the spec with these edits can still be written by every target, if it could before.
    /// Asked once of what is offered. `None` when no more may be tried.
    pub fn still_emits(&self, edits: &[Edit]) -> Option<bool> {
        if !self.emits.get_or_init(|| refusals(self.compiled) == Some(0)) {
            return Some(true);
        }
        let compiled = self.compile(edits)?;
        Some(refusals(&compiled) == Some(0))
    }
}

/// How many errors the targets find; `None` when a plan is not fit to be followed.
fn refusals(compiled: &Compiled) -> Option<usize> {
    let plans = compiled.plans().ok()?;
    let templates = Templates::default();
    let input = Input { model: &compiled.model, ops: &compiled.ops, plans: &plans, templates: &templates };
    let mut problems = Problems::new();
    targets::ALL.iter().for_each(|t| t.supports(input, &mut problems));
    Some(problems.iter().filter(|d| d.severity == Severity::Error).count())
}
