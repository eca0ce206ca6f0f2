//! What a design costs, by hand.

use drlang::base::world::Memory;
use drlang::cost::{expected, outlays, sum};
use drlang::driver::{Compiled, Options, compile};
use drlang::model::Objective;

fn compiled(text: &str) -> Compiled {
    let world = Memory([("main.dr".to_owned(), text.as_bytes().to_vec())].into());
    compile(&world, "main.dr", &Options::from(1_768_435_200)).expect("it is in memory")
}

const SPEC: &str = r#"use std.responses.staffed

tier reports { rpo = 24 h; rto = 40 h; outage-cost = 2000 EUR / h; loss-cost = 0.5 EUR / min }
budget { yearly = 8112 EUR }

site hz-a {
    timezone = "UTC"
    replace  = 12 h
    host files-a {
        address    = 10.1.0.15
        disk       = 4 TiB at 200 MiB/s
        replace    = 3 h
        cost       = 90 EUR / month + 1.5 EUR / TiB / month
        likelihood = 5 % / year
    }
}
site bj {
    timezone = "UTC"
    cost     = 300 EUR / month
    host backup-a { address = 10.1.0.41; nic = 10 Gbit/s }
    store vault-a {
        host     = backup-a
        path     = "/srv/bacula"
        capacity = 10 TiB at 400 MiB/s
        cost     = 8 EUR / TiB / month
    }
}
link wan : hz-a <-> bj {
    bandwidth = 100 Mbit/s
    rtt       = 8 ms
    loss      = 0.001 %
    cost      = 2 EUR / Mbit / month
    share { backup = 80 % }
}

data figures : reports {
    on      = files-a path "/srv/figures"
    size    = 50 GiB
    changed = 2 % / day
    writes  = 100 KiB/s
    files   = independent
    backup vault-a { full = weekly sun 01:30; incremental = every 12 h; keep = 30 days }
}
"#;

/// The host: 12 x (90 + 4 x 1.5) = 1 152 EUR. The site: 12 x 300 = 3 600. The store: 12 x 10 x 8 =
/// 960. The link: 12 x 100 x 2 = 2 400. Together 8 112 EUR, and so much is allowed: no finding.
/// With one euro less allowed there is one.
#[test]
fn outlays_add_up_to_the_cent() {
    let c = compiled(SPEC);
    let found = outlays(&c.model);
    let yearly: Vec<(&str, Option<u64>)> = found.iter().map(|o| (o.what.as_str(), o.yearly)).collect();
    assert_eq!(
        yearly,
        [
            ("site bj", Some(360_000)),
            ("host files-a", Some(115_200)),
            ("store vault-a", Some(96_000)),
            ("link wan", Some(240_000)),
        ]
    );
    assert_eq!(sum(&found), 811_200);
    let over = |c: &Compiled| c.problems.iter().filter(|d| d.entry.name == "over-budget").count();
    assert_eq!(over(&c), 0);
    assert_eq!(over(&compiled(&SPEC.replace("yearly = 8112 EUR", "yearly = 8111 EUR"))), 1);
}

/// Per operator: two of them, 12 x (2 x 4 000 + 500) = 102 000 EUR.
#[test]
fn people_cost_by_the_head() {
    let c = compiled(
        "response people { detect = 1 min; notice = 1 h; declare = 1 min; confirm = 1 min; operators = 2
             cost = 4000 EUR / operator / month + 500 EUR / month }\n",
    );
    assert_eq!(sum(&outlays(&c.model)), 10_200_000);
}

/// A strike on the host costs: work lost, its bound in minutes at 0.50 EUR; an outage, its bound in
/// hours at 2 000 EUR; each rounded up to the cent, and a twentieth of their sum in a year. The
/// other scenarios state no likelihood: they are named, and not counted.
#[test]
fn expected_losses_are_likelihood_times_the_bounds() {
    let c = compiled(SPEC);
    let losses = expected(&c.model, &c.verdicts);
    let [host] = losses.list.as_slice() else { panic!("{:?}", losses.list) };
    assert_eq!((host.scenario.as_str(), host.likelihood.0), ("host files-a", 50_000_000));
    let bound = |objective| {
        let v = c.verdicts.list.iter().find(|v| {
            v.objective == objective
                && c.verdicts.scenarios[v.scenario as usize].name(&c.model) == "host files-a"
        });
        u128::from(v.and_then(|v| v.predicted).expect("a bound").0)
    };
    let lost = (bound(Objective::Rpo) * 50).div_ceil(60_000_000_000);
    let away = (bound(Objective::Rto) * 200_000).div_ceil(3_600_000_000_000);
    // 12 h and a run: over 720 min, so over 360 EUR; detect, decide, 3 h: over 6 000 EUR.
    assert!(lost > 36_000 && away > 600_000);
    assert_eq!(host.strike.map(u128::from), Some(lost + away));
    assert_eq!(host.yearly.map(u128::from), Some(((lost + away) * 5).div_ceil(100)));
    assert_eq!(losses.sum(), host.yearly);
    assert_eq!(losses.not_counted, ["site hz-a", "site hz-a isolated", "corruption of figures", "hostile"]);
}

/// What has no bound makes the sum one without bound: it is not left out.
#[test]
fn a_loss_without_bound_is_said() {
    let text = SPEC.replace("    replace  = 12 h\n", "    replace  = 12 h\n    likelihood = 0.01 / year\n");
    let text = text.replace("        replace    = 3 h\n", "");
    let text = text.replace("    replace  = 12 h\n", "");
    let losses = expected(&compiled(&text).model, &compiled(&text).verdicts);
    assert!(losses.list.iter().any(|e| e.scenario == "site hz-a" && e.yearly.is_none()), "{losses:?}");
    assert_eq!(losses.sum(), None);
}

/// The outage of a service counts, and that of the data that it needs does not count once more.
#[test]
fn an_outage_counts_once() {
    let pool = r#"
pool web { members = [files-a]; needs = 1; port = 80 }
service site-a : reports { runs-on = web; needs = [figures]; start = 10 s }
"#;
    let c = compiled(&format!("{SPEC}{pool}"));
    let losses = expected(&c.model, &c.verdicts);
    let host = losses.list.iter().find(|e| e.scenario == "host files-a").expect("it is likely");
    let outages: Vec<&str> =
        host.parts.iter().filter(|p| p.objective == Objective::Rto).map(|p| p.subject.as_str()).collect();
    assert_eq!(outages, ["site-a"]);
}

/// Money decides no verdict.
#[test]
fn verdicts_do_not_rest_on_money() {
    let plain = SPEC
        .lines()
        .filter(|l| !["cost ", "cost=", "budget", "likelihood"].iter().any(|w| l.trim_start().starts_with(w)))
        .map(|l| l.replace("; outage-cost = 2000 EUR / h; loss-cost = 0.5 EUR / min", ""))
        .collect::<Vec<_>>()
        .join("\n");
    assert!(!plain.contains("EUR") && !plain.contains("likelihood"));
    let of = |text: &str| {
        let c = compiled(text);
        c.verdicts.list.iter().map(|v| (v.scenario, v.objective, v.status, v.predicted)).collect::<Vec<_>>()
    };
    assert_eq!(of(SPEC), of(&plain));
}

#[test]
fn what_is_no_cost_is_refused() {
    for (cost, name) in [
        ("300 EUR", "wrong-type"),
        ("300 EUR / week", "wrong-type"),
        ("300 / month", "wrong-type"),
        ("300 EUR / month + 3 USD / month", "wrong-type"),
    ] {
        let c = compiled(&format!("site a {{ timezone = \"UTC\"; cost = {cost} }}\n"));
        let names: Vec<&str> = c.problems.iter().map(|d| d.entry.name).collect();
        assert_eq!(names, [name], "{cost}");
    }
    for likelihood in ["1.2 / year", "120 % / year"] {
        let c = compiled(&format!("site a {{ timezone = \"UTC\"; likelihood = {likelihood} }}\n"));
        let names: Vec<&str> = c.problems.iter().map(|d| d.entry.name).collect();
        assert_eq!(names, ["out-of-range"], "{likelihood}");
    }
    let c = compiled("site a { timezone = \"UTC\"; likelihood = 0.1 / month }\n");
    assert_eq!(c.problems.iter().map(|d| d.entry.name).collect::<Vec<_>>(), ["wrong-type"]);
}
