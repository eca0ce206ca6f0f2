//! The model to operations: who starts what, when, over which links, held to which rate.

use super::errors;
use super::job::{Cap, Director, FileDaemon, Job, JobKind, Level, Run, Scheduler, Staging, StorageDaemon};
use super::names::NameTable;
use super::stream::{Path, Stream};
use super::takeover::{Member, Vrrp};
use super::{Ops, retention, shaping};
use crate::base::{EcoString, Span};
use crate::calendar::{Clock, Rule};
use crate::diag::Problems;
use crate::model::{
    Backup, Class, Cluster, Copy, CopyKind, Host, Method, Model, On, Place, PoolSpec, Route, Site, Store,
};
use crate::quantity::Duration;
use la_arena::Idx;
use std::collections::{BTreeMap, BTreeSet};

/// Derives the operations of an estate.
pub fn lower(model: &Model, problems: &mut Problems) -> Ops {
    let mut lower = Lower {
        model,
        problems,
        ops: Ops::default(),
        names: NameTable::default(),
        directors: BTreeMap::new(),
        clients: BTreeMap::new(),
        jobs_of: BTreeMap::new(),
    };
    lower.streams();
    lower.backups();
    lower.copies();
    lower.mirrors();
    lower.storages();
    lower.vrrps();
    lower.places();
    let Lower { mut ops, problems, .. } = lower;
    shaping::divide(model, &mut ops);
    shaping::unshared(model, &ops, problems);
    retention::keep(model, &mut ops);
    addresses(model, &ops, problems);
    ops
}

struct Lower<'a> {
    model: &'a Model,
    problems: &'a mut Problems,
    ops: Ops,
    names: NameTable,
    directors: BTreeMap<Idx<Host>, Idx<Director>>,
    clients: BTreeMap<Idx<Host>, Idx<FileDaemon>>,
    jobs_of: BTreeMap<Idx<Copy>, Vec<Idx<Job>>>,
}

fn paths(route: &Route) -> Vec<Path> {
    route.ways.iter().map(|w| Path { hops: w.clone() }).collect()
}

impl Lower<'_> {
    /// The copies of a kind, grouped: data classes of one database share a stream or a job, which
    /// carries the database as a whole.
    fn grouped(&mut self, wanted: impl Fn(&CopyKind) -> bool) -> Vec<Vec<Idx<Copy>>> {
        let mut groups: Vec<Vec<Idx<Copy>>> = Vec::new();
        let mut at: BTreeMap<(Idx<Cluster>, Place), usize> = BTreeMap::new();
        for (id, copy) in self.model.copies.iter().filter(|(_, c)| wanted(&c.kind)) {
            let On::Cluster(cluster) = self.model.data[copy.data].on else {
                groups.push(vec![id]);
                continue;
            };
            match at.get(&(cluster, copy.place)).and_then(|n| groups.get_mut(*n)) {
                Some(group) => {
                    let first = group.first().map(|f| &self.model.copies[*f]);
                    if let Some(first) = first.filter(|f| !alike(f, copy)) {
                        self.problems.push(errors::copies_differ(copy, first.span));
                        continue;
                    }
                    group.push(id);
                }
                None => {
                    at.insert((cluster, copy.place), groups.len());
                    groups.push(vec![id]);
                }
            }
        }
        groups
    }

    fn streams(&mut self) {
        for serves in self.grouped(|k| matches!(k, CopyKind::Replica(_))) {
            let Some(copy) = serves.first().map(|c| &self.model.copies[*c]) else { continue };
            let (CopyKind::Replica(replica), On::Cluster(cluster)) =
                (&copy.kind, &self.model.data[copy.data].on)
            else {
                continue;
            };
            let to = self.model.host_of(copy.place);
            let name = self.names.unique(&[&self.model.clusters[*cluster].name, &self.model.hosts[to].name]);
            self.ops.streams.alloc(Stream {
                name,
                cluster: *cluster,
                from: replica.from.map_or(self.model.clusters[*cluster].primary.0, |f| f.0),
                to,
                mode: replica.mode.value,
                compress: replica.compress.value,
                paths: paths(&copy.route),
                span: copy.span,
                serves: serves.clone(),
            });
        }
    }

    /// The director of a host, with what it is to serve added.
    fn director(&mut self, host: Idx<Host>, store: Idx<Store>, span: Span, schedules: bool) -> Idx<Director> {
        let director = match self.directors.get(&host) {
            Some(known) => *known,
            None => {
                let server = self.model.backup_servers.iter().find(|(_, s)| s.host.0 == host).map(|(_, s)| s);
                let director = self.ops.directors.alloc(Director {
                    name: self.names.unique(&[&self.model.hosts[host].name, "dir"]),
                    host,
                    jobs: server.map_or(1000, |s| s.jobs.value),
                    secrets: server.map_or_else(|| "/etc/bacula/secrets".into(), |s| s.secrets.value.clone()),
                    certificates: server
                        .map_or_else(|| "/etc/bacula/tls".into(), |s| s.certificates.value.clone()),
                    stores: Vec::new(),
                    clients: Vec::new(),
                    standby: true,
                    span: server.map_or(span, |s| s.span),
                });
                self.directors.insert(host, director);
                director
            }
        };
        let d = &mut self.ops.directors[director];
        d.standby &= !schedules;
        if !d.stores.contains(&store) {
            d.stores.push(store);
        }
        director
    }

    /// The director that schedules the jobs of a store.
    fn scheduling(&mut self, store: Idx<Store>) -> Idx<Director> {
        let server =
            self.model.backup_servers.iter().find(|(_, s)| s.stores.contains(&store)).map(|(_, s)| s);
        let s = &self.model.stores[store];
        match server {
            Some(server) => self.director(server.host.0, store, server.span, true),
            None => self.director(s.host, store, s.span, true),
        }
    }

    /// Makes a client known to a director, both ways.
    fn client(&mut self, host: Idx<Host>, director: Idx<Director>) -> Idx<FileDaemon> {
        let client = match self.clients.get(&host) {
            Some(known) => *known,
            None => {
                let client = self.ops.clients.alloc(FileDaemon { host, directors: Vec::new() });
                self.clients.insert(host, client);
                client
            }
        };
        let c = &mut self.ops.clients[client];
        if !c.directors.contains(&director) {
            c.directors.push(director);
        }
        let d = &mut self.ops.directors[director];
        if !d.clients.contains(&client) {
            d.clients.push(client);
        }
        client
    }

    /// Makes a store restorable when the director that schedules is lost: the store's own host
    /// has a director too, and both know every host that its data may come back to.
    fn restorable(&mut self, copy: &Copy, store: Idx<Store>, scheduling: Idx<Director>) {
        let s = &self.model.stores[store];
        let standby = self.director(s.host, store, s.span, false);
        for host in shaping::targets(self.model, copy.data) {
            self.client(host, scheduling);
            self.client(host, standby);
        }
    }

    fn backups(&mut self) {
        for serves in self.grouped(|k| matches!(k, CopyKind::Backup(_))) {
            let Some(copy) = serves.first().map(|c| &self.model.copies[*c]) else { continue };
            let (CopyKind::Backup(backup), Place::Store(store)) = (&copy.kind, copy.place) else { continue };
            let director = self.scheduling(store);
            let client = self.client(backup.from.0, director);
            self.restorable(copy, store, director);
            let site = self.site_of(director);
            let data = &self.model.data[copy.data];
            let whose: &EcoString = match &data.on {
                On::Cluster(c) => &self.model.clusters[*c].name,
                On::Files { .. } => &data.name,
            };
            let place = &self.model.stores[store].name;
            let name = self.names.unique(&[whose, place]);
            let limit = backup.limit.map(|l| Cap { rate: l.value, span: l.span });
            let job = |name: EcoString, kind: JobKind, runs: Vec<Run>| Job {
                name,
                serves: serves.clone(),
                kind,
                scheduler: Scheduler::Bacula,
                zone: self.model.sites[site].zone.clone(),
                site,
                runs,
                keep: backup.keep.value,
                pools: Vec::new(),
                files_kept: backup.kept.files,
                jobs_kept: backup.kept.jobs,
                cap: limit,
                paths: paths(&copy.route),
                span: copy.span,
            };
            let kind = match &data.on {
                On::Files { path, .. } => {
                    JobKind::Files { director, client, store, path: path.value.clone() }
                }
                On::Cluster(cluster) => {
                    let path = format!("{}/{name}", self.model.clusters[*cluster].staging.value).into();
                    let staging = match backup.method.value {
                        Method::Logical => Staging::Logical { path },
                        Method::Physical | Method::Files => Staging::Physical { path },
                    };
                    JobKind::Database { director, client, store, cluster: *cluster, staging }
                }
            };
            let main = self.ops.jobs.alloc(job(name.clone(), kind, levels(backup)));
            let mut made = vec![main];
            if let (Some((rule, span)), On::Cluster(cluster)) = (&backup.log, &data.on) {
                let name = self.names.unique(&[whose, place, "log"]);
                let path = format!("{}/{name}", self.model.clusters[*cluster].staging.value).into();
                let kind = JobKind::Log { director, client, store, cluster: *cluster, path };
                let runs = vec![Run { level: Level::Log, rule: rule.clone(), span: *span }];
                made.push(self.ops.jobs.alloc(job(name, kind, runs)));
            }
            if let Some((rule, span)) = &backup.verify {
                let name = self.names.unique(&[whose, place, "verify"]);
                let runs = vec![Run { level: Level::Changes, rule: rule.clone(), span: *span }];
                self.ops.jobs.alloc(job(name, JobKind::Verify { director, of: main }, runs));
            }
            for copy in &serves {
                self.jobs_of.insert(*copy, made.clone());
            }
        }
    }

    /// A director that nobody limits has a place for each of its jobs.
    fn places(&mut self) {
        for (director, many) in self.ops.jobs_of_directors() {
            let d = &mut self.ops.directors[director];
            let stated = |s: &&crate::model::BackupServer| s.host.0 == d.host && s.jobs.assumed.is_none();
            if self.model.backup_servers.iter().map(|(_, s)| s).find(stated).is_none() {
                d.jobs = d.jobs.max(many);
            }
        }
    }

    fn site_of(&self, director: Idx<Director>) -> Idx<Site> {
        self.model.hosts[self.ops.directors[director].host].site
    }

    fn copies(&mut self) {
        for serves in self.grouped(|k| matches!(k, CopyKind::CopyOf(_))) {
            let Some(copy) = serves.first().map(|c| &self.model.copies[*c]) else { continue };
            let (CopyKind::CopyOf(of), Place::Store(to)) = (&copy.kind, copy.place) else { continue };
            let Place::Store(from) = self.model.copies[of.of].place else { continue };
            let Some(originals) = self.jobs_of.get(&of.of).cloned() else { continue };
            for original in originals {
                let Some(director) = self.ops.jobs[original].kind.director() else { continue };
                let d = self.director(self.ops.directors[director].host, to, copy.span, true);
                self.restorable(copy, to, d);
                let site = self.site_of(d);
                let name = self.names.unique(&[&self.ops.jobs[original].name, &self.model.stores[to].name]);
                let job = Job {
                    name,
                    serves: serves.clone(),
                    kind: JobKind::Copy { director: d, of: original, from, to },
                    scheduler: Scheduler::Bacula,
                    zone: self.model.sites[site].zone.clone(),
                    site,
                    runs: vec![Run { level: Level::Changes, rule: of.at.0.clone(), span: of.at.1 }],
                    keep: of.keep.value,
                    pools: Vec::new(),
                    files_kept: None,
                    jobs_kept: None,
                    cap: of.limit.map(|l| Cap { rate: l.value, span: l.span }),
                    paths: paths(&copy.route),
                    span: copy.span,
                };
                self.ops.jobs.alloc(job);
            }
        }
    }

    fn mirrors(&mut self) {
        for (id, copy) in self.model.copies.iter() {
            let (CopyKind::Mirror(mirror), Place::Host(to)) = (&copy.kind, copy.place) else { continue };
            let On::Files { host, path } = &self.model.data[copy.data].on else { continue };
            let kind = JobKind::Mirror {
                from: *host,
                from_path: path.value.clone(),
                to,
                to_path: mirror.path.value.clone(),
                max_delete: mirror.max_delete.value,
                keep: mirror.keep.value,
            };
            let site = self.model.hosts[*host].site;
            let name = self.names.unique(&[&self.model.data[copy.data].name, &self.model.hosts[to].name]);
            self.ops.jobs.alloc(Job {
                name,
                serves: vec![id],
                kind,
                scheduler: Scheduler::Cron,
                zone: self.model.sites[site].zone.clone(),
                site,
                runs: vec![Run { level: Level::Changes, rule: by_cron(&mirror.at.0), span: mirror.at.1 }],
                // Its snapshots are counted, not timed.
                keep: Duration::ZERO,
                pools: Vec::new(),
                files_kept: None,
                jobs_kept: None,
                cap: mirror.limit.map(|l| Cap { rate: l.value, span: l.span }),
                paths: paths(&copy.route),
                span: copy.span,
            });
        }
    }

    fn storages(&mut self) {
        let mut by_host: BTreeMap<Idx<Host>, StorageDaemon> = BTreeMap::new();
        for (id, director) in self.ops.directors.iter() {
            for store in &director.stores {
                let host = self.model.stores[*store].host;
                let daemon = by_host.entry(host).or_insert_with(|| StorageDaemon {
                    host,
                    stores: Vec::new(),
                    directors: Vec::new(),
                });
                if !daemon.stores.contains(store) {
                    daemon.stores.push(*store);
                }
                if !daemon.directors.contains(&id) {
                    daemon.directors.push(id);
                }
            }
        }
        for (_, mut daemon) in by_host {
            daemon.stores.sort();
            self.ops.storages.alloc(daemon);
        }
    }

    fn vrrps(&mut self) {
        let mut next: BTreeMap<(Idx<Site>, bool), u8> = BTreeMap::new();
        for (id, vip) in self.model.vips.iter() {
            let family = vip.address.value.is_ipv6();
            let last = next.entry((vip.site, family)).or_default();
            let Some(router_id) = last.checked_add(1) else {
                self.problems.push(errors::too_many_vips(vip.span));
                continue;
            };
            *last = router_id;
            // Priorities fall in steps, so that a member can be put between two by hand.
            let step = (200 / vip.on.len().max(1)).clamp(1, 10);
            let members: Vec<Member> = vip
                .on
                .iter()
                .enumerate()
                .filter_map(|(n, (host, _))| {
                    let h = &self.model.hosts[*host];
                    let address = h.address?.value;
                    let priority = u8::try_from(200usize.saturating_sub(n * step).max(1)).ok()?;
                    Some(Member { host: *host, address, interface: h.interface.value.clone(), priority })
                })
                .collect();
            if members.is_empty() {
                continue;
            }
            self.ops.vrrps.alloc(Vrrp {
                name: self.names.unique(&[&vip.name]),
                vip: id,
                address: vip.address.value,
                prefix: vip.prefix,
                router_id,
                site: vip.site,
                members,
                advert: vip.advert.value,
                every: vip.every.value,
                fall: vip.fall.value,
                check: vip.check.as_ref().map(|c| c.value.clone()),
                port: vip.serves.and_then(|(p, _)| u16::try_from(self.model.pools[p].port.value).ok()),
            });
        }
    }
}

/// A rule as Debian's cron keeps it when clocks are changed.
fn by_cron(rule: &Rule) -> Rule {
    let clock = if rule.is_all_day() { Clock::Shown } else { Clock::CaughtUp };
    Rule { clock, ..rule.clone() }
}

/// The lines of a backup's schedule: where two levels fall on the same minute the fuller one runs.
fn levels(backup: &Backup) -> Vec<Run> {
    let stated = [
        (Level::Full, Some(&backup.full)),
        (Level::Differential, backup.differential.as_ref()),
        (Level::Incremental, backup.incremental.as_ref()),
    ];
    let mut runs: Vec<Run> = Vec::new();
    for (level, rule) in stated {
        let Some((rule, span)) = rule else { continue };
        let mut left: Vec<Rule> = vec![rule.clone()];
        for fuller in &runs {
            left = left.iter().flat_map(|r| r.without(&fuller.rule)).collect();
        }
        runs.extend(left.into_iter().map(|rule| Run { level, rule, span: *span }));
    }
    runs
}

/// Whether two copies of one database at one place say the same.
fn alike(a: &Copy, b: &Copy) -> bool {
    let rules = |r: &Option<(Rule, Span)>| r.as_ref().map(|(r, _)| r.clone());
    if a.route.ways != b.route.ways {
        return false;
    }
    match (&a.kind, &b.kind) {
        (CopyKind::Replica(x), CopyKind::Replica(y)) => {
            let from = |r: &crate::model::Replica| r.from.map(|f| f.0);
            x.mode == y.mode && x.compress == y.compress && from(x) == from(y)
        }
        (CopyKind::Backup(x), CopyKind::Backup(y)) => {
            x.from.0 == y.from.0
                && x.method == y.method
                && x.full.0 == y.full.0
                && rules(&x.differential) == rules(&y.differential)
                && rules(&x.incremental) == rules(&y.incremental)
                && rules(&x.log) == rules(&y.log)
                && rules(&x.verify) == rules(&y.verify)
                && x.keep == y.keep
                && x.limit == y.limit
                && x.kept.files == y.kept.files
                && x.kept.jobs == y.kept.jobs
                && same_pools(&x.kept.pools, &y.kept.pools)
        }
        (CopyKind::CopyOf(x), CopyKind::CopyOf(y)) => {
            x.at.0 == y.at.0 && x.keep == y.keep && x.limit == y.limit && same_pools(&x.pools, &y.pools)
        }
        _ => false,
    }
}

fn same_pools(a: &[PoolSpec], b: &[PoolSpec]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.alike(y))
}

/// Every host that something is sent to or asked of needs an address: one finding for each that
/// has none.
fn addresses(model: &Model, ops: &Ops, problems: &mut Problems) {
    let mut needed: BTreeSet<Idx<Host>> = BTreeSet::new();
    needed.extend(ops.streams.iter().flat_map(|(_, s)| [s.from, s.to]));
    needed.extend(ops.clients.iter().map(|(_, c)| c.host));
    needed.extend(ops.storages.iter().map(|(_, s)| s.host));
    needed.extend(ops.directors.iter().map(|(_, d)| d.host));
    needed.extend(model.vips.iter().flat_map(|(_, v)| v.on.iter().map(|(h, _)| *h)));
    for (_, job) in ops.jobs.iter() {
        if let JobKind::Mirror { from, to, .. } = &job.kind {
            needed.extend([*from, *to]);
        }
    }
    for (_, pool) in model.pools.iter() {
        needed.extend(pool.members.iter().chain(&pool.standby).map(|(h, _)| *h));
    }
    let mut owner: BTreeMap<std::net::IpAddr, Idx<Host>> = BTreeMap::new();
    for (id, host) in model.hosts.iter() {
        match host.address {
            None if needed.contains(&id) => problems.push(errors::missing_address(host)),
            None => {}
            Some(address) => {
                if let Some(before) = owner.insert(address.value, id) {
                    problems.push(errors::same_address(host, &model.hosts[before]));
                }
            }
        }
    }
}

/// The class of what a job sends.
pub fn class_of(kind: &JobKind) -> Class {
    match kind {
        JobKind::Mirror { .. } => Class::Mirror,
        JobKind::Files { .. }
        | JobKind::Database { .. }
        | JobKind::Log { .. }
        | JobKind::Copy { .. }
        | JobKind::Verify { .. } => Class::Backup,
    }
}
