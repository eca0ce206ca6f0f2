//! From pairs to phrases: tokens, lists, parentheses and the holes of strings.

use super::ast::{Argument, Atom, AtomKind, Phrase, Piece, Sign};
use super::atoms::{self, Wrong};
use super::lower::Lower;
use super::parse::{self, Rule};
use super::{errors, prescan, repair};
use crate::base::{EcoString, Span};
use pest::iterators::Pair;

/// Why a phrase is not usable.
#[derive(Clone, Copy, Debug)]
pub(super) enum Flaw {
    /// It does not follow the grammar at this offset; nothing has been said yet.
    Syntax(usize),
    /// A finding has been made.
    Told,
}

/// A phrase in the making.
#[derive(Default)]
pub(super) struct Run {
    pub(super) atoms: Vec<Atom>,
    /// Whether it ends with a sign that wants a value behind it.
    pub(super) dangling: bool,
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
    pub(super) fn finish(&mut self) -> Option<Phrase> {
        if self.dangling {
            return None;
        }
        let span = self.atoms.first()?.span.to(self.atoms.last()?.span);
        // Collected anew: a vector of just the right size, and this one goes on to the next phrase.
        let atoms = self.atoms.drain(..).collect();
        Some(Phrase { atoms, span })
    }
}

impl Lower<'_> {
    /// The phrase of a hole in a string: `text` stands at offset `lo`. Reports what is wrong.
    pub(super) fn parse_phrase(&mut self, text: &str, lo: usize) -> Option<Phrase> {
        if let Some((at, _)) = prescan::scan(text, self.nesting).too_deep {
            self.problems.push(errors::too_deep(self.base + (lo + at) as u32, self.nesting));
            return None;
        }
        let base = self.base + lo as u32;
        let pairs = parse::tokens(text)?;
        let mut inner = Lower::new(text, base, self.nesting, &mut *self.problems);
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
        let at = match (outcome, run.finish()) {
            (Ok(()), Some(phrase)) => return Some(phrase),
            (Err(Flaw::Told), _) => return None,
            (Err(Flaw::Syntax(at)), _) => lo + at,
            (Ok(()), None) => lo + text.len(),
        };
        let whole = (lo, lo + text.len());
        self.problems.push(repair::broken(Rule::strict_phrase, self.text, whole, at, self.base));
        None
    }

    fn wrong(&mut self, span: Span, text: &str, wrong: &Wrong) -> Flaw {
        self.problems.push(errors::bad_token(span, text, wrong.what, wrong.help));
        Flaw::Told
    }

    /// One atom: a token, a string or a bracketed group.
    pub(super) fn atom(&mut self, pair: Pair<'_, Rule>, run: &mut Run) -> Result<(), Flaw> {
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
