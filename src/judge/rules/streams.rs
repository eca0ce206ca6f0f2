//! Streams and first copies over links: how long they take to begin, and what TCP and the link let
//! through.

use crate::base::EcoString;
use crate::calendar::{WeekProfile, show as calendar};
use crate::diag::{Diagnostic, Problems, catalogue as c};
use crate::flow::stream::Behind;
use crate::flow::{Binding, StreamFact, WayRate, size_at_end, together};
use crate::model::{Class, CopyKind, Direction, Hop, Idx, Link, Model};
use crate::ops::shaping::part;
use crate::ops::{JobKind, Stream, class_of};
use crate::plan::Estate;
use crate::quantity::{Bytes, Duration, Rate, Ratio, show, time_to_move};
use std::collections::{BTreeMap, BTreeSet};

/// All rules of this file.
pub(super) fn check(estate: Estate<'_>, problems: &mut Problems) {
    slow_seeds(estate, problems);
    tcp_limits(estate, problems);
    link_load(estate, problems);
}

/// how long a new replica or mirror takes to arrive over its link.
fn slow_seeds(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    let streams = estate.facts.streams.iter().map(|(id, f)| {
        let s = &estate.ops.streams[id];
        (s.serves.first().copied(), s.paths.first(), f.way)
    });
    let mirrors = estate.facts.jobs.iter().filter_map(|(id, f)| {
        let job = &estate.ops.jobs[id];
        let mirror = matches!(job.kind, JobKind::Mirror { .. });
        mirror.then_some((job.serves.first().copied(), job.paths.first(), f.way))
    });
    for (copy, path, way) in streams.chain(mirrors) {
        let (Some(copy), Some(path)) = (copy.map(|c| &model.copies[c]), path) else { continue };
        let within = match &copy.kind {
            CopyKind::Replica(r) => r.seed_within,
            CopyKind::Mirror(m) => m.seed_within,
            CopyKind::Backup(_) | CopyKind::CopyOf(_) => continue,
        };
        // Without any rate nothing arrives at all: told of where the copy is relied on.
        if path.hops.is_empty() || way.rate == Rate(0) {
            continue;
        }
        let size = size_at_end(model, &together(model, copy.data), estate.facts.horizon);
        let takes = time_to_move(size, way.rate).unwrap_or(Duration::MAX);
        if takes > within.value {
            let goal = if within.assumed.is_some() { ", the goal where none is stated" } else { "" };
            problems.push(
                Diagnostic::new(
                    &c::SLOW_SEED,
                    copy.span,
                    format!(
                        "the first `{}` of `{}` takes {} to arrive, above {}{goal}",
                        copy.name,
                        model.data[copy.data].name,
                        show::duration(takes),
                        show::duration(within.value)
                    ),
                )
                .label(super::stated(within), "what is allowed")
                .note(format!("{} at {}; so long a loss of it leaves one copy less", show::bytes(size), show::rate(way.rate)))
                .help("give it a larger share or a faster link, carry the first copy there on disks, or allow more: `seed-within = 7 days`"),
            );
        }
    }
}

/// TCP gets less through than the link has for it. Told where a queue builds because of it,
/// or where a window leaves more than half unused.
fn tcp_limits(estate: Estate<'_>, problems: &mut Problems) {
    let streams = estate.facts.streams.iter().map(|(id, f)| {
        let s = &estate.ops.streams[id];
        let queue = tcp_binds(f.way) && builds(estate, s, f);
        let hops = s.paths.first().map_or(&[][..], |p| &p.hops).to_vec();
        (
            format!("the stream to `{}`", estate.model.hosts[s.to].name),
            s.span,
            hops,
            Class::Replication,
            f.way,
            queue,
        )
    });
    let jobs = estate
        .facts
        .jobs
        .iter()
        .filter(|(id, _)| !matches!(estate.ops.jobs[*id].kind, JobKind::Verify { .. }));
    let jobs = jobs.map(|(id, f)| {
        let j = &estate.ops.jobs[id];
        let hops = j.paths.first().map_or(&[][..], |p| &p.hops).to_vec();
        (format!("`{}`", j.name), j.span, hops, class_of(&j.kind), f.way, false)
    });
    let mut told = BTreeSet::new();
    for (what, span, hops, class, way, queue) in streams.chain(jobs) {
        let Some((link, could)) = could_have(estate, &hops, class).filter(|_| tcp_binds(way)) else {
            continue;
        };
        let wasted = way.binding == Binding::Window && way.rate.0 < could.0 / 2;
        if (queue && way.rate < could || wasted) && told.insert(link) {
            problems.push(tcp_finding(estate.model, link, &what, span, way, could));
        }
    }
}

fn tcp_binds(way: WayRate) -> bool {
    matches!(way.binding, Binding::Window | Binding::Losses)
}

/// Whether more is written than gets through at some hour. A burst alone always waits.
fn builds(estate: Estate<'_>, stream: &Stream, fact: &StreamFact) -> bool {
    let burst = estate.facts.logs.profile(stream.cluster).map_or(Bytes::ZERO, |p| p.burst);
    matches!(fact.lag, Behind::Lag(lag) if lag.backlog > burst)
}

/// What the narrowest link of a way has for one member of a class, payload counted.
fn could_have(estate: Estate<'_>, hops: &[Hop], class: Class) -> Option<(Idx<Link>, Rate)> {
    let model = estate.model;
    let of = |hop: &Hop| {
        let link = &model.links[hop.link];
        let raw = match part(model, &estate.facts.members, &[*hop], class) {
            Some((rate, _, _)) => rate,
            None => link.bandwidth.value,
        };
        (hop.link, raw.part_down(link.efficiency.value))
    };
    hops.iter().map(of).min_by_key(|(_, rate)| *rate)
}

fn tcp_finding(
    model: &Model,
    link: Idx<Link>,
    what: &str,
    span: crate::base::Span,
    way: WayRate,
    could: Rate,
) -> Diagnostic {
    let l = &model.links[link];
    // needed window = rate x round trip (calculus, section 4)
    let window = Bytes(
        u64::try_from((u128::from(could.0) * u128::from(way.rtt.0)).div_ceil(8_000_000_000))
            .unwrap_or(u64::MAX),
    );
    let connections = could.0.div_ceil(way.rate.0.max(1));
    let message = format!(
        "one TCP connection gets {} of the {} that `{}` has for {what}",
        show::rate(way.rate),
        show::rate(could),
        l.name
    );
    let many = format!("{} would need {connections} connections like that", show::rate(could));
    let trip = show::duration(way.rtt);
    if way.binding == Binding::Window {
        let assumed = if l.window.assumed.is_some() { " as is assumed" } else { "" };
        Diagnostic::new(&c::TCP_LIMIT, l.window.span, message)
            .label(span, "what is held back")
            .note(format!("a window of {}{assumed} in {trip}; {many}", show::bytes(l.window.value)))
            .help(format!(
                "let hosts at both ends reach a window of {} (`net.ipv4.tcp_wmem` and `tcp_rmem`), and say so: `window = {} MiB`",
                show::bytes(window),
                window.0.div_ceil(1 << 20)
            ))
    } else {
        let assumed = if l.loss.assumed.is_some() { " as is assumed" } else { "" };
        Diagnostic::new(&c::TCP_LIMIT, l.loss.span, message)
            .label(span, "what is held back")
            .note(format!("with {} of packets lost{assumed} in {trip}, on average; {many}", show::ratio(l.loss.value)))
            .help("measure the loss and state it, have the carrier mend the line, or compress the stream: `compress = 2`")
    }
}

/// What a stream puts on the wire over a week, and to whom.
type Sent = (WeekProfile, EcoString);

/// R-14, and "link load over the week": streams that each fit a share, or an undivided link, and
/// do not fit it together at the hour at which most is written.
fn link_load(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    let mut over: BTreeMap<(Idx<Link>, Direction), Vec<Sent>> = BTreeMap::new();
    let crosses = |s: &Stream| s.paths.first().is_some_and(|p| !p.hops.is_empty());
    for (_, stream) in estate.ops.streams.iter().filter(|(_, s)| crosses(s)) {
        let Some(log) = estate.facts.logs.profile(stream.cluster) else { continue };
        let wire = log.scaled(inverse(stream.compress));
        for hop in stream.paths.first().iter().flat_map(|p| &p.hops) {
            let name = model.hosts[stream.to].name.clone();
            over.entry((hop.link, hop.direction)).or_default().push((wire.clone(), name));
        }
    }
    for ((link, _), streams) in over {
        let l = &model.links[link];
        let share = l.share(Class::Replication);
        if streams.len() < 2 || share.is_none() && !l.shares.is_empty() {
            continue;
        }
        let raw = share.map_or(l.bandwidth.value, |s| l.bandwidth.value.part_down(s.value));
        let room = raw.part_down(l.efficiency.value).in_bytes_down();
        let sum = WeekProfile::sum(streams.iter().map(|s| &s.0));
        let worst = sum.segments().max_by_key(|(start, _, rate)| (*rate, std::cmp::Reverse(*start)));
        let Some((start, _, load)) = worst.filter(|w| w.2 > room) else { continue };
        if streams.iter().any(|s| s.0.peak() > room) {
            continue;
        }
        let names: Vec<String> = streams.iter().map(|s| format!("`{}`", s.1)).collect();
        problems.push(
            Diagnostic::new(
                &c::LINK_OVERLOADED,
                share.map_or(l.bandwidth.span, |s| s.span),
                format!(
                    "from {} the streams over `{}` bring {} together, and it has {} for them",
                    calendar::second_of_week(start),
                    l.name,
                    show::bytes_per_sec(load),
                    show::bytes_per_sec(room)
                ),
            )
            .note(format!("each fits alone: those to {}", names.join(", ")))
            .help("give them a larger share or a faster link, compress them, or send one over another link"),
        );
    }
}

/// One over a ratio, rounded up.
fn inverse(ratio: Ratio) -> Ratio {
    let whole = u128::from(Ratio::WHOLE.0);
    Ratio(u64::try_from((whole * whole).div_ceil(u128::from(ratio.0.max(1)))).unwrap_or(u64::MAX))
}
