//! A plan as a table for a terminal.

use super::markdown::visible;
use super::sheet::sheets;
use crate::emit::target::Input;
use crate::plan::{Plan, Stage};
use crate::quantity::{Duration, show};
use comfy_table::{ContentArrangement, Table, presets};
use std::fmt::Write as _;

/// A plan as a table: step, who, what, start and finish from the strike.
pub fn text(input: Input<'_>, plan: &Plan) -> String {
    let mut out = format!("{}\n", visible(&plan.title));
    for choice in &plan.choices {
        let loss = match choice.loss {
            None | Some(Duration::MAX) => "without a bound".to_owned(),
            Some(loss) => format!("at most {}", show::duration(loss)),
        };
        let _ = writeln!(
            out,
            "{}: from {}, to {}; loses {loss}",
            input.model.data[choice.data].name,
            input.model.copies[choice.copy].name,
            input.model.hosts[choice.target].name,
        );
    }
    for (subject, why) in &plan.lost {
        let (_, name) = super::json::subject(input, *subject);
        let _ = writeln!(out, "{name}: cannot be recovered: {}", visible(&why.to_string()));
    }
    let all = sheets(input, plan);
    for (stage, heading) in
        [(Stage::Recover, ""), (Stage::Afterwards, "afterwards"), (Stage::Failback, "failback")]
    {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["step", "who", "what", "start", "finish"]);
        for sheet in all.iter().filter(|s| s.step.stage == stage) {
            table.add_row([
                sheet.number.to_string(),
                visible(&sheet.who),
                visible(&sheet.title),
                show::duration(sheet.step.start),
                show::duration(sheet.step.finish),
            ]);
        }
        if table.row_count() > 0 {
            let _ = write!(out, "\n{heading}{}", if heading.is_empty() { "" } else { "\n" });
            for line in table.lines() {
                out.push_str(line.trim_end());
                out.push('\n');
            }
        }
    }
    for note in &plan.notes {
        let _ = writeln!(out, "\nnote: {}", visible(note));
    }
    out
}
