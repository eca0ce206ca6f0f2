//! Bacula's own programs as judges of a build tree.
//!
//! `bacula-dir -t` and its kin read the very files, but for places that a test must not touch: the
//! list of them is `Substitutions`, and each must occur where it is expected.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// Feeds every Bacula configuration and script below a build tree to its program.
///
/// # Panics
/// With the program's output, when one refuses a file, says anything at all, or is not there.
pub fn judge(tree: &Path) {
    static KEYS: OnceLock<tempfile::TempDir> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let keys = tempfile::tempdir().unwrap();
        Authority::new(keys.path()).host("judge");
        keys
    });
    let mut scripts: Vec<PathBuf> = Vec::new();
    for host in folders(&tree.join("hosts")) {
        let etc = host.join("etc/bacula");
        for (file, program) in [
            ("bacula-dir.conf", "bacula-dir"),
            ("bacula-sd.conf", "bacula-sd"),
            ("bacula-fd.conf", "bacula-fd"),
            ("bconsole.conf", "bconsole"),
        ] {
            let path = etc.join(file);
            if !path.exists() {
                continue;
            }
            let root = tempfile::tempdir().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            let copy = root.path().join(file);
            fs::write(&copy, for_check(&text, root.path(), keys.path())).unwrap();
            if program == "bacula-dir" {
                catalog(root.path());
            }
            let out = run(Command::new(program).arg("-t").arg("-c").arg(&copy));
            let said = [out.stdout.as_slice(), out.stderr.as_slice()].concat();
            let said = String::from_utf8_lossy(&said);
            assert!(out.status.success() && said.trim().is_empty(), "{}: {said}", path.display());
        }
        scripts.extend(files(&etc.join("scripts")));
    }
    if scripts.is_empty() {
        return;
    }
    for script in &scripts {
        let out = run(Command::new("bash").arg("-n").arg(script));
        assert!(out.status.success(), "{}: {}", script.display(), String::from_utf8_lossy(&out.stderr));
    }
    for some in scripts.chunks(50) {
        // What stands between single quotes is a user's own text: that it looks like a mistaken escape,
        // a variable or a home folder is no mistake.
        let out = run(Command::new("shellcheck").arg("--exclude=SC1003,SC2016,SC2088").args(some));
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
    }
}

/// The contents of a folder, sorted; nothing when there is none.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(read) = fs::read_dir(folder) else { return Vec::new() };
    let mut all: Vec<PathBuf> = read.map(|e| e.unwrap().path()).collect();
    all.sort();
    all
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|p| p.is_dir()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|p| p.is_file()).collect()
}

/// Runs a program to its end. One that is missing is a failure.
pub fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{command:?}: {e}"))
}

/// Makes an empty catalogue named `bacula` in a working folder.
pub fn catalog(working: &Path) {
    let schema = fs::read_to_string("/usr/share/bacula-director/make_sqlite3_tables").unwrap();
    let lines = schema.lines().map(|l| match l.strip_prefix("cd ") {
        Some(_) => format!("cd '{}'", working.display()),
        None => l.replace("XXX_DBNAME_XXX", "bacula"),
    });
    let script = working.join("make-catalog.sh");
    fs::write(&script, lines.collect::<Vec<_>>().join("\n")).unwrap();
    let out = run(Command::new("sh").arg(&script));
    assert!(working.join("bacula.db").exists(), "{}", String::from_utf8_lossy(&out.stderr));
}

/// A file with the places that a check must not touch put below `root`: where daemons keep their
/// state, secrets, certificates. All else stays to the byte.
fn for_check(text: &str, root: &Path, keys: &Path) -> String {
    let mut seen = BTreeSet::new();
    let mut out = String::new();
    for line in text.lines() {
        let (key, value) = line.split_once(" = ").unwrap_or((line, ""));
        let place = match key.trim() {
            "Working Directory" | "Pid Directory" => Some(root.to_owned()),
            "Append" => Some(root.join("log")),
            "TLS CA Certificate File" => Some(keys.join("ca.pem")),
            "TLS Certificate" => Some(keys.join("judge.pem")),
            "TLS Key" => Some(keys.join("judge.key")),
            "PKI Keypair" => Some(keys.join("data.pem")),
            "PKI Master Key" => Some(keys.join("master.pem")),
            include if include.starts_with("@\"") => {
                let name = include.trim_matches(['@', '"']).rsplit('/').next().unwrap().to_owned();
                assert!(name.ends_with(".conf") && !name.contains('\\'), "{line}");
                let secret = root.join(format!("secret-{name}"));
                let key = if name == "catalog.conf" { "DB Password" } else { "Password" };
                fs::write(&secret, format!("{key} = \"of {name}\"\n")).unwrap();
                out.push_str(&format!("  @\"{}\"\n", secret.display()));
                seen.insert("include".to_owned());
                continue;
            }
            _ => None,
        };
        match place {
            Some(place) => {
                assert!(value.starts_with("\"/"), "a substitution in an unexpected place: {line}");
                let rest = value.rsplit_once('"').unwrap().1;
                out.push_str(&format!("{key} = \"{}\"{rest}\n", place.display()));
                seen.insert(key.trim().to_owned());
            }
            None => out.push_str(&format!("{line}\n")),
        }
    }
    for needed in ["include", "TLS CA Certificate File", "TLS Certificate", "TLS Key"] {
        assert!(seen.contains(needed), "nothing to substitute for {needed}");
    }
    out
}

/// A certificate authority in a folder, laid out as our configurations expect it.
pub struct Authority {
    folder: PathBuf,
}

impl Authority {
    /// Makes `ca.pem`, and `data.pem` and `master.pem` for the encryption of data.
    pub fn new(folder: &Path) -> Self {
        let own = Self { folder: folder.to_owned() };
        own.openssl(
            "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=authority -keyout ca.key -out ca.pem",
        );
        own.openssl(
            "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=data -keyout data.key -out data.crt",
        );
        let pair = [fs::read(folder.join("data.key")).unwrap(), fs::read(folder.join("data.crt")).unwrap()];
        fs::write(folder.join("data.pem"), pair.concat()).unwrap();
        own.openssl(
            "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=master -keyout master.key -out master.pem",
        );
        own
    }

    /// Makes a host's certificate and key, `NAME.pem` and `NAME.key`.
    pub fn host(&self, name: &str) {
        self.openssl(&format!(
            "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN={name} -CA ca.pem -CAkey ca.key -keyout {name}.key -out {name}.pem"
        ));
    }

    /// Makes a host's certificate and key, with its address beside its name.
    pub fn host_at(&self, name: &str, address: &str) {
        self.openssl(&format!(
            "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN={name} -addext subjectAltName=DNS:{address} -CA ca.pem -CAkey ca.key -keyout {name}.key -out {name}.pem"
        ));
    }

    fn openssl(&self, arguments: &str) {
        let out = run(Command::new("openssl").args(arguments.split(' ')).current_dir(&self.folder));
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
}

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
const MOVED: [(&str, &str); 5] = [
    ("\"/var/lib/bacula\"", "\"{own}/var\""),
    ("\"/run/bacula\"", "\"{own}/var\""),
    ("\"/var/log/bacula/bacula.log\"", "\"{own}/bacula.log\""),
    ("/etc/bacula/scripts/", "{root}/scripts/"),
    ("/etc/bacula/bacula-sd.conf", "{own}/etc/bacula/bacula-sd.conf"),
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
            authority.host_at(host, address);
        }
        let mut moved = BTreeSet::new();
        for host in folders(&tree.join("hosts")) {
            let own = root.join("hosts").join(host.file_name().unwrap());
            fs::create_dir_all(own.join("etc/bacula/scripts")).unwrap();
            fs::create_dir_all(own.join("var")).unwrap();
            let etc = host.join("etc/bacula");
            for file in files(&etc).into_iter().chain(files(&etc.join("scripts"))) {
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
                let job_script = file.extension().is_some_and(|e| e == "before" || e == "after");
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

    /// Starts a daemon of a host: `bacula-dir`, `bacula-sd` or `bacula-fd`.
    pub fn start(&mut self, host: &str, daemon: &str) {
        let said = fs::File::create(self.root.join(format!("{host}-{daemon}.out"))).unwrap();
        let child = Command::new(daemon)
            .arg("-f")
            .arg("-c")
            .arg(self.file(host, &format!("{daemon}.conf")))
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

    /// Waits until a director answers.
    pub fn ready(&self, host: &str) {
        for _ in 0..60 {
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
