//! Waivers and assertions.

use super::Lower;
use crate::model::claims::{Asked, Assertion, Side};
use crate::model::{Objective, Subject};
use crate::resolve::hir;
use crate::schema::Kind;

impl Lower<'_> {
    /// Assertions about what is not in the model are left out in silence, as that was.
    pub(super) fn claims(&mut self) {
        self.model.claims.waivers = self.hir.waivers.clone();
        let assertions = self.hir.assertions.iter().filter_map(|a| {
            Some(Assertion {
                left: self.side(&a.left)?,
                compare: a.compare,
                right: self.side(&a.right)?,
                because: a.because.clone(),
                span: a.span,
            })
        });
        self.model.claims.assertions = assertions.collect();
    }

    fn side(&self, side: &hir::Side) -> Option<Side> {
        let asked = |rto: bool, subject: hir::ItemId, scenario: &crate::base::EcoString, span| {
            let subject = match self.hir.get(subject).def.kind {
                Kind::Service => Subject::Service(self.id(subject)?),
                _ => Subject::Data(self.id(subject)?),
            };
            let objective = if rto { Objective::Rto } else { Objective::Rpo };
            Some(Asked { subject, objective, scenario: scenario.clone(), span })
        };
        Some(match side {
            hir::Side::Quantity(q) => Side::Quantity(*q),
            hir::Side::Measure { rto, subject, scenario, span } => {
                Side::Measure(asked(*rto, *subject, scenario, *span)?)
            }
            hir::Side::Verdict { rto, subject, scenario, span } => {
                Side::Verdict(asked(*rto, *subject, scenario, *span)?)
            }
            hir::Side::Status(word) => Side::Status(word.clone()),
        })
    }
}
