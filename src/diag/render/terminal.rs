//! Findings drawn under the lines that cause them, by miette.

use crate::base::{SourceMap, Span};
use crate::diag::{Diagnostic, Severity};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};
use std::collections::BTreeMap;
use std::fmt;

/// How findings are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether colours may be used.
    pub colour: bool,
    /// Columns.
    pub width: usize,
}

/// All findings, at most `most` of a name, and a line for those left out.
pub fn render(sources: &SourceMap, findings: &[Diagnostic], style: Style, most: usize) -> String {
    let mut out = String::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in findings {
        let n = seen.entry(finding.entry.name).or_default();
        *n += 1;
        if *n <= most {
            out.push_str(&one(sources, finding, style));
            out.push('\n');
        }
    }
    for (name, n) in seen {
        if n > most {
            out.push_str(&format!("{name}: {} more like this\n", n - most));
        }
    }
    out
}

/// One finding.
pub fn one(sources: &SourceMap, finding: &Diagnostic, style: Style) -> String {
    let theme = if style.colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(style.width);
    let mut out = String::new();
    let drawn = Drawn { finding, sources: Texts(sources) };
    if handler.render_report(&mut out, &drawn).is_err() {
        // A place that cannot be drawn must not hide what is to be said.
        out = format!(
            "{}: {}\n  at {}\n",
            finding.entry.name,
            finding.message,
            sources.place(finding.primary.span)
        );
    }
    let footer = |out: &mut String, head: &str, text: &str| {
        let indent = " ".repeat(head.len());
        let options = textwrap::Options::new(style.width).initial_indent(head).subsequent_indent(&indent);
        out.push_str(&textwrap::fill(text, options));
        out.push('\n');
    };
    for note in &finding.notes {
        footer(&mut out, "  note: ", note);
    }
    for help in &finding.help {
        footer(&mut out, "  help: ", help);
    }
    out
}

struct Texts<'a>(&'a SourceMap);

impl SourceCode for Texts<'_> {
    /// Lines round a place. A range over the end of a file is out of bounds, so that places in
    /// different files are drawn apart.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let lo = u32::try_from(span.offset()).map_err(|_| MietteError::OutOfBounds)?;
        let file = self.0.file_of(Span::point(lo)).ok_or(MietteError::OutOfBounds)?;
        // Only the lines asked for are looked at: files may be large and findings many.
        let base = file.base as usize;
        let (from, to) = (span.offset() - base, span.offset() - base + span.len());
        if to > file.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let starts = file.line_starts();
        let line_of = |at: usize| starts.partition_point(|s| *s as usize <= at).saturating_sub(1);
        let first = line_of(from).saturating_sub(before);
        let behind = line_of(to).saturating_add(after).saturating_add(1);
        let line = starts.get(first).map_or(0, |s| *s as usize);
        // Asked for no lines before, miette wants the place itself, and prints its column.
        let (start, column) =
            if before == 0 { (from, file.line_column(lo).1 as usize - 1) } else { (line, 0) };
        let end = starts.get(behind).map_or(file.text.len(), |s| *s as usize);
        let data = file.text.as_bytes().get(start..end).ok_or(MietteError::OutOfBounds)?;
        // How many lines these are: what lies farther apart is drawn apart.
        let lines = behind.min(starts.len()).saturating_sub(first);
        let whole = SourceSpan::from((start + base, data.len()));
        Ok(Box::new(MietteSpanContents::new_named(file.name.clone(), data, whole, first, column, lines)))
    }
}

struct Drawn<'a> {
    finding: &'a Diagnostic,
    sources: Texts<'a>,
}

impl fmt::Debug for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.finding.entry.name)
    }
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.finding.message)
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.finding.entry.name))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.sources)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let drawable = |s: Span| self.sources.0.file_of(s).is_some();
        let at = |s: Span| SourceSpan::from((s.lo as usize, s.len() as usize));
        let text = |t: &str| (!t.is_empty()).then(|| t.to_owned());
        let f = self.finding;
        let first = drawable(f.primary.span)
            .then(|| LabeledSpan::new_primary_with_span(text(&f.primary.text), at(f.primary.span)));
        let others = f
            .labels
            .iter()
            .filter(move |l| drawable(l.span))
            .map(move |l| LabeledSpan::new_with_span(text(&l.text), at(l.span)));
        Some(Box::new(first.into_iter().chain(others)))
    }
}
