//! Money: exact decimals of a currency's minor unit, rounded up where they are added.

use super::base::{Duration, Ratio};

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The currency of a code: three capital letters.
    pub fn of(code: &str) -> Option<Self> {
        let code: [u8; 3] = code.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Self(code))
    }

    /// How many digits its minor unit has behind the point.
    pub fn digits(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
            | b"UGX" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }

    /// An amount of its minor unit, with its code: `24 000.00 EUR`.
    pub fn show(self, minor: u64) -> String {
        let digits = self.digits();
        let one = 10_u64.pow(digits);
        let whole = (minor / one).to_string();
        let mut grouped = String::new();
        for (n, c) in whole.chars().enumerate() {
            if n > 0 && (whole.len() - n).is_multiple_of(3) {
                grouped.push(' ');
            }
            grouped.push(c);
        }
        let rest =
            if digits == 0 { String::new() } else { format!(".{:0w$}", minor % one, w = digits as usize) };
        format!("{grouped}{rest} {self}")
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// An exact decimal of a currency's minor unit: `num` / 10^`scale`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Amount {
    num: u64,
    scale: u32,
}

impl Amount {
    /// A decimal number of a currency's major unit, `times` over. `None` when it is too large.
    pub fn new(mantissa: u64, scale: u8, currency: Currency, times: u64) -> Option<Self> {
        let num = mantissa.checked_mul(10_u64.checked_pow(currency.digits())?)?.checked_mul(times)?;
        Some(Self { num, scale: u32::from(scale) })
    }

    /// This, `many` / `of` times, in whole minor units, rounded up; `u64::MAX` when it is larger.
    pub fn times(self, many: u64, of: u64) -> u64 {
        let all = u128::from(self.num) * u128::from(many);
        let one = 10_u128.checked_pow(self.scale).and_then(|s| s.checked_mul(u128::from(of.max(1))));
        one.map_or(0, |one| u64::try_from(all.div_ceil(one)).unwrap_or(u64::MAX))
    }
}

/// What a unit of something costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Per {
    /// The thing as a whole.
    Whole,
    /// So many bytes of its capacity, or so many bits a second of its bandwidth.
    Data {
        /// In bits.
        bits: u64,
    },
    /// One of its people.
    Operator,
}

/// What something costs in a year: a sum of prices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cost {
    /// In this currency.
    pub currency: Currency,
    /// The prices of a year, each with what it is the price of.
    pub terms: Vec<(Amount, Per)>,
}

/// What a time of something bad costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Penalty {
    /// In this currency.
    pub currency: Currency,
    /// For each such time.
    pub amount: Amount,
    /// Which time.
    pub per: Duration,
}

impl Penalty {
    /// What that long costs, in minor units, rounded up.
    pub fn of(&self, time: Duration) -> u64 {
        self.amount.times(time.0, self.per.0)
    }
}

/// A sum of money.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Money {
    /// In this currency.
    pub currency: Currency,
    /// In its minor unit.
    pub minor: u64,
}

/// `part` of an amount of minor units, rounded up.
pub fn part_of(minor: u64, part: Ratio) -> u64 {
    let all = u128::from(minor) * u128::from(part.0);
    u64::try_from(all.div_ceil(u128::from(Ratio::WHOLE.0))).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_and_rounded_up_once() {
        let eur = Currency::of("EUR").unwrap();
        // 0.023 EUR for each GiB and month, 10 240 GiB, twelve months: 2 826.24 EUR.
        let price = Amount::new(23, 3, eur, 12).unwrap();
        assert_eq!(price.times(10_240, 1), 282_624);
        // 500 EUR a minute for 61 s: 508.33…, so 508.34 EUR.
        let penalty = Penalty {
            currency: eur,
            amount: Amount::new(500, 0, eur, 1).unwrap(),
            per: Duration::from_mins(1),
        };
        assert_eq!(penalty.of(Duration::from_secs(61)), 50_834);
        assert_eq!(part_of(100, Ratio(15_000_000)), 2);
        assert_eq!(eur.show(2_400_005), "24 000.05 EUR");
        assert_eq!(Currency::of("JPY").unwrap().show(1_200), "1 200 JPY");
        assert!(Currency::of("eur").is_none() && Currency::of("EURO").is_none());
    }
}
