//! Bacula's own daemons on loopback addresses, from a build tree.

use crate::bacula::{Authority, catalog, files, folders, run};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Bacula's daemons of a few hosts on this machine, from a build tree. Each host has a loopback
/// address of its own in the spec, so that addresses and ports stay as they are. They are killed
/// when this goes.
pub struct Lab {
    root: PathBuf,
    daemons: Vec<(String, std::process::Child)>,
}

/// What a file of a host in the lab says in place of what it says in a build: where daemons keep
/// their state and where scripts stand. Secrets, certificates, stores and data are where the spec
/// says, below the lab's folder.
const MOVED: [(&str, &str); 7] = [
    ("\"/var/lib/bacula\"", "\"{own}/var\""),
    ("\"/run/bacula\"", "\"{own}/var\""),
    ("\"/var/log/bacula/bacula.log\"", "\"{own}/bacula.log\""),
    ("/etc/bacula/scripts/", "{root}/scripts/"),
    ("/etc/bacula/bacula-sd.conf", "{own}/etc/bacula/bacula-sd.conf"),
    ("/etc/bacula/bconsole.conf", "{own}/etc/bacula/bconsole.conf"),
    ("/var/lib/drc/runs", "{root}/runs"),
];

impl Lab {
    /// Lays out the files of every host of a tree below `root`, with a catalogue for each director
    /// and certificates in `root/tls`.
    pub fn new(tree: &Path, root: &Path, addresses: &[(&str, &str)]) -> Self {
        let (tls, secrets) = (root.join("tls"), root.join("secrets"));
        fs::create_dir_all(&tls).unwrap();
        fs::create_dir_all(&secrets).unwrap();
        // One folder for the scripts of all hosts: the director's file has their paths.
        let scripts = root.join("scripts");
        fs::create_dir_all(&scripts).unwrap();
        let authority = Authority::new(&tls);
        for (host, address) in addresses {
            // Bacula asks for the address that it connects to as a DNS name, also where it is a number.
            authority.openssl(&format!(
                "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN={host} -addext subjectAltName=DNS:{address} \
                 -CA ca.pem -CAkey ca.key -keyout {host}.key -out {host}.pem"
            ));
        }
        let mut moved = BTreeSet::new();
        for host in folders(&tree.join("hosts")) {
            let own = root.join("hosts").join(host.file_name().unwrap());
            fs::create_dir_all(own.join("etc/bacula/scripts")).unwrap();
            fs::create_dir_all(own.join("var")).unwrap();
            let (etc, zone) =
                (host.join("etc/bacula"), host.join("etc/systemd/system/bacula-director.service.d"));
            for file in [&etc, &etc.join("scripts"), &zone].into_iter().flat_map(|folder| files(folder)) {
                let mut text = fs::read_to_string(&file).unwrap();
                for (from, to) in MOVED {
                    let to =
                        to.replace("{own}", own.to_str().unwrap()).replace("{root}", root.to_str().unwrap());
                    if text.contains(from) {
                        moved.insert(from);
                        text = text.replace(from, &to);
                    }
                }
                let copy = own.join(file.strip_prefix(&host).unwrap());
                for line in text.lines().filter_map(|l| l.trim().strip_prefix("@\"")) {
                    let secret = Path::new(line.trim_end_matches('"'));
                    let name = secret.file_name().unwrap().to_str().unwrap();
                    let key = if name == "catalog.conf" { "DB Password" } else { "Password" };
                    fs::create_dir_all(secret.parent().unwrap()).unwrap();
                    fs::write(secret, format!("{key} = \"of {name}\"\n")).unwrap();
                }
                let job_script =
                    file.ends_with("mark") || file.extension().is_some_and(|e| e == "before" || e == "after");
                fs::create_dir_all(copy.parent().unwrap()).unwrap();
                let copy = if job_script { scripts.join(file.file_name().unwrap()) } else { copy };
                fs::write(&copy, text).unwrap();
                fs::set_permissions(&copy, fs::metadata(&file).unwrap().permissions()).unwrap();
            }
            if own.join("etc/bacula/bacula-dir.conf").exists() {
                catalog(&own.join("var"));
            }
        }
        assert_eq!(moved.len(), MOVED.len(), "a substitution changed nothing: {moved:?}");
        Self { root: root.to_owned(), daemons: Vec::new() }
    }

    fn file(&self, host: &str, file: &str) -> PathBuf {
        self.root.join("hosts").join(host).join("etc/bacula").join(file)
    }

    /// Starts a daemon of a host, `bacula-dir`, `bacula-sd` or `bacula-fd`, with the environment
    /// that systemd gives it.
    pub fn start(&mut self, host: &str, daemon: &str) {
        let unit = if daemon == "bacula-dir" { "bacula-director" } else { daemon };
        let zone = self.root.join("hosts").join(host).join(format!("etc/systemd/system/{unit}.service.d"));
        let environment = files(&zone).into_iter().flat_map(|f| {
            let text = fs::read_to_string(f).unwrap();
            let entries = text.lines().filter_map(|l| l.strip_prefix("Environment=\"")?.strip_suffix('"'));
            entries
                .filter_map(|e| e.split_once('='))
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect::<Vec<_>>()
        });
        let said = fs::File::create(self.root.join(format!("{host}-{daemon}.out"))).unwrap();
        let child = Command::new(daemon)
            .arg("-f")
            .arg("-c")
            .arg(self.file(host, &format!("{daemon}.conf")))
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .spawn()
            .unwrap_or_else(|e| panic!("{daemon}: {e}"));
        self.daemons.push((format!("{host} {daemon}"), child));
    }

    /// Kills a daemon of a host.
    pub fn stop(&mut self, host: &str, daemon: &str) {
        let name = format!("{host} {daemon}");
        for (n, child) in &mut self.daemons {
            if *n == name {
                child.kill().unwrap();
                child.wait().unwrap();
            }
        }
        self.daemons.retain(|(n, _)| *n != name);
    }

    /// Gives a director commands and returns what it answers.
    pub fn console(&self, host: &str, commands: &str) -> String {
        use std::io::Write;
        let mut child = Command::new("bconsole")
            .args(["-n", "-c"])
            .arg(self.file(host, "bconsole.conf"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(format!("{commands}\nquit\n").as_bytes()).unwrap();
        let out = child.wait_with_output().unwrap();
        String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned()
    }

    /// Waits until a director answers: half a minute at most, on a machine with much else to do.
    pub fn ready(&self, host: &str) {
        for _ in 0..300 {
            if self.console(host, "version").contains("Version:") {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("the director of {host} does not answer: {} {}", self.console(host, "version"), self.said());
    }

    /// Runs commands, waits for all jobs and returns the answer with the director's log.
    pub fn job(&self, host: &str, commands: &str) -> String {
        self.console(host, &format!("{commands}\nwait\nmessages"))
    }

    /// A script of a host.
    pub fn script(&self, host: &str, name: &str, arguments: &[&str]) -> Output {
        run(Command::new(self.file(host, "scripts").join(name)).args(arguments))
    }

    /// Restores a job's runs in a pool to the host that they were read from, as plans below
    /// `planned` do it, up to a moment in UTC when it is not empty.
    pub fn restore(
        &self,
        planned: &Path,
        director: &str,
        to: &str,
        job: &str,
        pool: &str,
        moment: &str,
    ) -> Output {
        let steps = folders(&planned.join("plans"))[0].join("steps");
        let library = fs::read_to_string(steps.join("lib.sh")).unwrap();
        let console = self.file(director, "bconsole.conf").display().to_string();
        let runs = self.root.join("runs").display().to_string();
        let verbs = self.root.join("verbs.sh");
        fs::write(
            &verbs,
            library.replace("/etc/bacula/bconsole.conf", &console).replace("/var/lib/drc/runs", &runs),
        )
        .unwrap();
        let transport = self.root.join("transport");
        fs::write(&transport, "#!/bin/bash\nexec bash -c \"$2\"\n").unwrap();
        fs::set_permissions(&transport, fs::Permissions::from_mode(0o755)).unwrap();
        let script = format!(
            ". {verbs}; moment='{moment}'; \
             restore {director} data {job} {pool} {to}-fd {to}-fd restore_{to} {to} ''",
            verbs = verbs.display(),
        );
        run(Command::new("bash").arg("-c").arg(script).env("DRC_TRANSPORT", transport).env("DRC_POLL", "0.2"))
    }

    /// Asks the catalogue of a director.
    pub fn ask(&self, host: &str, query: &str) -> String {
        let db = self.root.join("hosts").join(host).join("var/bacula.db");
        let out = run(Command::new("sqlite3").arg("-cmd").arg(".timeout 5000").arg(db).arg(query));
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim_end().to_owned()
    }

    /// All that daemons have said, for messages of failures.
    pub fn said(&self) -> String {
        let mut all = String::new();
        for folder in std::iter::once(self.root.clone()).chain(folders(&self.root.join("hosts"))) {
            for file in files(&folder) {
                if file.extension().is_some_and(|e| e == "out" || e == "log") {
                    let text = fs::read(&file).unwrap_or_default();
                    all.push_str(&format!("== {}\n{}\n", file.display(), String::from_utf8_lossy(&text)));
                }
            }
        }
        all
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for (_, child) in &mut self.daemons {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
