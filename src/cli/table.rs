//! The verdict table.

use crate::driver::Compiled;
use crate::judge::{Status, Verdict};
use crate::model::{Model, Objective};
use crate::plan::Subject;
use crate::quantity::show;
use comfy_table::{Cell, ContentArrangement, Table, presets};
use std::collections::BTreeMap;

/// Rows of a table that nobody asked to be whole.
const ROWS: usize = 40;

/// The name of a subject.
pub(super) fn name(model: &Model, subject: Subject) -> &str {
    match subject {
        Subject::Data(d) => &model.data[d].name,
        Subject::Service(s) => &model.services[s].name,
    }
}

fn tier(model: &Model, subject: Subject) -> &str {
    let tier = match subject {
        Subject::Data(d) => model.data[d].tier,
        Subject::Service(s) => model.services[s].tier,
    };
    tier.map_or("", |(t, _)| &model.tiers[t].name)
}

fn amount(v: &Verdict) -> String {
    let predicted = v.predicted.map_or_else(|| "no bound".to_owned(), show::duration);
    let mark = match v.status {
        Status::Proved => "",
        _ if v.waived.is_some() => "waived: ",
        Status::Refuted => "REFUTED: ",
        Status::Unknown => "UNKNOWN: ",
    };
    format!("{mark}{predicted} of {}", show::duration(v.allowed))
}

fn scenario(compiled: &Compiled, v: &Verdict) -> String {
    let s = compiled.verdicts.scenarios.get(v.scenario as usize);
    s.map_or_else(String::new, |s| s.name(&compiled.model))
}

/// One line for each subject: for both objectives the verdict that is nearest to failing.
/// With `all`, every verdict.
pub(super) fn verdicts(compiled: &Compiled, all: bool) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let model = &compiled.model;
    if all {
        table.set_header(["", "tier", "objective", "under", "at worst", "verdict"]);
        for v in &compiled.verdicts.list {
            let objective = if v.objective == Objective::Rpo { "rpo" } else { "rto" };
            table.add_row([
                name(model, v.subject).to_owned(),
                tier(model, v.subject).to_owned(),
                objective.to_owned(),
                scenario(compiled, v),
                amount(v),
                v.status.name().to_owned(),
            ]);
        }
        return trimmed(&table);
    }
    let mut worst: BTreeMap<Subject, [Option<&Verdict>; 2]> = BTreeMap::new();
    for v in &compiled.verdicts.list {
        let slot = &mut worst.entry(v.subject).or_default()[usize::from(v.objective == Objective::Rto)];
        if slot.is_none_or(|s| v.strain() > s.strain()) {
            *slot = Some(v);
        }
    }
    let mut rows: Vec<(Subject, [Option<&Verdict>; 2])> = worst.into_iter().collect();
    let many = rows.len();
    if many > ROWS {
        rows.sort_by_key(|(s, pair)| {
            (std::cmp::Reverse(pair.iter().flatten().map(|v| v.strain()).max()), *s)
        });
        rows.truncate(ROWS);
    }
    table.set_header(["", "tier", "recovery point", "under", "recovery time", "under"]);
    for (subject, pair) in rows {
        let mut cells = vec![name(model, subject).to_owned(), tier(model, subject).to_owned()];
        for v in pair {
            cells.push(v.map_or_else(|| "-".to_owned(), amount));
            cells.push(v.map_or_else(String::new, |v| scenario(compiled, v)));
        }
        table.add_row(cells.into_iter().map(Cell::new));
    }
    let mut out = trimmed(&table);
    if many > ROWS {
        out.push_str(&format!(
            "… and {} more, farther from failing: `--all` shows every verdict\n",
            many - ROWS
        ));
    }
    out
}

/// The lines of a table without the blanks round them.
pub(super) fn trimmed(table: &Table) -> String {
    let mut out = String::new();
    for line in table.lines() {
        out.push_str(line.strip_prefix(' ').unwrap_or(&line).trim_end());
        out.push('\n');
    }
    out
}
