//! What is wrong with what did not parse: the exact place of a broken head and what was expected
//! there, and which of the braces is the missing one.

use super::errors;
use super::expected;
use super::parse::{Rule, first_mistake};
use super::prescan::Scan;
use crate::base::Span;
use crate::diag::{Diagnostic, Problems};

/// How much of the text behind a head is looked at to say what was found there.
const BEHIND: usize = 4;

/// The finding for a broken head (`Rule::strict`) or phrase (`Rule::strict_phrase`) at `lo..hi` of
/// `text`, whose first byte is at `base`. `noticed` is where lowering saw that something is wrong.
pub(super) fn broken(
    rule: Rule,
    text: &str,
    (lo, hi): (usize, usize),
    noticed: usize,
    base: u32,
) -> Diagnostic {
    let slice = text.get(lo..hi).unwrap_or_default();
    let (at, wanted) = match first_mistake(rule, slice) {
        Some(stop) => (stop.at, stop.wanted),
        None => (noticed.saturating_sub(lo).min(slice.len()), Vec::new()),
    };
    let rest = slice.get(at..).unwrap_or_default();
    let global = |local: usize| base + (lo + local) as u32;

    if rest.trim().is_empty() {
        // Nothing is left: point at the last character that is there, not behind it.
        let end = slice.get(..at).unwrap_or(slice).trim_end();
        let last = end.chars().next_back().map_or(0, char::len_utf8);
        let span = Span::new(global(end.len() - last), global(end.len()));
        let behind = text.get(hi..).unwrap_or_default().trim_start_matches([' ', '\t', '\r']);
        let behind: String = behind.chars().take(BEHIND).collect();
        return expected::at_end(span, end, &wanted, &behind);
    }
    let found = expected::lexeme(rest);
    let span = Span::new(global(at), global(at + found.len()));
    expected::at_token(span, slice.get(..at).unwrap_or_default().trim_end(), found, rest, &wanted)
}

/// The findings about unbalanced braces.
pub(super) fn unbalanced(scan: &Scan, base: u32, problems: &mut Problems) {
    for stray in &scan.strays {
        problems.push(errors::stray_brace(base + stray.at as u32, stray.odd.map(|at| base + at as u32)));
    }
    // What swallowed the closers, or stopped the scan, has a finding of its own.
    if scan.swallowed || scan.too_deep.is_some() {
        return;
    }
    let Some(innermost) = scan.unclosed.last() else { return };
    let (opener, closer) = match scan.suspect {
        Some((opener, closer)) => (opener, Some(base + closer as u32)),
        None => (innermost.at, None),
    };
    let outer: Vec<u32> = scan
        .unclosed
        .iter()
        .map(|o| o.at)
        .filter(|&at| at != opener)
        .map(|at| base + at as u32)
        .take(3)
        .collect();
    problems.push(errors::missing_brace(base + opener as u32, closer, &outer, scan.unclosed.len()));
}
