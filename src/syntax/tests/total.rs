//! What must hold for any text: an answer, soon, with every span where it belongs.

use super::*;
use crate::base::Span;
use proptest::prelude::*;
use std::time::Instant;

/// Panics unless every span is in its source, on character boundaries, and inside its parent.
fn check_spans(text: &str) {
    let (map, file, found) = parsed(text);
    let source = source(&map);
    let whole = source.span();
    let inside = |inner: Span, outer: Span, what: &str| {
        assert!(
            outer.lo <= inner.lo && inner.hi <= outer.hi,
            "{what}: {inner:?} outside {outer:?} in {text:?}"
        );
        let local = (inner.lo - source.base) as usize..(inner.hi - source.base) as usize;
        assert!(text.get(local).is_some(), "{what}: {inner:?} cuts a character of {text:?}");
    };
    fn phrase(p: &Phrase, outer: Span, inside: &dyn Fn(Span, Span, &str)) {
        inside(p.span, outer, "phrase");
        assert!(!p.atoms.is_empty());
        let mut last = p.span.lo;
        for atom in &p.atoms {
            inside(atom.span, p.span, "atom");
            assert!(last <= atom.span.lo && !atom.span.is_empty(), "atoms in order");
            last = atom.span.hi;
            match &atom.kind {
                AtomKind::List(phrases) => phrases.iter().for_each(|p| phrase(p, atom.span, inside)),
                AtomKind::Paren(arguments) => arguments.iter().for_each(|a| {
                    phrase(&a.phrase, atom.span, inside);
                    if let Some((_, name)) = &a.name {
                        inside(*name, atom.span, "argument name");
                    }
                }),
                AtomKind::Text(pieces) => pieces.iter().for_each(|piece| {
                    if let Piece::Hole(p) = piece {
                        phrase(p, atom.span, inside);
                    }
                }),
                _ => {}
            }
        }
    }
    fn entries(list: &[Entry], outer: Span, inside: &dyn Fn(Span, Span, &str)) {
        let mut last = outer.lo;
        for entry in list {
            inside(entry.span, outer, "entry");
            assert!(last <= entry.span.lo, "entries in order");
            last = entry.span.hi;
            phrase(&entry.head, entry.span, inside);
            entry.colon.iter().for_each(|p| phrase(p, entry.span, inside));
            entry.value.iter().for_each(|v| phrase(&v.phrase, entry.span, inside));
            if let Some(body) = &entry.body {
                inside(body.span, entry.span, "body");
                entries(&body.entries, body.span, inside);
            }
        }
    }
    entries(&file.entries, whole, &inside);
    for finding in &found {
        inside(finding.primary.span, whole, "finding");
        finding.labels.iter().for_each(|l| inside(l.span, whole, "label"));
    }
}

/// A token of the language, or of its neighbourhood.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        " ",
        " ",
        " ",
        "\n",
        "\n",
        ";",
        "{",
        "}",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ",",
        ":",
        "=",
        "+=",
        "==",
        "->",
        "<->",
        "..",
        ".",
        "-",
        "+",
        "*",
        "/",
        "%",
        "<",
        "site",
        "a-b",
        "x.y",
        "r",
        "1",
        "5min",
        "0.5",
        "01:30",
        "19:00..23:00",
        "25:61",
        "10.0.0.1",
        "/24",
        "[fd00::1]",
        "[fd00::",
        "1st",
        "2027-01-01",
        "\"",
        "\"a\"",
        "\"{a}\"",
        "\"{",
        "\"{{}}\"",
        "r\"x\"",
        "r#\"",
        "\"#",
        "\\",
        "\\\"",
        "//",
        "/// doc\n",
        "/*",
        "*/",
        "#",
        "'",
        "'a'",
        "é",
        "：",
        "“",
        "\u{feff}",
        "\r\n",
        "\t",
        "\0",
        "😀",
        "&&",
        "!",
    ]);
    prop_oneof![9 => fixed.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_soup_of_tokens_gets_an_answer(pieces in prop::collection::vec(piece(), 0..60)) {
        check_spans(&pieces.concat());
    }

    #[test]
    fn any_text_gets_an_answer(text in any::<String>()) {
        check_spans(&text);
    }

    /// The prescan must see every level that pest sees: else pest would run out of stack.
    #[test]
    fn the_prescan_counts_at_least_the_depth_of_the_tree(
        soup in prop::collection::vec(piece(), 1..12),
        times in 1..400usize,
    ) {
        fn depth(pairs: pest::iterators::Pairs<'_, super::super::parse::Rule>) -> usize {
            use super::super::parse::Rule;
            let mut deepest = 0;
            let mut open = vec![pairs];
            while let Some(top) = open.last_mut() {
                match top.next() {
                    Some(p) if matches!(p.as_rule(), Rule::block | Rule::list | Rule::paren) => {
                        open.push(p.into_inner());
                        deepest = deepest.max(open.len() - 1);
                    }
                    Some(_) => {}
                    None => {
                        open.pop();
                    }
                }
            }
            deepest
        }
        let text = soup.concat().repeat(times);
        if super::super::prescan::scan(&text, 16).too_deep.is_none() {
            let pairs = super::super::parse::tokens(&text);
            prop_assert!(pairs.is_some());
            prop_assert!(pairs.map_or(0, depth) <= 16, "{text:?}");
        }
    }
}

#[test]
fn every_prefix_of_a_spec_keeps_the_heads_before_the_cut() {
    let (map, file, _) = parsed(SHOP);
    let base = source(&map).base as usize;
    let mut ends = Vec::new();
    fn collect(entries: &[Entry], ends: &mut Vec<(usize, Span)>) {
        for e in entries {
            // An entry can be read as soon as its line is complete up to its body.
            let end = e.body.as_ref().map_or(e.span.hi, |b| b.span.lo + 1);
            ends.push((end as usize, e.head.span));
            collect(e.body.as_ref().map_or(&[], |b| &b.entries), ends);
        }
    }
    collect(&file.entries, &mut ends);
    for (cut, _) in SHOP.char_indices().step_by(3) {
        let prefix = SHOP.get(..cut).unwrap();
        if prefix.ends_with(" /") {
            continue; // half of a `//`: a division without its right side
        }
        let (cut_map, cut_file, _) = parsed(prefix);
        let got = heads(&cut_map, &cut_file);
        let mut got = got.iter();
        for (end, head) in &ends {
            if end - base <= cut {
                let head = map.text(*head);
                assert!(got.any(|h| h == head), "{head} is lost at {cut}");
            }
        }
    }
}

#[test]
fn without_any_one_line_the_heads_of_the_others_stay() {
    let lines: Vec<&str> = SHOP.split_inclusive('\n').collect();
    let (map, file, _) = parsed(SHOP);
    let all = heads(&map, &file);
    for without in 0..lines.len() {
        let text: String = lines.iter().enumerate().filter(|(i, _)| *i != without).map(|(_, l)| *l).collect();
        let (map, file, _) = parsed(&text);
        let got = heads(&map, &file);
        // What the line itself held is gone; nothing else.
        let (line_map, line, _) = parsed(lines[without]);
        let gone = heads(&line_map, &line).len();
        let mut rest = got.iter();
        let mut next = rest.next();
        let mut lost = Vec::new();
        for head in &all {
            if next == Some(head) {
                next = rest.next();
            } else {
                lost.push(head);
            }
        }
        assert!(lost.len() <= gone, "without line {}: {lost:?}", without + 1);
    }
}

#[test]
fn slices_and_threads_make_the_same_tree_as_the_whole() {
    const COPIES: usize = 250;
    let copy = format!("{SHOP}\nbroken = = 1\n/// About it.\n");
    let text = copy.repeat(COPIES) + "end = [1,\n 2]\n";
    assert!(text.len() > 16 * 65_536, "enough slices for several threads");
    let (map, file, found) = parsed(&text);
    let one = tree(SHOP).entries.len();
    assert_eq!(file.entries.len(), COPIES * one + 1);
    assert!(file.entries.is_sorted_by_key(|e| e.span));
    assert_eq!(file.entries.iter().filter(|e| e.doc.is_some()).count(), COPIES, "no doc comment is cut off");
    let (first, length) = (SHOP.len() + "\nbroken = ".len(), copy.len());
    let places: Vec<usize> = found.iter().map(|d| (d.primary.span.lo - source(&map).base) as usize).collect();
    assert_eq!(places, (0..COPIES).map(|i| first + i * length).collect::<Vec<_>>());
    check_spans(&text);
}

/// Texts made to be slow, each as long as `n` says.
fn hostile(n: usize) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut add = |name: &str, text: String| all.push((name.to_owned(), text));
    let fill = |unit: &str| unit.repeat(n / unit.len() + 1);
    for unit in [
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "f(",
        "f(f(f(",
        "a {\n",
        "site x {\n}}\n",
        "x = [\n",
        "x = (1,\n",
        "x = [[(\n",
        "\"",
        "\"\\",
        "\";\\",
        "\"a;\\\"b",
        "\"{",
        "\"{a}",
        "'",
        "'\\",
        "';'\"",
        "r\"",
        "r#\"",
        "/*",
        "//",
        "/// d\n",
        "#",
        "\\",
        ":",
        "=",
        "x = ",
        "a..",
        "1.",
        "1:",
        "a-",
        "a.",
        "1-",
        "-",
        "..",
        "%",
        "é",
        "[f:",
        "[::",
        "[a\n b c d e f\n",
        "x = [\n'a'\n",
        "a = b = c\n",
        "} ]) \n",
        "{}",
        "a{};",
        "a {} ",
        "a\n{\n",
        "a {} a {} \n",
        "\"{f(}\" ",
        "x = \"{a b c}\"\n",
        "{\n\n}",
        ";",
        "\n",
        " ",
        "\u{a0}",
        "( ]",
        "[ )",
        "{ )",
        "[ }",
        "\"\n",
        "x = \"\n{\n",
        "a = 5 min\n",
    ] {
        add(unit, fill(unit));
    }
    let n = n / 4;
    let fill = |unit: &str| unit.repeat(n / unit.len() + 1);
    for open in ["{", "[", "(", "f(", "a = [", "a {\n", "\"{("] {
        for junk in ["", "= =", "'", "\\", "\"", "a = b {", "\n a b c = "] {
            // As deep as is allowed, again and again; closed, unclosed, and with junk behind.
            let deep = open.repeat(120);
            let closer: String = deep
                .chars()
                .rev()
                .filter_map(|c| match c {
                    '{' => Some('}'),
                    '[' => Some(']'),
                    '(' => Some(')'),
                    _ => None,
                })
                .collect();
            add(&format!("{open:?}*120 {junk:?} unclosed"), fill(&format!("{deep}{junk}\n;}}\n")));
            add(&format!("{open:?}*120 {junk:?} closed"), fill(&format!("{deep}{junk}{closer}\n")));
            let each: String = closer.chars().map(|c| format!("{c}{junk}")).collect();
            add(&format!("{open:?}*120 {junk:?} after each closer"), fill(&format!("{deep}{each}\n")));
            add(
                &format!("{open:?}*120 {junk:?} then long"),
                format!("{deep}{}", fill(&format!("{junk} a "))),
            );
        }
    }
    add("one long string", format!("x = \"{}\"", fill("abc \\n {{ ")));
    add("one long word", fill("abc-"));
    add("one long number", fill("123_"));
    add("one long comment", format!("// {}", fill("x")));
    add("500 unclosed blocks", (0..500).map(|i| format!("site s{i} {{\n x = 1\n")).collect());
    all
}

#[test]
fn no_text_takes_more_than_linear_time() {
    // Generous: these texts take 0.2 to 2.5 µs a byte in this build. At this length even a plain
    // scan to the end of the text for each byte of it takes ten.
    const MICROSECONDS_PER_BYTE: f64 = 6.0;
    for (name, text) in hostile(160_000) {
        // Again when it was slow: another process may have had the processor.
        let fastest = (0..3)
            .map(|_| {
                let start = Instant::now();
                parsed(&text);
                start.elapsed().as_secs_f64() * 1e6 / text.len() as f64
            })
            .find(|each| *each < MICROSECONDS_PER_BYTE);
        assert!(fastest.is_some(), "{name:?}: more than {MICROSECONDS_PER_BYTE} µs a byte");
    }
}

#[test]
fn hostile_texts_have_their_spans_in_order() {
    for (_, text) in hostile(600) {
        check_spans(&text);
    }
}
