//! What stands on disk, and how it differs from what a manifest says.

use super::{CommitError, Difference, What, io_error};
use crate::emit::manifest::{self, Manifest};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// What stands at a path below a build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// A file: its digest and permission bits.
    File(String, u32),
    /// A folder.
    Folder,
    /// A link, a pipe or a device.
    Other,
}

/// What a path is, without following a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Nothing is there.
    Nothing,
    /// A folder.
    Folder,
    /// A link.
    Link,
    /// Anything else.
    Other,
}

/// What stands at a path.
pub fn kind(path: &Path) -> Result<Kind, CommitError> {
    match fs::symlink_metadata(path) {
        Ok(m) if m.is_dir() => Ok(Kind::Folder),
        Ok(m) if m.is_symlink() => Ok(Kind::Link),
        Ok(_) => Ok(Kind::Other),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Kind::Nothing),
        Err(e) => Err(io_error(path, e)),
    }
}

/// Everything below a folder by its path there, with `/` between parts. Links are not followed.
pub fn walk(root: &Path) -> Result<BTreeMap<String, Found>, CommitError> {
    let mut found = BTreeMap::new();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|e| io_error(&folder, e))? {
            let entry = entry.map_err(|e| io_error(&folder, e))?;
            let path = entry.path();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let meta = fs::symlink_metadata(&path).map_err(|e| io_error(&path, e))?;
            let what = if meta.is_dir() {
                folders.push((path, format!("{name}/")));
                Found::Folder
            } else if meta.is_file() {
                let bytes = fs::read(&path).map_err(|e| io_error(&path, e))?;
                Found::File(manifest::digest(&bytes), meta.permissions().mode() & 0o7777)
            } else {
                Found::Other
            };
            found.insert(name, what);
        }
    }
    Ok(found)
}

/// Whether a folder holds nothing.
pub fn is_empty(folder: &Path) -> Result<bool, CommitError> {
    let mut entries = fs::read_dir(folder).map_err(|e| io_error(folder, e))?;
    Ok(entries.next().is_none())
}

/// The manifest in a folder; `None` when there is no such file, or one that other programs made:
/// `manifest.json` is a common name, and a folder that has one need not be a build.
pub fn manifest(folder: &Path) -> Result<Option<Result<Manifest, String>>, CommitError> {
    let path = folder.join(manifest::NAME);
    match fs::symlink_metadata(&path) {
        Ok(m) if m.is_file() => {
            let bytes = fs::read(&path).map_err(|e| io_error(&path, e))?;
            let parsed = Manifest::parse(&bytes);
            let ours = parsed.is_ok() || manifest::looks_made_here(&bytes);
            Ok(ours.then_some(parsed))
        }
        Ok(_) => Ok(None),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(io_error(&path, e)),
    }
}

/// How what was found differs from what a manifest says, in the order of the paths. Of permission
/// bits only those to execute count: version control keeps no others.
pub fn differences(found: &BTreeMap<String, Found>, wanted: &Manifest) -> Vec<Difference> {
    let mut all = Vec::new();
    let mut folders: BTreeSet<&str> = BTreeSet::new();
    let mut files: BTreeSet<&str> = [manifest::NAME].into();
    for entry in &wanted.files {
        files.insert(&entry.path);
        let mut path = entry.path.as_str();
        while let Some((folder, _)) = path.rsplit_once('/') {
            folders.insert(folder);
            path = folder;
        }
        let mode = u32::from_str_radix(&entry.mode, 8).unwrap_or(0);
        let what = match found.get(&entry.path) {
            Some(Found::File(digest, _)) if *digest != entry.sha256 => What::Changed,
            Some(Found::File(_, bits)) if (bits & 0o111 != 0) != (mode & 0o111 != 0) => What::Mode,
            Some(Found::File(..)) => continue,
            Some(_) => What::Changed,
            None => What::Missing,
        };
        all.push(Difference { path: entry.path.clone(), what });
    }
    for (path, what) in found {
        let known = match what {
            Found::Folder => folders.contains(path.as_str()),
            Found::File(..) | Found::Other => files.contains(path.as_str()),
        };
        // What stands inside an unknown folder is named by the folder.
        let inside = path.rsplit_once('/').is_some_and(|(folder, _)| !folders.contains(folder));
        // A folder in the place of a file is named above.
        if !known && !inside && !files.contains(path.as_str()) {
            let path = if *what == Found::Folder { format!("{path}/") } else { path.clone() };
            all.push(Difference { path, what: What::Unknown });
        }
    }
    all.sort();
    all
}
