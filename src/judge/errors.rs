//! The findings of this stage, one function each.

use super::Verdicts;
use super::verdict::{Status, Verdict};
use super::waivers::finding_of;
use crate::base::Span;
use crate::base::similar::nearest;
use crate::calendar::show as calendar;
use crate::diag::{Diagnostic, Problems, Waived, catalogue as c};
use crate::flow::{Break, DiskFact, DiskUse, Stop, StoreFact};
use crate::model::claims::{Asked, Assertion};
use crate::model::{Copy, Data, Hop, Host, Input, Model, Objective, Response, Service, Store, StrikeKind};
use crate::ops::{Job, Level, Pool, Stream};
use crate::plan::{Estate, Reason, Subject};
use crate::quantity::{Duration, show};
use la_arena::Idx;
use std::collections::BTreeMap;

/// One finding for each objective of a subject that is not proved under every scenario, about the
/// scenario in which it is worst. Those that waivers cover are given apart.
pub fn findings(estate: Estate<'_>, verdicts: &Verdicts, problems: &mut Problems) -> Vec<Waived> {
    let mut groups: BTreeMap<(Subject, Objective, Option<usize>), Vec<&Verdict>> = BTreeMap::new();
    // What stops the runs of a copy is told where it stands, unless that is waived.
    let causes = [&c::STORE_OVERFLOWS, &c::DISK_OVERFLOWS, &c::POOL_EXHAUSTED];
    let waivers = &estate.model.claims.waivers;
    let waived = waivers.iter().any(|w| causes.iter().any(|c| w.finding == c.name));
    let told = |v: &&Verdict| v.status != Status::Proved && (waived || v.reason != Some(Reason::RunsStop));
    for v in verdicts.list.iter().filter(told) {
        groups.entry((v.subject, v.objective, v.waived)).or_default().push(v);
    }
    let mut apart = Vec::new();
    for ((_, _, by), group) in groups {
        let worst = group.iter().copied().max_by_key(|v| (v.strain(), std::cmp::Reverse(v.scenario)));
        let Some(worst) = worst else { continue };
        let finding = not_met(estate, verdicts, worst, &group);
        match by {
            Some(by) => apart.push(Waived { finding, by }),
            None => problems.push(finding),
        }
    }
    apart
}

fn not_met(estate: Estate<'_>, verdicts: &Verdicts, worst: &Verdict, group: &[&Verdict]) -> Diagnostic {
    let model = estate.model;
    let (name, tier, whole) = match worst.subject {
        Subject::Data(d) => (&model.data[d].name, model.data[d].tier, model.data[d].span),
        Subject::Service(s) => (&model.services[s].name, model.services[s].tier, model.services[s].span),
    };
    let what = match worst.objective {
        Objective::Rpo => "recovery point",
        Objective::Rto => "recovery time",
    };
    let entry = finding_of(worst);
    let claim = tier.map_or(String::new(), |(t, _)| format!(" `{}`", model.tiers[t].name));
    let verb = if worst.status == Status::Refuted { "does not meet" } else { "is not shown to meet" };
    let bound = match (worst.predicted, &worst.reason) {
        (Some(bound), _) => format!("{what} {}", show::duration(bound)),
        (None, Some(reason)) => format!("{what} without bound, {reason}"),
        (None, None) => format!("{what} without bound"),
    };
    let scenario =
        |v: &Verdict| verdicts.scenarios.get(v.scenario as usize).map_or(String::new(), |s| s.name(model));
    let mut finding = Diagnostic::new(
        entry,
        tier.map_or(whole, |t| t.1),
        format!("`{name}` {verb}{claim}: {bound}, asked for {}", show::duration(worst.allowed)),
    )
    .here("claimed here")
    .label(culprit(estate, worst), format!("what it rests on when `{}` strikes", scenario(worst)));
    if let Some(w) = &worst.witness {
        let kept = w.kept.as_ref().map_or(String::new(), |k| format!("; kept is {k}"));
        finding = finding.note(format!("strike at {}{kept}; {}", w.strike, w.bound_by));
    } else if worst.predicted.is_some() {
        finding = finding
            .note("the bound is above what is asked, and no behaviour that exceeds it is known".to_owned());
    }
    if let Some(words) = super::any_plan(estate, worst) {
        finding = finding.note(words);
    }
    for (status, words) in
        [(Status::Refuted, "nor does it under"), (Status::Unknown, "nor is it shown to under")]
    {
        let same = group.iter().filter(|v| v.status == status && v.scenario != worst.scenario);
        let mut others: Vec<String> = same.map(|v| format!("`{}`", scenario(v))).collect();
        others.dedup();
        if others.is_empty() {
            continue;
        }
        let shown = others.iter().take(6).cloned().collect::<Vec<_>>().join(", ");
        let more = if others.len() > 6 { format!(" and {} more", others.len() - 6) } else { String::new() };
        finding = finding.note(format!("{words} {shown}{more}"));
    }
    let way = super::rules::sync::without_loss(estate, worst).or_else(|| super::runs::way_out(estate, worst));
    finding.help(way.unwrap_or_else(|| way_out(worst)))
}

/// Where the input stands that binds a verdict: the schedule, the stream, or the copy's own place.
fn culprit(estate: Estate<'_>, v: &Verdict) -> Span {
    let Some(copy) = v.relies_on else { return Span::default() };
    let own = estate.model.copies[copy].span;
    if v.objective == Objective::Rto {
        return own;
    }
    let jobs = estate.index.jobs(copy);
    let log =
        jobs.iter().copied().find(|j| matches!(estate.ops.jobs[*j].kind, crate::ops::JobKind::Log { .. }));
    let Some(job) = log.or_else(|| jobs.first().copied()) else { return own };
    let level = estate.facts.jobs.get(job).and_then(|f| f.surely()).map(|s| s.level.level);
    estate.ops.jobs[job].runs.iter().find(|r| Some(r.level) == level).map_or(own, |r| r.span)
}

fn way_out(v: &Verdict) -> String {
    match (&v.reason, v.objective) {
        (Some(Reason::NoCopySurvives), _) => {
            "keep a copy that this does not take: another site, another conduit, a store that nobody can delete in".to_owned()
        }
        (Some(Reason::NoConsistentMoment), _) => {
            "write `files = independent` if each file means something by itself; else keep the data in a database or take it from a snapshot".to_owned()
        }
        (Some(Reason::NeverCatchesUp), _) => {
            "give the stream a larger share or a faster link, or compress it".to_owned()
        }
        (Some(Reason::Overruns), _) => "let it run less often, carry less, or give it more bandwidth".to_owned(),
        (Some(Reason::LogsExpire), _) => {
            "raise `logs-kept`, and what sets it on the server, above the time from one log run to the end of the next".to_owned()
        }
        (Some(Reason::KeptTooShort), _) => {
            "raise `keep`, and `immutable` where an attacker is the case, above the time until it is noticed and read back".to_owned()
        }
        (Some(Reason::RunsStop), _) => "give them volumes and room".to_owned(),
        (Some(Reason::MissingInput(what)), _) => format!("state {what}"),
        (Some(Reason::Stalls), _) => "use `mode = semi-sync`, which goes on alone, or one more replica".to_owned(),
        (Some(Reason::TooFewServers(..)), _) => {
            "name standby servers elsewhere, linked to what they work with, or say with `replace` how long new ones take".to_owned()
        }
        (Some(Reason::NoWayIn), _) => "give the name a `failover`, or the address a second host".to_owned(),
        (Some(Reason::Needs(what)), _) => format!("protect `{what}`"),
        (Some(Reason::Elsewhere(what)), _) => format!(
            "link its servers to where `{what}` then is, or give it servers and names that nobody else uses"
        ),
        (Some(Reason::KeysLost(server)), _) => {
            format!("keep the master key of `{server}` in one more place that this does not take, and name it in `keys`")
        }
        (Some(Reason::CatalogueLost(store)), _) => format!("give `{store}` a host that a director can run on"),
        (Some(Reason::NameServerLost(host)), _) => {
            format!("say with `replace` how long `{host}` takes to stand again, or use a name server elsewhere")
        }
        (Some(Reason::ControlHostLost), _) => {
            "name one more host in `control { hosts = … }` that this does not take and that reaches what it must".to_owned()
        }
        (Some(Reason::PlansLost), _) => {
            "keep the plans in one more place: `control { plans = … }` takes hosts, and sites for what is printed".to_owned()
        }
        (Some(Reason::CutOff(_)), _) => "keep a copy outside of it that can be promoted".to_owned(),
        (Some(Reason::Circle(what)), _) => {
            format!("keep what opens the backup of `{what}` outside of it")
        }
        (None, Objective::Rpo) => {
            "copy more often or over a faster way, or promise less".to_owned()
        }
        (None, Objective::Rto) => {
            "the note names the steps that take the time: shorten the longest, or promise less".to_owned()
        }
    }
}

pub(super) fn never_catches_up(stream: &Stream, mean: u64, service: u64, why: String) -> Diagnostic {
    Diagnostic::new(
        &c::NEVER_CATCHES_UP,
        stream.span,
        format!(
            "this replica never catches up: {} are written on average and {} get through",
            show::bytes_per_sec(mean),
            show::bytes_per_sec(service)
        ),
    )
    .note(format!("what gets through is bound by {why}"))
    .help("give the stream a larger share or a faster link, or compress it")
}

pub(super) fn unencrypted(
    estate: Estate<'_>,
    copy: crate::model::Idx<crate::model::Copy>,
    hop: Hop,
) -> Diagnostic {
    let model = estate.model;
    let (copy, link) = (&model.copies[copy], &model.links[hop.link]);
    let data = &model.data[copy.data];
    Diagnostic::new(
        &c::UNENCRYPTED_LINK,
        copy.span,
        format!("`{}` asks for encryption, and `{}` states none", data.name, link.name),
    )
    .here("crosses it")
    .label(link.span, "this link")
    .help("say how it is encrypted: `encrypted = ipsec`, `wireguard`, `macsec` or `tls`")
}

pub(super) fn no_response(name: &str, at: Span) -> Diagnostic {
    Diagnostic::new(
        &c::NO_RESPONSE,
        at,
        format!("nothing says how long people take to react when `{name}` is hit"),
    )
    .help("`use std.responses.staffed`, or state a `response`")
}

pub(super) fn assertion(a: &Assertion, status: Status, left: &str, right: &str) -> Diagnostic {
    let (entry, verb) = match status {
        Status::Refuted => (&c::ASSERT_FAILED, "does not hold"),
        _ => (&c::ASSERT_UNPROVED, "is not shown to hold"),
    };
    let finding = Diagnostic::new(entry, a.span, format!("this {verb}: {left} against {right}"))
        .help("`drc why` shows where such a number comes from: mend what it rests on, or assert what holds");
    match &a.because {
        Some(reason) => finding.note(format!("asserted because {reason}")),
        None => finding,
    }
}

pub(super) fn unknown_scenario(asked: &Asked, names: &[String]) -> Diagnostic {
    let what = format!("no scenario is called `{}`", asked.scenario);
    let help = match nearest(&asked.scenario, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "scenarios are called `host db-a1`, `site hz-a`, `link dwdm`, `corruption`, `hostile`, or as the spec calls its own".to_owned(),
    };
    Diagnostic::new(&c::UNKNOWN_SCENARIO, asked.span, what).help(help)
}

pub(super) fn recovery_cycle(first: &str, edges: &[super::cycles::Edge], help: &str) -> Diagnostic {
    let at = edges.last().map(|e| e.span).unwrap_or_default();
    let mut finding = Diagnostic::new(
        &c::RECOVERY_CYCLE,
        at,
        format!("`{first}` can be recovered only when it is already there"),
    );
    for (n, edge) in edges.iter().enumerate() {
        finding = if n + 1 == edges.len() {
            finding.here(format!("{}: {}", n + 1, edge.words))
        } else {
            finding.label(edge.span, format!("{}: {}", n + 1, edge.words))
        };
    }
    finding.help(help.to_owned())
}

/// The date of an instant where a job's schedule is kept.
fn date(at: i64, zone: &crate::calendar::Zone) -> String {
    zone.local(at).map_or_else(|| format!("second {at}"), |(date, _, _)| date.to_string())
}

pub(super) fn locked_volumes(pool: &Pool, lock: &Input<Duration>) -> Diagnostic {
    let lock_time = show::duration(lock.value);
    Diagnostic::new(
        &c::LOCKED_VOLUMES,
        pool.span,
        format!(
            "`{}` is to overwrite volumes after {}, and its store lets nobody before {lock_time}",
            pool.name,
            show::duration(pool.keep)
        ),
    )
    .label(lock.span, "locked for so long")
    .help(format!("write `keep = {lock_time}` or more, or leave it out: it is then as long as it must be"))
}

pub(super) fn pool_exhausted(estate: Estate<'_>, job: &Job, stop: Stop, needed: Option<u64>) -> Diagnostic {
    let pool = job.pools.get(stop.pool);
    let name = pool.map_or(&job.name, |p| &p.name);
    let volumes = pool.and_then(|p| p.volumes).unwrap_or_default();
    let already = stop.at <= estate.facts.horizon.as_of;
    let when = if already { "already".to_owned() } else { format!("on {}", date(stop.at, &job.zone)) };
    let finding = Diagnostic::new(
        &c::POOL_EXHAUSTED,
        pool.map_or(job.span, |p| p.span),
        format!(
            "{when} a run of `{}` finds each of the {volumes} volumes of `{name}` in use, and waits for an operator",
            job.name
        ),
    );
    let finding = match pool {
        Some(p) => finding.note(format!(
            "a volume takes {} of its runs and is overwritten {} after the last of them",
            p.runs,
            show::duration(p.keep)
        )),
        None => finding,
    };
    match needed {
        Some(n) => finding.help(format!("write `volumes = {n}`, leave it out, or keep them for less time")),
        None => finding.help("allow more volumes, or keep them for less time"),
    }
}

pub(super) fn chain_breaks(job: &Job, broken: &Break) -> Diagnostic {
    let (at, level) = broken.missing;
    let pool = job.pool(level);
    let days = Duration::from_days(broken.needed.secs_up().div_ceil(86_400));
    let wanted = show::duration(days);
    let finding = Diagnostic::new(
        &c::CHAIN_BREAKS,
        pool.map_or(job.span, |p| p.span),
        format!(
            "from {} on a point of `{}` that is to be kept cannot be restored",
            date(broken.on, &job.zone),
            job.name
        ),
    );
    let instant = |at: i64| calendar::instant(at, &job.zone);
    let keep = show::duration(broken.kept);
    let finding = if level == Level::Log {
        finding.note(format!(
            "its logs are kept {keep}, and a point {} old needs those since the data was backed up, up to {wanted} ago",
            show::duration(job.keep)
        ))
    } else if at == broken.point {
        finding.note(format!("the {} run of {} is itself kept {keep}", level.name(), instant(at)))
    } else {
        finding.note(format!(
            "the {} run of {} stands on the {} run of {}, which is kept {keep}",
            broken.level.name(),
            instant(broken.point),
            level.name(),
            instant(at)
        ))
    };
    finding.help(format!("keep {} runs for {wanted} or more", level.name()))
}

pub(super) fn files_forgotten(job: &Job, forgotten: &Break) -> Diagnostic {
    let (_, level) = forgotten.missing;
    let shorter = [job.files_kept, job.jobs_kept].into_iter().flatten().min_by_key(|k| k.value);
    let wanted = show::duration(Duration::from_days(forgotten.needed.secs_up().div_ceil(86_400)));
    Diagnostic::new(
        &c::FILES_FORGOTTEN,
        shorter.map_or(job.span, |k| k.span),
        format!(
            "the catalogue forgets {} runs of `{}` after {}, and they are needed for {wanted}",
            level.name(),
            job.name,
            show::duration(forgotten.kept)
        ),
    )
    .note(format!(
        "from {} on the {} run of {} cannot be restored file by file, and Bacula does not say that it is incomplete",
        date(forgotten.on, &job.zone),
        forgotten.level.name(),
        calendar::instant(forgotten.point, &job.zone)
    ))
    .help("leave `files-kept` and `jobs-kept` out: records then go with their volume")
}

pub(super) fn one_full_kept(job: &Job, pool: &Pool, between: Duration) -> Diagnostic {
    Diagnostic::new(
        &c::ONE_FULL_KEPT,
        pool.span,
        format!(
            "fulls of `{}` are kept {} and come up to {} apart",
            job.name,
            show::duration(pool.keep),
            show::duration(between)
        ),
    )
    .note("when one fails, the next incremental finds no full and becomes one, in a window made for less")
    .help(format!("write `keep = {}` or more", show::duration(between.times(2))))
}

pub(super) fn store_overflows(estate: Estate<'_>, id: Idx<Store>, fact: &StoreFact, on: i64) -> Diagnostic {
    let store = &estate.model.stores[id];
    let zone = &estate.model.sites[estate.model.hosts[store.host].site].zone;
    let mark = fact.mark.unwrap_or_default();
    let over = crate::quantity::Bytes(fact.peak.0.saturating_sub(mark.0));
    let mut finding = Diagnostic::new(
        &c::STORE_OVERFLOWS,
        store.capacity.map_or(store.span, |c| c.span),
        format!(
            "`{}` may hold more than its mark of {} from {} on",
            store.name,
            show::bytes(mark),
            date(on, zone)
        ),
    )
    .note(format!(
        "at most it holds {} on {}, {} more than that",
        show::bytes(fact.peak),
        date(fact.peak_on, zone),
        show::bytes(over)
    ));
    for share in fact.pools.iter().take(4) {
        let Some(pool) = estate.ops.jobs[share.job].pools.get(share.pool) else { continue };
        finding = finding.note(format!(
            "`{}` takes {} of it, in {} volumes",
            pool.name,
            show::bytes(share.bytes),
            share.volumes
        ));
    }
    if fact.pools.len() > 4 {
        finding = finding.note(format!("{} more pools take the rest", fact.pools.len() - 4));
    }
    finding.help(format!(
        "give it {} more, keep less in the largest pools, or let fulls come less often",
        show::bytes(over)
    ))
}

fn disk_use(estate: Estate<'_>, what: DiskUse) -> String {
    match what {
        DiskUse::Data(d) => format!("`{}`", estate.model.data[d].name),
        DiskUse::Staged(job) => format!("what `{}` stages", estate.ops.jobs[job].name),
        DiskUse::Mirror(job) => format!("the snapshots of `{}`", estate.ops.jobs[job].name),
    }
}

fn disk(estate: Estate<'_>, id: Idx<Host>, fact: &DiskFact, message: String) -> Diagnostic {
    let host = &estate.model.hosts[id];
    let span = host.disk_capacity.map_or(host.span, |c| c.span);
    let mut finding = Diagnostic::new(&c::DISK_OVERFLOWS, span, message);
    for (what, bytes) in fact.parts.iter().take(4) {
        finding = finding.note(format!("{} take up to {}", disk_use(estate, *what), show::bytes(*bytes)));
    }
    finding
}

pub(super) fn disk_overflows(estate: Estate<'_>, id: Idx<Host>, fact: &DiskFact, on: i64) -> Diagnostic {
    let host = &estate.model.hosts[id];
    let message = format!(
        "the disk of `{}` may hold {}, more than its mark of {} from {} on",
        host.name,
        show::bytes(fact.most),
        show::bytes(fact.mark),
        date(on, &estate.model.sites[host.site].zone)
    );
    disk(estate, id, fact, message).help("give it a larger disk, or move some of it to another host")
}

pub(super) fn no_room_to_restore(
    estate: Estate<'_>,
    id: Idx<Host>,
    fact: &DiskFact,
    copy: Idx<Copy>,
    bytes: crate::quantity::Bytes,
) -> Diagnostic {
    let host = &estate.model.hosts[id];
    let left = crate::quantity::Bytes(fact.mark.0.saturating_sub(fact.most.0));
    let c = &estate.model.copies[copy];
    let message = format!(
        "a restore to `{}` may need {}, and its disk has {} left below its mark",
        host.name,
        show::bytes(bytes),
        show::bytes(left)
    );
    disk(estate, id, fact, message)
        .label(c.span, "what is restored")
        .note("what was there is moved aside, and what is restored is made ready beside it")
        .help("give it a larger disk")
}

pub(super) fn looser(
    model: &Model,
    data: Idx<Data>,
    service: Idx<Service>,
    kind: StrikeKind,
    (own, theirs): (Input<Duration>, Input<Duration>),
    due: Duration,
) -> Diagnostic {
    let (d, s) = (&model.data[data], &model.services[service]);
    let tier = d.tier.map_or(String::new(), |t| format!(" `{}`", model.tiers[t.0].name));
    Diagnostic::new(
        &c::LOOSER_THAN_SERVICE,
        d.tier.map_or(d.span, |t| t.1),
        format!(
            "`{}` may come back after {} and `{}`, which needs it, promises {}",
            d.name,
            show::duration(own.value),
            s.name,
            show::duration(theirs.value)
        ),
    )
    .here("promises less here")
    .label(theirs.span, "than this")
    .note(format!(
        "in the case `{}` it is due after {}, what the services that need it leave it of their time; plans go by that",
        kind.name(),
        show::duration(due)
    ))
    .help(format!("give `{}` a tier whose rto is at most {}, not{tier}", d.name, show::duration(due)))
}

pub(super) fn no_time(model: &Model, response: Idx<Response>) -> Option<Diagnostic> {
    let r = &model.responses[response];
    let (what, input) = [("decide", &r.declare), ("do a step by hand", &r.confirm)]
        .into_iter()
        .find(|(_, input)| input.value.1 == Duration::ZERO)?;
    Some(
        Diagnostic::new(
            &c::INSTANT_PEOPLE,
            input.span,
            format!("the people of `{}` take no time to {what}", r.name),
        )
        .help("state the longest that it takes, also at night: nothing that drc writes does it without them"),
    )
}
