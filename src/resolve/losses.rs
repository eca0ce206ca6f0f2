//! What a scenario loses, as written: things by name, and any so many of several.

use super::eval::Reader;
use super::hir::{ItemId, Loss, Value};
use super::phrase::Typed;
use crate::base::Span;
use crate::schema::{GroupKind, Kind, Type};
use crate::syntax::ast::{Atom, AtomKind, Phrase};

/// What `any 2 of […]` may name.
const ANY: &[Kind] = &[Kind::Host, Kind::Store, Kind::Site, Kind::Link];

impl Typed<'_, '_> {
    /// `[site hz-a, link wan-a]`, or one of these alone.
    pub(super) fn losses(&mut self, r: &mut Reader<'_>) -> Option<Vec<Loss>> {
        let Some(Atom { kind: AtomKind::List(items), .. }) = r.peek() else {
            return self.loss(r).map(|one| vec![one]);
        };
        r.next();
        let mut found = Vec::new();
        for item in items {
            // A name of a list stands for what it holds.
            if let [Atom { kind: AtomKind::Word(_), .. }] = item.atoms.as_slice() {
                match self.phrase(Type::Strikes, item)? {
                    Value::Strikes(inner) => found.extend(inner),
                    _ => return None,
                }
                continue;
            }
            let mut inner = Reader::new(&item.atoms, item.span);
            found.push(self.loss(&mut inner)?);
            if !inner.done() {
                self.refuse(Type::Strikes, inner.rest(), "something more");
                return None;
            }
        }
        if found.is_empty() {
            self.refuse(Type::Strikes, r.span, "an empty list");
            return None;
        }
        Some(found)
    }

    fn loss(&mut self, r: &mut Reader<'_>) -> Option<Loss> {
        let all = r.rest();
        if r.word("any") {
            return self.any(r, all);
        }
        let Some(Atom { kind: AtomKind::Word(word), .. }) = r.next() else {
            self.refuse(Type::Strikes, all, "something else");
            return None;
        };
        let Some(kinds) = strikable(word) else {
            self.refuse(Type::Strikes, all, &format!("`{word}`"));
            return None;
        };
        let name = r.next();
        let (id, span) = self.reference(name, r.span, kinds)?;
        Some(if word == "site" && r.word("isolated") {
            Loss::Isolated(id, span)
        } else {
            Loss::One(id, span)
        })
    }

    /// `any 2 of [a, b, c]`, `any 1 host of pool web`, `any 2 hosts in site hz-a`.
    fn any(&mut self, r: &mut Reader<'_>, all: Span) -> Option<Loss> {
        let many = self.whole_number(r)?;
        if r.word("of") {
            let named = self.references(r, ANY)?;
            return Some(Loss::AnyOf(many, named, all));
        }
        let hosts = r.word("hosts") || r.word("host");
        let around: Option<(ItemId, Span)> = if hosts && r.word("of") {
            let kinds: &'static [Kind] = if r.word("pool") {
                &[Kind::Pool]
            } else if r.word("cluster") {
                &[Kind::Cluster]
            } else {
                &[]
            };
            if kinds.is_empty() { None } else { Some(self.next_name(r, kinds)?) }
        } else if hosts && r.word("in") {
            let kinds: &'static [Kind] = if r.word("site") {
                &[Kind::Site]
            } else if r.word("region") {
                &[Kind::Region]
            } else {
                &[]
            };
            if kinds.is_empty() { None } else { Some(self.next_name(r, kinds)?) }
        } else {
            None
        };
        match around {
            Some((id, _)) => Some(Loss::AnyHosts(many, id, all)),
            None => {
                self.refuse(Type::Strikes, all, "something else");
                None
            }
        }
    }

    fn next_name(&mut self, r: &mut Reader<'_>, kinds: &'static [Kind]) -> Option<(ItemId, Span)> {
        let name = r.next();
        self.reference(name, r.span, kinds)
    }

    /// `2 missed runs`.
    pub(super) fn missed(&mut self, r: &mut Reader<'_>) -> Option<u64> {
        let all = r.rest();
        let many = self.whole_number(r)?;
        if r.word("missed") && (r.word("runs") || r.word("run")) {
            return Some(many);
        }
        self.refuse(Type::Missed, all, "something else");
        None
    }

    /// A number that words follow, which an expression would take for its unit.
    fn whole_number(&mut self, r: &mut Reader<'_>) -> Option<u64> {
        let at = r.rest();
        let Some(atom) = r.next() else {
            self.refuse(Type::Count, at, "nothing");
            return None;
        };
        let phrase = Phrase { atoms: vec![atom.clone()], span: atom.span };
        match self.phrase(Type::Count, &phrase)? {
            Value::Count(n) => Some(n),
            _ => None,
        }
    }
}

/// The kinds of thing that may stand behind a word in a list of losses.
fn strikable(word: &str) -> Option<&'static [Kind]> {
    use GroupKind as G;
    Some(match word {
        "host" => &[Kind::Host],
        "store" => &[Kind::Store],
        "site" => &[Kind::Site],
        "region" => &[Kind::Region],
        "link" => &[Kind::Link],
        "conduit" => &[Kind::Group(G::Conduit)],
        "rack" => &[Kind::Group(G::Rack)],
        "power" => &[Kind::Group(G::Power)],
        "chassis" => &[Kind::Group(G::Chassis)],
        "credentials" => &[Kind::Group(G::Credentials)],
        _ => return None,
    })
}
