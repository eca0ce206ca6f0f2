//! Changes of a spec's text, and the spec as it would be with them.

use crate::base::world::{ReadError, World};
use std::collections::BTreeMap;

/// A piece of a file and what stands there instead.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Edit {
    /// The file, as findings name it; a dotted name for a module of the standard library.
    pub file: String,
    /// Whether it is a module of the standard library: that is tried, never offered.
    pub library: bool,
    /// First byte, from 0.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What stands there instead.
    pub text: String,
}

/// A text with edits made, none of which overlap. An edit that lies outside changes nothing.
pub fn edited<'e>(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> String {
    let mut edits: Vec<&Edit> = edits.into_iter().collect();
    edits.sort();
    let mut out = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for e in edits {
        if let (Some(before), true) = (text.get(at..e.start), e.end >= e.start && e.end <= text.len()) {
            out.push_str(before);
            out.push_str(&e.text);
            at = e.end;
        }
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// A spec with edits made.
#[derive(Debug)]
pub(super) struct Overlay<'a> {
    world: &'a dyn World,
    files: BTreeMap<String, String>,
    library: BTreeMap<String, String>,
}

impl<'a> Overlay<'a> {
    /// `edits` over `world`; `text_of` gives what a file or module holds now.
    pub fn new<'t>(world: &'a dyn World, edits: &[Edit], text_of: impl Fn(&str) -> Option<&'t str>) -> Self {
        let mut overlay = Self { world, files: BTreeMap::new(), library: BTreeMap::new() };
        for e in edits {
            let into = if e.library { &mut overlay.library } else { &mut overlay.files };
            if into.contains_key(&e.file) {
                continue;
            }
            if let Some(text) = text_of(&e.file) {
                into.insert(e.file.clone(), edited(text, edits.iter().filter(|o| o.file == e.file)));
            }
        }
        overlay
    }
}

impl World for Overlay<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        match self.files.get(path) {
            Some(text) => Ok(text.clone().into_bytes()),
            None => self.world.read(path),
        }
    }

    fn library(&self, name: &str) -> Option<String> {
        self.library.get(name).cloned().or_else(|| self.world.library(name))
    }
}
