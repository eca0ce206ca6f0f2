//! How long each kind of step takes, term by term.

use super::step::{Interval, StepKind};
use crate::base::Span;
use crate::flow::{Facts, JOB_OVERHEAD};
use crate::model::{Assumption, Class, Data, Host, Input, Model, On, Origin, Response, Store};
use crate::ops::shaping::way_back;
use crate::ops::{Ops, Vrrp};
use crate::quantity::{Bytes, Duration, Rate, time_to_move};
use la_arena::Idx;

/// A part of a step's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// What it is for.
    pub what: Part,
    /// How long it takes.
    pub time: Interval,
    /// What it takes in a behaviour that can surely happen: the ends of stated ranges count in
    /// full, what is only bounded from above does not.
    pub sure: Duration,
    /// Who said its input.
    pub origin: Origin,
}

/// What a part of a step's time is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// People, as the response says.
    People(&'static str),
    /// A figure of ours, the same in every estate.
    Fixed(&'static str),
    /// A figure of the spec or of a profile.
    Stated(&'static str),
    /// So many bytes at a rate in bits per second.
    Moving(&'static str, Bytes, Rate),
}

impl Part {
    /// What it is for, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::People(what) | Self::Fixed(what) | Self::Stated(what) | Self::Moving(what, _, _) => what,
        }
    }
}

/// The time of one step.
#[derive(Clone, Debug, Default)]
pub struct Times {
    /// Its parts, one after the other. A part that never ends makes the step never end.
    pub terms: Vec<Term>,
}

impl Times {
    fn people(mut self, what: &'static str, range: (Duration, Duration), origin: Origin) -> Self {
        let time = Interval { least: range.0, most: range.1 };
        self.terms.push(Term { what: Part::People(what), time, sure: range.1, origin });
        self
    }

    fn fixed(mut self, what: &'static str, least: Duration, most: Duration) -> Self {
        let time = Interval { least, most };
        self.terms.push(Term { what: Part::Fixed(what), time, sure: least, origin: Origin::default() });
        self
    }

    fn stated(mut self, what: &'static str, most: Duration, sure: Duration, origin: Origin) -> Self {
        let time = Interval { least: sure.min(most), most };
        self.terms.push(Term { what: Part::Stated(what), time, sure, origin });
        self
    }

    /// What is taken to hold besides, at no time.
    fn taken(self, what: &'static str, span: Span, assumed: &'static Assumption) -> Self {
        self.stated(what, Duration::ZERO, Duration::ZERO, Origin { span, assumed: Some(assumed) })
    }

    fn moving(self, what: &'static str, bytes: Bytes, sure: Bytes, rate: Rate, origin: Origin) -> Self {
        self.moving_up_to(what, (bytes, sure), (rate, rate), origin)
    }

    /// Bytes at most and at least, at a rate that is guaranteed and one that is never exceeded.
    fn moving_up_to(
        mut self,
        what: &'static str,
        (bytes, sure): (Bytes, Bytes),
        (rate, never_more): (Rate, Rate),
        origin: Origin,
    ) -> Self {
        let most = time_to_move(bytes, rate).unwrap_or(Duration::MAX);
        let least = time_to_move(sure.min(bytes), never_more).unwrap_or(Duration::MAX);
        let time = Interval { least, most };
        self.terms.push(Term { what: Part::Moving(what, bytes, rate), time, sure: least, origin });
        self
    }

    /// The sum.
    pub fn takes(&self) -> Interval {
        Interval {
            least: self.terms.iter().map(|t| t.time.least).sum(),
            most: self.terms.iter().map(|t| t.time.most).sum(),
        }
    }

    /// The sum of what surely can happen.
    pub fn sure(&self) -> Duration {
        self.terms.iter().map(|t| t.sure).sum()
    }
}

/// The rates of a restore.
#[derive(Clone, Copy, Debug)]
pub struct RestoreRate {
    /// What it is guaranteed: the slowest of store, cards, link and disk binds it, once writes,
    /// streams and mirrors of others are taken off (calculus, 2.3).
    pub guaranteed: Rate,
    /// What it surely does not exceed, whoever is silent.
    pub never_more: Rate,
    /// Who said the rate of what binds the guarantee.
    pub origin: Origin,
}

/// What a restore of `data` from a store to a host may use.
pub fn restore_rate(
    model: &Model,
    ops: &Ops,
    facts: &Facts,
    store: Idx<Store>,
    to: Idx<Host>,
    data: Idx<Data>,
) -> RestoreRate {
    let own = match model.data[data].on {
        On::Cluster(cluster) => Some(cluster),
        On::Files { .. } => None,
    };
    let s = &model.stores[store];
    let (source, target) = (&model.hosts[s.host], &model.hosts[to]);
    let card = |host| {
        facts.spare_after_loss().beside_mirrors(host, facts.spare_after_loss().card(model, ops, host, own))
    };
    let disk =
        facts.spare_after_loss().beside_mirrors(to, facts.spare_after_loss().disk_for(model, to, data));
    let mut found =
        RestoreRate { guaranteed: s.rate.value, never_more: s.rate.value, origin: s.rate.origin() };
    let mut take = |guaranteed: Rate, never_more: Rate, origin: Origin| {
        if guaranteed < found.guaranteed {
            (found.guaranteed, found.origin) = (guaranteed, origin);
        }
        found.never_more = found.never_more.min(never_more);
    };
    take(card(s.host), source.nic.value, source.nic.origin());
    take(card(to), target.nic.value, target.nic.origin());
    take(disk, target.disk_rate.value, target.disk_rate.origin());
    let Some(hops) = way_back(model, s.host, to) else {
        take(Rate(0), Rate(0), Origin::default());
        return found;
    };
    let way = facts.way(model, &hops, Class::Backup, None, None).rate;
    for hop in &hops {
        let line = &model.links[hop.link].bandwidth;
        take(way, line.value, line.origin());
    }
    found
}

/// What streams may send at once beside a restore of `data`, on top of their peaks.
pub(super) fn transactions(
    model: &Model,
    ops: &Ops,
    facts: &Facts,
    (from, to): (Idx<Host>, Idx<Host>),
    data: Idx<Data>,
) -> Bytes {
    let own = match model.data[data].on {
        On::Cluster(cluster) => Some(cluster),
        On::Files { .. } => None,
    };
    let hops = way_back(model, from, to).unwrap_or_default();
    facts.transactions.before(model, ops, (from, to), &hops, own)
}

/// How long VRRP takes to move an address to the member with that place in the order, the one
/// before it being gone: three advertisements and the skew of version 3, and a second for
/// addresses to be learned anew (calculus, 7.1).
pub fn takeover(vrrp: &Vrrp, place: usize) -> Interval {
    let advert = vrrp.advert.0;
    let priority = vrrp.members.get(place).map_or(1, |m| u64::from(m.priority));
    let skew = (u128::from(256 - priority.min(255)) * u128::from(advert)).div_ceil(256);
    let most = advert.saturating_mul(3).saturating_add(u64::try_from(skew).unwrap_or(u64::MAX));
    Interval {
        least: Duration(most.saturating_sub(advert)),
        most: Duration(most).plus(Duration::from_secs(1)),
    }
}

/// How long a replacement takes, if the spec says so: of the host, or of its whole site when that
/// is gone.
fn replacement(model: &Model, kind: &StepKind) -> Option<Input<(Duration, Duration)>> {
    let StepKind::Provision { host, site } = kind else { return None };
    let h = &model.hosts[*host];
    if *site { model.sites[h.site].replace } else { h.replace.or(model.sites[h.site].replace) }
}

/// What no name server can enforce.
static TTL_HONOURED: Assumption = Assumption {
    text: "resolvers keep no record longer than its TTL",
    source: "true of 91 % of the resolvers that were measured in 2023",
};

/// What nobody can state yet.
static OTHERS_ANSWER: Assumption = Assumption {
    text: "other name servers go on to answer while the one that takes updates is gone",
    source: "no spec can name them: look at the records NS of the zone",
};

/// What a balancer's check asks is not the spec's to say.
static CHECK_REACHES: Assumption = Assumption {
    text: "a balancer's check fails on a server that does not reach what it works with",
    source: "nothing that drc writes makes it: let the check ask for something that needs the data",
};

/// The time of a step. `response` is that of who is served by it.
pub fn times(
    model: &Model,
    ops: &Ops,
    facts: &Facts,
    kind: &StepKind,
    response: Option<Idx<Response>>,
) -> Times {
    let t = Times::default();
    let people = |what: &'static str, pick: fn(&Response) -> Input<(Duration, Duration)>| match response {
        Some(r) => {
            let input = pick(&model.responses[r]);
            Times::default().people(what, input.value, input.origin())
        }
        None => Times::default().stated(what, Duration::MAX, Duration::ZERO, Origin::default()),
    };
    let second = Duration::from_secs;
    match kind {
        StepKind::Detect { hidden: false } => people("until somebody knows", |r| r.detect),
        StepKind::Detect { hidden: true } => people("until somebody knows that it is wrong", |r| r.notice),
        StepKind::Declare => people("until the decision stands", |r| r.declare),
        StepKind::Fence { .. } => people("one step done and confirmed by hand", |r| r.confirm),
        StepKind::Announce => people("one step done and confirmed by hand", |r| r.confirm),
        StepKind::Hold { .. } => {
            // The daemons look for what was given up every 30 s at the latest.
            t.fixed("the console answers, and runs in progress end", second(1), second(60))
        }
        StepKind::Release { .. } => t.fixed("the console answers", second(1), second(30)),
        StepKind::Provision { host, .. } => match replacement(model, kind) {
            Some(r) => t.people("until an equal machine stands in its place", r.value, r.origin()),
            None => t.stated(
                "nobody says how long a replacement takes",
                Duration::MAX,
                Duration::ZERO,
                Origin::stated(model.hosts[*host].span),
            ),
        },
        StepKind::Scan { store, bytes, least, director, .. } => {
            let s = &model.stores[*store];
            let t = match super::scarce::waits(model, ops, facts, *director, *store) {
                Some((wait, origin)) => {
                    t.stated("runs in progress leave a drive and a place", wait, Duration::ZERO, origin)
                }
                None => t,
            };
            t.stated("the store is made ready", s.mount.value, s.mount.value, s.mount.origin())
                .fixed("a job's own time", Duration::ZERO, JOB_OVERHEAD)
                .moving("the volumes are read", *bytes, *least, s.rate.value, s.rate.origin())
        }
        StepKind::Restore { data, store, to, bytes, least, jobs, director, .. } => {
            let s = &model.stores[*store];
            let t = match super::scarce::waits(model, ops, facts, *director, *store) {
                Some((wait, origin)) => {
                    t.stated("runs in progress leave a drive and a place", wait, Duration::ZERO, origin)
                }
                None => t,
            };
            let rate = restore_rate(model, ops, facts, *store, *to, *data);
            let rates = (rate.guaranteed, rate.never_more);
            let first = transactions(model, ops, facts, (s.host, *to), *data);
            let t = if first == Bytes::ZERO {
                t
            } else {
                t.moving(
                    "large transactions of streams may come first",
                    first,
                    Bytes::ZERO,
                    rate.guaranteed,
                    rate.origin,
                )
            };
            t.stated("the store is made ready", s.mount.value, s.mount.value, s.mount.origin())
                .fixed("each job's own time", Duration::ZERO, JOB_OVERHEAD.times(jobs.len() as u64))
                .moving_up_to("read, sent and written", (*bytes, *least), rates, rate.origin)
        }
        StepKind::Prepare { cluster, data, host, bytes, least, dump, .. } => {
            let engine = &model.engines[model.clusters[*cluster].engine];
            let disk = &model.hosts[*host].disk_rate;
            let left = facts
                .spare_after_loss()
                .beside_mirrors(*host, facts.spare_after_loss().disk_for(model, *host, *data));
            let both = (*bytes, *least);
            // No engine is faster than the disk that it works on, nor than what others leave of it.
            let at = |rate: Rate| (rate.min(left), rate.min(disk.value));
            if *dump {
                return t.moving_up_to(
                    "the dump is loaded",
                    both,
                    at(engine.load.value),
                    engine.load.origin(),
                );
            }
            // The staged copy is read and written on the same disk.
            let halves = (Rate(left.0 / 2), Rate(disk.value.0 / 2));
            t.moving_up_to(
                "the backup is made consistent",
                both,
                at(engine.prepare.value),
                engine.prepare.origin(),
            )
            .moving_up_to("it is copied into place", both, halves, disk.origin())
        }
        StepKind::StartDatabase { cluster, .. } => {
            let start = model.engines[model.clusters[*cluster].engine].start;
            t.stated("start, with crash recovery", start.value, Duration::ZERO, start.origin())
        }
        StepKind::Replay { cluster, host, bytes, least, .. } => {
            let replay = model.engines[model.clusters[*cluster].engine].replay;
            let disk = model.hosts[*host].disk_rate.value;
            let left = model
                .data_in(*cluster)
                .first()
                .map_or(disk, |d| facts.spare_after_loss().disk_for(model, *host, *d));
            // What is replayed is written to the disk that others write to as well.
            let rates = (
                replay.value.min(facts.spare_after_loss().beside_mirrors(*host, left)),
                replay.value.min(disk),
            );
            t.moving_up_to("logs are replayed", (*bytes, *least), rates, replay.origin())
        }
        StepKind::Promote { cluster, host, others, cut } => {
            let engine = &model.engines[model.clusters[*cluster].engine];
            let stream = ops.streams.iter().find(|(_, s)| s.cluster == *cluster && s.to == *host);
            let fact = stream.and_then(|(id, _)| facts.streams.get(id));
            let backlog = fact.and_then(|f| f.apply.worst()).unwrap_or(Duration::MAX);
            // It begins anew from what it has applied, and gets from the other what that has applied.
            let slowest = ops.streams.iter().filter(|(_, s)| s.cluster == *cluster && others.contains(&s.to));
            let theirs = slowest
                .map(|(id, _)| facts.streams.get(id).and_then(|f| f.apply.worst()).unwrap_or(Duration::MAX))
                .max()
                .unwrap_or_default();
            // What was written in the longest time that the latter is behind.
            let behind = fact.and_then(|f| Some(f.applied()?.plus(*cut)));
            let ahead = behind.and_then(|time| facts.logs.written(*cluster, time));
            let rate = others.iter().map(|o| facts.left_between(model, *o, *host)).min();
            let t = match (rate, stream) {
                (Some(rate), Some((_, s))) => {
                    let origin = || Origin::stated(s.span);
                    let bytes = ahead.unwrap_or(Bytes(u64::MAX));
                    let disk = model
                        .data_in(*cluster)
                        .first()
                        .map_or(Rate(0), |d| facts.spare.disk_for(model, *host, *d));
                    let apply = engine.apply.value.min(facts.spare.beside_mirrors(*host, disk));
                    t.stated("the other applies what it has", theirs, Duration::ZERO, origin())
                        .moving(
                            "what another replica has more of is fetched",
                            bytes,
                            Bytes::ZERO,
                            rate,
                            origin(),
                        )
                        .moving("and applied", bytes, Bytes::ZERO, apply, engine.apply.origin())
                }
                _ => t,
            };
            t.stated("what was received is applied", backlog, Duration::ZERO, engine.apply.origin()).stated(
                "it becomes writable",
                engine.promote.value,
                Duration::ZERO,
                engine.promote.origin(),
            )
        }
        StepKind::Publish { .. } => {
            t.fixed("the newest whole snapshot is put in place", second(1), second(60))
        }
        StepKind::VerifyData { .. } => t.fixed("it is looked at before it is trusted", second(1), second(60)),
        StepKind::StartMember { service, .. } => {
            // One unit starts all services of the pool, and may answer when the last of them does.
            let own = model.services[*service].start;
            let pool = model.services[*service].runs_on.0;
            let all = model.services.iter().filter(|(_, s)| s.runs_on.0 == pool).map(|(_, s)| s.start);
            let last = all.max_by_key(|s| s.value).unwrap_or(own);
            t.stated("from order to answering", last.value, own.value, last.origin())
        }
        StepKind::TakeOver { vip, to } => {
            let vrrp = ops.vrrps.iter().find(|(_, v)| v.vip == *vip).map(|(_, v)| v);
            let Some(vrrp) = vrrp else {
                return t.stated(
                    "nothing moves it",
                    Duration::MAX,
                    Duration::MAX,
                    Origin::stated(model.vips[*vip].span),
                );
            };
            let place = vrrp.members.iter().position(|m| m.host == *to).unwrap_or(0);
            let takes = takeover(vrrp, place);
            let advert = model.vips[*vip].advert;
            t.stated("three advertisements and the skew are missed", takes.most, takes.least, advert.origin())
        }
        StepKind::DropMembers { pool, alive } => {
            // (fall - 1)(every + c) + c, and up to one more interval, each check hanging for c
            // (calculus, 7.3).
            let p = &model.pools[*pool];
            let one = p.every.value.plus(p.timeout.value);
            let least = one.times(p.fall.value.saturating_sub(1));
            let most = least.plus(p.timeout.value).plus(p.every.value);
            let t = t.stated("its checks fail often enough", most, least, p.every.origin());
            match alive {
                true => {
                    t.taken("also of those that do not reach what they need", p.every.span, &CHECK_REACHES)
                }
                false => t,
            }
        }
        StepKind::SwitchDns { dns, .. } => {
            let d = &model.dns[*dns];
            let by_hand =
                if d.server.is_none() { people("records are changed by hand", |r| r.confirm) } else { t };
            by_hand
                .stated("every name server has the change", d.update.value, Duration::ZERO, d.update.origin())
                .stated("resolvers forget the old records", d.ttl.value, d.ttl.value, d.ttl.origin())
                .taken("none keeps them longer", d.ttl.span, &TTL_HONOURED)
        }
        StepKind::VerifyService { service, unnamed } => {
            let s = &model.services[*service];
            let t = match unnamed {
                Some(dns) => {
                    t.taken("other servers answer for its name", model.dns[*dns].span, &OTHERS_ANSWER)
                }
                None => t,
            };
            match &s.check {
                Some(c) => t.stated("its check passes", c.within.value, Duration::ZERO, c.within.origin()),
                None => people("somebody uses it and says so", |r| r.confirm),
            }
        }
        StepKind::Resume { cluster } => {
            let engine = &model.engines[model.clusters[*cluster].engine];
            let waits =
                ops.streams.iter().filter(|(_, s)| s.cluster == *cluster).filter_map(|(_, s)| match s.mode {
                    crate::model::Mode::SemiSync { timeout } => Some(timeout),
                    _ => None,
                });
            let wait = waits.max().unwrap_or(Duration::MAX);
            t.stated("the primary gives up waiting", wait, wait, engine.fallback.origin())
        }
        StepKind::Repoint { .. } => t.fixed("the replica reconnects", second(1), second(60)),
        StepKind::Reprotect { .. } | StepKind::FailBack { .. } => {
            t.fixed("on a day of people's choice", Duration::ZERO, Duration::ZERO)
        }
    }
}
