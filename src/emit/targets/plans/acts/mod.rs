//! What each kind of step executes.

mod bacula;
mod database;
mod traffic;

use super::act::{Act, At};
use super::words;
use crate::emit::quote::shell;
use crate::emit::target::Input;
use crate::emit::targets::rsync;
use crate::model::{Data, Host, Model, On};
use crate::plan::{Actor, Lost, Plan, Stage, Step, StepKind};
use crate::quantity::Duration;
use database::Database;
use la_arena::Idx;

/// The verbs of a step.
pub fn acts(input: Input<'_>, plan: &Plan, step: &Step) -> Vec<Act> {
    let mut acts = of_kind(input, plan, step);
    let asks = acts.iter().any(|a| matches!(a, Act::Confirm(_)));
    if step.actor == Actor::Person && !asks {
        acts.push(Act::Confirm(format!("Done: {}", words::title(input, plan, step))));
    }
    acts
}

fn of_kind(input: Input<'_>, plan: &Plan, step: &Step) -> Vec<Act> {
    let model = input.model;
    match &step.kind {
        StepKind::Detect { .. } => match step.actor {
            Actor::Person => vec![Act::Confirm(format!("This is what has happened: {}", plan.title))],
            Actor::Automatic | Actor::Runner => Vec::new(),
        },
        StepKind::Declare => {
            let asked = Act::Confirm(format!(
                "It is decided: {} is the disaster, and this plan is carried out",
                plan.title
            ));
            // Asked here, while somebody is at the terminal: later steps find the answer.
            std::iter::once(asked).chain(pointed(input, plan).then_some(Act::Moment)).collect()
        }
        StepKind::Fence { host, reachable } => fence(input, plan, *host, *reachable),
        StepKind::Hold { director } => bacula::switch(input, "disable", *director),
        StepKind::Release { director } => bacula::switch(input, "enable", *director),
        StepKind::Provision { host, .. } => {
            let h = &model.hosts[*host];
            vec![
                Act::Confirm(format!(
                    "A machine stands in the place of {} with the same name and the address {}; the programs are installed, \
                     hosts/{}/ of the build is laid over it, and its keys and password files are there",
                    h.name,
                    super::act::address(input, *host),
                    h.name
                )),
                Act::Await(At::Host(*host), 600, "true".to_owned()),
            ]
        }
        StepKind::Scan { director, jobs, .. } => bacula::scan(input, *director, jobs),
        StepKind::Restore { director, jobs, to, .. } => {
            let mut acts = Vec::new();
            if pointed(input, plan) {
                acts.push(Act::Moment);
            }
            acts.extend(bacula::restore(input, *director, jobs, *to));
            acts
        }
        StepKind::Prepare { cluster, host, staging, dump, .. } => {
            let db = Database::of(input, *cluster);
            if *dump { db.load(*host, staging) } else { db.prepare(*host, staging) }
        }
        StepKind::StartDatabase { cluster, host } => {
            Database::of(input, *cluster).start(*host, patience(step.takes.most))
        }
        StepKind::Replay { cluster, host, path, until, .. } => {
            let mut acts = Vec::new();
            if *until {
                acts.push(Act::Moment);
            }
            acts.extend(Database::of(input, *cluster).replay(*host, path, *until));
            acts
        }
        StepKind::Promote { cluster, host, others, .. } => {
            Database::of(input, *cluster).promote(*host, others, patience(step.takes.most))
        }
        StepKind::Publish { job, host, .. } => {
            let script = rsync::publish_script(&input.ops.jobs[*job].name);
            vec![Act::Run(At::Host(*host), script)]
        }
        StepKind::VerifyData { data, host } => match &model.data[*data].on {
            On::Cluster(cluster) => Database::of(input, *cluster).verify(*host),
            On::Files { path, .. } => {
                let path = shell(&path.value);
                vec![Act::Run(
                    At::Host(*host),
                    format!("set -eu\ntest -d {path}/\ntest -n \"$(ls -A -- {path}/)\"\ndu -s -- {path}/"),
                )]
            }
        },
        StepKind::StartMember { pool, host, .. } => {
            traffic::start_member(input, *pool, *host, patience(step.takes.most))
        }
        StepKind::TakeOver { vip, to } => {
            let address = model.vips[*vip].address.value;
            let seen = format!("test -n \"$(ip -o address show to {address})\"");
            vec![Act::Await(At::Host(*to), patience(step.takes.most), seen)]
        }
        StepKind::DropMembers { pool, .. } => {
            let why = format!("the balancer takes the lost members of {} out", model.pools[*pool].name);
            vec![Act::Pause(step.takes.most.min(Duration::from_hours(1)).secs_up(), why)]
        }
        StepKind::SwitchDns { dns, to } => traffic::switch_dns(input, *dns, to, patience(step.takes.most)),
        StepKind::VerifyService { service, .. } => {
            // The port of its unit may answer before it does.
            let takes = step.takes.most.plus(model.services[*service].start.value);
            traffic::verify_service(input, plan, *service, patience(takes))
        }
        StepKind::Resume { cluster } => Database::of(input, *cluster)
            .resume(model.clusters[*cluster].primary.0, patience(step.takes.most)),
        StepKind::Repoint { cluster, replica, primary } => {
            Database::of(input, *cluster).repoint(*replica, *primary)
        }
        StepKind::Announce => {
            vec![Act::Confirm(
                "Those who work with it know what happened, what works again, and what was lost".to_owned(),
            )]
        }
        StepKind::Reprotect { data, host, from } => match &model.data[*data].on {
            On::Cluster(cluster) => Database::of(input, *cluster).seed(*host, *from),
            On::Files { path, .. } => copy_tree(input, *from, *host, &path.value),
        },
        StepKind::FailBack { data, from, to } => match &model.data[*data].on {
            On::Cluster(cluster) => Database::of(input, *cluster).hand_back(*from, *to),
            On::Files { path, .. } => {
                let mut acts = vec![Act::Confirm(format!(
                    "It is a quiet hour, and nothing writes below {} on {} any more",
                    path.value, model.hosts[*from].name
                ))];
                acts.extend(copy_tree(input, *from, *to, &path.value));
                acts
            }
        },
    }
}

/// How a tree comes to another host: by people, since no account of the estate may write as root
/// from one host to another.
fn copy_tree(input: Input<'_>, from: Idx<Host>, to: Idx<Host>, path: &str) -> Vec<Act> {
    let folder = format!("{path}/");
    let source = format!("root@{}:{folder}", bracketed(&super::act::address(input, from)));
    let command = format!(
        "rsync -aHAX --numeric-ids --delete --secluded-args -- {} {}",
        shell(&source),
        shell(&folder)
    );
    vec![
        Act::Guide(At::Host(to), command),
        Act::Confirm(format!(
            "{path} on {} is the same as on {}",
            input.model.hosts[to].name, input.model.hosts[from].name
        )),
    ]
}

/// An address before a colon.
fn bracketed(address: &str) -> String {
    if address.contains(':') { format!("[{address}]") } else { address.to_owned() }
}

/// The data classes that a plan brings back of those that are written on a host, and whether anything
/// else of the estate is there, which goes on.
fn fenced(model: &Model, plan: &Plan, host: Idx<Host>) -> (Vec<Idx<Data>>, bool) {
    let chosen = |d: &Idx<Data>| plan.choices.iter().any(|c| c.data == *d);
    let here = model.data.iter().map(|(id, _)| id).filter(|d| model.primary_host(*d) == host);
    let (back, stay): (Vec<_>, Vec<_>) = here.partition(chosen);
    let replica = model
        .clusters
        .iter()
        .any(|(id, c)| c.replicas.iter().any(|(r, _)| *r == host) && !model.data_in(id).iter().any(chosen));
    let serves = model.pools.iter().any(|(_, p)| p.members.iter().chain(&p.standby).any(|m| m.0 == host));
    let stores = model.stores.iter().any(|(_, s)| s.host == host);
    let door = model.vips.iter().any(|(_, v)| v.on.iter().any(|h| h.0 == host));
    (back, !stay.is_empty() || replica || serves || stores || door)
}

/// What may still write is stopped where it can be reached; a person makes sure.
fn fence(input: Input<'_>, plan: &Plan, host: Idx<Host>, reachable: bool) -> Vec<Act> {
    let model = input.model;
    let h = &model.hosts[host];
    let mut acts = Vec::new();
    if reachable {
        for (id, cluster) in model.clusters.iter() {
            let here = cluster.primary.0 == host || cluster.replicas.iter().any(|(r, _)| *r == host);
            // Of what is not brought back nothing would start it again.
            if here && plan.choices.iter().any(|c| model.data_in(id).contains(&c.data)) {
                acts.push(Act::Attempt(At::Host(host), Database::of(input, id).stop()));
            }
        }
    }
    let needed = plan.steps.iter().any(|s| {
        s.stage == Stage::Recover
            && !matches!(s.kind, StepKind::Fence { .. } | StepKind::Provision { .. })
            && words::place(input, &s.kind).contains(&host)
    });
    let (back, others) = fenced(model, plan, host);
    let lost = Lost::of(model, &plan.scenario);
    let words = if lost.isolated(h.site) {
        format!(
            "Somebody at {}, reached by telephone or sent there, has seen that {} is switched off or writes no more, and \
             keeps it so: nothing outside of the site can make sure of it. Its settings make it start read-only",
            model.sites[h.site].name, h.name
        )
    } else if (needed || others) && !lost.host(host) {
        let names: Vec<&str> = back.iter().map(|d| model.data[*d].name.as_str()).collect();
        let rest = match (needed, others) {
            (true, true) => "later steps need it, and what else is on it goes on",
            (true, false) => "later steps need it",
            (false, _) => "what else is on it goes on",
        };
        format!(
            "Nothing writes to {} on {} any more: its database is stopped, or whatever writes to its files. \
             The machine stays on: {rest}",
            names.join(", "),
            h.name
        )
    } else {
        format!(
            "{} is switched off at its power, or by its management board, and will not come back by itself",
            h.name
        )
    };
    acts.push(Act::Confirm(words));
    acts
}

/// Whether people must say up to which moment data is good.
pub fn pointed(input: Input<'_>, plan: &Plan) -> bool {
    let lost = Lost::of(input.model, &plan.scenario);
    lost.corrupted.is_some() || lost.hostile
}

/// How long something is waited for: twice what it takes at most, a minute at least, a day at most.
fn patience(most: Duration) -> u64 {
    most.times(2).secs_up().clamp(60, 86_400)
}
