//! A recovery carried out: the steps of the plan in its order, on what is really there.

use super::dice::Dice;
use super::lost::Taken;
use super::points::Point;
use super::world::{Work, World};
use super::yard::together;
use crate::model::{Data, Host, Mode};
use crate::ops::{Job, Stream};
use crate::plan::{Choice, Means, Plan, Stage, Step, StepKind, Subject};
use la_arena::Idx;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What one strike came to, in seconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// What is lost of each data class that a copy serves; endless when nothing is left of it, `None`
    /// when nothing had been read yet when the recovery was followed no longer.
    pub losses: Vec<(Idx<Data>, Option<f64>)>,
    /// When each data class or service was recovered; endless when it never was.
    pub times: Vec<(Subject, f64)>,
}

/// A part of a step.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Time(f64),
    Move { devices: Vec<usize>, cap: f64, bytes: f64 },
}

/// What a restore reads: the first data class of what goes together, its runs, its logs.
pub(super) type Reading = (Idx<Data>, Idx<Job>, Option<Idx<Job>>);

pub(super) struct Recovery<'a, 'w> {
    pub world: World<'w>,
    pub plan: &'a Plan,
    pub taken: &'a Taken,
    pub dice: Dice,
    pub struck: f64,
    /// The points that were restored, by the first data class of what goes together.
    pub points: BTreeMap<Idx<Data>, Option<Point>>,
    /// What each restored point needs the oldest of, until its restore has ended.
    pub reading: BTreeMap<usize, Reading>,
    /// Restores that found nothing.
    pub failed: BTreeSet<usize>,
    outcome: Outcome,
}

impl<'a, 'w> Recovery<'a, 'w> {
    /// Strikes a world as it is now.
    pub fn new(world: World<'w>, plan: &'a Plan, taken: &'a Taken, dice: Dice) -> Self {
        let struck = world.now;
        Self {
            world,
            plan,
            taken,
            dice,
            struck,
            points: BTreeMap::new(),
            reading: BTreeMap::new(),
            failed: BTreeSet::new(),
            outcome: Outcome::default(),
        }
    }

    /// Carries the plan out.
    pub fn run(mut self) -> Outcome {
        let streams = self.world.flows.iter().map(|(id, _)| id);
        let fronts: BTreeMap<Idx<Stream>, f64> =
            streams.map(|id| (id, self.world.front(id, |f| f.received))).collect();
        self.world.strike(self.taken);
        for choice in &self.plan.choices {
            let loss = match choice.means {
                Means::Promote => self.behind(choice, &fronts),
                Means::Publish => self.snapshot(choice),
                Means::Restore => continue,
            };
            self.outcome.losses.push((choice.data, Some(loss)));
        }
        let ends = self.steps(&fronts);
        for choice in self.plan.choices.iter().filter(|c| c.means == Means::Restore) {
            let read = self.points.get(&self.unit(choice.data)).copied();
            let loss = read.map(|r| r.map_or(f64::INFINITY, |p| (self.struck - p.moment).max(0.0)));
            self.outcome.losses.push((choice.data, loss));
        }
        for (subject, step) in &self.plan.recovered {
            let end = ends.get(*step).copied().flatten();
            self.outcome.times.push((*subject, end.map_or(f64::INFINITY, |e| e - self.struck)));
        }
        self.outcome
    }

    /// The first data class of what is recovered as one.
    pub fn unit(&self, data: Idx<Data>) -> Idx<Data> {
        together(self.world.yard.model, data).first().copied().unwrap_or(data)
    }

    /// What a promoted replica lacks.
    fn behind(&mut self, choice: &Choice, fronts: &BTreeMap<Idx<Stream>, f64>) -> f64 {
        let ops = self.world.yard.ops;
        let Some((id, stream)) = ops.streams.iter().find(|(_, s)| s.serves.contains(&choice.copy)) else {
            return f64::INFINITY;
        };
        let cluster = stream.cluster;
        let asked: Vec<Idx<Host>> = self
            .plan
            .steps
            .iter()
            .filter_map(|s| match &s.kind {
                StepKind::Promote { cluster: c, others, .. } if *c == cluster => Some(others.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        // The order in which replicas acknowledge is anybody's: each is a little behind.
        let own: BTreeMap<Idx<Stream>, f64> = ops
            .streams
            .iter()
            .filter(|(_, s)| s.cluster == cluster)
            .map(|(id, _)| {
                let latency = self.world.yard.streams.get(id).map_or(0.0, |p| p.way.latency);
                let front = fronts.get(&id).copied().unwrap_or(0.0) - latency;
                (id, front - self.dice.between(0.0, 1e-4))
            })
            .collect();
        let front = |id: Idx<Stream>| own.get(&id).copied().unwrap_or(f64::NEG_INFINITY);
        let survivors =
            ops.streams.iter().filter(|(s, x)| *s == id || (x.cluster == cluster && asked.contains(&x.to)));
        let best = survivors.map(|(s, _)| front(s)).fold(f64::NEG_INFINITY, f64::max);
        let waits: Vec<&crate::ops::Stream> = ops
            .streams
            .iter()
            .map(|(_, s)| s)
            .filter(|s| s.cluster == cluster && !matches!(s.mode, Mode::Async))
            .collect();
        // Without a way to go on alone, only what enough replicas had was ever done.
        if !waits.is_empty() && waits.iter().all(|s| matches!(s.mode, Mode::Sync)) {
            let mut have: Vec<f64> = ops
                .streams
                .iter()
                .filter(|(_, s)| s.cluster == cluster && matches!(s.mode, Mode::Sync))
                .map(|(id, _)| front(id))
                .collect();
            have.sort_by(|a, b| b.total_cmp(a));
            let engine = &self.world.yard.model.engines[self.world.yard.model.clusters[cluster].engine];
            let wanted = (engine.acknowledgements.value as usize).clamp(1, have.len());
            if have.get(wanted - 1).is_some_and(|done| *done <= best) {
                return 0.0;
            }
        }
        // The draw above orders replicas; it is no part of what they are behind.
        let exact = ops
            .streams
            .iter()
            .filter(|(s, x)| *s == id || (x.cluster == cluster && asked.contains(&x.to)))
            .map(|(s, _)| {
                let latency = self.world.yard.streams.get(s).map_or(0.0, |p| p.way.latency);
                fronts.get(&s).copied().unwrap_or(f64::NEG_INFINITY) - latency
            })
            .fold(f64::NEG_INFINITY, f64::max);
        (self.struck - exact).max(0.0)
    }

    /// How old the newest whole snapshot of a mirror is.
    fn snapshot(&self, choice: &Choice) -> f64 {
        let ops = self.world.yard.ops;
        let job = ops.jobs.iter().find(|(_, j)| j.serves.contains(&choice.copy)).map(|(id, _)| id);
        let newest = job.and_then(|j| self.world.held_by(j, self.struck).last().copied());
        newest.map_or(f64::INFINITY, |d| self.struck - d.holds.0)
    }

    /// Carries out the steps; when each ended.
    fn steps(&mut self, fronts: &BTreeMap<Idx<Stream>, f64>) -> Vec<Option<f64>> {
        let plan = self.plan;
        let mut wanted: BTreeSet<usize> = plan.recovered.iter().map(|r| r.1).collect();
        for (n, step) in plan.steps.iter().enumerate().rev() {
            if wanted.contains(&n) {
                wanted.extend(step.after.iter().copied());
            }
        }
        let mut ends: Vec<Option<f64>> = vec![None; plan.steps.len()];
        let mut parts: BTreeMap<usize, VecDeque<Part>> = BTreeMap::new();
        let mut timers: BTreeMap<usize, f64> = BTreeMap::new();
        let mut begun: BTreeSet<usize> = BTreeSet::new();
        let limit = self.struck + super::FOLLOWED.as_secs_f64();
        loop {
            // Steps that end at this moment let others begin at this moment.
            loop {
                let mut moved = false;
                for n in wanted.iter().copied() {
                    let Some(step) = plan.steps.get(n).filter(|s| s.stage == Stage::Recover) else {
                        continue;
                    };
                    // Who only waits for what it holds goes on when nothing is there to be restored.
                    let gave_up = |a: &usize| self.failed.contains(a) && step.waits_for_a_thing(*a);
                    let ended = |a: &usize| ends.get(*a).copied().flatten().is_some() || gave_up(a);
                    let ready = step.after.iter().all(ended);
                    if ready && begun.insert(n) {
                        let work = self.parts(n, step, fronts);
                        parts.insert(n, work);
                        moved |= self.next(n, &mut parts, &mut timers, &mut ends) || self.failed.contains(&n);
                    }
                }
                if !moved {
                    break;
                }
            }
            if wanted.iter().all(|n| ends.get(*n).copied().flatten().is_some()) {
                break;
            }
            let alarm = timers.values().copied().fold(limit, f64::min);
            if alarm >= limit && self.world.works.is_empty() {
                // All that is left never ends.
                break;
            }
            match self.world.go(alarm) {
                Some(step) => {
                    self.next(step, &mut parts, &mut timers, &mut ends);
                }
                None if self.world.now >= limit => break,
                None => {
                    let rung: Vec<usize> =
                        timers.iter().filter(|(_, t)| **t <= self.world.now).map(|(n, _)| *n).collect();
                    for n in rung {
                        timers.remove(&n);
                        self.next(n, &mut parts, &mut timers, &mut ends);
                    }
                }
            }
        }
        ends
    }

    /// Takes a step to its next part; whether it ended.
    fn next(
        &mut self,
        n: usize,
        parts: &mut BTreeMap<usize, VecDeque<Part>>,
        timers: &mut BTreeMap<usize, f64>,
        ends: &mut [Option<f64>],
    ) -> bool {
        loop {
            match parts.get_mut(&n).and_then(VecDeque::pop_front) {
                Some(Part::Time(t)) if t <= 0.0 => {}
                Some(Part::Time(t)) => {
                    timers.insert(n, self.world.now + t);
                    return false;
                }
                Some(Part::Move { bytes, .. }) if bytes <= 0.0 => {}
                Some(Part::Move { devices, cap, bytes }) => {
                    self.world.works.push(Work { step: n, devices, cap, left: bytes });
                    return false;
                }
                None => break,
            }
        }
        if let Some(end) = ends.get_mut(n) {
            *end = Some(self.world.now);
        }
        if let Some(step) = self.plan.steps.get(n) {
            self.ended(n, step);
        }
        true
    }

    fn ended(&mut self, n: usize, step: &Step) {
        match &step.kind {
            StepKind::Fence { host, .. } => {
                self.world.silent.insert(*host);
            }
            StepKind::Hold { director } => self.world.hold(*director),
            StepKind::Restore { .. } => {
                // What was pruned while it was read is not there.
                if let Some((unit, job, log)) = self.reading.remove(&n) {
                    let pruned = self.world.pruned(job);
                    let logs = log.map_or(f64::NEG_INFINITY, |log| self.world.pruned(log));
                    let slot = self.points.entry(unit).or_default();
                    if slot.is_some_and(|p| pruned > p.until || logs > p.logs_until) {
                        *slot = None;
                    }
                }
            }
            _ => {}
        }
    }
}
