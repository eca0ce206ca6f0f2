//! The scenarios that an estate is judged under, unasked ones first.

use super::Index;
use crate::model::{Model, Scenario, Strike};
use crate::ops::Ops;
use std::collections::BTreeSet;

/// Every host that carries something, every store, every site, lost and isolated, every region, link
/// and group, wrong contents of every database and tree of files, an attacker, and the user's own.
pub fn scenarios(model: &Model, ops: &Ops, index: &Index) -> Vec<Scenario> {
    let mut all = Vec::new();
    let mut add = |span, strike| all.push(Scenario::derived(span, strike));
    let mut carries: BTreeSet<_> = BTreeSet::new();
    carries.extend(model.stores.iter().map(|(_, s)| s.host));
    carries.extend(model.clusters.iter().flat_map(|(_, c)| {
        std::iter::once(c.primary.0).chain(c.replicas.iter().map(|r| r.0)).collect::<Vec<_>>()
    }));
    carries.extend(model.copies.iter().map(|(_, c)| model.host_of(c.place)));
    for (_, pool) in model.pools.iter() {
        carries.extend(pool.members.iter().chain(&pool.standby).map(|m| m.0));
    }
    carries.extend(model.vips.iter().flat_map(|(_, v)| v.on.iter().map(|h| h.0)));
    carries.extend(model.dns.iter().filter_map(|(_, d)| d.server_host));
    carries.extend(ops.directors.iter().map(|(_, d)| d.host));
    for (id, host) in model.hosts.iter() {
        if carries.contains(&id) || !index.data_on(id).is_empty() {
            add(host.span, Strike::Host(id));
        }
    }
    for (id, store) in model.stores.iter() {
        add(store.span, Strike::Store(id));
    }
    for (id, site) in model.sites.iter() {
        add(site.span, Strike::Site(id));
        // One site alone has nobody to be cut off from whom the spec knows of.
        if model.sites.len() > 1 {
            add(site.span, Strike::Isolated(id));
        }
    }
    for (id, region) in model.regions.iter() {
        if model.sites.iter().any(|(_, s)| s.region == Some(id)) {
            add(region.span, Strike::Region(id));
        }
    }
    for (id, link) in model.links.iter() {
        add(link.span, Strike::Link(id));
    }
    for (id, group) in model.groups.iter() {
        add(group.span, Strike::Group(id));
    }
    for (id, data) in model.data.iter() {
        // A database goes back as a whole, whichever of its data classes is wrong.
        if crate::flow::together(model, id).first() == Some(&id) {
            add(data.span, Strike::Corruption(id));
        }
    }
    let everything = model.data.iter().next().map(|(_, d)| d.span).unwrap_or_default();
    add(everything, Strike::Hostile);
    all.extend(model.scenarios.iter().map(|(_, s)| s.clone()));
    all
}
