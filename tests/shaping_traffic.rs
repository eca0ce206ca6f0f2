//! Bytes over a shaped interface, for real: a share gets its rate and no more, either end's port
//! counts, and all else is left alone.

use drlang::base::world::Memory;
use drlang::driver::{Options, compile};
use drlang::emit::artifact::ArtifactTree;
use drlang::emit::target::{Input, Target};
use drlang::emit::targets::shaping::Shaping;
use drlang::emit::template::Templates;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const SPEC: &str = r#"
engine e {
    family = mariadb
    port = 3306
    amplification = 1.2
    apply = 20 MiB/s
    replay = 20 MiB/s
    prepare = 100 MiB/s
    load = 20 MiB/s
    start = 30 s
    promote = 5 s
    acknowledgements = 1
    fallback = 10 s
    largest-transaction = 16 MiB
    physical = true
    logs = true
}
site a {
    timezone = "UTC"
    host db-1 { address = 10.1.0.1 }
}
site b {
    timezone = "UTC"
    host db-2 { address = 10.2.0.2 }
}
link wan : a <-> b {
    bandwidth = 16 Mbit/s
    rtt = 1 ms
    share { replication = 50 % }
}
cluster c : e { primary = db-1; replicas = [db-2] }
data d {
    on = c
    size = 1 GiB
    writes = 1 KiB/s
    replica db-2 { mode = async }
}
"#;

/// What is sent, and what the share of 8 Mbit/s lets through in a second at most.
const BYTES: usize = 3_000_000;
const SHARE: f64 = 1_000_000.0;

/// The part of the rate that payload gets, as is assumed of links; headers take 4.4 % here.
const EFFICIENCY: f64 = 0.9;

/// One end of a connection, run by this very program in another namespace. Without its variables
/// it does nothing.
#[test]
fn one_end_of_a_connection() {
    let Ok(task) = std::env::var("DRC_TEST_END") else { return };
    let (what, at) = task.split_once(' ').unwrap();
    let (role, side) = what.split_once('-').unwrap();
    let mut stream = if side == "listens" {
        TcpListener::bind(at).unwrap().accept().unwrap().0
    } else {
        let start = Instant::now();
        loop {
            match TcpStream::connect(at) {
                Ok(stream) => break stream,
                Err(e) => assert!(start.elapsed() < Duration::from_secs(10), "{at}: {e}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut rest = Vec::new();
    if role == "sends" {
        let start = Instant::now();
        stream.write_all(&vec![b'x'; BYTES]).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        stream.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"all");
        // Outside of what a test may print, for the parent reads it.
        std::fs::write(std::env::var("DRC_TEST_OUT").unwrap(), start.elapsed().as_secs_f64().to_string())
            .unwrap();
    } else {
        stream.read_to_end(&mut rest).unwrap();
        assert_eq!(rest.len(), BYTES);
        stream.write_all(b"all").unwrap();
    }
}

struct Machine(Child);

impl Machine {
    fn new() -> Self {
        let before = std::fs::read_link("/proc/self/ns/net").unwrap();
        let child = Command::new("unshare").args(["--net", "sleep", "300"]).spawn().unwrap();
        let start = Instant::now();
        while std::fs::read_link(format!("/proc/{}/ns/net", child.id())).is_ok_and(|n| n == before) {
            assert!(start.elapsed() < Duration::from_secs(10));
            std::thread::sleep(Duration::from_millis(5));
        }
        Self(child)
    }

    fn enter(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--net", "--target", &self.0.id().to_string(), program]);
        command
    }

    fn must(&self, line: &str) -> String {
        let out = self.enter("bash").args(["-euc", line]).output().unwrap();
        let said = [out.stdout, out.stderr].concat();
        assert!(out.status.success(), "{line}: {}", String::from_utf8_lossy(&said));
        String::from_utf8_lossy(&said).into_owned()
    }

    fn end(&self, task: &str, out: &std::path::Path) -> Child {
        self.enter(std::env::current_exe().unwrap().to_str().unwrap())
            .args(["--exact", "one_end_of_a_connection", "--test-threads=1"])
            .env("DRC_TEST_END", task)
            .env("DRC_TEST_OUT", out)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_share_gets_its_rate_and_no_more() {
    let probe = "ip link add p0 type veth peer name p1; tc qdisc add dev p0 root handle d0c: htb default 2
                 tc class add dev p0 parent d0c: classid d0c:1 htb rate 1mbit
                 tc filter add dev p0 parent d0c: protocol ip prio 1 u32 match ip dst 10.0.0.1 flowid d0c:1";
    let may = Command::new("unshare").args(["--net", "bash", "-ec", probe]).output().unwrap();
    if !may.status.success() {
        eprintln!("NOT CHECKED: no right to make links and queues, so no bytes were sent");
        return;
    }
    let world = Memory([("main.dr".into(), SPEC.into())].into());
    let compiled = compile(&world, "main.dr", &Options::from(1_768_435_200)).unwrap();
    let templates = Templates::default();
    let input = Input { model: &compiled.model, ops: &compiled.ops, plans: &[], templates: &templates };
    let mut tree = ArtifactTree::new();
    Shaping.emit(input, &mut tree).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("shaping.sh");
    std::fs::write(&script, &tree.get("hosts/db-1/etc/drc/shaping.sh").unwrap().bytes).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();

    let (one, two) = (Machine::new(), Machine::new());
    one.must(&format!("ip link add eth0 type veth peer name eth0 netns {}", two.0.id()));
    for (machine, address) in [(&one, "10.1.0.1/8"), (&two, "10.2.0.2/8")] {
        machine.must(&format!("ip address add {address} dev eth0; ip link set eth0 up"));
    }
    // 3: no fair queue here; the rates hold all the same.
    one.must(&format!("{} start || [ $? -eq 3 ]", script.display()));

    let send = |from: (&Machine, &str), to: (&Machine, &str)| {
        let out = folder.path().join("took");
        let mut sink = to.0.end(to.1, &out);
        let mut source = from.0.end(from.1, &out);
        assert!(source.wait().unwrap().success() && sink.wait().unwrap().success());
        std::fs::read_to_string(&out).unwrap().parse::<f64>().unwrap()
    };
    let held = |took: f64| {
        let rate = BYTES as f64 / took;
        assert!(rate <= SHARE, "{rate} bytes a second are more than the share");
        assert!(rate >= SHARE * EFFICIENCY, "{rate} bytes a second are less than is counted on");
    };
    // To the port, from the port, and to another port.
    held(send((&one, "sends-connects 10.2.0.2:3306"), (&two, "takes-listens 10.2.0.2:3306")));
    held(send((&one, "sends-listens 10.1.0.1:3306"), (&two, "takes-connects 10.1.0.1:3306")));
    let free = send((&one, "sends-connects 10.2.0.2:3307"), (&two, "takes-listens 10.2.0.2:3307"));
    assert!(free < 1.0, "the rest took {free} s");
    // What comes in is not held: the other end's own script does that.
    let back = send((&two, "sends-connects 10.1.0.1:3306"), (&one, "takes-listens 10.1.0.1:3306"));
    assert!(back < 1.0, "the way back took {back} s");
    one.must(&format!("{} stop", script.display()));
    let free = send((&one, "sends-connects 10.2.0.2:3306"), (&two, "takes-listens 10.2.0.2:3306"));
    assert!(free < 1.0, "after the stop it took {free} s");
}
