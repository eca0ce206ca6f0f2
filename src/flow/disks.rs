//! How full the disks of hosts become: data, what is staged for backups, gathered logs, snapshots
//! of mirrors, and the room that a restore needs.
//!
//! What the emitted scripts leave on a disk is counted as they leave it: a physical backup's staging
//! holds the chain and, while the next full is made, that too; a dump is written beside the last
//! one; gathered logs are copies where they are not links; snapshots of a mirror share what did not
//! change, so that they take the tree once and what changed for each. A recovery moves what was
//! there aside and deletes nothing, so it needs room for what it restores and for what it makes of
//! that.

use super::capacity::{DAY, part_down};
use super::{Facts, grown, size_at_end};
use crate::model::{Copy, Data, Host, Model, On};
use crate::ops::shaping::targets;
use crate::ops::{Job, JobKind, Level, Ops, Staging};
use crate::quantity::{Bytes, Duration};
use la_arena::{ArenaMap, Idx};
use std::collections::BTreeSet;

/// What a disk holds at the end of the horizon.
#[derive(Debug)]
pub struct DiskFact {
    /// On a normal day, at most.
    pub most: Bytes,
    /// What it may hold.
    pub mark: Bytes,
    /// The start of the first day on which it may hold more.
    pub passes: Option<i64>,
    /// What takes it, the largest first.
    pub parts: Vec<(DiskUse, Bytes)>,
    /// The restore that needs the most room beside that, and how much.
    pub restore: Option<(Idx<Copy>, Bytes)>,
    /// Whether nobody states how much something on it takes, so that there is more than this.
    pub unknown: bool,
}

/// What takes room on a disk.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum DiskUse {
    /// A data class, as primary or replica.
    Data(Idx<Data>),
    /// What a job stages or gathers before it is backed up.
    Staged(Idx<Job>),
    /// The snapshots of a mirror.
    Mirror(Idx<Job>),
}

/// The disks that state a capacity.
pub(super) fn of(model: &Model, ops: &Ops, facts: &Facts) -> ArenaMap<Idx<Host>, DiskFact> {
    let mut parts: ArenaMap<Idx<Host>, Vec<(DiskUse, Bytes)>> = ArenaMap::default();
    let bounded = |host: Idx<Host>| model.hosts[host].disk_capacity.is_some();
    let mut unknown: BTreeSet<Idx<Host>> = BTreeSet::new();
    let mut add = |host: Idx<Host>, what: DiskUse, bytes: Option<Bytes>| match bytes {
        _ if !bounded(host) => {}
        Some(bytes) => parts.entry(host).or_default().push((what, bytes)),
        None => {
            unknown.insert(host);
        }
    };
    for (id, data) in model.data.iter() {
        let size = size_at_end(model, &[id], facts.horizon);
        match &data.on {
            On::Files { host, .. } => add(*host, DiskUse::Data(id), Some(size)),
            On::Cluster(cluster) => {
                let c = &model.clusters[*cluster];
                for host in std::iter::once(c.primary.0).chain(c.replicas.iter().map(|r| r.0)) {
                    add(host, DiskUse::Data(id), Some(size));
                }
            }
        }
    }
    for (id, job) in ops.jobs.iter() {
        let Some(fact) = facts.after_misses(id) else { continue };
        let whole = || size_at_end(model, &fact.data, facts.horizon);
        match &job.kind {
            JobKind::Database { client, staging, .. } => {
                let bytes = match staging {
                    Staging::Physical { .. } => fact.chain_bytes().map(|b| b.plus(whole())),
                    Staging::Logical { .. } => Some(whole().times(2)),
                };
                add(ops.clients[*client].host, DiskUse::Staged(id), bytes);
            }
            JobKind::Log { client, .. } => {
                let bytes = fact.level(Level::Log).and_then(|l| l.bytes);
                add(ops.clients[*client].host, DiskUse::Staged(id), bytes.map(|b| b.times(2)));
            }
            JobKind::Mirror { to, keep, .. } => {
                let changes = fact.level(Level::Changes).and_then(|l| l.carried_by(*keep));
                add(*to, DiskUse::Mirror(id), changes.map(|c| whole().plus(c)));
            }
            _ => {}
        }
    }
    let mut restores: ArenaMap<Idx<Host>, (Idx<Copy>, Bytes)> = ArenaMap::default();
    for (id, job) in ops.jobs.iter() {
        let Some((copy, bytes)) = restore(model, ops, facts, id, job) else { continue };
        for host in targets(model, model.copies[copy].data).into_iter().filter(|h| bounded(*h)) {
            if restores.get(host).is_none_or(|(_, most)| bytes > *most) {
                restores.insert(host, (copy, bytes));
            }
        }
    }
    let mut disks = ArenaMap::default();
    for (host, h) in model.hosts.iter() {
        let Some(capacity) = h.disk_capacity else { continue };
        let mut parts = parts.remove(host).unwrap_or_default();
        parts.sort_by_key(|(what, bytes)| (std::cmp::Reverse(*bytes), *what));
        let most = parts.iter().fold(Bytes::ZERO, |sum, (_, bytes)| sum.plus(*bytes));
        let mark = part_down(capacity.value, h.mark.value);
        let passes = (most > mark).then(|| first_day(model, facts, &parts, mark));
        let restore = restores.get(host).copied();
        let unknown = unknown.contains(&host);
        disks.insert(host, DiskFact { most, mark, passes, parts, restore, unknown });
    }
    disks
}

/// The room that a restore of what a job wrote needs beside what is there: the chain and its logs,
/// and what is made of them.
fn restore(model: &Model, ops: &Ops, facts: &Facts, id: Idx<Job>, job: &Job) -> Option<(Idx<Copy>, Bytes)> {
    let copy = job.serves.first().copied()?;
    let original = if let JobKind::Copy { of, .. } = &job.kind { *of } else { id };
    let fact = facts.after_misses(original)?;
    let whole = size_at_end(model, &fact.data, facts.horizon);
    match &ops.jobs[original].kind {
        JobKind::Files { .. } => Some((copy, whole)),
        JobKind::Database { cluster, store, .. } => {
            let logs = ops.jobs.iter().find(|(_, j)| {
                matches!(&j.kind, JobKind::Log { cluster: c, store: s, .. } if c == cluster && s == store)
            });
            let logs = logs.and_then(|(log, _)| {
                let age = facts.points.get(id).map(|p| p.age)?;
                let age = Duration::from_secs(age.unsigned_abs()).plus(facts.later(ops, id)?);
                // Whole runs come back, also those in which the backup began and a moment lies.
                let run = facts.log_of_a_run(ops, log).unwrap_or_default();
                Some(facts.logs.written(*cluster, age)?.plus(run.times(2)))
            });
            Some((copy, fact.chain_bytes()?.plus(whole).plus(logs.unwrap_or_default())))
        }
        _ => None,
    }
}

/// The start of the first day on which data, as large as it is then, and all else are above a mark.
fn first_day(model: &Model, facts: &Facts, parts: &[(DiskUse, Bytes)], mark: Bytes) -> i64 {
    let on = |day: u32| {
        parts.iter().fold(Bytes::ZERO, |sum, (what, bytes)| {
            let bytes = match what {
                DiskUse::Data(d) => match model.data[*d].growth.map(|g| g.value) {
                    Some((part, per)) if per.0 > 0 => {
                        let time = Duration::from_days(u64::from(day));
                        grown(model.data[*d].size.value, part, time.0.div_ceil(per.0))
                    }
                    _ => *bytes,
                },
                _ => *bytes,
            };
            sum.plus(bytes)
        })
    };
    let (mut low, mut high) = (0, facts.horizon.days);
    while low < high {
        let middle = low + (high - low) / 2;
        if on(middle) > mark {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    facts.horizon.as_of + i64::from(low) * DAY
}
