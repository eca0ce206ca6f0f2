//! Tables of cron: what they say, read by our own parser of Debian's cron, by cron's own check, and
//! by the daemon itself.

#[path = "support/cron.rs"]
mod cron;

use drlang::base::world::Memory;
use drlang::calendar::{ALL_MONTHS, ALL_WEEKDAYS, Days, Rule};
use drlang::diag::Problems;
use drlang::driver::{self, Compiled, Options};
use drlang::emit::artifact::ArtifactTree;
use drlang::emit::target::{Input, Target};
use drlang::emit::targets::cron::parse::{self, When};
use drlang::emit::targets::cron::{Cron, escape, lines};
use drlang::emit::template::Templates;
use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

fn compile(schedules: &[&str]) -> Compiled {
    let mut spec = String::from(
        "region r { site a { timezone = \"Europe/Paris\"; host h1 { address = 10.0.0.1 }; host h2 { address = 10.0.0.2 } } }\n",
    );
    for (n, at) in schedules.iter().enumerate() {
        spec.push_str(&format!(
            "data d{n} {{ on = h1 path \"/srv/it's 100 % $x\\n{n}\"; size = 1 GiB; mirror h2 {{ at = {at} }} }}\n"
        ));
    }
    let world = Memory([("main.dr".to_owned(), spec.into_bytes())].into());
    let compiled = driver::compile(&world, "main.dr", &Options::from(1_768_435_200)).unwrap();
    assert_eq!(compiled.ops.jobs.len(), schedules.len(), "{:#?}", compiled.problems);
    compiled
}

fn with_input<T>(compiled: &Compiled, overrides: &[(&str, &str)], work: impl FnOnce(Input<'_>) -> T) -> T {
    let own: BTreeMap<String, String> = overrides.iter().map(|(n, t)| ((*n).into(), (*t).into())).collect();
    let templates = Templates::new(own);
    work(Input { model: &compiled.model, ops: &compiled.ops, plans: &[], templates: &templates })
}

fn emit(compiled: &Compiled) -> ArtifactTree {
    let mut tree = ArtifactTree::new();
    with_input(compiled, &[], |input| {
        let mut problems = Problems::new();
        Cron.supports(input, &mut problems);
        assert!(problems.is_empty());
        Cron.emit(input, &mut tree).unwrap();
        assert_eq!(Cron.read_back(input, &tree), Vec::<String>::new());
    });
    tree
}

const SCHEDULES: &[&str] = &[
    "every 1 min",
    "every 5 min",
    "every 15 min offset 5 min",
    "every 2 h",
    "every 6 h offset 90 min",
    "daily 02:30",
    "weekly sun 01:30",
    "weekly mon..fri 23:59",
    "weekly sat..mon 00:00",
    "monthly 1 03:00",
    "monthly 28 03:00",
    "monthly 1st sun 03:00",
    "monthly 5th mon..wed 03:00",
    "quarterly 04:15",
    "daily 03:00 jitter 10 min",
];

fn table(compiled: &Compiled) -> String {
    let tree = emit(compiled);
    assert_eq!(tree.len(), 1);
    let artifact = tree.get("hosts/h1/etc/cron.d/drc").unwrap();
    assert_eq!(artifact.mode, 0o644);
    String::from_utf8(artifact.bytes.clone()).unwrap()
}

#[test]
fn a_table_says_all() {
    let text = table(&compile(&["every 30 min", "monthly 1st sun 03:00"]));
    assert!(text.starts_with("# Made by drc: do not edit; change the spec and build again.\n"));
    assert!(text.contains("timedatectl set-timezone Europe/Paris"));
    let (_, lines) = text.split_once("MAILTO=root\n").unwrap();
    assert_eq!(
        lines,
        "\n# d0-h2\n0,30 * * * * root /etc/drc/mirrors/d0-h2.sh\n\n# d1-h2\n0 3 * * 0 root case \"$(date +\\%d)\" in \
         01|02|03|04|05|06|07) /etc/drc/mirrors/d1-h2.sh ;; esac\n"
    );
    assert!(emit(&compile(&[])).is_empty());
}

#[test]
fn every_schedule_passes_the_judge() {
    let compiled = compile(SCHEDULES);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hosts/h1/etc/cron.d/drc");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, table(&compiled)).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    cron::judge(folder.path());
}

#[test]
fn a_changed_table_is_noticed() {
    let compiled = compile(SCHEDULES);
    let text = table(&compiled);
    for (from, to) in [
        ("*/5 * * * *", "*/10 * * * *"),
        ("30 2 * * *", "30 2 1 * *"),
        ("30 1 * * 0", "30 1 * * 1"),
        ("30 1 * * 0", "30 1 1 * 0"),
        ("30 2 * * *", "@reboot"),
        ("in 29|30|31)", "in 29|30)"),
        ("\\%d", "%d"),
        ("15 4 1 1,4,7,10 *", "15 4 1 1,4,7 *"),
        ("30 1 * * 0 root", "30 1 * * 0 nobody"),
        ("d0-h2.sh", "d0-h2.sh extra"),
        ("# d1-h2\n", "* * * * * root rm -rf /\n"),
        ("# d1-h2\n", "0 0 1 1 * root /etc/drc/mirrors/d1-h2.sh\n"),
        ("MAILTO=root\n", "MAILTO=root\n60 * * * * root x\n"),
        ("d14-h2.sh --within 600", "d14-h2.sh --within 60"),
        ("d14-h2.sh --within 600", "d14-h2.sh"),
    ] {
        assert!(text.contains(from), "{from}");
        let mut tree = ArtifactTree::new();
        for (path, mut artifact) in emit(&compiled).iter().map(|(p, a)| (p.to_owned(), a.clone())) {
            artifact.bytes = text.replacen(from, to, 1).into_bytes();
            tree.add(path, artifact);
        }
        let found = with_input(&compiled, &[], |input| Cron.read_back(input, &tree));
        assert!(!found.is_empty(), "{from} -> {to}");
        assert!(found.iter().all(|l| l.starts_with("hosts/h1/etc/cron.d/drc: ")), "{found:?}");
    }
    let found = with_input(&compiled, &[], |input| Cron.read_back(input, &ArtifactTree::new()));
    assert_eq!(found, ["hosts/h1/etc/cron.d/drc: missing"]);
}

#[test]
fn an_own_template_is_held_to_the_same() {
    let compiled = compile(&["daily 02:30"]);
    let good = "{{#each jobs}}{{#each lines}}{{minutes}} {{hours}} {{days}} {{months}} {{weekdays}} root {{command}}\n{{/each}}{{/each}}";
    for (template, lines) in [(good.to_owned(), 0), (good.replace("{{hours}}", "3"), 1)] {
        with_input(&compiled, &[("cron/drc.hbs", &template)], |input| {
            let mut tree = ArtifactTree::new();
            Cron.emit(input, &mut tree).unwrap();
            assert_eq!(Cron.read_back(input, &tree).len(), lines, "{template}");
        });
    }
}

fn rules() -> impl Strategy<Value = Rule> {
    let days = prop_oneof![
        (1u8..32, 1u8..128).prop_map(|(weeks, weekdays)| Days::Weekly { weeks, weekdays }),
        (1u8..32).prop_map(|weeks| Days::Weekly { weeks, weekdays: ALL_WEEKDAYS }),
        (1u8..128).prop_map(|weekdays| Days::Weekly { weeks: 0x1f, weekdays }),
        (1u32..=0x7fff_ffff).prop_map(|days| Days::Monthly { days }),
    ];
    let times = prop_oneof![
        proptest::collection::btree_set(0u16..1440, 1..40).prop_map(|t| t.into_iter().collect()),
        (prop::sample::select(vec![1u64, 2, 5, 12, 15, 30, 60, 120, 180, 480, 1440]), 0u64..1440)
            .prop_map(|(every, offset)| Rule::every(every, offset).unwrap().times),
    ];
    let months = prop_oneof![Just(ALL_MONTHS), 1u16..=ALL_MONTHS];
    (months, days, times).prop_map(|(months, days, times)| Rule::plain(months, days, times))
}

proptest! {
    /// The lines of any rule, read back, run on its days at its minutes and nowhere else, over the
    /// real dates of four years.
    #[test]
    fn lines_say_the_very_rule(rule in rules()) {
        let mut text = String::new();
        for l in lines(&rule, "run") {
            let command = escape(&l.command);
            text.push_str(&format!("{} {} {} {} {} root {command}\n", l.minutes, l.hours, l.days, l.months, l.weekdays));
        }
        let table = parse::table(&text).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        let mut at = Vec::new();
        for line in &table.lines {
            let (days, command) = parse::guard(&line.command);
            prop_assert_eq!((command, &line.input), ("run", &None));
            let When::At(fields) = &line.when else { panic!() };
            prop_assert!(!fields.either_day, "{}", text);
            at.push((fields, days));
        }
        let mut day = date(2023, 1, 1);
        while day < date(2027, 1, 1) {
            let (month, number) = (day.month() as u8, day.day() as u8);
            let weekday = day.weekday().to_monday_zero_offset() as u8;
            let today: Vec<_> = at
                .iter()
                .filter(|(f, days)| f.on(month, number, weekday) && days & (1 << (number - 1)) != 0)
                .collect();
            prop_assert_eq!(!today.is_empty(), rule.on(day), "{} on {}", text, day);
            if !today.is_empty() {
                for minute in 0..1440u16 {
                    let times = today.iter().filter(|(f, _)| f.at(minute / 60, minute % 60)).count();
                    prop_assert_eq!(times, usize::from(rule.times.contains(&minute)), "{} at {}", text, minute);
                }
            }
            day = day.checked_add(1.day()).unwrap();
        }
    }

    /// What the analysis takes a rule for when clocks are changed is what its one line is for cron:
    /// it goes by the clock when its minute or its hour begins with a star.
    #[test]
    fn the_analysis_knows_which_lines_follow_the_clock(
        every in prop::sample::select(vec![1u64, 2, 3, 5, 10, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440]),
        offset in 0u64..1440,
    ) {
        let rule = Rule::every(every, offset).unwrap();
        let lines = lines(&rule, "run");
        prop_assert_eq!(lines.len(), 1);
        let starred = lines[0].minutes.starts_with('*') || lines[0].hours.starts_with('*');
        prop_assert_eq!(rule.is_all_day(), starred, "{} {}", lines[0].minutes, lines[0].hours);
    }

    #[test]
    fn any_text_gets_an_answer(text in "([*0-9/,-]{1,4} ){0,6}(root|@daily|A=b|\\PC)*( x%|\n)*") {
        let _ = parse::table(&text);
    }
}

/// The daemon itself, in a file system of its own whose clock runs sixty times as fast, over the
/// night in which the clocks of Paris are put forward from 02:00 to 03:00. It is the fifth Sunday.
#[test]
fn the_real_daemon_runs_what_is_meant() {
    // A machine that lets nobody mount has no way to give the daemon a file system of its own.
    if !Command::new("unshare").args(["--mount", "true"]).status().is_ok_and(|s| s.success()) {
        eprintln!("NOT CHECKED: no right to mount, so the daemon did not run");
        return;
    }
    let lab = tempfile::tempdir().unwrap();
    let at = |path: &str| lab.path().join(path);
    let shell = |text: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", text]).current_dir(lab.path());
        command
    };
    let made = "mkdir run spool spool/crontabs bin && cp -a /etc etc && rm -rf etc/cron.d etc/crontab etc/drc &&
                mkdir -p etc/cron.d etc/drc/mirrors && ln -sfn /usr/share/zoneinfo/Europe/Paris etc/localtime";
    assert!(shell(made).status().unwrap().success());
    let executable = |path: &str, text: &str| {
        fs::write(at(path), format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(at(path), fs::Permissions::from_mode(0o755)).unwrap();
    };
    let schedules =
        ["every 5 min", "daily 02:30", "monthly 5th sun 03:00", "monthly 1st sun 03:00", "weekly mon 03:00"];
    fs::write(at("etc/cron.d/drc"), table(&compile(&schedules))).unwrap();
    for n in 0..schedules.len() {
        let log = at("log");
        executable(&format!("etc/drc/mirrors/d{n}-h2.sh"), &format!("echo {n} >>{}", log.display()));
    }
    // What cron starts does not see its clock.
    executable("bin/date", "[ \"$*\" = +%d ] && echo 31");
    let daemon = "mount --bind etc /etc && mount --bind run /run && mount --bind spool /var/spool/cron &&
                  mount --bind bin /usr/local/sbin && FAKETIME='@2024-03-31 01:57:30 x60' TZ=Europe/Paris
                  LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketime.so.1) exec cron -f"
        .replace("TZ=Europe/Paris\n", "TZ=Europe/Paris \\\n");
    let mut cron = Command::new("unshare")
        .args(["--mount", "sh", "-c", &daemon])
        .current_dir(lab.path())
        .spawn()
        .unwrap();
    let ran = || fs::read_to_string(at("log")).unwrap_or_default();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(40);
    while ran().matches('0').count() < 2 && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    cron.kill().unwrap();
    cron.wait().unwrap();
    let mut ran: Vec<String> = ran().lines().map(str::to_owned).collect();
    ran.sort();
    assert_eq!(ran, ["0", "0", "1", "2"], "by the clock, after the gap, and by the guard");
}
