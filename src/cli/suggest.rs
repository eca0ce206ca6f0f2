//! `drc suggest`.

use super::input::Spec;
use super::terminal::Terminal;
use super::{Common, Failure, Format, Outcome, answers, wire_answers};
use crate::answers::Who;
use crate::answers::suggest::{Answer, Change, Fix, Suggestion, Wanted, suggest};
use crate::base::SourceMap;
use crate::judge::Status;
use crate::quantity::show;
use clap::Args;
use std::path::PathBuf;

/// Fixes of one kind that are printed.
const SHOWN: usize = 8;

/// What mends each objective that fails: the smallest change of each input, and combinations.
#[derive(Debug, Args)]
pub(super) struct Suggest {
    /// The spec: a `.dr` file, a folder with a `main.dr`, or `-`.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Only this objective, such as `orders.rpo`.
    #[arg(long, value_name = "OBJECTIVE")]
    of: Option<String>,
    /// At most so many objectives, the worst first.
    #[arg(long, value_name = "N", default_value_t = 10)]
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

impl Suggest {
    pub fn run(&self, terminal: &Terminal) -> Result<Outcome, Failure> {
        let spec = Spec::read(&self.path, &self.common)?;
        if spec.broken() {
            return Ok(spec.refused(terminal.findings()));
        }
        let trials = spec.trials(self.trials.unwrap_or_else(|| answers::trials(&spec, 4_000)));
        let only = self.of.as_deref().map(|o| answers::objective(&trials, o)).transpose()?;
        let answer = suggest(&trials, &Wanted { only, limit: self.limit, combine: true, first: false });
        let out = match self.format {
            Format::Text => text(&spec, &answer),
            Format::Json => serde_json::to_string_pretty(&wire_answers::suggest(&spec, &answer))? + "\n",
        };
        Ok(Outcome { out, ..Outcome::default() })
    }
}

fn text(spec: &Spec, answer: &Answer) -> String {
    let mut out = String::new();
    for s in &answer.suggestions {
        out.push_str(&of_objective(&spec.compiled.sources, s));
        if let (Some(currency), Some(fix)) = (spec.compiled.model.costs.currency, s.cheapest()) {
            let price = fix.price.unwrap_or_default();
            let amount = currency.show(price.unsigned_abs());
            let words = match price {
                0 => "for nothing more".to_owned(),
                1.. => format!("for {amount} more in a year"),
                _ => format!("for {amount} less in a year"),
            };
            let lines: Vec<String> = fix.changes.iter().map(|c| format!("`{}`", c.line)).collect();
            out.push_str(&format!("  the cheapest, {words}: {}\n", lines.join(" and ")));
        }
    }
    if answer.suggestions.is_empty() {
        out.push_str("nothing that was asked about fails\n");
    }
    if answer.left_out > 0 {
        out.push_str(&format!("{} more objectives fail: `--limit`\n", answer.left_out));
    }
    out
}

fn of_objective(sources: &SourceMap, s: &Suggestion) -> String {
    let verb = if s.status == Status::Refuted { "is not met" } else { "is not shown to be met" };
    let bound = s.predicted.map_or_else(|| "without bound".to_owned(), show::duration);
    let mut out = format!(
        "{} {verb} under `{}`: {bound}, asked for {}\n",
        s.objective,
        s.scenario,
        show::duration(s.allowed)
    );
    for fix in s.single.iter().take(SHOWN) {
        out.push_str(&format!("  {}\n", one(sources, fix)));
    }
    more(&mut out, s.single.len());
    for fix in &s.combined {
        out.push_str(&format!("  together: {}\n", one(sources, fix)));
    }
    if s.single.is_empty() && s.combined.is_empty() {
        out.push_str(&format!("  nothing that was tried mends it: {} inputs, alone", s.moved));
        out.push_str(" and two or three together\n");
        for p in s.partly.iter().take(SHOWN) {
            let under = p.under.iter().map(|u| format!("`{u}`")).collect::<Vec<_>>().join(", ");
            out.push_str(&format!("  only under {under}: {}\n", one(sources, &p.fix)));
        }
        more(&mut out, s.partly.len());
    }
    if s.not_moved > 0 {
        out.push_str(&format!("  {} more inputs were not tried: `--trials`\n", s.not_moved));
    }
    out
}

fn more(out: &mut String, all: usize) {
    if all > SHOWN {
        out.push_str(&format!("  and {} more: `--format json`\n", all - SHOWN));
    }
}

fn one(sources: &SourceMap, fix: &Fix) -> String {
    let parts: Vec<String> = fix.changes.iter().map(|c| change(sources, c)).collect();
    parts.join("\n    and ")
}

/// `` `log = every 3 min` ``, and where.
fn change(sources: &SourceMap, c: &Change) -> String {
    let place = sources.place(c.at);
    let is = if c.stated.is_empty() { String::new() } else { format!(", now {}", c.stated) };
    let note = match c.who {
        _ if c.own_response => "; in a response of your own in place of the library's",
        Who::Fact => "; if it can be so",
        Who::Promise => "; promise less",
        Who::Choice | Who::Purchase | Who::People => "",
    };
    format!("`{}` ({place}: {}{is}{note})", c.line, c.input)
}
