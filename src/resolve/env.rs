//! What names stand for while a block is unrolled: `let`, loop variables, parameters.

use crate::base::EcoString;
use crate::syntax::ast::Phrase;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Binding {
    /// A phrase, to be read in the scope in which it was written.
    Phrase(Rc<Phrase>, Env),
    /// A row of a table, by column.
    Row(Rc<BTreeMap<EcoString, EcoString>>),
    /// A number of a range.
    Number(u64),
    /// A text, such as an item of a JSON list.
    Text(EcoString),
}

/// A chain of scopes in a module. The innermost wins; behind them all stand the module's `let`s.
#[derive(Clone, Debug)]
pub(super) struct Env {
    frame: Option<Rc<Frame>>,
    /// The module in which the text stands.
    pub module: usize,
}

#[derive(Debug)]
struct Frame {
    name: EcoString,
    binding: Binding,
    outer: Option<Rc<Frame>>,
}

impl Env {
    /// The outermost scope of a module.
    pub fn of(module: usize) -> Self {
        Self { frame: None, module }
    }

    /// This scope with one more name.
    pub fn with(&self, name: EcoString, binding: Binding) -> Self {
        let frame = Frame { name, binding, outer: self.frame.clone() };
        Self { frame: Some(Rc::new(frame)), module: self.module }
    }

    /// What a loop variable or a parameter stands for.
    pub fn get(&self, name: &str) -> Option<&Binding> {
        let mut at = self.frame.as_deref();
        while let Some(frame) = at {
            if frame.name == name {
                return Some(&frame.binding);
            }
            at = frame.outer.as_deref();
        }
        None
    }
}
