//! Verdicts against simulated strikes.

use drlang::base::world::Memory;
use drlang::diag::Severity;
use drlang::driver::{Compiled, Options, compile};
use drlang::judge::{Status, Verdict};
use drlang::model::Objective;
use drlang::plan::{Reason, Subject};
use drlang::quantity::{Duration, show};
use drlang::simulate::{Case, Settings, Strike, exceeds, run};
use std::collections::BTreeMap;

/// 2026-01-15, midnight UTC.
pub const AS_OF: i64 = 1_768_435_200;

pub fn compiled(text: &str) -> Compiled {
    let world = Memory([("main.dr".to_owned(), text.as_bytes().to_vec())].into());
    compile(&world, "main.dr", &Options::from(AS_OF)).expect("it is in memory")
}

/// What a comparison came to.
#[derive(Default)]
pub struct Checked {
    pub estates: usize,
    pub strikes: usize,
    pub by_status: BTreeMap<Status, usize>,
    /// Bound over the worst simulated strike, of verdicts with both.
    pub tightness: BTreeMap<&'static str, Vec<f64>>,
    pub refuted: usize,
    pub replayed: usize,
    pub wrong: Vec<String>,
    pub unreplayed: Vec<String>,
}

impl Checked {
    pub fn join(&mut self, other: Self) {
        self.estates += other.estates;
        self.strikes += other.strikes;
        self.refuted += other.refuted;
        self.replayed += other.replayed;
        for (status, n) in other.by_status {
            *self.by_status.entry(status).or_default() += n;
        }
        for (kind, list) in other.tightness {
            self.tightness.entry(kind).or_default().extend(list);
        }
        self.wrong.extend(other.wrong);
        self.unreplayed.extend(other.unreplayed);
    }

    pub fn summary(&mut self) -> String {
        let mut out = format!(
            "{} estates, {} outcomes of strikes; {:?}; {} of {} refuted verdicts replayed\n",
            self.estates, self.strikes, self.by_status, self.replayed, self.refuted,
        );
        for line in self.unreplayed.iter().take(20) {
            out += &format!("  {line}\n");
        }
        for (kind, list) in &mut self.tightness {
            list.sort_by(f64::total_cmp);
            let at = |part: f64| list[((list.len() - 1) as f64 * part) as usize];
            out += &format!(
                "bound over worst simulated {kind}: median {:.3}, quarter {:.3}, three quarters {:.3}, of {}\n",
                at(0.5),
                at(0.25),
                at(0.75),
                list.len()
            );
        }
        out
    }

    pub fn wrong_in_short(&self) -> String {
        self.wrong.iter().take(40).map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

fn name(c: &Compiled, v: &Verdict) -> String {
    let subject = match v.subject {
        Subject::Data(d) => c.model.data[d].name.to_string(),
        Subject::Service(s) => c.model.services[s].name.to_string(),
    };
    let objective = if v.objective == Objective::Rpo { "rpo" } else { "rto" };
    let scenario = c.verdicts.scenarios[v.scenario as usize].name(&c.model);
    format!("{subject}.{objective} under `{scenario}`")
}

/// Strikes an estate and compares each verdict with the worst that came of it; nothing of a text
/// that is no sound spec.
pub fn check(label: &str, spec: &str, settings: &Settings) -> Checked {
    let c = compiled(spec);
    if c.problems.iter().any(|p| p.severity == Severity::Error && p.entry.stage != "judge") {
        return Checked::default();
    }
    let mut found = Checked { estates: 1, ..Checked::default() };
    let plans = c.plans().expect("plans are fit");
    let case = Case { model: &c.model, ops: &c.ops, plans: &plans, as_of: AS_OF, days: 365 };
    let strikes = run(&case, settings, |_, _| {});
    found.strikes = strikes.len();
    let mut worst: BTreeMap<(usize, Subject, Objective), (Duration, Strike)> = BTreeMap::new();
    for s in &strikes {
        for (objective, value) in [(Objective::Rpo, s.loss), (Objective::Rto, s.recovery)] {
            let Some(value) = value else { continue };
            let slot = worst.entry((s.plan, s.subject, objective)).or_insert((value, *s));
            if value > slot.0 {
                *slot = (value, *s);
            }
        }
    }
    for v in &c.verdicts.list {
        *found.by_status.entry(v.status).or_default() += 1;
        let Some((value, strike)) = worst.get(&(v.scenario as usize, v.subject, v.objective)) else {
            if v.status == Status::Refuted {
                found.refuted += 1;
                // Nothing serves, or nothing brings it back: there is nothing to time.
                found.replayed += usize::from(v.surely == Duration::MAX);
            }
            continue;
        };
        let relies =
            v.relies_on.map_or(String::new(), |copy| format!(", relies on {}", c.model.copies[copy].name));
        let told = || {
            format!(
                "{label}: {} is {}: bound {}, surely {}, allowed {}; simulated {} ({:.3} of {:.3} s) when struck at second {:.6} (stretch {}){relies}",
                name(&c, v),
                v.status.name(),
                v.predicted.map_or("none".to_owned(), show::duration),
                show::duration(v.surely),
                show::duration(v.allowed),
                show::duration(*value),
                value.as_secs_f64(),
                v.predicted.unwrap_or_default().as_secs_f64(),
                strike.at as f64 / 1e9,
                strike.window,
            )
        };
        if let Some(bound) = v.predicted {
            if exceeds(v.objective, *value, bound)
                || (v.status == Status::Proved && exceeds(v.objective, *value, v.allowed))
            {
                found.wrong.push(told());
            } else if bound.0 > 0 && value.0 > 0 {
                let kind = if v.objective == Objective::Rpo { "loss" } else { "recovery" };
                found.tightness.entry(kind).or_default().push(bound.0 as f64 / value.0 as f64);
            }
        }
        if v.status == Status::Refuted {
            found.refuted += 1;
            // What never catches up loses more the longer it goes on: a week does not show it.
            let grows = matches!(v.reason, Some(Reason::NeverCatchesUp));
            if grows || *value > v.allowed || replayed(&case, v, settings.seed) {
                found.replayed += 1;
            } else {
                found.unreplayed.push(told());
            }
        }
    }
    found
}

/// Whether a strike exceeds what a refuted verdict allows, when it is looked for longer.
fn replayed(case: &Case<'_>, v: &Verdict, seed: u64) -> bool {
    let Some(plan) = case.plans.get(v.scenario as usize) else { return false };
    let alone = Case { plans: std::slice::from_ref(plan), ..*case };
    let strikes = run(&alone, &Settings { seed, windows: 60, strikes: 24, at: None }, |_, _| {});
    let mut own = strikes.iter().filter(|s| s.subject == v.subject);
    own.any(|s| {
        if v.objective == Objective::Rpo { s.loss } else { s.recovery }.is_some_and(|x| x > v.allowed)
    })
}
