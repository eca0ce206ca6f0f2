//! What recovery itself needs and a scenario may take: keys, what opens a store, the hosts from
//! which plans are run, the places where they lie; and what is known of votes.

use super::build::Builder;
use super::choose::{Candidate, Source};
use super::step::{Actor, Reason, StepKind, Subject};
use super::units::Unit;
use super::{Lost, audit};
use crate::base::EcoString;
use crate::model::{Data, GroupKind, Host, Keeper, Model, On, Scenario, Store};
use crate::ops::{Director, Ops};
use crate::quantity::show;
use la_arena::Idx;
use std::collections::BTreeSet;

/// Whether a place of something small is gone. An attacker takes what production can write: what
/// lies on a host stays only when the host names credentials of its own, what lies in a safe stays.
fn taken(model: &Model, lost: &Lost, keeper: Keeper) -> bool {
    match keeper {
        Keeper::Host(host) if lost.hostile => !apart(model, host),
        Keeper::Host(host) => lost.host(host),
        Keeper::Store(store) => lost.store(store),
        Keeper::Site(site) => lost.whole_site(site),
    }
}

/// Whether nobody in production holds credentials of a host: it names some, and no host that
/// carries a primary copy or a server of a pool names one of them.
fn apart(model: &Model, host: Idx<Host>) -> bool {
    let own = |h: Idx<Host>| {
        let groups = model.hosts[h].groups.iter().map(|g| g.0);
        groups.filter(|g| model.groups[*g].kind == GroupKind::Credentials).collect::<BTreeSet<_>>()
    };
    let mine = own(host);
    let mut production = model
        .data
        .iter()
        .map(|(id, _)| model.primary_host(id))
        .chain(model.pools.iter().flat_map(|(_, p)| p.members.iter().chain(&p.standby).map(|m| m.0)));
    !mine.is_empty() && production.all(|h| h != host && own(h).is_disjoint(&mine))
}

/// The backup server all of whose keys are gone, if it is the one that a director belongs to.
pub(super) fn keys_left(model: &Model, ops: &Ops, lost: &Lost, director: Idx<Director>) -> Option<EcoString> {
    let servers = servers_of(model, ops, director);
    let mut gone = servers
        .into_iter()
        .filter(|s| !s.keys.is_empty() && s.keys.iter().all(|(k, _)| taken(model, lost, *k)));
    gone.next().map(|s| s.name.clone())
}

/// The backup servers whose keys or passwords a director needs: that of its host, and for one that
/// stands by those whose runs it reads.
fn servers_of<'a>(
    model: &'a Model,
    ops: &Ops,
    director: Idx<Director>,
) -> Vec<&'a crate::model::BackupServer> {
    let d = &ops.directors[director];
    let wrote = |s: &crate::model::BackupServer| {
        ops.directors.iter().any(|(_, o)| {
            o.host == s.host.0 && d.standby && o.stores.iter().any(|store| d.stores.contains(store))
        })
    };
    model.backup_servers.iter().map(|(_, s)| s).filter(|s| s.host.0 == d.host || wrote(s)).collect()
}

/// What is known of what opens stores while a plan is made.
#[derive(Clone, Copy)]
pub(super) struct Openings<'a> {
    /// What is being recovered.
    pub unit: &'a [Idx<Data>],
    /// What is hit and not recovered yet, what is being recovered left out.
    pub pending: &'a BTreeSet<Idx<Data>>,
    /// What cannot be recovered.
    pub gone: &'a [(Subject, Reason)],
    /// Whether nothing that is pending can come first any more.
    pub last: bool,
}

impl Openings<'_> {
    /// What must be recovered before a director can read a store, or why it never can.
    pub fn of(
        &self,
        model: &Model,
        ops: &Ops,
        store: Idx<Store>,
        director: Idx<Director>,
    ) -> Result<Vec<Idx<Data>>, Reason> {
        if !model.has_openers() {
            return Ok(Vec::new());
        }
        let openers = openers(model, ops, store, director);
        for by in &openers {
            let name = || model.data[*by].name.clone();
            if self.unit.contains(by) || (self.last && self.pending.contains(by)) {
                return Err(Reason::Circle(name()));
            }
            if self.gone.iter().any(|(s, _)| *s == Subject::Data(*by)) {
                return Err(Reason::Needs(name()));
            }
        }
        Ok(openers)
    }
}

/// What opens a store and the director that reads it.
pub(super) fn openers(
    model: &Model,
    ops: &Ops,
    store: Idx<Store>,
    director: Idx<Director>,
) -> Vec<Idx<Data>> {
    let servers = servers_of(model, ops, director);
    let by = servers.iter().flat_map(|s| &s.opened_by).chain(&model.stores[store].opened_by);
    by.map(|b| b.0).collect()
}

impl Candidate {
    /// Whether it is opened by something that is still to be recovered.
    pub fn waits_for(&self, pending: &BTreeSet<Idx<Data>>) -> bool {
        matches!(&self.source, Source::Store { openers, .. } if openers.iter().any(|o| pending.contains(o)))
    }
}

impl Builder<'_> {
    /// The step whose end is a recovery.
    pub(super) fn end_of(&self, subject: Subject) -> Option<usize> {
        self.recovered.iter().find(|(s, _)| *s == subject).map(|(_, n)| *n)
    }

    /// Leaves data where it is when its site is cut off and alive and no tier promises when it, or
    /// a service that needs it, is back: nothing is lost while nobody promotes a copy. Gives the
    /// places of what is recovered elsewhere, and says what people must know of either.
    pub(super) fn left_inside(&mut self, units: &[Unit]) -> BTreeSet<usize> {
        let model = self.estate.model;
        let inside = |u: &Unit| u.data.first().is_some_and(|d| self.lost.goes_on(model, *d));
        if !units.iter().any(inside) {
            return (0..units.len()).collect();
        }
        let (left, moved): (Vec<usize>, Vec<usize>) =
            (0..units.len()).partition(|n| units.get(*n).is_some_and(|u| inside(u) && !self.awaited(u)));
        let names = |units: &[&Unit]| {
            let all: Vec<String> = units
                .iter()
                .filter_map(|u| u.data.first())
                .map(|d| match model.data[*d].on {
                    On::Cluster(c) => format!("`{}`", model.clusters[c].name),
                    On::Files { .. } => format!("`{}`", model.data[*d].name),
                })
                .collect();
            let more = if all.len() > 12 { " and more" } else { "" };
            format!("{}{more}", all.into_iter().take(12).collect::<Vec<_>>().join(", "))
        };
        let stay: Vec<&Unit> = left.iter().filter_map(|n| units.get(*n)).collect();
        let go: Vec<&Unit> = moved.iter().filter_map(|n| units.get(*n)).filter(|u| inside(u)).collect();
        let mut notes = Vec::new();
        if !go.is_empty() {
            notes.push(format!(
                "what is written inside the site that is cut off is discarded when a copy is promoted outside of it, and nothing is lost while none is: {}",
                names(&go)
            ));
        }
        if !stay.is_empty() {
            notes.push(format!(
                "no tier says by when it must be back, so nobody promotes a copy, and nothing is lost: {}",
                names(&stay)
            ));
        }
        for note in notes {
            self.note(note);
        }
        moved.into_iter().collect()
    }

    /// Whether a tier promises when a unit, or a service that needs it, is back.
    fn awaited(&self, unit: &Unit) -> bool {
        let model = self.estate.model;
        let promised = |tier: Option<(Idx<crate::model::Tier>, crate::base::Span)>| {
            tier.is_some_and(|t| model.tiers[t.0].bounds(self.kind).rto.is_some())
        };
        unit.data.iter().any(|d| {
            let mut users = self.estate.index.users(*d).into_iter();
            promised(model.data[*d].tier)
                // What opens a store is wanted for what that store holds.
                || model.openers().any(|o| o == *d)
                || users.any(|s| promised(model.services[s].tier))
        })
    }

    /// Why a unit cannot be recovered: where it goes on out of reach nothing of it is lost.
    pub(super) fn out_of_reach(&self, unit: &Unit, reason: Reason) -> Reason {
        let model = self.estate.model;
        match unit.data.first() {
            Some(data) if self.lost.goes_on(model, *data) && !reason.is_ignorance() => {
                let site = model.hosts[model.primary_host(*data)].site;
                Reason::CutOff(model.sites[site].name.clone())
            }
            _ => reason,
        }
    }

    /// Takes back what the plan recovers by steps that nobody can do: no host is left that reaches
    /// the step and runs plans, or no place where the plan itself lies.
    pub(super) fn what_plans_need(&mut self) {
        let model = self.estate.model;
        let control = &model.control;
        if control.hosts.is_empty() && control.plans.is_empty() {
            return;
        }
        let read =
            control.plans.is_empty() || control.plans.iter().any(|(k, _)| !taken(model, self.lost, *k));
        let hosts: Vec<Idx<Host>> = control
            .hosts
            .iter()
            .map(|h| h.0)
            .filter(|h| !taken(model, self.lost, Keeper::Host(*h)))
            .collect();
        let mut barred: Vec<Option<Reason>> = Vec::with_capacity(self.steps.len());
        for step in self.steps.iter().map(|s| &s.step) {
            // That a check passes is seen by whoever looks; it passes without them.
            let seen = matches!(step.kind, StepKind::VerifyService { .. } | StepKind::Detect { .. });
            let reaches = |from: &Idx<Host>| {
                let places = audit::needs(model, self.estate.ops, &step.kind);
                let site = model.hosts[*from].site;
                places.iter().all(|h| self.joined(site, model.hosts[*h].site))
            };
            let own = if seen || step.actor == Actor::Automatic {
                None
            } else if !read {
                Some(Reason::PlansLost)
            } else if step.actor == Actor::Runner && !control.hosts.is_empty() && !hosts.iter().any(reaches) {
                Some(Reason::ControlHostLost)
            } else {
                None
            };
            let before = step.after.iter().find_map(|a| barred.get(*a).cloned().flatten());
            barred.push(own.or(before));
        }
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        for (subject, n) in std::mem::take(&mut self.recovered) {
            match barred.get(n).cloned().flatten() {
                Some(reason) => gone.push((subject, reason)),
                None => kept.push((subject, n)),
            }
        }
        self.recovered = kept;
        self.gone.extend(gone);
    }

    /// Says what people must know of the scenario itself: from when time counts, what else the
    /// case stands for, and which databases have a majority of their votes left.
    pub(super) fn told(&mut self, scenario: &Scenario) {
        let model = self.estate.model;
        if let Some(first) = scenario.earlier.first() {
            self.note(format!(
                "times and losses are counted from the last strike, {} after the first; what had been begun by then is begun again",
                show::duration(first.before)
            ));
        }
        if let Some(others) = &scenario.stands_for {
            self.note(format!(
                "this plan stands for the loss of {others}: put the name of what is lost in its place"
            ));
        }
        for votes in super::votes(model, self.lost) {
            self.note(votes.words(model));
        }
    }
}

impl Model {
    /// The data that opens stores and backup servers.
    fn openers(&self) -> impl Iterator<Item = Idx<Data>> {
        let servers = self.backup_servers.iter().flat_map(|(_, s)| &s.opened_by);
        self.stores.iter().flat_map(|(_, s)| &s.opened_by).chain(servers).map(|o| o.0)
    }

    /// Whether anything at all is opened by data of the estate.
    pub(super) fn has_openers(&self) -> bool {
        self.openers().next().is_some()
    }
}
