//! Specs that are summed up by hand: people, two sites, and what is claimed of them.

use drlang::base::world::Memory;
use drlang::driver::{Compiled, Options, compile};
use drlang::judge::{Status, Verdict};
use drlang::model::Objective;
use drlang::plan::Subject;

/// 2026-01-15, midnight UTC.
const AS_OF: i64 = 1_768_435_200;

/// People: 15 min at most from a loss to the decision, 4 min a step by hand.
pub const PEOPLE: &str = "
    response duty { detect = 5 min; notice = 6 h; declare = 10 min; confirm = 4 min; operators = 4 }
    engine maria { family = mariadb; port = 3306; amplification = 1; apply = 40 MiB/s; replay = 30 MiB/s
        prepare = 200 MiB/s; load = 20 MiB/s; start = 60 s; promote = 10 s; acknowledgements = 1; fallback = 10 s
        largest-transaction = 4 MiB; physical = true; logs = true }
";

/// Two sites; cards of 1 Gbit/s, 125 MB/s, as assumed where nothing is stated.
pub const SITES: &str = "
    site a { timezone = \"UTC\"; replace = 2 h
        host db  { address = 10.0.0.1; disk = 4 TiB at 900 MiB/s }
        host db2 { address = 10.0.0.2; disk = 4 TiB at 900 MiB/s }
        host bka { address = 10.0.0.3; disk = 4 TiB at 900 MiB/s }
        store sa { host = bka; path = \"/srv/1\"; capacity = 200 TiB at 900 MiB/s } }
    site b { timezone = \"UTC\"; replace = 2 h
        host dbb { address = 10.0.1.1; disk = 4 TiB at 900 MiB/s }
        host bkb { address = 10.0.1.2 }
        store sb { host = bkb; path = \"/srv/1\"; capacity = 200 TiB at 900 MiB/s } }
";

pub fn link(name: &str, bandwidth: &str, rest: &str) -> String {
    format!(
        "link {name} : a <-> b {{ bandwidth = {bandwidth}; rtt = 1 ms; loss = 0 %; window = 8 MiB; {rest} }}\n"
    )
}

/// The two sites with more, under a tier `t` of these promises.
pub fn promised(promises: &str, rest: &str) -> Compiled {
    raw(&format!("{PEOPLE} tier t {{ {promises} }} {SITES} {rest}"))
}

pub fn raw(text: &str) -> Compiled {
    let world = Memory([("main.dr".to_owned(), text.as_bytes().to_vec())].into());
    compile(&world, "main.dr", &Options::from(AS_OF)).expect("it is in memory")
}

/// The verdict on an objective such as `o.rpo` under a scenario.
#[track_caller]
pub fn verdict<'a>(compiled: &'a Compiled, objective: &str, under: &str) -> &'a Verdict {
    let (name, kind) = objective.rsplit_once('.').expect("a dot");
    let kind = if kind == "rpo" { Objective::Rpo } else { Objective::Rto };
    let subject = |v: &Verdict| match v.subject {
        Subject::Data(d) => compiled.model.data[d].name.clone(),
        Subject::Service(s) => compiled.model.services[s].name.clone(),
    };
    let scenario = |v: &Verdict| compiled.verdicts.scenarios[v.scenario as usize].name(&compiled.model);
    let found = compiled.verdicts.list.iter();
    let mut found = found.filter(|v| v.objective == kind && subject(v) == name && scenario(v) == under);
    found.next().unwrap_or_else(|| {
        let told: Vec<&str> = compiled.problems.iter().map(|p| p.message.as_str()).collect();
        panic!("no verdict on {objective} under {under}: {told:?}")
    })
}

#[track_caller]
pub fn status(compiled: &Compiled, objective: &str, under: &str) -> Status {
    verdict(compiled, objective, under).status
}
