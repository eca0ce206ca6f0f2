//! What the views of several configurations are made of.

use super::names;
use serde::Serialize;
use std::net::IpAddr;

#[derive(Serialize)]
pub(super) struct Socket {
    pub family: &'static str,
    pub addr: String,
    pub port: u16,
}

impl Socket {
    pub fn new(addr: IpAddr, port: u16) -> Self {
        Self { family: if addr.is_ipv6() { "ipv6" } else { "ip" }, addr: addr.to_string(), port }
    }
}

/// The certificates that one end of a connection shows and asks for.
#[derive(Serialize, Clone)]
pub(super) struct Tls {
    authority: String,
    certificate: String,
    key: String,
    /// Whose certificates are accepted; the names of hosts.
    pub peers: Vec<String>,
}

impl Tls {
    pub fn new(folder: &str, host: &str, mut peers: Vec<String>) -> Self {
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
pub(super) struct Daemon {
    pub name: String,
    pub working: &'static str,
    pub jobs: u64,
    pub socket: Socket,
    pub tls: Tls,
}

/// Another daemon, as a configuration refers to it.
#[derive(Serialize)]
pub(super) struct Peer {
    pub name: String,
    /// Whether it may be spoken to without TLS; see [`Index::plain`].
    pub plain: bool,
    pub address: String,
    pub port: u16,
    pub secret: String,
    pub tls: Tls,
}
/// The connections that a daemon answers beside its jobs': consoles and state requests.
pub(super) const SPARE: u64 = 20;
