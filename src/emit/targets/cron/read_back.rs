//! Tables compared with the operations.

use super::parse::{self, Table, When};
use super::{PATH, by_host};
use crate::base::EcoString;
use crate::calendar::{Days, Rule};
use crate::emit::artifact::ArtifactTree;
use crate::emit::target::Input;
use crate::ops::{Job, JobKind, Scheduler};

/// Days of each month, of the leap year.
const LENGTHS: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

pub(super) fn differences(input: Input<'_>, tree: &ArtifactTree) -> Vec<String> {
    let mut found = Vec::new();
    for (_, job) in input.ops.jobs.iter() {
        if job.scheduler == Scheduler::Cron && !matches!(job.kind, JobKind::Mirror { .. }) {
            found.push(format!("`{}` is left to cron, which has no script for it", job.name));
        }
    }
    for (host, jobs) in by_host(input.ops) {
        let name = &input.model.hosts[host].name;
        let path = format!("hosts/{name}{PATH}");
        let text = tree.get(&path).map(|a| String::from_utf8_lossy(&a.bytes));
        let Some(text) = text else {
            found.push(format!("{path}: missing"));
            continue;
        };
        match parse::table(&text) {
            Ok(table) => {
                found.extend(table_differs(&table, &jobs).into_iter().map(|d| format!("{path}: {d}")))
            }
            Err(e) => found.push(format!("{path}: {e}")),
        }
    }
    found
}

/// What a table says otherwise than the jobs of its host.
fn table_differs(table: &Table, jobs: &[(&Job, EcoString)]) -> Vec<String> {
    let mut found = Vec::new();
    let mut known = vec![false; table.lines.len()];
    for (job, command) in jobs {
        let mut lines = Vec::new();
        for (line, known) in table.lines.iter().zip(&mut known) {
            let (days, inner) = parse::guard(&line.command);
            if inner != command.as_str() {
                continue;
            }
            *known = true;
            if line.user != "root" || line.input.is_some() {
                found.push(format!("line {}: `{}` does not run plainly as root", line.number, job.name));
            }
            lines.push((&line.when, days));
        }
        if let Some(what) = times_differ(job, &lines) {
            found.push(format!("`{}` {what}", job.name));
        }
    }
    for (line, _) in table.lines.iter().zip(known).filter(|(_, known)| !known) {
        found.push(format!("line {}: no job runs this command", line.number));
    }
    found
}

/// Compares over all minutes that a year can have: each month, day of the month, day of the week
/// and minute of the day.
fn times_differ(job: &Job, lines: &[(&When, u32)]) -> Option<String> {
    let rules: Vec<(&Rule, Minutes)> =
        job.runs.iter().map(|r| (&r.rule, minutes(r.rule.times.iter().copied()))).collect();
    let mut fields = Vec::new();
    for (when, days) in lines {
        match when {
            When::At(at) => fields.push((at, *days, minutes((0..1440).filter(|m| at.at(m / 60, m % 60))))),
            When::Reboot => return Some("runs when its host starts".to_owned()),
        }
    }
    for (month, length) in (1u8..).zip(LENGTHS) {
        for day in 1..=length {
            for weekday in 0..7u8 {
                let mut wanted = [0u64; 24];
                for (_, times) in rules.iter().filter(|(r, _)| runs_on(r, month, day, weekday)) {
                    wanted.iter_mut().zip(times).for_each(|(w, t)| *w |= t);
                }
                let mut said = [0u64; 24];
                for (fields, days, times) in &fields {
                    if !fields.on(month, day, weekday) || days & (1 << (day - 1)) == 0 {
                        continue;
                    }
                    if said.iter().zip(times).any(|(s, t)| s & t != 0) {
                        return Some(format!("starts twice in a minute of {day}.{month}."));
                    }
                    said.iter_mut().zip(times).for_each(|(s, t)| *s |= t);
                }
                if wanted != said {
                    let day_of_week = crate::calendar::show::weekday(weekday);
                    return Some(format!("does not run as said on a {day_of_week} {day}.{month}."));
                }
            }
        }
    }
    None
}

/// Minutes of a day, a word for each hour.
type Minutes = [u64; 24];

fn minutes(times: impl Iterator<Item = u16>) -> Minutes {
    let mut set = [0; 24];
    for time in times {
        if let Some(hour) = set.get_mut(usize::from(time / 60)) {
            *hour |= 1 << (time % 60);
        }
    }
    set
}

/// As [`Rule::on`], for days that any year may have; Monday is 0.
fn runs_on(rule: &Rule, month: u8, day: u8, weekday: u8) -> bool {
    rule.months & (1 << (month - 1)) != 0
        && match rule.days {
            Days::Weekly { weeks, weekdays } => {
                weeks & (1 << ((day - 1) / 7)) != 0 && weekdays & (1 << weekday) != 0
            }
            Days::Monthly { days } => days & (1 << (day - 1)) != 0,
        }
}
