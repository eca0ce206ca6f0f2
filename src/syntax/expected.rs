//! From the rules that the strict grammar tried to words: what could have stood there, what stood
//! there instead, and for the common slips what to type.

use super::errors::{quoted, syntax};
use super::parse::Rule;
use crate::base::Span;
use crate::diag::Diagnostic;

/// What the strict grammar can ask for, in the order in which a message lists it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Expected {
    Value,
    Colon,
    Assign,
    Comma,
    Bracket,
    Parenthesis,
    End,
}

/// What a rule stands for; `None` for what goes without saying (an operator can follow any value)
/// and for rules that are no tokens.
fn describe(rule: Rule) -> Option<Expected> {
    match rule {
        Rule::name
        | Rule::number
        | Rule::text
        | Rule::address
        | Rule::address_v6
        | Rule::elements
        | Rule::arguments
        | Rule::lbracket
        | Rule::lparen
        | Rule::percent => Some(Expected::Value),
        Rule::colon => Some(Expected::Colon),
        Rule::assign => Some(Expected::Assign),
        Rule::comma_sign | Rule::comma => Some(Expected::Comma),
        Rule::rbracket => Some(Expected::Bracket),
        Rule::rparen => Some(Expected::Parenthesis),
        Rule::end | Rule::EOI => Some(Expected::End),
        Rule::minus
        | Rule::operator
        | Rule::label
        | Rule::word
        | Rule::file
        | Rule::block
        | Rule::list
        | Rule::paren
        | Rule::item
        | Rule::inner
        | Rule::inner_stop
        | Rule::wide
        | Rule::missing
        | Rule::separator
        | Rule::token
        | Rule::word_char
        | Rule::open_text
        | Rule::junk
        | Rule::entry_ahead
        | Rule::name_ahead
        | Rule::gap
        | Rule::strict
        | Rule::strict_phrase
        | Rule::phrase
        | Rule::term
        | Rule::argument
        | Rule::inside
        | Rule::part
        | Rule::remark
        | Rule::blank
        | Rule::room => None,
    }
}

fn set(wanted: &[Rule]) -> Vec<Expected> {
    let mut set: Vec<Expected> = wanted.iter().copied().filter_map(describe).collect();
    set.sort_unstable();
    set.dedup();
    set
}

/// "a value", "`,` or `]`": what the set asks for; `None` when so much is possible that a list
/// would not help.
fn words(set: &[Expected], before: &str) -> Option<String> {
    let has = |e| set.contains(&e);
    match (has(Expected::Bracket), has(Expected::Parenthesis)) {
        (true, _) if has(Expected::Comma) => return Some("`,` or `]`".to_owned()),
        (_, true) if has(Expected::Comma) => return Some("`,` or `)`".to_owned()),
        (true, _) => return Some("a value or `]`".to_owned()),
        (_, true) => return Some("a value or `)`".to_owned()),
        (false, false) => {}
    }
    if set == [Expected::Value] {
        return Some(if before.is_empty() { "a name" } else { "a value" }.to_owned());
    }
    None
}

/// The word before the place, for "after `x`".
fn last_word(before: &str) -> &str {
    let start = before.rfind([' ', '\t', '\n', ',', '[', '(']).map_or(0, |i| i + 1);
    match before.get(start..) {
        Some("") | None => before.get(before.len().saturating_sub(1)..).unwrap_or_default(),
        Some(word) => word,
    }
}

/// The finding for a head that ends too early; `behind` is what follows it.
pub(super) fn at_end(span: Span, before: &str, wanted: &[Rule], behind: &str) -> Diagnostic {
    let found = match behind.chars().next() {
        Some(c @ ('{' | '}' | ';' | ']' | ')')) => format!("`{c}`"),
        None if behind.is_empty() => "the end of the file".to_owned(),
        _ => "the end of the line".to_owned(),
    };
    let after = quoted(last_word(before));
    let expected = words(&set(wanted), before).unwrap_or_else(|| "a value".to_owned());
    let finding = syntax(span, format!("expected {expected} after {after}, found {found}"));
    if behind.starts_with(['\n', '\r']) && expected == "a value" {
        finding.help("a value goes on the same line; only inside `[ ]` and `( )` may it go on below")
    } else {
        finding
    }
}

/// The finding for something that cannot stand where it stands. `rest` begins with `found`.
pub(super) fn at_token(span: Span, before: &str, found: &str, rest: &str, wanted: &[Rule]) -> Diagnostic {
    if let Some((message, help)) = slip(found, rest, before) {
        return syntax(span, message).help(help);
    }
    let shown = quoted(found);
    match words(&set(wanted), before) {
        Some(expected) if before.is_empty() => syntax(span, format!("expected {expected}, found {shown}")),
        Some(expected) => {
            syntax(span, format!("expected {expected} after {}, found {shown}", quoted(last_word(before))))
        }
        None => syntax(span, format!("{shown} cannot stand here")),
    }
    .here("unexpected")
}

/// The token or character that a text begins with.
pub(super) fn lexeme(rest: &str) -> &str {
    const SIGNS: [&str; 16] =
        ["<->", "->", "=>", "==", "+=", "-=", "<=", ">=", "!=", "..", "&&", "||", ":=", "//", "/*", "*/"];
    if let Some(sign) = SIGNS.iter().find(|s| rest.starts_with(**s)) {
        return rest.get(..sign.len()).unwrap_or(rest);
    }
    let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
    match word {
        0 => rest.get(..rest.chars().next().map_or(0, char::len_utf8)).unwrap_or(rest),
        n => rest.get(..n).unwrap_or(rest),
    }
}

/// What people type who know another language or another keyboard, and what to type instead.
fn slip(found: &str, rest: &str, before: &str) -> Option<(String, &'static str)> {
    let plain = |message: &str, help| Some((message.to_owned(), help));
    match found {
        "&&" | "||" | "!" => {
            return Some((format!("`{found}` is no operator"), "write `and`, `or` or `not`"));
        }
        "=>" => return plain("`=>` is no sign", "a direction is written `->`; at least is `>=`"),
        "*/" => return plain("`*/` ends nothing", "a comment begins with `//` and ends with its line"),
        _ => {}
    }
    let first = found.chars().next()?;
    let twin = |sign, name| Some((format!("{} is {name}", quoted(&first.to_string())), sign));
    match first {
        '\'' => plain("strings are written in double quotes", "write `\"…\"`"),
        '`' => plain("strings are written in double quotes", "write `\"…\"`"),
        '#' => plain("a comment begins with `//`", "write `//` for `#`"),
        '\\' => plain(
            "a line cannot be continued with `\\`",
            "put a long value in `[ ]` or `( )`, where newlines do not count",
        ),
        '&' | '|' | '^' | '~' => Some((format!("`{first}` is no operator"), "write `and`, `or` or `not`")),
        ',' if !before.contains(['[', '(']) => {
            plain("entries are not separated by commas", "begin a new line, or write `;`")
        }
        ',' if before.ends_with(['[', '(', ',']) => plain("nothing stands before this `,`", "remove the `,`"),
        '=' | '+' if matches!(found, "=" | "+=") && before.contains('=') && !before.contains('(') => {
            plain("an entry has one `=`", "begin a new line for another entry; to compare, write `==`")
        }
        '=' if before.ends_with(':') => plain("`:=` is no sign", "write `=`"),
        '=' if before.ends_with('-') => {
            plain("`-=` is no sign", "there are `=`, which sets, and `+=`, which adds")
        }
        '>' if before.ends_with('=') => plain("`=>` is no sign", "set a value with `=`; at least is `>=`"),
        ':' if before.ends_with(':') || rest.starts_with("::") => plain(
            "`::` cannot stand here",
            "a name inside another is written with `.`; an IPv6 address stands in brackets, `[fd00::1]`",
        ),
        ':' if before.contains(':') && !before.contains(['[', '(', '=']) => {
            plain("an entry has one `:`", "begin a new line for another entry")
        }
        ':' if before.contains('=') && !before.contains(['[', '(']) => {
            plain("a `:` stands before the `=`, not behind it", "write `name : what = value`")
        }
        ':' if before.is_empty() => {
            plain("there is no name before this `:`", "write what it is about before the `:`")
        }
        '=' if before.is_empty() => {
            plain("there is no name before this `=`", "write what is set before the `=`")
        }
        '.' => plain(
            "a number begins with a digit and a name with a letter",
            "write `0.5`, not `.5`; a range is `a..b`",
        ),
        '$' => plain("`$` cannot stand here", "a name is used as it is, and in a string as `{name}`"),
        '@' => plain("`@` cannot stand here", "put text that holds an `@` in a string"),
        '“' | '”' | '„' | '‘' | '’' | '«' | '»' | '＂' | '＇' | '「' | '」' => {
            Some((format!("`{first}` is not the quote that strings are written in"), "write `\"`"))
        }
        '–' | '—' | '−' | '－' => {
            twin("write `-`", "a dash or a minus of print, not the `-` of the keyboard")
        }
        '→' => twin("write `->`", "not a sign of the language"),
        '↔' => twin("write `<->`", "not a sign of the language"),
        '≤' => twin("write `<=`", "not a sign of the language"),
        '≥' => twin("write `>=`", "not a sign of the language"),
        '×' => twin("write `*`", "not a sign of the language"),
        '…' => twin("write `..`", "one character, not two points"),
        '，' | '、' => twin("write `,`", "a full-width comma"),
        '：' => twin("write `:`", "a full-width colon"),
        '；' => twin("write `;`", "a full-width semicolon"),
        '＝' => twin("write `=`", "a full-width sign"),
        '（' | '）' => twin("write `(` and `)`", "a full-width parenthesis"),
        '【' | '】' | '［' | '］' => twin("write `[` and `]`", "a full-width bracket"),
        '｛' | '｝' => twin("write `{` and `}`", "a full-width brace"),
        '％' => twin("write `%`", "a full-width sign"),
        c if c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}') => {
            twin("delete it, or type a plain blank", "an unusual blank, which cannot be seen")
        }
        c if c.is_control() => twin("delete it", "a control character, which cannot be seen"),
        c if c.is_alphabetic() && !c.is_ascii() => Some((
            format!(
                "names are written with the letters a to z, digits, `-` and `_`; {} is none of them",
                quoted(&c.to_string())
            ),
            "text in other letters stands in a string: `\"…\"`",
        )),
        _ => None,
    }
}
