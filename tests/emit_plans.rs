//! Plans as files: what they say, that real programs read them, and that running them does exactly
//! what they say, whatever the names and whatever breaks.

mod support {
    pub mod plans;
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
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

/// Texts that a spec may hold and that break careless scripts. Paths may not hold empty parts.
const HOSTILE: &str = "it's \"$HOME\" `id` $(id) \\ %s {{x}} @file é ’ \u{1F4BE} *?[a] #x; & | <y> ~ ! \nnew line\ttab";

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
fn spec(odd: &str) -> String {
    let path = |start: &str| string(&format!("{start}{odd}"));
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
        host web-b1 {{ address = fd00::21 }}
        host lb-b1 {{ address = 10.2.0.31 }}
        host backup-b {{ address = 10.2.0.41 }}
        store vault-b {{ host = backup-b; path = "/srv/bacula"; capacity = 40 TiB at 300 MiB/s }}
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
        datadir = path("/var/lib/mysql"),
        logdir = path("/var/log/mysql"),
        staging = path("/var/lib/staging"),
        options = path("/etc/drc/db.cnf"),
        images = path("/srv/images"),
        unit = path("web.service"),
        key = path("/etc/drc/tsig.key"),
        url = string(&format!("https://shop.example.com/health?{odd}")),
    )
}

fn compiled(odd: &str) -> Compiled {
    let world = Memory([("main.dr".to_owned(), spec(odd).into_bytes())].into());
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
            K::Scan { director: director("backup-b"), store: store("vault-b"), jobs: vec![copied, logs], bytes: gib },
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
                until: true,
            },
            Actor::Runner,
        ),
        (K::Promote { cluster, host: host("db-b1"), others: vec![host("db-a2")] }, Actor::Runner),
        (K::Publish { data: data("images"), job: mirror, host: host("web-b1") }, Actor::Runner),
        (K::VerifyData { data: data("orders"), host: host("db-b1") }, Actor::Runner),
        (K::VerifyData { data: data("images"), host: host("web-b1") }, Actor::Person),
        (K::StartMember { pool, service: service("checkout"), host: host("web-b1") }, Actor::Runner),
        (K::TakeOver { vip, to: host("lb-a2") }, Actor::Automatic),
        (K::DropMembers { pool }, Actor::Automatic),
        (K::SwitchDns { dns: dns("shop"), to: vec!["10.2.0.100".parse().unwrap(), "fd00::1".parse().unwrap()] }, Actor::Runner),
        (K::SwitchDns { dns: dns("old"), to: vec!["10.2.0.100".parse().unwrap()] }, Actor::Person),
        (K::VerifyService { service: service("checkout") }, Actor::Runner),
        (K::VerifyService { service: service("feed") }, Actor::Runner),
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
            holds: if n % 2 == 0 { vec![Resource::Operator, Resource::Host(host("db-a2"))] } else { Vec::new() },
            takes: Interval { least: Duration::ZERO, most: if n == 7 { Duration::MAX } else { Duration::from_secs(90) } },
            response,
            start: Duration::from_secs(60 * n as u64),
            finish: if n == 7 { Duration::MAX } else { Duration::from_secs(60 * n as u64 + 90) },
            surely: Duration::ZERO,
            kind,
            actor,
        })
        .collect();
    let real = c.plans();
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
    let mut plans = c.plans();
    plans.push(everything(c));
    plans
}

#[test]
fn real_programs_read_every_file() {
    for odd in ["", HOSTILE, &"x".repeat(300), "\r", "''", "-n", "${x", "\\"] {
        let c = compiled(odd);
        let root = tempfile::tempdir().unwrap();
        lay(&built(&c, &all_plans(&c)), root.path());
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
