//! `drc why`.

use super::input::{Spec, path_and};
use super::terminal::Terminal;
use super::{Common, Failure, Outcome, table};
use crate::base::SourceMap;
use crate::base::similar::nearest;
use crate::judge::{self, Verdict};
use crate::model::{Objective, On};
use crate::plan::{Lost, Subject, plan, votes};
use crate::quantity::show;
use crate::why::{self, Node, Source, Value};
use clap::Args;

/// The derivation of one number.
#[derive(Debug, Args)]
pub(super) struct Why {
    /// The spec, when it is not the folder one is in; then the objective, such as `orders.rpo`.
    #[arg(required = true, num_args = 1..=2, value_names = ["PATH", "OBJECTIVE"])]
    what: Vec<String>,
    /// The scenario, such as 'site hz-a'. The worst one when not stated.
    #[arg(long, value_name = "SCENARIO")]
    under: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl Why {
    pub fn run(&self, terminal: &Terminal) -> Result<Outcome, Failure> {
        let (path, objective) = path_and(&self.what, "orders.rpo")?;
        let (subject, objective) = match objective.rsplit_once('.') {
            Some((s, "rpo")) => (s, Objective::Rpo),
            Some((s, "rto")) => (s, Objective::Rto),
            _ => {
                return Err(Failure(format!(
                    "`{objective}` is no objective: write it as `orders.rpo` or `orders.rto`"
                )));
            }
        };
        let spec = Spec::read(&path, &self.common)?;
        let compiled = &spec.compiled;
        let model = &compiled.model;
        let scenario_name = |v: &Verdict| {
            let s = compiled.verdicts.scenarios.get(v.scenario as usize);
            s.map_or_else(String::new, |s| s.name(model))
        };
        let of_subject: Vec<&Verdict> = compiled
            .verdicts
            .list
            .iter()
            .filter(|v| v.objective == objective && table::name(model, v.subject) == subject)
            .collect();
        if of_subject.is_empty() {
            let judged = compiled.verdicts.list.iter().filter(|v| v.objective == objective);
            let names = judged.map(|v| table::name(model, v.subject));
            let hint = nearest(subject, names).map_or(String::new(), |n| format!(": did you mean `{n}`?"));
            let why = format!("`{subject}` has no such objective{hint}");
            // It may be missing because of what is wrong with the spec.
            if !spec.broken() {
                return Err(Failure(why));
            }
            let mut outcome = spec.refused(terminal.findings());
            outcome.err.push_str(&format!("drc: {why}\n"));
            return Ok(outcome);
        }
        let chosen = match &self.under {
            Some(under) => of_subject.iter().find(|v| scenario_name(v) == *under).copied(),
            None => of_subject.iter().max_by_key(|v| v.strain()).copied(),
        };
        let Some(v) = chosen else {
            let under = self.under.as_deref().unwrap_or_default();
            let names: Vec<String> = of_subject.iter().map(|v| scenario_name(v)).collect();
            let hint = nearest(under, names.iter().map(String::as_str))
                .map_or(String::new(), |n| format!(": did you mean `{n}`?"));
            return Err(Failure(format!("`{under}` does not touch `{subject}`{hint}")));
        };
        let Some(scenario) = compiled.verdicts.scenarios.get(v.scenario as usize) else {
            return Err(Failure("no such scenario".to_owned()));
        };
        let plan = plan(compiled.estate(), scenario);
        let tree = match objective {
            Objective::Rpo => {
                let choice = plan.choices.iter().find(|c| Subject::Data(c.data) == v.subject);
                choice.map(|c| why::loss(compiled.estate(), c))
            }
            Objective::Rto => {
                let step = plan.recovered.iter().find(|(s, _)| *s == v.subject);
                step.map(|(_, n)| why::time(compiled.estate(), &plan, *n))
            }
        };
        let mut out = format!(
            "{} of `{subject}` under `{}`: {}, {} of {} allowed ({})\n",
            if objective == Objective::Rpo { "recovery point" } else { "recovery time" },
            scenario_name(v),
            v.status.name(),
            v.predicted.map_or_else(|| "without bound".to_owned(), show::duration),
            show::duration(v.allowed),
            compiled.sources.place(v.allowed_at),
        );
        if let Some(reason) = &v.reason {
            out.push_str(&format!("  {reason}\n"));
        }
        match &tree {
            Some(tree) => draw(tree, "", true, &compiled.sources, &mut out),
            None if v.reason.is_none() => {
                out.push_str("  nothing of it is lost, and it goes on\n");
                if let (Objective::Rpo, Subject::Data(data)) = (objective, v.subject) {
                    let nodes = why::outages(compiled.estate(), scenario, data, v.allowed);
                    for (n, node) in nodes.iter().enumerate() {
                        draw(node, "", n + 1 == nodes.len(), &compiled.sources, &mut out);
                    }
                }
            }
            None => {}
        }
        let clusters: Vec<_> = match v.subject {
            Subject::Data(d) => vec![d],
            Subject::Service(s) => model.services[s].needs.iter().map(|n| n.0).collect(),
        }
        .into_iter()
        .filter_map(|d| match model.data[d].on {
            On::Cluster(c) => Some(c),
            On::Files { .. } => None,
        })
        .collect();
        let left = votes(model, &Lost::of(model, scenario));
        for votes in left.iter().filter(|v| clusters.contains(&v.cluster)) {
            out.push_str(&format!("  {}\n", votes.words(model)));
        }
        if let Some(w) = &v.witness {
            out.push_str(&format!("witness: strike at {}; {}\n", w.strike, w.bound_by));
        }
        if let Some(words) = judge::any_plan(compiled.estate(), v) {
            out.push_str(&format!("any plan: {words}\n"));
        }
        Ok(Outcome { out, err: String::new(), failed: false })
    }
}

/// Draws a tree with the lines that `tree` draws.
fn draw(node: &Node, indent: &str, last: bool, sources: &SourceMap, out: &mut String) {
    let value = match node.value {
        Value::None => String::new(),
        value => format!(": {value}"),
    };
    let source = match node.source {
        Source::Rule(rule) => format!("  [{rule}]"),
        Source::Input(origin) => match origin.assumed {
            Some(a) => format!("  (assumed: {}; {})", a.text, a.source),
            None if sources.file_of(origin.span).is_none() => "  (nothing states it)".to_owned(),
            None => format!("  ({})", sources.place(origin.span)),
        },
    };
    out.push_str(&format!("{indent}{}{}{value}{source}\n", if last { "└─ " } else { "├─ " }, node.what));
    let deeper = format!("{indent}{}", if last { "   " } else { "│  " });
    for (n, child) in node.children.iter().enumerate() {
        draw(child, &deeper, n + 1 == node.children.len(), sources, out);
    }
}
