//! Derivations: each number as a tree of the numbers it came from, down to what was written.
//!
//! The trees are read off the facts and the plan that the verdict was judged on; there is no
//! second set of formulas here.

mod loss;
mod time;

pub use loss::loss;
pub use time::{step, time};

use crate::base::{EcoString, SourceMap};
use crate::model::{Assumption, Input, Origin};
use crate::quantity::{Bytes, Duration, Rate, Ratio, show};
use std::collections::BTreeMap;

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
    fn inputs(&self, see: &mut impl FnMut(&Self, Origin)) {
        if let Source::Input(origin) = self.source {
            see(self, origin);
        }
        for child in &self.children {
            child.inputs(see);
        }
    }
}

/// A number that a verdict rests on and that the user did not state.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Assumed {
    /// What is assumed.
    pub text: String,
    /// Where the figure comes from: a reason, or a place in the standard library.
    pub source: String,
}

/// The assumptions of several derivations, each once, in order.
#[derive(Debug, Default)]
pub struct Assumptions {
    known: BTreeMap<Assumed, usize>,
    defaults: BTreeMap<*const Assumption, usize>,
}

impl Assumptions {
    /// Takes in those of a derivation, and gives their numbers in the order in which they were
    /// first met.
    pub fn of(&mut self, tree: &Node, sources: &SourceMap) -> Vec<usize> {
        let mut numbers = Vec::new();
        tree.inputs(&mut |node, origin| {
            let number = match origin.assumed {
                Some(a) => {
                    if let Some(known) = self.defaults.get(&std::ptr::from_ref(a)) {
                        *known
                    } else {
                        let n = self.number(Assumed { text: a.text.into(), source: a.source.into() });
                        self.defaults.insert(std::ptr::from_ref(a), n);
                        n
                    }
                }
                None => match sources.file_of(origin.span) {
                    Some(file) if file.is_std => {
                        let text = format!("{}: {}", node.what, node.value);
                        self.number(Assumed { text, source: sources.place(origin.span) })
                    }
                    _ => return,
                },
            };
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        });
        numbers.sort_unstable();
        numbers
    }

    fn number(&mut self, assumed: Assumed) -> usize {
        let next = self.known.len();
        *self.known.entry(assumed).or_insert(next)
    }

    /// All that were met, by their numbers.
    pub fn list(&self) -> Vec<&Assumed> {
        let mut list: Vec<(&Assumed, usize)> = self.known.iter().map(|(a, n)| (a, *n)).collect();
        list.sort_by_key(|(_, n)| *n);
        list.into_iter().map(|(a, _)| a).collect()
    }
}
