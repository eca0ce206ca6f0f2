//! `drc slack`.

use super::input::Spec;
use super::terminal::Terminal;
use super::{Common, Failure, Format, Outcome, answers, wire_answers};
use crate::answers::slack::{Answer, Limit, Slack as Headroom, Wanted, slack};
use crate::quantity::show;
use clap::Args;
use std::path::PathBuf;

/// How far the nearest input of each objective can move before its verdict turns.
#[derive(Debug, Args)]
pub(super) struct Slack {
    /// The spec: a `.dr` file, a folder with a `main.dr`, or `-`.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Only this objective, such as `orders.rpo`, with every input of it.
    #[arg(long, value_name = "OBJECTIVE")]
    of: Option<String>,
    /// At most so many objectives, the tightest first.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// At most so many changed specs are compiled. In proportion to the size of the spec when not
    /// stated.
    #[arg(long, value_name = "N")]
    trials: Option<usize>,
    /// How the answer looks.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    common: Common,
}

impl Slack {
    pub fn run(&self, terminal: &Terminal) -> Result<Outcome, Failure> {
        let spec = Spec::read(&self.path, &self.common)?;
        if spec.broken() {
            return Ok(spec.refused(terminal.findings()));
        }
        let trials = spec.trials(self.trials.unwrap_or_else(|| answers::trials(&spec, 2_000)));
        let only = self.of.as_deref().map(|o| answers::objective(&trials, o)).transpose()?;
        let answer = slack(&trials, &Wanted { only, limit: self.limit });
        let out = match self.format {
            Format::Text => text(&spec, &answer),
            Format::Json => serde_json::to_string_pretty(&wire_answers::slack(&spec, &answer))? + "\n",
        };
        Ok(Outcome { out, ..Outcome::default() })
    }
}

fn text(spec: &Spec, answer: &Answer) -> String {
    let mut out = String::new();
    for s in &answer.slacks {
        out.push_str(&head(s));
        for l in &s.limits {
            out.push_str(&limit(spec, l));
        }
        if s.proved && s.limits.is_empty() {
            out.push_str("  no input that was moved turns it within a thousand times\n");
        }
    }
    for r in &answer.reversals {
        let turns = r.turns.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        let more = if r.turns.len() > 3 { format!(" and {} more", r.turns.len() - 3) } else { String::new() };
        out.push_str(&format!(
            "note: {}: {} at {} ({}, now {}) turns {turns}{more}\n",
            r.name,
            r.input,
            r.put,
            spec.compiled.sources.place(r.at),
            r.stated
        ));
    }
    out.push_str(&format!("{} inputs moved, {} changed specs compiled\n", answer.moved, answer.trials));
    if answer.left_out > 0 {
        out.push_str(&format!("{} objectives with more headroom are left out: `--limit`\n", answer.left_out));
    }
    if answer.not_moved > 0 {
        out.push_str(&format!(
            "{} of {} inputs were not moved, since enough had been tried: `--trials`\n",
            answer.not_moved,
            answer.not_moved + answer.moved
        ));
    }
    out
}

fn head(s: &Headroom) -> String {
    let predicted = s.predicted.map_or_else(|| "no bound".to_owned(), show::duration);
    let allowed = show::duration(s.allowed);
    if !s.proved {
        return format!(
            "{}: not met: {predicted} of {allowed} under `{}`; `drc suggest` says what mends it\n",
            s.objective, s.scenario
        );
    }
    format!("{}: {predicted} of {allowed} under `{}`\n", s.objective, s.scenario)
}

fn limit(spec: &Spec, l: &Limit) -> String {
    let times = if l.times >= 1.0 { l.times } else { 1.0 / l.times };
    let way = if l.times >= 1.0 { "times as much" } else { "times less" };
    let who = if l.assumed { "nobody stated it: " } else { "" };
    format!(
        "  {}: {} ({who}{}) holds up to {} and turns at {}, {times:.3} {way}, under `{}`\n",
        l.input,
        l.stated,
        spec.compiled.sources.place(l.at),
        l.keeps.0,
        l.turns.0,
        l.under
    )
}
