//! What streams do that are cut or take another way while everything that they join stands: how
//! long an outage the recovery point tolerates, and how long its backlog takes to go.

use super::build::Builder;
use crate::flow::Gone;
use crate::model::{Host, Idx, Link, Model};
use crate::ops::Stream;
use crate::quantity::{Duration, show};

impl Builder<'_> {
    /// Says it of every stream whose primary and replica are left and whose way, or source, is not.
    pub(super) fn outages(&mut self) {
        let (model, ops, facts) = (self.estate.model, self.estate.ops, self.estate.facts);
        let links: Vec<Idx<Link>> = self.lost.cut_links().collect();
        let hosts: Vec<Idx<Host>> = self.lost.hosts().collect();
        if links.is_empty() && hosts.is_empty() {
            return;
        }
        let gone = Gone { links: &links, hosts: &hosts };
        for (id, stream) in ops.streams.iter() {
            let primary = model.clusters[stream.cluster].primary.0;
            if self.lost.host(primary) || self.lost.host(stream.to) {
                continue;
            }
            let usual = stream.paths.first().is_none_or(|p| p.hops.iter().all(|h| !self.lost.link(h.link)));
            let source = stream.from != primary;
            if usual && !source {
                continue;
            }
            let detour = facts.detour(model, ops, id, gone);
            if !detour.cut && !detour.moved {
                continue;
            }
            let replica = &model.hosts[stream.to].name;
            let behind = match detour.behind {
                Some(behind) => format!("at most {} behind", show::duration(behind)),
                None => "without a bound on how far it is behind".to_owned(),
            };
            if !detour.cut {
                let way = detour.way.map_or_else(String::new, |w| way(model, stream, w));
                self.note(format!("`{replica}` goes on{way}, {behind}"));
                continue;
            }
            let lost = if self.lost.host(stream.from) {
                format!(
                    ", since `{}`, which it reads, is lost: point it at the primary by hand",
                    model.hosts[stream.from].name
                )
            } else {
                String::new()
            };
            let tightest = model.data_in(stream.cluster).into_iter().filter_map(|d| {
                let tier = model.data[d].tier?.0;
                model.tiers[tier].bounds(self.kind).rpo.map(|r| r.value)
            });
            let Some(rpo) = tightest.min() else {
                self.note(format!("`{replica}` receives nothing meanwhile{lost}"));
                continue;
            };
            let allowed = show::duration(rpo);
            match facts.tolerated(model, ops, id, gone, rpo) {
                Some(outage) => {
                    let drained = match facts.drain(model, ops, id, outage) {
                        Some(time) if time == Duration::ZERO => "at once".to_owned(),
                        Some(time) => format!("within {}", show::duration(time)),
                        None => "without a bound".to_owned(),
                    };
                    self.note(format!(
                        "`{replica}` receives nothing meanwhile{lost}; after an outage of up to {} it lacks no more than {allowed}, and has caught up {drained}",
                        show::duration(outage)
                    ));
                }
                None => self.note(format!(
                    "`{replica}` receives nothing meanwhile{lost}, and nothing shows that it lacks no more than {allowed}"
                )),
            }
        }
    }
}

/// The links of a way, in words.
fn way(model: &Model, stream: &Stream, way: usize) -> String {
    let hops = stream.paths.get(way).map_or(&[][..], |p| &p.hops);
    let names: Vec<String> = hops.iter().map(|h| format!("`{}`", model.links[h.link].name)).collect();
    if names.is_empty() { String::new() } else { format!(" over {}", names.join(" then ")) }
}
