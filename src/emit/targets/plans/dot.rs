//! `plan.dot`, the graph of a plan for Graphviz: an arrow goes from a step to those that wait for
//! it, and the colour says who does it.

use super::markdown::visible;
use super::sheet::{sheets, stage};
use crate::emit::target::Input;
use crate::plan::{Actor, Plan, Stage};
use crate::quantity::show;
use std::fmt::Write as _;

/// A string of the language: quotes and backslashes are the only characters that mean something
/// in it, and a label breaks its lines at `\n`.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Breaks a title at spaces, so that a box stays readable.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut length = 0;
    for word in text.split(' ') {
        if length > 0 {
            out.push(if length + word.chars().count() > 32 { '\n' } else { ' ' });
        }
        length = if out.ends_with('\n') { 0 } else { length + 1 } + word.chars().count();
        out.push_str(word);
    }
    out
}

fn colour(actor: Actor) -> &'static str {
    match actor {
        Actor::Automatic => "#d9ead3",
        Actor::Person => "#fce5cd",
        Actor::Runner => "#cfe2f3",
    }
}

/// A plan as a graph.
pub fn dot(input: Input<'_>, plan: &Plan) -> String {
    let sheets = sheets(input, plan);
    let mut out =
        String::from("// Made by drc: do not edit; change the spec and build again.\ndigraph plan {\n");
    let _ = writeln!(out, "    label={};", string(&visible(&plan.title)));
    out.push_str(
        "    rankdir=TB;\n    node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n",
    );
    for part in [Stage::Recover, Stage::Afterwards, Stage::Failback] {
        if sheets.iter().all(|s| s.step.stage != part) {
            continue;
        }
        let name = stage(part);
        let _ = writeln!(
            out,
            "    subgraph {} {{\n        label={};",
            string(&format!("cluster_{name}")),
            string(name)
        );
        for sheet in sheets.iter().filter(|s| s.step.stage == part) {
            let label = format!(
                "{}. {}\n{}\nby {}",
                sheet.number,
                wrapped(&visible(&sheet.title)),
                visible(&sheet.who),
                show::duration(sheet.step.finish)
            );
            let _ = writeln!(
                out,
                "        s{} [label={}, fillcolor={}];",
                sheet.number,
                string(&label),
                string(colour(sheet.step.actor))
            );
        }
        out.push_str("    }\n");
    }
    for sheet in &sheets {
        for before in &sheet.after {
            let _ = writeln!(out, "    s{before} -> s{};", sheet.number);
        }
    }
    out.push_str("}\n");
    out
}
