//! Operations and plans to files.
//!
//! Each target has a folder of its own below `targets/`, with its quoting, its limits, its
//! templates and the parser that reads its files back.

pub mod artifact;
pub mod build;
pub mod commit;
pub mod manifest;
pub mod quote;
pub mod target;
pub mod targets;
pub mod template;
