//! How much log each database writes: the writes of all its data classes, amplified.

use super::turns::{self, Turn};
use super::{Facts, Horizon, JobFact, LevelFact};
use crate::calendar::WeekProfile;
use crate::model::{Cluster, Data, Model};
use crate::ops::{Job, JobKind, Ops};
use crate::quantity::{Bytes, Duration};
use la_arena::{ArenaMap, Idx};

/// The logs of all databases.
#[derive(Debug)]
pub struct Logs(ArenaMap<Idx<Cluster>, Log>);

#[derive(Debug)]
struct Log {
    /// The envelope; the data class that does not say how much is written where one does not.
    profile: Result<WeekProfile, Idx<Data>>,
    /// Changes of the clocks of the zone in which the primary stands.
    turns: Vec<Turn>,
    /// The largest transaction.
    largest: Bytes,
}

impl Logs {
    pub(super) fn new(model: &Model, horizon: Horizon) -> Self {
        let log = |cluster: Idx<Cluster>| {
            let engine = &model.engines[model.clusters[cluster].engine];
            let writes = |d: Idx<Data>| model.data[d].writes.as_ref().map(|w| &w.value).ok_or(d);
            let profiles: Result<Vec<&WeekProfile>, Idx<Data>> =
                model.data_in(cluster).into_iter().map(writes).collect();
            let amplification = engine.amplification.value;
            Log {
                profile: profiles.map(|all| WeekProfile::sum(all).scaled(amplification)),
                turns: turns::of_cluster(model, cluster, horizon),
                largest: engine.largest_transaction.value.part_up(amplification),
            }
        };
        Self(model.clusters.iter().map(|(id, _)| (id, log(id))).collect())
    }

    /// The envelope of a database's log, or a data class of it that does not say how much is written.
    pub(super) fn stated(&self, cluster: Idx<Cluster>) -> Result<&WeekProfile, Idx<Data>> {
        self.0[cluster].profile.as_ref().map_err(|data| *data)
    }

    /// The envelope of a database's log; `None` when a data class of it does not say how much is
    /// written.
    pub fn profile(&self, cluster: Idx<Cluster>) -> Option<&WeekProfile> {
        self.stated(cluster).ok()
    }

    /// How the clocks of a database are changed within the horizon.
    pub(super) fn turns(&self, cluster: Idx<Cluster>) -> &[Turn] {
        &self.0[cluster].turns
    }

    /// The largest transaction of a database, in bytes of its log.
    pub(super) fn largest(&self, cluster: Idx<Cluster>) -> Bytes {
        self.0[cluster].largest
    }

    /// Whether it is known of a database how much log comes at most, bursts apart.
    pub(super) fn follows_peak(&self, cluster: Idx<Cluster>) -> bool {
        self.profile(cluster).is_some_and(|p| p.burst == Bytes::ZERO)
    }

    /// The most log that a database writes in a time; `None` when a data class in it does not say
    /// how much is written.
    ///
    /// A transaction comes into the log when it commits, with what was written before the time
    /// began: the largest one comes on top of the envelope.
    pub fn written(&self, cluster: Idx<Cluster>, time: Duration) -> Option<Bytes> {
        let envelope = turns::most_in(self.profile(cluster)?, time, self.turns(cluster));
        Some(envelope.plus(self.largest(cluster)))
    }

    /// Log that a database can surely write in any so long a time: all of its envelope, which is
    /// nowhere below its lowest rate.
    pub fn lowest(&self, cluster: Idx<Cluster>, time: Duration) -> Bytes {
        let lowest = |p: &WeekProfile| p.segments().map(|s| s.2).min();
        let rate = self.profile(cluster).and_then(lowest).unwrap_or(0);
        let written = u128::from(rate) * u128::from(time.0) / 1_000_000_000;
        Bytes(u64::try_from(written).unwrap_or(u64::MAX))
    }
}

impl Facts {
    /// The most that a run of a log job holds of the log: what was written in a gap and a run.
    /// `None` without a bound.
    pub fn log_of_a_run(&self, ops: &Ops, log: Idx<Job>) -> Option<Bytes> {
        let JobKind::Log { cluster, .. } = &ops.jobs[log].kind else { return None };
        self.logs.written(*cluster, self.after_misses(log)?.loss()?.0)
    }

    /// What is surely lost at some moment where logs roll backups forward: no less than between the
    /// nearest two runs of the logs, where on some day none of the backups falls between them. A backup
    /// may be the newest point in the gap in which it starts and in those until its staging is over.
    pub fn surely_logged(&self, data: Idx<Job>, log: Idx<Job>) -> Duration {
        let surely = || {
            let (backups, logs) = (self.jobs.get(data)?, self.jobs.get(log)?.levels.first()?);
            let (nearest, takes, longest) = (logs.nearest?, logs.alone?, logs.apart()?);
            let day = Duration::from_days(1).0;
            let gaps = |l: &LevelFact| l.moment.0.div_ceil(nearest.0.max(1)).saturating_add(2);
            let touched = backups.levels.iter().map(|l| l.per_day.saturating_mul(gaps(l)));
            let free = day / longest.0.max(1) > touched.fold(0, u64::saturating_add);
            free.then(|| nearest.plus(takes))
        };
        surely().unwrap_or_default()
    }

    /// Whether a server may drop logs before a run of theirs has carried them.
    pub fn logs_expire(&self, model: &Model, ops: &Ops, log: Idx<Job>) -> bool {
        let original = ops.original(log);
        let JobKind::Log { cluster, .. } = &ops.jobs[original].kind else { return false };
        let needed = self.after_misses(original).and_then(JobFact::loss);
        needed.is_some_and(|(needed, _)| needed > model.clusters[*cluster].logs_kept.value)
    }
}
