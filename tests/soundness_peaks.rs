//! Bounds that a simulated strike once exceeded, each with the sum by hand that says what is right.

use drlang::base::world::Memory;
use drlang::driver::{Compiled, Options, compile};
use drlang::judge::Verdict;
use drlang::model::Objective;
use drlang::plan::Subject;

/// 2026-01-15, midnight UTC.
const AS_OF: i64 = 1_768_435_200;

/// People: 15 min at most from a loss to the decision, 4 min a step by hand.
const PEOPLE: &str = "
    response duty { detect = 5 min; notice = 6 h; declare = 10 min; confirm = 4 min; operators = 4 }
    tier t { rpo = 40 days; rto = 9 days }
    engine maria { family = mariadb; port = 3306; amplification = 1; apply = 40 MiB/s; replay = 30 MiB/s
        prepare = 200 MiB/s; load = 20 MiB/s; start = 60 s; promote = 10 s; acknowledgements = 1; fallback = 10 s
        largest-transaction = LARGEST; physical = true; logs = true }
";

/// Two sites; all that is not on the link is far faster than it, but for what a test replaces.
const SITES: &str = "
    site a { timezone = \"UTC\"; replace = 2 h
        host db  { address = 10.0.0.1; nic = 1 Gbit/s; disk = 4 TiB at 900 MiB/s }
        host db2 { address = 10.0.0.2; nic = 1 Gbit/s; disk = 4 TiB at 900 MiB/s }
        host bka { address = 10.0.0.3; nic = 1 Gbit/s; disk = 4 TiB at 900 MiB/s }
        store sa { host = bka; path = \"/srv/1\"; capacity = 200 TiB at 900 MiB/s } }
    site b { timezone = \"UTC\"; replace = 2 h
        host dbb { address = 10.0.1.1; nic = 1 Gbit/s; disk = 4 TiB at 900 MiB/s }
        host bkb { address = 10.0.1.2; nic = 1 Gbit/s; disk = 4 TiB at 900 MiB/s }
        store sb { host = bkb; path = \"/srv/1\"; capacity = 200 TiB at 900 MiB/s } }
";

/// 80 Mbit/s of payload, 10 MB/s.
const LINK: &str = "
    link l : a <-> b { bandwidth = 80 Mbit/s; efficiency = 100 %; rtt = 1 ms; loss = 0 %; window = 8 MiB }
";

fn compiled(largest: &str, rest: &str) -> Compiled {
    let text = format!("{}{rest}", PEOPLE.replace("LARGEST", largest));
    let world = Memory([("main.dr".to_owned(), text.as_bytes().to_vec())].into());
    compile(&world, "main.dr", &Options::from(AS_OF)).expect("it is in memory")
}

/// The verdict on the recovery point or time of `name` under a scenario.
#[track_caller]
fn verdict<'a>(c: &'a Compiled, name: &str, objective: Objective, under: &str) -> &'a Verdict {
    let found = c.verdicts.list.iter().find(|v| {
        let Subject::Data(d) = v.subject else { return false };
        v.objective == objective
            && c.model.data[d].name == name
            && c.verdicts.scenarios[v.scenario as usize].name(&c.model) == under
    });
    found.unwrap_or_else(|| {
        let told: Vec<&str> = c.problems.iter().map(|p| p.message.as_str()).collect();
        panic!("no verdict on {name} under {under}: {told:?}")
    })
}

/// The bound, in seconds.
#[track_caller]
fn bound(c: &Compiled, name: &str, objective: Objective, under: &str) -> f64 {
    let v = verdict(c, name, objective, under);
    v.predicted.unwrap_or_else(|| panic!("no bound: {:?}", v.reason)).as_secs_f64()
}

#[test]
fn a_log_run_may_carry_a_transaction_that_was_written_before() {
    // A transaction of 512 MiB commits in the last moment: 537 MB on top of the 92 MB that are
    // written at 100 KiB/s in 15 min. At the 5 MB/s of the limit a run takes 126 s, and 5 s of its
    // own.
    let spec = format!(
        "{SITES}{LINK}cluster c : maria {{ primary = db; replicas = [] }}
         data o : t {{ on = c; size = 1 GiB; writes = 100 KiB/s; response = duty
             backup sa {{ full = daily 01:00; log = every 15 min; keep = 30 days; limit = 40 Mbit/s }} }}"
    );
    let rpo = bound(&compiled("512 MiB", &spec), "o", Objective::Rpo, "host db");
    assert!((900.0 + 131.0..900.0 + 160.0).contains(&rpo), "{rpo}");
    // With transactions of 1 MiB 537 MB less: 107 s.
    let small = bound(&compiled("1 MiB", &spec), "o", Objective::Rpo, "host db");
    assert!((rpo - small - 107.2).abs() < 0.5, "{rpo} {small}");
}

#[test]
fn a_run_waits_for_the_transaction_of_a_stream_on_its_link() {
    // Of 10 MB/s a stream of 1 MB/s leaves 9, and 8.75 are the run's limit: 9 GB take 1028.6 s. While
    // a transaction of 1073.7 MB ships, each has 5 MB/s: for 214.7 s the run lacks 3.75 MB/s, and so
    // ends 92 s later. The bound lets all of it go first, 122.7 s.
    let spec = format!(
        "{SITES}{LINK}cluster c : maria {{ primary = db; replicas = [dbb] }}
         data q : t {{ on = c; size = 1 GiB; writes = 1 MB/s; response = duty; replica dbb {{ mode = async }} }}
         data o : t {{ on = db2 path \"/o\"; size = 9 GB; writes = 1 KiB/s; files = independent; response = duty
             backup sb {{ full = daily 01:00; keep = 30 days; limit = 70 Mbit/s }} }}"
    );
    let rpo = bound(&compiled("1 GiB", &spec), "o", Objective::Rpo, "host db2") - 86_400.0;
    assert!((1033.6 + 92.0..1033.6 + 123.0).contains(&rpo), "{rpo}");
}

#[test]
fn two_streams_on_a_card_ship_their_transactions_at_once() {
    // The card sends 10 MB/s. Both databases commit 67.1 MB at the same moment: each stream has half
    // of it, and both are done after 134.2 MB, 13.4 s.
    let sites = SITES.replace("10.0.0.1; nic = 1 Gbit/s", "10.0.0.1; nic = 80 Mbit/s");
    let one = |n: usize, to: &str| {
        format!(
            "cluster c{n} : maria {{ primary = db; replicas = [{to}] }}
             data o{n} : t {{ on = c{n}; size = 1 GiB; writes = 1 MB/s; response = duty; replica {to} {{ mode = async }} }}\n"
        )
    };
    let both = format!("{sites}{LINK}{}{}", one(1, "db2"), one(2, "bka"));
    let rpo = bound(&compiled("64 MiB", &both), "o1", Objective::Rpo, "host db");
    assert!((13.42..15.0).contains(&rpo), "{rpo}");
    // Alone it has the whole card: 6.7 s.
    let alone = format!("{sites}{LINK}{}", one(1, "db2"));
    let rpo = bound(&compiled("64 MiB", &alone), "o1", Objective::Rpo, "host db");
    assert!((6.71..6.8).contains(&rpo), "{rpo}");
}

#[test]
fn what_is_fetched_from_another_replica_has_what_others_leave_of_the_link() {
    // `dbb` may have a transaction of 67.1 MB more than `db2`. At the 10 MB/s of the link that is
    // 6.7 s, applied in 1.6 s.
    let spec = |more: &str| {
        format!(
            "{SITES}{LINK}cluster c : maria {{ primary = db; replicas = [db2, dbb] }}
             data o : t {{ on = c; size = 1 GiB; writes = 100 KB/s; response = duty
                 replica db2 {{ mode = async }}; replica dbb {{ mode = async }} }}
             {more}"
        )
    };
    let free = bound(&compiled("64 MiB", &spec("")), "o", Objective::Rto, "host db");
    // A tree that is mirrored the same way at up to 40 Mbit/s leaves half of it: 6.7 s more.
    let mirror = "data p : t { on = bkb path \"/p\"; size = 1 GiB; writes = 1 KiB/s; files = independent; response = duty
        mirror bka { at = daily 03:00; path = \"/p\"; limit = 40 Mbit/s } }";
    let half = bound(&compiled("64 MiB", &spec(mirror)), "o", Objective::Rto, "host db");
    assert!((half - free - 6.7).abs() < 0.5, "{half} {free}");
    // At up to the whole of it nothing is sure to be left, and so there is no bound.
    let whole = compiled("64 MiB", &spec(&mirror.replace("40 Mbit/s", "80 Mbit/s")));
    assert_eq!(verdict(&whole, "o", Objective::Rto, "host db").predicted, None);
}

#[test]
fn a_refutation_counts_what_changes_of_what_there_is_today() {
    // A tenth of 10 GB a day at 1 MB/s: 1000 s today. What is there grows by a tenth a month, to
    // 3.4 times as much at the end of the year, but a run may be struck today.
    let spec = format!(
        "{SITES}{LINK}data o : t {{ on = db path \"/o\"; size = 10 GB growing 10 % / 30 days; writes = 1 KiB/s; changed = 10 % / day
             files = independent; response = duty
             mirror db2 {{ at = daily 03:00; path = \"/o\"; limit = 8 Mbit/s }} }}"
    );
    let c = compiled("1 MiB", &spec);
    let surely = verdict(&c, "o", Objective::Rpo, "host db").surely.as_secs_f64() - 86_400.0;
    assert!((999.0..1001.0).contains(&surely), "{surely}");
    assert!(bound(&c, "o", Objective::Rpo, "host db") - 86_400.0 > 3000.0);
}

#[test]
fn a_physical_backup_is_of_the_end_of_its_staging() {
    // Staging 100 GB is written and read again on the same disk of 94.4 MB/s: 2119 s. The last
    // backup is of up to 2124 s after its start, and one that is in transfer when contents go wrong
    // ends with nothing wrong in it: surely no more than 24 h less that is lost, and no transfer on
    // top.
    let sites = SITES.replace(
        "10.0.0.1; nic = 1 Gbit/s; disk = 4 TiB at 900",
        "10.0.0.1; nic = 1 Gbit/s; disk = 4 TiB at 90",
    );
    let spec = format!(
        "{sites}{LINK}cluster c : maria {{ primary = db; replicas = [] }}
         data o : t {{ on = c; size = 100 GB; writes = 1 KiB/s; response = duty
             backup sa {{ full = daily 01:00; keep = 30 days }} }}"
    );
    let c = compiled("1 MiB", &spec);
    let surely = verdict(&c, "o", Objective::Rpo, "corruption").surely.as_secs_f64();
    assert!((86_400.0 - 2200.0..=86_400.0 - 2124.0).contains(&surely), "{surely}");
}

#[test]
fn a_replica_that_catches_up_writes_as_fast_as_it_applies() {
    // A burst comes over the card, which is faster than the 40 MiB/s that the replica applies. Of a
    // disk of 50 MiB/s 10 are left: 10 GiB take 1024 s. What is written on average would leave 49.
    let sites = SITES.replace(
        "10.0.1.1; nic = 1 Gbit/s; disk = 4 TiB at 900",
        "10.0.1.1; nic = 1 Gbit/s; disk = 4 TiB at 50",
    );
    let link = LINK.replace("80 Mbit/s", "10 Gbit/s");
    let spec = format!(
        "{sites}{link}cluster c : maria {{ primary = db; replicas = [dbb] }}
         data q : t {{ on = c; size = 1 GiB; writes = 1 MiB/s {{ burst = 1 GiB }}; response = duty; replica dbb {{ mode = async }} }}
         data o : t {{ on = dbb path \"/o\"; size = 10 GiB; writes = 1 B/s; files = independent; response = duty
             backup sb {{ full = daily 01:00; keep = 30 days }} }}"
    );
    let rpo = bound(&compiled("1 MiB", &spec), "o", Objective::Rpo, "host dbb") - 86_400.0;
    assert!((1029.0..1031.0).contains(&rpo), "{rpo}");
}

#[test]
fn each_run_that_is_copied_is_a_job_of_its_own() {
    // Logs of every hour, copied once a day: 24 of them and the one that ends at either edge, 5 s
    // each.
    let spec = format!(
        "{SITES}{LINK}cluster c : maria {{ primary = db; replicas = [] }}
         data o : t {{ on = c; size = 1 MB; writes = 1 B/s; response = duty
             backup sa {{ full = daily 01:00; log = every 1 h; keep = 30 days }}
             copy sb {{ of = sa; at = daily 02:30 }} }}"
    );
    let divided =
        spec.replace("window = 8 MiB }", "window = 8 MiB; share { replication = 40 %; backup = 60 % } }");
    let rpo = bound(&compiled("1 B", &divided), "o", Objective::Rpo, "site a");
    // A day, and the hour of the newest that a copy finds; 120 s of jobs at least.
    assert!((90_000.0 + 120.0..90_000.0 + 160.0).contains(&rpo), "{rpo}");
}

#[test]
fn an_hour_that_clocks_show_twice_is_written_in_twice() {
    // Sundays from 02:00 to 03:00 20 MB/s, through 10 MB/s: in one hour 36 GB more come than go,
    // which takes 3600 s. On 25 October 2026 that hour comes twice in Berlin: 7200 s.
    let spec = format!(
        "{SITES}{LINK}cluster c : maria {{ primary = db; replicas = [dbb] }}
         data o : t {{ on = c; size = 1 GiB; writes = 1 MB/s {{ sun 02:00..03:00 = 20 MB/s }}; response = duty; replica dbb {{ mode = async }} }}"
    );
    let rpo = bound(&compiled("1 B", &spec), "o", Objective::Rpo, "host db");
    assert!((3600.0..3601.0).contains(&rpo), "{rpo}");
    let berlin = spec.replace("site a { timezone = \"UTC\"", "site a { timezone = \"Europe/Berlin\"");
    let rpo = bound(&compiled("1 B", &berlin), "o", Objective::Rpo, "host db");
    assert!((7200.0..7201.0).contains(&rpo), "{rpo}");
}
