//! The one list of findings. Each has a kebab-case name that reads after "allow", a page under
//! `pages/NAME.md`, and a file `examples/broken/NAME.dr` that raises it: tests hold all three.

use super::Severity;

/// One kind of finding.
#[derive(PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its name, stable for ever.
    pub name: &'static str,
    /// Its weight unless a flag says otherwise.
    pub severity: Severity,
    /// The stage that finds it.
    pub stage: &'static str,
    /// What it means, in a line.
    pub summary: &'static str,
}

macro_rules! declare {
    ($($constant:ident $name:literal $severity:ident $stage:ident $summary:literal;)*) => {
        $(#[doc = $summary]
        pub static $constant: Entry = Entry {
            name: $name,
            severity: Severity::$severity,
            stage: stringify!($stage),
            summary: $summary,
        };)*

        /// Every entry, in the order of the list.
        pub static ALL: &[&Entry] = &[$(&$constant),*];
    };
}

declare! {
    // Reading and syntax.
    UNREADABLE_FILE "unreadable-file" Error load "a file that `use` names cannot be read";
    TOO_LARGE "too-large" Error load "a file is larger than the limit";
    NOT_UTF8 "not-utf8" Error load "a file is not UTF-8 text";
    TOO_DEEP "too-deep" Error parse "braces, brackets or parentheses are nested too deeply";
    SYNTAX "syntax" Error parse "the text does not follow the grammar";
    MISSING_BRACE "missing-brace" Error parse "a block is never closed";
    STRAY_BRACE "stray-brace" Error parse "a brace closes nothing";
    UNCLOSED_STRING "unclosed-string" Error parse "a string has no closing quote on its line";
}

/// The entry of that name.
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.iter().copied().find(|e| e.name == name)
}
