//! Places, stores and links.

use super::{
    Get, Lower, address, bytes, count, defaults, duration, errors, interval, rate, ratio, text, word,
};
use crate::base::similar::nearest;
use crate::calendar::Zone;
use crate::model::{Class, Group, GroupKind, Host, Input, Link, Region, Site, Store};
use crate::quantity::{Bytes, Duration, Rate, Ratio, show};
use crate::resolve::hir::{Item, Value};
use crate::schema::Kind;
use la_arena::Idx;

const GROUP_KINDS: [GroupKind; 5] =
    [GroupKind::Conduit, GroupKind::Rack, GroupKind::Power, GroupKind::Chassis, GroupKind::Credentials];

fn capacity_bytes(value: &Value) -> Option<Bytes> {
    match value {
        Value::Capacity { bytes, .. } => *bytes,
        _ => None,
    }
}

fn capacity_rate(value: &Value) -> Option<Rate> {
    match value {
        Value::Capacity { rate, .. } => *rate,
        _ => None,
    }
}

/// How full it may become.
fn mark(item: &Item) -> Input<Ratio> {
    let stated = item.read("mark", ratio);
    stated.unwrap_or_else(|| Input::assumed(Ratio::percent(95), item.span, &defaults::MARK))
}

impl Lower<'_> {
    pub(super) fn groups(&mut self) {
        for kind in GROUP_KINDS {
            for (id, item) in self.sound(Kind::Group(kind)) {
                let group = self.model.groups.alloc(Group { name: item.name.clone(), kind, span: item.span });
                self.set(id, group);
            }
        }
    }

    /// Regions, sites and hosts.
    pub(super) fn places(&mut self) {
        for (id, item) in self.sound(Kind::Region) {
            let region = self.model.regions.alloc(Region { name: item.name.clone(), span: item.span });
            self.set(id, region);
        }
        for (id, item) in self.sound(Kind::Site) {
            let Some(zone) = item.read("timezone", text) else { continue };
            let zone = match Zone::named(&zone.value) {
                Ok(found) => found,
                Err(_) => {
                    let names = Zone::names();
                    let near = nearest(&zone.value, names.iter().map(String::as_str));
                    self.problems.push(errors::unknown_zone(&zone.value, zone.span, near));
                    continue;
                }
            };
            // A site in a broken region is still a site; only the loss of the region is not judged.
            let region = item.parent.and_then(|p| self.id(p));
            let site = Site {
                name: item.name.clone(),
                span: item.span,
                region,
                zone,
                replace: item.read("replace", interval),
            };
            let site = self.model.sites.alloc(site);
            self.set(id, site);
        }
        for (id, item) in self.sound(Kind::Host) {
            let Some(site) = item.parent.and_then(|p| self.id(p)) else { continue };
            let Some(groups) = self.groups_of(item) else { continue };
            let nic = item.read("nic", rate);
            let disk_rate = item.read("disk", capacity_rate);
            if !self.positive(nic.as_ref(), "a network card's rate")
                || !self.positive(disk_rate.as_ref(), "a disk's rate")
            {
                continue;
            }
            let host = Host {
                name: item.name.clone(),
                span: item.span,
                site,
                address: item.read("address", address),
                interface: item
                    .read("interface", text)
                    .unwrap_or_else(|| Input::assumed("eth0".into(), item.span, &defaults::PATH)),
                debounce: item.read("debounce", duration),
                nic: nic.unwrap_or_else(|| Input::assumed(Rate(1_000_000_000), item.span, &defaults::NIC)),
                disk_capacity: item.read("disk", capacity_bytes),
                mark: mark(item),
                disk_rate: disk_rate
                    .unwrap_or_else(|| Input::assumed(Rate::mib_per_sec(100), item.span, &defaults::DISK)),
                groups,
                replace: item.read("replace", interval),
            };
            let host = self.model.hosts.alloc(host);
            self.set(id, host);
        }
    }

    /// Whether a stated rate is above zero.
    fn positive(&mut self, rate: Option<&Input<Rate>>, what: &str) -> bool {
        match rate {
            Some(Input { value: Rate(0), span, .. }) => {
                self.problems.push(errors::nothing_here(*span, what, "above zero"));
                false
            }
            _ => true,
        }
    }

    /// The groups that a host or a link shares its fate with; `None` when one is not in the model.
    fn groups_of(&self, item: &Item) -> Option<Vec<(Idx<Group>, crate::base::Span)>> {
        let mut all = Vec::new();
        for kind in GROUP_KINDS {
            if item.def.attribute(kind.name()).is_some() {
                all.extend(self.ids(item.refs(kind.name()))?);
            }
        }
        Some(all)
    }

    pub(super) fn stores(&mut self) {
        for (id, item) in self.sound(Kind::Store) {
            let Some((host, _)) = item.reference("host") else { continue };
            let (Some(host), Some(groups), Some(path)) =
                (self.id(host), self.groups_of(item), item.read("path", text))
            else {
                continue;
            };
            let own = item.read("capacity", capacity_rate);
            if !self.positive(own.as_ref(), "a store's rate") {
                continue;
            }
            let medium = match item.colon.first() {
                Some((m, _)) => {
                    let medium = self.hir.get(*m);
                    if medium.poisoned {
                        continue;
                    }
                    Some(medium)
                }
                None => None,
            };
            let drives = item.read("drives", count);
            if let Some(Input { value: 0, span, .. }) = drives {
                self.problems.push(errors::nothing_here(span, "`drives`", "1 or more"));
                continue;
            }
            let store = Store {
                name: item.name.clone(),
                span: item.span,
                host,
                path,
                capacity: item.read("capacity", capacity_bytes),
                mark: mark(item),
                rate: own
                    .or_else(|| medium.and_then(|m| m.read("rate", rate)))
                    .unwrap_or_else(|| Input::assumed(Rate::mib_per_sec(50), item.span, &defaults::STORE)),
                drives,
                immutable: item.read("immutable", duration),
                enforced: item.read("enforced", text),
                opened_by: Vec::new(),
                mount: medium
                    .and_then(|m| m.read("mount", duration))
                    .unwrap_or_else(|| Input::assumed(Duration::ZERO, item.span, &defaults::MOUNT)),
                groups,
            };
            let store = self.model.stores.alloc(store);
            self.set(id, store);
        }
    }

    pub(super) fn links(&mut self) {
        for (id, item) in self.sound(Kind::Link) {
            let [(a, _), (b, _)] = item.colon.as_slice() else { continue };
            let (Some(a), Some(b), Some(bandwidth), Some(rtt), Some(groups)) = (
                self.id(*a),
                self.id(*b),
                item.read("bandwidth", rate),
                item.read("rtt", duration),
                self.groups_of(item),
            ) else {
                continue;
            };
            if !self.positive(Some(&bandwidth), "a bandwidth") {
                continue;
            }
            let mut shares = Vec::new();
            let blocks = self.inside(id, Kind::Share);
            if blocks.iter().any(|(_, b)| b.poisoned) {
                continue;
            }
            for (_, block) in &blocks {
                for class in Class::ALL {
                    if let Some(share) = block.read(class.name(), ratio) {
                        shares.push((class, share));
                    }
                }
            }
            let sum = Ratio(shares.iter().map(|(_, s)| s.value.0).sum());
            if sum > Ratio::WHOLE {
                let at = shares.last().map_or(item.span, |(_, s)| s.span);
                self.problems.push(errors::shares_exceed(at, &show::ratio(sum)));
                continue;
            }
            let span = item.span;
            let link = Link {
                name: item.name.clone(),
                span,
                ends: [a, b],
                bandwidth,
                rtt,
                loss: item
                    .read("loss", ratio)
                    .unwrap_or_else(|| Input::assumed(Ratio(1_000_000), span, &defaults::LOSS)),
                window: item
                    .read("window", bytes)
                    .unwrap_or_else(|| Input::assumed(Bytes::mib(1), span, &defaults::WINDOW)),
                efficiency: item
                    .read("efficiency", ratio)
                    .unwrap_or_else(|| Input::assumed(Ratio::percent(90), span, &defaults::EFFICIENCY)),
                shares,
                enforced: item.read("enforced", text),
                encrypted: item.read("encrypted", word).map(|w| w.map(Into::into)),
                groups,
            };
            let link = self.model.links.alloc(link);
            self.set(id, link);
        }
    }
}
