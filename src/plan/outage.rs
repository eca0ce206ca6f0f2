//! What a copy lacks beside its normal lag: its feed had been cut for a while when the last strike
//! fell.
//!
//! A copy that got nothing since `L` before the last strike still holds what it held then. So its
//! point is at most `L` older than it could be without: `t - rp_lo <= L + lag`. Along a path of
//! several edges the longest cut counts once, since each edge keeps what it had when it was cut.

use super::Lost;
use crate::flow::{Facts, Gone, never_falls_back};
use crate::model::{Earlier, Host, Link, Mode, Model, Site};
use crate::ops::{Job, JobKind, Ops, Stream, stream::Path};
use crate::quantity::Duration;
use la_arena::Idx;

/// How long a feed had been cut when the last strike fell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Outage {
    /// At most.
    pub most: Duration,
    /// What was surely written and did not arrive: nothing where writes may have stood still, or
    /// another way may have carried them.
    pub surely: Duration,
}

impl Outage {
    fn and(self, other: Self) -> Self {
        Self { most: self.most.max(other.most), surely: self.surely.max(other.surely) }
    }
}

/// What had struck before the last strike, the earliest first.
#[derive(Debug, Default)]
pub(super) struct Outages(Vec<(Duration, Lost)>);

impl Outages {
    pub fn new(model: &Model, earlier: &[Earlier]) -> Self {
        Self(earlier.iter().map(|e| (e.before, Lost::by(model, &e.strikes))).collect())
    }

    /// Whether all falls at once.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The longest time for which `cut` had held.
    fn since(&self, cut: impl Fn(&Lost) -> bool) -> Duration {
        self.0.iter().find(|(_, lost)| cut(lost)).map(|(before, _)| *before).unwrap_or_default()
    }

    /// How long a stream had carried nothing. A semi-sync primary stops for its time-out when it
    /// is cut off, goes on alone, and stays asynchronous; a sync one writes nothing meanwhile that
    /// no other replica acknowledges, which whoever promotes it looks at.
    pub fn stream(&self, model: &Model, ops: &Ops, stream: &Stream) -> Outage {
        if self.0.is_empty() {
            return Outage::default();
        }
        let preferred = stream.paths.first();
        let ends = |lost: &Lost| lost.host(stream.from) || lost.host(stream.to);
        let most = self.since(|lost| ends(lost) || preferred.is_some_and(|p| crosses(lost, p)));
        let writes = model.data_in(stream.cluster).into_iter().all(|d| model.data[d].writes.is_some())
            && model
                .data_in(stream.cluster)
                .into_iter()
                .any(|d| model.data[d].writes.as_ref().is_some_and(|w| w.value.peak() > 0));
        let alone = self
            .since(|lost| !lost.host(stream.from) && (lost.host(stream.to) || severed(lost, &stream.paths)));
        let surely = match stream.mode {
            _ if !writes || never_falls_back(stream.mode) => Duration::ZERO,
            Mode::SemiSync { timeout } => Duration(alone.0.saturating_sub(timeout.0)),
            Mode::Async | Mode::Sync => alone,
        };
        // What reads another replica has nothing that this one has not.
        let feeds = |s: &&Stream| s.cluster == stream.cluster && s.to == stream.from;
        let before = ops.streams.iter().map(|(_, s)| s).find(feeds);
        let before = before.map_or_else(Outage::default, |s| self.stream(model, ops, s));
        Outage { most, surely }.and(before)
    }

    /// How long no run of a job, or of a job whose runs it copies, could bring anything.
    pub fn job(&self, model: &Model, ops: &Ops, id: Idx<Job>) -> Outage {
        if self.0.is_empty() {
            return Outage::default();
        }
        let job = &ops.jobs[id];
        let (hosts, source) = ends(model, ops, job);
        let director = job.kind.director().map(|d| ops.directors[d].host);
        let gone = |lost: &Lost| {
            hosts.iter().chain(&director).any(|h| lost.host(*h))
                || job.kind.writes_to().is_some_and(|s| lost.store(s))
                || matches!(job.kind, JobKind::Copy { from, .. } if lost.store(from))
        };
        let unheard =
            |lost: &Lost| director.is_some_and(|d| hosts.iter().any(|h| parted(model, lost, d, *h)));
        let preferred = job.paths.first();
        let most =
            self.since(|lost| gone(lost) || unheard(lost) || preferred.is_some_and(|p| crosses(lost, p)));
        let primary = job.serves.first().map(|c| model.primary_host(model.copies[*c].data));
        let surely = self
            .since(|lost| primary.is_none_or(|p| !lost.host(p)) && (gone(lost) || severed(lost, &job.paths)));
        let own = Outage { most, surely };
        own.and(match (&job.kind, source) {
            (JobKind::Copy { of, .. }, _) => self.job(model, ops, *of),
            (_, Some(stream)) => self.stream(model, ops, stream),
            _ => Outage::default(),
        })
    }
}

/// The hosts at both ends of a job's runs, and the stream that feeds the replica it reads.
fn ends<'a>(model: &Model, ops: &'a Ops, job: &Job) -> (Vec<Idx<Host>>, Option<&'a Stream>) {
    match &job.kind {
        JobKind::Mirror { from, to, .. } => (vec![*from, *to], None),
        JobKind::Copy { from, to, .. } => (vec![model.stores[*from].host, model.stores[*to].host], None),
        JobKind::Files { client, store, .. } => {
            (vec![ops.clients[*client].host, model.stores[*store].host], None)
        }
        JobKind::Database { client, store, cluster, .. } | JobKind::Log { client, store, cluster, .. } => {
            let host = ops.clients[*client].host;
            let feeds = |s: &&Stream| s.cluster == *cluster && s.to == host;
            let stream = ops.streams.iter().map(|(_, s)| s).find(feeds);
            (vec![host, model.stores[*store].host], stream)
        }
        JobKind::Verify { .. } => (Vec::new(), None),
    }
}

fn crosses(lost: &Lost, path: &Path) -> bool {
    path.hops.iter().any(|h| lost.link(h.link))
}

/// Whether no way is left.
fn severed(lost: &Lost, paths: &[Path]) -> bool {
    !paths.is_empty() && paths.iter().all(|p| crosses(lost, p))
}

/// Whether two hosts whose sites a link joins can no longer speak.
fn parted(model: &Model, lost: &Lost, a: Idx<Host>, b: Idx<Host>) -> bool {
    let (a, b): (Idx<Site>, Idx<Site>) = (model.hosts[a].site, model.hosts[b].site);
    let linked = a == b || model.links.iter().any(|(_, l)| l.ends == [a, b] || l.ends == [b, a]);
    linked && !lost.joined(model, a, b)
}

/// The most recent work that a replica may not have received when its feed had been cut for so
/// long: the outage and the lag that it had when it was cut. It holds whether or not another way
/// has carried the stream since; `None` when the lag has no bound. Once anything is lost others may
/// have come onto its links, cut or not.
pub(super) fn stream_after_outage(
    model: &Model,
    ops: &Ops,
    facts: &Facts,
    stream: Idx<Stream>,
    outages: &Outages,
    outage: Outage,
) -> Option<Duration> {
    let first = outages.0.first().map_or(Duration::ZERO, |(before, _)| *before);
    let behind = match outages.0.last() {
        // Not cut with the first loss, when all others were still where they usually are.
        Some(_) if outage.most < first => {
            let lost = &outages.0.last()?.1;
            let links: Vec<Idx<Link>> = lost.cut_links().collect();
            let hosts: Vec<Idx<Host>> = lost.hosts().collect();
            facts.detour(model, ops, stream, Gone { links: &links, hosts: &hosts }).behind?
        }
        _ => facts.streams.get(stream)?.received()?,
    };
    Some(behind.plus(outage.most))
}
