//! One lever, moved: each text that was tried is tried once.

use super::levers::{Form, Lever};
use super::trial::{State, Trials};
use std::collections::BTreeMap;
use std::rc::Rc;

/// What a lever at another place comes to.
#[derive(Clone)]
pub(super) struct Moved {
    /// What stands there.
    pub text: String,
    /// The natural logarithm of how many times it is what was stated.
    pub log: f64,
    /// What the spec then comes to.
    pub state: Rc<State>,
}

/// Moves one lever.
pub(super) struct Mover<'t, 'a> {
    trials: &'t Trials<'a>,
    pub lever: &'t Lever,
    known: BTreeMap<String, Rc<State>>,
}

impl<'t, 'a> Mover<'t, 'a> {
    pub fn new(trials: &'t Trials<'a>, lever: &'t Lever) -> Self {
        let before = Rc::new(trials.before.clone());
        Self { trials, lever, known: BTreeMap::from([(lever.stated.clone(), before)]) }
    }

    /// The spec with `text` there. `None` when no more may be tried.
    pub fn put(&mut self, text: String, log: f64) -> Option<Moved> {
        if let Some(state) = self.known.get(&text) {
            return Some(Moved { text, log, state: Rc::clone(state) });
        }
        let state = Rc::new(self.trials.run(&[self.lever.edit(&text)])?);
        self.known.insert(text.clone(), Rc::clone(&state));
        Some(Moved { text, log, state })
    }

    /// The number there about `log` as a logarithm times as large, with so many digits. `None`
    /// when no more may be tried, or it is no number.
    pub fn scale(&mut self, log: f64, digits: i32) -> Option<Moved> {
        let Form::Number(literal) = &self.lever.form else { return None };
        let (text, times) = literal.times(log.exp(), digits);
        self.put(text, times.ln())
    }

    /// Whether the text is wrong with it, so that its verdicts say nothing.
    pub fn is_broken(&self, moved: &Moved) -> bool {
        moved.state.is_broken(&self.trials.before)
    }
}
