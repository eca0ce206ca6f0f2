//! The critical path to the end of a step: who waits for whom, and for what.

use super::step::{Plan, Resource, StepKind};
use crate::model::Model;
use crate::quantity::Duration;

/// A step on the way to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leg {
    /// The step.
    pub step: usize,
    /// What it adds to the time.
    pub takes: Duration,
    /// What the step before it on the path had, when it waits for that alone.
    pub waits_for: Option<Resource>,
}

impl Plan {
    /// The steps that wait for one another until a step ends, at their longest: the first first.
    pub fn path(&self, step: usize) -> Vec<usize> {
        let last_before = |n: usize| {
            let step = self.steps.get(n)?;
            step.after.iter().copied().max_by_key(|a| self.steps.get(*a).map(|s| s.finish))
        };
        let mut path: Vec<usize> = std::iter::successors(Some(step), |n| last_before(*n)).collect();
        path.reverse();
        path
    }

    /// The same, each with what it adds and what it waits for.
    pub fn legs(&self, step: usize) -> Vec<Leg> {
        let mut before: Option<usize> = None;
        let mut legs = Vec::new();
        for n in self.path(step) {
            let Some(s) = self.steps.get(n) else { continue };
            let from = before.and_then(|b| self.steps.get(b)).map_or(Duration::ZERO, |b| b.finish);
            let waits_for = s.behind.iter().find(|b| Some(b.0) == before).map(|b| b.1);
            legs.push(Leg { step: n, takes: s.finish.minus(from), waits_for });
            before = Some(n);
        }
        legs
    }
}

impl Resource {
    /// What it is, in a few words.
    pub fn words(self, model: &Model) -> String {
        match self {
            Self::Store(s) => format!("`{}`", model.stores[s].name),
            Self::Link(l) => format!("`{}`", model.links[l].name),
            Self::Host(h) => format!("`{}`", model.hosts[h].name),
            Self::Operator => "somebody".to_owned(),
        }
    }
}

impl StepKind {
    /// What a step is about, in a few words behind its name; nothing when the name says it all.
    pub fn about(&self, model: &Model) -> String {
        let host = |h: &crate::model::Idx<crate::model::Host>| format!(" `{}`", model.hosts[*h].name);
        match self {
            Self::Fence { host: h, .. } | Self::Provision { host: h, .. } => host(h),
            Self::StartDatabase { host: h, .. }
            | Self::Promote { host: h, .. }
            | Self::Replay { host: h, .. }
            | Self::StartMember { host: h, .. }
            | Self::Prepare { host: h, .. } => format!(" on{}", host(h)),
            Self::Restore { data, store, to, .. } => {
                format!(" `{}` from `{}` to{}", model.data[*data].name, model.stores[*store].name, host(to))
            }
            Self::Scan { store, .. } => format!(" `{}`", model.stores[*store].name),
            Self::Publish { data, host: h, .. } | Self::VerifyData { data, host: h } => {
                format!(" `{}` on{}", model.data[*data].name, host(h))
            }
            Self::TakeOver { vip, .. } => format!(" `{}`", model.vips[*vip].name),
            Self::DropMembers { pool, .. } => format!(" of `{}`", model.pools[*pool].name),
            Self::SwitchDns { dns, .. } => format!(" `{}`", model.dns[*dns].name),
            Self::VerifyService { service, .. } => format!(" `{}`", model.services[*service].name),
            Self::Resume { cluster } => format!(" `{}`", model.clusters[*cluster].name),
            _ => String::new(),
        }
    }
}
