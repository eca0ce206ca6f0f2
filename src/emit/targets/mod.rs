//! The targets, one folder each.

pub mod plans;
