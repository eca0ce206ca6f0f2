//! What Bacula's files and our scripts cannot hold, found before anything is written.

use super::index::{Index, bandwidth};
use super::scripts;
use crate::base::{EcoString, Span};
use crate::diag::{Diagnostic, Problems, catalogue as c};
use crate::emit::quote::one_line;
use crate::model::{CopyKind, On};
use crate::ops::{Cap, JobKind, Pool};
use crate::quantity::Duration;
use std::collections::BTreeSet;

/// The longest path: what Linux takes, less what daemons put behind it.
const LONGEST_PATH: usize = 3000;
/// The longest folder of a device, in bytes.
const LONGEST_DEVICE: usize = 127;
/// With one of these in it, Bacula 9 has `/bin/sh -c "echo PATH"` read the path of a certificate or
/// a key: variables are replaced, and commands run.
const SHELL: [char; 12] = ['~', '\\', '$', '[', ']', '*', '?', '`', '\'', '<', '>', '"'];
/// Most jobs at the same time: a thread each, in a director that has one process.
const MOST_JOBS: u64 = 100_000;
/// Most drives of a store: each is a device of the daemon.
const MOST_DRIVES: u64 = 1000;
/// Longest retention, in days: 200 years. Bacula counts in seconds and dates of 1970 and later.
const LONGEST_KEEP: u64 = 200 * 365;

/// Most volumes of a pool, and most runs of a volume.
const MOST_IN_POOL: u64 = 2_000_000_000;

pub(super) fn check(index: &Index<'_>, problems: &mut Problems) {
    paths(index, problems);
    let model = index.model;
    for (_, director) in index.ops.directors.iter() {
        if !(1..=MOST_JOBS).contains(&director.jobs) {
            let span = model
                .backup_servers
                .iter()
                .find(|(_, s)| s.host.0 == director.host)
                .map_or(director.span, |(_, s)| s.jobs.span);
            problems.push(
                Diagnostic::new(
                    &c::BACULA_NUMBER,
                    span,
                    format!("a Bacula director cannot run {} jobs at the same time", director.jobs),
                )
                .help(format!("write a number from 1 to {MOST_JOBS}")),
            );
        }
    }
    for store in index.ops.storages.iter().flat_map(|(_, s)| &s.stores) {
        if let Some(drives) = model.stores[*store].drives.filter(|d| d.value > MOST_DRIVES) {
            problems.push(
                Diagnostic::new(&c::BACULA_NUMBER, drives.span, "a changer cannot have so many drives")
                    .help(format!("write a number from 1 to {MOST_DRIVES}, or leave `drives` out: each job then has a device")),
            );
        }
    }
    for (id, job) in index.ops.jobs.iter() {
        for run in job.runs.iter().filter(|r| r.rule.jitter > Duration::ZERO && job.kind.director().is_some())
        {
            problems.push(
                Diagnostic::new(&c::UNHELD_JITTER, run.span, "Bacula starts its runs on the minute, never late at random")
                    .help("leave `jitter` out: runs that are due at once share what they use, or wait for a place (`jobs`, `drives`)"),
            );
        }
        if let Some(pool) = job.pools.iter().find(|p| p.keep.secs_up() > LONGEST_KEEP * 86_400) {
            problems.push(Diagnostic::new(
                &c::BACULA_NUMBER,
                pool.span,
                "Bacula cannot keep a backup for more than 200 years",
            ));
        }
        let many = |p: &&Pool| p.runs > MOST_IN_POOL || p.volumes.is_some_and(|v| v > MOST_IN_POOL);
        if let Some(pool) = job.pools.iter().find(many) {
            problems.push(
                Diagnostic::new(
                    &c::BACULA_NUMBER,
                    pool.span,
                    "Bacula counts volumes and runs of a pool in 32 bits",
                )
                .help(format!("write a number up to {MOST_IN_POOL}, or leave it out")),
            );
        }
        if job.pools.iter().any(|p| p.keep < Duration::from_secs(1) || p.use_duration == Some(Duration::ZERO))
        {
            problems.push(
                Diagnostic::new(&c::BACULA_NUMBER, job.span, "Bacula takes a time of nothing for no limit")
                    .help("write a second or more"),
            );
        }
        if let (Some(0), Some(cap)) = (bandwidth(job), job.cap) {
            problems.push(
                Diagnostic::new(
                    &c::BACULA_NUMBER,
                    cap.span,
                    "a run cannot be held to less than a byte a second",
                )
                .help("Bacula takes a limit of nothing for no limit"),
            );
        }
        if matches!(job.kind, JobKind::Copy { .. }) && !index.plain(id) {
            problems.push(
                Diagnostic::new(
                    &c::SLOW_COPIES,
                    job.span,
                    "each run that is copied takes Bacula 9 two minutes more than its bytes do",
                )
                .help("let the backup server run on the host of the store that is copied from"),
            );
        }
        if let (JobKind::Copy { .. }, Some(cap)) = (&job.kind, job.cap)
            && stated(index, job, cap)
        {
            problems.push(
                Diagnostic::new(
                    &c::UNHELD_LIMIT,
                    cap.span,
                    "Bacula holds backups to a limit, but not copies from one store to another",
                )
                .help("give the links that it takes a `share` for backups: the traffic shaping holds that"),
            );
        }
    }
}

/// Whether a copy job's cap is the limit that its spec states and no share of a link.
fn stated(index: &Index<'_>, job: &crate::ops::Job, cap: Cap) -> bool {
    job.serves.iter().any(|c| match &index.model.copies[*c].kind {
        CopyKind::CopyOf(of) => of.limit.is_some_and(|l| l.span == cap.span),
        _ => false,
    })
}

fn paths(index: &Index<'_>, problems: &mut Problems) {
    let (model, ops) = (index.model, index.ops);
    let mut all: Vec<(&EcoString, Span)> = Vec::new();
    let mut said = BTreeSet::new();
    let mut refuse = |path, span, reason: &str| {
        if said.insert((span, path)) {
            problems.push(unfit_path(path, span, reason));
        }
    };
    for (_, d) in ops.directors.iter() {
        let server = model.backup_servers.iter().find(|(_, s)| s.host.0 == d.host).map(|(_, s)| s);
        all.push((&d.secrets, server.map_or(d.span, |s| s.secrets.span)));
        let span = server.map_or(d.span, |s| s.certificates.span);
        if d.certificates.contains(SHELL) {
            refuse(&d.certificates, span, "Bacula has a shell look at the paths of certificates");
        }
        all.push((&d.certificates, span));
    }
    for store in ops.storages.iter().flat_map(|(_, s)| &s.stores) {
        let path = &model.stores[*store].path;
        if path.value.len() > LONGEST_DEVICE {
            refuse(&path.value, path.span, "a device takes 127 bytes");
        }
        all.push((&path.value, path.span));
    }
    for (_, job) in ops.jobs.iter() {
        let cluster = match &job.kind {
            JobKind::Files { path, .. } => {
                let written = job.serves.first().map(|c| &model.data[model.copies[*c].data].on);
                let span = match written {
                    Some(On::Files { path, .. }) => path.span,
                    _ => job.span,
                };
                all.push((path, span));
                continue;
            }
            JobKind::Database { cluster, .. } | JobKind::Log { cluster, .. } => *cluster,
            _ => continue,
        };
        let c = &model.clusters[cluster];
        for input in [&c.datadir, &c.logdir, &c.staging] {
            all.push((&input.value, input.span));
        }
        all.push((scripts::credentials(index, cluster), c.span));
    }
    for (path, span) in all {
        if let Some(reason) = unfit(path) {
            refuse(path, span, reason);
        }
    }
}

fn unfit_path(path: &str, span: Span, reason: &str) -> Diagnostic {
    let shown: String = path.chars().take(60).flat_map(char::escape_debug).collect();
    Diagnostic::new(&c::BACULA_PATH, span, format!("Bacula's files cannot hold the path `{shown}`: {reason}"))
}

/// Why a path cannot be written.
fn unfit(path: &str) -> Option<&'static str> {
    if !path.starts_with('/') {
        Some("it does not begin with `/`")
    } else if !one_line(path) {
        Some("it has a control character or a line break")
    } else if path.len() > LONGEST_PATH {
        Some("it is longer than 3000 bytes")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_one_line_fit() {
        for good in ["/", "/srv/a b", "/\"quoted\"", "/漢\\字", "/@a|b<c>{{d}}%l$e`f`"] {
            assert_eq!(unfit(good), None, "{good}");
        }
        let long = format!("/{}", "x".repeat(3000));
        for bad in ["", "srv", "|cmd", "/a\nb", "/a\rb", "/a\tb", "/a\0b", "/a\u{85}b", &long] {
            assert!(unfit(bad).is_some(), "{bad:?}");
        }
    }
}
