//! Exact rationals with a dimension: what expressions of a spec come to before they take a type.

use super::base::{Bytes, Duration, Rate, Ratio};
use super::unit::Unit;
use std::fmt;

/// A dimension: powers of data and time, and whether it is a part of something (`60 %`) rather
/// than a plain number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dim {
    /// Power of data.
    pub data: i8,
    /// Power of time.
    pub time: i8,
    /// Whether it was written as a percentage.
    pub part: bool,
}

impl Dim {
    /// A plain number.
    pub const COUNT: Self = Self { data: 0, time: 0, part: false };
    /// A percentage.
    pub const PART: Self = Self { data: 0, time: 0, part: true };
    /// Data.
    pub const DATA: Self = Self { data: 1, time: 0, part: false };
    /// Time.
    pub const TIME: Self = Self { data: 0, time: 1, part: false };
    /// Data per time.
    pub const RATE: Self = Self { data: 1, time: -1, part: false };

    /// Its name for people, with an article.
    pub fn described(self) -> &'static str {
        match (self.data, self.time, self.part) {
            (0, 0, false) => "a plain number",
            (0, 0, true) => "a percentage",
            (1, 0, _) => "an amount of data",
            (0, 1, _) => "a duration",
            (1, -1, _) => "a rate (data per time)",
            (0, -1, true) => "a percentage per time",
            (0, -1, false) => "a frequency (a number per time)",
            _ => "a quantity of a dimension that nothing here has",
        }
    }
}

/// Why arithmetic did not work.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum QuantityError {
    /// A sum of things that do not go together.
    #[error("{left} and {right} do not go together")]
    DimensionMismatch {
        /// What stood on the left.
        left: &'static str,
        /// What stood on the right.
        right: &'static str,
    },
    /// Too large to be represented.
    #[error("the number is too large")]
    Overflow,
    /// A division by nothing.
    #[error("this divides by zero")]
    DivisionByZero,
    /// Less than nothing.
    #[error("the number is negative")]
    Negative,
    /// Not a whole number of the smallest unit.
    #[error("the number is not whole")]
    NotWhole,
}

/// An exact rational number of base units, always in lowest terms with a positive denominator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quantity {
    num: i128,
    den: i128,
    /// What it measures.
    pub dim: Dim,
}

type Result<T> = std::result::Result<T, QuantityError>;

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i128::try_from(a).unwrap_or(1).max(1)
}

impl Quantity {
    fn new(num: i128, den: i128, dim: Dim) -> Result<Self> {
        if den == 0 {
            return Err(QuantityError::DivisionByZero);
        }
        let g = gcd(num, den) * den.signum();
        Ok(Self { num: num / g, den: den / g, dim })
    }

    /// A plain number.
    pub fn count(n: u64) -> Self {
        Self { num: i128::from(n), den: 1, dim: Dim::COUNT }
    }

    /// A decimal number of a unit, or a plain one.
    ///
    /// # Errors
    /// When it is too large.
    pub fn from_decimal(mantissa: u64, scale: u8, unit: Option<Unit>) -> Result<Self> {
        let (factor, dim) = unit.map_or((1, Dim::COUNT), |u| (i128::from(u.factor), u.dim));
        let den = 10_i128.checked_pow(u32::from(scale)).ok_or(QuantityError::Overflow)?;
        let num = i128::from(mantissa).checked_mul(factor).ok_or(QuantityError::Overflow)?;
        Self::new(num, den, dim)
    }

    /// The sum.
    ///
    /// # Errors
    /// When the dimensions differ, or the sum is too large.
    pub fn checked_add(&self, other: &Self) -> Result<Self> {
        if self.dim != other.dim {
            return Err(QuantityError::DimensionMismatch {
                left: self.dim.described(),
                right: other.dim.described(),
            });
        }
        let sum = || -> Option<(i128, i128)> {
            let left = self.num.checked_mul(other.den)?;
            let right = other.num.checked_mul(self.den)?;
            Some((left.checked_add(right)?, self.den.checked_mul(other.den)?))
        };
        let (num, den) = sum().ok_or(QuantityError::Overflow)?;
        Self::new(num, den, self.dim)
    }

    /// The difference.
    ///
    /// # Errors
    /// As for [`checked_add`](Self::checked_add).
    pub fn checked_sub(&self, other: &Self) -> Result<Self> {
        self.checked_add(&Self { num: -other.num, ..*other })
    }

    /// The product.
    ///
    /// # Errors
    /// When it is too large.
    pub fn checked_mul(&self, other: &Self) -> Result<Self> {
        self.scaled(other.num, other.den, other.dim, 1)
    }

    /// The quotient.
    ///
    /// # Errors
    /// When `other` is zero, or the quotient is too large.
    pub fn checked_div(&self, other: &Self) -> Result<Self> {
        if other.num == 0 {
            return Err(QuantityError::DivisionByZero);
        }
        self.scaled(other.den, other.num, other.dim, -1)
    }

    /// This times `num / den`, with the other's dimension added `sign` times. A percentage of
    /// something is a part of it: its own base unit, the billionth, goes away.
    fn scaled(&self, num: i128, den: i128, dim: Dim, sign: i8) -> Result<Self> {
        let whole = 1_000_000_000_i128;
        let over =
            || -> Option<(i128, i128)> { Some((self.num.checked_mul(num)?, self.den.checked_mul(den)?)) };
        let (mut num, mut den) = over().ok_or(QuantityError::Overflow)?;
        let mut part = self.dim.part != dim.part;
        if self.dim.part && dim.part {
            if sign > 0 {
                // A part of a part is a part.
                den = den.checked_mul(whole).ok_or(QuantityError::Overflow)?;
                part = true;
            }
        } else if dim.part {
            if sign > 0 {
                den = den.checked_mul(whole).ok_or(QuantityError::Overflow)?;
            } else {
                num = num.checked_mul(whole).ok_or(QuantityError::Overflow)?;
            }
            part = false;
        } else if self.dim.part && dim != Dim::COUNT && sign > 0 {
            den = den.checked_mul(whole).ok_or(QuantityError::Overflow)?;
            part = false;
        }
        let add = |a: i8, b: i8| a.checked_add(b.checked_mul(sign)?);
        let data = add(self.dim.data, dim.data).ok_or(QuantityError::Overflow)?;
        let time = add(self.dim.time, dim.time).ok_or(QuantityError::Overflow)?;
        Self::new(num, den, Dim { data, time, part })
    }

    fn whole(&self, per: i128, up: bool) -> Result<u64> {
        if self.num < 0 {
            return Err(QuantityError::Negative);
        }
        let den = self.den.checked_mul(per).ok_or(QuantityError::Overflow)?;
        let rounded =
            if up { self.num.checked_add(den - 1).ok_or(QuantityError::Overflow)? } else { self.num };
        u64::try_from(rounded / den).map_err(|_| QuantityError::Overflow)
    }

    /// Which of two is the greater.
    ///
    /// # Errors
    /// When the dimensions differ, or the numbers are too large to be compared.
    pub fn compare(&self, other: &Self) -> Result<std::cmp::Ordering> {
        let difference = self.checked_sub(other)?;
        Ok(difference.num.cmp(&0))
    }

    fn want(&self, dim: Dim) -> Result<()> {
        if self.dim == dim {
            Ok(())
        } else {
            Err(QuantityError::DimensionMismatch { left: self.dim.described(), right: dim.described() })
        }
    }

    /// As bytes, rounded up: an amount of data counts against the user.
    ///
    /// # Errors
    /// When it is none, negative or too large.
    pub fn to_bytes(&self) -> Result<Bytes> {
        self.want(Dim::DATA)?;
        self.whole(8, true).map(Bytes)
    }

    /// As a rate, rounded down.
    ///
    /// # Errors
    /// When it is none, negative or too large.
    pub fn to_rate(&self) -> Result<Rate> {
        self.want(Dim::RATE)?;
        let per_second = Self::new(
            self.num.checked_mul(1_000_000_000).ok_or(QuantityError::Overflow)?,
            self.den,
            self.dim,
        )?;
        per_second.whole(1, false).map(Rate)
    }

    /// As bytes per second, rounded up: for what is written.
    ///
    /// # Errors
    /// When it is no rate, negative or too large.
    pub fn to_bytes_per_sec_up(&self) -> Result<u64> {
        self.want(Dim::RATE)?;
        let per_second = Self::new(
            self.num.checked_mul(1_000_000_000).ok_or(QuantityError::Overflow)?,
            self.den,
            self.dim,
        )?;
        per_second.whole(8, true)
    }

    /// As a time, rounded up.
    ///
    /// # Errors
    /// When it is none, negative or too large.
    pub fn to_duration(&self) -> Result<Duration> {
        self.want(Dim::TIME)?;
        self.whole(1, true).map(Duration)
    }

    /// As a percentage, rounded up.
    ///
    /// # Errors
    /// When it is none, negative or too large.
    pub fn to_ratio(&self) -> Result<Ratio> {
        self.want(Dim::PART)?;
        self.whole(1, true).map(Ratio)
    }

    /// A plain number or a percentage as a ratio, rounded down.
    ///
    /// # Errors
    /// When it is neither, negative or too large.
    pub fn to_factor(&self) -> Result<Ratio> {
        if self.dim == Dim::COUNT {
            let billionths = self.num.checked_mul(1_000_000_000).ok_or(QuantityError::Overflow)?;
            return Self::new(billionths, self.den, self.dim)?.whole(1, false).map(Ratio);
        }
        self.want(Dim::PART)?;
        self.whole(1, false).map(Ratio)
    }

    /// As a whole number.
    ///
    /// # Errors
    /// When it is none, negative, too large or not whole.
    pub fn to_count(&self) -> Result<u64> {
        self.want(Dim::COUNT)?;
        if self.den != 1 {
            return Err(QuantityError::NotWhole);
        }
        self.whole(1, false)
    }
}

impl From<Bytes> for Quantity {
    fn from(bytes: Bytes) -> Self {
        Self { num: i128::from(bytes.0) * 8, den: 1, dim: Dim::DATA }
    }
}

impl From<Duration> for Quantity {
    fn from(time: Duration) -> Self {
        Self { num: i128::from(time.0), den: 1, dim: Dim::TIME }
    }
}

impl From<Ratio> for Quantity {
    fn from(part: Ratio) -> Self {
        Self { num: i128::from(part.0), den: 1, dim: Dim::PART }
    }
}

impl From<Rate> for Quantity {
    fn from(rate: Rate) -> Self {
        let g = gcd(i128::from(rate.0), 1_000_000_000);
        Self { num: i128::from(rate.0) / g, den: 1_000_000_000 / g, dim: Dim::RATE }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use super::show;
        let shown = match self.dim {
            Dim::DATA => self.to_bytes().map(show::bytes),
            Dim::TIME => self.to_duration().map(show::duration),
            Dim::RATE => self.to_rate().map(show::rate),
            Dim::PART => self.to_ratio().map(show::ratio),
            _ => Err(QuantityError::NotWhole),
        };
        match shown {
            Ok(text) => f.write_str(&text),
            Err(_) if self.den == 1 => write!(f, "{}", self.num),
            Err(_) => write!(f, "{}/{}", self.num, self.den),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::unit::{Lookup, PERCENT, lookup};
    use super::*;

    fn q(mantissa: u64, scale: u8, unit: &str) -> Quantity {
        let unit = match lookup(unit) {
            Lookup::Unit(u) => Some(u),
            _ if unit == "%" => Some(PERCENT),
            _ => None,
        };
        Quantity::from_decimal(mantissa, scale, unit).unwrap()
    }

    #[test]
    fn dimensions_follow_the_arithmetic() {
        let rate = q(500, 0, "Mbit").checked_div(&q(1, 0, "s")).unwrap();
        assert_eq!(rate.to_rate(), Ok(Rate(500_000_000)));
        let time = q(3, 0, "GiB").checked_div(&rate).unwrap();
        assert_eq!(time.to_duration(), Ok(Duration(51_539_607_552)));
        assert!(rate.checked_add(&q(3, 0, "GiB")).is_err());
        let part = q(800, 0, "GiB").checked_mul(&q(4, 0, "%")).unwrap();
        assert_eq!(part.to_bytes(), Ok(Bytes(34_359_738_368)));
        assert_eq!(q(4, 0, "%").checked_mul(&q(800, 0, "GiB")).unwrap(), part);
        assert_eq!(q(4, 0, "%").checked_mul(&q(2, 0, "")).unwrap().to_ratio(), Ok(Ratio::percent(8)));
        assert_eq!(q(50, 0, "%").checked_mul(&q(50, 0, "%")).unwrap().to_ratio(), Ok(Ratio::percent(25)));
        assert_eq!(q(22, 1, "").to_factor(), Ok(Ratio(2_200_000_000)));
        assert_eq!(q(1, 0, "s").checked_div(&q(0, 0, "s")), Err(QuantityError::DivisionByZero));
        assert_eq!(
            q(1, 0, "s").checked_sub(&q(2, 0, "s")).unwrap().to_duration(),
            Err(QuantityError::Negative)
        );
        assert!(q(25, 1, "").to_count().is_err());
    }
}
