//! The texts that were read, and the way from an offset to a line and a column.

use super::span::Span;
use std::sync::Arc;

/// One file of a [`SourceMap`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(pub u32);

/// A file's text and where it stands in the shared offset space.
#[derive(Clone, Debug)]
pub struct Source {
    /// Which file of the map.
    pub id: FileId,
    /// The name that findings print: a path as the user gave it, or `<std>/tiers/ecommerce.dr`.
    pub name: String,
    /// The text.
    pub text: Arc<str>,
    /// Offset of the first byte in the shared space.
    pub base: u32,
    /// Whether the file is part of the standard library: what is written there is an assumption
    /// of ours, not a statement of the user's.
    pub is_std: bool,
    line_starts: Vec<u32>,
}

impl Source {
    /// The span of the whole text.
    pub fn span(&self) -> Span {
        Span::new(self.base, self.base + self.text.len() as u32)
    }

    /// Line and column of a global offset, both from 1; the column counts characters.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let local = offset.saturating_sub(self.base).min(self.text.len() as u32);
        let line = self.line_starts.partition_point(|&start| start <= local).saturating_sub(1);
        let start = self.line_starts.get(line).copied().unwrap_or(0) as usize;
        let before = self.text.get(start..local as usize).unwrap_or("");
        (line as u32 + 1, before.chars().count() as u32 + 1)
    }

    /// Where each line begins, as offsets into the text.
    pub fn line_starts(&self) -> &[u32] {
        &self.line_starts
    }
}

/// All sources of one run. Offsets are global: a gap of one keeps the end of a file and the start
/// of the next apart.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<Source>,
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text; `None` when the shared offset space (4 GiB) is full.
    pub fn add(&mut self, name: String, text: Arc<str>, is_std: bool) -> Option<FileId> {
        let base = self.files.last().map_or(1, |f| f.span().hi + 1);
        let len = u32::try_from(text.len()).ok()?;
        base.checked_add(len)?.checked_add(2)?;
        let id = FileId(self.files.len() as u32);
        let line_starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i as u32 + 1)).collect();
        self.files.push(Source { id, name, text, base, is_std, line_starts });
        Some(id)
    }

    /// The files, in the order in which they were read.
    pub fn files(&self) -> &[Source] {
        &self.files
    }

    /// One file.
    ///
    /// # Panics
    /// When `id` comes from another map.
    pub fn get(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// The file that holds a span. Offset 0 belongs to no file: a default [`Span`] is nowhere.
    pub fn file_of(&self, span: Span) -> Option<&Source> {
        let at = self.files.partition_point(|f| f.base <= span.lo).checked_sub(1)?;
        self.files.get(at).filter(|f| span.lo <= f.span().hi)
    }

    /// The text of a span; empty when it is in no file.
    pub fn text(&self, span: Span) -> &str {
        self.file_of(span)
            .and_then(|f| {
                f.text.get((span.lo - f.base) as usize..(span.hi.min(f.span().hi) - f.base) as usize)
            })
            .unwrap_or("")
    }

    /// `main.dr:12:5`, or `<nowhere>`.
    pub fn place(&self, span: Span) -> String {
        match self.file_of(span) {
            Some(f) => {
                let (line, column) = f.line_column(span.lo);
                format!("{}:{line}:{column}", f.name)
            }
            None => "<nowhere>".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_find_their_file_line_and_column() {
        let mut map = SourceMap::new();
        let a = map.add("a.dr".into(), "x\nyé z\n".into(), false).unwrap();
        let b = map.add("b.dr".into(), "w".into(), true).unwrap();
        let z = map.get(a).base + map.get(a).text.find('z').unwrap() as u32;
        assert_eq!(map.place(Span::new(z, z + 1)), "a.dr:2:4");
        assert_eq!(map.text(Span::new(z, z + 1)), "z");
        assert_eq!(map.file_of(map.get(b).span()).unwrap().name, "b.dr");
        assert!(map.file_of(Span::default()).is_none());
    }
}
