//! Two or three changes together, where one does not do.

use super::edit::Edit;
use super::levers::{Form, Lever};
use super::mover::Moved;
use super::trial::{Target, Trials};
use super::writing::LADDER;

/// Inputs that are put together.
const WIDEST: usize = 8;
/// Combinations that are offered.
const ENOUGH: usize = 3;

/// An input that helps by itself, and does not do.
#[derive(Clone)]
pub(super) struct Setting<'l> {
    /// The input.
    pub lever: &'l Lever,
    /// As far as it helped.
    pub strong: Moved,
}

/// What stands in each place of a combination, and how far it was moved.
pub(super) type Together<'l> = Vec<(&'l Lever, String, f64)>;

/// Combinations of two, then of three, that mend an objective: each input as far as it helped, then
/// drawn back as far as it still does.
pub(super) fn search<'l>(
    trials: &Trials<'_>,
    target: &Target,
    settings: &[Setting<'l>],
) -> Vec<Together<'l>> {
    let mut settings: Vec<&Setting<'l>> = settings.iter().collect();
    settings.sort_by_key(|s| {
        let unmet = s.strong.state.unmet(&target.key).len();
        let strain = s.strong.state.worst(&target.key).map_or(0, |(_, c)| c.strain());
        (s.lever.role.who, unmet, strain, s.lever.span)
    });
    settings.truncate(WIDEST);
    let mut found: Vec<Together<'l>> = Vec::new();
    let mut sets: Vec<Vec<&Setting<'l>>> = Vec::new();
    for (n, a) in settings.iter().enumerate() {
        for b in settings.iter().skip(n + 1) {
            sets.push(vec![a, b]);
        }
    }
    for (n, a) in settings.iter().enumerate() {
        for (m, b) in settings.iter().enumerate().skip(n + 1) {
            for c in settings.iter().skip(m + 1) {
                sets.push(vec![a, b, c]);
            }
        }
    }
    for set in sets {
        // A combination that holds one which does is none.
        let known =
            |t: &Together<'l>| t.iter().all(|(l, _, _)| set.iter().any(|s| std::ptr::eq(s.lever, *l)));
        if found.len() >= ENOUGH || found.iter().any(known) {
            continue;
        }
        let strong: Together<'l> =
            set.iter().map(|s| (s.lever, s.strong.text.clone(), s.strong.log)).collect();
        match does(trials, target, &strong) {
            None => return found,
            Some(true) => found.push(drawn_back(trials, target, strong)),
            Some(false) => {}
        }
    }
    found
}

/// Whether these mend; `None` when no more may be tried.
fn does(trials: &Trials<'_>, target: &Target, set: &Together<'_>) -> Option<bool> {
    let edits: Vec<Edit> = set.iter().map(|(l, text, _)| l.edit(text)).collect();
    trials.run(&edits).map(|state| target.mended(&state, &trials.before))
}

/// Each input drawn back as far as the others allow, the dearest first.
fn drawn_back<'l>(trials: &Trials<'_>, target: &Target, mut set: Together<'l>) -> Together<'l> {
    let mut order: Vec<usize> = (0..set.len()).collect();
    order.sort_by_key(|n| set.get(*n).map(|(l, _, _)| std::cmp::Reverse(l.role.who)));
    for n in order {
        let Some((lever, _, log)) = set.get(n).cloned() else { continue };
        for (text, less) in milder(lever, log) {
            let mut tried = set.clone();
            if let Some(slot) = tried.get_mut(n) {
                *slot = (lever, text, less);
            }
            match does(trials, target, &tried) {
                Some(true) => {
                    set = tried;
                    break;
                }
                Some(false) => {}
                None => return set,
            }
        }
    }
    set
}

/// Places between what is stated and where it was moved to, the mildest first.
fn milder(lever: &Lever, log: f64) -> Vec<(String, f64)> {
    match &lever.form {
        Form::Number(literal) => (1..=8)
            .map(|eighth| {
                let (text, times) = literal.times((log * f64::from(eighth) / 8.0).exp(), 2);
                (text, times.ln())
            })
            .collect(),
        Form::Schedule(table) => {
            let between = |p: &&u32| {
                let far = (f64::from(**p) / f64::from(table.period.max(1))).ln();
                far * log > 0.0 && far.abs() < log.abs() - 1e-9
            };
            let mut steps: Vec<u32> = LADDER.iter().filter(between).copied().collect();
            steps.sort_by_key(|p| p.abs_diff(table.period));
            steps
                .into_iter()
                .map(|p| (table.every(p), (f64::from(p) / f64::from(table.period.max(1))).ln()))
                .collect()
        }
        Form::Words(tries) => tries.iter().map(|t| (t.clone(), 0.0)).collect(),
    }
}
