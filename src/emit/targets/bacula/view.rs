//! What the templates of the four configurations are filled with.

use super::{names, schedule};
use crate::base::EcoString;
use crate::model::{Cluster, Host, Model, Store};
use crate::ops::{Director, FileDaemon, Job, JobKind, Level, Ops, StorageDaemon, retentions};
use crate::quantity::Duration;
use la_arena::{ArenaMap, Idx};
use serde::Serialize;
use std::net::{IpAddr, Ipv4Addr};

/// The jobs of the operations, sorted by what they touch.
pub(super) struct Index<'a> {
    pub model: &'a Model,
    pub ops: &'a Ops,
    pub retention: ArenaMap<Idx<Job>, Duration>,
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
            retention: retentions(ops),
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
            JobKind::Copy { director, from, .. } => {
                self.ops.directors[*director].host == self.model.stores[*from].host
            }
            _ => false,
        }
    }

    /// Whether the logs of a database are gathered on a host: then it surely writes some.
    pub fn logged(&self, cluster: Idx<Cluster>, host: Idx<Host>) -> bool {
        self.ops.jobs.iter().any(|(_, j)| match &j.kind {
            JobKind::Log { cluster: c, client, .. } => {
                *c == cluster && self.ops.clients[*client].host == host
            }
            _ => false,
        })
    }

    fn socket(&self, host: Idx<Host>, port: u16) -> Socket {
        let addr = self.address(host);
        Socket { family: if addr.is_ipv6() { "ipv6" } else { "ip" }, addr: addr.to_string(), port }
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

#[derive(Serialize)]
struct Socket {
    family: &'static str,
    addr: String,
    port: u16,
}

/// The certificates that one end of a connection shows and asks for.
#[derive(Serialize, Clone)]
struct Tls {
    authority: String,
    certificate: String,
    key: String,
    /// Whose certificates are accepted; the names of hosts.
    peers: Vec<String>,
}

impl Tls {
    fn new(folder: &str, host: &str, mut peers: Vec<String>) -> Self {
        peers.sort_unstable();
        peers.dedup();
        Self {
            authority: names::authority(folder),
            certificate: names::certificate(folder, host),
            key: names::key(folder, host),
            peers,
        }
    }
}

#[derive(Serialize)]
struct Daemon {
    name: String,
    working: &'static str,
    jobs: u64,
    socket: Socket,
    tls: Tls,
}

/// Another daemon, as a configuration refers to it.
#[derive(Serialize)]
struct Peer {
    name: String,
    /// Whether it may be spoken to without TLS; see [`Index::plain`].
    plain: bool,
    address: String,
    port: u16,
    secret: String,
    tls: Tls,
}

#[derive(Serialize)]
pub(super) struct DirectorView {
    daemon: Daemon,
    secret: String,
    catalog: &'static str,
    catalog_secret: String,
    restores: &'static str,
    messages: &'static str,
    restored: &'static str,
    clients: Vec<ClientView>,
    storages: Vec<StorageView>,
    pools: Vec<PoolView>,
    filesets: Vec<FileSetView>,
    schedules: Vec<ScheduleView>,
    jobs: Vec<JobView>,
    restore_jobs: Vec<RestoreView>,
}

#[derive(Serialize)]
struct ClientView {
    peer: Peer,
    retention: u64,
    jobs: usize,
}

#[derive(Serialize)]
struct StorageView {
    peer: Peer,
    plain: bool,
    device: String,
    media: String,
}

#[derive(Serialize)]
struct PoolView {
    name: String,
    /// Whether copies are written to it: only such a pool names its storage, for that of a pool
    /// wins over that of a job, which says from where a copy or verify job reads.
    copies: bool,
    label: String,
    days: u64,
}

#[derive(Serialize)]
struct FileSetView {
    name: String,
    path: String,
}

#[derive(Serialize)]
struct ScheduleView {
    name: String,
    runs: Vec<String>,
}

#[derive(Serialize, Default)]
struct JobView {
    name: String,
    kind: &'static str,
    level: &'static str,
    client: String,
    fileset: String,
    storage: String,
    pool: String,
    next_pool: Option<String>,
    query: Option<String>,
    verifies: Option<String>,
    bandwidth: Option<u64>,
    before: Option<String>,
    after: Option<String>,
    chained: bool,
    alone: bool,
}

#[derive(Serialize)]
struct RestoreView {
    name: String,
    client: String,
    storage: String,
}

/// The connections that a daemon answers beside its jobs': consoles and state requests.
const SPARE: u64 = 20;

pub(super) fn director(index: &Index<'_>, id: Idx<Director>) -> DirectorView {
    let d = &index.ops.directors[id];
    let host = index.host(d.host);
    let tls = |peer: &str| Tls::new(&d.certificates, host, vec![peer.to_string()]);
    let peer = |name: String, at: Idx<Host>, port: u16, resource: String| Peer {
        name: resource,
        plain: false,
        address: index.address(at).to_string(),
        port,
        secret: names::secret(&d.secrets, &name),
        tls: tls(index.host(at)),
    };
    let scheduled = Index::of(&index.scheduled, id);
    let restorable = index.restorable(id);
    let longest = restorable.iter().filter_map(|(j, _)| index.retention.get(*j)).max();
    let clients = d.clients.iter().map(|c| {
        let at = index.ops.clients[*c].host;
        let name = names::client(index.host(at));
        ClientView {
            peer: peer(name.to_string(), at, names::CLIENT_PORT, name),
            retention: days(longest.copied().unwrap_or_default()),
            jobs: Index::of(&index.read_from, *c).len() + SPARE as usize,
        }
    });
    let mut storages = Vec::new();
    let mut storage = |of: Idx<Job>, store: Idx<Store>, device: String, plain: bool| {
        let at = index.model.stores[store].host;
        let daemon = names::storage(index.host(at));
        let peer = peer(daemon, at, names::STORAGE_PORT, device.clone());
        storages.push(StorageView { peer, plain, device, media: index.ops.jobs[of].name.to_string() });
    };
    for (job, own) in &restorable {
        let j = &index.ops.jobs[*job];
        let Some(store) = j.kind.writes_to() else { continue };
        if *own {
            storage(*job, store, j.name.to_string(), false);
        }
        storage(*job, store, names::restore_storage(&j.name), false);
    }
    for job in scheduled {
        if let Some((of, store)) = index.reads(*job) {
            storage(of, store, names::read_storage(&index.ops.jobs[*job].name), index.plain(*job));
        }
    }
    let pools = restorable.iter().filter(|(_, own)| *own).map(|(j, _)| {
        let name = index.ops.jobs[*j].name.to_string();
        let kept = index.retention.get(*j).copied().unwrap_or_default();
        let copies = matches!(index.ops.jobs[*j].kind, JobKind::Copy { .. });
        PoolView { label: names::label(&name), name, copies, days: days(kept) }
    });
    let first = restorable.first().map(|(j, _)| names::restore_storage(&index.ops.jobs[*j].name));
    let restore_jobs = d.clients.iter().zip(std::iter::repeat(first)).filter_map(|(c, storage)| {
        let host = index.host(index.ops.clients[*c].host);
        Some(RestoreView { name: names::restore_job(host), client: names::client(host), storage: storage? })
    });
    DirectorView {
        daemon: Daemon {
            name: d.name.to_string(),
            working: names::WORKING,
            jobs: d.jobs,
            socket: index.socket(d.host, names::DIRECTOR_PORT),
            tls: tls(host),
        },
        secret: names::secret(&d.secrets, &d.name),
        catalog: names::CATALOG,
        catalog_secret: names::catalog_secret(&d.secrets),
        restores: names::RESTORES,
        messages: names::MESSAGES,
        restored: names::RESTORED,
        clients: clients.collect(),
        filesets: scheduled.iter().filter_map(|j| fileset(&index.ops.jobs[*j])).collect(),
        schedules: scheduled.iter().map(|j| timetable(&index.ops.jobs[*j])).collect(),
        jobs: scheduled.iter().filter_map(|j| job(index, *j)).collect(),
        pools: pools.collect(),
        restore_jobs: restore_jobs.collect(),
        storages,
    }
}

fn days(time: Duration) -> u64 {
    time.secs_up().div_ceil(86_400)
}

/// The folder that a job reads on its client.
pub(super) fn folder(kind: &JobKind) -> Option<&EcoString> {
    use crate::ops::Staging;
    match kind {
        JobKind::Files { path, .. } | JobKind::Log { path, .. } => Some(path),
        JobKind::Database { staging: Staging::Physical { path } | Staging::Logical { path }, .. } => {
            Some(path)
        }
        JobKind::Copy { .. } | JobKind::Verify { .. } | JobKind::Mirror { .. } => None,
    }
}

fn fileset(job: &Job) -> Option<FileSetView> {
    Some(FileSetView { name: job.name.to_string(), path: folder(&job.kind)?.to_string() })
}

fn timetable(job: &Job) -> ScheduleView {
    let runs = job.runs.iter().flat_map(|r| schedule::lines(level(r.level), &r.rule)).collect();
    ScheduleView { name: job.name.to_string(), runs }
}

/// The runs of a job's pool that have no copy in another pool yet. Bacula's own selection looks
/// for a copy in any pool, so that of two copy jobs only the first to come would copy a run.
fn uncopied(from: &str, to: &str) -> String {
    format!(
        "SELECT DISTINCT Job.JobId, Job.StartTime FROM Job, Pool WHERE Pool.Name = '{from}' \
         AND Pool.PoolId = Job.PoolId AND Job.Type = 'B' AND Job.JobStatus IN ('T', 'W') \
         AND Job.JobBytes > 0 AND Job.JobId NOT IN (SELECT Job.PriorJobId FROM Job, Pool \
         WHERE Pool.Name = '{to}' AND Pool.PoolId = Job.PoolId AND Job.Type IN ('B', 'C') \
         AND Job.JobStatus IN ('T', 'W') AND Job.PriorJobId <> 0) ORDER BY Job.StartTime"
    )
}

/// What selects the runs that a copy job copies, when Bacula's own selection does not do.
pub(super) fn query(index: &Index<'_>, of: Idx<Job>, job: &Job) -> Option<String> {
    let several = index.copied.get(of).is_some_and(|n| *n > 1);
    several.then(|| uncopied(&index.ops.jobs[of].name, &job.name))
}

fn job(index: &Index<'_>, id: Idx<Job>) -> Option<JobView> {
    let job = &index.ops.jobs[id];
    let client = |j: &Job| j.kind.client().map(|c| names::client(index.host(index.ops.clients[c].host)));
    let base = |original: &Job| -> Option<JobView> {
        Some(JobView {
            name: job.name.to_string(),
            kind: "Backup",
            level: "Full",
            client: client(original)?,
            fileset: original.name.to_string(),
            pool: original.name.to_string(),
            storage: names::read_storage(&job.name),
            ..JobView::default()
        })
    };
    let view = match &job.kind {
        JobKind::Mirror { .. } => return None,
        JobKind::Copy { of, .. } => {
            let original = &index.ops.jobs[*of];
            JobView {
                kind: "Copy",
                next_pool: Some(job.name.to_string()),
                query: query(index, *of, job),
                ..base(original)?
            }
        }
        JobKind::Verify { of, .. } => {
            let original = &index.ops.jobs[*of];
            JobView {
                kind: "Verify",
                level: "VolumeToCatalog",
                verifies: Some(original.name.to_string()),
                ..base(original)?
            }
        }
        JobKind::Files { .. } | JobKind::Database { .. } | JobKind::Log { .. } => {
            let chained = job.runs.iter().any(|r| !matches!(r.level, Level::Full | Level::Log));
            let logs = matches!(job.kind, JobKind::Log { .. });
            JobView {
                level: if chained { "Incremental" } else { "Full" },
                storage: job.name.to_string(),
                bandwidth: bandwidth(job),
                before: Some(names::before(&job.name)),
                after: logs.then(|| names::after(&job.name)),
                chained,
                alone: logs,
                ..base(job)?
            }
        }
    };
    Some(view)
}

#[derive(Serialize)]
pub(super) struct StorageDaemonView {
    daemon: Daemon,
    messages: &'static str,
    directors: Vec<Peer>,
    devices: Vec<DeviceView>,
}

#[derive(Serialize)]
struct DeviceView {
    name: String,
    media: String,
    path: String,
    writes: bool,
}

/// The devices of a storage daemon: name, the job whose volumes, the folder, whether it writes.
pub(super) fn devices(index: &Index<'_>, daemon: &StorageDaemon) -> Vec<(String, String, Idx<Store>, bool)> {
    let mut all = Vec::new();
    for store in &daemon.stores {
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

fn director_peer(index: &Index<'_>, id: Idx<Director>, daemon: &str, host: &str) -> Peer {
    let d = &index.ops.directors[id];
    Peer {
        name: d.name.to_string(),
        plain: false,
        address: index.address(d.host).to_string(),
        port: names::DIRECTOR_PORT,
        secret: names::secret(&d.secrets, daemon),
        tls: Tls::new(&d.certificates, host, vec![index.host(d.host).to_string()]),
    }
}

pub(super) fn storage(index: &Index<'_>, daemon: &StorageDaemon) -> StorageDaemonView {
    let host = index.host(daemon.host);
    let name = names::storage(host);
    let folder = index.leading(&daemon.directors).map_or("", |d| &d.certificates);
    // Clients connect here, and for copies other storage daemons.
    let mut peers: Vec<String> = vec![host.to_string()];
    for d in daemon.directors.iter().map(|d| &index.ops.directors[*d]) {
        peers.extend(d.clients.iter().map(|c| index.host(index.ops.clients[*c].host).to_string()));
        peers.extend(d.stores.iter().map(|s| index.host(index.model.stores[*s].host).to_string()));
    }
    let devices: Vec<DeviceView> = devices(index, daemon)
        .into_iter()
        .map(|(name, media, store, writes)| DeviceView {
            name,
            media,
            path: index.model.stores[store].path.value.to_string(),
            writes,
        })
        .collect();
    StorageDaemonView {
        daemon: Daemon {
            working: names::WORKING,
            jobs: devices.len() as u64 + SPARE,
            socket: index.socket(daemon.host, names::STORAGE_PORT),
            tls: Tls::new(folder, host, peers),
            name: name.to_string(),
        },
        messages: names::MESSAGES,
        directors: daemon
            .directors
            .iter()
            .map(|d| {
                let local = index.ops.directors[*d].host == daemon.host;
                let plain = local && Index::of(&index.scheduled, *d).iter().any(|j| index.plain(*j));
                Peer { plain, ..director_peer(index, *d, &name, host) }
            })
            .collect(),
        devices,
    }
}

#[derive(Serialize)]
pub(super) struct FileDaemonView {
    daemon: Daemon,
    messages: &'static str,
    directors: Vec<Peer>,
    data_keys: String,
    master: String,
}

pub(super) fn client(index: &Index<'_>, id: Idx<FileDaemon>) -> FileDaemonView {
    let daemon = &index.ops.clients[id];
    let host = index.host(daemon.host);
    let name = names::client(host);
    let folder = index.leading(&daemon.directors).map_or("", |d| &d.certificates);
    FileDaemonView {
        daemon: Daemon {
            working: names::WORKING,
            jobs: Index::of(&index.read_from, id).len() as u64 + SPARE,
            socket: index.socket(daemon.host, names::CLIENT_PORT),
            tls: Tls::new(folder, host, Vec::new()),
            name: name.to_string(),
        },
        messages: names::MESSAGES,
        directors: daemon.directors.iter().map(|d| director_peer(index, *d, &name, host)).collect(),
        data_keys: names::data_keys(folder),
        master: names::master(folder),
    }
}

#[derive(Serialize)]
pub(super) struct ConsoleView {
    director: Peer,
}

pub(super) fn console(index: &Index<'_>, id: Idx<Director>) -> ConsoleView {
    let d = &index.ops.directors[id];
    ConsoleView { director: director_peer(index, id, &d.name, index.host(d.host)) }
}
