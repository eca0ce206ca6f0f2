//! The Bacula target against Bacula's own programs.

#[path = "support/bacula.rs"]
mod bacula;

use drlang::base::world::Memory;
use drlang::diag::{Problems, Severity};
use drlang::driver::{Compiled, Options, compile};
use drlang::emit::artifact::ArtifactTree;
use drlang::emit::target::{Input, Target};
use drlang::emit::targets::bacula::Bacula;
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
            format!(
                "{}: {} {:?} at {}",
                d.entry.name,
                d.message,
                d.help,
                &spec[d.primary.span.lo as usize..d.primary.span.hi as usize]
            )
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

#[test]
fn bacula_takes_every_file() {
    let c = sound(&format!("{PARTS}{ESTATE}"));
    let tree = emitted(&c);
    let root = tempfile::tempdir().unwrap();
    write(&tree, root.path());
    if let Ok(keep) = std::env::var("DRC_KEEP") {
        write(&tree, Path::new(&keep));
    }
    bacula::judge(root.path());
    let again = emitted(&sound(&format!("{PARTS}{ESTATE}")));
    assert!(tree.iter().eq(again.iter()), "not the same bytes twice");
}

/// Loopback addresses of this process alone.
fn loopback(n: u32) -> String {
    let id = std::process::id();
    format!("127.{}.{}.{}", 64 + id / 250 / 250 % 60, 1 + id / 250 % 250, 1 + (id % 25) * 10 + n)
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
    for folder in ["vault-a", "vault-c"] {
        fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    let hosts = [("backup-a", a.as_str()), ("backup-c", &c), ("web-a1", &web)];
    let mut lab = bacula::Lab::new(&built, root.path(), &hosts);
    for (host, daemon) in [
        ("web-a1", "bacula-fd"),
        ("backup-a", "bacula-sd"),
        ("backup-c", "bacula-sd"),
        ("backup-a", "bacula-dir"),
    ] {
        lab.start(host, daemon);
    }
    lab.ready("backup-a");
    let statuses = |lab: &bacula::Lab, host: &str| {
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
    lab.job("backup-a", "run job=images-vault-a-vault-c yes");
    let copied = "SELECT count(*) FROM Job WHERE Type = 'C' AND JobStatus = 'T' AND JobBytes > 0";
    assert_eq!(lab.ask("backup-a", copied), "2", "{}", lab.said());
    // A second run finds nothing that has no copy.
    lab.job("backup-a", "run job=images-vault-a-vault-c yes");
    assert_eq!(lab.ask("backup-a", copied), "2", "{}", lab.said());

    let back = root.path().join("back");
    let restore = |storage: &str, jobs: &str, to: &Path| {
        let to = to.display();
        format!("restore client=web-a1-fd storage={storage} where={to} jobid={jobs} all done yes")
    };
    let newest = "SELECT group_concat(JobId) FROM Job WHERE Type = 'B'";
    let jobs = lab.ask("backup-a", newest);
    lab.job("backup-a", &restore("images-vault-a_restore", &jobs, &back));
    alike(&data, &back.join(data.strip_prefix("/").unwrap()));

    // The site with the director is lost: the other store's own director reads the volumes.
    lab.stop("backup-a", "bacula-dir");
    lab.stop("backup-a", "bacula-sd");
    fs::remove_dir_all(root.path().join("vault-a")).unwrap();
    let out = lab.script("backup-c", "read-volumes", &["images-vault-a-vault-c"]);
    let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    eprintln!("{said}");
    lab.start("backup-c", "bacula-dir");
    lab.ready("backup-c");
    eprintln!(
        "{}",
        lab.ask("backup-c", "SELECT JobId, Name, Type, Level, JobStatus, JobFiles, JobBytes FROM Job")
    );
    let jobs = lab.ask("backup-c", "SELECT group_concat(JobId) FROM Job WHERE Name = 'images-vault-a'");
    let away = root.path().join("away");
    let said = lab.job("backup-c", &restore("images-vault-a-vault-c_restore", &jobs, &away));
    eprintln!("{said}");
    alike(&data, &away.join(data.strip_prefix("/").unwrap()));
}
