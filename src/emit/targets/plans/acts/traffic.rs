//! What brings people to where the work is: members, names, checks.

use crate::emit::quote::shell;
use crate::emit::target::Input;
use crate::emit::targets::plans::act::{Act, At};
use crate::model::{Dns, Host, Pool, Secret, Service};
use crate::plan::{Lost, Plan, StepKind};
use la_arena::Idx;
use std::net::IpAddr;

/// A standby member of a pool is started, and answers on its port.
pub fn start_member(input: Input<'_>, pool: Idx<Pool>, host: Idx<Host>, patience: u64) -> Vec<Act> {
    let p = &input.model.pools[pool];
    let unit = shell(&p.unit.value);
    let answers = format!(
        "systemctl is-active --quiet -- {unit} && test -n \"$(ss -Hltn 'sport = :{}')\"",
        p.port.value
    );
    vec![
        Act::Unless(At::Host(host), answers.clone()),
        Act::Run(At::Host(host), format!("systemctl start -- {unit}")),
        Act::Await(At::Host(host), patience, answers),
    ]
}

fn record(address: &IpAddr) -> &'static str {
    if address.is_ipv4() { "A" } else { "AAAA" }
}

/// The records of a name are replaced.
pub fn switch_dns(input: Input<'_>, dns: Idx<Dns>, to: &[IpAddr], patience: u64) -> Vec<Act> {
    let d = &input.model.dns[dns];
    let name = d.fqdn.value.trim_end_matches('.');
    let seconds = d.ttl.value.secs_up();
    let forget = Act::Pause(seconds, format!("resolvers forget the old records of {name}"));
    let Some(server) = &d.server else {
        let all: Vec<String> = to.iter().map(|a| format!("{} {a}", record(a))).collect();
        let words = format!(
            "The records A and AAAA of {name} are replaced by: {}; with a time to live of {seconds} s, on every name server",
            all.join(", ")
        );
        return vec![Act::Confirm(words), forget];
    };
    let mut lines = vec![
        format!("server {}", server.value),
        format!("update delete {name}. A"),
        format!("update delete {name}. AAAA"),
    ];
    lines.extend(to.iter().map(|a| format!("update add {name}. {seconds} {} {a}", record(a))));
    lines.push("send".to_owned());
    let words: Vec<String> = lines.iter().map(|l| shell(l)).collect();
    let key = match &d.key {
        Some(Secret::File(path)) => format!(" -k {}", shell(path)),
        None => String::new(),
    };
    let update = format!("printf '%s\\n' {} | nsupdate{key}", words.join(" "));
    let sorted = |kind: &str| {
        let mut all: Vec<String> = to.iter().filter(|a| record(a) == kind).map(ToString::to_string).collect();
        all.sort();
        all.join(" ")
    };
    let answer = |kind: &str| {
        format!(
            "test \"$(dig +short +time=3 +tries=1 @{} {name}. {kind} | LC_ALL=C sort | paste -s -d' ' -)\" = {}",
            server.value,
            shell(&sorted(kind))
        )
    };
    let seen = format!("{} && {}", answer("A"), answer("AAAA"));
    vec![Act::Run(At::Here, update), Act::Await(At::Here, patience, seen), forget]
}

/// The host of a URL, without port, user and brackets.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, r)| r);
    let rest = rest.split(['/', '?', '#']).next().unwrap_or("");
    let rest = rest.rsplit_once('@').map_or(rest, |(_, r)| r);
    match rest.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or(""),
        None => rest.split(':').next().unwrap_or(""),
    }
}

/// The addresses by which a service is reached when the plan is through.
fn doors(input: Input<'_>, plan: &Plan, service: Idx<Service>) -> Vec<(String, IpAddr)> {
    let lost = Lost::of(input.model, &plan.scenario);
    let mut doors = Vec::new();
    for (dns, _) in &input.model.services[service].reached {
        let d = &input.model.dns[*dns];
        let switched = plan.steps.iter().find_map(|s| match &s.kind {
            StepKind::SwitchDns { dns: other, to } if other == dns => Some(to.clone()),
            _ => None,
        });
        let kept = || {
            let stands = |v: &Idx<crate::model::Vip>| {
                let taken =
                    plan.steps.iter().any(|s| matches!(s.kind, StepKind::TakeOver { vip, .. } if vip == *v));
                taken || input.model.vips[*v].on.iter().any(|(h, _)| !lost.host(*h))
            };
            let vips = d.points.iter().map(|(v, _)| *v).filter(stands);
            vips.map(|v| input.model.vips[v].address.value).collect::<Vec<_>>()
        };
        let name = d.fqdn.value.trim_end_matches('.').to_owned();
        doors.extend(switched.unwrap_or_else(kept).into_iter().map(|a| (name.clone(), a)));
    }
    doors
}

/// A service's check passes, by its name and by every address that leads to it.
pub fn verify_service(input: Input<'_>, plan: &Plan, service: Idx<Service>, patience: u64) -> Vec<Act> {
    let s = &input.model.services[service];
    let Some(check) = &s.check else {
        return vec![Act::Confirm(format!("{} works: somebody has used it", s.name))];
    };
    let url = &check.url.value;
    let curl = |by: &str| {
        format!(
            "curl --globoff --fail --silent --show-error --output /dev/null --max-time {}{by} -- {}",
            check.within.value.secs_up().max(1),
            shell(url)
        )
    };
    let mut acts = Vec::new();
    for (name, address) in doors(input, plan, service) {
        if host_of(url).eq_ignore_ascii_case(&name) {
            let to = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
            acts.push(Act::Await(
                At::Here,
                patience,
                curl(&format!(" --connect-to {}", shell(&format!("::{to}:")))),
            ));
        }
    }
    acts.push(Act::Await(At::Here, patience, curl("")));
    acts
}
