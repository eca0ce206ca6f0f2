//! What can be recovered only by itself: a vault whose backup is opened by the vault, services
//! that wait for one another (calculus, R-50).

use super::errors;
use crate::base::Span;
use crate::diag::Problems;
use crate::model::{Copy, Data, Model, Place, Service, Store};
use la_arena::Idx;
use std::collections::BTreeSet;

/// One thing that must come before another, and where that is written.
pub(super) struct Edge {
    /// In words: what needs what.
    pub words: String,
    /// Where.
    pub span: Span,
}

/// Tells of every circle once.
pub(super) fn cycles(model: &Model, problems: &mut Problems) {
    backups(model, problems);
    services(model, problems);
}

/// The first data class of the database that one lives in: they are restored as one.
fn unit(model: &Model, data: Idx<Data>) -> Idx<Data> {
    crate::flow::together(model, data).first().copied().unwrap_or(data)
}

/// What opens a store, with where that is written: what it states, and what its server states.
fn opened_by(model: &Model, store: Idx<Store>) -> Vec<(Idx<Data>, Span)> {
    let servers = model.backup_servers.iter().filter(|(_, s)| s.stores.contains(&store));
    let by_server = servers.flat_map(|(_, s)| s.opened_by.iter().copied());
    model.stores[store].opened_by.iter().copied().chain(by_server).collect()
}

/// The backups of a unit.
fn stored(model: &Model, data: Idx<Data>) -> Vec<(Idx<Copy>, Idx<Store>)> {
    let copies = crate::flow::together(model, data).into_iter().flat_map(|d| &model.data[d].copies);
    copies
        .filter_map(|c| match model.copies[*c].place {
            Place::Store(store) => Some((*c, store)),
            Place::Host(_) => None,
        })
        .collect()
}

/// Data of which every backup is opened, directly or through others, by that data itself. One
/// without backups is no part of a circle: that it does not come back is a verdict.
fn backups(model: &Model, problems: &mut Problems) {
    if model.stores.iter().all(|(id, _)| opened_by(model, id).is_empty()) {
        return;
    }
    let all: BTreeSet<Idx<Data>> = model.data.iter().map(|(id, _)| unit(model, id)).collect();
    let mut blocked: BTreeSet<Idx<Data>> =
        all.into_iter().filter(|d| !stored(model, *d).is_empty()).collect();
    loop {
        let opens = |store: &(Idx<Copy>, Idx<Store>)| {
            opened_by(model, store.1).iter().all(|(by, _)| !blocked.contains(&unit(model, *by)))
        };
        let free: Vec<Idx<Data>> =
            blocked.iter().copied().filter(|d| stored(model, *d).iter().any(opens)).collect();
        if free.is_empty() {
            break;
        }
        for data in free {
            blocked.remove(&data);
        }
    }
    let next = |data: Idx<Data>| {
        stored(model, data).into_iter().find_map(|(copy, store)| {
            let by = opened_by(model, store).into_iter().find(|(by, _)| blocked.contains(&unit(model, *by)));
            by.map(|(by, span)| (copy, store, by, span))
        })
    };
    for circle in circles(blocked.iter().copied().collect(), |d| next(*d).map(|n| unit(model, n.2))) {
        let mut edges = Vec::new();
        for data in &circle {
            let Some((copy, store, by, span)) = next(*data) else { continue };
            let (data, store) = (&model.data[model.copies[copy].data].name, &model.stores[store].name);
            edges.push(Edge {
                words: format!("`{data}` comes back from `{store}`"),
                span: model.copies[copy].span,
            });
            edges.push(Edge { words: format!("`{store}` is opened by `{}`", model.data[by].name), span });
        }
        let first = circle.first().map(|d| model.data[*d].name.to_string()).unwrap_or_default();
        problems.push(errors::recovery_cycle(
            &first,
            &edges,
            "keep a backup of it, or what opens that, in a place that nothing has to open first",
        ));
    }
}

/// Services that need one another.
fn services(model: &Model, problems: &mut Problems) {
    // Those that wait, in the end, for one that never starts.
    let mut blocked: BTreeSet<Idx<Service>> = model.services.iter().map(|(id, _)| id).collect();
    loop {
        let free: Vec<Idx<Service>> = blocked
            .iter()
            .copied()
            .filter(|s| model.services[*s].services.iter().all(|(n, _)| !blocked.contains(n)))
            .collect();
        if free.is_empty() {
            break;
        }
        for service in free {
            blocked.remove(&service);
        }
    }
    let next = |s: &Idx<Service>| {
        model.services[*s].services.iter().copied().find(|(needed, _)| blocked.contains(needed))
    };
    for circle in circles(blocked.iter().copied().collect(), |s| next(s).map(|n| n.0)) {
        let name = |s: &Idx<Service>| &model.services[*s].name;
        let edge = |s: &Idx<Service>| {
            let (needed, span) = next(s)?;
            Some(Edge { words: format!("`{}` needs `{}`", name(s), name(&needed)), span })
        };
        let edges: Vec<Edge> = circle.iter().filter_map(edge).collect();
        let first = circle.first().map(|s| name(s).to_string()).unwrap_or_default();
        problems.push(errors::recovery_cycle(&first, &edges, "let one of them start without the other"));
    }
}

/// The circles that one reaches from each thing by its next, each once.
fn circles<T: std::marker::Copy + Ord>(things: Vec<T>, next: impl Fn(&T) -> Option<T>) -> Vec<Vec<T>> {
    let mut seen: BTreeSet<T> = BTreeSet::new();
    let mut found = Vec::new();
    for start in things {
        let mut path: Vec<T> = Vec::new();
        let mut at = Some(start);
        while let Some(thing) = at.filter(|t| !seen.contains(t)) {
            seen.insert(thing);
            path.push(thing);
            at = next(&thing);
        }
        if let Some(back) = at.and_then(|t| path.iter().position(|p| *p == t)) {
            found.push(path.split_off(back));
        }
    }
    found
}
