//! What keepalived cannot express, or would take in silence and do something else.

use crate::diag::{Diagnostic, Problems, catalogue as c};
use crate::emit::targets::interface;
use crate::model::{Host, Model, Vip};
use crate::ops::{Ops, Vrrp};
use crate::quantity::Duration;
use la_arena::Idx;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// VRRP version 3 counts hundredths of a second in 12 bits.
const TICK: Duration = Duration::from_millis(10);
const LONGEST_ADVERT: Duration = Duration::from_millis(40_950);
/// The longest time between checks that keepalived takes: its counter has 32 bits of microseconds.
const LONGEST_EVERY: Duration = Duration::from_secs(4_000);
/// The most failures that its counter holds.
const MOST_FAILURES: u64 = 1_000_000;
/// The kernel takes 128 KiB as one word of a command; the rest is room for what stands around it.
const LONGEST_CHECK: usize = 100_000;

/// Finds what cannot be expressed.
pub(super) fn supports(model: &Model, ops: &Ops, problems: &mut Problems) {
    let mut hosts: BTreeSet<Idx<Host>> = BTreeSet::new();
    for (_, vrrp) in ops.vrrps.iter() {
        let vip = &model.vips[vrrp.vip];
        timers(vip, vrrp, problems);
        members(model, vip, vrrp, problems);
        check(vip, vrrp, problems);
        hosts.extend(vrrp.members.iter().map(|m| m.host));
    }
    addresses(model, ops, problems);
    problems.extend(hosts.iter().filter_map(|h| interface::check(&model.hosts[*h])));
}

fn timers(vip: &Vip, vrrp: &Vrrp, problems: &mut Problems) {
    let advert = vrrp.advert;
    if !(TICK..=LONGEST_ADVERT).contains(&advert) || !advert.0.is_multiple_of(TICK.0) {
        problems.push(
            Diagnostic::new(
                &c::VRRP_TIMER,
                vip.advert.span,
                format!("`{}` cannot be advertised at that interval", vip.name),
            )
            .help("VRRP takes 10 ms to 40.95 s, in steps of 10 ms"),
        );
    }
    let every = vrrp.every;
    let second = Duration::from_secs(1);
    if !(second..=LONGEST_EVERY).contains(&every) || !every.0.is_multiple_of(second.0) {
        problems.push(
            Diagnostic::new(
                &c::VRRP_TIMER,
                vip.every.span,
                format!("`{}` cannot be checked at that interval", vip.name),
            )
            .help("keepalived takes whole seconds, 1 s to 4000 s"),
        );
    }
    if !(1..=MOST_FAILURES).contains(&vrrp.fall) {
        problems.push(
            Diagnostic::new(
                &c::VRRP_TIMER,
                vip.fall.span,
                format!("`{}` cannot be given up after that many failures", vip.name),
            )
            .help("keepalived takes 1 to 1000000"),
        );
    }
}

fn members(model: &Model, vip: &Vip, vrrp: &Vrrp, problems: &mut Problems) {
    let spans = || vip.on.iter().map(|(host, span)| (*host, *span));
    let span_of = |host| spans().find(|(h, _)| *h == host).map_or(vip.span, |(_, span)| span);
    let mut hosts = BTreeMap::new();
    for (host, span) in spans() {
        if let Some(before) = hosts.insert(host, span) {
            problems.push(
                Diagnostic::new(
                    &c::VRRP_MEMBERS,
                    span,
                    format!("`{}` is named twice among the hosts of `{}`", model.hosts[host].name, vip.name),
                )
                .label(before, "first here"),
            );
        }
    }
    let mut priorities = BTreeSet::new();
    if let Some(member) =
        vrrp.members.iter().find(|m| !(1..=254).contains(&m.priority) || !priorities.insert(m.priority))
    {
        problems.push(
            Diagnostic::new(
                &c::VRRP_MEMBERS,
                span_of(member.host),
                format!("`{}` has more hosts than VRRP has priorities", vip.name),
            )
            .help("name at most 200 hosts"),
        );
    }
    let mut strange = vrrp.members.iter().filter(|m| m.address.is_ipv6() != vrrp.address.is_ipv6());
    if let Some(first) = strange.next() {
        let mut finding = Diagnostic::new(
            &c::VRRP_FAMILY,
            vip.address.span,
            format!("`{}` and `{}` are not of one address family", vip.name, model.hosts[first.host].name),
        )
        .help("VRRP moves IPv4 addresses between IPv4 hosts, and IPv6 ones between IPv6 hosts");
        for host in std::iter::once(first).chain(strange).map(|m| &model.hosts[m.host]) {
            finding = finding.label(host.address.map_or(host.span, |a| a.span), "of another family");
        }
        problems.push(finding);
    }
}

fn check(vip: &Vip, vrrp: &Vrrp, problems: &mut Problems) {
    let Some(text) = &vrrp.check else { return };
    let at = vip.check.as_ref().map_or(vip.span, |c| c.span);
    let why = if text.trim().is_empty() {
        "an empty command always succeeds"
    } else if text.contains('\0') {
        "no command holds a NUL"
    } else if text.len() > LONGEST_CHECK {
        "it is longer than 100000 bytes"
    } else {
        return;
    };
    problems.push(
        Diagnostic::new(&c::BAD_CHECK, at, format!("`{}` cannot be checked like that", vip.name))
            .here(why)
            .help("give a command, or a script of your own on the host"),
    );
}

/// Keepalived takes the same address twice, on one host or on two, without a word.
fn addresses(model: &Model, ops: &Ops, problems: &mut Problems) {
    let own = model.hosts.iter().filter_map(|(_, h)| h.address.map(|a| (a.value, (&h.name, a.span))));
    let mut taken: BTreeMap<IpAddr, _> = own.collect();
    for (_, vrrp) in ops.vrrps.iter() {
        let vip = &model.vips[vrrp.vip];
        if let Some((name, span)) = taken.insert(vrrp.address, (&vip.name, vip.address.span)) {
            problems.push(
                Diagnostic::new(
                    &c::VRRP_ADDRESS,
                    vip.address.span,
                    format!("`{}` has the address of `{name}`", vip.name),
                )
                .label(span, "stated here first"),
            );
        }
    }
}
