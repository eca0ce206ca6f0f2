//! What a spec says about its own verdicts.

use super::{Data, Objective, Service};
use crate::base::{EcoString, Span};
use crate::diag::Waiver;
use crate::quantity::Quantity;
pub use crate::resolve::hir::Compare;
use la_arena::Idx;

/// What an objective is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// A data class.
    Data(Idx<Data>),
    /// A service.
    Service(Idx<Service>),
}

/// Waivers and assertions.
#[derive(Debug, Default)]
pub struct Claims {
    /// Findings that the spec knows of and lives with.
    pub waivers: Vec<Waiver>,
    /// What must hold beside the promises of tiers.
    pub assertions: Vec<Assertion>,
}

/// `assert left <= right because "…"`.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// The left side.
    pub left: Side,
    /// How the sides compare.
    pub compare: Compare,
    /// The right side.
    pub right: Side,
    /// Why it is asserted.
    pub because: Option<EcoString>,
    /// Where it stands.
    pub span: Span,
}

/// One side of an assertion.
#[derive(Clone, Debug)]
pub enum Side {
    /// A value.
    Quantity(Quantity),
    /// What is lost, or how long recovery takes, at worst.
    Measure(Asked),
    /// What is claimed of an objective.
    Verdict(Asked),
    /// `proved`, `refuted` or `unknown`.
    Status(EcoString),
}

/// An objective under a scenario.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Whose.
    pub subject: Subject,
    /// Which.
    pub objective: Objective,
    /// The scenario's name; several may bear it, as every corruption does.
    pub scenario: EcoString,
    /// Where it stands.
    pub span: Span,
}
