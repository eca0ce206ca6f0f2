//! Binds the names of blocks and reads their values: the last step to the resolved spec.

use super::claims;
use super::env::Env;
use super::errors;
use super::eval::Eval;
use super::expand::{Block, Expanded};
use super::hir::{Attr, Hir, Item, ItemId};
use super::loader::Loaded;
use super::phrase::Typed;
use super::scope::lookup;
use crate::base::similar;
use crate::base::{EcoString, Span};
use crate::diag::Problems;
use crate::schema::{Colon, Head, Kind, TOP};
use crate::syntax::ast::{Atom, AtomKind, Sign};
use std::collections::{BTreeMap, BTreeSet};

/// What a name means.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    /// The block; none when its kind holds something else.
    pub id: Option<ItemId>,
    pub kind: Kind,
    pub span: Span,
}

/// All names, by the module that declares them.
#[derive(Debug)]
pub(super) struct Names<'a> {
    loaded: &'a Loaded,
    declared: Vec<BTreeMap<EcoString, Named>>,
    kinds: Vec<Kind>,
    twice: BTreeSet<EcoString>,
}

impl Names<'_> {
    /// What `name` means in a module.
    pub fn find(&self, name: &str, module: usize) -> Option<Named> {
        let hit = |m: usize, n: &str| self.declared.get(m)?.get(n).copied();
        // A pattern of the library names things of the spec that applies it.
        lookup(self.loaded, module, name, hit).or_else(|| lookup(self.loaded, 0, name, hit))
    }

    /// The kind of a block.
    pub fn kind(&self, id: ItemId) -> Option<Kind> {
        self.kinds.get(id.0 as usize).copied()
    }

    /// Whether the name was declared twice: what it means is then no mistake of who uses it.
    pub fn is_double(&self, name: &str) -> bool {
        self.twice.contains(name)
    }

    /// Whether a broken part of the text may have declared the name: then its finding has been
    /// made, and its absence is none of its own.
    pub fn is_broken(&self, name: &str) -> bool {
        self.loaded.broken_names.contains(name)
    }

    /// The name of one of the kinds that is nearest.
    pub fn nearest(&self, name: &str, kinds: &[Kind]) -> Option<&str> {
        let names = self.declared.iter().flatten().filter(|(_, n)| kinds.contains(&n.kind));
        similar::nearest(name, names.map(|(n, _)| n.as_str()))
    }
}

/// The order of blocks in the resolved spec: by kind and name, children behind their parents, so
/// that the order in which a spec is written changes nothing.
fn order(blocks: &[Block<'_>]) -> Vec<usize> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); blocks.len()];
    let mut tops = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        match block.parent.and_then(|p| children.get_mut(p)) {
            Some(list) => list.push(index),
            None => tops.push(index),
        }
    }
    let key = |index: &usize| {
        blocks.get(*index).map(|b| {
            let place = TOP.iter().position(|k| k.kind == b.def.kind).unwrap_or(TOP.len());
            let target = match b.entry.head.atoms.get(1).map(|a| &a.kind) {
                Some(AtomKind::Word(w)) if b.name.is_empty() => w.clone(),
                _ => b.name.clone(),
            };
            (place, b.def.kind, target, b.span)
        })
    };
    tops.sort_by_key(key);
    let mut sorted = Vec::with_capacity(blocks.len());
    let mut stack: Vec<usize> = tops.into_iter().rev().collect();
    while let Some(index) = stack.pop() {
        sorted.push(index);
        if let Some(list) = children.get_mut(index) {
            list.sort_by_key(key);
            stack.extend(list.iter().rev());
        }
    }
    sorted
}

pub(super) fn check(loaded: &Loaded, expanded: &Expanded<'_>, problems: &mut Problems) -> Hir {
    let sorted = order(&expanded.blocks);
    let mut place = vec![ItemId(0); expanded.blocks.len()];
    for (n, index) in sorted.iter().enumerate() {
        if let Some(slot) = place.get_mut(*index) {
            *slot = ItemId(n as u32);
        }
    }
    let blocks: Vec<&Block<'_>> = sorted.iter().filter_map(|i| expanded.blocks.get(*i)).collect();
    let names = declare(loaded, &blocks, problems);
    let torn = torn(loaded, &blocks);
    let mut hir = Hir::default();
    for (n, block) in blocks.iter().enumerate() {
        let parent = block.parent.and_then(|p| place.get(p).copied());
        let eval =
            Eval { loaded, lets: &expanded.definitions.lets, env: block.env.clone(), problems, depth: 0 };
        hir.items.push(item(block, parent, torn.contains(&n), Typed { eval, names: &names }));
    }
    for claim in &expanded.claims {
        let eval =
            Eval { loaded, lets: &expanded.definitions.lets, env: claim.env.clone(), problems, depth: 0 };
        claims::read(claim, Typed { eval, names: &names }, &mut hir);
    }
    hir.responses = hir.of(Kind::Response).map(|(id, _)| id).collect();
    hir
}

/// The innermost block round each place where the text is broken.
fn torn(loaded: &Loaded, blocks: &[&Block<'_>]) -> BTreeSet<usize> {
    let holds = |b: &Block<'_>, at: &Span| b.entry.span.lo <= at.lo && at.hi <= b.entry.span.hi;
    loaded
        .broken
        .iter()
        .filter_map(|at| {
            let round = blocks.iter().enumerate().filter(|(_, b)| holds(b, at));
            round.min_by_key(|(_, b)| b.entry.span.len()).map(|(n, _)| n)
        })
        .collect()
}

/// Registers every name, and finds those that mean two things.
fn declare<'a>(loaded: &'a Loaded, blocks: &[&Block<'_>], problems: &mut Problems) -> Names<'a> {
    let mut declared: Vec<BTreeMap<EcoString, Named>> = vec![BTreeMap::new(); loaded.modules.len()];
    let mut first: BTreeMap<EcoString, Span> = BTreeMap::new();
    let mut twice = BTreeSet::new();
    for (n, block) in blocks.iter().enumerate() {
        if block.def.head != Head::Declares || block.name.is_empty() {
            continue;
        }
        if let Some(before) = first.get(&block.name) {
            let (early, late) =
                if *before <= block.span { (*before, block.span) } else { (block.span, *before) };
            problems.push(errors::duplicate_name(&block.name, late, early));
            twice.insert(block.name.clone());
            continue;
        }
        first.insert(block.name.clone(), block.span);
        if let Some(module) = declared.get_mut(block.module) {
            let named = Named { id: Some(ItemId(n as u32)), kind: block.def.kind, span: block.span };
            module.insert(block.name.clone(), named);
        }
    }
    Names { loaded, declared, kinds: blocks.iter().map(|b| b.def.kind).collect(), twice }
}

fn item(block: &Block<'_>, parent: Option<ItemId>, torn: bool, mut typed: Typed<'_, '_>) -> Item {
    let mut item = Item {
        def: block.def,
        name: block.name.clone(),
        span: block.span,
        parent,
        target: None,
        colon: Vec::new(),
        attributes: Vec::new(),
        poisoned: block.poisoned,
    };
    if let (Head::Names(kinds), Some(atom)) = (block.def.head, block.entry.head.atoms.get(1)) {
        item.span = block.span.to(atom.span);
        item.target = typed.eval.name(atom).and_then(|name| typed.named(&name, atom.span, kinds));
        item.poisoned |= item.target.is_none();
    }
    colon(block, &mut item, &mut typed);
    for (attribute, entry, env) in &block.attributes {
        let outer: Env = std::mem::replace(&mut typed.eval.env, env.clone());
        match typed.attribute(attribute.ty, entry) {
            Some((value, span)) => item.attributes.push(Attr { name: attribute.name, value, span }),
            None => item.poisoned = true,
        }
        typed.eval.env = outer;
    }
    // A block that is broken may have lost the very line that seems to be missing.
    item.poisoned |= torn;
    if !block.poisoned && !torn {
        for attribute in block.def.attributes.iter().filter(|a| a.required) {
            if !block.attributes.iter().any(|(a, _, _)| a.name == attribute.name) {
                typed.eval.problems.push(errors::missing_attribute(block.def, attribute, block.span));
                item.poisoned = true;
            }
        }
    }
    item
}

fn colon(block: &Block<'_>, item: &mut Item, typed: &mut Typed<'_, '_>) {
    let kinds = match (block.def.colon, &block.entry.colon) {
        (Colon::None, None) | (Colon::May(_), None) => return,
        (Colon::None, Some(phrase)) => {
            typed.eval.problems.push(errors::no_colon(block.def, phrase.span));
            item.poisoned = true;
            return;
        }
        (Colon::Must(_) | Colon::Ends, None) => {
            typed.eval.problems.push(errors::missing_colon(block.def, block.span));
            item.poisoned = true;
            return;
        }
        (Colon::May(kinds) | Colon::Must(kinds), Some(_)) => kinds,
        (Colon::Ends, Some(_)) => &[Kind::Site],
    };
    let Some(phrase) = &block.entry.colon else { return };
    let wanted: Vec<&Atom> = match (block.def.colon, phrase.atoms.as_slice()) {
        (Colon::Ends, [a, Atom { kind: AtomKind::Sign(Sign::Both), .. }, b]) => vec![a, b],
        (Colon::Ends, _) => {
            typed.eval.problems.push(errors::bad_ends(phrase.span));
            item.poisoned = true;
            return;
        }
        (_, [one]) => vec![one],
        _ => {
            typed.eval.problems.push(errors::bad_head(block.def, phrase.span));
            item.poisoned = true;
            return;
        }
    };
    for atom in wanted {
        let found = typed.eval.name(atom).and_then(|name| typed.named(&name, atom.span, kinds));
        match found {
            Some(id) => item.colon.push((id, atom.span)),
            None => item.poisoned = true,
        }
    }
    if let [(a, _), (b, _)] = item.colon.as_slice()
        && a == b
    {
        typed.eval.problems.push(errors::bad_ends(phrase.span));
        item.poisoned = true;
    }
}
