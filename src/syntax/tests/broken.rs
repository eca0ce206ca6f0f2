//! What each mistake is told as, and what stays of the text around it.

use super::*;

/// Each mistake, with the finding that it gets in the snapshot beside this file.
const MISTAKES: &[&str] = &[
    // Something is missing.
    "size =",
    "size = \nx = 1",
    "a = 1 +",
    "a :",
    "a : = 1",
    "host h x = { b = 1 }",
    "f(a = )",
    "x = f(1 +)",
    "x = [1 +]",
    // Something is too many.
    "x = 3 = 4",
    "a : b : c",
    "a = b : c",
    "= 5",
    ": b",
    "a = [1,, 2]",
    "a = [,]",
    "a = b, c = d",
    "x = a ] b",
    "x = [a: b]",
    "f(a = b = c)",
    "x = a * / b",
    "x = < 3",
    "a {} b",
    "a = b { c } { d }",
    "{ b }",
    "a\n{ b }",
    "a {}\n{ b }",
    // Brackets and braces.
    "a = [1, 2",
    "a = (1\nb = 2\n",
    "a = [1 2)]",
    "f(a b",
    "site a { x = 1",
    "site a {\n site b {\n }",
    "a }",
    "}}\n}",
    // Another language or another keyboard.
    "x = 'abc'",
    "# hi",
    "/* hi */ x = 1",
    "a = b && c",
    "x = !a",
    "x => 3",
    "x := 3",
    "x -= 3",
    "x = “a”",
    "a：b",
    "größe = 1",
    "x =\u{a0}1",
    "x = a \\\n b",
    "x = $a",
    "x = a ? b",
    "x = a\u{7}",
    "x = 3 − 2",
    "a::b",
    // Strings.
    "x = \"abc\ny = 1",
    "host a { x = \"eth0 }",
    "x = r\"abc",
    "x = r#\"abc\" \n }",
    "x = \"\\q\"",
    "x = \"\\u{110000}\"",
    "x = \"\\u12\"",
    "x = \"\\0\"",
    "x = \"{}\"",
    "x = \"{a +}\"",
    "x = \"{a\"",
    "x = \"a}\"",
    "x = \"{a = b}\"",
    "x = \"{f(a}\"",
    "x = \"{25:00} {'}\"",
    // Numbers, times, addresses.
    "x = 25:00",
    "x = 24:01",
    "x = 1:30",
    "x = 01:30:00",
    "x = 10.0.0.256",
    "x = 10.0.0/8",
    "x = 10.0.0.0/33",
    "x = [fd00::1]/129",
    "x = [fd00::g]",
    "x = [1::2::3]",
    "x = 5-3",
    "x = 3-node",
    "x = 99999999999999999999",
    "x = 0.1234567890123456789",
    "x = 1th",
    "x = 1__0",
    "x = .5",
    "x = 5.",
    "x = a.5",
    "x = 5.min",
];

#[test]
fn every_mistake_is_told_in_plain_words_at_its_place() {
    let told: Vec<String> = MISTAKES.iter().map(|text| format!("{text:?}\n{}\n", findings(text))).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn one_broken_entry_is_one_finding_and_no_rule_name() {
    let rules = ["strict", "phrase", "lbracket", "comma_sign", "EOI", "assign", "elements", "argument"];
    for text in MISTAKES {
        let (_, _, found) = parsed(text);
        let most = if text.contains("{25:00}") { 2 } else { 1 };
        assert!((1..=most).contains(&found.len()), "{text:?}: {found:#?}");
        for finding in &found {
            assert!(
                !finding.message.contains('\n') && !finding.message.ends_with('.'),
                "{}",
                finding.message
            );
            assert!(rules.iter().all(|r| !finding.message.contains(r)), "{}", finding.message);
        }
    }
}

#[track_caller]
fn stays(text: &str, expected: &str) {
    let (_, file, found) = parsed(text);
    assert!(!found.is_empty(), "{text}");
    assert_eq!(outline(&file), expected, "{text}");
}

#[test]
fn the_neighbours_of_a_broken_entry_stay() {
    stays("site a {\n x = = 1\n y = 2\n}\nb", "site-a(y) b");
    stays("site a {\n x = [1, 2\n y = 2\n}\nb", "site-a(y) b");
    stays("x = [1, 2\n\nsite b { c = 1 }", "site-b(c)");
    stays("x = f(1,\n 2\n data y : z {\n w\n}", "data-y(w)");
    stays("x = \"abc\ny = 1", "y");
    stays("host a { x = \"eth0; y = 1 }\nb", "host-a(y) b");
    stays("host a { x = \"{b} eth0 }\nb", "host-a() b");
}

#[test]
fn a_broken_head_keeps_what_could_be_read_and_its_body() {
    stays("host a = = 3 { x = 1 }\nb", "host-a(x) b");
    stays("host a ? { x = 1 }", "host-a(x)");
    stays("host a = \"\\q\" { x = 1 }", "host-a(x)");
    stays("site a\n{\n x = 1\n}\nb", "site-a(x) b");
    stays("a { x } b = 1", "a(x) b");
}

#[test]
fn a_missing_brace_is_found_by_indentation_and_put_back() {
    let text = "region r {\n    site a {\n        x = 1\n    site b {\n        y = 1\n    }\n}\nlink l {\n    z = 1\n}\n";
    let (map, file, found) = parsed(text);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].entry.name, map.place(found[0].primary.span)),
        ("missing-brace", "main.dr:2:12".to_owned())
    );
    assert_eq!(outline(&file), "region-r(site-a(x) site-b(y)) link-l(z)");

    stays("data d {\n    x = 1\nlink l {\n    z = 1\n}\n", "data-d(x) link-l(z)");
    stays("region r {\n    site a {\n        x\n", "region-r(site-a(x))");
    stays("a {\n  b { c {\n  }\n  d\n}\ne\n", "a(b(c()) d) e");
}

#[test]
fn braces_in_odd_columns_are_nobodys_fault_while_they_balance() {
    assert_eq!(outline(&tree("a {\n  b {\nc\n}\n     }\nd {\n}")), "a(b(c)) d()");
}

#[test]
fn a_stray_brace_ends_nothing() {
    stays("a {\n}\n}\nb { c }", "a() b(c)");
    let (map, _, found) = parsed("a {\n  b {\n    c {\n    }\n    }\n  }\n}\n");
    assert_eq!(map.place(found[0].primary.span), "main.dr:7:1");
    assert_eq!(map.place(found[0].labels[0].span), "main.dr:5:5", "the one whose column is odd");
}

#[test]
fn nesting_beyond_the_limit_is_refused_and_what_stands_before_it_stays() {
    for (open, close) in [("{", "}"), ("[", "]"), ("(", ")")] {
        let nest = |n: usize| format!("a = 1\nb = 2\nc {} 1 {}\n", open.repeat(n), close.repeat(n));
        let (_, file, found) = parsed(&nest(129));
        assert_eq!(found.iter().map(|d| d.entry.name).collect::<Vec<_>>(), ["too-deep"], "{open}");
        assert_eq!(outline(&file), "a b");
        let (_, _, found) = parsed(&nest(128));
        assert!(found.iter().all(|d| d.entry.name != "too-deep"), "{open}");
    }
    let (_, _, found) = parsed(&format!("x = \"{{{}}}\"", "(".repeat(200)));
    assert_eq!(found[0].entry.name, "too-deep");
}

#[test]
fn a_text_beyond_the_size_limit_is_not_read() {
    let mut map = SourceMap::new();
    let id = map.add("a.dr".into(), "x = 1\n".into(), false).unwrap();
    let mut problems = Problems::new();
    let limits = crate::base::limits::Limits { file_bytes: 5, ..DEFAULT };
    assert!(super::super::parse(map.get(id), &limits, &mut problems).entries.is_empty());
    assert_eq!(problems.sorted()[0].entry.name, "too-large");
}

#[test]
fn each_example_of_this_stage_raises_its_finding_and_no_other() {
    for entry in crate::diag::catalogue::ALL.iter().filter(|e| e.stage == "parse") {
        let text =
            crate::diag::pages::failing_example(entry.name).unwrap_or_else(|| panic!("{}.dr", entry.name));
        let (_, _, found) = parsed(text);
        assert_eq!(found.iter().map(|d| d.entry.name).collect::<Vec<_>>(), [entry.name]);
    }
}
