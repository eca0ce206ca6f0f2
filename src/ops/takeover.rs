//! Addresses that move by themselves.

use crate::base::EcoString;
use crate::model::{Host, Site, Vip};
use crate::quantity::Duration;
use la_arena::Idx;
use std::net::IpAddr;

/// One VRRP instance, on all its hosts.
#[derive(Debug)]
pub struct Vrrp {
    /// Unique among instances; lower-case letters, digits and hyphens.
    pub name: EcoString,
    /// The address that it moves.
    pub vip: Idx<Vip>,
    /// The address.
    pub address: IpAddr,
    /// Its prefix length.
    pub prefix: u8,
    /// 1 to 255, unique within the site for each address family.
    pub router_id: u8,
    /// The site.
    pub site: Idx<Site>,
    /// Its hosts by falling priority. At least one.
    pub members: Vec<Member>,
    /// Time between advertisements: version 3, so 10 ms to 40.95 s in steps of 10 ms.
    pub advert: Duration,
    /// How often the track script runs, whole seconds.
    pub every: Duration,
    /// Failures until the node gives up the address.
    pub fall: u64,
    /// The shell command of the track script, if the spec gives one.
    pub check: Option<EcoString>,
    /// The port that the track script asks on this host when no command is given.
    pub port: Option<u16>,
}

/// A host of a VRRP instance.
#[derive(Debug)]
pub struct Member {
    /// The host.
    pub host: Idx<Host>,
    /// Its own address, the source of its advertisements.
    pub address: IpAddr,
    /// The interface.
    pub interface: EcoString,
    /// 1 to 254, unique within the instance; the highest holds the address on normal days.
    pub priority: u8,
}
