//! A build in memory to a folder on disk, whole or not at all.
//!
//! The new tree is written beside DIR, as `.DIR.drc-new`, and put on disk for good; then DIR is
//! renamed to `.DIR.drc-old`, the new tree to DIR, and the old one to `.DIR.drc-trash`, which is
//! removed. A rename is atomic, but the standard library has none that exchanges two folders, so
//! there is **one moment of danger**: between the first two renames DIR is not there. Whoever reads
//! DIR then finds nothing; both trees stand whole beside it.
//!
//! The next build repairs whatever a kill left, before it looks at anything else:
//!
//! | killed | what it finds | what it does |
//! | --- | --- | --- |
//! | while the new tree was written | `new`, whole or not | removes `new` |
//! | between the two renames | `old` and `new`, no DIR | renames `old` to DIR, removes `new` |
//! | after them | DIR and `old` | renames `old` to `trash`, removes it |
//! | while the old tree was removed | `trash`, whole or not | removes `trash` |
//!
//! `old` is whole whenever it is there: what is being removed has another name. Two builds beside
//! each other wait for one another by a lock on the folder that both stand in.

pub mod changes;
mod look;

pub use changes::{Changes, Real};

use super::artifact::ArtifactTree;
use super::manifest::{self, Manifest};
use look::{Found, Kind};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// What a commit did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Committed {
    /// Whether DIR said all of it already, so that nothing was written.
    pub unchanged: bool,
    /// What people had changed and `force` replaced.
    pub replaced: Vec<Difference>,
}

/// How a path on disk differs from what it should be.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Difference {
    /// The path below DIR; a folder ends with `/`.
    pub path: String,
    /// What is wrong with it.
    pub what: What,
}

/// What is wrong with a path.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum What {
    /// It has other contents.
    Changed,
    /// It is executable and should not be, or the other way.
    Mode,
    /// It is not there.
    Missing,
    /// It should not be there.
    Unknown,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.what {
            What::Changed => "has other contents",
            What::Mode => "may be executed and should not, or the other way",
            What::Missing => "is not there",
            What::Unknown => "is not of the build",
        };
        write!(f, "{} {what}", self.path.escape_debug())
    }
}

/// Why nothing was written. DIR is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The system said no.
    #[error("{}: {error}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// DIR, or what stands in its place, is no folder or a link.
    #[error("{} is {what}: a build is written into a folder, and not through links", .0.display(), what = .1)]
    NotAFolder(PathBuf, &'static str),
    /// DIR holds files and no manifest of ours: it is not a build.
    #[error("{} holds files that drc did not write: name an empty folder, or one that does not exist", .0.display())]
    NotOurs(PathBuf),
    /// The manifest of DIR cannot be read, so nobody knows what people changed.
    #[error("the manifest of {} cannot be read: {reason}", dir.display())]
    BadManifest {
        /// The folder.
        dir: PathBuf,
        /// Why.
        reason: String,
    },
    /// People changed the build, and it would be lost.
    #[error("{} was changed by hand:\n{}", dir.display(), lines(.changes))]
    ChangedByHand {
        /// The folder.
        dir: PathBuf,
        /// What they changed.
        changes: Vec<Difference>,
    },
    /// A path of the tree cannot be a file below a folder.
    #[error("{0:?} cannot be the path of a file")]
    BadPath(String),
}

fn lines(changes: &[Difference]) -> String {
    changes.iter().map(|c| format!("  {c}")).collect::<Vec<_>>().join("\n")
}

fn io_error(path: &Path, error: io::Error) -> CommitError {
    CommitError::Io { path: path.to_owned(), error }
}

/// DIR and the names beside it.
struct Places {
    parent: PathBuf,
    dir: PathBuf,
    new: PathBuf,
    old: PathBuf,
    trash: PathBuf,
}

impl Places {
    fn of(dir: &Path) -> Result<Self, CommitError> {
        // A slash at the end would follow a link.
        let plain: PathBuf = dir.components().collect();
        let full = match look::kind(&plain)? {
            Kind::Link => return Err(CommitError::NotAFolder(plain, "a link")),
            Kind::Other => return Err(CommitError::NotAFolder(plain, "no folder")),
            Kind::Folder => fs::canonicalize(&plain).map_err(|e| io_error(&plain, e))?,
            Kind::Nothing => {
                let above = match plain.parent() {
                    Some(p) if p != Path::new("") => p,
                    _ => Path::new("."),
                };
                fs::create_dir_all(above).map_err(|e| io_error(above, e))?;
                let above = fs::canonicalize(above).map_err(|e| io_error(above, e))?;
                match plain.file_name() {
                    Some(name) => above.join(name),
                    None => return Err(CommitError::NotAFolder(plain, "no name of a folder")),
                }
            }
        };
        let (Some(parent), Some(name)) = (full.parent().map(Path::to_owned), full.file_name()) else {
            return Err(CommitError::NotAFolder(full, "the root of the system"));
        };
        let beside = |end: &str| {
            let mut other = std::ffi::OsString::from(".");
            other.push(name);
            other.push(end);
            parent.join(other)
        };
        Ok(Self {
            new: beside(".drc-new"),
            old: beside(".drc-old"),
            trash: beside(".drc-trash"),
            dir: full,
            parent,
        })
    }
}

/// Writes a build into `dir`: whole, or not at all.
///
/// # Errors
/// As [`CommitError`] lists. `force` goes over changes by people and over a manifest that cannot
/// be read, never over a folder that is not a build.
pub fn commit(
    tree: &ArtifactTree,
    manifest: &Manifest,
    dir: &Path,
    force: bool,
) -> Result<Committed, CommitError> {
    commit_with(&mut Real, tree, manifest, dir, force)
}

/// The same through a disk of the caller's.
///
/// # Errors
/// As [`commit`].
pub fn commit_with(
    disk: &mut dyn Changes,
    tree: &ArtifactTree,
    manifest: &Manifest,
    dir: &Path,
    force: bool,
) -> Result<Committed, CommitError> {
    sound(tree)?;
    let places = Places::of(dir)?;
    let lock = File::open(&places.parent).map_err(|e| io_error(&places.parent, e))?;
    match lock.lock() {
        Ok(()) => {}
        // Some file systems have no locks: two builds at once are then up to whoever starts them.
        Err(e) if e.kind() == io::ErrorKind::Unsupported => {}
        Err(e) => return Err(io_error(&places.parent, e)),
    }
    repair(disk, &places)?;
    let mut done = Committed::default();
    let stands = look::kind(&places.dir)?;
    match stands {
        Kind::Link => return Err(CommitError::NotAFolder(places.dir, "a link")),
        Kind::Other => return Err(CommitError::NotAFolder(places.dir, "no folder")),
        Kind::Nothing => {}
        Kind::Folder if look::is_empty(&places.dir)? => {}
        Kind::Folder => {
            let found = look::walk(&places.dir)?;
            match look::manifest(&places.dir)? {
                None => return Err(CommitError::NotOurs(places.dir)),
                Some(Err(_)) if force => {
                    // Nobody knows what people changed: all that goes is told.
                    done.replaced = look::differences(&found, manifest);
                    done.replaced.retain(|c| matches!(c.what, What::Changed | What::Unknown));
                    done.replaced.push(Difference { path: manifest::NAME.to_owned(), what: What::Changed });
                    done.replaced.sort();
                }
                Some(Err(reason)) => return Err(CommitError::BadManifest { dir: places.dir, reason }),
                Some(Ok(before)) => {
                    let mut changes = look::differences(&found, &before);
                    // Permission bits alone are no work of anybody's.
                    changes.retain(|c| c.what != What::Mode);
                    if !changes.is_empty() && !force {
                        return Err(CommitError::ChangedByHand { dir: places.dir, changes });
                    }
                    done.replaced = changes;
                }
            }
            if said_already(&found, tree, manifest) {
                done.unchanged = true;
                return Ok(done);
            }
        }
    }
    write(disk, &places, tree, manifest)?;
    swap(disk, &places, stands == Kind::Folder)?;
    Ok(done)
}

/// How `dir` differs from what would be built, in the order of the paths; empty when it is the
/// same. Writes nothing.
///
/// # Errors
/// When `dir` cannot be read, or is no folder.
pub fn check(tree: &ArtifactTree, manifest: &Manifest, dir: &Path) -> Result<Vec<Difference>, CommitError> {
    sound(tree)?;
    let plain: PathBuf = dir.components().collect();
    match look::kind(&plain)? {
        Kind::Folder => {}
        Kind::Link => return Err(CommitError::NotAFolder(plain, "a link")),
        Kind::Other => return Err(CommitError::NotAFolder(plain, "no folder")),
        Kind::Nothing => {
            let missing = manifest.files.iter().map(|e| e.path.clone()).chain([manifest::NAME.to_owned()]);
            let mut all: Vec<Difference> =
                missing.map(|path| Difference { path, what: What::Missing }).collect();
            all.sort();
            return Ok(all);
        }
    }
    let found = look::walk(&plain)?;
    let mut all = look::differences(&found, manifest);
    let what = match found.get(manifest::NAME) {
        Some(Found::File(digest, _)) if *digest == manifest::digest(&manifest.bytes()) => None,
        Some(_) => Some(What::Changed),
        None => Some(What::Missing),
    };
    all.extend(what.map(|what| Difference { path: manifest::NAME.to_owned(), what }));
    all.sort();
    Ok(all)
}

/// Paths must stay below the root, and no file may be a folder of another.
fn sound(tree: &ArtifactTree) -> Result<(), CommitError> {
    let files: BTreeSet<&str> = tree.iter().map(|(p, _)| p).collect();
    for (path, _) in tree.iter() {
        let part = |p: &str| !p.is_empty() && p != "." && p != ".." && !p.contains('\0');
        let mut above = path;
        let mut inside = false;
        while let Some((folder, _)) = above.rsplit_once('/') {
            inside |= files.contains(folder);
            above = folder;
        }
        if !path.split('/').all(part) || inside || path == manifest::NAME {
            return Err(CommitError::BadPath(path.to_owned()));
        }
    }
    Ok(())
}

/// Whether DIR is the build already, to the last bit of its modes.
fn said_already(
    found: &std::collections::BTreeMap<String, Found>,
    tree: &ArtifactTree,
    manifest: &Manifest,
) -> bool {
    let same = |path: &str, bytes: &[u8], mode: u32| matches!(found.get(path), Some(Found::File(d, m)) if *m == mode && *d == manifest::digest(bytes));
    tree.iter().all(|(p, a)| same(p, &a.bytes, a.mode))
        && same(manifest::NAME, &manifest.bytes(), MANIFEST_MODE)
        && look::differences(found, manifest).is_empty()
}

const MANIFEST_MODE: u32 = 0o644;

/// Brings what a killed build left back to one tree, or none.
fn repair(disk: &mut dyn Changes, places: &Places) -> Result<(), CommitError> {
    if look::kind(&places.old)? != Kind::Nothing {
        if look::kind(&places.dir)? == Kind::Nothing {
            disk.rename(&places.old, &places.dir).map_err(|e| io_error(&places.dir, e))?;
        } else if look::manifest(&places.dir)?.is_some() {
            remove(disk, &places.trash)?;
            disk.rename(&places.old, &places.trash).map_err(|e| io_error(&places.old, e))?;
        } else {
            // Somebody made a folder of their own here since: the old tree is the only one.
            return Err(CommitError::NotOurs(places.dir.clone()));
        }
        disk.sync_folder(&places.parent).map_err(|e| io_error(&places.parent, e))?;
    }
    remove(disk, &places.new)?;
    remove(disk, &places.trash)
}

/// Removes a tree, not following links; nothing when it is not there.
fn remove(disk: &mut dyn Changes, path: &Path) -> Result<(), CommitError> {
    match look::kind(path)? {
        Kind::Nothing => return Ok(()),
        Kind::Link | Kind::Other => return disk.remove_file(path).map_err(|e| io_error(path, e)),
        Kind::Folder => {}
    }
    // Folders are met before what stands in them, and removed after it.
    let mut waiting = vec![path.to_owned()];
    let mut folders = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).map_err(|e| io_error(&folder, e))? {
            let path = entry.map_err(|e| io_error(&folder, e))?.path();
            match look::kind(&path)? {
                Kind::Folder => waiting.push(path),
                _ => disk.remove_file(&path).map_err(|e| io_error(&path, e))?,
            }
        }
        folders.push(folder);
    }
    for folder in folders.iter().rev() {
        disk.remove_folder(folder).map_err(|e| io_error(folder, e))?;
    }
    Ok(())
}

/// Writes the new tree beside DIR, and on disk for good.
fn write(
    disk: &mut dyn Changes,
    places: &Places,
    tree: &ArtifactTree,
    manifest: &Manifest,
) -> Result<(), CommitError> {
    let mut folders: BTreeSet<PathBuf> = [places.new.clone()].into();
    for (path, _) in tree.iter() {
        let mut above = path;
        while let Some((folder, _)) = above.rsplit_once('/') {
            folders.insert(places.new.join(folder));
            above = folder;
        }
    }
    for folder in &folders {
        disk.make_folder(folder).map_err(|e| io_error(folder, e))?;
    }
    for (path, artifact) in tree.iter() {
        let path = places.new.join(path);
        disk.write(&path, &artifact.bytes, artifact.mode).map_err(|e| io_error(&path, e))?;
    }
    let path = places.new.join(manifest::NAME);
    disk.write(&path, &manifest.bytes(), MANIFEST_MODE).map_err(|e| io_error(&path, e))?;
    for folder in folders.iter().rev() {
        disk.sync_folder(folder).map_err(|e| io_error(folder, e))?;
    }
    Ok(())
}

/// Puts the new tree in the place of DIR.
fn swap(disk: &mut dyn Changes, places: &Places, there: bool) -> Result<(), CommitError> {
    let parent =
        |disk: &mut dyn Changes| disk.sync_folder(&places.parent).map_err(|e| io_error(&places.parent, e));
    if !there {
        disk.rename(&places.new, &places.dir).map_err(|e| io_error(&places.dir, e))?;
        return parent(disk);
    }
    disk.rename(&places.dir, &places.old).map_err(|e| io_error(&places.dir, e))?;
    let swapped = parent(disk)
        .and_then(|()| disk.rename(&places.new, &places.dir).map_err(|e| io_error(&places.dir, e)));
    if let Err(why) = swapped {
        // The old tree goes back; when even that fails, the next build does it.
        let _ = disk.rename(&places.old, &places.dir);
        return Err(why);
    }
    parent(disk)?;
    disk.rename(&places.old, &places.trash).map_err(|e| io_error(&places.old, e))?;
    remove(disk, &places.trash)
}
