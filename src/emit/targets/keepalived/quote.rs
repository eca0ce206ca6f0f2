//! Quoting for keepalived.

/// A text for the inside of a quoted string, or for a bare word.
///
/// What we write there is plain: names of our own, addresses and numbers. Whatever else a user's
/// template might bring in is kept from ending the string, starting a comment (`#`, `!`), a
/// condition (`@`) or a definition (`$`): keepalived has no escape that holds in all its words, so
/// such a character becomes `_`.
pub(super) fn inside(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:/+-".contains(c);
    text.chars().map(|c| if plain(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn plain_words_stay_and_nothing_else_gets_through() {
        for plain in ["shop-front-a", "10.1.0.100/24", "fd00::1", "eth0.100", "/etc/keepalived/x.sh", "0.25"]
        {
            assert_eq!(inside(plain), plain);
        }
        assert_eq!(inside("a\"b#c!d\ne$f@g{h}~é"), "a_b_c_d_e_f_g_h___");
    }
}
