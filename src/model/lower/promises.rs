//! Tiers and responses.

use super::{Get, Lower, boolean, count, duration, interval, missed};
use crate::base::Span;
use crate::model::{Bounds, Response, Tier};
use crate::resolve::hir::Item;
use crate::schema::{Kind, StrikeKind};
use la_arena::Idx;

/// A reference that a block may leave out: what it names, if it names something.
pub(super) type Named<T> = Option<(Idx<T>, Span)>;

fn bounds(item: &Item) -> Bounds {
    Bounds { rpo: item.read("rpo", duration), rto: item.read("rto", duration) }
}

impl Lower<'_> {
    pub(super) fn responses(&mut self) {
        for (id, item) in self.sound(Kind::Response) {
            let built = (|| {
                Some(Response {
                    name: item.name.clone(),
                    span: item.span,
                    detect: item.read("detect", interval)?,
                    notice: item.read("notice", interval)?,
                    declare: item.read("declare", interval)?,
                    confirm: item.read("confirm", interval)?,
                    operators: item.read("operators", count)?,
                })
            })();
            if let Some(response) = built {
                let response = self.model.responses.alloc(response);
                self.set(id, response);
            }
        }
    }

    pub(super) fn tiers(&mut self) {
        // One response in reach answers for whoever names none.
        let only = match self.hir.responses.as_slice() {
            [one] => Some(self.id(*one).map(|r| (r, self.hir.get(*one).span))),
            _ => None,
        };
        for (id, item) in self.sound(Kind::Tier) {
            let Some(response) = self.response_of(item) else { continue };
            // A response that is broken has been told of.
            if let (None, Some(None)) = (response, only) {
                continue;
            }
            let mut special = Vec::new();
            let mut whole = true;
            for kind in StrikeKind::ALL {
                for (_, case) in self.inside(id, Kind::TierCase(kind)) {
                    whole &= !case.poisoned;
                    special.push((kind, bounds(case)));
                }
            }
            if !whole {
                continue;
            }
            let tier = Tier {
                name: item.name.clone(),
                span: item.span,
                general: bounds(item),
                special,
                response: response.or(only.flatten()),
                tolerate: item.read("tolerate", missed),
                reprotect: item.read("reprotect", duration),
                encrypted: item.read("encrypted", boolean),
                verify_every: item.read("verify-every", duration),
            };
            let tier = self.model.tiers.alloc(tier);
            self.set(id, tier);
        }
    }

    /// The tier that a block claims to meet. `None` when it names one that is not in the model.
    pub(super) fn tier_of(&self, item: &Item) -> Option<Named<Tier>> {
        match item.colon.first() {
            Some((tier, span)) => Some(Some((self.id(*tier)?, *span))),
            None => Some(None),
        }
    }

    /// The response that a block names. `None` when it names one that is not in the model.
    pub(super) fn response_of(&self, item: &Item) -> Option<Named<Response>> {
        match item.reference("response") {
            Some((response, span)) => Some(Some((self.id(response)?, span))),
            None => Some(None),
        }
    }
}
