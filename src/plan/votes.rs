//! What is left of the votes of databases: told, and counted on by nothing, since nothing that is
//! emitted promotes by votes.

use super::Lost;
use crate::model::{Cluster, Model};
use la_arena::Idx;

/// What is left of a database's votes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Votes {
    /// The database.
    pub cluster: Idx<Cluster>,
    /// How many are left.
    pub left: usize,
    /// Of how many.
    pub all: usize,
}

/// The databases that name a witness or an automatic failover and have lost votes, in order.
pub fn votes(model: &Model, lost: &Lost) -> Vec<Votes> {
    let counted = model.clusters.iter().filter(|(_, c)| c.witness.is_some() || c.automatic.is_some());
    counted
        .map(|(cluster, c)| {
            let voters = c.voters();
            let left = voters.iter().filter(|h| !lost.host(**h)).count();
            Votes { cluster, left, all: voters.len() }
        })
        .filter(|v| v.left < v.all)
        .collect()
}

impl Votes {
    /// Whether those that are left are more than half.
    pub fn majority(&self) -> bool {
        self.left * 2 > self.all
    }

    /// In words.
    pub fn words(&self, model: &Model) -> String {
        format!(
            "{} of the {} votes of `{}` are left, {}; nothing that drc writes counts votes, so people promote",
            self.left,
            self.all,
            model.clusters[self.cluster].name,
            if self.majority() { "a majority" } else { "no majority" }
        )
    }
}
