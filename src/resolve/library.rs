//! The standard library: `.dr` files in the binary.

use include_dir::{Dir, include_dir};

static STD: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/stdlib/std");

/// The text of a module by its dotted name: `std.tiers.ecommerce`.
pub fn module_source(name: &str) -> Option<&'static str> {
    let path = name.strip_prefix("std.")?.replace('.', "/");
    STD.get_file(format!("{path}.dr"))?.contents_utf8()
}

/// The dotted names of all modules, in order.
pub fn module_names() -> Vec<String> {
    fn walk(dir: &Dir<'_>, names: &mut Vec<String>) {
        for file in dir.files() {
            if let Some(stem) = file.path().to_str().and_then(|p| p.strip_suffix(".dr")) {
                names.push(format!("std.{}", stem.replace('/', ".")));
            }
        }
        for dir in dir.dirs() {
            walk(dir, names);
        }
    }
    let mut names = Vec::new();
    walk(&STD, &mut names);
    names.sort();
    names
}
