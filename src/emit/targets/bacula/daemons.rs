//! What the templates of the configurations are filled with: the daemons' and the console's.

use super::index::{Index, devices};
use super::names;
use super::parts::{Daemon, Peer, SPARE, Socket, Tls};
use crate::ops::{Director, FileDaemon, StorageDaemon};
use la_arena::Idx;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct StorageDaemonView {
    daemon: Daemon,
    messages: &'static str,
    directors: Vec<Peer>,
    devices: Vec<DeviceView>,
    changers: Vec<ChangerView>,
}

#[derive(Serialize)]
struct ChangerView {
    name: String,
    drives: Vec<String>,
}

#[derive(Serialize)]
struct DeviceView {
    name: String,
    media: String,
    path: String,
    writes: bool,
    /// Whether it is a drive of a changer, and its number there from 0.
    drive: bool,
    number: u64,
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
    let mut devices: Vec<DeviceView> = devices(index, daemon)
        .into_iter()
        .map(|(name, media, store, writes)| DeviceView {
            name,
            media,
            path: index.model.stores[store].path.value.to_string(),
            writes,
            drive: false,
            number: 0,
        })
        .collect();
    let mut changers = Vec::new();
    for store in &daemon.stores {
        let Some(drives) = index.drives(*store) else { continue };
        let s = &index.model.stores[*store];
        let name = |n: u64| names::drive(&s.name, n + 1);
        changers.push(ChangerView { name: names::changer(&s.name), drives: (0..drives).map(name).collect() });
        devices.extend((0..drives).map(|n| DeviceView {
            name: name(n),
            media: names::media(&s.name),
            path: s.path.value.to_string(),
            writes: true,
            drive: true,
            number: n,
        }));
    }
    StorageDaemonView {
        daemon: Daemon {
            working: names::WORKING,
            jobs: devices.len() as u64 + SPARE,
            socket: Socket::new(index.address(daemon.host), names::STORAGE_PORT),
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
        changers,
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
            socket: Socket::new(index.address(daemon.host), names::CLIENT_PORT),
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
