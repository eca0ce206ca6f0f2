//! Scenarios: losses one after the other, sites that are cut off, any so many of several, and the
//! loss of what recovery itself needs. Each with the sum by hand.

#[path = "support/by_hand.rs"]
mod by_hand;

use by_hand::{PEOPLE, SITES, link, promised, raw, status, verdict};
use drlang::driver::Compiled;
use drlang::emit::artifact::ArtifactTree;
use drlang::emit::target::{Input, Target as _};
use drlang::emit::targets::plans::Plans;
use drlang::emit::template::Templates;
use drlang::judge::{Status, Verdict};
use drlang::plan::{Actor, Means, Plan, Reason, StepKind};
use drlang::quantity::Duration;

/// The two sites and the way between them.
fn sites() -> String {
    format!("{SITES} {}", link("l", "10 Gbit/s", ""))
}

/// The two sites with more, under a tier `t` of these promises.
fn compiled(tier: &str, rest: &str) -> Compiled {
    promised(tier, &format!("{} {rest}", link("l", "10 Gbit/s", "")))
}

fn name(c: &Compiled, v: &Verdict) -> String {
    c.verdicts.scenarios[v.scenario as usize].name(&c.model)
}

fn seconds(v: &Verdict) -> f64 {
    v.predicted.expect("a bound").as_secs_f64()
}

/// The plan for a scenario, which has passed its audit.
#[track_caller]
fn plan(c: &Compiled, under: &str) -> Plan {
    let plans = c.plans().expect("plans that can be followed");
    plans.into_iter().find(|p| p.scenario.name(&c.model) == under).expect("a plan of that name")
}

fn findings(c: &Compiled) -> Vec<&'static str> {
    c.problems.iter().map(|p| p.entry.name).collect()
}

/// A database in `a` with one replica in `b`; the link is cut 10 min before the site burns.
fn rolling(mode: &str) -> String {
    format!(
        "cluster k : maria {{ primary = db; replicas = [dbb] }}
         data o : t {{ on = k; size = 9 GiB; writes = 3 MiB/s; replica dbb {{ mode = {mode} }} }}
         scenario rolling {{ lose = [link l]; then {{ after = 10 min; lose = [site a] }} }}"
    )
}

#[test]
fn a_semi_sync_replica_that_was_cut_off_lacks_the_outage_but_for_the_time_out() {
    // The primary waits 10 s and goes on alone: of 600 s of outage 590 are surely lost. It may have
    // been behind before, by its lag: 3 MiB/s through 125 MB/s never wait, half a round trip is
    // 0.5 ms, and 4 MiB at 125 MB/s are 34 ms. So 600.034 s are the bound.
    let rpo = |allowed: &str, under: &str| {
        let c = compiled(&format!("rpo = {allowed}; rto = 9 h"), &rolling("semi-sync"));
        (status(&c, "o.rpo", under), seconds(verdict(&c, "o.rpo", under)))
    };
    let (met, bound) = rpo("601 s", "rolling");
    assert_eq!(met, Status::Proved);
    assert!((600.03..600.04).contains(&bound), "{bound}");
    assert_eq!(rpo("595 s", "rolling").0, Status::Unknown);
    assert_eq!(rpo("589 s", "rolling").0, Status::Refuted);
    // The site alone costs the lag and no more.
    let (met, bound) = rpo("1 s", "site a");
    assert_eq!(met, Status::Proved);
    assert!(bound < 0.04, "{bound}");
}

#[test]
fn an_async_replica_that_was_cut_off_lacks_the_whole_outage() {
    let c = compiled("rpo = 599 s; rto = 9 h", &rolling("async"));
    let v = verdict(&c, "o.rpo", "rolling");
    assert_eq!(v.status, Status::Refuted);
    assert_eq!(v.surely, Duration::from_mins(10));
    let witness = v.witness.as_ref().expect("a witness");
    assert!(witness.kept.as_ref().is_some_and(|k| k.contains("10 min before")), "{witness:?}");
}

#[test]
fn a_sync_primary_that_was_cut_off_has_lost_nothing() {
    // Its one replica acknowledges nothing, so nothing is written for ten minutes.
    let c = compiled("rpo = 0 s; rto = 9 h", &rolling("sync"));
    assert_eq!(status(&c, "o.rpo", "rolling"), Status::Proved);
}

#[test]
fn another_way_bounds_nothing_and_refutes_nothing() {
    // The second link may have carried the stream for ten minutes, and no fact says how fast.
    let second = "link m : a <-> b { bandwidth = 10 Gbit/s; rtt = 1 ms; loss = 0 %; window = 8 MiB }";
    let spec = rolling("async").replace("mode = async", "mode = async; over = l or m") + "\n" + second;
    let c = compiled("rpo = 599 s; rto = 9 h", &spec);
    assert_eq!(status(&c, "o.rpo", "rolling"), Status::Unknown);
    assert!((600.03..600.04).contains(&seconds(verdict(&c, "o.rpo", "rolling"))));
}

#[test]
fn runs_over_a_link_that_a_stream_may_have_come_onto_have_no_bound() {
    // The replica's other way is the link of the backups, which nothing divides. Once the first link
    // is gone nobody says what it leaves of it.
    let spec = |over: &str| {
        format!(
            "link m : a <-> b {{ bandwidth = 10 Gbit/s; rtt = 1 ms; loss = 0 %; window = 8 MiB }}
             link n : a <-> b {{ bandwidth = 10 Gbit/s; rtt = 1 ms; loss = 0 %; window = 8 MiB }}
             cluster k : maria {{ primary = db; replicas = [dbb] }}
             data p : t {{ on = k; size = 9 GiB; writes = 3 MiB/s; replica dbb {{ mode = async; over = {over} }} }}
             data o : t {{ on = db2 path \"/o\"; size = 1 GiB; writes = 1 KiB/s; files = independent
                 backup sb {{ full = daily 01:00; keep = 30 days; over = m }} }}
             scenario rolling {{ lose = [link n]; then {{ after = 10 min; lose = [host db2] }} }}"
        )
    };
    let of =
        |over: &str, under: &str| status(&compiled("rpo = 40 h; rto = 9 h", &spec(over)), "o.rpo", under);
    assert_eq!(of("n or m", "rolling"), Status::Unknown);
    assert_eq!(of("n or m", "host db2"), Status::Proved);
    assert_eq!(of("n", "rolling"), Status::Proved);
}

#[test]
fn the_order_of_losses_is_that_of_their_times() {
    // The link goes first, 30 min before the last: as much as it says, wherever it stands.
    let spec = rolling("async").replace(
        "lose = [link l]; then { after = 10 min; lose = [site a] }",
        "lose = [host bkb]; then { after = 1 h; lose = [site a] }; then { after = 30 min; lose = [link l] }",
    );
    let c = compiled("rpo = 1801 s; rto = 9 h", &spec);
    assert!((1800.03..1800.04).contains(&seconds(verdict(&c, "o.rpo", "rolling"))));
    let p = plan(&c, "rolling");
    assert!(p.notes.iter().any(|n| n.contains("1 h after the first")), "{:?}", p.notes);
}

#[test]
fn runs_that_nobody_started_are_missing() {
    // The director goes two days before the data: no run in 48 h, and the newest before them is a
    // day and a run old at worst. 1 GiB at 125 MB/s are 8.6 s, and 5 s of its own.
    let spec = "backup-server d { host = bka; stores = [sb] }
        data o : t { on = db path \"/o\"; size = 1 GiB; writes = 1 KiB/s; files = independent
            backup sb { full = daily 01:00; keep = 30 days } }
        scenario later { lose = [host bka]; then { after = 2 days; lose = [host db] } }";
    let c = compiled("rpo = 73 h; rto = 9 h", spec);
    let hours = seconds(verdict(&c, "o.rpo", "later")) / 3600.0;
    assert!((72.0..72.02).contains(&hours), "{hours}");
    assert_eq!(status(&c, "o.rpo", "later"), Status::Proved);
    assert_eq!(status(&compiled("rpo = 47 h; rto = 9 h", spec), "o.rpo", "later"), Status::Refuted);
    // All at once costs a day and a run.
    let at_once = spec.replace(
        "lose = [host bka]; then { after = 2 days; lose = [host db] }",
        "lose = [host bka, host db]",
    );
    let hours = seconds(verdict(&compiled("rpo = 73 h; rto = 9 h", &at_once), "o.rpo", "later")) / 3600.0;
    assert!((24.0..24.02).contains(&hours), "{hours}");
}

#[test]
fn a_cut_counts_once_along_a_chain_of_copies() {
    // One host is director and store of the first backup. When it goes a day before the data, both
    // edges stop: 24 h, and 24 h and a run for each edge, make 72 h; not 96.
    let spec = "backup-server d { host = bka; stores = [sa] }
        data o : t { on = db path \"/o\"; size = 1 GiB; writes = 1 KiB/s; files = independent
            backup sa { full = daily 01:00; keep = 30 days }; copy sb { of = sa; at = daily 05:00 } }
        scenario later { lose = [host bka]; then { after = 1 day; lose = [host db] } }";
    let c = compiled("rpo = 73 h; rto = 9 h", spec);
    let hours = seconds(verdict(&c, "o.rpo", "later")) / 3600.0;
    assert!((72.0..72.1).contains(&hours), "{hours}");
}

#[test]
fn tolerated_runs_are_so_many_gaps_more() {
    // Daily: a day and a run. With one run missed two days and two runs; that it surely happens
    // that way refutes 47 h.
    let spec = "data o : t { on = db path \"/o\"; size = 1 GiB; writes = 1 KiB/s; files = independent
        backup sb { full = daily 01:00; keep = 30 days } }";
    assert_eq!(status(&compiled("rpo = 25 h; rto = 9 h", spec), "o.rpo", "host db"), Status::Proved);
    let c = compiled("rpo = 49 h; rto = 9 h; tolerate = 1 missed run", spec);
    let hours = seconds(verdict(&c, "o.rpo", "host db")) / 3600.0;
    assert!((48.0..48.02).contains(&hours), "{hours}");
    assert_eq!(status(&c, "o.rpo", "host db"), Status::Proved);
    let c = compiled("rpo = 47 h; rto = 9 h; tolerate = 1 missed run", spec);
    let v = verdict(&c, "o.rpo", "host db");
    assert_eq!(v.status, Status::Refuted);
    let witness = v.witness.as_ref().expect("a witness");
    assert!(witness.bound_by.contains("the run at its end is missed"), "{witness:?}");
    // Ten runs in a row: the newest is gone before it is needed.
    let short = spec.replace("30 days", "5 days");
    let c = compiled("rpo = 20 days; rto = 9 h; tolerate = 10 missed runs", &short);
    let v = verdict(&c, "o.rpo", "host db");
    assert_ne!(v.status, Status::Proved);
    assert_eq!(v.reason, Some(Reason::KeptTooShort));
}

#[test]
fn whoever_shares_a_drive_waits_for_what_missed_runs_left() {
    // 200 GiB of which 40 % change in a day are 80 GiB a night and 160 GiB after a missed one: at
    // 20 MiB/s 2 h 16 min 32 s from 01:00 on. Who comes at 02:20 waits until 03:16:37, then moves two
    // days of 2 GiB in 3 min 25 s: 49 h at least after the run before the missed one, which 48 h
    // and the runs of both alone do not make.
    let spec = |drives: &str| {
        format!(
            "site c {{ timezone = \"UTC\"; replace = 2 h
                host bkc {{ address = 10.0.2.1; nic = 10 Gbit/s }}
                store sc {{ host = bkc; path = \"/srv/1\"; capacity = 200 TiB at 20 MiB/s {drives} }} }}
             link k : a <-> c {{ bandwidth = 10 Gbit/s; rtt = 1 ms; loss = 0 %; window = 8 MiB }}
             data small : t {{ on = db path \"/s\"; size = 10 GiB; writes = 1 KiB/s; changed = 20 % / day; files = independent
                backup sc {{ full = weekly sat 21:00; incremental = daily 02:20; keep = 40 days }} }}
             data large : t {{ on = db2 path \"/l\"; size = 200 GiB; writes = 1 KiB/s; changed = 40 % / day; files = independent
                backup sc {{ full = weekly sat 12:00; incremental = daily 01:00; keep = 40 days }} }}"
        )
    };
    let hours = |drives: &str| {
        let c = compiled("rpo = 60 h; rto = 3 days; tolerate = 1 missed run", &spec(drives));
        let v = verdict(&c, "small.rpo", "host db");
        assert_eq!(v.status, Status::Proved);
        seconds(v) / 3600.0
    };
    let shared = hours("; drives = 1");
    assert!((49.0..52.0).contains(&shared), "{shared}");
    // Alone the second would have its drive at once, and half of what the store takes.
    let own = hours("; drives = 2");
    assert!((48.0..shared).contains(&own), "{own}");
}

#[test]
fn a_full_that_failed_is_taken_again_by_the_next_run() {
    // Saturday's full of 200 GiB fails, and Bacula takes it again with Sunday's run at 01:00: 2 h 50 min
    // 40 s at 20 MiB/s, though only 2 GiB change in a day. Who comes at 01:05 waits for all of it.
    let spec = "site c { timezone = \"UTC\"; replace = 2 h
            host bkc { address = 10.0.2.1; nic = 10 Gbit/s }
            store sc { host = bkc; path = \"/srv/1\"; capacity = 200 TiB at 20 MiB/s; drives = 1 } }
         link k : a <-> c { bandwidth = 10 Gbit/s; rtt = 1 ms; loss = 0 %; window = 8 MiB }
         data small : t { on = db path \"/s\"; size = 10 GiB; writes = 1 KiB/s; changed = 20 % / day; files = independent
            backup sc { full = weekly sat 21:00; incremental = daily 01:05; keep = 40 days } }
         data large : t { on = db2 path \"/l\"; size = 200 GiB; writes = 1 KiB/s; changed = 1 % / day; files = independent
            backup sc { full = weekly sat 12:00; incremental = daily 01:00; keep = 40 days } }";
    let hours = |promises: &str| seconds(verdict(&compiled(promises, spec), "small.rpo", "host db")) / 3600.0;
    let usual = hours("rpo = 90 h; rto = 3 days");
    assert!((24.0..25.0).contains(&usual), "{usual}");
    let missed = hours("rpo = 90 h; rto = 3 days; tolerate = 1 missed run");
    assert!((50.8..51.5).contains(&missed), "{missed}");
}

#[test]
fn a_missed_full_makes_the_chain_as_long_again() {
    // Daily runs of 1 GiB on weekly fulls of 100 GiB: 7 stand on one, and 14 where the next full is
    // missed, of which one carries two days.
    let spec = "site c { timezone = \"UTC\"; replace = 2 h
            host bkc { address = 10.0.2.1; nic = 10 Gbit/s }
            store sc { host = bkc; path = \"/srv/1\"; capacity = 200 TiB at 10 MiB/s } }
         link k : a <-> c { bandwidth = 10 Gbit/s; rtt = 1 ms; loss = 0 %; window = 8 MiB }
         data o : t { on = db path \"/o\"; size = 100 GiB; writes = 1 KiB/s; changed = 1 % / day; files = independent; response = duty
            backup sc { full = weekly sat 21:00; incremental = daily 02:20; keep = 40 days } }";
    let restore = |tier: &str| {
        let c = compiled(tier, spec);
        let plan = plan(&c, "host db");
        let step =
            plan.steps.iter().find(|s| matches!(s.kind, StepKind::Restore { .. })).expect("it restores");
        let StepKind::Restore { bytes, .. } = &step.kind else { unreachable!("it is one") };
        bytes.0 as f64 / f64::from(1 << 30)
    };
    assert_eq!(restore("rpo = 60 h; rto = 3 days"), 107.0);
    assert_eq!(restore("rpo = 60 h; rto = 3 days; tolerate = 1 missed run"), 115.0);
}

#[test]
fn a_store_alone_costs_no_data_and_has_bounds_of_its_own() {
    let spec = "data o : t { on = db path \"/o\"; size = 1 GiB; writes = 1 KiB/s; files = independent
        backup sb { full = daily 01:00; keep = 30 days } }";
    let v = |tier: &str| {
        let c = compiled(tier, spec);
        let v = verdict(&c, "o.rpo", "store sb").clone();
        (v.status, v.predicted, v.allowed)
    };
    let free = |allowed| (Status::Proved, Some(Duration::ZERO), allowed);
    assert_eq!(v("rpo = 25 h; rto = 9 h"), free(Duration::from_hours(25)));
    assert_eq!(v("rpo = 25 h; rto = 9 h; host { rpo = 1 h }"), free(Duration::from_hours(1)));
    assert_eq!(
        v("rpo = 25 h; rto = 9 h; host { rpo = 1 h }; store { rpo = 2 h }"),
        free(Duration::from_hours(2))
    );
}

#[test]
fn a_store_that_is_gone_serves_no_more() {
    let spec = "data o : t { on = db path \"/o\"; size = 1 GiB; writes = 1 KiB/s; files = independent
        backup sb { full = daily 01:00; keep = 30 days } }
        scenario both { lose = [store sb, host db] }";
    let c = compiled("rpo = 25 h; rto = 9 h", spec);
    assert_eq!(status(&c, "o.rpo", "both"), Status::Refuted);
    assert_eq!(status(&c, "o.rpo", "host db"), Status::Proved);
}

#[test]
fn a_site_that_is_cut_off_is_fenced_by_somebody_there() {
    let c = compiled("rpo = 1 s; rto = 9 h", &rolling("async"));
    let (cut, gone) = (verdict(&c, "o.rto", "site a isolated"), verdict(&c, "o.rto", "site a"));
    // People take as long to be sure of it, and the replica as long to be promoted.
    assert_eq!((cut.status, cut.predicted), (gone.status, gone.predicted));
    assert_eq!(verdict(&c, "o.rpo", "site a isolated").predicted, verdict(&c, "o.rpo", "site a").predicted);
    let p = plan(&c, "site a isolated");
    let fence = p.steps.iter().position(|s| matches!(s.kind, StepKind::Fence { reachable: false, .. }));
    let promote = p.steps.iter().position(|s| matches!(s.kind, StepKind::Promote { .. }));
    let (fence, promote) = (fence.expect("a fence"), promote.expect("a promotion"));
    assert_eq!(p.steps[fence].actor, Actor::Person);
    assert!(p.steps[promote].after.contains(&fence));
    assert!(p.notes.iter().any(|n| n.contains("is discarded when a copy is promoted")), "{:?}", p.notes);
    // What people are asked to confirm can be done only there.
    let plans = c.plans().expect("plans that can be followed");
    let templates = Templates::default();
    let input = Input { model: &c.model, ops: &c.ops, plans: &plans, templates: &templates };
    let mut tree = ArtifactTree::new();
    Plans.emit(input, &mut tree).expect("files");
    let says = |folder: &str, words: &str| {
        let path = format!("{folder}/plan.md");
        let files = tree.iter().filter(|(p, _)| p.ends_with(&path));
        let text: Vec<String> = files.map(|(_, a)| String::from_utf8_lossy(&a.bytes).into_owned()).collect();
        assert_eq!(text.len(), 1, "{path}");
        text.concat().contains(words)
    };
    assert!(says("site-a-isolated", "Somebody at a, reached by telephone"));
    assert!(!says("site-a", "reached by telephone"));
}

#[test]
fn nobody_promotes_what_no_tier_wants_back() {
    // Without a recovery time the data stays where it is: nothing is lost, while the loss of the
    // site costs what the replica lacks.
    let c = compiled("rpo = 0 s", &rolling("async"));
    assert_eq!(status(&c, "o.rpo", "site a isolated"), Status::Proved);
    assert_ne!(status(&c, "o.rpo", "site a"), Status::Proved);
    assert!(plan(&c, "site a isolated").choices.is_empty());
    // A service that promises a time wants it back, so a copy is promoted, and loses.
    let served = rolling("async")
        + "\ntier soon { rto = 9 h } 
           pool w { members = [bkb]; port = 80 }
           service s : soon { runs-on = w; needs = [o]; start = 1 s }";
    let c = compiled("rpo = 0 s", &served);
    assert_ne!(status(&c, "o.rpo", "site a isolated"), Status::Proved);
    assert!(plan(&c, "site a isolated").choices.iter().all(|c| c.means == Means::Promote));
    assert_eq!(status(&c, "s.rto", "site a isolated"), Status::Proved);
}

#[test]
fn what_goes_on_out_of_reach_is_not_lost_and_not_back() {
    // The only backup stands in the site that is cut off too.
    let spec = "data o : t { on = db path \"/o\"; size = 1 GiB; writes = 1 KiB/s; files = independent
        backup sa { full = daily 01:00; keep = 30 days } }";
    let c = compiled("rpo = 25 h; rto = 9 h", spec);
    assert_eq!(status(&c, "o.rpo", "site a isolated"), Status::Proved);
    assert_eq!(verdict(&c, "o.rpo", "site a isolated").predicted, Some(Duration::ZERO));
    assert_eq!(status(&c, "o.rto", "site a isolated"), Status::Refuted);
    assert_eq!(verdict(&c, "o.rto", "site a isolated").reason, Some(Reason::CutOff("a".into())));
}

/// A pool of six servers, three in each site, of which two carry the load.
const POOL: &str = "
    site c { timezone = \"UTC\"
        host w1 { address = 10.0.2.1; replace = 1 h }; host w2 { address = 10.0.2.2; replace = 1 h }
        host w3 { address = 10.0.2.3; replace = 3 h } }
    site d { timezone = \"UTC\"
        host v1 { address = 10.0.3.1; replace = 1 h }; host v2 { address = 10.0.3.2; replace = 1 h } }
    pool w { members = [w1, w2, w3, v1, v2]; needs = 2; port = 80 }
    service s : t { runs-on = w; start = 1 s }
";

fn cases(c: &Compiled, of: &str) -> Vec<String> {
    let names = c.verdicts.scenarios.iter().map(|s| s.name(&c.model));
    names.filter(|n| n.starts_with(&format!("{of} ("))).collect()
}

#[test]
fn hosts_that_are_alike_make_one_case() {
    // w1 and w2 are alike, v1 and v2 are, w3 takes longer to replace: of ten pairs
    // {w1 w2}, {w w3}, {w v}, {w3 v} and {v1 v2} are left.
    let c = compiled("rto = 9 h", &format!("{POOL} scenario two {{ lose = any 2 hosts of pool w }}"));
    let mut found = cases(&c, "two");
    found.sort();
    assert_eq!(found, ["two (v1, v2)", "two (w1, v1)", "two (w1, w2)", "two (w1, w3)", "two (w3, v1)"]);
    let notes = plan(&c, "two (w1, v1)").notes;
    assert!(notes.iter().any(|n| n.contains("any 1 of `w1`, `w2`; any 1 of `v1`, `v2`")), "{notes:?}");
}

#[test]
fn the_worst_case_is_as_bad_as_the_worst_of_all_that_it_stands_for() {
    // Any four of five leave one server, and two are needed: one must be replaced, in 1 h where
    // there is one of those, which there always is.
    let worst = |scenarios: &str| {
        let c = compiled("rto = 9 h", &format!("{POOL} {scenarios}"));
        let all = c.verdicts.list.iter().filter(|v| name(&c, v).starts_with("four"));
        all.map(|v| (v.status, v.predicted)).max_by_key(|(_, p)| p.unwrap_or(Duration::MAX))
    };
    let all = ["w1", "w2", "w3", "v1", "v2"];
    let each: Vec<String> = (0..5)
        .map(|left| {
            let lost: Vec<String> =
                (0..5).filter(|n| *n != left).map(|n| format!("host {}", all[n])).collect();
            format!("scenario four{left} {{ lose = [{}] }}", lost.join(", "))
        })
        .collect();
    let all = worst(&each.join("\n"));
    assert!(all.is_some_and(|(s, p)| s == Status::Proved && p > Some(Duration::from_hours(1))), "{all:?}");
    assert_eq!(worst("scenario four { lose = any 4 hosts of pool w }"), all);
}

#[test]
fn any_two_of_three_databases_are_three_cases_and_the_worst_is_named() {
    let spec = "cluster k : maria { primary = db; replicas = [db2, dbb] }
        data o : t { on = k; size = 9 GiB; writes = 3 MiB/s; replica db2 { mode = async }; replica dbb { mode = async } }
        scenario two { lose = any 2 of [db, db2, dbb] }
        scenario all { lose = [any 2 hosts of cluster k, link l] }";
    let c = compiled("rpo = 1 s; rto = 9 h", spec);
    assert_eq!(cases(&c, "two").len(), 3);
    assert_eq!(status(&c, "o.rpo", "two (db, db2)"), Status::Proved);
    // With the link cut too, the replica of the other site still serves.
    assert_eq!(cases(&c, "all").len(), 3);
    // Nothing is left of all three.
    let c = compiled("rpo = 1 s; rto = 9 h", &spec.replace("any 2 of", "any 3 of"));
    assert_eq!(status(&c, "o.rpo", "two (db, db2, dbb)"), Status::Refuted);
    let told = c.problems.iter().find(|p| p.entry.name == "rpo-not-met").expect("a finding");
    assert!(
        told.labels.iter().any(|l| l.text.contains("two (db, db2, dbb)"))
            || told.notes.iter().any(|n| n.contains("two (db, db2, dbb)")),
        "{told:?}"
    );
}

#[test]
fn more_than_there_are_cannot_be_lost() {
    let c = compiled("rto = 9 h", "scenario two { lose = any 3 of [db, db2] }");
    assert_eq!(findings(&c), ["out-of-range"]);
    let c = compiled("rto = 9 h", "scenario two { lose = [link l]; then { after = 0 s; lose = [host db] } }");
    assert_eq!(findings(&c), ["out-of-range"]);
}

/// A tree in `a` backed up in `b`.
fn backed(server: &str) -> String {
    format!(
        "backup-server d {{ host = bkb; stores = [sb]; {server} }}
         data o : t {{ on = db path \"/o\"; size = 1 GiB; writes = 1 KiB/s; files = independent
             backup sb {{ full = daily 01:00; keep = 30 days }} }}"
    )
}

#[test]
fn a_backup_without_its_key_is_no_backup() {
    // Under the loss of the host that holds the only key, its backup opens for nobody.
    let c = compiled("rpo = 25 h; rto = 9 h", &backed("keys = [db]"));
    let v = verdict(&c, "o.rpo", "host db");
    assert_eq!((v.status, v.reason.as_ref().map(Reason::name)), (Status::Refuted, Some("keys-lost")));
    for safe in ["keys = [db, bkb]", "keys = [b]", "keys = [db, sb]", ""] {
        let c = compiled("rpo = 25 h; rto = 9 h", &backed(safe));
        assert_eq!(status(&c, "o.rpo", "site a"), Status::Proved, "{safe}");
    }
    // The director goes with its site and its key; the one that stands by reads the volumes, and
    // cannot open them.
    let far = backed("keys = [bka]").replace("host = bkb; stores", "host = bka; stores");
    let v = compiled("rpo = 25 h; rto = 9 h", &far);
    assert_eq!(verdict(&v, "o.rpo", "site a").reason.as_ref().map(Reason::name), Some("keys-lost"));
    assert_eq!(status(&v, "o.rpo", "host db"), Status::Proved);
    // A safe in the site that burns.
    let c = compiled("rpo = 25 h; rto = 9 h", &backed("keys = [a]"));
    assert_eq!(status(&c, "o.rpo", "site a"), Status::Refuted);
    assert_eq!(status(&c, "o.rpo", "host db"), Status::Proved);
}

#[test]
fn a_plan_that_nobody_can_read_or_run_brings_nothing_back() {
    let with = |control: &str| {
        let c = compiled("rpo = 1 s; rto = 9 h", &format!("{}\n{control}", rolling("async")));
        let v = verdict(&c, "o.rto", "site a");
        // The copy is there all the same.
        assert_eq!(status(&c, "o.rpo", "site a"), Status::Proved, "{control}");
        (v.status, v.reason.as_ref().map(Reason::name))
    };
    assert_eq!(with(""), (Status::Proved, None));
    assert_eq!(
        with("control { hosts = [bka]; plans = [bkb] }"),
        (Status::Refuted, Some("control-host-lost"))
    );
    assert_eq!(with("control { hosts = [bkb]; plans = [bka] }"), (Status::Refuted, Some("plans-lost")));
    assert_eq!(with("control { hosts = [bka, bkb]; plans = [bka, b] }"), (Status::Proved, None));
}

#[test]
fn a_control_host_must_reach_what_it_works_on() {
    // The replica stands in `b`; the only control host in `a` reaches it until the link is cut.
    let spec = rolling("async")
        + "\ncontrol { hosts = [bka]; plans = [bka] }
        scenario both { lose = [host db, link l] }";
    let c = compiled("rpo = 1 s; rto = 9 h", &spec);
    assert_eq!(status(&c, "o.rto", "host db"), Status::Proved);
    let v = verdict(&c, "o.rto", "both");
    assert_eq!((v.status, &v.reason), (Status::Refuted, &Some(Reason::ControlHostLost)));
}

#[test]
fn an_attacker_leaves_a_control_host_with_credentials_of_its_own() {
    let estate = |credentials: &str| {
        let sites = sites()
            .replace(
                "host bkb { address = 10.0.1.2 }",
                &format!("host bkb {{ address = 10.0.1.2; {credentials} }}"),
            )
            .replace(
                "store sb { host = bkb;",
                "store sb { host = bkb; immutable = 60 days; enforced = \"lock\";",
            );
        raw(&format!(
            "{PEOPLE} tier t {{ rpo = 25 h; rto = 30 h }}
             credentials far
             {sites} {}
             control {{ hosts = [bkb]; plans = [b] }}",
            backed("")
        ))
    };
    assert_eq!(status(&estate("credentials = [far]"), "o.rto", "hostile"), Status::Proved);
    let c = estate("");
    assert_eq!(verdict(&c, "o.rto", "hostile").reason, Some(Reason::ControlHostLost));
}

/// One site that works, one that stands by; the records are changed on a host of the first.
fn named(replace: &str) -> String {
    format!(
        "{PEOPLE} tier t {{ rto = 9 h }}
         site a {{ timezone = \"UTC\"
             host w1 {{ address = 10.0.0.1 }}; host lb1 {{ address = 10.0.0.2 }}; host ns {{ address = 10.0.0.53; {replace} }} }}
         site b {{ timezone = \"UTC\"
             host w2 {{ address = 10.0.1.1 }}; host lb2 {{ address = 10.0.1.2 }} }}
         link l : a <-> b {{ bandwidth = 10 Gbit/s; rtt = 1 ms }}
         pool w {{ members = [w1]; standby = [w2]; port = 80 }}
         vip va {{ address = 10.0.0.100/24; on = [lb1]; serves = w }}
         vip vb {{ address = 10.0.1.100/24; on = [lb2]; serves = w }}
         dns n {{ name = \"s.example.com\"; ttl = 60 s; points = [va]; failover = [vb]; server = 10.0.0.53 }}
         service s : t {{ runs-on = w; start = 1 s; reached = [n] }}
         scenario three {{ lose = [host w1, host lb1, host ns] }}"
    )
}

#[test]
fn records_cannot_be_switched_on_a_server_that_is_lost() {
    let c = raw(&named(""));
    let v = verdict(&c, "s.rto", "three");
    assert_eq!((v.status, &v.reason), (Status::Refuted, &Some(Reason::NameServerLost("ns".into()))));
    // On a machine brought in its stead it takes that long, 2 h, and the decision before it.
    let c = raw(&named("replace = 2 h"));
    let v = verdict(&c, "s.rto", "three");
    assert_eq!(v.status, Status::Proved);
    assert!(seconds(v) > 2.25 * 3600.0);
}

/// A vault of passwords and a tree whose store it opens, both in `a`.
fn opened(secrets: &str) -> String {
    let sites = sites().replace("store sb { host = bkb;", "store sb { opened-by = [secrets]; host = bkb;");
    format!(
        "{PEOPLE} tier t {{ rpo = 25 h; rto = 9 h }} {sites}
         data o : t {{ on = db path \"/o\"; size = 1 GiB; writes = 1 KiB/s; files = independent
             backup sb {{ full = daily 01:00; keep = 30 days }} }}
         data secrets : t {{ on = db2 path \"/s\"; size = 1 GiB; writes = 1 KiB/s; files = independent; {secrets} }}"
    )
}

#[test]
fn what_opens_a_store_comes_back_first() {
    // The tree's name comes first, and its restore waits all the same.
    let c = raw(&opened("mirror dbb { at = every 30 min; path = \"/m\" }"));
    assert_eq!(status(&c, "o.rto", "site a"), Status::Proved);
    let p = plan(&c, "site a");
    let step =
        |wanted: &dyn Fn(&StepKind) -> bool| p.steps.iter().position(|s| wanted(&s.kind)).expect("a step");
    let vault = c.model.data.iter().find(|(_, d)| d.name == "secrets").expect("it").0;
    let seen = step(&|k| matches!(k, StepKind::VerifyData { data, .. } if *data == vault));
    let restore = step(&|k| matches!(k, StepKind::Restore { .. }));
    assert!(p.steps[restore].after.contains(&seen));
    assert!(p.steps[restore].start >= p.steps[seen].finish);
}

#[test]
fn a_circle_that_one_scenario_closes_is_its_verdict() {
    // A second backup of the vault stands in `a`, so nothing is wrong on most days; when `a` is
    // gone the other one is opened by what it holds.
    let both =
        "backup sa { full = daily 02:00; keep = 30 days }; backup sb { full = daily 03:00; keep = 30 days }";
    let c = raw(&opened(both));
    assert!(!findings(&c).contains(&"recovery-cycle"));
    assert_eq!(status(&c, "o.rto", "host db"), Status::Proved);
    assert_eq!(status(&c, "secrets.rto", "host db2"), Status::Proved);
    assert_eq!(verdict(&c, "secrets.rpo", "site a").reason, Some(Reason::Circle("secrets".into())));
    assert_eq!(verdict(&c, "o.rto", "site a").reason, Some(Reason::Needs("secrets".into())));
}

#[test]
fn a_circle_is_shown_edge_by_edge() {
    let c = raw(&opened("backup sb { full = daily 03:00; keep = 30 days }"));
    let told = c.problems.iter().find(|p| p.entry.name == "recovery-cycle").expect("a finding");
    let mut edges: Vec<&str> = told.labels.iter().map(|l| l.text.as_str()).collect();
    edges.push(&told.primary.text);
    assert_eq!(edges, ["1: `secrets` comes back from `sb`", "2: `sb` is opened by `secrets`"]);
    assert_eq!(findings(&c).iter().filter(|n| **n == "recovery-cycle").count(), 1);
    // Two stores that open one another by what they hold.
    let spec = format!(
        "{PEOPLE} {}
         data x {{ on = db path \"/x\"; size = 1 GiB; writes = 1 KiB/s; files = independent; backup sa {{ full = daily 01:00; keep = 30 days }} }}
         data y {{ on = dbb path \"/y\"; size = 1 GiB; writes = 1 KiB/s; files = independent; backup sb {{ full = daily 01:00; keep = 30 days }} }}",
        sites()
            .replace("store sa { host = bka;", "store sa { opened-by = [y]; host = bka;")
            .replace("store sb { host = bkb;", "store sb { opened-by = [x]; host = bkb;")
    );
    let c = raw(&spec);
    let told = c.problems.iter().find(|p| p.entry.name == "recovery-cycle").expect("a finding");
    assert_eq!(told.labels.len(), 3, "{told:?}");
}

/// Two services, one of which needs the other.
fn two_services(auth: &str) -> String {
    format!(
        "pool p {{ members = [db, dbb]; needs = 1; port = 80 }}
         pool q {{ members = [db2]; {auth}; port = 81 }}
         service auth : t {{ runs-on = q; start = 30 s }}
         service shop : t {{ runs-on = p; needs = [auth]; start = 1 s }}"
    )
}

#[test]
fn a_service_waits_for_the_service_that_it_needs() {
    let c = compiled("rto = 9 h", &two_services("standby = [bkb]"));
    let (shop, auth) = (verdict(&c, "shop.rto", "host db2"), verdict(&c, "auth.rto", "host db2"));
    assert_eq!((shop.status, auth.status), (Status::Proved, Status::Proved));
    assert!(shop.predicted > auth.predicted);
    // Without a server for the one there is none of the other.
    let spec = two_services("needs = 1").replace("members = [db2]", "members = [bare]");
    let bare = "site e { timezone = \"UTC\"; host bare { address = 10.0.9.1 } }";
    let c = compiled("rto = 9 h", &format!("{spec}\n{bare}"));
    let v = verdict(&c, "shop.rto", "host bare");
    assert_eq!((v.status, &v.reason), (Status::Refuted, &Some(Reason::Needs("auth".into()))));
    // Each other's: an error, and nothing proved.
    let c = compiled(
        "rto = 9 h",
        &two_services("needs = 1").replace("start = 30 s", "needs = [shop]; start = 30 s"),
    );
    assert_eq!(findings(&c).iter().filter(|n| **n == "recovery-cycle").count(), 1);
    assert!(
        c.verdicts.list.iter().filter(|v| name(&c, v) == "host db2").all(|v| v.status == Status::Refuted)
    );
}

#[test]
fn plans_say_whether_a_majority_is_left() {
    let spec = "site c { timezone = \"UTC\"; host w { address = 10.0.2.1 } }
        cluster k : maria { primary = db; replicas = [dbb]; witness = w }
        data o : t { on = k; size = 9 GiB; writes = 3 MiB/s; replica dbb { mode = async } }
        scenario both { lose = [host db, host w] }";
    let c = compiled("rpo = 1 s; rto = 9 h", spec);
    let says = |under: &str, what: &str| plan(&c, under).notes.iter().any(|n| n.contains(what));
    assert!(says("host db", "2 of the 3 votes of `k` are left, a majority"));
    assert!(says("both", "1 of the 3 votes of `k` are left, no majority"));
    // People promote, in 15 min and a step of 4 min at least.
    assert!(seconds(verdict(&c, "o.rto", "host db")) > 19.0 * 60.0);
    assert!(!findings(&c).iter().any(|f| ["even-votes", "no-quorum"].contains(f)), "{:?}", findings(&c));
}

#[test]
fn one_acknowledging_replica_beside_the_primary_proves_nothing_for_the_site() {
    // MariaDB waits for one of two. When the site is gone the one that answered may be gone with
    // it; and after 10 s a semi-sync primary goes on alone whatever happens.
    let spec = |mode: &str| {
        format!(
            "cluster k : maria {{ primary = db; replicas = [db2, dbb] }}
             data o : t {{ on = k; size = 9 GiB; writes = 3 MiB/s; replica db2 {{ mode = {mode} }}; replica dbb {{ mode = {mode} }} }}"
        )
    };
    let c = compiled("rpo = 0 s; rto = 9 h", &spec("semi-sync"));
    assert_ne!(status(&c, "o.rpo", "site a"), Status::Proved);
    assert_ne!(status(&c, "o.rpo", "host db"), Status::Proved);
    // Without falling back it is proved for the host, where both are left, and not for the site.
    let c = compiled("rpo = 0 s; rto = 9 h", &spec("sync"));
    assert_eq!(status(&c, "o.rpo", "host db"), Status::Proved);
    assert_ne!(status(&c, "o.rpo", "site a"), Status::Proved);
    // With two acknowledgements both have everything.
    let text = format!("{PEOPLE} tier t {{ rpo = 0 s; rto = 9 h }} {} {}", sites(), spec("sync"))
        .replace("acknowledgements = 1", "acknowledgements = 2");
    assert_eq!(status(&raw(&text), "o.rpo", "site a"), Status::Proved);
}

#[test]
fn a_run_in_progress_when_contents_go_wrong_is_no_clean_point() {
    // 100 GiB over 90 % of 100 Mbit/s, 11.25 MB/s, take 2 h 39 min. Wrong just before the run ends,
    // its end is wrong too: what is right is of the run before, which began 24 h earlier. 26 h 39
    // min are lost; that the run in progress began only 2 h 39 min ago is of no use.
    let spec = "data o : t { on = db path \"/o\"; size = 100 GiB; writes = 1 KiB/s; files = independent
        backup sb { full = daily 01:00; keep = 30 days } }";
    let at = |rpo: &str| {
        let text = format!("{PEOPLE} tier t {{ rpo = {rpo}; rto = 20 h }} {} {spec}", sites())
            .replace("bandwidth = 10 Gbit/s", "bandwidth = 100 Mbit/s");
        let c = raw(&text);
        (status(&c, "o.rpo", "corruption"), seconds(verdict(&c, "o.rpo", "corruption")) / 3600.0)
    };
    let (met, hours) = at("27 h");
    assert_eq!(met, Status::Proved);
    assert!((26.65..26.7).contains(&hours), "{hours}");
    assert_eq!(at("26 h").0, Status::Refuted);
}

#[test]
fn a_copy_of_older_runs_is_surely_no_older_than_they_are() {
    // Daily fulls that are gone when it is noticed, and copies of them on Sundays. A copy that is made
    // after contents went wrong still brings the last full of before: more than a day and a run need
    // not be lost, however long the last copy is ago.
    let spec = "cluster c : maria { primary = db }
        data o : t { on = c; size = 1 GiB; writes = 1 KiB/s
            backup sa { full = daily 01:00; keep = 2 days }; copy sb { of = sa; at = weekly sun 12:00; keep = 60 days } }";
    let text = format!("{PEOPLE} tier t {{ rpo = 9 days; rto = 30 days }} {} {spec}", sites());
    let c = raw(&text.replace("notice = 6 h", "notice = 10 days"));
    let v = verdict(&c, "o.rpo", "corruption");
    assert_eq!(v.status, Status::Proved);
    assert!(seconds(v) > 7.0 * 86_400.0, "{:?}", v.predicted);
    assert!(v.surely <= Duration::from_hours(25), "{:?}", v.surely);
}
