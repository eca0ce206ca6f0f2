//! `drc simulate`.

use super::input::{Spec, day};
use super::terminal::Terminal;
use super::{Common, Failure, Format, Outcome, table, wire};
use crate::base::similar::nearest;
use crate::judge::{Status, Verdict};
use crate::model::Objective;
use crate::plan::Plan;
use crate::quantity::{Duration, show};
use crate::simulate::{Case, Settings, Strike, exceeds, run};
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use std::path::PathBuf;

/// Run the estate event by event, strike it at random and at the worst moments, carry out the
/// plans, and print what came of it beside the bounds.
#[derive(Debug, Args)]
pub(super) struct Simulate {
    /// The spec: a `.dr` file, a folder with a `main.dr`, or `-`.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The scenario, such as 'site hz-a'. All when not stated.
    #[arg(long, value_name = "SCENARIO")]
    scenario: Option<String>,
    /// How many strikes under each scenario.
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    strikes: u32,
    /// The same seed gives the same strikes.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Strike at this moment alone, such as 2026-03-29T02:30Z; UTC when no zone is stated.
    #[arg(long, value_name = "MOMENT")]
    at: Option<String>,
    /// How the answer looks.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    common: Common,
}

/// Strikes in one stretch of time.
const AT_ONCE: u32 = 4;

/// What came of the strikes under one verdict, from the least to the worst.
pub(super) struct Simulated<'a> {
    pub verdict: &'a Verdict,
    pub scenario: String,
    pub values: Vec<Duration>,
}

impl Simulated<'_> {
    /// The value that so many hundredths of the strikes do not exceed.
    pub fn percentile(&self, hundredths: usize) -> Duration {
        let last = self.values.len().saturating_sub(1);
        self.values.get((last * hundredths).div_ceil(100)).copied().unwrap_or_default()
    }

    /// Whether a strike was worse than what is claimed for sure.
    pub fn exceeds(&self) -> bool {
        let allowed = self.verdict.predicted.unwrap_or(self.verdict.allowed);
        self.verdict.status == Status::Proved
            && exceeds(self.verdict.objective, self.percentile(100), allowed)
    }
}

impl Simulate {
    pub fn run(&self, terminal: &Terminal) -> Result<Outcome, Failure> {
        let spec = Spec::read(&self.path, &self.common)?;
        if spec.broken() {
            return Ok(spec.refused(terminal.findings()));
        }
        let (plans, numbers) = self.wanted(&spec)?;
        let compiled = &spec.compiled;
        let case = Case {
            model: &compiled.model,
            ops: &compiled.ops,
            plans: &plans,
            as_of: spec.horizon.as_of,
            days: spec.horizon.days,
        };
        let at = self.at.as_deref().map(instant).transpose()?;
        if at.is_some_and(|t| t < case.as_of || t > case.as_of + i64::from(case.days) * 86_400) {
            return Err(Failure("the strike lies outside of the time that verdicts hold for".to_owned()));
        }
        let settings = Settings {
            seed: self.seed,
            windows: if at.is_some() { 1 } else { self.strikes.div_ceil(AT_ONCE) as usize },
            strikes: if at.is_some() { 1 } else { self.strikes.min(AT_ONCE) as usize },
            at,
        };
        let strikes = run(&case, &settings, |done, total| terminal.progress(done, total));
        let simulated = sorted(&spec, &strikes, &numbers);
        let each = settings.windows * settings.strikes;
        let wrong: Vec<&Simulated<'_>> = simulated.iter().filter(|s| s.exceeds()).collect();
        let mut outcome = Outcome { failed: spec.failed() || !wrong.is_empty(), ..Outcome::default() };
        for s in wrong {
            outcome.err.push_str(&format!(
                "drc: a simulated strike exceeds what is proved of `{}` under `{}`: {} where {} is the bound; this is a defect of drc, please report it with the spec and seed {}\n",
                table::name(&compiled.model, s.verdict.subject),
                s.scenario,
                show::duration(s.percentile(100)),
                s.verdict.predicted.map_or_else(|| "none".to_owned(), show::duration),
                self.seed,
            ));
        }
        match self.format {
            Format::Text => outcome.out = self.text(&spec, &simulated, each),
            Format::Json => {
                let answer = wire::simulate(&spec, &simulated, each, self.seed);
                outcome.out = serde_json::to_string_pretty(&answer)? + "\n";
            }
        }
        Ok(outcome)
    }

    /// The plans that are carried out, with the numbers of their scenarios.
    fn wanted(&self, spec: &Spec) -> Result<(Vec<Plan>, Vec<u32>), Failure> {
        let model = &spec.compiled.model;
        let all = spec.plans()?;
        let is = |p: &Plan, wanted: &str| p.title == wanted || p.scenario.name(model) == wanted;
        if let Some(wanted) = &self.scenario
            && !all.iter().any(|p| is(p, wanted))
        {
            let hint = nearest(wanted, all.iter().map(|p| p.title.as_str()))
                .map_or(String::new(), |n| format!(": did you mean `{n}`?"));
            return Err(Failure(format!("there is no scenario `{wanted}`{hint}")));
        }
        let kept = (0..).zip(all).filter(|(_, p)| self.scenario.as_ref().is_none_or(|w| is(p, w)));
        let (numbers, plans) = kept.unzip();
        Ok((plans, numbers))
    }

    fn text(&self, spec: &Spec, simulated: &[Simulated<'_>], each: usize) -> String {
        let mut rows = Table::new();
        rows.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        rows.set_header([
            "",
            "objective",
            "under",
            "least",
            "median",
            "95 %",
            "most",
            "bound",
            "asked",
            "verdict",
        ]);
        let nothing = |s: &&Simulated<'_>| {
            s.percentile(100) > Duration::ZERO || s.verdict.predicted != Some(Duration::ZERO)
        };
        for s in simulated.iter().filter(nothing) {
            let v = s.verdict;
            let mut row = vec![
                table::name(&spec.compiled.model, v.subject).to_owned(),
                if v.objective == Objective::Rpo { "rpo" } else { "rto" }.to_owned(),
                s.scenario.clone(),
            ];
            row.extend([0, 50, 95, 100].map(|p| show::duration(s.percentile(p))));
            row.push(v.predicted.map_or_else(|| "none".to_owned(), show::duration));
            row.extend([show::duration(v.allowed), v.status.name().to_owned()]);
            rows.add_row(row);
        }
        let mut out = table::trimmed(&rows);
        let still = simulated.len() - simulated.iter().filter(nothing).count();
        if still > 0 {
            out.push_str(&format!("… and {still} of which nothing is lost and nothing stops\n"));
        }
        out.push_str(&format!(
            "\n{each} strikes under each scenario, seed {}, in the {} days from {}\n",
            self.seed,
            spec.horizon.days,
            day(spec.horizon.as_of)
        ));
        out
    }
}

/// What came of the strikes, by verdict.
fn sorted<'a>(spec: &'a Spec, strikes: &[Strike], numbers: &[u32]) -> Vec<Simulated<'a>> {
    let compiled = &spec.compiled;
    let mut by = std::collections::BTreeMap::new();
    for s in strikes {
        let Some(scenario) = numbers.get(s.plan) else { continue };
        for (objective, value) in [(Objective::Rpo, s.loss), (Objective::Rto, s.recovery)] {
            if let Some(value) = value {
                by.entry((s.subject, *scenario, objective)).or_insert_with(Vec::new).push(value);
            }
        }
    }
    let of = |verdict: &'a Verdict| {
        let mut values = by.remove(&(verdict.subject, verdict.scenario, verdict.objective))?;
        values.sort_unstable();
        let scenario = compiled.verdicts.scenarios.get(verdict.scenario as usize);
        let scenario = scenario.map_or_else(String::new, |s| s.name(&compiled.model));
        Some(Simulated { verdict, scenario, values })
    };
    compiled.verdicts.list.iter().filter_map(of).collect()
}

/// A moment on the command line, in Unix seconds.
fn instant(text: &str) -> Result<i64, Failure> {
    let zoned = text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_second).ok();
    let plain = || {
        let civil = text.parse::<jiff::civil::DateTime>().ok()?;
        civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp().as_second())
    };
    zoned
        .or_else(plain)
        .ok_or_else(|| Failure(format!("`{text}` is no moment: write it as 2026-03-29T02:30Z")))
}
