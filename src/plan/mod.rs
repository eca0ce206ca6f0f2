//! A scenario to an ordered recovery: which copy, which steps, in what order, by when.
//!
//! The plan is what an operator follows and what the runner runs; recovery times are read off it.

pub mod lost;
pub mod step;
pub mod times;

pub use lost::Lost;
pub use step::{Actor, Choice, Interval, Means, Plan, Resource, Stage, Step, StepKind, Subject};
