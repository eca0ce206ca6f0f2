//! Mirrors: a script on the source that copies its tree into snapshots on the target, and a script
//! on the target that puts the newest snapshot in the place of the tree when the source is lost.

mod check;
mod errors;
mod parse;
mod quote;
mod read_back;

pub use parse::{ParseError, Script, parse};

use crate::base::{EcoString, Span};
use crate::diag::Problems;
use crate::emit::artifact::{Artifact, ArtifactTree};
use crate::emit::target::{Input, Target};
use crate::emit::template::TemplateError;
use crate::model::{CopyKind, Host, Model, On};
use crate::ops::shaping;
use crate::ops::{Job, JobKind, Ops};
use crate::quantity::{Rate, Ratio};
use la_arena::Idx;
use serde::Serialize;
use std::net::IpAddr;

const NAME: &str = "rsync";
const MIRROR: &str = include_str!("templates/mirror.sh.hbs");
const PUBLISH: &str = include_str!("templates/publish.sh.hbs");

/// The script of a mirror on the host of its source.
pub fn script(job: &str) -> String {
    format!("/etc/drc/mirrors/{job}.sh")
}

/// The script on the mirror's own host that puts its newest snapshot in the place of the tree. Its
/// first line of output names the snapshot, as in `snapshot 20260115T013000Z …`.
pub fn publish_script(job: &str) -> String {
    format!("/etc/drc/mirrors/{job}-publish.sh")
}

/// The file on the source's host that tells how new the mirror is: the start of the run that made
/// its newest snapshot, in Unix seconds, a space, and the snapshot's name. Its time of change is
/// that start too. Written after the snapshot is safe.
pub fn stamp(job: &str) -> String {
    format!("/var/lib/drc/mirrors/{job}.ok")
}

/// The target.
#[derive(Clone, Copy, Debug)]
pub struct Rsync;

/// A mirror and all that its scripts say.
struct Mirror<'a> {
    job: &'a Job,
    from: Idx<Host>,
    source: &'a EcoString,
    to: Idx<Host>,
    target: IpAddr,
    folder: &'a EcoString,
    keep: u64,
    max_delete: Ratio,
    limit: Option<Rate>,
}

#[derive(Serialize)]
struct MirrorView<'a> {
    job: &'a str,
    source: &'a str,
    target: String,
    folder: &'a str,
    keep: u64,
    max_delete: u64,
    limit: u64,
}

#[derive(Serialize)]
struct PublishView<'a> {
    job: &'a str,
    tree: &'a str,
    folder: &'a str,
}

impl Target for Rsync {
    fn name(&self) -> &'static str {
        NAME
    }

    fn templates(&self) -> &'static [&'static str] {
        &["rsync/mirror.sh.hbs", "rsync/publish.sh.hbs"]
    }

    fn supports(&self, input: Input<'_>, problems: &mut Problems) {
        check::paths(input.model, input.ops, problems);
        check::folders(input.model, input.ops, problems);
        check::limits(input.model, input.ops, problems);
        check::names(input.model, input.ops, problems);
    }

    fn emit(&self, input: Input<'_>, tree: &mut ArtifactTree) -> Result<(), TemplateError> {
        for mirror in mirrors(input.model, input.ops) {
            let (job, folder) = (mirror.job.name.as_str(), mirror.folder.as_str());
            let view = MirrorView {
                job,
                source: mirror.source,
                target: mirror.target.to_string(),
                folder,
                keep: mirror.keep,
                max_delete: mirror.max_delete.0.min(Ratio::WHOLE.0),
                limit: mirror.limit.map_or(0, kib_per_sec),
            };
            let text = input.templates.render("rsync/mirror.sh.hbs", MIRROR, quote::word, &view)?;
            let from = &input.model.hosts[mirror.from].name;
            tree.host_file(from, &script(job), artifact(text, input.model, mirror.job));
            let view = PublishView { job, tree: mirror.source, folder };
            let text = input.templates.render("rsync/publish.sh.hbs", PUBLISH, quote::word, &view)?;
            let to = &input.model.hosts[mirror.to].name;
            tree.host_file(to, &publish_script(job), artifact(text, input.model, mirror.job));
        }
        Ok(())
    }

    fn read_back(&self, input: Input<'_>, tree: &ArtifactTree) -> Vec<String> {
        read_back::differences(input, tree)
    }
}

fn artifact(text: String, model: &Model, job: &Job) -> Artifact {
    let mut spans = vec![job.span];
    spans.extend([source_span(model, job), folder_span(model, job)].into_iter().flatten());
    spans.extend(job.cap.map(|c| c.span));
    Artifact { bytes: text.into_bytes(), mode: 0o755, target: NAME, spans }
}

/// The mirrors, in the order of the spec. One whose host has no address is left out: that is an
/// error by itself.
fn mirrors<'a>(model: &'a Model, ops: &'a Ops) -> Vec<Mirror<'a>> {
    let parts = shaping::parts(model, ops);
    ops.jobs
        .iter()
        .filter_map(|(id, job)| {
            let JobKind::Mirror { from, from_path, to, to_path, max_delete, keep } = &job.kind else {
                return None;
            };
            Some(Mirror {
                job,
                from: *from,
                source: from_path,
                to: *to,
                target: model.hosts[*to].address?.value,
                folder: to_path,
                keep: *keep,
                max_delete: *max_delete,
                limit: payload(parts.jobs.get(id).copied(), job),
            })
        })
        .collect()
}

/// The payload that a job is held to: its limit as stated, and of its part of each link's share
/// what headers leave. This is what the run's time was computed with.
fn payload(part: Option<shaping::Part>, job: &Job) -> Option<Rate> {
    part.map(|p| p.payload).into_iter().chain(job.cap.map(|c| c.rate)).min()
}

/// What `--bwlimit` is given: KiB/s, rounded down.
fn kib_per_sec(rate: Rate) -> u64 {
    rate.in_bytes_down() / 1024
}

/// Where the folder of a mirror's source was written.
fn source_span(model: &Model, job: &Job) -> Option<Span> {
    match &model.data[model.copies[*job.serves.first()?].data].on {
        On::Files { path, .. } => Some(path.span),
        On::Cluster(_) => None,
    }
}

/// Where the folder of a mirror's snapshots was written, or the mirror.
fn folder_span(model: &Model, job: &Job) -> Option<Span> {
    match &model.copies[*job.serves.first()?].kind {
        CopyKind::Mirror(m) => Some(m.path.span),
        _ => None,
    }
}
