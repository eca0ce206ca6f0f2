//! What recovery itself needs: keys, what opens a store, from where plans are run.

use super::{Get, Lower};
use crate::base::Span;
use crate::model::{Keeper, Store};
use crate::resolve::hir::ItemId;
use crate::schema::Kind;
use la_arena::Idx;

impl Lower<'_> {
    /// The places that a list names; `None` when one of them is not in the model.
    pub(super) fn keepers(&self, refs: &[(ItemId, Span)]) -> Option<Vec<(Keeper, Span)>> {
        let keeper = |what: ItemId| {
            Some(match self.hir.get(what).def.kind {
                Kind::Host => Keeper::Host(self.id(what)?),
                Kind::Store => Keeper::Store(self.id(what)?),
                _ => Keeper::Site(self.id(what)?),
            })
        };
        refs.iter().map(|(what, span)| Some((keeper(*what)?, *span))).collect()
    }

    /// What must work before a store can be read: data classes are known only behind the stores.
    pub(super) fn openers(&mut self) {
        for (id, item) in self.sound(Kind::Store) {
            let Some(store) = self.id::<crate::model::Store>(id) else { continue };
            let store: Idx<Store> = store;
            if let Some(by) = self.ids(item.refs("opened-by")) {
                self.model.stores[store].opened_by = by;
            }
        }
    }

    /// All `control` blocks together.
    pub(super) fn control(&mut self) {
        for (_, item) in self.sound(Kind::Control) {
            if let (Some(hosts), Some(plans)) =
                (self.ids(item.refs("hosts")), self.keepers(item.refs("plans")))
            {
                self.model.control.hosts.extend(hosts);
                self.model.control.plans.extend(plans);
            }
        }
    }
}
