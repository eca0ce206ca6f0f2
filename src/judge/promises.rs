//! Promises that do not go together, and people who take no time.

use super::errors;
use crate::diag::Problems;
use crate::model::{Data, StrikeKind, Tier};
use crate::plan::{self, Estate};
use la_arena::Idx;

/// A data class that may come back later than a service which needs it, and steps by hand that
/// take nobody any time.
pub fn promises(estate: Estate<'_>, problems: &mut Problems) {
    for (id, data) in estate.model.data.iter() {
        if let Some((tier, _)) = data.tier {
            looser(estate, id, tier, problems);
        }
    }
    for (id, _) in estate.model.responses.iter() {
        problems.extend(errors::no_time(estate.model, id));
    }
}

/// Tells of the first kind of scenario in which a data class promises to be back later than a
/// service that needs it (calculus, R-55).
fn looser(estate: Estate<'_>, data: Idx<Data>, tier: Idx<Tier>, problems: &mut Problems) {
    let model = estate.model;
    for service in estate.index.services(data) {
        let Some((of, _)) = model.services[*service].tier else { continue };
        for kind in StrikeKind::ALL {
            let (own, theirs) = (model.tiers[tier].bounds(kind).rto, model.tiers[of].bounds(kind).rto);
            if let (Some(own), Some(theirs)) = (own, theirs)
                && own.value > theirs.value
            {
                let due = plan::due(model, estate.index, data, kind).0;
                return problems.push(errors::looser(model, data, *service, kind, (own, theirs), due));
            }
        }
    }
}
