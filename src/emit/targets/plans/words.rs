//! What each kind of step is called, how one sees that it is done, and what to do when it fails.

use super::acts::pointed;
use crate::emit::target::Input;
use crate::model::{Host, On};
use crate::plan::{Plan, Step, StepKind};
use crate::quantity::{Bytes, show};
use la_arena::Idx;

/// A list for people: `a, b and c`.
pub fn list(names: &[String]) -> String {
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// What is done, in a line.
pub fn title(input: Input<'_>, plan: &Plan, step: &Step) -> String {
    let model = input.model;
    let host = |h: &Idx<Host>| model.hosts[*h].name.as_str();
    match &step.kind {
        StepKind::Detect { hidden: false } => format!("Notice: {}", plan.title),
        StepKind::Detect { hidden: true } => format!("Notice, though nothing shows it: {}", plan.title),
        StepKind::Resume { cluster } => format!(
            "The primary of {} stops waiting for the replicas that are gone",
            model.clusters[*cluster].name
        ),
        StepKind::Declare if pointed(input, plan) => {
            "Decide that this is the disaster, and up to which moment data is good".to_owned()
        }
        StepKind::Declare => "Decide that this is the disaster".to_owned(),
        StepKind::Fence { host: h, .. } => format!("Make sure that {} writes no more", host(h)),
        StepKind::Hold { director } => {
            format!("Stop the scheduled jobs of {}", input.ops.directors[*director].name)
        }
        StepKind::Release { director } => {
            format!("Let the scheduled jobs of {} go on", input.ops.directors[*director].name)
        }
        StepKind::Provision { host: h, site: false } => {
            format!("Put a machine in the place of {}, with its name and address", host(h))
        }
        StepKind::Provision { host: h, site: true } => format!(
            "Put a machine in the place of {}, with its name and address, in a new {}",
            host(h),
            model.sites[model.hosts[*h].site].name
        ),
        StepKind::Scan { director, store, bytes, .. } => format!(
            "Read the volumes in {} into the catalogue of {}, {}",
            model.stores[*store].name,
            input.ops.directors[*director].name,
            at_most(*bytes)
        ),
        StepKind::Restore { data, store, to, bytes, .. } => format!(
            "Restore {} from {} to {}, {}",
            kept_with(input, *data),
            model.stores[*store].name,
            host(to),
            at_most(*bytes)
        ),
        StepKind::Prepare { cluster, host: h, dump, .. } => {
            let name = &model.clusters[*cluster].name;
            if *dump {
                format!("Load the dump of {name} on {}", host(h))
            } else {
                format!("Make the backup of {name} consistent and put it in place on {}", host(h))
            }
        }
        StepKind::StartDatabase { cluster, host: h } => {
            format!("Start {} on {}", model.clusters[*cluster].name, host(h))
        }
        StepKind::Replay { cluster, host: h, until, .. } => format!(
            "Replay the logs of {} on {}{}",
            model.clusters[*cluster].name,
            host(h),
            if *until { " up to the moment that was named" } else { "" }
        ),
        StepKind::Promote { cluster, host: h, .. } => {
            format!("Make {} the primary of {}", host(h), model.clusters[*cluster].name)
        }
        StepKind::Publish { data, host: h, .. } => {
            format!("Put the newest whole snapshot of {} in place on {}", model.data[*data].name, host(h))
        }
        StepKind::VerifyData { data, host: h } => match model.data[*data].on {
            On::Cluster(_) => {
                format!("Look at {} on {}, then let it take writes", model.data[*data].name, host(h))
            }
            On::Files { .. } => format!("Look at {} on {}", model.data[*data].name, host(h)),
        },
        StepKind::StartMember { service, host: h, .. } => {
            format!("Start {} on {}", model.services[*service].name, host(h))
        }
        StepKind::TakeOver { vip, to } => {
            format!("The address {} moves to {}", model.vips[*vip].address.value, host(to))
        }
        StepKind::DropMembers { pool, alive: true } => format!(
            "The balancer takes the members of {} out that are lost, or do not reach what they need",
            model.pools[*pool].name
        ),
        StepKind::DropMembers { pool, alive: false } => {
            format!("The balancer takes the lost members of {} out", model.pools[*pool].name)
        }
        StepKind::SwitchDns { dns, to } => {
            let to: Vec<String> = to.iter().map(ToString::to_string).collect();
            format!("Point {} to {}", model.dns[*dns].fqdn.value, list(&to))
        }
        StepKind::VerifyService { service, .. } => {
            format!("Check that {} works", model.services[*service].name)
        }
        StepKind::Repoint { replica, primary, .. } => {
            format!("Let {} follow {}", host(replica), host(primary))
        }
        StepKind::Announce => "Tell people what happened and what works again".to_owned(),
        StepKind::Reprotect { data, host: h, from } => {
            format!("Make a copy of {} on {} again, from {}", model.data[*data].name, host(h), host(from))
        }
        StepKind::FailBack { data, from, to } => {
            format!("Take {} back from {} to {}", model.data[*data].name, host(from), host(to))
        }
    }
}

/// A data class, and those that share its database.
fn kept_with(input: Input<'_>, data: Idx<crate::model::Data>) -> String {
    let names = |all: Vec<Idx<crate::model::Data>>| -> Vec<String> {
        all.iter().map(|d| input.model.data[*d].name.to_string()).collect()
    };
    match input.model.data[data].on {
        On::Cluster(c) => list(&names(input.model.data_in(c))),
        On::Files { .. } => list(&names(vec![data])),
    }
}

/// The verb and the thing: for the names of files.
pub fn short(input: Input<'_>, step: &Step) -> String {
    let model = input.model;
    let thing = match &step.kind {
        StepKind::Detect { .. } | StepKind::Declare | StepKind::Announce => "",
        StepKind::Fence { host, .. } | StepKind::Provision { host, .. } => &model.hosts[*host].name,
        StepKind::Hold { director } | StepKind::Release { director } | StepKind::Scan { director, .. } => {
            &input.ops.directors[*director].name
        }
        StepKind::Resume { cluster }
        | StepKind::Prepare { cluster, .. }
        | StepKind::StartDatabase { cluster, .. }
        | StepKind::Replay { cluster, .. } => &model.clusters[*cluster].name,
        StepKind::Promote { host, .. } | StepKind::StartMember { host, .. } => &model.hosts[*host].name,
        StepKind::Restore { data, .. }
        | StepKind::Publish { data, .. }
        | StepKind::VerifyData { data, .. }
        | StepKind::Reprotect { data, .. }
        | StepKind::FailBack { data, .. } => &model.data[*data].name,
        StepKind::TakeOver { vip, .. } => &model.vips[*vip].name,
        StepKind::DropMembers { pool, .. } => &model.pools[*pool].name,
        StepKind::SwitchDns { dns, .. } => &model.dns[*dns].name,
        StepKind::VerifyService { service, .. } => &model.services[*service].name,
        StepKind::Repoint { replica, .. } => &model.hosts[*replica].name,
    };
    format!("{}-{thing}", step.kind.name())
}

/// The hosts on which a step is done.
pub fn place(input: Input<'_>, kind: &StepKind) -> Vec<Idx<Host>> {
    match kind {
        StepKind::Detect { .. }
        | StepKind::Declare
        | StepKind::Announce
        | StepKind::DropMembers { .. }
        | StepKind::SwitchDns { .. }
        | StepKind::VerifyService { .. } => Vec::new(),
        StepKind::Resume { cluster } => vec![input.model.clusters[*cluster].primary.0],
        StepKind::Hold { director } | StepKind::Release { director } | StepKind::Scan { director, .. } => {
            vec![input.ops.directors[*director].host]
        }
        StepKind::Restore { director, to, .. } => {
            let from = input.ops.directors[*director].host;
            if from == *to { vec![from] } else { vec![from, *to] }
        }
        StepKind::Fence { host, .. }
        | StepKind::Provision { host, .. }
        | StepKind::Prepare { host, .. }
        | StepKind::StartDatabase { host, .. }
        | StepKind::Replay { host, .. }
        | StepKind::Promote { host, .. }
        | StepKind::Publish { host, .. }
        | StepKind::VerifyData { host, .. }
        | StepKind::StartMember { host, .. } => vec![*host],
        StepKind::TakeOver { to, .. } => vec![*to],
        StepKind::Repoint { replica, .. } => vec![*replica],
        StepKind::Reprotect { host, from, .. } => vec![*from, *host],
        StepKind::FailBack { from, to, .. } => vec![*from, *to],
    }
}

/// How one sees that it is done.
pub fn verify(input: Input<'_>, kind: &StepKind) -> String {
    let model = input.model;
    match kind {
        StepKind::Detect { .. } => "Two signs that do not depend on each other say the same.".to_owned(),
        StepKind::Declare => "Who decided, and when, is written down.".to_owned(),
        StepKind::Resume { .. } => "Writes are answered again.".to_owned(),
        StepKind::Fence { .. } => {
            "Seen with one's own eyes or by the management board: off, or without its databases. \
             No answer over the network is no proof."
                .to_owned()
        }
        StepKind::Hold { director } => {
            format!("`status dir` in bconsole on {} lists no scheduled job of the plan.", input.model.hosts[input.ops.directors[*director].host].name)
        }
        StepKind::Release { director } => {
            format!("`status dir` in bconsole on {} lists the jobs again.", input.model.hosts[input.ops.directors[*director].host].name)
        }
        StepKind::Provision { host, .. } => format!("{} answers by ssh.", model.hosts[*host].name),
        StepKind::Scan { .. } => "`list jobs` in bconsole shows the runs that are wanted.".to_owned(),
        StepKind::Restore { .. } => {
            "The messages of the restore job say `Restore OK`, and as many files as expected.".to_owned()
        }
        StepKind::Prepare { dump: false, .. } => {
            "The last line of each tool is `completed OK!`; the data files belong to mysql.".to_owned()
        }
        StepKind::Prepare { dump: true, .. } => "The client ended without an error; the tables are there.".to_owned(),
        StepKind::StartDatabase { .. } => "It answers `SELECT 1`.".to_owned(),
        StepKind::Replay { .. } => "The newest rows are as old as expected, and no older.".to_owned(),
        StepKind::Promote { .. } => {
            "`SELECT @@read_only` is 0 there, and it is nobody's replica. It is the only server of which both are true.".to_owned()
        }
        StepKind::Publish { .. } | StepKind::VerifyData { .. } => {
            "Somebody who knows the data has opened the newest of it.".to_owned()
        }
        StepKind::StartMember { .. } => "It answers on its port.".to_owned(),
        StepKind::TakeOver { vip, .. } => {
            format!("`ip address` there shows {}, and no other host has it.", model.vips[*vip].address.value)
        }
        StepKind::DropMembers { .. } => "No request is sent to a member that is gone.".to_owned(),
        StepKind::SwitchDns { dns, .. } => {
            format!("Every name server of {} answers with the new addresses.", model.dns[*dns].fqdn.value)
        }
        StepKind::VerifyService { .. } => "The check passes by every address.".to_owned(),
        StepKind::Repoint { .. } => "Both of its threads run and its delay falls.".to_owned(),
        StepKind::Announce => "The message is out.".to_owned(),
        StepKind::Reprotect { .. } => "The copy is whole, and follows.".to_owned(),
        StepKind::FailBack { .. } => "Work is done at home again; nothing was lost on the way.".to_owned(),
    }
}

/// What to do when it fails.
pub fn fails(input: Input<'_>, plan: &Plan, step: &Step) -> String {
    let model = input.model;
    match &step.kind {
        StepKind::Detect { .. } => "If the signs differ, do not start this plan: find out first.".to_owned(),
        StepKind::Declare => "Without a decision nothing of this plan is done.".to_owned(),
        StepKind::Resume { .. } => {
            "Switch semi-synchronous replication off on the primary by hand.".to_owned()
        }
        StepKind::Fence { .. } => {
            "Cut its network ports or its power. Do not go on while it may write: two primaries cannot be merged.".to_owned()
        }
        StepKind::Hold { .. } => "Stop the director's service; the restore then needs it again.".to_owned(),
        StepKind::Release { .. } => "Restart the director: it forgets what was switched off.".to_owned(),
        StepKind::Provision { .. } => "Take the next machine that is large enough, with this name and address.".to_owned(),
        StepKind::Scan { .. } => {
            "The director must run. It can be repeated: what the catalogue knew of these volumes is dropped first. `bscan` is in the package bacula-bscan.".to_owned()
        }
        StepKind::Restore { .. } => {
            "Read the messages of the job in bconsole. When the disk is full: what earlier tries left behind is beside the \
             folder as `.before-recovery-N`. Then do the step again; it restores everything again."
                .to_owned()
        }
        StepKind::Prepare { dump: false, .. } => {
            let restore = plan.steps.iter().position(|s| matches!((&s.kind, &step.kind),
                (StepKind::Restore { to, .. }, StepKind::Prepare { host, .. }) if to == host));
            match restore {
                Some(n) => format!("A backup that was half made ready is of no use: `run.sh --redo {}` restores it again.", n + 1),
                None => "A backup that was half made ready is of no use: restore it again.".to_owned(),
            }
        }
        StepKind::Prepare { dump: true, .. } => "Do it again: a dump replaces what it finds.".to_owned(),
        StepKind::StartDatabase { .. } => {
            "Read its error log. A server that cannot recover by itself needs an older backup.".to_owned()
        }
        StepKind::Replay { .. } => {
            let restore = plan.steps.iter().position(|s| matches!((&s.kind, &step.kind),
                (StepKind::Restore { to, .. }, StepKind::Replay { host, .. }) if to == host));
            let again = restore.map_or_else(|| "restore".to_owned(), |n| format!("`run.sh --redo {}`", n + 1));
            format!("Logs cannot be replayed twice: {again}, then again up to here. A gap in the logs ends the recovery at the gap.")
        }
        StepKind::Promote { .. } => {
            "If it cannot catch up with another replica, promote that one by its own commands. If it cannot be reached any more, decide in \
             writing to lose what only it had."
                .to_owned()
        }
        StepKind::Publish { .. } => "Take the snapshot before it, in the folder of the mirror.".to_owned(),
        StepKind::VerifyData { .. } => "Do not let people work on it. Choose an older point, or another copy.".to_owned(),
        StepKind::StartMember { .. } => "Read `journalctl -u` of its unit; take another member.".to_owned(),
        StepKind::TakeOver { vip, .. } => format!(
            "Look whether keepalived runs there, and whether the lost host really is silent. By hand: add {} to the interface.",
            model.vips[*vip].address.value
        ),
        StepKind::DropMembers { .. } => "Take them out of the balancer by hand.".to_owned(),
        StepKind::SwitchDns { .. } => "Change the records by hand, on the first name server that can be reached.".to_owned(),
        StepKind::VerifyService { .. } => "Ask each server directly, then each address, to see which of them fails.".to_owned(),
        StepKind::Repoint { .. } => "A replica that refuses has writes that the primary lacks: make it anew from the primary.".to_owned(),
        StepKind::Announce => "Use the telephone.".to_owned(),
        StepKind::Reprotect { .. } => "Until it is done a second loss may take everything: say so.".to_owned(),
        StepKind::FailBack { .. } => "Stay where the work is now; it can go back on another day.".to_owned(),
    }
}

/// How much is moved, where that has a bound.
fn at_most(bytes: Bytes) -> String {
    match bytes {
        Bytes(u64::MAX) => "nobody can say how much".to_owned(),
        bytes => format!("at most {}", show::bytes(bytes)),
    }
}
