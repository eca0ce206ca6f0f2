//! The findings of this stage, one function each.

use crate::base::Span;
use crate::diag::{Diagnostic, catalogue as c};
use crate::quantity::Currency;

pub(super) fn unknown_zone(name: &str, at: Span, near: Option<&str>) -> Diagnostic {
    let d = Diagnostic::new(&c::UNKNOWN_ZONE, at, format!("there is no time zone `{name}`"));
    match near {
        Some(near) => d.help(format!("did you mean `{near}`?")),
        None => d.help("write an IANA name, such as `Asia/Shanghai` or `UTC`"),
    }
}

pub(super) fn nothing_here(at: Span, what: &str, range: &str) -> Diagnostic {
    Diagnostic::new(&c::OUT_OF_RANGE, at, format!("{what} must be {range}"))
}

pub(super) fn shares_exceed(at: Span, sum: &str) -> Diagnostic {
    Diagnostic::new(&c::SHARES_EXCEED_LINK, at, format!("the shares of this link come to {sum}"))
        .help("together they may take 100 %; leave room for what the spec does not know of")
}

pub(super) fn no_route(at: Span, from: &str, to: &str) -> Diagnostic {
    Diagnostic::new(&c::NO_ROUTE, at, format!("no link joins `{from}` and `{to}`"))
        .help("name the links that it takes: `over = one-link then other-link`")
}

pub(super) fn many_routes(at: Span, from: &str, to: &str, links: &[&str]) -> Diagnostic {
    Diagnostic::new(&c::NO_ROUTE, at, format!("more than one link joins `{from}` and `{to}`"))
        .help(format!("say which one it takes: `over = {}`", links.join(" or ")))
}

pub(super) fn broken_route(at: Span, link: &str, here: &str) -> Diagnostic {
    Diagnostic::new(
        &c::BROKEN_ROUTE,
        at,
        format!("the route breaks off: `{link}` does not begin at `{here}`"),
    )
    .help("links of a route join up from the source of the copy to its place")
}

pub(super) fn route_ends(at: Span, there: &str, wanted: &str) -> Diagnostic {
    Diagnostic::new(
        &c::BROKEN_ROUTE,
        at,
        format!("the route ends at `{there}`, and the copy is kept at `{wanted}`"),
    )
    .help("links of a route join up from the source of the copy to its place")
}

pub(super) fn needless_route(at: Span, site: &str) -> Diagnostic {
    Diagnostic::new(&c::BROKEN_ROUTE, at, format!("source and copy both stand in `{site}`: no link is taken"))
        .help("leave `over` out")
}

pub(super) fn not_a_replica(host: &str, cluster: &str, at: Span, declared: Span) -> Diagnostic {
    Diagnostic::new(&c::NOT_A_REPLICA, at, format!("`{host}` is no replica of `{cluster}`"))
        .label(declared, "the cluster is declared here")
        .help(format!("add it: `replicas = [{host}, …]`"))
}

pub(super) fn no_such_replica(host: &str, data: &str, at: Span) -> Diagnostic {
    Diagnostic::new(&c::NOT_A_REPLICA, at, format!("`{host}` holds no copy of `{data}`"))
        .help(format!("a backup reads the primary, or a replica that is declared: `replica {host} {{ … }}`"))
}

pub(super) fn no_source_replica(host: &str, data: &str, at: Span) -> Diagnostic {
    Diagnostic::new(&c::NOT_A_REPLICA, at, format!("`{host}` holds no replica of `{data}`"))
        .help(format!("a replica reads the primary, or a replica that is declared: `replica {host} {{ … }}`"))
}

pub(super) fn replica_cycle(at: Span, hosts: &[&str]) -> Diagnostic {
    let round =
        hosts.iter().chain(hosts.first()).map(|h| format!("`{h}`")).collect::<Vec<_>>().join(" reads ");
    Diagnostic::new(&c::REPLICA_CYCLE, at, format!("these replicas never hear of a write: {round}"))
        .help("let one of them read the primary: leave its `from` out")
}

pub(super) fn copy_on_itself(at: Span, host: &str) -> Diagnostic {
    Diagnostic::new(&c::COPY_ON_ITSELF, at, format!("`{host}` holds the original"))
        .help("a copy on the same host is lost with it: name another host")
}

pub(super) fn wrong_protection(at: Span, what: &str, way: &str) -> Diagnostic {
    Diagnostic::new(&c::WRONG_PROTECTION, at, what.to_owned()).help(way.to_owned())
}

pub(super) fn unfed_pool(at: Span, level: &str) -> Diagnostic {
    wrong_protection(
        at,
        &format!("this pool never takes a run: no {level} runs are scheduled"),
        "schedule them, or leave the pool out",
    )
}

pub(super) fn duplicate_copy(at: Span, name: &str, before: Span) -> Diagnostic {
    Diagnostic::new(&c::DUPLICATE_COPY, at, format!("`{name}` stands twice"))
        .here("again here")
        .label(before, "first here")
        .help("state its schedules in one block")
}

pub(super) fn nothing_to_copy(at: Span, store: &str, data: &str) -> Diagnostic {
    Diagnostic::new(&c::NOTHING_TO_COPY, at, format!("`{store}` has no backup of `{data}`"))
        .help(format!("add `backup {store} {{ … }}`, or copy from the store that has one"))
}

pub(super) fn vip_apart(at: Span, vip: &str, sites: &[&str]) -> Diagnostic {
    Diagnostic::new(&c::VIP_APART, at, format!("the hosts of `{vip}` stand in {}", sites.join(" and ")))
        .help("an address moves within one site: declare one for each site, and a `dns` that points to them")
}

pub(super) fn failover_by_people(at: Span, cluster: &str) -> Diagnostic {
    Diagnostic::new(
        &c::FAILOVER_BY_PEOPLE,
        at,
        format!("nothing that is emitted fails `{cluster}` over by itself: people's time is counted"),
    )
    .help("write `failover = manual`")
}

pub(super) fn even_votes(at: Span, cluster: &str, votes: usize) -> Diagnostic {
    Diagnostic::new(
        &c::EVEN_VOTES,
        at,
        format!("`{cluster}` has {votes} votes: when they part in halves, neither half is a majority"),
    )
    .help("give one more host a vote, such as `witness = some-host` on a third site")
}

pub(super) fn no_quorum(at: Span, cluster: &str, site: &str, left: usize, votes: usize) -> Diagnostic {
    Diagnostic::new(
        &c::NO_QUORUM,
        at,
        format!(
            "without site `{site}` {left} of the {votes} votes of `{cluster}` are left, which is no majority"
        ),
    )
    .help("spread its hosts and a `witness` over three sites, so that no site holds half of the votes")
}

pub(super) fn too_many_combinations(at: Span, most: usize) -> Diagnostic {
    Diagnostic::new(
        &c::TOO_MANY_COMBINATIONS,
        at,
        format!("this stands for more than {most} combinations, each of which would be judged"),
    )
    .help("name fewer things, or fewer at once; hosts that carry alike things in one place count as one")
}

pub(super) fn two_directors(at: Span, store: &str, before: Span) -> Diagnostic {
    Diagnostic::new(&c::TWO_DIRECTORS, at, format!("`{store}` has two backup servers"))
        .here("again here")
        .label(before, "first here")
        .help("name each store in one `backup-server`")
}

pub(super) fn mixed_currencies(at: Span, is: Currency, first_at: Span, first: Currency) -> Diagnostic {
    Diagnostic::new(&c::MIXED_CURRENCIES, at, format!("this is in {is}, and the spec counts in {first}"))
        .label(first_at, format!("in {first}"))
        .help(format!("write all money in one currency: there is no rate of exchange that holds for a year, so choose {first} or {is}"))
}
