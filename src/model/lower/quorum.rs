//! Votes of a database: who could decide that one side goes on alone.

use super::{Lower, errors};
use crate::model::{Cluster, Host, Site};
use la_arena::Idx;
use std::collections::BTreeMap;

impl Lower<'_> {
    /// Looks at the votes of a cluster that states an automatic failover or a witness. One
    /// finding, the first that applies: votes that part in halves, a site without which no
    /// majority is left, an automatic failover that nothing performs.
    pub(super) fn votes(&mut self, id: Idx<Cluster>) {
        let cluster = &self.model.clusters[id];
        let at = match (cluster.automatic, cluster.witness) {
            (Some(at), _) | (None, Some((_, at))) => at,
            (None, None) => return,
        };
        let voters = cluster.voters();
        let mut sites: BTreeMap<Idx<Site>, usize> = BTreeMap::new();
        for host in &voters {
            *sites.entry(self.model.hosts[*host].site).or_default() += 1;
        }
        let left = |gone: usize| voters.len() - gone;
        // In one site no vote decides anything when the site is gone.
        let spread = sites.len() > 1;
        let fatal = sites.iter().find(|(_, gone)| spread && !majority(left(**gone), voters.len()));
        let finding = if voters.len().is_multiple_of(2) {
            Some(errors::even_votes(at, &cluster.name, voters.len()))
        } else if let Some((site, gone)) = fatal {
            let site = &self.model.sites[*site].name;
            Some(errors::no_quorum(at, &cluster.name, site, left(*gone), voters.len()))
        } else {
            cluster.automatic.map(|at| errors::failover_by_people(at, &cluster.name))
        };
        if let Some(finding) = finding {
            self.problems.push(finding);
        }
    }
}

/// Whether so many votes of all are more than half.
fn majority(left: usize, all: usize) -> bool {
    left * 2 > all
}

impl Cluster {
    /// The hosts that have a vote: those that hold its data, and its witness. Each once.
    pub fn voters(&self) -> Vec<Idx<Host>> {
        let hosts = std::iter::once(self.primary.0).chain(self.replicas.iter().map(|r| r.0));
        let mut voters: Vec<Idx<Host>> = hosts.chain(self.witness.map(|w| w.0)).collect();
        voters.sort_unstable();
        voters.dedup();
        voters
    }
}
