//! Services that come back: their servers, what those must reach, and the names that lead there. Each sum
//! is done by hand.

#[path = "support/by_hand.rs"]
mod by_hand;

use by_hand::{PEOPLE, SITES, link, promised, raw, status, verdict};
use drlang::driver::Compiled;
use drlang::emit::artifact::ArtifactTree;
use drlang::emit::target::{Input, Target as _};
use drlang::emit::targets::plans::Plans;
use drlang::emit::template::Templates;
use drlang::judge::Status;
use drlang::plan::times::times;
use drlang::plan::{Plan, StepKind};
use drlang::quantity::Duration;

/// What a verdict rests on that nobody stated.
fn assumed(c: &Compiled, under: &str) -> Vec<&'static str> {
    let plan = plan(c, under);
    let terms = plan.steps.iter().flat_map(|s| times(&c.model, &c.ops, &c.facts, &s.kind, s.response).terms);
    terms.filter_map(|t| t.origin.assumed.map(|a| a.text)).collect()
}

#[track_caller]
fn plan(c: &Compiled, under: &str) -> Plan {
    let plans = c.plans().expect("plans that are fit");
    plans.into_iter().find(|p| p.title == under).expect("a plan")
}

/// All files of the plans.
fn written(c: &Compiled, plan: Plan) -> String {
    let (plans, templates) = ([plan], Templates::default());
    let input = Input { model: &c.model, ops: &c.ops, plans: &plans, templates: &templates };
    let mut tree = ArtifactTree::new();
    Plans.emit(input, &mut tree).expect("no templates");
    tree.iter().map(|(_, a)| String::from_utf8_lossy(&a.bytes).into_owned()).collect()
}

#[test]
fn each_service_of_a_server_takes_its_own_time_to_start() {
    // Decided after 15 min; one starts within a minute, the other within 5 h, and their unit, which both
    // are, may answer when the last does; a check takes 10 s.
    let spec = "site c { timezone = \"UTC\"
            host w1 { address = 10.0.2.1 }
            host w2 { address = 10.0.2.2 } }
        pool web { members = [w1]; standby = [w2]; port = 80 }
        service quick : t { runs-on = web; start = 1 min; check = http(\"http://x/\", within = 10 s); response = duty }
        service heavy : t { runs-on = web; start = 5 h; check = http(\"http://y/\", within = 10 s); response = duty }";
    let c = promised("rto = 1 h", spec);
    let (quick, heavy) = (verdict(&c, "quick.rto", "host w1"), verdict(&c, "heavy.rto", "host w1"));
    assert_eq!((quick.status, heavy.status), (Status::Unknown, Status::Refuted));
    let minutes = |d: Option<Duration>| d.expect("a bound").secs_up() / 60;
    assert_eq!((minutes(quick.predicted), minutes(heavy.predicted)), (315, 315));
}

#[test]
fn servers_must_reach_the_services_that_they_need() {
    // `shop` in `a` or `c`, `auth` in `b`: without a link from `c` to `b` a server in `c` is of no use,
    // and none in `a` when the link to `b` is cut.
    let of = |more: &str| {
        let spec = link("ab", "1 Gbit/s", "")
            + &format!(
                "site c {{ timezone = \"UTC\"
                    host w3 {{ address = 10.0.2.1 }}
                    host l3 {{ address = 10.0.2.3 }} }}
                 link ac : a <-> c {{ bandwidth = 1 Gbit/s; rtt = 1 ms }}
                 {more}
                 pool web {{ members = [db]; standby = [w3]; port = 80 }}
                 pool back {{ members = [dbb]; port = 80 }}
                 vip front {{ address = 10.0.0.100/24; on = [db2]; serves = web }}
                 vip front-c {{ address = 10.0.2.100/24; on = [l3]; serves = web }}
                 vip rear {{ address = 10.0.1.100/24; on = [bkb]; serves = back }}
                 dns www {{ name = \"www.example.com\"; ttl = 60 s; points = [front]; failover = [front-c]; server = 9.9.9.9; key = file(\"/k\") }}
                 service auth {{ runs-on = back; start = 1 min; check = http(\"http://x/\", within = 10 s); response = duty }}
                 service shop : t {{ runs-on = web; needs = [auth]; start = 1 min; reached = [www]; check = http(\"http://y/\", within = 10 s); response = duty }}"
            );
        let c =
            raw(&format!("{PEOPLE} tier t {{ rto = 30 min }} {} {spec}", SITES.replace("replace = 2 h", "")));
        (status(&c, "shop.rto", "site a"), status(&c, "shop.rto", "link ab"))
    };
    // Whether people could serve `auth` from elsewhere is not tried: nothing is claimed.
    assert_eq!(of(""), (Status::Unknown, Status::Unknown));
    let joined = "link bc : b <-> c { bandwidth = 1 Gbit/s; rtt = 1 ms }";
    assert_eq!(of(joined), (Status::Proved, Status::Proved));
}

#[test]
fn a_server_that_lost_its_data_is_dropped_only_if_its_check_asks_for_it() {
    let text = "a balancer's check fails on a server that does not reach what it works with";
    let spec = link("ab", "1 Gbit/s", "")
        + "data o : t { on = db path \"/o\"; size = 1 GiB; writes = 1 KiB/s; files = independent; response = duty
             backup sb { full = daily 01:00; keep = 30 days } }
           pool web { members = [db2, dbb]; port = 80; needs = 1 }
           vip front { address = 10.0.0.100/24; on = [bka]; serves = web }
           service shop : t { runs-on = web; needs = [o]; start = 1 min; check = http(\"http://y/\", within = 10 s); response = duty }";
    let c = promised("rpo = 30 h; rto = 9 h", &spec);
    // One is dead in one case, and in the other it lives and reaches nothing.
    assert_eq!(status(&c, "shop.rto", "host dbb"), Status::Proved);
    assert!(!assumed(&c, "host dbb").contains(&text));
    assert_eq!(status(&c, "shop.rto", "link ab"), Status::Proved);
    assert!(assumed(&c, "link ab").contains(&text));
}

#[test]
fn a_name_whose_server_is_gone_rests_on_others() {
    let text = "other name servers go on to answer while the one that takes updates is gone";
    let of = |server: &str| {
        let spec = format!(
            "pool web {{ members = [db2]; port = 80 }}
             vip front {{ address = 10.0.0.100/24; on = [bka]; serves = web }}
             dns www {{ name = \"www.example.com\"; ttl = 60 s; points = [front]; server = {server}; key = file(\"/k\") }}
             service shop : t {{ runs-on = web; start = 1 min; reached = [www]; check = http(\"http://y/\", within = 10 s); response = duty }}
             scenario both {{ lose = [host ns, host db2] }}"
        );
        let sites =
            SITES.replacen("host db2", "host ns { address = 10.0.0.53; replace = 1 h }\n host db2", 1);
        raw(&format!("{PEOPLE} tier t {{ rto = 9 h }} {sites} {spec}"))
    };
    let c = of("10.0.0.53");
    assert_eq!(status(&c, "shop.rto", "both"), Status::Proved);
    assert!(assumed(&c, "both").contains(&text));
    assert!(!assumed(&of("9.9.9.9"), "both").contains(&text));
    // Alone it takes nothing from anybody.
    assert!(plan(&c, "host ns").steps.is_empty());
}

#[test]
fn what_is_not_brought_back_is_not_stopped() {
    // A tree of files on the host of a database: whoever restores the tree leaves the database alone,
    // since no step starts it again.
    let spec = link("ab", "1 Gbit/s", "share { backup = 50 % }")
        + "cluster c : maria { primary = db }
           data d : t { on = c; size = 1 GiB; writes = 1 KiB/s; response = duty
             backup sb { full = daily 01:00; keep = 30 days } }
           data e : t { on = db path \"/e\"; size = 1 GiB; writes = 1 KiB/s; files = independent; response = duty
             backup sb { full = daily 03:00; keep = 30 days } }";
    let c = promised("rpo = 30 h; rto = 30 h", &spec);
    for (under, back) in [("corruption e", false), ("corruption c", true)] {
        let plan = plan(&c, under);
        assert!(plan.lost.is_empty(), "{under}: {:?}", plan.lost);
        let starts = plan.steps.iter().any(|s| matches!(s.kind, StepKind::StartDatabase { .. }));
        let files = written(&c, plan);
        assert_eq!((starts, files.contains("systemctl stop mariadb")), (back, back), "{under}");
        assert!(files.contains("what else is on it goes on"), "{under}");
    }
}
