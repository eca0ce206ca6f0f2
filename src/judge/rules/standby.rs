//! Servers that are promised twice.

use crate::diag::{Diagnostic, Problems, catalogue as c};
use crate::model::{Group, Host, Idx, Model, Pool, Region, Site};
use crate::plan::Estate;
use std::collections::{BTreeMap, BTreeSet};

/// What can be lost at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Site(Idx<Site>),
    Region(Idx<Region>),
    Group(Idx<Group>),
}

impl Scope {
    fn name(self, model: &Model) -> String {
        match self {
            Self::Site(s) => format!("site {}", model.sites[s].name),
            Self::Region(r) => format!("region {}", model.regions[r].name),
            Self::Group(g) => format!("{} {}", model.groups[g].kind.name(), model.groups[g].name),
        }
    }
}

fn scopes(model: &Model, host: Idx<Host>) -> impl Iterator<Item = Scope> + '_ {
    let h = &model.hosts[host];
    let region = model.sites[h.site].region;
    let places = std::iter::once(Scope::Site(h.site)).chain(region.map(Scope::Region));
    places.chain(h.groups.iter().map(|(g, _)| Scope::Group(*g)))
}

/// the same standby server is started for two pools when one thing is lost. A pool's `needs`
/// counts servers for its own load, so one cannot count for two.
pub(super) fn check(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    let mut standby_of: BTreeMap<Idx<Host>, Vec<Idx<Pool>>> = BTreeMap::new();
    // Plans start servers for services: a pool that runs none is left alone.
    let used: BTreeSet<Idx<Pool>> = model.services.iter().map(|(_, s)| s.runs_on.0).collect();
    for (id, pool) in model.pools.iter().filter(|(id, _)| used.contains(id)) {
        for (host, _) in &pool.standby {
            standby_of.entry(*host).or_default().push(id);
        }
    }
    let mut told = BTreeSet::new();
    for (host, pools) in standby_of.iter().filter(|(_, p)| p.len() > 1) {
        let mut by_scope: BTreeMap<Scope, Idx<Pool>> = BTreeMap::new();
        for pool in pools {
            let lost: BTreeSet<Scope> =
                model.pools[*pool].members.iter().flat_map(|m| scopes(model, m.0)).collect();
            for scope in lost.into_iter().filter(|s| started(model, *pool, *s, *host)) {
                match by_scope.get(&scope) {
                    Some(other) if told.insert((*other, *pool)) => {
                        problems.push(finding(model, *host, (*other, *pool), scope));
                    }
                    Some(_) => {}
                    None => {
                        by_scope.insert(scope, *pool);
                    }
                }
            }
        }
    }
}

/// Whether a plan starts that standby server for a pool when that is lost: standby servers are
/// taken in their order, until enough work.
fn started(model: &Model, pool: Idx<Pool>, scope: Scope, host: Idx<Host>) -> bool {
    let p = &model.pools[pool];
    let stands = |h: &Idx<Host>| !scopes(model, *h).any(|s| s == scope);
    let left = p.members.iter().filter(|m| stands(&m.0)).count();
    let short = usize::try_from(p.needs.value).unwrap_or(usize::MAX).saturating_sub(left);
    p.standby.iter().map(|m| m.0).filter(stands).take(short).any(|h| h == host)
}

fn finding(model: &Model, host: Idx<Host>, (a, b): (Idx<Pool>, Idx<Pool>), scope: Scope) -> Diagnostic {
    let at = |pool: Idx<Pool>| {
        let p = &model.pools[pool];
        p.standby.iter().find(|(h, _)| *h == host).map_or(p.span, |(_, s)| *s)
    };
    Diagnostic::new(
        &c::STANDBY_SHARED,
        at(b),
        format!(
            "when `{}` is lost, `{}` is started for `{}` and for `{}`",
            scope.name(model),
            model.hosts[host].name,
            model.pools[a].name,
            model.pools[b].name
        ),
    )
    .here("counted for one load here")
    .label(at(a), "and for another here")
    .help("name a standby server of its own for each pool, in numbers that carry both loads")
}
