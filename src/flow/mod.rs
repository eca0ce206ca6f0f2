//! Operations over time to facts: how stale each copy can be, how long each run takes.
//!
//! Facts are side tables keyed by the ids of the operations. Each keeps the numbers that it came
//! from, so that a derivation can be printed without a second set of formulas.
//!
//! What the timeline of shared devices, exact sharing of links and simulation add later reads the
//! same operations and fills the same tables.

mod beside;
mod device;
pub mod fluid;
mod frame;
mod late;
mod queue;
pub mod rate;
pub mod run;
mod spare;
pub mod stream;
mod timeline;

pub use beside::beside;
pub use late::Between;
pub use rate::{Binding, WayRate};
pub use run::{JobFact, LevelFact};
pub use spare::Spare;
pub use stream::{StreamFact, log_written, never_falls_back};

use crate::calendar::{Gaps, Rule, Zone, next_free, worst_gaps};
use crate::model::{Class, Data, Direction, Hop, Link, Model, On};
use crate::ops::shaping::{self, Members};
use crate::ops::{Job, Ops, Stream};
use crate::quantity::{Bytes, Duration, Rate, Ratio};
use la_arena::{ArenaMap, Idx};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// The time that verdicts hold for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Horizon {
    /// Its first instant, in Unix seconds.
    pub as_of: i64,
    /// How many days it lasts.
    pub days: u32,
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
    /// How many members share each class of each link, in each direction.
    pub members: Members,
    /// What cards and disks have left.
    pub spare: Spare,
    /// What each sender over a link may take at most.
    peaks: BTreeMap<(Idx<Link>, Direction), Vec<Rate>>,
}

/// Computes all facts.
pub fn analyse(model: &Model, ops: &Ops, horizon: Horizon) -> Facts {
    let members = shaping::members(model, ops);
    let peaks = peaks(model, ops);
    let spare = Spare::new(model, ops);
    let mut facts =
        Facts { horizon, streams: ArenaMap::default(), jobs: ArenaMap::default(), members, spare, peaks };
    for (id, stream) in ops.streams.iter() {
        let fact = stream::fact(model, &facts, stream);
        facts.streams.insert(id, fact);
    }
    let mut calendar = Calendar { horizon, known: FxHashMap::default() };
    run::facts(model, ops, &mut facts, &mut calendar);
    facts
}

impl Facts {
    /// The rate that a way guarantees to one member of a class; `own_peak` as in [`rate`].
    pub fn way(
        &self,
        model: &Model,
        hops: &[Hop],
        class: Class,
        own_peak: Option<Rate>,
        limit: Option<Rate>,
    ) -> WayRate {
        rate::way(model, &self.members, &self.peaks, hops, class, own_peak, limit)
    }
}

/// What each sender over each link may take at most on a normal day.
fn peaks(model: &Model, ops: &Ops) -> rate::Peaks {
    let mut peaks = rate::Peaks::new();
    let mut add = |hops: &[Hop], rate: Rate| {
        for hop in hops {
            peaks.entry((hop.link, hop.direction)).or_default().push(rate);
        }
    };
    for (_, stream) in ops.streams.iter() {
        let peak = stream::peak(model, stream);
        add(stream.paths.first().map_or(&[][..], |p| &p.hops), peak);
    }
    for (_, job) in ops.jobs.iter() {
        add(&run::hops(job), run::peak(model, ops, job));
    }
    peaks
}

/// The gaps of schedules, each distinct schedule worked out once.
struct Calendar {
    horizon: Horizon,
    known: FxHashMap<(Vec<(Rule, usize)>, Zone), Gaps>,
}

impl Calendar {
    /// [`next_free`] over the horizon.
    fn next_free(&self, runs: &[Rule], zone: &Zone, busy: Duration) -> Option<Duration> {
        next_free(runs, zone, self.horizon.as_of, i64::from(self.horizon.days), busy)
    }

    fn gaps(&mut self, runs: Vec<(Rule, usize)>, zone: &Zone) -> &Gaps {
        let horizon = self.horizon;
        self.known
            .entry((runs, zone.clone()))
            .or_insert_with_key(|(runs, zone)| worst_gaps(runs, zone, horizon.as_of, i64::from(horizon.days)))
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
