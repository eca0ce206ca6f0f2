//! A strict parser of the tables below `/etc/cron.d`, as Debian's cron reads them.
//!
//! What that cron accepts and then never runs as meant is refused here: ranges that wrap, steps
//! beyond their range, a carriage return at the end of a line, a last line without its end.

use std::fmt;

/// A table.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Table {
    /// `NAME=value` lines, in their order.
    pub settings: Vec<(String, String)>,
    /// What is run when, in order.
    pub lines: Vec<Line>,
}

/// A line that runs something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: usize,
    /// When.
    pub when: When,
    /// As whom.
    pub user: String,
    /// What the shell is given, with `\%` read as `%`.
    pub command: String,
    /// What the command is given to read: the text behind the first bare `%`, the others being
    /// line ends.
    pub input: Option<String>,
}

/// When a line runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum When {
    /// When cron starts after a boot.
    Reboot,
    /// At these minutes.
    At(Fields),
}

/// Sets of minutes, hours and days: bit `n` stands for the number `n` of the field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fields {
    /// 0 to 59.
    pub minutes: u64,
    /// 0 to 23.
    pub hours: u64,
    /// Days of the month, 1 to 31.
    pub days: u64,
    /// 1 to 12.
    pub months: u64,
    /// Days of the week, 0 to 6, Sunday is 0.
    pub weekdays: u64,
    /// Neither day field begins with `*`: a day that is in one of the two is enough.
    pub either_day: bool,
}

impl Fields {
    /// Whether it runs on a day of a month (from 1) that is a day of the week (Monday is 0).
    pub fn on(&self, month: u8, day: u8, weekday: u8) -> bool {
        let in_days = self.days & (1 << day) != 0;
        let in_week = self.weekdays & (1 << ((weekday + 1) % 7)) != 0;
        let on = if self.either_day { in_days || in_week } else { in_days && in_week };
        on && self.months & (1 << month) != 0
    }

    /// Whether it runs at a minute of an hour, on the days on which it runs.
    pub fn at(&self, hour: u16, minute: u16) -> bool {
        self.hours & (1 << hour) != 0 && self.minutes & (1 << minute) != 0
    }
}

/// Why a table is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for ParseError {}

/// The longest command in bytes.
const LONGEST_COMMAND: usize = 998;
/// The longest setting in bytes.
const LONGEST_SETTING: usize = 998;

/// Reads a table.
///
/// # Errors
/// At the first line that cron refuses, or accepts and does not run as it reads.
pub fn table(text: &str) -> Result<Table, ParseError> {
    let mut table = Table::default();
    let mut rest = text;
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        let fail = |what: String| ParseError { line: number, what };
        let Some((line, after)) = rest.split_once('\n') else {
            return Err(fail("the last line has no end".into()));
        };
        rest = after;
        if line.contains(['\r', '\0']) {
            return Err(fail("a carriage return or a NUL".into()));
        }
        let line = line.trim_start_matches([' ', '\t']);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match setting(line) {
            Some(Ok(pair)) => table.settings.push(pair),
            Some(Err(what)) => return Err(fail(what)),
            None => table.lines.push(entry(number, line).map_err(fail)?),
        }
    }
    Ok(table)
}

/// `NAME=value`; `None` for a line of another form.
fn setting(line: &str) -> Option<Result<(String, String), String>> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end_matches([' ', '\t']);
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    let good = name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit());
    if !good {
        return None;
    }
    if line.len() > LONGEST_SETTING {
        return Some(Err("a setting is too long".into()));
    }
    let value = value.trim_matches([' ', '\t']);
    let quoted = ['"', '\''].into_iter().find(|q| value.starts_with(*q));
    Some(match quoted {
        None => Ok((name.to_owned(), value.to_owned())),
        Some(q) => match value.strip_prefix(q).and_then(|v| v.strip_suffix(q)) {
            Some(inner) if !inner.contains(q) => Ok((name.to_owned(), inner.to_owned())),
            _ => Err(format!("the value of `{name}` has an open quote")),
        },
    })
}

/// Takes the next word of a line.
fn word<'a>(rest: &mut &'a str, what: &str) -> Result<&'a str, String> {
    let line = rest.trim_start_matches([' ', '\t']);
    let (word, after) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    *rest = after;
    if word.is_empty() { Err(format!("no {what}")) } else { Ok(word) }
}

fn entry(number: usize, line: &str) -> Result<Line, String> {
    let mut rest = line;
    let when =
        if line.starts_with('@') { nickname(word(&mut rest, "nickname")?)? } else { fields(&mut rest)? };
    let user = word(&mut rest, "user")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if user.starts_with('-') || !user.chars().all(plain) {
        return Err(format!("`{user}` is no user"));
    }
    let raw = rest.trim_start_matches([' ', '\t']);
    if raw.is_empty() {
        return Err("no command".into());
    }
    if raw.len() > LONGEST_COMMAND {
        return Err(format!("a command of {} bytes; cron takes {LONGEST_COMMAND}", raw.len()));
    }
    let (command, input) = command(raw);
    Ok(Line { number, when, user: user.to_owned(), command, input })
}

/// Splits at the first bare `%`.
fn command(raw: &str) -> (String, Option<String>) {
    let mut parts = vec![String::new()];
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = c == '\\' && chars.next_if_eq(&'%').is_some();
        let last = parts.len() - 1;
        match parts.get_mut(last) {
            Some(part) if escaped => part.push('%'),
            Some(part) if c != '%' => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    let mut parts = parts.into_iter();
    let command = parts.next().unwrap_or_default();
    let input: Vec<String> = parts.collect();
    (command, (!input.is_empty()).then(|| input.join("\n")))
}

fn nickname(word: &str) -> Result<When, String> {
    let spelled = match word {
        "@reboot" => return Ok(When::Reboot),
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => return Err(format!("`{word}` is no nickname")),
    };
    fields(&mut { spelled })
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

fn fields(rest: &mut &str) -> Result<When, String> {
    let minutes = list(word(rest, "minute")?, "minute", 0, 59, &[])?;
    let hours = list(word(rest, "hour")?, "hour", 0, 23, &[])?;
    let days = word(rest, "day of the month")?;
    let months = list(word(rest, "month")?, "month", 1, 12, MONTHS)?;
    let weekdays = word(rest, "day of the week")?;
    let either_day = !days.starts_with('*') && !weekdays.starts_with('*');
    let days = list(days, "day of the month", 1, 31, &[])?;
    let week = list(weekdays, "day of the week", 0, 7, WEEKDAYS)?;
    // 7 is another name of Sunday.
    let weekdays = week & 0x7f | week >> 7;
    Ok(When::At(Fields { minutes, hours, days, months, weekdays, either_day }))
}

/// `1-5,10,20-40/5`, or `*`, or `*/5`.
fn list(text: &str, what: &str, low: u32, high: u32, names: &[&str]) -> Result<u64, String> {
    let mut set = 0;
    for part in text.split(',') {
        set |= range(part, low, high, names).map_err(|why| format!("`{text}` as a {what}: {why}"))?;
    }
    Ok(set)
}

fn range(part: &str, low: u32, high: u32, names: &[&str]) -> Result<u64, String> {
    let (span, step) = match part.split_once('/') {
        Some((span, step)) => (span, Some(digits(step).ok_or("a step is a number")?)),
        None => (part, None),
    };
    let (first, last) = if span == "*" {
        (low, high)
    } else if let Some((first, last)) = span.split_once('-') {
        (number(first, low, high, names)?, number(last, low, high, names)?)
    } else if step.is_some() {
        return Err("a step needs a range".into());
    } else {
        let one = number(span, low, high, names)?;
        (one, one)
    };
    if first > last {
        return Err("the range is never: it runs backwards".into());
    }
    let step = step.unwrap_or(1);
    if step == 0 || (step > 1 && step > last - first) {
        return Err(format!("no second step of {step} fits"));
    }
    Ok((first..=last).step_by(step as usize).fold(0, |set, n| set | 1 << n))
}

fn digits(text: &str) -> Option<u32> {
    if text.is_empty() || text.len() > 2 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn number(text: &str, low: u32, high: u32, names: &[&str]) -> Result<u32, String> {
    if let Some(n) = names.iter().position(|n| n.eq_ignore_ascii_case(text)) {
        return Ok(u32::try_from(n).unwrap_or(0) + low);
    }
    match digits(text) {
        Some(n) if (low..=high).contains(&n) => Ok(n),
        Some(n) => Err(format!("{n} is not from {low} to {high}")),
        None => Err(format!("`{text}` is no number")),
    }
}

/// The days (bit 0 is the 1st) of weeks of the month: bit 0 of `weeks` are the days 1 to 7.
pub fn days_of(weeks: u8) -> u32 {
    (0..31).filter(|day| weeks & (1 << (day / 7)) != 0).fold(0, |set, day| set | 1 << day)
}

/// Splits a command into the days of the month (bit 0 is the 1st) on which the guard before it
/// lets it run, all without one, and the command itself.
pub fn guard(command: &str) -> (u32, &str) {
    let all = (0x7fff_ffff, command);
    let Some(rest) = command.strip_prefix("case \"$(date +%d)\" in ") else { return all };
    let Some((pattern, rest)) = rest.split_once(") ") else { return all };
    let Some(inner) = rest.strip_suffix(" ;; esac") else { return all };
    let mut days = 0;
    for day in pattern.split('|') {
        match digits(day) {
            Some(n @ 1..=31) if day.len() == 2 => days |= 1 << (n - 1),
            _ => return all,
        }
    }
    (days, inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Result<Line, String> {
        table(&format!("{line}\n"))
            .map_err(|e| e.what)
            .and_then(|mut t| t.lines.pop().ok_or_else(|| "no line".to_owned()))
    }

    #[test]
    fn what_cron_reads() {
        let line = one("*/30 1-3,5 * jan,MAR mon-fri root run --at \\%d % in%put").unwrap();
        assert_eq!((line.user.as_str(), line.command.as_str()), ("root", "run --at %d "));
        assert_eq!(line.input.as_deref(), Some(" in\nput"));
        let When::At(at) = line.when else { panic!() };
        assert_eq!((at.minutes, at.hours), (1 | 1 << 30, 0b10_1110));
        assert_eq!((at.months, at.weekdays, at.either_day), (0b1010, 0b11_1110, false));
        let When::At(either) = one("0 0 13 * 5 root x").unwrap().when else { panic!() };
        assert!(either.on(1, 13, 0) && either.on(1, 1, 4) && !either.on(1, 1, 0));
        let When::At(sunday) = one("0 0 * * 7 root x").unwrap().when else { panic!() };
        assert!(sunday.on(1, 1, 6) && !sunday.on(1, 1, 0));
        let text = "SHELL=/bin/sh\nA = ' b '\n\n # note\n@daily www-data x\n";
        let table = table(text).unwrap();
        assert_eq!(table.settings, [("SHELL".into(), "/bin/sh".into()), ("A".into(), " b ".into())]);
        assert_eq!(table.lines[0].number, 5);
    }

    #[test]
    fn what_cron_refuses_or_does_not_mean() {
        for bad in [
            "60 * * * * root x",
            "* 24 * * * root x",
            "* * 0 * * root x",
            "* * 32 * * root x",
            "* * * 13 * root x",
            "* * * * 8 root x",
            "* 22-2 * * * root x",
            "* * * * fri-mon root x",
            "*/90 * * * * root x",
            "*/0 * * * * root x",
            "5/10 * * * * root x",
            "L * * * * root x",
            "1, * * * * root x",
            "+1 * * * * root x",
            "* * * * root x",
            "* * * * * root",
            "* * * * * root x\r",
            "@often root x",
            "A='b",
        ] {
            assert!(one(bad).is_err(), "{bad}");
        }
        assert!(one(&format!("* * * * * root {}", "x".repeat(999))).is_err());
        assert!(table("* * * * * root x").is_err());
        assert!(table("\u{feff}* * * * * root x\n").is_err());
    }

    #[test]
    fn guards() {
        assert_eq!(guard("x"), (0x7fff_ffff, "x"));
        assert_eq!(guard("case \"$(date +%d)\" in 01|31) x ;; esac"), (1 | 1 << 30, "x"));
        assert_eq!(days_of(0b1_0001), 0b111_0000_0000_0000_0000_0000_0111_1111);
    }
}
