//! Costs, penalties, sums of money and likelihoods.

use super::errors;
use super::eval::Reader;
use super::hir::Value;
use super::phrase::{Read, Typed};
use crate::base::Span;
use crate::quantity::money::{Amount, Cost, Currency, Money, Penalty, Per};
use crate::quantity::{Dim, Duration, Ratio, unit};
use crate::schema::Type;
use crate::syntax::ast::{Atom, AtomKind, Number, Sign};

impl Typed<'_, '_> {
    /// `400 EUR`.
    fn money(&mut self, ty: Type, r: &mut Reader<'_>) -> Option<(Number, Currency)> {
        let at = r.rest();
        if let (Some(Atom { kind: AtomKind::Number(n), .. }), Some(Atom { kind: AtomKind::Word(w), .. })) =
            (r.peek(), r.peek_second())
            && let Some(currency) = Currency::of(w)
        {
            r.next();
            r.next();
            return Some((*n, currency));
        }
        self.refuse(ty, at, "no number with a currency such as `EUR`");
        None
    }

    /// `/ month`, `/ TiB`: the word behind the stroke.
    fn over<'a>(&mut self, ty: Type, r: &mut Reader<'a>) -> Option<(&'a str, Span)> {
        let at = r.rest();
        if r.sign(Sign::Over)
            && let Some(Atom { kind: AtomKind::Word(w), span }) = r.next()
        {
            return Some((w.as_str(), *span));
        }
        self.refuse(ty, at, "without the time that it is for");
        None
    }

    /// `30 EUR / month + 8 EUR / TiB / month`.
    pub(super) fn cost(&mut self, r: &mut Reader<'_>) -> Read {
        let mut cost: Option<Cost> = None;
        loop {
            let at = r.rest();
            let (number, currency) = self.money(Type::Cost, r)?;
            let (mut word, mut span) = self.over(Type::Cost, r)?;
            let per = match unit::lookup(word) {
                unit::Lookup::Unit(u) if u.dim == Dim::DATA => Per::Data { bits: u.factor },
                _ if word == "operator" => Per::Operator,
                _ => Per::Whole,
            };
            if per != Per::Whole {
                (word, span) = self.over(Type::Cost, r)?;
            }
            let Some(times) = times_a_year(word) else {
                self.refuse(Type::Cost, span, &format!("`{word}`, and not for a `day`, `month` or `year`"));
                return None;
            };
            let Some(amount) = Amount::new(number.mantissa, number.scale, currency, times) else {
                self.eval.problems.push(errors::out_of_range(at, "a cost", "less than that"));
                return None;
            };
            let sum = cost.get_or_insert(Cost { currency, terms: Vec::new() });
            if sum.currency != currency {
                self.refuse(Type::Cost, at, "a sum of two currencies");
                return None;
            }
            sum.terms.push((amount, per));
            if !r.sign(Sign::Plus) {
                return cost.map(Value::Cost);
            }
        }
    }

    /// `2000 EUR / h`.
    pub(super) fn penalty(&mut self, r: &mut Reader<'_>) -> Read {
        let at = r.rest();
        let (number, currency) = self.money(Type::Penalty, r)?;
        let (word, span) = self.over(Type::Penalty, r)?;
        let per = match unit::lookup(word) {
            unit::Lookup::Unit(u) if u.dim == Dim::TIME => Duration(u.factor),
            _ => return self.refuse(Type::Penalty, span, &format!("`{word}`, which is no time")),
        };
        match Amount::new(number.mantissa, number.scale, currency, 1) {
            Some(amount) => Some(Value::Penalty(Penalty { currency, amount, per })),
            None => {
                self.eval.problems.push(errors::out_of_range(at, "a penalty", "less than that"));
                None
            }
        }
    }

    /// `200000 EUR`.
    pub(super) fn sum_of_money(&mut self, r: &mut Reader<'_>) -> Read {
        let at = r.rest();
        let (number, currency) = self.money(Type::Money, r)?;
        let amount = Amount::new(number.mantissa, number.scale, currency, 1);
        let whole = u32::from(number.scale) <= currency.digits();
        match amount.filter(|_| whole) {
            Some(amount) => Some(Value::Money(Money { currency, minor: amount.times(1, 1) })),
            None => {
                self.eval.problems.push(errors::out_of_range(at, "money", "whole in its smallest coin"));
                None
            }
        }
    }

    /// `0.02 / year`, or `2 % / year`.
    pub(super) fn likelihood(&mut self, r: &mut Reader<'_>) -> Read {
        let at = r.rest();
        let Some(Atom { kind: AtomKind::Number(n), .. }) = r.next() else {
            return self.refuse(Type::Likelihood, at, "something else");
        };
        let percent = matches!(r.peek(), Some(Atom { kind: AtomKind::Percent, .. }));
        if percent {
            r.next();
        }
        let (word, span) = self.over(Type::Likelihood, r)?;
        if word != "year" {
            return self.refuse(Type::Likelihood, span, &format!("for each `{word}`: write it for a year"));
        }
        let scale = u32::from(n.scale) + if percent { 2 } else { 0 };
        let part = 10_u128
            .checked_pow(scale)
            .map(|one| (u128::from(n.mantissa) * u128::from(Ratio::WHOLE.0)).div_ceil(one))
            .and_then(|p| u64::try_from(p).ok());
        match part.map(Ratio).filter(|p| *p <= Ratio::WHOLE) {
            Some(part) => Some(Value::Ratio(part)),
            None => {
                self.eval.problems.push(errors::out_of_range(at, "a likelihood", "from 0 to 1 a year"));
                None
            }
        }
    }
}

/// How many such times a year has. A week does not go into it.
fn times_a_year(word: &str) -> Option<u64> {
    Some(match word {
        "h" | "hour" => 8_760,
        "day" => 365,
        "month" => 12,
        "year" => 1,
        _ => return None,
    })
}
