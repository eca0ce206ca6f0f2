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

/// The folders in a folder, sorted.
pub fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|p| p.is_dir()).collect()
}

/// The files in a folder, sorted.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|p| p.is_file()).collect()
}

/// Runs a program to its end. One that is missing is a failure.
pub fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{command:?}: {e}"))
}

/// Makes an empty catalogue named `bacula` in a working folder.
pub fn catalog(working: &Path) {
    // Made once: SQLite waits for the disk at each of its many statements.
    static EMPTY: OnceLock<tempfile::TempDir> = OnceLock::new();
    let empty = EMPTY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let schema = fs::read_to_string("/usr/share/bacula-director/make_sqlite3_tables").unwrap();
        let lines = schema.lines().map(|l| match l.strip_prefix("cd ") {
            Some(_) => format!("cd '{}'", folder.path().display()),
            None => l.replace("XXX_DBNAME_XXX", "bacula"),
        });
        let script = folder.path().join("make-catalog.sh");
        fs::write(&script, lines.collect::<Vec<_>>().join("\n")).unwrap();
        let out = run(Command::new("sh").arg(&script));
        assert!(folder.path().join("bacula.db").exists(), "{}", String::from_utf8_lossy(&out.stderr));
        folder
    });
    fs::copy(empty.path().join("bacula.db"), working.join("bacula.db")).unwrap();
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

    /// Runs `openssl` in the folder.
    pub fn openssl(&self, arguments: &str) {
        let out = run(Command::new("openssl").args(arguments.split(' ')).current_dir(&self.folder));
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
}
