//! The targets, one folder each.

pub mod bacula;
pub mod cron;
pub mod rsync;
