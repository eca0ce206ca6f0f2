//! Text inside a quoted string of Bacula's configuration.

/// `text` as it stands between the double quotes of a Bacula string: a backslash takes the next
/// character as it is, and nothing else is special there, neither `@` nor `#` nor `$`.
///
/// A line break cannot stand in a string, Bacula drops it: `supports` refuses it before.
pub fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_quotes_and_backslashes_are_escaped() {
        assert_eq!(string(r#"/a "b" \c $d @e"#), r#"/a \"b\" \\c $d @e"#);
    }
}
