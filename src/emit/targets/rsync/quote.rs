//! Words of bash.

/// A word of bash that stands for exactly `text`, on one line and readable: bare when it is plain,
/// between single quotes when nothing in it looks special, else in the `$'…'` form, with what is
/// neither a letter nor plain ASCII as the bytes of its UTF-8.
///
/// NUL cannot stand in any argument of a program; paths of a spec never have it.
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./,+-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let harmless =
        |c: char| plain(c) || (!c.is_ascii() && c.is_alphanumeric()) || " :@=()[]{}%#&;,".contains(c);
    if text.chars().all(harmless) {
        return format!("'{text}'");
    }
    let mut word = String::from("$'");
    for c in text.chars() {
        match c {
            '\n' => word.push_str(r"\n"),
            '\t' => word.push_str(r"\t"),
            '\\' | '\'' => {
                word.push('\\');
                word.push(c);
            }
            c if c == ' ' || c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric()) => word.push(c),
            c => c.encode_utf8(&mut [0; 4]).bytes().for_each(|b| word.push_str(&format!(r"\x{b:02x}"))),
        }
    }
    word.push('\'');
    word
}

/// Reads a word as [`word`] writes it, and plain quoted words that a person would write. `None`
/// for what is no single word, or stands for more than itself.
pub fn read(text: &str) -> Option<String> {
    if let Some(inner) = text.strip_prefix("$'") {
        return unescape(inner.strip_suffix('\'')?);
    }
    if let Some(inner) = text.strip_prefix('\'') {
        return inner.strip_suffix('\'').filter(|i| !i.contains('\'')).map(str::to_owned);
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:,@+-%=".contains(c);
    (!text.is_empty() && text.chars().all(plain)).then(|| text.to_owned())
}

fn unescape(inner: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = inner.bytes();
    while let Some(b) = rest.next() {
        bytes.push(match b {
            b'\'' => return None,
            b'\\' => match rest.next()? {
                b'n' => b'\n',
                b't' => b'\t',
                b @ (b'\\' | b'\'') => b,
                b'x' => {
                    let digits = [rest.next()?, rest.next()?];
                    let digits = std::str::from_utf8(&digits).ok()?;
                    u8::from_str_radix(digits, 16).ok()?
                }
                _ => return None,
            },
            b => b,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    proptest! {
        #[test]
        fn what_is_written_is_read(text in "\\PC*|[ -~\\n\\t\\r\\x01-\\x1f]*|(.|\\n)*") {
            prop_assume!(!text.contains('\0'));
            let word = word(&text);
            prop_assert_eq!(read(&word), Some(text));
            prop_assert!(!word.contains('\n'));
        }
    }

    #[test]
    fn bash_reads_the_same() {
        let all: String = (1..=0x2ff).filter_map(char::from_u32).collect();
        let texts = ["", "-n", "~", "!x", "a b", "\u{2028}\u{2019}\u{feff}", "é水\u{1f600}", "\\x41", &all];
        for text in texts {
            for locale in ["C", "C.UTF-8"] {
                let script = format!("printf %s {}", word(text));
                let out = Command::new("bash").args(["-c", &script]).env("LC_ALL", locale).output().unwrap();
                assert_eq!(String::from_utf8_lossy(&out.stdout), text, "{locale}");
            }
        }
    }
}
