//! Objectives that are not met and that the spec knows of.

use super::Verdicts;
use super::verdict::{Status, Verdict};
use crate::diag::{Entry, Waiver, catalogue as c};
use crate::model::{Model, Objective, Subject};

/// The finding that says that an objective is not proved.
pub(super) fn finding_of(v: &Verdict) -> &'static Entry {
    match (v.objective, v.status) {
        (Objective::Rpo, Status::Refuted) => &c::RPO_NOT_MET,
        (Objective::Rpo, _) => &c::RPO_UNPROVED,
        (Objective::Rto, Status::Refuted) => &c::RTO_NOT_MET,
        (Objective::Rto, _) => &c::RTO_UNPROVED,
    }
}

/// Whether a finding says that an objective is not proved.
pub fn is_verdict(entry: &Entry) -> bool {
    [&c::RPO_NOT_MET, &c::RPO_UNPROVED, &c::RTO_NOT_MET, &c::RTO_UNPROVED].contains(&entry)
}

/// Marks the verdicts that are not proved and that a waiver covers which is in force at `as_of`
/// (Unix seconds), and in `used` those waivers.
pub fn waive(model: &Model, verdicts: &mut Verdicts, as_of: i64, used: &mut [bool]) {
    let holds = |w: &&(usize, &Waiver)| w.1.holds_at(as_of);
    let numbered: Vec<(usize, &Waiver)> = model.claims.waivers.iter().enumerate().collect();
    let waivers: Vec<(usize, &Waiver)> = numbered.iter().filter(holds).copied().collect();
    if waivers.is_empty() {
        return;
    }
    let names: Vec<String> = verdicts.scenarios.iter().map(|s| s.name(model)).collect();
    for v in verdicts.list.iter_mut().filter(|v| v.status != Status::Proved) {
        let (tier, whole) = match v.subject {
            Subject::Data(d) => (model.data[d].tier, model.data[d].span),
            Subject::Service(s) => (model.services[s].tier, model.services[s].span),
        };
        let at = tier.map_or(whole, |t| t.1);
        let under = names.get(v.scenario as usize).map(String::as_str);
        let name = finding_of(v).name;
        v.waived = waivers.iter().find(|(_, w)| w.covers(name, at, under)).map(|(n, _)| *n);
        if let Some(slot) = v.waived.and_then(|n| used.get_mut(n)) {
            *slot = true;
        }
    }
}
