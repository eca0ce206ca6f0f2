//! The page of each finding: what it means, why it matters, and what to write instead.

use include_dir::{Dir, include_dir};

static PAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/diag/pages");
static BROKEN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/examples/broken");

/// The Markdown page of a finding.
pub fn page(name: &str) -> Option<&'static str> {
    PAGES.get_file(format!("{name}.md"))?.contents_utf8()
}

/// The spec under `examples/broken/` that raises the finding.
pub fn failing_example(name: &str) -> Option<&'static str> {
    BROKEN.get_file(format!("{name}.dr"))?.contents_utf8()
}
