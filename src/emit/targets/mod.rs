//! The targets, one folder each.

pub mod cron;
pub mod plans;
pub mod rsync;
