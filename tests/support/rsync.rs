//! The judge of the mirrors' scripts: bash and shellcheck, over each script and over each program
//! that it hands to the other host.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// Feeds every script of a mirror below a build tree to `bash -n` and shellcheck.
///
/// # Panics
/// When one is refused, with what they say.
pub fn judge(tree: &Path) {
    let Ok(hosts) = fs::read_dir(tree.join("hosts")) else { return };
    for host in hosts {
        let folder = host.expect("a readable folder").path().join("etc/drc/mirrors");
        let Ok(scripts) = fs::read_dir(folder) else { continue };
        for script in scripts {
            let path = script.expect("a readable folder").path();
            let text = fs::read_to_string(&path).expect("UTF-8 text");
            check(&path, &path.display().to_string());
            for (n, program) in handed_over(&text).into_iter().enumerate() {
                let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
                file.write_all(program.as_bytes()).expect("room in the temporary folder");
                check(file.path(), &format!("program {n} of {}", path.display()));
            }
        }
    }
}

fn check(file: &Path, shown: &str) {
    for tool in [&["bash", "-n"][..], &["shellcheck", "--shell=bash", "--norc"]] {
        let out = Command::new(tool[0]).args(&tool[1..]).arg(file).output().expect("the tool is installed");
        let said =
            format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success() && said.trim().is_empty(), "{shown}: {}: {said}", tool[0]);
    }
}

/// The here-documents of a script.
fn handed_over(text: &str) -> Vec<String> {
    let mut programs = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some((_, end)) = line.split_once("<<'") {
            let end = end.trim_end_matches('\'');
            programs.push(lines.by_ref().take_while(|l| *l != end).fold(String::new(), |p, l| p + l + "\n"));
        }
    }
    programs
}
