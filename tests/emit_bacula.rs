//! The Bacula target against Bacula's own programs.

#[path = "support/bacula.rs"]
mod bacula;
#[path = "support/bacula_spec.rs"]
mod spec;

use drlang::diag::Problems;
use drlang::emit::artifact::ArtifactTree;
use drlang::emit::target::Target;
use drlang::emit::targets::bacula::Bacula;
use drlang::emit::targets::bacula::parse::parse;
use drlang::emit::template::Templates;
use spec::{PARTS, emitted, input, refused, sound, write};

const ESTATE: &str = r#"
region east {
    site a {
        timezone = "Asia/Shanghai"
        host db-a1    { address = 10.1.0.11 }
        host db-a2    { address = 10.1.0.12 }
        host web-a1   { address = 10.1.0.21 }
        host backup-a { address = 10.1.0.41 }
        store vault-a { host = backup-a; path = "/srv/bacula" }
    }
}
region north {
    site c {
        timezone = "Europe/Paris"
        host db-c1    { address = [fd00::11] }
        host web-c1   { address = [fd00::21] }
        host backup-c { address = [fd00::41] }
        host tape-c   { address = [fd00::42] }
        store vault-c { host = backup-c; path = "/srv/bacula" }
        store tape    { host = tape-c; path = "/srv/tape" }
    }
}
link wan : a <-> c { bandwidth = 500 Mbit/s; rtt = 28 ms; share { replication = 60 %; backup = 30 %; mirror = 10 % } }
backup-server main { host = backup-a; stores = [vault-a]; jobs = 40 }

cluster shop-db : mariadb { primary = db-a1; replicas = [db-a2, db-c1]; logdir = "/var/log/mysql" }
cluster small-db : mysql { primary = web-a1; staging = "/srv/it's staged" }

data orders {
    on = shop-db; size = 2 GiB; writes = 1 MiB/s; changed = 4 % / day
    replica db-a2 { mode = semi-sync }
    replica db-c1 { mode = async; over = wan }
    backup vault-a {
        from = db-a2; method = physical
        full = weekly sun 01:30; differential = weekly wed 01:30; incremental = daily 01:30
        log = every 5 min; verify = daily 12:00; keep = 30 days
    }
    copy vault-c { of = vault-a; at = daily 05:00; keep = 60 days; over = wan }
    copy tape    { of = vault-a; at = monthly 1st sat 06:00; keep = 400 days; over = wan }
}
data accounts {
    on = small-db; size = 2 GiB
    backup vault-a { method = logical; full = every 6 h; keep = 14 days; log = every 15 min }
}
data images {
    on = web-a1 path "/srv/shop/images"; size = 9 GiB; writes = 300 KiB/s
    mirror web-c1 { at = every 30 min; over = wan }
    backup vault-a { full = monthly 15 03:00; incremental = daily 03:00; keep = 90 days; limit = 37.5 MB/s }
    copy vault-c { of = vault-a; at = daily 07:00; over = wan }
}
data papers {
    on = web-a1 path "/srv/papers"; size = 9 GiB
    backup vault-c { full = quarterly 04:00; incremental = weekly mon 04:00; keep = 900 days; over = wan }
}
"#;

fn text_of<'a>(tree: &'a ArtifactTree, path: &str) -> &'a str {
    std::str::from_utf8(&tree.get(path).unwrap_or_else(|| panic!("no {path}")).bytes).unwrap()
}

#[test]
fn bacula_takes_every_file() {
    let c = sound(&format!("{PARTS}{ESTATE}"));
    let tree = emitted(&c);
    let root = tempfile::tempdir().unwrap();
    write(&tree, root.path());
    bacula::judge(root.path());
    let again = emitted(&sound(&format!("{PARTS}{ESTATE}")));
    assert!(tree.iter().eq(again.iter()), "not the same bytes twice");
}

#[test]
fn bacula_takes_pools_in_its_own_terms() {
    let spec = format!("{PARTS}{ESTATE}");
    let (before, pools) = (
        "limit = 37.5 MB/s }",
        "limit = 37.5 MB/s; files-kept = 60 days; jobs-kept = 100 days
            full-pool { keep = 180 days; volumes = 9 }
            incremental-pool { runs = 6; use-duration = 36 h; keep = 181.5 days } }",
    );
    assert!(spec.contains(before));
    let spec = spec.replacen(before, pools, 1);
    let (before, pools) = (
        "copy vault-c { of = vault-a; at = daily 07:00; over = wan }",
        "copy vault-c { of = vault-a; at = daily 07:00; over = wan; pool { keep = 200 days; volumes = 900 } }",
    );
    assert!(spec.contains(before));
    let c = sound(&spec.replacen(before, pools, 1));
    let tree = emitted(&c);
    let root = tempfile::tempdir().unwrap();
    write(&tree, root.path());
    bacula::judge(root.path());
    let text = text_of(&tree, "hosts/backup-a/etc/bacula/bacula-dir.conf");
    let part = |kind: &str, name: &str| {
        let name = format!("{kind} {{\n  Name = \"{name}\"\n");
        let at = text.find(&name).unwrap_or_else(|| panic!("no {name}"));
        text[at..].split_once("\n}\n").unwrap().0.to_owned()
    };
    let full = part("Pool", "images-vault-a_full");
    for line in [
        "Maximum Volumes = 9",
        "Volume Retention = 180 days",
        "File Retention = 60 days",
        "Job Retention = 100 days",
        "Maximum Volume Jobs = 1",
    ] {
        assert!(full.contains(line), "{line}: {full}");
    }
    let incremental = part("Pool", "images-vault-a_incremental");
    for line in [
        "Maximum Volume Jobs = 6",
        "Volume Use Duration = 129600 seconds",
        "Volume Retention = 15681600 seconds",
    ] {
        assert!(incremental.contains(line), "{line}: {incremental}");
    }
    let job = part("Job", "images-vault-a");
    for line in [
        "Pool = \"images-vault-a_full\"",
        "Full Backup Pool = \"images-vault-a_full\"",
        "Incremental Backup Pool = \"images-vault-a_incremental\"",
        "Prune Files = yes",
        "Prune Jobs = yes",
    ] {
        assert!(job.contains(line), "{line}: {job}");
    }
    // Both pools are copied: Bacula's own selection would look at one.
    let copy = part("Job", "images-vault-a-vault-c");
    assert!(copy.contains("Pool.Name IN ('images-vault-a_full', 'images-vault-a_incremental')"), "{copy}");
    assert!(part("Pool", "images-vault-a-vault-c").contains("Maximum Volumes = 900"));
}

#[test]
fn what_bacula_cannot_hold_is_refused_where_it_is_written() {
    let said = |change: (&str, &str)| {
        let spec = format!("{PARTS}{ESTATE}");
        assert!(spec.contains(change.0), "{change:?}");
        let c = sound(&spec.replacen(change.0, change.1, 1));
        let mut problems = Problems::new();
        Bacula.supports(input(&c, &Templates::default()), &mut problems);
        let at = |d: &drlang::diag::Diagnostic| c.sources.text(d.primary.span).to_owned();
        problems.iter().map(|d| format!("{} {}", d.entry.name, at(d))).collect::<Vec<_>>()
    };
    assert_eq!(said(("jobs = 40", "jobs = 200000")), ["bacula-number 200000"]);
    assert_eq!(said(("limit = 37.5 MB/s", "limit = 7 bit/s")), ["bacula-number 7 bit/s"]);
    assert_eq!(said(("keep = 90 days", "keep = 80000 days")).len(), 2);
    assert_eq!(
        said(("of = vault-a; at = daily 07:00;", "of = vault-a; at = daily 07:00; limit = 1 MB/s;")),
        ["unheld-limit 1 MB/s"]
    );
    // A share that is less than the limit is held by the shaping of traffic.
    assert_eq!(
        said(("of = vault-a; at = daily 07:00;", "of = vault-a; at = daily 07:00; limit = 900 MB/s;")),
        Vec::<String>::new()
    );
    assert!(
        said(("{ host = backup-a; stores", "{ host = tape-c; stores"))
            .iter()
            .all(|s| s.starts_with("slow-copies copy "))
    );
}

#[test]
fn files_say_what_the_operations_say() {
    let c = sound(&format!("{PARTS}{ESTATE}"));
    let tree = emitted(&c);
    let config = parse(text_of(&tree, "hosts/backup-a/etc/bacula/bacula-dir.conf")).unwrap();
    let block = |kind: &'static str, name: &str| {
        config.of(kind).find(|b| b.name() == name).unwrap_or_else(|| panic!("no {kind} {name}"))
    };
    let says = |kind: &'static str, name: &str, key: &str| block(kind, name).text(key).unwrap_or_default();
    // 30 days, a week between fulls, a day between runs, a day of slack.
    assert_eq!(says("pool", "shop-db-vault-a", "volumeretention"), "39days");
    // Logs as long as the data that they roll forward.
    assert_eq!(says("pool", "shop-db-vault-a-log", "volumeretention"), "39days");
    assert_eq!(says("pool", "shop-db-vault-a-vault-c", "volumeretention"), "69days");
    assert_eq!(says("pool", "shop-db-vault-a-tape", "volumeretention"), "409days");
    // 90 days, 31 between fulls, a day and a day.
    assert_eq!(says("pool", "images-vault-a", "volumeretention"), "123days");
    // Bytes a second, from bits, rounded down.
    assert_eq!(says("job", "images-vault-a", "maximumbandwidth"), "37500000");
    assert_eq!(says("job", "shop-db-vault-a", "maximumbandwidth"), "");
    let runs =
        |name: &str| block("schedule", name).all("run").map(|r| r.words().join(" ")).collect::<Vec<_>>();
    assert_eq!(
        runs("shop-db-vault-a"),
        [
            "Level = Full sun at 1:30",
            "Level = Differential wed at 1:30",
            "Level = Incremental mon tue thu fri sat at 1:30"
        ]
    );
    assert_eq!(runs("shop-db-vault-a-log").len(), 12);
    assert_eq!(runs("shop-db-vault-a-vault-c"), ["daily at 5:00"]);
    assert_eq!(runs("shop-db-vault-a-tape"), ["1st sat at 6:00"]);
    // Two copies of one original: each asks for what it has not copied itself.
    assert_eq!(says("job", "shop-db-vault-a-tape", "selectiontype"), "SQLQuery");
    assert_eq!(says("job", "images-vault-a-vault-c", "selectiontype"), "PoolUncopiedJobs");
    // No two jobs share a device.
    let devices: Vec<String> = config
        .of("job")
        .filter(|j| j.text("type").unwrap() != "Restore")
        .map(|j| j.text("storage").unwrap())
        .collect();
    let different: std::collections::BTreeSet<&String> = devices.iter().collect();
    assert_eq!(devices.len(), different.len());
    // A director that stands by schedules nothing.
    let standby = parse(text_of(&tree, "hosts/tape-c/etc/bacula/bacula-dir.conf")).unwrap();
    assert_eq!(standby.of("schedule").count(), 0);
    assert!(standby.of("job").all(|j| j.text("type").unwrap() == "Restore"));
    assert!(standby.of("job").count() > 2);
    assert!(
        text_of(&tree, "hosts/backup-c/etc/systemd/system/bacula-director.service.d/drc-zone.conf")
            .contains("TZ=Europe/Paris")
    );
    // The family of a database decides its programs.
    assert!(
        text_of(&tree, "hosts/db-a2/etc/bacula/scripts/shop-db-vault-a.before").contains("mariadb-backup")
    );
    assert!(text_of(&tree, "hosts/web-a1/etc/bacula/scripts/small-db-vault-a.before").contains("mysqldump"));
    assert!(
        text_of(&tree, "hosts/web-a1/etc/bacula/scripts/small-db-vault-a-log.before").contains("\n  mysql ")
    );
    for (path, artifact) in tree.iter() {
        let text = std::str::from_utf8(&artifact.bytes).unwrap();
        assert!(
            text.lines().take(2).any(|l| l == "# Made by drc: do not edit; change the spec and build again."),
            "{path}"
        );
        assert!(!text.to_lowercase().contains("password = "), "{path} holds a secret");
    }
}

/// The estate without copies, with three drives in the store that is backed up to and verified.
/// (What copies read is spoken to without TLS within a host, which a changer cannot be.)
fn with_drives() -> String {
    let spec =
        format!("{PARTS}{ESTATE}").replacen("store vault-a { host", "store vault-a { drives = 3; host", 1);
    let lines = spec.lines().filter(|l| !l.trim_start().starts_with("copy "));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// The estate with drives in the stores that are copied to.
fn copied_to_drives() -> String {
    let spec =
        format!("{PARTS}{ESTATE}").replacen("store vault-c { host", "store vault-c { drives = 1; host", 1);
    spec.replacen("store tape    { host", "store tape { drives = 2; host", 1)
}

#[test]
fn drives_are_a_changer_that_bacula_takes() {
    let c = sound(&with_drives());
    let tree = emitted(&c);
    let root = tempfile::tempdir().unwrap();
    write(&tree, root.path());
    bacula::judge(root.path());
    assert_eq!(Bacula.read_back(input(&c, &Templates::default()), &tree), Vec::<String>::new());
    let director = parse(text_of(&tree, "hosts/backup-a/etc/bacula/bacula-dir.conf")).unwrap();
    let says = |kind: &'static str, name: &str, key: &str| {
        let block =
            director.of(kind).find(|b| b.name() == name).unwrap_or_else(|| panic!("no {kind} {name}"));
        block.text(key).unwrap_or_default()
    };
    // All jobs of the store come for the same three drives; a restore names them in its own way.
    assert_eq!(says("storage", "vault-a_changer", "maximumconcurrentjobs"), "3");
    assert_eq!(says("storage", "vault-a_changer", "autochanger"), "yes");
    for job in ["shop-db-vault-a", "shop-db-vault-a-log", "small-db-vault-a", "shop-db-vault-a-verify"] {
        assert_eq!(says("job", job, "storage"), "vault-a_changer", "{job}");
    }
    assert_eq!(says("storage", "shop-db-vault-a_restore", "device"), "vault-a_changer");
    let storage = text_of(&tree, "hosts/backup-a/etc/bacula/bacula-sd.conf");
    let storage = parse(storage).unwrap();
    assert_eq!(storage.of("device").count(), 3);
    assert!(storage.of("device").all(|d| d.text("mediatype").as_deref() == Some("vault-a_media")));
    let script = text_of(&tree, "hosts/backup-a/etc/bacula/scripts/read-volumes");
    assert!(script.contains("vault-a_drive_1") && !script.contains("vault-a_restore"));
    let c = sound(&copied_to_drives());
    let tree = emitted(&c);
    let root = tempfile::tempdir().unwrap();
    write(&tree, root.path());
    bacula::judge(root.path());
    let director = parse(text_of(&tree, "hosts/backup-a/etc/bacula/bacula-dir.conf")).unwrap();
    for (pool, changer) in
        [("shop-db-vault-a-tape", "tape_changer"), ("shop-db-vault-a-vault-c", "vault-c_changer")]
    {
        let block = director.of("pool").find(|b| b.name() == pool).unwrap();
        assert_eq!(block.text("storage").as_deref(), Some(changer));
    }
}

#[test]
fn every_drive_that_differs_is_told() {
    let c = sound(&with_drives());
    let tree = emitted(&c);
    let (path, store) =
        ("hosts/backup-a/etc/bacula/bacula-dir.conf", "hosts/backup-a/etc/bacula/bacula-sd.conf");
    for (path, from, to) in [
        (path, "Maximum Concurrent Jobs = 3", "Maximum Concurrent Jobs = 4"),
        (path, "  Autochanger = yes\n", "\n"),
        (path, "Media Type = \"vault-a_media\"", "Media Type = \"other\""),
        (store, "  Device = \"vault-a_drive_3\"\n", "\n"),
        (store, "Drive Index = 2", "Drive Index = 1"),
        (store, "Changer Device = \"/dev/null\"", "Changer Device = \"/dev/sg0\""),
        (store, "Media Type = \"vault-a_media\"", "Media Type = \"other\""),
    ] {
        let text = text_of(&tree, path);
        assert!(text.contains(from), "{from}");
        let changed = text.replacen(from, to, 1);
        let mut other = ArtifactTree::new();
        for (p, a) in tree.iter() {
            let mut a = a.clone();
            if p == path {
                a.bytes = changed.clone().into_bytes();
            }
            other.add(p.to_owned(), a);
        }
        assert!(!Bacula.read_back(input(&c, &Templates::default()), &other).is_empty(), "{from} -> {to}");
    }
}

#[test]
fn every_fact_that_differs_is_told() {
    let c = sound(&format!("{PARTS}{ESTATE}"));
    let tree = emitted(&c);
    let path = "hosts/backup-a/etc/bacula/bacula-dir.conf";
    let store = "hosts/backup-a/etc/bacula/bacula-sd.conf";
    for (path, from, to) in [
        (path, "Run = Level=Full sun at 1:30", "Run = Level=Full sun at 1:31"),
        (path, "Run = Level=Full sun at 1:30", "Run = Level=Incremental sun at 1:30"),
        (path, "Run = daily at 5:00", "Run = weekly at 5:00 mon"),
        (path, "39 days\n  File", "38 days\n  File"),
        (path, "Maximum Volume Jobs = 1", "Maximum Volume Jobs = 2"),
        (path, "Maximum Bandwidth = 37500000", "Maximum Bandwidth = 37500001"),
        (path, "/srv/shop/images\"", "/srv/shop/image\""),
        (path, "Address = 10.1.0.12", "Address = 10.1.0.13"),
        (path, "Type = Copy", "Type = Migrate"),
        (path, "TLS Require = yes", "TLS Require = no"),
        (path, "  @\"/etc/bacula/secrets/backup-a-dir.conf\"\n", "  Password = \"x\"\n"),
        (path, "Level=Full sun", "Level=Full Pool=other sun"),
        (path, "\nCatalog {", "\nJob {\n  Name = \"own\"\n  Type = Backup\n}\n\nCatalog {"),
        (path, "Rerun Failed Levels = yes\n", "\n"),
        (path, "\nCatalog {", "\nCatalog {{"),
        (store, "Archive Device = \"/srv/bacula\"", "Archive Device = \"/srv/other\""),
        (store, "Read Only = yes", "Read Only = no"),
    ] {
        let text = text_of(&tree, path);
        assert!(text.contains(from), "{from}");
        let changed = text.replacen(from, to, 1);
        let mut other = ArtifactTree::new();
        for (p, a) in tree.iter() {
            let mut a = a.clone();
            if p == path {
                a.bytes = changed.clone().into_bytes();
            }
            other.add(p.to_owned(), a);
        }
        let templates = Templates::default();
        assert!(!Bacula.read_back(input(&c, &templates), &other).is_empty(), "{from} -> {to}");
    }
}

#[test]
fn each_refusal_has_an_example_and_a_page_whose_remedy_works() {
    for name in ["bacula-path", "bacula-number", "unheld-jitter", "unheld-limit", "slow-copies"] {
        let page = drlang::diag::pages::page(name).unwrap();
        let example = drlang::diag::pages::failing_example(name).unwrap();
        let fence = |heading: &str| {
            let rest = page.split_once(&format!("## {heading}:\n\n```dr\n")).unwrap().1;
            rest.split_once("\n```").unwrap().0
        };
        let names = |spec: &str| -> Vec<String> {
            let said = refused(&sound(spec));
            said.iter().map(|s| s.split(':').next().unwrap().to_owned()).collect()
        };
        assert_eq!(names(example), [name]);
        assert!(example.contains(fence("Failing")), "{name}");
        assert_eq!(
            names(&example.replace(fence("Failing"), fence("Passing"))),
            Vec::<String>::new(),
            "{name}"
        );
    }
}
