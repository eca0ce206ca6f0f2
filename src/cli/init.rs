//! `drc init`.

use super::{Failure, Outcome};
use clap::{Args, ValueEnum};
use std::io::Write as _;
use std::path::PathBuf;

/// A new spec that checks clean.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// The folder; it is made when it is not there.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// What to begin with.
    #[arg(long, value_enum, default_value_t = Pattern::SmallOffice)]
    pattern: Pattern,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Pattern {
    /// One site, one store outside of it, backups only.
    SmallOffice,
    /// Two cities, three centres, a database cluster, a web pool.
    Shop,
}

impl Pattern {
    fn text(self) -> &'static str {
        match self {
            Self::SmallOffice => include_str!("../../examples/small-office/main.dr"),
            Self::Shop => include_str!("../../examples/shop/main.dr"),
        }
    }
}

impl Init {
    pub fn run(&self) -> Result<Outcome, Failure> {
        let path = self.folder.join("main.dr");
        let failed = |e: std::io::Error| Failure(format!("cannot write {}: {e}", path.display()));
        std::fs::create_dir_all(&self.folder).map_err(failed)?;
        // What is there already is never replaced.
        let mut file = std::fs::File::create_new(&path).map_err(failed)?;
        file.write_all(self.pattern.text().as_bytes()).map_err(failed)?;
        let out = format!("wrote {}; now: drc check {}\n", path.display(), self.folder.display());
        Ok(Outcome { out, ..Outcome::default() })
    }
}
