//! `drc profile`.

use super::input::{Spec, path_and};
use super::terminal::Terminal;
use super::{Common, Failure, Outcome};
use crate::base::similar::nearest;
use crate::calendar::WeekProfile;
use crate::calendar::show::{instant, second_of_week};
use crate::driver::Compiled;
use crate::model::{Idx, Model};
use crate::ops::Job;
use crate::quantity::{Bytes, show};
use clap::Args;

/// Runs that are listed one by one; more are counted.
const LISTED: usize = 14;

/// A week of a data class's writes and of the runs that protect it, as the compiler understands it.
#[derive(Debug, Args)]
pub(super) struct Profile {
    /// The spec, when it is not the folder one is in; then a data class, or a job such as
    /// `orders-vault-a-log`.
    #[arg(required = true, num_args = 1..=2, value_names = ["PATH", "NAME"])]
    what: Vec<String>,
    #[command(flatten)]
    common: Common,
}

impl Profile {
    pub fn run(&self, terminal: &Terminal) -> Result<Outcome, Failure> {
        let (path, name) = path_and(&self.what, "orders")?;
        let spec = Spec::read(&path, &self.common)?;
        let c = &spec.compiled;
        let data = c.model.data.iter().find(|(_, d)| d.name == *name).map(|(id, _)| id);
        let jobs: Vec<Idx<Job>> = c
            .ops
            .jobs
            .iter()
            .filter(|(_, j)| {
                j.name == *name || data.is_some_and(|d| j.serves.iter().any(|s| c.model.copies[*s].data == d))
            })
            .map(|(id, _)| id)
            .collect();
        if data.is_none() && jobs.is_empty() {
            if spec.broken() {
                return Ok(spec.refused(terminal.findings()));
            }
            return Err(Failure(unknown(c, name)));
        }
        let mut out = String::new();
        if let Some(data) = data {
            match &c.model.data[data].writes {
                Some(writes) => {
                    let place = c.sources.place(writes.span);
                    out.push_str(&format!("writes of `{name}` in a week, at most ({place}):\n"));
                    out.push_str(&week(&writes.value));
                }
                None => out.push_str(&format!("nobody states how much is written to `{name}`\n")),
            }
        }
        for job in jobs {
            out.push_str(&runs(&spec, job));
        }
        Ok(Outcome { out, ..Outcome::default() })
    }
}

fn unknown(c: &Compiled, name: &str) -> String {
    let Model { data, .. } = &c.model;
    let names =
        data.iter().map(|(_, d)| d.name.as_str()).chain(c.ops.jobs.iter().map(|(_, j)| j.name.as_str()));
    let hint = nearest(name, names).map_or(String::new(), |n| format!(": did you mean `{n}`?"));
    format!("`{name}` is neither a data class nor a job{hint}")
}

/// The segments of a week, its peak, mean and sum.
fn week(profile: &WeekProfile) -> String {
    let mut out = String::new();
    let mut segments = profile.segments().collect::<Vec<_>>();
    segments.sort_unstable();
    for (from, length, rate) in segments {
        // What ends with the week ends on Sunday at midnight.
        let until = if from + length == 7 * 86_400 { "the end".to_owned() } else { minute(from + length) };
        out.push_str(&format!("  {} to {until}: {}\n", minute(from), show::bytes_per_sec(rate)));
    }
    let per_week = Bytes(u64::try_from(profile.per_week()).unwrap_or(u64::MAX));
    out.push_str(&format!(
        "  peak {}, mean {}, {} a week",
        show::bytes_per_sec(profile.peak()),
        show::bytes_per_sec(profile.mean()),
        show::bytes(per_week)
    ));
    if profile.burst > Bytes::ZERO {
        out.push_str(&format!(", and a burst of {} at any moment", show::bytes(profile.burst)));
    }
    out.push('\n');
    out
}

/// `sat 20:00`.
fn minute(second: u64) -> String {
    let text = second_of_week(second);
    text.strip_suffix(":00").unwrap_or(&text).to_owned()
}

/// The runs of a job in the first week of the horizon, and the longest time between two of the
/// whole horizon.
fn runs(spec: &Spec, job: Idx<Job>) -> String {
    let c = &spec.compiled;
    let j = &c.ops.jobs[job];
    let from = spec.horizon.as_of;
    let mut all: Vec<(i64, &str)> = Vec::new();
    for run in &j.runs {
        let times = run.rule.occurrences(&j.zone, from, from + 7 * 86_400);
        all.extend(times.into_iter().map(|t| (t, run.level.name())));
    }
    all.sort_unstable();
    let mut out = format!("`{}`, {} runs in the week from {}:\n", j.name, all.len(), instant(from, &j.zone));
    for (at, level) in all.iter().take(LISTED) {
        out.push_str(&format!("  {}: {level}\n", instant(*at, &j.zone)));
    }
    if all.len() > LISTED {
        out.push_str(&format!("  and {} more\n", all.len() - LISTED));
    }
    let gaps = c.facts.jobs.get(job).into_iter().flat_map(|f| &f.levels);
    if let Some(gap) = gaps.filter_map(|l| l.gap).max_by_key(|g| (g.length, std::cmp::Reverse(g.from))) {
        out.push_str(&format!(
            "  at most {} from one to the next, from {}\n",
            show::duration(gap.length),
            instant(gap.from, &j.zone)
        ));
    }
    out
}
