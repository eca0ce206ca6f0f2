//! What the terminal can do.

use super::Colour;
use crate::diag::render::terminal::Style;
use std::io::IsTerminal as _;

/// Colour of standard error, and width.
#[derive(Debug)]
pub(super) struct Terminal {
    err: bool,
    width: usize,
}

/// Columns when nobody says.
const WIDTH: usize = 100;

impl Terminal {
    pub fn of(colour: Colour) -> Self {
        let allowed = |terminal: bool| match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        };
        let width = terminal_size::terminal_size().map_or(WIDTH, |(w, _)| usize::from(w.0).clamp(40, 160));
        Self { err: allowed(std::io::stderr().is_terminal()), width }
    }

    /// How findings are drawn on standard error.
    pub fn findings(&self) -> Style {
        Style { colour: self.err, width: self.width }
    }
}
