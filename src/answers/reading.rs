//! The trees of a spec's files, read for what in them can be changed.

use super::levers::{Form, Lever, Levers};
use super::roles::{self, Good, Role, Who};
use super::writing::{Found, Literal, Timetable, literals};
use crate::base::limits::Limits;
use crate::base::{EcoString, Source, SourceMap, Span};
use crate::diag::Problems;
use crate::schema::{self, Kind, KindDef, Type};
use crate::syntax::{
    self,
    ast::{Argument, Atom, AtomKind, Entry, Phrase, Piece},
};
use std::collections::{BTreeMap, BTreeSet};

/// All levers of a spec.
pub(super) fn levers(sources: &SourceMap, limits: &Limits) -> Levers {
    let trees: Vec<(&Source, syntax::ast::File)> =
        sources.files().iter().map(|f| (f, syntax::parse(f, limits, &mut Problems::new()))).collect();
    let mut reading = Reading::default();
    for entry in trees.iter().flat_map(|(_, t)| &t.entries) {
        reading.pattern(entry);
    }
    for (source, tree) in &trees {
        for entry in &tree.entries {
            reading.top = entry.span;
            reading.entry(entry, None, &mut Vec::new(), source);
        }
    }
    reading.finish()
}

/// Where an attribute or a binding is used, and as what.
type Use = (Kind, &'static str);

#[derive(Default)]
struct Reading {
    patterns: BTreeMap<EcoString, Vec<EcoString>>,
    top: Span,
    list: Vec<Lever>,
    uses: BTreeMap<EcoString, BTreeSet<Use>>,
    made_of: BTreeMap<EcoString, BTreeSet<EcoString>>,
    brought: BTreeMap<EcoString, (String, usize, usize)>,
}

impl Reading {
    fn pattern(&mut self, entry: &Entry) {
        if let [
            Atom { kind: AtomKind::Word(word), .. },
            Atom { kind: AtomKind::Word(name), .. },
            Atom { kind: AtomKind::Paren(arguments), .. },
        ] = entry.head.atoms.as_slice()
            && word == "pattern"
        {
            let parameter = |a: &Argument| match (&a.name, a.phrase.atoms.as_slice()) {
                (Some((n, _)), _) => n.clone(),
                (None, [Atom { kind: AtomKind::Word(n), .. }]) => n.clone(),
                _ => EcoString::new(),
            };
            self.patterns.insert(name.clone(), arguments.iter().map(parameter).collect());
        }
    }

    fn entry(
        &mut self,
        entry: &Entry,
        round: Option<&'static KindDef>,
        heads: &mut Vec<String>,
        source: &Source,
    ) {
        let Some((word, _)) = entry.keyword() else { return };
        let text = |s: Span| source.text.get((s.lo - source.base) as usize..(s.hi - source.base) as usize);
        let body = entry.body.as_ref().map_or(&[][..], |b| &b.entries);
        match (word.as_str(), entry.head.atoms.as_slice()) {
            ("use", [_, Atom { kind: AtomKind::Word(module), .. }]) if !source.is_std => {
                let at = |offset: u32| (offset - source.base) as usize;
                let place = (source.name.clone(), at(entry.span.lo), at(entry.span.hi));
                self.brought.entry(module.clone()).or_insert(place);
            }
            ("let", [_, Atom { kind: AtomKind::Word(name), .. }]) => {
                if let Some(value) = &entry.value {
                    self.bound(name, &value.phrase, format!("`let {name}`"), entry.span, source);
                }
            }
            ("pattern", [_, name, Atom { kind: AtomKind::Paren(arguments), .. }]) => {
                let head = format!("pattern {}", text(name.span).unwrap_or_default());
                for (parameter, at, phrase) in
                    arguments.iter().filter_map(|a| a.name.as_ref().map(|(n, s)| (n, *s, &a.phrase)))
                {
                    let what = format!("`{parameter}` of `{head}`");
                    self.bound(parameter, phrase, what, at.to(phrase.span), source);
                }
                heads.push(head);
                body.iter().for_each(|e| self.entry(e, None, heads, source));
                heads.pop();
            }
            ("for", [_, Atom { kind: AtomKind::Word(variable), .. }, _, over @ ..]) => {
                if let (Some(first), Some(last)) = (over.first(), over.last()) {
                    let span = first.span.to(last.span);
                    let phrase = Phrase { atoms: over.to_vec(), span };
                    self.bound(variable, &phrase, format!("`for {variable}`"), span, source);
                }
                body.iter().for_each(|e| self.entry(e, round, heads, source));
            }
            (
                "apply",
                [_, Atom { kind: AtomKind::Word(name), .. }, Atom { kind: AtomKind::Paren(arguments), .. }],
            ) => self.apply(name, arguments, source),
            _ => {
                let block = round.map_or_else(|| schema::by_keyword(word), |k| k.child(word));
                let attribute = round.and_then(|k| k.attribute(word));
                match (block.filter(|_| entry.value.is_none() || attribute.is_none()), attribute) {
                    (Some(def), _) => self.block(def, entry, heads, source),
                    (None, Some(a)) => {
                        if let Some(def) = round {
                            self.attribute(def, a, entry, heads, source);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn apply(&mut self, name: &EcoString, arguments: &[Argument], source: &Source) {
        let mut position = 0;
        let first = arguments.first().and_then(|a| match a.phrase.atoms.as_slice() {
            [Atom { kind: AtomKind::Word(w), .. }] => Some(w.clone()),
            _ => None,
        });
        let call = first.map_or_else(|| format!("apply {name}"), |f| format!("apply {name}({f}, …)"));
        for a in arguments {
            let parameter = match &a.name {
                Some((n, _)) => n.clone(),
                None => {
                    position += 1;
                    let known = self.patterns.get(name).and_then(|p| p.get(position - 1));
                    known.cloned().unwrap_or_default()
                }
            };
            let whole = a.name.as_ref().map_or(a.phrase.span, |(_, s)| s.to(a.phrase.span));
            self.bound(&parameter, &a.phrase, format!("`{parameter}` of `{call}`"), whole, source);
        }
    }

    fn block(&mut self, def: &'static KindDef, entry: &Entry, heads: &mut Vec<String>, source: &Source) {
        let text = |s: Span| source.text.get((s.lo - source.base) as usize..(s.hi - source.base) as usize);
        // A host is known by its name, wherever it stands.
        let kept = if matches!(def.kind, Kind::Host | Kind::Store | Kind::Site) {
            std::mem::take(heads)
        } else {
            heads.clone()
        };
        heads.push(text(entry.head.span).unwrap_or_default().to_owned());
        let body = entry.body.as_ref().map_or(&[][..], |b| &b.entries);
        body.iter().for_each(|e| self.entry(e, Some(def), heads, source));
        self.absent(def, entry, heads, source);
        *heads = kept;
    }

    /// Attributes that a block could have and has not.
    fn absent(&mut self, def: &'static KindDef, entry: &Entry, heads: &[String], source: &Source) {
        let Some(body) = &entry.body else { return };
        let states = |name: &str| body.entries.iter().any(|e| e.keyword().is_some_and(|(w, _)| w == name));
        let clock = body
            .entries
            .iter()
            .find(|e| e.keyword().is_some_and(|(w, _)| w == "full"))
            .and_then(|e| Timetable::read(&e.value.as_ref()?.phrase.atoms))
            .map_or_else(|| "01:30".to_owned(), |t| t.clock());
        let defaults = roles::DEFAULTS.iter().filter(|(k, a, _)| *k == def.kind && !states(a));
        let mut new: Vec<(&'static str, String, Form, bool)> = Vec::new();
        for (_, a, text) in defaults {
            // A store with a medium has the medium's rate.
            if def.kind == Kind::Store && entry.colon.is_some() {
                continue;
            }
            if let Some(literal) = number(text) {
                new.push((
                    a,
                    (*text).trim_end_matches("/s").to_owned(),
                    Form::Number(literal),
                    text.ends_with("/s"),
                ));
            }
        }
        for (_, a, tries) in roles::ADDITIONS.iter().filter(|(k, a, _)| *k == def.kind && !states(a)) {
            let tries = tries.iter().map(|t| t.replace("01:30", &clock)).collect();
            new.push((a, String::new(), Form::Words(tries), false));
        }
        let at = insertion(body, source);
        for (attribute, stated, form, is_rate) in new {
            let Some(role) = roles::of(def.kind, attribute) else { continue };
            let (start, ref lead, ref tail) = at;
            let rate = if is_rate { "/s" } else { "" };
            self.list.push(Lever {
                name: named(attribute, heads),
                stated,
                role,
                library: source.is_std,
                absent: true,
                form,
                span: entry.head.atoms.get(1).map_or(entry.head.span, |a| a.span),
                entry: (start, start),
                file: source.name.clone(),
                start,
                end: start,
                before: format!("{lead}{attribute} = "),
                after: format!("{rate}{tail}"),
                per: rate.to_owned(),
                binds: None,
                top: self.top,
            });
        }
    }

    fn attribute(
        &mut self,
        def: &'static KindDef,
        attribute: &'static schema::Attribute,
        entry: &Entry,
        heads: &[String],
        source: &Source,
    ) {
        let Some(value) = &entry.value else { return };
        let lines = entry.body.iter().flat_map(|b| &b.entries).filter_map(|e| Some((e, e.value.as_ref()?)));
        let lines: Vec<(&Entry, &Phrase)> = lines.map(|(e, v)| (e, &v.phrase)).collect();
        for phrase in std::iter::once(&value.phrase).chain(lines.iter().map(|(_, p)| *p)) {
            for w in words_of(&phrase.atoms) {
                self.uses.entry(w).or_default().insert((def.kind, attribute.name));
            }
        }
        let Some(role) = roles::of(def.kind, attribute.name) else { return };
        let head = entry.head.span.to(value.phrase.span);
        self.phrase(attribute.ty, role, &value.phrase, named(attribute.name, heads), head, None, source);
        for (line, phrase) in lines {
            let what = format!("{}, {}", named(attribute.name, heads), text_of(source, line.head.span));
            self.phrase(attribute.ty, role, phrase, what, line.span, None, source);
        }
    }

    /// What a `let`, a parameter or a loop stands for. Its role is known when all has been read.
    fn bound(&mut self, name: &EcoString, phrase: &Phrase, what: String, entry: Span, source: &Source) {
        self.made_of.entry(name.clone()).or_default().extend(words_of(&phrase.atoms));
        let open = Role { who: Who::Promise, good: Good::Either, whole: false };
        let ty = if Timetable::read(&phrase.atoms).is_some() { Type::Schedule } else { Type::Rate };
        self.phrase(ty, open, phrase, what, entry, Some(name.clone()), source);
    }

    #[expect(clippy::too_many_arguments, reason = "the place of a value is that many things")]
    fn phrase(
        &mut self,
        ty: Type,
        role: Role,
        phrase: &Phrase,
        name: String,
        entry: Span,
        binds: Option<EcoString>,
        source: &Source,
    ) {
        let local = |s: Span| ((s.lo - source.base) as usize, (s.hi - source.base) as usize);
        let lever = |name: String, role: Role, at: Span, form: Form, per: Option<Span>| {
            let (start, end) = local(at);
            Lever {
                name,
                stated: text_of(source, at).to_owned(),
                role,
                library: source.is_std,
                absent: false,
                form,
                span: at,
                entry: local(entry),
                file: source.name.clone(),
                start,
                end,
                before: String::new(),
                after: String::new(),
                per: per.map_or_else(String::new, |p| text_of(source, Span::new(at.hi, p.hi)).to_owned()),
                binds: binds.clone(),
                top: self.top,
            }
        };
        if ty == Type::Schedule {
            if let Some(table) = Timetable::read(&phrase.atoms) {
                self.list.push(lever(name, role, phrase.span, Form::Schedule(table), None));
            }
            return;
        }
        let mut found = Vec::new();
        literals(&phrase.atoms, &mut found);
        let many = found.len();
        let made =
            found.into_iter().filter(|f| !f.literal.is_zero()).map(|Found { mut literal, span, per }| {
                let growth = ty == Type::Size && per.is_some();
                let role = if growth { Role { good: Good::Down, ..role } } else { role };
                literal.whole = role.whole;
                let name = match () {
                    () if growth => format!("growth in {name}"),
                    () if many > 1 => format!("{name}, `{}`", text_of(source, span)),
                    () => name.clone(),
                };
                lever(name, role, span, Form::Number(literal), per)
            });
        let made: Vec<Lever> = made.collect();
        self.list.extend(made);
    }

    /// Gives what names stand for the role of the attributes that use them.
    fn finish(mut self) -> Levers {
        // A name that another is made of is used where that one is.
        for _ in 0..self.made_of.len() {
            let mut more: Vec<(EcoString, BTreeSet<Use>)> = Vec::new();
            for (name, parts) in &self.made_of {
                let Some(uses) = self.uses.get(name) else { continue };
                for part in parts {
                    if self.uses.get(part).is_none_or(|u| !uses.is_subset(u)) {
                        more.push((part.clone(), uses.clone()));
                    }
                }
            }
            if more.is_empty() {
                break;
            }
            for (part, uses) in more {
                self.uses.entry(part).or_default().extend(uses);
            }
        }
        let (uses, list) = (self.uses, self.list);
        let typed = list.into_iter().filter_map(|mut l| {
            let Some(name) = &l.binds else { return Some(l) };
            let roles: Vec<Role> =
                uses.get(name)?.iter().filter_map(|(kind, attribute)| roles::of(*kind, attribute)).collect();
            let first = *roles.first()?;
            let same = roles.iter().all(|r| r.good == first.good);
            l.role = Role { good: if same { first.good } else { Good::Either }, ..first };
            if let Form::Number(literal) = &mut l.form {
                literal.whole = roles.iter().any(|r| r.whole);
            }
            Some(l)
        });
        Levers { list: typed.collect(), made_of: self.made_of, brought: self.brought }
    }
}

/// A number as it would be written.
fn number(text: &str) -> Option<Literal> {
    let (value, unit) = text.split_once(' ').unwrap_or((text, ""));
    let unit = unit.strip_suffix("/s").unwrap_or(unit);
    let (whole, behind) = value.split_once('.').unwrap_or((value, ""));
    let mantissa = format!("{whole}{behind}").parse().ok()?;
    Some(Literal::new(mantissa, u8::try_from(behind.len()).ok()?, unit))
}

fn text_of(source: &Source, s: Span) -> &str {
    let at = (s.lo - source.base) as usize..(s.hi - source.base) as usize;
    source.text.get(at).unwrap_or_default()
}

fn named(attribute: &str, heads: &[String]) -> String {
    let owners: String = heads.iter().rev().map(|h| format!(" of `{h}`")).collect();
    format!("`{attribute}`{owners}")
}

/// Where an attribute can be added to a block, and what stands before and after it: behind the
/// last entry, on a line of its own where the entries have lines of their own.
fn insertion(body: &syntax::ast::Body, source: &Source) -> (usize, String, String) {
    let local = |at: u32| (at - source.base) as usize;
    let Some(last) = body.entries.last() else {
        return (local(body.span.lo) + 1, " ".to_owned(), " ".to_owned());
    };
    let (lo, hi) = (local(last.span.lo), local(last.span.hi));
    let behind = source.text.get(hi..).unwrap_or_default();
    let line = behind.lines().next().unwrap_or_default();
    let alone = line.trim().is_empty() || line.trim_start().starts_with("//");
    if !alone {
        return (hi, "; ".to_owned(), String::new());
    }
    let before = source.text.get(..lo).unwrap_or_default();
    let indent: String =
        before.rsplit('\n').next().unwrap_or_default().chars().take_while(|c| *c == ' ').collect();
    (hi + line.len(), format!("\n{indent}"), String::new())
}

/// The names in a phrase, however deep.
fn words_of(atoms: &[Atom]) -> BTreeSet<EcoString> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Atom> = atoms.iter().collect();
    while let Some(atom) = open.pop() {
        match &atom.kind {
            AtomKind::Word(w) => {
                found.insert(w.clone());
            }
            AtomKind::Text(pieces) => {
                for piece in pieces {
                    if let Piece::Hole(phrase) = piece {
                        open.extend(&phrase.atoms);
                    }
                }
            }
            AtomKind::List(items) => open.extend(items.iter().flat_map(|p| &p.atoms)),
            AtomKind::Paren(arguments) => open.extend(arguments.iter().flat_map(|a| &a.phrase.atoms)),
            _ => {}
        }
    }
    found
}
