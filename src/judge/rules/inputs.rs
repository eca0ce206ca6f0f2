//! Inputs that are too coarse for what is claimed, and trees of files that outgrow their place.

use crate::base::Span;
use crate::diag::{Diagnostic, Problems, catalogue as c};
use crate::flow::stream::Behind;
use crate::flow::{size_at_end, together};
use crate::model::{Cluster, CopyKind, Data, Host, Idx, Mode, Model, Objective, On, StrikeKind};
use crate::ops::Stream;
use crate::plan::Estate;
use crate::quantity::{Bytes, Duration, Rate, Ratio, show, time_to_move};
use std::collections::BTreeSet;

/// Below this a recovery point is tighter than an average over the day can say anything of.
const TIGHT: Duration = Duration::from_hours(24);
/// How much more than stated is written in the hour that the rule asks about: estimates of real
/// workloads were 2 to 10 times too low (calculus, 3.3).
const BURST: u64 = 10;
const HOUR: u64 = 3600;
/// Above this, files that hardly change belong on object storage (model, "Normal days").
const LARGE_TREE: Bytes = Bytes::gib(1024);
/// The most of a tree that changes in a day when it is called static.
const STILL: Ratio = Ratio::percent(1);
const DAY: Duration = Duration::from_days(1);

/// All rules of this file.
pub(super) fn check(estate: Estate<'_>, problems: &mut Problems) {
    flat_writes(estate, problems);
    large_trees(estate, problems);
    one_server(estate, problems);
    moments(estate, problems);
}

/// a rate without hours or bursts says little of a tight recovery point on an asynchronous
/// stream. Told only where an hour at ten times the rate would break it.
fn flat_writes(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    let mut told = BTreeSet::new();
    for (id, fact) in estate.facts.streams.iter() {
        let stream = &estate.ops.streams[id];
        let crosses = stream.paths.first().is_some_and(|p| !p.hops.is_empty());
        // Behind a replica that writes wait for, nothing queues.
        let (Behind::Lag(_), true) = (fact.lag, crosses && !matches!(stream.mode, Mode::Sync)) else {
            continue;
        };
        let Some((rate, at)) = flat(model, stream.cluster) else { continue };
        let Some((rpo, data)) = tightest(model, stream).filter(|(rpo, _)| rpo.0 < TIGHT) else { continue };
        // By hand: (10 a - c) for an hour is the backlog, and it goes at c (calculus, 3.2).
        let backlog = rate.saturating_mul(BURST).saturating_sub(fact.service).saturating_mul(HOUR);
        let wait = time_to_move(Bytes(backlog), Rate::bytes_per_sec(fact.service));
        let behind = wait.unwrap_or(Duration::MAX).plus(fact.latency).plus(fact.unit);
        if behind > rpo.0 && told.insert(stream.cluster) {
            problems.push(flat_finding(model, stream, data, rate, at, (behind, rpo)));
        }
    }
}

fn flat_finding(
    model: &Model,
    stream: &Stream,
    data: Idx<Data>,
    rate: u64,
    at: Span,
    (behind, rpo): (Duration, (Duration, Span)),
) -> Diagnostic {
    let (name, to) = (&model.data[data].name, &model.hosts[stream.to].name);
    Diagnostic::new(
        &c::FLAT_WRITES,
        at,
        format!(
            "`{name}` is written to at one rate all week; an hour at ten times that would leave `{to}` {} behind, and {} is asked for",
            show::duration(behind),
            show::duration(rpo.0)
        ),
    )
    .here("no hours and no burst")
    .label(rpo.1, "what is asked")
    .label(stream.span, "the replica that would be behind")
    .note(format!("the log of its database comes to {}, amplification counted", show::bytes_per_sec(rate)))
    .help("state what is measured: `writes = 1 MiB/s { daily 19:00..23:00 = 4 MiB/s }`, or a line `burst = 64 MiB`")
}

/// The log of a database in bytes per second, and where it is stated, when none of its data
/// classes says when how much is written.
fn flat(model: &Model, cluster: Idx<Cluster>) -> Option<(u64, Span)> {
    let mut sum = 0_u64;
    let mut at = None;
    for data in model.data_in(cluster) {
        let writes = model.data[data].writes.as_ref()?;
        if writes.value.burst > Bytes::ZERO || writes.value.segments().count() > 1 {
            return None;
        }
        sum = sum.saturating_add(writes.value.peak());
        at = at.or(Some(writes.span));
    }
    let engine = &model.engines[model.clusters[cluster].engine];
    Some((Bytes(sum).part_up(engine.amplification.value).0, at?))
}

/// The tightest recovery point that data classes of a stream claim for losses that a replica is
/// for, and where it is asked.
fn tightest(model: &Model, stream: &Stream) -> Option<((Duration, Span), Idx<Data>)> {
    let data = stream.serves.iter().map(|c| model.copies[*c].data);
    data.filter_map(|d| {
        let rpo = super::tightest(model, model.data[d].tier?.0, Objective::Rpo, &super::LOSSES)?;
        Some(((rpo.value, rpo.span), d))
    })
    .min_by_key(|(rpo, _)| rpo.0)
}

/// Static trees above 1 TiB: what moves file by file then takes days, and object storage would not.
/// A tree is static where at most a hundredth of it is said to change in a day.
fn large_trees(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    for (id, data) in model.data.iter() {
        let On::Files { host, .. } = data.on else { continue };
        let still = data.changed.is_some_and(|c| {
            let (part, per) = c.value;
            u128::from(part.0) * u128::from(DAY.0) <= u128::from(STILL.0) * u128::from(per.0)
        });
        if !still {
            continue;
        }
        let size = size_at_end(model, &[id], estate.facts.horizon);
        if size > LARGE_TREE {
            let (name, at) = (&data.name, &model.hosts[host].name);
            problems.push(
                Diagnostic::new(
                    &c::LARGE_TREE,
                    data.size.span,
                    format!(
                        "`{name}` comes to {} of files that hardly change on `{at}` within {} days, and is copied file by file",
                        show::bytes(size),
                        estate.facts.horizon.days
                    ),
                )
                .help("keep files that do not change on object storage, outside of this spec, or state the parts as data classes of their own, each with its host")
                .note("1 TiB at 100 MiB/s takes 2 h 55 min in one piece; file by file it takes several times that"),
            );
        }
    }
}

/// A pool of several servers that needs files of one server: all of them stand still with it.
fn one_server(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    let mut told = BTreeSet::new();
    for (_, service) in model.services.iter() {
        let pool = &model.pools[service.runs_on.0];
        let servers: BTreeSet<Idx<Host>> = pool.members.iter().map(|m| m.0).collect();
        if servers.len() < 2 {
            continue;
        }
        for (id, at) in &service.needs {
            let data = &model.data[*id];
            let On::Files { host, .. } = data.on else { continue };
            let mirrored = data.copies.iter().any(|c| matches!(model.copies[*c].kind, CopyKind::Mirror(_)));
            if mirrored || !told.insert(*id) {
                continue;
            }
            problems.push(
                Diagnostic::new(
                    &c::FILES_ON_ONE_SERVER,
                    *at,
                    format!(
                        "the {} servers of `{}` need the files of `{}`, which are on `{}` alone",
                        servers.len(),
                        pool.name,
                        data.name,
                        model.hosts[host].name
                    ),
                )
                .label(data.span, "no mirror")
                .help("add `mirror host { at = every 15 min }` to the data class"),
            );
        }
    }
}

/// "Consistency": a database goes back to one moment, and nothing that is emitted brings two of
/// them, or trees of files, to the same.
fn moments(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    for (_, service) in model.services.iter() {
        let Some((first, first_at)) = service.consistent.first() else { continue };
        let whole = together(model, *first);
        let Some((other, at)) = service.consistent.iter().find(|(d, _)| !whole.contains(d)) else { continue };
        let (a, b) = (&model.data[*first].name, &model.data[*other].name);
        problems.push(
            Diagnostic::new(
                &c::MOMENTS_DIFFER,
                *at,
                format!("`{a}` and `{b}` are not in one database: each comes back to a moment of its own"),
            )
            .label(*first_at, "must be of the same moment")
            .note(format!(
                "plans say so where `{}` needs both, and people look for what the other lacks",
                service.name
            ))
            .help("keep them in one database, or leave one of them out of `consistent`"),
        );
    }
}

/// Whether a tier asks for anything in a kind of scenario.
pub(super) fn asks(model: &Model, data: Idx<Data>, kind: StrikeKind) -> Option<Span> {
    let (tier, at) = model.data[data].tier?;
    let bounds = model.tiers[tier].bounds(kind);
    (bounds.rpo.is_some() || bounds.rto.is_some()).then_some(at)
}
