//! The same spec in another order, or cut into files.

use super::untouched::heads;
use drlang::resolve::Loaded;
use drlang::resolve::hir::Hir;
use drlang::syntax::ast::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// A small generator (SplitMix64), so that a failure can be had again.
pub struct Dice(pub u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for n in (1..list.len()).rev() {
            list.swap(n, self.below(n + 1));
        }
    }
}

/// The main module of a spec, to be written in other ways.
pub struct Spec<'a> {
    text: &'a str,
    base: usize,
    entries: &'a [Entry],
    heads: BTreeSet<usize>,
}

impl<'a> Spec<'a> {
    pub fn new(loaded: &'a Loaded, hir: &Hir, text: &'a str, base: u32) -> Self {
        let entries = loaded.modules.first().map_or(&[][..], |m| &m.tree.entries);
        Self { text, base: base as usize, entries, heads: heads(hir) }
    }

    fn slice(&self, lo: u32, hi: u32) -> &'a str {
        &self.text[lo as usize - self.base..hi as usize - self.base]
    }

    /// An entry with the entries of its blocks in another order. What is no block stays as it is:
    /// in a profile of writes a later line replaces an earlier one.
    fn entry(&self, entry: &Entry, dice: &mut Dice) -> String {
        let block = entry.head.atoms.iter().any(|a| self.heads.contains(&(a.span.lo as usize)));
        match &entry.body {
            Some(body) if block => {
                let inner = self.order(&body.entries, dice);
                format!("{}\n{}\n}}", self.slice(entry.span.lo, body.span.lo + 1), inner.join("\n"))
            }
            _ => self.slice(entry.span.lo, entry.span.hi).to_owned(),
        }
    }

    fn order(&self, entries: &[Entry], dice: &mut Dice) -> Vec<String> {
        let mut texts: Vec<String> = entries.iter().map(|e| self.entry(e, dice)).collect();
        dice.shuffle(&mut texts);
        texts
    }

    /// The spec in another order.
    pub fn shuffled(&self, dice: &mut Dice) -> String {
        self.order(self.entries, dice).join("\n") + "\n"
    }

    /// The spec in several files that use one another, in another order. What others use by name
    /// at the top, `let` and `pattern`, stands in a file of its own that all use.
    pub fn cut(&self, dice: &mut Dice) -> BTreeMap<String, Vec<u8>> {
        const FILES: usize = 4;
        let mut shared = String::new();
        let mut uses = String::from("use \"./shared.dr\"\n");
        let mut parts = vec![String::new(); FILES];
        for entry in self.entries {
            let text = self.entry(entry, dice) + "\n";
            match entry.keyword().map(|(w, _)| w.as_str()) {
                Some("use") => uses.push_str(&text),
                Some("let" | "pattern") => shared.push_str(&text),
                _ => parts[dice.below(FILES)].push_str(&text),
            }
        }
        let library: String = uses.lines().skip(1).map(|l| format!("{l}\n")).collect();
        let mut files = BTreeMap::from([("shared.dr".to_owned(), (library + &shared).into_bytes())]);
        let mut main: Vec<String> = uses.lines().map(str::to_owned).collect();
        for (n, part) in parts.iter().enumerate().skip(1) {
            files.insert(format!("part-{n}.dr"), format!("{uses}{part}").into_bytes());
            main.push(format!("use \"./part-{n}.dr\""));
        }
        main.push(parts[0].clone());
        dice.shuffle(&mut main);
        files.insert("main.dr".to_owned(), (main.join("\n") + "\n").into_bytes());
        files
    }
}
