//! What is known of a job's runs.

use super::late::Between;
use super::missed::Missed;
use super::rate::WayRate;
use crate::calendar::{Again, Gap, HALF_YEAR};
use crate::model::Data;
use crate::ops::job::Level;
use crate::quantity::{Bytes, Duration};
use la_arena::Idx;

/// What is known of a job.
#[derive(Clone, Debug)]
pub struct JobFact {
    /// By level, in the order of levels.
    pub levels: Vec<LevelFact>,
    /// What its way guarantees.
    pub way: WayRate,
    /// Data classes that it carries.
    pub data: Vec<Idx<Data>>,
    /// What is taken to be missed.
    pub missed: Missed,
    /// A data class on a disk that it uses of which nobody says how much is written, so that
    /// nothing bounds what is left of the disk.
    pub unstated: Option<Idx<Data>>,
}

/// What is known of a job's runs of one level.
#[derive(Clone, Debug)]
pub struct LevelFact {
    /// Which.
    pub level: Level,
    /// What one run carries at most at the end of the horizon; `None` when nobody says.
    pub bytes: Option<Bytes>,
    /// The same of all of several runs in a row but one: missed runs make only the next larger.
    pub usual: Option<Bytes>,
    /// The longest time from the start of any run of the job to the start of one of this level.
    pub gap: Option<Gap>,
    /// The longest of these that surely can come to pass within the horizon: `gap` counts those of
    /// before that are still felt in it, missed runs, and what the first of two runs may be late.
    pub surely: Option<Gap>,
    /// The longest time between two runs of this level.
    pub same: Option<Gap>,
    /// The shortest time from a run of this level to the next run.
    pub room: Option<Duration>,
    /// The same had no run been late at random.
    pub nearest: Option<Duration>,
    /// The most runs of this level that are due on one day.
    pub per_day: u64,
    /// How near to one another runs of this level are due.
    pub again: Again,
    /// What is left at least, when a run is due, of the window that its schedule states, and of
    /// which run.
    pub window: Option<Gap>,
    /// How long a run takes at most from when it is due, waiting for a drive or a place included;
    /// where runs overrun and wait for one another, from when the one before is over. `None` without
    /// a bound.
    pub most: Option<Duration>,
    /// Whether runs start when their schedule says, and what the longest time from a start to the
    /// next comes to where they do not.
    pub between: Between,
    /// How long it takes with nothing else going on, the size being today's.
    pub alone: Option<Duration>,
    /// How long after its start the moment that it holds may be: a physical backup is of the end of
    /// its staging. Nothing for others.
    pub moment: Duration,
    /// The terms of `most`, for the derivation.
    pub terms: Terms,
}

/// What surely can pass from a run to the completion of the next.
#[derive(Clone, Copy, Debug)]
pub struct Surely<'a> {
    /// The level of the run at the end.
    pub level: &'a LevelFact,
    /// When the first run starts, in Unix seconds.
    pub from: i64,
    /// From start to start.
    pub gap: Duration,
    /// How long the second takes alone, or any does; nothing where what it carries shrinks as the first
    /// waits.
    pub takes: Duration,
    /// What the first may hold of the gap.
    pub holds: Duration,
    /// Whether it passes between some two runs, which of them depending on how long each waits.
    pub somewhere: bool,
}

impl Surely<'_> {
    /// What is lost just before the second is complete.
    pub fn loss(&self) -> Duration {
        self.gap.plus(self.takes).minus(self.holds)
    }

    /// How old the first is when what is in the second still holds nothing: just before it starts.
    pub fn age(&self) -> Duration {
        self.gap.minus(self.holds)
    }
}

/// The parts of a run's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Starting, catalogue, ending.
    pub fixed: Duration,
    /// Waiting for a drive or for a place of the director.
    pub wait: Duration,
    /// The part of it that is spent before it has its drive.
    pub drive_wait: Duration,
    /// Making the backup readable on the client's own disk.
    pub staging: Duration,
    /// Moving it.
    pub transfer: Duration,
    /// The part of what is moved that large transactions of streams may put before it.
    pub beside: Bytes,
    /// How many runs share the narrowest device at the worst moment, this one counted.
    pub sharing: u64,
}

/// The fixed time of a job of the backup product: 2.3 to 4 s as measured, rounded up.
pub const JOB_OVERHEAD: Duration = Duration::from_secs(5);

const DAY: Duration = Duration::from_days(1);
const WEEK: Duration = Duration::from_days(7);

impl LevelFact {
    /// The longest time from the start of a run of this level to that of the next, which may wait; `None`
    /// without a bound.
    pub fn apart(&self) -> Option<Duration> {
        let said = self.same.or(self.gap).map(|g| g.length.plus(self.terms.wait));
        match self.between {
            Between::AsSaid => said,
            Between::Late(time) => said.map(|s| s.max(time)),
            Between::Unbounded => None,
        }
    }

    /// What so many runs in a row carry at most.
    pub fn carried_by(&self, runs: u64) -> Option<Bytes> {
        let (bytes, usual) = (self.bytes?, self.usual?);
        Some(if runs == 0 { Bytes::ZERO } else { bytes.plus(usual.times(runs - 1)) })
    }

    /// Whether a run may still be going when the next is due.
    pub fn overruns(&self) -> bool {
        matches!((self.most, self.room), (Some(most), Some(room)) if most > room) || self.most.is_none()
    }

    /// Work that is lost at most when the newest complete run is of before this one: the gap to
    /// this run plus its time (model, "run k of a schedule").
    ///
    /// Where runs are late the gap is the true one between their starts (calculus, 3.8 to 3.10).
    pub fn loss(&self) -> Option<Duration> {
        let gap = match self.between {
            Between::AsSaid if self.overruns() => return None,
            Between::AsSaid => self.gap?.length,
            Between::Late(gap) => gap,
            Between::Unbounded => return None,
        };
        Some(gap.plus(self.most?))
    }

    /// How many runs of this level begin within a time at most, both ends counted: each is late by less
    /// than the time to the next, and no day has more than the schedule has times. Days that the time
    /// only touches, what is late by up to a day, and hours that clocks show twice count whole. Where
    /// runs overrun, [`JobFact::runs_in`] says more.
    fn due_in(&self, time: Duration) -> u64 {
        if self.same.is_none() {
            return 1;
        }
        let days = time.0.div_ceil(DAY.0).saturating_add(3).saturating_add(time.0 / HALF_YEAR.0);
        let by_day = self.per_day.saturating_mul(days);
        self.again.most_in(time).map_or(by_day, |most| most.min(by_day))
    }

    /// Whether a run may end outside of the window that its schedule states.
    pub fn misses_window(&self) -> bool {
        self.window.is_some_and(|w| self.most.is_none_or(|most| most > w.length))
    }
}

impl JobFact {
    /// The worst of [`LevelFact::loss`] over the levels, with the level; `None` without a bound.
    pub fn loss(&self) -> Option<(Duration, &LevelFact)> {
        let mut worst: Option<(Duration, &LevelFact)> = None;
        for level in &self.levels {
            let loss = level.loss()?;
            if worst.is_none_or(|(w, _)| loss > w) {
                worst = Some((loss, level));
            }
        }
        worst
    }

    /// A time between two runs that can happen, and what the run at its end takes alone: of the level
    /// where both are most.
    ///
    /// The run before may be late, since it waits for others, or surely is, since the one before it
    /// takes too long. Then it is nearer; but on average no less lies between two runs than between the
    /// nearest that are due, and so between some two of them.
    pub fn surely(&self) -> Option<Surely<'_>> {
        let levels = || self.levels.iter();
        let least =
            |of: fn(&LevelFact) -> Option<Duration>| levels().filter_map(of).min().unwrap_or_default();
        let (nearest, alone) = (least(|l| l.nearest), least(|l| l.alone));
        let holds = levels().map(|l| l.moment).max().unwrap_or_default();
        let in_time = levels().all(|l| l.most.is_some_and(|most| l.nearest.is_none_or(|next| most <= next)));
        let waits = match in_time {
            true => self.longest_wait(),
            false => Duration::MAX,
        };
        // What was written while the run before waited is in that, and in the next no longer.
        let full = waits == Duration::ZERO || levels().all(|l| l.level == Level::Full);
        let surely = levels().filter_map(|level| {
            let (gap, takes) = (level.surely?, level.alone?);
            let takes = if full || level.level == Level::Full { takes } else { Duration::ZERO };
            let reduced = Surely {
                level,
                from: gap.from,
                gap: gap.length.minus(waits),
                takes,
                holds,
                somewhere: false,
            };
            let alone = if full { takes.min(alone) } else { Duration::ZERO };
            let average = Surely { gap: nearest.min(gap.length), takes: alone, somewhere: true, ..reduced };
            Some(if waits > Duration::ZERO && average.loss() > reduced.loss() { average } else { reduced })
        });
        surely.max_by_key(Surely::loss)
    }

    /// What a run that is no full may carry all the same: after one that failed Bacula takes a full
    /// again with the next run, whatever its level (`Rerun Failed Levels`). Nothing where no run is
    /// missed.
    pub fn taken_again(&self) -> Bytes {
        let chained = self.missed.runs > 0 && self.levels.len() > 1;
        let full = self.level(Level::Full).filter(|_| chained);
        full.and_then(|f| f.bytes).unwrap_or_default()
    }

    /// How long a job is at work for what is due on one day, at most; `None` without a bound.
    fn busy(&self) -> Option<Duration> {
        let day = |l: &LevelFact| Some(l.most?.times(l.per_day));
        self.levels.iter().map(day).try_fold(Duration::ZERO, |sum, d| Some(sum.plus(d?)))
    }

    /// How long a run may wait for those before it where runs overrun: what is due on two days that a
    /// time touches comes before it at most, as long as no day brings more than it has time for; or what
    /// is due in a week, as long as no week does. `None` without a bound.
    pub fn queued(&self) -> Option<Duration> {
        let weekly = || {
            let work = |l: &LevelFact| Some(l.most?.times(l.again.most_in(WEEK)?));
            let all = self.levels.iter().map(work).try_fold(Duration::ZERO, |sum, w| Some(sum.plus(w?)));
            all.filter(|work| *work <= WEEK)
        };
        self.busy().filter(|busy| *busy <= DAY).map(|busy| busy.times(2)).or_else(weekly)
    }

    /// How long a run may wait for others before it begins, its random start apart. `None` where it also
    /// waits for those before it, since they overrun.
    pub fn waiting(&self) -> Option<Duration> {
        let in_time = self.levels.iter().all(|l| l.between == Between::AsSaid && !l.overruns());
        in_time.then(|| self.longest_wait())
    }

    /// How long a run waits at most for a drive or for a place of the director.
    pub fn longest_wait(&self) -> Duration {
        self.levels.iter().map(|l| l.terms.wait).max().unwrap_or_default()
    }

    /// How many runs of a level begin within a time at most. Where runs overrun those that waited may
    /// follow one another at once: they were due in that time and the longest wait; without a bound on
    /// that it is the largest number.
    pub fn runs_in(&self, level: &LevelFact, time: Duration) -> u64 {
        if !self.is_late() {
            return level.due_in(time);
        }
        self.queued().map_or(u64::MAX, |queued| level.due_in(time.plus(queued)))
    }

    /// How long before the copy before what the oldest log run that a copy finds holds may have been
    /// written. It may have begun a run's time before that copy, and holds what was written since two
    /// runs before it, of which one may follow missed ones.
    ///
    /// A run that does not overrun takes at most the room to the next, and it is not known at first
    /// how long runs take: the room counts, so that what copies carry never shrinks.
    pub fn held_by_log(&self, log: &LevelFact) -> Option<Duration> {
        let gap = match log.between {
            Between::Late(time) => time.max(log.gap?.length),
            _ => log.gap?.length,
        };
        let takes = log.most.max(log.room).unwrap_or_default();
        Some(gap.times(2).minus(self.missed.time).plus(takes))
    }

    /// The longest time between two runs, whatever their levels; `None` when there is none.
    pub fn longest_gap(&self) -> Option<Duration> {
        self.levels.iter().filter_map(|l| l.gap.or(l.same)).map(|g| g.length).max()
    }

    /// Whether runs overrun, so that they are late or left out.
    pub fn is_late(&self) -> bool {
        self.levels.iter().any(|l| l.between != Between::AsSaid)
    }

    /// The longest time from the start of a run to that of the next, whatever their levels, which may be
    /// late or wait; `None` without a bound.
    pub fn longest_between(&self) -> Option<Duration> {
        let between = |l: &LevelFact| {
            let said = l.gap.or(l.same).map_or(Duration::ZERO, |g| g.length.plus(l.terms.wait));
            match l.between {
                Between::AsSaid => Some(said),
                Between::Late(time) => Some(said.max(time)),
                Between::Unbounded => None,
            }
        };
        self.levels.iter().map(between).try_fold(Duration::ZERO, |a, b| Some(a.max(b?)))
    }

    /// [`LevelFact::apart`] of a level, and nothing of one that there is not.
    pub fn longest_apart(&self, level: Level) -> Duration {
        self.level(level).map_or(Duration::ZERO, |l| l.apart().unwrap_or(Duration::MAX))
    }

    /// The facts of a level.
    pub fn level(&self, level: Level) -> Option<&LevelFact> {
        self.levels.iter().find(|l| l.level == level)
    }

    /// What a restore of the newest point reads at most: the newest full, the newest differential
    /// and every incremental that may stand behind them (calculus, 5.1).
    pub fn chain_bytes(&self) -> Option<Bytes> {
        let mut sum = Bytes::ZERO;
        let full = self.level(Level::Full)?;
        sum = sum.plus(full.bytes?);
        let mut base = full.apart()?;
        if let Some(differential) = self.level(Level::Differential) {
            sum = sum.plus(differential.bytes?);
            base = differential.apart().unwrap_or(base);
        }
        if let Some(incremental) = self.level(Level::Incremental) {
            // Those between two fulls, and runs that are not late stay in order: neither end counts.
            let ends = u64::from(!self.is_late());
            let many = self.runs_in(incremental, base).saturating_sub(ends);
            sum = sum.plus(incremental.carried_by(many)?);
        }
        Some(sum)
    }
}
