//! A number of the model, and who said it.

use crate::base::Span;

/// A default of the compiler's own, taken where a spec says nothing. It is chosen against the
/// user, and every verdict that rests on it lists it.
#[derive(PartialEq, Eq, Debug)]
pub struct Assumption {
    /// What is assumed, as a sentence for people.
    pub text: &'static str,
    /// Where the figure comes from.
    pub source: &'static str,
}

/// Who said a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Origin {
    /// Where it was written; the owner's name when nobody wrote it; nowhere for a figure of ours
    /// that is the same in every estate.
    pub span: Span,
    /// Set when it is a default of the compiler's.
    pub assumed: Option<&'static Assumption>,
}

impl Origin {
    /// Written at a place.
    pub fn stated(span: Span) -> Self {
        Self { span, assumed: None }
    }
}

/// A value that the analysis rests on.
#[derive(Clone, Copy, Debug)]
pub struct Input<T> {
    /// The value.
    pub value: T,
    /// Where it was written; the owner's name when nobody wrote it.
    pub span: Span,
    /// Set when it is a default of the compiler's.
    pub assumed: Option<&'static Assumption>,
}

impl<T> Input<T> {
    /// A value written at `span`. When that is in the standard library it counts as an assumption
    /// too, which the source map tells.
    pub fn stated(value: T, span: Span) -> Self {
        Self { value, span, assumed: None }
    }

    /// A default, for the thing declared at `owner`.
    pub fn assumed(value: T, owner: Span, assumption: &'static Assumption) -> Self {
        Self { value, span: owner, assumed: Some(assumption) }
    }

    /// Who said it.
    pub fn origin(&self) -> Origin {
        Origin { span: self.span, assumed: self.assumed }
    }

    /// The same origin with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Input<U> {
        Input { value: f(self.value), span: self.span, assumed: self.assumed }
    }
}

impl<T: PartialEq> PartialEq for Input<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}
