//! From pairs to the tree: cuts the flat run of tokens into entries, and notices what is wrong.
//!
//! Whatever is wrong with an entry is either told at once, because its exact place is at hand (a
//! bad escape, a time of day past 24:00), or handed to [`repair`](super::repair) when the entry is
//! complete, which finds the place with the strict grammar. Never both: one broken entry, one
//! finding, except that each bad token has its own.

use super::ast::{Atom, AtomKind, Body, Entry, Phrase, Value};
use super::parse::{self, Rule};
use super::phrases::{Flaw, Run};
use super::{errors, repair};
use crate::base::{EcoString, Source, Span};
use crate::diag::{Diagnostic, Problems};
use pest::iterators::{Pair, Pairs};

/// Blanks at the start of a line that are looked at to learn its indentation.
const WIDEST_INDENT: usize = 256;

/// Lowers one slice of a source. Offsets in here are into the slice.
pub(super) struct Lower<'a> {
    pub(super) text: &'a str,
    pub(super) base: u32,
    pub(super) nesting: usize,
    pub(super) problems: &'a mut Problems,
    /// Set when braces are missing: where blocks end is then read from the indentation too.
    layout: Option<&'a Source>,
    /// An empty vector whose memory the next run uses.
    spare: Vec<Atom>,
}

/// The part of an entry that tokens go to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Head,
    Colon,
    Value { adds: bool },
}

/// An entry in the making.
struct Draft {
    doc: Option<EcoString>,
    lo: usize,
    /// The end of its last token before the body.
    hi: usize,
    part: Part,
    run: Run,
    head: Option<Phrase>,
    colon: Option<Phrase>,
    value: Option<Value>,
    body: Option<Body>,
    /// What its body held by mistake, see [`Lower::by_indentation`].
    behind: Vec<Entry>,
    /// Where it left the grammar; the tokens after it are not looked at.
    fault: Option<usize>,
    /// Whether it has a finding: the tokens after it are checked, and not kept.
    told: bool,
}

impl Draft {
    fn new(doc: Option<EcoString>, lo: usize) -> Self {
        Self {
            doc,
            lo,
            hi: lo,
            part: Part::Head,
            run: Run::default(),
            head: None,
            colon: None,
            value: None,
            body: None,
            behind: Vec::new(),
            fault: None,
            told: false,
        }
    }

    /// Puts the finished run where it belongs; false when there is none.
    fn close_part(&mut self) -> bool {
        let Some(phrase) = self.run.finish() else { return false };
        match self.part {
            Part::Head => self.head = Some(phrase),
            Part::Colon => self.colon = Some(phrase),
            Part::Value { adds } => self.value = Some(Value { adds, phrase }),
        }
        true
    }

    /// Goes on to the part behind a `:` or `=`.
    fn next_part(&mut self, part: Part, at: usize) {
        if self.told {
            return;
        }
        let allowed = match part {
            Part::Head => false,
            Part::Colon => self.part == Part::Head,
            Part::Value { .. } => !matches!(self.part, Part::Value { .. }),
        };
        if !allowed || !self.close_part() {
            self.fault = Some(at);
        }
        self.part = part;
    }
}

/// The `///` lines above an entry.
#[derive(Default)]
struct Doc(Option<EcoString>);

impl Doc {
    fn line(&mut self, comment: &str) {
        let line = comment.strip_prefix("///").unwrap_or(comment);
        let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
        match &mut self.0 {
            Some(doc) => {
                doc.push('\n');
                doc.push_str(line);
            }
            None => self.0 = Some(line.into()),
        }
    }
}

impl<'a> Lower<'a> {
    /// A lowering of `text`, whose first byte is at `base`.
    pub(super) fn new(text: &'a str, base: u32, nesting: usize, problems: &'a mut Problems) -> Self {
        Self { text, base, nesting, problems, layout: None, spare: Vec::new() }
    }

    /// Lets the indentation tell where a block ends that has no brace of its own: what stands no
    /// deeper than the block itself is behind it, not in it.
    pub(super) fn by_indentation(mut self, source: &'a Source) -> Self {
        self.layout = Some(source);
        self
    }

    /// Lowers the whole text into `out`.
    pub(super) fn file(&mut self, out: &mut Vec<Entry>) {
        match parse::tokens(self.text) {
            Some(pairs) => {
                self.entries(pairs, out);
            }
            None => self.problems.push(errors::too_deep(self.base, self.nesting)),
        }
    }

    pub(super) fn report(&mut self, finding: Diagnostic) {
        self.problems.push(finding);
    }

    /// The one way from offsets to spans. Tokens hold no blanks, so what is made from first and
    /// last tokens holds none at its ends either.
    pub(super) fn span(&self, lo: usize, hi: usize) -> Span {
        Span::new(self.base + lo as u32, self.base + hi as u32)
    }

    /// Lowers what stands at one level; true when its closing brace is missing.
    fn entries(&mut self, pairs: Pairs<'_, Rule>, out: &mut Vec<Entry>) -> bool {
        let mut draft: Option<Draft> = None;
        let mut doc = Doc::default();
        let mut open = false;
        for pair in pairs {
            let rule = pair.as_rule();
            let text = pair.as_str();
            let comment = rule == Rule::token && (text.starts_with("//") || text.starts_with("/*"));
            match rule {
                Rule::separator => {
                    if let Some(done) = draft.take() {
                        self.finish(done, out);
                    }
                    continue;
                }
                Rule::missing => {
                    open = true;
                    continue;
                }
                Rule::EOI => continue,
                _ if comment => {
                    if text.starts_with("///") && !text.starts_with("////") && draft.is_none() {
                        doc.line(text);
                    } else if text.starts_with("/*") {
                        let lo = pair.as_span().start();
                        self.problems.push(errors::block_comment(self.span(lo, lo + 2)));
                    }
                    continue;
                }
                Rule::block if draft.is_none() => {
                    self.headless(pair, out);
                    doc = Doc::default();
                    continue;
                }
                _ => {}
            }
            let lo = pair.as_span().start();
            if draft.as_ref().is_some_and(|d| d.body.is_some())
                && let Some(done) = draft.take()
            {
                self.finish(done, out);
                let end = if rule == Rule::block { lo + 1 } else { lo + text.len() };
                self.problems.push(errors::behind_block(self.span(lo, end)));
                if rule == Rule::block {
                    self.body(pair);
                    continue;
                }
            }
            let draft = draft.get_or_insert_with(|| {
                let mut new = Draft::new(doc.0.take(), lo);
                new.run.atoms = std::mem::take(&mut self.spare);
                new
            });
            if rule == Rule::block {
                let (body, behind) = self.body(pair);
                draft.body = Some(body);
                draft.behind = behind;
            } else {
                draft.hi = lo + text.len();
                self.part_of_entry(draft, pair, lo);
            }
        }
        if let Some(done) = draft.take() {
            self.finish(done, out);
        }
        open
    }

    fn part_of_entry(&mut self, draft: &mut Draft, pair: Pair<'_, Rule>, lo: usize) {
        if draft.fault.is_some() {
            return;
        }
        if pair.as_rule() == Rule::token {
            let part = match pair.as_str() {
                ":" => Some(Part::Colon),
                "=" => Some(Part::Value { adds: false }),
                "+=" => Some(Part::Value { adds: true }),
                _ => None,
            };
            if let Some(part) = part {
                draft.next_part(part, lo);
                return;
            }
        }
        // After a finding the tokens are still checked, and kept nowhere.
        let mut lost = Run { atoms: Vec::new(), dangling: false };
        let told = draft.told;
        let outcome = self.atom(pair, if told { &mut lost } else { &mut draft.run });
        match outcome {
            Ok(()) => {}
            Err(Flaw::Told) => {
                if !told {
                    draft.run.dangling = false;
                    draft.told = true;
                }
            }
            Err(Flaw::Syntax(_)) if told => {}
            Err(Flaw::Syntax(at)) => draft.fault = Some(at),
        }
    }

    /// Completes an entry. A broken one stays in the tree as far as it could be read when it has a
    /// body, and is left out when it has none.
    fn finish(&mut self, mut draft: Draft, out: &mut Vec<Entry>) {
        let whole = match (draft.fault, draft.told) {
            (None, false) => {
                let whole = draft.close_part();
                if !whole {
                    draft.fault = Some(draft.hi);
                }
                whole
            }
            (None, true) => {
                draft.close_part();
                false
            }
            (Some(_), _) => {
                draft.run.dangling = false;
                if draft.part == Part::Head {
                    while matches!(draft.run.atoms.last(), Some(Atom { kind: AtomKind::Sign(_), .. })) {
                        draft.run.atoms.pop();
                    }
                    draft.close_part();
                }
                false
            }
        };
        if let (Some(at), false) = (draft.fault, draft.told) {
            let finding = repair::broken(Rule::strict, self.text, (draft.lo, draft.hi), at, self.base);
            self.problems.push(finding);
        }
        draft.run.atoms.clear();
        self.spare = draft.run.atoms;
        if let Some(head) = draft.head
            && (whole || draft.body.is_some())
        {
            let end = draft.body.as_ref().map_or(self.base + draft.hi as u32, |b| b.span.hi);
            out.push(Entry {
                doc: draft.doc,
                head,
                colon: draft.colon,
                value: draft.value,
                body: draft.body,
                span: Span::new(self.base + draft.lo as u32, end),
            });
        }
        out.append(&mut draft.behind);
    }

    /// A block with nothing before it on its line. It belongs to the entry above when that ends
    /// right before it.
    fn headless(&mut self, pair: Pair<'_, Rule>, out: &mut Vec<Entry>) {
        let lo = pair.as_span().start();
        let brace = self.span(lo, lo + 1);
        let (body, mut behind) = self.body(pair);
        let above = out.last_mut().filter(|e| {
            let end = (e.span.hi.saturating_sub(self.base)) as usize;
            e.body.is_none() && self.text.get(end..lo).is_some_and(|t| t.trim().is_empty())
        });
        match above {
            Some(entry) => {
                let head = entry.head.span;
                entry.span = entry.span.to(body.span);
                entry.body = Some(body);
                self.problems.push(errors::brace_on_next_line(brace, head));
            }
            None => self.problems.push(errors::headless_block(brace)),
        }
        out.append(&mut behind);
    }

    /// A block, and the entries in it that the indentation puts behind it.
    fn body(&mut self, pair: Pair<'_, Rule>) -> (Body, Vec<Entry>) {
        let lo = pair.as_span().start();
        let hi = pair.as_span().end();
        let mut entries = Vec::new();
        let open = self.entries(pair.into_inner(), &mut entries);
        let behind = self.misplaced(lo, (!open).then(|| hi - 1), &mut entries);
        let start = self.base + lo as u32;
        let end = if open || !behind.is_empty() {
            entries.last().map_or(start + 1, |e| e.span.hi)
        } else {
            self.base + hi as u32
        };
        (Body { entries, span: Span::new(start, end) }, behind)
    }

    /// Takes out of a block without a brace of its own what stands no deeper than the block.
    fn misplaced(&self, opener: usize, closer: Option<usize>, entries: &mut Vec<Entry>) -> Vec<Entry> {
        let Some(source) = self.layout else { return Vec::new() };
        let (own, _) = indentation(source, self.base + opener as u32);
        if let Some(closer) = closer {
            let (column, first) = indentation(source, self.base + closer as u32);
            if !first || column == own {
                return Vec::new();
            }
        }
        let behind = entries.iter().position(|e| {
            let (column, first) = indentation(source, e.span.lo);
            first && column <= own
        });
        behind.map(|i| entries.split_off(i)).unwrap_or_default()
    }
}

/// How far the line of a global offset is indented, and whether it is the first thing on it.
fn indentation(source: &Source, offset: u32) -> (usize, bool) {
    let local = offset.saturating_sub(source.base);
    let starts = source.line_starts();
    let line = starts.partition_point(|&s| s <= local).saturating_sub(1);
    let start = starts.get(line).copied().unwrap_or(0) as usize;
    let bytes = source.text.as_bytes().get(start..).unwrap_or_default();
    let blanks = bytes.iter().take(WIDEST_INDENT).take_while(|b| matches!(b, b' ' | b'\t')).count();
    (blanks, start + blanks == local as usize)
}
