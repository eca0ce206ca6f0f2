//! The commands as people and CI use them.

use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

const DAY: &str = "--as-of=2026-01-15";

fn drc(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_drc"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(args)
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .output()
        .expect("drc starts")
}

fn out(o: &Output) -> String {
    String::from_utf8(o.stdout.clone()).expect("text")
}

fn err(o: &Output) -> String {
    String::from_utf8(o.stderr.clone()).expect("text")
}

#[test]
fn a_refuted_spec_shows_where_and_why() {
    let o = drc(&["check", "examples/textbook-schedule", DAY]);
    assert_eq!(o.status.code(), Some(1));
    insta::assert_snapshot!("textbook-findings", err(&o));
    insta::assert_snapshot!("textbook-verdicts", out(&o));
}

#[test]
fn a_proved_spec_says_what_it_rests_on() {
    let o = drc(&["check", "examples/shop", DAY]);
    assert_eq!(o.status.code(), Some(0));
    assert_eq!(err(&o), "");
    insta::assert_snapshot!("shop-verdicts", out(&o));
}

#[test]
fn exit_codes_do_not_depend_on_the_format() {
    for (path, code) in [("examples/shop", 0), ("examples/textbook-schedule", 1), ("examples/no-such", 2)] {
        for format in ["text", "json"] {
            let o = drc(&["check", path, "--format", format, DAY]);
            assert_eq!(o.status.code(), Some(code), "{path} {format}: {}", err(&o));
        }
    }
    assert_eq!(drc(&["check", "--no-such-flag"]).status.code(), Some(2));
    assert_eq!(drc(&["check", "examples/shop", "--as-of", "tomorrow"]).status.code(), Some(2));
    assert_eq!(drc(&["--help"]).status.code(), Some(0));
}

#[test]
fn json_has_the_fields_of_the_interface() {
    let o = drc(&["check", "examples/textbook-schedule", "--format", "json", DAY]);
    let v: Value = serde_json::from_slice(&o.stdout).expect("JSON");
    assert_eq!(
        (&v["version"], &v["as_of"], &v["horizon_days"]),
        (&1.into(), &"2026-01-15".into(), &365.into())
    );
    let verdicts = v["verdicts"].as_array().expect("a list");
    let count = |s: &str| verdicts.iter().filter(|v| v["status"] == s).count();
    for status in ["proved", "refuted", "unknown"] {
        assert_eq!(v["summary"][status], count(status), "{status}");
    }
    let refuted = verdicts.iter().find(|v| v["status"] == "refuted").expect("one");
    for field in
        ["subject", "objective", "scenario", "allowed_seconds", "predicted_seconds", "relies_on", "witness"]
    {
        assert!(!refuted[field].is_null(), "{field}");
    }
    assert!(refuted["witness"]["strike"].is_string());
    let finding = &v["findings"][0];
    assert_eq!((&finding["severity"], &finding["file"]), (&"error".into(), &"main.dr".into()));
    let text = std::fs::read_to_string("examples/textbook-schedule/main.dr").expect("the spec");
    let span = &finding["span"];
    let part = &text[span["start"].as_u64().expect("a number") as usize
        ..span["end"].as_u64().expect("a number") as usize];
    assert!(["core", "important", "general"].contains(&part), "{part}");
    let line = text.lines().nth(span["line"].as_u64().expect("a number") as usize - 1).expect("a line");
    assert!(line.contains(part));
    // Every assumption that a verdict names is in the list.
    let known = v["assumptions"].as_array().expect("a list").len() as u64;
    assert!(known > 5);
    let named = verdicts.iter().flat_map(|v| v["assumptions"].as_array().expect("a list"));
    assert!(named.map(|n| n.as_u64().expect("a number")).max() == Some(known - 1));
}

#[test]
fn standard_input_is_a_spec() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_drc"))
        .args(["check", "-", DAY])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("drc starts");
    child.stdin.take().expect("a pipe").write_all(b"site a {\n  timezon = \"UTC\"\n}\n").expect("written");
    let o = child.wait_with_output().expect("an end");
    assert_eq!(o.status.code(), Some(1));
    assert!(err(&o).contains("unknown-word") && err(&o).contains("stdin:2:3"), "{}", err(&o));
    assert!(!err(&o).contains('\u{1b}'), "no colour in a pipe");
}

#[test]
fn warnings_can_be_denied() {
    let spec = "site a { timezone = \"UTC\"\n host x { address = 10.0.0.1 }; host y { address = 10.0.0.2 }; host z { address = 10.0.0.3 } }
        engine e { family = mariadb; port = 3306; amplification = 1; apply = 1 MiB/s; replay = 1 MiB/s; prepare = 1 MiB/s
          load = 1 MiB/s; start = 1 s; promote = 1 s; acknowledgements = 1; fallback = 1 s; largest-transaction = 1 MiB
          physical = true; logs = true }
        cluster c : e { primary = x; replicas = [y, z]; failover = automatic within region }\n";
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("main.dr"), spec).expect("written");
    let path = folder.path().to_str().expect("text");
    let o = drc(&["check", path, DAY]);
    assert!(err(&o).contains("failover-by-people"), "{}", err(&o));
    assert_eq!(o.status.code(), Some(0), "{}", err(&o));
    assert_eq!(drc(&["check", path, DAY, "--deny", "warnings"]).status.code(), Some(1));
}

#[test]
fn why_adds_up_to_the_verdict() {
    let o = drc(&["why", "examples/shop", "orders.rpo", "--under", "corruption", DAY]);
    assert_eq!(o.status.code(), Some(0));
    insta::assert_snapshot!("why-orders-rpo", out(&o));
    let o = drc(&["why", "examples/shop", "checkout.rto", "--under", "site hz-a", DAY]);
    insta::assert_snapshot!("why-checkout-rto", out(&o));
    let o = drc(&["why", "examples/shop", "order.rpo", DAY]);
    assert!(err(&o).contains("did you mean `orders`?"), "{}", err(&o));
    assert_eq!(drc(&["why", "examples/shop", "orders", DAY]).status.code(), Some(2));
    // A spec alone is no objective, and what is missing is said.
    for command in ["why", "profile"] {
        let o = drc(&[command, "examples/shop", DAY]);
        assert_eq!(o.status.code(), Some(2));
        assert!(err(&o).contains("name something in `examples/shop` too"), "{}", err(&o));
    }
}

#[test]
fn every_finding_and_every_module_is_explained() {
    let all = out(&drc(&["explain"]));
    assert!(all.lines().count() > 50);
    for line in all.lines() {
        let name = line.split_whitespace().next().expect("a name");
        let o = drc(&["explain", name]);
        assert_eq!(o.status.code(), Some(0), "{name}: {}", err(&o));
        assert!(out(&o).len() > 40, "{name}");
    }
    let o = drc(&["explain", "rpo-not-meet"]);
    assert_eq!(o.status.code(), Some(2));
    assert!(err(&o).contains("did you mean `rpo-not-met`?"));
}

#[test]
fn init_writes_a_spec_that_checks_clean_and_replaces_nothing() {
    for pattern in ["small-office", "shop"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new");
        let path = path.to_str().expect("text");
        let o = drc(&["init", path, "--pattern", pattern]);
        assert_eq!(o.status.code(), Some(0), "{}", err(&o));
        assert_eq!(drc(&["check", path, DAY]).status.code(), Some(0));
        assert_eq!(drc(&["init", path]).status.code(), Some(2), "what is there stays");
    }
}

#[test]
fn completions_are_scripts() {
    let script = drc(&["completions", "bash"]);
    assert_eq!(script.status.code(), Some(0));
    let mut bash = Command::new("bash").args(["-n"]).stdin(Stdio::piped()).spawn().expect("bash");
    bash.stdin.take().expect("a pipe").write_all(&script.stdout).expect("written");
    assert!(bash.wait().expect("an end").success());
}

#[test]
fn slack_and_suggest_answer_people_and_machines() {
    let o = drc(&["slack", "examples/small-office", "--limit", "2", DAY]);
    assert_eq!(o.status.code(), Some(0), "{}", err(&o));
    assert!(out(&o).contains(" holds up to ") && out(&o).contains("changed specs compiled"), "{}", out(&o));
    let o = drc(&["slack", "examples/small-office", "--limit", "2", "--format", "json", DAY]);
    let v: Value = serde_json::from_slice(&o.stdout).expect("JSON");
    assert_eq!((&v["version"], v["objectives"].as_array().map(Vec::len)), (&1.into(), Some(2)));
    let limit = &v["objectives"][0]["limits"][0];
    for field in ["input", "who", "stated", "keeps", "turns", "times", "under", "file", "span", "edit"] {
        assert!(!limit[field].is_null(), "{field}");
    }
    let o = drc(&["suggest", "examples/broken/rto-not-met.dr", DAY]);
    assert_eq!(o.status.code(), Some(0), "{}", err(&o));
    assert!(out(&o).contains("  `replace = 1 h.."), "{}", out(&o));
    let o = drc(&["suggest", "examples/broken/rto-not-met.dr", "--format", "json", DAY]);
    let v: Value = serde_json::from_slice(&o.stdout).expect("JSON");
    let fix = &v["objectives"][0]["fixes"][0];
    assert_eq!((&fix["rechecked"], &fix["meets"][0]), (&true.into(), &"figures.rto".into()));
    assert_eq!(fix["changes"][0]["edit"]["file"], "rto-not-met.dr");
    assert_eq!(out(&drc(&["suggest", "examples/small-office", DAY])), "nothing that was asked about fails\n");
    for command in ["slack", "suggest"] {
        let o = drc(&[command, "examples/small-office", "--of", "document.rpo", DAY]);
        assert_eq!(o.status.code(), Some(2));
        assert!(err(&o).contains("did you mean `documents.rpo`?"), "{}", err(&o));
        assert_eq!(drc(&[command, "examples/broken/unknown-name.dr", DAY]).status.code(), Some(1));
    }
}

/// The fix that JSON carries, applied to the bytes of the file, leaves no such finding.
#[test]
fn check_carries_fixes_that_work() {
    let text = std::fs::read_to_string("examples/broken/rpo-not-met.dr").expect("the spec");
    let v: Value = serde_json::from_slice(
        &drc(&["check", "examples/broken/rpo-not-met.dr", "--format", "json", DAY]).stdout,
    )
    .expect("JSON");
    let finding = &v["findings"][0];
    assert!(finding["help"][0].as_str().expect("text").ends_with("meets it (re-checked)"), "{finding}");
    let edit = &finding["fixes"][0]["edits"][0];
    let at = |f: &str| edit[f].as_u64().expect("a number") as usize;
    let mended =
        format!("{}{}{}", &text[..at("start")], edit["text"].as_str().expect("text"), &text[at("end")..]);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("main.dr"), mended).expect("written");
    let o = drc(&["check", folder.path().to_str().expect("text"), DAY]);
    assert_eq!(o.status.code(), Some(0), "{}", err(&o));
}

/// What would be tried for long is not tried unasked: runs of every minute for years.
#[test]
fn check_says_how_to_ask_for_what_it_did_not_try() {
    let text = std::fs::read_to_string("examples/broken/rpo-not-met.dr").expect("the spec");
    let often = "full = daily 01:30; incremental = every 1 min; keep = 900 days";
    let text = text.replace("full = daily 01:30; keep = 30 days", often).replace("rpo = 24 h", "rpo = 1 s");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("main.dr"), text).expect("written");
    let path = folder.path().to_str().expect("text");
    let v: Value =
        serde_json::from_slice(&drc(&["check", path, "--format", "json", DAY]).stdout).expect("JSON");
    let of = |f: &&Value| f["name"] == "rpo-not-met" || f["name"] == "rpo-unproved";
    let finding = v["findings"].as_array().expect("a list").iter().find(of).expect("it fails");
    let help = finding["help"].as_array().expect("a list");
    assert!(
        help.iter().any(|h| h.as_str().is_some_and(|h| h.contains("drc suggest --of figures.rpo"))),
        "{finding}"
    );
}

#[test]
fn cost_and_profile_answer() {
    let o = drc(&["cost", "examples/broken/over-budget.dr", DAY]);
    assert_eq!(o.status.code(), Some(0));
    assert!(out(&o).contains("13 800.00 EUR") && out(&o).contains("budget"), "{}", out(&o));
    let o = drc(&["cost", "examples/broken/over-budget.dr", "--format", "json", DAY]);
    let v: Value = serde_json::from_slice(&o.stdout).expect("JSON");
    assert_eq!(
        (&v["currency"], &v["outlays_sum"], &v["budget"]),
        (&"EUR".into(), &1_380_000.into(), &1_000_000.into())
    );
    assert!(out(&drc(&["cost", "examples/small-office", DAY])).starts_with("nothing states a `cost`"));
    let o = drc(&["profile", "examples/textbook-schedule", "orders", DAY]);
    assert!(out(&o).contains("  mon 19:00 to mon 23:00: 1 MiB/s\n"), "{}", out(&o));
    // 4 of 24 h at 1 MiB/s and 20 at 200 KiB/s: (4 x 1024 + 20 x 200) / 24 = 337.33 KiB/s.
    assert!(out(&o).contains("peak 1 MiB/s, mean 337.33 KiB/s"), "{}", out(&o));
    assert!(out(&o).contains("`shop-db-shelf-log`, 168 runs in the week from "), "{}", out(&o));
    assert_eq!(drc(&["profile", "examples/textbook-schedule", "order", DAY]).status.code(), Some(2));
}
