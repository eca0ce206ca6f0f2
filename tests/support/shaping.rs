//! The judge of shaping: the kernel where it may be asked, tc's own parser where not; shellcheck,
//! the shells and systemd-analyze.

use drlang::emit::targets::shaping::{Matcher, Side, Tree, parse};
use drlang::quantity::Rate;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// How far real programs could judge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Means {
    /// Links and queues can be made: each script runs, and the kernel is asked what it has.
    Kernel {
        /// Whether it has fair queues. Without, the lines for them are parsed by tc only.
        fair: bool,
    },
    /// Each line is given to tc, which parses it before it asks for the interface.
    Parser,
}

/// Finds out how far.
pub fn means() -> Means {
    let probe = |queue: &str| {
        let script = "ip link add probe0 type veth peer name probe1; tc qdisc add dev probe0 root handle d0c: $1
                      if [ \"$1\" = htb ]; then
                          tc class add dev probe0 parent d0c: classid d0c:1 htb rate 1mbit
                          tc filter add dev probe0 parent d0c: protocol ip prio 1 u32 match ip dst 10.0.0.1 flowid d0c:1
                      fi";
        unshared(script, &[queue]).status.success()
    };
    if probe("htb") { Means::Kernel { fair: probe("fq") } } else { Means::Parser }
}

/// Lets the real programs judge every shaping script and unit below a build tree, and panics with
/// what they say. Gives the number of scripts.
pub fn judge(tree: &Path) -> usize {
    let means = means();
    let mut judged = 0;
    let Ok(hosts) = fs::read_dir(tree.join("hosts")) else { return 0 };
    let mut hosts: Vec<_> = hosts.map(|e| e.unwrap().path()).collect();
    hosts.sort();
    for host in hosts {
        let script = host.join("etc/drc/shaping.sh");
        if script.exists() {
            judge_script(&script, means);
            judged += 1;
        }
        let unit = host.join("etc/systemd/system/drc-shaping.service");
        assert_eq!(unit.exists(), script.exists(), "{}", host.display());
        if unit.exists() {
            judge_unit(&unit, &script);
        }
    }
    eprintln!("{judged} shaping scripts were judged by {means:?}");
    judged
}

/// Judges one script with the given means.
fn judge_script(path: &Path, means: Means) {
    for program in [&["sh", "-n"][..], &["bash", "-n"], &["shellcheck"]] {
        let out = Command::new(program[0]).args(&program[1..]).arg(path).output().expect(program[0]);
        assert!(out.status.success() && said(&out).is_empty(), "{program:?}: {}", said(&out));
    }
    let text = fs::read_to_string(path).unwrap();
    let tree = parse(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    match means {
        Means::Kernel { fair } => {
            by_kernel(path, &tree, fair);
            if !fair {
                by_parser(&text, &tree, "fq");
            }
        }
        Means::Parser => by_parser(&text, &tree, ""),
    }
}

/// Runs the script twice, asks the kernel after each, and stops it.
fn by_kernel(path: &Path, tree: &Tree, fair: bool) {
    let script = r#"
        ip link add "$2" type veth peer name drcpeer
        ip link set "$2" up
        for _ in 1 2; do
            echo "= start"
            "$1" start 2>&1 || echo "exit $?"
            echo "= qdisc"; tc qdisc show dev "$2"
            echo "= class"; tc class show dev "$2"
            echo "= filter"; tc filter show dev "$2"
        done
        echo "= stop"
        "$1" stop
        "$1" stop
        tc qdisc show dev "$2"
        tc class show dev "$2"
    "#;
    let out = unshared(script, &[path.to_str().unwrap(), &tree.interface]);
    let said = said(&out);
    assert!(out.status.success(), "{}: {said}", path.display());
    let (runs, stopped) = said.split_once("= stop\n").unwrap();
    assert!(!stopped.contains("d0c:"), "after stop: {stopped}");
    let runs: Vec<&str> = runs.split("= start\n").skip(1).collect();
    assert_eq!(runs.len(), 2, "{said}");
    for run in runs {
        let (talk, run) = run.split_once("= qdisc\n").unwrap();
        let (queues, run) = run.split_once("= class\n").unwrap();
        let (classes, filters) = run.split_once("= filter\n").unwrap();
        if fair {
            assert_eq!(talk, "", "the script says something");
        } else {
            assert!(talk.contains("Specified qdisc kind is unknown") && talk.contains("exit 3"), "{talk}");
        }
        compare(tree, queues, classes, filters, fair);
    }
}

/// What the kernel has against what is wanted.
fn compare(tree: &Tree, queues: &str, classes: &str, filters: &str, fair: bool) {
    let like = |line: &str| {
        line.starts_with("qdisc htb d0c: root ") && line.contains(&format!(" default 0x{:x} ", tree.rest))
    };
    assert!(queues.lines().any(like), "{queues}");
    assert_eq!(classes.lines().count(), tree.leaves.len() + 1, "{classes}");
    let rates = |rate, ceil| format!(" rate {} ceil {} ", shown(rate), shown(ceil));
    let has = |id: u16, parent: &str, rates: &str| {
        let found = classes.lines().find(|l| l.starts_with(&format!("class htb d0c:{id:x} ")));
        let found = found.unwrap_or_else(|| panic!("class {id:x}: {classes}"));
        assert!(found.contains(parent) && found.contains(rates), "{found}: wanted {parent}{rates}");
    };
    has(1, " root ", &rates(tree.root, tree.root));
    for (minor, leaf) in &tree.leaves {
        has(*minor, " parent d0c:1 ", &rates(leaf.rate, leaf.ceil));
        let queue = format!(" parent d0c:{minor:x} ");
        let fq = queues.lines().any(|l| l.starts_with("qdisc fq ") && l.contains(&queue));
        assert_eq!(fq, fair, "{queues}");
    }
    let mut wanted: Vec<String> = tree.filters.iter().map(|(m, minor)| matches(m, *minor)).collect();
    let mut found: Vec<String> = Vec::new();
    for line in filters.lines() {
        match line.split_once("flowid ") {
            Some((_, flow)) => found.push(flow.split(' ').next().unwrap().to_owned()),
            None if line.starts_with("  match ") => {
                let last = found.last_mut().unwrap();
                *last += line.trim_end();
            }
            None => assert!(line.starts_with("filter parent d0c: "), "{line}"),
        }
    }
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted);
}

/// A filter as the kernel keeps it: words of the packet under masks.
fn matches(m: &Matcher, minor: u16) -> String {
    let mut out = format!("d0c:{minor:x}");
    let mut word = |value: u32, mask: u32, at: usize| {
        out += &format!("  match {value:08x}/{mask:08x} at {at}");
    };
    let (port, ports) = match m.side {
        Side::Source => (u32::from(m.port) << 16, 0xffff_0000),
        Side::Destination => (u32::from(m.port), 0xffff),
    };
    match m.to {
        std::net::IpAddr::V4(to) => {
            word(0x0500_0000, 0x0f00_0000, 0);
            word(0, 0x1fff, 4);
            word(0x0006_0000, 0x00ff_0000, 8);
            word(u32::from(to), u32::MAX, 16);
            word(port, ports, 20);
        }
        std::net::IpAddr::V6(to) => {
            word(0x0600, 0xff00, 4);
            for (n, part) in to.octets().chunks(4).enumerate() {
                word(u32::from_be_bytes(part.try_into().unwrap()), u32::MAX, 24 + 4 * n);
            }
            word(port, ports, 40);
        }
    }
    out
}

/// A rate as tc 6.1 shows it: the kernel keeps whole bytes, and tc cuts digits off.
fn shown(rate: Rate) -> String {
    let mut rate = rate.0 / 8 * 8;
    let mut unit = 0;
    while unit < 4 && rate >= 1_000 && (rate.is_multiple_of(1_000) || rate >= 1_000_000) {
        rate /= 1_000;
        unit += 1;
    }
    format!("{rate}{}bit", ["", "K", "M", "G", "T"][unit])
}

/// Gives each line that ends in `kind` to tc, on an interface that is nowhere: tc looks for the
/// interface once it has parsed the line, and only what is well-formed gets to that answer. It
/// takes no right to anything.
fn by_parser(script: &str, tree: &Tree, kind: &str) {
    let lines: Vec<String> = script
        .lines()
        .skip_while(|l| !l.starts_with("tc -batch"))
        .filter(|l| ["qdisc ", "class ", "filter "].iter().any(|k| l.starts_with(k)) && l.ends_with(kind))
        .map(|l| l.replace(&format!(" dev {} ", tree.interface), " dev drcnone "))
        .collect();
    assert!(lines.len() >= tree.leaves.len());
    let mut tc = Command::new("tc")
        .args(["-force", "-batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("tc is installed");
    let mut input = tc.stdin.take().unwrap();
    let text = lines.join("\n") + "\n";
    // tc answers while it reads: each of the two waits for the other without a thread.
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let said = said(&tc.wait_with_output().unwrap());
    let _ = writer.join();
    let mut answers = said.lines();
    for (n, line) in lines.iter().enumerate() {
        let nowhere = answers.next() == Some("Cannot find device \"drcnone\"");
        let failed = answers.next() == Some(&format!("Command failed -:{}", n + 1));
        assert!(nowhere && failed, "tc refuses `{line}`: {said}");
    }
    assert_eq!(answers.next(), None);
}

/// `systemd-analyze` looks whether the commands are there: a copy points to the script in the tree.
fn judge_unit(unit: &Path, script: &Path) {
    let stage = tempfile::tempdir().unwrap();
    let copy = stage.path().join(unit.file_name().unwrap());
    let text = fs::read_to_string(unit).unwrap();
    let moved = text.replace("=/etc/drc/shaping.sh ", &format!("={} ", script.display()));
    assert_ne!(moved, text, "the unit does not run the script");
    fs::write(&copy, moved).unwrap();
    let out = Command::new("systemd-analyze")
        .arg("verify")
        .arg(&copy)
        .output()
        .expect("systemd-analyze is installed");
    let name = copy.file_name().unwrap().to_str().unwrap().to_owned();
    // It also says what it thinks of this machine's own units.
    let all = said(&out);
    let ours: Vec<&str> = all.lines().filter(|l| l.contains(&name)).collect();
    assert!(ours.is_empty(), "{ours:?}");
    assert!(out.status.success(), "{all}");
}

/// Runs a bash script in a network namespace of its own.
fn unshared(script: &str, arguments: &[&str]) -> Output {
    Command::new("unshare")
        .args(["--net", "bash", "-euc", script, "judge"])
        .args(arguments)
        .output()
        .expect("util-linux is on every Debian")
}

fn said(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}
