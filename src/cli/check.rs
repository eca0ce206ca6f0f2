//! `drc check`.

use super::baseline::Baseline;
use super::input::{Spec, day};
use super::terminal::Terminal;
use super::{Common, Failure, Format, Outcome, answers, table, wire};
use crate::judge::Status;
use crate::quantity::show;
use crate::why::Assumptions;
use clap::Args;
use std::path::PathBuf;

/// Parse, resolve, analyse; print the findings and the verdict table.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Specs: `.dr` files, folders with a `main.dr`, or `-` for standard input.
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// How the answer looks.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Show every verdict, not only the one of each objective that is nearest to failing.
    #[arg(long)]
    all: bool,
    /// What an earlier `check --format json` wrote: only what is new fails.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

impl Check {
    pub fn run(&self, terminal: &Terminal) -> Result<Outcome, Failure> {
        let mut outcome = Outcome::default();
        let mut answers = Vec::new();
        let baseline = self.baseline.as_deref().map(Baseline::read).transpose()?;
        for path in &self.paths {
            let mut spec = Spec::read(path, &self.common)?;
            if let Some(baseline) = &baseline {
                baseline.leave_new(&mut spec);
            }
            answers::help(&mut spec);
            outcome.failed |= spec.failed();
            match self.format {
                Format::Text => {
                    outcome.err.push_str(&spec.drawn(terminal.findings()));
                    if self.paths.len() > 1 {
                        outcome.out.push_str(&format!("{}:\n", path.display()));
                    }
                    outcome.out.push_str(&verdicts(&spec, self.all));
                }
                Format::Json => answers.push(wire::check(&spec)),
            }
        }
        if self.format == Format::Json {
            let text = match answers.as_slice() {
                [one] => serde_json::to_string_pretty(one)?,
                many => serde_json::to_string_pretty(many)?,
            };
            outcome.out = text + "\n";
        }
        Ok(outcome)
    }
}

/// The verdict table, what it rests on, and how much was checked.
pub(super) fn verdicts(spec: &Spec, all: bool) -> String {
    let compiled = &spec.compiled;
    let mut out = String::new();
    if !compiled.verdicts.list.is_empty() {
        out.push_str(&table::verdicts(compiled, all));
        out.push('\n');
    }
    let mut assumptions = Assumptions::default();
    assumptions.of_all(compiled.estate(), &compiled.seen, &compiled.sources);
    let list = assumptions.list();
    if !list.is_empty() {
        out.push_str("These verdicts rest on what nobody stated:\n");
        for a in list {
            out.push_str(&format!("  {} ({})\n", a.text, a.source));
        }
        out.push('\n');
    }
    out.push_str(&waivers(spec));
    if compiled.left_out > 0 {
        out.push_str(&format!(
            "{} data classes or services are not judged: mend the findings about them first\n",
            compiled.left_out
        ));
    }
    out.push_str(&nearly_full(spec));
    out.push_str(&summary(spec));
    out
}

/// What is waived, by whom it was decided to live with it.
fn waivers(spec: &Spec) -> String {
    let compiled = &spec.compiled;
    let mut lines: Vec<String> = Vec::new();
    for w in &compiled.waived {
        let Some(waiver) = compiled.model.claims.waivers.get(w.by) else { continue };
        let until = waiver.ends.map_or_else(String::new, |end| format!(", until {}", day(end - 1)));
        let at = compiled.sources.place(waiver.span);
        lines.push(format!(
            "  {} ({at}): {}{until}\n    {}\n",
            waiver.finding, waiver.reason, w.finding.message
        ));
    }
    lines.dedup();
    if lines.is_empty() { String::new() } else { format!("Waived:\n{}\n", lines.concat()) }
}

/// Stores that come within a tenth of their mark.
fn nearly_full(spec: &Spec) -> String {
    let compiled = &spec.compiled;
    let mut out = String::new();
    for (id, fact) in compiled.facts.capacity.stores.iter() {
        let Some(mark) = fact.mark.filter(|m| fact.passes.is_none() && fact.peak.0 >= m.0 / 10 * 9) else {
            continue;
        };
        let then = fact
            .projected
            .map_or(String::new(), |at| format!("; as it grows it passes that about {}", day(at)));
        out.push_str(&format!(
            "`{}` comes to {} of {} on {}{then}\n",
            compiled.model.stores[id].name,
            show::bytes(fact.peak),
            show::bytes(mark),
            day(fact.peak_on)
        ));
    }
    out
}

/// The last line: how much was checked.
fn summary(spec: &Spec) -> String {
    let verdicts = &spec.compiled.verdicts;
    let total = verdicts.list.len();
    let mut parts = vec![format!("{} proved", verdicts.count(Status::Proved))];
    for (n, word) in [
        (verdicts.count(Status::Refuted), "refuted"),
        (verdicts.count(Status::Unknown), "unknown"),
        (verdicts.waived(), "waived"),
    ] {
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    }
    let (claims, used) = (&spec.compiled.model.claims.waivers, &spec.compiled.used);
    let ends = claims.iter().zip(used).filter(|(_, used)| **used).filter_map(|(w, _)| w.ends);
    if let Some(end) = ends.min() {
        let days = (end - spec.horizon.as_of) / 86_400;
        let unit = if days == 1 { "day" } else { "days" };
        if let Some(last) = parts.last_mut() {
            last.push_str(&format!(" (next waiver expires in {days} {unit})"));
        }
    }
    if spec.known > 0 {
        parts.push(format!("{} findings known from the baseline", spec.known));
    }
    let days = spec.horizon.days;
    format!(
        "{total} objectives: {} (under {} scenarios, for the {days} days from {})\n",
        parts.join(", "),
        verdicts.scenarios.len(),
        day(spec.horizon.as_of)
    )
}
