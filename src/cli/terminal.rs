//! What the terminal can do.

use super::Colour;
use crate::diag::render::terminal::Style;
use std::io::{IsTerminal as _, Write as _};

/// Colour of standard error, and width.
#[derive(Debug)]
pub(super) struct Terminal {
    err: bool,
    watched: bool,
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
        let watched = std::io::stderr().is_terminal();
        Self { err: allowed(watched), watched, width }
    }

    /// Shows how far something has come, on a line of its own that the next one replaces, when
    /// somebody looks. Nothing is left of it at the end.
    pub fn progress(&self, done: usize, total: usize) {
        if self.watched {
            let line =
                if done < total { format!("\r{done} of {total} strikes") } else { "\r\x1b[K".to_owned() };
            // Nobody is left to tell when it is closed.
            let _closed = std::io::stderr().write_all(line.as_bytes());
        }
    }

    /// How findings are drawn on standard error.
    pub fn findings(&self) -> Style {
        Style { colour: self.err, width: self.width }
    }
}
