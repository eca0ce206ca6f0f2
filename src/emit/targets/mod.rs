//! The targets, one folder each.

pub mod bacula;
pub mod cron;
mod interface;
pub mod keepalived;
pub mod plans;
pub mod rsync;
pub mod shaping;
