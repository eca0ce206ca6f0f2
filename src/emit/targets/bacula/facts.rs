//! What each emitted file must say, worked out from the operations and not from the templates'
//! views: a fact is a place in a file and its value in plain words.

use super::index::{Index, folder};
use super::names;
use crate::calendar::{ALL_WEEKDAYS, ALL_WEEKS, Days, Rule};
use crate::model::Input;
use crate::ops::{Director, FileDaemon, Job, JobKind, Level, Pool, Run, StorageDaemon};
use crate::quantity::Duration;
use la_arena::Idx;
use std::collections::{BTreeMap, BTreeSet};

/// Facts by `KIND "NAME" KEY`. Several values of one key are put together in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Facts(pub BTreeMap<String, String>);

impl Facts {
    pub fn say(&mut self, kind: &str, name: &str, key: &str, value: impl ToString) {
        let place = format!("{kind} \"{name}\" {key}");
        let value = value.to_string();
        match self.0.get_mut(&place) {
            Some(before) => {
                before.push_str(", ");
                before.push_str(&value);
            }
            None => {
                self.0.insert(place, value);
            }
        }
    }
}

/// All days of a month.
const EVERY: u32 = 0x7fff_ffff;

/// The minutes of runs, so that two schedules that mean the same are the same text.
pub(super) fn minutes<'a>(runs: impl Iterator<Item = (&'a str, &'a Rule)>) -> String {
    let mut all: BTreeMap<(String, u16, String), BTreeSet<u16>> = BTreeMap::new();
    for (level, rule) in runs {
        let days = match rule.days {
            Days::Weekly { weeks: ALL_WEEKS, weekdays: ALL_WEEKDAYS } | Days::Monthly { days: EVERY } => {
                "daily".to_owned()
            }
            Days::Weekly { weeks, weekdays } => format!("weeks {weeks:05b} days {weekdays:07b}"),
            Days::Monthly { days } => format!("days {days:031b}"),
        };
        all.entry((level.to_owned(), rule.months, days)).or_default().extend(&rule.times);
    }
    let lines = all.into_iter().map(|((level, months, days), times)| {
        let times: Vec<String> = times.iter().map(u16::to_string).collect();
        format!("{level} months {months:012b} {days} minutes {}", times.join(" "))
    });
    lines.collect::<Vec<_>>().join("; ")
}

fn level_of(run: &Run) -> &'static str {
    match run.level {
        Level::Full | Level::Log => "Full",
        Level::Differential => "Differential",
        Level::Incremental => "Incremental",
        Level::Changes => "",
    }
}

/// Which certificates of the other end are accepted.
enum Accepts<'a> {
    /// Of a daemon that is connected to: the one that has its address, as Bacula sees to.
    ItsAddress,
    /// Of a daemon that is connected to: the one with this name.
    ItsName(&'a str),
    /// Of those who connect: the ones with these names.
    Clients(&'a BTreeSet<String>),
}

/// The certificates of a daemon at one end of a connection, and whose it accepts. One that
/// connects always asks for a certificate; one that is connected to is told to.
fn tls(facts: &mut Facts, (kind, name): (&str, &str), (folder, host): (&str, &str), accepts: Accepts<'_>) {
    for key in ["tlsenable", "tlsrequire"] {
        facts.say(kind, name, key, "yes");
    }
    let peers = match accepts {
        Accepts::ItsAddress => &BTreeSet::new(),
        Accepts::ItsName(peer) => &BTreeSet::from([peer.to_owned()]),
        Accepts::Clients(peers) => {
            facts.say(kind, name, "tlsverifypeer", "yes");
            peers
        }
    };
    facts.say(kind, name, "tlscacertificatefile", format!("{folder}/ca.pem"));
    facts.say(kind, name, "tlscertificate", format!("{folder}/{host}.pem"));
    facts.say(kind, name, "tlskey", format!("{folder}/{host}.key"));
    for peer in peers {
        facts.say(kind, name, "tlsallowedcn", peer);
    }
}

/// The director's file.
pub(super) fn director(index: &Index<'_>, id: Idx<Director>) -> Facts {
    let mut facts = Facts::default();
    let (model, ops) = (index.model, index.ops);
    let d = &ops.directors[id];
    let host = index.host(d.host).as_str();
    let one = |h: &str| BTreeSet::from([h.to_owned()]);
    facts.say("director", &d.name, "maximumconcurrentjobs", d.jobs);
    facts.say("director", &d.name, "address", index.address(d.host));
    facts.say("director", &d.name, "port", 9101);
    facts.say("director", &d.name, "@", format!("{}/{}.conf", d.secrets, d.name));
    tls(&mut facts, ("director", &d.name), (&d.certificates, host), Accepts::Clients(&one(host)));
    facts.say("catalog", "catalog", "@", format!("{}/catalog.conf", d.secrets));
    for client in &d.clients {
        let at = ops.clients[*client].host;
        let (name, h) = (names::client(index.host(at)), index.host(at));
        facts.say("client", &name, "address", index.address(at));
        facts.say("client", &name, "fdport", 9102);
        facts.say("client", &name, "autoprune", "no");
        facts.say("client", &name, "@", format!("{}/{name}.conf", d.secrets));
        tls(&mut facts, ("client", &name), (&d.certificates, host), Accepts::ItsName(h));
        let job = names::restore_job(h);
        facts.say("job", &job, "type", "Restore");
        facts.say("job", &job, "client", &name);
    }
    let mut said = BTreeSet::new();
    let mut storage = |name: &str, of: &str, store: Idx<crate::model::Store>, copies: bool| {
        let s = &model.stores[store];
        let (at, drives) = (s.host, s.drives.map(|d| d.value));
        if !said.insert(name.to_owned()) {
            return;
        }
        let places = drives.filter(|_| !name.ends_with("_restore")).unwrap_or(1);
        facts.say("storage", name, "maximumconcurrentjobs", places);
        let (device, media) = match drives {
            Some(_) => {
                facts.say("storage", name, "autochanger", "yes");
                (format!("{}_changer", s.name), format!("{}_media", s.name))
            }
            None => (name.to_owned(), of.to_owned()),
        };
        facts.say("storage", name, "address", index.address(at));
        facts.say("storage", name, "sdport", 9103);
        facts.say("storage", name, "device", device);
        facts.say("storage", name, "mediatype", media);
        facts.say("storage", name, "@", format!("{}/{}-sd.conf", d.secrets, index.host(at)));
        if copies && at == d.host && drives.is_none() {
            facts.say("storage", name, "tlsenable", "no");
        } else {
            tls(&mut facts, ("storage", name), (&d.certificates, host), Accepts::ItsAddress);
        }
    };
    for (_, job) in ops.jobs.iter() {
        let own = job.kind.director() == Some(id);
        if let Some(store) = job.kind.writes_to().filter(|s| d.stores.contains(s)) {
            storage(&names::restore_storage(&job.name), &job.name, store, false);
            if own {
                storage(&writes_to(index, &job.name, store), &job.name, store, false);
            }
        }
        let read = match &job.kind {
            JobKind::Copy { of, from, .. } => Some((*of, *from)),
            JobKind::Verify { of, .. } => ops.jobs[*of].kind.writes_to().map(|s| (*of, s)),
            _ => None,
        };
        if let (true, Some((of, store))) = (own, read) {
            let copies = matches!(job.kind, JobKind::Copy { .. });
            storage(&reads_from(index, &job.name, store), &ops.jobs[of].name, store, copies);
        }
    }
    for (job, own) in index.restorable(id) {
        if own {
            for pool in &ops.jobs[job].pools {
                volumes(&mut facts, index, &ops.jobs[job], pool);
            }
        }
    }
    for id in Index::of(&index.scheduled, id) {
        job(index, *id, &mut facts);
    }
    facts
}

/// A pool of volumes. What the catalogue knows goes with its volume, or before where that is stated.
fn volumes(facts: &mut Facts, index: &Index<'_>, job: &Job, pool: &Pool) {
    let name = &pool.name;
    if let JobKind::Copy { to, .. } = &job.kind {
        facts.say("pool", name, "storage", writes_to(index, &job.name, *to));
    }
    facts.say("pool", name, "labelformat", format!("{name}-"));
    facts.say("pool", name, "maximumvolumejobs", pool.runs);
    if let Some(most) = pool.volumes {
        facts.say("pool", name, "maximumvolumes", most);
    }
    if let Some(time) = pool.use_duration {
        facts.say("pool", name, "volumeuseduration", format!("{} seconds", time.secs_up()));
    }
    facts.say("pool", name, "autoprune", "yes");
    facts.say("pool", name, "recycle", "yes");
    let kept = pool.keep.secs_up();
    let records = |stated: Option<Input<Duration>>| stated.map_or(kept, |s| s.value.secs_up().min(kept));
    for (key, seconds) in [
        ("volumeretention", kept),
        ("fileretention", records(job.files_kept)),
        ("jobretention", records(job.jobs_kept)),
    ] {
        facts.say("pool", name, key, format!("{seconds} seconds"));
    }
}

/// The director's storage for a job's writes: the store's changer where it states its drives.
fn writes_to(index: &Index<'_>, job: &str, store: Idx<crate::model::Store>) -> String {
    let s = &index.model.stores[store];
    if s.drives.is_some() { format!("{}_changer", s.name) } else { job.to_owned() }
}

/// The same for what a copy or verify job reads.
fn reads_from(index: &Index<'_>, job: &str, store: Idx<crate::model::Store>) -> String {
    let s = &index.model.stores[store];
    if s.drives.is_some() { format!("{}_changer", s.name) } else { format!("{job}_from") }
}

fn job(index: &Index<'_>, id: Idx<Job>, facts: &mut Facts) {
    let job = &index.ops.jobs[id];
    let name = job.name.as_str();
    let runs = minutes(job.runs.iter().map(|r| (level_of(r), &r.rule)));
    facts.say("schedule", name, "run", runs);
    facts.say("job", name, "schedule", name);
    facts.say("job", name, "maximumconcurrentjobs", 1);
    let (original, read) = match &job.kind {
        JobKind::Copy { of, from, .. } => (&index.ops.jobs[*of], reads_from(index, name, *from)),
        JobKind::Verify { of, .. } => {
            let original = &index.ops.jobs[*of];
            let read = original.kind.writes_to().map(|s| reads_from(index, name, s));
            (original, read.unwrap_or_default())
        }
        kind => (job, kind.writes_to().map(|s| writes_to(index, name, s)).unwrap_or_default()),
    };
    facts.say("job", name, "fileset", &original.name);
    facts.say("job", name, "pool", original.pools.first().map_or("", |p| &p.name));
    facts.say("job", name, "storage", read);
    if let Some(client) = original.kind.client() {
        facts.say("job", name, "client", names::client(index.host(index.ops.clients[client].host)));
    }
    match &job.kind {
        JobKind::Copy { of, .. } => {
            facts.say("job", name, "type", "Copy");
            facts.say("job", name, "nextpool", name);
            match super::view::query(index, *of, job) {
                Some(query) => {
                    facts.say("job", name, "selectiontype", "SQLQuery");
                    facts.say("job", name, "selectionpattern", query);
                }
                None => facts.say("job", name, "selectiontype", "PoolUncopiedJobs"),
            }
        }
        JobKind::Verify { .. } => {
            facts.say("job", name, "type", "Verify");
            facts.say("job", name, "level", "VolumeToCatalog");
            facts.say("job", name, "verifyjob", &original.name);
        }
        _ => {
            facts.say("job", name, "type", "Backup");
            if let Some(path) = folder(&job.kind) {
                facts.say("fileset", name, "file", path);
                facts.say("fileset", name, "file", format!("/var/lib/drc/runs/{name}"));
            }
            if job.runs.iter().any(|r| matches!(r.level, Level::Differential | Level::Incremental)) {
                facts.say("job", name, "accurate", "yes");
                facts.say("job", name, "rerunfailedlevels", "yes");
            }
            for pool in &job.pools {
                let key = match pool.level {
                    Some(Level::Full) => "fullbackuppool",
                    Some(Level::Differential) => "differentialbackuppool",
                    Some(Level::Incremental) => "incrementalbackuppool",
                    _ => continue,
                };
                facts.say("job", name, key, &pool.name);
            }
            if job.files_kept.is_some() {
                facts.say("job", name, "prunefiles", "yes");
            }
            if job.jobs_kept.is_some() {
                facts.say("job", name, "prunejobs", "yes");
            }
            if let Some(cap) = job.cap {
                facts.say("job", name, "maximumbandwidth", cap.rate.0 / 8);
            }
            facts.say("job", name, "clientrunbeforejob", format!("/etc/bacula/scripts/mark {name} %l"));
            let script = format!("/etc/bacula/scripts/{name}.before %l");
            facts.say("job", name, "clientrunbeforejob", script);
            if matches!(job.kind, JobKind::Log { .. }) {
                facts.say("job", name, "clientrunafterjob", format!("/etc/bacula/scripts/{name}.after"));
                facts.say("job", name, "allowduplicatejobs", "no");
            }
        }
    }
}

/// A storage daemon's file.
pub(super) fn storage(index: &Index<'_>, daemon: &StorageDaemon) -> Facts {
    let mut facts = Facts::default();
    let (model, ops) = (index.model, index.ops);
    let host = index.host(daemon.host).as_str();
    let name = names::storage(host);
    let mut peers = BTreeSet::from([host.to_owned()]);
    for d in &daemon.directors {
        let d = &ops.directors[*d];
        directed(index, &mut facts, d, &name, host);
        let copies = |j: &Job| match &j.kind {
            JobKind::Copy { from, director, .. } => {
                let from = &model.stores[*from];
                from.host == daemon.host && from.drives.is_none() && ops.directors[*director].name == d.name
            }
            _ => false,
        };
        if d.host == daemon.host && ops.jobs.iter().any(|(_, j)| copies(j)) {
            facts.0.insert(format!("director \"{}\" tlsrequire", d.name), "no".into());
        }
        peers.extend(d.clients.iter().map(|c| index.host(ops.clients[*c].host).to_string()));
        peers.extend(d.stores.iter().map(|s| index.host(model.stores[*s].host).to_string()));
    }
    own(
        index,
        &mut facts,
        ("storage", &name),
        (daemon.host, 9103),
        &daemon.directors,
        Accepts::Clients(&peers),
    );
    let mut drives: Vec<(String, String, u64)> = Vec::new();
    let mut device = |name: &str, media: &str, path: &str, writes: bool| {
        facts.say("device", name, "mediatype", media);
        facts.say("device", name, "archivedevice", path);
        facts.say("device", name, if writes { "labelmedia" } else { "readonly" }, "yes");
        facts.say("device", name, "maximumconcurrentjobs", 1);
    };
    for s in daemon.stores.iter().map(|s| &model.stores[*s]) {
        let changer = format!("{}_changer", s.name);
        for n in 0..s.drives.map_or(0, |d| d.value) {
            let name = format!("{}_drive_{}", s.name, n + 1);
            device(&name, &format!("{}_media", s.name), &s.path.value, true);
            drives.push((changer.clone(), name, n));
        }
    }
    let single =
        |s: &Idx<crate::model::Store>| daemon.stores.contains(s) && model.stores[*s].drives.is_none();
    for (_, job) in ops.jobs.iter() {
        if let Some(store) = job.kind.writes_to().filter(single) {
            let path = &model.stores[store].path.value;
            device(&job.name, &job.name, path, true);
            device(&names::restore_storage(&job.name), &job.name, path, false);
        }
        let read = match &job.kind {
            JobKind::Copy { of, from, .. } => Some((*of, *from)),
            JobKind::Verify { of, .. } => ops.jobs[*of].kind.writes_to().map(|s| (*of, s)),
            _ => None,
        };
        if let Some((of, store)) = read.filter(|(_, s)| single(s)) {
            let path = &model.stores[store].path.value;
            device(&names::read_storage(&job.name), &ops.jobs[of].name, path, false);
        }
    }
    for (changer, drive, number) in drives {
        if number == 0 {
            facts.say("autochanger", &changer, "changercommand", "");
            facts.say("autochanger", &changer, "changerdevice", "/dev/null");
        }
        facts.say("autochanger", &changer, "device", &drive);
        facts.say("device", &drive, "autochanger", "yes");
        facts.say("device", &drive, "driveindex", number);
    }
    facts
}

/// A file daemon's file.
pub(super) fn client(index: &Index<'_>, id: Idx<FileDaemon>) -> Facts {
    let mut facts = Facts::default();
    let daemon = &index.ops.clients[id];
    let host = index.host(daemon.host).as_str();
    let name = names::client(host);
    for d in &daemon.directors {
        directed(index, &mut facts, &index.ops.directors[*d], &name, host);
    }
    let at = ("filedaemon", name.as_str());
    let folder = own(index, &mut facts, at, (daemon.host, 9102), &daemon.directors, Accepts::ItsAddress);
    facts.say(at.0, at.1, "pkisignatures", "yes");
    facts.say(at.0, at.1, "pkiencryption", "yes");
    facts.say(at.0, at.1, "pkikeypair", format!("{folder}/data.pem"));
    facts.say(at.0, at.1, "pkimasterkey", format!("{folder}/master.pem"));
    facts
}

/// The console's file.
pub(super) fn console(index: &Index<'_>, id: Idx<Director>) -> Facts {
    let mut facts = Facts::default();
    let d = &index.ops.directors[id];
    facts.say("director", &d.name, "address", index.address(d.host));
    facts.say("director", &d.name, "dirport", 9101);
    facts.say("director", &d.name, "@", format!("{}/{}.conf", d.secrets, d.name));
    let host = index.host(d.host);
    tls(&mut facts, ("director", &d.name), (&d.certificates, host), Accepts::ItsAddress);
    facts
}

fn directed(index: &Index<'_>, facts: &mut Facts, d: &Director, daemon: &str, host: &str) {
    facts.say("director", &d.name, "@", format!("{}/{daemon}.conf", d.secrets));
    let peer = BTreeSet::from([index.host(d.host).to_string()]);
    tls(facts, ("director", &d.name), (&d.certificates, host), Accepts::Clients(&peer));
}

/// A daemon's own resource; gives the folder of its certificates.
fn own<'a>(
    index: &Index<'a>,
    facts: &mut Facts,
    (kind, name): (&str, &str),
    (host, port): (Idx<crate::model::Host>, u16),
    directors: &[Idx<Director>],
    peers: Accepts<'_>,
) -> &'a str {
    let folder = index.leading(directors).map_or("", |d| &d.certificates);
    facts.say(kind, name, "address", index.address(host));
    facts.say(kind, name, "port", port);
    tls(facts, (kind, name), (folder, index.host(host)), peers);
    folder
}
