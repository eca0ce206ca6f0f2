//! The targets, one folder each.
pub mod bacula;
