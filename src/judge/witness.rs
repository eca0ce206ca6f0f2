//! The behaviour that exceeds an objective.

use super::verdict::Witness;
use crate::calendar::show;
use crate::flow::stream::Behind;
use crate::flow::{Binding, StreamFact};
use crate::model::CopyKind;
use crate::ops::Job;
use crate::plan::{Choice, Estate, Means, Plan, Reason};
use crate::quantity::{Duration, show as quantity};
use la_arena::Idx;

/// What happens when nothing serves.
pub(super) fn nothing(reason: &Reason) -> Witness {
    Witness {
        strike: "any moment".to_owned(),
        kept: Some("nothing".to_owned()),
        bound_by: reason.to_string(),
    }
}

/// How a choice loses what it surely can.
pub(super) fn of_loss(estate: Estate<'_>, choice: &Choice) -> Witness {
    if choice.cut.surely > Duration::ZERO && choice.loss_surely == choice.cut.surely {
        return Witness {
            strike: "the last strike of the scenario, whenever it falls".to_owned(),
            kept: Some(format!("what was written {} before", quantity::duration(choice.cut.surely))),
            bound_by: format!(
                "nothing reached {} any more for {} before it",
                estate.model.copies[choice.copy].name,
                quantity::duration(choice.cut.surely)
            ),
        };
    }
    match choice.means {
        Means::Promote => of_stream(estate, choice),
        Means::Publish | Means::Restore => of_runs(estate, choice),
    }
}

fn of_stream(estate: Estate<'_>, choice: &Choice) -> Witness {
    let stream = estate.ops.streams.iter().find(|(_, s)| s.serves.contains(&choice.copy));
    let fact = stream.and_then(|(id, _)| estate.facts.streams.get(id));
    match fact.map(|f| (f, &f.lag)) {
        Some((f, Behind::Lag(lag))) => Witness {
            strike: format!("every week at {}", show::second_of_week(lag.at)),
            kept: Some(format!("what was written {} before", quantity::duration(f.surely))),
            bound_by: format!("{} wait to be sent at {}", quantity::bytes(lag.backlog), binding(estate, f)),
        },
        Some((f, Behind::Never(n))) => Witness {
            strike: "the longer after the start, the worse".to_owned(),
            kept: None,
            bound_by: format!(
                "{} come on average and {} go, {}",
                quantity::bytes_per_sec(n.mean),
                quantity::bytes_per_sec(n.service),
                binding(estate, f)
            ),
        },
        _ => nothing(&Reason::NoCopySurvives),
    }
}

/// What a stream's rate is bound by, in words.
pub fn binding(estate: Estate<'_>, fact: &StreamFact) -> String {
    let rate = quantity::rate(fact.way.rate);
    let name = |l: Idx<crate::model::Link>| &estate.model.links[l].name;
    match fact.way.binding {
        Binding::Local => format!("{rate} within the site"),
        Binding::Share(link, n) if n > 1 => {
            format!("{rate}, one of {n} parts of a share of `{}`", name(link))
        }
        Binding::Share(link, _) => format!("{rate} of `{}`", name(link)),
        Binding::Leftover(link) => format!("{rate}, what others leave of `{}`", name(link)),
        Binding::Limit => format!("{rate}, the stated limit"),
        Binding::Card(host) => {
            format!("{rate}, what others leave of the card of `{}`", estate.model.hosts[host].name)
        }
        Binding::Disk(host) => {
            format!("{rate}, what others leave of the disk of `{}`", estate.model.hosts[host].name)
        }
        Binding::Window => format!("{rate}, the TCP window over the round trip"),
        Binding::Losses => format!("{rate}, what losses leave one TCP connection on average"),
    }
}

/// The longest gap of a schedule, and the run at its end that the strike cuts off.
fn of_runs(estate: Estate<'_>, choice: &Choice) -> Witness {
    let Some(job) = newest(estate, choice) else { return nothing(&Reason::NoCopySurvives) };
    let surely = estate.facts.jobs.get(job).and_then(|f| f.surely());
    let Some((loss, surely)) = estate.facts.surely_lost(job).zip(surely) else {
        return nothing(&Reason::NoCopySurvives);
    };
    let j = &estate.ops.jobs[job];
    let missed = match estate.facts.after_misses(job).map_or(0, |f| f.missed.runs) {
        0 => String::new(),
        1 => "; the run at its end is missed".to_owned(),
        n => format!("; {n} runs in a row, that at its end the first, are missed"),
    };
    // What was in progress when contents went wrong may end all the same: then it is just before that.
    let loss = loss.min(choice.loss_surely);
    let next = match loss > surely.gap && surely.takes > Duration::ZERO {
        true => format!(", and the next takes {}", quantity::duration(surely.takes)),
        false => String::new(),
    };
    let strike = surely.from.saturating_add(i64::try_from(loss.0 / 1_000_000_000).unwrap_or(i64::MAX));
    Witness {
        strike: show::instant(strike, &j.zone),
        kept: Some(format!("what was written before {}", show::instant(surely.from, &j.zone))),
        bound_by: format!(
            "`{}`: {} from one run to the next{next}{missed}{}",
            j.name,
            quantity::duration(surely.gap),
            if surely.somewhere { "; which two depends on how long each waits" } else { "" }
        ),
    }
}

/// The job whose runs are the newest points of a copy: its logs where it has them.
pub fn newest(estate: Estate<'_>, choice: &Choice) -> Option<Idx<Job>> {
    let jobs = estate.index.jobs(choice.copy);
    match estate.model.copies[choice.copy].kind {
        CopyKind::Replica(_) => None,
        _ => jobs.iter().copied().find(|j| estate.ops.is_log(*j)).or_else(|| jobs.first().copied()),
    }
}

/// The steps that a recovery waits for, at their longest, what each of them waits for, and how much
/// of that is sure.
pub(super) fn of_time(estate: Estate<'_>, plan: &Plan, step: usize) -> Witness {
    let model = estate.model;
    let mut parts = Vec::new();
    for leg in plan.legs(step).into_iter().filter(|l| l.takes.0 > 0) {
        let Some(s) = plan.steps.get(leg.step) else { continue };
        let waits = leg.waits_for.map_or(String::new(), |r| format!(" once {} is free", r.words(model)));
        let about = s.kind.about(model);
        parts.push(format!("{}{about}{waits} {}", s.kind.name(), quantity::duration(leg.takes)));
    }
    let surely = plan.steps.get(step).map_or(crate::quantity::Duration::ZERO, |s| s.surely);
    Witness {
        strike: "any moment".to_owned(),
        kept: None,
        bound_by: format!("{}; {} of it are sure", parts.join(", "), quantity::duration(surely)),
    }
}
