//! Phrases read by the type of the place that they stand in.

use super::check::Names;
use super::errors;
use super::eval::{Eval, Reader, Val};
use super::hir::{ItemId, Value};
use crate::base::limits;
use crate::base::{EcoString, SourceMap, Span};
use crate::calendar::{ALL_WEEKDAYS, Line, Rule, WeekProfile, Window};
use crate::diag::Problems;
use crate::quantity::{Bytes, Duration, Quantity, QuantityError, Ratio, unit};
use crate::schema::Secret;
use crate::schema::{Kind, Type};
use crate::syntax;
use crate::syntax::ast::{Argument, Atom, AtomKind, Body, Entry, Phrase, Sign};

/// Reads values of one block.
pub(super) struct Typed<'s, 'n> {
    pub eval: Eval<'s>,
    pub names: &'n Names<'n>,
}

pub(super) type Read = Option<Value>;

impl Typed<'_, '_> {
    /// The value of an attribute.
    pub fn attribute(&mut self, ty: Type, entry: &Entry) -> Option<(Value, Span)> {
        let phrase = &entry.value.as_ref()?.phrase;
        let value = if ty == Type::Profile {
            self.profile(phrase, entry.body.as_ref())
        } else {
            self.phrase(ty, phrase)
        };
        value.map(|v| (v, phrase.span))
    }

    /// A whole phrase, or what the one name in it stands for.
    pub(super) fn phrase(&mut self, ty: Type, phrase: &Phrase) -> Read {
        if let [Atom { kind: AtomKind::Word(w), span }] = phrase.atoms.as_slice()
            && let Some((bound, env)) = self.eval.bound(w)
        {
            let names = self.names;
            let at = *span;
            return self.eval.within(env, w, at, |eval| {
                let mut inner = Typed {
                    eval: Eval {
                        loaded: eval.loaded,
                        lets: eval.lets,
                        env: eval.env.clone(),
                        problems: eval.problems,
                        depth: eval.depth,
                    },
                    names,
                };
                inner.phrase(ty, &bound)
            });
        }
        let mut reader = Reader::new(&phrase.atoms, phrase.span);
        let value = self.value(ty, &mut reader)?;
        if !reader.done() {
            self.eval.problems.push(errors::leftover(reader.rest(), ty));
            return None;
        }
        Some(value)
    }

    pub(super) fn refuse(&mut self, ty: Type, at: Span, is: &str) -> Read {
        self.eval.problems.push(errors::wrong_type(ty, at, is));
        None
    }

    fn value(&mut self, ty: Type, r: &mut Reader<'_>) -> Read {
        match ty {
            Type::Text | Type::Command => self.text(ty, r).map(Value::Text),
            Type::Path => self.path(r).map(Value::Text),
            Type::Word(words) => {
                let at = r.peek().map_or(r.span, |a| a.span);
                let Some(Atom { kind: AtomKind::Word(w), .. }) = r.next() else {
                    return self.refuse(ty, at, "something else");
                };
                match words.iter().find(|(name, _)| name == w) {
                    Some((name, _)) => Some(Value::Word(name)),
                    None => {
                        self.eval.problems.push(errors::wrong_word(words, at, w));
                        None
                    }
                }
            }
            Type::Ref(kinds) => {
                let atom = r.next();
                self.reference(atom, r.span, kinds).map(|(id, _)| Value::Ref(id))
            }
            Type::Refs(kinds) => self.references(r, kinds).map(Value::Refs),
            Type::Schedule => self.schedule(r).map(Value::Schedule),
            Type::Route => self.route(r).map(Value::Route),
            Type::Placement => self.placement(r),
            Type::Failover => self.failover(r),
            Type::Check => self.check(r),
            Type::Secret => self.secret(r),
            Type::Strikes => self.losses(r).map(Value::Strikes),
            Type::Missed => self.missed(r).map(Value::Missed),
            Type::Address => self.address(r),
            Type::Prefix => self.prefix(r),
            Type::Change => self.change(r).map(|(part, per)| Value::Change(part, per)),
            Type::Cost => self.cost(r),
            Type::Penalty => self.penalty(r),
            Type::Money => self.sum_of_money(r),
            Type::Likelihood => self.likelihood(r),
            Type::Size => self.size(r),
            Type::Capacity => self.capacity(r),
            Type::Interval => self.interval(r),
            Type::Profile => None,
            Type::Bool
            | Type::Count
            | Type::Port
            | Type::Percent
            | Type::Factor
            | Type::Bytes
            | Type::Rate
            | Type::Duration => self.plain(ty, r),
        }
    }

    /// A value that one expression gives.
    fn plain(&mut self, ty: Type, r: &mut Reader<'_>) -> Read {
        let at = r.peek().map_or(r.span, |a| a.span);
        match self.eval.expression(r, ty)? {
            Val::Bool(b) if ty == Type::Bool => Some(Value::Bool(b)),
            Val::Quantity(q) => self.quantity(ty, &q, at),
            Val::Text(t) => self.reread(ty, &t, at),
            other => self.refuse(ty, at, &other.described()),
        }
    }

    /// A text from a table, read as if it stood in the spec.
    fn reread(&mut self, ty: Type, text: &str, at: Span) -> Read {
        match phrase_of(text, at) {
            Some(phrase) if !matches!(phrase.atoms.as_slice(), [Atom { kind: AtomKind::Text(_), .. }]) => {
                self.phrase(ty, &phrase)
            }
            _ => self.refuse(ty, at, "text"),
        }
    }

    fn quantity(&mut self, ty: Type, q: &Quantity, at: Span) -> Read {
        let read = match ty {
            Type::Count => q.to_count().map(Value::Count),
            Type::Port => match q.to_count() {
                Ok(n @ 1..=65535) => Ok(Value::Count(n)),
                Ok(_) => {
                    self.eval.problems.push(errors::out_of_range(at, "a port", "from 1 to 65535"));
                    return None;
                }
                Err(e) => Err(e),
            },
            Type::Percent => match q.to_ratio() {
                Ok(r) if r > Ratio::WHOLE => {
                    self.eval.problems.push(errors::out_of_range(at, "this percentage", "from 0 % to 100 %"));
                    return None;
                }
                other => other.map(Value::Ratio),
            },
            Type::Factor => match q.to_factor() {
                Ok(Ratio::ZERO) => {
                    self.eval.problems.push(errors::out_of_range(at, "this ratio", "above zero"));
                    return None;
                }
                other => other.map(Value::Ratio),
            },
            Type::Bytes => q.to_bytes().map(Value::Bytes),
            Type::Rate => q.to_rate().map(Value::Rate),
            Type::Duration => q.to_duration().map(Value::Duration),
            _ => Err(QuantityError::NotWhole),
        };
        match read {
            Ok(value) => Some(value),
            Err(QuantityError::DimensionMismatch { left: "a plain number", .. }) => {
                self.eval.problems.push(errors::no_unit(ty, at));
                None
            }
            Err(QuantityError::DimensionMismatch { left, .. }) => self.refuse(ty, at, left),
            Err(e) => {
                self.eval.problems.push(errors::arithmetic(at, &e.to_string()));
                None
            }
        }
    }

    fn text(&mut self, ty: Type, r: &mut Reader<'_>) -> Option<EcoString> {
        let at = r.peek().map_or(r.span, |a| a.span);
        match self.eval.expression(r, ty)? {
            Val::Text(t) => Some(t),
            other => {
                self.refuse(ty, at, &other.described());
                None
            }
        }
    }

    fn path(&mut self, r: &mut Reader<'_>) -> Option<EcoString> {
        let at = r.peek().map_or(r.span, |a| a.span);
        let path = self.text(Type::Path, r)?;
        let sound = path.starts_with('/')
            && path.len() > 1
            && !path.ends_with('/')
            && !path.contains('\0')
            && path.split('/').skip(1).all(|p| !p.is_empty() && p != "." && p != "..");
        if sound {
            return Some(path);
        }
        self.eval.problems.push(errors::out_of_range(
            at,
            "a path",
            "absolute, without `.`, `..`, doubled or closing slashes, such as `/srv/data`",
        ));
        None
    }

    fn duration(&mut self, r: &mut Reader<'_>) -> Option<Duration> {
        match self.plain(Type::Duration, r)? {
            Value::Duration(d) => Some(d),
            _ => None,
        }
    }

    fn interval(&mut self, r: &mut Reader<'_>) -> Read {
        let at = r.peek().map_or(r.span, |a| a.span);
        let least = self.duration(r)?;
        if !r.sign(Sign::Range) {
            return Some(Value::Interval(least, least));
        }
        let most = self.duration(r)?;
        if most < least {
            self.eval.problems.push(errors::out_of_range(
                at,
                "a range",
                "written from the lesser to the greater",
            ));
            return None;
        }
        Some(Value::Interval(least, most))
    }

    /// `4 % / day`.
    fn change(&mut self, r: &mut Reader<'_>) -> Option<(Ratio, Duration)> {
        let at = r.peek().map_or(r.span, |a| a.span);
        let (Some(Atom { kind: AtomKind::Number(n), .. }), Some(Atom { kind: AtomKind::Percent, .. })) =
            (r.peek(), r.peek_second())
        else {
            self.refuse(Type::Change, at, "something else");
            return None;
        };
        r.next();
        r.next();
        let over = r.sign(Sign::Over);
        let count = match r.peek() {
            Some(Atom { kind: AtomKind::Number(c), .. }) => {
                r.next();
                c.mantissa
            }
            _ => 1,
        };
        let unit = match r.next() {
            Some(Atom { kind: AtomKind::Word(w), .. }) => match unit::lookup(w) {
                unit::Lookup::Unit(u) if u.dim == crate::quantity::Dim::TIME => Some(u),
                _ => None,
            },
            _ => None,
        };
        let (Some(unit), true) = (unit, over && count > 0) else {
            self.refuse(Type::Change, at, "something else");
            return None;
        };
        let part =
            Quantity::from_decimal(n.mantissa, n.scale, Some(unit::PERCENT)).and_then(|q| q.to_ratio());
        match part {
            Ok(part) => Some((part, Duration(unit.factor).times(count))),
            Err(e) => {
                self.eval.problems.push(errors::arithmetic(at, &e.to_string()));
                None
            }
        }
    }

    fn size(&mut self, r: &mut Reader<'_>) -> Read {
        let Value::Bytes(bytes) = self.plain(Type::Bytes, r)? else { return None };
        let growth = if r.word("growing") { Some(self.change(r)?) } else { None };
        Some(Value::Size { bytes, growth })
    }

    fn capacity(&mut self, r: &mut Reader<'_>) -> Read {
        let at = r.peek().map_or(r.span, |a| a.span);
        let first = match self.eval.expression(r, Type::Capacity)? {
            Val::Quantity(q) => q,
            Val::Text(t) => return self.reread(Type::Capacity, &t, at),
            other => return self.refuse(Type::Capacity, at, &other.described()),
        };
        if let Ok(rate) = first.to_rate() {
            return Some(Value::Capacity { bytes: None, rate: Some(rate) });
        }
        let Value::Bytes(bytes) = self.quantity(Type::Bytes, &first, at)? else { return None };
        let rate = if r.word("at") {
            match self.plain(Type::Rate, r)? {
                Value::Rate(rate) => Some(rate),
                _ => None,
            }
        } else {
            None
        };
        Some(Value::Capacity { bytes: Some(bytes), rate })
    }

    fn address(&mut self, r: &mut Reader<'_>) -> Read {
        let atom = r.next();
        match atom.map(|a| (&a.kind, a.span)) {
            Some((AtomKind::Address(a), _)) => Some(Value::Address(*a)),
            Some((AtomKind::Word(_) | AtomKind::Text(_), at)) => {
                let text = atom.and_then(|a| self.eval.name(a))?;
                match text.parse() {
                    Ok(a) => Some(Value::Address(a)),
                    Err(_) => self.refuse(Type::Address, at, &format!("`{text}`")),
                }
            }
            Some((_, at)) => self.refuse(Type::Address, at, "something else"),
            None => self.refuse(Type::Address, r.span, "nothing"),
        }
    }

    fn prefix(&mut self, r: &mut Reader<'_>) -> Read {
        let atom = r.next();
        match atom.map(|a| (&a.kind, a.span)) {
            Some((AtomKind::Prefix(a, length), _)) => Some(Value::Prefix(*a, *length)),
            Some((AtomKind::Word(_) | AtomKind::Text(_), at)) => {
                let text = atom.and_then(|a| self.eval.name(a))?;
                match text.parse::<ipnet::IpNet>() {
                    Ok(net) => Some(Value::Prefix(net.addr(), net.prefix_len())),
                    Err(_) => self.refuse(Type::Prefix, at, &format!("`{text}`")),
                }
            }
            Some((AtomKind::Address(_), at)) => {
                self.refuse(Type::Prefix, at, "an address without its prefix length")
            }
            Some((_, at)) => self.refuse(Type::Prefix, at, "something else"),
            None => self.refuse(Type::Prefix, r.span, "nothing"),
        }
    }

    fn secret(&mut self, r: &mut Reader<'_>) -> Read {
        let at = r.rest();
        match (r.next(), r.next()) {
            (
                Some(Atom { kind: AtomKind::Word(w), .. }),
                Some(Atom { kind: AtomKind::Paren(arguments), .. }),
            ) if w == "file" => match arguments.as_slice() {
                [Argument { name: None, phrase }] => {
                    let mut inner = Reader::new(&phrase.atoms, phrase.span);
                    self.path(&mut inner).map(|p| Value::Secret(Secret::File(p)))
                }
                _ => self.refuse(Type::Secret, at, "something else"),
            },
            (Some(Atom { kind: AtomKind::Text(_), .. }), _) => {
                self.eval.problems.push(errors::literal_secret(at));
                None
            }
            _ => self.refuse(Type::Secret, at, "something else"),
        }
    }

    /// `http("https://…", within = 10 s)`.
    fn check(&mut self, r: &mut Reader<'_>) -> Read {
        let at = r.rest();
        let (Some(Atom { kind: AtomKind::Word(w), .. }), Some(Atom { kind: AtomKind::Paren(arguments), .. })) =
            (r.next(), r.next())
        else {
            return self.refuse(Type::Check, at, "something else");
        };
        if w != "http" {
            return self.refuse(Type::Check, at, &format!("`{w}`"));
        }
        let mut url = None;
        let mut within = None;
        for a in arguments {
            let mut inner = Reader::new(&a.phrase.atoms, a.phrase.span);
            match a.name.as_ref().map(|(n, s)| (n.as_str(), *s)) {
                None if url.is_none() => url = Some(self.text(Type::Check, &mut inner)?),
                Some(("within", _)) => within = Some(self.duration(&mut inner)?),
                Some((_, span)) => {
                    self.eval.problems.push(errors::bad_argument("http", span, &["within"]));
                    return None;
                }
                None => {
                    self.eval.problems.push(errors::bad_argument("http", a.phrase.span, &["within"]));
                    return None;
                }
            }
        }
        match url {
            Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
                Some(Value::Check { url, within })
            }
            _ => self.refuse(Type::Check, at, "no address that begins with http:// or https://"),
        }
    }

    pub(super) fn reference(
        &mut self,
        atom: Option<&Atom>,
        at: Span,
        kinds: &'static [Kind],
    ) -> Option<(ItemId, Span)> {
        let Some(atom) = atom else {
            self.refuse(Type::Ref(kinds), at, "nothing");
            return None;
        };
        if !matches!(atom.kind, AtomKind::Word(_) | AtomKind::Text(_)) {
            self.refuse(Type::Ref(kinds), atom.span, "something else");
            return None;
        }
        let name = self.eval.name(atom)?;
        self.named(&name, atom.span, kinds).map(|id| (id, atom.span))
    }

    /// The block of that name, if it is of one of the kinds.
    pub fn named(&mut self, name: &str, at: Span, kinds: &'static [Kind]) -> Option<ItemId> {
        match self.names.find(name, self.eval.env.module) {
            Some(found) if kinds.contains(&found.kind) => found.id,
            Some(_) if self.names.is_double(name) => None,
            Some(found) => {
                self.eval.problems.push(errors::wrong_kind(name, at, found.kind, kinds, found.span));
                None
            }
            None => {
                if !self.names.is_broken(name) {
                    let near = self.names.nearest(name, kinds);
                    self.eval.problems.push(errors::unknown_name(name, at, kinds, near));
                }
                None
            }
        }
    }

    /// `[a, b]`, or `a`. One wrong name does not hide the next.
    pub(super) fn references(
        &mut self,
        r: &mut Reader<'_>,
        kinds: &'static [Kind],
    ) -> Option<Vec<(ItemId, Span)>> {
        let Some(Atom { kind: AtomKind::List(items), .. }) = r.peek() else {
            let atom = r.next();
            return self.reference(atom, r.span, kinds).map(|one| vec![one]);
        };
        r.next();
        let mut found = Vec::new();
        let mut whole = true;
        for item in items {
            match self.phrase(Type::Ref(kinds), item) {
                Some(Value::Ref(id)) => found.push((id, item.span)),
                _ => whole = false,
            }
        }
        whole.then_some(found)
    }

    fn placement(&mut self, r: &mut Reader<'_>) -> Read {
        let atom = r.next();
        let (id, at) = self.reference(atom, r.span, &[Kind::Cluster, Kind::Host])?;
        match self.names.kind(id) {
            Some(Kind::Cluster) => Some(Value::OnCluster(id)),
            _ if r.word("path") => self.path(r).map(|p| Value::OnFiles(id, p)),
            _ => self.refuse(Type::Placement, at, "a host without a path"),
        }
    }

    fn failover(&mut self, r: &mut Reader<'_>) -> Read {
        let at = r.rest();
        if r.word("manual") {
            return Some(Value::Failover { automatic: false });
        }
        if r.word("automatic") {
            if r.word("within") && !["host", "site", "region"].iter().any(|w| r.word(w)) {
                return self.refuse(Type::Failover, at, "something else");
            }
            return Some(Value::Failover { automatic: true });
        }
        self.refuse(Type::Failover, at, "something else")
    }

    /// `wan-a or (dwdm then wan-b)`.
    fn route(&mut self, r: &mut Reader<'_>) -> Option<Vec<Vec<ItemId>>> {
        let mut ways = Vec::new();
        loop {
            ways.push(self.way(r)?);
            if !r.word("or") {
                return Some(ways);
            }
        }
    }

    fn way(&mut self, r: &mut Reader<'_>) -> Option<Vec<ItemId>> {
        if let Some(Atom { kind: AtomKind::Paren(arguments), span }) = r.peek() {
            r.next();
            return match arguments.as_slice() {
                [Argument { name: None, phrase }] => {
                    let mut inner = Reader::new(&phrase.atoms, phrase.span);
                    let way = self.way(&mut inner)?;
                    if !inner.done() {
                        self.eval.problems.push(errors::leftover(inner.rest(), Type::Route));
                        return None;
                    }
                    Some(way)
                }
                _ => {
                    self.refuse(Type::Route, *span, "something else");
                    None
                }
            };
        }
        let mut way = Vec::new();
        loop {
            let atom = r.next();
            way.push(self.reference(atom, r.span, &[Kind::Link])?.0);
            if !r.word("then") {
                return Some(way);
            }
        }
    }

    /// A schedule, how late its starts may be, and what its runs are to stay within:
    /// `daily 01:30 jitter 2 min window 01:00..05:00`.
    fn schedule(&mut self, r: &mut Reader<'_>) -> Option<Rule> {
        let mut rule = self.times(r)?;
        loop {
            let at = r.rest();
            if r.word("jitter") && rule.jitter == Duration::ZERO {
                rule.jitter = self.duration(r)?;
                if rule.jitter.0 % Duration::from_secs(1).0 != 0 || rule.jitter >= Duration::from_days(1) {
                    self.refuse(Type::Schedule, at, "no jitter of whole seconds, less than a day");
                    return None;
                }
            } else if r.word("window") && rule.window.is_none() {
                match r.next() {
                    Some(Atom { kind: AtomKind::TimeSpan(from, to), .. }) if *from < 1440 => {
                        rule.window = Some(Window { from: *from, to: *to % 1440 });
                    }
                    _ => {
                        self.refuse(Type::Schedule, at, "no window such as 01:00..05:00");
                        return None;
                    }
                }
            } else {
                return Some(rule);
            }
        }
    }

    fn times(&mut self, r: &mut Reader<'_>) -> Option<Rule> {
        let at = r.rest();
        let wrong = |this: &mut Self, at| {
            this.refuse(Type::Schedule, at, "something else");
            None
        };
        let Some(Atom { kind: AtomKind::Word(word), .. }) = r.next() else { return wrong(self, at) };
        match word.as_str() {
            "daily" => self.moment(r).map(Rule::daily),
            "weekly" => {
                let days = self.weekdays(r)?;
                self.moment(r).map(|m| Rule::weekly(days, m))
            }
            "quarterly" => match r.peek() {
                Some(Atom { kind: AtomKind::Word(w), .. }) if w == "jitter" || w == "window" => {
                    Some(Rule::quarterly(0))
                }
                Some(_) => self.moment(r).map(Rule::quarterly),
                None => Some(Rule::quarterly(0)),
            },
            "monthly" => match r.next().map(|a| (&a.kind, a.span)) {
                Some((AtomKind::Ordinal(n), _)) if (1..=5).contains(n) => {
                    let nth = *n as u8;
                    let days = self.weekdays(r)?;
                    self.moment(r).map(|m| Rule::monthly_weekday(nth, days, m))
                }
                Some((AtomKind::Number(n), span)) if n.scale == 0 => {
                    let day = n.mantissa as u32;
                    if !(1..=28).contains(&n.mantissa) {
                        self.eval.problems.push(errors::skipped_months(span, day));
                        return None;
                    }
                    self.moment(r).map(|m| Rule::monthly_day(day as u8, m))
                }
                _ => wrong(self, at),
            },
            "every" => {
                let interval = self.duration(r)?;
                let offset = if r.word("offset") { self.duration(r)? } else { Duration::ZERO };
                let minute = Duration::from_mins(1).0;
                if interval.0 % minute != 0 || offset.0 % minute != 0 {
                    let near = ["1 min".to_owned()];
                    self.eval.problems.push(errors::unaligned_schedule(at, &near));
                    return None;
                }
                match Rule::every(interval.0 / minute, offset.0 / minute) {
                    Ok(rule) => Some(rule),
                    Err(e) => {
                        let near: Vec<String> = e
                            .nearest
                            .iter()
                            .map(|m| crate::quantity::show::duration(Duration::from_mins(*m)))
                            .collect();
                        self.eval.problems.push(errors::unaligned_schedule(at, &near));
                        None
                    }
                }
            }
            _ => wrong(self, at),
        }
    }

    fn moment(&mut self, r: &mut Reader<'_>) -> Option<u16> {
        let at = r.rest();
        match r.next() {
            Some(Atom { kind: AtomKind::Moment(m), .. }) if *m < 1440 => Some(*m),
            _ => {
                self.refuse(Type::Schedule, at, "no time of day such as 01:30");
                None
            }
        }
    }

    /// `sun`, or `mon..fri`.
    fn weekdays(&mut self, r: &mut Reader<'_>) -> Option<u8> {
        let at = r.rest();
        let first = weekday(r.peek());
        if let Some(first) = first {
            r.next();
            if !r.sign(Sign::Range) {
                return Some(1 << first);
            }
            if let Some(last) = weekday(r.peek()) {
                r.next();
                return Some(days_between(first, last));
            }
        }
        self.refuse(Type::Schedule, at, "no day such as `sun`");
        None
    }

    /// `1.5 MiB/s { daily 19:00..23:00 = 9 MiB/s }`.
    fn profile(&mut self, phrase: &Phrase, body: Option<&Body>) -> Read {
        let base = self.written(phrase)?;
        let mut lines = Vec::new();
        let mut burst = Bytes::ZERO;
        let mut whole = true;
        for entry in body.map_or(&[][..], |b| &b.entries) {
            let Some(value) = entry.value.as_ref().filter(|_| entry.colon.is_none() && entry.body.is_none())
            else {
                self.eval.problems.push(errors::bad_form(
                    entry.head.span,
                    "line",
                    "daily 19:00..23:00 = 9 MiB/s",
                ));
                whole = false;
                continue;
            };
            if matches!(entry.head.atoms.as_slice(), [Atom { kind: AtomKind::Word(w), .. }] if w == "burst") {
                match self.phrase(Type::Bytes, &value.phrase) {
                    Some(Value::Bytes(b)) => burst = b,
                    _ => whole = false,
                }
                continue;
            }
            let Some((weekdays, from, to)) = span_of_week(&entry.head.atoms) else {
                self.eval.problems.push(errors::bad_form(
                    entry.head.span,
                    "line",
                    "daily 19:00..23:00 = 9 MiB/s`, `sat 20:00..21:00 = 24 MiB/s` or `burst = 64 MiB",
                ));
                whole = false;
                continue;
            };
            match self.written(&value.phrase) {
                Some(rate) => lines.push(Line { weekdays, from, to, rate, adds: value.adds }),
                None => whole = false,
            }
        }
        whole.then(|| Value::Profile(WeekProfile::new(base, &lines, burst)))
    }

    /// A write rate in bytes per second, rounded up.
    fn written(&mut self, phrase: &Phrase) -> Option<u64> {
        let mut r = Reader::new(&phrase.atoms, phrase.span);
        let value = self.eval.expression(&mut r, Type::Rate)?;
        if !r.done() {
            self.eval.problems.push(errors::leftover(r.rest(), Type::Rate));
            return None;
        }
        match &value {
            Val::Quantity(q) => match q.to_bytes_per_sec_up() {
                Ok(rate) => Some(rate),
                Err(QuantityError::DimensionMismatch { left: "a plain number", .. }) => {
                    self.eval.problems.push(errors::no_unit(Type::Rate, phrase.span));
                    None
                }
                Err(QuantityError::DimensionMismatch { left, .. }) => {
                    self.refuse(Type::Rate, phrase.span, left);
                    None
                }
                Err(e) => {
                    self.eval.problems.push(errors::arithmetic(phrase.span, &e.to_string()));
                    None
                }
            },
            Val::Text(t) => {
                let again = phrase_of(t, phrase.span)
                    .filter(|p| !matches!(p.atoms.as_slice(), [Atom { kind: AtomKind::Text(_), .. }]));
                match again {
                    Some(p) => self.written(&p),
                    None => {
                        self.refuse(Type::Rate, phrase.span, "text");
                        None
                    }
                }
            }
            other => {
                self.refuse(Type::Rate, phrase.span, &other.described());
                None
            }
        }
    }
}

fn weekday(atom: Option<&Atom>) -> Option<u8> {
    let AtomKind::Word(w) = &atom?.kind else { return None };
    (0..7).find(|d| crate::calendar::show::weekday(*d) == w)
}

fn days_between(first: u8, last: u8) -> u8 {
    let length = (last + 7 - first) % 7;
    (0..=length).fold(0, |mask, n| mask | 1 << ((first + n) % 7))
}

/// The days, the start and the end of a line of a profile.
fn span_of_week(atoms: &[Atom]) -> Option<(u8, u16, u16)> {
    let (last, days) = atoms.split_last()?;
    let AtomKind::TimeSpan(from, to) = last.kind else { return None };
    let mask = match days {
        [Atom { kind: AtomKind::Word(w), .. }] if w == "daily" => ALL_WEEKDAYS,
        [one] => 1 << weekday(Some(one))?,
        [first, Atom { kind: AtomKind::Sign(Sign::Range), .. }, end] => {
            days_between(weekday(Some(first))?, weekday(Some(end))?)
        }
        _ => return None,
    };
    (from < 1440).then_some((mask, from, to))
}

/// A text as a phrase, every part of which stands at `at`. `None` when it is none.
fn phrase_of(text: &str, at: Span) -> Option<Phrase> {
    if text.contains(['\n', '{', '}', ';']) {
        return None;
    }
    let mut map = SourceMap::new();
    let file = map.add(String::new(), format!("v = {text}\n").into(), false)?;
    let mut problems = Problems::new();
    let tree = syntax::parse(map.get(file), &limits::DEFAULT, &mut problems);
    let phrase = match tree.entries.into_iter().next() {
        Some(Entry { value: Some(value), .. }) if problems.is_empty() => value.phrase,
        _ => return None,
    };
    Some(moved(phrase, at))
}

fn moved(mut phrase: Phrase, at: Span) -> Phrase {
    phrase.span = at;
    for atom in &mut phrase.atoms {
        atom.span = at;
    }
    phrase
}
