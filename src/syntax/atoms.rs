//! What a token that begins like a word or a number is: word, number, unit, time of day, address,
//! ordinal or date.

use super::ast::{AtomKind, Number};
use crate::base::EcoString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why a token is not what it looks like, and what to write.
pub(super) struct Wrong {
    pub what: &'static str,
    pub help: &'static str,
}

fn wrong<T>(what: &'static str, help: &'static str) -> Result<T, Wrong> {
    Err(Wrong { what, help })
}

/// A token that begins with a letter.
pub(super) fn word(text: &str) -> Result<AtomKind, Wrong> {
    let bytes = text.as_bytes();
    let odd = bytes.windows(2).any(|w| matches!(w, [b'.', b'0'..=b'9']));
    if odd {
        return wrong("is no name: each part of a name begins with a letter", "a range is written `a..b`");
    }
    Ok(AtomKind::Word(EcoString::from(text)))
}

/// A token that begins with a digit: an atom, and with a number the unit that follows it without a
/// blank, as an offset into the token.
pub(super) fn numeric(text: &str) -> Result<(AtomKind, Option<usize>), Wrong> {
    let bytes = text.as_bytes();
    let digits = bytes.iter().position(|b| !b.is_ascii_digit()).unwrap_or(bytes.len());
    if digits == bytes.len() {
        return Ok((AtomKind::Number(number(text)?), None));
    }
    if bytes.contains(&b':') {
        return moment(text).map(|m| (AtomKind::Moment(m), None));
    }
    if is_date(bytes) {
        return Ok((AtomKind::Word(EcoString::from(text)), None));
    }
    if bytes.contains(&b'-') {
        return wrong(
            "is neither a number nor a name",
            "a name begins with a letter; a subtraction has blanks round its `-`; a range is written `a..b`; a date `2027-03-31`",
        );
    }
    let dots = bytes.iter().filter(|&&b| b == b'.').count();
    if dots >= 2 {
        return match text.parse::<Ipv4Addr>() {
            Ok(address) => Ok((AtomKind::Address(IpAddr::V4(address)), None)),
            Err(_) => wrong(
                "is neither a number nor an address",
                "an address has four numbers of 0 to 255 without leading zeros, `10.1.0.11`",
            ),
        };
    }
    // The number is what comes before the first letter.
    let end = bytes.iter().position(u8::is_ascii_alphabetic).unwrap_or(bytes.len());
    let (value, unit) = text.split_at_checked(end).unwrap_or((text, ""));
    if unit.contains('.') || value.ends_with('.') {
        return wrong("is neither a number nor a name", "write a number, a blank and its unit: `5 min`");
    }
    if matches!(unit, "st" | "nd" | "rd" | "th") {
        return ordinal(value, unit).map(|n| (AtomKind::Ordinal(n), None));
    }
    Ok((AtomKind::Number(number(value)?), (!unit.is_empty()).then_some(end)))
}

fn number(text: &str) -> Result<Number, Wrong> {
    let mut mantissa: u64 = 0;
    let mut scale: Option<u8> = None;
    let mut after_digit = false;
    for b in text.bytes() {
        match b {
            b'0'..=b'9' => {
                let longer = mantissa.checked_mul(10).and_then(|m| m.checked_add(u64::from(b - b'0')));
                let Some(longer) = longer else {
                    return wrong(
                        "has too many digits: numbers go up to 18446744073709551615, all digits counted",
                        "write it with fewer digits, or with a larger unit",
                    );
                };
                mantissa = longer;
                if let Some(scale) = &mut scale {
                    if *scale == 18 {
                        return wrong(
                            "has more than 18 digits behind the point",
                            "round it, or use a smaller unit",
                        );
                    }
                    *scale += 1;
                }
            }
            b'.' if after_digit && scale.is_none() => scale = Some(0),
            b'_' if after_digit => {}
            _ => return wrong("is no number", "an `_` stands between two digits: `1_000_000`"),
        }
        after_digit = b.is_ascii_digit();
    }
    if after_digit {
        Ok(Number { mantissa, scale: scale.unwrap_or(0) })
    } else {
        wrong("is no number", "an `_` stands between two digits: `1_000_000`")
    }
}

fn moment(text: &str) -> Result<u16, Wrong> {
    let two =
        |s: &str| s.parse::<u16>().ok().filter(|_| s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit()));
    let minutes = text.split_once(':').and_then(|(h, m)| Some((two(h)?, two(m)?)));
    match minutes {
        Some((h, m)) if m < 60 && h * 60 + m <= 24 * 60 => Ok(h * 60 + m),
        Some(_) => wrong("is no time of day", "times of day go from `00:00` to `24:00`"),
        None => wrong(
            "is no time of day",
            "write hours and minutes with two digits each, such as `01:30`; an IPv6 address stands in brackets, `[fd00::1]`",
        ),
    }
}

fn ordinal(value: &str, unit: &str) -> Result<u32, Wrong> {
    let Ok(n) = value.parse::<u32>() else {
        return wrong("is no ordinal", "write it like `1st`, `2nd`, `3rd` or `15th`");
    };
    let right = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    if right == unit { Ok(n) } else { wrong("is no ordinal", "write it like `1st`, `2nd`, `3rd` or `15th`") }
}

/// `2027-03-31`: a word, which the places that take a date read further.
fn is_date(bytes: &[u8]) -> bool {
    bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(i, b)| if matches!(i, 4 | 7) { *b == b'-' } else { b.is_ascii_digit() })
}

/// `[fd00::1]`, brackets included.
pub(super) fn address_v6(text: &str) -> Result<AtomKind, Wrong> {
    let inner = text.trim_matches(['[', ']']);
    match inner.parse::<Ipv6Addr>() {
        Ok(address) => Ok(AtomKind::Address(IpAddr::V6(address))),
        Err(_) => wrong(
            "is no IPv6 address",
            "an IPv6 address has eight groups of one to four hexadecimal digits, one run of zero groups shortened to `::`",
        ),
    }
}

/// The prefix that an address and the number behind its `/` make.
pub(super) fn prefix(address: IpAddr, length: Number) -> Result<AtomKind, Wrong> {
    let most = if address.is_ipv4() { 32 } else { 128 };
    match u8::try_from(length.mantissa) {
        Ok(n) if n <= most && length.scale == 0 => Ok(AtomKind::Prefix(address, n)),
        _ if most == 32 => wrong("is no prefix length", "for an IPv4 address it goes from `/0` to `/32`"),
        _ => wrong("is no prefix length", "for an IPv6 address it goes from `/0` to `/128`"),
    }
}
