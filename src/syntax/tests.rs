//! What a spec means to the tree, what each mistake is told as, and what must hold for any text.

mod atoms;
mod broken;
mod total;

use super::ast::*;
use crate::base::limits::DEFAULT;
use crate::base::{Source, SourceMap};
use crate::diag::{Diagnostic, Problems};

/// A sketch of a whole spec.
const SHOP: &str = include_str!("../../tests/corpus/shop-sketch.dr");

/// Parses a text that is the second file of a map, so that its offsets are not those of the text.
fn parsed(text: &str) -> (SourceMap, File, Vec<Diagnostic>) {
    let mut map = SourceMap::new();
    map.add("first.dr".into(), "conduit other\n".into(), false).unwrap();
    let id = map.add("main.dr".into(), text.into(), false).unwrap();
    let mut problems = Problems::new();
    let file = super::parse(map.get(id), &DEFAULT, &mut problems);
    (map, file, problems.sorted())
}

fn source(map: &SourceMap) -> &Source {
    &map.files()[1]
}

/// The tree of a text without mistakes.
fn tree(text: &str) -> File {
    let (map, file, found) = parsed(text);
    let shown: Vec<String> =
        found.iter().map(|d| format!("{} {}", map.place(d.primary.span), d.message)).collect();
    assert!(found.is_empty(), "{text:?}: {shown:?}");
    file
}

/// The atoms of the value in `x = text`.
fn atoms(text: &str) -> Vec<AtomKind> {
    let file = tree(&format!("x = {text}"));
    let value = file.entries.into_iter().next().unwrap().value.unwrap();
    value.phrase.atoms.into_iter().map(|a| a.kind).collect()
}

/// Every finding of a text: its name, the text it points at with its line and column, and what it
/// says.
fn findings(text: &str) -> String {
    let (map, _, found) = parsed(text);
    let lines: Vec<String> = found
        .iter()
        .map(|d| {
            let place = map.place(d.primary.span);
            let place = place.strip_prefix("main.dr:").unwrap_or(&place);
            let mut line = format!("{} {place} {:?}: {}", d.entry.name, map.text(d.primary.span), d.message);
            for help in &d.help {
                line.push_str(&format!(" | {help}"));
            }
            line
        })
        .collect();
    lines.join("\n")
}

/// The heads of all entries at every depth, as they are written.
fn heads(map: &SourceMap, file: &File) -> Vec<String> {
    fn walk(map: &SourceMap, entries: &[Entry], out: &mut Vec<String>) {
        for entry in entries {
            out.push(map.text(entry.head.span).to_owned());
            walk(map, entry.body.as_ref().map_or(&[], |b| &b.entries), out);
        }
    }
    let mut out = Vec::new();
    walk(map, &file.entries, &mut out);
    out
}

/// `region(site(host) site) link`: the nesting of a tree.
fn outline(file: &File) -> String {
    fn walk(entries: &[Entry]) -> String {
        let each = entries.iter().map(|e| {
            let words: Vec<&str> = e
                .head
                .atoms
                .iter()
                .filter_map(|a| if let AtomKind::Word(w) = &a.kind { Some(w.as_str()) } else { None })
                .collect();
            match &e.body {
                Some(body) => format!("{}({})", words.join("-"), walk(&body.entries)),
                None => words.join("-"),
            }
        });
        each.collect::<Vec<_>>().join(" ")
    }
    walk(&file.entries)
}
