//! Numbers and schedules as they are written in a spec, and others in their place.

use crate::quantity::{Dim, unit};
use crate::syntax::ast::{Atom, AtomKind, Sign};

/// A number with its unit, as written.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Literal {
    /// How much, in units.
    value: f64,
    /// `MiB`, `%`, or nothing.
    unit: String,
    /// Whether only whole numbers mean something.
    pub whole: bool,
    /// The lower end, when it is the upper end of a range.
    pub lower: Option<(String, f64)>,
}

/// Units that take one another's place, the smallest first, with their size in the first's.
fn family(unit: &str) -> Option<(&'static [(&'static str, f64)], f64)> {
    const TIME: &[(&str, f64)] = &[("ms", 1e6), ("s", 1e9), ("min", 60e9), ("h", 3600e9), ("days", 86_400e9)];
    const BINARY: &[(&str, f64)] = &[
        ("B", 8.0),
        ("KiB", 8.0 * 1024.0),
        ("MiB", 8.0 * 1_048_576.0),
        ("GiB", 8.0 * 1_073_741_824.0),
        ("TiB", 8.0 * 1_099_511_627_776.0),
    ];
    const DECIMAL: &[(&str, f64)] = &[("B", 8.0), ("KB", 8e3), ("MB", 8e6), ("GB", 8e9), ("TB", 8e12)];
    const BITS: &[(&str, f64)] = &[("bit", 1.0), ("kbit", 1e3), ("Mbit", 1e6), ("Gbit", 1e9), ("Tbit", 1e12)];
    let unit::Lookup::Unit(known) = unit::lookup(unit) else { return None };
    let factor = known.factor as f64;
    let list = match known.dim {
        Dim::TIME => TIME,
        _ if unit.ends_with("iB") => BINARY,
        _ if unit.ends_with('B') => DECIMAL,
        _ if unit.ends_with("bit") && !unit.ends_with("ibit") => BITS,
        _ => return None,
    };
    Some((list, factor))
}

/// A number with at most so many digits that matter, without closing zeros.
fn digits(value: f64, many: i32) -> String {
    let before = if value > 0.0 { value.log10().floor() as i32 + 1 } else { 1 };
    let behind = usize::try_from((many - before).clamp(0, 9)).unwrap_or(0);
    let text = format!("{value:.behind$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

impl Literal {
    /// A number of a unit; `""` for a plain one.
    pub fn new(mantissa: u64, scale: u8, unit: &str) -> Self {
        let value = mantissa as f64 / 10_f64.powi(i32::from(scale));
        Self { value, unit: unit.to_owned(), whole: false, lower: None }
    }

    /// Whether it is nothing, of which no multiple is anything else.
    pub fn is_zero(&self) -> bool {
        self.value == 0.0
    }

    /// About `times` as much, with at most so many digits: the text, and exactly how many times
    /// it is.
    pub fn times(&self, times: f64, many: i32) -> (String, f64) {
        let wanted = self.value * times;
        let (text, is) = self.written(wanted, many);
        let text = match &self.lower {
            Some((lower, least)) if *least <= is => format!("{lower}..{text}"),
            _ => text,
        };
        (text, is / self.value)
    }

    fn written(&self, wanted: f64, many: i32) -> (String, f64) {
        if self.whole {
            let n = wanted.round().max(1.0);
            let text = if self.unit.is_empty() { format!("{n}") } else { format!("{n} {}", self.unit) };
            return (text, n);
        }
        let Some((family, factor)) = family(&self.unit) else {
            let text = digits(wanted, many);
            let is = text.parse().unwrap_or(wanted);
            let blank = if self.unit.is_empty() { "" } else { " " };
            return (format!("{text}{blank}{}", self.unit), is);
        };
        let base = wanted * factor;
        let is_time = family.first().is_some_and(|(u, _)| *u == "ms");
        // The unit that it has, where that reads well; a time in whole numbers, where it can be.
        let own = (1.0..1000.0).contains(&wanted) && (!is_time || (wanted - wanted.round()).abs() < 1e-9);
        let fits = |(_, size): &&(&str, f64)| {
            let n = base / size;
            n >= 1.0 && (!is_time || n >= 10.0 || (n - n.round()).abs() < 1e-9)
        };
        let (unit, size) = match family.iter().rev().find(fits) {
            _ if own => (self.unit.as_str(), factor),
            Some((unit, size)) => (*unit, *size),
            None => family.first().map_or((self.unit.as_str(), factor), |(u, s)| (*u, *s)),
        };
        let text = digits(base / size, many);
        let is = text.parse().unwrap_or(base / size) * size / factor;
        let unit = if unit == "days" && text == "1" { "day" } else { unit };
        (format!("{text} {unit}"), is)
    }
}

/// The intervals that schedules are moved between, in minutes, the longest first: weekly, daily,
/// and every part of a day that the clock comes out even with.
pub(super) const LADDER: &[u32] =
    &[10_080, 1_440, 720, 480, 360, 240, 180, 120, 60, 30, 20, 15, 12, 10, 6, 5, 4, 3, 2, 1];

/// A schedule as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Timetable {
    /// The longest time between two runs, in minutes.
    pub period: u32,
    /// The minute of the day of a run.
    moment: u32,
    /// The day of the week of a run.
    weekday: String,
}

impl Timetable {
    /// Reads `daily 01:30` and its like. `None` for what is none, or stands for one elsewhere.
    pub fn read(atoms: &[Atom]) -> Option<Self> {
        let (first, rest) = atoms.split_first()?;
        let AtomKind::Word(word) = &first.kind else { return None };
        let moment = rest.iter().find_map(|a| match a.kind {
            AtomKind::Moment(m) => Some(u32::from(m)),
            _ => None,
        });
        let weekday = rest.iter().find_map(|a| match &a.kind {
            AtomKind::Word(w) if w.len() == 3 => Some(w.to_string()),
            _ => None,
        });
        let made = |period, moment: Option<u32>| Self {
            period,
            moment: moment.unwrap_or(0),
            weekday: weekday.clone().unwrap_or_else(|| "sun".to_owned()),
        };
        match word.as_str() {
            "daily" => Some(made(1_440, moment)),
            "weekly" => Some(made(10_080, moment)),
            "monthly" => Some(made(44_640, moment)),
            "quarterly" => Some(made(132_480, moment)),
            "every" => {
                let minutes = |at: usize| match (rest.get(at)?, rest.get(at + 1)?) {
                    (Atom { kind: AtomKind::Number(n), .. }, Atom { kind: AtomKind::Word(u), .. }) => {
                        let unit::Lookup::Unit(u) = unit::lookup(u) else { return None };
                        let whole = (n.scale == 0 && u.dim == Dim::TIME).then_some(n.mantissa)?;
                        u32::try_from(whole.checked_mul(u.factor)? / 60_000_000_000).ok()
                    }
                    _ => None,
                };
                let offset = match rest.get(2) {
                    None => 0,
                    Some(_) => minutes(3)?,
                };
                Some(made(minutes(0)?, Some(offset)))
            }
            _ => None,
        }
    }

    /// The schedule with another interval, at the same time of day where it can be.
    pub fn every(&self, period: u32) -> String {
        let clock = format!("{:02}:{:02}", self.moment / 60 % 24, self.moment % 60);
        let long = |m: u32| if m.is_multiple_of(60) { format!("{} h", m / 60) } else { format!("{m} min") };
        match period {
            10_080 => format!("weekly {} {clock}", self.weekday),
            1_440 => format!("daily {clock}"),
            _ => match self.moment.checked_rem(period) {
                None | Some(0) => format!("every {}", long(period)),
                Some(offset) => format!("every {} offset {}", long(period), long(offset)),
            },
        }
    }

    /// The minute of the day of a run, as written.
    pub fn clock(&self) -> String {
        format!("{:02}:{:02}", self.moment / 60 % 24, self.moment % 60)
    }
}

/// A number of a phrase, and where it stands.
pub(super) struct Found {
    /// The number.
    pub literal: Literal,
    /// From its first digit to the end of its unit; from the lower end, in a range.
    pub span: crate::base::Span,
    /// The `/ s` behind it, for an amount per time.
    pub per: Option<crate::base::Span>,
}

/// The numbers of a phrase, however deep.
pub(super) fn literals(atoms: &[Atom], found: &mut Vec<Found>) {
    let mut rest = atoms;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match &first.kind {
            AtomKind::Number(n) => {
                let (unit, end) = match behind.first() {
                    Some(Atom { kind: AtomKind::Percent, span }) => ("%", *span),
                    Some(Atom { kind: AtomKind::Word(w), span })
                        if matches!(unit::lookup(w), unit::Lookup::Unit(_)) =>
                    {
                        (w.as_str(), *span)
                    }
                    _ => ("", first.span),
                };
                let mut span = first.span.to(end);
                let mut literal = Literal::new(n.mantissa, n.scale, unit);
                rest = behind.get(usize::from(!unit.is_empty())..).unwrap_or_default();
                let per = match (rest.first(), rest.get(1)) {
                    (
                        Some(Atom { kind: AtomKind::Sign(Sign::Over), .. }),
                        Some(Atom { kind: AtomKind::Word(_), span }),
                    ) => Some(*span),
                    _ => None,
                };
                if per.is_some() {
                    rest = rest.get(2..).unwrap_or_default();
                }
                // `5 min..15 min`: the lower end goes with the upper one.
                if let Some(Found { literal: lower, span: from, .. }) =
                    found.pop_if(|f| f.span.hi < span.lo && is_range(atoms, f.span.hi, span.lo))
                {
                    let same = match (family(&lower.unit), family(&literal.unit)) {
                        (Some((_, a)), Some((_, b))) => lower.value * a / b,
                        _ => lower.value,
                    };
                    literal.lower = Some((lower.written(lower.value, 9).0, same));
                    span = from.to(span);
                }
                found.push(Found { literal, span, per });
            }
            AtomKind::List(items) => items.iter().for_each(|p| literals(&p.atoms, found)),
            AtomKind::Paren(arguments) => arguments.iter().for_each(|a| literals(&a.phrase.atoms, found)),
            _ => {}
        }
    }
}

/// Whether nothing but `..` stands between two places of a phrase.
fn is_range(atoms: &[Atom], from: u32, to: u32) -> bool {
    let mut between = atoms.iter().filter(|a| a.span.lo >= from && a.span.hi <= to);
    matches!((between.next(), between.next()), (Some(Atom { kind: AtomKind::Sign(Sign::Range), .. }), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_in_a_unit_that_reads_well() {
        let times = |m, s, unit: &str, f| Literal::new(m, s, unit).times(f, 4).0;
        assert_eq!(times(1, 0, "Gbit", 0.25), "250 Mbit");
        assert_eq!(times(450, 0, "MiB", 2.0), "900 MiB");
        assert_eq!(times(5, 0, "min", 0.5), "150 s");
        assert_eq!(times(5, 0, "min", 12.0), "60 min");
        assert_eq!(times(1, 0, "day", 0.5), "12 h");
        assert_eq!(times(60, 0, "%", 0.5), "30 %");
        assert_eq!(times(1, 4, "%", 3.0), "0.0003 %");
        assert_eq!(times(22, 1, "", 2.0), "4.4");
    }

    #[test]
    fn a_range_keeps_its_lower_end_until_the_upper_one_passes_it() {
        let mut l = Literal::new(4, 0, "h");
        l.lower = Some(("1 h".to_owned(), 1.0));
        assert_eq!(l.times(0.5, 4).0, "1 h..2 h");
        assert_eq!(l.times(0.125, 4).0, "30 min");
    }
}
