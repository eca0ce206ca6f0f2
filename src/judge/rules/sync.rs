//! Copies that writes wait for: what the waiting costs, and what it is worth.

use crate::diag::{Diagnostic, Problems, Severity, catalogue as c};
use crate::flow::stream::commit_time;
use crate::judge::verdict::Verdict;
use crate::model::{Cluster, CopyKind, Idx, Mode, Objective, StrikeKind};
use crate::ops::Stream;
use crate::plan::Estate;
use crate::quantity::{Bytes, Duration, show};
use std::collections::BTreeMap;

/// What one commit sends: a page of row events, as a write of a shop makes them.
const COMMIT: Bytes = Bytes(16 * 1024);
/// A kilometre of fibre there and back: 5 us each way (calculus, section 4).
const KILOMETRE: Duration = Duration(10_000);
/// Places nearer than this stand in one regional threat radius: 100 km (calculus, section 4).
const RADIUS: Duration = Duration::from_millis(1);

/// All rules of this file.
pub(super) fn check(estate: Estate<'_>, problems: &mut Problems) {
    write_budgets(estate, problems);
    one_radius(estate, problems);
}

fn waiting(estate: Estate<'_>) -> BTreeMap<Idx<Cluster>, Vec<Idx<Stream>>> {
    let mut found: BTreeMap<Idx<Cluster>, Vec<Idx<Stream>>> = BTreeMap::new();
    for (id, s) in estate.ops.streams.iter().filter(|(_, s)| !matches!(s.mode, Mode::Async)) {
        found.entry(s.cluster).or_default().push(id);
    }
    found
}

/// a commit waits for the replica that completes the acknowledgements, one round trip and
/// its own bytes, within the budget.
fn write_budgets(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    for (cluster, streams) in waiting(estate) {
        let of = &model.clusters[cluster];
        let mut waits: Vec<(Duration, Idx<Stream>)> = streams
            .into_iter()
            .filter_map(|id| Some((commit_time(estate.facts.streams.get(id)?, COMMIT), id)))
            .collect();
        waits.sort_unstable();
        let nth =
            usize::try_from(model.engines[of.engine].acknowledgements.value.max(1)).unwrap_or(usize::MAX);
        let Some((wait, id)) = waits.get(nth - 1).or(waits.last()).copied() else { continue };
        let budget = of.write_budget;
        // A way that gets nothing through stalls every write: told of as a replica that never
        // catches up.
        if wait <= budget.value || wait == Duration::MAX {
            continue;
        }
        let stream = &estate.ops.streams[id];
        let assumed = if budget.assumed.is_some() { " as is assumed" } else { "" };
        let mut finding = Diagnostic::new(
                &c::WRITES_TOO_SLOW,
                stream.span,
                format!(
                    "each commit of `{}` waits {} for `{}`, and {} are allowed{assumed}",
                    of.name,
                    show::duration(wait),
                    model.hosts[stream.to].name,
                    show::duration(budget.value)
                ),
            )
            .label(super::stated(budget), "what is allowed")
            .note(format!(
                "one connection commits at most {} times a second; {} are {} km of fibre there and back",
                1_000_000_000 / wait.0.max(1),
                show::duration(budget.value),
                budget.value.0 / KILOMETRE.0
            ))
            .help(format!(
                "wait for a replica that is nearer, use `mode = async` for this one, or allow it: `write-budget = {} ms`",
                wait.0.div_ceil(1_000_000)
            ));
        // What nobody asked for is no error.
        if budget.assumed.is_some() {
            finding.severity = Severity::Warning;
        }
        problems.push(finding);
    }
}

/// a pair that stands within one threat radius, and no region says that it can be lost as a
/// whole, so that nobody judges it.
fn one_radius(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    for (_, streams) in waiting(estate) {
        let pair = streams.iter().find_map(|id| {
            let s = &estate.ops.streams[*id];
            let (a, b) = (model.hosts[s.from].site, model.hosts[s.to].site);
            let undeclared = model.sites[a].region.is_none() || model.sites[b].region.is_none();
            let near = estate.facts.streams.get(*id).is_some_and(|f| f.way.rtt <= RADIUS);
            let asked = s
                .serves
                .iter()
                .find_map(|c| super::inputs::asks(model, model.copies[*c].data, StrikeKind::Region));
            Some((s, a, b, asked.filter(|_| a != b && undeclared && near)?))
        });
        let Some((stream, a, b, asked)) = pair else { continue };
        let rtt = stream
            .paths
            .first()
            .map_or(Duration::ZERO, |p| p.hops.iter().map(|h| model.links[h.link].rtt.value).sum());
        let (a, b) = (&model.sites[a], &model.sites[b]);
        problems.push(
            Diagnostic::new(
                &c::SYNC_IN_ONE_RADIUS,
                stream.span,
                format!(
                    "`{}` and `{}` stand at most {} km apart, and no region says that both can be lost at once",
                    a.name,
                    b.name,
                    rtt.0.div_ceil(KILOMETRE.0)
                ),
            )
            .label(asked, "this claims to survive a region")
            .note(format!("the round trip is {}, and light in fibre takes 1 ms for 100 km there and back; floods, storms and grids fail over 10 to 100 km", show::duration(rtt)))
            .help("declare where they stand: `region NAME { site … }` around both, or one around each if they do not share a fate"),
        );
    }
}

/// the way out where nothing may be lost and the copy relied on is behind a stream
/// that does not wait, or stops waiting.
pub(in crate::judge) fn without_loss(estate: Estate<'_>, v: &Verdict) -> Option<String> {
    if v.objective != Objective::Rpo || v.allowed > Duration::ZERO {
        return None;
    }
    let copy = &estate.model.copies[v.relies_on?];
    let name = &copy.name;
    Some(match &copy.kind {
        CopyKind::Replica(r) if matches!(r.mode.value, Mode::SemiSync { .. }) => format!(
            "nothing is lost only while `{name}` is waited for, and `semi-sync` goes on alone after its time-out: use `mode = sync`, which stalls instead, on more replicas than this takes, or promise more than 0"
        ),
        CopyKind::Replica(r) if matches!(r.mode.value, Mode::Sync) => format!(
            "this takes `{name}`'s peers that may have acknowledged: have fewer `sync` replicas lost at once than acknowledgements are waited for, or promise more than 0"
        ),
        _ => format!(
            "`{name}` is always behind: where nothing may be lost, a replica with `mode = sync` must outlive this, or promise more than 0"
        ),
    })
}
