//! The direction of imports: who may know whom. ARCHITECTURE.md tells why.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Each module of the library with what it may name beside itself. Stages stand in the order in
/// which a spec goes through them, and no stage names a later one.
const KNOWS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("quantity", &["base"]),
    ("calendar", &["base", "quantity"]),
    ("diag", &["base"]),
    ("syntax", &["base", "diag"]),
    ("schema", &["base"]),
    ("resolve", &["base", "quantity", "calendar", "diag", "syntax", "schema"]),
    ("model", &["base", "quantity", "calendar", "diag", "schema", "resolve"]),
    ("ops", &["base", "quantity", "calendar", "diag", "model"]),
    ("flow", &["base", "quantity", "calendar", "model", "ops"]),
    ("plan", &["base", "quantity", "model", "ops", "flow"]),
    // An independent account: of plans it takes the steps, never what anybody computed of them.
    ("simulate", &["base", "quantity", "calendar", "model", "ops", "plan"]),
    ("judge", &["base", "quantity", "calendar", "diag", "model", "ops", "flow", "plan"]),
    ("cost", &["base", "quantity", "diag", "model", "plan", "judge"]),
    ("why", &["base", "quantity", "calendar", "model", "ops", "flow", "plan", "judge"]),
    ("emit", &["base", "quantity", "calendar", "diag", "model", "ops", "plan"]),
    (
        "driver",
        &[
            "base", "quantity", "calendar", "diag", "resolve", "model", "ops", "flow", "plan", "judge",
            "cost", "why", "emit",
        ],
    ),
    (
        "answers",
        &[
            "base", "quantity", "diag", "syntax", "schema", "model", "plan", "judge", "cost", "why", "emit",
            "driver",
        ],
    ),
    (
        "cli",
        &[
            "base", "quantity", "calendar", "diag", "schema", "resolve", "model", "ops", "flow", "plan",
            "judge", "cost", "why", "emit", "driver", "answers", "simulate",
        ],
    ),
];

/// Names of crates and of the system, with the only places where they may stand.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("std::fs", &["driver/disk.rs", "emit/commit", "cli"]),
    ("std::env", &["cli"]),
    ("std::process", &["main.rs", "cli"]),
    ("Timestamp::now", &["cli"]),
    ("SystemTime", &[]),
    ("Instant::now", &[]),
    ("println!", &[]),
    ("eprintln!", &[]),
    ("miette::", &["diag/render/terminal.rs"]),
    ("handlebars::", &["emit/template.rs"]),
    ("pest::", &["syntax"]),
    ("clap::", &["cli"]),
    ("clap_complete::", &["cli"]),
    ("comfy_table::", &["cli"]),
];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder of the sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    found.sort();
    found
        .into_iter()
        .map(|p| {
            let text = std::fs::read_to_string(&p).expect("a source");
            // Tests at the end of a file may use anything.
            let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            (p.strip_prefix(&root).expect("below the root").to_owned(), code)
        })
        .filter(|(p, _)| !p.components().any(|c| c.as_os_str() == "tests"))
        .collect()
}

#[test]
fn modules_name_only_what_they_may_know() {
    let knows: BTreeMap<&str, &[&str]> = KNOWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (path, code) in sources() {
        let module = path.components().next().and_then(|c| c.as_os_str().to_str()).unwrap_or_default();
        if matches!(module, "lib.rs" | "main.rs") {
            continue;
        }
        let allowed = knows.get(module).unwrap_or_else(|| panic!("{module} is not in the table"));
        for (n, line) in code.lines().enumerate() {
            let names = line.split("crate::").skip(1).map(|rest| {
                rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()
            });
            for name in names.filter(|n| knows.contains_key(n) && n != &module && !allowed.contains(n)) {
                wrong.push(format!("src/{}:{}: {module} names {name}", path.display(), n + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_world_outside_is_touched_only_at_the_edges() {
    let mut wrong = Vec::new();
    for (path, code) in sources() {
        for (name, places) in ONLY_IN {
            if places.iter().any(|p| path.starts_with(p) || path.to_string_lossy().starts_with(p)) {
                continue;
            }
            for (n, line) in code.lines().enumerate() {
                if line.contains(name) && !line.trim_start().starts_with("//") {
                    wrong.push(format!("src/{}:{}: {name}", path.display(), n + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_is_the_tree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders: Vec<String> = std::fs::read_dir(root)
        .expect("the sources")
        .filter_map(|e| e.ok().filter(|e| e.path().is_dir()))
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    let mut table: Vec<String> = KNOWS.iter().map(|(m, _)| (*m).to_owned()).collect();
    folders.sort();
    table.sort();
    assert_eq!(folders, table);
}
