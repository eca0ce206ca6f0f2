//! Keepalived: addresses that move between the hosts of a site, by VRRP version 3 over unicast.
//!
//! Each host of an address gets `/etc/keepalived/keepalived.conf`, a check script for each address
//! that is checked, and a script that logs every change. The configuration is the one whose times
//! [`plan::times::takeover`](crate::plan::times::takeover) states: all start as backups, nobody
//! refuses to give way to a higher priority, three missed advertisements make a master lost, and
//! a check that fails `fall` times takes the host out (no weights). No load balancing is emitted.
//!
//! The user's own text, the check, never meets keepalived's parser: it stands in a script.

mod conf;
mod limits;
mod parse;
mod quote;
mod read_back;
mod scripts;
mod write;

pub use conf::{Conf, Instance, Script, read};
pub use parse::{ParseError, Statement, parse};
pub use scripts::{Check, read_check};

use crate::diag::Problems;
use crate::emit::artifact::ArtifactTree;
use crate::emit::target::{Input, Target};
use crate::emit::template::TemplateError;
use crate::model::Host;
use crate::ops::{Member, Ops, Vrrp};
use la_arena::Idx;
use std::collections::BTreeMap;

/// The target.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keepalived;

const NAME: &str = "keepalived";
/// The configuration, on its host.
const CONF: &str = "/etc/keepalived/keepalived.conf";
/// The script that every change is told to.
const NOTIFY: &str = "/etc/keepalived/drc-notify.sh";
/// Successes after failures until a host may hold the address again. No bound rests on it: the
/// address is elsewhere meanwhile.
const RISE: u64 = 2;

impl Target for Keepalived {
    fn name(&self) -> &'static str {
        NAME
    }

    fn templates(&self) -> &'static [&'static str] {
        &["keepalived/keepalived.conf.hbs"]
    }

    fn supports(&self, input: Input<'_>, problems: &mut Problems) {
        limits::supports(input.model, input.ops, problems);
    }

    fn emit(&self, input: Input<'_>, tree: &mut ArtifactTree) -> Result<(), TemplateError> {
        write::emit(input, tree)
    }

    fn read_back(&self, input: Input<'_>, tree: &ArtifactTree) -> Vec<String> {
        read_back::read_back(input, tree)
    }
}

/// What runs on each host that takes part, in the order of the hosts: the addresses, each with
/// that host's membership.
fn by_host(ops: &Ops) -> BTreeMap<Idx<Host>, Vec<(&Vrrp, &Member)>> {
    let mut hosts: BTreeMap<Idx<Host>, Vec<(&Vrrp, &Member)>> = BTreeMap::new();
    for (_, vrrp) in ops.vrrps.iter() {
        for member in &vrrp.members {
            hosts.entry(member.host).or_default().push((vrrp, member));
        }
    }
    hosts
}

/// The name of an address's check, in keepalived and on disk; `None` when nothing is checked.
fn check_name(vrrp: &Vrrp) -> Option<String> {
    (vrrp.check.is_some() || vrrp.port.is_some()).then(|| format!("drc-check-{}", vrrp.name))
}

/// Where a check of that name stands.
fn check_path(name: &str) -> String {
    format!("/etc/keepalived/{name}.sh")
}
