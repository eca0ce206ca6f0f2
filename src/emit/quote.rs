//! Quoting that several targets share. What only one target needs lives in its folder.

/// A word of a POSIX shell that stands for exactly `text`. Plain words stay as they are; all
/// others go between single quotes, where nothing is special but the quote itself.
///
/// NUL cannot stand in any argument of a program: `supports` refuses it before.
pub fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:,@+-".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Whether a text can stand in every text file that we write: no NUL, and none of the characters
/// that would begin a new line or move the cursor there.
pub fn one_line(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_real_shell_reads_the_same_words_back() {
        for text in ["", "plain", "-n", "a b", "it's", "$HOME `id` \\ \"x\"", "a\nb", "*?[", "é{{%@#~!"] {
            for sh in ["sh", "bash"] {
                let out = Command::new(sh)
                    .arg("-c")
                    .arg(format!("printf %s {}", shell(text)))
                    .output()
                    .expect("a shell is on every machine");
                assert_eq!(String::from_utf8_lossy(&out.stdout), text, "{sh}");
            }
        }
    }
}
