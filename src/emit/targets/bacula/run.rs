//! What a `Run` line means, by Bacula 9's own rules.

use super::parse::{Directive, Token};
use super::schedule::{MONTHS, WEEKDAYS, WEEKS};
use crate::calendar::{ALL_MONTHS, ALL_WEEKDAYS, ALL_WEEKS};

/// A `Run` line as Bacula keeps it: it runs when all sets agree.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RunLine {
    /// What it overrides, such as `level=Full`, in the order of the line.
    pub overrides: Vec<(String, String)>,
    /// Bit 0 is January.
    pub months: u16,
    /// Weeks of the month; bit 0 are the days 1 to 7.
    pub weeks: u8,
    /// Days of the week; bit 0 is Monday.
    pub weekdays: u8,
    /// Days of the month; bit 0 is the 1st.
    pub days: u32,
    /// Hours of the day.
    pub hours: u32,
    /// The minute of those hours.
    pub minute: u16,
}

const ALL_DAYS: u32 = 0x7fff_ffff;
/// A line that names no time runs at every full hour.
const ALL_HOURS: u32 = 0xff_ffff;
/// What a line may override.
const FIELDS: [&str; 13] = [
    "level",
    "pool",
    "fullpool",
    "incrementalpool",
    "differentialpool",
    "nextpool",
    "storage",
    "messages",
    "priority",
    "spooldata",
    "writepartafterjob",
    "maxrunschedtime",
    "accurate",
];
/// Levels that a line may begin with, without their keyword.
const LEVELS: [&str; 3] = ["full", "differential", "incremental"];

/// Reads the value of a `Run` directive.
///
/// # Errors
/// With a reason, when it is none or when it speaks of weeks of the year or of last days, which
/// rules of our calendar do not have.
pub fn run_line(directive: &Directive) -> Result<RunLine, String> {
    let mut run = RunLine {
        overrides: Vec::new(),
        months: ALL_MONTHS,
        weeks: ALL_WEEKS,
        weekdays: ALL_WEEKDAYS,
        days: ALL_DAYS,
        hours: ALL_HOURS,
        minute: 0,
    };
    let mut words: Vec<String> = Vec::new();
    let mut tokens = directive.value.iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            Token::Comma => {}
            Token::Equals => return Err("a `=` that follows nothing".into()),
            Token::Word(w) | Token::Text(w) if tokens.next_if_eq(&&Token::Equals).is_some() => {
                let (Some(Token::Word(value) | Token::Text(value)), true) = (tokens.next(), words.is_empty())
                else {
                    return Err(format!("`{w}` overrides nothing"));
                };
                let field = w.to_ascii_lowercase();
                if !FIELDS.contains(&field.as_str()) {
                    return Err(format!("a line cannot override `{w}`"));
                }
                run.overrides.push((field, value.clone()));
            }
            Token::Word(w) if words.is_empty() && LEVELS.contains(&w.to_ascii_lowercase().as_str()) => {
                run.overrides.push(("level".into(), w.clone()));
            }
            Token::Word(w) | Token::Text(w) => words.push(w.to_ascii_lowercase()),
        }
    }
    Sets::default().read(&words, &mut run)?;
    Ok(run)
}

/// Which sets the line has named: the first name of a set empties it.
#[derive(Default)]
struct Sets {
    months: bool,
    weeks: bool,
    weekdays: bool,
    days: bool,
    hours: bool,
    at: bool,
}

fn bit(names: &[&str], word: &str) -> Option<usize> {
    // Long names are those of Bacula: `monday`, `january`, `first`.
    let long = ["first", "second", "third", "fourth", "fifth"];
    names
        .iter()
        .position(|n| *n == word || (word.len() > 3 && word.starts_with(n) && !n.ends_with(char::is_numeric)))
        .or_else(|| (names.len() == 5).then(|| long.iter().position(|n| *n == word)).flatten())
}

/// The bits from `a` to `b`, round the end of `n` where `b` comes first.
fn range(a: usize, b: usize, n: usize) -> u32 {
    let all: Vec<usize> = if a < b { (a..=b).collect() } else { (a..n).chain(0..=b).collect() };
    all.into_iter().fold(0, |bits, b| bits | 1 << b)
}

impl Sets {
    fn read(mut self, words: &[String], run: &mut RunLine) -> Result<(), String> {
        for word in words {
            match word.as_str() {
                "at" => self.at = true,
                "on" | "weekly" | "monthly" | "daily" => {}
                "hourly" => {
                    self.hours = true;
                    run.hours = ALL_HOURS;
                }
                w if w.contains(':') => self.time(w, run)?,
                w => {
                    let (from, to) = w.split_once('-').unwrap_or((w, w));
                    self.set(from, to, run).ok_or_else(|| format!("`{w}` is not understood"))?;
                }
            }
        }
        Ok(())
    }

    fn time(&mut self, word: &str, run: &mut RunLine) -> Result<(), String> {
        let bad = || format!("`{word}` is no time");
        if !self.at {
            return Err(format!("`{word}` does not follow `at`"));
        }
        let (hour, rest) = word.split_once(':').ok_or_else(bad)?;
        let (minute, half) = match (rest.strip_suffix("am"), rest.strip_suffix("pm")) {
            (Some(m), _) => (m, Some(0)),
            (_, Some(m)) => (m, Some(12)),
            _ => (rest, None),
        };
        let hour: u32 = hour.parse().map_err(|_| bad())?;
        let minute: u16 = minute.parse().map_err(|_| bad())?;
        let hour = half.map_or(hour, |half| hour % 12 + half);
        if hour > 23 || minute > 59 {
            return Err(bad());
        }
        if !std::mem::replace(&mut self.hours, true) {
            run.hours = 0;
        }
        run.hours |= 1 << hour;
        run.minute = minute;
        Ok(())
    }

    fn set(&mut self, from: &str, to: &str, run: &mut RunLine) -> Option<()> {
        let both = |names: &[&str]| Some((bit(names, from)?, bit(names, to)?));
        if let (Ok(a), Ok(b)) = (from.parse::<usize>(), to.parse::<usize>()) {
            if !(1..=31).contains(&a) || !(1..=31).contains(&b) {
                return None;
            }
            let bits = if a == b { 1 << (a - 1) } else { range(a - 1, b - 1, 31) };
            run.days = bits | if std::mem::replace(&mut self.days, true) { run.days } else { 0 };
        } else if let Some((a, b)) = both(&WEEKDAYS) {
            // Bacula counts from Sunday: a range goes round the end between Saturday and Sunday,
            // which a range that goes round any other end is equal to.
            let bits = if a == b { 1 << a } else { range(a, b, 7) };
            let bits = u8::try_from(bits).ok()?;
            run.weekdays = bits | if std::mem::replace(&mut self.weekdays, true) { run.weekdays } else { 0 };
        } else if let Some((a, b)) = both(&MONTHS) {
            let bits = u16::try_from(if a == b { 1 << a } else { range(a, b, 12) }).ok()?;
            run.months = bits | if std::mem::replace(&mut self.months, true) { run.months } else { 0 };
        } else {
            let (a, b) = both(&WEEKS)?;
            let bits = u8::try_from(if a == b { 1 << a } else { range(a, b, 5) }).ok()?;
            run.weeks = bits | if std::mem::replace(&mut self.weeks, true) { run.weeks } else { 0 };
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn read(run: &str) -> Result<RunLine, String> {
        let config = parse(&format!("Schedule {{\n Run = {run}\n}}")).unwrap();
        run_line(config.resources[0].get("run").unwrap())
    }

    /// Each of these was measured with `bdirjson`.
    #[test]
    fn what_people_write_means_what_bacula_makes_of_it() {
        let hours = |run: &str| (read(run).unwrap().hours, read(run).unwrap().minute);
        assert_eq!(hours("hourly at 0:15,0:45"), (0xff_ffff, 45));
        assert_eq!(hours("daily at 2:05 sun at 3:05"), (0b1100, 5));
        assert_eq!(hours("at 0:15"), (1, 15));
        assert_eq!(hours("sun at 12:05am"), (1, 5));
        assert_eq!(hours("sun at 12:05pm"), (1 << 12, 5));
        assert_eq!(hours("sun at 3:05pm"), (1 << 15, 5));
        assert_eq!(hours("Full mon"), (ALL_HOURS, 0));
        let monthly = read("monthly at 3:00").unwrap();
        assert_eq!((monthly.days, monthly.weekdays), (ALL_DAYS, ALL_WEEKDAYS));
        assert_eq!(read("fri at 2").unwrap().days, 0b10);
        assert_eq!(read("2nd-5th sun at 1:00").unwrap().weeks, 0b1_1110);
        assert_eq!(read("sat-mon at 1:00").unwrap().weekdays, 0b110_0001);
        assert_eq!(read("sun-tue at 1:00").unwrap().weekdays, 0b100_0011);
        assert_eq!(read("nov-jan at 1:00").unwrap().months, 0b1100_0000_0001);
        assert_eq!(read("first monday january at 1:00").unwrap().weeks, 1);
        assert_eq!(read("Level=Full Pool=x sun at 1:00").unwrap().overrides.len(), 2);
        for bad in [
            "at 24:00",
            "last sun at 1:00",
            "w01 at 1:00",
            "on 32 at 1:00",
            "2:05",
            "sun = 3",
            "lastday at 2:00",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
