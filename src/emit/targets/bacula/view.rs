//! What the templates of the configurations are filled with: the director's.

use super::index::{Index, bandwidth, folder, level};
use super::parts::{Daemon, Peer, SPARE, Socket, Tls};
use super::{names, schedule};
use crate::model::{Host, Store};
use crate::ops::{Director, Job, JobKind, Level, Pool};
use crate::quantity::Duration;
use la_arena::Idx;
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Serialize)]
pub(super) struct DirectorView {
    daemon: Daemon,
    secret: String,
    catalog: &'static str,
    catalog_secret: String,
    restores: &'static str,
    messages: &'static str,
    restored: &'static str,
    mark: &'static str,
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
    /// Whether the device is a changer with drives.
    changer: bool,
    jobs: u64,
}

#[derive(Serialize)]
struct PoolView {
    name: String,
    /// Whether copies are written to it: only such a pool names its storage, for that of a pool
    /// wins over that of a job, which says from where a copy or verify job reads.
    copies: bool,
    storage: String,
    label: String,
    keep: String,
    files: String,
    jobs: String,
    runs: u64,
    volumes: Option<u64>,
    written: Option<String>,
}

#[derive(Serialize)]
struct FileSetView {
    name: String,
    path: String,
    runs: String,
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
    pools: Vec<LevelPool>,
    prunes: Option<&'static str>,
    forgets: Option<&'static str>,
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
struct LevelPool {
    level: &'static str,
    name: String,
}

#[derive(Serialize)]
struct RestoreView {
    name: String,
    client: String,
    storage: String,
}

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
    let kept = |j: &(Idx<Job>, bool)| index.ops.jobs[j.0].pools.iter().map(|p| p.keep).max();
    let longest = restorable.iter().filter_map(kept).max();
    let clients = d.clients.iter().map(|c| {
        let at = index.ops.clients[*c].host;
        let name = names::client(index.host(at));
        ClientView {
            peer: peer(name.to_string(), at, names::CLIENT_PORT, name),
            retention: days(longest.unwrap_or_default()),
            jobs: Index::of(&index.read_from, *c).len() + SPARE as usize,
        }
    });
    let mut storages = Vec::new();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut storage = |of: Idx<Job>, store: Idx<Store>, name: String, plain: bool| {
        // A changer has one name for all who write to it and copy from it.
        if !known.insert(name.clone()) {
            return;
        }
        let s = &index.model.stores[store];
        let daemon = names::storage(index.host(s.host));
        let changer = names::changer(&s.name);
        let drives = index.drives(store);
        storages.push(StorageView {
            plain,
            device: if drives.is_some() { changer.clone() } else { name.clone() },
            media: index.media(&index.ops.jobs[of].name, store),
            changer: drives.is_some(),
            jobs: drives.filter(|_| name == changer).unwrap_or(1),
            peer: peer(daemon, s.host, names::STORAGE_PORT, name),
        });
    };
    for (job, own) in &restorable {
        let j = &index.ops.jobs[*job];
        let Some(store) = j.kind.writes_to() else { continue };
        if *own {
            storage(*job, store, index.written(&j.name, store), false);
        }
        storage(*job, store, names::restore_storage(&j.name), false);
    }
    for job in scheduled {
        if let Some((of, store)) = index.reads(*job) {
            storage(of, store, index.read(&index.ops.jobs[*job].name, store), index.plain(*job));
        }
    }
    let pools = restorable.iter().filter(|(_, own)| *own).flat_map(|(j, _)| {
        let job = &index.ops.jobs[*j];
        let storage = job.kind.writes_to().map_or_else(String::new, |s| index.written(&job.name, s));
        job.pools.iter().map(move |p| PoolView {
            storage: storage.clone(),
            name: p.name.to_string(),
            copies: matches!(job.kind, JobKind::Copy { .. }),
            label: names::label(&p.name),
            keep: time(p.keep),
            files: time(job.files_kept.map_or(p.keep, |f| f.value.min(p.keep))),
            jobs: time(job.jobs_kept.map_or(p.keep, |f| f.value.min(p.keep))),
            runs: p.runs,
            volumes: p.volumes,
            written: p.use_duration.map(time),
        })
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
            socket: Socket::new(index.address(d.host), names::DIRECTOR_PORT),
            tls: tls(host),
        },
        secret: names::secret(&d.secrets, &d.name),
        catalog: names::CATALOG,
        catalog_secret: names::catalog_secret(&d.secrets),
        restores: names::RESTORES,
        messages: names::MESSAGES,
        restored: names::RESTORED,
        mark: names::MARK,
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

/// A time in whole seconds, rounded up, in days where it comes out even.
fn time(time: Duration) -> String {
    let seconds = time.secs_up();
    if seconds.is_multiple_of(86_400) {
        format!("{} days", seconds / 86_400)
    } else {
        format!("{seconds} seconds")
    }
}

fn fileset(job: &Job) -> Option<FileSetView> {
    Some(FileSetView {
        name: job.name.to_string(),
        path: folder(&job.kind)?.to_string(),
        runs: names::runs(&job.name),
    })
}

fn timetable(job: &Job) -> ScheduleView {
    let runs = job.runs.iter().flat_map(|r| schedule::lines(level(r.level), &r.rule)).collect();
    ScheduleView { name: job.name.to_string(), runs }
}

fn level_pool(pool: &Pool) -> Option<LevelPool> {
    Some(LevelPool { level: level(pool.level?)?, name: pool.name.to_string() })
}

/// The runs of a job's pools that have no copy in another pool yet. Bacula's own selection looks
/// for a copy in any pool, so that of two copy jobs only the first to come would copy a run, and it
/// looks at one pool only.
fn uncopied(from: &[Pool], to: &str) -> String {
    let names: Vec<String> = from.iter().map(|p| format!("'{}'", p.name)).collect();
    let from = match names.as_slice() {
        [one] => format!("= {one}"),
        many => format!("IN ({})", many.join(", ")),
    };
    format!(
        "SELECT DISTINCT Job.JobId, Job.StartTime FROM Job, Pool WHERE Pool.Name {from} \
         AND Pool.PoolId = Job.PoolId AND Job.Type = 'B' AND Job.JobStatus IN ('T', 'W') \
         AND Job.JobBytes > 0 AND Job.JobId NOT IN (SELECT Job.PriorJobId FROM Job, Pool \
         WHERE Pool.Name = '{to}' AND Pool.PoolId = Job.PoolId AND Job.Type IN ('B', 'C') \
         AND Job.JobStatus IN ('T', 'W') AND Job.PriorJobId <> 0) ORDER BY Job.StartTime"
    )
}

/// What selects the runs that a copy job copies, when Bacula's own selection does not do.
pub(super) fn query(index: &Index<'_>, of: Idx<Job>, job: &Job) -> Option<String> {
    let pools = &index.ops.jobs[of].pools;
    let several = index.copied.get(of).is_some_and(|n| *n > 1) || pools.len() > 1;
    several.then(|| uncopied(pools, &job.name))
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
            pool: original.pools.first()?.name.to_string(),
            storage: match index.reads(id) {
                Some((_, store)) => index.read(&job.name, store),
                None => String::new(),
            },
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
                storage: job.kind.writes_to().map_or_else(String::new, |s| index.written(&job.name, s)),
                bandwidth: bandwidth(job),
                before: Some(names::before(&job.name)),
                after: logs.then(|| names::after(&job.name)),
                pools: job.pools.iter().filter_map(level_pool).collect(),
                prunes: job.files_kept.map(|_| "yes"),
                forgets: job.jobs_kept.map(|_| "yes"),
                chained,
                alone: logs,
                ..base(job)?
            }
        }
    };
    Some(view)
}
