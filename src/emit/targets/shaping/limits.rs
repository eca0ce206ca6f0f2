//! What shaping cannot hold.

use super::tree::{MOST_CLASSES, held};
use crate::base::Span;
use crate::diag::{Diagnostic, Problems, catalogue as c};
use crate::emit::targets::interface;
use crate::model::Model;
use crate::ops::{Ops, Shaper};
use crate::quantity::{Rate, show};
use std::collections::{BTreeMap, BTreeSet};

/// The least rate that HTB holds with packets of 1500 bytes: one takes a second and a half.
const LEAST: Rate = Rate(8_000);

/// Finds what cannot be held.
pub(super) fn supports(model: &Model, ops: &Ops, problems: &mut Problems) {
    for shaper in &ops.shapers {
        problems.extend(interface::check(&model.hosts[shaper.host]));
        rates(model, shaper, problems);
        overlaps(model, shaper, problems);
    }
}

fn rates(model: &Model, shaper: &Shaper, problems: &mut Problems) {
    let host = &model.hosts[shaper.host];
    let too_small = |at: Span, what: String| {
        Diagnostic::new(&c::SHAPING_RATE, at, what)
            .help(format!("at least {} can be held", show::rate(LEAST)))
    };
    if shaper.nic < LEAST {
        let what = format!("the card of `{}` moves too little to be divided", host.name);
        problems.push(too_small(host.nic.span, what));
        return;
    }
    for class in shaper.classes.iter().filter(|c| c.cap < LEAST) {
        let link = &model.links[class.link].name;
        let what = format!(
            "`{}` gets {} of the {} on `{link}`, too little to be held",
            host.name,
            show::rate(class.cap),
            class.class.name()
        );
        problems.push(too_small(class.span, what));
    }
    if shaper.classes.len() > MOST_CLASSES {
        let what = format!("`{}` sends in more shares than can be told apart", host.name);
        problems.push(Diagnostic::new(&c::SHAPING_RATE, host.span, what));
    }
    // A class alone that may have all of the card is fine: it is judged by the card's rate.
    let claimed = shaper.classes.iter().fold(0u64, |sum, c| sum.saturating_add(held(c.cap, shaper.nic).0));
    if claimed > shaper.nic.0 {
        let mut finding = Diagnostic::new(
            &c::CARD_TOO_SLOW,
            host.nic.span,
            format!(
                "`{}` must guarantee shares of {}, and its card moves {}",
                host.name,
                show::rate(Rate(claimed)),
                show::rate(shaper.nic)
            ),
        )
        .help("state the rate of its card, `nic = 10 Gbit/s`, or give smaller shares");
        let mut spans: Vec<Span> = shaper.classes.iter().map(|c| c.span).collect();
        spans.sort_unstable();
        spans.dedup();
        for span in spans {
            finding = finding.label(span, "a share that it holds");
        }
        problems.push(finding);
    }
}

/// Packets are told apart by their destination and port alone: one of these in two classes would
/// go to the first, whichever share it was meant for.
fn overlaps(model: &Model, shaper: &Shaper, problems: &mut Problems) {
    let mut claimed = BTreeMap::new();
    let mut told = BTreeSet::new();
    for (n, class) in shaper.classes.iter().enumerate() {
        for flow in &class.flows {
            let flow = (flow.to.to_canonical(), flow.port);
            let Some((before, first)) = claimed.insert(flow, (n, class)).filter(|(b, _)| *b != n) else {
                continue;
            };
            claimed.insert(flow, (before, first));
            // Once for each pair of classes is enough.
            if !told.insert((before, n)) {
                continue;
            }
            let name =
                |c: &crate::ops::ShaperClass| format!("{} on `{}`", c.class.name(), model.links[c.link].name);
            problems.push(
                Diagnostic::new(
                    &c::SHAPING_OVERLAP,
                    class.span,
                    format!(
                        "packets from `{}` to {} with port {} belong to {} and to {}",
                        model.hosts[shaper.host].name,
                        flow.0,
                        flow.1,
                        name(first),
                        name(class)
                    ),
                )
                .label(first.span, "the other share")
                .help("send both over the same link in the same class, or give one an address of its own"),
            );
        }
    }
}
