//! What must hold of pools, chains and room: runs find volumes, points can be restored as long as
//! they are to be kept, stores and disks do not overflow.

use super::errors;
use crate::diag::Problems;
use crate::flow::Break;
use crate::ops::{Job, JobKind, Level};
use crate::plan::Estate;
use crate::quantity::Duration;
use la_arena::Idx;

/// Judges pools, stores and disks. Of a job only the first mistake is told: what follows from it
/// would be told again.
pub(super) fn check(estate: Estate<'_>, problems: &mut Problems) {
    for (id, job) in estate.ops.jobs.iter().filter(|(_, j)| !j.pools.is_empty()) {
        problems.extend(of_job(estate, id, job));
    }
    for (store, fact) in estate.facts.capacity.stores.iter() {
        if let Some(on) = fact.passes {
            problems.push(errors::store_overflows(estate, store, fact, on));
        }
    }
    for (host, disk) in estate.facts.capacity.disks.iter() {
        if let Some(on) = disk.passes {
            problems.push(errors::disk_overflows(estate, host, disk, on));
        } else if let Some((copy, bytes)) = disk.restore.filter(|(_, b)| disk.most.plus(*b) > disk.mark) {
            problems.push(errors::no_room_to_restore(estate, host, disk, copy, bytes));
        }
    }
}

fn of_job(estate: Estate<'_>, id: Idx<Job>, job: &Job) -> Option<crate::diag::Diagnostic> {
    let store = &estate.model.stores[job.kind.writes_to()?];
    let lock = store.immutable.filter(|_| store.enforced.is_some());
    if let Some(lock) = lock
        && let Some(pool) = job.pools.iter().find(|p| p.keep < lock.value)
    {
        return Some(errors::locked_volumes(pool, &lock));
    }
    if let Some(stop) = estate.facts.capacity.held.get(id).and_then(|h| h.stops) {
        return Some(errors::pool_exhausted(estate, job, stop, volumes_needed(estate, id, job, stop.pool)));
    }
    let points = estate.facts.points.get(id)?;
    if let Some(broken) = points.breaks.or_else(|| logs_break(estate, id, job)) {
        return Some(errors::chain_breaks(job, &broken));
    }
    if let Some(forgotten) = &points.forgets {
        return Some(errors::files_forgotten(job, forgotten));
    }
    let full = job.pool(Level::Full).filter(|p| p.stated)?;
    let between = estate.facts.jobs.get(id)?.level(Level::Full)?.same?.length;
    let chained = job.runs.iter().any(|r| matches!(r.level, Level::Differential | Level::Incremental));
    let two = between.times(2);
    (chained && full.keep < two).then(|| errors::one_full_kept(job, full, between))
}

/// Logs that are dropped while the data that they roll forward is to be kept: at any moment of
/// what is to be kept a recovery begins with a point that may be as old as the next one is late.
fn logs_break(estate: Estate<'_>, id: Idx<Job>, job: &Job) -> Option<Break> {
    let data = data_of(estate, id)?;
    let pool = job.pools.first().filter(|p| p.stated)?;
    let age = estate.facts.points.get(data)?.age;
    let needed = job.keep.plus(Duration::from_secs(age.unsigned_abs()));
    let on = estate.facts.horizon.as_of;
    let from = on.saturating_sub(i64::try_from(pool.keep.secs_up()).unwrap_or(i64::MAX));
    (pool.keep < needed).then_some(Break {
        on,
        point: from,
        level: Level::Log,
        missing: (from, Level::Log),
        kept: pool.keep,
        needed,
    })
}

/// The job of the data that a log's job rolls forward.
fn data_of(estate: Estate<'_>, id: Idx<Job>) -> Option<Idx<Job>> {
    let ops = estate.ops;
    match &ops.jobs[id].kind {
        JobKind::Log { cluster, store, .. } => ops.jobs.iter().find_map(|(other, j)| {
            matches!(&j.kind, JobKind::Database { cluster: c, store: s, .. } if c == cluster && s == store)
                .then_some(other)
        }),
        JobKind::Copy { of, to, .. } => {
            let data = data_of(estate, *of)?;
            ops.jobs.iter().find_map(|(other, j)| {
                matches!(&j.kind, JobKind::Copy { of: d, to: t, .. } if *d == data && t == to)
                    .then_some(other)
            })
        }
        _ => None,
    }
}

/// How many volumes a pool would need, by what it is asked for: all runs within its retention, and
/// one volume more.
fn volumes_needed(estate: Estate<'_>, id: Idx<Job>, job: &Job, pool: usize) -> Option<u64> {
    let pool = job.pools.get(pool)?;
    let original = if let JobKind::Copy { of, .. } = &job.kind { *of } else { id };
    let levels = &estate.facts.jobs.get(original)?.levels;
    let mine = levels.iter().filter(|l| pool.level.is_none_or(|level| level == l.level));
    let mut runs = 0_u64;
    for level in mine {
        let room = level.room.or(level.same.map(|s| s.length))?.0.max(1);
        runs = runs.saturating_add(pool.keep.0.div_ceil(room)).saturating_add(1);
    }
    Some(runs.div_ceil(pool.runs.max(1)).saturating_add(1))
}
