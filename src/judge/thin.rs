//! How long protection is thin after a loss, where a tier asks for a bound.

use crate::base::Span;
use crate::diag::{Diagnostic, Problems, catalogue as c};
use crate::model::{Data, Idx, Input, Scenario};
use crate::plan::{self, Estate, Exposure};
use crate::quantity::{Duration, show};
use std::collections::BTreeMap;

/// One finding for each data class that is longer without one of its copies than its tier asks
/// for, about the scenario in which it is longest. Costs nothing where no tier asks.
pub fn thin(estate: Estate<'_>, scenarios: &[Scenario], problems: &mut Problems) {
    let model = estate.model;
    let asked = |d: Idx<Data>| model.tiers[model.data[d].tier?.0].reprotect;
    if model.data.iter().all(|(id, _)| asked(id).is_none()) {
        return;
    }
    let mut worst: BTreeMap<Idx<Data>, (String, Exposure)> = BTreeMap::new();
    for scenario in scenarios {
        let mut plan = plan::plan(estate, scenario);
        plan::expose(estate, &mut plan);
        for e in std::mem::take(&mut plan.exposure) {
            let late = asked(e.data).is_some_and(|most| e.whole.most > most.value);
            let longer = |known: &(String, Exposure)| e.whole.most > known.1.whole.most;
            if late && worst.get(&e.data).is_none_or(longer) {
                worst.insert(e.data, (plan.title.clone(), e));
            }
        }
    }
    for (data, (title, exposure)) in worst {
        if let Some(most) = asked(data) {
            problems.push(too_long(estate, &title, &exposure, most));
        }
    }
}

fn too_long(estate: Estate<'_>, title: &str, e: &Exposure, asked: Input<Duration>) -> Diagnostic {
    let model = estate.model;
    let data = &model.data[e.data];
    let copy = &model.copies[e.last];
    let surely = if e.whole.least > asked.value { "is" } else { "is not shown not to be" };
    let long = match e.whole.most {
        Duration::MAX => "without bound".to_owned(),
        most => show::duration(most),
    };
    let at = data.tier.map_or(Span::default(), |t| t.1);
    let finding = Diagnostic::new(
        &c::THIN_TOO_LONG,
        at,
        format!(
            "`{}` {surely} without all of its copies for longer than {} after `{title}`: {long}",
            data.name,
            show::duration(asked.value)
        ),
    )
    .here("claimed here")
    .label(copy.span, "the last to be whole again");
    let finding = match &e.unstated {
        Some(what) => finding.note(format!("nobody says {what}")),
        None => finding,
    };
    finding.help("state `replace` for what may be lost, back up in full more often, give the way a larger share, or ask for less")
}
