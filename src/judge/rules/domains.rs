//! Copies that share a fate with what they are copies of.

use crate::base::{EcoString, Span};
use crate::diag::{Diagnostic, Problems, catalogue as c};
use crate::model::{CopyKind, GroupKind, Host, Idx, Model, Place, StrikeKind};
use crate::plan::Estate;
use std::collections::{BTreeMap, BTreeSet};

/// All rules of this file.
pub(super) fn check(estate: Estate<'_>, problems: &mut Problems) {
    replicas(estate.model, problems);
    backups(estate.model, problems);
    servers(estate.model, problems);
    ways(estate.model, problems);
}

/// What two hosts share: one machine, or a group that takes hosts.
fn shared(model: &Model, a: Idx<Host>, b: Idx<Host>) -> Option<(String, Span, StrikeKind)> {
    if a == b {
        let host = &model.hosts[a];
        return Some((format!("host `{}`", host.name), host.span, StrikeKind::Host));
    }
    let takes = |k: GroupKind| matches!(k, GroupKind::Rack | GroupKind::Power | GroupKind::Chassis);
    let groups = &model.hosts[b].groups;
    let both = model.hosts[a]
        .groups
        .iter()
        .find(|(g, _)| groups.iter().any(|(o, _)| o == g) && takes(model.groups[*g].kind));
    both.map(|(g, at)| {
        let group = &model.groups[*g];
        (format!("{} `{}`", group.kind.name(), group.name), *at, StrikeKind::Group)
    })
}

/// a replica or mirror that is lost with its source, where the tier asks to survive that.
fn replicas(model: &Model, problems: &mut Problems) {
    let mut told = BTreeSet::new();
    for (id, copy) in model.copies.iter() {
        let (CopyKind::Replica(_) | CopyKind::Mirror(_), Place::Host(host)) = (&copy.kind, copy.place) else {
            continue;
        };
        let source = model.source_host(id);
        let Some((what, at, kind)) = shared(model, source, host) else { continue };
        let Some(asked) = super::inputs::asks(model, copy.data, kind) else { continue };
        if told.insert((source, host)) {
            problems.push(
                Diagnostic::new(
                    &c::REPLICA_BESIDE_SOURCE,
                    copy.span,
                    format!(
                        "`{}` of `{}` is lost with `{}`: both are in {what}",
                        copy.name, model.data[copy.data].name, model.hosts[source].name
                    ),
                )
                .label(at, "what they share")
                .label(asked, "this claims to survive it")
                .help("put it on a host that shares no rack, power feed or chassis with the original"),
            );
        }
    }
}

/// a store on hardware that it protects, or copies of backups beside the backups.
fn backups(model: &Model, problems: &mut Problems) {
    let mut told = BTreeSet::new();
    for (_, copy) in model.copies.iter() {
        let Place::Store(store) = copy.place else { continue };
        let here = model.stores[store].host;
        let other = match &copy.kind {
            CopyKind::Backup(_) => model.primary_host(copy.data),
            CopyKind::CopyOf(of) => model.host_of(model.copies[of.of].place),
            CopyKind::Replica(_) | CopyKind::Mirror(_) => continue,
        };
        let Some((what, at, kind)) = shared(model, other, here) else { continue };
        let Some(asked) = super::inputs::asks(model, copy.data, kind) else { continue };
        if told.insert((other, store)) {
            let whose = match &copy.kind {
                CopyKind::Backup(_) => format!("what `{}` holds", model.hosts[other].name),
                _ => format!("what it copies on `{}`", model.hosts[other].name),
            };
            problems.push(
                Diagnostic::new(
                    &c::BACKUP_BESIDE_SOURCE,
                    copy.span,
                    format!(
                        "`{}` of `{}` is lost with {whose}: both are in {what}",
                        copy.name, model.data[copy.data].name
                    ),
                )
                .label(at, "what they share")
                .label(model.stores[store].span, "where the store stands")
                .label(asked, "this claims to survive it")
                .help("hang the store on a host that protects nothing of its own"),
            );
        }
    }
}

/// R-31, and "a backup server on hardware that it protects": the director that would restore is
/// lost with what it is to restore.
fn servers(model: &Model, problems: &mut Problems) {
    let mut protects: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (_, copy) in model.copies.iter() {
        if let (CopyKind::Backup(_), Place::Store(store)) = (&copy.kind, copy.place) {
            protects.entry(store).or_default().push(copy.data);
        }
    }
    for (_, server) in model.backup_servers.iter() {
        let data = server.stores.iter().flat_map(|s| protects.get(s).into_iter().flatten());
        // A store on that host has its own finding.
        let apart = server.stores.iter().all(|s| model.stores[*s].host != server.host.0);
        let found = data.copied().find_map(|d| {
            let (what, at, kind) = shared(model, model.primary_host(d), server.host.0)?;
            Some((d, what, at, super::inputs::asks(model, d, kind)?))
        });
        if let (Some((data, what, at, asked)), true) = (found, apart) {
            problems.push(
                Diagnostic::new(
                    &c::BACKUP_BESIDE_SOURCE,
                    server.host.1,
                    format!(
                        "`{}` is lost with `{}`, which it backs up: both are in {what}",
                        server.name, model.data[data].name
                    ),
                )
                .label(at, "what they share")
                .label(asked, "this claims to survive it")
                .help("run the director on the host of a store, or on one that it does not back up"),
            );
        }
    }
}

/// Alternatives of a route that one cut takes together.
fn ways(model: &Model, problems: &mut Problems) {
    let mut told: BTreeSet<Span> = BTreeSet::new();
    for (_, copy) in model.copies.iter() {
        let ways = &copy.route.ways;
        if ways.len() < 2 || told.contains(&copy.route.span) {
            continue;
        }
        let fates = |way: &Vec<crate::model::Hop>| -> BTreeMap<(bool, u32), (String, Span)> {
            let mut all = BTreeMap::new();
            for hop in way {
                let link = &model.links[hop.link];
                let name = |kind: &str, n: &EcoString| format!("{kind} `{n}`");
                all.insert((false, hop.link.into_raw().into_u32()), (name("link", &link.name), link.span));
                for (g, at) in &link.groups {
                    let group = &model.groups[*g];
                    all.insert((true, g.into_raw().into_u32()), (name(group.kind.name(), &group.name), *at));
                }
            }
            all
        };
        let mut each = ways.iter().map(fates);
        let Some(mut common) = each.next() else { continue };
        for other in each {
            common.retain(|k, _| other.contains_key(k));
        }
        let Some((what, at)) = common.into_values().next() else { continue };
        told.insert(copy.route.span);
        problems.push(
            Diagnostic::new(
                &c::WAYS_SHARE_FATE,
                copy.route.span,
                format!("all ways of `{}` go through {what}: one cut takes them together", copy.name),
            )
            .label(at, "what they share")
            .help("name an alternative that runs through other links and ducts, or only the first way"),
        );
    }
}
