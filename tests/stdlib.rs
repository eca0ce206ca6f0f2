//! The standard library: every module is sound, its figures are the documented ones, and its
//! patterns make estates without findings.

use drlang::base::world::Memory;
use drlang::driver::{Compiled, Options, compile};
use drlang::schema::StrikeKind;
use std::path::{Path, PathBuf};

fn compiled(spec: &str) -> Compiled {
    let world = Memory([("main.dr".to_owned(), spec.as_bytes().to_vec())].into());
    compile(&world, "main.dr", &Options::from(1_768_435_200)).unwrap()
}

/// The findings of a spec about its text and its estate; what is claimed of objectives is judged
/// elsewhere.
fn findings(compiled: &Compiled) -> Vec<String> {
    let of_text = compiled.problems.iter().filter(|d| d.entry.stage != "judge");
    of_text
        .map(|d| {
            let file = compiled.sources.file_of(d.primary.span).unwrap();
            let (line, column) = file.line_column(d.primary.span.lo);
            format!("{}:{line}:{column}: {}: {} {:?}", file.name, d.entry.name, d.message, d.help)
        })
        .collect()
}

fn sound(spec: &str) -> Compiled {
    let compiled = compiled(spec);
    assert_eq!(findings(&compiled), Vec::<String>::new(), "{spec}");
    assert_eq!(compiled.left_out, 0);
    compiled
}

/// The dotted names of all files of the library.
fn modules() -> Vec<String> {
    fn walk(folder: &Path, names: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, names) } else { names.push(path) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("stdlib");
    let mut files = Vec::new();
    walk(&root, &mut files);
    let mut names: Vec<String> = files
        .iter()
        .map(|f| f.strip_prefix(&root).unwrap().with_extension("").to_str().unwrap().replace('/', "."))
        .collect();
    names.sort();
    names
}

#[test]
fn the_library_has_these_modules() {
    let expected = [
        "std.engines.mariadb",
        "std.engines.mysql",
        "std.media.disk",
        "std.media.nas",
        "std.media.tape",
        "std.patterns.active-active",
        "std.patterns.backup-only",
        "std.patterns.local-ha",
        "std.patterns.two-site-three-centre",
        "std.responses.office-hours",
        "std.responses.on-call",
        "std.responses.staffed",
        "std.scenarios",
        "std.tiers.ecommerce",
    ];
    assert_eq!(modules(), expected);
}

#[test]
fn every_module_is_sound_alone_and_beside_all_others() {
    let mut all = String::new();
    for module in modules() {
        assert!(drlang::resolve::module_source(&module).is_some(), "{module} is not in the binary");
        // A tier takes the only response in reach; nothing else in a module needs anything.
        let spec = format!("use {module}\n");
        sound(&spec);
        all.push_str(&spec);
    }
    let compiled = sound(&all);
    let m = &compiled.model;
    assert_eq!((m.engines.len(), m.tiers.len(), m.responses.len()), (2, 3, 3));
}

#[test]
fn every_figure_says_where_it_comes_from() {
    for module in modules() {
        let text = drlang::resolve::module_source(&module).unwrap();
        assert!(text.starts_with("//! "), "{module} does not say what it is");
        let mut told = false;
        for line in text.lines() {
            let line = line.trim();
            if line.starts_with("///") || line.is_empty() || line.ends_with('{') {
                // A comment counts for the lines below it, up to the next blank one.
                told = false;
            } else if line.starts_with("//") {
                told = true;
            }
            let value = line.split("//").next().and_then(|l| l.split_once(" = "));
            let figure = ["engines", "media", "responses"].iter().any(|p| module.contains(p))
                && value.is_some_and(|(name, v)| {
                    let known = matches!(name.trim(), "port" | "operators" | "rpo" | "rto");
                    !known && v.chars().any(|c| c.is_ascii_digit())
                });
            assert!(!figure || told, "{module}: `{line}` has no source");
        }
    }
}

#[test]
fn the_figures_of_the_shop_tiers_are_pinned() {
    let compiled = sound("use std.tiers.ecommerce\nuse std.responses.staffed\n");
    let m = &compiled.model;
    let min = 60 * 1_000_000_000;
    let (h, day) = (60 * min, 24 * 60 * min);
    use StrikeKind::{Corruption, Group, Host, Hostile, Link, Own, Region, Site};
    let expected = [
        ("core", true, [(5 * min, 30 * min), (5 * min, 2 * h), (h, 8 * h), (26 * h, 48 * h)]),
        ("general", false, [(24 * h, 48 * h), (24 * h, 72 * h), (48 * h, 96 * h), (8 * day, 7 * day)]),
        ("important", false, [(h, 4 * h), (h, 8 * h), (26 * h, 24 * h), (50 * h, 72 * h)]),
    ];
    assert_eq!(m.tiers.len(), expected.len());
    for (name, encrypted, [usual, region, corruption, hostile]) in expected {
        let (_, tier) = m.tiers.iter().find(|(_, t)| t.name == name).unwrap();
        let bounds = |kind| {
            let b = tier.bounds(kind);
            (b.rpo.unwrap().value.0, b.rto.unwrap().value.0)
        };
        for kind in [Host, Site, Link, Group, Own] {
            assert_eq!(bounds(kind), usual, "{name} {}", kind.name());
        }
        assert_eq!(bounds(Region), region, "{name} region");
        assert_eq!(bounds(Corruption), corruption, "{name} corruption");
        assert_eq!(bounds(Hostile), hostile, "{name} hostile");
        assert_eq!(tier.encrypted.is_some_and(|e| e.value), encrypted, "{name}");
        assert!(tier.response.is_some(), "the only response in reach answers for {name}");
    }
}

#[test]
fn people_who_are_there_are_faster_than_people_who_are_called() {
    let compiled =
        sound("use std.responses.staffed\nuse std.responses.on-call\nuse std.responses.office-hours\n");
    let get = |name: &str| compiled.model.responses.iter().find(|(_, r)| r.name == name).unwrap().1;
    let order = [get("staffed"), get("on-call"), get("office-hours")];
    for pair in order.windows(2) {
        let [fast, slow] = pair else { unreachable!() };
        assert!(fast.detect.value.1 < slow.detect.value.1);
        assert!(fast.notice.value.1 < slow.notice.value.1);
        assert!(fast.declare.value.1 < slow.declare.value.1);
        assert!(fast.confirm.value.1 < slow.confirm.value.1);
    }
    for r in order {
        assert!(r.detect.value.1 <= r.notice.value.1, "wrong contents do not show sooner than a loss");
    }
}

/// Two sites in one city and one in another, with hosts for every pattern.
const ESTATE: &str = r#"
use std.tiers.ecommerce
use std.responses.staffed

region here {
    site a {
        timezone = "Asia/Shanghai"
        host db-a1 { address = 10.1.0.11; disk = 400 MiB/s }
        host db-a2 { address = 10.1.0.12; disk = 400 MiB/s }
        host db-a3 { address = 10.1.0.13; disk = 400 MiB/s }
        host web-a1 { address = 10.1.0.21 }
        host web-a2 { address = 10.1.0.22 }
        host lb-a1 { address = 10.1.0.31 }
        host lb-a2 { address = 10.1.0.32 }
        host backup-a { address = 10.1.0.41 }
        store vault-a { host = backup-a; path = "/srv/bacula"; capacity = 10 TiB at 300 MiB/s }
    }
    site b {
        timezone = "Asia/Shanghai"
        host db-b1 { address = 10.2.0.11; disk = 400 MiB/s }
        host db-b2 { address = 10.2.0.12; disk = 400 MiB/s }
        host web-b1 { address = 10.2.0.21 }
        host web-b2 { address = 10.2.0.22 }
        host lb-b1 { address = 10.2.0.31 }
    }
}

region there {
    site c {
        timezone = "Asia/Shanghai"
        host db-c1 { address = 10.3.0.11; disk = 400 MiB/s }
        host web-c1 { address = 10.3.0.21 }
        host web-c2 { address = 10.3.0.22 }
        host lb-c1 { address = 10.3.0.31 }
        host backup-c { address = 10.3.0.41 }
        store vault-c { host = backup-c; path = "/srv/bacula"; capacity = 10 TiB at 300 MiB/s }
    }
}

link metro : a <-> b { bandwidth = 10 Gbit/s; rtt = 1 ms; encrypted = macsec }
link far : a <-> c { bandwidth = 1 Gbit/s; rtt = 28 ms; loss = 0.0001 %; window = 8 MiB; encrypted = ipsec }
"#;

#[test]
fn local_ha_makes_a_sound_estate() {
    let spec = format!(
        r#"{ESTATE}
use std.patterns.local-ha
apply local-ha(
    shop, core,
    primary = db-a1, first = db-a2, second = db-a3,
    size = 100 GiB growing 2 % / month, writes = 1 MiB/s,
    store = vault-a,
    web = [web-a1, web-a2], needs = 1, port = 8080,
    address = 10.1.0.100/24, balancers = [lb-a1, lb-a2],
)
"#
    );
    let c = sound(&spec);
    let m = &c.model;
    assert_eq!((m.clusters.len(), m.data.len(), m.copies.len()), (1, 1, 3));
    assert_eq!((m.pools.len(), m.vips.len(), m.services.len()), (1, 1, 1));
    assert_eq!((c.ops.streams.len(), c.ops.jobs.len(), c.ops.vrrps.len()), (2, 2, 1));
    assert_eq!(m.clusters.iter().next().unwrap().1.name, "shop-db");
    assert_eq!(m.data.iter().next().unwrap().1.growth.map(|g| g.value.0.0), Some(20_000_000));
}

#[test]
fn active_active_makes_a_sound_estate() {
    let spec = format!(
        r#"{ESTATE}
use std.patterns.active-active
apply active-active(
    shop, core,
    primary = db-a1, beside = db-a2, first = db-b1, second = db-b2, link = metro,
    size = 100 GiB, writes = 1 MiB/s, store = vault-a,
    web = [web-a1, web-a2, web-b1, web-b2], needs = 2, port = 8080,
    address-a = 10.1.0.100/24, balancers-a = [lb-a1, lb-a2],
    address-b = 10.2.0.100/24, balancers-b = [lb-b1],
    domain = "shop.example.com", server = 10.0.0.53, mode = sync,
)
"#
    );
    let c = sound(&spec);
    let m = &c.model;
    assert_eq!((m.data.len(), m.copies.len(), m.vips.len(), m.dns.len()), (1, 4, 2, 1));
    assert!(m.services.iter().all(|(_, s)| s.reached.len() == 1));
    let waiting = c.ops.streams.iter().filter(|(_, s)| s.mode == drlang::model::Mode::Sync).count();
    assert_eq!(waiting, 2, "only replicas of the other site acknowledge");
}

#[test]
fn two_sites_and_three_centres_make_a_sound_estate() {
    let spec = format!(
        r#"{ESTATE}
use std.engines.mysql
use std.patterns.two-site-three-centre
apply two-site-three-centre(
    shop, core,
    primary = db-a1, beside = db-a2, first = db-b1, second = db-b2, away = db-c1,
    link = metro, route = far, compress = 2,
    size = 100 GiB, writes = 1 MiB/s, store = vault-a, vault = vault-c,
    web = [web-a1, web-a2, web-b1, web-b2], standby = [web-c1, web-c2], needs = 2, port = 8080,
    address-a = 10.1.0.100/24, balancers-a = [lb-a1, lb-a2],
    address-b = 10.2.0.100/24, balancers-b = [lb-b1],
    address-c = 10.3.0.100/24, balancers-c = [lb-c1],
    domain = "shop.example.com", server = 10.0.0.53,
    engine = mysql,
)
"#
    );
    let c = sound(&spec);
    let m = &c.model;
    assert_eq!((m.data.len(), m.copies.len(), m.vips.len()), (1, 6, 3));
    assert_eq!(m.engines[m.clusters.iter().next().unwrap().1.engine].name, "mysql");
    assert_eq!(m.dns.iter().next().unwrap().1.failover.len(), 1);
}

#[test]
fn backups_only_make_a_sound_estate() {
    let spec = format!(
        r#"{ESTATE}
use std.engines.mariadb
use std.patterns.backup-only
cluster books : mariadb {{ primary = db-a1 }}
apply backup-only(ledger, general, on = books, size = 20 GiB, writes = 100 KiB/s, store = vault-a, vault = vault-c)
apply backup-only(scans, general, on = web-a1 path "/srv/scans", size = 50 GiB, writes = 100 KiB/s,
                  store = vault-a, vault = vault-c, files = independent)
"#
    );
    let c = sound(&spec);
    assert_eq!((c.model.data.len(), c.model.copies.len(), c.ops.jobs.len()), (2, 4, 4));
}

#[test]
fn a_pattern_without_an_argument_says_which() {
    let c = compiled("use std.patterns.backup-only\napply backup-only(ledger)\n");
    let names: Vec<&str> = c.problems.iter().map(|d| d.entry.name).collect();
    assert_eq!(names, ["bad-argument"]);
}

#[test]
fn scenarios_of_the_library_lose_what_they_say() {
    let spec = format!(
        r#"{ESTATE}
use std.engines.mariadb
use std.scenarios
conduit trunk
region east {{ site e {{ timezone = "UTC"; host db-e {{ address = 10.9.0.1 }} }} }}
cluster books : mariadb {{ primary = db-a1; replicas = [db-b1, db-c1] }}
pool web {{ members = [web-a1, web-a2]; port = 8080 }}
apply rolling-site(storm, cut = metro, lost = a)
apply rolling-site(slow-storm, cut = metro, lost = a, after = 2 h)
apply site-after-site(twice, a, b)
apply hosts-of-cluster(two-of-books, books)
apply servers-of-pool(both-servers, web)
apply servers-of-pool(one-server, web, many = 1)
apply hosts-of-site(two-in-c, c)
apply region-and-trunk(east-coast, east, trunk)
apply site-and-host(repair, a, db-b1)
apply isolated-and-host(alone, a, db-b1)
"#
    );
    let c = sound(&spec);
    let own: Vec<_> = c.model.scenarios.iter().map(|(_, s)| (s.name(&c.model), s)).collect();
    let find =
        |name: &str| own.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("{name}: {own:?}")).1;
    let before = |name: &str| find(name).earlier.iter().map(|e| e.before).collect::<Vec<_>>();
    assert_eq!(before("storm"), [drlang::quantity::Duration::from_mins(10)]);
    assert_eq!(before("slow-storm"), [drlang::quantity::Duration::from_hours(2)]);
    assert_eq!(before("twice"), [drlang::quantity::Duration::from_hours(1)]);
    assert_eq!(own.iter().filter(|(n, _)| n.starts_with("two-of-books (")).count(), 3);
    // The servers are alike: one of them stands for either.
    assert_eq!(own.iter().filter(|(n, _)| n.starts_with("one-server (")).count(), 1);
    assert_eq!(find("both-servers (web-a1, web-a2)").strikes.len(), 2);
    assert_eq!(find("east-coast").strikes.len(), 2);
    assert!(matches!(find("alone").strikes.first(), Some(drlang::model::Strike::Isolated(_))));
    assert!(find("repair").earlier.is_empty());
}
