//! After the plan: how long until protection is whole again, and what a second failure in that
//! time would cost.
//!
//! A copy that is gone is made anew from where the data is now: its size at the end of the horizon
//! over the guaranteed rate of the way that is left, one after the other where they share a link or
//! a host (calculus, R-18 and 2.3). Scheduled copies are whole with the end of the first run that
//! begins a new chain. What the second failure leaves is chosen by the same chooser, under the
//! scenario with one strike more.

use super::Lost;
use super::build::{Builder, Estate};
use super::choose::Candidate;
use super::outage::Outages;
use super::step::{Choice, Interval, Means, Plan, Reason, Resource, StepKind, Subject};
use super::units::{Unit, units};
use crate::flow::{LevelFact, size_at_end, size_today, together};
use crate::model::{Class, Copy, CopyKind, Data, Direction, Hop, Host, On, Place, Strike};
use crate::ops::{Job, JobKind, Level};
use crate::quantity::{Bytes, Duration, Rate, time_to_move};
use la_arena::Idx;
use std::collections::{BTreeMap, BTreeSet};

/// How exposed a data class is after a recovery.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exposure {
    /// The data class.
    pub data: Idx<Data>,
    /// From the strike until every copy of it stands again.
    pub whole: Interval,
    /// The copy that is the last to be whole.
    pub last: Idx<Copy>,
    /// What nobody says, where there is no bound.
    pub unstated: Option<String>,
    /// What one more loss in that time costs: of the host on which the data is then, and of its
    /// site.
    pub second: Vec<Second>,
}

/// What a second failure leaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Second {
    /// What is lost too.
    pub strike: Strike,
    /// The copy that serves then, or why none does.
    pub serves: Result<Idx<Copy>, Reason>,
    /// Recent work that is lost at most, up to the first strike where `since` is set; `None`
    /// without a bound.
    pub loss: Option<Duration>,
    /// Whether what was written since the recovery is lost as well: nothing brings it there.
    pub since: bool,
}

/// Fills in how exposed a plan leaves what it touches.
pub fn expose(estate: Estate<'_>, plan: &mut Plan) {
    let lost = Lost::of(estate.model, &plan.scenario);
    let mut after = After::new(estate, plan, &lost);
    let touched = estate.index.touched(estate.model, &lost, &plan.scenario.strikes);
    let gone: BTreeSet<Subject> = plan.lost.iter().map(|(s, _)| *s).collect();
    let mut found = Vec::new();
    for unit in units(estate.model, estate.index, &touched, plan.scenario.kind(estate.model)) {
        if unit.data.iter().all(|d| !gone.contains(&Subject::Data(*d))) {
            found.extend(after.unit(&unit));
        }
    }
    found.sort_by_key(|e| e.data);
    plan.exposure = found;
}

/// When something is so again: from and to, and what nobody says where there is no bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct When {
    time: Interval,
    unstated: Option<String>,
}

impl When {
    fn at(least: Duration, most: Duration) -> Self {
        Self { time: Interval { least, most }, unstated: None }
    }

    fn never(what: String) -> Self {
        Self { time: Interval { least: Duration::ZERO, most: Duration::MAX }, unstated: Some(what) }
    }

    fn plus(mut self, least: Duration, most: Duration) -> Self {
        self.time = Interval { least: self.time.least.plus(least), most: self.time.most.plus(most) };
        self
    }

    /// When both are so.
    fn and(self, other: Self) -> Self {
        let time = Interval {
            least: self.time.least.max(other.time.least),
            most: self.time.most.max(other.time.most),
        };
        Self { time, unstated: self.unstated.or(other.unstated) }
    }
}

/// The time after a plan.
struct After<'a> {
    estate: Estate<'a>,
    plan: &'a Plan,
    lost: &'a Lost,
    choices: BTreeMap<Idx<Data>, &'a Choice>,
    back: BTreeMap<Subject, usize>,
    /// When the plan brings machines back.
    provisioned: BTreeMap<Idx<Host>, Interval>,
    /// When everything that was hit works again: then people bring what is still missing.
    end: Interval,
    /// Until when links and hosts are taken by copies that are made again.
    busy: BTreeMap<Resource, Duration>,
}

impl<'a> After<'a> {
    fn new(estate: Estate<'a>, plan: &'a Plan, lost: &'a Lost) -> Self {
        let time = |n: usize| {
            plan.steps
                .get(n)
                .map_or(Interval::default(), |s| Interval { least: Duration::ZERO, most: s.finish })
        };
        let machines = plan.steps.iter().enumerate().filter_map(|(n, s)| match s.kind {
            StepKind::Provision { host, .. } => Some((host, time(n))),
            _ => None,
        });
        let ends = plan.recovered.iter().map(|r| time(r.1));
        let end =
            ends.fold(Interval::default(), |a, b| Interval { least: a.least, most: a.most.max(b.most) });
        Self {
            estate,
            plan,
            lost,
            choices: plan.choices.iter().map(|c| (c.data, c)).collect(),
            back: plan.recovered.iter().copied().collect(),
            provisioned: machines.collect(),
            end,
            busy: BTreeMap::new(),
        }
    }

    /// How exposed the data classes of a unit are; nothing for those that lack no copy.
    fn unit(&mut self, unit: &Unit) -> Vec<Exposure> {
        let Some(first) = unit.data.first().copied() else { return Vec::new() };
        let choice = self.choices.get(&first).copied();
        let from = self.back.get(&Subject::Data(first)).and_then(|n| self.plan.steps.get(*n));
        let from = When::at(Duration::ZERO, from.map_or(Duration::ZERO, |s| s.finish));
        let mut hosts: BTreeMap<Idx<Host>, When> = BTreeMap::new();
        let mut all = Vec::new();
        for data in &unit.data {
            let mut known: BTreeMap<Idx<Copy>, When> = BTreeMap::new();
            // Streams and mirrors first: backups read what they feed.
            let model = self.estate.model;
            let mut copies = model.data[*data].copies.clone();
            copies.sort_by_key(|c| matches!(model.copies[*c].place, Place::Store(_)));
            for copy in copies {
                let when = self.copy(copy, choice, &from, &mut hosts, &known);
                known.insert(copy, when);
            }
            let whole = known.iter().fold(When::default(), |a, (_, b)| a.and(b.clone()));
            let last = known.iter().max_by_key(|(copy, w)| (w.time.most, std::cmp::Reverse(**copy)));
            let Some((last, true)) = last.map(|(copy, w)| (*copy, w.time.most > Duration::ZERO)) else {
                continue;
            };
            let second = self.second(unit, *data, choice);
            all.push(Exposure { data: *data, whole: whole.time, last, unstated: whole.unstated, second });
        }
        all
    }

    /// When a copy is whole again; from the start where nothing happened to it.
    fn copy(
        &mut self,
        id: Idx<Copy>,
        choice: Option<&Choice>,
        from: &When,
        hosts: &mut BTreeMap<Idx<Host>, When>,
        known: &BTreeMap<Idx<Copy>, When>,
    ) -> When {
        let model = self.estate.model;
        let copy = &model.copies[id];
        let old = model.primary_host(copy.data);
        let home = choice.map_or(old, |c| c.target);
        match (&copy.kind, copy.place) {
            (CopyKind::Replica(_), Place::Host(place)) => {
                if choice.is_some_and(|c| c.means == Means::Promote && c.target == place) {
                    // It is the primary now: the place of the old one is to be filled.
                    return self.seed(copy.data, home, old, from, hosts);
                }
                let follows = choice.is_none_or(|c| c.means == Means::Promote);
                if !follows || self.lost.host(place) {
                    return self.seed(copy.data, home, place, from, hosts);
                }
                match self.way(home, place) {
                    None => self.cut(home, place),
                    Some(_) if choice.is_some() => from.clone().plus(Duration::ZERO, Duration::from_secs(60)),
                    Some(_) => When::default(),
                }
            }
            (CopyKind::Mirror(_), Place::Host(place)) => {
                if choice.is_some_and(|c| c.means == Means::Publish && c.target == place) {
                    return self.seed(copy.data, home, old, from, hosts);
                }
                if choice.is_none() && !self.lost.host(place) {
                    return if self.fed(id) { When::default() } else { self.cut(old, place) };
                }
                // Its runs are started where the data used to be.
                let at_home =
                    if home == old { from.clone() } else { self.seed(copy.data, home, old, from, hosts) };
                let whole = self.seed(copy.data, old, place, &at_home, hosts);
                whole.plus(Duration::ZERO, self.gap(id, Level::Changes))
            }
            (CopyKind::Backup(b), Place::Store(store)) => {
                let source = b.from.0;
                let there = self.stands(model.stores[store].host).and(self.director(id));
                let read = match (choice, source == home) {
                    (None, _) if !self.lost.host(source) => When::default(),
                    (Some(_), true) => from.clone(),
                    _ => self.seed(copy.data, home, source, from, hosts),
                };
                let hit = choice.is_some() || self.lost.host(source);
                let lost = self.lost.store(store) || there.time.most > Duration::ZERO;
                match (hit || lost, self.fed(id)) {
                    (_, false) => self.cut(source, model.stores[store].host),
                    (false, _) => When::default(),
                    (true, _) => there.and(read).plus(Duration::ZERO, self.next(id, Level::Full)),
                }
            }
            (CopyKind::CopyOf(of), Place::Store(store)) => {
                let original = known.get(&of.of).cloned().unwrap_or_default();
                let there = self.stands(model.stores[store].host).and(self.director(id));
                if !self.fed(id) {
                    return self.cut(model.host_of(model.copies[of.of].place), model.stores[store].host);
                }
                let before = original.and(there);
                if before.time.most == Duration::ZERO && !self.lost.store(store) {
                    return When::default();
                }
                before.plus(Duration::ZERO, self.next(id, Level::Changes))
            }
            _ => When::default(),
        }
    }

    /// When a machine stands there again, at once where one stands.
    fn stands(&self, host: Idx<Host>) -> When {
        if !self.lost.host(host) {
            return When::default();
        }
        if let Some(time) = self.provisioned.get(&host) {
            return When { time: *time, unstated: None };
        }
        let model = self.estate.model;
        let h = &model.hosts[host];
        let site = &model.sites[h.site];
        let replace = if self.lost.whole_site(h.site) { site.replace } else { h.replace.or(site.replace) };
        match replace {
            Some(r) => When { time: self.end, unstated: None }.plus(r.value.0, r.value.1),
            None => When::never(format!("how long it takes to replace `{}`", h.name)),
        }
    }

    /// When the director of a copy's jobs stands.
    fn director(&self, copy: Idx<Copy>) -> When {
        let ops = self.estate.ops;
        let jobs = self.estate.index.jobs(copy).iter();
        let hosts = jobs.filter_map(|j| ops.jobs[*j].kind.director()).map(|d| ops.directors[d].host);
        hosts.map(|h| self.stands(h)).fold(When::default(), When::and)
    }

    /// Whether a link is left on one of the ways of a copy.
    fn fed(&self, copy: Idx<Copy>) -> bool {
        let ways = &self.estate.model.copies[copy].route.ways;
        ways.is_empty() || ways.iter().any(|way| way.iter().all(|hop| !self.lost.struck(hop.link)))
    }

    fn cut(&self, from: Idx<Host>, to: Idx<Host>) -> When {
        let hosts = &self.estate.model.hosts;
        When::never(format!("when `{}` and `{}` can speak again", hosts[from].name, hosts[to].name))
    }

    /// The first link that was not struck, or none within a site.
    fn way(&self, from: Idx<Host>, to: Idx<Host>) -> Option<Vec<Hop>> {
        let model = self.estate.model;
        let (a, b) = (model.hosts[from].site, model.hosts[to].site);
        if a == b {
            return Some(Vec::new());
        }
        model.links.iter().filter(|(id, _)| !self.lost.struck(*id)).find_map(|(link, l)| {
            let direction = match l.ends {
                [x, y] if (x, y) == (a, b) => Direction::Forth,
                [x, y] if (x, y) == (b, a) => Direction::Back,
                _ => return None,
            };
            Some(vec![Hop { link, direction }])
        })
    }

    /// When all of a unit stands on another host, once for each host: its size over what is
    /// guaranteed, behind what is made again before it over the same link or between the same
    /// hosts.
    fn seed(
        &mut self,
        data: Idx<Data>,
        from: Idx<Host>,
        to: Idx<Host>,
        ready: &When,
        hosts: &mut BTreeMap<Idx<Host>, When>,
    ) -> When {
        if let Some(known) = hosts.get(&to) {
            return known.clone();
        }
        let when = self.seeded(data, from, to, ready);
        hosts.insert(to, when.clone());
        when
    }

    fn seeded(&mut self, data: Idx<Data>, from: Idx<Host>, to: Idx<Host>, ready: &When) -> When {
        let Some(hops) = self.way(from, to) else { return self.cut(from, to) };
        let ready = ready.clone().and(self.stands(to));
        if ready.time.most == Duration::MAX {
            return ready;
        }
        let Estate { model, facts, .. } = self.estate;
        let whole = together(model, data);
        let (most, least) = (size_at_end(model, &whole, facts.horizon), size_today(model, &whole));
        let (guaranteed, never_more) = self.rates(data, from, to, &hops);
        let first = super::times::transactions(model, self.estate.ops, facts, (from, to), data);
        let first = time_to_move(first, guaranteed).unwrap_or(Duration::MAX);
        let takes = self.moving(data, to, most, guaranteed).plus(first);
        let soonest = time_to_move(least, never_more).unwrap_or(Duration::MAX);
        let held: Vec<Resource> = hops
            .iter()
            .map(|h| Resource::Link(h.link))
            .chain([Resource::Host(from), Resource::Host(to)])
            .collect();
        let free = held.iter().filter_map(|r| self.busy.get(r)).copied().max().unwrap_or_default();
        let end = ready.time.most.max(free).plus(takes);
        for resource in held {
            self.busy.insert(resource, end);
        }
        if end == Duration::MAX {
            let hosts = &model.hosts;
            return When::never(format!(
                "what the way from `{}` to `{}` guarantees",
                hosts[from].name, hosts[to].name
            ));
        }
        When::at(ready.time.least.plus(soonest), end)
    }

    /// What a copy that is made again is guaranteed, and what it never exceeds.
    fn rates(&self, data: Idx<Data>, from: Idx<Host>, to: Idx<Host>, hops: &[Hop]) -> (Rate, Rate) {
        let Estate { model, ops, facts, .. } = self.estate;
        let (class, own) = match model.data[data].on {
            On::Cluster(c) => (Class::Replication, Some(c)),
            On::Files { .. } => (Class::Mirror, None),
        };
        let mut guaranteed =
            if hops.is_empty() { Rate(u64::MAX) } else { facts.way(model, hops, class, None, None).rate };
        let mut never_more =
            hops.iter().map(|h| model.links[h.link].bandwidth.value).min().unwrap_or(Rate(u64::MAX));
        for host in [from, to] {
            let card = facts
                .spare_after_loss()
                .beside_mirrors(host, facts.spare_after_loss().card(model, ops, host, own));
            let disk =
                facts.spare_after_loss().beside_mirrors(host, facts.spare_after_loss().disk(model, host));
            guaranteed = guaranteed.min(card).min(disk);
            never_more = never_more.min(model.hosts[host].nic.value).min(model.hosts[host].disk_rate.value);
        }
        (guaranteed, never_more)
    }

    /// Bytes over a rate; what comes for a database is made ready and put in place like a backup.
    fn moving(&self, data: Idx<Data>, to: Idx<Host>, bytes: Bytes, rate: Rate) -> Duration {
        let Estate { model, facts, .. } = self.estate;
        let time = |rate: Rate| time_to_move(bytes, rate).unwrap_or(Duration::MAX);
        let moved = time(rate);
        let On::Cluster(cluster) = model.data[data].on else { return moved };
        let disk = facts.spare_after_loss().beside_mirrors(to, facts.spare_after_loss().disk(model, to));
        let prepare = model.engines[model.clusters[cluster].engine].prepare.value.min(disk);
        moved.plus(time(prepare)).plus(time(Rate(disk.0 / 2)))
    }

    /// The job that makes the data of a copy.
    fn job(&self, copy: Idx<Copy>) -> Option<Idx<Job>> {
        let jobs = self.estate.index.jobs(copy);
        let log = |j: &&Idx<Job>| matches!(self.estate.ops.jobs[**j].kind, JobKind::Log { .. });
        jobs.iter().find(|j| !log(j)).or_else(|| jobs.first()).copied()
    }

    /// The longest time until a run of a level is due.
    fn gap(&self, copy: Idx<Copy>, level: Level) -> Duration {
        let fact = self.job(copy).and_then(|j| self.estate.facts.after_misses(j));
        let fact = fact.and_then(|f| f.level(level).or_else(|| f.levels.first()));
        fact.and_then(LevelFact::apart).unwrap_or(Duration::MAX)
    }

    /// The longest time until the next run of a level has ended.
    fn next(&self, copy: Idx<Copy>, level: Level) -> Duration {
        let fact = self.job(copy).and_then(|j| self.estate.facts.after_misses(j));
        let fact = fact.and_then(|f| f.level(level).or_else(|| f.levels.first()));
        self.gap(copy, level).plus(fact.and_then(|l| l.most).unwrap_or(Duration::MAX))
    }

    /// What it costs when the host on which the data is now goes too, or its site; the site only
    /// where that is worse.
    fn second(&self, unit: &Unit, data: Idx<Data>, choice: Option<&Choice>) -> Vec<Second> {
        let model = self.estate.model;
        let home = choice.map_or_else(|| model.primary_host(data), |c| c.target);
        let host = self.struck_again(unit, data, choice, Strike::Host(home));
        let site = self.struck_again(unit, data, choice, Strike::Site(model.hosts[home].site));
        let same = (&site.serves, site.loss, site.since) == (&host.serves, host.loss, host.since);
        if same { vec![host] } else { vec![host, site] }
    }

    fn struck_again(&self, unit: &Unit, data: Idx<Data>, choice: Option<&Choice>, strike: Strike) -> Second {
        let model = self.estate.model;
        let mut scenario = self.plan.scenario.clone();
        scenario.strikes.push(strike);
        let lost = Lost::of(model, &scenario);
        let kind = self.plan.scenario.kind(model);
        let outages = Outages::new(model, &scenario.earlier);
        let builder = Builder::new(self.estate, &lost, &outages, kind);
        let mut ranked = match builder.chooser(unit, &BTreeSet::new(), false).ranked(unit) {
            Ok(ranked) => ranked,
            Err(reason) => return Second { strike, serves: Err(reason), loss: None, since: false },
        };
        // Replicas that have not followed what was restored hold something else.
        let follows =
            |c: &Candidate| c.means != Means::Promote || choice.is_none_or(|c| c.means == Means::Promote);
        ranked.retain(follows);
        let Some(best) = ranked.first() else {
            return Second { strike, serves: Err(Reason::NoCopySurvives), loss: None, since: false };
        };
        // The same copy, for each data class of a database its own.
        let place = model.copies[best.copy].place;
        let own = model.data[data].copies.iter().copied().find(|c| model.copies[*c].place == place);
        let since = !self.goes_on(best.copy, choice);
        Second { strike, serves: Ok(own.unwrap_or(best.copy)), loss: best.loss, since }
    }

    /// Whether what is written after the recovery still reaches a copy as it did before: its
    /// source is there, has the data, and a way is left.
    fn goes_on(&self, copy: Idx<Copy>, choice: Option<&Choice>) -> bool {
        let model = self.estate.model;
        let c = &model.copies[copy];
        let source = match &c.kind {
            CopyKind::CopyOf(of) if self.fed(copy) => return self.goes_on(of.of, choice),
            _ => model.source_host(copy),
        };
        let there = match choice {
            None => !self.lost.host(source),
            // A replica follows what was restored only when it has been made again.
            Some(c) => {
                c.target == model.primary_host(c.data) && source == c.target && c.means == Means::Restore
            }
        };
        there && self.fed(copy)
    }
}
