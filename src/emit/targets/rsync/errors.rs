//! The findings of this target, one function each.

use crate::base::Span;
use crate::diag::{Diagnostic, catalogue as c};

pub(super) fn path_too_long(at: Span, whose: &str, what: &str) -> Diagnostic {
    Diagnostic::new(&c::MIRROR_PATH_TOO_LONG, at, format!("the folder of `{whose}` has {what}"))
        .note("file systems take 255 bytes for a name and 4096 for a whole path; 1024 leave room for what is in the folder")
        .help("choose a shorter path; letters beyond ASCII are two to four bytes each")
}

pub(super) fn folders_clash(at: Span, what: String, other: Span, there: String) -> Diagnostic {
    Diagnostic::new(&c::MIRROR_FOLDERS_CLASH, at, format!("{what} and {there} overlap"))
        .label(other, "the other folder")
        .note("at a recovery the newest snapshot is put at the path that the tree has on its source")
        .help("give the mirror another `path`, or put it on another host")
}

pub(super) fn limit_too_low(at: Span, whose: &str) -> Diagnostic {
    Diagnostic::new(
        &c::MIRROR_LIMIT_TOO_LOW,
        at,
        format!("`{whose}` may send less than 1 KiB/s, the least that rsync can be held to"),
    )
    .help("state a higher `limit`, or give the link a larger share for mirrors")
}

pub(super) fn name_taken(at: Span, whose: &str, path: &str, other: Span) -> Diagnostic {
    Diagnostic::new(
        &c::MIRROR_NAME_TAKEN,
        at,
        format!("a script of `{whose}` has the path of another script on its host: `{path}`"),
    )
    .label(other, "the other mirror")
    .help("rename the data class or the host")
}
