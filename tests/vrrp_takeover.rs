//! Two machines and one address, for real: how long it takes to move against what plans say.

use drlang::base::world::Memory;
use drlang::driver::{Options, compile};
use drlang::emit::artifact::ArtifactTree;
use drlang::emit::target::{Input, Target};
use drlang::emit::targets::keepalived::Keepalived;
use drlang::emit::template::Templates;
use drlang::plan::times::takeover;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A machine: its namespaces are held by a sleeping process, with its own `/run` and the emitted
/// `/etc/keepalived`.
struct Machine {
    holder: Child,
    keepalived: Option<Child>,
}

impl Machine {
    fn new(etc: &Path) -> Self {
        let script = "mount --bind \"$1\" /etc/keepalived; mount -t tmpfs none /run
                      ip link set lo up; touch /run/here; exec sleep 600";
        let holder = Command::new("unshare")
            .args(["--net", "--mount", "bash", "-euc", script, "machine"])
            .arg(etc)
            .spawn()
            .unwrap();
        let machine = Self { holder, keepalived: None };
        within(Duration::from_secs(10), "a namespace", || {
            // Before it has changed its mounts it sees ours, which have no such file.
            machine.run(&["test", "-e", "/run/here"]).0
        });
        machine
    }

    fn pid(&self) -> String {
        self.holder.id().to_string()
    }

    fn enter(&self, command: &[&str]) -> Command {
        let mut all = Command::new("nsenter");
        all.args(["--net", "--mount", "--target", &self.pid()]).args(command);
        all
    }

    fn run(&self, command: &[&str]) -> (bool, String) {
        let out = self.enter(command).output().unwrap();
        let said = [out.stdout, out.stderr].concat();
        (out.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    fn must(&self, command: &[&str]) -> String {
        let (fine, said) = self.run(command);
        assert!(fine, "{command:?}: {said}");
        said
    }

    fn holds(&self, address: &str) -> bool {
        self.must(&["ip", "-o", "address", "show", "dev", "eth0"]).contains(&format!(" {address}/"))
    }

    fn start(&mut self) {
        let command = ["keepalived", "--dont-fork", "--log-console", "-f", "/etc/keepalived/keepalived.conf"];
        let child = self.enter(&command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.keepalived = Some(child);
    }

    /// Ends keepalived with its children, without a chance to say farewell.
    fn kill(&mut self) {
        let Some(mut child) = self.keepalived.take() else { return };
        let pid = child.id();
        let children =
            std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        // The children first: they take their parent's end for an order to leave in good order.
        for pid in children.split_whitespace().chain([pid.to_string().as_str()]) {
            let _ = Command::new("kill").args(["-9", pid]).output();
        }
        let _ = child.wait();
    }

    /// Asks keepalived to end, and gives what is to be waited for.
    fn terminate(&mut self) -> Option<Child> {
        let child = self.keepalived.take()?;
        let _ = Command::new("kill").arg(child.id().to_string()).output();
        Some(child)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.kill();
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// Waits until something is so, and tells how long that took.
fn within(limit: Duration, what: &str, mut so: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < limit, "{what} did not come within {limit:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
    start.elapsed()
}

/// What looking costs, and a machine that is busy with other tests.
const SLACK: Duration = Duration::from_millis(400);

/// Lets the address move for each kind of fault. `check` succeeds while `MARK` exists.
fn fails_over(check: &str, hangs: bool) {
    let probe = "ip link add probe0 type veth peer name probe1; mount -t tmpfs none /run";
    let may = Command::new("unshare").args(["--net", "--mount", "bash", "-ec", probe]).output().unwrap();
    if !may.status.success() {
        eprintln!("NOT CHECKED: no right to make namespaces, so no address was moved");
        return;
    }
    let folder = tempfile::tempdir_in("/var/lib").unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let spec = format!(
        r#"site s {{
    timezone = "UTC"
    host one {{ address = 10.1.0.31 }}
    host two {{ address = 10.1.0.32 }}
}}
vip front {{ address = 10.1.0.100/24; on = [one, two]; advert = 300 ms; every = 1 s; fall = 2
            check = "{check}" }}
"#
    )
    .replace("MARK", "/run/well");
    let world = Memory([("main.dr".into(), spec.clone().into())].into());
    let compiled = compile(&world, "main.dr", &Options::from(1_768_435_200)).unwrap();
    let found: Vec<_> = compiled
        .problems
        .iter()
        .filter(|d| d.entry.stage != "judge")
        .map(|d| format!("{}: {}", d.entry.name, d.message))
        .collect();
    assert_eq!(found, [""; 0], "{spec}");
    let templates = Templates::default();
    let input = Input { model: &compiled.model, ops: &compiled.ops, plans: &[], templates: &templates };
    let mut tree = ArtifactTree::new();
    Keepalived.emit(input, &mut tree).unwrap();
    for (path, artifact) in tree.iter() {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &artifact.bytes).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(artifact.mode)).unwrap();
    }
    let (_, vrrp) = compiled.ops.vrrps.iter().next().unwrap();
    let nanos = |d: drlang::quantity::Duration| Duration::from_nanos(d.0);
    let takes = takeover(vrrp, 1);
    let (least, most) = (nanos(takes.least), nanos(takes.most));
    let advert = nanos(vrrp.advert);
    let checks = nanos(vrrp.every) * u32::try_from(vrrp.fall).unwrap();
    // A master that leaves in good order says so: only the skew is waited for.
    let skew = (least + advert) - 3 * advert;

    let etc = |host: &str| folder.path().join(format!("hosts/{host}/etc/keepalived"));
    let (mut one, mut two) = (Machine::new(&etc("one")), Machine::new(&etc("two")));
    let link = ["link", "add", "eth0", "netns", &one.pid(), "type", "veth", "peer", "name", "eth0", "netns"];
    assert!(Command::new("ip").args(link).arg(two.pid()).status().unwrap().success());
    for (machine, address) in [(&one, "10.1.0.31/24"), (&two, "10.1.0.32/24")] {
        machine.must(&["ip", "address", "add", address, "dev", "eth0"]);
        machine.must(&["ip", "link", "set", "eth0", "up"]);
        machine.must(&["touch", "/run/well"]);
    }
    one.start();
    two.start();
    let vip = "10.1.0.100";
    // The first check, an election and, where the second was first, its giving way.
    within(most * 2 + checks, "the preferred host", || one.holds(vip) && !two.holds(vip));

    // The service fails: so many checks, and the skew.
    one.must(&["rm", "/run/well"]);
    let took = within(Duration::from_secs(30), "the move after failed checks", || two.holds(vip));
    let hanging = if hangs { nanos(vrrp.every) } else { Duration::ZERO };
    eprintln!("failed checks: moved in {took:?}, at most {checks:?} + {hanging:?} + {skew:?}");
    assert!(took <= checks + hanging + skew + SLACK, "{took:?}");
    within(SLACK, "the release", || !one.holds(vip));

    // It works again: the preferred host takes it back.
    one.must(&["touch", "/run/well"]);
    within(Duration::from_secs(10), "the return", || one.holds(vip) && !two.holds(vip));
    let says =
        |machine: &Machine, state: &str| machine.run(&["cat", "/run/drc/vrrp-front"]).1.trim() == state;
    within(SLACK * 3, "the state file", || says(&two, "BACKUP") && says(&one, "MASTER"));

    // It is stopped in good order.
    let start = Instant::now();
    let stopping = one.terminate();
    within(Duration::from_secs(10), "the move after a stop", || two.holds(vip));
    let took = start.elapsed();
    eprintln!("stopped: moved in {took:?}, at most {skew:?}");
    assert!(took <= skew + SLACK, "{took:?}");
    if let Some(mut child) = stopping {
        let _ = child.wait();
    }
    one.start();
    within(Duration::from_secs(10), "the return", || one.holds(vip) && !two.holds(vip));

    // It is gone from one moment to the next: three advertisements and the skew.
    let start = Instant::now();
    one.kill();
    within(Duration::from_secs(10), "the move after a kill", || two.holds(vip));
    let took = start.elapsed();
    eprintln!("killed: moved in {took:?}, between {least:?} and {most:?}");
    assert!(took <= most, "{took:?}");
    // The last advertisement may have been just due.
    assert!(took + Duration::from_millis(50) >= least, "{took:?}");
    within(SLACK * 3, "the state file", || says(&two, "MASTER"));
}

#[test]
fn an_address_moves_within_its_bound_when_checks_fail() {
    fails_over("test -e MARK", false);
}

#[test]
fn an_address_moves_within_its_bound_when_checks_hang() {
    // One that does not end when it is told to, at that.
    fails_over("test -e MARK || {{ trap '' TERM; sleep 60; sleep 60; }}", true);
}
