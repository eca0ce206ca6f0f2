//! From the text of a spec to the tree of Bacula's files.

use drlang::base::world::Memory;
use drlang::diag::{Problems, Severity};
use drlang::driver::{Compiled, Options, compile};
use drlang::emit::artifact::ArtifactTree;
use drlang::emit::target::{Input, Target};
use drlang::emit::targets::bacula::Bacula;
use drlang::emit::template::Templates;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The engines of the specs.
pub const PARTS: &str = r#"
engine mariadb {
    family = mariadb; port = 3306; amplification = 1.3; apply = 20 MiB/s; replay = 9 MiB/s
    prepare = 100 MiB/s; load = 20 MiB/s; start = 30 s; promote = 5 s; acknowledgements = 1
    fallback = 10 s; largest-transaction = 64 MiB; physical = true; logs = true
}
engine mysql {
    family = mysql; port = 3306; amplification = 1.3; apply = 20 MiB/s; replay = 9 MiB/s
    prepare = 100 MiB/s; load = 20 MiB/s; start = 30 s; promote = 5 s; acknowledgements = 1
    fallback = 10 s; largest-transaction = 64 MiB; physical = true; logs = true
}
"#;

/// A spec as all stages see it.
pub fn compiled(spec: &str) -> Compiled {
    let world = Memory([("main.dr".into(), spec.into())].into());
    compile(&world, "main.dr", &Options::from(1_768_435_200)).unwrap()
}

/// A spec without errors, but for those of its promises.
pub fn sound(spec: &str) -> Compiled {
    let c = compiled(spec);
    let said: Vec<String> = c
        .problems
        .iter()
        .filter(|d| d.severity == Severity::Error && d.entry.stage != "judge")
        .map(|d| {
            format!("{}: {} {:?} at {}", d.entry.name, d.message, d.help, c.sources.text(d.primary.span))
        })
        .collect();
    assert!(said.is_empty(), "{said:#?}");
    c
}

/// What an emitter reads.
pub fn input<'a>(c: &'a Compiled, templates: &'a Templates) -> Input<'a> {
    Input { model: &c.model, ops: &c.ops, plans: &[], templates }
}

/// What the target refuses.
pub fn refused(c: &Compiled) -> Vec<String> {
    let mut problems = Problems::new();
    Bacula.supports(input(c, &Templates::default()), &mut problems);
    problems.iter().map(|d| format!("{}: {}", d.entry.name, d.message)).collect()
}

/// The files of a spec that nothing is refused of and that read back the same.
pub fn emitted(c: &Compiled) -> ArtifactTree {
    assert_eq!(refused(c), Vec::<String>::new());
    let templates = Templates::default();
    let mut tree = ArtifactTree::new();
    Bacula.emit(input(c, &templates), &mut tree).unwrap();
    assert_eq!(Bacula.read_back(input(c, &templates), &tree), Vec::<String>::new());
    tree
}

/// Writes a tree below a folder.
pub fn write(tree: &ArtifactTree, root: &Path) {
    for (path, artifact) in tree.iter() {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &artifact.bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(artifact.mode)).unwrap();
    }
}
