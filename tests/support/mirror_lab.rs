//! A mirror between two folders of this machine: the emitted scripts with the few texts replaced
//! that would reach beyond a temporary folder, and a remote shell that runs its command here.

use drlang::base::world::Memory;
use drlang::driver::{self, Compiled, Options};
use drlang::emit::artifact::ArtifactTree;
use drlang::emit::target::{Input, Target};
use drlang::emit::targets::rsync::Rsync;
use drlang::emit::template::Templates;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A string of the language.
pub fn text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '\\' | '"' => quoted.extend(['\\', c]),
            '{' | '}' => quoted.extend([c, c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// An estate with one mirror between two sites; `// link` stands where the link can say more.
pub fn spec(from: &str, to: &str, address: &str, mirror: &str) -> String {
    let (from, to) = (text(from), text(to));
    format!(
        "region r {{
            site a {{ timezone = \"Asia/Shanghai\"; host h1 {{ address = 10.0.0.1 }} }}
            site b {{ timezone = \"Asia/Shanghai\"; host h2 {{ address = {address} }} }}
         }}
         link l : a <-> b {{
            bandwidth = 100 Mbit/s
            rtt = 20 ms
            // link
         }}
         data images {{
            on = h1 path {from}
            size = 1 GiB
            mirror h2 {{
                at = every 30 min
                path = {to}
                {mirror}
            }}
         }}
"
    )
}

pub fn compile(spec: &str) -> Compiled {
    let world = Memory([("main.dr".to_owned(), spec.as_bytes().to_vec())].into());
    let compiled = driver::compile(&world, "main.dr", &Options::from(1_768_435_200)).unwrap();
    assert_eq!(compiled.left_out, 0, "{:#?}\n{spec}", compiled.problems);
    // Whether objectives are met is not what is tested.
    let wrong = compiled.problems.iter().filter(|d| d.entry.stage != "judge").count();
    assert_eq!(wrong, 0, "{:#?}\n{spec}", compiled.problems);
    compiled
}

pub fn with_input<T>(compiled: &Compiled, work: impl FnOnce(Input<'_>) -> T) -> T {
    let templates = Templates::default();
    work(Input { model: &compiled.model, ops: &compiled.ops, plans: &[], templates: &templates })
}

pub fn build(spec: &str) -> (Compiled, ArtifactTree) {
    let compiled = compile(spec);
    let mut tree = ArtifactTree::new();
    let mut problems = drlang::diag::Problems::new();
    with_input(&compiled, |input| {
        Rsync.supports(input, &mut problems);
        assert!(problems.is_empty(), "{problems:#?}");
        Rsync.emit(input, &mut tree).unwrap();
    });
    (compiled, tree)
}

pub fn read_back(compiled: &Compiled, tree: &ArtifactTree) -> Vec<String> {
    with_input(compiled, |input| Rsync.read_back(input, tree))
}

/// Writes a tree as a build does.
pub fn written(tree: &ArtifactTree, folder: &Path) {
    for (path, artifact) in tree.iter() {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &artifact.bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(artifact.mode)).unwrap();
    }
}

pub fn script(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

pub struct Lab {
    pub dir: tempfile::TempDir,
    pub job: String,
    pub source: PathBuf,
    pub folder: PathBuf,
    /// Where a publish puts the tree.
    pub place: PathBuf,
    pub state: PathBuf,
}

/// How a script ended.
pub struct Ended {
    pub status: Option<i32>,
    pub told: String,
    pub said: String,
}

impl Ended {
    #[track_caller]
    pub fn ok(&self) {
        self.ended(0);
        assert_eq!(self.said, "", "it says something");
    }

    #[track_caller]
    pub fn ended(&self, status: i32) {
        assert_eq!(self.status, Some(status), "{}{}", self.told, self.said);
        assert!(status == 0 || !self.said.is_empty(), "it says nothing");
    }
}

/// Replaces a text that must stand there once.
fn replaced(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from}");
    text.replace(from, to)
}

impl Lab {
    pub fn new(source: &str, folder: &str, mirror: &str) -> Self {
        Self::at("10.0.0.2", source, folder, mirror)
    }

    /// A lab whose source and snapshots stand in these folders of its own folder.
    pub fn at(address: &str, source: &str, folder: &str, mirror: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (source, folder) = (dir.path().join(source), dir.path().join(folder));
        fs::create_dir_all(&source).unwrap();
        fs::write(source.join(".drc-source"), "").unwrap();
        let (_, tree) = build(&spec(source.to_str().unwrap(), folder.to_str().unwrap(), address, mirror));
        written(&tree, dir.path());
        let lab = Self {
            job: "images-h2".into(),
            place: dir.path().join("place").join(source.file_name().unwrap()),
            state: dir.path().join("state"),
            source,
            folder,
            dir,
        };
        let state = "readonly STATE=/var/lib/drc/mirrors\n";
        let own = format!("readonly STATE={}\n", lab.state.display());
        for path in [lab.mirror_script(), lab.publish_script()] {
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, replaced(&text, state, &own)).unwrap();
        }
        // The tree has the path of its source, which here is on the same machine.
        let text = fs::read_to_string(lab.publish_script()).unwrap();
        let line = text.lines().find(|l| l.starts_with("readonly TREE=")).unwrap();
        assert!(line.contains(lab.dir.path().to_str().unwrap()));
        let place = line.replacen("/from/", "/source/", 1).replacen("/source", "/place/source", 1);
        let place =
            if line.contains("/from/") { place.replacen("/place/source/", "/place/", 1) } else { place };
        fs::write(lab.publish_script(), replaced(&text, &format!("{line}\n"), &format!("{place}\n")))
            .unwrap();
        script(
            &lab.remote_shell(),
            &format!(
                "#!/bin/sh\nif [ \"$1\" = -l ]; then shift 2; fi\nprintf '%s\\n' \"${{1#root@}}\" >>{}/asked\nshift\nexec /bin/sh -c \"$*\"\n",
                lab.dir.path().display()
            ),
        );
        lab
    }

    fn mirror_script(&self) -> PathBuf {
        self.dir.path().join(format!("hosts/h1/etc/drc/mirrors/{}.sh", self.job))
    }

    fn publish_script(&self) -> PathBuf {
        self.dir.path().join(format!("hosts/h2/etc/drc/mirrors/{}-publish.sh", self.job))
    }

    fn remote_shell(&self) -> PathBuf {
        self.dir.path().join("rsh")
    }

    /// A run in a process group of its own.
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.mirror_script());
        command.env("DRC_RSH", self.remote_shell()).stdin(Stdio::null()).process_group(0);
        command
    }

    pub fn finish(&self, command: &mut Command) -> Ended {
        let out = command.output().unwrap();
        Ended {
            status: out.status.code(),
            told: String::from_utf8(out.stdout).unwrap(),
            said: String::from_utf8(out.stderr).unwrap(),
        }
    }

    pub fn run(&self) -> Ended {
        self.run_with(&[])
    }

    pub fn run_with(&self, arguments: &[&str]) -> Ended {
        self.finish(self.command().args(arguments))
    }

    pub fn publish(&self) -> Ended {
        self.finish(&mut self.publish_command())
    }

    /// A publish in a process group of its own.
    pub fn publish_command(&self) -> Command {
        let mut command = Command::new(self.publish_script());
        command.stdin(Stdio::null()).process_group(0);
        command
    }

    /// The names of the snapshots, the oldest first.
    pub fn snapshots(&self) -> Vec<String> {
        let Ok(found) = fs::read_dir(&self.folder) else { return Vec::new() };
        let mut names: Vec<String> = found
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .filter(|n| n.len() == 16 && n.ends_with('Z') && n.starts_with('2'))
            .collect();
        names.sort();
        names
    }

    /// What `current` points to.
    pub fn current(&self) -> String {
        fs::read_link(self.folder.join("current")).unwrap().to_str().unwrap().to_owned()
    }

    /// What in the folder of snapshots begins so.
    pub fn hidden(&self, prefix: &str) -> Vec<PathBuf> {
        let found = fs::read_dir(&self.folder).unwrap().map(|e| e.unwrap().path());
        found.filter(|p| p.file_name().unwrap().to_str().unwrap().starts_with(prefix)).collect()
    }

    /// Waits up to 20 s for something to show.
    pub fn wait_for<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            if let Some(seen) = look() {
                return seen;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it never came");
    }
}

/// Fills a folder with all that a tree can have: `big` of so many bytes, hard links, symbolic
/// links, a pipe, modes, empty folders, and names of all kinds.
pub fn tree_of_files(folder: &Path, big: usize) {
    let mut seed = 1u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as u8
    })
    .take(big)
    .collect();
    fs::write(folder.join("big"), noise).unwrap();
    fs::hard_link(folder.join("big"), folder.join("big too")).unwrap();
    fs::write(folder.join("changed"), "before---").unwrap();
    fs::write(folder.join("gone"), "gone").unwrap();
    fs::create_dir_all(folder.join("deep/er/empty")).unwrap();
    fs::hard_link(folder.join("gone"), folder.join("deep/linked")).unwrap();
    symlink("../big", folder.join("deep/to big")).unwrap();
    symlink("/no/where\n$x", folder.join("dangling")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap().success());
    let names: [&[u8]; 9] = [
        b"two\nlines",
        b"it's \"q\"",
        b"$HOME `id`",
        b"-rf",
        b"\xff\xfe not text",
        "水".as_bytes(),
        b"a\\b",
        b"*",
        b" ",
    ];
    for name in names {
        fs::write(folder.join(OsStr::from_bytes(name)), name).unwrap();
    }
    for (name, mode) in [("big", 0o4755), ("changed", 0o600), ("deep/er", 0o1777), ("gone", 0o000)] {
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    std::os::unix::fs::chown(folder.join("changed"), Some(12_345), Some(54_321)).unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o750)).unwrap();
}

/// What a tree is: for each path its kind, owner, mode, time and contents, and the first path that
/// is the same file.
fn described(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut first: BTreeMap<u64, PathBuf> = BTreeMap::new();
    let mut todo = vec![root.to_owned()];
    while let Some(path) = todo.pop() {
        let meta = fs::symlink_metadata(&path).unwrap();
        let own = path.strip_prefix(root).unwrap().to_owned();
        let kind = meta.file_type();
        let contents = if kind.is_dir() {
            let mut inner: Vec<_> = fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()).collect();
            inner.sort();
            todo.extend(inner);
            "folder".to_owned()
        } else if kind.is_symlink() {
            format!("link to {:?}", fs::read_link(&path).unwrap())
        } else if kind.is_fifo() {
            "pipe".to_owned()
        } else {
            let same = first.entry(meta.ino()).or_insert_with(|| own.clone());
            format!("as {same:?}: {:?}", fs::read(&path).unwrap())
        };
        let time = (meta.mtime(), meta.mtime_nsec());
        let what = format!("{:o} {}:{} {time:?} {contents}", meta.mode(), meta.uid(), meta.gid());
        found.insert(own, what);
    }
    found
}

/// Compares two trees.
#[track_caller]
pub fn alike(a: &Path, b: &Path) {
    let (a, b) = (described(&fs::canonicalize(a).unwrap()), described(&fs::canonicalize(b).unwrap()));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (path, what) in &a {
        assert!(b.get(path) == Some(what), "{path:?} differs");
    }
}
