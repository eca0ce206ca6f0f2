//! The targets, one folder each.

pub mod bacula;
pub mod cron;
mod interface;
pub mod keepalived;
pub mod plans;
pub mod rsync;
pub mod shaping;

use super::target::Target;

/// Every target, in the order in which they are built.
pub static ALL: &[&dyn Target] =
    &[&bacula::Bacula, &keepalived::Keepalived, &cron::Cron, &rsync::Rsync, &shaping::Shaping, &plans::Plans];
