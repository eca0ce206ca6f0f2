//! A small world in which a runner can run for real: every host is a folder, every program that a
//! plan calls is a stub that records its words.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PROGRAMS: &[&str] = &[
    "systemctl",
    "ss",
    "ip",
    "curl",
    "nsupdate",
    "dig",
    "chown",
    "du",
    "rsync",
    "read-volumes",
    "bconsole",
    "mariadb-backup",
    "mariadb-binlog",
    "mariadb",
];

pub struct World {
    pub root: tempfile::TempDir,
}

fn script(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

impl World {
    /// `transport` is what the transport does, in bash, with `$host` and `$command` set.
    pub fn new(transport: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir(at("bin")).unwrap();
        script(&at("stub"), include_str!("plans_stub.sh"));
        for program in PROGRAMS {
            symlink(at("stub"), at("bin").join(program)).unwrap();
        }
        script(
            &at("transport"),
            &format!(
                "#!/usr/bin/env bash\nset -u\nhost=$1 command=$2\n[[ $# == 2 ]] || exit 99\n\
                 export DRC_HOST=$host PATH=$DRC_WORLD/bin:$PATH\n{transport}\n"
            ),
        );
        script(
            &at("answer"),
            "#!/usr/bin/env bash\nprintf '%s\\0' \"$@\" >>\"$DRC_WORLD/asked\"\n\
             case $2 in *'which moment'*) echo '2026-01-09 12:00:00' ;; \
             'db-b1 follows db-a1'*) echo 10.1.0.11 >\"$DRC_WORLD/db-b1/replica\"; echo yes ;; *) echo yes ;; esac\n",
        );
        Self { root }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A run of a plan's runner in this world.
    pub fn runner(&self, plan: &Path, args: &[&str]) -> Command {
        let mut command = Command::new("bash");
        command
            .arg(plan.join("run.sh"))
            .args(["--state", self.path("state").to_str().unwrap()])
            .args(args)
            .env("DRC_WORLD", self.root.path())
            .env("DRC_TRANSPORT", self.path("transport"))
            .env("DRC_ANSWER", self.path("answer"))
            .env("DRC_POLL", "0.05")
            .env("DRC_PAUSE", "0.05")
            .env_remove("DRC_MOMENT")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, plan: &Path, args: &[&str]) -> Output {
        self.runner(plan, args).output().unwrap()
    }

    /// A run in a process group of its own, so that all of it can be killed.
    pub fn start(&self, plan: &Path) -> Child {
        self.runner(plan, &[]).process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Waits until a file of the world holds a text.
    pub fn wait_for(&self, name: &str, text: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        while !self.read(name).contains(text) {
            assert!(Instant::now() < end, "{name} never held {text:?}: {}", self.read(name));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The calls of programs on hosts: the host, the program, its words.
    pub fn calls(&self) -> Vec<Vec<String>> {
        let mut files: Vec<_> =
            fs::read_dir(self.path("calls")).map_or(Vec::new(), |d| d.map(|e| e.unwrap().path()).collect());
        files.sort();
        let words = |f: &PathBuf| {
            let text = fs::read(f).unwrap();
            let mut words: Vec<String> =
                text.split(|b| *b == 0).map(|w| String::from_utf8(w.to_vec()).unwrap()).collect();
            words.pop();
            words
        };
        files.iter().map(words).collect()
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The lines of the journal as (step, status), the first line apart.
    pub fn journal(&self) -> Vec<(usize, String)> {
        let text = self.read("state/journal");
        let lines = text.lines().skip(1);
        lines
            .map(|l| {
                let mut words = l.split(' ');
                (words.next().unwrap().parse().unwrap(), words.next().unwrap().to_owned())
            })
            .collect()
    }
}

pub fn said(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
