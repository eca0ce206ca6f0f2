//! Data classes and their copies.

use super::{Get, Lower, change, count, defaults, duration, errors, profile, rate, ratio, rule, text, word};
use crate::base::{EcoString, Span};
use crate::calendar::Rule;
use crate::model::{
    Backup, Copy, CopyKind, CopyOf, Data, Files, Host, Input, Kept, Method, Mirror, Mode, On, Place, PoolOf,
    PoolSpec, Replica, Store,
};
use crate::quantity::{Duration, Ratio};
use crate::resolve::hir::{Item, ItemId, Value};
use crate::schema::Kind;
use la_arena::Idx;
use std::collections::{BTreeMap, BTreeSet};

fn seed_within(item: &Item) -> Input<Duration> {
    let assumed = || Input::assumed(Duration::from_hours(72), item.span, &defaults::SEED);
    item.read("seed-within", duration).unwrap_or_else(assumed)
}

fn schedule(item: &Item, name: &str) -> Option<(Rule, Span)> {
    item.read(name, rule).map(|r| (r.value, r.span))
}

/// What the replicas of a data class read.
struct Sources {
    /// By the host of each replica: the host that it names, if it names one.
    replicas: BTreeMap<Idx<Host>, Option<(Idx<Host>, Span)>>,
    /// Those that read one another in a circle.
    wrong: BTreeSet<Idx<Host>>,
}

impl Sources {
    /// How many replicas a host's reads from one another on the way to the primary.
    fn depth(&self, host: Idx<Host>) -> usize {
        let mut depth = 0;
        let mut at = host;
        while let Some(Some((next, _))) = self.replicas.get(&at) {
            (at, depth) = (*next, depth + 1);
            if depth > self.replicas.len() {
                break;
            }
        }
        depth
    }
}

impl Lower<'_> {
    pub(super) fn data(&mut self) {
        for (id, item) in self.hir.of(Kind::Data) {
            match self.data_class(item) {
                Some(data) => {
                    let cluster = match data.on {
                        On::Cluster(cluster) => Some(cluster),
                        On::Files { .. } => None,
                    };
                    let data = self.model.data.alloc(data);
                    if let Some(cluster) = cluster {
                        self.model.in_cluster.entry(cluster).or_default().push(data);
                    }
                    self.set(id, data);
                    self.copies(id, data);
                }
                None => self.left_out += 1,
            }
        }
    }

    fn data_class(&mut self, item: &Item) -> Option<Data> {
        if item.poisoned {
            return None;
        }
        let attr = item.attr("on")?;
        let on = match &attr.value {
            Value::OnCluster(c) => On::Cluster(self.id(*c)?),
            Value::OnFiles(h, path) => {
                On::Files { host: self.id(*h)?, path: Input::stated(path.clone(), attr.span) }
            }
            _ => return None,
        };
        let size = item.attr("size")?;
        let Value::Size { bytes, growth } = &size.value else { return None };
        Some(Data {
            name: item.name.clone(),
            span: item.span,
            tier: self.tier_of(item)?,
            on,
            size: Input::stated(*bytes, size.span),
            growth: growth.map(|g| Input::stated(g, size.span)),
            writes: item.read("writes", profile),
            changed: item.read("changed", change),
            files: match item.read("files", word) {
                Some(Input { value: "independent", .. }) => Files::Independent,
                _ => Files::Together,
            },
            response: self.response_of(item)?,
            copies: Vec::new(),
        })
    }

    /// The copies of a data class. One that is wrong leaves the others standing; but what the data
    /// class claims is then not judged, since its finding has been made.
    fn copies(&mut self, id: ItemId, data: Idx<Data>) {
        let mut whole = true;
        // Replicas first: a backup may read one; backups before their copies.
        let mut replicas = self.inside(id, Kind::Replica);
        let sources = self.sources(&replicas, data);
        // What is read by others comes before them.
        replicas
            .sort_by_key(|(_, item)| item.target.and_then(|t| self.id(t)).map_or(0, |h| sources.depth(h)));
        for (_, item) in replicas {
            let replica = self.replica(item, data, &sources);
            whole &= self.keep(data, item, replica).is_some();
        }
        for (_, item) in self.inside(id, Kind::Mirror) {
            let mirror = self.mirror(item, data);
            whole &= self.keep(data, item, mirror).is_some();
        }
        for (at, item) in self.inside(id, Kind::Backup) {
            let backup = self.backup(at, item, data);
            whole &= self.keep(data, item, backup).is_some();
        }
        for (at, item) in self.inside(id, Kind::CopyOf) {
            let copy = self.copy_of(at, item, data);
            whole &= self.keep(data, item, copy).is_some();
        }
        if !whole {
            self.model.data[data].tier = None;
            self.incomplete.push(data);
            self.left_out += 1;
        }
    }

    fn keep(&mut self, data: Idx<Data>, item: &Item, built: Option<(Place, CopyKind)>) -> Option<()> {
        let (place, kind) = built?;
        let name = self.copy_name(item, place);
        let same = |c: &&Idx<Copy>| self.model.copies[**c].name == name;
        if let Some(before) = self.model.data[data].copies.iter().find(same) {
            let before = self.model.copies[*before].span;
            self.problems.push(errors::duplicate_copy(item.span, &name, before));
            return None;
        }
        let from = match &kind {
            CopyKind::Replica(Replica { from: Some((host, _)), .. }) => *host,
            CopyKind::Replica(_) | CopyKind::Mirror(_) => self.model.primary_host(data),
            CopyKind::Backup(b) => b.from.0,
            CopyKind::CopyOf(o) => self.model.host_of(self.model.copies[o.of].place),
        };
        let to = self.model.host_of(place);
        let (from, to) = (self.model.hosts[from].site, self.model.hosts[to].site);
        let route = self.route(item, from, to)?;
        let copy = self.model.copies.alloc(Copy { data, name, span: item.span, place, kind, route });
        self.model.data[data].copies.push(copy);
        Some(())
    }

    fn copy_name(&self, item: &Item, place: Place) -> EcoString {
        let at = match place {
            Place::Host(h) => &self.model.hosts[h].name,
            Place::Store(s) => &self.model.stores[s].name,
        };
        format!("{} {at}", item.def.keyword).into()
    }

    /// What each replica of a data class reads, by host: one that reads another one names it.
    fn sources(&mut self, replicas: &[(ItemId, &Item)], data: Idx<Data>) -> Sources {
        let mut sources = Sources { replicas: BTreeMap::new(), wrong: BTreeSet::new() };
        for (_, item) in replicas {
            let Some(host) = item.target.and_then(|t| self.id::<Host>(t)) else { continue };
            let from = item.reference("from").and_then(|(h, span)| Some((self.id::<Host>(h)?, span)));
            sources.replicas.insert(host, from);
        }
        let primary = self.model.primary_host(data);
        for (host, from) in &sources.replicas {
            // From one to the one that it reads; a way that comes back never ends at the primary.
            let mut seen = vec![*host];
            let mut next = *from;
            while let Some((at, span)) = next.filter(|(at, _)| *at != primary) {
                if at == *host {
                    if seen.iter().all(|s| host <= s) {
                        let names: Vec<&str> =
                            seen.iter().map(|h| self.model.hosts[*h].name.as_str()).collect();
                        self.problems.push(errors::replica_cycle(span, &names));
                    }
                    sources.wrong.extend(seen);
                    break;
                }
                if seen.contains(&at) {
                    break;
                }
                seen.push(at);
                next = sources.replicas.get(&at).copied().flatten();
            }
        }
        sources
    }

    fn replica(&mut self, item: &Item, data: Idx<Data>, sources: &Sources) -> Option<(Place, CopyKind)> {
        if item.poisoned {
            return None;
        }
        let host: Idx<Host> = self.id(item.target?)?;
        let On::Cluster(cluster) = self.model.data[data].on else {
            self.problems.push(errors::wrong_protection(
                item.span,
                "files have no replicas",
                "keep them alike with `mirror host { at = every 5 min }`",
            ));
            return None;
        };
        let c = &self.model.clusters[cluster];
        let name = self.model.hosts[host].name.clone();
        if c.primary.0 == host {
            self.problems.push(errors::copy_on_itself(item.span, &name));
            return None;
        }
        if !c.replicas.iter().any(|(r, _)| *r == host) {
            let (cluster, declared) = (c.name.clone(), c.span);
            self.problems.push(errors::not_a_replica(&name, &cluster, item.span, declared));
            return None;
        }
        let fallback = self.model.engines[c.engine].fallback;
        let mode = item.read("mode", word)?;
        let value = match mode.value {
            "sync" => Mode::Sync,
            "semi-sync" => {
                let stated = item.read("timeout", duration).unwrap_or(fallback);
                Mode::SemiSync { timeout: stated.value }
            }
            _ => Mode::Async,
        };
        if sources.wrong.contains(&host) {
            return None;
        }
        let primary = c.primary.0;
        let from = match item.reference("from") {
            None => None,
            Some((h, span)) => match self.id::<Host>(h)? {
                source if source == primary => None,
                source if !sources.replicas.contains_key(&source) => {
                    let (source, data) = (&self.model.hosts[source].name, &self.model.data[data].name);
                    self.problems.push(errors::no_source_replica(source, data, span));
                    return None;
                }
                _ if value != Mode::Async => {
                    self.problems.push(errors::wrong_protection(
                        mode.span,
                        "a replica that reads another one acknowledges nothing to the primary",
                        "write `mode = async`, or leave `from` out",
                    ));
                    return None;
                }
                source => {
                    // One that reads a replica which is left out is left out with it.
                    let mut known = self.model.data[data].copies.iter();
                    known.find(|c| self.model.copies[**c].place == Place::Host(source))?;
                    Some((source, span))
                }
            },
        };
        let replica = Replica {
            mode: mode.map(|_| value),
            from,
            compress: item
                .read("compress", ratio)
                .unwrap_or_else(|| Input::assumed(Ratio::WHOLE, item.span, &defaults::COMPRESS)),
            seed_within: seed_within(item),
        };
        Some((Place::Host(host), CopyKind::Replica(replica)))
    }

    fn mirror(&mut self, item: &Item, data: Idx<Data>) -> Option<(Place, CopyKind)> {
        if item.poisoned {
            return None;
        }
        let host: Idx<Host> = self.id(item.target?)?;
        let name = self.model.data[data].name.clone();
        let On::Files { host: from, .. } = self.model.data[data].on else {
            self.problems.push(errors::wrong_protection(
                item.span,
                "the files of a running database cannot be mirrored",
                "add `replica host { mode = async }`",
            ));
            return None;
        };
        if from == host {
            self.problems.push(errors::copy_on_itself(item.span, &self.model.hosts[host].name));
            return None;
        }
        let max_delete = item
            .read("max-delete", ratio)
            .unwrap_or_else(|| Input::assumed(Ratio::percent(20), item.span, &defaults::MIRROR_DELETE));
        let keep =
            item.read("keep", count).unwrap_or_else(|| Input::assumed(3, item.span, &defaults::MIRROR_KEEP));
        if keep.value == 0 {
            self.problems.push(errors::nothing_here(keep.span, "`keep`", "1 or more"));
            return None;
        }
        let mirror = Mirror {
            path: item.read("path", text).unwrap_or_else(|| {
                let path = format!("/var/lib/drc/mirrors/{name}");
                Input::assumed(path.into(), item.span, &defaults::PATH)
            }),
            at: schedule(item, "at")?,
            limit: item.read("limit", rate),
            max_delete,
            keep,
            seed_within: seed_within(item),
        };
        Some((Place::Host(host), CopyKind::Mirror(mirror)))
    }

    fn backup(&mut self, at: ItemId, item: &Item, data: Idx<Data>) -> Option<(Place, CopyKind)> {
        if item.poisoned {
            return None;
        }
        let store: Idx<Store> = self.id(item.target?)?;
        let primary = self.model.primary_host(data);
        let from = match item.reference("from") {
            Some((host, span)) => (self.id(host)?, span),
            None => (primary, item.span),
        };
        let from_copy = if from.0 == primary {
            None
        } else {
            let holds = |c: &&Idx<Copy>| {
                let copy = &self.model.copies[**c];
                copy.place == Place::Host(from.0) && matches!(copy.kind, CopyKind::Replica(_))
            };
            let Some(copy) = self.model.data[data].copies.iter().find(holds).copied() else {
                let (host, name) = (&self.model.hosts[from.0].name, &self.model.data[data].name);
                self.problems.push(errors::no_such_replica(host, name, from.1));
                return None;
            };
            Some(copy)
        };
        let method = self.method(item, data)?;
        let backup = Backup {
            from,
            from_copy,
            method,
            full: schedule(item, "full")?,
            differential: schedule(item, "differential"),
            incremental: schedule(item, "incremental"),
            log: schedule(item, "log"),
            keep: item.read("keep", duration)?,
            limit: item.read("limit", rate),
            verify: schedule(item, "verify"),
            kept: Box::new(Kept {
                pools: self.volumes(at)?,
                files: item.read("files-kept", duration),
                jobs: item.read("jobs-kept", duration),
            }),
        };
        self.all_fed(&backup)?;
        Some((Place::Store(store), CopyKind::Backup(Box::new(backup))))
    }

    /// How a backup reads, once it is known that its data can be read so.
    fn method(&mut self, item: &Item, data: Idx<Data>) -> Option<Input<Method>> {
        let stated = item.read("method", word);
        let logs = item.attr("log").map(|a| a.span);
        let refuse = |this: &mut Self, at: Span, what: &str, way: &str| {
            this.problems.push(errors::wrong_protection(at, what, way));
            None
        };
        let On::Cluster(cluster) = self.model.data[data].on else {
            if let Some(method) = stated {
                return refuse(self, method.span, "files are read file by file", "leave `method` out");
            }
            if let Some(at) = logs {
                return refuse(
                    self,
                    at,
                    "files have no logs",
                    "leave `log` out, or run `incremental` more often",
                );
            }
            return Some(Input::stated(Method::Files, item.span));
        };
        let engine = &self.model.engines[self.model.clusters[cluster].engine];
        let (physical, ships) = (engine.physical, engine.logs);
        if let (Some(at), false) = (logs, ships) {
            return refuse(self, at, "this engine does not ship its logs", "leave `log` out");
        }
        match stated {
            Some(method) if method.value == "logical" => {
                for level in ["differential", "incremental"] {
                    if let Some(attr) = item.attr(level) {
                        return refuse(
                            self,
                            attr.span,
                            "a dump is always full",
                            &format!("leave `{level}` out"),
                        );
                    }
                }
                Some(method.map(|_| Method::Logical))
            }
            stated if !physical => {
                let at = stated.map_or(item.span, |m| m.span);
                refuse(self, at, "this engine has no physical backup", "write `method = logical`")
            }
            Some(method) => Some(method.map(|_| Method::Physical)),
            None => Some(Input::assumed(Method::Physical, item.span, &defaults::METHOD)),
        }
    }

    fn copy_of(&mut self, at: ItemId, item: &Item, data: Idx<Data>) -> Option<(Place, CopyKind)> {
        if item.poisoned {
            return None;
        }
        let store: Idx<Store> = self.id(item.target?)?;
        let (of, of_span) = item.reference("of")?;
        let of: Idx<Store> = self.id(of)?;
        let original = self.model.data[data].copies.iter().copied().find_map(|c| {
            let copy = &self.model.copies[c];
            match &copy.kind {
                CopyKind::Backup(b) if copy.place == Place::Store(of) => Some((c, b.keep)),
                _ => None,
            }
        });
        let Some((original, kept)) = original else {
            let (store, name) = (&self.model.stores[of].name, &self.model.data[data].name);
            self.problems.push(errors::nothing_to_copy(of_span, store, name));
            return None;
        };
        if of == store {
            let host = &self.model.hosts[self.model.stores[store].host].name;
            self.problems.push(errors::copy_on_itself(item.span, host));
            return None;
        }
        let copy = CopyOf {
            of: original,
            at: schedule(item, "at")?,
            keep: item.read("keep", duration).unwrap_or(kept),
            limit: item.read("limit", rate),
            pools: self.volumes(at)?,
        };
        let ships = matches!(&self.model.copies[original].kind, CopyKind::Backup(b) if b.log.is_some());
        if let (Some(logs), false) = (copy.pools.iter().find(|p| p.of == PoolOf::Log), ships) {
            self.problems.push(errors::unfed_pool(logs.span, "log"));
            return None;
        }
        Some((Place::Store(store), CopyKind::CopyOf(copy)))
    }

    /// The pools of volumes that a block states.
    fn volumes(&mut self, at: ItemId) -> Option<Vec<PoolSpec>> {
        const ALL: [PoolOf; 5] =
            [PoolOf::Rest, PoolOf::Full, PoolOf::Differential, PoolOf::Incremental, PoolOf::Log];
        let mut pools = Vec::new();
        for of in ALL {
            for (_, block) in self.inside(at, Kind::BackupPool(of)) {
                if block.poisoned {
                    return None;
                }
                let (volumes, runs) = (block.read("volumes", count), block.read("runs", count));
                for (what, stated) in [("`volumes`", volumes), ("`runs`", runs)] {
                    if let Some(Input { value: 0, span, .. }) = stated {
                        self.problems.push(errors::nothing_here(span, what, "1 or more"));
                        return None;
                    }
                }
                pools.push(PoolSpec {
                    of,
                    span: block.span,
                    keep: block.read("keep", duration),
                    volumes,
                    runs: runs.map_or(1, |r| r.value),
                    use_duration: block.read("use-duration", duration),
                });
            }
        }
        Some(pools)
    }

    /// Every pool of a backup takes runs that are scheduled.
    fn all_fed(&mut self, backup: &Backup) -> Option<()> {
        let own = |of: PoolOf| backup.kept.pools.iter().any(|p| p.of == of);
        for pool in &backup.kept.pools {
            let level = match pool.of {
                PoolOf::Differential if backup.differential.is_none() => "differential",
                PoolOf::Incremental if backup.incremental.is_none() => "incremental",
                PoolOf::Log if backup.log.is_none() => "log",
                PoolOf::Rest
                    if own(PoolOf::Full)
                        && (own(PoolOf::Differential) || backup.differential.is_none())
                        && (own(PoolOf::Incremental) || backup.incremental.is_none()) =>
                {
                    "other"
                }
                _ => continue,
            };
            self.problems.push(errors::unfed_pool(pool.span, level));
            return None;
        }
        Some(())
    }
}
