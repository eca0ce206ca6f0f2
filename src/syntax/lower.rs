//! From pairs to the tree: cuts the flat run of tokens into entries, and notices what is wrong.
//!
//! Whatever is wrong with an entry is either told at once, because its exact place is at hand (a
//! bad escape, a time of day past 24:00), or handed to [`repair`](super::repair) when the entry is
//! complete, which finds the place with the strict grammar. Never both: one broken entry, one
//! finding, except that each bad token has its own.

use super::ast::{Argument, Atom, AtomKind, Body, Entry, Phrase, Piece, Sign, Value};
use super::atoms::{self, Wrong};
use super::parse::{self, Rule};
use super::{errors, prescan, repair};
use crate::base::{EcoString, Source, Span};
use crate::diag::{Diagnostic, Problems};
use pest::iterators::{Pair, Pairs};

/// Blanks at the start of a line that are looked at to learn its indentation.
const WIDEST_INDENT: usize = 256;

/// Why a phrase is not usable.
#[derive(Clone, Copy, Debug)]
pub(super) enum Flaw {
    /// It does not follow the grammar at this offset; nothing has been said yet.
    Syntax(usize),
    /// A finding has been made.
    Told,
}

/// Lowers one slice of a source. Offsets in here are into the slice.
pub(super) struct Lower<'a> {
    text: &'a str,
    base: u32,
    nesting: usize,
    problems: &'a mut Problems,
    /// Set when braces are missing: where blocks end is then read from the indentation too.
    layout: Option<&'a Source>,
}

/// A phrase in the making.
#[derive(Default)]
struct Run {
    atoms: Vec<Atom>,
    /// Whether it ends with a sign that wants a value behind it.
    dangling: bool,
}

impl Run {
    fn sign(&mut self, sign: Sign, at: usize, span: Span) -> Result<(), Flaw> {
        if (self.atoms.is_empty() || self.dangling) && sign != Sign::Minus {
            return Err(Flaw::Syntax(at));
        }
        self.atoms.push(Atom { kind: AtomKind::Sign(sign), span });
        self.dangling = true;
        Ok(())
    }

    fn push(&mut self, kind: AtomKind, span: Span) {
        self.dangling = false;
        if let (AtomKind::Moment(end), [.., from, range]) = (&kind, self.atoms.as_slice())
            && let (AtomKind::Moment(start), AtomKind::Sign(Sign::Range)) = (&from.kind, &range.kind)
        {
            let whole = Atom { kind: AtomKind::TimeSpan(*start, *end), span: from.span.to(span) };
            self.atoms.truncate(self.atoms.len() - 2);
            self.atoms.push(whole);
            return;
        }
        self.atoms.push(Atom { kind, span });
    }

    /// The address that this run ends with, when a `/` without blanks stands behind it.
    fn prefix_of(&self, next: Span) -> Option<(std::net::IpAddr, Span)> {
        match self.atoms.as_slice() {
            [.., Atom { kind: AtomKind::Address(address), span }, over]
                if over.kind == AtomKind::Sign(Sign::Over)
                    && span.hi == over.span.lo
                    && over.span.hi == next.lo =>
            {
                Some((*address, *span))
            }
            _ => None,
        }
    }

    /// The phrase, if it is a whole one.
    fn finish(&mut self) -> Option<Phrase> {
        if self.dangling {
            return None;
        }
        let atoms = std::mem::take(&mut self.atoms);
        let span = atoms.first()?.span.to(atoms.last()?.span);
        Some(Phrase { atoms, span })
    }
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
        Self { text, base, nesting, problems, layout: None }
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

    /// The phrase of a hole in a string: `text` stands at offset `lo`. Reports what is wrong.
    pub(super) fn parse_phrase(&mut self, text: &str, lo: usize) -> Option<Phrase> {
        if let Some((at, _)) = prescan::scan(text, self.nesting).too_deep {
            self.problems.push(errors::too_deep(self.base + (lo + at) as u32, self.nesting));
            return None;
        }
        let base = self.base + lo as u32;
        let pairs = parse::tokens(text)?;
        let mut inner = Lower::new(text, base, self.nesting, self.problems);
        let mut run = Run::default();
        let mut outcome = Ok(());
        for pair in pairs {
            if pair.as_rule() == Rule::EOI {
                break;
            }
            outcome = inner.atom(pair, &mut run);
            if outcome.is_err() {
                break;
            }
        }
        match (outcome, run.finish()) {
            (Ok(()), Some(phrase)) => return Some(phrase),
            (Err(Flaw::Told), _) => {}
            (Err(Flaw::Syntax(at)), _) => {
                self.problems.push(repair::broken(Rule::strict_phrase, text, (0, text.len()), at, base));
            }
            (Ok(()), None) => self.problems.push(repair::broken(
                Rule::strict_phrase,
                text,
                (0, text.len()),
                text.len(),
                base,
            )),
        }
        None
    }

    pub(super) fn report(&mut self, finding: Diagnostic) {
        self.problems.push(finding);
    }

    /// The one way from offsets to spans. Tokens hold no blanks, so what is made from first and
    /// last tokens holds none at its ends either.
    pub(super) fn span(&self, lo: usize, hi: usize) -> Span {
        Span::new(self.base + lo as u32, self.base + hi as u32)
    }

    fn wrong(&mut self, span: Span, text: &str, wrong: &Wrong) -> Flaw {
        self.problems.push(errors::bad_token(span, text, wrong.what, wrong.help));
        Flaw::Told
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
            let draft = draft.get_or_insert_with(|| Draft::new(doc.0.take(), lo));
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

    /// One atom: a token, a string or a bracketed group.
    fn atom(&mut self, pair: Pair<'_, Rule>, run: &mut Run) -> Result<(), Flaw> {
        let lo = pair.as_span().start();
        let text = pair.as_str();
        let span = self.span(lo, lo + text.len());
        match pair.as_rule() {
            Rule::token => return self.token(text, lo, span, run),
            Rule::list => {
                let list = self.list(pair)?;
                run.push(list, span);
            }
            Rule::paren => {
                let arguments = self.paren(pair)?;
                run.push(AtomKind::Paren(arguments), span);
            }
            Rule::address_v6 => match atoms::address_v6(text) {
                Ok(kind) => run.push(kind, span),
                Err(wrong) => return Err(self.wrong(span, text, &wrong)),
            },
            Rule::open_text => {
                let trimmed = self.span(lo, lo + text.trim_end().len());
                self.problems.push(errors::unclosed_string(trimmed, None));
                return Err(Flaw::Told);
            }
            rule => {
                debug_assert!(
                    matches!(rule, Rule::junk | Rule::block | Rule::separator | Rule::comma),
                    "no atom: {rule:?}"
                );
                return Err(Flaw::Syntax(lo));
            }
        }
        Ok(())
    }

    fn token(&mut self, text: &str, lo: usize, span: Span, run: &mut Run) -> Result<(), Flaw> {
        let first = text.as_bytes().first().copied().unwrap_or(0);
        match first {
            b'r' if text.starts_with("r\"") || text.starts_with("r#\"") => {
                let kind = self.raw(text, span)?;
                run.push(kind, span);
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => match atoms::word(text) {
                Ok(kind) => run.push(kind, span),
                Err(wrong) => return Err(self.wrong(span, text, &wrong)),
            },
            b'0'..=b'9' => return self.numeric(text, lo, span, run),
            b'"' => {
                let inner = text.get(1..text.len() - 1).unwrap_or_default();
                let pieces = self.pieces(lo + 1, inner)?;
                run.push(AtomKind::Text(pieces), span);
            }
            b'%' => run.push(AtomKind::Percent, span),
            b'/' if text.starts_with("/*") => {
                self.problems.push(errors::block_comment(self.span(lo, lo + 2)));
            }
            b'/' if text.len() > 1 => {}
            _ => {
                let sign = match text {
                    "<->" => Sign::Both,
                    "->" => Sign::To,
                    ".." => Sign::Range,
                    "+" => Sign::Plus,
                    "-" => Sign::Minus,
                    "*" => Sign::Times,
                    "/" => Sign::Over,
                    "<" => Sign::Less,
                    "<=" => Sign::AtMost,
                    ">" => Sign::More,
                    ">=" => Sign::AtLeast,
                    "==" => Sign::Equal,
                    "!=" => Sign::Differs,
                    // `:`, `=` and `+=` where no part of an entry can begin.
                    _ => return Err(Flaw::Syntax(lo)),
                };
                return run.sign(sign, lo, span);
            }
        }
        Ok(())
    }

    fn numeric(&mut self, text: &str, lo: usize, span: Span, run: &mut Run) -> Result<(), Flaw> {
        match atoms::numeric(text) {
            Ok((AtomKind::Number(length), None)) if run.prefix_of(span).is_some() => {
                let Some((address, start)) = run.prefix_of(span) else { return Ok(()) };
                let whole = start.to(span);
                match atoms::prefix(address, length) {
                    Ok(kind) => {
                        run.atoms.truncate(run.atoms.len() - 2);
                        run.push(kind, whole);
                    }
                    Err(wrong) => return Err(self.wrong(span, &format!("/{text}"), &wrong)),
                }
            }
            Ok((kind, None)) => run.push(kind, span),
            Ok((kind, Some(unit))) => {
                run.push(kind, self.span(lo, lo + unit));
                let word = EcoString::from(text.get(unit..).unwrap_or_default());
                run.push(AtomKind::Word(word), self.span(lo + unit, lo + text.len()));
            }
            Err(wrong) => return Err(self.wrong(span, text, &wrong)),
        }
        Ok(())
    }

    fn raw(&mut self, text: &str, span: Span) -> Result<AtomKind, Flaw> {
        let (inner, closer) = match text.strip_prefix("r#\"") {
            Some(inner) => (inner, "\"#"),
            None => (text.strip_prefix("r\"").unwrap_or_default(), "\""),
        };
        match inner.strip_suffix(closer) {
            Some(inner) => Ok(AtomKind::Text(vec![Piece::Text(inner.into())])),
            None => {
                let opener = Span::new(span.lo, span.lo + closer.len() as u32 + 1);
                self.problems.push(errors::unclosed_string(opener, Some(closer)));
                Err(Flaw::Told)
            }
        }
    }

    fn unclosed(&mut self, lo: usize, list: bool) -> Flaw {
        self.problems.push(errors::unclosed_bracket(self.span(lo, lo + 1), list));
        Flaw::Told
    }

    fn list(&mut self, pair: Pair<'_, Rule>) -> Result<AtomKind, Flaw> {
        let lo = pair.as_span().start();
        let whole = pair.as_str();
        let mut phrases = Vec::new();
        let mut run = Run::default();
        let mut end = lo + whole.len() - 1;
        for pair in pair.into_inner() {
            let at = pair.as_span().start();
            match (pair.as_rule(), pair.as_str()) {
                (Rule::missing, _) => return Err(self.unclosed(lo, true)),
                (Rule::comma, _) => match run.finish() {
                    Some(phrase) => phrases.push(phrase),
                    None => return Err(Flaw::Syntax(at)),
                },
                (Rule::token, ":") if is_like_v6(whole) => {
                    let wrong = match atoms::address_v6(whole) {
                        Err(wrong) => wrong,
                        Ok(_) => return Err(Flaw::Syntax(at)),
                    };
                    return Err(self.wrong(self.span(lo, end + 1), whole, &wrong));
                }
                _ => self.atom(pair, &mut run)?,
            }
            end = end.max(at);
        }
        if run.atoms.is_empty() {
            return Ok(AtomKind::List(phrases));
        }
        phrases.push(run.finish().ok_or(Flaw::Syntax(end))?);
        Ok(AtomKind::List(phrases))
    }

    fn paren(&mut self, pair: Pair<'_, Rule>) -> Result<Vec<Argument>, Flaw> {
        let lo = pair.as_span().start();
        let hi = pair.as_span().end();
        let mut arguments = Vec::new();
        let mut run = Run::default();
        let mut name = None;
        for pair in pair.into_inner() {
            let at = pair.as_span().start();
            match (pair.as_rule(), pair.as_str()) {
                (Rule::missing, _) => return Err(self.unclosed(lo, false)),
                (Rule::comma, _) => match run.finish() {
                    Some(phrase) => arguments.push(Argument { name: name.take(), phrase }),
                    None => return Err(Flaw::Syntax(at)),
                },
                (Rule::token, "=") => match (run.atoms.as_slice(), &name) {
                    ([Atom { kind: AtomKind::Word(word), span }], None) => {
                        name = Some((word.clone(), *span));
                        run = Run::default();
                    }
                    _ => return Err(Flaw::Syntax(at)),
                },
                _ => self.atom(pair, &mut run)?,
            }
        }
        if run.atoms.is_empty() && name.is_none() {
            return Ok(arguments);
        }
        let phrase = run.finish().ok_or(Flaw::Syntax(hi - 1))?;
        arguments.push(Argument { name, phrase });
        Ok(arguments)
    }
}

/// Whether a bracketed text was meant as an IPv6 address.
fn is_like_v6(text: &str) -> bool {
    let inner = text.trim_matches(['[', ']']);
    inner.len() < 64 && inner.bytes().filter(|&b| b == b':').count() >= 2 && !inner.contains([' ', ',', '\n'])
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
