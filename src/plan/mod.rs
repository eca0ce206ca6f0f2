//! A scenario to an ordered recovery: which copy, which steps, in what order, by when.
//!
//! The plan is what an operator follows and what the runner runs; recovery times are read off it.

mod afterwards;
mod audit;
mod build;
mod busy;
mod choose;
mod index;
pub mod lost;
mod reading;
mod recover;
mod scenarios;
mod services;
pub mod step;
pub mod times;

pub use audit::audit;
pub use build::{Estate, name_all, plan};
pub use index::Index;
pub use lost::Lost;
pub use scenarios::scenarios;
pub use step::{Actor, Choice, Interval, Means, Plan, Reason, Resource, Stage, Step, StepKind, Subject};
