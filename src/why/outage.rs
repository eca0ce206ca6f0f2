//! What streams do while a link is lost, how long they may, and how long they take to catch up.

use super::loss::received;
use super::{Node, Value};
use crate::flow::Gone;
use crate::flow::outage::REROUTE;
use crate::model::{Data, Host, Idx, Link, On, Scenario};
use crate::plan::{Estate, Lost};
use crate::quantity::Duration;

/// For each stream of the database that a data class is in, and whose way or source a scenario
/// takes: how far it is behind where it goes on, and else how long an outage `allowed` tolerates.
pub fn outages(estate: Estate<'_>, scenario: &Scenario, data: Idx<Data>, allowed: Duration) -> Vec<Node> {
    let (model, facts) = (estate.model, estate.facts);
    let On::Cluster(cluster) = model.data[data].on else { return Vec::new() };
    let lost = Lost::of(model, scenario);
    let links: Vec<Idx<Link>> = lost.cut_links().collect();
    let hosts: Vec<Idx<Host>> = lost.hosts().collect();
    let gone = Gone { links: &links, hosts: &hosts };
    let mut nodes = Vec::new();
    for id in estate.index.streams(cluster).iter().copied() {
        let stream = &estate.ops.streams[id];
        let detour = facts.detour(model, estate.ops, id, gone);
        let Some(fact) = facts.streams.get(id).filter(|_| !lost.host(stream.to)) else { continue };
        let replica = &model.hosts[stream.to].name;
        if detour.cut {
            let longest = facts.tolerated(model, estate.ops, id, gone, allowed);
            let drained = longest.and_then(|o| facts.drain(model, estate.ops, id, o));
            let value = longest.map_or(Value::None, Value::Time);
            let catches_up = Node::rule(
                "how long it takes to catch up after that",
                drained.into(),
                "until what it would have sent meanwhile fits through its part, at the worst moment of the week",
                vec![],
            );
            let children = vec![received(estate, stream, fact), catches_up];
            let what = match longest {
                Some(_) => format!("`{replica}` receives nothing: the longest outage that is tolerated"),
                None => format!("`{replica}` receives nothing, and no outage is tolerated"),
            };
            nodes.push(Node::rule(what, value, "what is allowed less what it is behind anyway", children));
        } else if detour.moved {
            let names = detour.way.and_then(|w| stream.paths.get(w)).map_or(&[][..], |p| &p.hops);
            let names: Vec<String> =
                names.iter().map(|h| format!("`{}`", model.links[h.link].name)).collect();
            let again = Node::rule(
                "until packets take another way and the replica has connected again",
                Value::Time(REROUTE),
                "BGP's default hold time of 180 s, and a replica that tries again every 60 s",
                vec![],
            );
            nodes.push(Node::rule(
                format!("`{replica}` goes on over {}: how far it is behind at most", names.join(" then ")),
                detour.behind.into(),
                "with its part there, the same on all of its ways, and what the switch takes",
                vec![again],
            ));
        }
    }
    nodes
}
