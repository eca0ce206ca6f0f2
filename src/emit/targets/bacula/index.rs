//! The operations, sorted by what they touch.

use super::names;
use crate::base::EcoString;
use crate::model::{Cluster, Host, Model, Store};
use crate::ops::{Director, FileDaemon, Job, JobKind, Level, Ops, Staging, StorageDaemon};
use la_arena::{ArenaMap, Idx};
use std::net::{IpAddr, Ipv4Addr};

/// The jobs of the operations, sorted by what they touch.
pub(super) struct Index<'a> {
    pub model: &'a Model,
    pub ops: &'a Ops,
    /// The jobs that write to a store.
    pub writers: ArenaMap<Idx<Store>, Vec<Idx<Job>>>,
    /// The jobs that read a store: copies and verifications.
    pub readers: ArenaMap<Idx<Store>, Vec<Idx<Job>>>,
    /// The jobs that a director schedules.
    pub scheduled: ArenaMap<Idx<Director>, Vec<Idx<Job>>>,
    /// The jobs that read a client.
    pub read_from: ArenaMap<Idx<FileDaemon>, Vec<Idx<Job>>>,
    /// How many copy jobs copy a job.
    pub copied: ArenaMap<Idx<Job>, usize>,
}

impl<'a> Index<'a> {
    pub fn new(model: &'a Model, ops: &'a Ops) -> Self {
        let mut index = Self {
            model,
            ops,
            writers: ArenaMap::default(),
            readers: ArenaMap::default(),
            scheduled: ArenaMap::default(),
            read_from: ArenaMap::default(),
            copied: ArenaMap::default(),
        };
        for (id, job) in ops.jobs.iter() {
            if let Some(director) = job.kind.director() {
                index.scheduled.entry(director).or_default().push(id);
            }
            if let Some(store) = job.kind.writes_to() {
                index.writers.entry(store).or_default().push(id);
            }
            if let Some((_, store)) = index.reads(id) {
                index.readers.entry(store).or_default().push(id);
            }
            if let Some(client) = job.kind.client() {
                index.read_from.entry(client).or_default().push(id);
            }
            if let JobKind::Copy { of, .. } = &job.kind {
                *index.copied.entry(*of).or_default() += 1;
            }
        }
        index
    }

    /// The job whose volumes a copy or verify job reads, and their store.
    pub fn reads(&self, job: Idx<Job>) -> Option<(Idx<Job>, Idx<Store>)> {
        match &self.ops.jobs[job].kind {
            JobKind::Copy { of, from, .. } => Some((*of, *from)),
            JobKind::Verify { of, .. } => Some((*of, self.ops.jobs[*of].kind.writes_to()?)),
            _ => None,
        }
    }

    pub fn of<I, V: Copy>(map: &ArenaMap<Idx<I>, Vec<V>>, id: Idx<I>) -> &[V] {
        map.get(id).map_or(&[], Vec::as_slice)
    }

    pub fn host(&self, host: Idx<Host>) -> &'a EcoString {
        &self.model.hosts[host].name
    }

    /// Where a host is reached; the check for missing addresses comes before any emission.
    pub fn address(&self, host: Idx<Host>) -> IpAddr {
        self.model.hosts[host].address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |a| a.value)
    }

    /// The director whose folders a daemon's own certificate and keys come from: the first that
    /// schedules, else the first.
    pub fn leading(&self, directors: &[Idx<Director>]) -> Option<&'a Director> {
        let all = || directors.iter().map(|d| &self.ops.directors[*d]);
        all().find(|d| !d.standby).or_else(|| all().next())
    }

    /// Every job whose volumes a director can restore, with whether it schedules it.
    pub fn restorable(&self, director: Idx<Director>) -> Vec<(Idx<Job>, bool)> {
        let d = &self.ops.directors[director];
        let jobs = d.stores.iter().flat_map(|s| Self::of(&self.writers, *s));
        let mut jobs: Vec<(Idx<Job>, bool)> =
            jobs.map(|j| (*j, self.ops.jobs[*j].kind.director() == Some(director))).collect();
        jobs.sort_unstable_by_key(|(j, _)| *j);
        jobs
    }

    /// Whether a copy job reads a store of its director's own host. Bacula 9 ends a copy so: the
    /// daemon that reads says goodbye to the director over TLS and waits for the answer, the
    /// director waits for the daemon that writes, and that one for the one that reads, until two
    /// minutes are over. Within a host TLS protects nothing, so there it is left out.
    pub fn plain(&self, job: Idx<Job>) -> bool {
        match &self.ops.jobs[job].kind {
            // One name of a changer counts its drives for all; it cannot be spoken to in two ways.
            JobKind::Copy { director, from, .. } => {
                self.ops.directors[*director].host == self.model.stores[*from].host
                    && self.drives(*from).is_none()
            }
            _ => false,
        }
    }

    /// How many drives a store has, if it states them.
    pub fn drives(&self, store: Idx<Store>) -> Option<u64> {
        self.model.stores[store].drives.map(|d| d.value)
    }

    /// The director's storage that a job writes to.
    pub fn written(&self, job: &str, store: Idx<Store>) -> String {
        match self.drives(store) {
            Some(_) => names::changer(&self.model.stores[store].name),
            None => job.to_owned(),
        }
    }

    /// The director's storage that a copy or verify job reads.
    pub fn read(&self, job: &str, store: Idx<Store>) -> String {
        match self.drives(store) {
            Some(_) => names::changer(&self.model.stores[store].name),
            None => names::read_storage(job),
        }
    }

    /// The media type of what a job writes to a store.
    pub fn media(&self, job: &str, store: Idx<Store>) -> String {
        match self.drives(store) {
            Some(_) => names::media(&self.model.stores[store].name),
            None => job.to_owned(),
        }
    }

    /// Whether the logs of a database are gathered on a client: then it surely writes some.
    pub fn logged(&self, cluster: Idx<Cluster>, client: Idx<FileDaemon>) -> bool {
        let of = |j: &Idx<Job>| matches!(&self.ops.jobs[*j].kind, JobKind::Log { cluster: c, .. } if *c == cluster);
        Self::of(&self.read_from, client).iter().any(of)
    }
}

/// The end of a job's name for Bacula, or nothing.
pub(super) fn level(level: Level) -> Option<&'static str> {
    match level {
        // Each run carries all that is gathered: it is complete in itself.
        Level::Full | Level::Log => Some("Full"),
        Level::Differential => Some("Differential"),
        Level::Incremental => Some("Incremental"),
        // The job itself says it.
        Level::Changes => None,
    }
}

/// Whole bytes a second, rounded down.
pub(super) fn bandwidth(job: &Job) -> Option<u64> {
    job.kind.client().and(job.cap).map(|cap| cap.rate.in_bytes_down())
}

/// The folder that a job reads on its client.
pub(super) fn folder(kind: &JobKind) -> Option<&EcoString> {
    match kind {
        JobKind::Files { path, .. } | JobKind::Log { path, .. } => Some(path),
        JobKind::Database { staging: Staging::Physical { path } | Staging::Logical { path }, .. } => {
            Some(path)
        }
        JobKind::Copy { .. } | JobKind::Verify { .. } | JobKind::Mirror { .. } => None,
    }
}

/// The devices of a storage daemon: name, media type, the folder, whether it writes. Those of
/// stores that state their drives are left out.
pub(super) fn devices(index: &Index<'_>, daemon: &StorageDaemon) -> Vec<(String, String, Idx<Store>, bool)> {
    let mut all = Vec::new();
    for store in daemon.stores.iter().filter(|s| index.drives(**s).is_none()) {
        for job in Index::of(&index.writers, *store) {
            let name = &index.ops.jobs[*job].name;
            all.push((name.to_string(), name.to_string(), *store, true));
            all.push((names::restore_storage(name), name.to_string(), *store, false));
        }
        for job in Index::of(&index.readers, *store) {
            let Some((of, _)) = index.reads(*job) else { continue };
            let name = names::read_storage(&index.ops.jobs[*job].name);
            all.push((name, index.ops.jobs[of].name.to_string(), *store, false));
        }
    }
    all
}
