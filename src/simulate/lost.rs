//! What a strike takes.

use crate::model::{Data, Group, Host, Link, Model, On, Site, Store, Strike};
use la_arena::Idx;
use std::collections::BTreeSet;

/// What is gone, cut or wrong.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    pub hosts: BTreeSet<Idx<Host>>,
    pub stores: BTreeSet<Idx<Store>>,
    pub links: BTreeSet<Idx<Link>>,
    pub sites: BTreeSet<Idx<Site>>,
    /// Hosts that are only out of reach, and go on.
    pub alive: BTreeSet<Idx<Host>>,
    /// The data class whose contents are wrong.
    pub wrong: Option<Idx<Data>>,
    /// Whether an attacker has had everything.
    pub hostile: bool,
}

impl Taken {
    pub fn by(model: &Model, strikes: &[Strike]) -> Self {
        let mut taken = Self::default();
        for strike in strikes {
            taken.strike(model, *strike);
        }
        let mut dead = Self::default();
        for strike in strikes.iter().filter(|s| !matches!(s, Strike::Isolated(_))) {
            dead.strike(model, *strike);
        }
        taken.alive = taken.hosts.difference(&dead.hosts).copied().collect();
        let on_lost = |s: &(Idx<Store>, &Store)| taken.hosts.contains(&s.1.host);
        let more: Vec<Idx<Store>> = model.stores.iter().filter(on_lost).map(|s| s.0).collect();
        taken.stores.extend(more);
        if taken.hostile {
            // Every machine, and every store but what something outside keeps from being deleted.
            taken.hosts.extend(model.hosts.iter().map(|(id, _)| id));
            let open = |s: &(Idx<Store>, &Store)| s.1.immutable.is_none() || s.1.enforced.is_none();
            taken.stores.extend(model.stores.iter().filter(open).map(|s| s.0));
        }
        taken
    }

    fn strike(&mut self, model: &Model, strike: Strike) {
        match strike {
            Strike::Host(h) => {
                self.hosts.insert(h);
            }
            // What is cut off is out of everybody's reach, as if it were lost.
            Strike::Site(s) | Strike::Isolated(s) => self.site(model, s),
            Strike::Store(s) => {
                self.stores.insert(s);
            }
            Strike::Region(r) => {
                let sites = model.sites.iter().filter(|(_, s)| s.region == Some(r)).map(|(id, _)| id);
                for site in sites.collect::<Vec<_>>() {
                    self.site(model, site);
                }
            }
            Strike::Link(l) => {
                self.links.insert(l);
            }
            Strike::Group(g) => self.group(model, g),
            Strike::Corruption(d) => self.wrong = Some(d),
            Strike::Hostile => self.hostile = true,
        }
    }

    fn site(&mut self, model: &Model, site: Idx<Site>) {
        self.sites.insert(site);
        self.hosts.extend(model.hosts.iter().filter(|(_, h)| h.site == site).map(|(id, _)| id));
        self.links.extend(model.links.iter().filter(|(_, l)| l.ends.contains(&site)).map(|(id, _)| id));
    }

    fn group(&mut self, model: &Model, group: Idx<Group>) {
        let within = |groups: &[(Idx<Group>, crate::base::Span)]| groups.iter().any(|(g, _)| *g == group);
        self.hosts.extend(model.hosts.iter().filter(|(_, h)| within(&h.groups)).map(|(id, _)| id));
        self.stores.extend(model.stores.iter().filter(|(_, s)| within(&s.groups)).map(|(id, _)| id));
        self.links.extend(model.links.iter().filter(|(_, l)| within(&l.groups)).map(|(id, _)| id));
    }

    /// Whether the contents of a data class are wrong, or go back with those that are.
    pub fn corrupts(&self, model: &Model, data: Idx<Data>) -> bool {
        let Some(wrong) = self.wrong else { return false };
        let cluster = |d: Idx<Data>| match model.data[d].on {
            On::Cluster(c) => Some(c),
            On::Files { .. } => None,
        };
        wrong == data || (cluster(wrong).is_some() && cluster(wrong) == cluster(data))
    }

    /// Whether what is restored must be of a moment before the strike.
    pub fn dirty(&self) -> bool {
        self.wrong.is_some() || self.hostile
    }

    /// Whether a data class goes on where nobody reaches it.
    pub fn goes_on(&self, model: &Model, data: Idx<Data>) -> bool {
        !self.hostile && !self.corrupts(model, data) && self.alive.contains(&model.primary_host(data))
    }

    /// Whether something happens to a data class's primary copy.
    pub fn hits(&self, model: &Model, data: Idx<Data>) -> bool {
        self.hostile || self.corrupts(model, data) || self.hosts.contains(&model.primary_host(data))
    }
}
