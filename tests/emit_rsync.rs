//! Mirrors: the scripts that are emitted, run for real between two folders of this machine with a
//! remote shell that runs its command here.

#[path = "support/mirror_lab.rs"]
mod lab;
#[path = "support/rsync.rs"]
mod rsync;

use drlang::emit::artifact::ArtifactTree;
use drlang::emit::target::Target;
use drlang::emit::targets::rsync::{Rsync, parse};
use lab::{Lab, alike, build, spec, tree_of_files, written};
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn two_runs_make_two_snapshots_of_the_very_tree() {
    let lab = Lab::new("source", "mirror", "");
    tree_of_files(&lab.source, 3 << 20);
    lab.run().ok();
    let first = lab.snapshots();
    assert_eq!(first.len(), 1);
    alike(&lab.source, &lab.folder.join(&first[0]));

    fs::write(lab.source.join("new"), "new").unwrap();
    fs::write(lab.source.join("changed"), "same size").unwrap();
    fs::remove_file(lab.source.join("gone")).unwrap();
    lab.run().ok();
    let both = lab.snapshots();
    assert_eq!(both.len(), 2);
    alike(&lab.source, &lab.folder.join(&both[1]));
    assert_eq!(lab.current(), both[1]);
    let inode = |n: usize, path: &str| fs::metadata(lab.folder.join(&both[n]).join(path)).unwrap().ino();
    assert_eq!(inode(0, "big"), inode(1, "big"), "what did not change is shared");
    assert_ne!(inode(0, "changed"), inode(1, "changed"));
    assert_eq!(fs::read_to_string(lab.folder.join(&both[0]).join("changed")).unwrap(), "before---");
    assert!(lab.folder.join(&both[0]).join("gone").exists(), "snapshots do not change any more");

    let stamp = fs::read_to_string(lab.state.join(format!("{}.ok", lab.job))).unwrap();
    let (seconds, name) = stamp.trim_end().split_once(' ').unwrap();
    assert_eq!(name, both[1]);
    let age = fs::metadata(lab.state.join(format!("{}.ok", lab.job))).unwrap();
    assert_eq!(age.mtime().to_string(), seconds);
    assert_eq!(age.mode() & 0o777, 0o644);
    let shown =
        Command::new("date").args(["-u", "-d", &format!("@{seconds}"), "+%Y%m%dT%H%M%SZ"]).output().unwrap();
    assert_eq!(String::from_utf8(shown.stdout).unwrap().trim(), name);
}

#[test]
fn a_change_of_the_same_size_in_the_same_second_is_seen() {
    let lab = Lab::new("source", "mirror", "");
    let file = lab.source.join("file");
    for (text, nanos) in [("one", 1), ("two", 2)] {
        fs::write(&file, text).unwrap();
        let at = std::time::UNIX_EPOCH + Duration::new(1_700_000_000, nanos);
        fs::File::options().write(true).open(&file).unwrap().set_modified(at).unwrap();
        lab.run().ok();
    }
    assert_eq!(fs::read_to_string(lab.folder.join("current/file")).unwrap(), "two");
}

#[test]
fn a_run_that_is_killed_leaves_the_snapshot_before_and_its_work_for_the_next() {
    let lab = Lab::new("source", "mirror", "limit = 2 MiB/s");
    tree_of_files(&lab.source, 1 << 20);
    let began = Instant::now();
    lab.run().ok();
    assert!(began.elapsed() > Duration::from_millis(400), "the limit holds");
    fs::write(lab.source.join("more"), "more").unwrap();
    lab.run().ok();
    let before = lab.snapshots();
    assert_eq!(before.len(), 2);
    let stamp = || fs::read_to_string(lab.state.join(format!("{}.ok", lab.job))).unwrap();
    let stamped = stamp();

    for n in 0..8 {
        fs::write(lab.source.join(format!("part {n}")), vec![n; 1 << 20]).unwrap();
    }
    let mut third = lab.command().stderr(Stdio::null()).spawn().unwrap();
    let left = lab.wait_for(|| {
        let left = lab.hidden(".incoming-");
        let left = left.first()?;
        (fs::read_dir(left)
            .ok()?
            .flatten()
            .filter(|e| e.file_name().to_str().is_some_and(|n| n.starts_with("part")))
            .count()
            >= 2)
            .then(|| left.clone())
    });
    let group = format!("-{}", third.id());
    assert!(Command::new("kill").args(["-KILL", "--", &group]).status().unwrap().success());
    third.wait().unwrap();
    assert_eq!((lab.snapshots(), lab.current()), (before.clone(), before[1].clone()));
    assert_eq!(stamp(), stamped, "a run that did not end tells nothing");
    alike_but_for_parts(&lab.source, &lab.folder.join("current"));
    let done = fs::metadata(left.join("part 0")).unwrap().ino();

    lab.run().ok();
    let after = lab.snapshots();
    assert_eq!(after.len(), 3);
    assert_eq!(lab.current(), after[2]);
    alike(&lab.source, &lab.folder.join(&after[2]));
    assert_eq!(fs::metadata(lab.folder.join("current/part 0")).unwrap().ino(), done, "it was not sent again");
    assert!(lab.hidden(".incoming-").is_empty() && lab.hidden(".old-").is_empty());
}

/// The newest snapshot has none of the parts, and else is as the source.
fn alike_but_for_parts(source: &Path, snapshot: &Path) {
    let names = |p: &Path| {
        let mut names: Vec<_> = fs::read_dir(p).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.retain(|n| !n.to_string_lossy().starts_with("part"));
        names.sort();
        names
    };
    assert_eq!(names(source), names(snapshot));
    assert!(!snapshot.join("part 0").exists());
}

#[test]
fn what_an_earlier_boot_left_is_not_trusted() {
    let lab = Lab::new("source", "mirror", "");
    fs::write(lab.source.join("file"), "right").unwrap();
    let times = fs::metadata(lab.source.join("file")).unwrap().modified().unwrap();
    let left = lab.folder.join(".incoming-20200101T000000Z-0123456789abcdef0123456789abcdef");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("file"), "wrong").unwrap();
    fs::File::options().write(true).open(left.join("file")).unwrap().set_modified(times).unwrap();
    lab.run().ok();
    assert_eq!(fs::read_to_string(lab.folder.join("current/file")).unwrap(), "right");
    assert!(!left.exists());
}

#[test]
fn a_source_without_its_sentinel_is_refused() {
    let lab = Lab::new("it's $HOME", "mirror", "");
    fs::write(lab.source.join("file"), "x").unwrap();
    lab.run().ok();
    let before = lab.snapshots();
    fs::remove_file(lab.source.join("file")).unwrap();
    fs::remove_file(lab.source.join(".drc-source")).unwrap();
    let refused = lab.run();
    refused.ended(11);
    // The command that it tells makes the sentinel.
    let (_, command) = refused.said.split_once("for a first run: ").unwrap();
    assert!(Command::new("sh").args(["-c", command]).status().unwrap().success());
    assert!(lab.source.join(".drc-source").exists());
    assert_eq!(lab.snapshots(), before);
    fs::remove_dir_all(&lab.source).unwrap();
    lab.run().ended(11);
    assert_eq!(lab.snapshots(), before);
}

#[test]
fn a_run_that_drops_too_much_stops() {
    let lab = Lab::new("source", "mirror", "max-delete = 25 %");
    for n in 0..19 {
        fs::write(lab.source.join(format!("a\n{n}")), "x").unwrap();
    }
    lab.run().ok();
    let remove = |n: u8| fs::remove_file(lab.source.join(format!("a\n{n}"))).unwrap();
    (0..5).for_each(remove); // 5 of 20 are 25 %
    lab.run().ok();
    (5..9).for_each(remove); // 4 of 15 are more
    let before = lab.snapshots();
    let refused = lab.run();
    refused.ended(12);
    assert!(refused.said.contains("4 of 15 files"), "{}", refused.said);
    lab.run().ended(12);
    assert_eq!(lab.snapshots(), before);
    lab.run_with(&["--allow-deletions"]).ok();
    alike(&lab.source, &lab.folder.join("current"));
    assert!(lab.hidden(".incoming-").is_empty());
    lab.run_with(&["--typo"]).ended(64);
    // As cron starts a mirror with jitter: after a random time of at most so many seconds.
    lab.run_with(&["--within", "1"]).ok();
    lab.run_with(&["--within", "soon"]).ended(64);
}

#[test]
fn a_folder_that_became_a_link_is_dropped_with_all_that_was_in_it() {
    let lab = Lab::new("source", "mirror", "");
    fs::create_dir(lab.source.join("many")).unwrap();
    for n in 0..9 {
        fs::write(lab.source.join(format!("many/{n}")), "x").unwrap();
    }
    lab.run().ok();
    fs::rename(lab.source.join("many"), lab.dir.path().join("elsewhere")).unwrap();
    symlink(lab.dir.path().join("elsewhere"), lab.source.join("many")).unwrap();
    let refused = lab.run();
    refused.ended(12);
    assert!(refused.said.contains("9 of 11 files"), "{}", refused.said);
}

/// Puts programs before the real ones that kill the whole run when one of them is called for the
/// `n`th time, before or after it has done its work.
fn deadly(lab: &Lab, n: usize, after: bool) -> String {
    let bin = lab.dir.path().join("deadly");
    let _ = fs::remove_dir_all(&bin);
    fs::create_dir(&bin).unwrap();
    let (count, path) = (bin.join("count"), std::env::var("PATH").unwrap());
    for program in ["mv", "ln", "sync", "rm", "cp", "touch", "chmod", "mkdir", "rsync"] {
        let (before, behind) = if after { ("", "die") } else { ("die", "") };
        let text = format!(
            "#!/bin/bash\ndie() {{ [ \"$(wc -l <{0})\" -ne {n} ] || kill -KILL 0; }}\n\
             PATH='{path}'\necho >>{0}\n{before}\n{program} \"$@\"\nstatus=$?\n{behind}\nexit $status\n",
            count.display()
        );
        lab::script(&bin.join(program), &text);
    }
    format!("{}:{path}", bin.display())
}

#[test]
fn a_run_killed_before_any_step_leaves_whole_snapshots_only() {
    killed_at_each_step(false);
}

#[test]
fn a_run_killed_behind_any_step_leaves_whole_snapshots_only() {
    killed_at_each_step(true);
}

fn killed_at_each_step(after: bool) {
    let lab = Lab::new("source", "mirror", "keep = 1");
    fs::write(lab.source.join("file"), "0").unwrap();
    lab.run().ok();
    let mut kills = 0;
    for n in 1.. {
        fs::write(lab.source.join("file"), n.to_string()).unwrap();
        let path = deadly(&lab, n, after);
        let ended = lab.finish(lab.command().env("PATH", path));
        assert!(!lab.snapshots().is_empty());
        for snapshot in lab.snapshots() {
            let file = fs::read_to_string(lab.folder.join(&snapshot).join("file")).unwrap();
            let whole = file == n.to_string() || file == (n - 1).to_string();
            assert!(whole && lab.folder.join(&snapshot).join(".drc-source").exists(), "{n}: {snapshot}");
        }
        assert!(lab.snapshots().contains(&lab.current()), "{n}");
        let stamp = fs::read_to_string(lab.state.join(format!("{}.ok", lab.job))).unwrap();
        let stamped = stamp.trim_end().split_once(' ').unwrap().1.to_owned();
        assert!(stamped <= *lab.snapshots().last().unwrap(), "{n}: told too early");
        if ended.status == Some(0) {
            break;
        }
        kills += 1;
        lab.run().ok();
        alike(&lab.source, &lab.folder.join("current"));
        assert_eq!(fs::read_dir(&lab.folder).unwrap().count(), 3, "`current`, the lock and a snapshot");
    }
    assert!(kills >= 15, "{kills}");
}

#[test]
fn a_publish_killed_at_any_step_leaves_whole_trees_only() {
    for after in [false, true] {
        let lab = Lab::new("source", "mirror", "");
        fs::write(lab.source.join("file"), "new").unwrap();
        lab.run().ok();
        let mut kills = 0;
        for n in 1.. {
            let _ = fs::remove_dir_all(lab.place.parent().unwrap());
            let _ = fs::remove_file(lab.state.join(format!("{}.published", lab.job)));
            fs::create_dir_all(&lab.place).unwrap();
            fs::write(lab.place.join("file"), "old").unwrap();
            let ended = lab.finish(lab.publish_command().env("PATH", deadly(&lab, n, after)));
            let there = fs::read_to_string(lab.place.join("file")).ok();
            assert!(!lab.place.exists() || matches!(there.as_deref(), Some("old" | "new")), "{n}");
            if ended.status == Some(0) {
                break;
            }
            kills += 1;
            lab.publish().ok();
            alike(&lab.source, &lab.place);
            let kept = fs::read_dir(lab.place.parent().unwrap()).unwrap().map(|e| e.unwrap().path());
            let old = kept.filter(|p| fs::read_to_string(p.join("file")).is_ok_and(|t| t == "old")).count();
            assert_eq!(old, 1, "{n}: what stood there is kept");
        }
        assert!(kills >= 8, "{kills}");
    }
}

#[test]
fn a_host_that_greets_is_told_apart() {
    let lab = Lab::new("source", "mirror", "");
    let greeting = lab.dir.path().join("greets");
    lab::script(
        &greeting,
        &format!("#!/bin/sh\necho Welcome\nexec {}/rsh \"$@\"\n", lab.dir.path().display()),
    );
    lab.finish(lab.command().env("DRC_RSH", &greeting)).ended(13);
}

#[test]
fn a_run_beside_another_ends_with_its_own_status() {
    let lab = Lab::new("source", "mirror", "");
    lab.run().ok();
    let lock = lab.state.join(format!("{}.lock", lab.job));
    let mut holder = Command::new("flock").arg(&lock).args(["sleep", "60"]).spawn().unwrap();
    lab.wait_for(|| {
        let free = Command::new("flock").arg("-n").arg(&lock).arg("true").status().unwrap().success();
        (!free).then_some(())
    });
    lab.run().ended(10);
    // flock has become the parent of sleep: both hold the lock.
    let sleeper = fs::read_to_string(format!("/proc/{0}/task/{0}/children", holder.id())).unwrap();
    assert!(Command::new("kill").arg(sleeper.trim()).status().unwrap().success());
    holder.wait().unwrap();
    lab.run().ok();
}

#[test]
fn only_the_newest_are_kept() {
    let lab = Lab::new("source", "mirror", "keep = 2");
    for n in 0..4 {
        fs::write(lab.source.join("file"), n.to_string()).unwrap();
        lab.run().ok();
    }
    assert_eq!(lab.snapshots().len(), 2);
    assert_eq!(fs::read_to_string(lab.folder.join("current/file")).unwrap(), "3");
    // Whatever `current` is made to point to stays.
    let oldest = lab.snapshots()[0].clone();
    fs::remove_file(lab.folder.join("current")).unwrap();
    symlink(&oldest, lab.folder.join("current")).unwrap();
    fs::write(lab.source.join("file"), "4").unwrap();
    lab.run().ok();
    assert_eq!((lab.snapshots().len(), lab.current()), (2, lab.snapshots()[1].clone()));
}

#[test]
fn a_clock_that_went_back_is_told() {
    let lab = Lab::new("source", "mirror", "");
    fs::create_dir_all(lab.folder.join("29990101T000000Z")).unwrap();
    lab.run().ended(15);
}

#[test]
fn rsyncs_own_failures_count() {
    let lab = Lab::new("source", "mirror", "");
    let real = Command::new("sh").args(["-c", "command -v rsync"]).output().unwrap();
    let real = String::from_utf8(real.stdout).unwrap();
    for (status, ends) in [(23, 14), (24, 0), (12, 14)] {
        let bin = lab.dir.path().join(format!("bin{status}"));
        fs::create_dir(&bin).unwrap();
        let wrapper =
            format!("#!/bin/sh\n{} \"$@\" || exit\ncase $* in *--rsh*) exit {status} ;; esac\n", real.trim());
        lab::script(&bin.join("rsync"), &wrapper);
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let before = lab.snapshots().len();
        lab.finish(lab.command().env("PATH", path)).ended(ends);
        assert_eq!(lab.snapshots().len(), before + usize::from(ends == 0));
    }
    lab.finish(lab.command().env("DRC_RSH", "false")).ended(13);
}

#[test]
fn a_publish_puts_the_very_tree_in_place() {
    let lab = Lab::new("source", "mirror", "");
    lab.publish().ended(20);
    fs::create_dir_all(&lab.folder).unwrap();
    lab.publish().ended(20);
    assert!(!lab.place.exists());

    tree_of_files(&lab.source, 1 << 20);
    lab.run().ok();
    let first = lab.publish();
    first.ok();
    assert!(first.told.starts_with(&format!("snapshot {} ", lab.snapshots()[0])), "{}", first.told);
    alike(&lab.source, &lab.place);

    // Again: nothing changes, not even what was written since.
    fs::write(lab.place.join("work"), "since").unwrap();
    lab.publish().ok();
    assert!(lab.place.join("work").exists());

    // A newer snapshot takes its place, and what stood there is kept.
    fs::write(lab.source.join("new"), "new").unwrap();
    lab.run().ok();
    let newer = lab.publish();
    newer.ok();
    assert!(newer.told.contains(&lab.snapshots()[1]));
    alike(&lab.source, &lab.place);
    let aside: Vec<_> = fs::read_dir(lab.place.parent().unwrap())
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.to_string_lossy().contains("-before-"))
        .collect();
    assert_eq!(aside.len(), 1);
    assert!(aside[0].join("work").exists());

    // A tree that somebody moved away is put there again.
    fs::remove_dir_all(&lab.place).unwrap();
    lab.publish().ok();
    alike(&lab.source, &lab.place);
    // Mirrors go on beside it.
    lab.run().ok();
}

#[test]
fn a_publish_clones_where_it_can_and_copies_where_it_must() {
    let lab = Lab::new("source", "mirror", "");
    tree_of_files(&lab.source, 1 << 20);
    lab.run().ok();
    let inode = |p: &Path| fs::metadata(p.join("big")).unwrap().ino();
    let snapshot = lab.folder.join("current");

    let other = tempfile::tempdir_in("/dev/shm").unwrap();
    symlink(other.path(), lab.place.parent().unwrap()).unwrap();
    let copied = lab.publish();
    copied.ok();
    assert!(copied.told.contains("(copied)"), "{}", copied.told);
    alike(&lab.source, &lab.place);
    fs::remove_file(lab.place.parent().unwrap()).unwrap();

    // A file system that clones: cp is told to, and does.
    let bin = lab.dir.path().join("bin");
    fs::create_dir(&bin).unwrap();
    lab::script(
        &bin.join("cp"),
        "#!/bin/bash\nargs=()\nfor a; do [ \"$a\" = --reflink=always ] || args+=(\"$a\"); done\nexec /bin/cp \"${args[@]}\"\n",
    );
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let cloned = lab.finish(lab.publish_command().env("PATH", path));
    cloned.ok();
    assert!(cloned.told.contains("(cloned)"), "{}", cloned.told);
    alike(&lab.source, &lab.place);
    assert_ne!(inode(&lab.place), inode(&snapshot));

    fs::remove_dir_all(&lab.place).unwrap();
    let linked = lab.publish();
    linked.ok();
    assert!(linked.told.contains("(linked:"), "{}", linked.told);
    assert_eq!(inode(&lab.place), inode(&snapshot));
}

#[test]
fn a_first_run_warns_of_a_publish_that_has_to_copy() {
    let lab = Lab::new("source", "mirror", "");
    let other = tempfile::tempdir_in("/dev/shm").unwrap();
    fs::write(other.path().join(".drc-source"), "").unwrap();
    fs::remove_dir_all(&lab.source).unwrap();
    symlink(other.path(), &lab.source).unwrap();
    let first = lab.run();
    first.ended(0);
    assert!(first.said.starts_with("warning: "), "{}", first.said);
    lab.run().ok();
}

#[test]
fn a_mount_point_stays() {
    // A machine that lets nobody mount has no way to see it.
    if !Command::new("unshare").args(["--mount", "true"]).status().is_ok_and(|s| s.success()) {
        eprintln!("NOT CHECKED: no right to mount, so nothing was published on a mount point");
        return;
    }
    let lab = Lab::new("source", "mirror", "");
    lab.run().ok();
    fs::create_dir_all(&lab.place).unwrap();
    let script = format!("mount -t tmpfs none '{}' && exec \"$0\"", lab.place.display());
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script]).arg(lab.publish_command().get_program());
    lab.finish(&mut command).ended(21);
}

#[test]
fn a_publish_that_was_killed_is_done_again() {
    let lab = Lab::new("source", "mirror", "");
    tree_of_files(&lab.source, 1 << 20);
    lab.run().ok();
    let half = lab.place.parent().unwrap().join(format!(".drc-{}-next", lab.job));
    fs::create_dir_all(half.join("half")).unwrap();
    symlink("/nowhere", &lab.place).unwrap();
    lab.publish().ok();
    alike(&lab.source, &lab.place);
    assert!(!half.exists());
    // A snapshot that nothing finished is none.
    fs::create_dir(lab.folder.join(".incoming-29990101T000000Z-x")).unwrap();
    lab.publish().ok();
}

/// Names that shells, rsync, ssh or templates could take for something else.
fn hostile() -> Vec<String> {
    let mut names: Vec<String> = [
        "it's \"quoted\"",
        "$HOME `id` $(id) ${IFS}",
        "two\nlines\n",
        "{{tree}} {{{job}}} \\{{x}}",
        "%d@host:module::x",
        "-rf --delete",
        "*?[a-z]\\*",
        "back\\slash\\",
        "水 é \u{2019}\u{2028}\u{a0}\u{202e}",
        "tab\tbell\u{7}\r",
        " ~ # ! & ; | < > ",
        "~",
    ]
    .map(str::to_owned)
    .into();
    names.push("x".repeat(255));
    names.push("é".repeat(127));
    names
}

#[test]
fn hostile_folders_are_those_very_folders() {
    for name in hostile() {
        let lab = Lab::new(&format!("from/{name}"), &format!("to/{name}"), "max-delete = 100 %");
        assert_eq!(lab.source.file_name().unwrap(), name.as_str());
        fs::write(lab.source.join(&name), "x").unwrap();
        lab.run().ok();
        fs::remove_file(lab.source.join(&name)).unwrap();
        lab.run().ok();
        assert_eq!(lab.snapshots().len(), 2, "{name:?}");
        alike(&lab.source, &lab.folder.join("current"));
        assert_eq!(fs::read_dir(lab.dir.path().join("to")).unwrap().count(), 1, "{name:?}");
        lab.publish().ok();
        alike(&lab.source, &lab.place);
        lab.publish().ok();
    }
}

#[test]
fn every_script_passes_the_judge_and_is_read_back() {
    for name in hostile() {
        let spec = spec(&format!("/srv/{name}/x"), &format!("/mirrors/{name}"), "10.0.0.2", "");
        let (compiled, tree) = build(&spec);
        let folder = tempfile::tempdir().unwrap();
        written(&tree, folder.path());
        rsync::judge(folder.path());
        assert_eq!(lab::read_back(&compiled, &tree), Vec::<String>::new(), "{name:?}");
        let (_, artifact) = tree.iter().next().unwrap();
        assert!(artifact.bytes.starts_with(b"#!/bin/bash\n# Made by drc: do not edit;"));
        assert_eq!(artifact.mode, 0o755);
    }
}

#[test]
fn a_changed_script_is_noticed() {
    let (compiled, tree) = build(&spec("/srv/a", "/mirrors/a", "[fd00::2]", "limit = 1 MiB/s"));
    let (path, _) = tree.iter().next().unwrap();
    assert_eq!(path, "hosts/h1/etc/drc/mirrors/images-h2.sh");
    let changed = |from: &str, to: &str| {
        let mut other = ArtifactTree::new();
        for (path, artifact) in tree.iter() {
            let mut artifact = artifact.clone();
            artifact.bytes = String::from_utf8(artifact.bytes).unwrap().replace(from, to).into_bytes();
            other.add(path.to_owned(), artifact);
        }
        lab::read_back(&compiled, &other)
    };
    assert!(changed("nothing", "nothing").is_empty());
    for (from, to, lines) in [
        ("SOURCE=/srv/a", "SOURCE=/srv/b", 1),
        ("TREE=/srv/a", "TREE=/srv", 1),
        ("FOLDER=/mirrors/a", "FOLDER=/mirrors", 2),
        ("TARGET='fd00::2'", "TARGET='fd00::3'", 1),
        ("KEEP=3", "KEEP=1", 1),
        ("MAX_DELETE=200000000", "MAX_DELETE=1000000000", 1),
        ("LIMIT=1024", "LIMIT=0", 1),
        ("readonly LIMIT=1024", "", 1),
        ("JOB=images-h2", "JOB=\"$1\"", 2),
    ] {
        assert_eq!(changed(from, to).len(), lines, "{from}");
    }
    assert_eq!(lab::read_back(&compiled, &ArtifactTree::new()).len(), 2);
}

#[test]
fn an_address_of_the_new_family_reaches_rsync_and_ssh() {
    let lab = Lab::at("[fd00::2]", "source", "mirror", "");
    lab.run().ok();
    let asked = fs::read_to_string(lab.dir.path().join("asked")).unwrap();
    assert!(asked.lines().all(|l| l == "fd00::2"), "{asked}");
    assert_eq!(asked.lines().count(), 4);
}

/// The `LIMIT` of a script between two sites.
fn limit(link: &str, mirror: &str) -> String {
    let spec = spec("/srv/a", "/mirrors/a", "10.0.0.2", mirror).replace("// link", link);
    let (_, tree) = build(&spec);
    let text =
        String::from_utf8(tree.get("hosts/h1/etc/drc/mirrors/images-h2.sh").unwrap().bytes.clone()).unwrap();
    parse(&text).unwrap().constants["LIMIT"].clone()
}

#[test]
fn limits_are_payload_and_rounded_down() {
    assert_eq!(limit("", ""), "0");
    assert_eq!(limit("", "limit = 1 MiB/s"), "1024");
    // 10 Mbit/s are 1 250 000 bytes a second, 1220.7 KiB/s.
    assert_eq!(limit("", "limit = 10 Mbit/s"), "1220");
    // 20 % of 100 Mbit/s, of which 90 % are payload: 2 250 000 bytes a second.
    assert_eq!(limit("share { mirror = 20 % }", ""), "2197");
    assert_eq!(limit("share { mirror = 20 % }", "limit = 10 Mbit/s"), "1220");
    assert_eq!(limit("share { mirror = 20 % }", "limit = 19 Mbit/s"), "2197");
}

fn findings(spec: &str) -> Vec<&'static str> {
    let compiled = lab::compile(spec);
    let mut problems = drlang::diag::Problems::new();
    lab::with_input(&compiled, |input| Rsync.supports(input, &mut problems));
    problems.sorted().iter().map(|d| d.entry.name).collect()
}

#[test]
fn what_scripts_cannot_do_is_refused() {
    let one = |from: &str, to: &str, more: &str| findings(&spec(from, to, "10.0.0.2", more));
    assert!(one("/srv/a", "/mirrors/a", "").is_empty());
    let name = |n: usize| format!("/{}", "x".repeat(n));
    assert_eq!(one(&name(256), "/m", ""), ["mirror-path-too-long"]);
    assert_eq!(one("/a", &name(250).repeat(5), ""), ["mirror-path-too-long"]);
    assert_eq!(one(&format!("/{}", "é".repeat(128)), "/m", ""), ["mirror-path-too-long"]);
    assert_eq!(one("/srv/a", "/srv/a", ""), ["mirror-folders-clash"]);
    assert_eq!(one("/srv/a", "/srv/a/m", ""), ["mirror-folders-clash"]);
    assert_eq!(one("/srv/a/x", "/srv/a", ""), ["mirror-folders-clash"]);
    assert!(one("/srv/a", "/srv/a-m", "").is_empty());
    assert_eq!(one("/srv/a", "/m", "limit = 8 kbit/s"), ["mirror-limit-too-low"]);
    assert!(one("/srv/a", "/m", "limit = 1 KiB/s").is_empty());

    let two = |other: &str| findings(&(spec("/srv/a", "/m/a", "10.0.0.2", "") + other));
    let data =
        |name: &str, on: &str, more: &str| format!("data {name} {{ on = {on}; size = 1 GiB; {more} }}\n");
    assert_eq!(
        two(&data("other", "h1 path \"/srv/b\"", "mirror h2 { at = daily 01:00; path = \"/m/a\" }")).len(),
        1
    );
    assert_eq!(
        two(&data("other", "h1 path \"/srv/b\"", "mirror h2 { at = daily 01:00; path = \"/m/a/b\" }")).len(),
        1
    );
    assert_eq!(
        two(&data("other", "h1 path \"/srv/a/b\"", "mirror h2 { at = daily 01:00; path = \"/m/b\" }")).len(),
        1
    );
    assert_eq!(two(&data("other", "h2 path \"/srv/a\"", "")).len(), 1);
    assert_eq!(two(&data("other", "h2 path \"/m\"", "")).len(), 1);
    assert!(
        two(&data("other", "h2 path \"/srv/b\"", "mirror h1 { at = daily 01:00; path = \"/m/b\" }"))
            .is_empty()
    );
    assert!(two(&data("other", "h1 path \"/srv/a\"", "")).is_empty());

    let taken = findings(
        "region r { site a { timezone = \"UTC\"
           host h { address = 10.0.0.1 };  host publish { address = 10.0.0.3 };  host g { address = 10.0.0.2 } } }
         data d   { on = g path \"/srv/a\"; size = 1 GiB; mirror h { at = daily 01:00; path = \"/m/a\" } }
         data d-h { on = h path \"/srv/b\"; size = 1 GiB; mirror publish { at = daily 01:00; path = \"/m/b\" } }",
    );
    assert_eq!(taken, ["mirror-name-taken"]);
}

#[test]
fn the_example_of_each_finding_raises_it() {
    for name in ["mirror-path-too-long", "mirror-folders-clash", "mirror-limit-too-low", "mirror-name-taken"]
    {
        let broken = drlang::diag::pages::failing_example(name).unwrap();
        assert_eq!(findings(broken), [name]);
        assert!(lab::compile(broken).problems.is_empty(), "{:#?}", lab::compile(broken).problems);
    }
}
