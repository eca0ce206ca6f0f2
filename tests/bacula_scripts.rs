//! The scripts that Bacula runs on its clients, run for real with stand-ins for the programs of a
//! database.

use drlang::base::world::Memory;
use drlang::driver::{Options, compile};
use drlang::emit::artifact::ArtifactTree;
use drlang::emit::target::{Input, Target};
use drlang::emit::targets::bacula::Bacula;
use drlang::emit::targets::plans::Plans;
use drlang::emit::template::Templates;
use drlang::plan::{Plan, StepKind};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Makes the target folder, notes how it was called, and fails when told to.
const BACKUP: &str = r#"#!/bin/bash
set -eu
echo "$0 $*" | sed 's/.*bin.//' >>"$LAB/calls"
case " $* " in
  *' --prepare '*)
    for word in "$@"; do case $word in --target-dir=* | --incremental-dir=*) test -e "${word#*=}/made" ;; esac; done
    exit ;;
  *' --copy-back '*)
    for word in "$@"; do case $word in --datadir=*) : >"${word#*=}/ibdata1" ;; esac; done
    exit ;;
esac
for word in "$@"; do case $word in --target-dir=*) target=${word#*=} ;; --incremental-basedir=*) base=${word#*=} ;; esac; done
mkdir "$target"
echo "of ${base:-nothing}" >"$target/made"
printf 'bin.000007\t345\t0-1-9\n' >"$target/xtrabackup_binlog_info"
if [ -e "$LAB/fail" ]; then echo "the server went away"; exit 1; fi
"#;

/// Prints a dump, without its last line when told to fail.
const DUMP: &str = r#"#!/bin/bash
set -eu
echo "$0 $*" | sed 's/.*bin.//' >>"$LAB/calls"
echo 'CREATE TABLE t;'
if [ -e "$LAB/fail" ]; then exit 0; fi
echo '-- Dump completed on a day'
"#;

/// A server with logs: FLUSH begins a new one, SHOW lists them.
const CLIENT: &str = r#"#!/bin/bash
set -eu
if [ -e "$LAB/fail" ]; then echo "no connection" >&2; exit 1; fi
case "${*: -1}" in
  *'FLUSH LOCAL BINARY LOGS')
    last=$(ls "$LAB/logs" | sort | tail -n 1)
    next=$(printf 'bin.%06d' $((10#${last#bin.} + 1)))
    echo "text of $next" >"$LAB/logs/$next" ;;
  *'SHOW BINARY LOGS') for f in "$LAB/logs"/bin.*; do printf '%s\t%s\tNo\n' "${f##*/}" 100; done ;;
  *) exit 1 ;;
esac
"#;

struct Lab {
    root: tempfile::TempDir,
    tree: ArtifactTree,
    plans: Vec<Plan>,
}

impl Lab {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let at = root.path().display();
        let spec = format!(
            r#"
            engine mariadb {{
                family = mariadb; port = 3306; amplification = 1; apply = 20 MiB/s; replay = 9 MiB/s
                prepare = 100 MiB/s; load = 20 MiB/s; start = 30 s; promote = 5 s; acknowledgements = 1
                fallback = 10 s; largest-transaction = 64 MiB; physical = true; logs = true
            }}
            engine mysql {{
                family = mysql; port = 3306; amplification = 1; apply = 20 MiB/s; replay = 9 MiB/s
                prepare = 100 MiB/s; load = 20 MiB/s; start = 30 s; promote = 5 s; acknowledgements = 1
                fallback = 10 s; largest-transaction = 64 MiB; physical = true; logs = true
            }}
            region r {{ site a {{
                timezone = "UTC"
                host h {{ address = 10.0.0.1 }}
                host replica {{ address = 10.0.0.2 }}
                store s {{ host = h; path = "{at}/it's a store" }}
            }} }}
            cluster db : mariadb {{ primary = h; replicas = [replica]; datadir = "{at}/data"; logdir = "{at}/logs"
                                   staging = "{at}/it's $staged"; credentials = file("{at}/db.cnf") }}
            cluster my : mysql {{ primary = h; staging = "{at}/dumps"; credentials = file("{at}/db.cnf") }}
            data rows {{ on = db; size = 1 MiB; replica replica {{ mode = async }}
                backup s {{ from = replica; full = weekly sun 01:00; differential = weekly wed 01:00
                            incremental = daily 01:00; log = every 1 h; keep = 3 days }} }}
            data other {{ on = my; size = 1 MiB; backup s {{ method = logical; full = daily 02:00; log = daily 03:00; keep = 3 days }} }}
            data files {{ on = h path "{at}/files"; size = 1 MiB; backup s {{ full = daily 02:00; keep = 3 days }} }}
            "#
        );
        let world = Memory([("main.dr".into(), spec.into())].into());
        let c = compile(&world, "main.dr", &Options::from(1_768_435_200)).unwrap();
        let wrong: Vec<&str> =
            c.problems.iter().filter(|d| d.entry.stage != "judge").map(|d| d.message.as_str()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        let mut tree = ArtifactTree::new();
        let templates = Templates::default();
        let plans = c.plans().unwrap();
        let input = Input { model: &c.model, ops: &c.ops, plans: &plans, templates: &templates };
        Bacula.emit(input, &mut tree).unwrap();
        Plans.emit(input, &mut tree).unwrap();
        let lab = Self { root, tree, plans };
        for folder in ["data", "logs", "bin", "state"] {
            fs::create_dir(lab.at(folder)).unwrap();
        }
        for (name, text) in
            [("mariadb-backup", BACKUP), ("mysqldump", DUMP), ("mariadb", CLIENT), ("mysql", CLIENT)]
        {
            executable(&lab.at("bin").join(name), text);
        }
        fs::write(lab.at("data/ibdata1"), "").unwrap();
        fs::write(lab.at("logs/bin.000001"), "text of bin.000001\n").unwrap();
        lab
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// Runs a script of a host. Only the folder of Bacula's own state is another one.
    fn run(&self, host: &str, script: &str, level: &str) -> Output {
        let artifact = self.tree.get(&format!("hosts/{host}/etc/bacula/scripts/{script}")).unwrap();
        assert_eq!(artifact.mode, 0o755);
        let text = String::from_utf8(artifact.bytes.clone()).unwrap();
        let state = self.at("state").display().to_string();
        let file = self.at(script);
        executable(&file, &text.replace("/var/lib/bacula", &state));
        let path = format!("{}:{}", self.at("bin").display(), std::env::var("PATH").unwrap());
        Command::new(&file)
            .arg(level)
            .env("PATH", path)
            .env("LAB", self.root.path())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn ok(&self, host: &str, script: &str, level: &str) -> String {
        let out = self.run(host, script, level);
        assert!(out.status.success(), "{script} {level}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    }

    fn fails(&self, host: &str, script: &str, level: &str, why: &str) {
        let out = self.run(host, script, level);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(!out.status.success() && said.contains(why), "{script} {level}: {said}");
    }

    /// The last call of a program.
    fn called(&self) -> String {
        fs::read_to_string(self.at("calls")).unwrap().lines().last().unwrap().to_owned()
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let mut all: Vec<String> = fs::read_dir(self.at(folder))
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        all.sort();
        all
    }
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Names of folders count seconds.
fn a_second() {
    std::thread::sleep(std::time::Duration::from_millis(1100));
}

#[test]
fn physical_backups_are_staged_as_chains() {
    let lab = Lab::new();
    let staged = "it's $staged/db-s";
    // Nothing to build on: everything is staged, whatever the level.
    let said = lab.ok("replica", "db-s.before", "Incremental");
    assert!(said.contains("staging everything"), "{said}");
    assert_eq!(lab.names(staged), ["full", "lineage"]);
    let at = lab.root.path().display();
    assert_eq!(
        lab.called(),
        format!(
            "mariadb-backup --defaults-extra-file={at}/db.cnf --backup --datadir={at}/data --target-dir={at}/{staged}/partial --slave-info"
        )
    );
    lab.ok("replica", "db-s.before", "Incremental");
    assert!(lab.called().ends_with(&format!("--incremental-basedir={at}/{staged}/full")), "{}", lab.called());
    let first = lab.names(staged)[1].clone();
    assert!(first.starts_with("inc-") && first.ends_with('Z'), "{first}");
    a_second();
    lab.ok("replica", "db-s.before", "Incremental");
    assert!(
        lab.called().ends_with(&format!("--incremental-basedir={at}/{staged}/{first}")),
        "{}",
        lab.called()
    );
    assert_eq!(lab.names(staged).len(), 4);

    // A run that fails leaves what was there, and says why.
    fs::write(lab.at("fail"), "").unwrap();
    for level in ["Full", "Incremental", "Differential"] {
        lab.fails("replica", "db-s.before", level, "the server went away");
        assert_eq!(lab.names(staged).iter().filter(|n| *n != "partial").count(), 4);
    }
    fs::remove_file(lab.at("fail")).unwrap();
    lab.fails("replica", "db-s.before", "Everything", "no such level");
    lab.fails("replica", "db-s.before", "", "the level of the run");

    // A differential takes the place of the incrementals before it.
    a_second();
    lab.ok("replica", "db-s.before", "Differential");
    assert!(lab.called().ends_with(&format!("--incremental-basedir={at}/{staged}/full")), "{}", lab.called());
    assert_eq!(lab.names(staged).len(), 3);

    // What a restore left goes with the next full.
    fs::create_dir(lab.at(staged).join(".drc")).unwrap();
    lab.ok("replica", "db-s.before", "Full");
    assert_eq!(lab.names(staged), ["full", "lineage"]);
    assert_eq!(fs::read_to_string(lab.at(staged).join("full/made")).unwrap(), "of nothing\n");

    // A server whose files were made anew has no base.
    fs::rename(lab.at("data/ibdata1"), lab.at("data/old")).unwrap();
    fs::write(lab.at("data/ibdata1"), "").unwrap();
    assert!(lab.ok("replica", "db-s.before", "Incremental").contains("staging everything"));
    assert_eq!(lab.names(staged), ["full", "lineage"]);
}

#[test]
fn two_runs_never_stage_at_once() {
    let lab = Lab::new();
    fs::create_dir_all(lab.at("it's $staged/db-s")).unwrap();
    let lock = lab.at("it's $staged/db-s.lock");
    let mut holder = Command::new("flock").arg(&lock).args(["sleep", "30"]).spawn().unwrap();
    while !lock.exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::thread::sleep(std::time::Duration::from_millis(200));
    lab.fails("replica", "db-s.before", "Full", "another run stages");
    // `flock` has the program that it started hold the lock on: that one must end too.
    let child = Command::new("pgrep").arg("-P").arg(holder.id().to_string()).output().unwrap();
    Command::new("kill").arg(String::from_utf8(child.stdout).unwrap().trim()).status().unwrap();
    holder.wait().unwrap();
    lab.ok("replica", "db-s.before", "Full");
}

#[test]
fn dumps_are_whole_or_not_there() {
    let lab = Lab::new();
    lab.ok("h", "my-s.before", "Full");
    assert_eq!(lab.names("dumps/my-s"), ["dump.sql"]);
    assert!(lab.called().contains("--single-transaction") && lab.called().contains("--source-data=2"));
    let before = fs::read(lab.at("dumps/my-s/dump.sql")).unwrap();
    fs::write(lab.at("fail"), "").unwrap();
    assert!(!lab.run("h", "my-s.before", "Full").status.success());
    assert_eq!(fs::read(lab.at("dumps/my-s/dump.sql")).unwrap(), before);
}

#[test]
fn each_log_is_carried_once() {
    let lab = Lab::new();
    let folder = "it's $staged/db-s-log";
    lab.ok("replica", "db-s-log.before", "Full");
    assert_eq!(lab.names(folder), ["bin.000001"]);
    // Bacula failed: the next run carries both.
    lab.ok("replica", "db-s-log.before", "Full");
    assert_eq!(lab.names(folder), ["bin.000001", "bin.000002"]);
    lab.ok("replica", "db-s-log.after", "");
    assert_eq!(lab.names(folder), Vec::<String>::new());
    lab.ok("replica", "db-s-log.before", "Full");
    assert_eq!(lab.names(folder), ["bin.000003"]);
    assert_eq!(fs::read_to_string(lab.at(folder).join("bin.000003")).unwrap(), "text of bin.000003\n");
    lab.ok("replica", "db-s-log.after", "");
    // The server drops old logs, and names come again after it was made anew.
    for old in ["bin.000001", "bin.000002", "bin.000003", "bin.000004"] {
        fs::remove_file(lab.at("logs").join(old)).unwrap();
    }
    fs::write(lab.at("logs/bin.000001"), "another text\n").unwrap();
    lab.ok("replica", "db-s-log.before", "Full");
    assert_eq!(lab.names(folder), ["bin.000001"]);
    let carried = fs::read_to_string(lab.at("state/db-s-log.carried")).unwrap();
    assert_eq!(carried, "", "what the server has no more is forgotten");
    fs::write(lab.at("fail"), "").unwrap();
    lab.fails("replica", "db-s-log.before", "Full", "no connection");
}

#[test]
fn a_folder_that_is_not_there_is_no_backup() {
    let lab = Lab::new();
    lab.fails("h", "files-s.before", "Full", "is no folder");
    fs::create_dir(lab.at("files")).unwrap();
    lab.fails("h", "files-s.before", "Full", "is empty");
    fs::write(lab.at("files/.x"), "").unwrap();
    lab.ok("h", "files-s.before", "Full");
}

/// A shell that runs the commands of a step of a plan on this machine.
const TRANSPORT: &str = "#!/bin/bash\nexec bash -c \"$2\"\n";

impl Lab {
    /// Runs the first step of a kind that any plan has.
    fn step(&self, kind: fn(&StepKind) -> bool) -> Output {
        let (plan, n) = self
            .plans
            .iter()
            .find_map(|p| p.steps.iter().position(|s| kind(&s.kind)).map(|n| (p, n)))
            .expect("a plan with such a step");
        let folder = format!("plans/{}/steps/", plan.slug);
        fs::create_dir_all(self.at("steps")).unwrap();
        for (path, artifact) in self.tree.iter() {
            if let Some(name) = path.strip_prefix(&folder) {
                fs::write(self.at("steps").join(name), &artifact.bytes).unwrap();
            }
        }
        let number = format!("{:02}-", n + 1);
        let script = self.names("steps").into_iter().find(|s| s.starts_with(&number)).unwrap();
        executable(&self.at("transport"), TRANSPORT);
        for program in ["systemctl", "chown"] {
            executable(&self.at("bin").join(program), "#!/bin/bash\n");
        }
        let path = format!("{}:{}", self.at("bin").display(), std::env::var("PATH").unwrap());
        Command::new("bash")
            .arg(self.at("steps").join(script))
            .env("PATH", path)
            .env("LAB", self.root.path())
            .env("DRC_TRANSPORT", self.at("transport"))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

#[test]
fn plans_make_ready_what_is_staged() {
    let lab = Lab::new();
    for level in ["Full", "Incremental", "Incremental"] {
        lab.ok("replica", "db-s.before", level);
        a_second();
    }
    let staged = "it's $staged/db-s";
    let folders: Vec<String> = lab.names(staged).into_iter().filter(|n| n != "lineage").collect();
    assert_eq!(folders.len(), 3);
    fs::write(lab.at("calls"), "").unwrap();
    let out = lab.step(|k| matches!(k, StepKind::Prepare { dump: false, .. }));
    assert!(
        out.status.success(),
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    let calls = fs::read_to_string(lab.at("calls")).unwrap();
    let at = lab.root.path().display();
    let full = format!("--target-dir={at}/{staged}/full");
    let wanted = [
        format!("mariadb-backup --prepare {full}"),
        format!("mariadb-backup --prepare {full} --incremental-dir={at}/{staged}/{}", folders[1]),
        format!("mariadb-backup --prepare {full} --incremental-dir={at}/{staged}/{}", folders[2]),
        format!("mariadb-backup --copy-back {full} --datadir={at}/data"),
    ];
    assert_eq!(calls.lines().collect::<Vec<_>>(), wanted);
    assert_eq!(fs::read_to_string(lab.at("it's $staged/replay-from")).unwrap(), "bin.000007\t345\t0-1-9\n");
}
