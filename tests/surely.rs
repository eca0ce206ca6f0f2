//! Bounds from below: what is refuted can come to pass. Each sum is done by hand.

#[path = "support/by_hand.rs"]
mod by_hand;

use by_hand::{PEOPLE, SITES, link, promised, raw, status};
use drlang::base::world::Memory;
use drlang::driver::{Options, compile};
use drlang::flow::Horizon;
use drlang::judge::Status;

fn tree(copies: &str) -> String {
    link("l", "10 Gbit/s", "share { backup = 50 %; mirror = 10 % }")
        + &format!(
            "data o : t {{ on = db path \"/o\"; size = 1 GiB; writes = 1 KiB/s; changed = 0.001 % / h; files = independent; response = duty
                {copies} }}"
        )
}

#[test]
fn a_start_that_is_late_is_followed_by_others() {
    // Every five minutes and up to ten late: the start that is due five minutes after a run has begun
    // after 15 min at the latest, though it may be 20 min from a run to one that is due after it. A
    // little more for the run and what changed.
    let mirror = tree("mirror dbb { at = every 5 min jitter 10 min }");
    let of = |rpo: &str| status(&promised(&format!("rpo = {rpo}; rto = 9 h"), &mirror), "o.rpo", "host db");
    assert_eq!(
        (of("14 min"), of("17 min"), of("21 min")),
        (Status::Refuted, Status::Unknown, Status::Proved)
    );
    // The incremental of Saturday is never late: 144 h after the full of Sunday, whatever that is.
    let backup = tree(
        "backup sb { full = weekly sun 02:00 jitter 6 h; incremental = weekly sat 02:00; keep = 30 days }",
    );
    let of = |rpo: &str| status(&promised(&format!("rpo = {rpo}; rto = 9 h"), &backup), "o.rpo", "host db");
    assert_eq!((of("143 h"), of("146 h")), (Status::Refuted, Status::Unknown));
}

#[test]
fn nothing_is_lost_behind_the_horizon() {
    // First Sundays: 4 January, 1 February, 1 March, 5 April. In the 47 days from 15 January on, until
    // 3 March, 28 days are lost at most; in 60, until 16 March, as many; in 80, until 5 April, 35 but
    // for the two hours behind midnight.
    let backup = tree("backup sb { full = monthly 1st sun 02:00; keep = 90 days }");
    let of = |rpo: &str, days| {
        let text = format!("{PEOPLE} tier t {{ rpo = {rpo}; rto = 9 h }} {SITES} {backup}");
        let world = Memory([("main.dr".to_owned(), text.into_bytes())].into());
        let horizon = Horizon { as_of: 1_768_435_200, days };
        let options = Options { horizon, ..Options::from(horizon.as_of) };
        let c = compile(&world, "main.dr", &options).expect("it is in memory");
        status(&c, "o.rpo", "host db")
    };
    assert_eq!(
        (of("27 days", 47), of("30 days", 47), of("30 days", 60)),
        (Status::Refuted, Status::Unknown, Status::Unknown)
    );
    assert_eq!((of("34 days", 80), of("838 h", 80)), (Status::Refuted, Status::Unknown));
}

#[test]
fn a_run_that_surely_starts_late_is_nearer_to_the_next() {
    // Fulls on Sunday take 30 h, so that Monday's incremental, due at midnight, starts at 06:00 at the
    // earliest: 168 h before the next full is complete, not 174.
    let spec = link("l", "10 Gbit/s", "")
        + "data o : t { on = db path \"/o\"; size = 12600 GiB; writes = 1 KiB/s; changed = 0.1 % / day; files = independent; response = duty
            backup sb { full = weekly sun 00:00; incremental = weekly mon 00:00; keep = 40 days } }";
    let c = raw(&format!(
        "{PEOPLE} tier t {{ rpo = 171 h; rto = 90 days }} {} {spec}",
        SITES.replace("4 TiB", "40 TiB")
    ));
    assert_eq!(status(&c, "o.rpo", "host db"), Status::Unknown);
}

#[test]
fn a_backup_in_progress_when_contents_go_wrong_holds_none_of_it() {
    // People notice after 60 days, when only fulls are left. A physical full is of the end of its
    // staging, and goes on after contents went wrong: 168 h at most from one to the next, and not the
    // 2 h 24 min that 1 TiB takes at 125 MB/s as well.
    let spec = link("l", "10 Gbit/s", "")
        + "response slow { detect = 5 min; notice = 60 days..60 days; declare = 10 min; confirm = 4 min; operators = 4 }
           cluster c : maria { primary = db }
           data o : t { on = c; size = 1 TiB; writes = 1 KiB/s; changed = 1 % / day; response = slow
             backup sb { full = weekly sun 00:00; incremental = weekly mon..sat 00:00; keep = 10 days; full-pool { keep = 100 days } } }";
    let of = |rpo: &str| {
        let tier = format!("tier t {{ corruption {{ rpo = {rpo}; rto = 100 days }} }}");
        let c = raw(&format!("{PEOPLE} {tier} {} {spec}", SITES.replace("4 TiB", "40 TiB")));
        status(&c, "o.rpo", "corruption")
    };
    assert_eq!((of("170 h"), of("166 h")), (Status::Unknown, Status::Refuted));
}

#[test]
fn a_backup_between_two_runs_of_logs_is_newer_than_the_first() {
    // Fulls at noon, logs at midnight: just before either is complete half a day is lost, and never
    // more, though a day lies between two runs of the logs. With logs every hour most hours have no full.
    let spec = |log: &str| {
        link("l", "10 Gbit/s", "")
            + &format!(
                "cluster c : maria {{ primary = db }}
                 data o : t {{ on = c; size = 1 GiB; writes = 10 KiB/s; response = duty
                   backup sa {{ full = daily 12:00; log = {log}; keep = 30 days }} }}"
            )
    };
    let of = |rpo: &str, log: &str| {
        status(&promised(&format!("rpo = {rpo}; rto = 3 days"), &spec(log)), "o.rpo", "host db")
    };
    assert_eq!(of("20 h", "daily 00:00"), Status::Unknown);
    assert_eq!((of("59 min", "every 1 h"), of("62 min", "every 1 h")), (Status::Refuted, Status::Proved));
}
