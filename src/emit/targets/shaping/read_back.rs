//! The files read again and compared with the operations.

use super::tree::Tree;
use super::{SCRIPT, UNIT, parse, unit};
use crate::emit::artifact::ArtifactTree;
use crate::emit::target::Input;
use crate::quantity::show;
use std::collections::BTreeSet;

/// One line for each difference.
pub(super) fn read_back(input: Input<'_>, tree: &ArtifactTree) -> Vec<String> {
    let mut found = Vec::new();
    for shaper in &input.ops.shapers {
        let host = &input.model.hosts[shaper.host].name;
        let path = format!("hosts/{host}{SCRIPT}");
        match tree.text(&path, 0o755).and_then(|t| parse(t).map_err(|e| e.to_string())) {
            Ok(is) => {
                found.extend(differences(&is, &Tree::of(shaper)).iter().map(|d| format!("{path}: {d}")))
            }
            Err(why) => found.push(format!("{path}: {why}")),
        }
        let path = format!("hosts/{host}{UNIT}");
        match tree.text(&path, 0o644) {
            Ok(t) if unit::settings(t) == unit::settings(&unit::text()) => {}
            Ok(_) => found.push(format!("{path}: says something else")),
            Err(why) => found.push(format!("{path}: {why}")),
        }
    }
    found
}

fn differences(is: &Tree, wanted: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    if is.interface != wanted.interface {
        found.push(format!("it shapes {}, not {}", is.interface, wanted.interface));
    }
    if is.root != wanted.root {
        found.push(format!("the card moves {}, not {}", show::rate(is.root), show::rate(wanted.root)));
    }
    if is.rest != wanted.rest {
        found.push(format!("the rest goes to class {:x}, not {:x}", is.rest, wanted.rest));
    }
    let minors: BTreeSet<u16> = is.leaves.keys().chain(wanted.leaves.keys()).copied().collect();
    for minor in minors {
        let (a, b) = (is.leaves.get(&minor), wanted.leaves.get(&minor));
        if a != b {
            found.push(format!("class {minor:x} is {a:?}, not {b:?}"));
        }
    }
    // Each is claimed once, so that their order means nothing: v4 is written before v6.
    let (mut a, mut b) = (is.filters.clone(), wanted.filters.clone());
    a.sort_unstable();
    b.sort_unstable();
    if a != b {
        found.push("its filters are others".to_owned());
    }
    found
}
