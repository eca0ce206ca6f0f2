//! Lookups from things to what depends on them, made once for all scenarios.

use crate::model::{Cluster, Copy, Data, Host, Link, Model, Place, Service, Store, Strike};
use crate::ops::{Director, Job, JobKind, Ops, Stream};
use la_arena::{ArenaMap, Idx};
use std::collections::BTreeSet;

/// Who depends on what.
#[derive(Debug, Default)]
pub struct Index {
    on_host: ArenaMap<Idx<Host>, Vec<Idx<Data>>>,
    copies_on: ArenaMap<Idx<Host>, BTreeSet<Idx<Data>>>,
    in_store: ArenaMap<Idx<Store>, BTreeSet<Idx<Data>>>,
    over_link: ArenaMap<Idx<Link>, BTreeSet<Idx<Data>>>,
    jobs: ArenaMap<Idx<Copy>, Vec<Idx<Job>>>,
    streams: ArenaMap<Idx<Cluster>, Vec<Idx<Stream>>>,
    services: ArenaMap<Idx<Data>, Vec<Idx<Service>>>,
    /// The services that need a service.
    above: ArenaMap<Idx<Service>, Vec<Idx<Service>>>,
    /// The directors whose runs use a host's disk, card or stores.
    directors: ArenaMap<Idx<Host>, BTreeSet<Idx<Director>>>,
    /// Whether every data class counts as touched by every scenario.
    all: bool,
}

fn push<K, V>(map: &mut ArenaMap<Idx<K>, Vec<V>>, key: Idx<K>, value: V) {
    map.entry(key).or_default().push(value);
}

fn list<K, V>(map: &ArenaMap<Idx<K>, Vec<V>>, key: Idx<K>) -> &[V] {
    map.get(key).map_or(&[], Vec::as_slice)
}

/// The hosts at both ends of a director's runs.
fn ends(model: &Model, ops: &Ops, kind: &JobKind) -> Vec<Idx<Host>> {
    let of = match kind {
        JobKind::Verify { of, .. } => &ops.jobs[*of].kind,
        other => other,
    };
    let stores = match of {
        JobKind::Copy { from, to, .. } => vec![*from, *to],
        other => other.writes_to().into_iter().collect(),
    };
    let stores = stores.into_iter().map(|s| model.stores[s].host);
    stores.chain(of.client().map(|c| ops.clients[c].host)).collect()
}

impl Index {
    /// Looks at everything once.
    pub fn new(model: &Model, ops: &Ops) -> Self {
        let mut index = Self::default();
        for (id, _) in model.data.iter() {
            push(&mut index.on_host, model.primary_host(id), id);
        }
        for (id, copy) in model.copies.iter() {
            let hosts = [model.host_of(copy.place), model.source_host(id)];
            for host in hosts {
                index.copies_on.entry(host).or_default().insert(copy.data);
            }
            if let Place::Store(store) = copy.place {
                index.in_store.entry(store).or_default().insert(copy.data);
            }
            for hop in copy.route.ways.iter().flatten() {
                index.over_link.entry(hop.link).or_default().insert(copy.data);
            }
        }
        for (id, job) in ops.jobs.iter() {
            if let Some(director) = job.kind.director() {
                for host in ends(model, ops, &job.kind) {
                    index.directors.entry(host).or_default().insert(director);
                }
            }
            if matches!(job.kind, JobKind::Verify { .. }) {
                continue;
            }
            for copy in &job.serves {
                push(&mut index.jobs, *copy, id);
            }
        }
        for (id, stream) in ops.streams.iter() {
            push(&mut index.streams, stream.cluster, id);
        }
        for (id, service) in model.services.iter() {
            for (data, _) in &service.needs {
                push(&mut index.services, *data, id);
            }
            for (needed, _) in &service.services {
                push(&mut index.above, *needed, id);
            }
        }
        index
    }

    /// One that leaves nothing out: every data class counts as touched by every scenario. Slow;
    /// what the other leaves out is tested against it.
    pub fn naive(model: &Model, ops: &Ops) -> Self {
        Self { all: true, ..Self::new(model, ops) }
    }

    /// Whether nothing is left out.
    pub fn is_naive(&self) -> bool {
        self.all
    }

    /// The data classes whose primary copy lives on a host.
    pub fn data_on(&self, host: Idx<Host>) -> &[Idx<Data>] {
        list(&self.on_host, host)
    }

    /// The jobs that make a copy: its data first, its logs after that.
    pub fn jobs(&self, copy: Idx<Copy>) -> &[Idx<Job>] {
        list(&self.jobs, copy)
    }

    /// The streams of a database.
    pub fn streams(&self, cluster: Idx<Cluster>) -> &[Idx<Stream>] {
        list(&self.streams, cluster)
    }

    /// The directors whose runs use a host.
    pub fn directors(&self, host: Idx<Host>) -> impl Iterator<Item = Idx<Director>> + '_ {
        self.directors.get(host).into_iter().flatten().copied()
    }

    /// The services that need a data class.
    pub fn services(&self, data: Idx<Data>) -> &[Idx<Service>] {
        list(&self.services, data)
    }

    /// Services, and all that need one of them, directly or through others; those given first.
    pub fn with_those_above(&self, services: Vec<Idx<Service>>) -> Vec<Idx<Service>> {
        let mut all = services;
        if self.above.iter().next().is_none() {
            return all;
        }
        let mut seen: BTreeSet<Idx<Service>> = all.iter().copied().collect();
        let mut n = 0;
        while let Some(service) = all.get(n).copied() {
            n += 1;
            all.extend(list(&self.above, service).iter().copied().filter(|s| seen.insert(*s)));
        }
        all
    }

    /// The services that need a data class, directly or through others.
    pub fn users(&self, data: Idx<Data>) -> Vec<Idx<Service>> {
        self.with_those_above(self.services(data).to_vec())
    }

    /// The data classes of which something stands on a host or crosses a link that is lost, or
    /// whose contents are wrong, in order.
    pub fn touched(&self, model: &Model, lost: &super::Lost, strikes: &[Strike]) -> Vec<Idx<Data>> {
        if lost.hostile || self.all {
            return model.data.iter().map(|(id, _)| id).collect();
        }
        let mut touched: BTreeSet<Idx<Data>> = BTreeSet::new();
        for strike in strikes {
            if let Strike::Corruption(data) = strike {
                touched.extend(crate::flow::together(model, *data));
            }
        }
        for host in lost.hosts() {
            touched.extend(self.data_on(host));
            touched.extend(self.copies_on.get(host).into_iter().flatten());
        }
        for link in lost.cut_links() {
            touched.extend(self.over_link.get(link).into_iter().flatten());
        }
        for store in model.stores.iter().map(|(id, _)| id).filter(|s| lost.store(*s)) {
            touched.extend(self.in_store.get(store).into_iter().flatten());
        }
        touched.into_iter().collect()
    }
}
