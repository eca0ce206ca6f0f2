//! A plan as a table for a terminal.

use super::markdown::visible;
use super::protection;
use super::sheet::sheets;
use crate::emit::target::Input;
use crate::plan::{Plan, Stage, Subject};
use crate::quantity::{Duration, show};
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
        let row = |s: &super::sheet::Sheet<'_>| {
            [
                s.number.to_string(),
                visible(&s.who),
                visible(&s.title),
                show::duration(s.step.start),
                show::duration(s.step.finish),
            ]
        };
        let rows: Vec<[String; 5]> = all.iter().filter(|s| s.step.stage == stage).map(row).collect();
        if !rows.is_empty() {
            let _ = write!(out, "\n{heading}{}", if heading.is_empty() { "" } else { "\n" });
            table(&mut out, &rows);
        }
    }
    if let Some((subject, last)) = slowest(plan) {
        let (_, name) = super::json::subject(input, subject);
        let _ = writeln!(out, "\nwhat {name} waits for, which is the last to be back");
        for leg in plan.legs(last) {
            let Some(step) = plan.steps.get(leg.step) else { continue };
            let waits = leg.waits_for.map_or(String::new(), |r| {
                format!(", once {} is free", r.words(input.model).replace('`', ""))
            });
            let about = step.kind.about(input.model).replace('`', "");
            let takes = show::duration(leg.takes);
            let _ = writeln!(out, "{:<4}  {}{about}{waits}: {takes}", leg.step + 1, step.kind.name());
        }
    }
    if !plan.exposure.is_empty() {
        out.push_str("\nuntil protection is whole again\n");
    }
    for exposure in &plan.exposure {
        let name = &input.model.data[exposure.data].name;
        let _ = writeln!(out, "{name}: {}", visible(&protection::whole(input, exposure)));
        for second in &exposure.second {
            let _ = writeln!(out, "    {}", visible(&protection::second(input, second)));
        }
    }
    for note in &plan.notes {
        let _ = writeln!(out, "\nnote: {}", visible(note));
    }
    out
}

/// What is back last, and with which step.
fn slowest(plan: &Plan) -> Option<(Subject, usize)> {
    let finish = |n: usize| plan.steps.get(n).map(|s| s.finish);
    plan.recovered.iter().copied().max_by_key(|(s, n)| (finish(*n), std::cmp::Reverse(*s)))
}

/// Columns as wide as their widest text, two spaces between them.
fn table(out: &mut String, rows: &[[String; 5]]) {
    let head = ["step", "who", "what", "start", "finish"].map(str::to_owned);
    let all = || std::iter::once(&head).chain(rows);
    let widths: Vec<usize> = (0..head.len())
        .map(|n| all().filter_map(|r| r.get(n)).map(|t| t.chars().count()).max().unwrap_or(0))
        .collect();
    for row in all() {
        let mut line = String::new();
        for (text, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{text:<width$}  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}
