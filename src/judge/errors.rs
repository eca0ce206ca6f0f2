//! The findings of this stage, one function each.

use super::Verdicts;
use super::verdict::{Status, Verdict};
use crate::base::Span;
use crate::diag::{Diagnostic, Problems, catalogue as c};
use crate::model::{Hop, Objective};
use crate::ops::Stream;
use crate::plan::{Estate, Reason, Subject};
use crate::quantity::show;
use std::collections::BTreeMap;

/// One finding for each objective of a subject that is not proved under every scenario, about the
/// scenario in which it is worst.
pub fn findings(estate: Estate<'_>, verdicts: &Verdicts, problems: &mut Problems) {
    let mut groups: BTreeMap<(Subject, Objective), Vec<&Verdict>> = BTreeMap::new();
    for v in verdicts.list.iter().filter(|v| v.status != Status::Proved) {
        groups.entry((v.subject, v.objective)).or_default().push(v);
    }
    for (_, group) in groups {
        let worst = group.iter().copied().max_by_key(|v| (v.strain(), std::cmp::Reverse(v.scenario)));
        if let Some(worst) = worst {
            problems.push(not_met(estate, verdicts, worst, &group));
        }
    }
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
    let entry = match (worst.objective, worst.status) {
        (Objective::Rpo, Status::Refuted) => &c::RPO_NOT_MET,
        (Objective::Rpo, _) => &c::RPO_UNPROVED,
        (Objective::Rto, Status::Refuted) => &c::RTO_NOT_MET,
        (Objective::Rto, _) => &c::RTO_UNPROVED,
    };
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
    finding.help(super::runs::way_out(estate, worst).unwrap_or_else(|| way_out(worst)))
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
    let level = estate.facts.jobs.get(job).and_then(|f| f.loss_alone()).map(|(_, l)| l.level);
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
        (Some(Reason::KeptTooShort), _) => {
            "raise `keep`, and `immutable` where an attacker is the case, above the time until it is noticed and read back".to_owned()
        }
        (Some(Reason::MissingInput(what)), _) => format!("state {what}"),
        (Some(Reason::Stalls), _) => "use `mode = semi-sync`, which goes on alone, or one more replica".to_owned(),
        (Some(Reason::TooFewServers(..)), _) => {
            "name standby servers elsewhere, or say with `replace` how long new ones take".to_owned()
        }
        (Some(Reason::NoWayIn), _) => "give the name a `failover`, or the address a second host".to_owned(),
        (Some(Reason::Needs(what)), _) => format!("protect `{what}`"),
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
