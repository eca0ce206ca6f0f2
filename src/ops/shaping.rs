//! Shares of links divided among those who send, and the shaping that holds them to it.
//!
//! A share is enforced where traffic leaves: each host that sends over a link in a class is held
//! to its part. Parts are static: a share of `s` with `n` members (streams, jobs, and the restores
//! of each host that may restore) gives each member `s / n`, so that the parts of all hosts
//! together never exceed the share, whoever is silent.

use super::job::{Cap, JobKind};
use super::lower::class_of;
use super::stream::{Flow, Path, Shaper, ShaperClass};
use super::{Ops, job::Job};
use crate::base::Span;
use crate::model::{Class, CopyKind, Direction, Hop, Host, Link, Model, On, Place};
use crate::quantity::Rate;
use la_arena::Idx;
use std::collections::BTreeMap;

/// Port of a Bacula storage daemon.
pub const STORAGE_PORT: u16 = 9103;
/// Port of the secure shell, which carries mirrors.
pub const SHELL_PORT: u16 = 22;

/// One who sends over links.
struct Sender {
    host: Idx<Host>,
    class: Class,
    hops: Vec<Hop>,
    flow: Option<Flow>,
    /// The job that is held to its part, if it is one.
    job: Option<Idx<Job>>,
}

/// How many members a class of a link has in a direction.
pub type Members = BTreeMap<(Idx<Link>, Direction, Class), u64>;

/// Everyone who sends over links on a normal day or in a restore.
fn senders(model: &Model, ops: &Ops) -> Vec<Sender> {
    let mut all = Vec::new();
    let flow = |to: Idx<Host>, port: u16| model.hosts[to].address.map(|a| Flow { to: a.value, port });
    let first = |paths: &[Path]| paths.first().map(|p| p.hops.clone()).unwrap_or_default();
    for (_, stream) in ops.streams.iter() {
        let port = model.engines[model.clusters[stream.cluster].engine].port.value;
        all.push(Sender {
            host: stream.from,
            class: Class::Replication,
            hops: first(&stream.paths),
            flow: flow(stream.to, u16::try_from(port).unwrap_or(0)),
            job: None,
        });
    }
    for (id, job) in ops.jobs.iter() {
        let (from, to, port) = match &job.kind {
            JobKind::Mirror { from, to, .. } => (*from, *to, SHELL_PORT),
            JobKind::Copy { from, to, .. } => {
                (model.stores[*from].host, model.stores[*to].host, STORAGE_PORT)
            }
            JobKind::Files { client, store, .. }
            | JobKind::Database { client, store, .. }
            | JobKind::Log { client, store, .. } => {
                (ops.clients[*client].host, model.stores[*store].host, STORAGE_PORT)
            }
            // Reads its store back to the client: the way of a restore.
            JobKind::Verify { .. } => continue,
        };
        all.push(Sender {
            host: from,
            class: class_of(&job.kind),
            hops: first(&job.paths),
            flow: flow(to, port),
            job: Some(id),
        });
    }
    all.extend(restores(model));
    all
}

/// The restores that may happen: from each store to each site that its data may come back to,
/// one at a time.
fn restores(model: &Model) -> Vec<Sender> {
    let mut ways: BTreeMap<(Idx<Host>, Vec<Hop>), Vec<Flow>> = BTreeMap::new();
    for (_, copy) in model.copies.iter() {
        let Place::Store(store) = copy.place else { continue };
        if !matches!(copy.kind, CopyKind::Backup(_) | CopyKind::CopyOf(_)) {
            continue;
        }
        let host = model.stores[store].host;
        for target in targets(model, copy.data) {
            let Some(hops) = way_back(model, host, target) else { continue };
            if let (false, Some(address)) = (hops.is_empty(), model.hosts[target].address) {
                let flows = ways.entry((host, hops)).or_default();
                flows.push(Flow { to: address.value, port: STORAGE_PORT });
            }
        }
    }
    let mut all = Vec::new();
    for ((host, hops), flows) in ways {
        // One member for the way; its flows are several.
        for (n, flow) in flows.into_iter().enumerate() {
            let hops = if n == 0 { hops.clone() } else { Vec::new() };
            all.push(Sender { host, class: Class::Backup, hops, flow: Some(flow), job: None });
        }
    }
    all
}

/// The hosts on which a data class may live after a recovery.
pub fn targets(model: &Model, data: Idx<crate::model::Data>) -> Vec<Idx<Host>> {
    let d = &model.data[data];
    match &d.on {
        On::Cluster(c) => {
            let c = &model.clusters[*c];
            std::iter::once(c.primary.0).chain(c.replicas.iter().map(|r| r.0)).collect()
        }
        On::Files { host, .. } => {
            let mirrors = d.copies.iter().filter_map(|c| match &model.copies[*c] {
                crate::model::Copy { kind: CopyKind::Mirror(_), place: Place::Host(h), .. } => Some(*h),
                _ => None,
            });
            std::iter::once(*host).chain(mirrors).collect()
        }
    }
}

/// The way that a restore takes between two hosts: none within a site, else the first link that
/// joins their sites. `None` when no link does.
pub fn way_back(model: &Model, from: Idx<Host>, to: Idx<Host>) -> Option<Vec<Hop>> {
    let (a, b) = (model.hosts[from].site, model.hosts[to].site);
    if a == b {
        return Some(Vec::new());
    }
    model.links.iter().find_map(|(link, l)| {
        let direction = match l.ends {
            [x, y] if (x, y) == (a, b) => Direction::Forth,
            [x, y] if (x, y) == (b, a) => Direction::Back,
            _ => return None,
        };
        Some(vec![Hop { link, direction }])
    })
}

/// What one member of a class may send over a way: the least part of those of its links that give
/// the class a share, whose other members count on it. `None` when none does.
pub fn part(model: &Model, members: &Members, hops: &[Hop], class: Class) -> Option<(Rate, Idx<Link>, Span)> {
    let mut least: Option<(Rate, Idx<Link>, Span)> = None;
    for hop in hops {
        let link = &model.links[hop.link];
        let Some(share) = link.share(class) else { continue };
        let n = members.get(&(hop.link, hop.direction, class)).copied().unwrap_or(1).max(1);
        let rate = link.bandwidth.value.part_down(share.value).split_down(n)?;
        if least.is_none_or(|(l, _, _)| rate < l) {
            least = Some((rate, hop.link, share.span));
        }
    }
    least
}

/// Counts the members of every class.
pub fn members(model: &Model, ops: &Ops) -> Members {
    count(&senders(model, ops))
}

fn count(senders: &[Sender]) -> Members {
    let mut members = Members::new();
    for sender in senders {
        for hop in &sender.hops {
            *members.entry((hop.link, hop.direction, sender.class)).or_default() += 1;
        }
    }
    members
}

/// Gives every job its cap, and every host that sends over divided links its shaping.
pub(super) fn divide(model: &Model, ops: &mut Ops) {
    let senders = senders(model, ops);
    let members = count(&senders);
    let mut classes: BTreeMap<(Idx<Host>, Idx<Link>, Class), ShaperClass> = BTreeMap::new();
    // Flows of a way beyond its first stand behind it: they join its class.
    let mut last: Option<(Idx<Host>, Idx<Link>, Class)> = None;
    for sender in &senders {
        let found = part(model, &members, &sender.hops, sender.class);
        let (key, rate, span) = match (found, sender.hops.is_empty(), last) {
            (Some((rate, link, span)), _, _) => ((sender.host, link, sender.class), rate, span),
            (None, true, Some(key))
                if key.0 == sender.host && sender.job.is_none() && sender.class == Class::Backup =>
            {
                (key, Rate(0), Span::default())
            }
            _ => {
                last = None;
                continue;
            }
        };
        last = Some(key);
        if let Some(job) = sender.job {
            let job = &mut ops.jobs[job];
            let stated = job.cap.map_or(Rate(u64::MAX), |c| c.rate);
            if rate < stated {
                job.cap = Some(Cap { rate, span });
            }
        }
        let class = classes.entry(key).or_insert_with(|| ShaperClass {
            link: key.1,
            class: key.2,
            cap: Rate(0),
            flows: Vec::new(),
            members: 0,
            span,
        });
        class.cap = Rate(class.cap.0.saturating_add(rate.0));
        class.members += u64::from(rate.0 > 0);
        if let Some(flow) = sender.flow
            && !class.flows.contains(&flow)
        {
            class.flows.push(flow);
        }
    }
    let mut by_host: BTreeMap<Idx<Host>, Vec<ShaperClass>> = BTreeMap::new();
    for ((host, link, _), mut class) in classes {
        // Where somebody else enforces the shares, nothing is emitted.
        if model.links[link].enforced.is_none() && !class.flows.is_empty() {
            class.flows.sort_unstable();
            by_host.entry(host).or_default().push(class);
        }
    }
    ops.shapers = by_host
        .into_iter()
        .map(|(host, classes)| {
            let h = &model.hosts[host];
            Shaper { host, interface: h.interface.value.clone(), nic: h.nic.value, classes }
        })
        .collect();
}
