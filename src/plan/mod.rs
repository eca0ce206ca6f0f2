//! A scenario to an ordered recovery: which copy, which steps, in what order, by when.
//!
//! The plan is what an operator follows and what the runner runs; recovery times are read off it.

mod afterwards;
mod audit;
mod build;
mod busy;
mod choose;
mod detours;
mod exposure;
mod floor;
mod improve;
mod index;
mod legs;
pub mod lost;
mod order;
mod outage;
mod reading;
mod recover;
mod requisites;
mod scarce;
mod scenarios;
mod services;
pub mod step;
pub mod times;
mod units;
mod usable;
mod votes;

pub use audit::audit;
pub use build::{Estate, name_all};
pub use exposure::{Exposure, Second, expose};
pub use floor::{Crowd, Floor, floors};
pub use improve::{misses, plain, plan};
pub use index::Index;
pub use legs::Leg;
pub use lost::Lost;
pub use outage::Outage;
pub use scenarios::scenarios;
pub use step::{Actor, Choice, Interval, Means, Plan, Reason, Resource, Stage, Step, StepKind, Subject};
pub use units::{after_data, due, own};
pub use votes::{Votes, votes};
