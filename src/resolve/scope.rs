//! Which name means which block, `let` or pattern, from where.

use super::loader::Loaded;
use crate::base::{EcoString, Span};
use crate::syntax::ast::{Entry, Phrase};
use std::collections::BTreeMap;
use std::rc::Rc;

/// What the modules declare at their top, apart from blocks.
#[derive(Debug, Default)]
pub(super) struct Definitions<'a> {
    /// `let NAME = phrase`, by module.
    pub lets: Vec<BTreeMap<EcoString, (Rc<Phrase>, Span)>>,
    /// `pattern NAME(parameters) { … }`, by module.
    pub patterns: Vec<BTreeMap<EcoString, Pattern<'a>>>,
}

/// A pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern<'a> {
    /// Its parameters with their defaults.
    pub parameters: Vec<(EcoString, Option<Rc<Phrase>>)>,
    /// Its entry.
    pub entry: &'a Entry,
}

/// Finds `name` from `module`: in the module, then in those that it uses, with an alias where
/// they have one. Gives the module in which it was found and the name there.
pub(super) fn lookup<'n, T>(
    loaded: &Loaded,
    module: usize,
    name: &'n str,
    found: impl Fn(usize, &'n str) -> Option<T>,
) -> Option<T> {
    if let Some(hit) = found(module, name) {
        return Some(hit);
    }
    let uses = &loaded.modules.get(module)?.uses;
    uses.iter().find_map(|u| match &u.alias {
        None => found(u.module, name),
        Some(alias) => {
            let inner = name.strip_prefix(alias.as_str())?.strip_prefix('.')?;
            found(u.module, inner)
        }
    })
}
