//! What the script of a step must say, worked out from the step alone: the words that a reader of
//! the script has to meet, each with the verb in whose line they stand.

use crate::emit::target::Input;
use crate::model::{Host, On};
use crate::ops::{Director, Job, JobKind};
use crate::plan::StepKind;
use la_arena::Idx;

/// A line of a script: its verb, and words that stand in it or in the command that it carries.
#[derive(Debug)]
pub struct Fact {
    /// The verb.
    pub verb: &'static str,
    /// Words of the line, or of the command in it.
    pub words: Vec<String>,
}

fn fact(verb: &'static str, words: impl IntoIterator<Item = String>) -> Fact {
    Fact { verb, words: words.into_iter().collect() }
}

/// The jobs of a director that a schedule starts.
fn own(input: Input<'_>, director: Idx<Director>) -> Vec<&Job> {
    input.ops.jobs.iter().map(|(_, j)| j).filter(|j| j.kind.director() == Some(director)).collect()
}

/// The facts of a step.
pub fn facts(input: Input<'_>, kind: &StepKind) -> Vec<Fact> {
    let model = input.model;
    let host = |h: &Idx<Host>| model.hosts[*h].name.to_string();
    let director = |d: &Idx<Director>| host(&input.ops.directors[*d].host);
    let options = |c: &Idx<crate::model::Cluster>| {
        let crate::model::Secret::File(path) = &model.clusters[*c].credentials;
        format!("--defaults-extra-file={path}")
    };
    match kind {
        StepKind::Hold { director: d } | StepKind::Release { director: d } => {
            let verb = if matches!(kind, StepKind::Hold { .. }) { "disable" } else { "enable" };
            let mut words: Vec<String> =
                own(input, *d).iter().map(|j| format!("{verb} job={}", j.name)).collect();
            if words.is_empty() {
                return Vec::new();
            }
            words.push(director(d));
            vec![fact("run", words)]
        }
        StepKind::Scan { director: d, jobs, .. } => {
            let jobs = jobs.iter().map(|j| input.ops.jobs[*j].name.to_string());
            let called = [director(d), "/etc/bacula/scripts/read-volumes".to_owned()];
            vec![fact("run", called.into_iter().chain(jobs))]
        }
        StepKind::Restore { director: d, jobs, to, .. } => {
            jobs.iter().map(|j| restored(input, director(d), *j, &host(to))).collect()
        }
        StepKind::Prepare { host: h, staging, .. } => {
            vec![fact("run", [host(h), format!("staging={staging}")])]
        }
        StepKind::StartDatabase { host: h, cluster } => {
            vec![fact("await", [host(h), options(cluster)])]
        }
        StepKind::Replay { cluster, host: h, path, until, .. } => {
            let mut all = vec![fact("run", [host(h), path.to_string(), options(cluster)])];
            if *until {
                all.push(fact("moment", []));
            }
            all
        }
        StepKind::Promote { cluster, host: h, others, .. } => {
            let compared = std::iter::once(host(h)).chain(others.iter().map(host));
            vec![fact("furthest", compared), fact("run", [host(h), options(cluster)])]
        }
        StepKind::Publish { job, host: h, .. } => {
            vec![fact("run", [host(h), format!("/etc/drc/mirrors/{}-publish.sh", input.ops.jobs[*job].name)])]
        }
        StepKind::VerifyData { data, host: h } => vec![match &model.data[*data].on {
            On::Cluster(c) => fact("run", [host(h), options(c)]),
            On::Files { path, .. } => fact("run", [host(h), format!("{}/", path.value)]),
        }],
        StepKind::StartMember { pool, host: h, .. } => {
            vec![fact("run", [host(h), model.pools[*pool].unit.value.to_string()])]
        }
        StepKind::TakeOver { vip, to } => {
            vec![fact(
                "await",
                [host(to), format!("$(ip -o address show to {})", model.vips[*vip].address.value)],
            )]
        }
        StepKind::SwitchDns { dns, to } => {
            let d = &model.dns[*dns];
            if d.server.is_none() {
                return vec![fact("confirm", [])];
            }
            let name = d.fqdn.value.trim_end_matches('.');
            let add = |a: &std::net::IpAddr| {
                let kind = if a.is_ipv4() { "A" } else { "AAAA" };
                format!("update add {name}. {} {kind} {a}", d.ttl.value.secs_up())
            };
            vec![fact("run", to.iter().map(add))]
        }
        StepKind::VerifyService { service, .. } => match &model.services[*service].check {
            Some(check) => vec![fact("await", [check.url.value.to_string()])],
            None => vec![fact("confirm", [])],
        },
        StepKind::Repoint { cluster, replica, .. } => vec![fact("run", [host(replica), options(cluster)])],
        StepKind::Resume { cluster } => {
            vec![fact("await", [host(&model.clusters[*cluster].primary.0), options(cluster)])]
        }
        StepKind::Fence { .. } | StepKind::Provision { .. } | StepKind::Declare | StepKind::Announce => {
            vec![fact("confirm", [])]
        }
        StepKind::Reprotect { host: h, .. } => vec![fact("guide", [host(h)]), fact("confirm", [])],
        StepKind::FailBack { from, to, data } => match model.data[*data].on {
            On::Cluster(_) => vec![fact("confirm", []), fact("handover", [host(from), host(to)])],
            On::Files { .. } => vec![fact("confirm", []), fact("guide", [host(to)])],
        },
        StepKind::DropMembers { .. } => vec![fact("pause", [])],
        StepKind::Detect { .. } => Vec::new(),
    }
}

/// What the restore of a job must name, read off the operations.
fn restored(input: Input<'_>, director: String, job: Idx<Job>, to: &str) -> Fact {
    let mut first = job;
    while let JobKind::Copy { of, .. } = &input.ops.jobs[first].kind {
        first = *of;
    }
    let client = input.ops.jobs[first].kind.client();
    let from = client.map(|c| input.model.hosts[input.ops.clients[c].host].name.to_string());
    let words = [
        director,
        input.ops.jobs[first].name.to_string(),
        input.ops.jobs[job].name.to_string(),
        format!("{}-fd", from.unwrap_or_default()),
        format!("{to}-fd"),
        format!("restore_{to}"),
    ];
    fact("restore", words)
}
