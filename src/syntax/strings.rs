//! The inside of a string: escapes, `{…}` holes and doubled braces.

use super::ast::{Phrase, Piece};
use super::errors;
use super::lower::Lower;
use super::phrases::Flaw;
use crate::base::{EcoString, Span};

impl Lower<'_> {
    /// The pieces of a string; `lo` is the offset of its first character after the quote. Reports
    /// every mistake in it.
    pub(super) fn pieces(&mut self, lo: usize, inner: &str) -> Result<Vec<Piece>, Flaw> {
        if !inner.bytes().any(|b| matches!(b, b'\\' | b'{' | b'}')) {
            return Ok(vec![Piece::Text(inner.into())]);
        }
        let mut pieces = Vec::new();
        let mut text = EcoString::new();
        let mut good = true;
        let mut at = 0;
        while let Some(rest) = inner.get(at..).filter(|r| !r.is_empty()) {
            let plain = rest.find(['\\', '{', '}']).unwrap_or(rest.len());
            text.push_str(rest.get(..plain).unwrap_or_default());
            at += plain;
            let rest = rest.get(plain..).unwrap_or_default();
            if rest.starts_with("{{") || rest.starts_with("}}") {
                text.push_str(rest.get(..1).unwrap_or_default());
                at += 2;
            } else if rest.starts_with('\\') {
                let (c, len) = self.escape(lo + at, rest);
                good &= c.is_some();
                text.extend(c);
                at += len;
            } else if rest.starts_with('{') {
                let end = rest.get(1..).and_then(|r| r.find(['{', '}']));
                let closed =
                    end.map(|i| i + 1).filter(|&i| rest.get(i..).is_some_and(|r| r.starts_with('}')));
                let Some(end) = closed else {
                    let span = self.span(lo + at, lo + at + 1);
                    self.report(errors::in_string(
                        span,
                        "this `{` begins a value in the string that no `}` ends",
                        "write `{name}`; a `{` as text is doubled, `{{`, and a string cannot stand inside `{…}`",
                    ));
                    good = false;
                    at += 1;
                    continue;
                };
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                match self.hole(lo + at + 1, rest.get(1..end).unwrap_or_default()) {
                    Some(phrase) => pieces.push(Piece::Hole(phrase)),
                    None => good = false,
                }
                at += end + 1;
            } else if rest.starts_with('}') {
                let span = self.span(lo + at, lo + at + 1);
                self.report(errors::in_string(
                    span,
                    "this `}` ends nothing in the string",
                    "a `}` as text is doubled: `}}`",
                ));
                good = false;
                at += 1;
            }
        }
        if !text.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(text));
        }
        if good { Ok(pieces) } else { Err(Flaw::Told) }
    }

    /// What the escape at the start of `rest` stands for, and its length. Reports a bad one.
    fn escape(&mut self, at: usize, rest: &str) -> (Option<char>, usize) {
        let mut chars = rest.chars().skip(1);
        let next = chars.next();
        let plain = match next {
            Some('n') => Some('\n'),
            Some('t') => Some('\t'),
            Some('r') => Some('\r'),
            Some(c @ ('"' | '\\')) => Some(c),
            _ => None,
        };
        if plain.is_some() {
            return (plain, 2);
        }
        if next == Some('u') {
            let digits = rest.strip_prefix("\\u{").and_then(|r| r.split_once('}')).map(|(digits, _)| digits);
            let len = digits.map_or(2, |d| d.len() + 4);
            let c = digits
                .filter(|d| (1..=6).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_hexdigit()))
                .and_then(|d| u32::from_str_radix(d, 16).ok())
                .and_then(char::from_u32)
                .filter(|&c| c != '\0');
            if c.is_none() {
                let shown = errors::quoted(rest.get(..len).unwrap_or_default());
                let span = self.span(at, at + len);
                self.report(errors::in_string(
                    span,
                    format!("{shown} is no character"),
                    "write one to six hexadecimal digits, `\\u{1F600}`; U+0000 cannot stand in a string",
                ));
            }
            return (c, len);
        }
        let len = 1 + next.map_or(0, char::len_utf8);
        let span = self.span(at, at + len);
        let shown = errors::quoted(rest.get(..len).unwrap_or_default());
        self.report(errors::in_string(
            span,
            format!("{shown} is no escape"),
            "there are `\\n`, `\\t`, `\\r`, `\\\"`, `\\\\` and `\\u{…}`; a raw string, `r\"…\"`, has none",
        ));
        (None, len)
    }

    fn hole(&mut self, lo: usize, text: &str) -> Option<Phrase> {
        if text.trim().is_empty() {
            let span: Span = self.span(lo - 1, lo + text.len() + 1);
            self.report(errors::in_string(
                span,
                "there is nothing between these braces",
                "write the name of a value, `{name}`, or double the braces: `{{}}`",
            ));
            return None;
        }
        self.parse_phrase(text, lo)
    }
}
