//! What verdicts rest on and nobody stated: defaults of the compiler's, and figures of the
//! standard library.

use super::{Node, Value, loss, time};
use crate::base::SourceMap;
use crate::model::{Assumption, Cluster, Copy, Data, Host, Idx, Origin, Store};
use crate::ops::{Director, Job, JobKind};
use crate::plan::times::times;
use crate::plan::{Actor, Choice, Estate, Means, Plan, Stage, Step, StepKind};
use std::collections::{BTreeMap, BTreeSet};

/// A number that a verdict rests on and that the user did not state.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Assumed {
    /// What is assumed.
    pub text: String,
    /// Where the figure comes from: a reason, or a place in the standard library.
    pub source: String,
}

/// The assumptions of several derivations, each once, in order.
#[derive(Debug, Default)]
pub struct Assumptions {
    known: BTreeMap<Assumed, usize>,
    defaults: BTreeMap<*const Assumption, usize>,
    losses: BTreeMap<Used, Vec<usize>>,
    steps: BTreeMap<Inputs, Vec<usize>>,
}

/// What decides which inputs the loss of a choice has: the copy, what is done with it, and whether
/// contents are wrong.
type Used = (Idx<Copy>, Means, bool);

fn used(choice: &Choice) -> Used {
    (choice.copy, choice.means, choice.discarded.is_some())
}

impl Assumptions {
    /// Takes in those of a derivation, and gives their numbers in the order in which they were
    /// first met.
    pub fn of(&mut self, tree: &Node, sources: &SourceMap) -> Vec<usize> {
        let mut numbers = Vec::new();
        tree.inputs(&mut |node, origin| {
            if let Some(number) = self.one(&node.what, node.value, origin, sources)
                && !numbers.contains(&number)
            {
                numbers.push(number);
            }
        });
        numbers.sort_unstable();
        numbers
    }

    /// What the loss of a choice rests on, by numbers.
    pub fn of_loss(&mut self, estate: Estate<'_>, choice: &Choice, sources: &SourceMap) -> Vec<usize> {
        if let Some(known) = self.losses.get(&used(choice)) {
            return known.clone();
        }
        let numbers = self.of(&loss(estate, choice), sources);
        self.losses.insert(used(choice), numbers.clone());
        numbers
    }

    /// What the end of a step of a plan rests on, by numbers.
    pub fn of_time(
        &mut self,
        estate: Estate<'_>,
        plan: &Plan,
        step: usize,
        sources: &SourceMap,
    ) -> Vec<usize> {
        let legs = plan.legs(step);
        let mut numbers = BTreeSet::new();
        let steps = || legs.iter().filter_map(|l| plan.steps.get(l.step));
        for step in steps() {
            numbers.extend(self.of_step(estate, step, sources));
        }
        if steps().any(|s| s.actor == Actor::Runner) {
            numbers.extend(self.one(time::CONTROL, Value::None, time::control(estate), sources));
        }
        numbers.into_iter().collect()
    }

    fn of_step(&mut self, estate: Estate<'_>, step: &Step, sources: &SourceMap) -> Vec<usize> {
        let key = inputs_of(&step.kind);
        if let Some(known) = key.and_then(|key| self.steps.get(&key)) {
            return known.clone();
        }
        let numbers: Vec<usize> =
            time::terms(estate, step).iter().flat_map(|term| self.of(term, sources)).collect();
        if let Some(key) = key {
            self.steps.insert(key, numbers.clone());
        }
        numbers
    }

    /// The number of one input, if it is an assumption.
    fn one(&mut self, what: &str, value: Value, origin: Origin, sources: &SourceMap) -> Option<usize> {
        let Some(a) = origin.assumed else {
            let file = sources.file_of(origin.span).filter(|f| f.is_std)?;
            let (line, _) = file.line_column(origin.span.lo);
            let source = format!("{}:{line}", file.name);
            return Some(self.number(Assumed { text: format!("{what}: {value}"), source }));
        };
        let key = std::ptr::from_ref(a);
        if let Some(known) = self.defaults.get(&key) {
            return Some(*known);
        }
        let number = self.number(Assumed { text: a.text.into(), source: a.source.into() });
        self.defaults.insert(key, number);
        Some(number)
    }

    /// Takes in what all plans rest on: each copy and each term of a step is looked at once.
    pub fn of_all(&mut self, estate: Estate<'_>, all: &Seen, sources: &SourceMap) {
        for choice in all.choices.values() {
            self.of(&loss(estate, choice), sources);
        }
        for (origin, (what, value)) in all.terms.values() {
            self.one(what, *value, *origin, sources);
        }
        // Streams and shipped logs rest on logs that are still there.
        let log = |j: &Job| if let JobKind::Log { cluster, .. } = j.kind { Some(cluster) } else { None };
        let mut clusters: BTreeSet<_> = estate.ops.jobs.iter().filter_map(|(_, j)| log(j)).collect();
        clusters.extend(estate.ops.streams.iter().map(|(_, s)| s.cluster));
        for cluster in clusters {
            let kept = estate.model.clusters[cluster].logs_kept;
            self.one("binary logs are kept", Value::Time(kept.value), kept.origin(), sources);
        }
    }

    fn number(&mut self, assumed: Assumed) -> usize {
        let next = self.known.len();
        *self.known.entry(assumed).or_insert(next)
    }

    /// All that were met, by their numbers.
    pub fn list(&self) -> Vec<&Assumed> {
        let mut list: Vec<(&Assumed, usize)> = self.known.iter().map(|(a, n)| (a, *n)).collect();
        list.sort_by_key(|(_, n)| *n);
        list.into_iter().map(|(a, _)| a).collect()
    }
}

/// What decides a step's inputs, for kinds that plans have many of: those of the same key are
/// looked at once.
fn inputs_of(kind: &StepKind) -> Option<Inputs> {
    Some(match *kind {
        StepKind::Restore { data, store, director, to, .. } => Inputs::Restore(data, store, director, to),
        StepKind::Scan { store, director, .. } => Inputs::Scan(store, director),
        StepKind::Prepare { cluster, host, dump, .. } => Inputs::Prepare(cluster, host, dump),
        StepKind::StartDatabase { cluster, .. } => Inputs::Start(cluster),
        StepKind::Replay { cluster, host, .. } => Inputs::Replay(cluster, host),
        StepKind::VerifyData { .. } => Inputs::Verify,
        StepKind::Publish { .. } => Inputs::Publish,
        _ => return None,
    })
}

/// Steps whose inputs are the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Inputs {
    Restore(Idx<Data>, Idx<Store>, Idx<Director>, Idx<Host>),
    Scan(Idx<Store>, Idx<Director>),
    Prepare(Idx<Cluster>, Idx<Host>, bool),
    Start(Idx<Cluster>),
    Replay(Idx<Cluster>, Idx<Host>),
    Verify,
    Publish,
}

/// Where an input stands and what it is for.
type Key = (crate::base::Span, &'static str, bool);

/// What the plans of some scenarios use.
#[derive(Debug, Default)]
pub struct Seen {
    choices: BTreeMap<Used, Choice>,
    terms: BTreeMap<Key, (Origin, (&'static str, Value))>,
}

impl Seen {
    /// What all of several use.
    pub fn all(several: Vec<Self>) -> Self {
        let mut all = Self::default();
        for one in several {
            all.choices.extend(one.choices);
            all.terms.extend(one.terms);
        }
        all
    }

    /// Takes in what a plan uses.
    pub fn look(&mut self, estate: Estate<'_>, plan: &Plan) {
        for choice in &plan.choices {
            self.choices.entry(used(choice)).or_insert_with(|| choice.clone());
        }
        if plan.steps.iter().any(|s| s.actor == Actor::Runner && s.stage == Stage::Recover) {
            let origin = time::control(estate);
            let key = (origin.span, time::CONTROL, origin.assumed.is_some());
            self.terms.entry(key).or_insert((origin, (time::CONTROL, Value::None)));
        }
        let mut kinds = BTreeSet::new();
        for step in plan.steps.iter().filter(|s| s.stage == Stage::Recover) {
            if inputs_of(&step.kind).is_some_and(|key| !kinds.insert(key)) {
                continue;
            }
            for term in times(estate.model, estate.ops, estate.facts, &step.kind, step.response).terms {
                let what = term.what.words();
                let key = (term.origin.span, what, term.origin.assumed.is_some());
                self.terms.entry(key).or_insert((term.origin, (what, time::value(&term))));
            }
        }
    }
}
