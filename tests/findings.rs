//! Every finding of the catalogue has an example that raises it and nothing else, and a page whose
//! remedy works: the failing lines of the page stand in the example, and with the passing lines in
//! their place the example has no finding at all.

use drlang::base::limits::{DEFAULT, Limits};
use drlang::base::world::Memory;
use drlang::diag::catalogue::ALL;
use drlang::diag::pages;
use drlang::driver::{Options, compile};
use drlang::emit::target::Input;
use drlang::emit::targets;
use drlang::emit::template::Templates;
use std::collections::BTreeSet;
use std::path::Path;

/// Findings that no file which people could read raises, with what does.
fn generated(name: &str) -> Option<(Vec<u8>, Limits)> {
    let site = "site hz-a { timezone = \"Asia/Shanghai\" }\n";
    match name {
        "not-utf8" => Some(([site.as_bytes(), b"// caf\xe9\n"].concat(), DEFAULT)),
        "too-large" => Some((site.repeat(2).into_bytes(), Limits { file_bytes: site.len(), ..DEFAULT })),
        _ => None,
    }
}

/// The names of the findings of a spec, and each with its message for people who read failures:
/// those of all stages and, when none is an error, what the targets refuse.
fn raised(spec: &[u8], limits: Limits) -> (BTreeSet<&'static str>, Vec<String>) {
    let world = Memory([("main.dr".to_owned(), spec.to_vec())].into());
    let mut c = compile(&world, "main.dr", &Options { limits, ..Options::from(1_768_435_200) }).unwrap();
    if !c.problems.has_errors() {
        let (plans, templates) = (c.plans().unwrap(), Templates::default());
        let input = Input { model: &c.model, ops: &c.ops, plans: &plans, templates: &templates };
        targets::ALL.iter().for_each(|t| t.supports(input, &mut c.problems));
    }
    let names = c.problems.iter().map(|d| d.entry.name).collect();
    let texts = c.problems.iter().map(|d| format!("{}: {} {:?}", d.entry.name, d.message, d.notes)).collect();
    (names, texts)
}

/// The fences of a page below the heading, in order.
fn fences(page: &str, heading: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut under = false;
    let mut open: Option<String> = None;
    for line in page.lines() {
        match &mut open {
            Some(text) if line == "```" => {
                found.push(std::mem::take(text));
                open = None;
            }
            Some(text) => {
                text.push_str(line);
                text.push('\n');
            }
            None if line == "```dr" && under => open = Some(String::new()),
            None if line.starts_with("## ") => under = line == format!("## {heading}:"),
            None => {}
        }
    }
    found
}

fn indented(text: &str, by: usize) -> String {
    let blanks = " ".repeat(by);
    text.lines().map(|l| if l.is_empty() { "\n".to_owned() } else { format!("{blanks}{l}\n") }).collect()
}

/// `spec` with the lines of `failing` replaced, at whatever depth they stand.
fn mended(spec: &str, failing: &str, passing: &str) -> Option<String> {
    (0..=3).find_map(|depth| {
        let lines = format!("\n{}", indented(failing, depth * 4));
        let spec = format!("\n{spec}");
        let at = spec.find(&lines)?;
        let rest = spec.get(at + lines.len()..)?;
        assert!(!rest.contains(&lines), "the failing lines stand twice");
        Some(format!("{}\n{}{rest}", spec.get(..at)?, indented(passing, depth * 4)))
    })
}

#[test]
fn every_example_raises_its_finding_and_no_other() {
    for entry in ALL {
        let (spec, limits) = match generated(entry.name) {
            Some(generated) => generated,
            None => {
                let text = pages::failing_example(entry.name);
                let text = text.unwrap_or_else(|| panic!("examples/broken/{}.dr is missing", entry.name));
                (text.into(), DEFAULT)
            }
        };
        let (names, texts) = raised(&spec, limits);
        assert_eq!(names, BTreeSet::from([entry.name]), "{texts:#?}");
    }
}

#[test]
fn every_page_says_what_why_and_how() {
    for entry in ALL {
        let page = pages::page(entry.name);
        let page = page.unwrap_or_else(|| panic!("src/diag/pages/{}.md is missing", entry.name));
        let name = entry.name;
        assert!(page.starts_with(&format!("# {name}\n\n")), "{name}: the first line is its name");
        assert!(page.contains("\n## Why it matters\n"), "{name} does not say why it matters");
        assert!(page.lines().count() <= 30, "{name} is longer than a screen");
        assert!(!fences(page, "Passing").is_empty(), "{name} does not say what to write instead");
    }
}

#[test]
fn what_a_page_says_to_write_instead_passes() {
    for entry in ALL {
        let name = entry.name;
        let page = pages::page(name).unwrap();
        let (failing, passing) = (fences(page, "Failing"), fences(page, "Passing"));
        // What no line shows has only a whole spec that passes.
        if failing.is_empty() && (generated(name).is_some() || ["too-deep", "nul-in-command"].contains(&name))
        {
            for text in &passing {
                let (names, texts) = raised(text.as_bytes(), DEFAULT);
                assert!(!names.contains(name), "{texts:#?}");
            }
            continue;
        }
        let ([failing], [passing]) = (failing.as_slice(), passing.as_slice()) else {
            panic!("{name}: one failing and one passing example");
        };
        let spec = pages::failing_example(name).unwrap();
        let spec = mended(spec, failing, passing)
            .unwrap_or_else(|| panic!("{name}: the failing lines do not stand in the example"));
        let (_, texts) = raised(spec.as_bytes(), DEFAULT);
        assert_eq!(texts, Vec::<String>::new(), "{name}, mended:\n{spec}");
    }
}

#[test]
fn no_page_and_no_example_is_left_over() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names: BTreeSet<&str> = ALL.iter().map(|e| e.name).collect();
    for (folder, ending) in [("src/diag/pages", "md"), ("examples/broken", "dr")] {
        for file in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|e| e != ending) {
                continue;
            }
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(names.contains(name), "{} belongs to no finding", path.display());
        }
    }
}
