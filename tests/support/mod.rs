//! The real programs that judge what is emitted, one file a target.

pub mod bacula;
pub mod cron;
pub mod keepalived;
pub mod plans;
pub mod rsync;
pub mod shaping;
