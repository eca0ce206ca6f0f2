//! Bacula's real daemons with the files of a build: backup, verification, copy, and the restore from
//! the copy after a site is lost.

#[path = "support/bacula.rs"]
mod bacula;
#[path = "support/bacula_lab.rs"]
mod lab;
#[path = "support/bacula_spec.rs"]
mod spec;

use drlang::emit::artifact::ArtifactTree;
use drlang::emit::target::{Input, Target};
use drlang::emit::targets::plans::Plans;
use drlang::emit::template::Templates;
use spec::{PARTS, emitted, sound, write};
use std::fs;
use std::path::Path;

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

/// What the first step of any plan that holds the jobs of a host's director does there.
fn hold(built: &Path, host: &str) -> String {
    let steps =
        bacula::folders(&built.join("plans")).into_iter().flat_map(|p| bacula::files(&p.join("steps")));
    let name = format!("-hold-{host}");
    let step =
        steps.into_iter().find(|s| s.display().to_string().contains(&name)).expect("a plan holds jobs");
    // `run HOST COMMAND` with the one word that the shell makes of it.
    let text = fs::read_to_string(step).unwrap();
    let (_, call) = text.split_once(&format!("\nrun {host} ")).unwrap();
    let out = bacula::run(std::process::Command::new("bash").arg("-c").arg(format!("printf %s {call}")));
    String::from_utf8(out.stdout).unwrap()
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
    let built_from = sound(&spec);
    let built = root.path().join("build");
    write(&emitted(&built_from), &built);
    bacula::judge(&built);
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
    // One more run, in which something is gone and nothing else has changed.
    fs::remove_file(data.join("deep/file 5")).unwrap();
    lab.job("backup-a", "run job=images-vault-a yes");
    // Jobs have devices of their own: two copies at the same time, and a backup.
    lab.job(
        "backup-a",
        "run job=notes-vault-a yes\nwait\nrun job=images-vault-a-vault-c yes\nrun job=notes-vault-a-vault-c yes\nrun job=notes-vault-a yes",
    );
    let copied = "SELECT count(*) FROM Job WHERE Type = 'C' AND JobStatus = 'T' AND JobBytes > 0";
    assert_eq!(lab.ask("backup-a", copied), "4", "{}", lab.said());
    // A second run finds nothing that has no copy.
    lab.job("backup-a", "run job=images-vault-a-vault-c yes");
    assert_eq!(lab.ask("backup-a", copied), "4", "{}", lab.said());

    let back = root.path().join("back");
    let restore = |storage: &str, jobs: &str, to: &Path| {
        let to = to.display();
        format!("restore client=web-a1-fd storage={storage} where={to} jobid={jobs} all done yes")
    };
    let newest = "SELECT group_concat(JobId) FROM Job WHERE Type = 'B' AND Name = 'images-vault-a'";
    let jobs = lab.ask("backup-a", newest);
    lab.job("backup-a", &restore("images-vault-a_restore", &jobs, &back));
    alike(&data, &back.join(data.strip_prefix("/").unwrap()));

    // Jobs are held: what waits in the queue is given up, a restore is not, and again does no harm.
    let planned = root.path().join("planned");
    let (plans, templates) = (built_from.plans().unwrap(), Templates::default());
    let mut tree = ArtifactTree::new();
    Plans
        .emit(
            Input { model: &built_from.model, ops: &built_from.ops, plans: &plans, templates: &templates },
            &mut tree,
        )
        .unwrap();
    write(&tree, &planned);
    let hold = hold(&planned, "backup-a");
    let console = root.path().join("hosts/backup-a/etc/bacula/bconsole.conf");
    let hold = hold.replace("/etc/bacula/bconsole.conf", &console.display().to_string());
    lab.console("backup-a", "run job=notes-vault-a when=\"2099-01-01 00:00:00\" yes");
    lab.console("backup-a", "run job=images-vault-a-vault-c when=\"2099-01-01 00:00:00\" yes");
    lab.console(
        "backup-a",
        "restore client=web-a1-fd storage=images-vault-a_restore where=/nowhere jobid=1 all done when=\"2099-01-01 00:00:00\" yes",
    );
    let queue = |lab: &lab::Lab| {
        lab.console("backup-a", "status dir running").matches("is waiting for its start").count()
    };
    assert_eq!(queue(&lab), 3, "{}", lab.console("backup-a", "status dir running"));
    for _ in 0..2 {
        let out = bacula::run(std::process::Command::new("bash").arg("-c").arg(&hold));
        let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
        assert!(out.status.success(), "{hold}\n{said}\n{}", lab.console("backup-a", "status dir running"));
        assert_eq!(queue(&lab), 1, "{said}\n{}", lab.console("backup-a", "status dir running"));
    }

    // The site with the director is lost: the other store's own director reads the volumes.
    lab.stop("backup-a", "bacula-dir");
    lab.stop("backup-a", "bacula-sd");
    fs::remove_dir_all(root.path().join("vault-a")).unwrap();
    lab.start("backup-c", "bacula-dir");
    lab.ready("backup-c");
    let read_volumes = |lab: &lab::Lab| {
        let out =
            lab.script("backup-c", "read-volumes", &["images-vault-a-vault-c", "notes-vault-a-vault-c"]);
        let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
        assert!(out.status.success(), "{said}");
        said
    };
    let said = read_volumes(&lab);
    assert_eq!(lab.ask("backup-c", "SELECT count(*), count(DISTINCT MediaType) FROM Media"), "4|2", "{said}");
    // It knows of each run when it was made and at what level, whatever copies say.
    let levels = |lab: &lab::Lab| {
        lab.ask(
            "backup-c",
            "SELECT group_concat(Level, '') FROM (SELECT Level FROM Job WHERE Name = 'images-vault-a' ORDER BY JobTDate)",
        )
    };
    assert_eq!(levels(&lab), "FII", "{said}");
    let as_it_was = root.path().join("as it was");
    fs::rename(&data, &as_it_was).unwrap();
    let restored = |lab: &lab::Lab, moment: &str| {
        let out =
            lab.restore(&planned, "backup-c", "web-a1", "images-vault-a", "images-vault-a-vault-c", moment);
        let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
        assert!(out.status.success(), "{said}\n{}", lab.said());
        said
    };
    restored(&lab, "");
    alike(&as_it_was, &data);
    // Up to a moment before the newer runs, by the clock of the world and not that of a director; and
    // after a restore the console has messages of its own to tell.
    let said = read_volumes(&lab);
    assert_eq!(levels(&lab), "FII", "{said}");
    let first = lab.ask(
        "backup-c",
        "SELECT datetime(JobTDate, 'unixepoch') FROM Job WHERE Name = 'images-vault-a' AND Level = 'F'",
    );
    fs::remove_dir_all(&data).unwrap();
    restored(&lab, &first);
    assert!(data.join("deep/file 4").exists() && !data.join("new").exists());
    // Without the copy of the run that it stands on, the newest run is of no use.
    let volume = lab.ask(
        "backup-c",
        "SELECT VolumeName FROM Media JOIN JobMedia USING (MediaId) JOIN Job USING (JobId) \
         WHERE Name = 'images-vault-a' ORDER BY JobTDate LIMIT 1 OFFSET 1",
    );
    fs::remove_file(root.path().join("vault-c").join(volume)).unwrap();
    read_volumes(&lab);
    assert_eq!(levels(&lab), "FI");
    fs::remove_dir_all(&data).unwrap();
    let said = restored(&lab, "");
    assert!(said.contains("stands on one that is not here"), "{said}");
    assert!(data.join("deep/file 4").exists() && !data.join("new").exists());
}
