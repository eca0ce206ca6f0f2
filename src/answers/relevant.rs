//! Where the inputs of an objective were written.

use super::trial::Key;
use crate::base::Span;
use crate::driver::Compiled;
use crate::judge::Verdict;
use crate::model::On;
use crate::plan::{Subject, plan};
use crate::why::{self, Node};
use std::collections::{BTreeMap, BTreeSet};

/// Scenarios of one objective that are looked at: those nearest to failing.
const SCENARIOS: usize = 4;

/// The places of the inputs of some objectives, in the scenarios in which they are nearest to
/// failing: what their derivations rest on, and the blocks that claim and protect.
pub(super) fn inputs<'k>(
    compiled: &Compiled,
    keys: impl IntoIterator<Item = &'k Key>,
) -> BTreeMap<Key, BTreeSet<Span>> {
    let wanted: BTreeSet<&Key> = keys.into_iter().collect();
    let mut by_key: BTreeMap<Key, Vec<&Verdict>> = BTreeMap::new();
    for v in &compiled.verdicts.list {
        let key = Key::of(compiled, v);
        if wanted.contains(&key) {
            by_key.entry(key).or_default().push(v);
        }
    }
    let mut by_scenario: BTreeMap<u32, Vec<(&Key, &Verdict)>> = BTreeMap::new();
    for (key, list) in &mut by_key {
        list.sort_by_key(|v| (std::cmp::Reverse(v.strain()), v.scenario));
        for v in list.iter().take(SCENARIOS) {
            by_scenario.entry(v.scenario).or_default().push((key, v));
        }
    }
    let mut found: BTreeMap<Key, BTreeSet<Span>> = BTreeMap::new();
    for (scenario, list) in by_scenario {
        let Some(scenario) = compiled.verdicts.scenarios.get(scenario as usize) else { continue };
        let plan = plan(compiled.estate(), scenario);
        for (key, v) in list {
            let spans = found.entry(key.clone()).or_default();
            let mut take = |tree: &Node| {
                tree.inputs(&mut |_, origin| {
                    spans.insert(origin.span);
                })
            };
            // What a restore carries is what the runs wrote, so both trees count for both.
            for choice in plan.choices.iter().filter(|c| {
                Subject::Data(c.data) == v.subject
                    || matches!(v.subject, Subject::Service(s)
                    if compiled.model.services[s].needs.iter().any(|(d, _)| *d == c.data))
            }) {
                take(&why::loss(compiled.estate(), choice));
            }
            if let Some((_, step)) = plan.recovered.iter().find(|(s, _)| *s == v.subject) {
                take(&why::time(compiled.estate(), &plan, *step));
            }
            spans.extend(claims(compiled, v.subject));
            spans.remove(&Span::default());
        }
    }
    found
}

/// Where a subject claims to meet its tier, where it stands, and how it is protected.
fn claims(compiled: &Compiled, subject: Subject) -> Vec<Span> {
    let model = &compiled.model;
    match subject {
        Subject::Data(d) => {
            let data = &model.data[d];
            let host = match &data.on {
                On::Files { host, .. } => model.hosts[*host].span,
                On::Cluster(c) => model.hosts[model.clusters[*c].primary.0].span,
            };
            let copies = data.copies.iter().map(|c| model.copies[*c].span);
            [data.span, host].into_iter().chain(copies).collect()
        }
        Subject::Service(s) => vec![model.services[s].span, model.pools[model.services[s].runs_on.0].span],
    }
}
