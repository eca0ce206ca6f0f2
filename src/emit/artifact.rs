//! What a build is made of: files with their contents, modes and origins, in memory.

use crate::base::{EcoString, Span};
use std::collections::BTreeMap;

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Its contents.
    pub bytes: Vec<u8>,
    /// Its permission bits, such as 0o640.
    pub mode: u32,
    /// The target that made it, such as `bacula`.
    pub target: &'static str,
    /// The declarations that it comes from.
    pub spans: Vec<Span>,
}

/// All files of a build by their path below its root, with `/` between parts.
#[derive(Clone, Debug, Default)]
pub struct ArtifactTree {
    files: BTreeMap<String, Artifact>,
}

impl ArtifactTree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file of the tree that is laid over a host's root: `path` is absolute there.
    pub fn host_file(&mut self, host: &EcoString, path: &str, artifact: Artifact) {
        self.add(format!("hosts/{host}{path}"), artifact);
    }

    /// Adds a file. A second one of the same path replaces the first, which emitters never do:
    /// every path holds a name that is unique.
    pub fn add(&mut self, path: String, artifact: Artifact) {
        let before = self.files.insert(path, artifact);
        debug_assert!(before.is_none(), "two artifacts share a path");
    }

    /// The file at a path.
    pub fn get(&self, path: &str) -> Option<&Artifact> {
        self.files.get(path)
    }

    /// The text of the file at a path, which must have these permission bits.
    ///
    /// # Errors
    /// With a sentence without its subject: it is not there, has other bits, or is no text.
    pub fn text(&self, path: &str, mode: u32) -> Result<&str, String> {
        let file = self.get(path).ok_or("is not there")?;
        if file.mode != mode {
            return Err(format!("has mode {:o}, not {mode:o}", file.mode));
        }
        std::str::from_utf8(&file.bytes).map_err(|e| e.to_string())
    }

    /// All files, in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Artifact)> {
        self.files.iter().map(|(p, a)| (p.as_str(), a))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}
