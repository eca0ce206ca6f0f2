//! All that a commit changes on disk, one operation each, so that tests can stop between any two.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// The permission bits of folders. They are laid over the folders of hosts, so they are the usual
/// ones: narrower bits on `/etc` would stop a host from working.
pub const FOLDER_MODE: u32 = 0o755;

/// The operations. Each has happened on disk when it returns.
pub trait Changes {
    /// Makes a folder; its parent is there.
    ///
    /// # Errors
    /// Those of the system.
    fn make_folder(&mut self, path: &Path) -> io::Result<()>;

    /// Writes a new file with these permission bits.
    ///
    /// # Errors
    /// Those of the system; when there is something at the path already.
    fn write(&mut self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()>;

    /// Makes what was made, renamed or removed in a folder outlast a loss of power.
    ///
    /// # Errors
    /// Those of the system.
    fn sync_folder(&mut self, path: &Path) -> io::Result<()>;

    /// Renames; an empty folder at `to` is replaced.
    ///
    /// # Errors
    /// Those of the system.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file, or a link and not what it leads to.
    ///
    /// # Errors
    /// Those of the system.
    fn remove_file(&mut self, path: &Path) -> io::Result<()>;

    /// Removes an empty folder.
    ///
    /// # Errors
    /// Those of the system.
    fn remove_folder(&mut self, path: &Path) -> io::Result<()>;
}

/// The disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Real;

impl Changes for Real {
    fn make_folder(&mut self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)?;
        fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE))
    }

    fn write(&mut self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
        // Nobody else may read it before its bits are set.
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()
    }

    fn sync_folder(&mut self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }
}
