//! Keepalived's files: what real programs make of them, and how long the address really takes.

#[path = "support/keepalived.rs"]
mod judge;

use drlang::base::world::Memory;
use drlang::diag::Problems;
use drlang::driver::{Compiled, Options, compile};
use drlang::emit::artifact::{Artifact, ArtifactTree};
use drlang::emit::target::{Input, Target};
use drlang::emit::targets::keepalived::{Keepalived, read, read_check};
use drlang::emit::template::Templates;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

/// A site with balancers, their addresses as `vips` says.
fn spec(vips: &str) -> String {
    format!(
        r#"region r {{
    site s {{
        timezone = "UTC"
        host lb-1 {{ address = 10.1.0.31; interface = "eth0" }}
        host lb-2 {{ address = 10.1.0.32; interface = "eth0" }}
        host lb-3 {{ address = 10.1.0.33; interface = "bond0.100" }}
        host six-1 {{ address = [fd00::1]; interface = "eth0" }}
        host six-2 {{ address = [fd00::2]; interface = "eth0" }}
    }}
    site t {{
        timezone = "UTC"
        host lone {{ address = 10.2.0.31 }}
    }}
}}
pool web {{ members = [lb-1, lb-2]; port = 8080 }}
{vips}
"#
    )
}

const USUAL: &str = r#"
vip front { address = 10.1.0.100/24; on = [lb-1, lb-2]; serves = web }
vip back { address = 10.1.0.101/24; on = [lb-2, lb-1, lb-3]; advert = 200 ms; every = 3 s; fall = 4
           check = "systemctl is-active --quiet haproxy" }
vip plain { address = 10.1.0.102/24; on = [lb-3] }
vip six { address = [fd00::100]/64; on = [six-1, six-2]; advert = 40950 ms; serves = web }
vip lone-front { address = 10.2.0.100/24; on = [lone]; serves = web }
"#;

fn compiled(spec: &str) -> Compiled {
    let world = Memory([("main.dr".into(), spec.into())].into());
    compile(&world, "main.dr", &Options::from(1_768_435_200)).unwrap()
}

fn sound(spec: &str) -> Compiled {
    let compiled = compiled(spec);
    let found: Vec<_> = compiled
        .problems
        .iter()
        .filter(|d| d.entry.stage != "judge")
        .map(|d| format!("{}: {}", d.entry.name, d.message))
        .collect();
    assert_eq!(found, [""; 0], "{spec}");
    compiled
}

fn with<T>(compiled: &Compiled, f: impl FnOnce(Input<'_>) -> T) -> T {
    let templates = Templates::default();
    f(Input { model: &compiled.model, ops: &compiled.ops, plans: &[], templates: &templates })
}

fn findings(compiled: &Compiled) -> Vec<String> {
    let mut problems = Problems::new();
    with(compiled, |input| Keepalived.supports(input, &mut problems));
    problems.sorted().iter().map(|d| format!("{}: {}", d.entry.name, d.message)).collect()
}

fn emitted(compiled: &Compiled) -> ArtifactTree {
    assert_eq!(findings(compiled), [""; 0]);
    let mut tree = ArtifactTree::new();
    with(compiled, |input| Keepalived.emit(input, &mut tree)).unwrap();
    tree
}

fn on_disk(tree: &ArtifactTree) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, artifact) in tree.iter() {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &artifact.bytes).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(artifact.mode)).unwrap();
    }
    folder
}

fn text<'a>(tree: &'a ArtifactTree, path: &str) -> &'a str {
    std::str::from_utf8(&tree.get(path).unwrap_or_else(|| panic!("{path}")).bytes).unwrap()
}

#[test]
fn keepalived_reads_what_is_written_and_so_do_we() {
    let compiled = sound(&spec(USUAL));
    let tree = emitted(&compiled);
    assert_eq!(with(&compiled, |input| Keepalived.read_back(input, &tree)), [""; 0]);
    assert_eq!(judge::judge(on_disk(&tree).path()), 6);
    let conf = text(&tree, "hosts/lb-2/etc/keepalived/keepalived.conf");
    let lines: Vec<&str> = conf.lines().map(str::trim).collect();
    for line in ["advert_int 0.2", "interval 3", "fall 4", "unicast_src_ip 10.1.0.32", "state BACKUP"] {
        assert!(lines.contains(&line), "{line}\n{conf}");
    }
    assert!(!conf.contains("nopreempt") && !conf.contains("virtual_server"));
    assert!(tree.get("hosts/lb-3/etc/keepalived/drc-check-plain.sh").is_none());
}

#[test]
fn the_judge_sees_what_is_wrong() {
    let compiled = sound(&spec(USUAL));
    let conf = "hosts/lb-1/etc/keepalived/keepalived.conf";
    let script = "hosts/lb-1/etc/keepalived/drc-check-front.sh";
    let breaks = [
        (conf, "priority 200", "priority 300"),
        (conf, "advert_int 1", "advert_int x"),
        (conf, "virtual_ipaddress", "virtual_ip_address"),
        (conf, "enable_script_security", ""),
        (conf, "drc-check-front.sh", "drc-check-nowhere.sh"),
        (script, "exec", "'exec"),
    ];
    for (path, from, to) in breaks {
        let tree = emitted(&compiled);
        let folder = on_disk(&tree);
        let path = folder.path().join(path);
        let before = std::fs::read_to_string(&path).unwrap();
        assert!(before.contains(from), "{from}");
        std::fs::write(&path, before.replacen(from, to, 1)).unwrap();
        let judged = std::panic::catch_unwind(|| judge::judge(folder.path()));
        assert!(judged.is_err(), "{from} -> {to}");
    }
}

#[test]
fn a_check_asks_the_port_and_never_hangs() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let spec = format!(
        r#"site s {{
    timezone = "UTC"
    host a {{ address = 127.0.0.1 }}
}}
pool p {{ members = [a]; port = {port} }}
vip knocks {{ address = 127.0.0.100/8; on = [a]; serves = p; every = 1 s }}
vip hangs {{ address = 127.0.0.101/8; on = [a]; every = 1 s; check = "trap '' TERM; sleep 30; sleep 30" }}
vip tells {{ address = 127.0.0.102/8; on = [a]; check = "exit 7" }}
"#
    );
    let folder = on_disk(&emitted(&sound(&spec)));
    let run = |name: &str| {
        let start = Instant::now();
        let path = folder.path().join(format!("hosts/a/etc/keepalived/drc-check-{name}.sh"));
        (Command::new(path).output().unwrap().status.code(), start.elapsed())
    };
    assert_eq!(run("knocks").0, Some(0));
    drop(listener);
    assert_eq!(run("knocks").0, Some(1));
    assert_eq!(run("tells").0, Some(7));
    let (code, took) = run("hangs");
    assert_ne!(code, Some(0));
    // Before the next run is due, however busy this machine is.
    assert!(took > Duration::from_millis(890), "{took:?}");
    if took > Duration::from_millis(1_000) {
        eprintln!("a hanging check took {took:?} on a busy machine");
    }
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn the_same_spec_gives_the_same_bytes() {
    let bytes = || {
        let tree = emitted(&sound(&spec(USUAL)));
        tree.iter().map(|(p, a)| (p.to_owned(), a.bytes.clone())).collect::<Vec<_>>()
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn every_change_of_a_file_is_seen() {
    let compiled = sound(&spec(USUAL));
    let path = "hosts/lb-2/etc/keepalived/keepalived.conf";
    let changes = [
        ("priority 200", "priority 201"),
        ("priority 190", "priority 189"),
        ("advert_int 0.2", "advert_int 2"),
        ("state BACKUP", "state MASTER"),
        ("state BACKUP", "state BACKUP\n nopreempt"),
        ("state BACKUP", "state BACKUP\n preempt_delay 5"),
        ("state BACKUP", "state BACKUP\n down_timer_adverts 5"),
        ("vrrp_version 3", "vrrp_version 3\n vrrp_startup_delay 9"),
        ("version 3\n    state", "version 2\n    state"),
        ("virtual_router_id 1", "virtual_router_id 9"),
        ("interface eth0", "interface eth1"),
        ("unicast_src_ip 10.1.0.32", "unicast_src_ip 10.1.0.31"),
        ("        10.1.0.33\n", ""),
        ("10.1.0.100/24", "10.1.0.100/25"),
        ("10.1.0.100/24 dev eth0", "10.1.0.100/24 dev eth1"),
        ("weight 0", "weight -10"),
        ("interval 3", "interval 4"),
        ("timeout 3", "timeout 4"),
        ("fall 4", "fall 5"),
        ("rise 2", "rise 3"),
        ("user root\n    interval", "user nobody\n    interval"),
        ("enable_script_security", ""),
        ("track_script {\n        \"drc-check-front\"", "track_script {\n        \"drc-check-back\""),
        ("drc-check-front.sh", "drc-check-back.sh"),
        ("vrrp_script \"drc-check-front\" {", "vrrp_script \"x\" {"),
        ("vrrp_instance \"front\" {", "vrrp_instance \"x\" {"),
        ("vrrp_instance \"front\" {", "vrrp_instance \"front\" {\n}\n}\nx {"),
        ("drc-notify.sh", "other.sh"),
        ("global_defs {", "virtual_server 10.1.0.1 80 {\n}\nglobal_defs {"),
    ];
    for (from, to) in changes {
        let before = emitted(&compiled);
        let mut after = ArtifactTree::new();
        for (p, a) in before.iter() {
            let bytes = if p == path {
                let old = text(&before, p);
                assert!(old.contains(from), "{from}");
                old.replacen(from, to, 1).into_bytes()
            } else {
                a.bytes.clone()
            };
            after.add(p.to_owned(), Artifact { bytes, ..a.clone() });
        }
        let seen = with(&compiled, |input| Keepalived.read_back(input, &after));
        assert!(!seen.is_empty(), "{from} -> {to}");
    }
    // A script with another text, and one that nobody may run.
    for mode in [0o755, 0o644] {
        let before = emitted(&compiled);
        let mut after = ArtifactTree::new();
        for (p, a) in before.iter() {
            let mut a = a.clone();
            if p.ends_with("lb-2/etc/keepalived/drc-check-back.sh") {
                a.mode = mode;
                if mode == 0o755 {
                    a.bytes = String::from_utf8(a.bytes).unwrap().replace("haproxy", "nginx").into_bytes();
                }
            }
            after.add(p.to_owned(), a);
        }
        assert_eq!(with(&compiled, |input| Keepalived.read_back(input, &after)).len(), 1);
    }
}

/// Texts that some parser on the way might take for something else. In the spec they stand with
/// their characters escaped.
fn hostile() -> Vec<(String, String)> {
    let texts = [
        "echo 'a' \"b\" `c` $d $(e) ${f} \\ \\\\ \\n",
        "true # no comment !not @host {{x}} {{{y}}} %Y-%m ~SEQ(a, 1, 2)",
        "true\nfalse\nvirtual_server 10.0.0.1 80 {",
        "!",
        "-e",
        "--",
        "'",
        "''\"'\"''",
        "\nexec true",
        "END\nEND",
        "\r\n\t",
        "ü ß 漢字 🦀 “quoted” \u{202e}x\u{a0}y\u{2028}z",
        "\u{7f}\u{1b}[31m",
    ];
    let mut all: Vec<String> = texts.iter().map(|t| format!("{t} x")).collect();
    all.push("x".repeat(300));
    all.push("'".repeat(300));
    all.push("é\"$`\\".repeat(60));
    let plain = |c: char| c.is_ascii_alphanumeric() || " '$`#!@%".contains(c);
    let one = |c: char| if plain(c) { c.to_string() } else { format!("\\u{{{:x}}}", u32::from(c)) };
    let literal = |t: &str| t.chars().map(one).collect::<String>();
    all.into_iter().map(|t| (literal(&t), t)).collect()
}

#[test]
fn hostile_checks_come_back_as_they_were() {
    for (literal, wanted) in hostile() {
        let vip = format!("vip v {{ address = 10.1.0.100/24; on = [lb-1, lb-2]; check = \"{literal}\" }}");
        let compiled = sound(&spec(&vip));
        let tree = emitted(&compiled);
        assert_eq!(with(&compiled, |input| Keepalived.read_back(input, &tree)), [""; 0]);
        let folder = on_disk(&tree);
        judge::judge(folder.path());
        let path = folder.path().join("hosts/lb-1/etc/keepalived/drc-check-v.sh");
        // A real shell hands the very text on to the inner one.
        let script = std::fs::read_to_string(&path).unwrap();
        let shown = script.replace("\nexec timeout --kill-after=0.05 1.9 /bin/sh -c -- ", "\nprintf %s ");
        assert_ne!(shown, script);
        for shell in ["dash", "bash"] {
            let out = Command::new(shell).arg("-c").arg(&shown).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&out.stdout), wanted, "{shell}");
        }
        assert!(format!("{:?}", read_check(&script).unwrap()).contains(&format!("{wanted:?}")));
    }
}

#[test]
fn what_keepalived_cannot_do_is_refused() {
    let cases = [
        ("address = 10.1.0.100/24; on = [lb-1, lb-2]; advert = 5 ms", "vrrp-timer"),
        ("address = 10.1.0.100/24; on = [lb-1, lb-2]; advert = 15 ms", "vrrp-timer"),
        ("address = 10.1.0.100/24; on = [lb-1, lb-2]; advert = 41 s", "vrrp-timer"),
        ("address = 10.1.0.100/24; on = [lb-1, lb-2]; every = 1500 ms", "vrrp-timer"),
        ("address = 10.1.0.100/24; on = [lb-1, lb-2]; every = 2 h", "vrrp-timer"),
        ("address = 10.1.0.100/24; on = [lb-1, lb-2]; fall = 1000001", "vrrp-timer"),
        ("address = 10.1.0.100/24; on = [lb-1, six-1]", "vrrp-family"),
        ("address = [fd00::100]/64; on = [lb-1]", "vrrp-family"),
        ("address = 10.1.0.31/24; on = [lb-1, lb-2]", "vrrp-address"),
        ("address = 10.1.0.100/24; on = [lb-1, lb-1]", "vrrp-members"),
        ("address = 10.1.0.100/24; on = [lb-1, lb-2]; check = \"\"", "bad-check"),
        ("address = 10.1.0.100/24; on = [lb-1, lb-2]; check = \" \\t\"", "bad-check"),
    ];
    for (vip, name) in cases {
        let compiled = compiled(&spec(&format!("vip v {{ {vip} }}")));
        let before = compiled.problems.has_errors();
        let found = findings(&compiled);
        assert!(before || found.iter().any(|f| f.starts_with(&format!("{name}:"))), "{vip}: {found:?}");
        if before {
            eprintln!("refused before this stage: {vip}: {:?}", compiled.problems);
        }
    }
    let long =
        format!("vip v {{ address = 10.1.0.100/24; on = [lb-1]; check = \"{}\" }}", "x".repeat(100_001));
    assert_eq!(findings(&sound(&spec(&long))), ["bad-check: `v` cannot be checked like that"]);
    let twice =
        "vip v { address = 10.1.0.100/24; on = [lb-1] }\nvip w { address = 10.1.0.100/24; on = [lb-2] }";
    assert_eq!(findings(&sound(&spec(twice))), ["vrrp-address: `w` has the address of `v`"]);
}

proptest::proptest! {
    #[test]
    fn any_text_gets_an_answer(text in "(vrrp_instance x |vrrp_script|global_defs|priority|weight|[0-9]{1,4}|\\{\n|\\}\n|\"|#|!|@|\\PC|\n| ){0,60}") {
        let _ = read(&text);
        let _ = read_check(&text);
    }

    /// Any command at all comes back from the script as it was.
    #[test]
    fn any_command_comes_back(command in "[ -~é漢\n\t\r]{0,40}x") {
        let one = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\u{{{:x}}}", u32::from(c)) };
        let literal: String = command.chars().map(one).collect();
        let compiled = sound(&spec(&format!("vip v {{ address = 10.1.0.100/24; on = [lb-1]; check = \"{literal}\" }}")));
        let tree = emitted(&compiled);
        let seen = with(&compiled, |input| Keepalived.read_back(input, &tree));
        proptest::prop_assert!(seen.is_empty(), "{seen:?}");
        let script = text(&tree, "hosts/lb-1/etc/keepalived/drc-check-v.sh");
        let asks = format!("{:?}", read_check(script).unwrap());
        let wanted = format!("{command:?}");
        proptest::prop_assert!(asks.contains(&wanted), "{asks}");
    }
}

#[test]
fn hostile_interfaces_are_refused() {
    let names = [
        "",
        ".",
        "..",
        "-x",
        "a b",
        "a/b",
        "a\\\"b",
        "a\\nb",
        "$x",
        "`x`",
        "%d",
        "\\u{7b}\\u{7b}x",
        "@x",
        "!x",
        "#x",
        "é",
        "eth0:1",
        &"x".repeat(300),
    ];
    for name in names {
        let spec = format!(
            "site s {{\n timezone = \"UTC\"\n host a {{ address = 10.1.0.1; interface = \"{name}\" }}\n}}\nvip v {{ address = 10.1.0.100/24; on = [a] }}\n"
        );
        let compiled = compiled(&spec);
        assert!(!compiled.problems.has_errors(), "{name}: {:?}", compiled.problems);
        assert_eq!(findings(&compiled), ["bad-interface: `a` has no interface of such a name"], "{name}");
    }
}

#[test]
fn many_hosts_have_priorities_of_their_own() {
    let hosts = |n: usize| {
        let hosts: String = (0..n)
            .map(|i| format!(" host h{i} {{ address = 10.0.{}.{} }}\n", i / 250, i % 250 + 1))
            .collect();
        let names: Vec<String> = (0..n).map(|i| format!("h{i}")).collect();
        format!(
            "site s {{\n timezone = \"UTC\"\n{hosts}}}\nvip v {{ address = 10.1.0.100/24; on = [{}] }}\n",
            names.join(", ")
        )
    };
    let compiled = sound(&hosts(200));
    let tree = emitted(&compiled);
    assert_eq!(with(&compiled, |input| Keepalived.read_back(input, &tree)), [""; 0]);
    let conf = read(text(&tree, "hosts/h199/etc/keepalived/keepalived.conf")).unwrap();
    assert_eq!((conf.instances[0].priority, conf.instances[0].peers.len()), (Some(1), 199));
    assert_eq!(findings(&sound(&hosts(201))), ["vrrp-members: `v` has more hosts than VRRP has priorities"]);
}

#[test]
fn a_users_template_is_read_back_too() {
    let compiled = sound(&spec(USUAL));
    let ours = include_str!("../src/emit/targets/keepalived/templates/keepalived.conf.hbs");
    let own = |text: String| Templates::new([("keepalived/keepalived.conf.hbs".to_owned(), text)].into());
    let run = |templates: &Templates| {
        let input = Input { model: &compiled.model, ops: &compiled.ops, plans: &[], templates };
        let mut tree = ArtifactTree::new();
        Keepalived
            .emit(input, &mut tree)
            .map(|()| Keepalived.read_back(input, &tree))
            .map_err(|e| e.to_string())
    };
    let more = ours.replace(
        "script_user root",
        "script_user root\n    notification_email {\n        ops@example.com\n    }",
    );
    assert_eq!(run(&own(more)), Ok(vec![]));
    assert!(!run(&own(ours.replace("priority {{priority}}", "priority 100"))).unwrap().is_empty());
    assert!(run(&own(ours.replace("{{priority}}", "{{{priority}}}"))).is_err());
    assert!(run(&own(ours.replace("{{priority}}", "{{prio}}"))).is_err());
}

/// The text below a heading of a finding's page.
fn fence(page: &str, heading: &str) -> String {
    let (_, rest) = page.split_once(&format!("## {heading}:\n\n```dr\n")).unwrap();
    rest.split_once("\n```").unwrap().0.to_owned()
}

#[test]
fn each_finding_has_an_example_and_its_page_a_remedy() {
    for name in ["bad-interface", "vrrp-timer", "vrrp-family", "vrrp-members", "vrrp-address", "bad-check"] {
        let page = drlang::diag::pages::page(name).unwrap();
        let example = drlang::diag::pages::failing_example(name).unwrap();
        let failing = sound(example);
        assert!(failing.problems.is_empty(), "{name}: {:?}", failing.problems);
        let found = findings(&failing);
        assert!(found.len() == 1 && found[0].starts_with(&format!("{name}: ")), "{name}: {found:?}");
        let mended = example.replace(&fence(page, "Failing"), &fence(page, "Passing"));
        assert_ne!(mended, example);
        let mended = sound(&mended);
        assert!(mended.problems.is_empty(), "{name}: {:?}", mended.problems);
        assert_eq!(findings(&mended), [""; 0], "{name}");
    }
}
