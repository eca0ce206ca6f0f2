//! A scenario to an ordered recovery: which copy, which steps, in what order, by when.
//!
//! The plan is what an operator follows and what the runner runs; recovery times are read off it.

mod afterwards;
mod audit;
mod build;
mod choose;
mod detours;
mod index;
pub mod lost;
mod outage;

mod reading;
mod recover;
mod requisites;
mod scenarios;
mod services;
pub mod step;
pub mod times;
mod votes;

pub use audit::audit;
pub use build::{Estate, name_all, plan};
pub use index::Index;
pub use lost::Lost;
pub use outage::Outage;
pub use scenarios::scenarios;
pub use step::{Actor, Choice, Interval, Means, Plan, Reason, Resource, Stage, Step, StepKind, Subject};
pub use votes::{Votes, votes};
