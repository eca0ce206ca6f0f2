//! Which copy serves what was hit: one choice per database or tree of files, on which recovery
//! point and recovery time are both judged.

use super::outage::{Outages, stream_after_outage};
use super::requisites::{Openings, keys_left};
use super::step::{Means, Reason};
use super::units::Unit;
use super::{Index, Lost, Outage};
use crate::flow::stream::Behind;
use crate::flow::{Facts, StreamFact, never_falls_back};
use crate::model::{Copy, CopyKind, Data, Files, Host, Mode, Model, On, Place, Store, StrikeKind};
use crate::ops::shaping::{targets, way_back};
use crate::ops::{Director, Job, Ops, Stream};
use crate::quantity::Duration;
use la_arena::Idx;

/// A copy that could serve.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub copy: Idx<Copy>,
    pub means: Means,
    pub source: Source,
    pub target: Idx<Host>,
    /// Whether the target must be brought back first.
    pub provision: bool,
    pub loss: Option<Duration>,
    pub surely: Duration,
    pub reason: Option<Reason>,
    /// How long its feed had been cut.
    pub cut: Outage,
}

impl Candidate {
    /// Whether it loses no more than is allowed, for all that is known: how much it loses may have
    /// no bound that could be shown.
    fn may_meet(&self, allowed: Duration) -> bool {
        let unknown = matches!(self.reason, Some(Reason::Overruns | Reason::MissingInput(_)));
        self.surely <= allowed && (self.loss.is_some() || unknown)
    }
}

/// Where a candidate's bytes are.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Stream {
        others: Vec<Idx<Host>>,
    },
    Mirror {
        job: Idx<Job>,
    },
    Store {
        store: Idx<Store>,
        data: Idx<Job>,
        log: Option<Idx<Job>>,
        director: Idx<Director>,
        scan: bool,
        /// What is itself recovered before the store can be read.
        openers: Vec<Idx<Data>>,
    },
}

/// What a choice looks at.
pub(super) struct Chooser<'a> {
    pub model: &'a Model,
    pub ops: &'a Ops,
    pub facts: &'a Facts,
    pub index: &'a Index,
    pub lost: &'a Lost,
    pub kind: StrikeKind,
    pub outages: &'a Outages,
    pub openings: Openings<'a>,
}

impl Chooser<'_> {
    /// The candidates for a unit, the best first and never none, or why there is none.
    ///
    /// One that meets the recovery point comes before one that may, and that before one that does
    /// not; then promotion before publication before restore; then no new machine before a new one;
    /// then the least loss.
    pub fn ranked(&self, unit: &Unit) -> Result<Vec<Candidate>, Reason> {
        let mut found = Vec::new();
        let Some(first) = unit.data.first() else { return Err(Reason::NoCopySurvives) };
        let mut refused = None;
        match self.model.data[*first].on {
            On::Cluster(cluster) => {
                self.promotions(cluster, &mut found);
                let mut seen = Vec::new();
                for data in &unit.data {
                    for copy in &self.model.data[*data].copies {
                        let place = self.model.copies[*copy].place;
                        if !seen.contains(&place) {
                            seen.push(place);
                            self.stored(*copy, &mut found, &mut refused);
                        }
                    }
                }
            }
            On::Files { .. } => {
                for copy in &self.model.data[*first].copies {
                    self.mirror(*copy, &mut found);
                    self.stored(*copy, &mut found, &mut refused);
                }
            }
        }
        if found.is_empty() {
            return Err(refused.unwrap_or(Reason::NoCopySurvives));
        }
        let allowed = self.allowed(unit);
        found.sort_by_key(|c: &Candidate| {
            let loss = c.loss.unwrap_or(Duration::MAX);
            let misses = allowed.is_some_and(|a| loss > a);
            let hopeless = allowed.is_some_and(|a| !c.may_meet(a));
            (misses, hopeless, c.loss.is_none(), c.means, c.provision, loss, c.copy)
        });
        Ok(found)
    }

    /// The tightest recovery point that a unit promises.
    fn allowed(&self, unit: &Unit) -> Option<Duration> {
        let own = |d: &Idx<Data>| {
            let tier = self.model.data[*d].tier?.0;
            self.model.tiers[tier].bounds(self.kind).rpo.map(|r| r.value)
        };
        unit.data.iter().filter_map(own).min()
    }

    /// Those of the ranked candidates that may stand in for the best so that it is done earlier:
    /// none that misses a recovery point which the best meets, or may meet, and none that loses more
    /// where there is no such point to be met.
    pub fn as_good(&self, unit: &Unit, mut ranked: Vec<Candidate>) -> Vec<Candidate> {
        let Some(first) = ranked.first() else { return ranked };
        let best = first.loss.unwrap_or(Duration::MAX);
        let allowed = self.allowed(unit);
        let hope = allowed.filter(|a| first.may_meet(*a));
        let most = allowed.filter(|a| best <= *a).unwrap_or(best);
        ranked.retain(|c| c.loss.unwrap_or(Duration::MAX) <= most && hope.is_none_or(|a| c.may_meet(a)));
        ranked
    }

    /// The replicas that can be promoted.
    fn promotions(&self, cluster: Idx<crate::model::Cluster>, found: &mut Vec<Candidate>) {
        // What is wrong in the primary is wrong in every replica.
        if self.lost.wrong_contents() {
            return;
        }
        let streams = self.index.streams(cluster);
        let alive: Vec<Idx<Stream>> =
            streams.iter().copied().filter(|s| !self.lost.host(self.ops.streams[*s].to)).collect();
        let engine = &self.model.engines[self.model.clusters[cluster].engine];
        let mode = |s: &Idx<Stream>| self.ops.streams[*s].mode;
        let site = |s: &Idx<Stream>| self.model.hosts[self.ops.streams[*s].to].site;
        let never_alone = streams.iter().all(|s| !waits(mode(s)) || never_falls_back(mode(s)));
        for id in &alive {
            let stream = &self.ops.streams[*id];
            let (Some(copy), Some(fact)) = (stream.serves.first(), self.facts.streams.get(*id)) else {
                continue;
            };
            // What another replica has more of can be fetched where a link is left to it.
            let asked =
                |s: &Idx<Stream>| alive.contains(s) && self.lost.joined(self.model, site(id), site(s));
            let others =
                alive.iter().filter(|o| *o != id && asked(o)).map(|o| self.ops.streams[*o].to).collect();
            // Any replica that the primary waits for may be the one that acknowledged. Every
            // acknowledged write is on some replica that can be asked when fewer others are lost
            // or out of reach than acknowledgements were waited for, and the primary never goes on
            // alone: the most advanced of them is promoted.
            let gone = streams.iter().filter(|s| waits(mode(s)) && !asked(s)).count() as u64;
            let covered = never_alone && gone < engine.acknowledgements.value;
            let (loss, surely, reason, cut) = if let Some(full) = self.full(stream.to) {
                (None, Duration::ZERO, Some(full), Outage::default())
            } else if covered && never_falls_back(stream.mode) {
                // What it had not received when its feed was cut is fetched from the others.
                let cut = self.outages.stream(self.model, self.ops, stream);
                let after = stream_after_outage(self.model, self.ops, self.facts, *id, self.outages, cut);
                let most = if cut == Outage::default() { cut.most } else { after.unwrap_or(Duration::MAX) };
                (Some(Duration::ZERO), Duration::ZERO, None, Outage { most, ..cut })
            } else {
                let (_, _, reason) = self.behind(fact);
                let cut = self.outages.stream(self.model, self.ops, stream);
                let loss = stream_after_outage(self.model, self.ops, self.facts, *id, self.outages, cut);
                // What another replica has is fetched: only what none of them has is surely lost.
                let lacks = |s: &Idx<Stream>| {
                    let fact = self.facts.streams.get(*s)?;
                    let cut = self.outages.stream(self.model, self.ops, &self.ops.streams[*s]);
                    Some(self.behind(fact).1.max(cut.surely))
                };
                let read: Vec<Idx<Stream>> = alive.iter().copied().filter(|s| s == id || asked(s)).collect();
                let surely = if self.late_together(&read) {
                    read.iter().filter_map(lacks).min().unwrap_or_default()
                } else {
                    cut.surely
                };
                (loss, surely, reason, cut)
            };
            found.push(Candidate {
                copy: *copy,
                means: Means::Promote,
                source: Source::Stream { others },
                target: stream.to,
                provision: false,
                loss,
                surely,
                reason,
                cut,
            });
        }
    }

    /// Whether the replica that is least behind at its worst is so when others are at theirs: all have
    /// what they have at any time, or all have parts of one and the same.
    fn late_together(&self, streams: &[Idx<Stream>]) -> bool {
        let pool = |s: &Idx<Stream>| self.facts.parts.streams.get(*s).and_then(|p| p.pool);
        let varies = |s: &Idx<Stream>| {
            self.facts.streams.get(*s).and_then(|f| f.shared).is_some_and(|shared| shared.reached)
        };
        let alike = |first: &Idx<Stream>| streams.iter().all(|s| pool(s) == pool(first));
        !streams.iter().any(varies) || streams.first().is_none_or(alike)
    }

    fn mirror(&self, id: Idx<Copy>, found: &mut Vec<Candidate>) {
        let copy = &self.model.copies[id];
        let (CopyKind::Mirror(_), Place::Host(target)) = (&copy.kind, copy.place) else { return };
        if self.lost.wrong_contents() || self.lost.host(target) {
            return;
        }
        let Some(job) = self.index.jobs(id).first().copied() else { return };
        let (loss, surely, reason) = match self.model.data[copy.data].files {
            Files::Together => (None, Duration::ZERO, Some(Reason::NoConsistentMoment)),
            Files::Independent => self.run_loss(job),
        };
        let source = Source::Mirror { job };
        found.push(Candidate {
            copy: id,
            means: Means::Publish,
            source,
            target,
            provision: false,
            loss,
            surely,
            reason,
            cut: self.outages.job(self.model, self.ops, job),
        });
    }

    fn stored(&self, id: Idx<Copy>, found: &mut Vec<Candidate>, refused: &mut Option<Reason>) {
        let copy = &self.model.copies[id];
        let Place::Store(store) = copy.place else { return };
        if self.lost.store(store) {
            return;
        }
        let jobs = self.index.jobs(id);
        let is_log = |j: &&Idx<Job>| self.ops.is_log(**j);
        let Some(data) = jobs.iter().find(|j| !is_log(j)).copied() else { return };
        let log = jobs.iter().find(is_log).copied();
        let Some((target, provision)) = self.target(copy.data, store, refused) else { return };
        let Some((director, scan)) = self.director(store, data, target) else {
            *refused = Some(Reason::CatalogueLost(self.model.stores[store].name.clone()));
            return;
        };
        if let Some(server) = keys_left(self.model, self.ops, self.lost, director) {
            *refused = Some(Reason::KeysLost(server));
            return;
        }
        let openers = match self.openings.of(self.model, self.ops, store, director) {
            Ok(openers) => openers,
            Err(reason) => {
                *refused = Some(reason);
                return;
            }
        };
        let (mut loss, mut surely, mut reason) = self.run_loss(log.unwrap_or(data));
        let cut = self.outages.job(self.model, self.ops, log.unwrap_or(data));
        if let Some(log) = log {
            // A backup may be newer than the newest log.
            let both = cut.surely.min(self.outages.job(self.model, self.ops, data).surely);
            surely = surely.min(self.facts.surely_logged(data, log).max(both));
        }
        if self.lost.wrong_contents() {
            // The last point before the moment at which contents went wrong may be younger.
            surely = if log.is_some() { Duration::ZERO } else { surely };
            if !self.lost.hostile {
                surely = surely.min(self.surely_clean(data));
            }
        }
        // Logs are of use only on top of a backup, whose runs must have a bound too.
        if log.is_some() && self.run_loss(data).0.is_none() {
            (loss, reason) = (None, self.run_loss(data).2);
        }
        if log.is_some_and(|log| self.facts.logs_expire(self.model, self.ops, log)) {
            (loss, surely, reason) = (None, Duration::ZERO, Some(Reason::LogsExpire));
        }
        let files = matches!(self.model.data[copy.data].on, On::Files { .. });
        if files && self.model.data[copy.data].files == Files::Together {
            (loss, surely, reason) = (None, Duration::ZERO, Some(Reason::NoConsistentMoment));
        }
        // Whatever else keeps the loss from having a bound: no time can be counted on either.
        if !self.stands(data, log) {
            (loss, reason) = (None, Some(Reason::KeptTooShort));
        }
        if !self.room(target, provision) {
            (loss, surely, reason) = (None, Duration::ZERO, Some(Reason::RunsStop));
        }
        let source = Source::Store { store, data, log, director, scan, openers };
        found.push(Candidate {
            copy: id,
            means: Means::Restore,
            source,
            target,
            provision,
            loss,
            surely,
            reason,
            cut,
        });
    }

    /// Who restores from a store: the director that schedules, or the one on the store's own host
    /// when that is gone or cannot speak to both ends, which must read the volumes first.
    fn director(&self, store: Idx<Store>, job: Idx<Job>, to: Idx<Host>) -> Option<(Idx<Director>, bool)> {
        let scheduling = self.ops.jobs[job].kind.director()?;
        let at = self.ops.directors[scheduling].host;
        let site = |h: Idx<Host>| self.model.hosts[h].site;
        // Links that only went with a site are back when the machine there is.
        let speaks = |h: Idx<Host>| {
            let joins = |ends: [_; 2]| ends == [site(at), site(h)] || ends == [site(h), site(at)];
            site(at) == site(h)
                || self.model.links.iter().any(|(id, l)| joins(l.ends) && !self.lost.struck(id))
        };
        if !self.lost.host(at) && speaks(self.model.stores[store].host) && speaks(to) {
            return Some((scheduling, false));
        }
        let host = self.model.stores[store].host;
        let standby = self.ops.directors.iter().find(|(_, d)| d.host == host)?.0;
        Some((standby, true))
    }

    /// Where a restore goes: the place of the primary when it stands, then a surviving place,
    /// then the place of the primary on a machine brought in its stead.
    fn target(
        &self,
        data: Idx<Data>,
        store: Idx<Store>,
        refused: &mut Option<Reason>,
    ) -> Option<(Idx<Host>, bool)> {
        let from = self.model.stores[store].host;
        let places = targets(self.model, data);
        if !self.lost.hostile {
            let reach = |host: &&Idx<Host>| {
                !self.lost.host(**host)
                    && way_back(self.model, from, **host)
                        .is_some_and(|hops| hops.iter().all(|h| !self.lost.link(h.link)))
            };
            if let Some(host) = places.iter().find(reach) {
                return Some((*host, false));
            }
        }
        let primary = self.model.primary_host(data);
        let h = &self.model.hosts[primary];
        let way = way_back(self.model, from, primary)
            .is_some_and(|hops| hops.iter().all(|hop| !self.lost.struck(hop.link)));
        // Another link may do where the one that a restore is planned over is cut.
        let (a, b) = (self.model.hosts[from].site, h.site);
        let detour = self
            .model
            .links
            .iter()
            .find(|(id, l)| (l.ends == [a, b] || l.ends == [b, a]) && !self.lost.struck(*id));
        if let (false, Some(_)) = (way, detour) {
            let (a, b) = (&self.model.sites[a].name, &self.model.sites[b].name);
            *refused = Some(Reason::MissingInput(format!(
                "which way restores from `{a}` to `{b}` take when the first link between them is cut"
            )));
            return None;
        }
        if !way || !(self.lost.host(primary) || self.lost.hostile) {
            return None;
        }
        let site = self.lost.whole_site(h.site);
        let known = |host: Idx<Host>| {
            let h = &self.model.hosts[host];
            let by_site = self.model.sites[h.site].replace.is_some();
            if self.lost.whole_site(h.site) { by_site } else { h.replace.is_some() || by_site }
        };
        // The store's own machine must stand again too when an attacker held it.
        for host in [primary, from] {
            if self.lost.host(host) && !known(host) {
                let what = if site {
                    format!("how long it takes to replace site `{}`", self.model.sites[h.site].name)
                } else {
                    format!("how long it takes to replace `{}`", self.model.hosts[host].name)
                };
                *refused = Some(Reason::MissingInput(what));
                return None;
            }
        }
        Some((primary, true))
    }

    /// What a replica may lack: its bound, what can surely happen, and why there is no bound.
    pub fn behind(&self, fact: &StreamFact) -> (Option<Duration>, Duration, Option<Reason>) {
        match fact.lag {
            Behind::Lag(_) => (fact.received(), fact.surely, None),
            Behind::Never(_) => (None, fact.surely, Some(Reason::NeverCatchesUp)),
            Behind::Unstated(data) => {
                let what = format!("how much is written to `{}`", self.model.data[data].name);
                (None, Duration::ZERO, Some(Reason::MissingInput(what)))
            }
        }
    }
}

/// Whether a mode waits for acknowledgements.
pub(super) fn waits(mode: Mode) -> bool {
    !matches!(mode, Mode::Async)
}
