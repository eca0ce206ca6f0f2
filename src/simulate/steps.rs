//! What each step of a plan is made of, as things stand when it begins: times that are drawn, bytes
//! that are really there.

use super::network::{Device, bytes};
use super::points::newest;
use super::recovery::{Part, Recovery};
use super::writes::size;
use super::yard::{OVERHEAD, together};
use crate::model::{Class, Cluster, Host, Mode, Response, Store, Vip};
use crate::ops::Stream;
use crate::ops::shaping::way_back;
use crate::plan::{Step, StepKind};
use crate::quantity::Duration;
use la_arena::Idx;
use std::collections::{BTreeMap, VecDeque};

impl Recovery<'_, '_> {
    fn range(&mut self, range: (Duration, Duration)) -> f64 {
        self.world.script.delay(&mut self.dice, range.0.as_secs_f64(), range.1.as_secs_f64())
    }

    fn people(
        &mut self,
        response: Option<Idx<Response>>,
        pick: fn(&Response) -> (Duration, Duration),
    ) -> Part {
        match response {
            Some(r) => {
                let range = pick(&self.world.yard.model.responses[r]);
                Part::Time(self.range(range))
            }
            None => Part::Time(f64::INFINITY),
        }
    }

    fn between(&mut self, least: f64, most: f64) -> Part {
        Part::Time(self.world.script.delay(&mut self.dice, least, most))
    }

    fn up_to(&mut self, most: Duration) -> Part {
        self.between(0.0, most.as_secs_f64())
    }

    fn disk(&self, host: Idx<Host>) -> Vec<usize> {
        self.world.yard.network.number(Device::Disk(host)).into_iter().collect()
    }

    /// What a step is made of, as things stand when it begins.
    pub fn parts(&mut self, n: usize, step: &Step, fronts: &BTreeMap<Idx<Stream>, f64>) -> VecDeque<Part> {
        let (model, ops) = (self.world.yard.model, self.world.yard.ops);
        let response = step.response;
        let mut parts = VecDeque::new();
        match &step.kind {
            StepKind::Detect { hidden: false } => parts.push_back(self.people(response, |r| r.detect.value)),
            StepKind::Detect { hidden: true } => parts.push_back(self.people(response, |r| r.notice.value)),
            StepKind::Declare => parts.push_back(self.people(response, |r| r.declare.value)),
            StepKind::Fence { .. } | StepKind::Announce => {
                parts.push_back(self.people(response, |r| r.confirm.value))
            }
            StepKind::Hold { .. } => parts.push_back(self.between(1.0, 60.0)),
            StepKind::Release { .. } => parts.push_back(self.between(1.0, 30.0)),
            StepKind::Provision { host, site } => {
                let h = &model.hosts[*host];
                let whole = model.sites[h.site].replace;
                let range = if *site { whole } else { h.replace.or(whole) };
                parts.push_back(Part::Time(range.map_or(f64::INFINITY, |r| self.range(r.value))));
            }
            StepKind::Scan { store, jobs, .. } => {
                let s = &model.stores[*store];
                let bytes = jobs.iter().flat_map(|j| self.world.kept(*j)).map(|d| d.bytes).sum();
                parts.push_back(Part::Time(s.mount.value.as_secs_f64()));
                parts.push_back(self.between(0.0, OVERHEAD));
                parts.push_back(self.read(*store, bytes));
            }
            StepKind::Restore { .. } => self.restore(n, &step.kind, &mut parts),
            StepKind::Prepare { cluster, data, host, dump, .. } => {
                let engine = &model.engines[model.clusters[*cluster].engine];
                let unit = self.unit(*data);
                let point = self.points.get(&unit).copied().flatten();
                let chain = point.map_or(0.0, |p| p.chain);
                let devices = self.disk(*host);
                if *dump {
                    parts.push_back(Part::Move { devices, cap: bytes(engine.load.value), bytes: chain });
                } else {
                    let whole: f64 =
                        together(model, *data).iter().map(|d| size(model, *d, self.struck)).sum();
                    let cap = bytes(engine.prepare.value);
                    parts.push_back(Part::Move { devices: devices.clone(), cap, bytes: chain });
                    // Read and written on the same disk.
                    parts.push_back(Part::Move { devices, cap: f64::INFINITY, bytes: 2.0 * whole });
                }
            }
            StepKind::StartDatabase { cluster, .. } => {
                parts.push_back(self.up_to(model.engines[model.clusters[*cluster].engine].start.value));
            }
            StepKind::Replay { cluster, .. } => {
                let replay = bytes(model.engines[model.clusters[*cluster].engine].replay.value);
                let unit = model.data_in(*cluster).first().copied();
                let point = unit.and_then(|u| self.points.get(&u)).copied().flatten();
                parts.push_back(Part::Time(point.map_or(0.0, |p| p.replayed) / replay));
            }
            StepKind::Promote { cluster, host, others, .. } => {
                self.promote(*cluster, *host, others, fronts, &mut parts)
            }
            StepKind::Publish { .. } | StepKind::VerifyData { .. } | StepKind::Repoint { .. } => {
                parts.push_back(self.between(1.0, 60.0));
            }
            StepKind::StartMember { service, .. } => {
                parts.push_back(self.up_to(model.services[*service].start.value))
            }
            StepKind::TakeOver { vip, to } => parts.push_back(self.moves(*vip, *to)),
            StepKind::DropMembers { pool, .. } => {
                // A balancer asks, waits for the answer, and asks again after its interval.
                let p = &model.pools[*pool];
                let (every, hangs) = (p.every.value.as_secs_f64(), p.timeout.value.as_secs_f64());
                let mut time = self.world.script.delay(&mut self.dice, 0.0, every);
                for n in 0..p.fall.value {
                    time += hangs + if n > 0 { every } else { 0.0 };
                }
                parts.push_back(Part::Time(time));
            }
            StepKind::SwitchDns { dns, .. } => {
                let d = &model.dns[*dns];
                if d.server.is_none() {
                    parts.push_back(self.people(response, |r| r.confirm.value));
                }
                parts.push_back(self.up_to(d.update.value));
                // Somebody asked just before the change.
                parts.push_back(Part::Time(d.ttl.value.as_secs_f64()));
            }
            StepKind::VerifyService { service, .. } => {
                let within = model.services[*service].check.as_ref().map(|c| c.within.value);
                parts.push_back(self.up_to(within.unwrap_or(Duration::from_secs(60))));
            }
            StepKind::Resume { cluster } => {
                let waits = ops.streams.iter().filter(|(_, s)| s.cluster == *cluster).filter_map(|(_, s)| {
                    match s.mode {
                        Mode::SemiSync { timeout } => Some(timeout.as_secs_f64()),
                        _ => None,
                    }
                });
                parts.push_back(Part::Time(waits.fold(0.0, f64::max)));
            }
            StepKind::Reprotect { .. } | StepKind::FailBack { .. } => {}
        }
        parts
    }

    fn read(&self, store: Idx<Store>, bytes: f64) -> Part {
        let devices = self.world.yard.network.number(Device::Store(store)).into_iter().collect();
        Part::Move { devices, cap: f64::INFINITY, bytes }
    }

    fn restore(&mut self, n: usize, kind: &StepKind, parts: &mut VecDeque<Part>) {
        let StepKind::Restore { data, store, jobs, to, director, .. } = kind else { return };
        let (data, store, to) = (*data, *store, *to);
        let yard = self.world.yard;
        let (model, s) = (yard.model, &yard.model.stores[store]);
        let clean = self.taken.dirty().then_some(self.struck);
        let log = jobs.iter().copied().find(|j| yard.ops.is_log(*j));
        let Some(main) = jobs.iter().copied().find(|j| !yard.ops.is_log(*j)) else { return };
        let scanned = yard.ops.jobs[main].kind.director() != Some(*director);
        let point = newest(&self.world, (main, log), self.world.now, scanned, clean);
        let unit = self.unit(data);
        self.points.insert(unit, point);
        self.reading.insert(n, (unit, main, log));
        let Some(point) = point else {
            self.failed.insert(n);
            parts.push_back(Part::Time(f64::INFINITY));
            return;
        };
        let mut devices: Vec<usize> = yard.network.number(Device::Store(store)).into_iter().collect();
        devices.extend(self.disk(to));
        let hops = way_back(model, s.host, to).unwrap_or_default();
        let way = yard.network.way(model, (s.host, to), &hops, Class::Backup);
        devices.extend(way.devices);
        parts.push_back(Part::Time(s.mount.value.as_secs_f64()));
        for _ in jobs {
            parts.push_back(self.between(0.0, OVERHEAD));
        }
        parts.push_back(Part::Move { devices, cap: way.tcp, bytes: point.chain + point.logs });
    }

    fn promote(
        &mut self,
        cluster: Idx<Cluster>,
        host: Idx<Host>,
        others: &[Idx<Host>],
        fronts: &BTreeMap<Idx<Stream>, f64>,
        parts: &mut VecDeque<Part>,
    ) {
        let yard = self.world.yard;
        let (model, ops) = (yard.model, yard.ops);
        let engine = &model.engines[model.clusters[cluster].engine];
        let to = |h: Idx<Host>| {
            ops.streams.iter().find(move |(_, s)| s.cluster == cluster && s.to == h).map(|(id, _)| id)
        };
        let front = |h: Idx<Host>| to(h).and_then(|id| fronts.get(&id)).copied().unwrap_or(0.0);
        let ahead = others.iter().copied().max_by(|a, b| front(*a).total_cmp(&front(*b)));
        let own = front(host);
        if let Some(other) = ahead.filter(|o| front(*o) > own) {
            let course = self.world.script.logs.get(cluster);
            let more = course.map_or(0.0, |c| c.between(own, front(other)));
            let hops = way_back(model, other, host).unwrap_or_default();
            let way = yard.network.unshaped(model, (other, host), &hops, Class::Replication);
            // It waits until the other has applied what it hands on.
            let theirs =
                to(other).and_then(|id| Some(self.world.flows.get(id)?.applying.bytes)).unwrap_or(0.0);
            parts.push_back(Part::Time(theirs / bytes(engine.apply.value)));
            parts.push_back(Part::Move { devices: way.devices, cap: way.tcp, bytes: more });
            parts.push_back(Part::Time(more / bytes(engine.apply.value)));
        }
        let waits = to(host).and_then(|id| Some(self.world.flows.get(id)?.applying.bytes)).unwrap_or(0.0);
        let devices = self.disk(host);
        parts.push_back(Part::Move { devices, cap: bytes(engine.apply.value), bytes: waits });
        parts.push_back(self.up_to(engine.promote.value));
    }

    /// VRRP, version 3: the next node takes the address when it has heard nothing for three
    /// intervals and its skew; the last advertisement came up to an interval before the strike.
    fn moves(&mut self, vip: Idx<Vip>, to: Idx<Host>) -> Part {
        let Some((_, v)) = self.world.yard.ops.vrrps.iter().find(|(_, v)| v.vip == vip) else {
            return Part::Time(f64::INFINITY);
        };
        let priority = v.members.iter().find(|m| m.host == to).map_or(1, |m| m.priority);
        let advert = v.advert.as_secs_f64();
        let skew = (256.0 - f64::from(priority)) * advert / 256.0;
        let heard = advert - self.world.script.delay(&mut self.dice, 0.0, advert);
        let learnt = self.world.script.delay(&mut self.dice, 0.0, 1.0);
        Part::Time(3.0 * advert + skew - heard + learnt)
    }
}
