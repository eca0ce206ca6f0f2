//! What stores and disks have room for, and where volumes run out: each sum by hand.

#[path = "support/by_hand.rs"]
mod by_hand;

use by_hand::{PEOPLE, SITES, link, promised, raw, status, verdict};
use drlang::base::world::Memory;
use drlang::driver::{Compiled, Options, compile};
use drlang::flow::Horizon;
use drlang::judge::Status;
use drlang::plan::Reason;

#[test]
fn a_store_has_room_for_what_missed_runs_do_not_recycle() {
    // Fulls of 100 GiB on Sundays, 1 GiB on each other day, of which each takes a volume that is free
    // after 13 days: fourteen volumes with two fulls among them, 212 GiB. When Thursday's run is missed
    // nothing is recycled then, and after the next Sunday's there are three fulls.
    let most = |promises: &str| {
        let spec = link("l", "10 Gbit/s", "")
            + "data o : t { on = db path \"/o\"; size = 100 GiB; writes = 1 KiB/s; changed = 1 % / day; files = independent; response = duty
                backup sb { full = weekly sun 02:00; incremental = daily 02:00; keep = 4 days } }";
        let c = promised(promises, &spec);
        let (store, _) = c.model.stores.iter().find(|(_, s)| s.name == "sb").expect("the store");
        c.facts.capacity.stores.get(store).expect("a fact").peak.0 as f64 / f64::from(1 << 30)
    };
    let usual = most("rpo = 4 days; rto = 30 h");
    assert!((212.0..215.0).contains(&usual), "{usual}");
    let missed = most("rpo = 4 days; rto = 30 h; tolerate = 1 missed run");
    assert!(missed >= 312.0, "{missed}");
}

#[test]
fn a_pool_runs_out_where_a_run_that_waits_finds_its_volume_closed() {
    // Daily at 02:00, two runs of 14 min to a volume: one is closed 25 h after its first byte. On Sundays
    // the only place is taken from 01:30 until 03:10, so that Sunday's finds Saturday's volume 25 h 10
    // min old: it begins a third, and the first, last written on Wednesday, 96 h 56 min ago, is kept 98.
    let spec = |volumes: &str, big: &str| {
        link("l", "10 Gbit/s", "share { backup = 50 % }")
            + &format!(
                "backup-server d {{ host = bkb; stores = [sb]; jobs = 1 }}
                 data o : t {{ on = db path \"/o\"; size = 100 GiB; writes = 1 KiB/s; changed = 1 % / day; files = independent; response = duty
                   backup sb {{ full = daily 02:00; keep = 1 day; pool {{ keep = 98 h; runs = 7; use-duration = 25 h; {volumes} }} }} }}
                 data big {{ on = db2 path \"/o\"; size = 700 GiB; writes = 1 KiB/s; changed = 1 % / day; files = independent; response = duty
                   backup sb {{ full = {big}; keep = 1 day; pool {{ keep = 2 days }} }} }}"
            )
    };
    let of = |volumes: &str, big: &str| {
        let c = promised("rpo = 30 h; rto = 9 h", &spec(volumes, big));
        let told = c.problems.iter().any(|p| p.entry.name == "pool-exhausted");
        (status(&c, "o.rpo", "host db"), told)
    };
    assert_eq!(of("volumes = 3", "weekly sun 01:30"), (Status::Unknown, true));
    assert_eq!(of("volumes = 9", "weekly sun 01:30"), (Status::Proved, false));
    // In the afternoon nobody waits, and every volume has two runs.
    assert_eq!(of("volumes = 4", "weekly sun 14:00"), (Status::Proved, false));
}

#[test]
fn a_copy_that_comes_a_day_late_fills_a_volume_more() {
    // Done at 01:14 and copied at 01:20; on Saturdays, when it shares the card with a larger one, done
    // at 01:28 and copied on Sunday. On Thursday at 01:20 the copies of Saturday and Sunday are 95.8 and
    // 95.5 h old and kept for 96, and so are three more: five volumes are all in use.
    let spec = |volumes: u32, big: &str| {
        link("l", "10 Gbit/s", "share { backup = 50 % }")
            + &format!(
                "data o : t {{ on = db path \"/o\"; size = 100 GiB; writes = 1 KiB/s; changed = 1 % / day; files = independent; response = duty
                   backup sa {{ full = daily 01:00; keep = 10 days }}
                   copy sb {{ of = sa; at = daily 01:20; keep = 1 day; pool {{ keep = 4 days; volumes = {volumes} }} }} }}
                 data big {{ on = db path \"/big\"; size = 700 GiB; writes = 1 KiB/s; changed = 1 % / day; files = independent; response = duty
                   backup sa {{ full = {big}; keep = 10 days }} }}"
            )
    };
    let of = |volumes: u32, big: &str| {
        status(&promised("rpo = 60 h; rto = 9 h", &spec(volumes, big)), "o.rpo", "site a")
    };
    assert_eq!(of(5, "weekly sat 00:50"), Status::Unknown);
    assert_eq!(of(6, "weekly sat 00:50"), Status::Proved);
    assert_eq!(of(5, "weekly sat 12:00"), Status::Proved);
}

#[test]
fn nothing_is_proved_of_a_mirror_whose_disk_fills() {
    // 500 GiB on a disk of 400 GiB have no room; on one of 4 TiB they have.
    let of = |disk: &str| {
        let sites = SITES.replace(
            "host dbb { address = 10.0.1.1; disk = 4 TiB",
            &format!("host dbb {{ address = 10.0.1.1; disk = {disk}"),
        );
        let spec = link("l", "10 Gbit/s", "share { mirror = 50 % }")
            + "data o : t { on = db path \"/o\"; size = 500 GiB; writes = 1 KiB/s; changed = 1 % / day; files = independent; response = duty
                mirror dbb { at = daily 01:00; path = \"/m\" } }";
        let c = raw(&format!("{PEOPLE} tier t {{ rpo = 30 h; rto = 30 h }} {sites} {spec}"));
        let v = verdict(&c, "o.rpo", "host db");
        (v.status, v.reason.clone())
    };
    assert_eq!(of("4 TiB"), (Status::Proved, None));
    assert_eq!(of("400 GiB"), (Status::Unknown, Some(Reason::RunsStop)));
}

#[test]
fn nothing_is_proved_of_a_database_whose_disk_fills() {
    // A physical backup is staged beside the data: 500 GiB twice and the log have no room on 800 GiB.
    let of = |disk: &str| {
        let sites = SITES.replace(
            "host db  { address = 10.0.0.1; disk = 4 TiB",
            &format!("host db  {{ address = 10.0.0.1; disk = {disk}"),
        );
        let spec = link("l", "10 Gbit/s", "")
            + "cluster c : maria { primary = db }
               data o : t { on = c; size = 500 GiB; writes = 1 KiB/s; changed = 1 % / day; response = duty
                 backup sb { full = daily 01:00; log = every 1 h; keep = 9 days } }";
        let c = raw(&format!("{PEOPLE} tier t {{ rpo = 30 h; rto = 60 h }} {sites} {spec}"));
        let v = verdict(&c, "o.rpo", "site a");
        (v.status, v.reason.clone())
    };
    assert_eq!(of("4 TiB"), (Status::Proved, None));
    assert_eq!(of("800 GiB"), (Status::Unknown, Some(Reason::RunsStop)));
}

#[test]
fn runs_that_wait_for_another_level_come_to_lie_nearer() {
    // Sunday's full takes 61 h, and Monday's and Tuesday's incrementals are written on Tuesday from 13:00
    // on. By the second Tuesday at 13:10 those of the week before are kept: fifteen volumes, not thirteen.
    // What is proved to do is more: a run may wait for what is due in a week, of which the ends count
    // both, two fulls and seven incrementals, 122 h, for two and a half days more than Sunday's.
    let of = |volumes: u32| {
        let spec = link("l", "10 Gbit/s", "")
            + &format!(
                "data o : t {{ on = db path \"/o\"; size = 25 TiB; writes = 1 KiB/s; changed = 0.001 % / day; files = independent; response = duty
                   backup sb {{ full = weekly sun 00:00; incremental = weekly mon..sat 00:00; keep = 1 day
                     full-pool {{ keep = 40 days }}; incremental-pool {{ keep = 354 h; volumes = {volumes} }} }} }}"
            );
        let c = raw(&format!(
            "{PEOPLE} tier t {{ rpo = 20 days; rto = 60 days }} {} {spec}",
            SITES.replace("4 TiB", "40 TiB").replace("200 TiB", "2000 TiB")
        ));
        assert!(c.problems.iter().any(|p| p.entry.name == "run-overruns"));
        (status(&c, "o.rpo", "host db"), c.problems.iter().any(|p| p.entry.name == "pool-exhausted"))
    };
    assert_eq!((of(13), of(14)), ((Status::Unknown, true), (Status::Unknown, true)));
    assert_eq!((of(17), of(18)), ((Status::Unknown, true), (Status::Proved, false)));
}

#[test]
fn one_night_of_an_hour_less_does_not_fill_a_store_twice() {
    // Daily at noon, 100 GiB, volumes closed 23 h after their first byte: only in the night in which
    // clocks are put forward may a run find the volume of the day before open. Kept 30 days: 31 runs in
    // as many volumes; one more where that night's volume has two.
    let most = |zone: &str| {
        let spec = link("l", "10 Gbit/s", "")
            + "data o : t { on = db path \"/o\"; size = 100 GiB; writes = 1 KiB/s; files = independent; response = duty
                 backup sb { full = daily 12:00; keep = 1 day; pool { keep = 30 days; runs = 7; use-duration = 23 h } } }";
        let sites = SITES.replace("\"UTC\"", &format!("\"{zone}\""));
        let c = raw(&format!("{PEOPLE} tier t {{ rpo = 30 h; rto = 60 h }} {sites} {spec}"));
        let store = c.model.stores.iter().find(|(_, s)| s.name == "sb").expect("the store").0;
        c.facts.capacity.stores.get(store).expect("a fact").peak.0 / (100 << 30)
    };
    assert_eq!((most("UTC"), most("Europe/Berlin")), (31, 32));
}

/// So many days from a day after 2026-01-15 on.
fn on(day: i64, days: u32, text: &str) -> Compiled {
    let world = Memory([("main.dr".to_owned(), text.as_bytes().to_vec())].into());
    let as_of = 1_768_435_200 + day * 86_400;
    let options = Options { horizon: Horizon { as_of, days }, ..Options::from(as_of) };
    compile(&world, "main.dr", &options).expect("it is in memory")
}

#[test]
fn a_week_in_which_no_full_comes_is_judged_like_any_other() {
    // Fulls on the first of a month and a run each night, complete within half an hour: no more than a
    // day and that is lost, also in the second week of February, to which no full comes.
    let spec = link("l", "10 Gbit/s", "")
        + "data o : t { on = db path \"/o\"; size = 100 GiB; writes = 1 KiB/s; changed = 1 % / day; files = independent; response = duty
             backup sb { full = monthly 1 01:00; differential = daily 02:00; keep = 40 days } }";
    let text = format!("{PEOPLE} tier t {{ rpo = 25 h; rto = 9 h }} {SITES} {spec}");
    for (day, days) in [(0, 365), (26, 7), (21, 10)] {
        let c = on(day, days, &text);
        assert_eq!(status(&c, "o.rpo", "host db"), Status::Proved, "{day}");
        assert_eq!(status(&c, "o.rto", "host db"), Status::Proved, "{day}");
    }
}

#[test]
fn the_day_of_the_check_does_not_choose_with_which_run_volumes_began() {
    // Four runs a volume, Mondays to Thursdays, kept 10 days: begun on a Monday, two volumes do; on any
    // other day the one of two weeks ago was written 8 to 10 days before, and a third is needed.
    let of = |day: i64, volumes: u32| {
        let spec = link("l", "10 Gbit/s", "")
            + &format!(
                "data o : t {{ on = db path \"/o\"; size = 1 GiB; writes = 1 KiB/s; files = independent; response = duty
                   backup sb {{ full = weekly mon..thu 01:00; keep = 1 day; pool {{ keep = 10 days; runs = 4; volumes = {volumes} }} }} }}"
            );
        let c = on(day, 365, &format!("{PEOPLE} tier t {{ rpo = 5 days; rto = 9 h }} {SITES} {spec}"));
        (status(&c, "o.rpo", "host db"), c.problems.iter().any(|p| p.entry.name == "pool-exhausted"))
    };
    for day in 0..7 {
        assert_eq!(of(day, 2), (Status::Unknown, true), "{day}");
        assert_eq!(of(day, 3), (Status::Proved, false), "{day}");
    }
}

#[test]
fn a_pool_that_runs_out_leaves_its_neighbours_no_more_room() {
    // 1 TiB a day, kept 30 days, in four volumes: the fifth run waits for somebody who adds one. Beside
    // it 1 TiB a day in two volumes and the one that is written, on 5.7 TiB.
    let of = |volumes: u32| {
        let data = |name: &str, host: &str, pool: &str| {
            format!(
                "data {name} : t {{ on = {host} path \"/o\"; size = 1 TiB; writes = 1 KiB/s; files = independent; response = duty
                   backup sb {{ full = daily 01:00; keep = 1 day; {pool} }} }}"
            )
        };
        let sites = SITES.replacen(
            "store sb { host = bkb; path = \"/srv/1\"; capacity = 200 TiB",
            "store sb { host = bkb; path = \"/srv/1\"; capacity = 6 TiB",
            1,
        );
        let pool = format!("pool {{ keep = 30 days; volumes = {volumes} }}");
        let spec = link("l", "10 Gbit/s", "") + &data("o", "db", &pool) + "\n" + &data("p", "db2", "");
        let c = raw(&format!("{PEOPLE} tier t {{ rpo = 60 h; rto = 60 h }} {sites} {spec}"));
        (status(&c, "p.rpo", "host db2"), c.problems.iter().any(|p| p.entry.name == "store-overflows"))
    };
    assert_eq!(of(4), (Status::Unknown, true));
    assert_eq!(of(40), (Status::Unknown, true));
}

#[test]
fn of_volumes_that_take_years_to_fill_nothing_is_known() {
    // Weekly fulls: 100 of them fill a volume in 99 weeks, and 200 in nearly four years.
    let of = |runs: u32| {
        let spec = link("l", "10 Gbit/s", "")
            + &format!(
                "data o : t {{ on = db path \"/o\"; size = 1 GiB; writes = 1 KiB/s; files = independent; response = duty
                   backup sb {{ full = weekly sun 01:00; keep = 1 day; pool {{ keep = 30 days; runs = {runs} }} }} }}"
            );
        status(&promised("rpo = 9 days; rto = 9 h", &spec), "o.rpo", "host db")
    };
    assert_eq!((of(100), of(200)), (Status::Proved, Status::Unknown));
}
