//! Expressions: numbers with units, arithmetic with dimensions, text with holes, names.

use super::env::{Binding, Env};
use super::errors;
use super::loader::Loaded;
use super::scope::lookup;
use super::table;
use crate::base::similar::nearest;
use crate::base::{EcoString, Span};
use crate::diag::Problems;
use crate::quantity::{Quantity, QuantityError, Unit, unit};
use crate::schema::Type;
use crate::syntax::ast::{Argument, Atom, AtomKind, Phrase, Piece, Sign};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Names may stand for names; deeper than this is a circle.
pub(super) const DEEPEST: usize = 64;

/// What an expression comes to.
#[derive(Clone, Debug)]
pub(super) enum Val {
    /// A number with its dimension.
    Quantity(Quantity),
    /// A text.
    Text(EcoString),
    /// `true` or `false`.
    Bool(bool),
    /// A name that nothing binds: a reference or a word.
    Word(EcoString),
    /// `1..4`, both ends included.
    Range(u64, u64),
    /// The rows of a table.
    Rows(Vec<BTreeMap<EcoString, EcoString>>),
    /// A list of texts, from JSON.
    Texts(Vec<EcoString>),
}

impl Val {
    /// What it is, for a message.
    pub fn described(&self) -> String {
        match self {
            Self::Quantity(q) => q.dim.described().to_owned(),
            Self::Text(_) => "text".to_owned(),
            Self::Bool(_) => "`true` or `false`".to_owned(),
            Self::Word(w) => format!("the word `{w}`"),
            Self::Range(..) => "a range".to_owned(),
            Self::Rows(_) => "a table".to_owned(),
            Self::Texts(_) => "a list".to_owned(),
        }
    }
}

/// Reads expressions in a scope.
pub(super) struct Eval<'s> {
    pub loaded: &'s Loaded,
    pub lets: &'s [BTreeMap<EcoString, (Rc<Phrase>, Span)>],
    pub env: Env,
    pub problems: &'s mut Problems,
    pub depth: usize,
}

/// A position in a run of atoms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    atoms: &'a [Atom],
    at: usize,
    /// The place of the whole, for findings about its end.
    pub span: Span,
}

impl<'a> Reader<'a> {
    pub fn new(atoms: &'a [Atom], span: Span) -> Self {
        Self { atoms, at: 0, span }
    }

    pub fn peek(&self) -> Option<&'a Atom> {
        self.atoms.get(self.at)
    }

    pub fn peek_second(&self) -> Option<&'a Atom> {
        self.atoms.get(self.at + 1)
    }

    pub fn next(&mut self) -> Option<&'a Atom> {
        let atom = self.atoms.get(self.at)?;
        self.at += 1;
        Some(atom)
    }

    /// Takes the word `word` if it comes next.
    pub fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Atom { kind: AtomKind::Word(w), .. }) if w == word);
        self.at += usize::from(found);
        found
    }

    /// Takes the sign if it comes next.
    pub fn sign(&mut self, sign: Sign) -> bool {
        let found = matches!(self.peek(), Some(Atom { kind: AtomKind::Sign(s), .. }) if *s == sign);
        self.at += usize::from(found);
        found
    }

    pub fn done(&self) -> bool {
        self.at >= self.atoms.len()
    }

    /// From the next atom to the end.
    pub fn rest(&self) -> Span {
        match (self.peek(), self.atoms.last()) {
            (Some(a), Some(z)) => a.span.to(z.span),
            _ => Span::point(self.span.hi),
        }
    }
}

impl Eval<'_> {
    /// The phrase that a name is bound to, and the scope to read it in.
    pub fn bound(&self, name: &str) -> Option<(Rc<Phrase>, Env)> {
        match self.env.get(name) {
            Some(Binding::Phrase(phrase, env)) => return Some((phrase.clone(), env.clone())),
            Some(_) => return None,
            None => {}
        }
        lookup(self.loaded, self.env.module, name, |module, name| {
            let (phrase, _) = self.lets.get(module)?.get(name)?;
            Some((phrase.clone(), Env::of(module)))
        })
    }

    /// Runs `read` in the scope of a bound name, with a guard against circles.
    pub fn within<T>(
        &mut self,
        env: Env,
        name: &str,
        at: Span,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        if self.depth >= DEEPEST {
            self.problems.push(errors::let_circle(name, at));
            return None;
        }
        let outer = std::mem::replace(&mut self.env, env);
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        self.env = outer;
        found
    }

    /// A name: a word, a bound word, or a string that comes to one.
    pub fn name(&mut self, atom: &Atom) -> Option<EcoString> {
        let mut reader = Reader::new(std::slice::from_ref(atom), atom.span);
        match self.primary(&mut reader, Type::Text)? {
            Val::Word(w) | Val::Text(w) => Some(w),
            other => {
                self.problems.push(errors::wrong_type(Type::Ref(&[]), atom.span, &other.described()));
                None
            }
        }
    }

    /// `1..4`, a call of `csv` or `json`, or any other value, from the whole of `atoms`.
    pub fn range_or_value(&mut self, atoms: &[Atom]) -> Option<Val> {
        let span = atoms.first()?.span.to(atoms.last()?.span);
        let mut reader = Reader::new(atoms, span);
        let first = self.expression(&mut reader, Type::Count)?;
        let value = if reader.sign(Sign::Range) {
            let last = self.expression(&mut reader, Type::Count)?;
            match (self.count(&first, span)?, self.count(&last, span)?) {
                (from, to) if from <= to => Val::Range(from, to),
                _ => {
                    self.problems.push(errors::out_of_range(
                        span,
                        "a range",
                        "written from the lesser to the greater",
                    ));
                    return None;
                }
            }
        } else {
            first
        };
        if !reader.done() {
            self.problems.push(errors::not_a_list(reader.rest()));
            return None;
        }
        Some(value)
    }

    fn count(&mut self, value: &Val, at: Span) -> Option<u64> {
        if let Val::Quantity(q) = value
            && let Ok(n) = q.to_count()
        {
            return Some(n);
        }
        self.problems.push(errors::wrong_type(Type::Count, at, &value.described()));
        None
    }

    /// A sum of products. `ty` is what the place wants, for messages.
    pub fn expression(&mut self, reader: &mut Reader<'_>, ty: Type) -> Option<Val> {
        let start = reader.peek().map_or(reader.span, |a| a.span);
        let mut left = self.product(reader, ty)?;
        loop {
            let sign = match reader.peek() {
                Some(Atom { kind: AtomKind::Sign(s @ (Sign::Plus | Sign::Minus)), .. }) => *s,
                _ => return Some(left),
            };
            reader.next();
            let right = self.product(reader, ty)?;
            left = self.combine(left, sign, right, start)?;
        }
    }

    fn product(&mut self, reader: &mut Reader<'_>, ty: Type) -> Option<Val> {
        let start = reader.peek().map_or(reader.span, |a| a.span);
        let mut left = self.primary(reader, ty)?;
        loop {
            let sign = match reader.peek() {
                Some(Atom { kind: AtomKind::Sign(s @ (Sign::Times | Sign::Over)), .. }) => *s,
                _ => return Some(left),
            };
            reader.next();
            let right = self.primary(reader, ty)?;
            left = self.combine(left, sign, right, start)?;
        }
    }

    fn combine(&mut self, left: Val, sign: Sign, right: Val, at: Span) -> Option<Val> {
        let (Val::Quantity(a), Val::Quantity(b)) = (&left, &right) else {
            let bad = if matches!(left, Val::Quantity(_)) { &right } else { &left };
            self.problems
                .push(errors::dimensions(at, &format!("{} takes no part in arithmetic", bad.described())));
            return None;
        };
        let result = match sign {
            Sign::Plus => a.checked_add(b),
            Sign::Minus => a.checked_sub(b),
            Sign::Times => a.checked_mul(b),
            _ => a.checked_div(b),
        };
        match result {
            Ok(q) => Some(Val::Quantity(q)),
            Err(QuantityError::DimensionMismatch { left, right }) => {
                let verb = if sign == Sign::Minus { "subtracted from" } else { "added to" };
                let what = if sign == Sign::Minus {
                    format!("{right} cannot be {verb} {left}")
                } else {
                    format!("{left} cannot be {verb} {right}")
                };
                self.problems.push(errors::dimensions(at, &what));
                None
            }
            Err(other) => {
                self.problems.push(errors::arithmetic(at, &other.to_string()));
                None
            }
        }
    }

    fn primary(&mut self, reader: &mut Reader<'_>, ty: Type) -> Option<Val> {
        let Some(atom) = reader.next() else {
            self.problems.push(errors::wrong_type(ty, Span::point(reader.span.hi), "nothing"));
            return None;
        };
        match &atom.kind {
            AtomKind::Number(n) => {
                let unit = self.unit(reader)?;
                match Quantity::from_decimal(n.mantissa, n.scale, unit) {
                    Ok(q) => self.per(reader, q),
                    Err(e) => {
                        self.problems.push(errors::arithmetic(atom.span, &e.to_string()));
                        None
                    }
                }
            }
            AtomKind::Text(pieces) => Some(Val::Text(self.text(pieces)?)),
            AtomKind::Word(w) if w == "true" || w == "false" => Some(Val::Bool(w == "true")),
            AtomKind::Word(w) => {
                if let Some(Atom { kind: AtomKind::Paren(arguments), span }) = reader.peek()
                    && span.lo == atom.span.hi
                {
                    reader.next();
                    return self.call(w, arguments, atom.span.to(*span));
                }
                self.word(w, atom.span, ty)
            }
            AtomKind::Paren(arguments) => match arguments.as_slice() {
                [Argument { name: None, phrase }] => {
                    let mut inner = Reader::new(&phrase.atoms, phrase.span);
                    let value = self.expression(&mut inner, ty)?;
                    if !inner.done() {
                        self.problems.push(errors::leftover(inner.rest(), ty));
                        return None;
                    }
                    Some(value)
                }
                _ => {
                    self.problems.push(errors::leftover(atom.span, ty));
                    None
                }
            },
            _ => {
                self.problems.push(errors::leftover(atom.span, ty));
                None
            }
        }
    }

    /// A word in an expression: what it stands for, or itself.
    fn word(&mut self, w: &EcoString, at: Span, ty: Type) -> Option<Val> {
        match self.env.get(w) {
            Some(Binding::Number(n)) => return Some(Val::Quantity(Quantity::count(*n))),
            Some(Binding::Text(t)) => return Some(Val::Text(t.clone())),
            Some(Binding::Row(_)) => {
                self.problems
                    .push(errors::bad_table(at, &format!("`{w}` is a row: name a column, as in `{w}.name`")));
                return None;
            }
            _ => {}
        }
        if let Some((head, column)) = w.split_once('.')
            && let Some(Binding::Row(row)) = self.env.get(head)
        {
            return match row.get(column) {
                Some(text) => Some(Val::Text(text.clone())),
                None => {
                    let near = nearest(column, row.keys().map(EcoString::as_str)).map(str::to_owned);
                    self.problems.push(errors::unknown_column(column, at, near.as_deref()));
                    None
                }
            };
        }
        if let Some((phrase, env)) = self.bound(w) {
            return self.within(env, w, at, |this| {
                let mut inner = Reader::new(&phrase.atoms, phrase.span);
                let value = this.expression(&mut inner, ty)?;
                if !inner.done() {
                    this.problems.push(errors::leftover(inner.rest(), ty));
                    return None;
                }
                Some(value)
            });
        }
        Some(Val::Word(w.clone()))
    }

    /// The unit behind a number, if one follows.
    fn unit(&mut self, reader: &mut Reader<'_>) -> Option<Option<Unit>> {
        match reader.peek() {
            Some(Atom { kind: AtomKind::Percent, .. }) => {
                reader.next();
                Some(Some(unit::PERCENT))
            }
            Some(Atom { kind: AtomKind::Word(w), span }) => match unit::lookup(w) {
                unit::Lookup::Unit(u) => {
                    reader.next();
                    Some(Some(u))
                }
                unit::Lookup::Refused { could_mean } => {
                    self.problems.push(errors::refused_unit(w, *span, &could_mean));
                    None
                }
                unit::Lookup::Unknown => Some(None),
            },
            _ => Some(None),
        }
    }

    /// `/ s` behind a quantity: per second.
    fn per(&mut self, reader: &mut Reader<'_>, quantity: Quantity) -> Option<Val> {
        let (
            Some(Atom { kind: AtomKind::Sign(Sign::Over), .. }),
            Some(Atom { kind: AtomKind::Word(w), span }),
        ) = (reader.peek(), reader.peek_second())
        else {
            return Some(Val::Quantity(quantity));
        };
        if self.env.get(w).is_some() || self.bound(w).is_some() {
            return Some(Val::Quantity(quantity));
        }
        let unit = match unit::lookup(w) {
            unit::Lookup::Unit(u) => u,
            unit::Lookup::Refused { could_mean } => {
                self.problems.push(errors::refused_unit(w, *span, &could_mean));
                return None;
            }
            unit::Lookup::Unknown => {
                let near = nearest(w, unit::spellings()).map(str::to_owned);
                self.problems.push(errors::unknown_unit(w, *span, near.as_deref()));
                return None;
            }
        };
        reader.next();
        reader.next();
        match Quantity::from_decimal(1, 0, Some(unit)).and_then(|u| quantity.checked_div(&u)) {
            Ok(q) => Some(Val::Quantity(q)),
            Err(e) => {
                self.problems.push(errors::arithmetic(*span, &e.to_string()));
                None
            }
        }
    }

    /// A string with its holes filled.
    pub fn text(&mut self, pieces: &[Piece]) -> Option<EcoString> {
        let mut text = EcoString::new();
        for piece in pieces {
            match piece {
                Piece::Text(t) => text.push_str(t),
                Piece::Hole(phrase) => {
                    let mut reader = Reader::new(&phrase.atoms, phrase.span);
                    let value = self.expression(&mut reader, Type::Text)?;
                    if !reader.done() {
                        self.problems.push(errors::leftover(reader.rest(), Type::Text));
                        return None;
                    }
                    match value {
                        Val::Text(t) | Val::Word(t) => text.push_str(&t),
                        Val::Bool(b) => text.push_str(if b { "true" } else { "false" }),
                        Val::Quantity(q) => text.push_str(&q.to_string()),
                        other => {
                            self.problems.push(errors::wrong_type(
                                Type::Text,
                                phrase.span,
                                &other.described(),
                            ));
                            return None;
                        }
                    }
                }
            }
        }
        Some(text)
    }

    /// `csv("…")` and `json("…")`. Other calls belong to the types that have them.
    fn call(&mut self, name: &str, arguments: &[Argument], at: Span) -> Option<Val> {
        if !matches!(name, "csv" | "json") {
            self.problems.push(errors::bad_argument(name, at, &["csv", "json"]));
            return None;
        }
        let path = match arguments {
            [Argument { name: None, phrase }] => {
                let mut reader = Reader::new(&phrase.atoms, phrase.span);
                match self.expression(&mut reader, Type::Text)? {
                    Val::Text(t) if reader.done() => t,
                    _ => {
                        self.problems.push(errors::wrong_type(Type::Text, phrase.span, "something else"));
                        return None;
                    }
                }
            }
            _ => {
                self.problems.push(errors::bad_form(at, name, &format!("{name}(\"file\")")));
                return None;
            }
        };
        let file = self.loaded.modules.get(self.env.module).map_or("", |m| m.key.as_str());
        let read = table::read(self.loaded, file, &path);
        match read.and_then(|bytes| if name == "csv" { table::csv(&bytes) } else { table::json(&bytes) }) {
            Ok(value) => Some(value),
            Err(what) => {
                self.problems.push(errors::bad_table(at, &format!("`{path}`: {what}")));
                None
            }
        }
    }
}
