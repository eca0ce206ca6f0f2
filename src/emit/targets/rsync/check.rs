//! What a script cannot do: findings before anything is written.

use super::{Mirror, errors, folder_span, kib_per_sec, mirrors, publish_script, script, source_span};
use crate::base::Span;
use crate::diag::Problems;
use crate::model::{Host, Model, On};
use crate::ops::Ops;
use la_arena::Idx;
use std::collections::BTreeMap;

/// The longest name in a path, in bytes.
const LONGEST_NAME: usize = 255;
/// The longest path, in bytes; what stands below it has the rest of 4096.
const LONGEST_PATH: usize = 1024;

/// Paths that no file system has.
pub(super) fn paths(model: &Model, ops: &Ops, problems: &mut Problems) {
    for mirror in mirrors(model, ops) {
        let both = [
            (mirror.source, source_span(model, mirror.job)),
            (mirror.folder, folder_span(model, mirror.job)),
        ];
        for (path, span) in both {
            let longest = path.split('/').map(str::len).max().unwrap_or(0);
            let what = if longest > LONGEST_NAME {
                format!("a name of {longest} bytes")
            } else if path.len() > LONGEST_PATH {
                format!("a path of {} bytes", path.len())
            } else {
                continue;
            };
            let at = span.unwrap_or(mirror.job.span);
            problems.push(errors::path_too_long(at, &name(model, &mirror), &what));
        }
    }
}

/// How people call a mirror.
fn name(model: &Model, mirror: &Mirror<'_>) -> String {
    match mirror.job.serves.first().map(|c| &model.copies[*c]) {
        Some(copy) => format!("{} of {}", copy.name, model.data[copy.data].name),
        None => mirror.job.name.to_string(),
    }
}

/// What a folder is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    /// The primary copy of a data class.
    Source,
    /// The snapshots of a mirror.
    Snapshots,
    /// The place where a mirror is put at a recovery.
    Tree,
}

struct Folder<'a> {
    names: Vec<&'a str>,
    of: Use,
    span: Span,
    shown: String,
}

impl<'a> Folder<'a> {
    fn new(path: &'a str, of: Use, span: Span, shown: String) -> Self {
        Self { names: path.split('/').collect(), of, span, shown }
    }
}

/// Folders of one host that overlap: snapshots in a tree that is mirrored or moved aside, two
/// trees that would be put in the same place.
pub(super) fn folders<'a>(model: &'a Model, ops: &'a Ops, problems: &mut Problems) {
    let mut hosts: BTreeMap<Idx<Host>, Vec<Folder<'a>>> = BTreeMap::new();
    let mut add = |host: Idx<Host>, folder: Folder<'a>| hosts.entry(host).or_default().push(folder);
    for (_, data) in model.data.iter() {
        if let On::Files { host, path } = &data.on {
            let shown = format!("the files of `{}`", data.name);
            add(*host, Folder::new(&path.value, Use::Source, path.span, shown));
        }
    }
    let mirrors = mirrors(model, ops);
    for mirror in &mirrors {
        let name = name(model, mirror);
        let span = mirror.job.span;
        let at = folder_span(model, mirror.job).unwrap_or(span);
        let shown = format!("the snapshots of `{name}`");
        add(mirror.to, Folder::new(mirror.folder, Use::Snapshots, at, shown));
        let shown = format!("the place where `{name}` is put");
        add(mirror.to, Folder::new(mirror.source, Use::Tree, span, shown));
    }
    for folders in hosts.values_mut() {
        // A folder stands right before those in it.
        folders.sort_by(|a, b| (&a.names, a.of, a.span).cmp(&(&b.names, b.of, b.span)));
        let mut around: Vec<&Folder<'_>> = Vec::new();
        for folder in folders.iter() {
            while around.pop_if(|a| !folder.names.starts_with(&a.names)).is_some() {}
            let other = around.iter().rev().find(|a| (a.of, folder.of) != (Use::Source, Use::Source));
            if let Some(other) = other {
                let (new, old) = if folder.of == Use::Source { (*other, folder) } else { (folder, *other) };
                problems.push(errors::folders_clash(
                    new.span,
                    new.shown.clone(),
                    old.span,
                    old.shown.clone(),
                ));
            }
            around.push(folder);
        }
    }
}

/// Limits below what rsync can be held to: it reads 0 as none.
pub(super) fn limits(model: &Model, ops: &Ops, problems: &mut Problems) {
    for mirror in mirrors(model, ops) {
        if mirror.limit.is_some_and(|l| kib_per_sec(l) == 0) {
            let at = mirror.job.cap.map_or(mirror.job.span, |c| c.span);
            problems.push(errors::limit_too_low(at, &name(model, &mirror)));
        }
    }
}

/// Two scripts of the same path: the mirror `a-publish` and the publishing of `a`.
pub(super) fn names(model: &Model, ops: &Ops, problems: &mut Problems) {
    let mut taken: BTreeMap<(Idx<Host>, String), Span> = BTreeMap::new();
    for mirror in mirrors(model, ops) {
        let job = mirror.job;
        for (host, path) in [(mirror.from, script(&job.name)), (mirror.to, publish_script(&job.name))] {
            match taken.get(&(host, path.clone())) {
                Some(other) => {
                    problems.push(errors::name_taken(job.span, &name(model, &mirror), &path, *other))
                }
                None => {
                    taken.insert((host, path), job.span);
                }
            }
        }
    }
}
