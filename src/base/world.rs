//! All that the compiler sees of the outside: a way to read a file by its path.

use std::collections::BTreeMap;

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// There is no such file.
    #[error("no such file")]
    NotFound,
    /// The path leads out of the folder of the spec.
    #[error("outside the folder of the spec")]
    Outside,
    /// The file is larger than the limit.
    #[error("larger than {0} bytes")]
    TooLarge(usize),
    /// The bytes are not UTF-8; the offset of the first bad one.
    #[error("not UTF-8 text (byte {0})")]
    NotText(usize),
    /// The system said no.
    #[error("{0}")]
    Io(String),
}

/// Where sources come from. Paths are relative to the root of the spec, with `/` between parts
/// and neither `.` nor `..` left in them.
pub trait World: std::fmt::Debug {
    /// The bytes of a file.
    ///
    /// # Errors
    /// As [`ReadError`] lists.
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError>;

    /// The text of a module of the standard library that stands in place of the one in the binary,
    /// by its dotted name. Nobody but who asks "what if that figure were another" has any.
    fn library(&self, _name: &str) -> Option<String> {
        None
    }
}

/// Files held in memory, for tests, `-` and editors.
#[derive(Clone, Debug, Default)]
pub struct Memory(pub BTreeMap<String, Vec<u8>>);

impl World for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.0.get(path).cloned().ok_or(ReadError::NotFound)
    }
}
