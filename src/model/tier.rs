//! What is promised, and how people react.

use super::{Input, StrikeKind};
use crate::base::{EcoString, Span};
use crate::quantity::Duration;
use la_arena::Idx;

/// The two objectives, either of which may be absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// Most recent work that may be lost, as a time.
    pub rpo: Option<Input<Duration>>,
    /// Longest time until work goes on.
    pub rto: Option<Input<Duration>>,
}

/// A class of promises.
#[derive(Debug)]
pub struct Tier {
    /// Its name.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// What holds in every scenario that has no bounds of its own.
    pub general: Bounds,
    /// Bounds for kinds of scenario, which replace the general ones.
    pub special: Vec<(StrikeKind, Bounds)>,
    /// Who reacts, unless the data class or service says otherwise.
    pub response: Option<(Idx<Response>, Span)>,
    /// How many runs in a row each schedule may have missed before a strike. None when not stated.
    pub tolerate: Option<Input<u64>>,
    /// Longest time from a loss until every copy stands again, if anybody asks for one.
    pub reprotect: Option<Input<Duration>>,
    /// Whether links and stores must be encrypted.
    pub encrypted: Option<Input<bool>>,
    /// How often each backup must be read back.
    pub verify_every: Option<Input<Duration>>,
}

/// Which objective.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Objective {
    /// Recovery point objective.
    Rpo,
    /// Recovery time objective.
    Rto,
}

impl Objective {
    /// Its name in specs and outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rpo => "rpo",
            Self::Rto => "rto",
        }
    }
}

impl Tier {
    /// What it promises in a kind of scenario.
    pub fn bounds(&self, kind: StrikeKind) -> Bounds {
        let of = |kind| self.special.iter().find(|(k, _)| *k == kind).map(|(_, b)| *b).unwrap_or_default();
        let special = of(kind);
        let broader = kind.broader().map(of).unwrap_or_default();
        Bounds {
            rpo: special.rpo.or(broader.rpo).or(self.general.rpo),
            rto: special.rto.or(broader.rto).or(self.general.rto),
        }
    }
}

/// How people react to a disaster.
#[derive(Debug)]
pub struct Response {
    /// Its name.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// From the strike until somebody knows: least and most.
    pub detect: Input<(Duration, Duration)>,
    /// From knowing until the decision stands: least and most.
    pub declare: Input<(Duration, Duration)>,
    /// From the corruption until somebody knows, which takes longer than a loss: most.
    pub notice: Input<(Duration, Duration)>,
    /// What one confirmed manual step takes: least and most.
    pub confirm: Input<(Duration, Duration)>,
    /// People who can work on steps at the same time.
    pub operators: Input<u64>,
}
