//! What bytes pass through, and how those who send at the same time share it.

use crate::model::{Class, Direction, Hop, Host, Link, Model, Store};
use crate::ops::Ops;
use crate::quantity::{Rate, Ratio};
use la_arena::Idx;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Something of which there is only so much a second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Device {
    /// A host's disk.
    Disk(Idx<Host>),
    /// What its card sends.
    Send(Idx<Host>),
    /// What its card receives.
    Receive(Idx<Host>),
    /// A store.
    Store(Idx<Store>),
    /// A link, one way.
    Line(Idx<Link>, Direction),
    /// A class of the shaping that is emitted for a host, by its number there.
    Band(Idx<Host>, usize),
    /// A class of a link that somebody else holds to its share, or to what others leave.
    Share(Idx<Link>, Direction, Class),
}

/// Payload of a full segment on Ethernet with TCP timestamps.
const SEGMENT: f64 = 1448.0;

/// Bytes a second.
pub(super) fn bytes(rate: Rate) -> f64 {
    rate.0 as f64 / 8.0
}

fn part(ratio: Ratio) -> f64 {
    ratio.0 as f64 / 1e9
}

/// All devices of an estate, numbered.
#[derive(Debug)]
pub(super) struct Network {
    numbers: BTreeMap<Device, usize>,
    /// The classes into which the shaping of a host puts what it sends to an address.
    bands: BTreeMap<(Idx<Host>, Class, IpAddr), Vec<Device>>,
    /// Bytes of payload a second, by number.
    pub capacity: Vec<f64>,
}

/// How bytes get from one host to another.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    /// What they pass through.
    pub devices: Vec<usize>,
    /// What one TCP connection reaches on it, in bytes a second.
    pub tcp: f64,
    /// One way, in seconds.
    pub latency: f64,
}

impl Network {
    pub fn new(model: &Model, ops: &Ops) -> Self {
        let mut all: BTreeMap<Device, f64> = BTreeMap::new();
        for (id, host) in model.hosts.iter() {
            all.insert(Device::Disk(id), bytes(host.disk_rate.value));
            all.insert(Device::Send(id), bytes(host.nic.value));
            all.insert(Device::Receive(id), bytes(host.nic.value));
        }
        for (id, store) in model.stores.iter() {
            all.insert(Device::Store(id), bytes(store.rate.value));
        }
        for (id, link) in model.links.iter() {
            let line = bytes(link.bandwidth.value) * part(link.efficiency.value);
            let given: f64 = link.shares.iter().map(|(_, s)| part(s.value)).sum();
            for direction in [Direction::Forth, Direction::Back] {
                all.insert(Device::Line(id, direction), line);
                for class in Class::ALL {
                    let share = match link.share(class) {
                        Some(share) if link.enforced.is_some() => part(share.value),
                        // Trusted not to take what others were promised.
                        None if !link.shares.is_empty() => (1.0 - given).max(0.0),
                        _ => continue,
                    };
                    all.insert(Device::Share(id, direction, class), line * share);
                }
            }
        }
        let mut bands: BTreeMap<(Idx<Host>, Class, IpAddr), Vec<Device>> = BTreeMap::new();
        for shaper in &ops.shapers {
            for (n, class) in shaper.classes.iter().enumerate() {
                let line = part(model.links[class.link].efficiency.value);
                let band = Device::Band(shaper.host, n);
                all.insert(band, bytes(class.cap) * line);
                for to in class.flows.iter().map(|f| f.to).collect::<BTreeSet<_>>() {
                    bands.entry((shaper.host, class.class, to)).or_default().push(band);
                }
            }
        }
        let numbers = all.keys().enumerate().map(|(n, d)| (*d, n)).collect();
        Self { numbers, bands, capacity: all.into_values().collect() }
    }

    pub fn number(&self, device: Device) -> Option<usize> {
        self.numbers.get(&device).copied()
    }

    /// The same for bytes that the shaping of the host which sends them has no class for.
    pub fn unshaped(&self, model: &Model, ends: (Idx<Host>, Idx<Host>), hops: &[Hop], class: Class) -> Way {
        let mut way = self.way(model, ends, hops, class);
        let bands: Vec<usize> =
            self.bands(model, ends, class).iter().filter_map(|b| self.number(*b)).collect();
        way.devices.retain(|d| !bands.contains(d));
        way
    }

    /// The classes into which the shaping of the host which sends puts bytes for another.
    fn bands(&self, model: &Model, (from, to): (Idx<Host>, Idx<Host>), class: Class) -> &[Device] {
        let address = model.hosts[to].address.map(|a| a.value);
        address.and_then(|a| self.bands.get(&(from, class, a))).map_or(&[], Vec::as_slice)
    }

    /// The way between two hosts over links, for a class.
    pub fn way(&self, model: &Model, (from, to): (Idx<Host>, Idx<Host>), hops: &[Hop], class: Class) -> Way {
        let mut devices = Vec::new();
        if from != to {
            devices.extend([Device::Send(from), Device::Receive(to)]);
        }
        for hop in hops {
            devices.push(Device::Line(hop.link, hop.direction));
            devices.push(Device::Share(hop.link, hop.direction, class));
        }
        devices.extend(self.bands(model, (from, to), class));
        let links = || hops.iter().map(|h| &model.links[h.link]);
        let rtt: f64 = links().map(|l| l.rtt.value.as_secs_f64()).sum();
        let loss: f64 = links().map(|l| part(l.loss.value)).sum();
        let window = links().map(|l| l.window.value.0 as f64).fold(f64::INFINITY, f64::min);
        let mut tcp = f64::INFINITY;
        if rtt > 0.0 {
            tcp = window / rtt;
            if loss > 0.0 {
                tcp = tcp.min(SEGMENT / (rtt * loss.sqrt()));
            }
        }
        // Within a site half a millisecond at most.
        let latency = if hops.is_empty() { 0.000_5 } else { rtt / 2.0 };
        Way { devices: devices.into_iter().filter_map(|d| self.number(d)).collect(), tcp, latency }
    }
}

/// Someone who sends.
#[derive(Clone, Debug)]
pub(super) struct Demand<'a> {
    pub devices: &'a [usize],
    /// What it takes at most.
    pub cap: f64,
}

/// Max-min: everyone's rate rises alike until a device is full or a cap is reached; those stop,
/// and the others go on.
pub(super) fn fill(capacity: &[f64], demands: &[Demand<'_>]) -> Vec<f64> {
    let mut left = capacity.to_vec();
    let mut users = vec![0_u32; capacity.len()];
    let mut rates = vec![0.0_f64; demands.len()];
    let mut active: Vec<usize> = (0..demands.len()).collect();
    for d in demands {
        for n in d.devices {
            if let Some(u) = users.get_mut(*n) {
                *u += 1;
            }
        }
    }
    while !active.is_empty() {
        let mut rise = f64::INFINITY;
        for n in &active {
            let Some(d) = demands.get(*n) else { continue };
            rise = rise.min(d.cap - rates.get(*n).copied().unwrap_or(0.0));
            for device in d.devices {
                let (l, u) = (left.get(*device), users.get(*device));
                if let (Some(l), Some(u)) = (l, u) {
                    rise = rise.min(l / f64::from((*u).max(1)));
                }
            }
        }
        let rise = rise.max(0.0);
        if rise == f64::INFINITY {
            for n in &active {
                if let Some(r) = rates.get_mut(*n) {
                    *r = f64::MAX;
                }
            }
            break;
        }
        for n in &active {
            let Some(d) = demands.get(*n) else { continue };
            if let Some(r) = rates.get_mut(*n) {
                *r += rise;
            }
            for device in d.devices {
                if let Some(l) = left.get_mut(*device) {
                    *l -= rise;
                }
            }
        }
        let before = active.len();
        active.retain(|n| {
            let Some(d) = demands.get(*n) else { return false };
            let rate = rates.get(*n).copied().unwrap_or(0.0);
            let small = |device: &usize| {
                let whole = capacity.get(*device).copied().unwrap_or(0.0);
                left.get(*device).is_some_and(|l| *l <= whole * 1e-12 + 1e-9)
            };
            let stops = rate >= d.cap * (1.0 - 1e-12) || d.devices.iter().any(small);
            if stops {
                for device in d.devices {
                    if let Some(u) = users.get_mut(*device) {
                        *u = u.saturating_sub(1);
                    }
                }
            }
            !stops
        });
        if active.len() == before {
            break;
        }
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_who_share_by_hand() {
        // 10 a second; one takes no more than 2, so the others get 4 each; one of these also passes
        // a device of 3, so the last gets 5.
        let demands = [
            Demand { devices: &[0], cap: 2.0 },
            Demand { devices: &[0, 1], cap: f64::INFINITY },
            Demand { devices: &[0], cap: f64::INFINITY },
        ];
        assert_eq!(fill(&[10.0, 4.5], &demands), [2.0, 4.0, 4.0]);
        assert_eq!(fill(&[10.0, 3.0], &demands), [2.0, 3.0, 5.0]);
    }
}
