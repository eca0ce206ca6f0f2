//! Answers beyond yes and no: how far inputs can move before a verdict turns, and which changes
//! mend what fails.
//!
//! A change is an edit of the spec's text. It is tried by running the whole compiler over the
//! changed text, so what is offered has been checked exactly as the user would write it.

mod combine;
mod edit;
mod levers;
mod mover;
mod reading;
mod relevant;
mod roles;
pub mod slack;
pub mod suggest;
mod trial;
mod writing;

pub use edit::{Edit, edited};
pub use roles::Who;
pub use trial::{Claim, Key, State, Trials};
