//! Text to tree. Total: whatever the text, a tree comes out, and a finding for each mistake.
//!
//! Four steps, each linear in the text: [`prescan`] bounds the nesting and finds unbalanced braces,
//! [`parse`] calls pest for tokens and nesting, [`lower`] makes the tree and notices what is wrong
//! with an entry, and [`repair`] asks the strict grammar what that is, in words.

pub mod ast;
mod atoms;
mod errors;
mod expected;
mod lower;
mod parse;
mod phrases;
mod prescan;
mod repair;
mod strings;
#[cfg(test)]
mod tests;

use crate::base::Source;
use crate::base::limits::Limits;
use crate::diag::Problems;

/// The tree of a source, with spans in the offset space of its map.
///
/// Never fails: each mistake is a finding in `problems`, and what could not be read is left out of
/// the tree. An entry that is broken before its body keeps the part of its head that could be read,
/// and the body. A text beyond `limits.file_bytes` gives an empty file; one that nests deeper than
/// `limits.nesting` gives the entries before the one that does.
pub fn parse(source: &Source, limits: &Limits, problems: &mut Problems) -> ast::File {
    if source.text.len() > limits.file_bytes {
        problems.push(errors::too_large(source.span(), source.text.len(), limits.file_bytes));
        return ast::File::default();
    }
    let bom = if source.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut text = source.text.get(bom..).unwrap_or_default();
    let base = source.base + bom as u32;

    let scan = prescan::scan(text, limits.nesting);
    if let Some((at, entry)) = scan.too_deep {
        problems.push(errors::too_deep(base + at as u32, limits.nesting));
        text = text.get(..entry).unwrap_or_default();
    }
    repair::unbalanced(&scan, base, problems);

    let mut file = ast::File::default();
    let mut from = 0;
    for to in scan.cuts.iter().copied().filter(|&cut| cut < text.len()).chain([text.len()]) {
        let slice = text.get(from..to).unwrap_or_default();
        let mut lower = lower::Lower::new(slice, base + from as u32, limits.nesting, problems);
        if !scan.unclosed.is_empty() {
            lower = lower.by_indentation(source);
        }
        lower.file(&mut file.entries);
        from = to;
    }
    file
}
