//! `build` and `plan` as people and CI use them.

use std::path::Path;
use std::process::{Command, Output, Stdio};

const DAY: &str = "--as-of=2026-01-15";

fn drc(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_drc"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("drc starts")
}

fn out(o: &Output) -> String {
    String::from_utf8_lossy(&o.stdout).into_owned()
}

fn err(o: &Output) -> String {
    String::from_utf8_lossy(&o.stderr).into_owned()
}

fn manifest(dir: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(dir.join("manifest.json")).expect("a manifest")).expect("JSON")
}

#[test]
fn a_build_is_checked_guarded_and_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("build");
    let to = dir.to_str().expect("text");
    let o = drc(&["build", "examples/small-office", "-o", to, DAY]);
    assert_eq!(o.status.code(), Some(0), "{}", err(&o));
    assert!(out(&o).contains("wrote: ") && out(&o).contains("proved"), "{}", out(&o));
    assert_eq!(manifest(&dir)["proved"], true);
    // The same again changes nothing, whatever the day.
    let before = std::fs::read(dir.join("manifest.json")).expect("a manifest");
    let o = drc(&["build", "examples/small-office", "-o", to, "--as-of=2026-02-15"]);
    assert!(out(&o).contains("unchanged: "), "{}", out(&o));
    assert_eq!(std::fs::read(dir.join("manifest.json")).expect("a manifest"), before);
    let check = ["build", "examples/small-office", "-o", to, "--check", DAY];
    assert_eq!(drc(&check).status.code(), Some(0));
    // A file that a person changed is named and kept, until they say so.
    let first = manifest(&dir)["files"][0]["path"].as_str().expect("a path").to_owned();
    std::fs::write(dir.join(&first), "by hand\n").expect("written");
    let o = drc(&check);
    assert_eq!(o.status.code(), Some(1));
    assert!(out(&o).contains(&first), "{}", out(&o));
    let o = drc(&["build", "examples/small-office", "-o", to, DAY]);
    assert_eq!(o.status.code(), Some(2));
    assert!(err(&o).contains(&first), "{}", err(&o));
    assert_eq!(std::fs::read(dir.join(&first)).expect("the file"), b"by hand\n");
    let o = drc(&["build", "examples/small-office", "-o", to, "--force", DAY]);
    assert_eq!(o.status.code(), Some(0), "{}", err(&o));
    assert!(out(&o).contains("replaced: ") && out(&o).contains(&first));
    assert_eq!(drc(&check).status.code(), Some(0));
}

#[test]
fn an_unmet_objective_stops_a_build_unless_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("build");
    let to = dir.to_str().expect("text");
    let o = drc(&["build", "examples/textbook-schedule", "-o", to, DAY]);
    assert_eq!(o.status.code(), Some(1));
    assert!(err(&o).contains("nothing was written") && !dir.exists());
    let o = drc(&["build", "examples/textbook-schedule", "-o", to, "--allow-unmet", DAY]);
    assert_eq!(o.status.code(), Some(1), "it is written, and still not met");
    assert_eq!(manifest(&dir)["proved"], false);
}

#[test]
fn one_target_or_a_template_of_ones_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("build");
    let to = dir.to_str().expect("text");
    let o = drc(&["build", "examples/shop", "-o", to, "--target", "cron,keepalived", DAY]);
    assert_eq!(o.status.code(), Some(0), "{}", err(&o));
    let targets: std::collections::BTreeSet<String> = manifest(&dir)["files"]
        .as_array()
        .expect("files")
        .iter()
        .map(|f| f["target"].as_str().expect("a target").to_owned())
        .collect();
    assert_eq!(targets.into_iter().collect::<Vec<_>>(), ["cron", "keepalived"]);
    let o = drc(&["build", "examples/shop", "-o", to, "--target", "corn", DAY]);
    assert_eq!(o.status.code(), Some(2));
    assert!(err(&o).contains("did you mean `cron`?"), "{}", err(&o));

    let templates = folder.path().join("templates");
    std::fs::create_dir_all(templates.join("bacula")).expect("made");
    let own = templates.join("bacula/bconsole.conf.hbs");
    let ours = concat!(env!("CARGO_MANIFEST_DIR"), "/src/emit/targets/bacula/templates/bconsole.conf.hbs");
    let text = std::fs::read_to_string(ours).expect("our template");
    let build = |text: &str| {
        std::fs::write(&own, text).expect("written");
        let templates = templates.to_str().expect("text");
        drc(&["build", "examples/small-office", "-o", &format!("{to}-own"), "--templates", templates, DAY])
    };
    let o = build(&format!("# by the office\n{text}"));
    assert_eq!(o.status.code(), Some(0), "{}", err(&o));
    let built = manifest(Path::new(&format!("{to}-own")));
    let path = built["files"]
        .as_array()
        .expect("files")
        .iter()
        .find_map(|f| f["path"].as_str().filter(|p| p.ends_with("bconsole.conf")).map(str::to_owned));
    let path = Path::new(&format!("{to}-own")).join(path.expect("a console"));
    assert!(std::fs::read_to_string(path).expect("text").starts_with("# by the office\n"));
    // Unescaped output is refused, with its place.
    let o = build("{{{name}}}\n");
    assert_eq!(o.status.code(), Some(2));
    assert!(err(&o).contains("bconsole.conf.hbs") && err(&o).contains("line 1"), "{}", err(&o));
    // What says something else than the operations is refused too.
    let o = build("Director {\n  Name = other\n  Address = nowhere\n}\n");
    assert_eq!(o.status.code(), Some(2));
    assert!(err(&o).contains("differs from what was meant"), "{}", err(&o));
}

#[test]
fn plans_are_printed_in_every_form() {
    let plan =
        |format: &str| drc(&["plan", "examples/shop", "--scenario", "site hz-a", "--format", format, DAY]);
    insta::assert_snapshot!("plan-site-hz-a-text", out(&plan("text")));
    insta::assert_snapshot!("plan-site-hz-a-md", out(&plan("md")));
    let json: serde_json::Value = serde_json::from_slice(&plan("json").stdout).expect("JSON");
    assert!(json["steps"].as_array().is_some_and(|s| s.len() > 5));
    assert!(out(&plan("dot")).contains("digraph"));
    assert!(out(&plan("sh")).starts_with("#!/usr/bin/env bash"));
    let o = drc(&["plan", "examples/shop", "--scenario", "site hz-x", DAY]);
    assert_eq!(o.status.code(), Some(2));
    assert!(err(&o).contains("did you mean `site hz-"), "{}", err(&o));
    let all = out(&drc(&["plan", "examples/shop", DAY]));
    assert!(all.contains("site hz-a") && all.contains("corruption shop-db"), "{all}");
}
