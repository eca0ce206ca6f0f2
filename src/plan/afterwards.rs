//! What follows a recovery: protection, messages, and the way back.

use super::build::{Builder, Draft, Once};
use super::step::{Actor, Stage, StepKind, Subject};
use super::units::response_of;
use crate::model::{Data, Host, Response};
use crate::ops::Director;
use la_arena::Idx;
use std::collections::BTreeSet;

impl Builder<'_> {
    /// What follows when everything works again, and the way back.
    pub(super) fn afterwards(&mut self) {
        if !self.steps.iter().any(|s| matches!(s.step.kind, StepKind::Declare)) {
            return;
        }
        let responses: Vec<Option<Idx<Response>>> = self.people_known();
        let done: Vec<usize> = self.recovered.iter().map(|(_, n)| *n).collect();
        let moved: Vec<(Idx<Data>, Idx<Host>, usize)> = self
            .recovered
            .iter()
            .filter_map(|(s, n)| match s {
                Subject::Data(d) => self.homes.get(d).map(|h| (*d, *h, *n)),
                Subject::Service(_) => None,
            })
            .collect();
        let mut repoints = Vec::new();
        for (n, placed) in self.steps.iter().enumerate() {
            if let StepKind::Promote { cluster, host, others, .. } = &placed.step.kind {
                let follow =
                    |r: &Idx<Host>| StepKind::Repoint { cluster: *cluster, replica: *r, primary: *host };
                repoints.extend(others.iter().map(|r| (follow(r), n)));
            }
        }
        for (kind, n) in repoints {
            self.add(Draft::new(kind, Actor::Runner, vec![n]).stage(Stage::Afterwards));
        }
        for director in self.held() {
            let draft = Draft::new(StepKind::Release { director }, Actor::Runner, done.clone());
            self.add(draft.stage(Stage::Afterwards));
        }
        if let Some(response) = responses.first() {
            let draft = Draft::new(StepKind::Announce, Actor::Person, done).people(*response);
            self.add(draft.stage(Stage::Afterwards));
        }
        self.failback(&moved);
    }

    fn people_known(&self) -> Vec<Option<Idx<Response>>> {
        let known = self.once.keys().filter_map(|k| match k {
            Once::Declare(r) => Some(*r),
            _ => None,
        });
        known.collect()
    }

    fn held(&self) -> Vec<Idx<Director>> {
        let held = self.once.keys().filter_map(|k| match k {
            Once::Hold(d) => Some(*d),
            _ => None,
        });
        held.collect()
    }

    /// Data that moved to another host goes home, once a copy stands there again.
    fn failback(&mut self, moved: &[(Idx<Data>, Idx<Host>, usize)]) {
        let model = self.estate.model;
        let mut seen = BTreeSet::new();
        for (data, host, n) in moved {
            let home = model.primary_host(*data);
            let unit = crate::flow::together(model, *data).first().copied();
            if home == *host || !seen.insert(unit) {
                continue;
            }
            let response = response_of(model, *data);
            let kind = StepKind::Reprotect { data: *data, host: home, from: *host };
            let again = Draft::new(kind, Actor::Person, vec![*n]).people(response).stage(Stage::Failback);
            let again = self.add(again);
            let kind = StepKind::FailBack { data: *data, from: *host, to: home };
            self.add(Draft::new(kind, Actor::Person, vec![again]).people(response).stage(Stage::Failback));
        }
    }
}
