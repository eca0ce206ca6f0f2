//! What a spec asserts of its own verdicts: held, broken, or not known.

use super::Verdicts;
use super::errors;
use super::measure;
use super::verdict::Status;
use crate::diag::{Diagnostic, Problems};
use crate::model::Scenario;
use crate::model::claims::{Asked, Assertion, Compare, Side};
use crate::plan::Estate;
use crate::quantity::{Duration, Quantity, show};
use std::cmp::Ordering;

/// What became of an assertion.
#[derive(Clone, Debug)]
pub struct Asserted {
    /// *Proved* when it holds in every behaviour that the inputs admit, *refuted* when it does not
    /// in one of them.
    pub status: Status,
    /// The finding, when it is not proved.
    pub finding: Option<Diagnostic>,
}

/// One side, once it is known.
enum Known {
    /// The least that it is at worst, and the most; `None` without bound.
    Times(Duration, Option<Duration>),
    Exactly(Quantity),
    Is(Status),
}

/// Judges every assertion of the spec, in their order. What an assertion about an unknown scenario
/// comes to is not known.
pub fn assertions(estate: Estate<'_>, verdicts: &Verdicts) -> Vec<Asserted> {
    estate.model.claims.assertions.iter().map(|a| judge(estate, verdicts, a)).collect()
}

impl Asserted {
    /// The findings of several.
    pub fn tell(asserted: &[Self], problems: &mut Problems) {
        problems.extend(asserted.iter().filter_map(|a| a.finding.clone()));
    }
}

fn judge(estate: Estate<'_>, verdicts: &Verdicts, a: &Assertion) -> Asserted {
    let (left, right) = match (known(estate, verdicts, &a.left), known(estate, verdicts, &a.right)) {
        (Ok(left), Ok(right)) => (left, right),
        (Err(finding), _) | (_, Err(finding)) => {
            return Asserted { status: Status::Unknown, finding: Some(*finding) };
        }
    };
    let status = match (&left, &right) {
        (Known::Is(l), Known::Is(r)) => {
            exactly(a.compare, if l == r { Ordering::Equal } else { Ordering::Less })
        }
        (Known::Exactly(l), Known::Exactly(r)) => match l.compare(r) {
            Ok(order) => exactly(a.compare, order),
            Err(_) => Status::Unknown,
        },
        _ => match (times(&left), times(&right)) {
            (Some(l), Some(r)) => ranges(a.compare, l, r),
            _ => Status::Unknown,
        },
    };
    let finding =
        (status != Status::Proved).then(|| errors::assertion(a, status, &said(&left), &said(&right)));
    Asserted { status, finding }
}

fn known(estate: Estate<'_>, verdicts: &Verdicts, side: &Side) -> Result<Known, Box<Diagnostic>> {
    match side {
        Side::Quantity(q) => Ok(Known::Exactly(*q)),
        Side::Status(word) => {
            let all = [Status::Proved, Status::Refuted, Status::Unknown];
            Ok(Known::Is(all.into_iter().find(|s| s.name() == word).unwrap_or(Status::Unknown)))
        }
        Side::Measure(asked) => {
            let (mut least, mut most) = (Duration::ZERO, Some(Duration::ZERO));
            for (_, scenario) in named(estate, verdicts, asked)? {
                let (surely, bound) = measure(estate, scenario, asked.subject, asked.objective);
                least = least.max(surely);
                most = most.and_then(|m| Some(m.max(bound?)));
            }
            Ok(Known::Times(least, most))
        }
        Side::Verdict(asked) => {
            let scenarios = named(estate, verdicts, asked)?;
            let judged = verdicts.list.iter().filter(|v| {
                v.subject == asked.subject
                    && v.objective == asked.objective
                    && scenarios.iter().any(|(n, _)| *n == v.scenario)
            });
            // What a scenario does not touch is met.
            let worst =
                judged.map(|v| v.status).max_by_key(|s| (*s == Status::Refuted, *s == Status::Unknown));
            Ok(Known::Is(worst.unwrap_or(Status::Proved)))
        }
    }
}

/// The scenarios that bear a name.
fn named<'v>(
    estate: Estate<'_>,
    verdicts: &'v Verdicts,
    asked: &Asked,
) -> Result<Vec<(u32, &'v Scenario)>, Box<Diagnostic>> {
    let model = estate.model;
    let numbered = verdicts.scenarios.iter().enumerate().map(|(n, s)| (n as u32, s));
    let found: Vec<(u32, &Scenario)> = numbered.filter(|(_, s)| s.name(model) == asked.scenario).collect();
    if found.is_empty() {
        let names: Vec<String> = verdicts.scenarios.iter().map(|s| s.name(model)).collect();
        return Err(Box::new(errors::unknown_scenario(asked, &names)));
    }
    Ok(found)
}

fn times(side: &Known) -> Option<(Duration, Option<Duration>)> {
    match side {
        Known::Times(least, most) => Some((*least, *most)),
        Known::Exactly(q) => q.to_duration().ok().map(|d| (d, Some(d))),
        Known::Is(_) => None,
    }
}

fn exactly(compare: Compare, order: Ordering) -> Status {
    let holds = match compare {
        Compare::Less => order == Ordering::Less,
        Compare::AtMost => order != Ordering::Greater,
        Compare::More => order == Ordering::Greater,
        Compare::AtLeast => order != Ordering::Less,
        Compare::Equal => order == Ordering::Equal,
        Compare::Differs => order != Ordering::Equal,
    };
    if holds { Status::Proved } else { Status::Refuted }
}

/// Whether it holds wherever the two values lie, nowhere, or somewhere.
fn ranges(
    compare: Compare,
    left: (Duration, Option<Duration>),
    right: (Duration, Option<Duration>),
) -> Status {
    let top = |side: (Duration, Option<Duration>)| side.1.unwrap_or(Duration::MAX);
    // `a` lies below `b` in every case, or in none.
    let (l, r) = match compare {
        Compare::Less | Compare::AtMost => (left, right),
        _ => (right, left),
    };
    let strict = matches!(compare, Compare::Less | Compare::More);
    let below = |a: Duration, b: Duration| if strict { a < b } else { a <= b };
    if l.1.is_some() && below(top(l), r.0) {
        Status::Proved
    } else if !below(l.0, top(r)) {
        Status::Refuted
    } else {
        Status::Unknown
    }
}

fn said(side: &Known) -> String {
    match side {
        Known::Exactly(q) => q.to_string(),
        Known::Is(status) => status.name().to_owned(),
        Known::Times(_, None) => "without bound".to_owned(),
        Known::Times(least, Some(most)) if least == most => show::duration(*most),
        Known::Times(least, Some(most)) => {
            format!("between {} and {} at worst", show::duration(*least), show::duration(*most))
        }
    }
}
