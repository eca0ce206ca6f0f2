//! Streams of changes, the ways that bytes take, and the shaping that holds their shares.

use super::Ops;
use crate::base::{EcoString, Span};
use crate::model::{Class, Cluster, Copy, Hop, Host, Link, Mode, Model};
use crate::quantity::{Rate, Ratio};
use la_arena::Idx;
use std::net::IpAddr;

/// A way from host to host. No hops: within one site.
#[derive(Clone, Debug, Default)]
pub struct Path {
    /// The links, in order.
    pub hops: Vec<Hop>,
}

/// A stream of a database's changes from its primary, or from a replica, to one replica: one
/// connection for all the data classes in it.
#[derive(Debug)]
pub struct Stream {
    /// Unique among streams.
    pub name: EcoString,
    /// Which database.
    pub cluster: Idx<Cluster>,
    /// The copies that it feeds, one for each data class that declares the replica. Never empty.
    pub serves: Vec<Idx<Copy>>,
    /// The primary's host, or that of the replica which it reads.
    pub from: Idx<Host>,
    /// The replica's host.
    pub to: Idx<Host>,
    /// When a write counts as done.
    pub mode: Mode,
    /// Bytes before by bytes after compression, in billionths.
    pub compress: Ratio,
    /// The preferred way and the others.
    pub paths: Vec<Path>,
    /// The replica's declaration.
    pub span: Span,
}

impl Stream {
    /// The stream that feeds the replica which this one reads; none when it reads the primary.
    pub fn source(&self, model: &Model, ops: &Ops) -> Option<Idx<Self>> {
        if model.clusters[self.cluster].primary.0 == self.from {
            return None;
        }
        ops.streams.iter().find(|(_, s)| s.cluster == self.cluster && s.to == self.from).map(|(id, _)| id)
    }
}

/// The traffic shaping of one host: HTB classes with a fair queue each, on what leaves by its
/// interface.
#[derive(Debug)]
pub struct Shaper {
    /// The host.
    pub host: Idx<Host>,
    /// Its interface.
    pub interface: EcoString,
    /// The rate of its network card: the root class.
    pub nic: Rate,
    /// The classes, in the order of links and classes.
    pub classes: Vec<ShaperClass>,
}

/// One class of a host's shaping: all that this host sends over one link for one purpose.
#[derive(Debug)]
pub struct ShaperClass {
    /// The link whose share it is.
    pub link: Idx<Link>,
    /// The purpose.
    pub class: Class,
    /// What it is held to, both guaranteed and at most: the link's share divided among the hosts
    /// that send in this class, by the number of their streams and jobs.
    pub cap: Rate,
    /// What belongs to it. Never empty.
    pub flows: Vec<Flow>,
    /// How many streams and jobs share it.
    pub members: u64,
    /// Where the share was written.
    pub span: Span,
}

/// What a class matches: packets to this address, with this port on either end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Flow {
    /// The destination.
    pub to: IpAddr,
    /// The TCP port of the service, at the source or at the destination.
    pub port: u16,
}
