//! The real programs that judge what is emitted, one file a target.

#[expect(dead_code, reason = "its lab is for the tests of that target alone")]
pub mod bacula;
pub mod cron;
pub mod keepalived;
pub mod plans;
pub mod rsync;
pub mod shaping;
