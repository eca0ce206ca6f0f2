//! Binary logs on the servers that write them: kept long enough for all that read them, and within
//! the disk.

use crate::base::Span;
use crate::diag::{Diagnostic, Problems, catalogue as c};
use crate::flow::stream::Behind;
use crate::flow::{JobFact, size_at_end};
use crate::model::{Cluster, Idx, Model, StrikeKind};
use crate::ops::{JobKind, Stream};
use crate::plan::Estate;
use crate::quantity::{Duration, Rate, Ratio, show, time_to_move};
use std::collections::{BTreeMap, BTreeSet};

/// The part of a disk above which logs may fill it: the threshold that journals of arrays warn at
/// (calculus, 3.4).
const FULL: Ratio = Ratio::percent(70);

/// All rules of this file.
pub(super) fn check(estate: Estate<'_>, problems: &mut Problems) {
    expire(estate, problems);
    fill(estate, problems);
}

/// What needs the logs of a database, for how long at most.
struct Need {
    what: String,
    span: Span,
    /// From one run to the next and until it has ended; nothing for a stream.
    run: Duration,
    /// The outage that is tolerated, and the catching up after it.
    outage: Duration,
    catch_up: Duration,
}

impl Need {
    fn all(&self) -> Duration {
        self.run.plus(self.outage).plus(self.catch_up)
    }
}

/// R-16 and "Chains": the source keeps its logs for the interval of log runs, the outage that is
/// tolerated and the catching up. One finding for each database, about what needs them longest.
fn expire(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    let mut needs: BTreeMap<_, Need> = BTreeMap::new();
    let mut add = |cluster, need: Need| match needs.get(&cluster) {
        Some(known) if known.all() >= need.all() => {}
        _ => {
            needs.insert(cluster, need);
        }
    };
    for (id, fact) in estate.facts.streams.iter() {
        let stream = &estate.ops.streams[id];
        let Behind::Lag(lag) = fact.lag else { continue };
        let crosses = stream.paths.first().is_some_and(|p| !p.hops.is_empty());
        let outage = if crosses { tolerated(model, stream, lag.worst) } else { Duration::ZERO };
        let what = format!("`{}`", model.hosts[stream.to].name);
        let catch_up = catch_up(estate, stream.cluster, outage, fact.service);
        add(stream.cluster, Need { what, span: stream.span, run: Duration::ZERO, outage, catch_up });
    }
    for (id, job) in estate.ops.jobs.iter() {
        let JobKind::Log { cluster, .. } = job.kind else { continue };
        let Some((run, _)) = estate.facts.after_misses(id).and_then(JobFact::loss) else { continue };
        let what = format!("log runs of `{}`", job.name);
        let (outage, catch_up) = (Duration::ZERO, Duration::ZERO);
        let span = job.runs.first().map_or(job.span, |r| r.span);
        add(cluster, Need { what, span, run, outage, catch_up });
    }
    for (cluster, need) in needs {
        let of = &model.clusters[cluster];
        let kept = of.logs_kept.value;
        if need.all() <= kept {
            continue;
        }
        let who = if of.logs_kept.assumed.is_some() { "is assumed to keep" } else { "keeps" };
        let mut parts = Vec::new();
        for (time, what) in [
            (need.run, "from one run to the end of the next"),
            (need.outage, "of outage that the recovery point tolerates"),
            (need.catch_up, "of catching up"),
        ] {
            if time > Duration::ZERO {
                parts.push(format!("{} {what}", show::duration(time)));
            }
        }
        problems.push(
            Diagnostic::new(
                &c::LOGS_EXPIRE,
                of.logs_kept.span,
                format!(
                    "`{}` {who} its logs for {}, and {} may need them after {}",
                    of.name,
                    show::duration(kept),
                    need.what,
                    show::duration(need.all())
                ),
            )
            .label(need.span, "this needs them")
            .note(format!(
                "that is {}; what has expired is in no copy, and a replica must be made anew",
                parts.join(" and ")
            ))
            .help(format!(
                "keep them longer on each server, and say so: `logs-kept = {}`; or ship them more often",
                show::duration(Duration::from_hours(need.all().0.div_ceil(Duration::from_hours(1).0)))
            )),
        );
    }
}

/// The longest outage of a stream's way after which no data class has lost more than it claims to
/// at most: its recovery point less what the stream is behind (calculus, 3.2).
fn tolerated(model: &Model, stream: &Stream, lag: Duration) -> Duration {
    let rpo = |d: Idx<_>| model.tiers[model.data[d].tier?.0].bounds(StrikeKind::Link).rpo;
    let rpos = stream.serves.iter().filter_map(|c| rpo(model.copies[*c].data));
    rpos.map(|r| r.value).max().map_or(Duration::ZERO, |r| r.minus(lag))
}

/// How long what was written in an outage takes to drain beside what goes on being written:
/// a0 o / (c - a0), with the most that is written in the outage (calculus, 3.2).
fn catch_up(estate: Estate<'_>, cluster: Idx<Cluster>, outage: Duration, service: u64) -> Duration {
    let Some(backlog) = estate.facts.logs.written(cluster, outage) else {
        return Duration::ZERO;
    };
    if outage == Duration::ZERO {
        return Duration::ZERO;
    }
    let mean = estate.facts.logs.profile(cluster).map_or(0, |p| p.mean());
    time_to_move(backlog, Rate::bytes_per_sec(service.saturating_sub(mean))).unwrap_or(Duration::MAX)
}

/// the logs that are kept, and the data at the end of the horizon, within the disk of the
/// server that writes them.
fn fill(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    let mut writes: BTreeSet<Idx<Cluster>> = estate.ops.streams.iter().map(|(_, s)| s.cluster).collect();
    writes.extend(estate.ops.jobs.iter().filter_map(|(_, j)| match j.kind {
        JobKind::Log { cluster, .. } => Some(cluster),
        _ => None,
    }));
    for cluster in writes {
        let of = &model.clusters[cluster];
        let host = &model.hosts[of.primary.0];
        let kept = estate.facts.logs.written(cluster, of.logs_kept.value);
        let (Some(disk), Some(logs)) = (host.disk_capacity, kept) else {
            continue;
        };
        let size = size_at_end(model, &model.data_in(cluster), estate.facts.horizon);
        if size.plus(logs) <= disk.value.part_up(FULL) {
            continue;
        }
        let assumed = if of.logs_kept.assumed.is_some() { ", as is assumed" } else { "" };
        problems.push(
            Diagnostic::new(
                &c::LOGS_FILL_DISK,
                of.logs_kept.span,
                format!(
                    "`{}` may write {} of logs in the {} that it keeps them{assumed}, beside {} of data on a disk of {}",
                    of.name,
                    show::bytes(logs),
                    show::duration(of.logs_kept.value),
                    show::bytes(size),
                    show::bytes(disk.value)
                ),
            )
            .label(disk.span, "the disk")
            .note("70 % of a disk is the mark; a full one stops every write, and logs that are dropped in haste cost each replica that had not read them")
            .help("keep them for a shorter time, put them on a larger disk, or state the hours in which less is written"),
        );
    }
}
