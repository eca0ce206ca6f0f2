//! The judge of cron's tables: `crontab -n` of Debian's cron, and our own strict parser for what
//! that lets through.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Feeds every table below a build tree to cron's own check. The check knows tables of users only,
/// so it gets the lines without their user.
///
/// # Panics
/// When a table is refused, with what the check says.
pub fn judge(tree: &Path) {
    for host in folders(&tree.join("hosts")) {
        for file in folders(&host.join("etc/cron.d")) {
            judge_file(&file);
        }
    }
}

fn folders(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(found) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<_> = found.map(|e| e.expect("a readable folder").path()).collect();
    found.sort();
    found
}

fn judge_file(file: &Path) {
    let shown = file.display();
    let name = file.file_name().and_then(|n| n.to_str()).expect("a plain name");
    assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)), "{shown}: cron skips it");
    let mode = fs::metadata(file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o022, 0, "{shown}: cron refuses what others may write");
    let text = fs::read_to_string(file).expect("UTF-8 text");
    drlang::emit::targets::cron::parse::table(&text).unwrap_or_else(|e| panic!("{shown}: {e}"));
    let mut user_table = tempfile::NamedTempFile::new().expect("a temporary file");
    user_table.write_all(without_users(&text).as_bytes()).expect("room in the temporary folder");
    let out =
        Command::new("crontab").arg("-n").arg(user_table.path()).output().expect("crontab is installed");
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    let passed = "The syntax of the crontab file was successfully checked.";
    assert!(out.status.success() && said.trim() == passed, "{shown}: {said}\n{text}");
}

fn without_users(text: &str) -> String {
    let mut table = String::new();
    for line in text.split_inclusive('\n') {
        if line.starts_with(|c: char| c.is_ascii_digit() || c == '*') {
            let mut words = line.splitn(7, ' ');
            let fields: Vec<&str> = words.by_ref().take(5).collect();
            assert!(words.next().is_some(), "no user: {line}");
            table.push_str(&format!("{} {}", fields.join(" "), words.next().expect("a command")));
        } else {
            table.push_str(line);
        }
    }
    table
}
