//! Every file of every example, judged by the program that will read it; and the same bytes
//! whatever the order in which a spec is written.

mod support;

use drlang::base::world::Memory;
use drlang::diag::Problems;
use drlang::driver::{Compiled, Options, compile};
use drlang::emit::artifact::ArtifactTree;
use drlang::emit::build::build;
use drlang::emit::target::Input;
use drlang::emit::targets::ALL;
use drlang::emit::template::Templates;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

const EXAMPLES: [&str; 3] = ["shop", "small-office", "textbook-schedule"];

fn text(example: &str) -> String {
    let path = format!("{}/examples/{example}/main.dr", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("an example")
}

fn compiled(files: &[(&str, String)]) -> Compiled {
    let world = Memory(files.iter().map(|(n, t)| ((*n).to_owned(), t.clone().into_bytes())).collect());
    compile(&world, "main.dr", &Options::from(1_768_435_200)).expect("in memory")
}

fn tree(compiled: &Compiled) -> ArtifactTree {
    let plans = compiled.plans().expect("sound plans");
    let templates = Templates::default();
    let input = Input { model: &compiled.model, ops: &compiled.ops, plans: &plans, templates: &templates };
    let mut problems = Problems::new();
    let tree = build(input, ALL, &mut problems);
    let found: Vec<_> = problems.iter().map(|p| &p.message).collect();
    assert!(found.is_empty(), "{found:?}");
    tree.expect("a tree that says what it means")
}

fn bytes(tree: &ArtifactTree) -> BTreeMap<String, Vec<u8>> {
    tree.iter().map(|(p, a)| (p.to_owned(), a.bytes.clone())).collect()
}

/// Stops at the first line in which two builds differ.
fn same(a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>, what: &str) {
    let paths = |t: &BTreeMap<String, Vec<u8>>| t.keys().cloned().collect::<Vec<_>>();
    let only = |a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>| {
        paths(a).into_iter().filter(|p| !b.contains_key(p)).collect::<Vec<_>>()
    };
    assert_eq!(only(a, b), only(b, a), "{what}");
    for (path, bytes) in a {
        let (one, two) = (String::from_utf8_lossy(bytes), String::from_utf8_lossy(&b[path]));
        for (n, (x, y)) in one.lines().zip(two.lines()).enumerate() {
            assert_eq!(x, y, "{what}: {path}:{}", n + 1);
        }
        assert_eq!(one.len(), two.len(), "{what}: {path}");
    }
}

fn write(tree: &ArtifactTree, to: &Path) {
    for (path, artifact) in tree.iter() {
        let path = to.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, &artifact.bytes).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(artifact.mode)).expect("set");
    }
}

#[test]
fn real_programs_accept_every_file_of_every_example() {
    for example in EXAMPLES {
        let compiled = compiled(&[("main.dr", text(example))]);
        let tree = tree(&compiled);
        let folder = tempfile::tempdir().expect("a folder");
        write(&tree, folder.path());
        support::bacula::judge(folder.path());
        support::keepalived::judge(folder.path());
        support::shaping::judge(folder.path());
        support::rsync::judge(folder.path());
        support::cron::judge(folder.path());
        support::plans::judge(folder.path());
        // Nothing is emitted that no program looked at.
        let judged = |p: &str| {
            ["/etc/bacula/", "/etc/keepalived/", "/etc/drc/", "/etc/cron.d/", "/etc/systemd/system/"]
                .iter()
                .any(|folder| p.starts_with("hosts/") && p.contains(folder))
                || p.starts_with("plans/")
        };
        let other: Vec<&str> = tree.iter().map(|(p, _)| p).filter(|p| !judged(p)).collect();
        assert_eq!(other, Vec::<&str>::new(), "{example}");
    }
}

/// The blocks of a spec, each with the comments before it.
fn blocks(spec: &str) -> Vec<String> {
    let (mut all, mut block, mut depth) = (Vec::new(), String::new(), 0_i32);
    for line in spec.lines() {
        let code = line.split("//").next().unwrap_or_default();
        block.push_str(line);
        block.push('\n');
        depth += code.matches('{').count() as i32 - code.matches('}').count() as i32;
        if depth == 0 && !code.trim().is_empty() {
            all.push(std::mem::take(&mut block));
        }
    }
    all
}

#[test]
fn the_same_bytes_on_every_run_and_in_any_order() {
    for example in EXAMPLES {
        let straight = bytes(&tree(&compiled(&[("main.dr", text(example))])));
        same(&straight, &bytes(&tree(&compiled(&[("main.dr", text(example))]))), example);
        let mut shuffled = blocks(&text(example));
        assert!(shuffled.len() > 8);
        for seed in 1..4_usize {
            let n = shuffled.len();
            for i in 0..n {
                shuffled.swap(i, (i * (7 + seed) + 3 * seed) % n);
            }
            same(&straight, &bytes(&tree(&compiled(&[("main.dr", shuffled.concat())]))), example);
        }
        // Split over files that use one another, named so that they are read in another order.
        let uses: String =
            shuffled.iter().filter(|b| b.contains("\nuse ") || b.starts_with("use ")).cloned().collect();
        let rest: Vec<&String> = shuffled.iter().filter(|b| !uses.contains(b.as_str())).collect();
        let half = rest.len() / 2;
        let part = |blocks: &[&String]| blocks.iter().map(|b| b.as_str()).collect::<String>();
        for order in [["./b.dr", "./a.dr"], ["./a.dr", "./b.dr"]] {
            let main = format!("use \"{}\"\nuse \"{}\"\n{uses}", order[0], order[1]);
            let head = |other: &str| format!("use \"{other}\"\n{uses}");
            let split = compiled(&[
                ("main.dr", main),
                ("a.dr", head("./b.dr") + &part(&rest[..half])),
                ("b.dr", head("./a.dr") + &part(&rest[half..])),
            ]);
            let found: Vec<_> = split.problems.iter().filter(|p| p.entry.stage != "judge").collect();
            assert!(found.is_empty(), "{found:?}");
            same(&straight, &bytes(&tree(&split)), &format!("{example} in two files"));
        }
    }
}
