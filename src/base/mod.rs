//! What every stage needs and no stage owns: sources, spans, names, limits.
//!
//! Nothing here knows what a disaster is.

pub mod limits;
pub mod similar;
pub mod source;
pub mod span;
pub mod threads;
pub mod world;

pub use ecow::EcoString;
pub use source::{FileId, Source, SourceMap};
pub use span::{Span, Spanned};
