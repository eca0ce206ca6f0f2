//! Shares of links divided among those who send, and the shaping that holds them to it.
//!
//! A share is enforced where traffic leaves: each host that sends over a link in a class is held
//! to its part. Parts are static: a share of `s` with `n` members (streams, jobs, and the restores
//! of each host that may restore) gives each member `s / n`, so that the parts of all hosts
//! together never exceed the share, whoever is silent.
//!
//! Nothing that is emitted sees which way packets take. So who has other ways is a member on the
//! links of all of them, and its part is the least: it has that part on whichever way it is. For
//! the same reason those of a class whose packets cannot be told apart (from one host to one
//! address and port) are members of all links that any of them may take. Members of a host whose
//! links are the same share a class of its shaping, whose fair queue gives what one leaves to the
//! others (`flow/sharing.rs`).

use super::job::{Cap, JobKind};
use super::lower::class_of;
use super::stream::{Flow, Path, Shaper, ShaperClass, Stream};
use super::{Ops, errors, job::Job};
use crate::base::Span;
use crate::diag::Problems;
use crate::model::{Class, CopyKind, Direction, Hop, Host, Link, Model, On, Place};
use crate::quantity::{Rate, Ratio};
use la_arena::{ArenaMap, Idx};
use std::collections::{BTreeMap, BTreeSet};

/// Port of a Bacula storage daemon.
pub const STORAGE_PORT: u16 = 9103;
/// Port of the secure shell, which carries mirrors.
pub const SHELL_PORT: u16 = 22;

/// Who sends.
#[derive(Clone, Copy, Debug)]
enum Who {
    Stream(Idx<Stream>),
    Job(Idx<Job>),
    Restore,
}

/// One who sends over links.
struct Sender {
    host: Idx<Host>,
    class: Class,
    /// The links of all its ways.
    hops: Vec<Hop>,
    flows: Vec<Flow>,
    who: Who,
}

/// How many members a class of a link has in a direction.
pub type Members = BTreeMap<(Idx<Link>, Direction, Class), u64>;

/// What one member is held to, whichever way it takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// On the wire.
    pub rate: Rate,
    /// The part of it that carries payload.
    pub payload: Rate,
    /// The link that gives it the least, and how many members divide its share.
    pub link: Idx<Link>,
    /// See there.
    pub members: u64,
    /// Where the share was written.
    pub span: Span,
    /// The class of its host's shaping that it is in, by its place in [`Parts::pools`]: what the
    /// others in it leave is its too. None where all its shares are enforced elsewhere.
    pub pool: Option<usize>,
}

/// A class of a host's shaping.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pool {
    /// What it lets through on the wire.
    pub rate: Rate,
    /// The part of it that carries payload on the worst of its links.
    pub payload: Rate,
    /// How many members share it.
    pub members: u64,
}

/// What each stream and each job is held to.
#[derive(Debug, Default)]
pub struct Parts {
    /// By stream; none for what crosses no divided link.
    pub streams: ArenaMap<Idx<Stream>, Part>,
    /// By job; the same.
    pub jobs: ArenaMap<Idx<Job>, Part>,
    /// The classes of all hosts.
    pub pools: Vec<Pool>,
}

/// Everyone who sends over links on a normal day or in a restore.
fn senders(model: &Model, ops: &Ops) -> Vec<Sender> {
    let mut all = Vec::new();
    let flow = |to: Idx<Host>, port: u16| {
        model.hosts[to].address.map(|a| Flow { to: a.value, port }).into_iter().collect::<Vec<_>>()
    };
    for (id, stream) in ops.streams.iter() {
        let port = model.engines[model.clusters[stream.cluster].engine].port.value;
        all.push(Sender {
            host: stream.from,
            class: Class::Replication,
            hops: every_hop(&stream.paths),
            flows: flow(stream.to, u16::try_from(port).unwrap_or(0)),
            who: Who::Stream(id),
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
            hops: every_hop(&job.paths),
            flows: flow(to, port),
            who: Who::Job(id),
        });
    }
    together(&mut all);
    all.extend(restores(model));
    all
}

/// The links of all ways, each once.
fn every_hop(paths: &[Path]) -> Vec<Hop> {
    let mut hops = Vec::new();
    for hop in paths.iter().flat_map(|p| &p.hops) {
        if !hops.contains(hop) {
            hops.push(*hop);
        }
    }
    hops
}

/// Gives those whose packets cannot be told apart the links of one another.
fn together(senders: &mut [Sender]) {
    let mut links: BTreeMap<(Idx<Host>, Class, Flow), Vec<Hop>> = BTreeMap::new();
    // Streams and jobs have one flow each, so that once is enough.
    for sender in senders.iter() {
        for flow in &sender.flows {
            let known = links.entry((sender.host, sender.class, *flow)).or_default();
            known.extend(sender.hops.iter().filter(|h| !known.contains(h)).copied().collect::<Vec<_>>());
        }
    }
    for sender in senders {
        let others = sender.flows.iter().filter_map(|f| links.get(&(sender.host, sender.class, *f)));
        for hop in others.flatten() {
            if !sender.hops.contains(hop) {
                sender.hops.push(*hop);
            }
        }
    }
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
    let restore =
        |((host, hops), flows)| Sender { host, class: Class::Backup, hops, flows, who: Who::Restore };
    ways.into_iter().map(restore).collect()
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
    least(model, members, hops, class, |_| true).map(|(rate, link, span, _)| (rate, link, span))
}

fn least(
    model: &Model,
    members: &Members,
    hops: &[Hop],
    class: Class,
    counts: impl Fn(&Link) -> bool,
) -> Option<(Rate, Idx<Link>, Span, u64)> {
    let mut least: Option<(Rate, Idx<Link>, Span, u64)> = None;
    for hop in hops {
        let link = &model.links[hop.link];
        let Some(share) = link.share(class).filter(|_| counts(link)) else { continue };
        let n = members.get(&(hop.link, hop.direction, class)).copied().unwrap_or(1).max(1);
        let rate = link.bandwidth.value.part_down(share.value).split_down(n)?;
        if least.is_none_or(|(l, ..)| rate < l) {
            least = Some((rate, hop.link, share.span, n));
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

/// The least part of the line rate that payload gets on the divided ones of some links.
fn efficiency(model: &Model, hops: &[Hop], class: Class) -> Ratio {
    let divided = hops.iter().map(|h| &model.links[h.link]).filter(|l| l.share(class).is_some());
    divided.map(|l| l.efficiency.value).min().unwrap_or(Ratio::WHOLE)
}

/// The links on which a host's own shaping holds a sender, which make its class.
fn held_on(model: &Model, sender: &Sender) -> BTreeSet<(Idx<Link>, Direction)> {
    let held = |h: &&Hop| {
        let link = &model.links[h.link];
        link.enforced.is_none() && link.share(sender.class).is_some()
    };
    sender.hops.iter().filter(held).map(|h| (h.link, h.direction)).collect()
}

/// What makes a class of shaping one: its host, its purpose, and the links that hold it.
type ClassKey = (Idx<Host>, Class, BTreeSet<(Idx<Link>, Direction)>);

/// A class of a host's shaping in the making.
struct Made {
    host: Idx<Host>,
    class: ShaperClass,
    payload: Ratio,
}

/// What everyone is held to, and the classes that hold them.
fn shares(model: &Model, senders: &[Sender]) -> (Parts, Vec<Made>) {
    let members = count(senders);
    let mut parts = Parts::default();
    let mut made: Vec<Made> = Vec::new();
    let mut place: BTreeMap<ClassKey, usize> = BTreeMap::new();
    for sender in senders {
        let Some((rate, link, span, n)) = least(model, &members, &sender.hops, sender.class, |_| true) else {
            continue;
        };
        let worst = efficiency(model, &sender.hops, sender.class);
        let own = least(model, &members, &sender.hops, sender.class, |l| l.enforced.is_none());
        let pool = own.map(|(own, tightest, span, _)| {
            let key = (sender.host, sender.class, held_on(model, sender));
            let n = *place.entry(key).or_insert_with(|| {
                let class = ShaperClass {
                    link: tightest,
                    class: sender.class,
                    cap: Rate(0),
                    flows: Vec::new(),
                    members: 0,
                    span,
                };
                made.push(Made { host: sender.host, class, payload: Ratio::WHOLE });
                made.len() - 1
            });
            if let Some(made) = made.get_mut(n) {
                made.class.cap = Rate(made.class.cap.0.saturating_add(own.0));
                made.class.members += 1;
                made.payload = made.payload.min(worst);
                made.class.flows.extend(&sender.flows);
            }
            n
        });
        let part = Part { rate, payload: rate.part_down(worst), link, members: n, span, pool };
        match sender.who {
            Who::Stream(id) => drop(parts.streams.insert(id, part)),
            Who::Job(id) => drop(parts.jobs.insert(id, part)),
            Who::Restore => {}
        }
    }
    for made in &mut made {
        made.class.flows.sort_unstable();
        made.class.flows.dedup();
        // More than its card moves does not leave the host.
        let rate = made.class.cap.min(model.hosts[made.host].nic.value);
        let payload = rate.part_down(made.payload);
        parts.pools.push(Pool { rate, payload, members: made.class.members });
    }
    (parts, made)
}

/// What each stream and each job is held to.
pub fn parts(model: &Model, ops: &Ops) -> Parts {
    shares(model, &senders(model, ops)).0
}

/// One finding for each class that crosses a divided link without a share of it: it would be
/// promised nothing, and nothing would hold it to what is left of the link.
pub(super) fn unshared(model: &Model, ops: &Ops, problems: &mut Problems) {
    let mut told = BTreeSet::new();
    for sender in senders(model, ops) {
        let (span, name) = match sender.who {
            Who::Stream(id) => (ops.streams[id].span, &ops.streams[id].name),
            Who::Job(id) => (ops.jobs[id].span, &ops.jobs[id].name),
            // It takes place only after a loss, and has no bound then.
            Who::Restore => continue,
        };
        for hop in &sender.hops {
            let link = &model.links[hop.link];
            if !link.shares.is_empty()
                && link.share(sender.class).is_none()
                && told.insert((hop.link, sender.class))
            {
                problems.push(errors::no_share(span, name, link, sender.class));
            }
        }
    }
}

/// Gives every job its cap, and every host that sends over divided links its shaping.
pub(super) fn divide(model: &Model, ops: &mut Ops) {
    let (parts, made) = shares(model, &senders(model, ops));
    for (id, part) in parts.jobs.iter() {
        let job = &mut ops.jobs[id];
        let stated = job.cap.map_or(Rate(u64::MAX), |c| c.rate);
        if part.rate < stated {
            job.cap = Some(Cap { rate: part.rate, span: part.span });
        }
    }
    let mut by_host: BTreeMap<Idx<Host>, Vec<ShaperClass>> = BTreeMap::new();
    for made in made.into_iter().filter(|m| !m.class.flows.is_empty()) {
        by_host.entry(made.host).or_default().push(made.class);
    }
    ops.shapers = by_host
        .into_iter()
        .map(|(host, mut classes)| {
            classes.sort_by_key(|c| (c.link, c.class));
            let h = &model.hosts[host];
            Shaper { host, interface: h.interface.value.clone(), nic: h.nic.value, classes }
        })
        .collect();
}
