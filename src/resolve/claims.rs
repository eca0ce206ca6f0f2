//! What a spec says about its own verdicts: `allow`, `assert` and `test`.

use super::env::Env;
use super::errors;
use super::eval::{Reader, Val};
use super::hir::{Assertion, Attr, Compare, Hir, ItemId, Override, Side, Test};
use super::phrase::Typed;
use crate::base::similar::nearest;
use crate::base::{EcoString, Span};
use crate::calendar;
use crate::diag::Waiver;
use crate::quantity::{Dim, Quantity};
use crate::schema::{Kind, Type, form};
use crate::syntax::ast::{Argument, Atom, AtomKind, Entry, Phrase, Sign};

/// An entry of this kind, before it is read.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    /// `allow …`, `assert …` or `test … { … }`.
    pub entry: &'a Entry,
    /// What names stand for in it.
    pub env: Env,
    /// The text of the block around it.
    pub within: Option<Span>,
}

/// The words that begin such entries.
pub(super) const WORDS: [&str; 3] = ["allow", "assert", "test"];

const SET: &str = "set staffed.declare = 1 h";
const VERDICT: &str = "assert verdict(orders.rpo, site hz-a) == proved";

/// Reads a claim into the resolved spec.
pub(super) fn read(claim: &Claim<'_>, typed: Typed<'_, '_>, hir: &mut Hir) {
    let mut reader = Claims { typed, hir };
    match claim.entry.keyword().map(|(w, _)| w.as_str()) {
        Some("allow") => reader.allow(claim),
        Some("assert") => {
            if let Some(assertion) = reader.assertion(claim.entry) {
                reader.hir.assertions.push(assertion);
            }
        }
        _ => reader.test(claim.entry),
    }
}

struct Claims<'s, 'n, 'h> {
    typed: Typed<'s, 'n>,
    hir: &'h mut Hir,
}

impl Claims<'_, '_, '_> {
    fn incomplete<T>(&mut self, entry: &Entry, word: &str) -> Option<T> {
        self.typed.eval.problems.push(errors::bad_form(entry.head.span, word, form(word)));
        None
    }

    fn allow(&mut self, claim: &Claim<'_>) {
        let entry = claim.entry;
        let Some(within) = claim.within else {
            return self.typed.eval.problems.push(errors::waiver_outside(entry.head.span));
        };
        if let Some(waiver) = self.waiver(entry, within) {
            self.hir.waivers.push(waiver);
        }
    }

    fn waiver(&mut self, entry: &Entry, within: Span) -> Option<Waiver> {
        let [_, Atom { kind: AtomKind::Paren(arguments), .. }, rest @ ..] = entry.head.atoms.as_slice()
        else {
            return self.incomplete(entry, "allow");
        };
        let (finding, under) = match arguments.as_slice() {
            [finding @ Argument { name: None, .. }] => (finding, None),
            [finding @ Argument { name: None, .. }, under] if is_under(under) => (finding, Some(under)),
            _ => return self.incomplete(entry, "allow"),
        };
        let [name @ Atom { kind: AtomKind::Word(_), .. }] = finding.phrase.atoms.as_slice() else {
            return self.incomplete(entry, "allow");
        };
        let span = name.span;
        let AtomKind::Word(name) = &name.kind else { return None };
        let under = match under {
            Some(u) => Some(self.scenario(&u.phrase)?),
            None => None,
        };
        let mut reader = Reader::new(rest, entry.head.span);
        let reason = if reader.word("because") { self.text(&mut reader) } else { None };
        let Some(reason) = reason.filter(|r| !r.trim().is_empty()) else {
            return self.incomplete(entry, "allow");
        };
        let ends = if reader.word("until") { Some(self.day_after(&mut reader, entry)?) } else { None };
        if !reader.done() || entry.value.is_some() || entry.colon.is_some() || entry.body.is_some() {
            return self.incomplete(entry, "allow");
        }
        Some(Waiver { finding: name.clone(), under, reason, ends, span, within })
    }

    fn text(&mut self, reader: &mut Reader<'_>) -> Option<EcoString> {
        match reader.next()?.kind {
            AtomKind::Text(ref pieces) => self.typed.eval.text(pieces),
            _ => None,
        }
    }

    /// The end of a day, in Unix seconds.
    fn day_after(&mut self, reader: &mut Reader<'_>, entry: &Entry) -> Option<i64> {
        match reader.next().map(|a| (&a.kind, a.span)) {
            Some((AtomKind::Word(day), at)) => match calendar::day(day) {
                Some(start) => Some(start + 86_400),
                None => {
                    self.typed.eval.problems.push(errors::no_date(day, at));
                    None
                }
            },
            _ => self.incomplete(entry, "allow"),
        }
    }

    /// The name of a scenario: words side by side, or a string.
    fn scenario(&mut self, phrase: &Phrase) -> Option<EcoString> {
        let mut words = Vec::with_capacity(phrase.atoms.len());
        for atom in &phrase.atoms {
            words.push(self.typed.eval.name(atom)?);
        }
        Some(words.join(" ").into())
    }

    fn assertion(&mut self, entry: &Entry) -> Option<Assertion> {
        let atoms = entry.head.atoms.get(1..).unwrap_or_default();
        if atoms.is_empty() || entry.value.is_some() || entry.colon.is_some() || entry.body.is_some() {
            return self.incomplete(entry, "assert");
        }
        let mut reader = Reader::new(atoms, entry.head.span);
        let left = self.side(&mut reader)?;
        let compare = match reader.next().map(|a| &a.kind) {
            Some(AtomKind::Sign(Sign::AtMost)) => Compare::AtMost,
            Some(AtomKind::Sign(Sign::Less)) => Compare::Less,
            Some(AtomKind::Sign(Sign::AtLeast)) => Compare::AtLeast,
            Some(AtomKind::Sign(Sign::More)) => Compare::More,
            Some(AtomKind::Sign(Sign::Equal)) => Compare::Equal,
            Some(AtomKind::Sign(Sign::Differs)) => Compare::Differs,
            _ => return self.incomplete(entry, "assert"),
        };
        let right = match &left {
            Side::Verdict { .. } => self.status(&mut reader, entry)?,
            _ => self.side(&mut reader)?,
        };
        let whole = match (&left, compare) {
            (Side::Verdict { .. }, Compare::Equal | Compare::Differs) => true,
            (Side::Verdict { .. }, _) => false,
            (Side::Measure { .. }, Compare::Equal | Compare::Differs) => false,
            _ => !matches!(right, Side::Verdict { .. }),
        };
        let measured = matches!(right, Side::Measure { .. });
        if !whole || (measured && matches!(compare, Compare::Equal | Compare::Differs)) {
            return self.incomplete(entry, "assert");
        }
        self.comparable(&left, &right, entry)?;
        let because = if reader.word("because") { self.text(&mut reader) } else { None };
        if !reader.done() {
            return self.incomplete(entry, "assert");
        }
        Some(Assertion { left, compare, right, because, span: entry.head.span })
    }

    /// Both sides must measure the same; what is lost and how long recovery takes are times.
    fn comparable(&mut self, left: &Side, right: &Side, entry: &Entry) -> Option<()> {
        let dim = |side: &Side| match side {
            Side::Quantity(q) => Some(q.dim),
            Side::Measure { .. } => Some(Dim::TIME),
            Side::Verdict { .. } | Side::Status(_) => None,
        };
        let (left, right) = (dim(left), dim(right));
        if left == right {
            return Some(());
        }
        // A verdict stands beside the name of one: that was seen to before.
        if let (Some(l), Some(r)) = (left, right) {
            let what = format!("{} is not compared with {}", l.described(), r.described());
            self.typed.eval.problems.push(errors::dimensions(entry.head.span, &what));
        }
        None
    }

    /// `proved`, `refuted` or `unknown`.
    fn status(&mut self, reader: &mut Reader<'_>, entry: &Entry) -> Option<Side> {
        match reader.next().map(|a| &a.kind) {
            Some(AtomKind::Word(w)) if ["proved", "refuted", "unknown"].contains(&w.as_str()) => {
                Some(Side::Status(w.clone()))
            }
            _ => {
                self.typed.eval.problems.push(errors::bad_form(entry.head.span, "assert", VERDICT));
                None
            }
        }
    }

    /// One side of a comparison: a measure, a verdict, an attribute of a block, or a value.
    fn side(&mut self, reader: &mut Reader<'_>) -> Option<Side> {
        if let (Some(Atom { kind: AtomKind::Word(w), span }), Some(Atom { kind: AtomKind::Paren(args), .. })) =
            (reader.peek(), reader.peek_second())
            && ["rpo", "rto", "verdict"].contains(&w.as_str())
        {
            let span = *span;
            reader.next();
            reader.next();
            return self.call(w, args, span);
        }
        if let Some(Atom { kind: AtomKind::Word(w), span }) = reader.peek()
            && let Some((item, rest)) = self.dotted(w)
        {
            reader.next();
            return self.attribute(item, rest, *span).map(Side::Quantity);
        }
        let at = reader.peek().map_or(reader.span, |a| a.span);
        match self.typed.eval.expression(reader, Type::Duration)? {
            Val::Quantity(q) => Some(Side::Quantity(q)),
            other => {
                self.typed.eval.problems.push(errors::not_comparable(at, &other.described()));
                None
            }
        }
    }

    fn call(&mut self, word: &str, args: &[Argument], span: Span) -> Option<Side> {
        let [Argument { name: None, phrase: subject }, Argument { name: None, phrase: scenario }] = args
        else {
            let form = if word == "verdict" { VERDICT } else { form("assert") };
            self.typed.eval.problems.push(errors::bad_form(span, word, form));
            return None;
        };
        let [atom] = subject.atoms.as_slice() else {
            self.typed.eval.problems.push(errors::bad_form(subject.span, word, form("assert")));
            return None;
        };
        let name = self.typed.eval.name(atom)?;
        let (name, objective) = match (word, name.rsplit_once('.')) {
            ("verdict", Some((n, o @ ("rpo" | "rto")))) => (EcoString::from(n), o == "rto"),
            ("verdict", _) => {
                self.typed.eval.problems.push(errors::bad_form(subject.span, word, VERDICT));
                return None;
            }
            _ => (name.clone(), word == "rto"),
        };
        let subject = self.typed.named(&name, atom.span, &[Kind::Data, Kind::Service])?;
        let scenario = self.scenario(scenario)?;
        Some(if word == "verdict" {
            Side::Verdict { rto: objective, subject, scenario, span }
        } else {
            Side::Measure { rto: objective, subject, scenario, span }
        })
    }

    /// A dotted word whose beginning names a block: the block, and the rest.
    fn dotted<'w>(&self, word: &'w str) -> Option<(ItemId, &'w str)> {
        let names = self.typed.names;
        let cuts = word.char_indices().filter(|(_, c)| *c == '.').map(|(n, _)| n);
        cuts.filter_map(|n| Some((word.get(..n)?, word.get(n + 1..)?)))
            .filter_map(|(head, rest)| Some((names.find(head, self.typed.eval.env.module)?.id?, rest)))
            .next_back()
    }

    /// The block inside `item` that a path leads to, and the attribute's name at its end. Inner
    /// blocks are named by what stands behind their keyword, or by the keyword.
    fn inside<'w>(&mut self, mut item: ItemId, path: &'w str, at: Span) -> Option<(ItemId, &'w str)> {
        let mut rest = path;
        while let Some((step, further)) = rest.split_once('.') {
            let called = |i: &super::Item| {
                i.def.keyword == step || i.target.is_some_and(|t| self.hir.get(t).name == step)
            };
            let found = self.hir.behind(item).find(|(_, i)| i.parent == Some(item) && called(i));
            let Some((inner, _)) = found else {
                let names: Vec<&str> = self.hir.get(item).def.inside.iter().map(|k| k.keyword).collect();
                let near = nearest(step, names.iter().copied()).map(str::to_owned);
                self.typed.eval.problems.push(errors::no_such_part(step, at, near.as_deref()));
                return None;
            };
            (item, rest) = (inner, further);
        }
        Some((item, rest))
    }

    /// The value of an attribute, as a number.
    fn attribute(&mut self, item: ItemId, path: &str, at: Span) -> Option<Quantity> {
        let (item, name) = self.inside(item, path, at)?;
        let block = self.hir.get(item);
        let found = block.get(name).and_then(|a| a.value.quantity());
        if found.is_none() && !block.poisoned {
            let near = nearest(name, block.def.attributes.iter().map(|a| a.name)).map(str::to_owned);
            self.typed.eval.problems.push(errors::no_such_part(name, at, near.as_deref()));
        }
        found
    }

    fn test(&mut self, entry: &Entry) {
        let name = match entry.head.atoms.as_slice() {
            [_, atom] if entry.value.is_none() && entry.colon.is_none() => self.typed.eval.name(atom),
            _ => self.incomplete(entry, "test"),
        };
        let (Some(name), Some(body)) = (name, &entry.body) else {
            if entry.body.is_none() && entry.head.atoms.len() == 2 {
                self.incomplete::<()>(entry, "test");
            }
            return;
        };
        if let Some(before) = self.hir.tests.iter().find(|t| t.name == name) {
            let finding = errors::duplicate_name(&name, entry.head.span, before.span);
            return self.typed.eval.problems.push(finding);
        }
        let mut test = Test { name, span: entry.head.span, overrides: Vec::new(), assertions: Vec::new() };
        for line in &body.entries {
            match line.keyword() {
                Some((w, _)) if w == "set" => test.overrides.extend(self.set(line)),
                Some((w, _)) if w == "assert" => test.assertions.extend(self.assertion(line)),
                _ => {
                    let what = errors::bad_form(line.head.span, "test", form("test"));
                    self.typed.eval.problems.push(what);
                }
            }
        }
        if test.assertions.is_empty() {
            self.incomplete::<()>(entry, "test");
        }
        self.hir.tests.push(test);
    }

    /// `set staffed.declare = 1 h`.
    fn set(&mut self, entry: &Entry) -> Option<Override> {
        let [_, Atom { kind: AtomKind::Word(path), span }] = entry.head.atoms.as_slice() else {
            self.typed.eval.problems.push(errors::bad_form(entry.head.span, "set", SET));
            return None;
        };
        if entry.value.as_ref().is_none_or(|v| v.adds) {
            self.typed.eval.problems.push(errors::bad_form(entry.head.span, "set", SET));
            return None;
        }
        let Some((item, rest)) = self.dotted(path) else {
            let head = path.split('.').next().unwrap_or_default();
            self.typed.eval.problems.push(errors::unknown_block(head, *span));
            return None;
        };
        let (item, name) = self.inside(item, rest, *span)?;
        let Some(attribute) = self.hir.get(item).def.attribute(name) else {
            let known = self.hir.get(item).def.attributes.iter().map(|a| a.name);
            let near = nearest(name, known).map(str::to_owned);
            self.typed.eval.problems.push(errors::no_such_part(name, *span, near.as_deref()));
            return None;
        };
        let (value, at) = self.typed.attribute(attribute.ty, entry)?;
        Some(Override { item, attribute: Attr { name: attribute.name, value, span: at } })
    }
}

fn is_under(argument: &Argument) -> bool {
    argument.name.as_ref().is_some_and(|(n, _)| n == "under")
}
