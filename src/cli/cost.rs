//! `drc cost`.

use super::input::Spec;
use super::terminal::Terminal;
use super::{Common, Failure, Format, Outcome, wire_cost};
use crate::cost::{Expected, Losses, Outlay, expected, outlays, sum};
use crate::model::Objective;
use crate::quantity::{Currency, show};
use clap::Args;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use std::path::PathBuf;

/// Parts of a scenario's loss that are printed.
const PARTS: usize = 4;

/// What is declared costs in a year, and what losses are expected to cost.
#[derive(Debug, Args)]
pub(super) struct Cost {
    /// The spec: a `.dr` file, a folder with a `main.dr`, or `-`.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// How the answer looks.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    common: Common,
}

impl Cost {
    pub fn run(&self, terminal: &Terminal) -> Result<Outcome, Failure> {
        let spec = Spec::read(&self.path, &self.common)?;
        if spec.broken() {
            return Ok(spec.refused(terminal.findings()));
        }
        let model = &spec.compiled.model;
        let (outlays, losses) = (outlays(model), expected(model, &spec.compiled.verdicts));
        let out = match self.format {
            Format::Json => serde_json::to_string_pretty(&wire_cost::cost(&spec, &outlays, &losses))? + "\n",
            Format::Text => match model.costs.currency {
                Some(currency) => text(&spec, currency, &outlays, &losses),
                None => "nothing states a `cost`, an `outage-cost` or a `loss-cost`: `drc explain link` and \
                         `drc explain tier` say how\n"
                    .to_owned(),
            },
        };
        Ok(Outcome { out, ..Outcome::default() })
    }
}

fn text(spec: &Spec, currency: Currency, outlays: &[Outlay], losses: &Losses) -> String {
    let model = &spec.compiled.model;
    let mut out = String::new();
    if !outlays.is_empty() {
        out.push_str("Outlays in a year:\n");
        let mut rows: Vec<[String; 3]> = Vec::new();
        for o in outlays {
            let amount = o.yearly.map_or_else(|| "no capacity is stated".to_owned(), |m| currency.show(m));
            rows.push([format!("  {}", o.what), amount, spec.compiled.sources.place(o.at)]);
        }
        rows.push(["  sum".to_owned(), currency.show(sum(outlays)), String::new()]);
        if let Some(budget) = &model.costs.budget {
            let place = spec.compiled.sources.place(budget.span);
            rows.push(["  budget".to_owned(), currency.show(budget.value.minor), place]);
        }
        out.push_str(&table(rows));
    }
    if !losses.list.is_empty() {
        out.push_str(
            "\nExpected losses in a year, at most: likelihood times what it costs when it strikes\n",
        );
        for e in &losses.list {
            out.push_str(&scenario(currency, e));
        }
        let total = losses.sum().map_or_else(|| "without bound".to_owned(), |s| currency.show(s));
        out.push_str(&format!("  sum: {total}\n"));
    }
    if !losses.not_counted.is_empty() {
        let names = losses.not_counted.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
        out.push_str(&format!("\nNot counted, since nothing says how likely: {names}\n"));
    }
    for objective in &losses.no_objective {
        out.push_str(&format!("Not counted: `{objective}` is not promised, so nothing bounds it\n"));
    }
    out
}

fn scenario(currency: Currency, e: &Expected) -> String {
    let money = |m: Option<u64>| m.map_or_else(|| "without bound".to_owned(), |m| currency.show(m));
    let mut out = format!(
        "  {}: {} a year x {} = {}\n",
        e.scenario,
        show::ratio(e.likelihood),
        money(e.strike),
        money(e.yearly)
    );
    let mut parts: Vec<_> = e.parts.iter().filter(|p| p.amount != Some(0)).collect();
    parts.sort_by_key(|p| std::cmp::Reverse(p.amount.unwrap_or(u64::MAX)));
    for p in parts.iter().take(PARTS) {
        let what = if p.objective == Objective::Rpo { "of work lost" } else { "of outage" };
        let time = p.time.map_or_else(|| "time without bound".to_owned(), show::duration);
        out.push_str(&format!("    {}: {time} {what}: {}\n", p.subject, money(p.amount)));
    }
    if parts.len() > PARTS {
        out.push_str(&format!("    and {} more\n", parts.len() - PARTS));
    }
    out
}

fn table(rows: Vec<[String; 3]>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    for row in rows {
        table.add_row(row);
    }
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.lines().map(|l| format!("{}\n", l.trim_end())).collect()
}
