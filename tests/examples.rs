//! What the examples claim: the shop is proved, and each of its protections is needed; the
//! textbook's schedule is refuted; the office is proved.

use drlang::base::world::Memory;
use drlang::driver::{Compiled, Options, compile};
use drlang::flow::size_today;
use drlang::judge::{Status, Verdict};
use drlang::model::Objective;
use drlang::plan::Subject;
use drlang::quantity::Duration;

/// 2026-01-15, midnight UTC.
const AS_OF: i64 = 1_768_435_200;

fn text(example: &str) -> String {
    let path = format!("{}/examples/{example}/main.dr", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("an example")
}

fn compiled(text: &str) -> Compiled {
    let world = Memory([("main.dr".to_owned(), text.as_bytes().to_vec())].into());
    compile(&world, "main.dr", &Options::from(AS_OF)).expect("it is in memory")
}

fn scenario(compiled: &Compiled, v: &Verdict) -> String {
    compiled.verdicts.scenarios[v.scenario as usize].name(&compiled.model)
}

fn subject<'a>(compiled: &'a Compiled, v: &Verdict) -> &'a str {
    match v.subject {
        Subject::Data(d) => &compiled.model.data[d].name,
        Subject::Service(s) => &compiled.model.services[s].name,
    }
}

/// The verdict on `orders.rpo` under a scenario.
fn verdict<'a>(compiled: &'a Compiled, objective: &str, under: &str) -> Option<&'a Verdict> {
    let (name, kind) = objective.rsplit_once('.').expect("a dot");
    let kind = if kind == "rpo" { Objective::Rpo } else { Objective::Rto };
    compiled
        .verdicts
        .list
        .iter()
        .find(|v| v.objective == kind && subject(compiled, v) == name && scenario(compiled, v) == under)
}

fn all_proved(compiled: &Compiled) {
    let findings: Vec<&str> = compiled.problems.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(findings, Vec::<&str>::new());
    let open: Vec<String> = compiled
        .verdicts
        .list
        .iter()
        .filter(|v| v.status != Status::Proved)
        .map(|v| format!("{} {:?} {}", subject(compiled, v), v.objective, scenario(compiled, v)))
        .collect();
    assert_eq!(open, Vec::<String>::new());
}

#[test]
fn the_shop_and_the_office_are_proved() {
    for (example, least) in [("shop", 400), ("small-office", 20)] {
        let compiled = compiled(&text(example));
        all_proved(&compiled);
        assert!(compiled.verdicts.list.len() >= least, "{example}");
        assert_eq!(compiled.left_out, 0);
    }
    assert!(text("shop").contains("use std.tiers.ecommerce"));
    assert!(!text("shop").contains("tier "), "the shop brings no tier of its own");
}

/// A protection of the shop: its name, what stands in its place when it is removed or weakened,
/// and an objective that it carries, under a scenario.
type Mutant = (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);

const MUTANTS: &[Mutant] = &[
    (
        "replica db-a2",
        &[
            ("        replica db-a2 { mode = async }\n", ""),
            ("replicas = [db-a2, db-b1, db-c1]", "replicas = [db-b1, db-c1]"),
            ("from        = db-a2 ", "from        = db-a1 "),
        ],
        "orders.rpo",
        "last-replica",
    ),
    (
        "replica db-b1",
        &[("        replica db-b1 { mode = semi-sync; over = dwdm }\n", "")],
        "orders.rpo",
        "only-hz-b",
    ),
    (
        "replica db-c1",
        &[("        replica db-c1 { mode = async; over = wan-a or (dwdm then wan-b); compress = 2 }\n", "")],
        "payments.rpo",
        "region hangzhou",
    ),
    (
        "replica db-c1, the link to the other replica having gone first",
        &[("        replica db-c1 { mode = async; over = wan-a or (dwdm then wan-b); compress = 2 }\n", "")],
        "orders.rpo",
        "rolling",
    ),
    (
        "replica cat-a1",
        &[("    replica cat-a1 { mode = async; over = dwdm }\n", "")],
        "catalogue.rpo",
        "only-hz-a",
    ),
    (
        "replica cat-c1",
        &[("    replica cat-c1 { mode = async; over = wan-b or (dwdm then wan-a); compress = 2 }\n", "")],
        "catalogue.rpo",
        "region hangzhou",
    ),
    (
        "compression of the stream to db-c1, at the sale's peak",
        &[
            (
                "over = wan-a or (dwdm then wan-b); compress = 2 }\n\n        backup",
                "over = wan-a or (dwdm then wan-b); compress = 1 }\n\n        backup",
            ),
            ("sale = 1 MiB/s", "sale = 60 MiB/s"),
        ],
        "orders.rpo",
        "region hangzhou",
    ),
    ("log backup", &[("            log         = every 5 min\n", "")], "orders.rpo", "corruption"),
    (
        "log backup, less often",
        &[("log         = every 5 min", "log         = every 2 h")],
        "orders.rpo",
        "corruption",
    ),
    (
        "backup of the shop's database, kept too short",
        &[(
            "            verify      = weekly wed 13:00      // read back and compared\n            keep        = 30 days",
            "            keep        = 1 day\n            pool { keep = 2 days }",
        )],
        "members.rpo",
        "corruption",
    ),
    (
        "copy of the shop's database",
        &[(
            "        copy vault-c { of = vault-a; at = every 12 h offset 5 h; over = wan-a or (dwdm then wan-b) }\n",
            "",
        )],
        "orders.rpo",
        "hostile",
    ),
    (
        "copy of the shop's database, less often",
        &[("at = every 12 h offset 5 h", "at = weekly mon 05:00")],
        "orders.rpo",
        "hostile",
    ),
    (
        "copy of the catalogue",
        &[(
            "    copy vault-c { of = vault-a; at = every 12 h offset 6 h; over = wan-a or (dwdm then wan-b) }\n",
            "",
        )],
        "catalogue.rpo",
        "hostile",
    ),
    (
        "copy of the images",
        &[(
            "    copy vault-c   { of = vault-a; at = every 12 h offset 7 h; over = wan-a or (dwdm then wan-b) }\n",
            "",
        )],
        "images.rpo",
        "hostile",
    ),
    (
        "copy of the logs",
        &[("    copy vault-c   { of = vault-a; at = daily 09:00; over = wan-a or (dwdm then wan-b) }\n", "")],
        "logs.rpo",
        "hostile",
    ),
    (
        "copy of the reports",
        &[("    copy vault-c   { of = vault-a; at = daily 10:00; over = wan-a or (dwdm then wan-b) }\n", "")],
        "reports.rpo",
        "hostile",
    ),
    (
        "backup of the images",
        &[("full = weekly sat 03:00; incremental = daily 03:00", "full = weekly sat 03:00")],
        "images.rpo",
        "corruption",
    ),
    (
        "backup of the logs",
        &[("full = weekly fri 05:00; incremental = daily 05:00", "full = weekly fri 05:00")],
        "logs.rpo",
        "corruption",
    ),
    (
        "backup of the reports",
        &[("full = weekly fri 06:30; incremental = daily 06:30", "full = weekly fri 06:30")],
        "reports.rpo",
        "corruption",
    ),
    (
        "backup of the catalogue",
        &[(
            "        full        = weekly sun 03:30\n        incremental = daily 03:30\n",
            "        full        = weekly sun 03:30\n",
        )],
        "catalogue.rpo",
        "corruption",
    ),
    (
        "mirror of the images beside",
        &[("    mirror files-a { at = every 15 min; over = dwdm }\n", "")],
        "images.rpo",
        "only-hz-a",
    ),
    (
        "mirror of the images in Beijing",
        &[("    mirror files-c { at = every 30 min; over = wan-b or (dwdm then wan-a) }\n", "")],
        "images.rpo",
        "region hangzhou",
    ),
    (
        "mirror of the images, less often",
        &[("mirror files-c { at = every 30 min", "mirror files-c { at = every 2 h")],
        "images.rpo",
        "only-bj",
    ),
    (
        "mirror of the logs beside",
        &[("    mirror files-b { at = every 6 h; over = dwdm }\n", "")],
        "logs.rpo",
        "only-hz-b",
    ),
    (
        "mirror of the logs in Beijing",
        &[("    mirror files-c { at = every 12 h; over = wan-a or (dwdm then wan-b) }\n", "")],
        "logs.rpo",
        "region hangzhou",
    ),
    (
        "mirror of the reports beside",
        &[("    mirror files-b { at = every 6 h offset 1 h; over = dwdm }\n", "")],
        "reports.rpo",
        "only-hz-b",
    ),
    (
        "mirror of the reports in Beijing",
        &[("    mirror files-c { at = every 12 h offset 1 h; over = wan-a or (dwdm then wan-b) }\n", "")],
        "reports.rpo",
        "region hangzhou",
    ),
    (
        "immutability",
        &[
            ("            immutable   = 45 days\n", ""),
            (
                "            enforced    = \"compliance mode of the disk array; its lock cannot be shortened by anybody\"\n",
                "",
            ),
        ],
        "orders.rpo",
        "hostile",
    ),
    (
        "immutability, too short",
        &[("immutable   = 45 days", "immutable   = 2 days")],
        "orders.rpo",
        "hostile",
    ),
    ("standby servers", &[("    standby = [web-c1, web-c2]\n", "")], "checkout.rto", "region hangzhou"),
    (
        "second standby server",
        &[("standby = [web-c1, web-c2]", "standby = [web-c1]")],
        "browsing.rto",
        "region hangzhou",
    ),
    (
        "a server of the first site",
        &[("members = [web-a1, web-a2, web-b1, web-b2]", "members = [web-a1, web-b1, web-b2]")],
        "checkout.rto",
        "only-hz-a",
    ),
    (
        "a server of the second site",
        &[("members = [web-a1, web-a2, web-b1, web-b2]", "members = [web-a1, web-a2, web-b1]")],
        "checkout.rto",
        "only-hz-b",
    ),
    (
        "second balancer of the first site",
        &[("on = [lb-a1, lb-a2]", "on = [lb-a1]")],
        "checkout.rto",
        "only-hz-a",
    ),
    (
        "second balancer of the second site",
        &[("on = [lb-b1, lb-b2]", "on = [lb-b1]")],
        "checkout.rto",
        "only-hz-b",
    ),
    ("second balancer of Beijing", &[("on = [lb-c1, lb-c2]", "on = [lb-c1]")], "checkout.rto", "only-bj"),
    (
        "the name's failover",
        &[(
            "    failover = [front-c]\n    server   = 10.0.0.53                   ",
            "    server   = 10.0.0.53                   ",
        )],
        "checkout.rto",
        "region hangzhou",
    ),
    (
        "replacement of hosts under contract",
        &[("let new-host   = 1 h..4 h ", "let new-host   = 1 h..60 h ")],
        "orders.rto",
        "hostile",
    ),
    (
        "share of replication between the sites",
        &[
            (
                "share { replication = 40 %; backup = 20 %; mirror = 20 % }",
                "share { replication = 0.1 %; backup = 20 %; mirror = 20 % }",
            ),
            ("sale = 1 MiB/s", "sale = 3 MiB/s"),
        ],
        "orders.rpo",
        "only-hz-b",
    ),
    (
        "share of backup between the sites",
        &[(
            "share { replication = 40 %; backup = 20 %; mirror = 20 % }",
            "share { replication = 40 %; backup = 1 %; mirror = 20 % }",
        )],
        "images.rpo",
        "corruption",
    ),
    (
        "share of mirrors between the sites",
        &[(
            "share { replication = 40 %; backup = 20 %; mirror = 20 % }",
            "share { replication = 40 %; backup = 20 %; mirror = 0.05 % }",
        )],
        "images.rpo",
        "only-hz-a",
    ),
    (
        "wan-a's share of replication",
        &[(
            "conduit   = [north-trunk]\n    encrypted = ipsec\n    share { replication = 25 %",
            "conduit   = [north-trunk]\n    encrypted = ipsec\n    share { replication = 0.1 %",
        )],
        "orders.rpo",
        "region hangzhou",
    ),
    (
        "wan-a's share of backup",
        &[(
            "conduit   = [north-trunk]\n    encrypted = ipsec\n    share { replication = 25 %; backup = 55 %",
            "conduit   = [north-trunk]\n    encrypted = ipsec\n    share { replication = 25 %; backup = 2 %",
        )],
        "orders.rpo",
        "hostile",
    ),
    (
        "wan-a's share of mirrors",
        &[(
            "conduit   = [north-trunk]\n    encrypted = ipsec\n    share { replication = 25 %; backup = 55 %; mirror = 15 % }",
            "conduit   = [north-trunk]\n    encrypted = ipsec\n    share { replication = 25 %; backup = 55 %; mirror = 0.1 % }",
        )],
        "logs.rpo",
        "region hangzhou",
    ),
    (
        "wan-b's share of replication",
        &[(
            "conduit   = [south-trunk]\n    encrypted = ipsec\n    share { replication = 25 %",
            "conduit   = [south-trunk]\n    encrypted = ipsec\n    share { replication = 0.01 %",
        )],
        "catalogue.rpo",
        "region hangzhou",
    ),
    (
        "wan-b's share of backup",
        &[(
            "conduit   = [south-trunk]\n    encrypted = ipsec\n    share { replication = 25 %; backup = 55 %",
            "conduit   = [south-trunk]\n    encrypted = ipsec\n    share { replication = 25 %; backup = 0.1 %",
        )],
        "images.rto",
        "hostile",
    ),
    (
        "wan-b's share of mirrors",
        &[(
            "conduit   = [south-trunk]\n    encrypted = ipsec\n    share { replication = 25 %; backup = 55 %; mirror = 15 % }",
            "conduit   = [south-trunk]\n    encrypted = ipsec\n    share { replication = 25 %; backup = 55 %; mirror = 0.1 % }",
        )],
        "images.rpo",
        "region hangzhou",
    ),
    (
        "the replica's independence: both sites in one duct",
        &[
            ("conduit   = [south-trunk]", "conduit   = [north-trunk]"),
            (
                "scenario cut-off { lose = [conduit city-ring, conduit north-trunk] }",
                "scenario cut-off { lose = [conduit city-ring, site hz-a, conduit north-trunk] }",
            ),
            ("    members = [web-a1, web-a2, web-b1, web-b2]", "    members = [web-a1, web-a2]"),
        ],
        "checkout.rto",
        "cut-off",
    ),
    (
        "the key of the copies, out of reach of an attacker",
        &[("stores = [vault-c]; keys = [bj, hz-b] }", "stores = [vault-c]; keys = [backup-a] }")],
        "orders.rpo",
        "hostile",
    ),
    (
        "the control host of Beijing",
        &[("hosts = [backup-a, lb-b2, ops-c]", "hosts = [backup-a, lb-b2]")],
        "orders.rto",
        "region hangzhou",
    ),
    (
        "the control host of the second site",
        &[("hosts = [backup-a, lb-b2, ops-c]", "hosts = [backup-a, ops-c]")],
        "orders.rto",
        "only-hz-b",
    ),
    (
        "credentials of the control host that nobody in production holds",
        &[(
            "host ops-c    { address = 10.3.0.51; credentials = [vault-keys] }",
            "host ops-c    { address = 10.3.0.51 }",
        )],
        "orders.rto",
        "hostile",
    ),
    (
        "the plans in the second site",
        &[("plans = [hz-a, hz-b, bj]", "plans = [hz-a, bj]")],
        "orders.rto",
        "only-hz-b",
    ),
    ("encryption of a link", &[("encrypted = macsec\n", "")], "", ""),
];

#[test]
fn every_protection_of_the_shop_is_needed() {
    let shop = text("shop");
    let whole = compiled(&shop);
    let mut wrong = Vec::new();
    for (name, edits, objective, under) in MUTANTS {
        let mut mutant = shop.clone();
        for (from, to) in *edits {
            assert_eq!(mutant.matches(from).count(), 1, "{name}: `{from}`");
            mutant = mutant.replacen(from, to, 1);
        }
        let mutant = compiled(&mutant);
        if objective.is_empty() {
            if !mutant.problems.iter().any(|d| d.entry.name == "unencrypted-link") {
                wrong.push(format!("{name}: no finding"));
            }
            continue;
        }
        let before = verdict(&whole, objective, under).map(|v| v.status);
        let after = verdict(&mutant, objective, under);
        let turned = after.is_some_and(|v| v.status != Status::Proved);
        if before != Some(Status::Proved) || !turned || mutant.left_out > 0 {
            wrong.push(format!(
                "{name}: {objective} under {under}: {before:?} -> {:?}, {:?}, {} left out; turned: {:?}",
                after.map(|v| v.status),
                after.map(|v| v.predicted),
                mutant.left_out,
                mutant
                    .verdicts
                    .list
                    .iter()
                    .filter(|v| v.status != Status::Proved)
                    .map(|v| format!("{}.{:?} {}", subject(&mutant, v), v.objective, scenario(&mutant, v)))
                    .collect::<Vec<_>>()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether two times differ by less than a second.
fn about(found: Option<Duration>, seconds: f64) -> bool {
    found.is_some_and(|f| (f.as_secs_f64() - seconds).abs() < 1.0)
}

#[test]
fn the_textbook_schedule_is_refuted_at_all_three_levels() {
    let compiled = compiled(&text("textbook-schedule"));
    for (objective, hours) in [("orders.rpo", 1.0), ("catalogue.rpo", 24.0), ("reports.rpo", 168.0)] {
        for under in ["site centre", "region city"] {
            let v = verdict(&compiled, objective, under).expect("judged");
            assert_eq!(v.status, Status::Refuted, "{objective} under {under}");
            let witness = v.witness.as_ref().expect("refuted with a witness");
            assert!(witness.strike.starts_with("2026-"), "{witness:?}");
            // What is surely lost is the gap and the run that the strike cuts off.
            let surely = v.surely.as_secs_f64() / 3600.0;
            assert!(surely > hours && surely < hours + 0.5, "{objective}: {surely} h");
        }
    }
}

#[test]
fn the_textbook_schedule_takes_the_time_that_a_hand_computes() {
    const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
    const MIB: f64 = 1024.0 * 1024.0;
    let compiled = compiled(&text("textbook-schedule"));
    // One TCP connection over 2 ms with a loss of 10^-6: 1448 * 8 / (0.002 * 10^-3) bit/s =
    // 5.792 Gbit/s, less than the store's 1 GiB/s (8.59 Gbit/s) and 90 % of 90 % of the line.
    let way = 1448.0 * 8.0 / (0.002 * 1e-3) / 8.0;
    // Staffed: 5 min to detect, 10 min to declare; then a host in 4 h at most (a site in 12 h).
    let (people, host, site) = (300.0 + 600.0, 4.0 * 3600.0, 12.0 * 3600.0);
    // Files come back to one machine one after the other, each restore with 5 s of its own; then a
    // look of a minute. The catalogue is 200 GiB and seven incrementals of 1 %, 214 GiB; the
    // reports are a full of 200 GiB.
    let catalogue = 5.0 + 214.0 * GIB / way;
    let reports = 5.0 + 200.0 * GIB / way;
    let rto = |o: &str, under: &str| verdict(&compiled, o, under).expect("judged").predicted;
    assert!(about(rto("catalogue.rto", "host files"), people + host + catalogue + 60.0));
    assert!(about(rto("reports.rto", "host files"), people + host + catalogue + reports + 60.0));

    // The database: 200 GiB and seven incrementals of 4 %, 256 GiB, and the log behind the newest
    // run. That run is a day old and as long as it takes; the log is twice what is written:
    // 20 h at 200 KiB/s and 4 h at 1 MiB/s a day, and 1 MiB/s while the run lasts, at the worst, and
    // one transaction of 256 MiB that had begun before.
    let (id, _) = compiled.ops.jobs.iter().find(|(_, j)| j.name == "shop-db-shelf").expect("the job");
    let run = compiled.facts.jobs[id].loss().expect("a bound").0.as_secs_f64() - 86_400.0;
    let log = 2.0 * (72_000.0 * 200.0 * 1024.0 + (14_400.0 + run + 256.0) * MIB);
    // The log run in which that run began comes back whole: it may have begun an hour before, and
    // as long before as it takes, at 1 MiB/s.
    let (id, _) = compiled.ops.jobs.iter().find(|(_, j)| j.name == "shop-db-shelf-log").expect("the job");
    let hour = compiled.facts.jobs[id].loss().expect("a bound").0.as_secs_f64();
    assert!((3600.0..3900.0).contains(&hour), "{hour}");
    let whole = log + 2.0 * (hour + 256.0) * MIB;
    let restore = 10.0 + (256.0 * GIB + whole) / way;
    // Prepared at 100 MiB/s; copied on a disk of 1 GiB/s that reads and writes: 512 MiB/s. The
    // engine starts in 2 min, and replays 8 MiB/s.
    let database =
        restore + 256.0 * GIB / (100.0 * MIB) + 256.0 * GIB / (512.0 * MIB) + 120.0 + log / (8.0 * MIB);
    assert!(about(rto("orders.rto", "host db"), people + host + database + 60.0));
    assert!(about(rto("orders.rto", "site centre"), people + site + database + 60.0));
    // In the site's loss the database comes first from the one store, then both trees.
    assert!(about(rto("catalogue.rto", "site centre"), people + site + restore + catalogue + 60.0));
    assert!(about(rto("reports.rto", "site centre"), people + site + restore + catalogue + reports + 60.0));
    assert_eq!(verdict(&compiled, "orders.rto", "site centre").map(|v| v.status), Some(Status::Refuted));
    assert_eq!(verdict(&compiled, "catalogue.rto", "site centre").map(|v| v.status), Some(Status::Refuted));
    assert_eq!(verdict(&compiled, "reports.rto", "site centre").map(|v| v.status), Some(Status::Proved));
    let all: Vec<_> = compiled.model.data.iter().map(|(id, _)| id).collect();
    assert_eq!(size_today(&compiled.model, &all).0 as f64, 600.0 * GIB);
}
