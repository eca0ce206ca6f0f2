//! `/etc/cron.d/drc` of each host that starts jobs of its own: Debian's cron.
//!
//! Bacula schedules its own jobs; the mirrors are what is left to cron.

pub mod parse;
mod read_back;
mod write;

pub use write::{Line, lines};

use super::rsync;
use crate::base::EcoString;
use crate::diag::Problems;
use crate::emit::artifact::{Artifact, ArtifactTree};
use crate::emit::target::{Input, Target};
use crate::emit::template::TemplateError;
use crate::model::Host;
use crate::ops::{Job, JobKind, Ops, Scheduler};
use crate::quantity::Duration;
use la_arena::Idx;
use serde::Serialize;
use std::collections::BTreeMap;

/// Where the table stands on its host. cron skips files with a dot in their name without a word.
pub const PATH: &str = "/etc/cron.d/drc";

const NAME: &str = "cron";
const TEMPLATE: &str = include_str!("templates/drc.hbs");

/// The target.
#[derive(Clone, Copy, Debug)]
pub struct Cron;

#[derive(Serialize)]
struct Table<'a> {
    zone: &'a str,
    jobs: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    lines: Vec<Line>,
}

impl Target for Cron {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Nothing: every rule can be said, with a guard where cron has no field for it, and what
    /// stands in a line are names that the compiler made.
    fn templates(&self) -> &'static [&'static str] {
        &["cron/drc.hbs"]
    }

    fn supports(&self, _: Input<'_>, _: &mut Problems) {}

    fn emit(&self, input: Input<'_>, tree: &mut ArtifactTree) -> Result<(), TemplateError> {
        for (host, jobs) in by_host(input.ops) {
            let table = Table {
                zone: input.model.zone(host).name(),
                jobs: jobs
                    .iter()
                    .map(|(job, command)| Entry {
                        name: &job.name,
                        lines: job.runs.iter().flat_map(|r| lines(&r.rule, command)).collect(),
                    })
                    .collect(),
            };
            let text = input.templates.render("cron/drc.hbs", TEMPLATE, escape, &table)?;
            let spans = jobs.iter().flat_map(|(j, _)| j.runs.iter().map(|r| r.span)).collect();
            let artifact = Artifact { bytes: text.into_bytes(), mode: 0o644, target: NAME, spans };
            tree.host_file(&input.model.hosts[host].name, PATH, artifact);
        }
        Ok(())
    }

    fn read_back(&self, input: Input<'_>, tree: &ArtifactTree) -> Vec<String> {
        read_back::differences(input, tree)
    }
}

/// The jobs that cron starts on each host, with their commands, in the order of the spec.
fn by_host(ops: &Ops) -> BTreeMap<Idx<Host>, Vec<(&Job, EcoString)>> {
    let mut hosts: BTreeMap<Idx<Host>, Vec<(&Job, EcoString)>> = BTreeMap::new();
    for (_, job) in ops.jobs.iter().filter(|(_, j)| j.scheduler == Scheduler::Cron) {
        if let JobKind::Mirror { from, .. } = &job.kind {
            // The script waits before it takes its lock; by hand it starts at once.
            let late = job.runs.iter().map(|r| r.rule.jitter).max().unwrap_or(Duration::ZERO);
            let command = match late.secs_up() {
                0 => rsync::script(&job.name),
                late => format!("{} --within {late}", rsync::script(&job.name)),
            };
            hosts.entry(*from).or_default().push((job, command.into()));
        }
    }
    hosts
}

/// What stands for a text in the command of a line: the first bare `%` would end the command, and
/// the others would be new lines of its input.
pub fn escape(text: &str) -> String {
    text.replace('%', r"\%")
}
