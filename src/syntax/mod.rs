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
use std::num::NonZero;

/// Most threads that one file is parsed on. Beyond a few, memory is the limit and not the processor.
const THREADS: usize = 4;

/// Fewest slices that are worth a thread of their own, half a mebibyte together.
const LEAST_SLICES: usize = 8;

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

    let cuts: Vec<usize> =
        scan.cuts.iter().copied().filter(|&cut| cut < text.len()).chain([text.len()]).collect();
    let job = Job { source, text, base, nesting: limits.nesting, by_indentation: !scan.unclosed.is_empty() };
    let mut file = ast::File::default();
    job.run(&cuts, &mut file.entries, problems);
    file
}

/// The lowering of one text in slices, which know nothing of each other.
#[derive(Clone, Copy)]
struct Job<'a> {
    source: &'a Source,
    text: &'a str,
    base: u32,
    nesting: usize,
    by_indentation: bool,
}

impl Job<'_> {
    /// Lowers the slices that end at `cuts`, in up to [`THREADS`] runs side by side. The outcome is
    /// that of one run: each keeps the order, and they are joined in order.
    fn run(self, cuts: &[usize], entries: &mut Vec<ast::Entry>, problems: &mut Problems) {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(THREADS);
        let share = cuts.len().div_ceil(threads).max(LEAST_SLICES);
        let starts = std::iter::once(0).chain(cuts.chunks(share).filter_map(|part| part.last().copied()));
        let parts: Vec<(usize, &[usize])> = starts.zip(cuts.chunks(share)).collect();
        let Some((&(_, first), rest)) = parts.split_first() else { return };
        std::thread::scope(|scope| {
            let others: Vec<_> = rest
                .iter()
                .map(|&(from, part)| {
                    let work = move || {
                        let (mut entries, mut problems) = (Vec::new(), Problems::new());
                        self.slices(from, part, &mut entries, &mut problems);
                        (entries, problems)
                    };
                    // A system without a thread to spare gets the work done here, below.
                    let name = "parse".to_owned();
                    (from, part, std::thread::Builder::new().name(name).spawn_scoped(scope, work).ok())
                })
                .collect();
            self.slices(0, first, entries, problems);
            for (from, part, other) in others {
                match other.and_then(|thread| thread.join().ok()) {
                    Some((mut more, found)) => {
                        entries.append(&mut more);
                        problems.extend(found.sorted());
                    }
                    None => self.slices(from, part, entries, problems),
                }
            }
        });
    }

    /// Lowers, one after the other, the slices that end at `cuts`; the first begins at `from`.
    fn slices(self, mut from: usize, cuts: &[usize], entries: &mut Vec<ast::Entry>, problems: &mut Problems) {
        for &to in cuts {
            let slice = self.text.get(from..to).unwrap_or_default();
            let mut lower = lower::Lower::new(slice, self.base + from as u32, self.nesting, problems);
            if self.by_indentation {
                lower = lower.by_indentation(self.source);
            }
            lower.file(entries);
            from = to;
        }
    }
}
