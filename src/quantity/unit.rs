//! The units that specs may use, and the spellings that are refused because people read them in
//! two ways.

use super::expr::Dim;

/// A unit: how many base units it is. The base units are the bit, the nanosecond and the
/// billionth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unit {
    /// How it is written.
    pub spelling: &'static str,
    /// What it measures.
    pub dim: Dim,
    /// Base units in one.
    pub factor: u64,
}

/// What a spelling means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// A unit.
    Unit(Unit),
    /// Refused: it could mean either.
    Refused {
        /// What to write instead.
        could_mean: [&'static str; 2],
    },
    /// No unit at all.
    Unknown,
}

/// `%`.
pub const PERCENT: Unit = Unit { spelling: "%", dim: Dim::PART, factor: 10_000_000 };

const BYTE: u64 = 8;
const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;

macro_rules! units {
    ($($spelling:literal $dim:ident $factor:expr;)*) => {
        const UNITS: &[Unit] = &[$(Unit { spelling: $spelling, dim: Dim::$dim, factor: $factor }),*];
    };
}

units! {
    "B" DATA BYTE;
    "KB" DATA 1_000 * BYTE;
    "MB" DATA 1_000_000 * BYTE;
    "GB" DATA 1_000_000_000 * BYTE;
    "TB" DATA 1_000_000_000_000 * BYTE;
    "PB" DATA 1_000_000_000_000_000 * BYTE;
    "KiB" DATA BYTE << 10;
    "MiB" DATA BYTE << 20;
    "GiB" DATA BYTE << 30;
    "TiB" DATA BYTE << 40;
    "PiB" DATA BYTE << 50;
    "bit" DATA 1;
    "kbit" DATA 1_000;
    "Mbit" DATA 1_000_000;
    "Gbit" DATA 1_000_000_000;
    "Tbit" DATA 1_000_000_000_000;
    "Kibit" DATA 1 << 10;
    "Mibit" DATA 1 << 20;
    "Gibit" DATA 1 << 30;
    "ns" TIME 1;
    "us" TIME 1_000;
    "ms" TIME 1_000_000;
    "s" TIME SECOND;
    "min" TIME 60 * SECOND;
    "h" TIME 3_600 * SECOND;
    "hour" TIME 3_600 * SECOND;
    "hours" TIME 3_600 * SECOND;
    "day" TIME DAY;
    "days" TIME DAY;
    "week" TIME 7 * DAY;
    "weeks" TIME 7 * DAY;
    "month" TIME 30 * DAY;
    "months" TIME 30 * DAY;
    "year" TIME 365 * DAY;
    "years" TIME 365 * DAY;
}

const REFUSED: &[(&str, [&str; 2])] = &[
    ("b", ["bit", "B"]),
    ("Kb", ["kbit", "KiB"]),
    ("kb", ["kbit", "KiB"]),
    ("kB", ["KB", "KiB"]),
    ("Mb", ["Mbit", "MB"]),
    ("mb", ["Mbit", "MB"]),
    ("mB", ["MB", "MiB"]),
    ("Gb", ["Gbit", "GB"]),
    ("gb", ["Gbit", "GB"]),
    ("Tb", ["Tbit", "TB"]),
    ("tb", ["Tbit", "TB"]),
    ("K", ["KB", "KiB"]),
    ("k", ["KB", "KiB"]),
    ("M", ["MB", "MiB"]),
    ("G", ["GB", "GiB"]),
    ("T", ["TB", "TiB"]),
    ("P", ["PB", "PiB"]),
    ("m", ["min", "month"]),
    ("mo", ["month", "min"]),
    ("d", ["day", "days"]),
    ("w", ["week", "weeks"]),
    ("y", ["year", "years"]),
    ("sec", ["s", "ms"]),
    ("secs", ["s", "ms"]),
    ("second", ["s", "ms"]),
    ("seconds", ["s", "ms"]),
    ("mins", ["min", "months"]),
    ("minute", ["min", "month"]),
    ("minutes", ["min", "months"]),
    ("hr", ["h", "hours"]),
    ("hrs", ["h", "hours"]),
    ("H", ["h", "hours"]),
    ("Mbps", ["Mbit/s", "MB/s"]),
    ("MBps", ["MB/s", "Mbit/s"]),
    ("mbps", ["Mbit/s", "MB/s"]),
    ("Gbps", ["Gbit/s", "GB/s"]),
    ("GBps", ["GB/s", "Gbit/s"]),
    ("gbps", ["Gbit/s", "GB/s"]),
    ("kbps", ["kbit/s", "KB/s"]),
    ("Kbps", ["kbit/s", "KB/s"]),
    ("KBps", ["KB/s", "kbit/s"]),
    ("bps", ["bit/s", "B/s"]),
    ("Bps", ["B/s", "bit/s"]),
];

/// What a spelling means.
pub fn lookup(spelling: &str) -> Lookup {
    if let Some(unit) = UNITS.iter().find(|u| u.spelling == spelling) {
        return Lookup::Unit(*unit);
    }
    match REFUSED.iter().find(|(s, _)| *s == spelling) {
        Some((_, could_mean)) => Lookup::Refused { could_mean: *could_mean },
        None => Lookup::Unknown,
    }
}

/// Every accepted spelling.
pub fn spellings() -> impl Iterator<Item = &'static str> {
    UNITS.iter().map(|u| u.spelling)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_is_both_accepted_and_refused() {
        for (spelling, could_mean) in REFUSED {
            assert!(UNITS.iter().all(|u| u.spelling != *spelling), "{spelling}");
            for meaning in could_mean {
                let first = meaning.split('/').next().unwrap();
                assert!(matches!(lookup(first), Lookup::Unit(_)), "{meaning}");
            }
        }
    }
}
