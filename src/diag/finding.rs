//! A finding, and the sink that every stage puts its findings into.

use super::catalogue::Entry;
use crate::base::Span;

/// How much a finding weighs. Errors make `check` fail.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The spec is wrong, or an objective is not proved.
    Error,
    /// Likely a mistake; fails only under `--deny warnings`.
    Warning,
}

/// A place and what is to be said of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What, in a few words; may be empty for the primary label.
    pub text: String,
}

/// A change of the text that was checked to mend a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// What changes, as the lines would read.
    pub text: String,
    /// The pieces of files that are replaced.
    pub edits: Vec<Replacement>,
}

/// A piece of a file and what stands there instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replacement {
    /// The file's name.
    pub file: String,
    /// First byte that goes, from 0.
    pub start: usize,
    /// One past the last byte that goes.
    pub end: usize,
    /// What comes in its place.
    pub text: String,
}

/// One finding. Messages are lower-case, without a full stop and without line breaks, with the
/// user's own text in back-ticks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Its entry in the catalogue.
    pub entry: &'static Entry,
    /// Its weight here; the catalogue's unless a flag raised it, or it is about a default.
    pub severity: Severity,
    /// One sentence that says what is wrong.
    pub message: String,
    /// The place that the finding is about.
    pub primary: Label,
    /// Other places that matter.
    pub labels: Vec<Label>,
    /// Ways out.
    pub help: Vec<String>,
    /// Facts that explain, such as a witness.
    pub notes: Vec<String>,
    /// Changes that were checked to mend it.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// A finding of the catalogue's severity about `span`.
    pub fn new(entry: &'static Entry, span: Span, message: impl Into<String>) -> Self {
        Self {
            entry,
            severity: entry.severity,
            message: message.into(),
            primary: Label { span, text: String::new() },
            labels: Vec::new(),
            help: Vec::new(),
            notes: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// The words under the primary place.
    #[must_use]
    pub fn here(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Another place that matters. A span in no file is left out.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        if span != Span::default() {
            self.labels.push(Label { span, text: text.into() });
        }
        self
    }

    /// A way out.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// A fact that explains.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }
}

impl From<Vec<Diagnostic>> for Problems {
    fn from(found: Vec<Diagnostic>) -> Self {
        Self { found }
    }
}

/// The sink for findings.
#[derive(Debug, Default)]
pub struct Problems {
    found: Vec<Diagnostic>,
}

impl Problems {
    /// An empty sink.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a finding.
    pub fn push(&mut self, finding: Diagnostic) {
        self.found.push(finding);
    }

    /// Adds many.
    pub fn extend(&mut self, findings: impl IntoIterator<Item = Diagnostic>) {
        self.found.extend(findings);
    }

    /// Whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|d| d.severity == Severity::Error)
    }

    /// How many have been found so far.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The findings as they came.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.found.iter()
    }

    /// The findings in the order of their places, each once.
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by(|a, b| {
            (a.primary.span, a.entry.name, &a.message).cmp(&(b.primary.span, b.entry.name, &b.message))
        });
        self.found.dedup_by(|a, b| {
            a.primary.span == b.primary.span && a.entry == b.entry && a.message == b.message
        });
        self.found
    }
}
