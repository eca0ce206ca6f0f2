//! `drc plan`.

use super::input::Spec;
use super::terminal::Terminal;
use super::{Common, Failure, Outcome};
use crate::base::similar::nearest;
use crate::emit::target::Input;
use crate::emit::targets::plans;
use crate::emit::template::Templates;
use crate::plan::Plan;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Print the ordered recovery, and the way back.
#[derive(Debug, Args)]
pub(super) struct Print {
    /// The spec: a `.dr` file, a folder with a `main.dr`, or `-`.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The scenario, such as 'site hz-a'. A list of all when not stated.
    #[arg(long, value_name = "SCENARIO")]
    scenario: Option<String>,
    /// How the plan looks.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// A table for a terminal.
    Text,
    /// Markdown, for people and paper.
    Md,
    /// For machines.
    Json,
    /// The graph of its steps.
    Dot,
    /// The runner.
    Sh,
}

impl Print {
    pub fn run(&self, terminal: &Terminal) -> Result<Outcome, Failure> {
        let spec = Spec::read(&self.path, &self.common)?;
        if spec.broken() {
            return Ok(spec.refused(terminal.findings()));
        }
        let plans = spec.plans()?;
        let templates = Templates::default();
        let input = Input {
            model: &spec.compiled.model,
            ops: &spec.compiled.ops,
            plans: &plans,
            templates: &templates,
        };
        // What is not met is said by `check`; a plan is wanted all the more then.
        let answer = |out: String| Ok(Outcome { out, ..Outcome::default() });
        let Some(wanted) = &self.scenario else {
            if matches!(self.format, Format::Md | Format::Dot | Format::Sh) {
                return Err(Failure(
                    "name the plan: drc plan --scenario 'NAME'; without it they are listed".to_owned(),
                ));
            }
            if self.format == Format::Json {
                let all: Vec<serde_json::Value> = plans
                    .iter()
                    .map(|p| serde_json::from_str(&plans::json(input, p)))
                    .collect::<Result<_, _>>()?;
                return answer(serde_json::to_string_pretty(&all)? + "\n");
            }
            let line = |p: &Plan| format!("{:<40} {} steps\n", p.title, p.steps.len());
            let mut out: String = plans.iter().filter(|p| !p.steps.is_empty()).map(line).collect();
            out.push_str("\nOne of them: drc plan --scenario 'NAME'\n");
            return answer(out);
        };
        let named: Vec<&Plan> =
            plans.iter().filter(|p| p.title == *wanted || p.scenario.name(input.model) == *wanted).collect();
        if named.is_empty() {
            let names = plans.iter().map(|p| p.title.as_str());
            let hint = nearest(wanted, names).map_or(String::new(), |n| format!(": did you mean `{n}`?"));
            return Err(Failure(format!("there is no scenario `{wanted}`{hint}")));
        }
        let text = |p: &&Plan| match self.format {
            Format::Text => plans::text(input, p),
            Format::Md => plans::markdown(input, p),
            Format::Json => plans::json(input, p),
            Format::Dot => plans::dot(input, p),
            Format::Sh => plans::runner(input, p),
        };
        if named.len() > 1 && matches!(self.format, Format::Json | Format::Dot | Format::Sh) {
            let titles: Vec<String> = named.iter().map(|p| format!("`{}`", p.title)).collect();
            return Err(Failure(format!("`{wanted}` has several plans: name one of {}", titles.join(", "))));
        }
        answer(named.iter().map(text).collect::<Vec<_>>().join("\n"))
    }
}
