//! What a finding is, the one list of them, and how they are shown.
//!
//! A finding is data: a name from the [`catalogue`], one message, labels at places in the sources,
//! and help. Constructors live beside the stage that finds; rendering lives in [`render`].

pub mod allow;
pub mod catalogue;
mod finding;
pub mod pages;
pub mod render;

pub use allow::{Waived, Waiver};
pub use catalogue::Entry;
pub use finding::{Diagnostic, Fix, Label, Problems, Replacement, Severity};
