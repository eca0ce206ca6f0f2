//! What a scenario takes away.

use crate::model::{Data, Group, Host, Link, Model, On, Scenario, Site, Store, Strike};
use la_arena::Idx;

/// What is gone, cut or wrong.
#[derive(Clone, Debug)]
pub struct Lost {
    hosts: Vec<bool>,
    stores: Vec<bool>,
    links: Vec<bool>,
    /// Links that were struck themselves, apart from those that went with a site.
    struck: Vec<bool>,
    sites: Vec<bool>,
    /// Sites that are cut off and alive. They count as lost too: nothing in them can be used.
    isolated: Vec<bool>,
    /// Hosts that are only out of reach with their site, and go on.
    alive: Vec<bool>,
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

fn unset<T>(list: &mut [bool], id: Idx<T>) {
    if let Some(slot) = list.get_mut(id.into_raw().into_u32() as usize) {
        *slot = false;
    }
}

fn ids<T>(list: &[bool]) -> impl Iterator<Item = Idx<T>> + '_ {
    let lost = list.iter().enumerate().filter(|(_, lost)| **lost);
    lost.map(|(n, _)| Idx::from_raw(la_arena::RawIdx::from_u32(n as u32)))
}

impl Lost {
    /// What a scenario has taken once its last strike has fallen.
    pub fn of(model: &Model, scenario: &Scenario) -> Self {
        Self::by(model, &scenario.strikes)
    }

    /// What strikes take: losing a domain loses everything in it. A site that is cut off takes all
    /// in it out of reach, which is as good as lost to everybody else.
    pub fn by(model: &Model, strikes: &[Strike]) -> Self {
        let mut lost = Self {
            hosts: vec![false; model.hosts.len()],
            stores: vec![false; model.stores.len()],
            links: vec![false; model.links.len()],
            struck: vec![false; model.links.len()],
            sites: vec![false; model.sites.len()],
            isolated: vec![false; model.sites.len()],
            alive: vec![false; model.hosts.len()],
            corrupted: None,
            hostile: false,
        };
        for strike in strikes {
            match strike {
                Strike::Host(h) => set(&mut lost.hosts, *h),
                Strike::Store(s) => set(&mut lost.stores, *s),
                Strike::Site(s) => lost.site(model, *s),
                Strike::Isolated(s) => {
                    lost.site(model, *s);
                    set(&mut lost.isolated, *s);
                }
                Strike::Region(r) => {
                    for (site, s) in model.sites.iter() {
                        if s.region == Some(*r) {
                            lost.site(model, site);
                        }
                    }
                }
                Strike::Link(l) => lost.cut(*l),
                Strike::Group(g) => lost.group(model, *g),
                Strike::Corruption(d) => lost.corrupted = Some(*d),
                Strike::Hostile => lost.hostile = true,
            }
        }
        // What is gone is not merely cut off.
        for (id, site) in model.sites.iter() {
            let whole = Strike::Site(id);
            let region = site.region.map(Strike::Region);
            if strikes.iter().any(|s| *s == whole || Some(*s) == region) {
                unset(&mut lost.isolated, id);
            }
        }
        for (id, store) in model.stores.iter() {
            if get(&lost.hosts, store.host) {
                set(&mut lost.stores, id);
            }
        }
        if lost.hostile {
            lost.everything_written(model);
        } else if lost.isolated.contains(&true) {
            let dead: Vec<Strike> =
                strikes.iter().copied().filter(|s| !matches!(s, Strike::Isolated(_))).collect();
            let dead = Self::by(model, &dead);
            for (id, host) in model.hosts.iter() {
                if get(&lost.isolated, host.site) && !dead.host(id) {
                    set(&mut lost.alive, id);
                }
            }
        }
        lost
    }

    /// An attacker takes every host, and every store but those that something outside of
    /// production keeps from being deleted.
    fn everything_written(&mut self, model: &Model) {
        for (id, _) in model.hosts.iter() {
            set(&mut self.hosts, id);
        }
        for (id, store) in model.stores.iter() {
            if store.immutable.is_none() || store.enforced.is_none() {
                set(&mut self.stores, id);
            }
        }
    }

    fn cut(&mut self, link: Idx<Link>) {
        set(&mut self.links, link);
        set(&mut self.struck, link);
    }

    fn site(&mut self, model: &Model, site: Idx<Site>) {
        set(&mut self.sites, site);
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
                self.cut(id);
            }
        }
    }

    /// Whether a host is gone.
    pub fn host(&self, id: Idx<Host>) -> bool {
        get(&self.hosts, id)
    }

    /// Whether a store is gone, or an attacker can delete what is in it.
    pub fn store(&self, id: Idx<Store>) -> bool {
        get(&self.stores, id)
    }

    /// Whether a link is cut.
    pub fn link(&self, id: Idx<Link>) -> bool {
        get(&self.links, id)
    }

    /// Whether a link was cut itself, so that it does not come back with a site.
    pub fn struck(&self, id: Idx<Link>) -> bool {
        get(&self.struck, id)
    }

    /// Whether a whole site is gone.
    pub fn whole_site(&self, id: Idx<Site>) -> bool {
        get(&self.sites, id)
    }

    /// Whether a site is cut off and, for all that is known outside, alive.
    pub fn isolated(&self, id: Idx<Site>) -> bool {
        get(&self.isolated, id)
    }

    /// Whether a host is only out of reach with its site, and goes on.
    pub fn cut_off(&self, id: Idx<Host>) -> bool {
        get(&self.alive, id)
    }

    /// Whether a data class goes on where nobody reaches it: its site is cut off, and neither its
    /// host is gone nor its contents are wrong.
    pub fn goes_on(&self, model: &Model, data: Idx<Data>) -> bool {
        self.cut_off(model.primary_host(data)) && !self.wrong(model, data)
    }

    /// The hosts that are gone.
    pub fn hosts(&self) -> impl Iterator<Item = Idx<Host>> + '_ {
        ids(&self.hosts)
    }

    /// The links that are cut.
    pub fn cut_links(&self) -> impl Iterator<Item = Idx<Link>> + '_ {
        ids(&self.links)
    }

    /// Whether two sites can speak: they are one, or a link between them is left. Traffic that
    /// would have to go through a third site is not counted on: nothing that is emitted routes it.
    pub fn joined(&self, model: &Model, a: Idx<Site>, b: Idx<Site>) -> bool {
        a == b || model.links.iter().any(|(id, l)| !self.link(id) && (l.ends == [a, b] || l.ends == [b, a]))
    }

    /// Whether a data class is hit: its primary copy is gone or wrong.
    pub fn hits(&self, model: &Model, data: Idx<Data>) -> bool {
        self.hostile || self.wrong(model, data) || self.host(model.primary_host(data))
    }

    /// Whether what was written last is wrong somewhere, so that what it was before is asked for.
    pub fn wrong_contents(&self) -> bool {
        self.corrupted.is_some() || self.hostile
    }

    /// Whether the contents of a data class are wrong, or go back with those that are: the data
    /// classes of a database are recovered as one, to the same moment.
    pub fn wrong(&self, model: &Model, data: Idx<Data>) -> bool {
        let Some(corrupted) = self.corrupted else { return false };
        corrupted == data
            || matches!((&model.data[corrupted].on, &model.data[data].on), (On::Cluster(a), On::Cluster(b)) if a == b)
    }
}
