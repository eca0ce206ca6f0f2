//! Places and the links between them.

use super::{GroupKind, Input};
use crate::base::{EcoString, Span};
use crate::calendar::Zone;
use crate::quantity::{Bytes, Duration, Rate, Ratio};
use la_arena::Idx;
use std::net::IpAddr;

/// A part of the world that one disaster can take as a whole.
#[derive(Debug)]
pub struct Region {
    /// Its name.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
}

/// A data centre or an office.
#[derive(Debug)]
pub struct Site {
    /// Its name.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// The region it lies in.
    pub region: Option<Idx<Region>>,
    /// The zone of its clocks and schedules.
    pub zone: Zone,
    /// How long until an equal site stands in its place: least and most.
    pub replace: Option<Input<(Duration, Duration)>>,
}

/// A machine, real or virtual.
#[derive(Debug)]
pub struct Host {
    /// Its name, also the folder of its files in a build.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// The site it stands in.
    pub site: Idx<Site>,
    /// How others reach it.
    pub address: Option<Input<IpAddr>>,
    /// The network interface that carries that address.
    pub interface: Input<EcoString>,
    /// What its network card moves.
    pub nic: Input<Rate>,
    /// How long a bond of its cards waits before it tells that the carrier is gone, if it does.
    pub debounce: Option<Input<Duration>>,
    /// How much its disk holds, if stated.
    pub disk_capacity: Option<Input<Bytes>>,
    /// How full its disk may become, of that.
    pub mark: Input<Ratio>,
    /// What its disk reads and writes.
    pub disk_rate: Input<Rate>,
    /// The groups whose fate it shares.
    pub groups: Vec<(Idx<Group>, Span)>,
    /// How long until an equal host stands in its place: least and most.
    pub replace: Option<Input<(Duration, Duration)>>,
}

/// A place where backups are kept: a folder of a host.
#[derive(Debug)]
pub struct Store {
    /// Its name.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// The host that it hangs on.
    pub host: Idx<Host>,
    /// The folder, absolute.
    pub path: Input<EcoString>,
    /// How much it holds, if stated.
    pub capacity: Option<Input<Bytes>>,
    /// How full it may become, of that.
    pub mark: Input<Ratio>,
    /// What it reads and writes.
    pub rate: Input<Rate>,
    /// How many runs can use it at the same time, 1 or more; `None`: each job has a device of its
    /// own.
    pub drives: Option<Input<u64>>,
    /// How long what was written cannot be deleted by anybody, when a mechanism outside of what
    /// is emitted holds that (`enforced`).
    pub immutable: Option<Input<Duration>>,
    /// What enforces `immutable`: without it, immutability does not count.
    pub enforced: Option<Input<EcoString>>,
    /// What must work before it can be read, such as a vault that holds its passwords.
    pub opened_by: Vec<(Idx<super::Data>, Span)>,
    /// How long until a medium is ready to be read.
    pub mount: Input<Duration>,
    /// The groups whose fate it shares beyond its host's, such as a domain of credentials.
    pub groups: Vec<(Idx<Group>, Span)>,
}

/// What a stream or a run is for; each class may have a share of a link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Streams of databases.
    Replication,
    /// Backups, copies of backups, and restores.
    Backup,
    /// Trees of files kept alike.
    Mirror,
}

impl Class {
    /// All, in the order of their bands.
    pub const ALL: [Self; 3] = [Self::Replication, Self::Backup, Self::Mirror];

    /// Its name in specs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Replication => "replication",
            Self::Backup => "backup",
            Self::Mirror => "mirror",
        }
    }
}

/// A link between two sites, the same in both directions.
#[derive(Debug)]
pub struct Link {
    /// Its name.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// The two sites, different.
    pub ends: [Idx<Site>; 2],
    /// Line rate in each direction.
    pub bandwidth: Input<Rate>,
    /// There and back, without load.
    pub rtt: Input<Duration>,
    /// Packets lost, as a fraction.
    pub loss: Input<Ratio>,
    /// The window that one TCP connection reaches.
    pub window: Input<Bytes>,
    /// The fraction of the line rate that payload gets.
    pub efficiency: Input<Ratio>,
    /// What each class may use. Empty: nothing is divided.
    pub shares: Vec<(Class, Input<Ratio>)>,
    /// What enforces the shares, when it is not the traffic shaping that is emitted.
    pub enforced: Option<Input<EcoString>>,
    /// How it is encrypted, if it is.
    pub encrypted: Option<Input<EcoString>>,
    /// The groups whose fate it shares.
    pub groups: Vec<(Idx<Group>, Span)>,
}

impl Link {
    /// The share of a class, if the link is divided and the class has one.
    pub fn share(&self, class: Class) -> Option<&Input<Ratio>> {
        self.shares.iter().find(|(c, _)| *c == class).map(|(_, s)| s)
    }
}

/// Which way a link is crossed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// From `ends[0]` to `ends[1]`.
    Forth,
    /// From `ends[1]` to `ends[0]`.
    Back,
}

/// One link on a route.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Hop {
    /// The link.
    pub link: Idx<Link>,
    /// Which way.
    pub direction: Direction,
}

impl Hop {
    /// The same hop the other way.
    #[must_use]
    pub fn reversed(self) -> Self {
        let direction = match self.direction {
            Direction::Forth => Direction::Back,
            Direction::Back => Direction::Forth,
        };
        Self { direction, ..self }
    }
}

/// A declared group that shares a fate.
#[derive(Debug)]
pub struct Group {
    /// Its name.
    pub name: EcoString,
    /// Its kind.
    pub kind: GroupKind,
    /// Where it is declared.
    pub span: Span,
}
