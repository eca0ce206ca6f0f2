//! The Bacula target against Bacula's own programs.

#[path = "support/bacula.rs"]
mod bacula;
#[path = "support/bacula_lab.rs"]
mod lab;

use drlang::base::world::Memory;
use drlang::diag::{Problems, Severity};
use drlang::driver::{Compiled, Options, compile};
use drlang::emit::artifact::ArtifactTree;
use drlang::emit::target::{Input, Target};
use drlang::emit::targets::bacula::Bacula;
use drlang::emit::targets::bacula::parse::parse;
use drlang::emit::template::Templates;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const PARTS: &str = r#"
engine mariadb {
    family = mariadb; port = 3306; amplification = 1.3; apply = 20 MiB/s; replay = 9 MiB/s
    prepare = 100 MiB/s; load = 20 MiB/s; start = 30 s; promote = 5 s; acknowledgements = 1
    fallback = 10 s; largest-transaction = 64 MiB; physical = true; logs = true
}
engine mysql {
    family = mysql; port = 3306; amplification = 1.3; apply = 20 MiB/s; replay = 9 MiB/s
    prepare = 100 MiB/s; load = 20 MiB/s; start = 30 s; promote = 5 s; acknowledgements = 1
    fallback = 10 s; largest-transaction = 64 MiB; physical = true; logs = true
}
"#;

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
link wan : a <-> c { bandwidth = 500 Mbit/s; rtt = 28 ms; share { replication = 60 %; backup = 30 % } }
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

/// A spec as all stages see it.
fn compiled(spec: &str) -> Compiled {
    let world = Memory([("main.dr".into(), spec.into())].into());
    compile(&world, "main.dr", &Options::from(1_768_435_200)).unwrap()
}

fn sound(spec: &str) -> Compiled {
    let c = compiled(spec);
    let said: Vec<String> = c
        .problems
        .iter()
        .filter(|d| d.severity == Severity::Error && d.entry.stage != "judge")
        .map(|d| {
            format!("{}: {} {:?} at {}", d.entry.name, d.message, d.help, c.sources.text(d.primary.span))
        })
        .collect();
    assert!(said.is_empty(), "{said:#?}");
    c
}

fn input<'a>(c: &'a Compiled, templates: &'a Templates) -> Input<'a> {
    Input { model: &c.model, ops: &c.ops, plans: &[], templates }
}

/// What the target refuses.
fn refused(c: &Compiled) -> Vec<String> {
    let mut problems = Problems::new();
    Bacula.supports(input(c, &Templates::default()), &mut problems);
    problems.iter().map(|d| format!("{}: {}", d.entry.name, d.message)).collect()
}

fn emitted(c: &Compiled) -> ArtifactTree {
    assert_eq!(refused(c), Vec::<String>::new());
    let templates = Templates::default();
    let mut tree = ArtifactTree::new();
    Bacula.emit(input(c, &templates), &mut tree).unwrap();
    assert_eq!(Bacula.read_back(input(c, &templates), &tree), Vec::<String>::new());
    tree
}

fn write(tree: &ArtifactTree, root: &Path) {
    for (path, artifact) in tree.iter() {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &artifact.bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(artifact.mode)).unwrap();
    }
}

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

/// Loopback addresses of this process alone.
fn loopback(n: u32) -> String {
    let id = std::process::id();
    format!("127.{}.{}.{}", n * 60 + id / 62_500 % 60, id / 250 % 250, 1 + id % 250)
}

fn fill(folder: &Path, seed: u8) {
    fs::create_dir_all(folder.join("deep/er")).unwrap();
    for n in 0..40u32 {
        let bytes: Vec<u8> =
            (0..60_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8 ^ seed ^ n as u8).collect();
        fs::write(folder.join(format!("deep/file {n}")), bytes).unwrap();
    }
    fs::write(folder.join("deep/er/é \"quoted\" \\ $x `y` 漢"), [seed; 1000]).unwrap();
}

/// Two trees have the same files with the same bytes.
fn alike(a: &Path, b: &Path) {
    let out = bacula::run(std::process::Command::new("diff").arg("-r").arg(a).arg(b));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
}

#[test]
fn daemons_back_up_copy_verify_and_restore() {
    let root = tempfile::tempdir().unwrap();
    let r = root.path().display().to_string();
    let (a, c, web) = (loopback(1), loopback(2), loopback(3));
    let data = root.path().join("data \"q\" \\ $x %l {{y}} @z | é");
    let spec = format!(
        r#"{PARTS}
        region east {{ site a {{ timezone = "Asia/Shanghai"
            host backup-a {{ address = {a} }}
            host web-a1 {{ address = {web} }}
            store vault-a {{ host = backup-a; path = "{r}/vault-a" }}
        }} }}
        region north {{ site c {{ timezone = "Europe/Paris"
            host backup-c {{ address = {c} }}
            store vault-c {{ host = backup-c; path = "{r}/vault-c" }}
        }} }}
        link wan : a <-> c {{ bandwidth = 500 Mbit/s; rtt = 2 ms; share {{ backup = 90 % }} }}
        backup-server main {{ host = backup-a; stores = [vault-a]; secrets = "{r}/secrets"; certificates = "{r}/tls" }}
        backup-server other {{ host = backup-c; stores = [vault-c]; secrets = "{r}/secrets"; certificates = "{r}/tls" }}
        data images {{
            on = web-a1 path "{data}"; size = 10 MiB; writes = 1 KiB/s
            backup vault-a {{ full = weekly sun 01:30; incremental = daily 01:30; keep = 30 days; verify = daily 12:00 }}
            copy vault-c {{ of = vault-a; at = daily 05:00 }}
        }}
        data notes {{
            on = web-a1 path "{r}/notes"; size = 1 MiB; writes = 1 KiB/s
            backup vault-a {{ full = daily 02:30; keep = 30 days }}
            copy vault-c {{ of = vault-a; at = daily 06:00 }}
        }}
        "#,
        data = data
            .display()
            .to_string()
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('{', "\\u{7b}")
            .replace("}}", "\\u{7d}\\u{7d}"),
    );
    let tree = emitted(&sound(&spec));
    let built = root.path().join("build");
    write(&tree, &built);
    fill(&data, 1);
    let notes = root.path().join("notes");
    fill(&notes, 7);
    for folder in ["vault-a", "vault-c"] {
        fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    let hosts = [("backup-a", a.as_str()), ("backup-c", &c), ("web-a1", &web)];
    let mut lab = lab::Lab::new(&built, root.path(), &hosts);
    for (host, daemon) in [
        ("web-a1", "bacula-fd"),
        ("backup-a", "bacula-sd"),
        ("backup-c", "bacula-sd"),
        ("backup-a", "bacula-dir"),
    ] {
        lab.start(host, daemon);
    }
    lab.ready("backup-a");
    let statuses = |lab: &lab::Lab, host: &str| {
        lab.ask(host, "SELECT Name || ' ' || Type || Level || ' ' || JobStatus FROM Job WHERE Type <> 'D' ORDER BY JobId")
    };
    let first = lab.job("backup-a", "run job=images-vault-a yes");
    assert_eq!(statuses(&lab, "backup-a"), "images-vault-a BF T", "{first}\n{}", lab.said());
    fill(&data.join("new"), 2);
    fs::write(data.join("deep/file 3"), "changed").unwrap();
    fs::remove_file(data.join("deep/file 4")).unwrap();
    lab.job("backup-a", "run job=images-vault-a yes");
    lab.job("backup-a", "run job=images-vault-a-verify yes");
    assert_eq!(
        statuses(&lab, "backup-a"),
        "images-vault-a BF T\nimages-vault-a BI T\nimages-vault-a-verify VO T",
        "{}",
        lab.said()
    );
    // Jobs have devices of their own: two copies at the same time, and a backup.
    lab.job(
        "backup-a",
        "run job=notes-vault-a yes\nwait\nrun job=images-vault-a-vault-c yes\nrun job=notes-vault-a-vault-c yes\nrun job=notes-vault-a yes",
    );
    let copied = "SELECT count(*) FROM Job WHERE Type = 'C' AND JobStatus = 'T' AND JobBytes > 0";
    assert_eq!(lab.ask("backup-a", copied), "3", "{}", lab.said());
    // A second run finds nothing that has no copy.
    lab.job("backup-a", "run job=images-vault-a-vault-c yes");
    assert_eq!(lab.ask("backup-a", copied), "3", "{}", lab.said());

    let back = root.path().join("back");
    let restore = |storage: &str, jobs: &str, to: &Path| {
        let to = to.display();
        format!("restore client=web-a1-fd storage={storage} where={to} jobid={jobs} all done yes")
    };
    let newest = "SELECT group_concat(JobId) FROM Job WHERE Type = 'B' AND Name = 'images-vault-a'";
    let jobs = lab.ask("backup-a", newest);
    lab.job("backup-a", &restore("images-vault-a_restore", &jobs, &back));
    alike(&data, &back.join(data.strip_prefix("/").unwrap()));

    // The site with the director is lost: the other store's own director reads the volumes.
    lab.stop("backup-a", "bacula-dir");
    lab.stop("backup-a", "bacula-sd");
    fs::remove_dir_all(root.path().join("vault-a")).unwrap();
    let out = lab.script("backup-c", "read-volumes", &["images-vault-a-vault-c", "notes-vault-a-vault-c"]);
    let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    assert!(out.status.success(), "{said}");
    assert_eq!(lab.ask("backup-c", "SELECT count(*), count(DISTINCT MediaType) FROM Media"), "3|2", "{said}");
    lab.start("backup-c", "bacula-dir");
    lab.ready("backup-c");
    let jobs = lab.ask("backup-c", "SELECT group_concat(JobId) FROM Job WHERE Name = 'images-vault-a'");
    let away = root.path().join("away");
    let said = lab.job("backup-c", &restore("images-vault-a-vault-c_restore", &jobs, &away));
    assert!(said.contains("Restore OK"), "{said}");
    alike(&data, &away.join(data.strip_prefix("/").unwrap()));
}

/// What `bdirjson` and its kin make of a configuration.
fn json(program: &str, conf: &str) -> serde_json::Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.conf");
    fs::write(&file, conf).unwrap();
    let out = bacula::run(std::process::Command::new(program).arg("-c").arg(&file));
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| {
        panic!(
            "{program}: {e}: {}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        )
    })
}

/// The resources of a kind.
fn of<'a>(json: &'a serde_json::Value, kind: &str) -> Vec<&'a serde_json::Value> {
    json.as_array().unwrap().iter().filter_map(|r| r.get(kind)).collect()
}

/// A text as a string of a spec.
fn quoted(text: &str) -> String {
    let escaped: String = text.chars().map(|c| format!("\\u{{{:x}}}", u32::from(c))).collect();
    format!("\"{escaped}\"")
}

/// A small estate with text of all kinds in every place that takes any.
fn hostile(text: &str, secrets: &str, tls: &str, store: &str) -> String {
    let path = |start: &str| quoted(&format!("{start}/{text}"));
    format!(
        "{PARTS}
        region east {{ site a {{ timezone = \"Asia/Shanghai\"
            host h {{ address = 10.0.0.1 }}
            store s {{ host = h; path = {store} }}
        }} }}
        backup-server main {{ host = h; stores = [s]; secrets = {secrets}; certificates = {tls} }}
        cluster db : mariadb {{ primary = h; datadir = {datadir}; logdir = {logs}; staging = {staging}; credentials = file({account}) }}
        data files {{ on = h path {files}; size = 1 MiB; backup s {{ full = daily 01:00; keep = 3 days }} }}
        data rows {{ on = db; size = 1 MiB; backup s {{ method = physical; full = daily 02:00; log = every 1 h; keep = 3 days }} }}
        ",
        store = quoted(store),
        secrets = quoted(secrets),
        tls = quoted(tls),
        datadir = path("/data"),
        logs = path("/logs"),
        staging = path("/staging"),
        account = path("/account"),
        files = path("/files"),
    )
}

/// Bacula's own programs and a real shell read the very strings of the spec, or it was refused.
fn the_very_strings(text: &str) -> Option<ArtifactTree> {
    let folder = tempfile::tempdir().unwrap();
    // A name that Linux does not take cannot be looked for; all else is a real folder of secrets.
    let plain = !text.contains('\0') && text.split('/').all(|part| part.len() < 256);
    let secrets = folder.path().join(if plain { text } else { "secrets" });
    let (mut tls, mut store) = (format!("/tls/{text}"), format!("/store/{text}"));
    let mut c = compiled(&hostile(text, secrets.to_str().unwrap(), &tls, &store));
    let early = c.problems.iter().filter(|d| d.entry.stage != "judge");
    if early.count() > 0 {
        return None;
    }
    let bad =
        text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) || text.len() > 2900;
    let mut said = refused(&c);
    // Bacula would have a shell run what stands in the paths of certificates.
    let shell = text.contains(|c| "~\\$[]*?`'<>\"".contains(c));
    if (shell || store.len() > 127) && !bad {
        assert_eq!(said.len(), usize::from(shell) + usize::from(store.len() > 127), "{said:?}");
        assert!(said.iter().all(|s| s.contains("a shell") || s.contains("127 bytes")), "{said:?}");
        (tls, store) = ("/tls".to_owned(), "/store".to_owned());
        c = compiled(&hostile(text, secrets.to_str().unwrap(), &tls, &store));
        said = refused(&c);
    }
    assert_eq!(!said.is_empty(), bad, "{text:?}: {said:?}");
    if bad {
        assert!(said.iter().all(|s| s.starts_with("bacula-path: ") && !s.contains('\n')), "{said:?}");
        return None;
    }
    let tree = emitted(&c);
    if plain {
        fs::create_dir_all(&secrets).unwrap();
        for (name, key) in [
            ("h-dir.conf", "Password"),
            ("h-sd.conf", "Password"),
            ("h-fd.conf", "Password"),
            ("catalog.conf", "DB Password"),
        ] {
            fs::write(secrets.join(name), format!("{key} = \"of {name}\"\n")).unwrap();
        }
        let d = json("bdirjson", text_of(&tree, "hosts/h/etc/bacula/bacula-dir.conf"));
        let file = |name: &str| {
            let all = of(&d, "Fileset");
            let one = all.iter().find(|f| f["Name"] == name).unwrap();
            one["Include"][0]["File"][0].as_str().unwrap().to_owned()
        };
        assert_eq!(file("files-s"), format!("/files/{text}"));
        assert_eq!(file("db-s"), format!("/staging/{text}/db-s"));
        assert_eq!(file("db-s-log"), format!("/staging/{text}/db-s-log"));
        assert_eq!(of(&d, "Client")[0]["Password"], "of h-fd.conf");
        assert_eq!(of(&d, "Director")[0]["TlsKey"], format!("{tls}/h.key"));
        let s = json("bsdjson", text_of(&tree, "hosts/h/etc/bacula/bacula-sd.conf"));
        for device in of(&s, "Device") {
            assert_eq!(device["ArchiveDevice"], store.as_str());
        }
        let f = json("bfdjson", text_of(&tree, "hosts/h/etc/bacula/bacula-fd.conf"));
        assert_eq!(of(&f, "FileDaemon")[0]["PkiKeyPair"], format!("{tls}/data.pem"));
    }
    for (script, wanted) in [
        (
            "db-s.before",
            vec![
                ("staging", format!("/staging/{text}/db-s")),
                ("datadir", format!("/data/{text}")),
                ("credentials", format!("/account/{text}")),
            ],
        ),
        (
            "db-s-log.before",
            vec![("logdir", format!("/logs/{text}")), ("folder", format!("/staging/{text}/db-s-log"))],
        ),
        ("files-s.before", vec![("folder", format!("/files/{text}"))]),
    ] {
        let body = text_of(&tree, &format!("hosts/h/etc/bacula/scripts/{script}"));
        for (variable, value) in wanted {
            let line = body.lines().find(|l| l.starts_with(&format!("{variable}="))).unwrap();
            let out = bacula::run(
                std::process::Command::new("bash")
                    .arg("-c")
                    .arg(format!("{line}\nprintf %s \"${variable}\"")),
            );
            assert_eq!(String::from_utf8_lossy(&out.stdout), value, "{script}");
        }
    }
    Some(tree)
}

#[test]
fn hostile_text_is_refused_or_reads_back_the_same() {
    let long = "x".repeat(250);
    let longer = format!("{}y", "x/".repeat(1400));
    let root = tempfile::tempdir().unwrap();
    let all = [
        "plain",
        "it's",
        "\"",
        "\\",
        "\\\"",
        "a b ",
        " a",
        "$HOME $(id) `id`",
        "%l %%",
        "{{x}} {{{y}}} {{#if}}",
        "@",
        "@/etc/passwd",
        "|id",
        "<x",
        "#;,=}{",
        "é漢字😀",
        "\u{202e}rtl",
        "\u{a0}",
        "*?[a]",
        "!x",
        "~",
        "-rf",
        "..",
        "&<>\"'",
        "\n",
        "a\nb",
        "\r",
        "\t",
        "\0",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        &long,
        &longer,
        &"z".repeat(3001),
        "EOF",
        "'\"'\"'",
        "\\n",
        "${x}",
        "\u{feff}",
    ];
    let mut written = 0;
    for (n, text) in all.into_iter().enumerate() {
        if let Some(tree) = the_very_strings(text) {
            let own = root.path().join(n.to_string());
            write(&tree, &own);
            fs::create_dir_all(root.path().join("hosts")).unwrap();
            fs::rename(own.join("hosts/h"), root.path().join(format!("hosts/h{n}"))).unwrap();
            written += 1;
        }
    }
    assert_eq!(written, 30);
    bacula::judge(root.path());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(12))]
    #[test]
    fn any_text_is_refused_or_reads_back_the_same(text in "([\"'\\\\$`%{}@|<>#;,= é漢*!~-]|[a-z]|\\n|\\PC){1,40}") {
        let text = text.replace('/', "|");
        if !matches!(text.as_str(), "." | "..") {
            the_very_strings(&text);
        }
    }
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
    for name in ["bacula-path", "bacula-number", "unheld-limit", "slow-copies"] {
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
