//! Trees of all files to one resolved spec: files brought in, patterns and loops unrolled, names
//! bound, values typed by the schema.
//!
//! A value that is wrong is left out and its block marked as poisoned; whatever needs it stays
//! silent, since its finding has been made.

mod check;
mod claims;
mod env;
mod errors;
mod eval;
mod expand;
pub mod hir;
mod library;
mod loader;
mod losses;
mod money;
mod phrase;
mod scope;
mod table;

pub use hir::{Hir, Item, ItemId, Value};
pub use library::{module_names, module_source};
pub use loader::{Loaded, Module, load};

use crate::base::limits::Limits;
use crate::diag::Problems;

/// Binds names and types values.
pub fn resolve(loaded: &Loaded, limits: &Limits, problems: &mut Problems) -> Hir {
    let expanded = expand::expand(loaded, limits, problems);
    check::check(loaded, &expanded, problems)
}
