//! `manifest.json` at the root of a build: what was written, and from what.
//!
//! It holds no time and no host: the same spec gives the same bytes. The next build reads it to
//! tell its own files from those of people, and other tools read modes and origins off it.

use super::artifact::ArtifactTree;
use crate::base::SourceMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The name of the manifest below the root of a build.
pub const NAME: &str = "manifest.json";

/// What every manifest says of itself.
const MADE_BY: &str = "Made by drc: do not edit; change the spec and build again.";

/// Whether bytes that are no manifest any more once were one: a merge or an editor may have broken
/// it, and its mark still stands there.
pub fn looks_made_here(bytes: &[u8]) -> bool {
    bytes.windows(MADE_BY.len()).any(|w| w == MADE_BY.as_bytes())
}

/// What a build consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this format: 1. Fields are only ever added.
    pub version: u32,
    /// Who made it, for people who open the file.
    pub made_by: String,
    /// The version of drc that built it.
    pub drc: String,
    /// The SHA-256 of the spec: of the names and texts of all its files, in the order in which they
    /// were read.
    pub spec: String,
    /// Whether every objective was proved or waived. A build of a spec that does not meet its
    /// objectives says so here.
    pub proved: bool,
    /// The files, in the order of their paths. The manifest itself is not among them.
    pub files: Vec<Entry>,
}

/// One file of a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its path below the root, with `/` between parts.
    pub path: String,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its permission bits in octal, such as `0640`.
    pub mode: String,
    /// The target that made it.
    pub target: String,
    /// The declarations that it comes from, as `FILE:LINE`.
    pub origins: Vec<String>,
}

/// The SHA-256 of bytes, in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The digest of all texts of a spec. Lengths stand before names and texts, so that moving text
/// from one to the other changes it.
fn spec(sources: &SourceMap) -> String {
    let mut all = Sha256::new();
    for file in sources.files() {
        for part in [file.name.as_str(), &*file.text] {
            all.update((part.len() as u64).to_be_bytes());
            all.update(part);
        }
    }
    hex(&all.finalize())
}

impl Manifest {
    /// The manifest of a tree. `proved` tells whether the spec meets its objectives.
    pub fn of(tree: &ArtifactTree, sources: &SourceMap, proved: bool) -> Self {
        let entry = |(path, artifact): (&str, &super::artifact::Artifact)| {
            let mut origins: Vec<String> = Vec::new();
            for span in &artifact.spans {
                let Some(file) = sources.file_of(*span) else { continue };
                let origin = format!("{}:{}", file.name, file.line_column(span.lo).0);
                if !origins.contains(&origin) {
                    origins.push(origin);
                }
            }
            Entry {
                path: path.to_owned(),
                sha256: digest(&artifact.bytes),
                mode: format!("{:04o}", artifact.mode),
                target: artifact.target.to_owned(),
                origins,
            }
        };
        Self {
            version: 1,
            made_by: MADE_BY.to_owned(),
            drc: env!("CARGO_PKG_VERSION").to_owned(),
            spec: spec(sources),
            proved,
            files: tree.iter().map(entry).collect(),
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        // Strings and numbers always serialise.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// When the bytes are no manifest, or one of a later format.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        match manifest.version {
            1 => Ok(manifest),
            other => Err(format!("it has version {other}, and this drc reads version 1")),
        }
    }
}
