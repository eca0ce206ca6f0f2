//! The calls into pest: the one parser that is derived from `grammar/dr.pest`.

use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::Pairs;

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/dr.pest"]
struct Dr;

/// Where a strict parse stopped, and what it could have gone on with.
#[derive(Debug)]
pub(super) struct Stop {
    /// Offset into the text that was parsed.
    pub at: usize,
    /// The rules that were tried there and failed.
    pub wanted: Vec<Rule>,
}

/// The tokens and the nesting of a text. `None` only when the native stack is too small for its
/// nesting, which the prescan rules out.
pub(super) fn tokens(text: &str) -> Option<Pairs<'_, Rule>> {
    Dr::parse(Rule::file, text).ok()?.next().map(pest::iterators::Pair::into_inner)
}

/// Parses a head (`Rule::strict`) or a lone phrase (`Rule::strict_phrase`) for its first mistake.
/// `None` when it has none.
pub(super) fn first_mistake(rule: Rule, text: &str) -> Option<Stop> {
    let error = Dr::parse(rule, text).err()?;
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let wanted = match error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives,
        ErrorVariant::CustomError { .. } => Vec::new(),
    };
    Some(Stop { at, wanted })
}
