//! Derivations: each number as a tree of the numbers it came from, down to what was written.
//!
//! The trees are read off the facts and the plan that the verdict was judged on; there is no
//! second set of formulas here.

mod assumptions;
mod kept;
mod loss;
mod outage;
mod time;

pub use assumptions::{Assumed, Assumptions, Seen};
pub use loss::loss;
pub use outage::outages;
pub use time::time;

use crate::base::EcoString;
use crate::model::{Input, Origin};
use crate::quantity::{Bytes, Duration, Rate, Ratio, show};

/// A number with its unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    /// A time.
    Time(Duration),
    /// A time without bound.
    Never,
    /// An amount of data.
    Size(Bytes),
    /// Bits per second.
    Rate(Rate),
    /// Bytes per second.
    Flow(u64),
    /// A part of one.
    Part(Ratio),
    /// A number of things.
    Count(u64),
    /// No number: a heading, or words that say it all.
    None,
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Time(t) => f.write_str(&show::duration(*t)),
            Self::Never => f.write_str("without bound"),
            Self::Size(b) => f.write_str(&show::bytes(*b)),
            Self::Rate(r) => f.write_str(&show::rate(*r)),
            Self::Flow(b) => f.write_str(&show::bytes_per_sec(*b)),
            Self::Part(r) => f.write_str(&show::ratio(*r)),
            Self::Count(n) => write!(f, "{n}"),
            Self::None => Ok(()),
        }
    }
}

impl From<Option<Duration>> for Value {
    fn from(time: Option<Duration>) -> Self {
        time.map_or(Self::Never, Self::Time)
    }
}

impl From<Option<Bytes>> for Value {
    fn from(bytes: Option<Bytes>) -> Self {
        bytes.map_or(Self::Never, Self::Size)
    }
}

/// Where a number comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// A rule, in words, applied to the children.
    Rule(&'static str),
    /// Somebody's statement, or a default of the compiler's.
    Input(Origin),
}

/// One number of a derivation.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub what: EcoString,
    /// How much.
    pub value: Value,
    /// Where it comes from.
    pub source: Source,
    /// What a rule was applied to.
    pub children: Vec<Node>,
}

impl Node {
    fn rule(what: impl Into<EcoString>, value: Value, rule: &'static str, children: Vec<Self>) -> Self {
        Self { what: what.into(), value, source: Source::Rule(rule), children }
    }

    fn input<T>(what: impl Into<EcoString>, input: &Input<T>, value: Value) -> Self {
        Self::origin(what, value, input.origin())
    }

    fn origin(what: impl Into<EcoString>, value: Value, origin: Origin) -> Self {
        Self { what: what.into(), value, source: Source::Input(origin), children: Vec::new() }
    }

    /// Calls `see` with every input below.
    pub fn inputs(&self, see: &mut impl FnMut(&Self, Origin)) {
        if let Source::Input(origin) = self.source {
            see(self, origin);
        }
        for child in &self.children {
            child.inputs(see);
        }
    }
}
