//! The judge of keepalived's files: keepalived itself, shellcheck and the shells.

use drlang::emit::targets::keepalived::read;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Lets the real programs read every keepalived configuration and script below a build tree, and
/// panics with what they say. Gives the number of configurations.
///
/// With the right to make namespaces, each configuration is read where it will stand, on a machine
/// with its interfaces and addresses. Without it, a copy with the paths of its scripts replaced is
/// read on this machine, whose interfaces do not matter to `dynamic_interfaces`.
pub fn judge(tree: &Path) -> usize {
    let real = may_unshare();
    let mut judged = 0;
    for host in hosts(tree) {
        let folder = host.join("etc/keepalived");
        if !folder.join("keepalived.conf").exists() {
            continue;
        }
        // Below a folder that only root can write in: script security looks at all of the path.
        let stage = tempfile::tempdir_in("/var/lib").unwrap();
        fs::set_permissions(stage.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let copy = stage.path().join(path.file_name().unwrap());
            fs::copy(&path, &copy).unwrap();
            let script = copy.extension().is_some_and(|e| e == "sh");
            if script {
                scripts_are_sound(&path);
            }
            fs::set_permissions(&copy, fs::Permissions::from_mode(if script { 0o755 } else { 0o644 }))
                .unwrap();
        }
        let out = if real { in_its_place(stage.path()) } else { elsewhere(stage.path()) };
        // Any word is a complaint: keepalived repairs bad values and goes on.
        let said = format!("{}{}", text(&out.stdout), text(&out.stderr));
        assert!(
            out.status.success() && said.trim().is_empty(),
            "keepalived refuses {}: {}\n{said}",
            folder.display(),
            out.status
        );
        judged += 1;
    }
    let how = if real { "in namespaces, at their paths" } else { "without namespaces, at other paths" };
    eprintln!("keepalived read {judged} configurations {how}");
    judged
}

/// Whether this process may make network and mount namespaces, and links in them.
pub fn may_unshare() -> bool {
    let probe = "ip link add probe0 type veth peer name probe1 && mount --bind /tmp /mnt";
    unshared(probe, &[]).status.success()
}

/// Runs a bash script in network and mount namespaces of its own.
pub fn unshared(script: &str, arguments: &[&str]) -> Output {
    Command::new("unshare")
        .args(["--net", "--mount", "bash", "-euc", script, "judge"])
        .args(arguments)
        .output()
        .expect("util-linux is on every Debian")
}

fn in_its_place(stage: &Path) -> Output {
    let conf = read(&fs::read_to_string(stage.join("keepalived.conf")).unwrap()).unwrap();
    let mut script = String::from("mount --bind \"$1\" /etc/keepalived\nip link set lo up\n");
    let mut made: Vec<&str> = Vec::new();
    for instance in &conf.instances {
        let Some(name) = instance.interface.as_deref() else { continue };
        if !made.contains(&name) {
            script += &format!("ip link add {name} type veth peer name drcpeer{}\n", made.len());
            script += &format!("ip link set {name} up\n");
            made.push(name);
        }
        if let Some(source) = instance.source {
            script += &format!("ip address replace {source} dev {name}\n");
        }
    }
    script += "exec keepalived --config-test -f /etc/keepalived/keepalived.conf\n";
    fs::create_dir_all("/etc/keepalived").unwrap();
    unshared(&script, &[stage.to_str().unwrap()])
}

fn elsewhere(stage: &Path) -> Output {
    let path = stage.join("keepalived.conf");
    let moved =
        fs::read_to_string(&path).unwrap().replace("\"/etc/keepalived/", &format!("\"{}/", stage.display()));
    fs::write(&path, moved).unwrap();
    Command::new("keepalived")
        .arg("--config-test")
        .arg("-f")
        .arg(&path)
        .output()
        .expect("keepalived is installed")
}

/// Feeds a script to the shells and to shellcheck.
pub fn scripts_are_sound(path: &Path) {
    // What stands between single quotes is meant for the inner shell (SC2016), whatever it ends in
    // (SC1003).
    let programs: [&[&str]; 3] = [&["sh", "-n"], &["bash", "-n"], &["shellcheck", "--exclude=SC1003,SC2016"]];
    for program in programs {
        let out = Command::new(program[0]).args(&program[1..]).arg(path).output().expect(program[0]);
        let said = format!("{}{}", text(&out.stdout), text(&out.stderr));
        assert!(
            out.status.success() && said.is_empty(),
            "{} refuses {}:\n{said}",
            program[0],
            path.display()
        );
    }
}

/// The folders of the hosts of a build tree.
pub fn hosts(tree: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(tree.join("hosts")) else { return Vec::new() };
    let mut hosts: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    hosts.sort();
    hosts
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
