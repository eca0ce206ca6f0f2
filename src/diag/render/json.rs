//! Findings as the JSON interface has them. These types are the interface: they only grow.

use crate::base::{SourceMap, Span};
use crate::diag::{Diagnostic, Severity};
use serde::Serialize;

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

/// A finding in its wire form.
pub fn finding(sources: &SourceMap, d: &Diagnostic) -> Finding {
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
