//! Each kind of atom, each shape of entry.

use super::AtomKind::*;
use super::*;
use std::net::IpAddr;

fn word(w: &str) -> AtomKind {
    Word(w.into())
}

fn number(mantissa: u64, scale: u8) -> AtomKind {
    Number(super::Number { mantissa, scale })
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn text(t: &str) -> AtomKind {
    Text(vec![Piece::Text(t.into())])
}

/// The atoms of each phrase of a list.
fn elements(text: &str) -> Vec<Vec<AtomKind>> {
    match atoms(text).pop().unwrap() {
        List(phrases) => phrases.into_iter().map(|p| p.atoms.into_iter().map(|a| a.kind).collect()).collect(),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn words_hold_hyphens_and_points_between_letters_and_digits() {
    assert_eq!(atoms("db-a1"), [word("db-a1")]);
    assert_eq!(atoms("std.tiers.ecommerce"), [word("std.tiers.ecommerce")]);
    assert_eq!(atoms("a - b"), [word("a"), Sign(super::Sign::Minus), word("b")]);
    assert_eq!(atoms("a-b"), [word("a-b")]);
    assert_eq!(atoms("_x9 r true"), [word("_x9"), word("r"), word("true")]);
    assert_eq!(atoms("a->b"), [word("a"), Sign(super::Sign::To), word("b")]);
    assert_eq!(atoms("a..b"), [word("a"), Sign(super::Sign::Range), word("b")]);
}

#[test]
fn a_date_is_one_word() {
    assert_eq!(atoms("2027-03-31"), [word("2027-03-31")]);
}

#[test]
fn numbers_are_exact() {
    assert_eq!(atoms("0.01"), [number(1, 2)]);
    assert_eq!(atoms("1_000_000"), [number(1_000_000, 0)]);
    assert_eq!(atoms("18446744073709551615"), [number(u64::MAX, 0)]);
    assert_eq!(atoms("2.50"), [number(250, 2)]);
    assert_eq!(atoms("-5"), [Sign(super::Sign::Minus), number(5, 0)]);
}

#[test]
fn a_unit_may_touch_its_number() {
    assert_eq!(atoms("800GiB"), [number(800, 0), word("GiB")]);
    assert_eq!(atoms("800 GiB"), [number(800, 0), word("GiB")]);
    assert_eq!(
        atoms("5min..15min"),
        [number(5, 0), word("min"), Sign(super::Sign::Range), number(15, 0), word("min")]
    );
    assert_eq!(atoms("1..5"), [number(1, 0), Sign(super::Sign::Range), number(5, 0)]);
    assert_eq!(atoms("4 %/day"), [number(4, 0), Percent, Sign(super::Sign::Over), word("day")]);
    assert_eq!(atoms("4%/day"), atoms("4 % / day"));
    assert_eq!(atoms("1s"), [number(1, 0), word("s")]);
}

#[test]
fn the_span_of_a_touching_unit_is_its_own() {
    let (map, file, _) = parsed("x = 800GiB");
    let atoms = &file.entries[0].value.as_ref().unwrap().phrase.atoms;
    assert_eq!((map.text(atoms[0].span), map.text(atoms[1].span)), ("800", "GiB"));
}

#[test]
fn times_and_ordinals() {
    assert_eq!(atoms("01:30"), [Moment(90)]);
    assert_eq!(atoms("24:00"), [Moment(1440)]);
    assert_eq!(atoms("19:00..23:00"), [TimeSpan(1140, 1380)]);
    assert_eq!(atoms("22:00 .. 24:00"), [TimeSpan(1320, 1440)]);
    assert_eq!(atoms("22:00..06:00"), [TimeSpan(1320, 360)]);
    assert_eq!(atoms("monthly 1st sun 02:00"), [word("monthly"), Ordinal(1), word("sun"), Moment(120)]);
    assert_eq!(atoms("2nd 3rd 11th 12th 13th 21st 22nd 15th"), [2, 3, 11, 12, 13, 21, 22, 15].map(Ordinal));
}

#[test]
fn addresses_and_prefixes_keep_their_host_bits() {
    assert_eq!(atoms("10.1.0.11"), [Address(ip("10.1.0.11"))]);
    assert_eq!(atoms("10.1.0.100/24"), [Prefix(ip("10.1.0.100"), 24)]);
    assert_eq!(atoms("[fd00::1]"), [Address(ip("fd00::1"))]);
    assert_eq!(atoms("[::]/0"), [Prefix(ip("::"), 0)]);
    assert_eq!(atoms("[::ffff:10.0.0.1]/128"), [Prefix(ip("::ffff:10.0.0.1"), 128)]);
    assert_eq!(
        atoms("10.1.0.1 / 24"),
        [Address(ip("10.1.0.1")), Sign(super::Sign::Over), number(24, 0)],
        "with blanks it is a division"
    );
    assert_eq!(
        elements("[10.0.0.1/8, [fd00::1]/64]"),
        [[Prefix(ip("10.0.0.1"), 8)], [Prefix(ip("fd00::1"), 64)]]
    );
}

#[test]
fn lists_are_no_addresses() {
    assert_eq!(elements("[fade]"), [[word("fade")]]);
    assert_eq!(elements("[01:30]"), [[Moment(90)]]);
    assert_eq!(elements("[01:30..02:00]"), [[TimeSpan(90, 120)]]);
    assert_eq!(elements("[01:30,02:00]"), [[Moment(90)], [Moment(120)]]);
    assert_eq!(elements("[]"), Vec::<Vec<AtomKind>>::new());
    assert_eq!(elements("[\n  a b, // one\n  c,\n]"), [vec![word("a"), word("b")], vec![word("c")]]);
}

#[test]
fn calls_have_named_arguments() {
    let file = tree("check = http(\"x\",\n    within = 10 s\n)");
    let atoms = &file.entries[0].value.as_ref().unwrap().phrase.atoms;
    let Paren(arguments) = &atoms[1].kind else { panic!("{atoms:?}") };
    let names: Vec<Option<&str>> =
        arguments.iter().map(|a| a.name.as_ref().map(|(name, _)| name.as_str())).collect();
    assert_eq!(names, [None, Some("within")]);
    assert_eq!(arguments[1].phrase.atoms.len(), 2);
    assert_eq!(atoms[0].span.hi, atoms[1].span.lo, "a call's parenthesis touches its name");
    assert_eq!(super::atoms("f()")[1], Paren(Vec::new()));
    assert!(matches!(&super::atoms("(a == b)")[..], [Paren(a)] if a[0].name.is_none()));
}

#[test]
fn every_sign() {
    use super::Sign::*;
    let all = [
        ("<->", Both),
        ("->", To),
        ("..", Range),
        ("+", Plus),
        ("-", Minus),
        ("*", Times),
        ("/", Over),
        ("<", Less),
        ("<=", AtMost),
        (">", More),
        (">=", AtLeast),
        ("==", Equal),
        ("!=", Differs),
    ];
    for (written, sign) in all {
        assert_eq!(atoms(&format!("a {written} b"))[1], AtomKind::Sign(sign), "{written}");
    }
}

#[test]
fn strings_resolve_escapes_holes_and_doubled_braces() {
    assert_eq!(atoms(r#""a\n\t\r\"\\\u{1F600}é""#), [text("a\n\t\r\"\\😀é")]);
    assert_eq!(atoms(r#""""#), [text("")]);
    assert_eq!(atoms(r#""{{x}}""#), [text("{x}")]);
    let [Text(pieces)] = &atoms(r#""at {orders.rpo + 1} {f(a, b = 2)}!""#)[..] else { panic!() };
    assert!(
        matches!(&pieces[..], [Piece::Text(a), Piece::Hole(sum), Piece::Text(b), Piece::Hole(call), Piece::Text(c)]
        if a == "at " && b == " " && c == "!" && sum.atoms.len() == 3 && call.atoms.len() == 2)
    );
}

#[test]
fn a_hole_knows_its_place() {
    let (map, file, _) = parsed("é = \"x\"\nx = \"é{ abc }\"");
    assert!(file.entries.iter().any(|e| {
        let value = e.value.as_ref().unwrap();
        matches!(&value.phrase.atoms[0].kind, Text(p) if matches!(p.last(), Some(Piece::Hole(h)) if map.text(h.span) == "abc"))
    }));
}

#[test]
fn raw_strings_span_lines_and_have_no_escapes() {
    assert_eq!(atoms(r#"r"a\{b}""#), [text(r"a\{b}")]);
    assert_eq!(atoms("r#\"a\n} \"b\" {\n\"#"), [text("a\n} \"b\" {\n")]);
}

#[test]
fn an_entry_has_its_parts_wherever_they_are() {
    let file = tree("data a : core += 5 { b }; x=1\ny");
    let [data, x, y] = &file.entries[..] else { panic!("{file:?}") };
    assert!(
        data.colon.is_some()
            && data.value.as_ref().unwrap().adds
            && data.body.as_ref().unwrap().entries.len() == 1
    );
    assert!(x.value.is_some() && y.value.is_none() && y.body.is_none());
    assert_eq!(tree("a:b").entries[0].colon.as_ref().unwrap().atoms.len(), 1);
    assert!(tree("a {}").entries[0].body.as_ref().unwrap().entries.is_empty());
}

#[test]
fn doc_comments_belong_to_the_next_entry() {
    let file = tree(
        "/// The shop.\n///  Two lines.\n// not this\nsite a {\n  /// inner\n  x = 1 /// not a doc\n  y = 2\n}\n//// no\nz",
    );
    let site = &file.entries[0];
    assert_eq!(site.doc.as_deref(), Some("The shop.\n Two lines."));
    let inner = &site.body.as_ref().unwrap().entries;
    assert_eq!((inner[0].doc.as_deref(), inner[1].doc.as_deref()), (Some("inner"), None));
    assert_eq!(file.entries[1].doc, None);
}

#[test]
fn windows_line_endings_and_a_byte_order_mark_change_nothing() {
    let plain = outline(&tree(SHOP));
    assert_eq!(outline(&tree(&SHOP.replace('\n', "\r\n"))), plain);
    let (map, file, found) = parsed(&format!("\u{feff}{SHOP}"));
    assert!(found.is_empty());
    assert_eq!(outline(&file), plain);
    assert_eq!(map.text(file.entries[0].head.span), "use std.tiers.ecommerce");
}

#[test]
fn spans_end_with_the_last_character_that_counts() {
    let (map, file, _) = parsed("a b   : c  d =  1  // x\n e  {  f  }  \n");
    let [one, two] = &file.entries[..] else { panic!() };
    assert_eq!(map.text(one.span), "a b   : c  d =  1");
    assert_eq!(map.text(one.head.span), "a b");
    assert_eq!(map.text(one.colon.as_ref().unwrap().span), "c  d");
    assert_eq!(map.text(two.span), "e  {  f  }");
    assert_eq!(map.text(two.body.as_ref().unwrap().span), "{  f  }");
}

#[test]
fn the_sketch_of_a_shop_has_its_outline() {
    let (map, file, found) = parsed(SHOP);
    assert!(found.is_empty());
    let heads = heads(&map, &file);
    for head in ["link dwdm", "daily 19:00..23:00", "host backup-c", "drill losing-hz-a", "check", "server"] {
        assert!(heads.iter().any(|h| h == head), "{head}");
    }
    assert_eq!(file.entries.len(), 19);
}
