//! Files below the folder of the spec.

use crate::base::world::{ReadError, World};
use std::io::ErrorKind;
use std::path::PathBuf;

/// Reads below a folder.
#[derive(Clone, Debug)]
pub struct Disk {
    root: PathBuf,
    largest: usize,
}

impl Disk {
    /// Reads below `root`, no file larger than `largest` bytes.
    pub fn new(root: PathBuf, largest: usize) -> Self {
        Self { root, largest }
    }
}

impl World for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        use std::io::Read as _;
        let fail = |e: std::io::Error| match e.kind() {
            ErrorKind::NotFound => ReadError::NotFound,
            _ => ReadError::Io(e.to_string()),
        };
        let path = self.root.join(path);
        // Asked before it is opened: opening a pipe would wait for somebody to write.
        if !std::fs::metadata(&path).map_err(fail)?.is_file() {
            return Err(ReadError::Io("not a file".to_owned()));
        }
        let file = std::fs::File::open(&path).map_err(fail)?;
        let mut bytes = Vec::new();
        file.take(self.largest as u64 + 1).read_to_end(&mut bytes).map_err(fail)?;
        if bytes.len() > self.largest {
            return Err(ReadError::TooLarge(self.largest));
        }
        Ok(bytes)
    }
}
