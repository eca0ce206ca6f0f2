//! What a replica fetches from another one before it is promoted.
//!
//! Nothing that is emitted knows this traffic: the other host's shaping has no class for it. So it
//! has what is left when everyone else takes all that they may at any time: on a link what neither
//! streams nor runs can ask for, each on any of its ways (the plan lets no restore cross the link
//! meanwhile); on cards that, or a fair part.

use super::Facts;
use super::fluid::{mathis_limit, window_limit};
use crate::model::{Class, Host, Model};
use crate::ops::shaping::way_back;
use crate::quantity::{Duration, Rate, Ratio};
use la_arena::Idx;

impl Facts {
    /// What one host is sure to get from another over what nothing holds others to. Zero: nothing.
    pub fn left_between(&self, model: &Model, from: Idx<Host>, to: Idx<Host>) -> Rate {
        let Some(hops) = way_back(model, from, to) else { return Rate(0) };
        let spare = &self.crowd.spare;
        let mut rate = spare.guest(model, from, true).min(spare.guest(model, to, false));
        for hop in &hops {
            let link = &model.links[hop.link];
            let mut line = link.bandwidth.value.part_down(link.efficiency.value);
            if link.enforced.is_some() && !link.shares.is_empty() {
                // Something else holds it to its class.
                line = link.share(Class::Replication).map_or(Rate(0), |s| line.part_down(s.value));
            }
            let others = self.crowd.peaks.get(&(hop.link, hop.direction)).copied().unwrap_or(0);
            let others = u64::try_from(others).unwrap_or(u64::MAX);
            rate = rate.min(Rate(line.0.saturating_sub(others)));
        }
        let links = || hops.iter().map(|h| &model.links[h.link]);
        let rtt: Duration = links().map(|l| l.rtt.value).sum();
        let loss = Ratio(links().fold(0, |sum: u64, l| sum.saturating_add(l.loss.value.0)));
        let window = links().map(|l| l.window.value).min();
        let one = window.and_then(|w| window_limit(w, rtt)).into_iter().chain(mathis_limit(rtt, loss));
        one.fold(rate, Rate::min)
    }
}
