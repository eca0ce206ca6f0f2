//! The generic tree of a file: a few shapes, the same for every kind of block.
//!
//! Nothing here says what an attribute means; the schema does, when `resolve` reads phrases by the
//! type of the place they stand in. What did not parse is left out of the tree (its finding has
//! been made), and its neighbours stay.

use crate::base::{EcoString, Span};

/// A file, or what could be read of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// Its entries, in order.
    pub entries: Vec<Entry>,
}

/// `head : colon = value { body }`, each part but the head optional.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The `///` lines above it, joined by newlines, without the slashes and one blank.
    pub doc: Option<EcoString>,
    /// The phrase that it begins with, such as `host db-a1`, `bandwidth` or `daily 19:00..23:00`.
    pub head: Phrase,
    /// What follows `:`, such as a tier or the ends of a link.
    pub colon: Option<Phrase>,
    /// What follows `=` or `+=`.
    pub value: Option<Value>,
    /// The entries between braces. `Some` and empty for `{}`.
    pub body: Option<Body>,
    /// From the first to the last character of the entry, its body included.
    pub span: Span,
}

/// The right side of an assignment.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Whether it was written with `+=`.
    pub adds: bool,
    /// The phrase.
    pub phrase: Phrase,
}

/// What stands between braces.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// Its entries, in order.
    pub entries: Vec<Entry>,
    /// From brace to brace.
    pub span: Span,
}

/// A run of atoms side by side: `800 GiB growing 2 % / month`.
#[derive(Clone, Debug, PartialEq)]
pub struct Phrase {
    /// At least one.
    pub atoms: Vec<Atom>,
    /// From the first to the last atom.
    pub span: Span,
}

/// One token of a phrase, or a bracketed group.
#[derive(Clone, Debug, PartialEq)]
pub struct Atom {
    /// What it is.
    pub kind: AtomKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of atom.
#[derive(Clone, Debug, PartialEq)]
pub enum AtomKind {
    /// A name or a word, dotted or not: `db-a1`, `GiB`, `orders.rpo`, `true`.
    Word(EcoString),
    /// A decimal number, exact: `0.01` is mantissa 1, scale 2. Underscores between digits are allowed.
    Number(Number),
    /// A string with its pieces: text and `{…}` interpolations.
    Text(Vec<Piece>),
    /// `19:00..23:00`, in minutes from midnight; the end may be 24:00 (1440) and may be less than
    /// the start.
    TimeSpan(u16, u16),
    /// `01:30`, in minutes from midnight.
    Moment(u16),
    /// `10.1.0.11` or `[fd00::1]`.
    Address(std::net::IpAddr),
    /// `10.1.0.100/24` or `[fd00::1]/64`: the address as written (host bits kept) and the length.
    Prefix(std::net::IpAddr, u8),
    /// `1st`, `2nd`, `3rd`, `15th`.
    Ordinal(u32),
    /// `%`.
    Percent,
    /// An operator or another sign.
    Sign(Sign),
    /// `[a, b]`.
    List(Vec<Phrase>),
    /// `( … )`: grouping, and the arguments of a call when it follows a word directly. An argument
    /// may be named: `within = 10 s`.
    Paren(Vec<Argument>),
}

/// The signs that stand between atoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// `<->`
    Both,
    /// `->`
    To,
    /// `..` between values that are not both times of day.
    Range,
    /// `+`
    Plus,
    /// `-` with blanks round it, or before a number.
    Minus,
    /// `*`
    Times,
    /// `/`
    Over,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    Differs,
}

/// A decimal number as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Number {
    /// All digits, without the point.
    pub mantissa: u64,
    /// How many of them stand behind the point.
    pub scale: u8,
}

/// A piece of a string.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text with its escapes resolved.
    Text(EcoString),
    /// `{expr}`.
    Hole(Phrase),
}

/// An argument of a call, or what stands in parentheses.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// `name =`, if there.
    pub name: Option<(EcoString, Span)>,
    /// The value.
    pub phrase: Phrase,
}

impl Entry {
    /// The first word of the head, if it is one: the kind of a block or the name of an attribute.
    pub fn keyword(&self) -> Option<(&EcoString, Span)> {
        match self.head.atoms.first() {
            Some(Atom { kind: AtomKind::Word(w), span }) => Some((w, *span)),
            _ => None,
        }
    }
}
