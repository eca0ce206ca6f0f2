//! The classes, queues and filters of an interface.

use crate::ops::{Flow, Shaper};
use crate::quantity::Rate;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The class for all that no share claims.
pub(super) const REST: u16 = 2;
/// The class of the first share.
pub(super) const FIRST: u16 = 0x10;
/// The most classes of a host: below 0xffff, which tc gives a meaning of its own.
pub(super) const MOST_CLASSES: usize = 0xf000;

/// An HTB tree: what a script sets up, or what a shaper asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// The interface.
    pub interface: String,
    /// The rate of the root class, which all others share.
    pub root: Rate,
    /// The minor number of the class for all that no filter claims.
    pub rest: u16,
    /// The classes by their minor numbers.
    pub leaves: BTreeMap<u16, Leaf>,
    /// Where packets go, in the order in which it is asked.
    pub filters: Vec<(Matcher, u16)>,
}

/// A class that packets wait in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// What it gets, whatever the others do.
    pub rate: Rate,
    /// What it gets at most.
    pub ceil: Rate,
    /// Whether its flows share it fairly.
    pub fair: bool,
}

/// What a filter claims: TCP packets to an address, with a port at one end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Matcher {
    /// The destination.
    pub to: IpAddr,
    /// The port.
    pub port: u16,
    /// Whose port it is.
    pub side: Side,
}

/// An end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// The sender's.
    Source,
    /// The receiver's.
    Destination,
}

/// What a class of that cap is held to: no more than the card moves.
pub(super) fn held(cap: Rate, nic: Rate) -> Rate {
    cap.min(nic)
}

impl Tree {
    /// What a shaper asks for.
    pub(super) fn of(shaper: &Shaper) -> Self {
        let caps: Vec<Rate> = shaper.classes.iter().map(|c| held(c.cap, shaper.nic)).collect();
        let claimed = caps.iter().fold(0u64, |sum, c| sum.saturating_add(c.0));
        // Where the shares take all of the card, a hundredth is left for people to log in.
        let rest = Rate((shaper.nic.0.saturating_sub(claimed)).max(shaper.nic.0 / 100).max(1));
        let mut leaves = BTreeMap::from([(REST, Leaf { rate: rest, ceil: shaper.nic, fair: true })]);
        let mut filters = Vec::new();
        for ((minor, class), rate) in (FIRST..).zip(&shaper.classes).zip(caps) {
            leaves.insert(minor, Leaf { rate, ceil: rate, fair: true });
            filters.extend(class.flows.iter().flat_map(|f| claims(*f)).map(|m| (m, minor)));
        }
        Self { interface: shaper.interface.to_string(), root: shaper.nic, rest: REST, leaves, filters }
    }
}

/// The two matchers of a flow, whose port may stand on either end.
pub(super) fn claims(flow: Flow) -> [Matcher; 2] {
    // An IPv4 address in IPv6's spelling travels as IPv4.
    let to = flow.to.to_canonical();
    [Side::Destination, Side::Source].map(|side| Matcher { to, port: flow.port, side })
}
