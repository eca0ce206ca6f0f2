//! The findings about scheduled runs, and what would mend an objective that rests on one.

use super::verdict::{Status, Verdict};
use crate::calendar::show as clock;
use crate::diag::{Diagnostic, catalogue as c};
use crate::flow::{Between, LevelFact, Neighbours, beside};
use crate::model::Objective;
use crate::ops::{Job, JobKind};
use crate::plan::Estate;
use crate::quantity::{Duration, show};
use la_arena::Idx;

/// A run may still go on when the next of its job is due (calculus, R-13).
pub(super) fn overruns(
    estate: Estate<'_>,
    neighbours: &Neighbours,
    id: Idx<Job>,
    level: &LevelFact,
) -> Diagnostic {
    let job = &estate.ops.jobs[id];
    let message = format!("a {}", too_long(job, level));
    let mut finding = Diagnostic::new(&c::RUN_OVERRUNS, at(job, level), message)
        .help("let it run less often, carry less, or give it more bandwidth");
    finding = company(estate, neighbours, id, level, next_start(job, level, finding));
    match level.alone.filter(|a| *a > Duration::ZERO && level.room.is_some_and(|r| *a <= r)) {
        Some(alone) => finding.note(format!(
            "alone, with today's size, it takes {}: the rest is growth, or waiting for others that use the same disks, cards, links and stores",
            show::duration(alone)
        )),
        None => finding,
    }
}

/// The same of a run only where as many before it, or before others beside it, were missed as tiers
/// tolerate.
pub(super) fn overruns_after_misses(
    estate: Estate<'_>,
    id: Idx<Job>,
    usual: &LevelFact,
    after: &LevelFact,
) -> Diagnostic {
    let job = &estate.ops.jobs[id];
    let message = format!("after missed runs a {}", too_long(job, after));
    let mut finding = Diagnostic::new(&c::OVERRUNS_AFTER_MISSES, at(job, after), message)
        .help("let runs carry less, give them more bandwidth, or tolerate fewer missed runs");
    if let Some(most) = usual.most {
        finding = finding.note(format!("where none are missed it takes up to {}", show::duration(most)));
    }
    next_start(job, after, finding)
}

/// A run and how its time compares with what it has until the next.
fn too_long(job: &Job, level: &LevelFact) -> String {
    let takes = match level.most {
        Some(most) => format!("takes up to {}", show::duration(most)),
        None => "has no bound on its time".to_owned(),
    };
    let next =
        level.room.map_or(String::new(), |r| format!(" and the next is due after {}", show::duration(r)));
    format!("{} run of `{}` {takes}{next}", level.level.name(), job.name)
}

/// Says when the run after one that overruns starts.
fn next_start(job: &Job, level: &LevelFact, finding: Diagnostic) -> Diagnostic {
    let skips = matches!(job.kind, JobKind::Mirror { .. } | JobKind::Log { .. });
    match level.between {
        Between::Late(gap) if skips => finding.note(format!(
            "starts while it goes on are left out: up to {} pass from a run to the next",
            show::duration(gap)
        )),
        Between::Late(gap) => finding.note(format!(
            "the next waits until it is over: up to {} pass from a run to the next",
            show::duration(gap)
        )),
        Between::Unbounded => finding
            .note("each run that is late makes the next one later: nothing bounds the time between them"),
        Between::AsSaid => finding,
    }
}

/// A run may end outside of the window that its schedule states (calculus, R-40).
pub(super) fn misses_window(
    estate: Estate<'_>,
    neighbours: &Neighbours,
    id: Idx<Job>,
    level: &LevelFact,
) -> Diagnostic {
    let job = &estate.ops.jobs[id];
    let left = level.window.map_or(Duration::ZERO, |w| w.length);
    let due = level.window.map_or(String::new(), |w| clock::instant(w.from, &job.zone));
    let (name, of) = (level.level.name(), &job.name);
    let message = match level.most {
        _ if left == Duration::ZERO => format!("a {name} run of `{of}` may start outside of its window"),
        Some(most) => format!(
            "a {name} run of `{of}` takes up to {}, and its window ends {} after its start",
            show::duration(most),
            show::duration(left)
        ),
        None => format!("a {name} run of `{of}` has no bound on its time, and its window ends"),
    };
    let finding = Diagnostic::new(&c::WINDOW_MISSED, at(job, level), message)
        .note(format!("least is left of the window for the run that is due at {due}"))
        .help("widen the window, start earlier in it, carry less, or give the run more bandwidth");
    company(estate, neighbours, id, level, finding)
}

/// Says what a run waits for and whom it shares with, where that makes it longer.
fn company(
    estate: Estate<'_>,
    neighbours: &Neighbours,
    id: Idx<Job>,
    level: &LevelFact,
    mut finding: Diagnostic,
) -> Diagnostic {
    let terms = &level.terms;
    if terms.wait > Duration::ZERO {
        finding = finding.note(format!(
            "{} of that it waits for a place: its director or its store serves fewer runs at once than come",
            show::duration(terms.wait)
        ));
    }
    if level.most.is_some() && terms.sharing > 1 {
        let others = beside(estate.model, estate.ops, estate.facts, neighbours, id);
        let names: Vec<String> =
            others.iter().take(4).map(|(j, on)| format!("`{}` on {on}", estate.ops.jobs[*j].name)).collect();
        let more = others.len().saturating_sub(names.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        if !names.is_empty() {
            finding = finding.note(format!("at the same time may go on {}{more}", names.join(", ")));
        }
    }
    finding
}

/// Where the schedule of a level was written.
fn at(job: &Job, level: &LevelFact) -> crate::base::Span {
    job.runs.iter().find(|r| r.level == level.level).map_or(job.span, |r| r.span)
}

/// The longest interval that meets a recovery point, where scheduled runs are the newest points and
/// nothing else is in the way (calculus, 3.8 and R-12).
pub(super) fn way_out(estate: Estate<'_>, v: &Verdict) -> Option<String> {
    if v.objective != Objective::Rpo || v.status == Status::Proved || v.reason.is_some() {
        return None;
    }
    let jobs = estate.index.jobs(v.relies_on?);
    let log = jobs.iter().find(|j| matches!(estate.ops.jobs[**j].kind, JobKind::Log { .. }));
    let job = *log.or_else(|| jobs.first())?;
    let fact = estate.facts.after_misses(job)?;
    let (loss, level) = fact.loss()?;
    let most = level.most?;
    // What its source lacks comes on top.
    let before = Duration(v.predicted?.0.checked_sub(loss.0)?);
    let takes = show::duration(most);
    // With each run that may be missed comes a gap more.
    let gaps = fact.missed.runs.saturating_add(1);
    let left = v.allowed.0.checked_sub(before.plus(most).0).map(|left| left / gaps);
    let left = left.filter(|left| *left >= most.0.max(60_000_000_000));
    Some(match left {
        Some(left) => {
            let left = Duration::from_mins(left / 60_000_000_000);
            format!(
                "a run takes up to {takes}: let no more than {} lie between them, or promise less",
                show::duration(left)
            )
        }
        None => format!(
            "a run takes up to {takes}, and twice that is more than what is asked: no schedule helps; give it more bandwidth or less to carry, or promise less"
        ),
    })
}
