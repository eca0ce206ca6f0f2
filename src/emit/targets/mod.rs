//! The targets, one folder each.

mod interface;
pub mod keepalived;
pub mod shaping;
