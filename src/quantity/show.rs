//! One spelling of each quantity for people. A time is rounded up at its last digit; a spelling
//! without loss is preferred, so that what a spec says is shown as it says it.

use super::base::{Bytes, Duration, Rate, Ratio};

/// `7 min 12 s`, `350 ms`, `26 h`, `30 days`.
pub fn duration(d: Duration) -> String {
    if d == Duration::MAX {
        return "for ever".to_owned();
    }
    let ns = d.0;
    if ns == 0 {
        return "0 s".to_owned();
    }
    if ns < 1_000_000 {
        return format!("{} us", ns.div_ceil(1_000));
    }
    if ns < 1_000_000_000 {
        // Round trips are a few of them: a tenth more would mislead.
        let hundredths = ns.div_ceil(10_000);
        return match (hundredths / 100, hundredths % 100) {
            (ms, 0) => format!("{ms} ms"),
            (ms @ ..10, h) if h % 10 == 0 => format!("{ms}.{} ms", h / 10),
            (ms @ ..10, h) => format!("{ms}.{h:02} ms"),
            (ms, _) => format!("{} ms", ms + 1),
        };
    }
    if ns < 60_000_000_000 {
        let tenths = ns.div_ceil(100_000_000);
        return match (tenths / 10, tenths % 10) {
            (60, _) => "1 min".to_owned(),
            (s, 0) => format!("{s} s"),
            (s, t) => format!("{s}.{t} s"),
        };
    }
    let s = d.secs_up();
    let two = |big: u64, name: &str, small: u64, unit: &str| match small {
        0 => format!("{big} {name}"),
        _ => format!("{big} {name} {small} {unit}"),
    };
    match s {
        0..3_600 => two(s / 60, "min", s % 60, "s"),
        3_600..172_800 => {
            let min = s.div_ceil(60);
            two(min / 60, "h", min % 60, "min")
        }
        _ => {
            let h = s.div_ceil(3_600);
            two(h / 24, "days", h % 24, "h")
        }
    }
}

fn scaled(value: u64, units: &[(u64, &str)], last: &str) -> String {
    for (size, unit) in units {
        if value >= *size {
            let whole = value / size;
            let rest = u128::from(value % size);
            if rest == 0 {
                return format!("{whole} {unit}");
            }
            // Two digits are enough for people; what is cut off is shown as nearest.
            let hundredths = (rest * 100 + u128::from(size / 2)) / u128::from(*size);
            return match hundredths {
                100 => format!("{} {unit}", whole + 1),
                0 => format!("{whole} {unit}"),
                h if h % 10 == 0 => format!("{whole}.{} {unit}", h / 10),
                h => format!("{whole}.{h:02} {unit}"),
            };
        }
    }
    format!("{value} {last}")
}

/// `800 GiB`; of the largest number, which stands for no bound, just that.
pub fn bytes(b: Bytes) -> String {
    if b.0 == u64::MAX {
        return "without a bound".to_owned();
    }
    scaled(
        b.0,
        &[(1 << 50, "PiB"), (1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")],
        "B",
    )
}

/// `500 Mbit/s`: for links and cards.
pub fn rate(r: Rate) -> String {
    let units =
        [(1_000_000_000_000, "Tbit/s"), (1_000_000_000, "Gbit/s"), (1_000_000, "Mbit/s"), (1_000, "kbit/s")];
    scaled(r.0, &units, "bit/s")
}

/// `24 MiB/s`: for disks, stores and writes.
pub fn bytes_per_sec(bytes_per_sec: u64) -> String {
    format!("{}/s", bytes(Bytes(bytes_per_sec)))
}

/// `60 %`.
pub fn ratio(r: Ratio) -> String {
    let (whole, rest) = (r.0 / 10_000_000, r.0 % 10_000_000);
    if rest == 0 {
        return format!("{whole} %");
    }
    let digits = format!("{rest:07}");
    format!("{whole}.{} %", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_it() {
        assert_eq!(duration(Duration::from_secs(432)), "7 min 12 s");
        assert_eq!(duration(Duration::from_millis(350)), "350 ms");
        assert_eq!(duration(Duration(600_000_001)), "601 ms");
        assert_eq!(duration(Duration::from_hours(26)), "26 h");
        assert_eq!(duration(Duration::from_days(30)), "30 days");
        assert_eq!(duration(Duration::from_secs(3_601)), "1 h 1 min");
        assert_eq!(duration(Duration(59_950_000_001)), "1 min");
        assert_eq!(bytes(Bytes::gib(800)), "800 GiB");
        assert_eq!(bytes(Bytes(3 << 19)), "1.5 MiB");
        assert_eq!(rate(Rate(500_000_000)), "500 Mbit/s");
        assert_eq!(bytes_per_sec(24 << 20), "24 MiB/s");
        assert_eq!(ratio(Ratio::percent(60)), "60 %");
        assert_eq!(ratio(Ratio(1_000_000)), "0.1 %");
    }
}
