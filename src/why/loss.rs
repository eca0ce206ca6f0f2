//! Why so much recent work can be lost.

use super::{Node, Value};
use crate::base::{EcoString, Span};
use crate::calendar::show;
use crate::flow::stream::Behind;
use crate::flow::{Between, Binding, JobFact, LevelFact, StreamFact, WayRate, size_at_end, size_today};
use crate::model::{Class, Hop, Idx, KEYS_ELSEWHERE, Model, On, Origin, Place};
use crate::ops::{Job, JobKind, Level, Stream};
use crate::plan::{Choice, Estate, Means};
use crate::quantity::{Bytes, Duration, Rate};

/// The derivation of the loss when `choice` serves.
pub fn loss(estate: Estate<'_>, choice: &Choice) -> Node {
    let model = estate.model;
    let copy = &model.copies[choice.copy];
    let what: EcoString =
        format!("recent work lost when {} of `{}` serves", copy.name, model.data[choice.data].name).into();
    let mut children: Vec<Node> = match choice.means {
        Means::Promote => stream_of(estate, choice)
            .map(|(stream, fact)| received(estate, stream, fact))
            .into_iter()
            .collect(),
        Means::Publish | Means::Restore => {
            let newest = crate::judge::witness::newest(estate, choice).map(|job| runs(estate, job));
            newest.into_iter().chain(super::kept::kept(estate, choice)).collect()
        }
    };
    if choice.cut.most > Duration::ZERO {
        children.push(Node::rule(
            "nothing had reached it for, when the last strike fell",
            Value::Time(choice.cut.most),
            "from the strike that cut its feed to the last strike",
            Vec::new(),
        ));
    }
    if choice.means == Means::Restore {
        children.push(Node::origin("where the keys are kept", Value::None, keys(estate, choice)));
    }
    let rule = match choice.means {
        Means::Promote if choice.loss == Some(Duration::ZERO) => {
            "every acknowledged write is on a replica that is left: fewer are lost than acknowledgements are waited for"
        }
        Means::Promote => "what the replica had not yet received",
        Means::Publish => "what was written since the newest complete snapshot began",
        Means::Restore => "what was written since the newest complete run began",
    };
    Node::rule(what, choice.loss.into(), rule, children)
}

/// Who says where the keys of a backup are kept.
fn keys(estate: Estate<'_>, choice: &Choice) -> Origin {
    let model = estate.model;
    let Place::Store(store) = model.copies[choice.copy].place else { return Origin::default() };
    let server = model.backup_servers.iter().find(|(_, s)| s.stores.contains(&store));
    match server.and_then(|(_, s)| s.keys.first()) {
        Some((_, span)) => Origin::stated(*span),
        None => Origin { span: Span::default(), assumed: Some(&KEYS_ELSEWHERE) },
    }
}

fn stream_of<'a>(estate: Estate<'a>, choice: &Choice) -> Option<(&'a Stream, &'a StreamFact)> {
    let (id, stream) = estate.ops.streams.iter().find(|(_, s)| s.serves.contains(&choice.copy))?;
    Some((stream, estate.facts.streams.get(id)?))
}

pub(super) fn received(estate: Estate<'_>, stream: &Stream, fact: &StreamFact) -> Node {
    let model = estate.model;
    let engine = &model.engines[model.clusters[stream.cluster].engine];
    let mut wait = written(model, stream);
    wait.push(way(model, "what the way guarantees", &fact.way, hops(stream), Class::Replication));
    let together = fact.shared.filter(|s| matches!(fact.lag, Behind::Lag(lag) if s.lag == Some(lag)));
    if let Some(shared) = together {
        wait.push(Node::rule(
            "streams that share what it takes",
            Value::Count(shared.streams),
            "max-min: what one leaves is the others', at each moment of the week",
            vec![],
        ));
        wait.push(Node::rule(
            "what it has at any moment at least",
            Value::Flow(shared.least),
            "the least of the week, if it asks for it",
            vec![],
        ));
    }
    let backlog = match fact.lag {
        Behind::Lag(lag) => Node::rule(
            format!("the longest wait to be sent, of what is written {}", show::second_of_week(lag.at)),
            Value::Time(lag.worst),
            match together {
                Some(_) => {
                    "all that share it solved together: the longest horizontal distance of what is written and what is sent"
                }
                None => "the longest horizontal distance between what is written and what the way carries",
            },
            wait,
        ),
        Behind::Never(_) => {
            Node::rule("the longest wait to be sent", Value::Never, "more comes than goes", wait)
        }
        Behind::Unstated(data) => Node::rule(
            format!("nobody states how much is written to `{}`", model.data[data].name),
            Value::Never,
            "no bound without it",
            wait,
        ),
    };
    let latency = Node::rule(
        "one way without load",
        Value::Time(fact.latency),
        "half a round trip",
        round_trips(model, hops(stream)),
    );
    let unit = Node::rule(
        "the largest transaction ships whole",
        Value::Time(fact.unit),
        "its bytes at the guaranteed rate",
        vec![Node::input(
            "largest transaction",
            &engine.largest_transaction,
            Value::Size(engine.largest_transaction.value),
        )],
    );
    let mut parts = vec![backlog, latency, unit];
    if fact.others > crate::quantity::Duration::ZERO {
        parts.push(Node::rule(
            "the largest transactions of those who share with it may come first",
            Value::Time(fact.others),
            "their bytes at the least that it has",
            vec![],
        ));
    }
    if let Some((source, before)) = fact.source.and_then(|s| Some((s, estate.facts.streams.get(s)?))) {
        let source = received(estate, &estate.ops.streams[source], before);
        parts.push(Node::rule(
            "it reads a replica: its wait, latency and transactions count from the primary on",
            Value::None,
            "what that replica has not yet applied has not come here either",
            vec![source],
        ));
    }
    Node::rule(format!("how far `{}` is behind", stream.name), fact.received().into(), "the sum", parts)
}

fn hops(stream: &Stream) -> &[Hop] {
    stream.paths.first().map_or(&[], |p| &p.hops)
}

/// The writes of a database, each data class's at its peak.
fn written(model: &Model, stream: &Stream) -> Vec<Node> {
    let engine = &model.engines[model.clusters[stream.cluster].engine];
    let mut nodes = Vec::new();
    for data in model.data_in(stream.cluster) {
        let d = &model.data[data];
        if let Some(w) = &d.writes {
            nodes.push(Node::origin(
                format!("writes of `{}`, at most", d.name),
                Value::Flow(w.value.peak()),
                Origin::stated(w.span),
            ));
        }
    }
    nodes.push(Node::input(
        "bytes of log for each byte written",
        &engine.amplification,
        Value::Part(engine.amplification.value),
    ));
    nodes
}

fn round_trips(model: &Model, hops: &[Hop]) -> Vec<Node> {
    let link = |h: &Hop| {
        let l = &model.links[h.link];
        Node::input(format!("round trip of `{}`", l.name), &l.rtt, Value::Time(l.rtt.value))
    };
    hops.iter().map(link).collect()
}

/// What a way guarantees, with the inputs of what binds it.
fn way(model: &Model, what: &'static str, way: &WayRate, hops: &[Hop], class: Class) -> Node {
    let (rule, children) = match way.binding {
        Binding::Local => ("nothing but cards and disks binds it within a site", Vec::new()),
        Binding::Share(link, n) => {
            let l = &model.links[link];
            let mut inputs = vec![Node::input(
                format!("line rate of `{}`", l.name),
                &l.bandwidth,
                Value::Rate(l.bandwidth.value),
            )];
            if let Some(share) = l.share(class) {
                inputs.push(Node::input(
                    format!("share of {}", class.name()),
                    share,
                    Value::Part(share.value),
                ));
            }
            inputs.push(Node::rule(
                "divided among",
                Value::Count(n),
                "streams and jobs of this class",
                vec![],
            ));
            inputs.push(Node::input(
                "payload of the line rate",
                &l.efficiency,
                Value::Part(l.efficiency.value),
            ));
            ("line rate x share / members x payload, enforced by the emitted shaping", inputs)
        }
        Binding::Leftover(link) => {
            let l = &model.links[link];
            (
                "what all others leave at their peaks, since nothing divides the link",
                vec![
                    Node::input(
                        format!("line rate of `{}`", l.name),
                        &l.bandwidth,
                        Value::Rate(l.bandwidth.value),
                    ),
                    Node::input("payload of the line rate", &l.efficiency, Value::Part(l.efficiency.value)),
                ],
            )
        }
        Binding::Limit => ("the stated limit, or the cards at both ends", Vec::new()),
        Binding::Card(host) => {
            let h = &model.hosts[host];
            let card = Node::input(format!("card of `{}`", h.name), &h.nic, Value::Rate(h.nic.value));
            ("what other streams and runs leave of a card at their peaks, or its fair part", vec![card])
        }
        Binding::Disk(host) => {
            let h = &model.hosts[host];
            let disk =
                Node::input(format!("disk of `{}`", h.name), &h.disk_rate, Value::Rate(h.disk_rate.value));
            ("what the writes of other data leave of the disk that receives", vec![disk])
        }
        Binding::Window => {
            let mut inputs = round_trips(model, hops);
            inputs.extend(hops.iter().map(|h| {
                let l = &model.links[h.link];
                Node::input(format!("TCP window over `{}`", l.name), &l.window, Value::Size(l.window.value))
            }));
            ("window over round trip, the most that one TCP connection carries", inputs)
        }
        Binding::Losses => {
            let mut inputs = round_trips(model, hops);
            inputs.extend(hops.iter().map(|h| {
                let l = &model.links[h.link];
                Node::input(format!("packets lost on `{}`", l.name), &l.loss, Value::Part(l.loss.value))
            }));
            (
                "Mathis: what losses leave one TCP connection on average; an average is an assumption of its own",
                inputs,
            )
        }
    };
    let value = if way.rate == Rate(u64::MAX) { Value::None } else { Value::Rate(way.rate) };
    Node::rule(what, value, rule, children)
}

/// The worst of a job's runs, and what its source lacks.
fn runs(estate: Estate<'_>, job: Idx<Job>) -> Node {
    let j = &estate.ops.jobs[job];
    let mut children = Vec::new();
    if let Some(fact) = estate.facts.after_misses(job) {
        let worst = fact.loss().map(|(_, l)| l).or_else(|| Some(fact.surely()?.level));
        if let Some(level) = worst {
            children.push(gap(estate, j, fact, level));
            children.push(run_time(estate, j, level));
        }
    }
    let mut total = estate.facts.after_misses(job).and_then(|f| f.loss()).map(|(d, _)| d);
    if let JobKind::Copy { of, .. } = &j.kind {
        let source = runs(estate, *of);
        total = match (total, source.value) {
            (Some(t), Value::Time(s)) => Some(t.plus(s)),
            _ => None,
        };
        children.push(source);
    }
    if let JobKind::Database { client, cluster, .. } | JobKind::Log { client, cluster, .. } = &j.kind {
        let host = estate.ops.clients[*client].host;
        let stream = estate.index.streams(*cluster).iter().find(|s| estate.ops.streams[**s].to == host);
        if let Some(stream) = stream
            && let Some(fact) = estate.facts.streams.get(*stream)
        {
            let apply = Node::rule(
                "what was received and not yet applied",
                fact.apply.worst().into(),
                "the replica's own queue",
                vec![],
            );
            let children_of = vec![received(estate, &estate.ops.streams[*stream], fact), apply];
            let source = Node::rule(
                "the replica that is read is itself behind",
                fact.applied().into(),
                "received, then applied",
                children_of,
            );
            total = total.and_then(|t| Some(t.plus(fact.applied()?)));
            children.push(source);
        }
    }
    Node::rule(format!("newest complete run of `{}`", j.name), total.into(), "the sum", children)
}

fn gap(estate: Estate<'_>, job: &Job, fact: &JobFact, level: &LevelFact) -> Node {
    let span = job.runs.iter().find(|r| r.level == level.level).map_or(job.span, |r| r.span);
    let what = match level.gap {
        Some(g) => format!(
            "longest time from a run to the next {} run, from {}",
            level.level.name(),
            show::instant(g.from, &job.zone)
        ),
        None => "this run never follows another".to_owned(),
    };
    let rule = Node::origin("the schedule", Value::None, Origin::stated(span));
    let zone = Node::origin(
        format!("in the zone of `{}`", estate.model.sites[job.site].name),
        Value::None,
        Origin::stated(estate.model.sites[job.site].span),
    );
    let inputs = [rule, zone].into_iter().chain(tolerated(estate, fact)).collect();
    Node::rule(
        what,
        match level.between {
            Between::AsSaid => level.gap.map(|g| g.length).into(),
            Between::Late(gap) => Value::Time(gap),
            Between::Unbounded => Value::Never,
        },
        match level.between {
            Between::AsSaid if fact.missed.runs > 0 => {
                "read off the calendar of the year, and as many gaps more as runs may have been missed"
            }
            Between::AsSaid => "read off the calendar of the year",
            _ => "runs overrun, so that the next starts later than the calendar says",
        },
        inputs,
    )
}

/// Who lets runs of a job be missed.
fn tolerated(estate: Estate<'_>, fact: &JobFact) -> Option<Node> {
    let model = estate.model;
    let tiers = fact.data.iter().filter_map(|d| model.tiers[model.data[*d].tier?.0].tolerate.as_ref());
    let most = tiers.max_by_key(|t| t.value).filter(|_| fact.missed.runs > 0)?;
    Some(Node::input("missed runs that are tolerated", most, Value::Count(fact.missed.runs)))
}

fn run_time(estate: Estate<'_>, job: &Job, level: &LevelFact) -> Node {
    let terms = &level.terms;
    let model = estate.model;
    let mut parts = vec![Node::rule(
        "starting, catalogue, ending",
        Value::Time(terms.fixed),
        "measured of the product, rounded up",
        vec![],
    )];
    if terms.wait.0 > 0 {
        parts.push(waiting(estate, job, terms.wait));
    }
    if terms.staging.0 > 0 {
        parts.push(Node::rule(
            "made readable on the client's disk",
            Value::Time(terms.staging),
            "read and written on one disk",
            vec![],
        ));
    }
    let mut inputs = vec![carried(estate, job, level)];
    let class = crate::ops::class_of(&job.kind);
    let fact = estate
        .ops
        .jobs
        .iter()
        .find(|(_, j)| std::ptr::eq(*j, job))
        .and_then(|(id, _)| estate.facts.after_misses(id));
    if let Some(fact) = fact {
        let hops = job.paths.first().map_or(&[][..], |p| &p.hops);
        inputs.push(way(model, "what the way guarantees", &fact.way, hops, class));
    }
    inputs.extend(devices(estate, job));
    if terms.beside > Bytes::ZERO {
        inputs.push(Node::rule(
            "the largest transactions of streams may come first",
            Value::Size(terms.beside),
            "of each stream that shares a card or an undivided link, and of those that hold it up, once",
            vec![],
        ));
    }
    if terms.sharing > 1 {
        inputs.push(Node::rule(
            "runs that share the narrowest device",
            Value::Count(terms.sharing),
            "at the worst moment, this one counted",
            vec![],
        ));
    }
    parts.push(Node::rule(
        "moving it",
        Value::Time(terms.transfer),
        "bytes over the narrowest of way, cards, disks and store",
        inputs,
    ));
    Node::rule(format!("that {} run itself", level.level.name()), level.most.into(), "the sum", parts)
}

/// Waiting for what fewer runs can have at once than come for it.
fn waiting(estate: Estate<'_>, job: &Job, wait: Duration) -> Node {
    let model = estate.model;
    let mut scarce = Vec::new();
    for store in estate.ops.stores_of(job) {
        let s = &model.stores[store];
        scarce.extend(
            s.drives
                .as_ref()
                .map(|d| Node::input(format!("drives of `{}`", s.name), d, Value::Count(d.value))),
        );
    }
    if let Some(director) = job.kind.director().filter(|d| estate.ops.crowded().contains(d)) {
        let d = &estate.ops.directors[director];
        scarce.push(Node::origin(
            format!("places of `{}`", d.name),
            Value::Count(d.jobs),
            Origin::stated(d.span),
        ));
    }
    Node::rule(
        "waiting for a drive or a place",
        Value::Time(wait),
        "first come, first served: what all who may be there hold, over the places",
        scarce,
    )
}

fn devices(estate: Estate<'_>, job: &Job) -> Vec<Node> {
    let model = estate.model;
    let mut nodes = Vec::new();
    if let Some(client) = job.kind.client() {
        let host = &model.hosts[estate.ops.clients[client].host];
        nodes.push(Node::input(
            format!("disk of `{}`", host.name),
            &host.disk_rate,
            Value::Rate(host.disk_rate.value),
        ));
        nodes.push(Node::input(format!("card of `{}`", host.name), &host.nic, Value::Rate(host.nic.value)));
    }
    let stores = match &job.kind {
        JobKind::Copy { from, to, .. } => vec![*from, *to],
        kind => kind.writes_to().into_iter().collect(),
    };
    for store in stores {
        let s = &model.stores[store];
        nodes.push(Node::input(format!("store `{}`", s.name), &s.rate, Value::Rate(s.rate.value)));
    }
    if let JobKind::Mirror { from, to, .. } = &job.kind {
        for host in [*from, *to] {
            let h = &model.hosts[host];
            nodes.push(Node::input(
                format!("disk of `{}`", h.name),
                &h.disk_rate,
                Value::Rate(h.disk_rate.value),
            ));
        }
    }
    nodes
}

/// What a run carries.
fn carried(estate: Estate<'_>, job: &Job, level: &LevelFact) -> Node {
    let model = estate.model;
    let data: Vec<_> = job.serves.iter().map(|c| model.copies[*c].data).collect();
    let all = match data.first().map(|d| (&model.data[*d].on, *d)) {
        Some((On::Cluster(c), _)) => model.data_in(*c),
        Some((On::Files { .. }, d)) => vec![d],
        None => Vec::new(),
    };
    let mut inputs = Vec::new();
    for d in &all {
        let data = &model.data[*d];
        if level.level != Level::Log {
            let size = Value::Size(data.size.value);
            inputs.push(Node::input(format!("size of `{}`", data.name), &data.size, size));
            if let Some(g) = &data.growth {
                let part = Value::Part(g.value.0);
                inputs.push(Node::input(format!("growth of `{}` a period", data.name), g, part));
            }
        }
        match (level.level, &data.changed, &data.writes) {
            (Level::Log, _, Some(w)) => inputs.push(Node::origin(
                format!("writes of `{}`, at most", data.name),
                Value::Flow(w.value.peak()),
                Origin::stated(w.span),
            )),
            (Level::Incremental | Level::Differential | Level::Changes, Some(c), _) => {
                inputs.push(Node::input(format!("changed of `{}`", data.name), c, Value::Part(c.value.0)));
            }
            _ => {}
        }
    }
    let grown = size_at_end(model, &all, estate.facts.horizon) > size_today(model, &all);
    let rule = match level.level {
        Level::Full if grown => "the whole, as large as it is at the end of the horizon",
        Level::Full => "the whole",
        Level::Log => "what is written in the gap and in one more: a log may close late",
        _ => "what may have changed since the run before; all of it where that is not stated",
    };
    let bytes: Value = level.bytes.map_or(Value::Never, |b: Bytes| Value::Size(b));
    Node::rule("what it carries", bytes, rule, inputs)
}
