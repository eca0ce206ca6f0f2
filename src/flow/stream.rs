//! How far a replica can be behind.

use super::rate::{Binding, WayRate};
use super::{Facts, fluid};
use crate::calendar::WeekProfile;
use crate::model::{Class, Cluster, Data, Mode, Model};
use crate::ops::Stream;
use crate::quantity::{Bytes, Duration, Rate, time_to_move};
use la_arena::Idx;

/// What is known of a stream.
#[derive(Clone, Debug)]
pub struct StreamFact {
    /// What its way guarantees on the wire.
    pub way: WayRate,
    /// Bytes of the log per second that this carries, compression counted.
    pub service: u64,
    /// How far what the replica has received is behind; the parts of [`StreamFact::received`].
    pub lag: Behind,
    /// One way, without load.
    pub latency: Duration,
    /// The largest transaction, which ships whole.
    pub unit: Duration,
    /// How long applying all that was received takes at most.
    pub apply: Behind,
}

/// A queue's worst, or why there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Behind {
    /// At most this.
    Lag(fluid::Lag),
    /// More comes than goes: it never catches up.
    Never(fluid::Unstable),
    /// A data class of the database does not say how much is written.
    Unstated(Idx<Data>),
}

impl Behind {
    fn of(profile: &Result<WeekProfile, Idx<Data>>, service: u64) -> Self {
        match profile {
            Err(data) => Self::Unstated(*data),
            Ok(p) => match fluid::lag(p, service) {
                Ok(lag) => Self::Lag(lag),
                Err(unstable) => Self::Never(unstable),
            },
        }
    }

    /// The longest wait, if there is a bound.
    pub fn worst(&self) -> Option<Duration> {
        match self {
            Self::Lag(lag) => Some(lag.worst),
            Self::Never(_) | Self::Unstated(_) => None,
        }
    }
}

impl StreamFact {
    /// The most recent work that may not have been received: the loss when the primary is gone
    /// and everything received counts.
    pub fn received(&self) -> Option<Duration> {
        Some(self.lag.worst()?.plus(self.latency).plus(self.unit))
    }

    /// How far what is applied, and so what is read from the replica, may be behind.
    pub fn applied(&self) -> Option<Duration> {
        Some(self.received()?.plus(self.apply.worst()?))
    }
}

/// The envelope of a database's log: the writes of all its data classes, amplified.
pub(super) fn log_profile(model: &Model, cluster: Idx<Cluster>) -> Result<WeekProfile, Idx<Data>> {
    let mut profiles = Vec::new();
    for data in model.data_in(cluster) {
        match &model.data[data].writes {
            Some(w) => profiles.push(&w.value),
            None => return Err(data),
        }
    }
    let amplification = model.engines[model.clusters[cluster].engine].amplification.value;
    Ok(WeekProfile::sum(profiles).scaled(amplification))
}

/// The most log that a database writes in a time; `None` when a data class in it does not say how
/// much is written.
pub fn log_written(model: &Model, cluster: Idx<Cluster>, time: Duration) -> Option<Bytes> {
    log_profile(model, cluster).ok().map(|p| p.most_in(time))
}

/// Log that a database can surely write in any so long a time: all of its envelope, which is
/// nowhere below its lowest rate.
pub fn log_lowest(model: &Model, cluster: Idx<Cluster>, time: Duration) -> Bytes {
    let lowest = |p: WeekProfile| p.segments().map(|s| s.2).min().unwrap_or(0);
    let rate = log_profile(model, cluster).map_or(0, lowest);
    let written = u128::from(rate) * u128::from(time.0) / 1_000_000_000;
    Bytes(u64::try_from(written).unwrap_or(u64::MAX))
}

/// The most that a stream puts on the wire, in bits per second: its writes at their peak; all that
/// its card sends where bursts come on top or nobody says how much is written.
pub(super) fn peak(model: &Model, stream: &Stream) -> Rate {
    let card = model.hosts[stream.from].nic.value;
    match log_profile(model, stream.cluster) {
        Ok(p) if p.burst == Bytes::ZERO => {
            let peak = Rate::bytes_per_sec(p.peak()).over_down(stream.compress);
            peak.map_or(card, |r| Rate(r.0.saturating_add(1)).min(card))
        }
        _ => card,
    }
}

/// The facts of one stream.
///
/// Staleness is the horizontal distance between what is written and what the way guarantees, plus
/// one way of latency, plus the largest transaction (model, "async stream"). Compression lets the
/// wire carry more of the log.
pub(super) fn fact(model: &Model, facts: &Facts, stream: &Stream) -> StreamFact {
    let engine = &model.engines[model.clusters[stream.cluster].engine];
    let hops = stream.paths.first().map_or(&[][..], |p| &p.hops);
    let peak = peak(model, stream);
    let mut way = facts.way(model, hops, Class::Replication, Some(peak), None);
    let (card, shared) = facts.spare.stream(model, stream, peak);
    if card < way.rate {
        (way.rate, way.binding) = (card, shared.map_or(Binding::Limit, Binding::Card));
    }
    // What is received counts once it is on the replica's disk.
    let disk = match stream.serves.first() {
        Some(copy) => facts.spare.disk_for(model, stream.to, model.copies[*copy].data),
        None => Rate(0),
    };
    if disk < way.rate {
        (way.rate, way.binding) = (disk, Binding::Disk(stream.to));
    }
    let service = way.rate.part_down(stream.compress).in_bytes_down();
    let profile = log_profile(model, stream.cluster);
    let largest = engine.largest_transaction.value.part_up(engine.amplification.value);
    let unit = time_to_move(largest, Rate::bytes_per_sec(service)).unwrap_or(Duration::MAX);
    let unit_apply = time_to_move(largest, engine.apply.value.min(disk)).unwrap_or(Duration::MAX);
    let mut apply = Behind::of(&profile, engine.apply.value.min(disk).in_bytes_down());
    if let Behind::Lag(lag) = &mut apply {
        lag.worst = lag.worst.plus(unit_apply);
    }
    StreamFact {
        way,
        service,
        lag: Behind::of(&profile, service),
        latency: Duration(way.rtt.0.div_ceil(2)),
        unit,
        apply,
    }
}

/// How long one write waits for its acknowledgement, and how many one connection commits in a
/// second at most: 1 / (round trip + bytes / rate) (model, "semi-sync").
pub fn commit_time(fact: &StreamFact, bytes: Bytes) -> Duration {
    let carry = time_to_move(bytes, Rate::bytes_per_sec(fact.service)).unwrap_or(Duration::MAX);
    fact.way.rtt.plus(carry)
}

/// Whether a mode makes writes wait for ever rather than lose one.
pub fn never_falls_back(mode: Mode) -> bool {
    matches!(mode, Mode::Sync)
}
