//! The smallest changes that mend what fails.
//!
//! Each is found by moving one input at a time, and offered only when the whole compiler, run over
//! the changed text, proves the objective and finds nothing else worse than before.

use super::combine::{self, Setting};
use super::edit::Edit;
use super::levers::{Form, Lever, Levers};
use super::mover::{Moved, Mover};
use super::relevant;
use super::roles::{Good, Who};
use super::trial::{Key, Target, Trials};
use super::writing::{LADDER, Timetable};
use crate::base::limits;
use crate::base::{EcoString, Span};
use crate::judge::Status;
use crate::quantity::Duration;
use std::collections::BTreeSet;

/// How many times as much is tried of a number, one after the other.
const STEPS: [f64; 4] = [2.0, 16.0, 128.0, 1024.0];
/// How near, as a ratio, the smallest number that mends is found.
const NEAR: f64 = 1.03;
/// Digits of a number that is offered.
const DIGITS: i32 = 2;
/// Steps without any effect after which an input is left alone.
const PATIENCE: usize = 2;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Only this objective; all that fail when `None`.
    pub only: Option<Key>,
    /// At most so many objectives, the worst first.
    pub limit: usize,
    /// Whether combinations are looked for where one change does not do.
    pub combine: bool,
    /// Whether the first change that does is enough.
    pub first: bool,
}

/// A change of one input.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// What it is, in words.
    pub input: String,
    /// Where it was written, or the block that lacks it.
    pub at: Span,
    /// Who could change it.
    pub who: Who,
    /// What is stated; empty when nobody stated anything.
    pub stated: String,
    /// What would stand there.
    pub put: String,
    /// The entry as it would read: `log = every 3 min`.
    pub line: String,
    /// The edit that makes it so.
    pub edit: Edit,
    /// Whether it stands in a response of the user's own in place of the library's.
    pub own_response: bool,
    /// How far it moves the input: the logarithm of how many times it is, whichever way; 0 for what
    /// is added.
    pub distance: f64,
}

/// One or more changes that together mend something. Checked.
#[derive(Clone, PartialEq, Debug)]
pub struct Fix {
    /// The changes.
    pub changes: Vec<Change>,
    /// All objectives that are met with it and were not.
    pub meets: Vec<Key>,
    /// What it adds to the outlays of a year, in minor units. `None` when nothing says: when the
    /// spec states no cost, or a thing that has to be bought states no price for more of it.
    pub price: Option<i64>,
}

/// A fix that mends an objective under some scenarios, not under all.
#[derive(Clone, PartialEq, Debug)]
pub struct Partly {
    /// The changes.
    pub fix: Fix,
    /// Under which it is then met.
    pub under: Vec<EcoString>,
}

/// What can be done about an objective.
#[derive(Clone, Debug)]
pub struct Suggestion {
    /// Which.
    pub objective: Key,
    /// The scenario in which it is worst.
    pub scenario: EcoString,
    /// What is claimed there.
    pub status: Status,
    /// The bound there; `None` when there is none.
    pub predicted: Option<Duration>,
    /// What is allowed there.
    pub allowed: Duration,
    /// Single changes: choices first, then what must be bought, what would have to be so, people's
    /// time, and promises last; among them the smallest first.
    pub single: Vec<Fix>,
    /// Combinations of two or three, where no single change does, or costs are stated.
    pub combined: Vec<Fix>,
    /// What does under some scenarios, where nothing does under all.
    pub partly: Vec<Partly>,
    /// Inputs that were moved.
    pub moved: usize,
    /// Inputs that were not, since enough had been tried.
    pub not_moved: usize,
}

impl Suggestion {
    /// The fix of the lowest price, of those that have one.
    pub fn cheapest(&self) -> Option<&Fix> {
        self.single.iter().chain(&self.combined).filter(|f| f.price.is_some()).min_by_key(|f| f.price)
    }
}

/// The answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// What fails, the worst first.
    pub suggestions: Vec<Suggestion>,
    /// Objectives that fail and were left out by the limit.
    pub left_out: usize,
}

/// Finds what mends.
pub fn suggest(trials: &Trials<'_>, wanted: &Wanted) -> Answer {
    let rank = |k: &Key| {
        trials.before.worst(k).map_or((false, 0), |(_, c)| (c.status == Status::Refuted, c.strain()))
    };
    let mut keys: Vec<Key> = trials.before.claims.keys().filter(|k| !trials.before.met(k)).cloned().collect();
    keys.retain(|k| wanted.only.as_ref().is_none_or(|o| o == k));
    keys.sort_by_key(|k| (std::cmp::Reverse(rank(k)), k.clone()));
    let left_out = keys.len().saturating_sub(wanted.limit);
    keys.truncate(wanted.limit);
    if keys.is_empty() {
        return Answer { suggestions: Vec::new(), left_out };
    }
    let levers = Levers::of(&trials.compiled.sources, &limits::DEFAULT);
    let inputs = relevant::inputs(trials.compiled, &keys);
    let all = trials.left();
    let mut suggestions = Vec::new();
    for (n, key) in keys.iter().enumerate() {
        // What one objective leaves over, those behind it may use.
        let later = keys.len() - n;
        let spare = trials.left();
        trials.allow((spare / later).max(usize::from(spare > 0)));
        let spans = inputs.get(key).cloned().unwrap_or_default();
        let mine = trials.left();
        if let Some(s) = of_objective(trials, wanted, &levers, &spans, key) {
            suggestions.push(s);
        }
        trials.allow(spare - (mine - trials.left()).min(spare));
    }
    debug_assert!(trials.left() <= all);
    Answer { suggestions, left_out }
}

fn of_objective(
    trials: &Trials<'_>,
    wanted: &Wanted,
    levers: &Levers,
    spans: &BTreeSet<Span>,
    key: &Key,
) -> Option<Suggestion> {
    let (scenario, claim) = trials.before.worst(key)?;
    let mut suggestion = Suggestion {
        objective: key.clone(),
        scenario: scenario.clone(),
        status: claim.status,
        predicted: claim.predicted,
        allowed: claim.allowed,
        single: Vec::new(),
        combined: Vec::new(),
        partly: Vec::new(),
        moved: 0,
        not_moved: 0,
    };
    let target = Target::all(key);
    let ranks = levers.ranks(spans, &trials.compiled.sources);
    let mut order: Vec<(u8, Who, usize, &Lever)> = levers
        .list
        .iter()
        .zip(&ranks)
        .enumerate()
        .filter(|(_, (l, rank))| **rank < 2 && levers.offer(l, &l.stated, &trials.compiled.sources).is_some())
        .map(|(n, (l, rank))| (*rank, l.role.who, n, l))
        .collect();
    order.sort_by_key(|(rank, who, n, _)| (*rank, *who, *n));
    let mut settings: Vec<Setting<'_>> = Vec::new();
    for (_, _, _, lever) in order {
        let enough = wanted.first
            && suggestion.single.iter().any(|f| f.changes.iter().all(|c| c.who <= Who::Purchase));
        if trials.left() == 0 || enough {
            suggestion.not_moved += 1;
            continue;
        }
        suggestion.moved += 1;
        let found = smallest(trials, lever, &target);
        if let Some(moved) = found.mends.as_ref()
            && let Some(fix) = offered(trials, levers, &target, &[(lever, moved.text.clone(), moved.log)])
        {
            suggestion.single.push(fix);
        }
        settings.extend(found.helps);
    }
    suggestion.single.sort_by(lighter);
    if wanted.combine && (suggestion.single.is_empty() || trials.before.yearly.is_some()) {
        for together in combine::search(trials, &target, &settings) {
            suggestion.combined.extend(offered(trials, levers, &target, &together));
        }
        suggestion.combined.sort_by(lighter);
    }
    if suggestion.single.is_empty() && suggestion.combined.is_empty() && !wanted.first {
        suggestion.partly = partly(trials, levers, key, &settings);
    }
    Some(suggestion)
}

/// For each input that mends an objective under some scenarios, the smallest move that does.
fn partly(trials: &Trials<'_>, levers: &Levers, key: &Key, settings: &[Setting<'_>]) -> Vec<Partly> {
    let mut found = Vec::new();
    for s in settings {
        let after = s.strong.state.unmet(key);
        let under: BTreeSet<EcoString> =
            trials.before.unmet(key).into_iter().filter(|n| !after.contains(n)).cloned().collect();
        if under.is_empty() {
            continue;
        }
        let target = Target { key: key.clone(), under: Some(under.clone()) };
        if let Some(m) = smallest(trials, s.lever, &target).mends
            && let Some(fix) = offered(trials, levers, &target, &[(s.lever, m.text, m.log)])
        {
            found.push(Partly { fix, under: under.into_iter().collect() });
        }
    }
    // What nothing helps at all is left aside, and the rest mended by several together.
    let helped: BTreeSet<EcoString> = trials
        .before
        .unmet(key)
        .into_iter()
        .filter(|n| {
            let target = Target { key: key.clone(), under: Some(BTreeSet::from([(*n).clone()])) };
            settings.iter().any(|s| target.helped(&s.strong.state, &trials.before))
        })
        .cloned()
        .collect();
    if !helped.is_empty() && !found.iter().any(|p: &Partly| p.under.len() == helped.len()) {
        let target = Target { key: key.clone(), under: Some(helped.clone()) };
        for together in combine::search(trials, &target, settings) {
            let fix = offered(trials, levers, &target, &together);
            found.extend(fix.map(|fix| Partly { fix, under: helped.iter().cloned().collect() }));
        }
    }
    found.sort_by(|a, b| {
        (b.under.len(), a.fix.changes.len())
            .cmp(&(a.under.len(), b.fix.changes.len()))
            .then_with(|| lighter(&a.fix, &b.fix))
    });
    found
}

/// Which of two fixes is offered first: of choices, then of what must be bought, what would have to
/// be so, people's time, and promises last; among them the one that moves less.
fn lighter(a: &Fix, b: &Fix) -> std::cmp::Ordering {
    let who = |f: &Fix| f.changes.iter().map(|c| c.who).max();
    let distance = |f: &Fix| f.changes.iter().map(|c| c.distance).sum::<f64>();
    who(a).cmp(&who(b)).then_with(|| distance(a).total_cmp(&distance(b)))
}

fn change(trials: &Trials<'_>, levers: &Levers, lever: &Lever, text: &str, log: f64) -> Option<Change> {
    let sources = &trials.compiled.sources;
    Some(Change {
        input: lever.name.clone(),
        at: lever.span,
        who: lever.role.who,
        stated: if lever.stated.is_empty() { String::new() } else { lever.shown(&lever.stated) },
        put: lever.shown(text),
        line: lever.line(text, sources),
        edit: levers.offer(lever, text, sources)?,
        own_response: lever.library,
        distance: log.abs(),
    })
}

/// The changes as they are offered, run once more just as the user would write them.
fn offered(
    trials: &Trials<'_>,
    levers: &Levers,
    target: &Target,
    put: &[(&Lever, String, f64)],
) -> Option<Fix> {
    let changes: Option<Vec<Change>> =
        put.iter().map(|(l, text, log)| change(trials, levers, l, text, *log)).collect();
    let changes = changes?;
    let edits: Vec<Edit> = changes.iter().map(|c| c.edit.clone()).collect();
    // Two changes of one response are one edit of it, which nobody has put together.
    let apart = edits.iter().enumerate().all(|(n, a)| {
        edits.iter().skip(n + 1).all(|b| a.file != b.file || a.end <= b.start || b.end <= a.start)
    });
    let state = trials.run(&edits).filter(|_| apart)?;
    if !target.mended(&state, &trials.before) || trials.still_emits(&edits) != Some(true) {
        return None;
    }
    let meets =
        trials.before.claims.keys().filter(|k| !trials.before.met(k) && state.met(k)).cloned().collect();
    let price = match (trials.before.yearly, state.yearly) {
        (Some(old), Some(new)) => i64::try_from(i128::from(new) - i128::from(old)).ok(),
        _ => None,
    };
    // What is bought and costs nothing has a price that nobody stated.
    let free = changes.iter().all(|c| c.who == Who::Choice);
    Some(Fix { changes, meets, price: price.filter(|p| *p != 0 || free) })
}

/// What moving one input comes to.
struct Outcome<'l> {
    /// The smallest move that mends and does no harm.
    mends: Option<Moved>,
    /// The farthest move that helps and does no harm.
    helps: Option<Setting<'l>>,
}

/// Moves one input until the objective is met.
fn smallest<'l>(trials: &Trials<'_>, lever: &'l Lever, target: &Target) -> Outcome<'l> {
    let mut mover = Mover::new(trials, lever);
    let mut outcome = Outcome { mends: None, helps: None };
    match &lever.form {
        Form::Number(_) => {
            for up in [true, false] {
                let against = match lever.role.good {
                    Good::Either => false,
                    Good::Up => !up,
                    Good::Down => up,
                };
                if !against && outcome.mends.is_none() {
                    number(trials, &mut mover, target, if up { 1.0 } else { -1.0 }, &mut outcome, lever);
                }
            }
        }
        Form::Schedule(table) => {
            let shorter = LADDER.iter().copied().filter(|p| *p < table.period);
            one_by_one(trials, &mut mover, target, &mut outcome, lever, shorter.map(|p| entry(table, p)));
            if outcome.mends.is_none() && outcome.helps.is_none() {
                // What overruns is mended by running less often.
                let longer = LADDER.iter().rev().copied().filter(|p| *p > table.period);
                one_by_one(trials, &mut mover, target, &mut outcome, lever, longer.map(|p| entry(table, p)));
            }
        }
        Form::Words(tries) => {
            let tries = tries.iter().map(|t| (t.clone(), 0.0));
            one_by_one(trials, &mut mover, target, &mut outcome, lever, tries);
        }
    }
    outcome
}

fn entry(table: &Timetable, period: u32) -> (String, f64) {
    (table.every(period), (f64::from(period) / f64::from(table.period.max(1))).ln())
}

fn note<'l>(
    outcome: &mut Outcome<'l>,
    trials: &Trials<'_>,
    lever: &'l Lever,
    target: &Target,
    m: &Moved,
) -> bool {
    let helped = target.helped(&m.state, &trials.before);
    if helped && m.state.harm(&trials.before).is_empty() && !m.state.is_broken(&trials.before) {
        outcome.helps = Some(Setting { lever, strong: m.clone() });
    }
    helped
}

fn one_by_one<'l>(
    trials: &Trials<'_>,
    mover: &mut Mover<'_, '_>,
    target: &Target,
    outcome: &mut Outcome<'l>,
    lever: &'l Lever,
    tries: impl Iterator<Item = (String, f64)>,
) {
    let mut idle = 0;
    for (text, log) in tries {
        let Some(m) = mover.put(text, log) else { return };
        if mover.is_broken(&m) {
            idle += 1;
        } else if target.met(&m.state) {
            if m.state.harm(&trials.before).is_empty() {
                outcome.mends = Some(m);
            }
            return;
        } else {
            idle = if note(outcome, trials, lever, target, &m) { 0 } else { idle + 1 };
        }
        if idle >= PATIENCE {
            return;
        }
    }
}

fn number<'l>(
    trials: &Trials<'_>,
    mover: &mut Mover<'_, '_>,
    target: &Target,
    sign: f64,
    outcome: &mut Outcome<'l>,
    lever: &'l Lever,
) {
    let mut near = 0.0;
    let mut idle = 0;
    for step in STEPS {
        let mut far: f64 = step.ln();
        let Some(mut m) = mover.scale(sign * far, DIGITS) else { return };
        // What is too much for the place, such as more than the whole, is tried once half as far.
        if mover.is_broken(&m) {
            far = f64::midpoint(near, far);
            match mover.scale(sign * far, DIGITS) {
                Some(half) if !mover.is_broken(&half) => m = half,
                _ => return,
            }
        }
        if !target.met(&m.state) {
            idle = if note(outcome, trials, lever, target, &m) { 0 } else { idle + 1 };
            if idle >= PATIENCE {
                return;
            }
            near = far;
            continue;
        }
        while far - near > NEAR.ln() {
            let Some(between) = mover.scale(sign * f64::midpoint(near, far), DIGITS) else { break };
            if between.text == m.text {
                break;
            }
            let middle = f64::midpoint(near, far);
            if target.met(&between.state) && !mover.is_broken(&between) {
                (far, m) = (middle, between);
            } else {
                near = middle;
            }
        }
        if m.state.harm(&trials.before).is_empty() {
            outcome.mends = Some(m);
        }
        return;
    }
}
