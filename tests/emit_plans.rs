//! Plans as files: what they say, that real programs read them, and that running them does exactly
//! what they say, whatever the names and whatever breaks.

mod support {
    pub mod plans;
    pub mod plans_world;
}

use drlang::base::world::Memory;
use drlang::diag::Problems;
use drlang::driver::{Compiled, Options, compile};
use drlang::emit::artifact::ArtifactTree;
use drlang::emit::target::{Input, Target as _};
use drlang::emit::targets::plans::{self, Plans};
use drlang::emit::template::Templates;
use drlang::ops::JobKind;
use drlang::plan::{Actor, Interval, Plan, Resource, Stage, Step, StepKind};
use drlang::quantity::{Bytes, Duration};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration as Time, Instant};
use support::plans_world::{World, said};

/// Texts that a spec may hold and that break careless scripts. Paths may not hold empty parts.
const HOSTILE: &str =
    "it's \"$HOME\" `id` $(id) \\ %s {{x}} @file é ’ \u{1F4BE} *?[a] #x; & | <y> ~ ! \nnew line\ttab";

/// A string of the language.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '{' => out.push_str("{{"),
            '}' => out.push_str("}}"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Two sites and a vault, with everything that a plan can do something with. `odd` is part of each
/// text that may be any text.
fn spec(root: &str, odd: &str) -> String {
    let path = |start: &str| string(&format!("{root}{start}{odd}"));
    let any = |start: &str| string(&format!("{start}{odd}"));
    format!(
        r#"
engine mariadb {{
    family = mariadb; port = 3306; amplification = 2; apply = 50 MiB/s; replay = 40 MiB/s; prepare = 100 MiB/s
    load = 20 MiB/s; start = 1 min; promote = 10 s; acknowledgements = 1; fallback = 10 s
    largest-transaction = 100 MiB; physical = true; logs = true
}}
tier core {{ rpo = 1 h; rto = 12 h; response = staff }}
response staff {{
    detect = 1 min..5 min; notice = 1 h..2 h; declare = 5 min..15 min; confirm = 1 min..5 min; operators = 2
}}
region north {{
    site aa {{
        timezone = "Asia/Shanghai"
        replace = 1 h..4 h
        host db-a1 {{ address = 10.1.0.11 }}
        host db-a2 {{ address = 10.1.0.12 }}
        host web-a1 {{ address = 10.1.0.21 }}
        host web-a2 {{ address = 10.1.0.22 }}
        host lb-a1 {{ address = 10.1.0.31 }}
        host lb-a2 {{ address = 10.1.0.32 }}
        host backup-a {{ address = 10.1.0.41 }}
        store vault-a {{ host = backup-a; path = {store}; capacity = 40 TiB at 300 MiB/s }}
    }}
}}
region south {{
    site bb {{
        timezone = "Asia/Shanghai"
        host db-b1 {{ address = 10.2.0.11 }}
        host web-b1 {{ address = [fd00::21] }}
        host lb-b1 {{ address = 10.2.0.31 }}
        host backup-b {{ address = 10.2.0.41 }}
        store vault-b {{ host = backup-b; path = {vault}; capacity = 40 TiB at 300 MiB/s }}
    }}
}}
link wan : aa <-> bb {{ bandwidth = 1 Gbit/s; rtt = 20 ms }}
cluster shop-db : mariadb {{
    primary = db-a1
    replicas = [db-a2, db-b1]
    datadir = {datadir}
    logdir = {logdir}
    staging = {staging}
    credentials = file({options})
}}
data orders : core {{
    on = shop-db
    size = 10 GiB
    writes = 100 KiB/s
    changed = 4 % / day
    replica db-a2 {{ mode = semi-sync }}
    replica db-b1 {{ mode = async }}
    backup vault-a {{ full = weekly sun 01:30; incremental = daily 01:30; log = every 5 min; keep = 30 days }}
    copy vault-b {{ of = vault-a; at = daily 05:00 }}
}}
data images : core {{
    on = web-a1 path {images}
    size = 10 GiB
    writes = 10 KiB/s
    files = independent
    mirror web-b1 {{ at = every 30 min }}
    backup vault-a {{ full = weekly sat 03:00; incremental = daily 03:00; keep = 90 days }}
    copy vault-b {{ of = vault-a; at = daily 06:00 }}
}}
pool web {{ members = [web-a1, web-a2]; standby = [web-b1]; needs = 1; port = 8080; unit = {unit} }}
vip front-a {{ address = 10.1.0.100/24; on = [lb-a1, lb-a2]; serves = web }}
vip front-b {{ address = 10.2.0.100/24; on = [lb-b1]; serves = web }}
dns shop {{
    name = "shop.example.com"; ttl = 60 s; points = [front-a]; failover = [front-b]
    server = 10.0.0.53; key = file({key})
}}
dns old {{ name = "old.example.com."; ttl = 60 s; points = [front-a]; failover = [front-b] }}
service checkout : core {{
    runs-on = web; needs = [orders, images]; start = 40 s; reached = [shop, old]
    check = http({url}, within = 10 s)
}}
service feed : core {{ runs-on = web; start = 40 s; reached = [shop] }}
"#,
        store = path("/srv/bacula"),
        vault = path("/srv/vault"),
        datadir = path("/var/lib/mysql"),
        logdir = path("/var/log/mysql"),
        staging = path("/var/lib/staging"),
        options = path("/etc/drc/db.cnf"),
        images = path("/srv/images"),
        unit = any("web.service"),
        key = path("/etc/drc/tsig.key"),
        url = string(&format!("https://shop.example.com/health?{odd}")),
    )
}

fn compiled(odd: &str) -> Compiled {
    compiled_at("", odd)
}

fn compiled_at(root: &str, odd: &str) -> Compiled {
    let world = Memory([("main.dr".to_owned(), spec(root, odd).into_bytes())].into());
    let compiled = compile(&world, "main.dr", &Options::from(1_768_435_200)).expect("the main file is there");
    let bad: Vec<_> = compiled.problems.iter().filter(|p| p.entry.stage != "judge").collect();
    assert!(bad.is_empty(), "{bad:#?}");
    compiled
}

/// A plan that has every kind of step once, each behind the one before unless it says otherwise.
fn everything(c: &Compiled) -> Plan {
    let host = |name: &str| c.model.hosts.iter().find(|(_, h)| h.name == name).expect(name).0;
    let data = |name: &str| c.model.data.iter().find(|(_, d)| d.name == name).expect(name).0;
    let store = |name: &str| c.model.stores.iter().find(|(_, d)| d.name == name).expect(name).0;
    let dns = |name: &str| c.model.dns.iter().find(|(_, d)| d.name == name).expect(name).0;
    let service = |name: &str| c.model.services.iter().find(|(_, d)| d.name == name).expect(name).0;
    let job = |name: &str| c.ops.jobs.iter().find(|(_, j)| j.name == name).expect(name).0;
    let director = |name: &str| {
        let at = host(name);
        c.ops.directors.iter().find(|(_, d)| d.host == at).expect(name).0
    };
    let (cluster, _) = c.model.clusters.iter().next().unwrap();
    let (pool, _) = c.model.pools.iter().next().unwrap();
    let (vip, _) = c.model.vips.iter().next().unwrap();
    let (mirror, _) = c.ops.jobs.iter().find(|(_, j)| matches!(j.kind, JobKind::Mirror { .. })).unwrap();
    let response = c.model.responses.iter().next().map(|r| r.0);
    let copied = job("shop-db-vault-a-vault-b");
    let logs = job("shop-db-vault-a-log-vault-b");
    let copy = |d: &str| c.model.data[data(d)].copies.first().copied().unwrap();
    let gib = Bytes::gib(10);
    let staging = |name: &str| -> drlang::base::EcoString {
        format!("{}/{name}", c.model.clusters[cluster].staging.value).into()
    };
    use StepKind as K;
    let kinds: Vec<(K, Actor)> = vec![
        (K::Detect { hidden: true }, Actor::Person),
        (K::Declare, Actor::Person),
        (K::Fence { host: host("db-a1"), reachable: true }, Actor::Person),
        (K::Fence { host: host("web-a1"), reachable: false }, Actor::Person),
        (K::Resume { cluster }, Actor::Automatic),
        (K::Hold { director: director("backup-a") }, Actor::Runner),
        (K::Provision { host: host("db-a2"), site: false }, Actor::Person),
        (K::Provision { host: host("web-a2"), site: true }, Actor::Person),
        (
            K::Scan {
                director: director("backup-b"),
                store: store("vault-b"),
                jobs: vec![copied, logs],
                bytes: gib,
                least: gib,
            },
            Actor::Runner,
        ),
        (
            K::Restore {
                data: data("orders"),
                copy: copy("orders"),
                director: director("backup-b"),
                store: store("vault-b"),
                jobs: vec![copied, logs],
                to: host("db-a2"),
                bytes: gib,
                least: gib,
            },
            Actor::Runner,
        ),
        (
            K::Restore {
                data: data("images"),
                copy: copy("images"),
                director: director("backup-a"),
                store: store("vault-a"),
                jobs: vec![job("images-vault-a")],
                to: host("web-b1"),
                bytes: gib,
                least: gib,
            },
            Actor::Runner,
        ),
        (
            K::Prepare {
                cluster,
                data: data("orders"),
                host: host("db-a2"),
                staging: staging("shop-db-vault-a"),
                dump: false,
                bytes: gib,
                least: gib,
            },
            Actor::Runner,
        ),
        (K::StartDatabase { cluster, host: host("db-a2") }, Actor::Runner),
        (
            K::Prepare {
                cluster,
                data: data("orders"),
                host: host("db-a2"),
                staging: staging("dump"),
                dump: true,
                bytes: gib,
                least: gib,
            },
            Actor::Runner,
        ),
        (
            K::Replay {
                cluster,
                host: host("db-a2"),
                path: staging("shop-db-vault-a-log"),
                bytes: gib,
                least: gib,
                until: true,
            },
            Actor::Runner,
        ),
        (
            K::Promote { cluster, host: host("db-b1"), others: vec![host("db-a2")], cut: Duration::ZERO },
            Actor::Runner,
        ),
        (K::Publish { data: data("images"), job: mirror, host: host("web-b1") }, Actor::Runner),
        (K::VerifyData { data: data("orders"), host: host("db-b1") }, Actor::Runner),
        (K::VerifyData { data: data("images"), host: host("web-b1") }, Actor::Person),
        (K::StartMember { pool, service: service("checkout"), host: host("web-b1") }, Actor::Runner),
        (K::TakeOver { vip, to: host("lb-a2") }, Actor::Automatic),
        (K::DropMembers { pool, alive: true }, Actor::Automatic),
        (
            K::SwitchDns {
                dns: dns("shop"),
                to: vec!["10.2.0.100".parse().unwrap(), "fd00::1".parse().unwrap()],
            },
            Actor::Runner,
        ),
        (K::SwitchDns { dns: dns("old"), to: vec!["10.2.0.100".parse().unwrap()] }, Actor::Person),
        (K::VerifyService { service: service("checkout"), unnamed: None }, Actor::Runner),
        (K::VerifyService { service: service("feed"), unnamed: None }, Actor::Runner),
        (K::Repoint { cluster, replica: host("db-a2"), primary: host("db-b1") }, Actor::Runner),
        (K::Release { director: director("backup-a") }, Actor::Runner),
        (K::Announce, Actor::Person),
        (K::Reprotect { data: data("orders"), host: host("db-a1"), from: host("db-b1") }, Actor::Person),
        (K::FailBack { data: data("orders"), from: host("db-b1"), to: host("db-a1") }, Actor::Person),
        (K::Reprotect { data: data("images"), host: host("web-a1"), from: host("web-b1") }, Actor::Person),
        (K::FailBack { data: data("images"), from: host("web-b1"), to: host("web-a1") }, Actor::Person),
    ];
    let stage = |kind: &K| match kind {
        K::Repoint { .. } | K::Release { .. } | K::Announce => Stage::Afterwards,
        K::Reprotect { .. } | K::FailBack { .. } => Stage::Failback,
        _ => Stage::Recover,
    };
    let steps = kinds
        .into_iter()
        .enumerate()
        .map(|(n, (kind, actor))| Step {
            stage: stage(&kind),
            // Every third step waits for the two before, the others for one.
            after: (1..=if n % 3 == 0 { 2 } else { 1 }).filter_map(|d| n.checked_sub(d)).rev().collect(),
            behind: Vec::new(),
            holds: if n % 2 == 0 {
                vec![Resource::Operator, Resource::Host(host("db-a2"))]
            } else {
                Vec::new()
            },
            takes: Interval {
                least: Duration::ZERO,
                most: if n == 7 { Duration::MAX } else { Duration::from_secs(90) },
            },
            response,
            start: Duration::from_secs(60 * n as u64),
            finish: if n == 7 { Duration::MAX } else { Duration::from_secs(60 * n as u64 + 90) },
            surely: Duration::ZERO,
            kind,
            actor,
        })
        .collect();
    let real = c.plans().expect("sound plans");
    let corruption = real.iter().find(|p| p.title.starts_with("corruption")).expect("data can be corrupted");
    Plan {
        scenario: corruption.scenario.clone(),
        title: format!("everything: {HOSTILE}"),
        slug: "everything".into(),
        choices: corruption.choices.clone(),
        steps,
        recovered: vec![(drlang::plan::Subject::Data(data("orders")), 17)],
        lost: vec![(
            drlang::plan::Subject::Service(service("feed")),
            drlang::plan::Reason::MissingInput(HOSTILE.to_owned()),
        )],
        notes: vec![format!("note: {HOSTILE}"), "x".repeat(300), "```\n# a\n| b |\n<!--".to_owned()],
        exposure: Vec::new(),
    }
}

fn built(c: &Compiled, plans: &[Plan]) -> ArtifactTree {
    let templates = Templates::default();
    let input = Input { model: &c.model, ops: &c.ops, plans, templates: &templates };
    let mut problems = Problems::new();
    Plans.supports(input, &mut problems);
    assert!(problems.is_empty(), "{problems:#?}");
    let mut tree = ArtifactTree::new();
    Plans.emit(input, &mut tree).expect("no templates");
    let wrong = Plans.read_back(input, &tree);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    tree
}

fn lay(tree: &ArtifactTree, root: &Path) {
    for (path, artifact) in tree.iter() {
        let file = root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &artifact.bytes).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(artifact.mode)).unwrap();
    }
}

fn all_plans(c: &Compiled) -> Vec<Plan> {
    let mut plans = c.plans().expect("sound plans");
    plans.push(everything(c));
    plans
}

#[test]
fn real_programs_read_every_file() {
    for odd in ["", HOSTILE, &"x".repeat(300), "\r", "''", "-n", "${x", "\\"] {
        let c = compiled(odd);
        let root = tempfile::tempdir().unwrap();
        let plans = if odd.is_empty() { all_plans(&c) } else { vec![everything(&c)] };
        lay(&built(&c, &plans), root.path());
        support::plans::judge(root.path());
    }
}

#[test]
fn the_same_plans_give_the_same_bytes() {
    let bytes = || {
        let c = compiled("");
        built(&c, &all_plans(&c)).iter().map(|(p, a)| (p.to_owned(), a.bytes.clone())).collect::<Vec<_>>()
    };
    assert_eq!(bytes(), bytes());
}

/// A plan of so many steps that only touch a file on a host, with these dependencies.
fn simple(c: &Compiled, after: &[&[usize]]) -> Plan {
    let mut plan = everything(c);
    let web = c.model.hosts.iter().find(|(_, h)| h.name == "web-b1").unwrap().0;
    let (mirror, _) = c.ops.jobs.iter().find(|(_, j)| matches!(j.kind, JobKind::Mirror { .. })).unwrap();
    let images = c.model.data.iter().find(|(_, d)| d.name == "images").unwrap().0;
    let takes = Interval { least: Duration::ZERO, most: Duration::from_secs(90) };
    let step = |after: &&[usize]| Step {
        kind: StepKind::Publish { data: images, job: mirror, host: web },
        actor: Actor::Runner,
        after: after.to_vec(),
        behind: Vec::new(),
        holds: Vec::new(),
        takes,
        response: None,
        start: Duration::ZERO,
        finish: Duration::ZERO,
        surely: Duration::ZERO,
        stage: Stage::Recover,
    };
    plan.steps = after.iter().map(step).collect();
    plan.recovered.clear();
    plan
}

/// Lays a plan out and gives its folder.
fn laid(c: &Compiled, plan: Plan, root: &Path) -> PathBuf {
    let folder = root.join("build/plans").join(plan.slug.as_str());
    lay(&built(c, &[plan]), &root.join("build"));
    folder
}

#[test]
fn a_dry_run_changes_nothing_and_says_every_word() {
    let c = compiled(HOSTILE);
    let world = World::new("exit 98");
    let folder = laid(&c, everything(&c), world.root.path());
    let out = world.run(&folder, &["--dry-run"]);
    assert!(out.status.success(), "{}", said(&out));
    assert!(!world.path("state").exists() && !world.path("calls").exists() && !world.path("asked").exists());
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(text.contains("on db-a2:") && text.contains("a person confirms:"), "{text}");
}

/// A tree that a restore brings, and a world in which every host has its database.
fn filled(world: &World, c: &Compiled) {
    let root = world.path("fs");
    let restored = |path: &str| {
        let below = Path::new(path).strip_prefix(&root).expect("all paths of the spec are below the root");
        world.path("restored").join(below)
    };
    let put = |path: PathBuf, text: &str| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let cluster = c.model.clusters.iter().next().unwrap().1;
    let staging = restored(&cluster.staging.value);
    for backup in ["full", "inc-1", "inc-2"] {
        put(
            staging.join("shop-db-vault-a").join(backup).join("xtrabackup_binlog_info"),
            "bin.000002\t345\t0-1-7\n",
        );
    }
    put(
        staging.join("dump/a.sql"),
        "-- CHANGE MASTER TO MASTER_LOG_FILE='bin.000002', MASTER_LOG_POS=99;\nrows\n",
    );
    for n in 1..=3 {
        put(staging.join(format!("shop-db-vault-a-log/bin.00000{n}")), "log");
    }
    let images = c.model.data.iter().find_map(|(_, d)| match &d.on {
        drlang::model::On::Files { path, .. } => Some(path.value.clone()),
        drlang::model::On::Cluster(_) => None,
    });
    put(restored(&images.unwrap()).join("cat.png"), "cat");
    put(Path::new(cluster.datadir.value.as_str()).join("wrong"), "what was there before");
    put(Path::new(cluster.staging.value.as_str()).join("shop-db-vault-a/full/old"), "an older staging");
    for (host, gtid) in [("db-b1", "0-1-9\n"), ("db-a2", "0-1-8\n"), ("db-a1", "0-1-9\n")] {
        put(world.path(host).join("gtid"), gtid);
        put(world.path(host).join("replica"), "10.1.0.11");
    }
}

/// A transport that runs commands, with stubs for programs.
const REAL: &str = "case $command in /etc/drc/mirrors/*-publish.sh)\n\
    echo \"$host $command\" >>\"$DRC_WORLD/published\"; exit 0 ;; esac\n\
    exec bash -c \"${command//\\/etc\\/bacula\\/scripts\\//}\"";

#[test]
fn running_a_plan_passes_exactly_the_words_of_the_spec() {
    for odd in ["", HOSTILE] {
        let world = World::new(REAL);
        let c = compiled_at(world.path("fs").to_str().unwrap(), odd);
        filled(&world, &c);
        let folder = laid(&c, everything(&c), world.root.path());
        for stage in ["recover", "afterwards", "failback"] {
            let out = world.run(&folder, &["--stage", stage]);
            assert!(out.status.success(), "{}\n{}", said(&out), world.read("state/step-9.log"));
        }
        let calls = world.calls();
        let called = |words: &[&str]| {
            let found = calls.iter().any(|c| c.iter().map(String::as_str).eq(words.iter().copied()));
            assert!(found, "nobody called {words:?} in {calls:#?}");
        };
        let cluster = c.model.clusters.iter().next().unwrap().1;
        let (data, staging) = (cluster.datadir.value.as_str(), cluster.staging.value.as_str());
        let options = format!("--defaults-extra-file={}/etc/drc/db.cnf{odd}", world.path("fs").display());
        called(&["web-b1", "systemctl", "start", "--", &format!("web.service{odd}")]);
        called(&["web-b1", "du", "-s", "--", &format!("{}/srv/images{odd}/", world.path("fs").display())]);
        let sql = |host: &str, statement: &str| {
            called(&[host, "mariadb", &options, "--batch", "--skip-column-names", "-e", statement]);
        };
        sql("db-b1", "STOP SLAVE");
        sql("db-b1", "RESET SLAVE ALL");
        sql("db-b1", "SET GLOBAL read_only = 0");
        sql(
            "db-a2",
            "STOP SLAVE; CHANGE MASTER TO MASTER_HOST='10.2.0.11', MASTER_PORT=3306, MASTER_USE_GTID=slave_pos; START SLAVE",
        );
        sql("db-a1", "SELECT MASTER_GTID_WAIT('0-1-9', 600)");
        let full = format!("--target-dir={staging}/shop-db-vault-a/full");
        let steps: Vec<_> =
            calls.iter().filter(|c| c[1] == "mariadb-backup").map(|c| c[2..].to_vec()).collect();
        let increment = |n: u8| format!("--incremental-dir={staging}/shop-db-vault-a/inc-{n}");
        assert_eq!(
            steps,
            [
                vec!["--prepare".to_owned(), full.clone()],
                vec!["--prepare".to_owned(), full.clone(), increment(1)],
                vec!["--prepare".to_owned(), full.clone(), increment(2)],
                vec!["--copy-back".to_owned(), full, format!("--datadir={data}")],
            ]
        );
        assert!(Path::new(&format!("{data}.before-recovery-1/wrong")).exists(), "what was there is kept");
        assert!(Path::new(&format!("{staging}/shop-db-vault-a.before-recovery-1/full/old")).exists());
        called(&[
            "db-a2",
            "mariadb-binlog",
            "--start-position=99",
            "--stop-datetime=2026-01-09 12:00:00",
            "--",
            "./bin.000002",
            "./bin.000003",
        ]);
        let url = format!("https://shop.example.com/health?{odd}");
        let check = [
            "-",
            "curl",
            "--globoff",
            "--fail",
            "--silent",
            "--show-error",
            "--output",
            "/dev/null",
            "--max-time",
            "10",
        ];
        called(&[&check[..], &["--", &url]].concat());
        called(&[&check[..], &["--connect-to", "::[fd00::1]:", "--", &url]].concat());
        called(&["-", "nsupdate", "-k", &format!("{}/etc/drc/tsig.key{odd}", world.path("fs").display())]);
        assert_eq!(
            world.read("-/nsupdate").lines().collect::<Vec<_>>(),
            [
                "server 10.0.0.53",
                "update delete shop.example.com. A",
                "update delete shop.example.com. AAAA",
                "update add shop.example.com. 60 A 10.2.0.100",
                "update add shop.example.com. 60 AAAA fd00::1",
                "send",
            ]
        );
        called(&["backup-b", "read-volumes", "shop-db-vault-a-vault-b", "shop-db-vault-a-log-vault-b"]);
        assert_eq!(world.read("published"), "web-b1 /etc/drc/mirrors/images-web-b1-publish.sh\n");
        let console = world.read("backup-b/console");
        let restores: Vec<_> = console.lines().filter(|l| l.starts_with("restore")).collect();
        let restore = |jobs: &str, pool: &str| {
            format!(
                "restore jobid={jobs} client=db-a1-fd restoreclient=db-a2-fd restorejob=restore_db-a2 \
                 storage={pool}_restore where=/ replace=always all done yes"
            )
        };
        let pools = ["shop-db-vault-a-vault-b", "shop-db-vault-a-log-vault-b"];
        assert_eq!(restores, [restore("3,4", pools[0]), restore("11,12", pools[1])]);
        let console = world.read("backup-a/console");
        for (_, job) in c.ops.jobs.iter().filter(|(_, j)| j.kind.director().is_some()) {
            for verb in ["disable", "enable"] {
                assert!(
                    console.lines().any(|l| l == format!("{verb} job={}", job.name)),
                    "{verb} {}",
                    job.name
                );
            }
        }
        assert!(
            console.contains("restore jobid=11,12 client=web-a1-fd restoreclient=web-b1-fd"),
            "{console}"
        );
        // All is done: nothing is done twice.
        let before = world.calls().len();
        let again = world.run(&folder, &[]);
        assert!(again.status.code() == Some(2) && world.calls().len() == before, "{}", said(&again));
        assert!(said(&again).contains("this plan ran to its end on 20"), "{}", said(&again));
    }
}

#[test]
fn a_replica_that_is_behind_another_fetches_the_rest_before_it_is_promoted() {
    let world = World::new(REAL);
    let c = compiled_at(world.path("fs").to_str().unwrap(), "");
    filled(&world, &c);
    let mut plan = everything(&c);
    let promote = plan.steps.iter().position(|s| matches!(s.kind, StepKind::Promote { .. })).unwrap();
    plan.steps.drain(..promote);
    plan.steps.truncate(1);
    plan.steps[0].after.clear();
    plan.recovered.clear();
    let folder = laid(&c, plan, world.root.path());
    // What cannot be read is not taken for less.
    fs::write(world.path("db-a2/gtid"), "garbage\n").unwrap();
    assert_eq!(world.run(&folder, &[]).status.code(), Some(1));
    assert!(!world.path("db-b1/writable").exists() && world.path("db-b1/replica").exists());
    fs::write(world.path("db-a2/gtid"), "0-1-10\n").unwrap();
    fs::write(world.path("has-10.1.0.12"), "0-1-10\n").unwrap();
    let out = world.run(&folder, &[]);
    assert!(out.status.success(), "{}{}", said(&out), world.read("state/step-1.log"));
    assert!(world.read("state/step-1.log").contains("db-a2 is further than db-b1"));
    assert_eq!(world.read("db-b1/gtid"), "0-1-10\n");
    assert!(world.path("db-b1/writable").exists());
}

/// A transport that says when each step begins and ends, and fails when it is told to.
const TIMED: &str = "[[ $command == true ]] && exit 0\necho \"begin $DRC_STEP\" >>\"$DRC_WORLD/log\"\n\
    sleep \"$(cat \"$DRC_WORLD/slow-$DRC_STEP\" 2>/dev/null || echo 0.3)\"\n\
    [[ ! -e $DRC_WORLD/fail-$DRC_STEP ]] || exit 3\necho \"end $DRC_STEP\" >>\"$DRC_WORLD/log\"";

fn place(log: &str, line: &str) -> usize {
    log.lines().position(|l| l == line).unwrap_or_else(|| panic!("no {line:?} in {log}"))
}

#[test]
fn steps_run_side_by_side_and_never_before_what_they_wait_for() {
    let c = compiled("");
    let world = World::new(TIMED);
    let after: &[&[usize]] = &[&[], &[], &[0], &[1], &[0, 1], &[2, 3, 4], &[], &[6]];
    let folder = laid(&c, simple(&c, after), world.root.path());
    let out = world.run(&folder, &[]);
    assert!(out.status.success(), "{}", said(&out));
    let log = world.read("log");
    for (n, before) in after.iter().enumerate() {
        for b in *before {
            assert!(
                place(&log, &format!("end {}", b + 1)) < place(&log, &format!("begin {}", n + 1)),
                "{log}"
            );
        }
    }
    for n in [1, 2, 7] {
        assert!(place(&log, &format!("begin {n}")) < 3, "independent steps begin together: {log}");
    }
    // Steps that wait for people or machines keep nobody: times count on all that can begin.
    let world = World::new(TIMED);
    let many = laid(&c, simple(&c, &[&[] as &[usize]; 20]), &world.path("many"));
    for n in 1..20 {
        fs::write(world.path(&format!("slow-{n}")), "6").unwrap();
    }
    let out = world.run(&many, &[]);
    assert!(out.status.success(), "{}", said(&out));
    let log = world.read("log");
    let ends = log.lines().filter(|l| l.starts_with("end")).collect::<Vec<_>>();
    assert_eq!(ends[0], "end 20", "{log}");
    // One at a time when that is wanted.
    let world = World::new(TIMED);
    let out = world.run(&folder, &["--jobs", "1"]);
    assert!(out.status.success(), "{}", said(&out));
    for pair in world.read("log").lines().collect::<Vec<_>>().chunks(2) {
        assert_eq!(pair[0].replace("begin", "end"), pair[1]);
    }
}

#[test]
fn after_a_failure_a_second_start_does_only_what_is_left() {
    let c = compiled("");
    let world = World::new(TIMED);
    let folder = laid(&c, simple(&c, &[&[], &[0], &[1], &[0]]), world.root.path());
    fs::write(world.path("fail-2"), "").unwrap();
    let out = world.run(&folder, &[]);
    assert_eq!(out.status.code(), Some(1), "{}", said(&out));
    let log = world.read("log");
    assert!(log.contains("end 4") && !log.contains("begin 3"), "what does not wait for it goes on: {log}");
    fs::remove_file(world.path("fail-2")).unwrap();
    fs::write(world.path("log"), "").unwrap();
    let out = world.run(&folder, &[]);
    assert!(out.status.success(), "{}", said(&out));
    assert_eq!(world.read("log"), "begin 2\nend 2\nbegin 3\nend 3\n");
    // What is asked for is done again, with what waits for it.
    fs::write(world.path("log"), "").unwrap();
    let out = world.run(&folder, &["--redo", "2"]);
    assert!(out.status.success(), "{}", said(&out));
    assert_eq!(world.read("log"), "begin 2\nend 2\nbegin 3\nend 3\n");
}

#[test]
fn a_killed_run_goes_on_and_repeats_nothing_that_is_done() {
    let c = compiled("");
    for whole_group in [true, false] {
        let world = World::new(TIMED);
        let folder = laid(&c, simple(&c, &[&[], &[0], &[1]]), world.root.path());
        fs::write(world.path("slow-2"), "2").unwrap();
        let mut child = world.start(&folder);
        world.wait_for("log", "begin 2");
        if whole_group {
            let status =
                std::process::Command::new("kill").args(["-9", "--", &format!("-{}", child.id())]).status();
            assert!(status.unwrap().success());
        } else {
            // The step that was at work goes on without its runner.
            child.kill().unwrap();
        }
        child.wait().unwrap();
        // What a crash may leave at the end of the journal.
        let journal = world.path("state/journal");
        if whole_group {
            let mut text = fs::read_to_string(&journal).unwrap();
            text.push_str("2 do");
            fs::write(&journal, text).unwrap();
        }
        let begun = Instant::now();
        let out = world.run(&folder, &[]);
        assert!(out.status.success(), "{}", said(&out));
        assert!(begun.elapsed() < Time::from_secs(20));
        let log = world.read("log");
        let count = |line: &str| log.lines().filter(|l| *l == line).count();
        assert_eq!((count("begin 1"), count("begin 3"), count("end 3")), (1, 1, 1), "{log}");
        assert_eq!(count("begin 2"), if whole_group { 2 } else { 1 }, "{log}");
        assert_eq!(count("end 2"), 1, "{log}");
        let last: Vec<_> = world.journal().into_iter().filter(|(_, s)| s == "done").map(|(n, _)| n).collect();
        assert_eq!(last, [1, 2, 3]);
    }
}

#[test]
fn two_runs_at_a_time_and_foreign_journals_are_refused() {
    let c = compiled("");
    let world = World::new(TIMED);
    let folder = laid(&c, simple(&c, &[&[]]), world.root.path());
    fs::write(world.path("slow-1"), "4").unwrap();
    let mut child = world.start(&folder);
    world.wait_for("log", "begin 1");
    let out = world.run(&folder, &[]);
    assert_eq!(out.status.code(), Some(2), "{}", said(&out));
    assert!(child.wait().unwrap().success());
    let other = laid(&c, simple(&c, &[&[], &[]]), &world.path("other"));
    let out = world.run(&other, &[]);
    assert_eq!(out.status.code(), Some(2), "{}", said(&out));
    assert!(said(&out).contains("another version"), "{}", said(&out));
    let out = world.run(&other, &["--new"]);
    assert!(out.status.success(), "{}", said(&out));
    // An old journal is not gone on with unasked.
    let touched = std::process::Command::new("touch")
        .args(["-d", "2 days ago"])
        .arg(world.path("state/journal"))
        .status();
    assert!(touched.unwrap().success());
    assert_eq!(world.run(&other, &[]).status.code(), Some(2));
    let out = world.run(&other, &["--resume"]);
    assert!(out.status.code() == Some(2) && said(&out).contains("ran to its end"), "{}", said(&out));
}

#[test]
fn people_are_asked_and_a_no_stops_what_waits_for_it() {
    let c = compiled("");
    let world = World::new(TIMED);
    let mut plan = simple(&c, &[&[], &[0]]);
    plan.steps[0].kind = StepKind::Announce;
    plan.steps[0].actor = Actor::Person;
    let folder = laid(&c, plan, world.root.path());
    let unasked = world.runner(&folder, &[]).env_remove("DRC_ANSWER").output().unwrap();
    assert_eq!(unasked.status.code(), Some(2), "without a terminal nobody can confirm: {}", said(&unasked));
    let no = world.path("no");
    fs::write(&no, "#!/bin/sh\necho no\n").unwrap();
    fs::set_permissions(&no, fs::Permissions::from_mode(0o755)).unwrap();
    let out = world.runner(&folder, &[]).env("DRC_ANSWER", &no).output().unwrap();
    assert_eq!(out.status.code(), Some(1), "{}", said(&out));
    assert!(!world.path("log").exists());
    assert!(world.run(&folder, &[]).status.success());
    assert!(world.read("log").contains("end 2"));
}

#[test]
fn a_changed_file_is_noticed_when_it_is_read_back() {
    let c = compiled("");
    let plans = vec![everything(&c)];
    let templates = Templates::default();
    let input = Input { model: &c.model, ops: &c.ops, plans: &plans, templates: &templates };
    let tree = built(&c, &plans);
    let changes = [
        ("plan.json", "\"after\": [\n        1\n      ]", "\"after\": []"),
        ("plan.json", "\"bytes\": 10737418240", "\"bytes\": 1"),
        ("run.sh", "step 3 recover person 2", "step 3 recover person ''"),
        ("run.sh", "step 3 recover person", "step 3 recover runner"),
        ("steps/10-restore-orders.sh", "shop-db-vault-a-vault-b", "shop-db-vault-a-vault-c"),
        ("steps/10-restore-orders.sh", "10.1.0.12", "10.1.0.13"),
        ("steps/10-restore-orders.sh", "restore_db-a2", "restore_db-a1"),
        ("steps/16-promote-db-b1.sh", "db-b1 db-a2", "db-b1"),
        ("steps/23-switch-dns-shop.sh", "60 A 10.2.0.100", "60 A 10.2.0.101"),
        ("steps/06-hold-backup-a-dir.sh", "disable job=images-vault-a'", "disable job=images'"),
        ("steps/20-start-member-web-b1.sh", "begin 20", "begin 20 '"),
        ("steps/lib.sh", "set -euo pipefail", "set -u"),
    ];
    for (path, from, to) in changes {
        let mut changed = ArtifactTree::new();
        let path = format!("plans/everything/{path}");
        for (p, a) in tree.iter() {
            let mut a = a.clone();
            if p == path {
                let text = String::from_utf8(a.bytes).unwrap();
                assert!(text.contains(from), "{path} has no {from:?}:\n{text}");
                a.bytes = text.replacen(from, to, usize::MAX).into_bytes();
            }
            changed.add(p.to_owned(), a);
        }
        let wrong = Plans.read_back(input, &changed);
        assert!(!wrong.is_empty(), "{path}: {from:?} to {to:?} is not noticed");
    }
}

/// The names of what the target refuses in a spec.
fn refused(spec: &str) -> Vec<&'static str> {
    let world = Memory([("main.dr".to_owned(), spec.as_bytes().to_vec())].into());
    let c = compile(&world, "main.dr", &Options::from(1_768_435_200)).unwrap();
    assert!(c.problems.is_empty(), "{:#?}", c.problems);
    let templates = Templates::default();
    let mut problems = Problems::new();
    Plans.supports(Input { model: &c.model, ops: &c.ops, plans: &[], templates: &templates }, &mut problems);
    problems.iter().map(|p| p.entry.name).collect()
}

#[test]
fn the_example_of_each_finding_raises_it() {
    for name in ["bad-domain-name", "nul-in-command"] {
        assert_eq!(refused(drlang::diag::pages::failing_example(name).unwrap()), [name]);
    }
}

#[test]
fn a_terminal_gets_a_table_of_the_same_steps() {
    let c = compiled("");
    let plans = all_plans(&c);
    let templates = Templates::default();
    let input = Input { model: &c.model, ops: &c.ops, plans: &plans, templates: &templates };
    let text = plans::text(input, &plans[plans.len() - 1]);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    assert!(text.contains("Restore orders from vault-b to db-a2") && text.contains("\nfailback\n"), "{text}");
}
