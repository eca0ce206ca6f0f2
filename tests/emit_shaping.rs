//! Shaping: what the kernel makes of the scripts.

#[path = "support/shaping.rs"]
mod judge;

use drlang::base::world::Memory;
use drlang::diag::Problems;
use drlang::driver::{Compiled, Options, compile};
use drlang::emit::artifact::{Artifact, ArtifactTree};
use drlang::emit::target::{Input, Target};
use drlang::emit::targets::shaping::{Shaping, parse};
use drlang::emit::template::Templates;
use drlang::model::Class;
use drlang::quantity::Rate;
use std::os::unix::fs::PermissionsExt;

const SCRIPT: &str = "hosts/db-1/etc/drc/shaping.sh";

/// Two sites with two links; `links` and `more` as they are told. Hosts of site `b` have the
/// addresses that `net` says.
fn spec(share: &str, host: &str, address: &str, more: &str) -> String {
    format!(
        r#"engine e {{
    family = mariadb
    port = 3306
    amplification = 1.2
    apply = 20 MiB/s
    replay = 20 MiB/s
    prepare = 100 MiB/s
    load = 20 MiB/s
    start = 30 s
    promote = 5 s
    acknowledgements = 1
    fallback = 10 s
    largest-transaction = 16 MiB
    physical = true
    logs = true
}}
site a {{
    timezone = "UTC"
    host db-1 {{ address = 10.1.0.1; {host} }}
    host db-3 {{ address = 10.1.0.3 }}
    host vault-1 {{ address = 10.1.0.41 }}
    store v1 {{ host = vault-1; path = "/srv/v"; capacity = 10 TiB }}
}}
site b {{
    timezone = "UTC"
    host db-2 {{ address = {address} }}
    host vault-2 {{ address = 10.2.0.41 }}
    store v2 {{ host = vault-2; path = "/srv/v"; capacity = 10 TiB }}
}}
link one : a <-> b {{
    bandwidth = 123456789 bit/s
    rtt = 20 ms
    share {{ {share} }}
}}
link two : a <-> b {{
    bandwidth = 50 Mbit/s
    rtt = 20 ms
    share {{ replication = 40 %; backup = 40 % }}
}}
cluster c : e {{ primary = db-1; replicas = [db-2] }}
data d {{
    on = c
    size = 10 GiB
    writes = 1 MiB/s
    replica db-2 {{ mode = async; over = one }}
    backup v1 {{ full = daily 01:00; keep = 30 days }}
    backup v2 {{ full = daily 02:00; log = every 15 min; keep = 30 days; over = one }}
}}
data f {{
    on = db-1 path "/srv/f"
    size = 10 GiB
    mirror db-2 {{ at = every 30 min; over = one }}
}}
{more}
"#
    )
}

const SHARES: &str = "replication = 50 %; backup = 33.3 %; mirror = 10 %";

fn compiled(spec: &str) -> Compiled {
    let world = Memory([("main.dr".into(), spec.into())].into());
    let compiled = compile(&world, "main.dr", &Options::from(1_768_435_200)).unwrap();
    let found: Vec<_> = compiled
        .problems
        .iter()
        .filter(|d| d.entry.stage != "judge")
        .map(|d| format!("{}: {}", d.entry.name, d.message))
        .collect();
    assert_eq!(found, [""; 0], "{spec}");
    compiled
}

fn usual() -> Compiled {
    compiled(&spec(SHARES, "interface = \"bond0.100\"", "10.2.0.2", ""))
}

fn with<T>(compiled: &Compiled, f: impl FnOnce(Input<'_>) -> T) -> T {
    let templates = Templates::default();
    f(Input { model: &compiled.model, ops: &compiled.ops, plans: &[], templates: &templates })
}

fn findings(compiled: &Compiled) -> Vec<String> {
    let mut problems = Problems::new();
    with(compiled, |input| Shaping.supports(input, &mut problems));
    problems.sorted().iter().map(|d| format!("{}: {}", d.entry.name, d.message)).collect()
}

fn emitted(compiled: &Compiled) -> ArtifactTree {
    assert_eq!(findings(compiled), [""; 0]);
    let mut tree = ArtifactTree::new();
    with(compiled, |input| Shaping.emit(input, &mut tree)).unwrap();
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
fn the_kernel_has_what_is_written_and_so_do_we() {
    let compiled = usual();
    let tree = emitted(&compiled);
    assert_eq!(with(&compiled, |input| Shaping.read_back(input, &tree)), [""; 0]);
    assert!(judge::judge(on_disk(&tree).path()) >= 2);
    // 123456789 bit/s: 50 % for one stream, a third of 33.3 % each for two jobs and a restore,
    // 10 % for a mirror; to the bit.
    let shaped = parse(text(&tree, SCRIPT)).unwrap();
    assert_eq!(shaped.interface, "bond0.100");
    assert_eq!(shaped.root, Rate(1_000_000_000));
    let rates: Vec<u64> = shaped.leaves.values().map(|l| l.rate.0).collect();
    let shaper = compiled.ops.shapers.iter().find(|s| compiled.model.hosts[s.host].name == "db-1").unwrap();
    let caps: Vec<u64> = shaper.classes.iter().map(|c| c.cap.0).collect();
    assert_eq!(rates[1..], caps);
    assert!(caps.contains(&61_728_394) && caps.contains(&12_345_678), "{caps:?}");
    assert_eq!(rates[0], 1_000_000_000 - caps.iter().sum::<u64>());
    assert!(shaped.leaves.values().all(|l| l.fair));
}

#[test]
fn ipv6_is_matched_too() {
    let compiled = compiled(&spec(SHARES, "", "[fd00:1:2:3::beef]", ""));
    let tree = emitted(&compiled);
    assert_eq!(with(&compiled, |input| Shaping.read_back(input, &tree)), [""; 0]);
    assert!(text(&tree, SCRIPT).contains(" match ip6 dst fd00:1:2:3::beef/128 "));
    judge::judge(on_disk(&tree).path());
}

#[test]
fn the_same_spec_gives_the_same_bytes() {
    let bytes = || emitted(&usual()).iter().map(|(p, a)| (p.to_owned(), a.bytes.clone())).collect::<Vec<_>>();
    assert_eq!(bytes(), bytes());
}

#[test]
fn a_way_that_goes_on_over_an_undivided_link_is_held_on_the_divided_one() {
    let compiled = compiled(
        r#"site a { timezone = "UTC"; host x { address = 10.0.0.1 } }
        site b { timezone = "UTC"; host y { address = 10.0.1.1 } }
        site c { timezone = "UTC"; host z { address = 10.0.2.1 } }
        link p : a <-> b { bandwidth = 100 Mbit/s; rtt = 8 ms; share { mirror = 20 % } }
        link q : b <-> c { bandwidth = 100 Mbit/s; rtt = 8 ms }
        data f { on = x path "/srv/f"; size = 10 MiB; writes = 1 KiB/s; files = independent
            mirror z { at = every 30 min; path = "/srv/m"; over = p then q } }
        data g { on = x path "/srv/g"; size = 10 MiB; writes = 1 KiB/s; files = independent
            mirror y { at = every 30 min; path = "/srv/n" } }"#,
    );
    let tree = emitted(&compiled);
    let is = parse(text(&tree, "hosts/x/etc/drc/shaping.sh")).unwrap();
    let held: Vec<_> = is.filters.iter().map(|(m, _)| m.to.to_string()).collect();
    // Both share the 20 %, so that both must be held to them.
    for to in ["10.0.1.1", "10.0.2.1"] {
        assert!(held.contains(&to.to_owned()), "{held:?}");
    }
    assert!(is.leaves.values().any(|l| l.ceil == Rate(20_000_000)));
}

#[test]
fn links_may_have_any_name() {
    let names = ["INTERFACE", "QUEUES", "END", "CLASSES", "tc"];
    for name in names {
        let spec = spec(SHARES, "", "10.2.0.2", "")
            .replace("link one", &format!("link {name}"))
            .replace("over = one", &format!("over = {name}"));
        let compiled = compiled(&spec);
        let tree = emitted(&compiled);
        assert_eq!(with(&compiled, |input| Shaping.read_back(input, &tree)), [""; 0], "{name}");
        judge::judge(on_disk(&tree).path());
    }
}

#[test]
fn every_change_of_a_file_is_seen() {
    let compiled = usual();
    let before = emitted(&compiled);
    let unit = "hosts/db-1/etc/systemd/system/drc-shaping.service";
    let changes = [
        (SCRIPT, "rate 61728394bit", "rate 61728395bit"),
        (SCRIPT, "ceil 61728394bit", "ceil 61728395bit"),
        (SCRIPT, "rate 1000000000bit", "rate 100000000bit"),
        (SCRIPT, "rate 61728394bit", "rate 61mbit"),
        (SCRIPT, "default 2", "default 10"),
        (SCRIPT, "dev bond0.100 root handle", "dev eth0 root handle"),
        (SCRIPT, "parent d0c:10 fq\n", "parent d0c:10 sfq\n"),
        (SCRIPT, "qdisc add dev bond0.100 parent d0c:10 fq\n", ""),
        (SCRIPT, "dport 3306", "dport 3307"),
        (SCRIPT, "sport 3306", "dport 3306"),
        (SCRIPT, "dst 10.2.0.2/32", "dst 10.2.0.3/32"),
        (SCRIPT, "dst 10.2.0.2/32", "dst 10.2.0.0/24"),
        (SCRIPT, "flowid d0c:10", "flowid d0c:11"),
        (SCRIPT, "flowid d0c:10", "flowid d0c:99"),
        (SCRIPT, "protocol 6 0xff", "protocol 17 0xff"),
        (SCRIPT, "\nEND\n", "\n"),
        (SCRIPT, "class add", "class replace"),
        (unit, "shaping.sh start", "shaping.sh stop"),
        (unit, "Type=oneshot", "Type=simple"),
    ];
    for (path, from, to) in changes {
        let mut after = ArtifactTree::new();
        for (p, a) in before.iter() {
            let bytes = if p == path {
                let old = text(&before, p);
                assert!(old.contains(from), "{from}: {old}");
                old.replacen(from, to, 1).into_bytes()
            } else {
                a.bytes.clone()
            };
            after.add(p.to_owned(), Artifact { bytes, ..a.clone() });
        }
        assert!(!with(&compiled, |input| Shaping.read_back(input, &after)).is_empty(), "{from} -> {to}");
    }
}

#[test]
fn the_judge_sees_what_is_wrong() {
    let compiled = usual();
    let unit = "hosts/db-1/etc/systemd/system/drc-shaping.service";
    let breaks = [
        (SCRIPT, "burst ", "bust "),
        (SCRIPT, "parent d0c:10 fq", "parent d0c:10 fq fair"),
        (SCRIPT, "set -eu", "set -eu; x=`ls`; echo $x"),
        (SCRIPT, "dport 3306", "dport 33060000"),
        (unit, "Type=oneshot", "Type=single"),
        (unit, "[Service]", "[Sevice]"),
    ];
    for (path, from, to) in breaks {
        let folder = on_disk(&emitted(&compiled));
        let path = folder.path().join(path);
        let before = std::fs::read_to_string(&path).unwrap();
        assert!(before.contains(from), "{from}");
        std::fs::write(&path, before.replacen(from, to, 1)).unwrap();
        let judged = std::panic::catch_unwind(|| judge::judge(folder.path()));
        assert!(judged.is_err(), "{from} -> {to}");
    }
}

#[test]
fn what_cannot_be_held_is_refused() {
    // A database that listens where Bacula's storage does, and is replicated to the store's host.
    let base = spec(SHARES, "", "10.2.0.2", "");
    let (engine, _) = base.split_once("\n}\n").unwrap();
    let engine = engine.replace("engine e {", "engine e2 {").replace("port = 3306", "port = 9103");
    let both = format!(
        r#"{engine}
}}
cluster c2 : e2 {{ primary = db-1; replicas = [vault-2] }}
data d2 {{
    on = c2
    size = 10 GiB
    writes = 1 MiB/s
    replica vault-2 {{ mode = async; over = one }}
}}
"#
    );
    let found = findings(&compiled(&spec(SHARES, "", "10.2.0.2", &both)));
    assert_eq!(
        found,
        [
            "shaping-overlap: packets from `db-1` to 10.2.0.41 with port 9103 belong to replication on `one` and to backup on `one`"
        ]
    );
    let tiny = spec(SHARES, "", "10.2.0.2", "").replace("mirror = 10 %", "mirror = 0.006 %");
    let found = findings(&compiled(&tiny));
    assert_eq!(
        found,
        ["shaping-rate: `db-1` gets 7.41 kbit/s of the mirror on `one`, too little to be held"]
    );
    let found = findings(&compiled(&spec(SHARES, "nic = 102 Mbit/s", "10.2.0.2", "")));
    assert_eq!(found, [""; 0]);
    let found = findings(&compiled(&spec(SHARES, "nic = 70 Mbit/s", "10.2.0.2", "")));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("card-too-slow: `db-1` must guarantee shares of "), "{found:?}");
    // One share alone may take all of the card: it is held to the card's rate.
    let alone = spec("replication = 50 %", "nic = 10 Mbit/s", "10.2.0.2", "")
        .replace("backup v2 { full = daily 02:00; log = every 15 min; keep = 30 days; over = one }", "")
        .replace("mirror db-2 { at = every 30 min; over = one }", "");
    let compiled = compiled(&alone);
    let tree = emitted(&compiled);
    let shaped = parse(text(&tree, SCRIPT)).unwrap();
    assert_eq!(shaped.leaves.values().map(|l| l.rate.0).collect::<Vec<_>>(), [100_000, 10_000_000]);
    judge::judge(on_disk(&tree).path());
}

#[test]
fn whose_packets_cannot_be_told_apart_is_a_member_everywhere() {
    // Two databases that reach one host and port over two links. The host does not see which of
    // them a packet takes: each has a half of 61.7 Mbit/s on one and of 20 Mbit/s on the other, so
    // 10 Mbit/s, and together 20.
    let twice = r#"
cluster c2 : e { primary = db-1; replicas = [db-2] }
data d2 {
    on = c2
    size = 10 GiB
    writes = 1 MiB/s
    replica db-2 { mode = async; over = two }
}
"#;
    let compiled = compiled(&spec(SHARES, "", "10.2.0.2", twice));
    let tree = emitted(&compiled);
    let shaper = compiled.ops.shapers.iter().find(|s| compiled.model.hosts[s.host].name == "db-1").unwrap();
    let class = shaper.classes.iter().find(|c| c.class == Class::Replication).unwrap();
    assert_eq!((class.cap, class.members, class.flows.len()), (Rate(20_000_000), 2, 1));
    judge::judge(on_disk(&tree).path());
    // Another way counts too: `one` alone would give 61.7 Mbit/s.
    let ways = spec(SHARES, "", "10.2.0.2", "")
        .replace("mode = async; over = one", "mode = async; over = one or two");
    let compiled = self::compiled(&ways);
    let shaper = compiled.ops.shapers.iter().find(|s| compiled.model.hosts[s.host].name == "db-1").unwrap();
    let class = shaper.classes.iter().find(|c| c.class == Class::Replication).unwrap();
    assert_eq!((class.cap, class.members), (Rate(20_000_000), 1));
    emitted(&compiled);
}

#[test]
fn a_kernel_takes_more_filters_than_it_numbers_at_once() {
    let many = 1_300;
    let hosts: String = (0..many)
        .map(|i| format!("    host h{i} {{ address = 10.3.{}.{} }}\n", i / 250, i % 250 + 1))
        .collect();
    let mirrors: String = (0..many).map(|i| format!("    mirror h{i} {{ at = daily 01:00 }}\n")).collect();
    let spec = format!(
        "site a {{\n timezone = \"UTC\"\n host web {{ address = 10.1.0.1; nic = 10 Gbit/s }}\n}}\n\
         site b {{\n timezone = \"UTC\"\n{hosts}}}\n\
         link wan : a <-> b {{\n bandwidth = 1 Gbit/s\n rtt = 9 ms\n share {{ mirror = 90 % }}\n}}\n\
         data f {{\n on = web path \"/srv/f\"\n size = 1 GiB\n{mirrors}}}\n"
    );
    let compiled = compiled(&spec);
    let tree = emitted(&compiled);
    assert_eq!(with(&compiled, |input| Shaping.read_back(input, &tree)), [""; 0]);
    assert_eq!(parse(text(&tree, "hosts/web/etc/drc/shaping.sh")).unwrap().filters.len(), 2 * many);
    judge::judge(on_disk(&tree).path());
}

proptest::proptest! {
    #[test]
    fn any_text_gets_an_answer(text in "(tc -batch - <<'END'\n)?(qdisc|class|filter|add|dev|d0c:|rate|x|[0-9]+bit|\\PC|\n| ){0,60}") {
        let _ = parse(&text);
    }
}

#[test]
fn hostile_interfaces_are_refused() {
    for name in [
        "",
        "..",
        "-x",
        "a b",
        "a\\nqdisc",
        "$x",
        "`x`",
        "%d",
        "\\u{7b}\\u{7b}x",
        "#x",
        "é",
        &"x".repeat(300),
    ] {
        let spec = spec(SHARES, &format!("interface = \"{name}\""), "10.2.0.2", "");
        assert_eq!(
            findings(&compiled(&spec)),
            ["bad-interface: `db-1` has no interface of such a name"],
            "{name}"
        );
    }
}

/// The text below a heading of a finding's page.
fn fence(page: &str, heading: &str) -> String {
    let (_, rest) = page.split_once(&format!("## {heading}:\n\n```dr\n")).unwrap();
    rest.split_once("\n```").unwrap().0.to_owned()
}

#[test]
fn each_finding_has_an_example_and_its_page_a_remedy() {
    for name in ["shaping-overlap", "shaping-rate", "card-too-slow"] {
        let page = drlang::diag::pages::page(name).unwrap();
        let example = drlang::diag::pages::failing_example(name).unwrap();
        let failing = compiled(example);
        assert!(failing.problems.is_empty(), "{name}: {:?}", failing.problems);
        let found = findings(&failing);
        assert!(found.len() == 1 && found[0].starts_with(&format!("{name}: ")), "{name}: {found:?}");
        let mended = example.replace(&fence(page, "Failing"), &fence(page, "Passing"));
        assert_ne!(mended, example);
        let mended = compiled(&mended);
        assert!(mended.problems.is_empty(), "{name}: {:?}", mended.problems);
        assert_eq!(findings(&mended), [""; 0], "{name}");
    }
}
