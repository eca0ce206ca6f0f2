//! The findings of this stage, one function each.

use crate::base::Span;
use crate::diag::{Diagnostic, catalogue};

/// The user's text for a message: short, on one line, with what cannot be seen written out.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("`");
    for (i, c) in text.chars().enumerate() {
        if i == 40 {
            out.push('…');
            break;
        }
        if c.is_control()
            || (c.is_whitespace() && c != ' ')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}')
        {
            out.push_str(&format!("U+{:04X}", c as u32));
        } else {
            out.push(c);
        }
    }
    out.push('`');
    out
}

/// The text does not follow the grammar at `span`.
pub(super) fn syntax(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(&catalogue::SYNTAX, span, message)
}

/// A text of `size` bytes where `limit` are allowed.
pub(super) fn too_large(file: Span, size: usize, limit: usize) -> Diagnostic {
    Diagnostic::new(
        &catalogue::TOO_LARGE,
        Span::point(file.lo),
        format!("this file has {size} bytes, more than the {limit} that are read"),
    )
    .help("split it, and bring the parts in with `use`")
}

/// The bracket at `at` is the first beyond `limit` levels.
pub(super) fn too_deep(at: u32, limit: usize) -> Diagnostic {
    Diagnostic::new(
        &catalogue::TOO_DEEP,
        Span::new(at, at + 1),
        format!("braces, brackets and parentheses are nested more than {limit} deep"),
    )
    .here(format!("level {}", limit + 1))
    .help(
        "look for closers that are missing before this place, or move the inner part to an entry of its own",
    )
}

/// `count` blocks are open at the end; the one at `opener` most likely lacks its brace.
pub(super) fn missing_brace(opener: u32, closer: Option<u32>, outer: &[u32], count: usize) -> Diagnostic {
    let message = match count {
        1 => "a block is never closed: a `}` is missing".to_owned(),
        n => format!("{n} blocks are never closed: {n} `}}` are missing"),
    };
    let mut finding = Diagnostic::new(&catalogue::MISSING_BRACE, Span::new(opener, opener + 1), message)
        .here("this `{` has no `}` of its own");
    if let Some(at) = closer {
        finding = finding
            .label(Span::new(at, at + 1), "this `}` closes it, but stands in the column of another block");
    }
    for &at in outer {
        finding = finding.label(Span::new(at, at + 1), "open at the end of the file");
    }
    finding.help("close the block where its entries end; `}` stands in the column of the block's first word")
}

/// A `}` with no block to close; `odd` is an earlier one that is not where it would be expected.
pub(super) fn stray_brace(at: u32, odd: Option<u32>) -> Diagnostic {
    let mut finding =
        Diagnostic::new(&catalogue::STRAY_BRACE, Span::new(at, at + 1), "this `}` closes nothing")
            .here("no block is open here");
    if let Some(odd) = odd {
        finding =
            finding.label(Span::new(odd, odd + 1), "this one may be too many: its column is not its block's");
    }
    finding.help("remove it, or put the `{` that it should close behind the block's name")
}

/// A string that runs into the end of its line, or a raw one into the end of the file.
pub(super) fn unclosed_string(span: Span, raw: Option<&'static str>) -> Diagnostic {
    let finding = |message: &str| Diagnostic::new(&catalogue::UNCLOSED_STRING, span, message);
    match raw {
        None => finding("this string has no closing `\"` on its line").here("begins here").help(
            "close it with `\"`; a `\"` inside it is written `\\\"`, and text of several lines `r#\"…\"#`",
        ),
        Some(closer) => finding("this raw string is never closed")
            .here("begins here and takes the rest of the file")
            .help(format!("close it with `{closer}`")),
    }
}

/// A bracket or parenthesis that is still open where its entry ends.
pub(super) fn unclosed_bracket(opener: Span, list: bool) -> Diagnostic {
    let (open, close) = if list { ("[", "]") } else { ("(", ")") };
    syntax(opener, format!("this `{open}` is never closed"))
        .help(format!("close it with `{close}` before the entry ends"))
}

/// A second entry, or something else, right behind the `}` of a block.
pub(super) fn behind_block(span: Span) -> Diagnostic {
    syntax(span, "an entry ends at its `}`: what follows needs a line of its own")
        .help("begin a new line, or put `;` behind the `}`")
}

/// A block without a head.
pub(super) fn headless_block(brace: Span) -> Diagnostic {
    syntax(brace, "this block has no name: a `{` follows what it belongs to")
        .help("write what the block is before it, such as `site hz-a {`")
}

/// A block whose brace stands on the line below its head.
pub(super) fn brace_on_next_line(brace: Span, head: Span) -> Diagnostic {
    syntax(brace, "a `{` stands on the line of the entry that it belongs to")
        .label(head, "this entry ends with its line")
        .help("move the `{` to the end of the line before")
}

/// `/* … */`.
pub(super) fn block_comment(span: Span) -> Diagnostic {
    syntax(span, "there are no `/* … */` comments: a comment begins with `//` and ends with its line")
        .help("put `//` before each line")
}

/// A token that begins like a number and is none; `what` says why, `help` what to type.
pub(super) fn bad_token(span: Span, text: &str, what: &str, help: &str) -> Diagnostic {
    syntax(span, format!("{} {what}", quoted(text))).help(help)
}

/// A mistake inside a string.
pub(super) fn in_string(span: Span, message: impl Into<String>, help: &str) -> Diagnostic {
    syntax(span, message).help(help)
}
