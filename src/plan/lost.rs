//! What a scenario takes away.

use crate::model::{Data, Group, Host, Link, Model, Scenario, Site, Store, Strike};
use la_arena::Idx;

/// What is gone, cut or wrong.
#[derive(Clone, Debug)]
pub struct Lost {
    hosts: Vec<bool>,
    stores: Vec<bool>,
    links: Vec<bool>,
    /// The data class whose contents are wrong.
    pub corrupted: Option<Idx<Data>>,
    /// Whether everything that production can write is gone.
    pub hostile: bool,
}

fn get<T>(list: &[bool], id: Idx<T>) -> bool {
    list.get(id.into_raw().into_u32() as usize).copied().unwrap_or(false)
}

fn set<T>(list: &mut [bool], id: Idx<T>) {
    if let Some(slot) = list.get_mut(id.into_raw().into_u32() as usize) {
        *slot = true;
    }
}

impl Lost {
    /// What a scenario takes: losing a domain loses everything in it.
    pub fn of(model: &Model, scenario: &Scenario) -> Self {
        let mut lost = Self {
            hosts: vec![false; model.hosts.len()],
            stores: vec![false; model.stores.len()],
            links: vec![false; model.links.len()],
            corrupted: None,
            hostile: false,
        };
        for strike in &scenario.strikes {
            match strike {
                Strike::Host(h) => set(&mut lost.hosts, *h),
                Strike::Site(s) => lost.site(model, *s),
                Strike::Region(r) => {
                    for (site, s) in model.sites.iter() {
                        if s.region == Some(*r) {
                            lost.site(model, site);
                        }
                    }
                }
                Strike::Link(l) => set(&mut lost.links, *l),
                Strike::Group(g) => lost.group(model, *g),
                Strike::Corruption(d) => lost.corrupted = Some(*d),
                Strike::Hostile => lost.hostile = true,
            }
        }
        for (id, store) in model.stores.iter() {
            if get(&lost.hosts, store.host) {
                set(&mut lost.stores, id);
            }
        }
        lost
    }

    fn site(&mut self, model: &Model, site: Idx<Site>) {
        for (id, host) in model.hosts.iter() {
            if host.site == site {
                set(&mut self.hosts, id);
            }
        }
        for (id, link) in model.links.iter() {
            if link.ends.contains(&site) {
                set(&mut self.links, id);
            }
        }
    }

    fn group(&mut self, model: &Model, group: Idx<Group>) {
        for (id, host) in model.hosts.iter() {
            if host.groups.iter().any(|(g, _)| *g == group) {
                set(&mut self.hosts, id);
            }
        }
        for (id, store) in model.stores.iter() {
            if store.groups.iter().any(|(g, _)| *g == group) {
                set(&mut self.stores, id);
            }
        }
        for (id, link) in model.links.iter() {
            if link.groups.iter().any(|(g, _)| *g == group) {
                set(&mut self.links, id);
            }
        }
    }

    /// Whether a host is gone.
    pub fn host(&self, id: Idx<Host>) -> bool {
        get(&self.hosts, id)
    }

    /// Whether a store is gone. What an attacker can delete is judged by the chooser.
    pub fn store(&self, id: Idx<Store>) -> bool {
        get(&self.stores, id)
    }

    /// Whether a link is cut.
    pub fn link(&self, id: Idx<Link>) -> bool {
        get(&self.links, id)
    }

    /// Whether two sites can speak: they are one, or a link between them is left. Traffic that
    /// would have to go through a third site is not counted on: nothing that is emitted routes it.
    pub fn joined(&self, model: &Model, a: Idx<Site>, b: Idx<Site>) -> bool {
        a == b || model.links.iter().any(|(id, l)| !self.link(id) && (l.ends == [a, b] || l.ends == [b, a]))
    }

    /// Whether a data class is hit: its primary copy is gone or wrong.
    pub fn hits(&self, model: &Model, data: Idx<Data>) -> bool {
        self.hostile || self.corrupted == Some(data) || self.host(model.primary_host(data))
    }
}
