//! Builds on disk: whole or not at all, whenever they are killed, and never over what people did.

use drlang::base::{SourceMap, Span};
use drlang::emit::artifact::{Artifact, ArtifactTree};
use drlang::emit::commit::{Changes, CommitError, Committed, Real, What, check, commit, commit_with};
use drlang::emit::manifest::{self, Manifest};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

fn sources(text: &str) -> SourceMap {
    let mut sources = SourceMap::new();
    sources.add("main.dr".to_owned(), text.into(), false).unwrap();
    sources
}

fn tree(files: &[(&str, &str, u32)]) -> (ArtifactTree, Manifest) {
    let sources = sources("region north {}\nsite aa {}\n");
    let base = sources.files()[0].base;
    let mut tree = ArtifactTree::new();
    for (path, text, mode) in files {
        let bytes = text.as_bytes().to_vec();
        // Twice in the second line, once nowhere.
        let spans = vec![Span::new(base + 16, base + 20), Span::new(base + 21, base + 23), Span::default()];
        tree.add((*path).to_owned(), Artifact { bytes, mode: *mode, target: "test", spans });
    }
    let manifest = Manifest::of(&tree, &sources, true);
    (tree, manifest)
}

fn first() -> (ArtifactTree, Manifest) {
    tree(&[
        ("hosts/db-a1/etc/my.cnf", "one\n", 0o640),
        ("hosts/db-a1/etc/run.sh", "#!/bin/sh\n", 0o750),
        ("plans/x/plan.md", "paper\n", 0o640),
    ])
}

fn second() -> (ArtifactTree, Manifest) {
    tree(&[
        ("hosts/db-a1/etc/my.cnf", "two\n", 0o640),
        ("hosts/db-b1/etc/my.cnf", "new\n", 0o600),
        ("plans/x/plan.md", "paper\n", 0o640),
    ])
}

/// All files below a folder: path, contents and mode.
fn read(root: &Path) -> BTreeMap<String, (Vec<u8>, u32)> {
    fn walk(root: &Path, folder: &Path, all: &mut BTreeMap<String, (Vec<u8>, u32)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            if meta.is_dir() {
                walk(root, &path, all);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                all.insert(name, (fs::read(&path).unwrap(), meta.permissions().mode() & 0o7777));
            }
        }
    }
    let mut all = BTreeMap::new();
    walk(root, root, &mut all);
    all
}

fn wanted(tree: &ArtifactTree, manifest: &Manifest) -> BTreeMap<String, (Vec<u8>, u32)> {
    let mut all: BTreeMap<_, _> =
        tree.iter().map(|(p, a)| (p.to_owned(), (a.bytes.clone(), a.mode))).collect();
    all.insert(manifest::NAME.to_owned(), (manifest.bytes(), 0o644));
    all
}

fn beside(root: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(root).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_build_is_written_whole_with_its_modes_and_nothing_beside_it() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("a/b/out");
    let (tree, manifest) = first();
    assert_eq!(commit(&tree, &manifest, &dir, false).unwrap(), Committed::default());
    assert_eq!(read(&dir), wanted(&tree, &manifest));
    assert_eq!(fs::metadata(dir.join("hosts/db-a1/etc")).unwrap().permissions().mode() & 0o7777, 0o755);
    assert!(commit(&tree, &manifest, &dir, false).unwrap().unchanged);
    let (tree, manifest) = second();
    assert!(!commit(&tree, &manifest, &dir, false).unwrap().unchanged);
    assert_eq!(read(&dir), wanted(&tree, &manifest));
    assert_eq!(beside(dir.parent().unwrap()), ["out"]);
    // An empty folder is as good as none; so is one with a slash behind it.
    let empty = root.path().join("empty");
    fs::create_dir(&empty).unwrap();
    commit(&tree, &manifest, &root.path().join("empty/"), false).unwrap();
    assert_eq!(read(&empty), wanted(&tree, &manifest));
}

#[test]
fn the_manifest_names_files_digests_modes_and_origins_and_nothing_of_this_machine() {
    let (tree, manifest) = first();
    let read = Manifest::parse(&manifest.bytes()).unwrap();
    assert_eq!(read, manifest);
    let entry = &manifest.files[1];
    assert_eq!((entry.path.as_str(), entry.mode.as_str()), ("hosts/db-a1/etc/run.sh", "0750"));
    assert_eq!(entry.origins, ["main.dr:2"]);
    // The digest that `printf '#!/bin/sh\n' | sha256sum` prints.
    assert_eq!(entry.sha256, "a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf");
    assert_eq!(
        manifest.bytes(),
        Manifest::of(&tree, &sources("region north {}\nsite aa {}\n"), true).bytes()
    );
    assert_ne!(manifest.spec, Manifest::of(&tree, &sources("region north {}\nsite ab {}\n"), true).spec);
    assert_ne!(
        manifest.bytes(),
        Manifest::of(&tree, &sources("region north {}\nsite aa {}\n"), false).bytes()
    );
    assert!(Manifest::parse(b"{}").is_err());
    let later = String::from_utf8(manifest.bytes()).unwrap().replace("\"version\": 1", "\"version\": 2");
    assert!(Manifest::parse(later.as_bytes()).unwrap_err().contains("version 2"));
}

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn what_people_changed_stops_a_build_unless_it_is_forced() {
    type Change = (&'static str, What, fn(&Path));
    let changes: &[Change] = &[
        ("hosts/db-a1/etc/my.cnf", What::Changed, |d| put(&d.join("hosts/db-a1/etc/my.cnf"), "mine")),
        ("hosts/db-a1/etc/my.cnf", What::Missing, |d| {
            fs::remove_file(d.join("hosts/db-a1/etc/my.cnf")).unwrap()
        }),
        ("notes.txt", What::Unknown, |d| put(&d.join("notes.txt"), "")),
        ("hosts/mine/", What::Unknown, |d| put(&d.join("hosts/mine/a/b"), "")),
        ("hosts/db-a1/etc/my.cnf", What::Changed, |d| {
            fs::remove_file(d.join("hosts/db-a1/etc/my.cnf")).unwrap();
            symlink("/etc/passwd", d.join("hosts/db-a1/etc/my.cnf")).unwrap();
        }),
        ("link", What::Unknown, |d| symlink("/", d.join("link")).unwrap()),
    ];
    for (path, what, change) in changes {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("out");
        let (tree, manifest) = first();
        commit(&tree, &manifest, &dir, false).unwrap();
        change(&dir);
        let before = beside(&dir);
        let (tree, manifest) = second();
        match commit(&tree, &manifest, &dir, false) {
            Err(CommitError::ChangedByHand { changes, .. }) => {
                let found: Vec<_> = changes.iter().map(|c| (c.path.as_str(), c.what)).collect();
                assert_eq!(found, [(*path, *what)]);
            }
            other => unreachable!("{path}: {other:?}"),
        }
        assert_eq!(beside(&dir), before, "a refused build changes nothing");
        let forced = commit(&tree, &manifest, &dir, true).unwrap();
        assert_eq!(forced.replaced.len(), 1);
        assert_eq!(read(&dir), wanted(&tree, &manifest));
        assert!(Path::new("/etc/passwd").exists());
    }
}

#[test]
fn nothing_is_written_into_folders_that_are_no_builds_or_through_links() {
    let root = tempfile::tempdir().unwrap();
    let (tree, manifest) = first();
    let home = root.path().join("home");
    put(&home.join("letter"), "dear");
    for force in [false, true] {
        assert!(matches!(commit(&tree, &manifest, &home, force), Err(CommitError::NotOurs(_))));
    }
    assert_eq!(beside(&home), ["letter"]);
    let real = root.path().join("real");
    fs::create_dir(&real).unwrap();
    for name in ["link", "link/"] {
        let link = root.path().join(name);
        let _ = symlink(&real, root.path().join("link"));
        assert!(matches!(commit(&tree, &manifest, &link, true), Err(CommitError::NotAFolder(..))));
        assert!(matches!(check(&tree, &manifest, &link), Err(CommitError::NotAFolder(..))));
    }
    assert!(matches!(commit(&tree, &manifest, &home.join("letter"), true), Err(CommitError::NotAFolder(..))));
    assert!(commit(&tree, &manifest, Path::new("/"), true).is_err());
    assert_eq!(beside(&real), Vec::<String>::new());
    assert_eq!(beside(root.path()), ["home", "link", "real"]);
    // A manifest that cannot be read: only by force.
    let broken = root.path().join("broken");
    let cut = String::from_utf8(manifest.bytes()).unwrap();
    put(&broken.join(manifest::NAME), &cut[..cut.len() / 2]);
    put(&broken.join("notes.txt"), "");
    assert!(matches!(commit(&tree, &manifest, &broken, false), Err(CommitError::BadManifest { .. })));
    let forced = commit(&tree, &manifest, &broken, true).unwrap();
    let told: Vec<_> = forced.replaced.iter().map(|c| c.path.as_str()).collect();
    assert_eq!(told, [manifest::NAME, "notes.txt"], "what went is told");
    assert_eq!(read(&broken), wanted(&tree, &manifest));
    // A manifest of another program's, and a folder of that name: no force makes them ours.
    for (name, path, text) in [
        ("page", manifest::NAME, "{\"name\": \"page\"}"),
        ("odd", "manifest.json/x", ""),
        ("cut", manifest::NAME, "{"),
    ] {
        let dir = root.path().join(name);
        put(&dir.join(path), text);
        put(&dir.join("letter"), "dear");
        for force in [false, true] {
            assert!(matches!(commit(&tree, &manifest, &dir, force), Err(CommitError::NotOurs(_))), "{name}");
        }
        assert_eq!(beside(&dir), ["letter", "manifest.json"]);
    }
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    let root = tempfile::tempdir().unwrap();
    for bad in ["../a", "/a", "a//b", "a/./b", "", "a/..", "manifest.json", "a\0"] {
        let (tree, manifest) = tree(&[(bad, "", 0o640)]);
        let dir = root.path().join("out");
        assert!(matches!(commit(&tree, &manifest, &dir, true), Err(CommitError::BadPath(_))), "{bad:?}");
    }
    let (tree, manifest) = tree(&[("a", "", 0o640), ("a-b", "", 0o640), ("a/b", "", 0o640)]);
    assert!(matches!(commit(&tree, &manifest, &root.path().join("out"), true), Err(CommitError::BadPath(_))));
    assert_eq!(beside(root.path()), Vec::<String>::new());
}

#[test]
fn a_check_lists_what_differs_and_writes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("out");
    let (tree, manifest) = first();
    let all = |list: Vec<drlang::emit::commit::Difference>| -> Vec<(String, What)> {
        list.into_iter().map(|d| (d.path, d.what)).collect()
    };
    assert_eq!(check(&tree, &manifest, &dir).unwrap().len(), 4);
    assert!(!dir.exists());
    commit(&tree, &manifest, &dir, false).unwrap();
    assert_eq!(all(check(&tree, &manifest, &dir).unwrap()), []);
    fs::set_permissions(dir.join("hosts/db-a1/etc/run.sh"), fs::Permissions::from_mode(0o640)).unwrap();
    put(&dir.join("more"), "");
    let found = all(check(&tree, &manifest, &dir).unwrap());
    assert_eq!(
        found,
        [("hosts/db-a1/etc/run.sh".to_owned(), What::Mode), ("more".to_owned(), What::Unknown)]
    );
    let (tree, manifest) = second();
    let found = all(check(&tree, &manifest, &dir).unwrap());
    let wanted = [
        ("hosts/db-a1/etc/my.cnf", What::Changed),
        ("hosts/db-a1/etc/run.sh", What::Unknown),
        ("hosts/db-b1/etc/my.cnf", What::Missing),
        ("manifest.json", What::Changed),
        ("more", What::Unknown),
    ];
    assert_eq!(found, wanted.map(|(p, w)| (p.to_owned(), w)));
}

/// How the operation at which a build is killed ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Death {
    /// It has not happened.
    Before,
    /// It has happened.
    After,
    /// A file is there with half of its bytes; other operations have not happened.
    Half,
}

/// A disk that dies at one operation: from then on nothing happens any more.
struct Dying {
    left: usize,
    death: Death,
}

impl Dying {
    fn act(&mut self, half: impl FnOnce(), act: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let dead = || io::Error::other("killed");
        if self.left == 0 {
            return Err(dead());
        }
        self.left -= 1;
        if self.left > 0 {
            return act();
        }
        match self.death {
            Death::Before => {}
            Death::After => act()?,
            Death::Half => half(),
        }
        Err(dead())
    }
}

impl Changes for Dying {
    fn make_folder(&mut self, path: &Path) -> io::Result<()> {
        self.act(|| {}, || Real.make_folder(path))
    }

    fn write(&mut self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
        let half = || fs::write(path, bytes.get(..bytes.len() / 2).unwrap_or_default()).unwrap();
        // Without waiting for the disk: thousands of builds are killed here.
        let whole = || {
            fs::write(path, bytes)?;
            fs::set_permissions(path, fs::Permissions::from_mode(mode))
        };
        self.act(half, whole)
    }

    fn sync_folder(&mut self, path: &Path) -> io::Result<()> {
        self.act(|| {}, || fs::metadata(path).map(drop))
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.act(|| {}, || Real.rename(from, to))
    }

    fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        self.act(|| {}, || Real.remove_file(path))
    }

    fn remove_folder(&mut self, path: &Path) -> io::Result<()> {
        self.act(|| {}, || Real.remove_folder(path))
    }
}

/// The whole trees that stand at DIR or under the name of the old one.
fn whole(root: &Path) -> Vec<BTreeMap<String, (Vec<u8>, u32)>> {
    let places: Vec<PathBuf> = ["out", ".out.drc-old"].iter().map(|n| root.join(n)).collect();
    places.into_iter().filter(|p| p.exists()).map(|p| read(&p)).collect()
}

#[test]
fn a_build_that_is_killed_anywhere_is_repaired_by_the_next_and_loses_no_tree() {
    // Small trees: each pair of operations is tried.
    let (old_tree, old_manifest) = tree(&[("a/x", "one\n", 0o640), ("y", "old", 0o750)]);
    let (new_tree, new_manifest) = tree(&[("a/x", "two\n", 0o640)]);
    let (old, new) = (wanted(&old_tree, &old_manifest), wanted(&new_tree, &new_manifest));
    let mut swaps = 0;
    for there in [true, false] {
        for death in [Death::Before, Death::After, Death::Half] {
            for first_kill in 1.. {
                let mut killed = false;
                // The build that repairs is killed too, at each of its own operations.
                for second_kill in 0.. {
                    let root = tempfile::tempdir().unwrap();
                    let dir = root.path().join("out");
                    let disk = || Dying { left: usize::MAX, death };
                    if there {
                        commit_with(&mut disk(), &old_tree, &old_manifest, &dir, false).unwrap();
                    }
                    let build = |left: usize| {
                        let mut disk = Dying { left, death };
                        commit_with(&mut disk, &new_tree, &new_manifest, &dir, false)
                    };
                    killed = build(first_kill).is_err();
                    let again = second_kill > 0 && build(second_kill).is_err();
                    let trees = whole(root.path());
                    assert!(
                        trees.iter().all(|t| *t == old || *t == new),
                        "{death:?} {first_kill} {second_kill}"
                    );
                    assert!(!there || !trees.is_empty(), "{death:?} {first_kill} {second_kill}");
                    swaps += usize::from(there && !dir.exists());
                    let done = commit_with(&mut disk(), &new_tree, &new_manifest, &dir, false).unwrap();
                    assert!(done.replaced.is_empty());
                    assert_eq!(read(&dir), new);
                    assert_eq!(beside(root.path()), ["out"]);
                    if second_kill > 0 && !again {
                        break;
                    }
                }
                if !killed {
                    break;
                }
            }
        }
    }
    assert!(swaps > 0, "the moment of danger was met");
}

#[test]
fn a_folder_that_somebody_made_after_a_kill_is_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("out");
    let (tree, manifest) = first();
    commit(&tree, &manifest, &dir, false).unwrap();
    fs::rename(&dir, root.path().join(".out.drc-old")).unwrap();
    put(&dir.join("letter"), "dear");
    assert!(matches!(commit(&tree, &manifest, &dir, true), Err(CommitError::NotOurs(_))));
    assert_eq!(beside(root.path()), [".out.drc-old", "out"]);
}

#[test]
fn builds_at_the_same_time_follow_one_another() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("out");
    std::thread::scope(|scope| {
        for n in 0..8 {
            let dir = &dir;
            scope.spawn(move || {
                for _ in 0..10 {
                    let (tree, manifest) = if n % 2 == 0 { first() } else { second() };
                    commit(&tree, &manifest, dir, false).unwrap();
                }
            });
        }
    });
    let (a, b) = (first(), second());
    let stands = read(&dir);
    assert!(stands == wanted(&a.0, &a.1) || stands == wanted(&b.0, &b.1));
    assert_eq!(beside(root.path()), ["out"]);
}
