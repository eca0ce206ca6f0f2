//! What moves by itself: how fast, how hastily, who else it disturbs, and what it must not be used
//! for.

use crate::base::Span;
use crate::diag::{Diagnostic, Problems, catalogue as c};
use crate::model::{Host, Idx, Input, Model, Objective, On, Pool, Service, StrikeKind};
use crate::ops::Vrrp;
use crate::plan::Estate;
use crate::plan::times::takeover;
use crate::quantity::{Duration, show};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};

/// The losses that a name is moved for: an address moves by itself when a host is gone.
const MOVES: [StrikeKind; 2] = [StrikeKind::Site, StrikeKind::Region];

/// All rules of this file.
pub(super) fn check(estate: Estate<'_>, problems: &mut Problems) {
    names(estate.model, problems);
    checks(estate, problems);
    addresses(estate, problems);
    segments(estate, problems);
}

/// A promise of a service: its recovery time, and where it is claimed.
type Promise = (Input<Duration>, Span);

fn promise(model: &Model, service: &Service, kinds: &[StrikeKind]) -> Option<Promise> {
    let (tier, claimed) = service.tier?;
    Some((super::tightest(model, tier, Objective::Rto, kinds)?, claimed))
}

fn keep_tightest<K: Ord>(all: &mut BTreeMap<K, Promise>, key: K, new: Promise) {
    match all.get(&key) {
        Some(known) if known.0.value <= new.0.value => {}
        _ => {
            all.insert(key, new);
        }
    }
}

/// resolvers that keep a name for half of the recovery time or more.
fn names(model: &Model, problems: &mut Problems) {
    let mut promises = BTreeMap::new();
    for (_, service) in model.services.iter() {
        let Some(promise) = promise(model, service, &MOVES) else { continue };
        service.reached.iter().for_each(|(dns, _)| keep_tightest(&mut promises, *dns, promise));
    }
    for (dns, (rto, claimed)) in promises {
        let d = &model.dns[dns];
        let moves = d.points.len() > 1 || !d.failover.is_empty();
        if !moves || d.ttl.value.0 < rto.value.0 / 2 {
            continue;
        }
        problems.push(
            Diagnostic::new(
                &c::TTL_TOO_LONG,
                d.ttl.span,
                format!(
                    "resolvers keep `{}` for {} of the {} in which work must go on",
                    d.name,
                    show::duration(d.ttl.value),
                    show::duration(rto.value)
                ),
            )
            .label(rto.span, "what is asked")
            .label(claimed, "claimed here")
            .note("one resolver in twelve keeps records longer than their TTL: no time holds for those")
            .help("lower it now, to 60 s or so: a TTL that is lowered after the disaster comes too late"),
        );
    }
}

/// the balancer's check is slow against the promise, or fast against a pause.
fn checks(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    let mut promises: BTreeMap<Idx<Pool>, Promise> = BTreeMap::new();
    for (_, service) in model.services.iter() {
        if let Some(promise) = promise(model, service, &[StrikeKind::Host]) {
            keep_tightest(&mut promises, service.runs_on.0, promise);
        }
    }
    for (id, pool) in model.pools.iter() {
        // (fall - 1)(every + c) + c, and up to one more interval (calculus, 7.3).
        let one = pool.every.value.plus(pool.timeout.value);
        let least = one.times(pool.fall.value.saturating_sub(1)).plus(pool.timeout.value);
        let most = least.plus(pool.every.value);
        let what = format!("the balancer of `{}`", pool.name);
        let sum = format!(
            "a server that is gone hangs each of {} checks for {}, {} apart",
            pool.fall.value,
            show::duration(pool.timeout.value),
            show::duration(pool.every.value)
        );
        if let Some(promise) = promises.get(&id).filter(|p| most.0 >= p.0.value.0 / 2) {
            problems.push(slow(&what, pool.every.span, most, *promise, &sum));
        }
        if least < pool.tolerated_pause.value {
            problems.push(hasty(&what, pool.every.span, least, pool.tolerated_pause, &sum));
        }
    }
    for (_, vrrp) in estate.ops.vrrps.iter().filter(|(_, v)| v.members.len() > 1) {
        let vip = &model.vips[vrrp.vip];
        let moves = takeover(vrrp, 1);
        // A host that is gone is missed; one whose check fails says so, and only the skew is waited
        // for (calculus, 7.1).
        let told = moves.most.minus(vrrp.advert.times(3));
        let checked = vrrp.every.times(vrrp.fall).plus(vrrp.every).plus(told);
        let what = format!("the address `{}`", vip.name);
        let (most, sum) = if checked > moves.most {
            let (every, fall) = (show::duration(vrrp.every), vrrp.fall);
            (checked, format!("{fall} failed checks {every} apart, the last hanging as long, then the skew"))
        } else {
            let advert = show::duration(vrrp.advert);
            (moves.most, format!("three missed advertisements {advert} apart, then the skew"))
        };
        let promise = vip.serves.and_then(|(pool, _)| promises.get(&pool));
        if let Some(promise) = promise.filter(|p| most.0 >= p.0.value.0 / 2) {
            problems.push(slow(&what, vip.every.span, most, *promise, &sum));
        }
        if moves.least < vip.tolerated_pause.value {
            let sum = format!(
                "three advertisements are missed {} apart, the first just before",
                show::duration(vrrp.advert)
            );
            problems.push(hasty(&what, vip.advert.span, moves.least, vip.tolerated_pause, &sum));
        }
    }
}

fn slow(what: &str, at: Span, most: Duration, (rto, claimed): Promise, sum: &str) -> Diagnostic {
    Diagnostic::new(
        &c::SLOW_FAILOVER,
        at,
        format!(
            "{what} notices after up to {}, of the {} in which work must go on",
            show::duration(most),
            show::duration(rto.value)
        ),
    )
    .label(rto.span, "what is asked")
    .label(claimed, "claimed here")
    .note(sum)
    .help("check more often, or take out after fewer misses: `every = 2 s` and `fall = 3`")
}

fn hasty(what: &str, at: Span, least: Duration, pause: Input<Duration>, sum: &str) -> Diagnostic {
    let assumed = if pause.assumed.is_some() { ", as is assumed," } else { "" };
    Diagnostic::new(
        &c::HASTY_FAILOVER,
        at,
        format!(
            "{what} may leave a host after {}, which{assumed} stands still for up to {} without having failed",
            show::duration(least),
            show::duration(pause.value)
        ),
    )
    .label(super::stated(pause), "what a host may take")
    .note(sum)
    .help("wait longer than a host pauses, or state `tolerated-pause` if it never pauses that long")
}

/// bonds that tell too late, and addresses that move away from data.
fn addresses(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    let mut keeps: BTreeMap<Idx<Host>, (&str, Span)> = BTreeMap::new();
    for (_, data) in model.data.iter() {
        if let On::Files { host, .. } = data.on {
            keeps.entry(host).or_insert((&data.name, data.span));
        }
    }
    for (_, cluster) in model.clusters.iter() {
        keeps.insert(cluster.primary.0, (&cluster.name, cluster.primary.1));
    }
    let mut told = BTreeSet::new();
    for (_, vrrp) in estate.ops.vrrps.iter().filter(|(_, v)| v.members.len() > 1) {
        let vip = &model.vips[vrrp.vip];
        debounce(model, vrrp, &mut told, problems);
        let held = vrrp.members.iter().find_map(|m| Some((m.host, keeps.get(&m.host)?)));
        if let Some((host, (data, at))) = held {
            let span = vip.on.iter().find(|(h, _)| *h == host).map_or(vip.span, |(_, s)| *s);
            problems.push(
                Diagnostic::new(
                    &c::STATEFUL_VIP,
                    span,
                    format!("`{}` moves by itself, and `{data}` on `{}` does not", vip.name, model.hosts[host].name),
                )
                .label(*at, "what stays behind")
                .note("VRRP promotes nothing and fences nobody: clients are led to a copy that is behind or refuses writes, and back again when the host returns")
                .help("put the address on balancers, and let people move clients with the data"),
            );
        }
    }
}

/// with a bond that hides a lost carrier for (3 - 1) advertisements or more, both hosts hold
/// the address (calculus, 7.1).
fn debounce(model: &Model, vrrp: &Vrrp, told: &mut BTreeSet<Idx<Host>>, problems: &mut Problems) {
    let most = vrrp.advert.times(2);
    for member in &vrrp.members {
        let host = &model.hosts[member.host];
        let Some(debounce) = host.debounce.filter(|d| d.value >= most) else { continue };
        if told.insert(member.host) {
            let vip = &model.vips[vrrp.vip];
            problems.push(
                Diagnostic::new(
                    &c::DEBOUNCE_TOO_LONG,
                    debounce.span,
                    format!(
                        "`{}` hides a lost carrier for {}, and `{}` is taken over after three advertisements {} apart",
                        host.name,
                        show::duration(debounce.value),
                        vip.name,
                        show::duration(vrrp.advert)
                    ),
                )
                .label(vip.advert.span, "the address")
                .help(format!(
                    "set the bond's `downdelay` below {}, or advertise less often",
                    show::duration(most)
                )),
            );
        }
    }
}

/// "VRRP ids that collide on one segment": ids differ within a site, and what has several hosts is
/// advertised from host to host; addresses of one host each are not, and two sites may share a
/// network.
fn segments(estate: Estate<'_>, problems: &mut Problems) {
    let model = estate.model;
    let mut first: BTreeMap<(IpNet, u8), &Vrrp> = BTreeMap::new();
    for (_, vrrp) in estate.ops.vrrps.iter().filter(|(_, v)| v.members.len() == 1) {
        let Ok(network) = IpNet::new(vrrp.address, vrrp.prefix) else { continue };
        let network = network.trunc();
        let Some(other) = first.get(&(network, vrrp.router_id)) else {
            first.insert((network, vrrp.router_id), vrrp);
            continue;
        };
        let (a, b) = (&model.vips[other.vip], &model.vips[vrrp.vip]);
        let names = (&model.sites[other.site].name, &model.sites[vrrp.site].name);
        problems.push(
            Diagnostic::new(
                &c::VRRP_IDS_COLLIDE,
                b.span,
                format!(
                    "`{}` and `{}` are both advertised to `{network}` as number {}, from `{}` and `{}`",
                    a.name, b.name, vrrp.router_id, names.0, names.1
                ),
            )
            .label(a.span, "the other")
            .note("each would take the other for a stranger with its own number, and one of them would go silent")
            .help("name a second host for one of them, which is then told from host to host, or give each site a network of its own"),
        );
    }
}
