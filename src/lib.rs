//! **dr** is a language for disaster recovery as code; this library is its compiler.
//!
//! A spec becomes files in stages, each with one input type and one output type; `ARCHITECTURE.md`
//! is the map.

// Not in Cargo.toml with the other lints: tests stop at the first surprise, the library never does.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![warn(clippy::string_slice)]

pub mod answers;
pub mod base;
pub mod calendar;
pub mod cli;
pub mod cost;
pub mod diag;
pub mod driver;
pub mod emit;
pub mod flow;
pub mod judge;
pub mod model;
pub mod ops;
pub mod plan;
pub mod quantity;
pub mod resolve;
pub mod schema;
pub mod simulate;
pub mod syntax;
pub mod why;
