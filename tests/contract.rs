//! What a spec says about its own verdicts: waivers, assertions, tests; and the baseline of a run.

use drlang::base::world::Memory;
use drlang::driver::{Compiled, Options, compile, retest};
use drlang::judge::Status;
use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// 2026-01-15, midnight UTC.
const AS_OF: i64 = 1_768_435_200;
const DAY: i64 = 86_400;

/// A daily full backup under a promise of a day: lost is at worst the day and the run, so the
/// promise is refuted for the host and for the site, and the vault is out of reach of neither.
const SPEC: &str = r#"
use std.responses.staffed
tier reports { host { rpo = 24 h }; site { rpo = 24 h } }
site a { timezone = "UTC"; host files { address = 10.1.0.15; replace = 1 h..4 h } ; replace = 1 day..2 days }
site b { timezone = "UTC"; host vault { address = 10.2.0.41 }
         store v { host = vault; path = "/srv/bacula" } }
link l : a <-> b { bandwidth = 1 Gbit/s; rtt = 2 ms; loss = 0.001 %; share { backup = 90 % } }
data figures : reports {
    on = files path "/srv/figures"; size = 5 GiB; writes = 1 KiB/s; changed = 2 % / day; files = independent
    backup v { full = daily 01:30; keep = 30 days }
    WAIVER
}
"#;

fn at(as_of: i64, spec: &str) -> Compiled {
    let world = Memory([("main.dr".to_owned(), spec.as_bytes().to_vec())].into());
    compile(&world, "main.dr", &Options::from(as_of)).expect("it is in memory")
}

fn names(c: &Compiled) -> Vec<&'static str> {
    let mut names: Vec<_> = c.problems.iter().map(|d| d.entry.name).collect();
    names.sort_unstable();
    names
}

fn with(waiver: &str) -> String {
    SPEC.replace("WAIVER", waiver)
}

#[test]
fn a_waiver_covers_what_is_found_in_its_block_until_its_day_is_over() {
    let open = at(AS_OF, &with(""));
    assert_eq!(names(&open), ["rpo-not-met"]);
    let spec = with("allow(rpo-not-met) because \"until the second vault stands\" until 2026-03-31");
    let waived = at(AS_OF, &spec);
    assert_eq!(names(&waived), Vec::<&str>::new());
    assert_eq!(waived.waived.len(), 1);
    // The numbers stay what they were.
    let refuted = |c: &Compiled| c.verdicts.list.iter().filter(|v| v.status == Status::Refuted).count();
    assert_eq!(refuted(&open), refuted(&waived));
    assert_eq!(waived.verdicts.waived(), refuted(&open));
    assert_eq!(waived.verdicts.count(Status::Refuted), 0);
    // The last second of 31 March is covered (75 days after 15 January it begins); the next is not.
    let last = AS_OF + 76 * DAY - 1;
    assert_eq!(names(&at(last, &spec)), Vec::<&str>::new());
    assert_eq!(names(&at(last + 1, &spec)), ["expired-waiver", "rpo-not-met"]);
}

#[test]
fn a_waiver_for_one_scenario_leaves_the_others_open() {
    let c = at(AS_OF, &with("allow(rpo-not-met, under = host files) because \"spare disks\""));
    assert_eq!(names(&c), ["rpo-not-met"]);
    let open: Vec<String> = c
        .verdicts
        .list
        .iter()
        .filter(|v| v.status == Status::Refuted && v.waived.is_none())
        .map(|v| c.verdicts.scenarios[v.scenario as usize].name(&c.model))
        .collect();
    assert_eq!(open, ["site a"]);
}

#[test]
fn a_waiver_elsewhere_or_of_another_finding_covers_nothing() {
    let other = with("allow(rto-not-met) because \"no reason to\"");
    assert_eq!(names(&at(AS_OF, &other)), ["rpo-not-met", "unused-waiver"]);
    let elsewhere =
        with("").replace("store v {", "store v { allow(rpo-not-met) because \"it is the vault's\";");
    assert_eq!(names(&at(AS_OF, &elsewhere)), ["rpo-not-met", "unused-waiver"]);
    // At the top of a file it would cover everything that is ever found.
    let top = format!("allow(rpo-not-met) because \"never mind\"\n{}", with(""));
    assert_eq!(names(&at(AS_OF, &top)), ["misplaced", "rpo-not-met"]);
    for incomplete in [
        "allow(rpo-not-met)",
        "allow(rpo-not-met) because \"\"",
        "allow rpo-not-met because \"x\"",
        "allow(rpo-not-met) because \"x\" until tomorrow",
        "allow(rpo-not-mett) because \"x\"",
        "allow(rpo-not-met) because \"x\" { }",
    ] {
        let found = names(&at(AS_OF, &with(incomplete)));
        assert!(found.len() == 2 && found.contains(&"rpo-not-met"), "{incomplete}: {found:?}");
    }
}

#[test]
fn a_waiver_in_a_pattern_is_told_once() {
    let spec = with("")
        .replace("data figures : reports", "pattern p(n) { data n : reports")
        .replace("keep = 30 days }", "keep = 30 days }; allow(rto-not-met) because \"x\" }")
        + "\napply p(one)\napply p(two)\n";
    let spec = spec.replace("on = files path \"/srv/figures\"", "on = files path \"/srv/{n}\"");
    let found = names(&at(AS_OF, &spec));
    assert_eq!(found, ["rpo-not-met", "rpo-not-met", "unused-waiver"]);
}

/// What an assertion comes to.
fn asserted(assertion: &str) -> Status {
    let c = at(AS_OF, &format!("{}\n{assertion}", with("")));
    assert_eq!(c.asserted.len(), 1, "{assertion}: {:?}", names(&c));
    c.asserted[0].status
}

#[test]
fn assertions_hold_break_or_are_not_known() {
    // A day and the run: 5 GiB over the disk, the cards, the store and 90 % of a gigabit.
    assert_eq!(asserted("assert rpo(figures, host files) <= 25 h"), Status::Proved);
    assert_eq!(asserted("assert rpo(figures, host files) < 24 h"), Status::Refuted);
    assert_eq!(asserted("assert 24 h < rpo(figures, host files)"), Status::Proved);
    assert_eq!(asserted("assert rpo(figures, host files) > 24 h"), Status::Proved);
    assert_eq!(asserted("assert rpo(figures, host files) >= 25 h"), Status::Refuted);
    // What a scenario does not take loses nothing and goes on.
    assert_eq!(asserted("assert rpo(figures, link l) <= 0 s"), Status::Proved);
    assert_eq!(asserted("assert rpo(figures, host files) <= rpo(figures, site a)"), Status::Unknown);
    assert_eq!(asserted("assert rpo(figures, link l) <= rpo(figures, site a)"), Status::Proved);
    assert_eq!(asserted("assert verdict(figures.rpo, host files) == refuted"), Status::Proved);
    assert_eq!(asserted("assert verdict(figures.rpo, host files) == proved"), Status::Refuted);
    assert_eq!(asserted("assert verdict(figures.rpo, host files) != unknown"), Status::Proved);
    // Attributes, those of inner blocks too, and sums of values.
    assert_eq!(asserted("assert l.bandwidth >= 500 Mbit/s + 500 Mbit/s"), Status::Proved);
    assert_eq!(asserted("assert figures.v.keep > 4 weeks"), Status::Proved);
    assert_eq!(asserted("assert l.share.backup == 90 %"), Status::Proved);
    assert_eq!(asserted("assert reports.site.rpo <= 12 h"), Status::Refuted);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    for (assertion, finding) in [
        ("assert rpo(figures, host files) <= 5 GiB", "dimension-mismatch"),
        ("assert l.bandwidth >= 5 GiB", "dimension-mismatch"),
        ("assert rpo(figures, host files) == 5 min", "bad-form"),
        ("assert rpo(figures) <= 5 min", "bad-form"),
        ("assert verdict(figures.rpo, host files) <= proved", "bad-form"),
        ("assert verdict(figures.rpo, host files) == 5 min", "bad-form"),
        ("assert rpo(files, host files) <= 5 min", "wrong-kind"),
        ("assert rpo(figure, host files) <= 5 min", "unknown-name"),
        ("assert l.bandwith >= 1 Mbit/s", "unknown-name"),
        ("assert figures.w.keep >= 1 day", "unknown-name"),
        ("assert rpo(figures, host file) <= 5 min", "unknown-scenario"),
        ("assert", "bad-form"),
        ("assert 5 min", "bad-form"),
        ("test t { }", "bad-form"),
        ("test t", "bad-form"),
        ("test t { set figures.size = 3 min; assert rpo(figures, site a) <= 30 h }", "dimension-mismatch"),
        ("test t { set figures.sise = 3 GiB; assert rpo(figures, site a) <= 30 h }", "unknown-name"),
        ("test t { set figurs.size = 3 GiB; assert rpo(figures, site a) <= 30 h }", "unknown-name"),
    ] {
        let c = at(AS_OF, &format!("{}\n{assertion}", with("")));
        let found: Vec<&str> = names(&c).into_iter().filter(|n| *n != "rpo-not-met").collect();
        assert_eq!(found.len(), 1, "{assertion}: {found:?}");
        let close = ["wrong-type", "dimension-mismatch"];
        assert!(
            found[0] == finding || (close.contains(&finding) && close.contains(&found[0])),
            "{assertion}: {found:?}"
        );
    }
}

#[test]
fn a_test_changes_what_it_sets_and_nothing_else() {
    let spec = with("")
        + "test twice-a-day { set figures.v.incremental = daily 13:30; assert verdict(figures.rpo, host files) == proved }
           test grown { set figures.size = 400 GiB; assert rpo(figures, host files) <= 25 h }\n";
    let c = at(AS_OF, &spec);
    let options = Options::from(AS_OF);
    let [twice, grown] = c.hir.tests.as_slice() else { panic!("two tests") };
    let under = retest(&c, twice, &options);
    assert_eq!(under.asserted[0].status, Status::Proved);
    // 400 GiB over a gigabit, 90 % of it, take more than an hour.
    assert_eq!(retest(&c, grown, &options).asserted[0].status, Status::Refuted);
    assert_eq!(names(&at(AS_OF, &with(""))), names(&c));
}

fn drc(args: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_drc"))
        .args(args)
        .args(["-", "--as-of=2026-01-15"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("drc starts");
    // Arguments that it refuses end it before it has read anything.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn the_last_line_counts_what_is_waived_and_says_until_when() {
    let spec = with("allow(rpo-not-met) because \"until the second vault stands\" until 2026-01-26");
    let o = drc(&["check"], &spec);
    assert_eq!(o.status.code(), Some(0));
    let out = String::from_utf8(o.stdout).unwrap();
    let last = out.lines().last().unwrap();
    // Until the end of the 26th: twelve days.
    assert!(last.contains("5 proved, 2 waived (next waiver expires in 12 days)"), "{out}");
    assert!(out.contains("until the second vault stands, until 2026-01-26"), "{out}");
    let json = drc(&["check", "--format", "json"], &spec);
    let v: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(v["summary"]["waived"], 2);
    assert_eq!(v["waived"][0]["until"], "2026-01-26");
    assert_eq!(v["waived"][0]["finding"]["name"], "rpo-not-met");
}

#[test]
fn with_a_baseline_only_what_is_new_fails() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("known.json");
    let flag = format!("--baseline={}", file.display());
    let before = drc(&["check", "--format", "json"], &with(""));
    assert_eq!(before.status.code(), Some(1));
    std::fs::write(&file, &before.stdout).unwrap();
    let same = drc(&["check", &flag], &with(""));
    assert_eq!(same.status.code(), Some(0), "{}", String::from_utf8_lossy(&same.stderr));
    // Lines that move are still known.
    let moved = format!("\n\n// A comment.\n{}", with(""));
    assert_eq!(drc(&["check", &flag], &moved).status.code(), Some(0));
    // A second data class fails anew, and it alone is told.
    let more = with("")
        + "data more : reports { on = files path \"/srv/more\"; size = 1 GiB; writes = 1 KiB/s; files = independent; backup v { full = daily 02:30; keep = 30 days } }";
    let o = drc(&["check", &flag], &more);
    assert_eq!(o.status.code(), Some(1));
    let told = String::from_utf8(o.stderr).unwrap();
    assert!(told.contains("`more`") && !told.contains("`figures` does not"), "{told}");
    // What was waived then is new when its waiver is gone, with its reason and its end.
    let waived = with("allow(rpo-not-met) because \"until the second vault stands\" until 2026-01-26");
    let before = drc(&["check", "--format", "json"], &waived);
    assert_eq!(before.status.code(), Some(0));
    std::fs::write(&file, &before.stdout).unwrap();
    assert_eq!(drc(&["check", &flag], &waived).status.code(), Some(0));
    assert_eq!(drc(&["check", &flag], &with("")).status.code(), Some(1));
    std::fs::write(&file, "{}").unwrap();
    assert_eq!(drc(&["check", &flag], &with("")).status.code(), Some(2));
}

#[test]
fn drc_test_runs_assertions_and_tests() {
    let good = with("")
        + "assert rpo(figures, site a) <= 30 h because \"the press waits a day\"
           test twice-a-day { set figures.v.incremental = daily 13:30; assert verdict(figures.rpo, host files) == proved }\n";
    let o = drc(&["test"], &good);
    let out = String::from_utf8(o.stdout).unwrap();
    assert_eq!(o.status.code(), Some(0), "{out}");
    assert!(out.ends_with("2 passed, 0 failed\n"), "{out}");
    let bad = good.replace("== proved", "== refuted");
    let o = drc(&["test", "--format", "json"], &bad);
    assert_eq!(o.status.code(), Some(1));
    let v: Value = serde_json::from_slice(&o.stdout).unwrap();
    assert_eq!((&v["version"], &v["passed"], &v["failed"]), (&1.into(), &1.into(), &1.into()));
    assert_eq!(v["tests"][1]["name"], "twice-a-day");
    assert_eq!(v["tests"][1]["assertions"][0]["status"], "refuted");
    // A test that makes a spec which cannot be judged fails, and says why.
    let broken = with("")
        + "test none { set figures.v.full = every 5 min; set l.bandwidth = 1 kbit/s; assert rpo(figures, site a) <= 30 h }\n";
    assert_eq!(drc(&["test"], &broken).status.code(), Some(1));
    assert_eq!(drc(&["test"], &with("")).status.code(), Some(2));
}
