//! Engines, clusters, pools, addresses, names and backup servers.

use super::{
    Get, Lower, address, boolean, bytes, count, defaults, duration, errors, rate, ratio, secret, text, word,
};
use crate::base::{EcoString, Span};
use crate::model::{
    BackupServer, Check, Cluster, Dns, Engine, Host, Input, Pointer, Pool, Secret, Service, Site, Store, Vip,
};
use crate::quantity::Duration;
use crate::resolve::hir::{Attr, Item, ItemId, Value};
use crate::schema::Kind;
use la_arena::Idx;
use std::collections::{BTreeMap, BTreeSet};

fn path_or(item: &Item, name: &str, default: &str) -> Input<EcoString> {
    item.read(name, text).unwrap_or_else(|| Input::assumed(default.into(), item.span, &defaults::PATH))
}

fn tolerated_pause(item: &Item) -> Input<Duration> {
    let assumed = || Input::assumed(Duration::from_secs(1), item.span, &defaults::PAUSE);
    item.read("tolerated-pause", duration).unwrap_or_else(assumed)
}

impl Lower<'_> {
    pub(super) fn engines(&mut self) {
        for (id, item) in self.sound(Kind::Engine) {
            let built = (|| {
                Some(Engine {
                    name: item.name.clone(),
                    span: item.span,
                    family: item.read("family", word)?.map(Into::into),
                    port: item.read("port", count)?,
                    amplification: item.read("amplification", ratio)?,
                    apply: item.read("apply", rate)?,
                    replay: item.read("replay", rate)?,
                    prepare: item.read("prepare", rate)?,
                    load: item.read("load", rate)?,
                    start: item.read("start", duration)?,
                    promote: item.read("promote", duration)?,
                    acknowledgements: item.read("acknowledgements", count)?,
                    fallback: item.read("fallback", duration)?,
                    largest_transaction: item.read("largest-transaction", bytes)?,
                    physical: item.read("physical", boolean)?.value,
                    logs: item.read("logs", boolean)?.value,
                })
            })();
            if let Some(engine) = built {
                let engine = self.model.engines.alloc(engine);
                self.set(id, engine);
            }
        }
    }

    pub(super) fn clusters(&mut self) {
        for (id, item) in self.sound(Kind::Cluster) {
            let Some((host, host_span)) = item.reference("primary") else { continue };
            let (Some(engine), Some(primary), Some(replicas)) = (
                item.colon.first().and_then(|(e, _)| self.id(*e)),
                self.id(host),
                self.ids::<Host>(item.refs("replicas")),
            ) else {
                continue;
            };
            if let Some((_, at)) = replicas.iter().find(|(r, _)| *r == primary) {
                self.problems.push(errors::copy_on_itself(*at, &self.model.hosts[primary].name));
                continue;
            }
            let automatic = match item.attr("failover") {
                Some(Attr { value: Value::Failover { automatic: true }, span, .. }) => Some(*span),
                _ => None,
            };
            let witness = match item.reference("witness") {
                Some((w, at)) => match self.id(w) {
                    Some(w) => Some((w, at)),
                    None => continue,
                },
                None => None,
            };
            let datadir = path_or(item, "datadir", "/var/lib/mysql");
            let cluster = Cluster {
                name: item.name.clone(),
                span: item.span,
                engine,
                primary: (primary, host_span),
                replicas,
                logdir: item.read("logdir", text).unwrap_or_else(|| datadir.clone()),
                datadir,
                staging: path_or(item, "staging", "/var/lib/drc/staging"),
                credentials: item
                    .read("credentials", secret)
                    .map_or_else(|| Secret::File("/etc/drc/db.cnf".into()), |s| s.value),
                logs_kept: item.read("logs-kept", duration).unwrap_or_else(|| {
                    Input::assumed(Duration::from_days(10), item.span, &defaults::LOGS_KEPT)
                }),
                write_budget: item.read("write-budget", duration).unwrap_or_else(|| {
                    Input::assumed(Duration::from_millis(5), item.span, &defaults::WRITE_BUDGET)
                }),
                witness,
                automatic,
            };
            let cluster = self.model.clusters.alloc(cluster);
            self.set(id, cluster);
            self.votes(cluster);
        }
    }

    pub(super) fn pools(&mut self) {
        for (id, item) in self.sound(Kind::Pool) {
            let (Some(members), Some(standby), Some(port)) = (
                self.ids::<Host>(item.refs("members")),
                self.ids::<Host>(item.refs("standby")),
                item.read("port", count),
            ) else {
                continue;
            };
            let checks = self.inside(id, Kind::PoolCheck);
            if checks.iter().any(|(_, c)| c.poisoned) {
                continue;
            }
            let check = checks.first().map(|(_, c)| *c);
            let span = item.span;
            let all = members.len() as u64;
            let needs =
                item.read("needs", count).unwrap_or_else(|| Input::assumed(all, span, &defaults::NEEDS_ALL));
            if needs.value == 0 || needs.value > all {
                let range = format!("from 1 to {all}, the number of members");
                self.problems.push(errors::nothing_here(needs.span, "`needs`", &range));
                continue;
            }
            let every = check
                .and_then(|c| c.read("every", duration))
                .unwrap_or_else(|| Input::assumed(Duration::from_secs(2), span, &defaults::POOL_EVERY));
            let pool = Pool {
                name: item.name.clone(),
                span,
                members,
                standby,
                needs,
                port,
                every,
                fall: check
                    .and_then(|c| c.read("fall", count))
                    .unwrap_or_else(|| Input::assumed(3, span, &defaults::POOL_FALL)),
                timeout: check.and_then(|c| c.read("timeout", duration)).unwrap_or(every),
                unit: path_or(item, "unit", &format!("drc-{}.service", item.name)),
                tolerated_pause: tolerated_pause(item),
            };
            let pool = self.model.pools.alloc(pool);
            self.set(id, pool);
        }
    }

    pub(super) fn vips(&mut self) {
        for (id, item) in self.sound(Kind::Vip) {
            let Some(on) = self.ids::<Host>(item.refs("on")) else { continue };
            let Some(address) = item.read("address", |v| match v {
                Value::Prefix(a, n) => Some((*a, *n)),
                _ => None,
            }) else {
                continue;
            };
            let serves = match item.reference("serves") {
                Some((pool, span)) => match self.id(pool) {
                    Some(pool) => Some((pool, span)),
                    None => continue,
                },
                None => None,
            };
            let sites: BTreeSet<Idx<Site>> = on.iter().map(|(h, _)| self.model.hosts[*h].site).collect();
            let mut sites = sites.into_iter();
            let Some(site) = sites.next() else {
                self.problems.push(errors::nothing_here(
                    item.span,
                    "the hosts of a virtual address",
                    "one or more",
                ));
                continue;
            };
            let others: Vec<Idx<Site>> = sites.collect();
            if !others.is_empty() {
                let names: Vec<&str> =
                    std::iter::once(site).chain(others).map(|s| self.model.sites[s].name.as_str()).collect();
                let at = item.attr("on").map_or(item.span, |a| a.span);
                self.problems.push(errors::vip_apart(at, &item.name, &names));
                continue;
            }
            let span = item.span;
            let vip = Vip {
                name: item.name.clone(),
                span,
                prefix: address.value.1,
                address: address.map(|a| a.0),
                on,
                serves,
                site,
                advert: item
                    .read("advert", duration)
                    .unwrap_or_else(|| Input::assumed(Duration::from_secs(1), span, &defaults::ADVERT)),
                every: item
                    .read("every", duration)
                    .unwrap_or_else(|| Input::assumed(Duration::from_secs(2), span, &defaults::VIP_EVERY)),
                fall: item
                    .read("fall", count)
                    .unwrap_or_else(|| Input::assumed(2, span, &defaults::VIP_FALL)),
                check: item.read("check", text),
                tolerated_pause: tolerated_pause(item),
            };
            let vip = self.model.vips.alloc(vip);
            self.set(id, vip);
        }
    }

    pub(super) fn names(&mut self) {
        for (id, item) in self.sound(Kind::Dns) {
            let (Some(points), Some(fqdn), Some(ttl)) =
                (self.ids(item.refs("points")), item.read("name", text), item.read("ttl", duration))
            else {
                continue;
            };
            let failover: Option<Vec<_>> = item
                .refs("failover")
                .iter()
                .map(|(target, span)| {
                    let pointer = match self.hir.get(*target).def.kind {
                        Kind::Vip => Pointer::Vip(self.id(*target)?),
                        _ => Pointer::Host(self.id(*target)?),
                    };
                    Some((pointer, *span))
                })
                .collect();
            let Some(failover) = failover else { continue };
            let server = item.read("server", address);
            let server_host = server.and_then(|s| {
                let here = |h: &Host| h.address.is_some_and(|a| a.value == s.value);
                self.model.hosts.iter().find(|(_, h)| here(h)).map(|(id, _)| id)
            });
            let dns = Dns {
                name: item.name.clone(),
                span: item.span,
                fqdn,
                ttl,
                points,
                failover,
                server,
                server_host,
                key: item.read("key", secret).map(|s| s.value),
                update: item.read("update", duration).unwrap_or_else(|| {
                    Input::assumed(Duration::from_secs(30), item.span, &defaults::DNS_UPDATE)
                }),
            };
            let dns = self.model.dns.alloc(dns);
            self.set(id, dns);
        }
    }

    pub(super) fn services(&mut self) {
        let mut built_services = Vec::new();
        for (id, item) in self.hir.of(Kind::Service) {
            let built = (|| {
                if item.poisoned {
                    return None;
                }
                let (pool, pool_span) = item.reference("runs-on")?;
                let within = |w: Option<Duration>| match w {
                    Some(w) => Input::stated(w, item.span),
                    None => Input::assumed(Duration::from_secs(10), item.span, &defaults::CHECK_WITHIN),
                };
                Some(Service {
                    name: item.name.clone(),
                    span: item.span,
                    tier: self.tier_of(item)?,
                    runs_on: (self.id(pool)?, pool_span),
                    consistent: self.ids(item.refs("consistent"))?,
                    needs: self.ids(&self.needed(item, Kind::Data))?,
                    services: Vec::new(),
                    start: item.read("start", duration)?,
                    check: item.attr("check").and_then(|a| match &a.value {
                        Value::Check { url, within: w } => {
                            Some(Check { url: Input::stated(url.clone(), a.span), within: within(*w) })
                        }
                        _ => None,
                    }),
                    reached: self.ids(item.refs("reached"))?,
                    response: self.response_of(item)?,
                })
            })();
            match built {
                Some(mut service) => {
                    // What it needs is not judged, so neither is it.
                    if service.tier.is_some()
                        && service.needs.iter().any(|(d, _)| self.incomplete.contains(d))
                    {
                        service.tier = None;
                        self.left_out += 1;
                    }
                    let service = self.model.services.alloc(service);
                    self.set(id, service);
                    built_services.push((service, item));
                }
                None => self.left_out += 1,
            }
        }
        for (service, item) in built_services {
            match self.ids(&self.needed(item, Kind::Service)) {
                Some(services) => self.model.services[service].services = services,
                // What it needs is not in the model: neither is what it promises judged.
                None if self.model.services[service].tier.is_some() => {
                    self.model.services[service].tier = None;
                    self.left_out += 1;
                }
                None => {}
            }
        }
    }

    /// What a service needs of one kind.
    fn needed(&self, item: &Item, kind: Kind) -> Vec<(ItemId, Span)> {
        let all = item.refs("needs").iter().copied();
        all.filter(|(what, _)| self.hir.get(*what).def.kind == kind).collect()
    }

    pub(super) fn backup_servers(&mut self) {
        let mut served: BTreeMap<Idx<Store>, Span> = BTreeMap::new();
        for (id, item) in self.sound(Kind::BackupServer) {
            let Some((host, host_span)) = item.reference("host") else { continue };
            let (Some(host), Some(stores)) = (self.id(host), self.ids::<Store>(item.refs("stores"))) else {
                continue;
            };
            let mut own = Vec::new();
            for (store, span) in stores {
                match served.get(&store) {
                    Some(before) => {
                        self.problems.push(errors::two_directors(
                            span,
                            &self.model.stores[store].name,
                            *before,
                        ));
                    }
                    None => {
                        served.insert(store, span);
                        own.push(store);
                    }
                }
            }
            let Some(keys) = self.keepers(item.refs("keys")) else { continue };
            let server = BackupServer {
                keys,
                opened_by: self.ids(item.refs("opened-by")).unwrap_or_default(),
                name: item.name.clone(),
                span: item.span,
                host: (host, host_span),
                stores: own,
                jobs: item
                    .read("jobs", count)
                    .unwrap_or_else(|| Input::assumed(1000, item.span, &defaults::JOBS)),
                secrets: path_or(item, "secrets", "/etc/bacula/secrets"),
                certificates: path_or(item, "certificates", "/etc/bacula/tls"),
            };
            let server = self.model.backup_servers.alloc(server);
            self.set(id, server);
        }
    }
}
