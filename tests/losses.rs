//! What each loss takes, and what it leaves.

#[path = "support/by_hand.rs"]
mod by_hand;

use by_hand::{PEOPLE, SITES, link, promised, raw, status};
use drlang::driver::Compiled;
use drlang::judge::Status;

/// Trees on two hosts of the first site, each backed up to a store of either site.
fn trees() -> String {
    let tree = |name: &str, host: &str, store: &str| {
        format!(
            "data {name} : t {{ on = {host} path \"/{name}\"; size = 1 GiB; writes = 1 KiB/s; files = independent; response = duty
                backup {store} {{ full = daily 01:00; keep = 30 days }} }}"
        )
    };
    format!("\n{}\n{}\n{}\n", link("l", "10 Gbit/s", ""), tree("o", "db", "sb"), tree("p", "db2", "sa"))
}

/// The same in sites that say more.
fn in_sites(sites: &str) -> Compiled {
    raw(&format!("{PEOPLE} tier t {{ rpo = 30 h; rto = 30 h }}\n{sites}\n{}", trees()))
}

/// Whether a scenario is judged for a data class: it is not where nothing of that is touched.
fn touched(c: &Compiled, data: &str, under: &str) -> bool {
    c.verdicts.list.iter().any(|v| {
        let named = matches!(v.subject, drlang::plan::Subject::Data(d) if c.model.data[d].name == data);
        named && c.verdicts.scenarios[v.scenario as usize].name(&c.model) == under
    })
}

#[test]
fn a_region_takes_its_own_sites() {
    // The first site is all of one region, the second of another.
    let sites =
        SITES.replace("site a {", "region west { site a {").replace("site b {", "}\n region east { site b {")
            + "}\n";
    let c = in_sites(&sites);
    assert_eq!(
        (status(&c, "o.rpo", "region west"), status(&c, "p.rpo", "region west")),
        (Status::Proved, Status::Refuted)
    );
    assert!(touched(&c, "o", "region east") && !touched(&c, "p", "region east"));
}

#[test]
fn whoever_shares_what_fails_fails_and_nobody_else() {
    // One rack holds the first tree and the store of the second, another the second tree.
    let sites = SITES
        .replace("host db  { address", "host db  { rack = [r1]; address")
        .replace("host db2 { address", "host db2 { rack = [r2]; address");
    let c = in_sites(&format!("rack r1\n rack r2\n {sites}"));
    assert!(touched(&c, "o", "rack r1") && !touched(&c, "o", "rack r2"));
    assert!(touched(&c, "p", "rack r2") && !touched(&c, "p", "rack r1"));
}

#[test]
fn an_attacker_deletes_what_nothing_else_keeps() {
    // A lock that nobody outside of production holds is none.
    let with = |lock: &str| {
        let sites = SITES.replace("store sb { host = bkb;", &format!("store sb {{ host = bkb; {lock}"));
        in_sites(&format!("{sites}\n control {{ hosts = [bkb]; plans = [b] }}"))
    };
    let of = |lock: &str| status(&with(lock), "o.rpo", "hostile");
    assert_eq!(of(""), Status::Refuted);
    assert_eq!(of("immutable = 90 days;"), Status::Refuted);
    assert_eq!(of("immutable = 90 days; enforced = \"object lock\";"), Status::Proved);
}

#[test]
fn a_host_takes_the_stores_on_it() {
    let c = promised("rpo = 30 h; rto = 30 h", &trees());
    assert!(touched(&c, "p", "host bka") && !touched(&c, "o", "host bka"));
    assert!(touched(&c, "o", "host bkb") && !touched(&c, "p", "host bkb"));
}
