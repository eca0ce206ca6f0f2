//! Whether another plan would meet what this one misses, in words.

use super::verdict::Verdict;
use crate::plan::{Crowd, Estate, Floor, Resource};
use crate::quantity::show;

/// What is known of all other plans, where the one that was made surely misses a recovery time.
pub fn any_plan(estate: Estate<'_>, v: &Verdict) -> Option<String> {
    v.floor.as_ref().map(|floor| words(estate, v, floor))
}

fn words(estate: Estate<'_>, v: &Verdict, floor: &Floor) -> String {
    if floor.alone > v.allowed {
        return format!(
            "no order of the steps and no other copy meets it: alone, from the copy that is back first, it surely takes {}",
            show::duration(floor.alone)
        );
    }
    match &floor.crowd {
        Some(crowd) => in_a_crowd(estate, crowd),
        None => "another order or another copy may meet it: of the plans that were tried this is the best"
            .to_owned(),
    }
}

fn in_a_crowd(estate: Estate<'_>, crowd: &Crowd) -> String {
    let model = estate.model;
    let shown: Vec<String> =
        crowd.units.iter().take(3).map(|d| format!("`{}`", model.data[*d].name)).collect();
    let more = match crowd.units.len().saturating_sub(shown.len()) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!(
        "no order of the steps and no choice of copies is in time for all of {}{more}: from {} on they surely keep {} busy for {}, and the last of them is due after {}",
        shown.join(", "),
        show::duration(crowd.from),
        match crowd.at {
            Resource::Operator => "the people".to_owned(),
            thing => thing.words(model),
        },
        show::duration(crowd.busy),
        show::duration(crowd.due)
    )
}
