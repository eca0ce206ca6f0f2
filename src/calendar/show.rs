//! Instants and times of the week for people.

use super::Zone;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The short name of a day of the week; Monday is 0.
pub fn weekday(day: u8) -> &'static str {
    DAYS.get(usize::from(day)).copied().unwrap_or("day")
}

/// `sat 20:57:00`, from a second of the week.
pub fn second_of_week(second: u64) -> String {
    let day = weekday(u8::try_from(second / 86_400 % 7).unwrap_or(0));
    format!("{day} {:02}:{:02}:{:02}", second / 3600 % 24, second / 60 % 60, second % 60)
}

/// `2026-03-29 02:30 sun`, from Unix seconds, in a zone.
pub fn instant(at: i64, zone: &Zone) -> String {
    match zone.local(at) {
        Some((date, minute, day)) => {
            format!("{date} {:02}:{:02} {}", minute / 60, minute % 60, weekday(day))
        }
        None => format!("second {at}"),
    }
}

/// `01:30`, from a minute of the day.
pub fn minute(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
