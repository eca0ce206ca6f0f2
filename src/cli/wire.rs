//! What `check` says to machines. These types are the interface: they only grow.

use super::input::{Spec, day};
use super::simulate::Simulated;
use super::table;
use crate::diag::Severity;
use crate::diag::render::json::{Finding, findings};
use crate::driver::Compiled;
use crate::judge::{Status, Verdict, Witness};
use crate::model::Objective;
use crate::plan::{Choice, Plan, Subject, plan};
use crate::quantity::Duration;
use crate::why::Assumptions;
use serde::Serialize;
use std::collections::BTreeMap;

/// The answer of `check --format json`.
#[derive(Debug, Serialize)]
pub struct CheckAnswer {
    /// Of this interface: 1.
    pub version: u32,
    /// The first day for which the verdicts hold.
    pub as_of: String,
    /// For how many days they hold.
    pub horizon_days: u32,
    /// How many of each.
    pub summary: Summary,
    /// Every objective under every scenario that touches it.
    pub verdicts: Vec<VerdictAnswer>,
    /// What verdicts rest on and nobody stated; verdicts name them by number.
    pub assumptions: Vec<AssumptionAnswer>,
    /// How full each store becomes that jobs write to.
    pub capacity: Vec<StoreAnswer>,
    /// How full each disk becomes whose capacity is stated.
    pub disks: Vec<DiskAnswer>,
    /// The findings.
    pub findings: Vec<Finding>,
    /// Findings that a baseline knows; they are not listed.
    pub known: usize,
    /// What is found and waived.
    pub waived: Vec<WaivedAnswer>,
    /// What became of the spec's assertions.
    pub assertions: Vec<AssertionAnswer>,
}

/// A finding that the spec waives.
#[derive(Debug, Serialize)]
pub struct WaivedAnswer {
    /// Why.
    pub because: String,
    /// The last day of the waiver, if it has one.
    pub until: Option<String>,
    /// The scenario that it is limited to.
    pub under: Option<String>,
    /// What it covers.
    pub finding: Finding,
}

/// An assertion.
#[derive(Debug, Serialize)]
pub struct AssertionAnswer {
    /// As it is written.
    pub text: String,
    /// `proved`, `refuted` or `unknown`.
    pub status: Status,
    /// Why it is asserted.
    pub because: Option<String>,
}

/// How full a store becomes.
#[derive(Debug, Serialize)]
pub struct StoreAnswer {
    /// Its name.
    pub store: String,
    /// What it may hold: its mark of its capacity. `null` when no capacity is stated.
    pub mark_bytes: Option<u64>,
    /// The most that it holds within the horizon.
    pub peak_bytes: u64,
    /// The first day of that.
    pub peak_on: String,
    /// Whether nobody states how much one of its jobs brings: it then holds more.
    pub incomplete: bool,
    /// The first day within the horizon on which it may hold more than its mark.
    pub passes_on: Option<String>,
    /// The day beyond the horizon on which it would, if it went on as within.
    pub projected_on: Option<String>,
    /// What each pool takes on the day of the most, the largest first.
    pub pools: Vec<PoolAnswer>,
}

/// What a pool takes of a store.
#[derive(Debug, Serialize)]
pub struct PoolAnswer {
    /// Its name.
    pub pool: String,
    /// How much.
    pub bytes: u64,
    /// Volumes at the end of the horizon.
    pub volumes: u64,
}

/// How full a disk becomes.
#[derive(Debug, Serialize)]
pub struct DiskAnswer {
    /// Its host.
    pub host: String,
    /// What it may hold.
    pub mark_bytes: u64,
    /// The most that it holds on a normal day.
    pub peak_bytes: u64,
    /// What the restore that needs the most room takes beside that.
    pub restore_bytes: u64,
    /// The first day within the horizon on which it may hold more than its mark.
    pub passes_on: Option<String>,
}

/// How many of each.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// Objectives proved.
    pub proved: usize,
    /// Objectives refuted.
    pub refuted: usize,
    /// Objectives of which neither is known.
    pub unknown: usize,
    /// Objectives that are not proved, and waived; they count in none of the others.
    pub waived: usize,
    /// Findings that are errors.
    pub errors: usize,
    /// Findings that are warnings.
    pub warnings: usize,
    /// Data classes and services that were not judged because of findings about them.
    pub not_judged: usize,
}

/// One verdict.
#[derive(Debug, Serialize)]
pub struct VerdictAnswer {
    /// A data class or a service.
    pub subject: String,
    /// `rpo` or `rto`.
    pub objective: Objective,
    /// As a spec and `--scenario` name it.
    pub scenario: String,
    /// `proved`, `refuted` or `unknown`.
    pub status: Status,
    /// Whether the spec waives it.
    pub waived: bool,
    /// What the tier allows.
    pub allowed_seconds: f64,
    /// The bound, rounded up to a millisecond; `null` when there is none.
    pub predicted_seconds: Option<f64>,
    /// Why there is no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The copy that serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relies_on: Option<String>,
    /// A behaviour that exceeds the objective.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<Witness>,
    /// What it rests on, by the number of the assumption.
    pub assumptions: Vec<usize>,
}

/// Something that nobody stated.
#[derive(Debug, Serialize)]
pub struct AssumptionAnswer {
    /// Its number.
    pub number: usize,
    /// What is assumed.
    pub text: String,
    /// Where the figure comes from.
    pub source: String,
}

/// The answer of `simulate --format json`.
#[derive(Debug, Serialize)]
pub struct SimulateAnswer {
    /// Of this interface: 1.
    pub version: u32,
    /// The first day of the time that is simulated.
    pub as_of: String,
    /// For how many days.
    pub horizon_days: u32,
    /// The same seed gives the same answer.
    pub seed: u64,
    /// How many strikes there were under each scenario.
    pub strikes: usize,
    /// Every objective under every scenario that was struck.
    pub objectives: Vec<SimulatedAnswer>,
}

/// What strikes came to, beside what is claimed.
#[derive(Debug, Serialize)]
pub struct SimulatedAnswer {
    /// A data class or a service.
    pub subject: String,
    /// `rpo` or `rto`.
    pub objective: Objective,
    /// As a spec and `--scenario` name it.
    pub scenario: String,
    /// `proved`, `refuted` or `unknown`.
    pub status: Status,
    /// What the tier allows.
    pub allowed_seconds: f64,
    /// The bound; `null` when there is none.
    pub predicted_seconds: Option<f64>,
    /// What was simulated.
    pub simulated: Spread,
    /// Whether a strike was worse than what is proved: a defect of drc.
    pub exceeds: bool,
}

/// From the least to the most, in seconds; `null` stands for what never ends.
#[derive(Debug, Serialize)]
pub struct Spread {
    /// The least.
    pub least_seconds: Option<f64>,
    /// Half of the strikes do not exceed it.
    pub median_seconds: Option<f64>,
    /// Nineteen in twenty do not.
    pub p95_seconds: Option<f64>,
    /// The most.
    pub most_seconds: Option<f64>,
}

/// The answer of a simulation of one spec.
pub(super) fn simulate(
    spec: &Spec,
    simulated: &[Simulated<'_>],
    strikes: usize,
    seed: u64,
) -> SimulateAnswer {
    let ends = |d: Duration| (d != Duration::MAX).then(|| seconds(d));
    let objectives = simulated.iter().map(|s| SimulatedAnswer {
        subject: table::name(&spec.compiled.model, s.verdict.subject).to_owned(),
        objective: s.verdict.objective,
        scenario: s.scenario.clone(),
        status: s.verdict.status,
        allowed_seconds: seconds(s.verdict.allowed),
        predicted_seconds: s.verdict.predicted.map(seconds),
        simulated: Spread {
            least_seconds: ends(s.percentile(0)),
            median_seconds: ends(s.percentile(50)),
            p95_seconds: ends(s.percentile(95)),
            most_seconds: ends(s.percentile(100)),
        },
        exceeds: s.exceeds(),
    });
    SimulateAnswer {
        version: 1,
        as_of: day(spec.horizon.as_of),
        horizon_days: spec.horizon.days,
        seed,
        strikes,
        objectives: objectives.collect(),
    }
}

/// Seconds, rounded up to a millisecond.
pub(super) fn seconds(d: Duration) -> f64 {
    d.0.div_ceil(1_000_000) as f64 / 1000.0
}

/// The answer for one spec.
pub(super) fn check(spec: &Spec) -> CheckAnswer {
    let compiled = &spec.compiled;
    let verdicts = &compiled.verdicts;
    let mut assumptions = Assumptions::default();
    let mut by_verdict = vec![Vec::new(); verdicts.list.len()];
    each_with_plan(compiled, |n, v, plan| {
        if let Some(slot) = by_verdict.get_mut(n) {
            *slot = rests_on(compiled, v, plan, &mut assumptions);
        }
    });
    let answer = |(v, rests): (&Verdict, Vec<usize>)| VerdictAnswer {
        subject: table::name(&compiled.model, v.subject).to_owned(),
        objective: v.objective,
        scenario: verdicts
            .scenarios
            .get(v.scenario as usize)
            .map_or_else(String::new, |s| s.name(&compiled.model)),
        status: v.status,
        waived: v.waived.is_some(),
        allowed_seconds: seconds(v.allowed),
        predicted_seconds: v.predicted.map(seconds),
        reason: v.reason.as_ref().map(crate::plan::Reason::name),
        relies_on: v.relies_on.map(|c| compiled.model.copies[c].name.to_string()),
        witness: v.witness.as_deref().cloned(),
        assumptions: rests,
    };
    let severity = |s: Severity| spec.findings.iter().filter(|f| f.severity == s).count();
    CheckAnswer {
        version: 1,
        as_of: day(spec.horizon.as_of),
        horizon_days: spec.horizon.days,
        summary: Summary {
            proved: verdicts.count(Status::Proved),
            refuted: verdicts.count(Status::Refuted),
            unknown: verdicts.count(Status::Unknown),
            waived: verdicts.waived(),
            errors: severity(Severity::Error),
            warnings: severity(Severity::Warning),
            not_judged: compiled.left_out,
        },
        verdicts: verdicts.list.iter().zip(by_verdict).map(answer).collect(),
        assumptions: assumptions
            .list()
            .into_iter()
            .enumerate()
            .map(|(number, a)| AssumptionAnswer { number, text: a.text.clone(), source: a.source.clone() })
            .collect(),
        capacity: stores(compiled),
        disks: disks(compiled),
        findings: findings(&compiled.sources, &spec.findings),
        known: spec.known,
        waived: waived(compiled),
        assertions: asserted(compiled),
    }
}

fn waived(compiled: &Compiled) -> Vec<WaivedAnswer> {
    let waivers = &compiled.model.claims.waivers;
    let listed = findings(&compiled.sources, compiled.waived.iter().map(|w| &w.finding));
    let answer = |(w, finding): (&crate::diag::Waived, Finding)| {
        let waiver = waivers.get(w.by)?;
        Some(WaivedAnswer {
            because: waiver.reason.to_string(),
            until: waiver.ends.map(|end| day(end - 1)),
            under: waiver.under.as_ref().map(ToString::to_string),
            finding,
        })
    };
    compiled.waived.iter().zip(listed).filter_map(answer).collect()
}

/// The assertions of a spec or of one of its tests.
pub(super) fn asserted(compiled: &Compiled) -> Vec<AssertionAnswer> {
    let written = &compiled.model.claims.assertions;
    let answer = |(a, became): (&crate::model::claims::Assertion, &crate::judge::Asserted)| AssertionAnswer {
        text: compiled.sources.text(a.span).to_owned(),
        status: became.status,
        because: a.because.as_ref().map(ToString::to_string),
    };
    written.iter().zip(&compiled.asserted).map(answer).collect()
}

fn stores(compiled: &Compiled) -> Vec<StoreAnswer> {
    let stores = compiled.facts.capacity.stores.iter().map(|(id, fact)| StoreAnswer {
        store: compiled.model.stores[id].name.to_string(),
        mark_bytes: fact.mark.map(|m| m.0),
        peak_bytes: fact.peak.0,
        peak_on: day(fact.peak_on),
        incomplete: fact.unknown,
        passes_on: fact.passes.map(day),
        projected_on: fact.projected.map(day),
        pools: fact
            .pools
            .iter()
            .filter_map(|s| {
                let pool = compiled.ops.jobs[s.job].pools.get(s.pool)?;
                Some(PoolAnswer { pool: pool.name.to_string(), bytes: s.bytes.0, volumes: s.volumes })
            })
            .collect(),
    });
    stores.collect()
}

fn disks(compiled: &Compiled) -> Vec<DiskAnswer> {
    let disks = compiled.facts.capacity.disks.iter().map(|(id, fact)| DiskAnswer {
        host: compiled.model.hosts[id].name.to_string(),
        mark_bytes: fact.mark.0,
        peak_bytes: fact.most.0,
        restore_bytes: fact.restore.map_or(0, |(_, bytes)| bytes.0),
        passes_on: fact.passes.map(day),
    });
    disks.collect()
}

/// Every verdict with the plan that it was judged on, plan by plan.
fn each_with_plan(compiled: &Compiled, mut see: impl FnMut(usize, &Verdict, &Plan)) {
    let mut by_scenario: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (n, v) in compiled.verdicts.list.iter().enumerate() {
        by_scenario.entry(v.scenario).or_default().push(n);
    }
    for (scenario, numbers) in by_scenario {
        let Some(scenario) = compiled.verdicts.scenarios.get(scenario as usize) else { continue };
        let plan = plan(compiled.estate(), scenario);
        for n in numbers {
            if let Some(v) = compiled.verdicts.list.get(n) {
                see(n, v, &plan);
            }
        }
    }
}

fn choice(plan: &Plan, subject: Subject) -> Option<&Choice> {
    plan.choices.iter().find(|c| Subject::Data(c.data) == subject)
}

fn rests_on(compiled: &Compiled, v: &Verdict, plan: &Plan, all: &mut Assumptions) -> Vec<usize> {
    let (estate, sources) = (compiled.estate(), &compiled.sources);
    let rests = match v.objective {
        Objective::Rpo => choice(plan, v.subject).map(|c| all.of_loss(estate, c, sources)),
        Objective::Rto => {
            let step = plan.recovered.iter().find(|(s, _)| *s == v.subject).map(|(_, n)| *n);
            step.map(|n| all.of_time(estate, plan, n, sources))
        }
    };
    rests.unwrap_or_default()
}
