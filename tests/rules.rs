//! The rules of normal days: each with its sum done by hand, and on either side of its limit.

use drlang::base::world::Memory;
use drlang::diag::Severity;
use drlang::diag::catalogue::{ALL, find};
use drlang::driver::{Compiled, Options, compile};
use drlang::plan::StepKind;
use std::collections::BTreeSet;

/// 2026-01-15, midnight UTC.
const AS_OF: i64 = 1_768_435_200;

const PEOPLE: &str = "
    response duty { detect = 5 min; notice = 1 h; declare = 10 min; confirm = 4 min; operators = 4 }
    engine maria { family = mariadb; port = 3306; amplification = 2; apply = 40 MiB/s; replay = 30 MiB/s
        prepare = 200 MiB/s; load = 20 MiB/s; start = 60 s; promote = 10 s; acknowledgements = 1; fallback = 10 s
        largest-transaction = 4 MiB; physical = true; logs = true }
";

const SITES: &str = "
    site a { timezone = \"UTC\"; replace = 2 h
        host db { address = 10.0.0.1 } host db2 { address = 10.0.0.2 } host x1 { address = 10.0.0.3 }
        host bka { address = 10.0.0.4 } host x2 { address = 10.0.0.5 }
        store sa { host = bka; path = \"/srv/1\" } }
    site b { timezone = \"UTC\"; replace = 2 h
        host dbb { address = 10.0.1.1 } host dbb2 { address = 10.0.1.2 } host y1 { address = 10.0.1.3 }
        host y2 { address = 10.0.1.4 } }
";

fn raw(text: &str) -> Compiled {
    // Blocks end their lines, and what a test leaves out leaves nothing behind.
    raw_as_it_is(&text.replace("; ;", ";").replace("; }", " }").replace("} ", "}\n"))
}

fn raw_as_it_is(text: &str) -> Compiled {
    let world = Memory([("main.dr".to_owned(), text.as_bytes().to_vec())].into());
    compile(&world, "main.dr", &Options::from(AS_OF)).expect("it is in memory")
}

fn compiled(rest: &str) -> Compiled {
    raw(&format!("{PEOPLE} {SITES} {rest}"))
}

/// The findings of that name: message, notes and help in one text each.
fn told(spec: &str, name: &str) -> Vec<String> {
    let compiled = compiled(spec);
    let broken: Vec<_> = compiled
        .problems
        .iter()
        .filter(|d| matches!(d.entry.stage, "parse" | "resolve" | "model"))
        .map(|d| &d.message)
        .collect();
    assert!(broken.is_empty(), "{broken:?}");
    let found = compiled.problems.iter().filter(|d| d.entry.name == name);
    found.map(|d| format!("{} | {} | {}", d.message, d.notes.join(" | "), d.help.join(" | "))).collect()
}

/// One finding, which says each of these.
#[track_caller]
fn says(spec: &str, name: &str, words: &[&str]) {
    let found = told(spec, name);
    let [one] = found.as_slice() else { panic!("{} findings `{name}`: {found:?}", found.len()) };
    for w in words {
        assert!(one.contains(w), "{w:?} is not in {one:?}");
    }
}

#[track_caller]
fn silent(spec: &str, name: &str) {
    assert_eq!(told(spec, name), Vec::<String>::new());
}

/// A link of 100 Mbit/s with 60 % for streams: 54 Mbit/s of payload, 6 750 000 B/s.
const WAN: &str = "link wan : a <-> b { bandwidth = 100 Mbit/s; rtt = 10 ms; loss = 0.0001 %; share { replication = 60 % } }\n";

fn stream(tier: &str, cluster: &str, writes: &str, mode: &str) -> String {
    format!(
        "{WAN} tier t {{ {tier} }} cluster c : maria {{ primary = db; replicas = [dbb]; {cluster} }}
        data o : t {{ on = c; size = 10 GiB; writes = {writes}; replica dbb {{ mode = {mode} }} }}"
    )
}

#[test]
fn an_hour_at_ten_times_the_rate() {
    // 1 MiB/s makes 2 MiB/s of log. Ten times that is 20 971 520 B/s; the hour leaves
    // (20 971 520 - 6 750 000) x 3600 = 51 197 472 000 B, which take 7584.8 s. The largest
    // transaction of 4 MiB, 8 MiB of log, takes 1.25 s: 7586 s, 2 h 6 min 26 s.
    let spec = |writes: &str| stream("site { rpo = 15 min }", "", writes, "async");
    says(&spec("1 MiB/s"), "flat-writes", &["2 h 7 min behind", "15 min is asked", "2 MiB/s"]);
    // 350 KiB/s: ten times its log is 7 168 000 B/s, so 418 000 x 3600 / 6 750 000 = 222.9 s and 1.25 s:
    // within 15 min, and not within 3 min.
    silent(&spec("350 KiB/s"), "flat-writes");
    says(&stream("site { rpo = 3 min }", "", "350 KiB/s", "async"), "flat-writes", &["3 min 45 s behind"]);
    // Hours or a burst are what was asked for; a day is loose enough; writes that wait do not queue.
    silent(&spec("1 MiB/s { sat 20:00..21:00 = 2 MiB/s }"), "flat-writes");
    silent(&spec("1 MiB/s { burst = 64 MiB }"), "flat-writes");
    silent(&stream("site { rpo = 24 h }", "", "1 MiB/s", "async"), "flat-writes");
    silent(&stream("site { rpo = 15 min }", "", "1 MiB/s", "sync"), "flat-writes");
}

#[test]
fn logs_outlast_the_outage_and_the_catching_up() {
    // A cut link may last 6 h: nothing queues before. 6 h of 2 097 152 B/s drain at
    // 6 750 000 - 2 097 152 = 4 652 848 B/s in 6 h x 0.450725 = 2 h 42 min 16 s.
    let spec = |kept: &str| stream("link { rpo = 6 h }", kept, "1 MiB/s", "async");
    let words =
        ["keeps its logs for 8 h", "`dbb`", "8 h 43 min", "6 h of outage", "2 h 43 min of catching up"];
    says(&spec("logs-kept = 8 h"), "logs-expire", &words);
    silent(&spec("logs-kept = 9 h"), "logs-expire");
    // Nobody says how long: 10 days, as Debian has it. 9 days of outage take 4 days more.
    let spec = stream("link { rpo = 9 days }", "", "1 MiB/s", "async");
    says(&spec, "logs-expire", &["is assumed to keep its logs for 10 days", "13 days"]);
}

#[test]
fn logs_within_the_disk() {
    // 500 KiB/s make 1 024 000 B/s of log: 884 736 000 000 B in 10 days, and with the
    // largest transaction 823.98 GiB; with 100 GiB of data 923.98 GiB. 70 % of 1.29 TiB are 924.67 GiB, of 1.28 TiB 917.5 GiB.
    let spec = |kept: &str| {
        format!(
            "cluster c : maria {{ primary = big; replicas = [db2]; {kept} }}
            data o {{ on = c; size = 100 GiB; writes = 500 KiB/s; replica db2 {{ mode = async }} }}"
        )
    };
    let told = |disk: &str, kept: &str| {
        let host = format!("host big {{ address = 10.0.0.9; disk = {disk} at 200 MiB/s }} ");
        let rest = spec(kept);
        let sites = SITES.replace("host db2", &format!("{host} host db2"));
        let compiled = raw(&format!("{PEOPLE} {sites} {rest}"));
        let all = compiled.problems.iter().filter(|d| d.entry.name == "logs-fill-disk");
        all.map(|d| d.message.clone()).collect::<Vec<_>>()
    };
    let one = told("1.28 TiB", "");
    assert_eq!(one.len(), 1);
    assert!(
        one[0].contains("823.98 GiB of logs in the 10 days that it keeps them, as is assumed"),
        "{one:?}"
    );
    assert_eq!(told("1.29 TiB", "").len(), 0);
    assert_eq!(told("1.28 TiB", "logs-kept = 9 days").len(), 0);
}

#[test]
fn logs_outlast_the_runs_that_ship_them() {
    // Every 4 h, and the run itself.
    let spec = |kept: &str| {
        format!(
            "cluster c : maria {{ primary = db; logs-kept = {kept} }}
            data o {{ on = c; size = 10 GiB; writes = 100 KiB/s
                backup sa {{ full = daily 01:30; log = every 4 h; keep = 30 days }} }}"
        )
    };
    says(&spec("4 h"), "logs-expire", &["log runs of `c-sa-log`", "from one run to the end of the next"]);
    silent(&spec("5 h"), "logs-expire");
}

#[test]
fn a_first_copy_by_hand() {
    // 700 GiB, 751 619 276 800 B, at 18 Mbit/s: 334 053 s, 3 days 20 h 48 min.
    let spec = |seed: &str| {
        format!(
            "link thin : a <-> b {{ bandwidth = 20 Mbit/s; rtt = 10 ms; loss = 0.0001 % }}
            data f {{ on = x1 path \"/f\"; size = 700 GiB; changed = 0.1 % / day; mirror y1 {{ at = daily 02:00; {seed} }} }}"
        )
    };
    says(&spec(""), "slow-seed", &["3 days 21 h", "above 3 days, the goal", "700 GiB at 18 Mbit/s"]);
    silent(&spec("seed-within = 4 days"), "slow-seed");
    says(&spec("seed-within = 3 days"), "slow-seed", &["above 3 days |"]);
}

#[test]
fn a_window_that_leaves_half_of_a_link_unused() {
    // 1 MiB in 30 ms is 279 620 266 bit/s. Of 1 Gbit/s, 63 % and 90 % payload are 567 Mbit/s, more
    // than twice that; 62 % are 558 Mbit/s, less. 567 Mbit/s x 30 ms are 2 126 250 B, 2.03 MiB.
    let spec = |share: u64, window: &str| {
        format!(
            "link wan : a <-> b {{ bandwidth = 1 Gbit/s; rtt = 30 ms; loss = 0 %; {window}; share {{ replication = {share} % }} }}
            cluster c : maria {{ primary = db; replicas = [dbb] }}
            data o {{ on = c; size = 10 GiB; writes = 1 MiB/s; replica dbb {{ mode = async }} }}"
        )
    };
    let words =
        ["279.62 Mbit/s of the 567 Mbit/s", "3 connections", "a window of 2.03 MiB", "`window = 3 MiB`"];
    says(&spec(63, "window = 1 MiB"), "tcp-limit", &words);
    silent(&spec(62, "window = 1 MiB"), "tcp-limit");
    says(&spec(63, ""), "tcp-limit", &["a window of 1 MiB as is assumed"]);
    silent(&spec(63, "window = 3 MiB"), "tcp-limit");
}

#[test]
fn a_name_moves_for_a_site_and_not_for_a_host() {
    let spec = |tier: &str, ttl: &str| {
        format!(
            "link wan : a <-> b {{ bandwidth = 1 Gbit/s; rtt = 2 ms }} tier t {{ {tier} }}
            pool web {{ members = [x1]; standby = [y1]; port = 80 }}
            vip va {{ address = 10.0.0.99/24; on = [x2]; serves = web }} vip vb {{ address = 10.0.1.99/24; on = [y2]; serves = web }}
            dns n {{ name = \"n.example.com\"; ttl = {ttl}; points = [va]; failover = [vb] }}
            service s : t {{ runs-on = web; start = 9 s; reached = [n] }}"
        )
    };
    says(&spec("site { rto = 2 h }", "1 h"), "ttl-too-long", &["keep `n` for 1 h of the 2 h"]);
    silent(&spec("site { rto = 2 h }", "59 min"), "ttl-too-long");
    silent(&spec("host { rto = 2 h }", "1 h"), "ttl-too-long");
}

#[test]
fn losses_are_told_of_where_a_queue_builds() {
    // 0.01 % lost in 30 ms: 1448 x 8 / (0.03 x 0.01) = 38.6 Mbit/s, 4.8 MB/s, of 540 Mbit/s.
    let spec = |evening: &str| {
        format!(
            "link wan : a <-> b {{ bandwidth = 1 Gbit/s; rtt = 30 ms; loss = 0.01 %; window = 8 MiB; share {{ replication = 60 % }} }}
            cluster c : maria {{ primary = db; replicas = [dbb] }}
            data o {{ on = c; size = 10 GiB; writes = 1 MiB/s {{ sat 20:00..21:00 = {evening} }}; replica dbb {{ mode = async }} }}"
        )
    };
    // 3 MiB/s make 6 MiB/s of log; 2 MiB/s make 4, which get through.
    says(
        &spec("3 MiB/s"),
        "tcp-limit",
        &["38.61 Mbit/s of the 540 Mbit/s", "0.01 % of packets lost", "14 connections"],
    );
    silent(&spec("2 MiB/s"), "tcp-limit");
    // A burst waits on any line.
    silent(&spec("2 MiB/s; burst = 64 MiB"), "tcp-limit");
}

#[test]
fn the_peak_of_the_sum_and_not_the_sum_of_the_peaks() {
    // 80 % of 100 Mbit/s, 90 % payload: 9 000 000 B/s. 3 MiB/s make 6 MiB/s of log, 6 291 456 B/s:
    // one fits, two in the same hour do not, 12 MiB/s for 8.58 MiB/s.
    let spec = |hour: &str| {
        let evening = |h: &str| format!("500 KiB/s {{ daily {h} = 3 MiB/s }}");
        format!(
            "link wan : a <-> b {{ bandwidth = 100 Mbit/s; rtt = 10 ms; loss = 0 %; share {{ replication = 80 % }} }}
            cluster c : maria {{ primary = db; replicas = [dbb] }}
            cluster d : maria {{ primary = db2; replicas = [dbb2] }}
            data o {{ on = c; size = 10 GiB; writes = {}; replica dbb {{ mode = async }} }}
            data p {{ on = d; size = 10 GiB; writes = {}; replica dbb2 {{ mode = async }} }}",
            evening("20:00..21:00"),
            evening(hour),
        )
    };
    let words = ["from mon 20:30:00", "12 MiB/s together", "8.58 MiB/s", "`dbb`, `dbb2`"];
    says(&spec("20:30..21:30"), "link-overloaded", &words);
    silent(&spec("21:00..22:00"), "link-overloaded");
}

#[test]
fn commits_wait_for_the_replica_that_completes_the_acknowledgements() {
    // 28 ms, and 16 KiB at 270 Mbit/s, 33 750 000 B/s: 0.485 ms. 28.485 ms: 35 commits a second.
    let spec = |near: &str, budget: &str| {
        format!(
            "link wan : a <-> b {{ bandwidth = 500 Mbit/s; rtt = 28 ms; loss = 0.0001 %; share {{ replication = 60 % }} }}
            cluster c : maria {{ primary = db; replicas = [db2, dbb]; {budget} }}
            data o {{ on = c; size = 10 GiB; writes = 1 MiB/s; {near}; replica dbb {{ mode = semi-sync }} }}"
        )
    };
    let words = [
        "29 ms for `dbb`",
        "5 ms are allowed as is assumed",
        "35 times a second",
        "500 km",
        "`write-budget = 29 ms`",
    ];
    says(&spec("", ""), "writes-too-slow", &words);
    says(&spec("", "write-budget = 28 ms"), "writes-too-slow", &["28 ms are allowed |", "2800 km"]);
    silent(&spec("", "write-budget = 29 ms"), "writes-too-slow");
    // One acknowledgement is waited for, and the replica beside the primary gives it.
    silent(&spec("replica db2 { mode = semi-sync }", ""), "writes-too-slow");
    silent(&spec("replica db2 { mode = async }", "write-budget = 1 s"), "writes-too-slow");
    says(&spec("replica db2 { mode = async }", ""), "writes-too-slow", &["`dbb`"]);
}

#[test]
fn two_sites_in_one_threat_radius() {
    // 1 ms of round trip is 100 km of fibre: one disaster may take both.
    let spec = |rtt: &str, tier: &str| {
        format!(
            "link near : a <-> b {{ bandwidth = 1 Gbit/s; rtt = {rtt}; loss = 0 %; share {{ replication = 60 % }} }}
            tier t {{ {tier} }} cluster c : maria {{ primary = db; replicas = [dbb] }}
            data o : t {{ on = c; size = 10 GiB; writes = 100 KiB/s; replica dbb {{ mode = sync }} }}"
        )
    };
    says(&spec("1 ms", "rpo = 1 h"), "sync-in-one-radius", &["`a` and `b` stand at most 100 km apart"]);
    silent(&spec("1.01 ms", "rpo = 1 h"), "sync-in-one-radius");
    // Nobody asked for more than a site.
    silent(&spec("1 ms", "site { rpo = 1 h }"), "sync-in-one-radius");
}

#[test]
fn a_store_and_its_director_beside_what_they_protect() {
    let spec = |store: &str, server: &str| {
        format!(
            "tier t {{ host {{ rpo = 26 h }} }} {store} backup-server s {{ host = {server}; stores = [s1] }}
            data f : t {{ on = x1 path \"/f\"; size = 10 GiB; files = independent; mirror x2 {{ at = every 4 h }}
                backup s1 {{ full = daily 01:00; keep = 9 days }} }}"
        )
    };
    let here =
        |host: &str| format!("host z {{ address = 10.0.0.9 }} store s1 {{ host = {host}; path = \"/s\" }}");
    let site =
        |host: &str| SITES.replace("store sa", &format!("{} store sa", here(host).replace("; ", "\n")));
    let told = |store: &str, server: &str| {
        let text = format!("{PEOPLE} {} {}", site(store), spec("", server));
        let compiled = raw(&text);
        let all = compiled.problems.iter().filter(|d| d.entry.name == "backup-beside-source");
        all.map(|d| d.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(told("z", "bka"), Vec::<String>::new());
    assert_eq!(told("x1", "bka"), ["`backup s1` of `f` is lost with what `x1` holds: both are in host `x1`"]);
    assert_eq!(told("z", "x1"), ["`s` is lost with `f`, which it backs up: both are in host `x1`"]);
    // One mistake, one finding: the store is named, and the director goes where it goes.
    assert_eq!(told("x1", "x1").len(), 1);
}

#[test]
fn standby_servers_are_taken_in_their_order() {
    let spec = |web: &str, api: &str| {
        format!(
            "pool web {{ members = [x1]; standby = [{web}]; port = 80 }} pool api {{ members = [x2]; standby = [{api}]; port = 81 }}
            service w {{ runs-on = web; start = 9 s }} service v {{ runs-on = api; start = 9 s }}"
        )
    };
    // Site a is lost: each pool starts the first of its standby servers.
    says(
        &spec("y1, y2", "y1"),
        "standby-shared",
        &["when `site a` is lost, `y1` is started for `api` and for `web`"],
    );
    silent(&spec("y2, y1", "y1"), "standby-shared");
    // No one loss leaves both short.
    let apart = spec("bka", "bka").replace("[x2]", "[y2]");
    silent(&apart, "standby-shared");
}

#[test]
fn how_many_incrementals_fit() {
    // 300 GiB, and 8 % of it, 24 GiB, a day, at the store's 50 MiB/s. In half of 10 h go
    // 18 000 x 50 MiB = 878.9 GiB: 300 and 24 times 24 GiB.
    let spec = |rto: &str, full: &str| {
        format!(
            "tier t {{ corruption {{ rto = {rto} }} }}
            data f : t {{ on = x1 path \"/f\"; size = 300 GiB; writes = 1 B/s; changed = 8 % / day; files = independent
                backup sa {{ full = {full}; incremental = daily 20:00; keep = 45 days }} }}"
        )
    };
    let words = ["behind a full of 300 GiB", "of 24 GiB at 50 MiB/s; 24 of them fit"];
    says(&spec("10 h", "monthly 1st sat 20:00"), "long-chain", &words);
    // The chain of a week is 300 GiB and at most 7 times 24: the full is most of it.
    silent(&spec("10 h", "weekly sat 20:00"), "long-chain");
    // A month's takes 6 h 30 min at most, which is not half of 14 h.
    silent(&spec("14 h", "monthly 1st sat 20:00"), "long-chain");
}

#[test]
fn a_copy_is_read_back_as_often_as_is_asked() {
    let spec = |verify: &str| {
        format!(
            "tier t {{ verify-every = 8 days }}
            data f : t {{ on = x1 path \"/f\"; size = 10 GiB; files = independent; backup sa {{ full = daily 01:00; keep = 9 days; {verify} }} }}"
        )
    };
    says(&spec(""), "unverified-copy", &["nobody reads `backup sa` of `f` back", "every 8 days"]);
    silent(&spec("verify = weekly wed 13:00"), "unverified-copy");
    // From one 15th to the next are 31 days at most.
    says(&spec("verify = monthly 15 13:00"), "unverified-copy", &["after up to 31 days", "every 8 days"]);
}

#[test]
fn checks_against_the_promise_and_against_a_pause() {
    let spec = |check: &str, rto: &str| {
        format!(
            "tier t {{ host {{ rto = {rto} }} }}
            pool web {{ members = [x1, x2, y1]; needs = 2; port = 80; check {{ {check} }} }}
            service w : t {{ runs-on = web; start = 9 s }}"
        )
    };
    // (3 - 1)(20 + 20) + 20, and 20 more: 120 s, half of 4 min.
    says(&spec("every = 20 s; fall = 3", "4 min"), "slow-failover", &["up to 2 min, of the 4 min"]);
    silent(&spec("every = 20 s; fall = 3", "5 min"), "slow-failover");
    // (2 - 1)(250 + 250) + 250: 750 ms, and a pause of 1 s is assumed; three make 1250 ms.
    says(&spec("every = 250 ms; fall = 2", "4 min"), "hasty-failover", &["after 750 ms", "as is assumed,"]);
    silent(&spec("every = 250 ms; fall = 3", "4 min"), "hasty-failover");
}

#[test]
fn an_address_moves_as_fast_as_its_check() {
    // Three checks 20 s apart and the last hanging as long, 80 s; then the skew of priority 190,
    // (256 - 190) / 256 of 1 s, and a second in which neighbours learn it: 81.258 s.
    let spec = |check: &str, rto: &str| {
        format!(
            "tier t {{ host {{ rto = {rto} }} }} pool web {{ members = [y1, y2]; needs = 1; port = 80 }}
            vip v {{ address = 10.0.0.99/24; on = [x1, x2]; serves = web; {check} }}
            service w : t {{ runs-on = web; start = 9 s }}"
        )
    };
    let words =
        ["the address `v` notices after up to 1 min 22 s, of the 2 min", "3 failed checks 20 s apart"];
    says(&spec("every = 20 s; fall = 3", "2 min"), "slow-failover", &words);
    silent(&spec("every = 20 s; fall = 3", "3 min"), "slow-failover");
    // Three advertisements of 10 s, 2.579 s of skew and the second are more than 4 s of checks.
    let words = ["up to 33.6 s, of the 1 min", "three missed advertisements 10 s apart"];
    says(&spec("every = 1 s; fall = 3; advert = 10 s", "1 min"), "slow-failover", &words);
}

#[test]
fn numbers_in_a_network_that_two_sites_share() {
    let spec = |b: &str, on: &str| {
        format!("vip v {{ address = 10.0.0.98/24; on = [x1] }} vip w {{ address = {b}; on = [{on}] }}")
    };
    says(&spec("10.0.0.99/24", "y1"), "vrrp-ids-collide", &["advertised to `10.0.0.0/24` as number 1"]);
    silent(&spec("10.0.1.99/24", "y1"), "vrrp-ids-collide");
    silent(&spec("10.0.0.99/24", "y1, y2"), "vrrp-ids-collide");
    // In one site they have numbers of their own.
    silent(&spec("10.0.0.99/24", "x2"), "vrrp-ids-collide");
}

#[test]
fn a_bond_that_hides_two_advertisements() {
    let spec = |debounce: &str, advert: &str| {
        let host = format!("host x1 {{ address = 10.0.0.3; debounce = {debounce} }}");
        let sites = SITES.replace("host x1 { address = 10.0.0.3 }", &host);
        let vip = format!("vip v {{ address = 10.0.0.99/24; on = [x1, x2]; advert = {advert} }}");
        let compiled = raw(&format!("{PEOPLE} {sites} {vip}"));
        compiled.problems.iter().filter(|d| d.entry.name == "debounce-too-long").count()
    };
    // (3 - 1) x 1 s, and (3 - 1) x 500 ms.
    assert_eq!([spec("2 s", "1 s"), spec("1999 ms", "1 s"), spec("1 s", "500 ms")], [1, 0, 1]);
}

#[test]
fn a_mirror_that_may_drop_all_but_a_hundredth_is_guarded() {
    let spec = |most: &str| {
        format!(
            "data f {{ on = x1 path \"/f\"; size = 1 GiB; mirror x2 {{ at = every 4 h; max-delete = {most} }} }}"
        )
    };
    says(&spec("100 %"), "unguarded-mirror", &["follows the deletion of every file", "3 snapshots"]);
    silent(&spec("99 %"), "unguarded-mirror");
}

#[test]
fn static_trees_and_those_that_live() {
    // 900 GiB and 2 % a month for 13 periods of 30 days: 1164 GiB; a hundredth of it a day.
    let spec = |size: &str, changed: &str| {
        format!("data f {{ on = x1 path \"/f\"; size = {size}; changed = {changed} }}")
    };
    says(&spec("900 GiB growing 2 % / month", "1 % / day"), "large-tree", &["1.14 TiB"]);
    silent(&spec("900 GiB growing 2 % / month", "0.1 % / hour"), "large-tree");
    silent(&spec("1 TiB", "1 % / day"), "large-tree");
}

#[test]
fn ways_that_only_meet_at_their_ends_share_nothing() {
    let spec = |a: &str, b: &str| {
        format!(
            "conduit p conduit q link one : a <-> b {{ bandwidth = 1 Gbit/s; rtt = 2 ms; conduit = [{a}] }}
            link two : a <-> b {{ bandwidth = 1 Gbit/s; rtt = 2 ms; conduit = [{b}] }}
            data f {{ on = x1 path \"/f\"; size = 1 GiB; mirror y1 {{ at = every 4 h; over = one or two }} }}"
        )
        .replace("conduit p conduit q ", "conduit p\nconduit q\n")
    };
    says(&spec("p, q", "q"), "ways-share-fate", &["all ways of `mirror y1` go through conduit `q`"]);
    silent(&spec("p", "q"), "ways-share-fate");
}

#[test]
fn a_service_of_one_server_needs_no_second_place_for_its_files() {
    let spec = |members: &str, mirror: &str| {
        format!(
            "pool web {{ members = [{members}]; port = 80 }}
            data f {{ on = db path \"/f\"; size = 1 GiB; files = independent; {mirror} }}
            service s {{ runs-on = web; needs = [f]; start = 9 s }}"
        )
    };
    says(
        &spec("x1, x2", ""),
        "files-on-one-server",
        &["the 2 servers of `web` need the files of `f`, which are on `db`"],
    );
    silent(&spec("x1", ""), "files-on-one-server");
    silent(
        &spec("x1, x2", "mirror y1 { at = every 4 h }")
            .replace("service", "link l : a <-> b { bandwidth = 1 Gbit/s; rtt = 2 ms } service"),
        "files-on-one-server",
    );
}

#[test]
fn an_address_on_the_host_of_a_primary() {
    let spec = |on: &str| {
        format!(
            "cluster c : maria {{ primary = db; replicas = [db2] }} vip v {{ address = 10.0.0.99/24; on = [{on}] }}"
        )
    };
    says(&spec("db2, db"), "stateful-vip", &["`v` moves by itself, and `c` on `db` does not"]);
    silent(&spec("db2, x1"), "stateful-vip");
    silent(&spec("db"), "stateful-vip");
}

#[test]
fn whoever_moves_data_plans_the_way_back() {
    // what was lost is protected again and goes home, in every plan of the shop that moves it.
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/shop/main.dr"))
        .expect("the shop");
    let shop = raw_as_it_is(&text);
    let mut moved = 0;
    for plan in shop.plans().expect("plans that are fit") {
        let away = plan.choices.iter().filter(|c| c.target != shop.model.primary_host(c.data)).count();
        let back = plan.steps.iter().filter(|s| matches!(s.kind, StepKind::FailBack { .. })).count();
        assert_eq!(away > 0, back > 0, "{}", plan.title);
        moved += away;
    }
    assert!(moved > 10, "{moved}");
}

#[test]
fn where_nothing_may_be_lost_the_help_names_the_hop() {
    // the way out is not a faster link.
    let help = |mode: &str| {
        let compiled = compiled(&stream("site { rpo = 0 s }", "", "1 MiB/s", mode));
        let found = compiled.problems.iter().find(|d| d.entry.name.starts_with("rpo-")).expect("not met");
        found.help.join(" ")
    };
    assert!(help("semi-sync").contains("goes on alone after its time-out: use `mode = sync`"));
    assert!(help("async").contains("`replica dbb` is always behind"));
}

#[test]
fn daily_is_not_a_day() {
    // 24 h from one start to the next, and the next takes its time: the newest whole run may
    // be 24 h and some minutes old.
    let spec = "tier t { host { rpo = 24 h } }
        data f : t { on = x1 path \"/f\"; size = 10 GiB; files = independent; backup sa { full = daily 01:00; keep = 9 days } }";
    says(spec, "rpo-not-met", &["24 h from one run to the next, and the next takes"]);
    silent(&spec.replace("24 h", "25 h"), "rpo-not-met");
}

#[test]
fn one_database_is_one_moment() {
    let spec = |both: &str| {
        format!(
            "cluster c : maria {{ primary = db }} cluster d : maria {{ primary = db2 }} pool w {{ members = [x1]; port = 80 }}
            data o {{ on = c; size = 1 GiB }} data p {{ on = c; size = 1 GiB }} data q {{ on = d; size = 1 GiB }}
            service s {{ runs-on = w; needs = [o, p, q]; start = 9 s; consistent = [{both}] }}"
        )
    };
    silent(&spec("o, p"), "moments-differ");
    says(&spec("o, p, q"), "moments-differ", &["`o` and `q` are not in one database"]);
}

#[test]
fn the_table_of_rules_is_the_catalogue() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules.md");
    let text = std::fs::read_to_string(path).expect("the table");
    let rows: Vec<&str> = text.lines().filter(|l| l.starts_with("| ")).collect();
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for row in &rows {
        let parts: Vec<&str> = row.split('`').collect();
        for (n, name) in parts.iter().enumerate().skip(1).step_by(2) {
            // Names of findings stand before their weight; other code does not.
            let weight = match parts.get(n + 1) {
                Some(after) if after.starts_with(" (E)") => Severity::Error,
                Some(after) if after.starts_with(" (W)") => Severity::Warning,
                _ => continue,
            };
            let entry = find(name).unwrap_or_else(|| panic!("no finding `{name}`: {row}"));
            assert_eq!(entry.severity, weight, "{row}");
            named.insert(name);
        }
        assert!(
            row.contains(" (E)")
                || row.contains(" (W)")
                || row.contains("no finding")
                || row.contains("carried by")
                || row.contains("---"),
            "{row}"
        );
    }
    let missing: Vec<&str> =
        ALL.iter().filter(|e| e.stage == "judge" && !named.contains(e.name)).map(|e| e.name).collect();
    assert_eq!(missing, Vec::<&str>::new(), "findings of normal days that docs/rules.md does not have");
    let numbers =
        [1..=3, 10..=19, 20..=23, 30..=33, 40..=47, 50..=58, 60..=64, 70..=70].into_iter().flatten();
    for number in numbers {
        let rule = format!("| R-{number:02} |");
        assert_eq!(rows.iter().filter(|r| r.starts_with(&rule)).count(), 1, "{rule}");
    }
}
