//! Operations over time to facts: how stale each copy can be, how long each run takes.
//!
//! Facts are side tables keyed by the ids of the operations. Each keeps the numbers that it came
//! from, so that a derivation can be printed without a second set of formulas.
//!
//! Streams that share are solved together (`sharing.rs`, `maxmin.rs`); runs share devices on a
//! timeline (`timeline.rs`).

mod beside;
mod capacity;
mod device;
mod disks;
mod felt;
mod fetch;
pub mod fluid;
mod frame;
mod late;
mod level;
mod logs;
pub mod maxmin;
mod missed;
pub mod outage;
mod points;
mod queue;
pub mod rate;
mod run;
pub mod sharing;
mod sizes;
mod spare;
pub mod stream;
mod timeline;
mod timetable;
mod transactions;
mod turns;
pub mod volumes;

pub use beside::{Neighbours, beside};
pub use capacity::{Capacity, Held, Share, Stop, StoreFact};
pub use disks::{DiskFact, DiskUse};
pub use late::Between;
pub use level::{JOB_OVERHEAD, JobFact, LevelFact, Surely, Terms};
pub use logs::Logs;
pub use missed::Missed;
pub use outage::{Detour, Gone};
pub use points::{Asked, Break, PointFact, Points, Runs};
pub use rate::{Binding, WayRate};
pub use sharing::Shared;
pub use spare::Spare;
pub use stream::{StreamFact, never_falls_back};
pub use transactions::Transactions;

use crate::calendar::{Gaps, Rule, Starts, Zone, weeks, worst_gaps};
use crate::model::{Class, Data, Hop, Model, On};
use crate::ops::shaping::{self, Members, Parts};
use crate::ops::{Job, JobKind, Ops, Path, Stream};
use crate::quantity::{Bytes, Duration, Rate, Ratio};
use la_arena::{ArenaMap, Idx};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::rc::Rc;

/// The time that verdicts hold for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Horizon {
    /// Its first instant, in Unix seconds.
    pub as_of: i64,
    /// How many days it lasts.
    pub days: u32,
}

impl Horizon {
    /// The first instant behind it, in Unix seconds.
    pub fn end(self) -> i64 {
        self.as_of + i64::from(self.days) * 86_400
    }
}

/// All facts.
#[derive(Debug)]
pub struct Facts {
    /// The time that they hold for.
    pub horizon: Horizon,
    /// By stream.
    pub streams: ArenaMap<Idx<Stream>, StreamFact>,
    /// By job.
    pub jobs: ArenaMap<Idx<Job>, JobFact>,
    /// The same when the runs that tiers tolerate were missed; `None` where no tier tolerates any.
    missed: Option<ArenaMap<Idx<Job>, JobFact>>,
    /// How much log databases write.
    pub logs: Logs,
    /// How many members share each class of each link, in each direction.
    pub members: Members,
    /// What each stream and job is held to.
    pub parts: Parts,
    /// What cards and disks have left.
    pub spare: Spare,
    /// The largest transactions of those who share cards and links that nothing divides.
    pub transactions: Transactions,
    /// Recovery points and how long they are kept.
    pub points: Points,
    /// How full stores and disks become.
    pub capacity: Capacity,
    /// What all senders over a link may take at most.
    peaks: rate::Peaks,
    /// The same of everybody at once, each on any of its ways.
    crowd: outage::Crowd,
    /// The same of those who may have come onto another of their ways after a loss, and so may have
    /// a queue; all others as on a normal day.
    moved: outage::Crowd,
}

/// Computes all facts.
pub fn analyse(model: &Model, ops: &Ops, horizon: Horizon) -> Facts {
    let mut logs = Logs::new(model, horizon);
    // Streams that may have a queue, and so send at times what they did not bring just then.
    let mut queued = BTreeSet::new();
    let (mut facts, ways) = loop {
        let parts = shaping::parts(model, ops);
        let loads = stream::loads(model, ops, &parts, &logs, &queued);
        let peaks = peaks(model, ops, &loads, false);
        let spare = Spare::new(model, ops, &logs, loads);
        let facts = Facts {
            horizon,
            streams: ArenaMap::default(),
            jobs: ArenaMap::default(),
            missed: None,
            members: shaping::members(model, ops),
            parts,
            peaks,
            crowd: outage::Crowd::default(),
            moved: outage::Crowd::default(),
            points: Points::default(),
            capacity: Capacity::default(),
            spare,
            logs,
            transactions: Transactions::default(),
        };
        let ways = stream::ways(model, ops, &facts);
        // Whoever was counted on to send no more than it brings, and may get less than that at
        // times, is counted on for all that it can send. At the end nobody who is not counted so is
        // ever the first to have a queue.
        let before = queued.len();
        queued.extend(stream::queued(ops, &facts.logs, &ways));
        if queued.len() == before {
            break (facts, ways);
        }
        logs = facts.logs;
    };
    facts.transactions = Transactions::new(model, ops, &facts.parts, &facts.logs, &queued);
    stream::facts(model, ops, &mut facts, &ways);
    let crowd = |queued: &BTreeSet<Idx<Stream>>| {
        let loads = stream::loads(model, ops, &facts.parts, &facts.logs, queued);
        outage::Crowd {
            peaks: peaks(model, ops, &loads, true),
            spare: Spare::new(model, ops, &facts.logs, loads),
        }
    };
    let several = ops.streams.iter().filter(|(_, s)| s.paths.len() > 1).map(|(id, _)| id);
    let movable = several.chain(queued.iter().copied()).collect();
    let everyone = ops.streams.iter().map(|(id, _)| id).collect();
    (facts.crowd, facts.moved) = (crowd(&everyone), crowd(&movable));
    let mut calendar = Calendar {
        horizon,
        known: FxHashMap::default(),
        by_job: FxHashMap::default(),
        starts: FxHashMap::default(),
        misses: false,
        back: ArenaMap::default(),
    };
    felt::solve(model, ops, &mut facts, &mut calendar);
    facts.points = Points::new(ops, &facts, horizon, model.longest_cut());
    facts.capacity = capacity::of(model, ops, &facts);
    facts
}

impl Facts {
    /// The rate that a way guarantees to one member of a class; `own_peak` as in [`rate`]. What was
    /// not counted among those of a normal day, such as a restore, comes after a loss: others may have
    /// come onto another of their ways by then, and have a queue.
    pub fn way(
        &self,
        model: &Model,
        hops: &[Hop],
        class: Class,
        own_peak: Option<Rate>,
        limit: Option<Rate>,
    ) -> WayRate {
        let held = rate::Held::Each(&self.members);
        let peaks = if own_peak.is_some() { &self.peaks } else { &self.moved.peaks };
        rate::way(model, held, peaks, hops, class, own_peak, limit)
    }

    /// What cards and disks have left after a loss: streams that have several ways may have a queue
    /// by then.
    pub fn spare_after_loss(&self) -> &Spare {
        &self.moved.spare
    }

    /// The same for a job, which is held to one part whichever way it takes.
    fn way_of(
        &self,
        model: &Model,
        id: Idx<Job>,
        hops: &[Hop],
        class: Class,
        own: Rate,
        limit: Option<Rate>,
    ) -> WayRate {
        let held = rate::Held::Part(self.parts.jobs.get(id).copied());
        rate::way(model, held, &self.peaks, hops, class, Some(own), limit)
    }
}

/// What all senders over each link may take at most: on a normal day, or at any time, when each may
/// be on any of its ways.
fn peaks(model: &Model, ops: &Ops, loads: &stream::Loads, any: bool) -> rate::Peaks {
    let mut peaks = rate::Peaks::new();
    let mut add = |paths: &[Path], back: bool, rate: Rate| {
        let ways = if any { paths } else { paths.get(..1).unwrap_or_default() };
        let hops: BTreeSet<Hop> = ways.iter().flat_map(|p| &p.hops).copied().collect();
        for hop in hops {
            let hop = if back { hop.reversed() } else { hop };
            *peaks.entry((hop.link, hop.direction)).or_default() += u128::from(rate.0);
        }
    };
    for (id, stream) in ops.streams.iter() {
        add(&stream.paths, false, loads.get(id).copied().unwrap_or_default());
    }
    for (_, job) in ops.jobs.iter() {
        // It reads back.
        let back = matches!(job.kind, JobKind::Verify { .. });
        add(&job.paths, back, run::peak(model, ops, job));
    }
    peaks
}

/// A schedule with its levels, the zone of its clocks, and for how many days before the horizon it is
/// looked at.
type Looked = (Vec<(Rule, usize)>, Zone, i64);

/// The gaps of schedules, each distinct schedule worked out once.
struct Calendar {
    horizon: Horizon,
    known: FxHashMap<Looked, Rc<Gaps>>,
    /// The same by job.
    by_job: FxHashMap<(Idx<Job>, i64), Rc<Gaps>>,
    /// Also by for how many weeks.
    starts: FxHashMap<(Vec<Rule>, Zone, i64), Starts>,
    /// Whether the runs that tiers tolerate are missed.
    misses: bool,
    /// For how many days before the horizon the gaps of a job are felt in it (`felt`).
    back: ArenaMap<Idx<Job>, i64>,
}

impl Calendar {
    /// [`Starts::next_free`] over the horizon.
    fn next_free(&mut self, runs: Vec<Rule>, zone: &Zone, busy: Duration) -> Option<Duration> {
        let (as_of, days) = (self.horizon.as_of, i64::from(self.horizon.days));
        let starts = self.starts.entry((runs, zone.clone(), weeks(busy)));
        starts
            .or_insert_with_key(|(r, zone, weeks)| Starts::new(r, zone, as_of, days, *weeks))
            .next_free(busy)
    }

    /// Of a job, gaps of so many days before the horizon counted.
    fn gaps(&mut self, ops: &Ops, id: Idx<Job>, back: i64) -> Rc<Gaps> {
        let horizon = self.horizon;
        let known = &mut self.known;
        let job = || {
            let gaps = |(runs, zone, back): &Looked| {
                Rc::new(worst_gaps(runs, zone, horizon.as_of, i64::from(horizon.days), *back))
            };
            let job = &ops.jobs[id];
            let looked = (run::levelled(job), job.zone.clone(), back);
            Rc::clone(known.entry(looked).or_insert_with_key(gaps))
        };
        Rc::clone(self.by_job.entry((id, back)).or_insert_with(job))
    }
}

/// The data classes that live in the same database as this one, or it alone.
pub fn together(model: &Model, data: Idx<Data>) -> Vec<Idx<Data>> {
    match model.data[data].on {
        On::Cluster(cluster) => model.data_in(cluster),
        On::Files { .. } => vec![data],
    }
}

/// How much there may be of some data classes at the end of the horizon.
///
/// Growth is compound over whole periods, the last one counted in full.
pub fn size_at_end(model: &Model, data: &[Idx<Data>], horizon: Horizon) -> Bytes {
    let span = Duration::from_days(u64::from(horizon.days));
    data.iter().fold(Bytes::ZERO, |sum, d| {
        let d = &model.data[*d];
        let size = match d.growth.map(|g| g.value) {
            Some((part, per)) if per.0 > 0 => grown(d.size.value, part, span.0.div_ceil(per.0)),
            _ => d.size.value,
        };
        sum.plus(size)
    })
}

/// A size after so many periods, each of which adds that part. Exact where periods are few;
/// beyond that rounded up by a millionth.
fn grown(size: Bytes, part: Ratio, periods: u64) -> Bytes {
    if periods <= 10_000 {
        return (0..periods).fold(size, |size, _| size.plus(size.part_up(part)));
    }
    let end = size.0 as f64 * (periods as f64 * part.as_f64().ln_1p()).exp() * (1.0 + 1e-6);
    // As far as it goes: what does not fit is the most that there is.
    Bytes(end.ceil() as u64)
}

/// How much is stated of some data classes today.
pub fn size_today(model: &Model, data: &[Idx<Data>]) -> Bytes {
    data.iter().fold(Bytes::ZERO, |sum, d| sum.plus(model.data[*d].size.value))
}
