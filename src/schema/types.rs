//! The types that attributes take.

use super::Kind;

/// A fixed set of words, each with what it means.
pub type Words = &'static [(&'static str, &'static str)];

/// What an attribute takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    /// A string.
    Text,
    /// A shell command in a string.
    Command,
    /// An absolute path in a string.
    Path,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Count,
    /// 1 to 65535.
    Port,
    /// `60 %`.
    Percent,
    /// A ratio above zero: `2.2`, or a percentage.
    Factor,
    /// `800 GiB`.
    Bytes,
    /// `500 Mbit/s`, `24 MiB/s`.
    Rate,
    /// `40 s`.
    Duration,
    /// `10 min`, or `5 min..15 min`.
    Interval,
    /// `10.1.0.11`.
    Address,
    /// `10.1.0.100/24`.
    Prefix,
    /// `file("/etc/…")`.
    Secret,
    /// One of these words.
    Word(Words),
    /// The name of one of these.
    Ref(&'static [Kind]),
    /// A list of names of one of these; a single name stands for a list of one.
    Refs(&'static [Kind]),
    /// `daily 01:30`, `every 5 min`.
    Schedule,
    /// `800 GiB growing 2 % / month`.
    Size,
    /// `40 TiB at 300 MiB/s`, either part alone.
    Capacity,
    /// `4 % / day`.
    Change,
    /// `30 EUR / month + 8 EUR / TiB / month`.
    Cost,
    /// `2000 EUR / h`.
    Penalty,
    /// `200000 EUR`.
    Money,
    /// `0.02 / year`.
    Likelihood,
    /// `wan-a or (dwdm then wan-b)`.
    Route,
    /// `shop-db`, or `web-a1 path "/srv"`.
    Placement,
    /// `manual`, or `automatic within region`.
    Failover,
    /// `http("https://…", within = 10 s)`.
    Check,
    /// A rate with a body of weekly lines.
    Profile,
    /// A list of `site hz-a`, `link wan-a`, `any 2 of [db-a1, db-a2, db-b1]`, …
    Strikes,
    /// `1 missed run`.
    Missed,
}

impl Type {
    /// What to write, by example.
    pub fn example(self) -> &'static str {
        match self {
            Self::Text => "\"text\"",
            Self::Command => "\"systemctl is-active haproxy\"",
            Self::Path => "\"/srv/data\"",
            Self::Bool => "true",
            Self::Count => "3",
            Self::Port => "8080",
            Self::Percent => "60 %",
            Self::Factor => "2.2",
            Self::Bytes => "800 GiB",
            Self::Rate => "500 Mbit/s",
            Self::Duration => "40 s",
            Self::Interval => "5 min..15 min",
            Self::Address => "10.1.0.11",
            Self::Prefix => "10.1.0.100/24",
            Self::Secret => "file(\"/etc/drc/db.cnf\")",
            Self::Word(words) => words.first().map_or("word", |w| w.0),
            Self::Ref(_) => "a name",
            Self::Refs(_) => "[name, name]",
            Self::Schedule => "daily 01:30",
            Self::Size => "800 GiB growing 2 % / month",
            Self::Capacity => "40 TiB at 300 MiB/s",
            Self::Change => "4 % / day",
            Self::Cost => "30 EUR / month + 8 EUR / TiB / month",
            Self::Penalty => "2000 EUR / h",
            Self::Money => "200000 EUR",
            Self::Likelihood => "0.02 / year",
            Self::Route => "wan-a or (dwdm then wan-b)",
            Self::Placement => "shop-db, or web-a1 path \"/srv\"",
            Self::Failover => "manual",
            Self::Check => "http(\"https://shop.example.com/health\", within = 10 s)",
            Self::Profile => "1.5 MiB/s { daily 19:00..23:00 = 9 MiB/s }",
            Self::Strikes => "[site hz-a, link wan-a]",
            Self::Missed => "1 missed run",
        }
    }

    /// What it is, with an article.
    pub fn described(self) -> &'static str {
        match self {
            Self::Text => "text in quotes",
            Self::Command => "a shell command in quotes",
            Self::Path => "an absolute path in quotes",
            Self::Bool => "`true` or `false`",
            Self::Count => "a whole number",
            Self::Port => "a port from 1 to 65535",
            Self::Percent => "a percentage",
            Self::Factor => "a ratio",
            Self::Bytes => "an amount of bytes",
            Self::Rate => "a rate",
            Self::Duration => "a duration",
            Self::Interval => "a duration or a range of durations",
            Self::Address => "an address",
            Self::Prefix => "an address with its prefix length",
            Self::Secret => "the place of a secret",
            Self::Word(_) => "one of a few words",
            Self::Ref(_) => "a name",
            Self::Refs(_) => "a list of names",
            Self::Schedule => "a schedule",
            Self::Size => "a size",
            Self::Capacity => "a capacity with its rate",
            Self::Change => "a percentage per time",
            Self::Cost => "a cost with its time, such as `400 EUR / month`",
            Self::Penalty => "money for each time, such as `2000 EUR / h`",
            Self::Money => "an amount of money",
            Self::Likelihood => "a likelihood in a year",
            Self::Route => "a route of links",
            Self::Placement => "a cluster, or a host with a path",
            Self::Failover => "`manual` or `automatic within …`",
            Self::Check => "a check",
            Self::Profile => "a rate, with weekly lines in braces",
            Self::Strikes => "a list of things that are lost",
            Self::Missed => "a number of missed runs",
        }
    }
}
