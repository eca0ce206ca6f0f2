//! Backups: chains that take too long to restore, copies that nobody reads back, mirrors that
//! follow a deletion.

use crate::diag::{Diagnostic, Problems, catalogue as c};
use crate::flow::JobFact;
use crate::model::{Copy, CopyKind, Idx, Objective, Place, StrikeKind};
use crate::ops::{Job, JobKind, Level};
use crate::plan::Estate;
use crate::plan::times::restore_rate;
use crate::quantity::{Bytes, Duration, Ratio, show, time_to_move};
use std::collections::{BTreeMap, BTreeSet};

/// All rules of this file.
pub(super) fn check(estate: Estate<'_>, problems: &mut Problems) {
    long_chains(estate, problems);
    unverified(estate, problems);
    unguarded(estate, problems);
}

/// the incrementals of a chain take most of its restore, and the restore most of the
/// recovery time.
fn long_chains(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    let mut told = BTreeSet::new();
    for (id, copy) in model.copies.iter() {
        let (CopyKind::Backup(_), Place::Store(store)) = (&copy.kind, copy.place) else { continue };
        let Some(tier) = model.data[copy.data].tier.map(|t| t.0) else { continue };
        let kinds = [StrikeKind::Corruption, StrikeKind::Hostile];
        let Some(rto) = super::tightest(model, tier, Objective::Rto, &kinds) else { continue };
        let job = estate.index.jobs(id).iter().copied().find(|j| !is_log(&estate.ops.jobs[*j]));
        let Some((job, fact)) = job.and_then(|j| Some((j, estate.facts.jobs.get(j)?))) else { continue };
        let Some((full, one, chain)) = chain(fact) else { continue };
        let behind = Bytes(chain.0.saturating_sub(full.0));
        if behind <= full {
            continue;
        }
        let to = model.primary_host(copy.data);
        let rate = restore_rate(model, estate.ops, estate.facts, store, to, copy.data).guaranteed;
        let half = Duration(rto.value.0 / 2);
        let time = |b: Bytes| time_to_move(b, rate).unwrap_or(Duration::MAX);
        if time(chain) <= half || time(full) > half || !told.insert(job) {
            continue;
        }
        // F + k I <= rate x half the time (calculus, 5.1).
        let room = u128::from(rate.0) * u128::from(half.0) / 8_000_000_000;
        let fit = room.saturating_sub(u128::from(full.0)) / u128::from(one.0.max(1));
        let runs = behind.0.div_ceil(one.0.max(1));
        let at =
            estate.ops.jobs[job].runs.iter().find(|r| r.level == Level::Full).map_or(copy.span, |r| r.span);
        problems.push(
            Diagnostic::new(
                &c::LONG_CHAIN,
                at,
                format!(
                    "a restore of `{}` reads {} of incrementals behind a full of {}: {} of the {} that recovery may take",
                    model.data[copy.data].name,
                    show::bytes(behind),
                    show::bytes(full),
                    show::duration(time(chain)),
                    show::duration(rto.value)
                ),
            )
            .label(rto.span, "what recovery may take")
            .note(format!(
                "up to {runs} runs of {} at {}; {fit} of them fit in half of that time",
                show::bytes(one),
                show::bytes_per_sec(rate.in_bytes_down())
            ))
            .help("back up everything more often, or add a `differential`, of which a restore reads one"),
        );
    }
}

/// The full, one incremental, and all that a restore reads.
fn chain(fact: &JobFact) -> Option<(Bytes, Bytes, Bytes)> {
    Some((fact.level(Level::Full)?.bytes?, fact.level(Level::Incremental)?.bytes?, fact.chain_bytes()?))
}

fn is_log(job: &Job) -> bool {
    matches!(job.kind, JobKind::Log { .. })
}

/// "Integrity": a copy that nobody reads back in the time that the tier asks for is a hope.
fn unverified(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    let mut verified: BTreeMap<Idx<Copy>, Idx<Job>> = BTreeMap::new();
    for (id, job) in estate.ops.jobs.iter().filter(|(_, j)| matches!(j.kind, JobKind::Verify { .. })) {
        verified.extend(job.serves.iter().map(|c| (*c, id)));
    }
    for (id, copy) in model.copies.iter() {
        let CopyKind::Backup(backup) = &copy.kind else { continue };
        let Some((tier, claimed)) = model.data[copy.data].tier else { continue };
        let Some(every) = model.tiers[tier].verify_every else { continue };
        let (name, asked) = (&model.data[copy.data].name, show::duration(every.value));
        let gap = verified.get(&id).and_then(|j| estate.facts.jobs.get(*j)?.levels.first()?.gap);
        let finding = match (&backup.verify, gap) {
            (None, _) => Diagnostic::new(
                &c::UNVERIFIED_COPY,
                copy.span,
                format!(
                    "nobody reads `{}` of `{name}` back, and its tier asks for that every {asked}",
                    copy.name
                ),
            ),
            (Some((_, at)), Some(gap)) if gap.length > every.value => Diagnostic::new(
                &c::UNVERIFIED_COPY,
                *at,
                format!(
                    "`{}` of `{name}` is read back after up to {}, and its tier asks for every {asked}",
                    copy.name,
                    show::duration(gap.length)
                ),
            ),
            _ => continue,
        };
        problems.push(
            finding
                .label(every.span, "what is asked")
                .label(claimed, "claimed here")
                .help("say when the newest run is read back: `verify = weekly wed 13:00`"),
        );
    }
}

/// A mirror that follows any deletion.
fn unguarded(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    for (_, copy) in model.copies.iter() {
        let CopyKind::Mirror(mirror) = &copy.kind else { continue };
        if mirror.max_delete.value >= Ratio::WHOLE {
            problems.push(
                Diagnostic::new(
                    &c::UNGUARDED_MIRROR,
                    mirror.max_delete.span,
                    format!(
                        "`{}` of `{}` follows the deletion of every file",
                        copy.name, model.data[copy.data].name
                    ),
                )
                .note(format!(
                    "its {} snapshots are then what is left, until as many more runs have ended",
                    mirror.keep.value
                ))
                .help("state the most that is dropped on a normal day: `max-delete = 20 %`"),
            );
        }
    }
}
