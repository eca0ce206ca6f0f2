//! What is claimed of each objective under each scenario.

use crate::base::Span;
use crate::model::{Copy, Objective};
use crate::plan::{Floor, Reason, Subject};
use crate::quantity::Duration;
use la_arena::Idx;

/// Whether an objective is met.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// In every behaviour that the inputs admit.
    Proved,
    /// Not: one behaviour that the inputs admit, the witness, exceeds it.
    Refuted,
    /// Neither is known.
    Unknown,
}

impl Status {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Refuted => "refuted",
            Self::Unknown => "unknown",
        }
    }

    /// From a bound from above and a value that is surely reached. No bound and nothing that is
    /// surely reached is unknown.
    pub fn of(allowed: Duration, predicted: Option<Duration>, surely: Duration) -> Self {
        match predicted {
            Some(bound) if bound <= allowed => Self::Proved,
            _ if surely > allowed => Self::Refuted,
            _ => Self::Unknown,
        }
    }
}

/// One objective of one subject under one scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Whose.
    pub subject: Subject,
    /// Which objective.
    pub objective: Objective,
    /// Under which scenario, by its place in the list.
    pub scenario: u32,
    /// What is claimed.
    pub status: Status,
    /// What the tier allows.
    pub allowed: Duration,
    /// Where the tier says so.
    pub allowed_at: Span,
    /// The bound; `None` when there is none.
    pub predicted: Option<Duration>,
    /// What a behaviour that is admitted surely reaches.
    pub surely: Duration,
    /// The copy that serves, when one has to.
    pub relies_on: Option<Idx<Copy>>,
    /// Why there is no bound.
    pub reason: Option<Reason>,
    /// The behaviour that exceeds the objective, when refuted.
    pub witness: Option<Box<Witness>>,
    /// The waiver that covers it when it is not proved, by its place in the model's list.
    pub waived: Option<usize>,
    /// What no other plan would beat, where a recovery time is refuted.
    pub floor: Option<Box<Floor>>,
}

impl Verdict {
    /// How near to failing: those that are not proved above all others, refuted ones first, then
    /// by the part of what is allowed that the bound takes, in billionths.
    pub fn strain(&self) -> (bool, bool, u128) {
        let part = match self.predicted {
            Some(p) => u128::from(p.0) * 1_000_000_000 / u128::from(self.allowed.0.max(1)),
            None => u128::MAX,
        };
        let open = self.waived.is_none();
        (open && self.status != Status::Proved, open && self.status == Status::Refuted, part)
    }
}

/// A behaviour that exceeds an objective, in words and instants that can be replayed.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Witness {
    /// The moment of the strike.
    pub strike: String,
    /// The newest moment up to which writes are kept, or what is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
    /// What binds: the run, the link, the steps.
    pub bound_by: String,
}
