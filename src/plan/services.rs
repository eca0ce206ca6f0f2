//! The steps that bring services back: servers, addresses, names, and the look at whether it works.

use super::build::{Builder, Draft, Once};
use super::step::{Actor, Reason, Resource, StepKind, Subject};
use crate::model::{Data, Dns, Host, Pointer, Pool, Response, Scenario, Service, Site, Vip};
use la_arena::Idx;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Where a service is found: enough of the sites must be reached, and all that its names and addresses
/// lead to, since nobody knows which of them is taken.
#[derive(Clone, Debug)]
pub(super) struct Found {
    sites: Vec<Idx<Site>>,
    enough: u64,
}

impl Found {
    fn all(sites: Vec<Idx<Site>>) -> Self {
        Self { enough: sites.len() as u64, sites }
    }

    fn is_reached(&self, joined: impl Fn(Idx<Site>) -> bool) -> bool {
        self.sites.iter().filter(|s| joined(**s)).count() as u64 >= self.enough
    }
}

/// What the servers of a service must reach.
struct Needs {
    /// Where the data is that it works with.
    homes: BTreeSet<Idx<Site>>,
    /// Where the services are.
    services: Vec<(Idx<Service>, Found)>,
}

impl Builder<'_> {
    /// Whether whoever is at a site reaches what a service needs.
    fn reaches(&self, site: Idx<Site>, needs: &Needs) -> bool {
        let joined = |to: Idx<Site>| self.joined(site, to);
        needs.homes.iter().all(|home| joined(*home))
            && needs.services.iter().all(|(_, found)| found.is_reached(joined))
    }

    /// Whether a server of a pool reaches a service on a normal day, by the links of the spec. Where none
    /// does they speak by other means.
    fn usually_reached(&self, pool: Idx<Pool>, service: Idx<Service>) -> bool {
        let model = self.estate.model;
        let found = self.usually_found(service);
        let linked = |a: Idx<Site>, b: Idx<Site>| {
            a == b || model.links.iter().any(|(_, l)| l.ends == [a, b] || l.ends == [b, a])
        };
        model.pools[pool].members.iter().any(|m| {
            let at = model.hosts[m.0].site;
            found.is_reached(|to| linked(at, to))
        })
    }

    /// Where a service is found on a normal day.
    fn usually_found(&self, id: Idx<Service>) -> Found {
        let model = self.estate.model;
        let pool = &model.pools[model.services[id].runs_on.0];
        let doors = self.ways_in(id);
        match doors.is_empty() {
            true => Found {
                sites: pool.members.iter().map(|m| model.hosts[m.0].site).collect(),
                enough: pool.needs.value,
            },
            false => Found::all(doors.iter().map(|v| model.vips[*v].site).collect()),
        }
    }

    /// Where a service is found: where it is on a normal day, when nothing has happened to it.
    fn found(&self, id: Idx<Service>) -> Found {
        self.served.get(&id).cloned().unwrap_or_else(|| self.usually_found(id))
    }

    /// All services that something happens to, those with the tightest promise first.
    pub(super) fn services(&mut self, scenario: &Scenario) {
        let model = self.estate.model;
        let mut hit: Vec<Idx<Service>> = match (self.lost.corrupted, scenario.strikes.len()) {
            // Wrong contents take no server: only who needs them is hit, whether they come back or not.
            (Some(_), 1) if !self.estate.index.is_naive() => {
                let gone = self.gone.iter().filter_map(|(s, _)| match s {
                    Subject::Data(d) => Some(*d),
                    Subject::Service(_) => None,
                });
                let data: Vec<Idx<Data>> = self.homes.keys().copied().chain(gone).collect();
                data.iter().flat_map(|d| self.estate.index.services(*d)).copied().collect()
            }
            _ => model.services.iter().map(|(id, _)| id).filter(|s| self.service_hit(*s)).collect(),
        };
        hit = self.estate.index.with_those_above(hit);
        let rto = |s: &Idx<Service>| {
            let tier = model.services[*s].tier.map(|t| t.0);
            tier.and_then(|t| model.tiers[t].bounds(self.kind).rto).map(|r| r.value)
        };
        hit.sort_by_key(|s| (rto(s).is_none(), rto(s), *s));
        hit.dedup();
        // What others need comes first. A circle has been told of; what is in it never starts.
        while !hit.is_empty() {
            let waits = |s: &Idx<Service>| model.services[*s].services.iter().any(|(n, _)| hit.contains(n));
            let (later, now): (Vec<_>, Vec<_>) = hit.iter().copied().partition(waits);
            for service in now.iter().copied() {
                if let Err(reason) = self.service(service) {
                    self.gone.push((Subject::Service(service), reason));
                }
            }
            if now.is_empty() {
                for service in later {
                    let needed = model.services[service].services.iter().find(|(n, _)| hit.contains(n));
                    let name = needed.map_or_else(Default::default, |(n, _)| model.services[*n].name.clone());
                    self.gone.push((Subject::Service(service), Reason::Circle(name)));
                }
                return;
            }
            hit = later;
        }
    }

    /// Whether a scenario takes something that a service works with.
    fn service_hit(&self, id: Idx<Service>) -> bool {
        let model = self.estate.model;
        let s = &model.services[id];
        let pool = &model.pools[s.runs_on.0];
        let gone = |h: &(Idx<Host>, crate::base::Span)| self.lost.host(h.0);
        let away = |d: &Idx<Data>| {
            self.homes.contains_key(d)
                || self.gone.iter().any(|(g, _)| *g == Subject::Data(*d))
                || self.recovered.iter().any(|(g, _)| *g == Subject::Data(*d))
        };
        let cut = self.lost.cut_links().next().is_some();
        cut || s.needs.iter().any(|(d, _)| away(d))
            || pool.members.iter().any(gone)
            || self.ways_in(id).iter().any(|v| model.vips[*v].on.iter().any(gone))
    }

    /// Whether the name server that takes the updates of a name is gone, and nothing brings it back.
    fn unnamed(&self, dns: Idx<Dns>) -> bool {
        let back = |h: Idx<Host>| self.once.contains_key(&Once::Provision(h));
        self.estate.model.dns[dns].server_host.is_some_and(|h| self.lost.host(h) && !back(h))
    }

    /// The addresses by which a service is reached: those of its names, else those of its pool.
    fn ways_in(&self, id: Idx<Service>) -> Vec<Idx<Vip>> {
        let model = self.estate.model;
        let s = &model.services[id];
        if s.reached.is_empty() {
            let serves = |v: &&(Idx<Vip>, &Vip)| v.1.serves.is_some_and(|p| p.0 == s.runs_on.0);
            return model.vips.iter().collect::<Vec<_>>().iter().filter(serves).map(|v| v.0).collect();
        }
        let mut all: Vec<Idx<Vip>> =
            s.reached.iter().flat_map(|(d, _)| model.dns[*d].points.iter().map(|p| p.0)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn service(&mut self, id: Idx<Service>) -> Result<(), Reason> {
        let model = self.estate.model;
        let s = &model.services[id];
        let tier = s.tier.map(|t| t.0);
        let response = s.response.or_else(|| model.tiers[tier?].response).map(|r| r.0);
        let mut after = Vec::new();
        let mut homes: BTreeSet<Idx<Site>> = BTreeSet::new();
        for (data, _) in &s.needs {
            if let Some(lost) = self.gone.iter().find(|(g, _)| *g == Subject::Data(*data)) {
                return Err(match &lost.1 {
                    Reason::MissingInput(what) => Reason::MissingInput(what.clone()),
                    _ => Reason::Needs(model.data[*data].name.clone()),
                });
            }
            let done = self.recovered.iter().find(|(g, _)| *g == Subject::Data(*data));
            after.extend(done.map(|(_, n)| *n));
            let home = self.homes.get(data).copied().unwrap_or_else(|| model.primary_host(*data));
            homes.insert(model.hosts[home].site);
        }
        for (needed, _) in &s.services {
            if self.gone.iter().any(|(g, _)| *g == Subject::Service(*needed)) {
                return Err(Reason::Needs(model.services[*needed].name.clone()));
            }
            after.extend(self.end_of(Subject::Service(*needed)));
        }
        let linked =
            |needed: &&(Idx<Service>, crate::base::Span)| self.usually_reached(s.runs_on.0, needed.0);
        let services = s.services.iter().filter(linked).map(|(n, _)| (*n, self.found(*n))).collect();
        let needs = Needs { homes, services };
        let ready = after.clone();
        self.different_moments(id);
        let used = self.servers(id, s.runs_on.0, &needs, &ready, response, &mut after)?;
        let doors = self.doors(id, s.runs_on.0, &used, response, &mut after)?;
        self.served.insert(id, doors);
        let unnamed = s.reached.iter().map(|r| r.0).find(|d| self.unnamed(*d));
        if after.is_empty() {
            return Ok(());
        }
        let draft = Draft::new(StepKind::VerifyService { service: id, unnamed }, Actor::Runner, after);
        // Where no check is stated, somebody uses it and says so.
        let draft =
            if s.check.is_none() { draft.people(response).holds([Resource::Operator]) } else { draft };
        let verify = self.add(draft);
        self.recovered.push((Subject::Service(id), verify));
        Ok(())
    }

    /// Says so when what a service needs ends at different moments.
    fn different_moments(&mut self, id: Idx<Service>) {
        let model = self.estate.model;
        let s = &model.services[id];
        let mut units = BTreeSet::new();
        let moved = s.needs.iter().map(|n| n.0).filter(|d| self.homes.contains_key(d));
        for data in moved {
            units.insert(crate::flow::together(model, data).first().copied());
        }
        if units.len() > 1 {
            let names: Vec<String> =
                units.iter().flatten().map(|d| format!("`{}`", model.data[*d].name)).collect();
            self.note(format!(
                "what `{}` needs ends at different moments: {}; look for records that name what the other lacks",
                s.name,
                names.join(", ")
            ));
        }
    }

    /// Enough servers that reach what they need; adds the steps to `after` and gives the sites of
    /// the servers.
    fn servers(
        &mut self,
        service: Idx<Service>,
        pool: Idx<Pool>,
        needed: &Needs,
        ready: &[usize],
        response: Option<Idx<Response>>,
        after: &mut Vec<usize>,
    ) -> Result<Vec<Idx<Site>>, Reason> {
        let model = self.estate.model;
        let p = &model.pools[pool];
        let site = |h: Idx<Host>| model.hosts[h].site;
        let reaches = |me: &Self, h: Idx<Host>| me.reaches(site(h), needed);
        let works: Vec<Idx<Host>> =
            p.members.iter().map(|m| m.0).filter(|m| !self.lost.host(*m) && reaches(self, *m)).collect();
        if works.len() < p.members.len() {
            let alive = p.members.iter().filter(|m| !self.lost.host(m.0)).count() > works.len();
            after.push(self.once(Once::DropMembers(pool, alive), |_| {
                Draft::new(StepKind::DropMembers { pool, alive }, Actor::Automatic, Vec::new())
            }));
        }
        let needs = p.needs.value;
        let mut used = works;
        let standby: Vec<Idx<Host>> = p.standby.iter().map(|m| m.0).filter(|m| !self.lost.host(*m)).collect();
        for host in standby {
            if used.len() as u64 >= needs {
                break;
            }
            if reaches(self, host) {
                let before = self.declare(response);
                after.push(self.start(service, pool, host, ready, before));
                used.push(host);
            }
        }
        // Machines brought in the place of lost ones, standby servers last.
        let gone: Vec<Idx<Host>> =
            p.members.iter().chain(&p.standby).map(|m| m.0).filter(|m| self.lost.host(*m)).collect();
        for host in gone {
            if used.len() as u64 >= needs {
                break;
            }
            if self.replaceable(host) && self.would_reach(host, needed) {
                let before = self.provision(host, response);
                after.push(self.start(service, pool, host, ready, before));
                used.push(host);
            }
        }
        if (used.len() as u64) < needs {
            let all = p.members.iter().chain(&p.standby);
            let stand = all.filter(|m| !self.lost.host(m.0) || self.replaceable(m.0)).count() as u64;
            return Err(match needed.services.first() {
                Some((first, _)) if stand >= needs => Reason::Elsewhere(model.services[*first].name.clone()),
                _ => Reason::TooFewServers(needs, used.len() as u64),
            });
        }
        Ok(used.into_iter().map(site).collect())
    }

    /// Whether the spec says how long it takes until a lost host stands again.
    fn replaceable(&self, host: Idx<Host>) -> bool {
        let h = &self.estate.model.hosts[host];
        let by_site = self.estate.model.sites[h.site].replace.is_some();
        if self.lost.whole_site(h.site) { by_site } else { h.replace.is_some() || by_site }
    }

    /// Whether a host would reach sites if its own stood again.
    fn would_reach(&mut self, host: Idx<Host>, needed: &Needs) -> bool {
        let site = self.estate.model.hosts[host].site;
        let new = self.revived.insert(site);
        let reaches = self.reaches(site, needed);
        if new {
            self.revived.remove(&site);
        }
        reaches
    }

    fn start(
        &mut self,
        service: Idx<Service>,
        pool: Idx<Pool>,
        host: Idx<Host>,
        ready: &[usize],
        before: usize,
    ) -> usize {
        let mut after = ready.to_vec();
        after.push(before);
        // One unit starts all that a pool runs: who comes later only waits until it answers.
        let of_unit = |kind: &StepKind| matches!(kind, StepKind::StartMember { pool: p, host: h, .. } if (*p, *h) == (pool, host));
        let first = !self.steps.iter().any(|s| of_unit(&s.step.kind));
        self.once(Once::StartMember(service, host), |_| {
            let draft = Draft::new(StepKind::StartMember { pool, service, host }, Actor::Runner, after);
            draft.holds(first.then_some(Resource::Host(host)))
        })
    }

    /// Addresses and names that lead to the servers that work, and where they are.
    fn doors(
        &mut self,
        id: Idx<Service>,
        pool: Idx<Pool>,
        used: &[Idx<Site>],
        response: Option<Idx<Response>>,
        after: &mut Vec<usize>,
    ) -> Result<Found, Reason> {
        let model = self.estate.model;
        let needs = model.pools[pool].needs.value;
        let mut found = Vec::new();
        let reached: Vec<Idx<Dns>> = model.services[id].reached.iter().map(|r| r.0).collect();
        if reached.is_empty() {
            for vip in self.ways_in(id) {
                let door = self.vip(vip, used, needs).or_else(|| self.rebuilt(vip, used, needs, response));
                after.extend(door.ok_or(Reason::NoWayIn)?);
                found.push(model.vips[vip].site);
            }
            return Ok(match found.is_empty() {
                true => Found { sites: used.to_vec(), enough: needs },
                false => Found::all(found),
            });
        }
        for name in reached {
            let points: Vec<Idx<Vip>> = model.dns[name].points.iter().map(|p| p.0).collect();
            let mut good: Vec<IpAddr> = Vec::new();
            let mut moves = Vec::new();
            for vip in &points {
                if let Some(steps) = self.vip(*vip, used, needs) {
                    good.push(model.vips[*vip].address.value);
                    found.push(model.vips[*vip].site);
                    moves.extend(steps);
                }
            }
            if good.len() == points.len() {
                after.extend(moves);
                continue;
            }
            if good.is_empty() {
                for (pointer, _) in &model.dns[name].failover {
                    match pointer {
                        Pointer::Vip(vip) => {
                            if let Some(steps) = self.vip(*vip, used, needs) {
                                good.push(model.vips[*vip].address.value);
                                found.push(model.vips[*vip].site);
                                moves.extend(steps);
                            }
                        }
                        Pointer::Host(host) => {
                            // It leads to servers only where it can speak to enough of them.
                            let at = model.hosts[*host].site;
                            let reached = used.iter().filter(|s| self.joined(at, **s)).count() as u64;
                            if !self.lost.host(*host) && reached >= needs {
                                good.extend(model.hosts[*host].address.map(|a| a.value));
                                found.push(at);
                            }
                        }
                    }
                }
            }
            after.extend(moves);
            if good.is_empty() {
                // The same address on a machine brought back: the records stay as they are.
                let first = *points.first().ok_or(Reason::NoWayIn)?;
                after.extend(self.rebuilt(first, used, needs, response).ok_or(Reason::NoWayIn)?);
                found.push(model.vips[first].site);
                continue;
            }
            after.push(self.switch(name, good, response)?);
        }
        Ok(Found::all(found))
    }

    /// The records of a name are replaced.
    fn switch(
        &mut self,
        dns: Idx<Dns>,
        to: Vec<IpAddr>,
        response: Option<Idx<Response>>,
    ) -> Result<usize, Reason> {
        let d = &self.estate.model.dns[dns];
        let mut before = vec![self.declare(response)];
        if let Some(host) = d.server_host.filter(|h| self.lost.host(*h)) {
            if !self.replaceable(host) {
                return Err(Reason::NameServerLost(self.estate.model.hosts[host].name.clone()));
            }
            before.push(self.provision(host, response));
        }
        // One name leads to one place: whoever needs it elsewhere comes too late.
        if let Some(known) = self.once.get(&Once::SwitchDns(dns)).and_then(|n| self.steps.get(*n))
            && !matches!(&known.step.kind, StepKind::SwitchDns { to: before, .. } if *before == to)
        {
            return Err(Reason::Elsewhere(d.name.clone()));
        }
        let by_hand = d.server.is_none();
        Ok(self.once(Once::SwitchDns(dns), |_| {
            let actor = if by_hand { Actor::Person } else { Actor::Runner };
            let draft = Draft::new(StepKind::SwitchDns { dns, to }, actor, before).people(response);
            if by_hand { draft.holds([Resource::Operator]) } else { draft }
        }))
    }

    /// The steps after which an address works: none, or its move to another host. `None` when it
    /// has no host left, or reaches too few servers from its site.
    fn vip(&mut self, vip: Idx<Vip>, used: &[Idx<Site>], needs: u64) -> Option<Vec<usize>> {
        let v = &self.estate.model.vips[vip];
        let reached = used.iter().filter(|s| self.joined(v.site, **s)).count() as u64;
        let holder = v.on.iter().map(|h| h.0).position(|h| !self.lost.host(h))?;
        if reached < needs {
            return None;
        }
        if holder == 0 {
            return Some(Vec::new());
        }
        let to = v.on.get(holder)?.0;
        Some(vec![self.once(Once::TakeOver(vip), |_| {
            Draft::new(StepKind::TakeOver { vip, to }, Actor::Automatic, Vec::new())
        })])
    }

    /// The steps after which an address works on a machine brought in the place of its first.
    fn rebuilt(
        &mut self,
        vip: Idx<Vip>,
        used: &[Idx<Site>],
        needs: u64,
        response: Option<Idx<Response>>,
    ) -> Option<Vec<usize>> {
        let v = &self.estate.model.vips[vip];
        let first = v.on.first()?.0;
        if !self.lost.host(first) || !self.replaceable(first) {
            return None;
        }
        let before = self.provision(first, response);
        let reached = used.iter().filter(|s| self.joined(v.site, **s)).count() as u64;
        if reached < needs {
            return None;
        }
        Some(vec![self.once(Once::TakeOver(vip), |_| {
            Draft::new(StepKind::TakeOver { vip, to: first }, Actor::Automatic, vec![before])
        })])
    }
}
