//! Scenarios of the spec: what strikes when, and each case of `any 2 of […]` as one of its own.
//!
//! Hosts that carry nothing but the same places in the same pools, in the same site and groups and
//! with the same figures, can be exchanged for one another without any time or loss changing: of
//! such hosts only the number that is lost makes a case.

use super::{Get, Lower, duration, errors};
use crate::base::{EcoString, Span};
use crate::model::{Earlier, Host, Model, Pool, Scenario, Strike};
use crate::quantity::Duration;
use crate::resolve::hir::{Item, Loss, Value};
use crate::schema::Kind;
use la_arena::Idx;
use std::collections::{BTreeMap, BTreeSet};

/// How many cases one scenario may stand for: each is judged, and gets a plan.
const MOST: usize = 256;

/// What strikes at one moment.
struct Moment {
    /// From the first strike.
    after: Duration,
    strikes: Vec<Strike>,
    any: Vec<Any>,
}

/// So many of several, those that can be exchanged in one class.
struct Any {
    many: u64,
    classes: Vec<Vec<Strike>>,
}

/// What makes two hosts exchangeable.
type Likeness = (u32, Vec<u32>, (u64, u64, Option<u64>), Option<(u64, u64)>, Vec<(u32, bool)>);

impl Lower<'_> {
    pub(super) fn scenarios(&mut self) {
        for (id, item) in self.sound(Kind::Scenario) {
            let later = self.inside(id, Kind::Then);
            if later.iter().any(|(_, t)| t.poisoned) {
                continue;
            }
            let mut stages: Vec<(Duration, &Item)> = vec![(Duration::ZERO, item)];
            let mut sound = true;
            for (_, then) in later {
                let Some(after) = then.read("after", duration) else { continue };
                if after.value == Duration::ZERO {
                    self.problems.push(errors::nothing_here(after.span, "`after`", "above zero"));
                    sound = false;
                }
                stages.push((after.value, then));
            }
            if !sound {
                continue;
            }
            stages.sort_by_key(|(after, _)| *after);
            let named = self.named_once(&stages);
            let moments: Option<Vec<Moment>> =
                stages.iter().map(|(after, item)| self.moment(*after, item, &named)).collect();
            let Some(moments) = moments else { continue };
            match cases(&self.model, item, moments) {
                Some(cases) => {
                    for case in cases {
                        let scenario = self.model.scenarios.alloc(case);
                        self.set(id, scenario);
                    }
                }
                None => {
                    let at = item.attr("lose").map_or(item.span, |a| a.span);
                    self.problems.push(errors::too_many_combinations(at, MOST));
                }
            }
        }
    }

    /// The things that several terms of a scenario name: which of them is lost twice matters.
    fn named_once(&self, stages: &[(Duration, &Item)]) -> BTreeSet<Strike> {
        let (mut seen, mut twice) = (BTreeSet::new(), BTreeSet::new());
        for loss in stages.iter().flat_map(|(_, item)| losses(item)) {
            let things: BTreeSet<Strike> = match loss {
                Loss::One(what, _) => self.strike(*what).into_iter().collect(),
                Loss::Isolated(..) => BTreeSet::new(),
                Loss::AnyOf(_, of, _) => of.iter().filter_map(|(what, _)| self.strike(*what)).collect(),
                Loss::AnyHosts(_, of, _) => self.hosts_of(*of).into_iter().flatten().collect(),
            };
            twice.extend(things.intersection(&seen).copied().collect::<Vec<_>>());
            seen.extend(things);
        }
        twice
    }

    fn moment(&mut self, after: Duration, item: &Item, twice: &BTreeSet<Strike>) -> Option<Moment> {
        let mut moment = Moment { after, strikes: Vec::new(), any: Vec::new() };
        for loss in losses(item) {
            let (many, of, span) = match loss {
                Loss::One(what, _) => {
                    moment.strikes.push(self.strike(*what)?);
                    continue;
                }
                Loss::Isolated(site, _) => {
                    moment.strikes.push(Strike::Isolated(self.id(*site)?));
                    continue;
                }
                Loss::AnyOf(many, of, span) => {
                    let mut things = Vec::new();
                    for (what, _) in of {
                        let strike = self.strike(*what)?;
                        if !things.contains(&strike) {
                            things.push(strike);
                        }
                    }
                    (*many, things, *span)
                }
                Loss::AnyHosts(many, of, span) => (*many, self.hosts_of(*of)?, *span),
            };
            if many == 0 || many > of.len() as u64 {
                self.say_range(span, of.len());
                return None;
            }
            moment.any.push(Any { many, classes: classes(&self.model, of, twice) });
        }
        Some(moment)
    }

    fn say_range(&mut self, span: Span, all: usize) {
        let range = format!("from 1 to {all}, the number of things that it is taken from");
        self.problems.push(errors::nothing_here(span, "the number behind `any`", &range));
    }

    fn strike(&self, what: crate::resolve::hir::ItemId) -> Option<Strike> {
        Some(match self.hir.get(what).def.kind {
            Kind::Host => Strike::Host(self.id(what)?),
            Kind::Store => Strike::Store(self.id(what)?),
            Kind::Site => Strike::Site(self.id(what)?),
            Kind::Region => Strike::Region(self.id(what)?),
            Kind::Link => Strike::Link(self.id(what)?),
            _ => Strike::Group(self.id(what)?),
        })
    }

    /// The hosts of a pool or cluster, or in a site or region.
    fn hosts_of(&self, what: crate::resolve::hir::ItemId) -> Option<Vec<Strike>> {
        let m = &self.model;
        let within = |inside: &dyn Fn(&Host) -> bool| -> Vec<Idx<Host>> {
            m.hosts.iter().filter(|(_, h)| inside(h)).map(|(id, _)| id).collect()
        };
        let hosts = match self.hir.get(what).def.kind {
            Kind::Pool => {
                let pool = &m.pools[self.id::<Pool>(what)?];
                pool.members.iter().chain(&pool.standby).map(|h| h.0).collect()
            }
            Kind::Cluster => {
                let cluster = &m.clusters[self.id(what)?];
                std::iter::once(cluster.primary.0).chain(cluster.replicas.iter().map(|r| r.0)).collect()
            }
            Kind::Site => {
                let site = self.id(what)?;
                within(&|h| h.site == site)
            }
            _ => {
                let region = self.id(what)?;
                within(&|h| m.sites[h.site].region == Some(region))
            }
        };
        Some(hosts.into_iter().map(Strike::Host).collect())
    }
}

fn losses(item: &Item) -> &[Loss] {
    match item.attr("lose").map(|a| &a.value) {
        Some(Value::Strikes(losses)) => losses,
        _ => &[],
    }
}

/// Things in classes of which any member stands for any other.
fn classes(model: &Model, of: Vec<Strike>, twice: &BTreeSet<Strike>) -> Vec<Vec<Strike>> {
    let mut classes: Vec<Vec<Strike>> = Vec::new();
    let mut at: BTreeMap<Likeness, usize> = BTreeMap::new();
    for strike in of {
        let likeness = match strike {
            Strike::Host(host) if !twice.contains(&strike) => likeness(model, host),
            _ => None,
        };
        let known = likeness.map_or(classes.len(), |l| *at.entry(l).or_insert(classes.len()));
        match classes.get_mut(known) {
            Some(class) => class.push(strike),
            None => classes.push(vec![strike]),
        }
    }
    classes
}

/// What a host is, if it carries nothing but places in pools; `None` when it is like no other.
fn likeness(model: &Model, host: Idx<Host>) -> Option<Likeness> {
    let keeps = |k: &crate::model::Keeper| *k == crate::model::Keeper::Host(host);
    let special = model.clusters.iter().any(|(_, c)| c.voters().contains(&host))
        || model.data.iter().any(|(id, _)| model.primary_host(id) == host)
        || model.copies.iter().any(|(id, c)| model.host_of(c.place) == host || model.source_host(id) == host)
        || model.stores.iter().any(|(_, s)| s.host == host)
        || model.vips.iter().any(|(_, v)| v.on.iter().any(|h| h.0 == host))
        || model.dns.iter().any(|(_, d)| {
            d.server_host == Some(host)
                || d.failover.iter().any(|(p, _)| *p == crate::model::Pointer::Host(host))
        })
        || model.backup_servers.iter().any(|(_, b)| b.host.0 == host || b.keys.iter().any(|(k, _)| keeps(k)))
        || model.control.hosts.iter().any(|h| h.0 == host)
        || model.control.plans.iter().any(|(k, _)| keeps(k));
    if special {
        return None;
    }
    let h = &model.hosts[host];
    let mut groups: Vec<u32> = h.groups.iter().map(|(g, _)| g.into_raw().into_u32()).collect();
    groups.sort_unstable();
    let mut places = Vec::new();
    for (id, pool) in model.pools.iter() {
        let number = id.into_raw().into_u32();
        places.extend(pool.members.iter().filter(|m| m.0 == host).map(|_| (number, true)));
        places.extend(pool.standby.iter().filter(|m| m.0 == host).map(|_| (number, false)));
    }
    let replace = h.replace.map(|r| (r.value.0.0, r.value.1.0));
    let figures = (h.nic.value.0, h.disk_rate.value.0, h.disk_capacity.map(|c| c.value.0));
    Some((h.site.into_raw().into_u32(), groups, figures, replace, places))
}

/// What is lost in one case, of all that a scenario leaves open.
#[derive(Clone, Default)]
struct Taken {
    strikes: Vec<Strike>,
    stands_for: Vec<String>,
}

/// Every way to take so many of a term; `None` when there are more than [`MOST`].
fn ways(model: &Model, any: &Any) -> Option<Vec<Taken>> {
    let mut ways = vec![(Taken::default(), any.many)];
    for (n, class) in any.classes.iter().enumerate() {
        let behind: u64 = any.classes.iter().skip(n + 1).map(|c| c.len() as u64).sum();
        let mut next = Vec::new();
        for (taken, wanted) in ways {
            for many in wanted.saturating_sub(behind)..=wanted.min(class.len() as u64) {
                let mut with = taken.clone();
                with.strikes.extend(class.iter().take(many as usize));
                if many > 0 && many < class.len() as u64 {
                    let names: Vec<String> =
                        class.iter().map(|s| format!("`{}`", named(model, *s))).collect();
                    with.stands_for.push(format!("any {many} of {}", names.join(", ")));
                }
                next.push((with, wanted - many));
            }
        }
        if next.len() > MOST {
            return None;
        }
        ways = next;
    }
    Some(ways.into_iter().map(|(taken, _)| taken).collect())
}

fn named(model: &Model, strike: Strike) -> &EcoString {
    match strike {
        Strike::Host(h) => &model.hosts[h].name,
        Strike::Store(s) => &model.stores[s].name,
        Strike::Site(s) | Strike::Isolated(s) => &model.sites[s].name,
        Strike::Region(r) => &model.regions[r].name,
        Strike::Link(l) => &model.links[l].name,
        Strike::Group(g) => &model.groups[g].name,
        Strike::Corruption(d) => &model.data[d].name,
        Strike::Hostile => {
            static NOBODY: EcoString = EcoString::new();
            &NOBODY
        }
    }
}

/// The scenarios that one of the spec stands for; `None` when they are too many.
fn cases(model: &Model, item: &Item, moments: Vec<Moment>) -> Option<Vec<Scenario>> {
    let mut all: Vec<Vec<Taken>> = vec![Vec::new()];
    for any in moments.iter().flat_map(|m| &m.any) {
        let ways = ways(model, any)?;
        if all.len().saturating_mul(ways.len()) > MOST {
            return None;
        }
        let with = |so_far: &Vec<Taken>| {
            let so_far = so_far.clone();
            ways.iter().cloned().map(move |w| so_far.iter().cloned().chain([w]).collect::<Vec<_>>())
        };
        all = all.iter().flat_map(with).collect();
    }
    Some(all.into_iter().map(|taken| case(model, item, &moments, &taken)).collect())
}

fn case(model: &Model, item: &Item, moments: &[Moment], taken: &[Taken]) -> Scenario {
    let mut taken_here = taken.iter();
    let last = moments.last().map_or(Duration::ZERO, |m| m.after);
    let mut strikes: Vec<Strike> = Vec::new();
    let mut earlier: Vec<Earlier> = Vec::new();
    for moment in moments {
        let chosen = taken_here.by_ref().take(moment.any.len()).flat_map(|t| t.strikes.iter().copied());
        for strike in moment.strikes.iter().copied().chain(chosen) {
            if !strikes.contains(&strike) {
                strikes.push(strike);
            }
        }
        let before = Duration(last.0.saturating_sub(moment.after.0));
        if before > Duration::ZERO {
            earlier.retain(|e| e.before != before);
            earlier.push(Earlier { before, strikes: strikes.clone() });
        }
    }
    let names: Vec<&str> = taken.iter().flat_map(|t| &t.strikes).map(|s| named(model, *s).as_str()).collect();
    let stands_for: Vec<String> = taken.iter().flat_map(|t| t.stands_for.clone()).collect();
    Scenario {
        own: Some(item.name.clone()),
        span: item.span,
        case: (!taken.is_empty()).then(|| names.join(", ").into()),
        stands_for: (!stands_for.is_empty()).then(|| stands_for.join("; ").into()),
        strikes,
        earlier,
    }
}
