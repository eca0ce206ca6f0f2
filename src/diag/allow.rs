//! Waivers: `allow(NAME) because "…" until DATE`, applied in one place.
//!
//! A waiver stands in a block and covers the findings of that name inside of it, until its day is
//! over. It changes no verdict: what it covers is still counted and listed, as waived.

use super::{Diagnostic, Severity, catalogue as c};
use crate::base::similar::nearest;
use crate::base::{EcoString, Span};

/// A waiver as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiver {
    /// The name of the finding.
    pub finding: EcoString,
    /// Only what it says about this scenario; everything when not stated.
    pub under: Option<EcoString>,
    /// Why.
    pub reason: EcoString,
    /// The first Unix second after its last day (UTC); it never ends when not stated.
    pub ends: Option<i64>,
    /// Where the name stands.
    pub span: Span,
    /// The whole block that it stands in.
    pub within: Span,
}

/// A finding that is waived.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waived {
    /// What was found.
    pub finding: Diagnostic,
    /// Which waiver covers it, by its place in the list.
    pub by: usize,
}

impl Waiver {
    /// Whether it is in force at a moment (Unix seconds).
    pub fn holds_at(&self, moment: i64) -> bool {
        self.ends.is_none_or(|end| moment < end)
    }

    /// Whether it covers a finding of that name about a place, under a scenario if it is about
    /// one.
    pub fn covers(&self, name: &str, at: Span, under: Option<&str>) -> bool {
        self.finding == name
            && self.within.lo <= at.lo
            && at.hi <= self.within.hi
            && self.under.as_deref().is_none_or(|u| Some(u) == under)
    }
}

/// Whether a finding of that name may be waived: a verdict, or a warning. What is wrong with the
/// spec itself would leave nothing to judge.
fn may_be_waived(entry: &c::Entry) -> bool {
    entry.severity == Severity::Warning || entry.stage == "judge"
}

/// Takes the findings that are waived out of a list, and marks in `used` the waivers that cover
/// one.
pub fn split(
    findings: Vec<Diagnostic>,
    waivers: &[Waiver],
    as_of: i64,
    used: &mut [bool],
) -> (Vec<Diagnostic>, Vec<Waived>) {
    let (mut kept, mut waived) = (Vec::new(), Vec::new());
    for finding in findings {
        let by = waivers.iter().position(|w| {
            may_be_waived(finding.entry)
                && w.under.is_none()
                && w.holds_at(as_of)
                && w.covers(finding.entry.name, finding.primary.span, None)
        });
        match by {
            Some(by) => {
                if let Some(slot) = used.get_mut(by) {
                    *slot = true;
                }
                waived.push(Waived { finding, by });
            }
            None => kept.push(finding),
        }
    }
    (kept, waived)
}

/// What is wrong with the waivers themselves: `used` says which of them cover something. Those of
/// findings that only a build makes are trusted to.
pub fn findings(waivers: &[Waiver], as_of: i64, used: &[bool]) -> Vec<Diagnostic> {
    let mut all = Vec::new();
    for (n, w) in waivers.iter().enumerate() {
        // A pattern that is applied often holds the same waiver each time.
        let twin = |m: &usize| waivers.get(*m).is_some_and(|o| o.span == w.span);
        if (0..n).any(|m| twin(&m)) {
            continue;
        }
        let Some(entry) = c::find(&w.finding) else {
            let names = c::ALL.iter().map(|e| e.name);
            let hint = match nearest(&w.finding, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`drc explain` lists all findings".to_owned(),
            };
            let what = format!("there is no finding `{}`", w.finding);
            all.push(Diagnostic::new(&c::UNKNOWN_NAME, w.span, what).help(hint));
            continue;
        };
        if !may_be_waived(entry) {
            let what = format!("`{}` cannot be waived: {}", entry.name, entry.summary);
            all.push(
                Diagnostic::new(&c::CANNOT_ALLOW, w.span, what)
                    .help("mend it: without that the spec means nothing that could be judged"),
            );
            continue;
        }
        if !w.holds_at(as_of) {
            all.push(
                Diagnostic::new(
                    &c::EXPIRED_WAIVER,
                    w.span,
                    format!("the waiver of `{}` has ended", entry.name),
                )
                .here("in force no more")
                .help("mend what it was about, or decide anew and state a later day"),
            );
            continue;
        }
        let covers = (0..waivers.len()).filter(twin).any(|m| used.get(m).copied().unwrap_or(false));
        if !covers && entry.stage != "emit" {
            all.push(
                Diagnostic::new(&c::UNUSED_WAIVER, w.span, format!("no `{}` is found here", entry.name))
                    .help("drop the waiver: left in place it would hide the next one"),
            );
        }
    }
    all
}
