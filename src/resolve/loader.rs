//! Reads the main file and all that `use` brings in, each once.

use super::{errors, library};
use crate::base::limits::Limits;
use crate::base::world::{ReadError, World};
use crate::base::{EcoString, FileId, SourceMap, Span};
use crate::diag::Problems;
use crate::syntax::{self, ast};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// All files of a spec.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The modules; the first is the main file.
    pub modules: Vec<Module>,
    /// The tables that loops run over, by their path below the root.
    pub tables: BTreeMap<String, Result<Vec<u8>, ReadError>>,
    /// Where the text is broken: what is missing there is no mistake of its own.
    pub broken: Vec<Span>,
    /// The words on those lines: names that may have been declared there.
    pub broken_names: BTreeSet<EcoString>,
}

/// One file and what it brings in.
#[derive(Debug)]
pub struct Module {
    /// Its source.
    pub file: FileId,
    /// Its tree.
    pub tree: ast::File,
    /// The modules that it uses, by index into [`Loaded::modules`].
    pub uses: Vec<Use>,
    /// Its path below the root, or its dotted name in the standard library.
    pub key: String,
}

/// One `use`.
#[derive(Debug)]
pub struct Use {
    /// Which module.
    pub module: usize,
    /// The name in front of its names: `use "./network.dr" as net`.
    pub alias: Option<EcoString>,
    /// Where it stands.
    pub span: Span,
}

/// Reads `main` from `world` and everything that it uses.
pub fn load(
    world: &dyn World,
    main: &str,
    sources: &mut SourceMap,
    limits: &Limits,
    problems: &mut Problems,
) -> Result<Loaded, ReadError> {
    let bytes = world.read(main)?;
    let mut loader = Loader {
        world,
        sources: &mut *sources,
        limits,
        problems: &mut *problems,
        loaded: Loaded::default(),
        by_key: BTreeMap::new(),
    };
    let text = loader.text(bytes, main, Span::default());
    loader.module(main.to_owned(), text, false);
    let mut loaded = loader.loaded;
    for finding in problems.iter().filter(|d| d.entry.stage == "parse") {
        loaded.broken.push(finding.primary.span);
        loaded.broken_names.extend(words_of_line(sources, finding.primary.span));
    }
    Ok(loaded)
}

/// The words on the line of a place.
fn words_of_line(sources: &SourceMap, at: Span) -> Vec<EcoString> {
    let Some(file) = sources.file_of(at) else { return Vec::new() };
    let local = (at.lo - file.base) as usize;
    let before = file.text.get(..local).and_then(|t| t.rfind('\n')).map_or(0, |n| n + 1);
    let line = file.text.get(before..).and_then(|t| t.lines().next()).unwrap_or("");
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    line.split(|c| !part(c)).filter(|w| !w.is_empty()).map(EcoString::from).collect()
}

/// Every `csv("…")` and `json("…")` of the loops in these entries.
fn tables_of(entries: &[ast::Entry], found: &mut Vec<EcoString>) {
    use ast::{AtomKind, Piece};
    for entry in entries {
        if entry.keyword().is_some_and(|(w, _)| w == "for" || w == "let") {
            let value = entry.value.iter().flat_map(|v| &v.phrase.atoms);
            let atoms: Vec<&ast::Atom> = entry.head.atoms.iter().chain(value).collect();
            for pair in atoms.windows(2) {
                if let [ast::Atom { kind: AtomKind::Word(w), .. }, ast::Atom { kind: AtomKind::Paren(a), .. }] =
                    pair
                    && matches!(w.as_str(), "csv" | "json")
                    && let [ast::Argument { name: None, phrase }] = a.as_slice()
                    && let [ast::Atom { kind: AtomKind::Text(pieces), .. }] = phrase.atoms.as_slice()
                    && let [Piece::Text(path)] = pieces.as_slice()
                {
                    found.push(path.clone());
                }
            }
        }
        if let Some(body) = &entry.body {
            tables_of(&body.entries, found);
        }
    }
}

struct Loader<'a> {
    world: &'a dyn World,
    sources: &'a mut SourceMap,
    limits: &'a Limits,
    problems: &'a mut Problems,
    loaded: Loaded,
    by_key: BTreeMap<String, usize>,
}

impl Loader<'_> {
    /// The text of a file; empty, with a finding, when it is too large or no text.
    fn text(&mut self, bytes: Vec<u8>, name: &str, used_at: Span) -> Arc<str> {
        if bytes.len() > self.limits.file_bytes {
            self.problems.push(errors::too_large(name, used_at, self.limits.file_bytes));
            return "".into();
        }
        match String::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(bad) => {
                let at = bad.utf8_error().valid_up_to();
                self.problems.push(errors::not_utf8(name, used_at, at));
                // What stands before the first bad byte can still be read.
                let good = bad.as_bytes().get(..at).unwrap_or_default();
                String::from_utf8_lossy(good).into_owned().into()
            }
        }
    }

    fn module(&mut self, key: String, text: Arc<str>, is_std: bool) -> usize {
        let name = if is_std { key.clone() } else { key.trim_start_matches("./").to_owned() };
        let index = self.loaded.modules.len();
        self.by_key.insert(key.clone(), index);
        let Some(file) = self.sources.add(name.clone(), text, is_std) else {
            self.problems.push(errors::too_large(&name, Span::default(), u32::MAX as usize));
            self.loaded.modules.push(Module {
                file: FileId(0),
                tree: ast::File::default(),
                uses: Vec::new(),
                key,
            });
            return index;
        };
        let tree = syntax::parse(self.sources.get(file), self.limits, self.problems);
        let wanted: Vec<Wanted> = tree.entries.iter().filter_map(|e| self.wanted(e)).collect();
        let mut tables = Vec::new();
        tables_of(&tree.entries, &mut tables);
        for path in tables.iter().filter_map(|t| beside(&key, t)) {
            let read = self.world.read(&path);
            self.loaded.tables.entry(path).or_insert(read);
        }
        self.loaded.modules.push(Module { file, tree, uses: Vec::new(), key: key.clone() });
        for w in wanted {
            if let Some(module) = self.bring(&key, &w) {
                let used = Use { module, alias: w.alias, span: w.span };
                if let Some(m) = self.loaded.modules.get_mut(index) {
                    m.uses.push(used);
                }
            }
        }
        index
    }

    /// What a `use` entry asks for.
    fn wanted(&mut self, entry: &ast::Entry) -> Option<Wanted> {
        let (word, _) = entry.keyword()?;
        if word != "use" {
            return None;
        }
        let wanted = match entry.head.atoms.as_slice() {
            [_, what] => Wanted::of(what, None),
            [_, what, ast::Atom { kind: ast::AtomKind::Word(r#as), .. }, alias] if r#as == "as" => {
                match &alias.kind {
                    ast::AtomKind::Word(alias) => Wanted::of(what, Some(alias.clone())),
                    _ => None,
                }
            }
            _ => None,
        };
        if wanted.is_none() || entry.value.is_some() || entry.body.is_some() || entry.colon.is_some() {
            self.problems.push(errors::bad_use(entry.head.span));
            return None;
        }
        wanted
    }

    fn bring(&mut self, from: &str, wanted: &Wanted) -> Option<usize> {
        let key = if wanted.is_std {
            wanted.path.clone()
        } else {
            match beside(from, &wanted.path) {
                Some(path) => path,
                None => {
                    self.problems.push(errors::unreadable(&wanted.path, wanted.span, &ReadError::Outside));
                    return None;
                }
            }
        };
        if let Some(known) = self.by_key.get(&key) {
            return Some(*known);
        }
        if self.loaded.modules.len() >= self.limits.files {
            self.problems.push(errors::too_many_files(wanted.span, self.limits.files));
            return None;
        }
        if wanted.is_std {
            let own = self.world.library(&key).map(Arc::from);
            let Some(text) = own.or_else(|| library::module_source(&key).map(Arc::from)) else {
                self.problems.push(errors::unknown_module(&key, wanted.span, &library::module_names()));
                return None;
            };
            return Some(self.module(key, text, true));
        }
        match self.world.read(&key) {
            Ok(bytes) => {
                let text = self.text(bytes, &key, wanted.span);
                Some(self.module(key, text, false))
            }
            Err(why) => {
                self.problems.push(errors::unreadable(&wanted.path, wanted.span, &why));
                None
            }
        }
    }
}

struct Wanted {
    path: String,
    is_std: bool,
    alias: Option<EcoString>,
    span: Span,
}

impl Wanted {
    fn of(atom: &ast::Atom, alias: Option<EcoString>) -> Option<Self> {
        let (path, is_std) = match &atom.kind {
            ast::AtomKind::Word(w) => (w.to_string(), true),
            ast::AtomKind::Text(pieces) => match pieces.as_slice() {
                [ast::Piece::Text(t)] => (t.to_string(), false),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self { path, is_std, alias, span: atom.span })
    }
}

/// The path of a file that `from` names as `path`, below the root of the spec; `None` when it
/// leads above that.
pub(super) fn beside(from: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn paths_stay_below_the_root() {
        assert_eq!(beside("main.dr", "./net.dr").as_deref(), Some("net.dr"));
        assert_eq!(beside("a/b.dr", "../net.dr").as_deref(), Some("net.dr"));
        assert_eq!(beside("main.dr", "../net.dr"), None);
        assert_eq!(beside("main.dr", "/etc/passwd"), None);
    }
}
