//! Findings as the JSON interface has them. These types are the interface: they only grow.

use crate::base::{SourceMap, Span};
use crate::diag::{Diagnostic, Severity};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A finding.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// The catalogue's name.
    pub name: &'static str,
    /// `error` or `warning`.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// The file it is about; `null` when it is about none.
    pub file: Option<String>,
    /// Where in that file.
    pub span: Option<Place>,
    /// Other places that matter.
    pub labels: Vec<Label>,
    /// Facts that explain, such as a witness.
    pub notes: Vec<String>,
    /// Ways out.
    pub help: Vec<String>,
    /// Stays the same while the finding's name and the text of its line do, wherever they move: a
    /// later run with `--baseline` knows it again.
    pub fingerprint: String,
    /// Changes that were checked to mend it.
    pub fixes: Vec<Fix>,
}

/// Changes of files that together mend a finding.
#[derive(Debug, Serialize)]
pub struct Fix {
    /// What changes, as the lines would read.
    pub text: String,
    /// Whether the whole compiler, run over the changed text, found it mended and nothing worse.
    pub rechecked: bool,
    /// The changes.
    pub edits: Vec<Edit>,
}

/// A change of a file.
#[derive(Debug, Serialize)]
pub struct Edit {
    /// The file.
    pub file: String,
    /// First byte that goes, from 0.
    pub start: usize,
    /// One past the last byte that goes.
    pub end: usize,
    /// What comes in its place.
    pub text: String,
}

/// A place in a file.
#[derive(Debug, Serialize)]
pub struct Place {
    /// First byte, from 0.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Another place of a finding.
#[derive(Debug, Serialize)]
pub struct Label {
    /// The file.
    pub file: Option<String>,
    /// Where in it.
    pub span: Option<Place>,
    /// What is to be said.
    pub text: String,
}

/// The file of a span, and where in it.
pub fn place(sources: &SourceMap, span: Span) -> (Option<String>, Option<Place>) {
    let Some(file) = sources.file_of(span) else { return (None, None) };
    let (line, column) = file.line_column(span.lo);
    let place =
        Place { start: span.lo - file.base, end: span.hi.min(file.span().hi) - file.base, line, column };
    (Some(file.name.clone()), Some(place))
}

/// Findings in their wire form.
pub fn findings<'a>(sources: &SourceMap, all: impl IntoIterator<Item = &'a Diagnostic>) -> Vec<Finding> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let one = |d: &Diagnostic| {
        let key = key(sources, d);
        let n = seen.entry(key.clone()).or_default();
        *n += 1;
        finding(sources, d, fingerprint(&key, *n))
    };
    all.into_iter().map(one).collect()
}

/// What a finding is about, apart from where that stands now.
fn key(sources: &SourceMap, d: &Diagnostic) -> String {
    let Some(file) = sources.file_of(d.primary.span) else { return d.entry.name.to_owned() };
    let at = (d.primary.span.lo - file.base) as usize;
    let before = file.text.get(..at).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |n| n + 1);
    let line = file.text.get(start..).and_then(|t| t.lines().next()).unwrap_or_default();
    let words: Vec<&str> = line.split_whitespace().collect();
    format!("{}\n{}\n{}", d.entry.name, file.name, words.join(" "))
}

/// 16 hexadecimal digits of the key's hash, with the number of those of the same key before it.
fn fingerprint(key: &str, n: usize) -> String {
    let hash = Sha256::digest(format!("{key}\n{n}").as_bytes());
    hash.iter().take(8).map(|b| format!("{b:02x}")).collect()
}

fn finding(sources: &SourceMap, d: &Diagnostic, fingerprint: String) -> Finding {
    let (file, span) = place(sources, d.primary.span);
    let label = |l: &crate::diag::Label| {
        let (file, span) = place(sources, l.span);
        Label { file, span, text: l.text.clone() }
    };
    Finding {
        name: d.entry.name,
        severity: d.severity,
        message: d.message.clone(),
        file,
        span,
        labels: d.labels.iter().map(label).collect(),
        notes: d.notes.clone(),
        help: d.help.clone(),
        fingerprint,
        fixes: d.fixes.iter().map(fix).collect(),
    }
}

fn fix(f: &crate::diag::Fix) -> Fix {
    let edit = |r: &crate::diag::Replacement| Edit {
        file: r.file.clone(),
        start: r.start,
        end: r.end,
        text: r.text.clone(),
    };
    Fix { text: f.text.clone(), rechecked: true, edits: f.edits.iter().map(edit).collect() }
}
