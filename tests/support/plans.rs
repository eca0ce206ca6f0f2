//! Feeds the files of plans to the programs that read them.

use std::path::{Path, PathBuf};
use std::process::Command;

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { below(&path, found) } else { found.push(path) }
    }
}

fn quiet(program: &str, args: &[&str], files: &[PathBuf]) {
    for some in files.chunks(100) {
        let out = Command::new(program).args(args).args(some).output();
        let out = out.unwrap_or_else(|e| panic!("{program} must be installed: {e}"));
        let said = [out.stdout, out.stderr].concat();
        assert!(
            out.status.success() && said.is_empty(),
            "{program} {args:?} on {some:?}: {}\n{}",
            out.status,
            String::from_utf8_lossy(&said)
        );
    }
}

/// Checks every file of every plan below the root of a build: scripts by bash and shellcheck,
/// which must say nothing at all, JSON by jq, graphs and papers by readers of our own.
pub fn judge(tree: &Path) {
    let folder = tree.join("plans");
    if !folder.exists() {
        return;
    }
    let mut files = Vec::new();
    below(&folder, &mut files);
    let with = |end: &str| -> Vec<PathBuf> {
        files.iter().filter(|f| f.extension().is_some_and(|e| e == end)).cloned().collect()
    };
    for script in with("sh") {
        quiet("bash", &["-n"], &[script]);
    }
    quiet("shellcheck", &["--norc", "--severity=style"], &with("sh"));
    for json in with("json") {
        let out = Command::new("jq")
            .arg("-e")
            .arg(".version == 1")
            .arg(&json)
            .output()
            .expect("jq must be installed");
        assert!(out.status.success(), "{json:?}: {}", String::from_utf8_lossy(&out.stderr));
    }
    for graph in with("dot") {
        let text = std::fs::read_to_string(&graph).unwrap();
        if let Err(why) = graphs(&text) {
            panic!("{graph:?}: {why}\n{text}");
        }
    }
    for paper in with("md") {
        let text = std::fs::read_to_string(&paper).unwrap();
        if let Err(why) = papers(&text) {
            panic!("{paper:?}: {why}\n{text}");
        }
    }
}

/// A strict reader of the part of Graphviz's language that is written: statements of words and
/// strings, attribute lists, and edges between nodes that were declared.
pub fn graphs(text: &str) -> Result<(usize, usize), String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => while chars.next_if(|c| *c != '\n').is_some() {},
            '"' => {
                let mut word = String::from("\"");
                loop {
                    match chars.next().ok_or("a string never ends")? {
                        '"' => break,
                        '\\' => match chars.next().ok_or("a string never ends")? {
                            c @ ('"' | '\\') => word.push(c),
                            'n' => word.push('\n'),
                            c => return Err(format!("the escape \\{c} means something to Graphviz")),
                        },
                        '\n' => return Err("a string is broken over lines".into()),
                        c => word.push(c),
                    }
                }
                tokens.push(word);
            }
            c if c.is_whitespace() => {}
            '-' if chars.next_if_eq(&'>').is_some() => tokens.push("->".into()),
            '{' | '}' | '[' | ']' | '=' | ';' | ',' => tokens.push(c.into()),
            c if c.is_ascii_alphanumeric() || c == '_' => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    word.push(c);
                }
                tokens.push(word);
            }
            c => return Err(format!("a stray {c:?}")),
        }
    }
    let mut depth = 0usize;
    let mut nodes = std::collections::BTreeSet::new();
    let mut edges = 0;
    let word = |t: &str| t.starts_with('"') || t.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let mut i = 0;
    while i < tokens.len() {
        let at = |n: usize| tokens.get(i + n).map_or("", String::as_str);
        match at(0) {
            "digraph" | "subgraph" if word(at(1)) && at(2) == "{" => {
                depth += 1;
                i += 3;
            }
            "}" => {
                depth = depth.checked_sub(1).ok_or("too many braces are closed")?;
                i += 1;
            }
            _ if depth == 0 => return Err(format!("{:?} stands outside of the graph", at(0))),
            _ if at(1) == "=" && word(at(2)) && at(3) == ";" => i += 4,
            name if at(1) == "[" => {
                if name != "node" && !nodes.insert(name.to_owned()) {
                    return Err(format!("{name} is declared twice"));
                }
                i += 2;
                loop {
                    let at = |n: usize| tokens.get(i + n).map_or("", String::as_str);
                    if !(word(at(0)) && at(1) == "=" && word(at(2))) {
                        return Err(format!("no attribute: {:?} {:?} {:?}", at(0), at(1), at(2)));
                    }
                    i += 3;
                    match tokens.get(i).map(String::as_str) {
                        Some(",") => i += 1,
                        Some("]") => break,
                        other => return Err(format!("{other:?} in a list of attributes")),
                    }
                }
                if tokens.get(i + 1).map(String::as_str) != Some(";") {
                    return Err("a statement has no end".into());
                }
                i += 2;
            }
            from if at(1) == "->" && at(3) == ";" => {
                for end in [from, at(2)] {
                    if !nodes.contains(end) {
                        return Err(format!("an edge to {end:?}, which is not declared"));
                    }
                }
                edges += 1;
                i += 4;
            }
            other => return Err(format!("{other:?} begins no statement")),
        }
    }
    if depth != 0 {
        return Err("a brace is never closed".into());
    }
    Ok((nodes.len(), edges))
}

/// A reader of the papers: outside of fenced blocks each line is of a form that we write, each row
/// of a table has as many cells as its head, and no character that Markdown reads is left bare.
pub fn papers(text: &str) -> Result<(), String> {
    let mut fence: Option<String> = None;
    let mut cells: Option<usize> = None;
    for (n, line) in text.lines().enumerate() {
        let wrong = |what: &str| Err(format!("line {}: {what}: {line}", n + 1));
        if let Some(open) = &fence {
            if line == open {
                fence = None;
            }
            continue;
        }
        if line.starts_with("```") {
            let ticks: String = line.chars().take_while(|c| *c == '`').collect();
            if line.strip_prefix(&ticks) != Some("sh") {
                return wrong("a fence of another form");
            }
            fence = Some(ticks);
            continue;
        }
        if line.chars().any(|c| c.is_control()) {
            return wrong("a control character");
        }
        if n == 0 {
            if !(line.starts_with("<!-- Made by drc: ") && line.ends_with(" -->")) {
                return wrong("no comment that says who made it");
            }
            continue;
        }
        let heading = ["# ", "## ", "### ", "- "].iter().find_map(|mark| line.strip_prefix(mark));
        let body = heading.unwrap_or(line);
        let mut bars = 0;
        let mut ticks = 0;
        let mut chars = body.chars();
        while let Some(c) = chars.next() {
            if ticks % 2 == 1 && c != '`' {
                continue;
            }
            match c {
                '\\' => match chars.next() {
                    Some(c) if c.is_ascii_punctuation() => {}
                    _ => return wrong("a backslash before no mark"),
                },
                '|' => bars += 1,
                '`' => ticks += 1,
                '<' | '>' | '*' | '_' | '[' | ']' | '&' | '~' | '#' | '$' | '{' | '}' => {
                    return wrong("a mark that Markdown reads");
                }
                _ => {}
            }
        }
        if ticks % 2 != 0 {
            return wrong("code that never ends");
        }
        if line.starts_with('|') {
            if *cells.get_or_insert(bars) != bars {
                return wrong("another number of cells than the head");
            }
        } else {
            cells = None;
            if bars > 0 {
                return wrong("a bar outside of a table");
            }
        }
    }
    match fence {
        Some(_) => Err("a fence is never closed".into()),
        None => Ok(()),
    }
}
