//! Every name that a plan uses is in the files of the other targets.

use drlang::base::world::Memory;
use drlang::diag::Problems;
use drlang::driver::{Options, compile};
use drlang::emit::artifact::ArtifactTree;
use drlang::emit::build::build;
use drlang::emit::target::Input;
use drlang::emit::targets::ALL;
use drlang::emit::template::Templates;
use serde_json::Value;

const EXAMPLES: [&str; 3] = ["shop", "small-office", "textbook-schedule"];

fn tree(example: &str) -> ArtifactTree {
    let path = format!("{}/examples/{example}/main.dr", env!("CARGO_MANIFEST_DIR"));
    let spec = std::fs::read(path).expect("an example");
    let world = Memory([("main.dr".to_owned(), spec)].into());
    let c = compile(&world, "main.dr", &Options::from(1_768_435_200)).expect("in memory");
    let plans = c.plans().expect("sound plans");
    let templates = Templates::default();
    let input = Input { model: &c.model, ops: &c.ops, plans: &plans, templates: &templates };
    build(input, ALL, &mut Problems::new()).expect("a tree")
}

fn text<'a>(tree: &'a ArtifactTree, path: &str) -> &'a str {
    let artifact = tree.get(path).unwrap_or_else(|| panic!("no {path}"));
    std::str::from_utf8(&artifact.bytes).expect("text")
}

/// Whether a director has a resource of a kind and a name.
fn has(conf: &str, kind: &str, name: &str) -> bool {
    let block =
        |b: &str| b.split("\n}").next().unwrap_or_default().contains(&format!("\n  Name = \"{name}\"\n"));
    conf.split(&format!("\n{kind} {{")).skip(1).any(block)
}

/// The words of a command that begin with a text, up to the next blank or quote.
fn beginning<'a>(command: &'a str, with: &'a str) -> impl Iterator<Item = &'a str> {
    command.match_indices(with).map(|(at, _)| {
        let rest = &command[at..];
        &rest[..rest.find([' ', '\'', '\n', '"', ';']).unwrap_or(rest.len())]
    })
}

/// Looks up every name of one act; gives what is missing.
fn missing(tree: &ArtifactTree, verb: &str, words: &[&str], seen: &mut Vec<&'static str>) -> Vec<String> {
    let mut wrong = Vec::new();
    let director = |host: &str| text(tree, &format!("hosts/{host}/etc/bacula/bacula-dir.conf"));
    let mut needs = |conf: &str, kind: &str, name: &str| {
        if !has(conf, kind, name) {
            wrong.push(format!("no {kind} {name} in {verb} {words:?}"));
        }
    };
    if verb == "restore" {
        let [place, _, job, pool, from, to, by, target, _] = words else { panic!("{words:?}") };
        let conf = director(place);
        // A director that only restores finds the runs of others in its catalogue: of these the
        // job that made them is another's, and volumes bring their pool with them.
        let own = has(conf, "Job", job);
        let scanned = !own && has(conf, "Storage", &format!("{pool}_restore"));
        assert!(own || scanned, "{place} knows nothing of {job} or {pool}");
        seen.push(if own { "own" } else { "scanned" });
        if own {
            needs(conf, "Pool", pool);
        }
        needs(conf, "Client", from);
        needs(conf, "Client", to);
        needs(conf, "Job", by);
        text(tree, &format!("hosts/{target}/etc/bacula/bacula-fd.conf"));
        return wrong;
    }
    if !matches!(verb, "run" | "unless" | "attempt" | "await" | "guide") {
        return wrong;
    }
    let (host, command) = (words[0], words[words.len() - 1]);
    for verb in ["enable job=", "disable job="] {
        for word in beginning(command, verb) {
            // `beginning` stops at the blank in the verb itself.
            let at = command.find(word).expect("found");
            let name: String =
                command[at + verb.len()..].chars().take_while(|c| !" '\n".contains(*c)).collect();
            needs(director(host), "Job", &name);
            seen.push("job");
        }
    }
    for folder in ["/etc/bacula/scripts/", "/etc/drc/mirrors/"] {
        for path in beginning(command, folder) {
            if tree.get(&format!("hosts/{host}{path}")).is_none() {
                wrong.push(format!("no {path} on {host}"));
            }
            seen.push(if folder.contains("bacula") { "script" } else { "mirror" });
        }
    }
    if command.contains("/etc/bacula/scripts/read-volumes ") {
        let script = text(tree, &format!("hosts/{host}/etc/bacula/scripts/read-volumes"));
        let call = command.lines().last().expect("a line");
        for job in call.split(' ').skip(1) {
            if !script.contains(&format!("[{job}]=")) && !script.contains(&format!("['{job}']=")) {
                wrong.push(format!("read-volumes of {host} knows no {job}"));
            }
        }
    }
    wrong
}

#[test]
fn every_name_that_plans_use_is_in_the_files_of_its_host() {
    let mut seen = Vec::new();
    let mut wrong = Vec::new();
    for example in EXAMPLES {
        let tree = tree(example);
        for (path, artifact) in
            tree.iter().filter(|(p, _)| p.starts_with("plans/") && p.ends_with("/plan.json"))
        {
            let plan: Value = serde_json::from_slice(&artifact.bytes).expect(path);
            for step in plan["steps"].as_array().expect("steps") {
                for act in step["acts"].as_array().expect("acts") {
                    let verb = act["verb"].as_str().expect("a verb");
                    let words: Vec<&str> =
                        act["words"].as_array().expect("words").iter().filter_map(Value::as_str).collect();
                    let found = missing(&tree, verb, &words, &mut seen);
                    wrong.extend(found.into_iter().map(|w| format!("{example} {path}: {w}")));
                }
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for kind in ["own", "scanned", "job", "script", "mirror"] {
        assert!(seen.contains(&kind), "no plan of the examples has a name of the kind {kind}");
    }
}

#[test]
fn plans_look_for_what_runs_say_of_themselves_where_jobs_leave_it() {
    let tree = tree("shop");
    let director = text(&tree, "hosts/backup-a/etc/bacula/bacula-dir.conf");
    let plan = tree.iter().find(|(p, _)| p.ends_with("/steps/lib.sh")).map(|(p, _)| p.to_owned()).unwrap();
    let folder = "/var/lib/drc/runs/";
    assert!(director.contains(&format!("File = \"{folder}images-vault-a\"")));
    assert!(text(&tree, &plan).contains(&format!("LIKE '{folder}$1/%'")));
}
