//! How far inputs can move, and what mends what fails: each answer held against the compiler run
//! over the changed text.

use drlang::answers::slack::{self, Limit, slack};
use drlang::answers::suggest::{self, Fix, suggest};
use drlang::answers::{Edit, Key, State, Trials, Who, edited};
use drlang::base::world::{Memory, ReadError, World};
use drlang::diag::Diagnostic;
use drlang::driver::{Compiled, Options, compile};
use drlang::judge::Status;
use drlang::model::Objective;
use drlang::resolve::module_source;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// 2026-01-15, midnight UTC.
const AS_OF: i64 = 1_768_435_200;

fn options() -> Options {
    Options::from(AS_OF)
}

fn example(name: &str) -> String {
    let path = format!("{}/examples/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("an example")
}

/// A spec, and modules of the standard library in place of ours.
#[derive(Debug)]
struct Changed {
    main: String,
    library: BTreeMap<String, String>,
}

impl World for Changed {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        if path == "main.dr" { Ok(self.main.clone().into_bytes()) } else { Err(ReadError::NotFound) }
    }

    fn library(&self, name: &str) -> Option<String> {
        self.library.get(name).cloned()
    }
}

/// The spec with edits made by hand, outside of what is tested.
fn changed(text: &str, edits: &[Edit]) -> Changed {
    let mut world = Changed { main: text.to_owned(), library: BTreeMap::new() };
    world.main = edited(text, edits.iter().filter(|e| !e.library));
    for e in edits.iter().filter(|e| e.library) {
        let module = module_source(&e.file).expect("a module of ours");
        world.library.insert(e.file.clone(), edited(module, edits.iter().filter(|o| o.file == e.file)));
    }
    world
}

fn compiled(world: &dyn World) -> Compiled {
    compile(world, "main.dr", &options()).expect("it is in memory")
}

fn state(world: &dyn World) -> State {
    let c = compiled(world);
    State::of(&c, c.problems.iter())
}

fn with_trials<T>(text: &str, most: usize, ask: impl FnOnce(&Trials<'_>) -> T) -> T {
    let world = Memory([("main.dr".to_owned(), text.as_bytes().to_vec())].into());
    let c = compiled(&world);
    let findings: Vec<Diagnostic> = c.problems.iter().cloned().collect();
    let options = options();
    ask(&Trials::new(&world, "main.dr", &options, &c, findings.iter(), most))
}

fn headroom(text: &str, only: Option<&str>, limit: usize) -> slack::Answer {
    with_trials(text, 20_000, |t| slack(t, &slack::Wanted { only: only.map(key), limit }))
}

fn mended(text: &str, most: usize) -> suggest::Answer {
    let wanted = suggest::Wanted { only: None, limit: 10, combine: true, first: false };
    with_trials(text, most, |t| suggest(t, &wanted))
}

fn key(name: &str) -> Key {
    let (subject, objective) = name.rsplit_once('.').expect("a dot");
    let objective = if objective == "rpo" { Objective::Rpo } else { Objective::Rto };
    Key { subject: subject.into(), objective }
}

fn limit<'a>(answer: &'a slack::Answer, input: &str) -> &'a Limit {
    let all = || answer.slacks.iter().flat_map(|s| &s.limits);
    let found = all().find(|l| l.input.starts_with(input));
    found.unwrap_or_else(|| panic!("{input}: {:#?}", all().map(|l| &l.input).collect::<Vec<_>>()))
}

/// A database in one site with its backups in another: nothing else uses the link.
fn lone_log(interval: &str) -> String {
    format!(
        r#"use std.engines.mariadb
use std.responses.staffed
tier sales {{ host {{ rpo = 20 min }} }}
site a {{
    timezone = "UTC"
    host db {{ address = 10.1.0.1; disk = 200 MiB/s; replace = 1 h..2 h }}
}}
site b {{
    timezone = "UTC"
    host keeper {{ address = 10.2.0.1 }}
    store shelf {{ host = keeper; path = "/srv/bacula"; capacity = 400 MiB/s }}
}}
link line : a <-> b {{
    bandwidth = 1 Gbit/s
    rtt       = 2 ms
    loss      = 0.0001 %
    share {{ backup = 90 % }}
}}
cluster shop : mariadb {{ primary = db }}
data orders : sales {{
    on     = shop
    size   = 10 GiB
    writes = 100 KiB/s
    backup shelf {{
        full = weekly sun 01:30
        log  = {interval}
        keep = 30 days
    }}
}}
"#
    )
}

/// What is lost is one interval and the run at its end, which takes some seconds. Of the intervals
/// that a clock comes out even with, 15 min and a run fit into 20 min; 20 min and a run do not.
#[test]
fn a_log_can_be_stretched_to_the_longest_interval_that_fits() {
    let answer = headroom(&lone_log("every 5 min"), Some("orders.rpo"), 1);
    let log = limit(&answer, "`log` of `backup shelf`");
    assert_eq!((log.keeps.0.as_str(), log.turns.0.as_str()), ("every 15 min", "every 20 min"));
    assert!((log.times - 4.0).abs() < 1e-9, "20 min are four times 5 min");
    assert_eq!(log.under, "host db");
    assert_eq!((log.who, log.assumed), (Who::Choice, false));
}

/// `examples/broken/rto-not-met.dr` with 5 h allowed: what `why` adds up is P, of which the new
/// machine is 4 h. It may come later by what is left of 5 h, and not by a thousandth more.
#[test]
fn a_machine_may_come_later_by_what_is_left() {
    let text = example("broken/rto-not-met.dr").replace("rto = 4 h", "rto = 5 h");
    let answer = headroom(&text, Some("figures.rto"), 1);
    let slack = &answer.slacks[0];
    let left = slack.allowed.0 - slack.predicted.expect("a bound").0;
    let most = (4.0 * 3600e9 + left as f64) / (4.0 * 3600e9);
    let replace = limit(&answer, "`replace` of `host files-a`");
    assert!(replace.times > most && replace.times < most * 1.001, "{} is not {most}", replace.times);
    // Detect 5 min, declare 10 min, 4 h, one minute to verify, and the restore: under 30 min.
    assert!((25.0 * 60e9..35.0 * 60e9).contains(&(left as f64)), "{left}");
}

/// A default of ours is moved too, by writing it down: it says that nobody stated it.
#[test]
fn what_nobody_stated_has_slack_too() {
    let text = lone_log("every 5 min").replace("rpo = 20 min", "rpo = 20 min; rto = 12 h");
    let answer = headroom(&text, Some("orders.rto"), 1);
    let nic = limit(&answer, "`nic` of `host db`");
    assert!(nic.assumed && nic.times < 1.0);
    assert_eq!(nic.stated, "1 Gbit/s");
}

/// Every limit keeps its verdict where it says so and turns it a hair farther.
fn holds_and_turns(text: &str, answer: &slack::Answer) -> usize {
    let mut seen = 0;
    for slack in &answer.slacks {
        for l in &slack.limits {
            let met = |e: &Edit| state(&changed(text, std::slice::from_ref(e))).met(&slack.objective);
            let of = format!("{} by {}", slack.objective, l.input);
            assert!(met(&l.keeps.1), "{of}: {} does not keep it", l.keeps.0);
            assert!(!met(&l.turns.1), "{of}: {} does not turn it", l.turns.0);
            assert_eq!(l.times > 1.0, l.times.ln() > 0.0);
            seen += 1;
        }
    }
    seen
}

#[test]
fn a_hair_farther_turns_the_verdict() {
    for (text, only, limit, least) in [
        (example("small-office/main.dr"), None, 20, 4),
        (lone_log("every 5 min"), Some("orders.rpo"), 1, 4),
        (example("shop/main.dr"), None, 2, 2),
    ] {
        let answer = headroom(&text, only, limit);
        assert!(holds_and_turns(&text, &answer) >= least);
    }
}

/// The nearest input is no farther than any other that turns the same objective, where a verdict
/// turns once along the way: where it turns back, which the answer says, either turn may be found.
#[test]
fn the_nearest_input_is_the_nearest_of_all() {
    let text = example("small-office/main.dr");
    let nearest = headroom(&text, None, 20);
    let mut compared = 0;
    for s in nearest.slacks.iter().filter(|s| s.proved) {
        let all = headroom(&text, Some(&s.objective.to_string()), 1);
        let distance = |l: &Limit| l.times.ln().abs();
        if all
            .reversals
            .iter()
            .chain(&nearest.reversals)
            .any(|r| r.turns.iter().any(|t| t.contains(&s.objective.to_string())))
        {
            continue;
        }
        compared += 1;
        let first = all.slacks[0].limits.first().map(distance);
        let said = s.limits.first().map(distance);
        match (first, said) {
            (Some(a), Some(b)) => assert!((a - b).abs() < 0.003, "{}: {a} and {b}", s.objective),
            (a, b) => assert_eq!(a, b, "{}", s.objective),
        }
    }
    assert!(compared > 0);
}

/// The fix, applied to the text by hand: what it says it meets is met, and nothing is worse.
fn really_mends(text: &str, fix: &Fix, objective: &Key, under: Option<&[drlang::base::EcoString]>) {
    let edits: Vec<Edit> = fix.changes.iter().map(|c| c.edit.clone()).collect();
    assert!(edits.iter().all(|e| !e.library), "only the user's own text is changed: {edits:?}");
    let world = changed(text, &edits);
    let before = state(&changed(text, &[]));
    let after = state(&world);
    let what = fix.changes.iter().map(|c| c.line.as_str()).collect::<Vec<_>>().join(" and ");
    assert!(!after.is_broken(&before), "{objective}: {what}:\n{}", world.main);
    assert_eq!(after.harm(&before), Vec::<String>::new(), "{objective}: {what}");
    match under {
        None => assert!(fix.meets.contains(objective) && fix.meets.iter().all(|k| after.met(k)), "{what}"),
        Some(under) => under.iter().for_each(|s| {
            let claim = after.claims[objective].get(s);
            assert!(claim.is_none_or(|c| c.status == Status::Proved), "{objective} under {s}: {what}");
        }),
    }
    for c in &fix.changes {
        let squeezed = world.main.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(c.own_response || squeezed.contains(&c.line), "`{}` stands in the text", c.line);
    }
}

fn all_mend(text: &str, answer: &suggest::Answer) -> usize {
    let mut seen = 0;
    for s in &answer.suggestions {
        for fix in s.single.iter().chain(&s.combined) {
            really_mends(text, fix, &s.objective, None);
            seen += 1;
        }
        for p in &s.partly {
            really_mends(text, &p.fix, &s.objective, Some(&p.under));
        }
    }
    seen
}

/// Hourly logs lose an hour and a run; 5 min are asked. With 4 min and a run of some seconds it is
/// met, with 5 min and the same run it is not.
#[test]
fn the_textbook_is_mended_by_a_log_every_four_minutes() {
    let text = example("textbook-schedule/main.dr");
    let answer = mended(&text, 4_000);
    let orders = answer.suggestions.iter().find(|s| s.objective == key("orders.rpo")).expect("it fails");
    assert_eq!(orders.single[0].changes[0].line, "log = every 4 min");
    assert!(all_mend(&text, &answer) >= 3);
}

#[test]
fn what_is_suggested_for_the_broken_examples_mends_them() {
    for (name, objective, line) in [
        ("rpo-not-met", "figures.rpo", "incremental = every 12 h"),
        ("rto-not-met", "figures.rto", "replace = 1 h.."),
        ("rto-unproved", "figures.rto", "replace = "),
    ] {
        let text = example(&format!("broken/{name}.dr"));
        let answer = mended(&text, 2_000);
        let s = answer.suggestions.iter().find(|s| s.objective == key(objective)).expect("it fails");
        assert!(s.single[0].changes[0].line.starts_with(line), "{}", s.single[0].changes[0].line);
        assert!(all_mend(&text, &answer) >= 1, "{name}");
    }
}

/// Nobody can say for the user how much is written: nothing is offered, and that is said.
#[test]
fn what_nothing_mends_gets_no_suggestion() {
    let answer = mended(&example("broken/rpo-unproved.dr"), 2_000);
    let s = &answer.suggestions[0];
    assert!(s.single.is_empty() && s.combined.is_empty() && s.partly.is_empty());
    assert!(s.moved > 5 && s.not_moved == 0);
}

/// The shop with one input spoiled: what is offered for it brings every verdict back.
#[test]
fn mutants_of_the_shop_are_mended() {
    let shop = example("shop/main.dr");
    for (from, to, objective) in [
        ("log         = every 5 min", "log         = every 2 h", "orders.rpo"),
        ("mirror files-c { at = every 30 min", "mirror files-c { at = every 2 h", "images.rpo"),
        ("immutable   = 45 days", "immutable   = 2 days", "orders.rpo"),
    ] {
        assert!(shop.contains(from), "{from}");
        let text = shop.replace(from, to);
        let wanted = suggest::Wanted { only: Some(key(objective)), limit: 1, combine: false, first: true };
        let answer = with_trials(&text, 600, |t| suggest(t, &wanted));
        assert!(all_mend(&text, &answer) >= 1, "{to}");
    }
}

/// People's time of a library's response is changed in a response of the user's own.
#[test]
fn people_get_a_response_of_their_own() {
    let text = example("broken/rto-not-met.dr").replace("rto = 4 h", "rto = 4 h 30 min");
    // There is no such spelling of a time: the tier is written in minutes.
    let text = text.replace("4 h 30 min", "265 min");
    let answer = mended(&text, 2_000);
    let people: Vec<&Fix> =
        answer.suggestions[0].single.iter().filter(|f| f.changes[0].who == Who::People).collect();
    let declare = people.iter().find(|f| f.changes[0].line.starts_with("declare = ")).expect("people decide");
    let after = changed(&text, &[declare.changes[0].edit.clone()]);
    assert!(after.main.contains("response staffed {") && !after.main.contains("use std.responses.staffed"));
    all_mend(&text, &answer);
}

/// Both machines and the site are asked to come sooner: neither alone is enough.
#[test]
fn two_changes_mend_what_one_does_not() {
    let text = r#"use std.responses.staffed
tier reports { rto = 4 h; corruption { rto = 24 h }; hostile { rto = 90 days } }
region r { site hz-a {
    timezone = "UTC"; replace = 6 h
    host files-a { address = 10.1.0.15; replace = 8 h }
} }
region v { site bj {
    timezone = "UTC"
    credentials-free = 1
    host backup-a { address = 10.1.0.41; replace = 1 h }
    store vault-a { host = backup-a; path = "/srv/bacula" }
} }
"#
    .replace("    credentials-free = 1\n", "")
        + r#"link line : hz-a <-> bj { bandwidth = 1 Gbit/s; rtt = 2 ms; loss = 0.0001 %; share { backup = 80 % } }
data figures : reports {
    on      = files-a path "/srv/figures"
    size    = 20 GiB
    changed = 2 % / day
    writes  = 1 KiB/s
    files   = independent
    backup vault-a { full = daily 01:30; keep = 30 days }
}
"#;
    let answer = mended(&text, 4_000);
    let s = answer.suggestions.iter().find(|s| s.objective == key("figures.rto")).expect("it fails");
    assert!(s.single.is_empty(), "{:?}", s.single.iter().map(|f| &f.changes[0].line).collect::<Vec<_>>());
    let both = s.combined.iter().chain(s.partly.iter().map(|p| &p.fix)).find(|f| f.changes.len() == 2);
    let lines: Vec<&str> = both.expect("two together").changes.iter().map(|c| c.line.as_str()).collect();
    assert!(lines.iter().all(|l| l.starts_with("replace = ")), "{lines:?}");
    all_mend(&text, &answer);
}

#[test]
fn the_same_question_gets_the_same_answer() {
    let text = example("textbook-schedule/main.dr");
    let wanted = suggest::Wanted { only: None, limit: 3, combine: true, first: false };
    let ask = || with_trials(&text, 300, |t| format!("{:?}", suggest(t, &wanted)));
    assert_eq!(ask(), ask());
    let office = example("small-office/main.dr");
    let ask =
        || with_trials(&office, 200, |t| format!("{:?}", slack(t, &slack::Wanted { only: None, limit: 5 })));
    assert_eq!(ask(), ask());
}

/// What is asked of the fewest trials is still an answer, and says what was not tried.
#[test]
fn few_trials_leave_inputs_out_and_say_so() {
    let answer = mended(&example("textbook-schedule/main.dr"), 15);
    assert!(answer.suggestions.iter().all(|s| s.not_moved > 0));
    let answer = with_trials(&example("small-office/main.dr"), 5, |t| {
        slack(t, &slack::Wanted { only: None, limit: 5 })
    });
    assert!(answer.not_moved > 0);
    holds_and_turns(&example("small-office/main.dr"), &answer);
}

// ---- Alone, more of a good thing never hurts ----------------------------------------------------

/// One stream, one job, nothing shared.
#[derive(Clone, Debug)]
struct Alone {
    bandwidth: u64,
    writes: u64,
    size: u64,
    log: usize,
    detect: u64,
    rpo: u64,
    rto: u64,
    replica: bool,
}

const INTERVALS: [u64; 8] = [1, 2, 5, 10, 15, 30, 60, 120];

impl Alone {
    fn text(&self) -> String {
        let copy = if self.replica {
            "replica away { mode = async }".to_owned()
        } else {
            format!(
                "backup shelf {{ full = weekly sun 01:30; log = every {} min; keep = 30 days }}",
                INTERVALS[self.log % INTERVALS.len()]
            )
        };
        format!(
            r#"use std.engines.mariadb
response people {{ detect = {} s; notice = 1 h; declare = 10 min; confirm = 1 min; operators = 1 }}
tier sales {{ host {{ rpo = {} s; rto = {} min }} }}
site a {{ timezone = "UTC"; host db {{ address = 10.1.0.1; nic = 10 Gbit/s; disk = 400 MiB/s; replace = 1 h }} }}
site b {{
    timezone = "UTC"
    host away {{ address = 10.2.0.1; nic = 10 Gbit/s; disk = 400 MiB/s }}
    store shelf {{ host = away; path = "/srv/bacula"; capacity = 400 MiB/s }}
}}
link line : a <-> b {{
    bandwidth = {} Mbit/s; rtt = 2 ms; loss = 0.00001 %; window = 16 MiB
    share {{ replication = 45 %; backup = 45 % }}
}}
cluster shop : mariadb {{ primary = db; replicas = [away] }}
data orders : sales {{
    on     = shop
    size   = {} GiB
    writes = {} KiB/s
    {copy}
}}
"#,
            self.detect, self.rpo, self.rto, self.bandwidth, self.size, self.writes
        )
    }

    /// Whether a run may go on when the next is due.
    fn overruns(&self) -> bool {
        let world = Memory([("main.dr".to_owned(), self.text().into_bytes())].into());
        compiled(&world).problems.iter().any(|d| d.entry.name == "run-overruns")
    }

    fn ranks(&self) -> Vec<(String, Status)> {
        let world = Memory([("main.dr".to_owned(), self.text().into_bytes())].into());
        let state = state(&world);
        let all =
            state.claims.iter().flat_map(|(k, c)| c.iter().map(move |(s, c)| (format!("{k} {s}"), c.status)));
        all.collect()
    }
}

fn alone() -> impl Strategy<Value = Alone> {
    (
        10_u64..2_000,
        10_u64..3_000,
        1_u64..400,
        0_usize..8,
        10_u64..1_200,
        20_u64..8_000,
        30_u64..600,
        any::<bool>(),
    )
        .prop_map(|(bandwidth, writes, size, log, detect, rpo, rto, replica)| Alone {
            bandwidth,
            writes,
            size,
            log,
            detect,
            rpo,
            rto,
            replica,
        })
}

/// Whether a verdict has become worse. One that was not known and is refuted now has not: nothing
/// was promised before either, as where a backup that never ended ends now, and its restore is
/// known to be late.
fn worse(was: Status, is: Status) -> bool {
    was == Status::Proved && is != Status::Proved
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// More bandwidth, fewer writes, a shorter interval and less decision time never make a verdict
    /// worse where nothing is shared and every run still fits into its interval: one that is not
    /// done when the next is due has a finding of its own, and its bound may be lost altogether.
    #[test]
    fn alone_a_better_input_never_worsens_a_verdict(base in alone(), times in 2_u64..5) {
        let before = base.ranks();
        prop_assert!(!before.is_empty());
        let better = [
            Alone { bandwidth: base.bandwidth * times, ..base.clone() },
            Alone { writes: base.writes / times, ..base.clone() },
            Alone { detect: base.detect / times, ..base.clone() },
            Alone { size: (base.size / times).max(1), ..base.clone() },
            Alone { log: base.log.saturating_sub(1), ..base.clone() },
        ];
        for other in &better {
            let after: BTreeMap<String, Status> = other.ranks().into_iter().collect();
            for (what, was) in &before {
                let is = after.get(what).copied().unwrap_or(Status::Proved);
                prop_assert!(!worse(*was, is) || other.overruns(), "{what}: {was:?} to {is:?}\n{}", other.text());
            }
        }
    }
}

// ---- Prices -------------------------------------------------------------------------------------

/// 20 GiB have to come back within 90 min of which 76 are spent before a byte moves (5 min, 10 min,
/// an hour, a minute): a link of 100 Mbit/s needs half an hour at least, so it must be faster. More
/// bandwidth costs 2 EUR for each Mbit and month, and the price is the difference of the outlays.
#[test]
fn the_price_of_a_change_is_the_difference_of_the_outlays() {
    let text = r#"use std.responses.staffed
tier reports { host { rto = 95 min } }
site hz-a { timezone = "UTC"; host files-a { address = 10.1.0.15; nic = 10 Gbit/s; disk = 800 MiB/s; replace = 1 h } }
site bj {
    timezone = "UTC"
    host backup-a { address = 10.1.0.41; nic = 10 Gbit/s; disk = 800 MiB/s }
    store vault-a { host = backup-a; path = "/srv/bacula"; capacity = 800 MiB/s }
}
link wan : hz-a <-> bj {
    bandwidth = 100 Mbit/s
    rtt       = 2 ms
    loss      = 0.00001 %
    window    = 16 MiB
    cost      = 2 EUR / Mbit / month
    share { backup = 80 % }
}
data figures : reports {
    on    = files-a path "/srv/figures"
    size  = 20 GiB
    writes = 1 KiB/s
    files = independent
    backup vault-a { full = daily 01:30; keep = 30 days }
}
"#;
    let answer = mended(text, 2_000);
    let s = answer.suggestions.iter().find(|s| s.objective == key("figures.rto")).expect("it fails");
    let link = s.single.iter().find(|f| f.changes[0].input.starts_with("`bandwidth` of `link wan`"));
    let link = link.unwrap_or_else(|| panic!("{:#?}", s.single));
    let mbit: f64 = link.changes[0].put.split(' ').next().expect("a number").parse().expect("a number");
    let mbit = if link.changes[0].put.ends_with("Gbit/s") { mbit * 1000.0 } else { mbit };
    assert_eq!(link.price, Some(((mbit - 100.0) * 2.0 * 12.0 * 100.0).round() as i64));
    assert!(link.changes[0].put.ends_with("bit/s") && mbit > 100.0);
    // What states no price for more of it has none; what is smaller costs nobody anything.
    assert!(s.single.iter().filter(|f| f.changes[0].who == Who::People).all(|f| f.price.is_none()));
    let cheapest = s.cheapest().expect("one has a price");
    assert!(s.single.iter().chain(&s.combined).filter_map(|f| f.price).min() == cheapest.price);
    all_mend(text, &answer);
}
