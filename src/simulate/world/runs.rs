//! Runs of jobs: what they carry, when they begin, what they go through.

use super::{Done, NOTHING, Phase, Running, Waiting, World};
use crate::ops::{Job, JobKind, Level};
use crate::simulate::writes::{changed, size};
use crate::simulate::yard::OVERHEAD;
use la_arena::Idx;

impl World<'_> {
    /// What a run that reads from `from` on and begins `at` carries.
    pub(super) fn carries(&self, job: Idx<Job>, level: Level, at: f64, applied: f64) -> f64 {
        let model = self.yard.model;
        let Some(task) = self.yard.jobs.get(job) else { return 0.0 };
        let done = self.done.get(job).map_or(&[][..], Vec::as_slice);
        let whole = || task.data.iter().map(|d| size(model, *d, at)).sum::<f64>();
        let since = |from: f64| {
            task.data.iter().map(|d| changed(model, *d, (from, at), self.script.changes(*d))).sum::<f64>()
        };
        match (&self.yard.ops.jobs[job].kind, level) {
            (JobKind::Copy { of, .. }, _) => {
                let before = done.last().map_or(0, |d| self.held_by(*of, d.begin).len());
                self.held_by(*of, at).iter().skip(before).map(|d| d.bytes).sum()
            }
            (JobKind::Verify { of, .. }, _) => self.held_by(*of, at).last().map_or(0.0, |d| d.bytes),
            (_, Level::Log) => {
                let from = self.logs_from(job, at).max(self.script.start - 86_400.0);
                let course = task.cluster.and_then(|c| self.course(c));
                course.map_or(0.0, |c| c.between(from, applied))
            }
            (_, Level::Full) => whole(),
            (_, Level::Differential) => {
                done.iter().rev().find(|d| d.level == Level::Full).map_or_else(whole, |d| since(d.begin))
            }
            (_, Level::Incremental | Level::Changes) => done.last().map_or_else(whole, |d| since(d.begin)),
        }
    }

    /// Where the logs begin that a run carries: behind those of the run before, of what the server
    /// has not dropped.
    pub(super) fn logs_from(&self, job: Idx<Job>, at: f64) -> f64 {
        let before = self.done.get(job).and_then(|d| d.last()).map_or(f64::NEG_INFINITY, |d| d.holds.0);
        let cluster = self.yard.jobs.get(job).and_then(|t| t.cluster);
        let kept =
            cluster.map_or(f64::INFINITY, |c| self.yard.model.clusters[c].logs_kept.value.as_secs_f64());
        if before.is_finite() { before.max(at - kept) } else { before }
    }

    /// Takes a run to its next phase; whether it goes on.
    pub(super) fn turn(&mut self, n: usize) -> bool {
        let now = self.now;
        let applied = |w: &Self, job: Idx<Job>| w.reads(job);
        let Some(run) = self.runs.get(n) else { return false };
        let job = run.job;
        match run.phase {
            Phase::Begin { until } if until > now + 1e-9 => true,
            Phase::Stage { left } | Phase::Move { left } if left > NOTHING => true,
            Phase::Begin { .. } => {
                let (stage, bytes) = (run.stage, run.bytes);
                let phase =
                    if stage > 0.0 { Phase::Stage { left: stage } } else { Phase::Move { left: bytes } };
                if let Some(run) = self.runs.get_mut(n) {
                    run.phase = phase;
                }
                self.turn(n)
            }
            Phase::Stage { .. } => {
                // The engine's own backup is of the moment at which it ends, a dump of its begin.
                let physical = matches!(
                    &self.yard.ops.jobs[job].kind,
                    JobKind::Database { staging: crate::ops::Staging::Physical { .. }, .. }
                );
                let moment = applied(self, job);
                if let Some(run) = self.runs.get_mut(n) {
                    if physical {
                        run.holds = (moment, moment);
                    }
                    run.phase = Phase::Move { left: run.bytes };
                }
                self.turn(n)
            }
            Phase::Move { .. } => {
                let run = self.runs.remove(n);
                let files =
                    matches!(self.yard.ops.jobs[job].kind, JobKind::Files { .. } | JobKind::Mirror { .. });
                // A file that is read late may hold what was written since the begin.
                let holds = if files { (run.holds.0, now) } else { run.holds };
                let Running { level, begin, from, bytes, .. } = run;
                let done = Done { level, begin, end: now, from, holds, bytes };
                self.done.entry(job).or_default().push(done);
                false
            }
        }
    }

    /// Whether a drive is free on each store of a job that has so many. Bacula's director takes all
    /// that a run needs at once, of whoever waits in their order and can have it.
    fn drives_free(&self, job: Idx<Job>) -> bool {
        let ops = self.yard.ops;
        let waiting = self.waiting.iter().filter(|w| w.drives).map(|w| w.job);
        let taken: Vec<_> = self.runs.iter().map(|r| r.job).chain(waiting).collect();
        ops.stores_of(&ops.jobs[job]).iter().all(|store| {
            let drives = self.yard.model.stores[*store].drives.map(|d| d.value);
            let used = || taken.iter().filter(|j| ops.stores_of(&ops.jobs[**j]).contains(store)).count();
            drives.is_none_or(|d| (used() as u64) < d)
        })
    }

    /// Lets a run begin that is due or waits at a place of the queue, behind all who came first;
    /// whether it waits there now.
    pub(super) fn due(&mut self, run: Waiting, place: usize) -> bool {
        let Waiting { job, level, drives } = run;
        let kind = &self.yard.ops.jobs[job].kind;
        if self.held.contains(&job) {
            // It fails for want of its client, and may have taken a volume before.
            if kind.director().is_some_and(|d| !self.paused.contains(&d)) {
                self.asked.insert(job, self.now);
            }
            return false;
        }
        // One of a job at a time: of mirrors and logs the later one is left out, others wait.
        let log = matches!(kind, JobKind::Log { .. });
        let (going, waits) =
            (self.runs.iter().any(|r| r.job == job), self.waiting.iter().take(place).any(|w| w.job == job));
        if (going || waits) && (log || matches!(kind, JobKind::Mirror { .. })) {
            return false;
        }
        if going || waits || !(drives || self.drives_free(job)) {
            self.waiting.insert(place, Waiting { drives: false, ..run });
            return true;
        }
        let Some(task) = self.yard.jobs.get(job) else { return false };
        if let Some(director) = task.director {
            let going = self
                .runs
                .iter()
                .filter(|r| self.yard.jobs.get(r.job).is_some_and(|t| t.director == Some(director)));
            if going.count() as u64 >= self.yard.ops.directors[director].jobs {
                self.waiting.insert(place, Waiting { drives: true, ..run });
                return true;
            }
        }
        self.asked.insert(job, self.now);
        let moment = self.reads(job);
        let bytes = self.carries(job, level, self.now, moment);
        let whole: f64 = task.data.iter().map(|d| size(self.yard.model, *d, self.now)).sum();
        let stage = match (task.stages, level) {
            (None, _) => 0.0,
            // It is written beside the data and read again; whatever is not full looks at every page.
            (Some(_), Level::Full) => 2.0 * bytes,
            (Some(_), _) => 2.0 * bytes + whole,
        };
        // Each run that is copied is a job of its own.
        let jobs = match &self.yard.ops.jobs[job].kind {
            JobKind::Copy { of, .. } => {
                let before = self.done.get(job).and_then(|d| d.last()).map(|d| d.begin);
                let before = before.map_or(0, |b| self.held_by(*of, b).len());
                self.held_by(*of, self.now).len().saturating_sub(before).max(1) as f64
            }
            _ => 1.0,
        };
        let own = jobs * self.script.delay(&mut self.dice, 0.0, OVERHEAD);
        let from = self.logs_from(job, self.now);
        self.runs.push(Running {
            from,
            job,
            level,
            begin: self.now,
            bytes,
            stage,
            holds: (moment, moment),
            phase: Phase::Begin { until: self.now + own },
        });
        false
    }
}
