//! The front end takes any text: it answers, soon, and what does not hang on a broken place comes
//! out of it as before. The order in which a spec is written, and the files that it is cut into,
//! mean nothing.

#[path = "support/shuffle.rs"]
mod shuffle;
#[path = "support/untouched.rs"]
mod untouched;

use drlang::base::SourceMap;
use drlang::base::limits::DEFAULT;
use drlang::base::world::Memory;
use drlang::diag::Problems;
use drlang::driver::{Compiled, Options, compile};
use drlang::resolve::hir::{Hir, ItemId};
use drlang::resolve::{Loaded, load, resolve};
use proptest::prelude::*;
use shuffle::{Dice, Spec};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use untouched::{Map, path, shown};

/// No text of a few KiB may take longer, on a machine that does other things too.
const LONGEST: Duration = Duration::from_secs(5);
const PARTS: usize = 16;

/// Every spec of the repository, the library included, by its path.
fn specs() -> BTreeMap<String, String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "dr") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["examples", "stdlib", "tests/corpus"] {
        walk(&root.join(folder), &mut files);
    }
    let name = |f: &PathBuf| f.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    let specs: BTreeMap<_, _> =
        files.iter().map(|f| (name(f), std::fs::read_to_string(f).unwrap())).collect();
    assert!(specs.len() > 50);
    specs
}

/// Up to the resolved spec.
struct Front {
    /// The items by what they are called; of several with one name all values, in order.
    table: BTreeMap<String, Vec<String>>,
    sources: SourceMap,
    loaded: Loaded,
    hir: Hir,
    problems: Problems,
}

fn front(text: &[u8]) -> Front {
    let world = Memory([("main.dr".to_owned(), text.to_vec())].into());
    let (mut sources, mut problems) = (SourceMap::new(), Problems::new());
    let loaded = load(&world, "main.dr", &mut sources, &DEFAULT, &mut problems).unwrap();
    let hir = resolve(&loaded, &DEFAULT, &mut problems);
    let mut table: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, item) in hir.iter() {
        table.entry(path(&hir, id)).or_default().push(shown(&hir, item));
    }
    Front { table, sources, loaded, hir, problems }
}

/// All stages.
fn whole(text: &[u8]) -> Compiled {
    let world = Memory([("main.dr".to_owned(), text.to_vec())].into());
    compile(&world, "main.dr", &Options::from(1_768_435_200)).unwrap()
}

/// Runs `each` on all specs in parts, on as many threads as there are processors: part `n` of
/// [`PARTS`] does every so many places, so that one large spec keeps no thread waiting.
fn on_all(each: impl Fn(&str, &str, usize) + Sync) {
    let specs = specs();
    let jobs: Vec<(&String, &String, usize)> =
        (0..PARTS).flat_map(|part| specs.iter().map(move |(name, text)| (name, text, part))).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some((name, text, part)) = jobs.get(next.fetch_add(1, Relaxed)) {
                    each(name, text, *part);
                }
            });
        }
    });
}

/// What `run` gives, if it gives it soon.
fn soon<T>(name: &str, run: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let out = run();
    let took = started.elapsed();
    assert!(took < LONGEST, "{name}: {took:?}");
    out
}

/// Panics unless all items that hang on no byte of `range` are in `after` as they were, with the
/// findings that they had and no others; gives how many those are. `range` is left out of the
/// text of `after`.
fn kept(
    name: &str,
    before: &Front,
    map: &Map<'_>,
    after: &Front,
    range: &Range<usize>,
    structure: bool,
) -> usize {
    let untouched = map.untouched(range, structure);
    for item in &untouched {
        let called = path(&before.hir, ItemId(*item as u32));
        // A block round it that names what is touched is called otherwise now, and so is it.
        let hir = &before.hir;
        let round = std::iter::successors(hir.get(ItemId(*item as u32)).parent, |p| hir.get(*p).parent);
        let renamed = |p: ItemId| hir.get(p).target.is_some() && !untouched.contains(&(p.0 as usize));
        if round.into_iter().any(renamed) {
            continue;
        }
        // Two of one name are an error, and either may be the one that is touched.
        let [was] = before.table[&called].as_slice() else { continue };
        let now = after.table.get(&called);
        assert!(
            now.is_some_and(|n| n.contains(was)),
            "{name} without {range:?}: `{called}` was {was} and is {now:?}"
        );
    }
    // Where a block ends that lacks its brace is guessed from the text round it.
    let guessed = ["missing-brace", "stray-brace", "too-deep", "unclosed-string"];
    let findings = |front: &Front, back: &dyn Fn(usize) -> usize| -> BTreeSet<_> {
        let file = front.sources.files().first().unwrap().span();
        let own =
            front.problems.iter().filter(|d| file.lo <= d.primary.span.lo && d.primary.span.lo <= file.hi);
        own.filter(|d| !guessed.contains(&d.entry.name))
            .map(|d| (back((d.primary.span.lo - file.lo) as usize), d.entry.name, d.message.clone()))
            .filter(|(at, _, _)| map.within(&untouched, *at))
            .collect()
    };
    let old = findings(before, &|at| at);
    let new = findings(after, &|at| if at < range.start { at } else { at + range.len() });
    assert_eq!(old, new, "{name} without {range:?}");
    untouched.len()
}

#[test]
fn a_spec_that_ends_early_keeps_what_stood_before() {
    on_all(|name, text, part| {
        let before = front(text.as_bytes());
        let file = before.sources.files().first().unwrap();
        let map = Map::new(&before.loaded, &before.hir, text, file.base);
        for cut in (part..text.len()).step_by(PARTS) {
            let after = soon(name, || front(&text.as_bytes()[..cut]));
            kept(name, &before, &map, &after, &(cut..text.len()), false);
        }
    });
}

/// The stages behind the front end see every 16th of the same texts, and every one that ends with
/// a line: all of them would take some minutes.
#[test]
fn a_spec_that_ends_early_goes_through_all_stages() {
    on_all(|name, text, part| {
        let line = |at: &usize| at.is_multiple_of(16) || text.as_bytes()[at - 1] == b'\n';
        for cut in (1..text.len()).filter(line).skip(part).step_by(PARTS) {
            soon(name, || whole(&text.as_bytes()[..cut]));
        }
    });
}

#[test]
fn a_spec_without_a_line_keeps_what_stands_on_the_others() {
    let (claimed, all) = (AtomicUsize::new(0), AtomicUsize::new(0));
    on_all(|name, text, part| {
        let before = front(text.as_bytes());
        let file = before.sources.files().first().unwrap();
        let map = Map::new(&before.loaded, &before.hir, text, file.base);
        let mut at = 0;
        for (n, line) in text.split_inclusive('\n').enumerate() {
            let range = at..at + line.len();
            at = range.end;
            if n % PARTS != part {
                continue;
            }
            let without = format!("{}{}", &text[..range.start], &text[range.end..]);
            let after = soon(name, || front(without.as_bytes()));
            let open = line.matches(['{', '(', '[']).count();
            let shut = line.matches(['}', ')', ']']).count();
            let kept = kept(name, &before, &map, &after, &range, open != shut);
            claimed.fetch_add(kept, Relaxed);
            all.fetch_add(map.len(), Relaxed);
            soon(name, || whole(without.as_bytes()));
        }
    });
    // The claim is worth something only while most blocks do not hang on most lines.
    let (claimed, all) = (claimed.into_inner(), all.into_inner());
    assert!(claimed * 2 > all, "{claimed} of {all} blocks were looked at");
}

/// All that a spec comes to, the places in its text left out.
fn canonical(files: &BTreeMap<String, Vec<u8>>) -> (BTreeSet<(&'static str, String)>, String) {
    let world = Memory(files.clone());
    let c = soon("compile", || compile(&world, "main.dr", &Options::from(1_768_435_200)).unwrap());
    let findings = c.problems.iter().map(|d| (d.entry.name, d.message.clone())).collect();
    let text = format!("{:#?}\n{:#?}\n{:#?}\n{}", c.model, c.ops, c.verdicts, c.left_out);
    (findings, placeless(&text))
}

/// The text of a dump without the numbers of places, such as `12..34`.
fn placeless(dump: &str) -> String {
    let number = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_digit());
    let place = |w: &str| w.split_once("..").is_some_and(|(a, b)| number(a) && number(b));
    let lines = dump.lines().map(|line| {
        let words = line.split(' ').map(|w| if place(w.trim_end_matches(',')) { "_" } else { w });
        words.collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn assert_same(name: &str, how: &str, one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>) {
    let ((findings, dump), (other_findings, other_dump)) = (canonical(one), canonical(other));
    let shown = || {
        let texts = other.iter().map(|(f, t)| format!("// {f}\n{}", String::from_utf8_lossy(t)));
        texts.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(findings, other_findings, "{name} {how}:\n{}", shown());
    // Of two that say different things in the same place the first is kept: an error either way.
    let first_wins = ["duplicate-name", "stated-twice", "duplicate-copy", "two-directors", "copies-differ"];
    if findings.iter().any(|(n, _)| first_wins.contains(n)) {
        return;
    }
    let differ = dump.lines().zip(other_dump.lines()).position(|(a, b)| a != b);
    if let Some(line) = differ {
        let at = |d: &str| d.lines().skip(line.saturating_sub(12)).take(16).collect::<Vec<_>>().join("\n");
        panic!("{name} {how}:\n{}\nand\n{}\nof\n{}", at(&dump), at(&other_dump), shown());
    }
    assert_eq!(dump.len(), other_dump.len(), "{name} {how}");
}

#[test]
fn the_order_and_the_files_of_a_spec_mean_nothing() {
    on_all(|name, text, part| {
        let f = front(text.as_bytes());
        // Of a text that is broken the tree is not the whole.
        if f.problems.iter().any(|d| d.entry.stage == "parse") {
            return;
        }
        let spec = Spec::new(&f.loaded, &f.hir, text, f.sources.files().first().unwrap().base);
        let one = BTreeMap::from([("main.dr".to_owned(), text.as_bytes().to_vec())]);
        let mut dice = Dice(part as u64);
        let shuffled = spec.shuffled(&mut dice);
        assert_same(name, "in another order", &one, &[("main.dr".to_owned(), shuffled.into_bytes())].into());
        assert_same(name, "in several files", &one, &spec.cut(&mut dice));
    });
}

/// Words, signs and values of the language, and what is none.
fn token() -> impl Strategy<Value = String> {
    let fixed = [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "=",
        "+=",
        ":",
        ";",
        ",",
        "\n",
        " ",
        "<->",
        "..",
        "%",
        "/",
        "-",
        "*",
        "\"",
        "r#\"",
        "//",
        "/*",
        "use",
        "let",
        "for",
        "in",
        "pattern",
        "apply",
        "std.tiers.ecommerce",
        "data",
        "host",
        "site",
        "store",
        "link",
        "backup",
        "replica",
        "mirror",
        "copy",
        "cluster",
        "tier",
        "orders",
        "vault-a",
        "db-a1",
        "core",
        "every",
        "daily",
        "weekly",
        "sun",
        "01:30",
        "19:00..23:00",
        "5 min",
        "800 GiB",
        "9 MiB/s",
        "18446744073709551615 TiB",
        "0",
        "1..3",
        "10.1.0.11",
        "[::1]/64",
        "growing",
        "2 % / month",
        "file(\"/x\")",
        "csv(\"t.csv\")",
        "{name}",
        "\u{0}",
        "é",
        "💾",
    ];
    prop_oneof![
        8 => prop::sample::select(fixed.to_vec()).prop_map(str::to_owned),
        1 => "[a-z][a-z0-9-]{0,8}",
        1 => "\\PC{0,4}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_get_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        soon("random bytes", || whole(&bytes));
    }

    #[test]
    fn any_tokens_get_an_answer(tokens in prop::collection::vec(token(), 0..200)) {
        soon("random tokens", || whole(tokens.join(" ").as_bytes()));
        soon("random tokens", || whole(tokens.concat().as_bytes()));
    }

    /// A spec with a stretch of it replaced: by bytes, by tokens, or by a stretch of another.
    #[test]
    fn any_change_of_a_spec_gets_an_answer(
        which in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        places in prop::array::uniform4(any::<prop::sample::Index>()),
        bytes in prop::collection::vec(any::<u8>(), 0..20),
        tokens in prop::collection::vec(token(), 0..6),
        with in 0..3,
    ) {
        let specs: Vec<Vec<u8>> = specs().into_values().map(String::into_bytes).collect();
        let (text, donor) = (which.get(&specs), other.get(&specs));
        let stretch = |text: &[u8], a: usize, b: usize| {
            let (a, b) = (places[a].index(text.len() + 1), places[b].index(text.len() + 1));
            // Short ones mostly: what is left shall still be a spec.
            if a <= b { a..b.min(a + 200) } else { b..a.min(b + 20) }
        };
        let put = match with {
            0 => bytes,
            1 => tokens.join(" ").into_bytes(),
            _ => donor[stretch(donor, 2, 3)].to_vec(),
        };
        let out = stretch(text, 0, 1);
        let changed = [&text[..out.start], &put, &text[out.end..]].concat();
        soon("a changed spec", || whole(&changed));
    }
}
