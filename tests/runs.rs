//! Scheduled runs: queues, windows, jitter, overruns, and the nights in which clocks are changed.
//! Each sum is done by hand.

use drlang::base::world::Memory;
use drlang::driver::{Compiled, Options, compile};
use drlang::flow::{Between, LevelFact};
use drlang::judge::{Status, Verdict};
use drlang::model::Objective;
use drlang::quantity::Duration;

/// 2026-01-15, midnight UTC.
const AS_OF: i64 = 1_768_435_200;

const PEOPLE: &str = "
    response duty { detect = 5 min; notice = 6 h; declare = 10 min; confirm = 4 min; operators = 4 }
    engine maria { family = mariadb; port = 3306; amplification = 1; apply = 40 MiB/s; replay = 30 MiB/s
        prepare = 200 MiB/s; load = 20 MiB/s; start = 60 s; promote = 10 s; acknowledgements = 1; fallback = 10 s
        largest-transaction = 4 MiB; physical = true; logs = true }
";

/// A site in a zone, its store, and another place for mirrors; cards of 1 Gbit/s, 125 MB/s.
fn site(zone: &str, store: &str) -> String {
    format!(
        "site a {{ timezone = \"{zone}\"; replace = 2 h
            host db  {{ address = 10.0.0.1; disk = 40 TiB at 900 MiB/s }}
            host db2 {{ address = 10.0.0.2; disk = 4 TiB at 900 MiB/s }}
            host bka {{ address = 10.0.0.3; nic = 10 Gbit/s; disk = 4 TiB at 900 MiB/s }}
            store sa {{ host = bka; path = \"/srv/1\"; capacity = 900 TiB at 900 MiB/s; {store} }} }}
         site b {{ timezone = \"{zone}\"; host far {{ address = 10.0.1.1; disk = 4 TiB at 900 MiB/s }} }}
         link l : a <-> b {{ bandwidth = 100 Mbit/s; rtt = 1 ms; loss = 0 %; window = 8 MiB }}\n"
    )
}

fn compiled(rpo: &str, site: &str, rest: &str) -> Compiled {
    let text = format!("{PEOPLE} tier t {{ rpo = {rpo}; rto = 90 h }}\n{site}\n{rest}");
    let world = Memory([("main.dr".to_owned(), text.into_bytes())].into());
    compile(&world, "main.dr", &Options::from(AS_OF)).expect("it is in memory")
}

#[track_caller]
fn verdict<'a>(c: &'a Compiled, under: &str) -> &'a Verdict {
    let scenario = |v: &Verdict| c.verdicts.scenarios[v.scenario as usize].name(&c.model);
    let mut found = c.verdicts.list.iter();
    found.find(|v| v.objective == Objective::Rpo && scenario(v) == under).unwrap_or_else(|| {
        let told: Vec<&str> = c.problems.iter().map(|p| p.message.as_str()).collect();
        panic!("no verdict under {under}: {told:?}")
    })
}

/// What is known of a job's only or first level.
#[track_caller]
fn level<'a>(c: &'a Compiled, job: &str) -> &'a LevelFact {
    let id = c.ops.jobs.iter().find(|(_, j)| j.name == job).unwrap_or_else(|| panic!("no {job}")).0;
    c.facts.jobs.get(id).and_then(|f| f.levels.first()).expect("a level")
}

fn told(c: &Compiled, name: &str) -> usize {
    c.problems.iter().filter(|p| p.entry.name == name).count()
}

#[track_caller]
fn about(time: Duration, seconds: f64) {
    assert!((time.as_secs_f64() - seconds).abs() <= 20.0, "{time:?}, not {seconds} s");
}

const DATABASE: &str = "
    cluster c : maria { primary = db }
    data o : t { on = c; size = 900 GiB; writes = 1 MiB/s
        backup sa { full = weekly sun 01:00; log = every 5 min; keep = 30 days } }";

#[test]
fn a_gap_that_has_ended_is_felt_until_its_end_is_complete() {
    // There is no 02:00 in Paris on 25 March 2029. From 24 March 02:00 (01:00 UTC) to 26 March 02:00
    // (00:00 UTC) are 47 h, and they end just when the year begins. 600 GiB at 125 MB/s take 5154 s
    // more: whoever strikes at 01:25 finds the run of the 24th. In the year itself no time is left out
    // before 31 March 2030.
    let spec = "data o : t { on = db path \"/o\"; size = 600 GiB; writes = 1 KiB/s; files = independent
        backup sa { full = daily 02:00; keep = 60 days } }";
    let text = format!("{PEOPLE} tier t {{ rpo = 90 h; rto = 90 h }}\n{}\n{spec}", site("Europe/Paris", ""));
    let from = |as_of: i64| {
        let world = Memory([("main.dr".to_owned(), text.clone().into_bytes())].into());
        let c = compile(&world, "main.dr", &Options::from(as_of)).expect("it is in memory");
        let v = verdict(&c, "host db");
        (v.predicted.expect("a bound"), v.surely)
    };
    let run = 5_159.0;
    let (bound, surely) = from(1_869_177_600);
    about(bound, 47.0 * 3600.0 + run);
    // That gap lies before the year, so that it refutes nothing in it. In autumn 02:00 comes twice.
    about(surely, 24.0 * 3600.0 + run);
    // Three days later it is no longer felt.
    let (bound, _) = from(1_869_177_600 + 3 * 86_400);
    about(bound, 24.0 * 3600.0 + run);
}

#[test]
fn logs_queue_behind_the_weekly_full_on_one_drive() {
    // The full reads and writes 900 GiB on the disk of the database, 2048 s at 900 MiB/s, and moves
    // 966.4 GB at 125 MB/s, 7731 s, with 5 s of its own: 9784 s alone, a little more beside logs.
    // On a device of its own a log run of ten minutes, 629 MB beside a full, takes about 15 s.
    let free = compiled("6 min", &site("UTC", ""), DATABASE);
    assert_eq!(verdict(&free, "host db").status, Status::Proved);
    assert_eq!(told(&free, "run-overruns"), 0);
    // With one drive a log that is due with the full waits for all of it; those due meanwhile are
    // left out; it carries all that was written meanwhile. A log every five minutes is not a
    // recovery point of five minutes, nor of 2 h 40 min.
    for rpo in ["6 min", "160 min"] {
        let c = compiled(rpo, &site("UTC", "drives = 1"), DATABASE);
        assert_ne!(verdict(&c, "host db").status, Status::Proved, "{rpo}");
        assert!(told(&c, "run-overruns") > 0);
    }
    let c = compiled("6 h", &site("UTC", "drives = 1"), DATABASE);
    let log = level(&c, "c-sa-log");
    assert!(log.terms.wait > Duration::from_secs(9_784), "{:?}", log.terms);
    // Not more than a tenth above: the bound is of use.
    assert!(log.terms.wait < Duration::from_secs(10_800), "{:?}", log.terms);
    // Due, waiting, at work; the run before began five minutes and its own time earlier.
    let Between::Late(gap) = log.between else { panic!("{:?}", log.between) };
    assert!(gap < Duration::from_mins(12), "{gap:?}");
    assert_eq!(verdict(&c, "host db").status, Status::Proved);
    // Two drives: the log has one.
    let c = compiled("6 min", &site("UTC", "drives = 2"), DATABASE);
    assert_eq!(verdict(&c, "host db").status, Status::Proved);
}

#[test]
fn a_run_that_may_end_outside_of_its_window_is_told_of() {
    // 107.4 GB at 125 MB/s are 859 s, and 5 s: 14 min 24 s.
    let data = |window: &str| {
        format!(
            "data o : t {{ on = db path \"/o\"; size = 100 GiB; writes = 1 B/s; files = independent
                backup sa {{ full = daily 01:30 window {window}; keep = 30 days }} }}"
        )
    };
    for (window, zone, missed) in [
        ("01:00..01:45", "UTC", 0),
        ("01:00..01:44", "UTC", 1),
        ("23:00..01:44", "UTC", 1),
        ("23:00..02:00", "UTC", 0),
        ("02:00..05:00", "UTC", 1),
        // On 29 March the clock of Paris jumps at 02:00 to 03:00: of 01:30 to 02:40 half an hour is
        // left, which is enough.
        ("01:00..02:40", "Europe/Paris", 0),
    ] {
        let c = compiled("26 h", &site(zone, ""), &data(window));
        assert_eq!(told(&c, "window-missed"), missed, "{window} {zone}");
    }
}

/// 27 GB over a link that gives 11.25 MB/s: 2400 s, and 5 s.
fn mirror(at: &str, changed: &str) -> String {
    format!(
        "data o : t {{ on = db path \"/o\"; size = 27 GB; writes = 1 B/s; files = independent; {changed}
            mirror far {{ at = {at}; path = \"/m\" }} }}"
    )
}

#[test]
fn a_late_start_is_counted_in_the_gap() {
    let c = compiled("110 min", &site("UTC", ""), &mirror("every 60 min jitter 10 min", ""));
    let bound = verdict(&c, "host db").predicted.unwrap();
    about(bound, 3600.0 + 600.0 + 2405.0);
    // Fifty minutes are left of the hour; 50 min of jitter leave 10.
    assert_eq!(told(&c, "run-overruns"), 0);
    let c = compiled("110 min", &site("UTC", ""), &mirror("every 60 min jitter 50 min", ""));
    assert_eq!(told(&c, "run-overruns"), 1);
}

#[test]
fn starts_are_left_out_while_a_mirror_runs() {
    // 40 min each, every half hour: each second start is left out. 60 min from start to start, and
    // 40 min of the run: W * ceil(T / W) + T.
    let c = compiled("2 h", &site("UTC", ""), &mirror("every 30 min", ""));
    assert_eq!(told(&c, "run-overruns"), 1);
    let mirror_level = level(&c, "o-far");
    assert_eq!(mirror_level.between, Between::Late(Duration::from_mins(60)));
    let v = verdict(&c, "host db");
    about(v.predicted.unwrap(), 3600.0 + 2405.0);
    assert_eq!(v.status, Status::Proved);
    assert_ne!(
        verdict(&compiled("90 min", &site("UTC", ""), &mirror("every 30 min", "")), "host db").status,
        Status::Proved
    );
    // It grows with the gap: 50 % of the files change in each half hour, 20 min worth of the link;
    // with an hour and more all of them: 40 min. Every 15 min: 20 min the first time, so 30 min from
    // start to start and still 50 %: 30 + 20 min.
    let c = compiled("2 h", &site("UTC", ""), &mirror("every 15 min", "changed = 50 % / 30 min"));
    assert_eq!(level(&c, "o-far").between, Between::Late(Duration::from_mins(30)));
    about(verdict(&c, "host db").predicted.unwrap(), 1800.0 + 1205.0);
}

#[test]
fn bacula_queues_what_is_late() {
    // A full of 10.7 TB every Saturday takes 1 day, an incremental each hour 5 % of a hundredth of
    // that. The hourly ones wait for the full: from its start to theirs lies its own time.
    let data = "data o : t { on = db path \"/o\"; size = 10 TiB; changed = 0.05 % / hour; writes = 1 B/s; files = independent
        backup sa { full = weekly sat 00:30; incremental = every 60 min; keep = 30 days } }";
    let c = compiled("60 h", &site("UTC", ""), data);
    assert!(told(&c, "run-overruns") > 0);
    let full = level(&c, "o-sa");
    let most = full.most.unwrap();
    // 10.995 TB at 125 MB/s.
    about(most, 87_961.0 + 5.0);
    assert_eq!(full.between, Between::Late(most));
    // Just before an incremental that waited for the full is over.
    let v = verdict(&c, "host db");
    let said: Vec<_> = c.problems.iter().map(|d| d.message.clone()).collect();
    assert!(v.predicted.is_some_and(|p| p >= most.plus(Duration::from_mins(30))), "{:?} {said:?}", v.reason);
    assert_eq!(v.status, Status::Proved);
}

#[test]
fn a_log_that_grows_faster_than_it_goes_has_no_bound() {
    // 10 MiB/s are written, 40 Mbit/s, 5 MB/s, are what a run is held to.
    let data = "cluster c : maria { primary = db }
        data o : t { on = c; size = 1 GiB; writes = 10 MiB/s
            backup sa { full = weekly sun 01:00; log = every 15 min; keep = 30 days; limit = 40 Mbit/s } }";
    let c = compiled("9 h", &site("UTC", ""), data);
    assert_eq!(level(&c, "c-sa-log").between, Between::Unbounded);
    assert_ne!(verdict(&c, "host db").status, Status::Proved);
    assert!(told(&c, "run-overruns") > 0);
}

#[test]
fn half_past_two_in_the_nights_of_paris() {
    // Bacula starts nothing at a time that clocks jump over: 28 March 02:30 to 30 March 02:30 are
    // 47 hours. cron starts it right after the jump: the longest day is that of October, 25 hours.
    let backup = "data o : t { on = db path \"/o\"; size = 12.5 GB; writes = 1 B/s; files = independent
        backup sa { full = daily 02:30; keep = 30 days } }";
    for (zone, hours) in [("Europe/Paris", 47.0), ("Asia/Shanghai", 24.0)] {
        let c = compiled("48 h", &site(zone, ""), backup);
        about(verdict(&c, "host db").predicted.unwrap(), hours * 3600.0 + 105.0);
        assert_eq!(told(&c, "run-overruns"), 0, "{zone}");
    }
    for (zone, hours) in [("Europe/Paris", 25.0), ("Asia/Shanghai", 24.0)] {
        let c = compiled("48 h", &site(zone, ""), &mirror("daily 02:30", ""));
        about(verdict(&c, "host db").predicted.unwrap(), hours * 3600.0 + 2405.0);
    }
}

#[test]
fn runs_meet_in_the_night_in_which_an_hour_is_missing() {
    // From 01:30 1.1 TB to the same store at 125 MB/s, the card of each host, 2 h 27 min: until
    // 03:57 on every other night, and until 04:57 on 29 March in Paris, when the other runs from
    // 04:00. The store moves 125 MB/s for both: they share it then.
    let data = "data o : t { on = db path \"/o\"; size = 1 TiB; writes = 1 B/s; files = independent; backup sa { full = daily 01:30; keep = 30 days } }
        data p { on = db2 path \"/p\"; size = 100 GiB; writes = 1 B/s; files = independent; backup sa { full = daily 04:00; keep = 30 days } }";
    for (zone, sharing) in [("Europe/Paris", 2), ("Asia/Shanghai", 1)] {
        let site = site(zone, "").replace("90 TiB at 900 MiB/s", "90 TiB at 125 MB/s");
        let c = compiled("60 h", &site, data);
        assert_eq!(level(&c, "p-sa").terms.sharing, sharing, "{zone}");
    }
}

#[test]
fn a_shorter_interval_or_more_bandwidth_never_worsens_an_isolated_mirror() {
    let bound = |every: u64, rate: u64| {
        let site = site("UTC", "").replace("100 Mbit/s", &format!("{rate} Mbit/s"));
        let at = if every == 1440 { "daily 00:00".to_owned() } else { format!("every {every} min") };
        let c = compiled("9 days", &site, &mirror(&at, "changed = 1 % / 10 min"));
        assert_eq!(told(&c, "run-overruns"), 0);
        verdict(&c, "host db").predicted.unwrap()
    };
    let mut last = Duration::MAX;
    for every in [1440, 720, 360, 120, 60, 30, 15, 10] {
        let now = bound(every, 100);
        assert!(now <= last, "{every}");
        last = now;
    }
    for rate in [120, 200, 500] {
        let now = bound(10, rate);
        assert!(now <= last, "{rate}");
        last = now;
    }
}
