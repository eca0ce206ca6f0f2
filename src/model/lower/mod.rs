//! The resolved spec to the model: defaults taken, routes joined, each thing in its arena.
//!
//! What is poisoned, or needs something that is, is left out in silence: its finding has been
//! made. [`Lowered::left_out`] says how much that was.

mod claims;
mod combinations;
mod data;
mod defaults;
mod errors;
mod estate;
mod money;
mod promises;
mod quorum;
mod recovery;
mod routes;
mod running;

use super::{Input, Model};
use crate::base::Span;
use crate::diag::Problems;
use crate::resolve::hir::{Attr, Hir, Item, ItemId, Value};
use crate::schema::Kind;
use la_arena::{Idx, RawIdx};

/// The model, and what did not make it there.
#[derive(Debug)]
pub struct Lowered {
    /// The estate.
    pub model: Model,
    /// How many data classes and services were left out because of earlier findings.
    pub left_out: usize,
}

/// Builds the model.
pub fn lower(hir: &Hir, problems: &mut Problems) -> Lowered {
    let mut lower = Lower {
        hir,
        problems,
        model: Model::default(),
        ids: vec![None; hir.items.len()],
        left_out: 0,
        incomplete: Vec::new(),
    };
    lower.groups();
    lower.places();
    lower.stores();
    lower.links();
    lower.engines();
    lower.clusters();
    lower.responses();
    lower.tiers();
    lower.pools();
    lower.vips();
    lower.names();
    lower.data();
    lower.services();
    lower.backup_servers();
    lower.openers();
    lower.control();
    lower.scenarios();
    lower.claims();
    lower.money();
    Lowered { model: lower.model, left_out: lower.left_out }
}

struct Lower<'a> {
    hir: &'a Hir,
    problems: &'a mut Problems,
    model: Model,
    ids: Vec<Option<RawIdx>>,
    left_out: usize,
    /// Data classes of which a copy is not in the model because of a finding.
    incomplete: Vec<Idx<super::Data>>,
}

impl<'a> Lower<'a> {
    /// The sound blocks of a kind.
    fn sound(&self, kind: Kind) -> Vec<(ItemId, &'a Item)> {
        self.hir.of(kind).filter(|(_, i)| !i.poisoned).collect()
    }

    /// The sound blocks of a kind inside another, and whether all of that kind were sound.
    fn inside(&self, parent: ItemId, kind: Kind) -> Vec<(ItemId, &'a Item)> {
        // Children stand behind their parent, before the next block that has the same parent or
        // none.
        let hir = self.hir;
        hir.behind(parent)
            .take_while(|(_, i)| i.parent.is_some_and(|p| p >= parent))
            .filter(|(_, i)| i.parent == Some(parent) && i.def.kind == kind)
            .collect()
    }

    fn set<T>(&mut self, item: ItemId, id: Idx<T>) {
        if let Some(slot) = self.ids.get_mut(item.0 as usize) {
            *slot = Some(id.into_raw());
        }
    }

    /// The model's id of a block. The caller names the type that its kind has.
    fn id<T>(&self, item: ItemId) -> Option<Idx<T>> {
        self.ids.get(item.0 as usize).copied().flatten().map(Idx::from_raw)
    }

    /// The model's ids of a list of blocks; `None` when one of them is not in the model.
    fn ids<T>(&self, refs: &[(ItemId, Span)]) -> Option<Vec<(Idx<T>, Span)>> {
        refs.iter().map(|(item, span)| Some((self.id(*item)?, *span))).collect()
    }
}

/// Typed access to the values of a block. A value of another type than asked for cannot be: the
/// schema has checked it.
trait Get {
    fn attr(&self, name: &str) -> Option<&Attr>;

    fn read<T>(&self, name: &str, read: impl Fn(&Value) -> Option<T>) -> Option<Input<T>> {
        let attr = self.attr(name)?;
        read(&attr.value).map(|value| Input::stated(value, attr.span))
    }

    fn refs(&self, name: &str) -> &[(ItemId, Span)] {
        match self.attr(name).map(|a| &a.value) {
            Some(Value::Refs(list)) => list,
            _ => &[],
        }
    }

    fn reference(&self, name: &str) -> Option<(ItemId, Span)> {
        match self.attr(name)? {
            Attr { value: Value::Ref(id), span, .. } => Some((*id, *span)),
            _ => None,
        }
    }
}

impl Get for Item {
    fn attr(&self, name: &str) -> Option<&Attr> {
        self.get(name)
    }
}

macro_rules! reader {
    ($($name:ident $variant:ident $ty:ty;)*) => {
        $(fn $name(value: &Value) -> Option<$ty> {
            match value {
                Value::$variant(v) => Some(v.clone()),
                _ => None,
            }
        })*
    };
}

reader! {
    text Text crate::base::EcoString;
    boolean Bool bool;
    count Count u64;
    ratio Ratio crate::quantity::Ratio;
    bytes Bytes crate::quantity::Bytes;
    rate Rate crate::quantity::Rate;
    missed Missed u64;
    duration Duration crate::quantity::Duration;
    address Address std::net::IpAddr;
    secret Secret crate::schema::Secret;
    word Word &'static str;
    rule Schedule crate::calendar::Rule;
    profile Profile crate::calendar::WeekProfile;
}

fn interval(value: &Value) -> Option<(crate::quantity::Duration, crate::quantity::Duration)> {
    match value {
        Value::Interval(a, b) => Some((*a, *b)),
        _ => None,
    }
}

fn change(value: &Value) -> Option<(crate::quantity::Ratio, crate::quantity::Duration)> {
    match value {
        Value::Change(part, per) => Some((*part, *per)),
        _ => None,
    }
}
