//! Routes: links joined up from end to end.

use super::{Get, Lower, errors};
use crate::base::Span;
use crate::model::{Direction, Hop, Link, Route, Site};
use crate::resolve::hir::{Item, ItemId, Value};
use la_arena::Idx;

impl Lower<'_> {
    /// The route of a copy between two sites: the one that its block names, or the only link that
    /// joins them.
    pub(super) fn route(&mut self, item: &Item, from: Idx<Site>, to: Idx<Site>) -> Option<Route> {
        let Some(over) = item.attr("over") else { return self.only_link(item.span, from, to) };
        let Value::Route(stated) = &over.value else { return None };
        let span = over.span;
        if from == to {
            self.problems.push(errors::needless_route(span, &self.model.sites[from].name));
            return None;
        }
        let mut ways = Vec::new();
        for way in stated {
            ways.push(self.way(way, from, to, span)?);
        }
        Some(Route { ways, span })
    }

    fn way(&mut self, links: &[ItemId], from: Idx<Site>, to: Idx<Site>, at: Span) -> Option<Vec<Hop>> {
        let mut here = from;
        let mut hops = Vec::new();
        for item in links {
            let link: Idx<Link> = self.id(*item)?;
            let [a, b] = self.model.links[link].ends;
            let (direction, there) = if a == here {
                (Direction::Forth, b)
            } else if b == here {
                (Direction::Back, a)
            } else {
                let (link, site) = (&self.model.links[link].name, &self.model.sites[here].name);
                self.problems.push(errors::broken_route(at, link, site));
                return None;
            };
            hops.push(Hop { link, direction });
            here = there;
        }
        if here != to {
            let (there, wanted) = (&self.model.sites[here].name, &self.model.sites[to].name);
            self.problems.push(errors::route_ends(at, there, wanted));
            return None;
        }
        Some(hops)
    }

    fn only_link(&mut self, span: Span, from: Idx<Site>, to: Idx<Site>) -> Option<Route> {
        if from == to {
            return Some(Route { ways: vec![Vec::new()], span });
        }
        let joins = |l: &Link| l.ends == [from, to] || l.ends == [to, from];
        let between: Vec<(Idx<Link>, &Link)> = self.model.links.iter().filter(|(_, l)| joins(l)).collect();
        let (a, b) = (&self.model.sites[from].name, &self.model.sites[to].name);
        match between.as_slice() {
            [(link, l)] => {
                let direction = if l.ends[0] == from { Direction::Forth } else { Direction::Back };
                Some(Route { ways: vec![vec![Hop { link: *link, direction }]], span })
            }
            [] => {
                // A link of the spec that is broken may be the very one.
                if self.hir.of(crate::schema::Kind::Link).count() == self.model.links.len() {
                    self.problems.push(errors::no_route(span, a, b));
                }
                None
            }
            many => {
                let names: Vec<&str> = many.iter().map(|(_, l)| l.name.as_str()).collect();
                self.problems.push(errors::many_routes(span, a, b, &names));
                None
            }
        }
    }
}
