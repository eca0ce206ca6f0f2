//! Plans as people and machines use them: paper, JSON, a graph, and scripts that run it.
//!
//! Below `plans/SLUG/`: `plan.md`, `plan.json`, `plan.dot`, `run.sh`, and in `steps/` one script a
//! step beside `lib.sh`, which says what their verbs do. The folder needs nothing else of the
//! build: it can be copied to the machine that runs it.

mod act;
mod acts;
mod dot;
mod errors;
mod json;
mod markdown;
mod protection;
mod reading;
mod runner;
mod sheet;
mod text;
mod words;

pub use dot::dot;
pub use json::json;
pub use markdown::markdown;
pub use runner::runner;
pub use text::text;

use crate::base::Span;
use crate::diag::Problems;
use crate::emit::artifact::{Artifact, ArtifactTree};
use crate::emit::target::{Input, Target};
use crate::emit::template::TemplateError;
use crate::plan::Plan;

/// The target `plans`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plans;

const LIBRARY: &str = include_str!("shell/lib.sh");

impl Target for Plans {
    fn name(&self) -> &'static str {
        "plans"
    }

    fn supports(&self, input: Input<'_>, problems: &mut Problems) {
        errors::names(input, problems);
        errors::texts(input, problems);
    }

    fn emit(&self, input: Input<'_>, tree: &mut ArtifactTree) -> Result<(), TemplateError> {
        for plan in input.plans {
            let sheets = sheet::sheets(input, plan);
            let spans = spans(input, plan);
            let mut add = |path: &str, mode: u32, text: String| {
                let artifact =
                    Artifact { bytes: text.into_bytes(), mode, target: self.name(), spans: spans.clone() };
                tree.add(format!("plans/{}/{path}", plan.slug), artifact);
            };
            add("plan.md", 0o640, markdown(input, plan));
            add("plan.json", 0o640, json(input, plan));
            add("plan.dot", 0o640, dot(input, plan));
            add("run.sh", 0o750, runner(input, plan));
            add("steps/lib.sh", 0o640, LIBRARY.to_owned());
            for sheet in &sheets {
                add(&sheet.path(), 0o750, act::script(input, &plan.slug, sheet));
            }
        }
        Ok(())
    }

    fn read_back(&self, input: Input<'_>, tree: &ArtifactTree) -> Vec<String> {
        input.plans.iter().flat_map(|plan| reading::compare(input, plan, tree)).collect()
    }
}

/// The declarations that a plan comes from: what is lost, and the copies that are used.
fn spans(input: Input<'_>, plan: &Plan) -> Vec<Span> {
    let mut spans = vec![plan.scenario.span];
    for choice in &plan.choices {
        spans.push(input.model.data[choice.data].span);
        spans.push(input.model.copies[choice.copy].span);
    }
    spans.retain(|s| *s != Span::default());
    spans.sort_unstable();
    spans.dedup();
    spans
}
