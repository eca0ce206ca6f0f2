//! Bacula 9: directors, storage daemons, file daemons and consoles, and the scripts that they run.
//!
//! Each job that writes has a device, a media type and pools of its own, and each job that reads
//! a device of its own: no run waits for another on a device. Where the spec does not say
//! otherwise, a volume holds one run, so that a run is forgotten as a whole, when
//! [its retention](crate::ops::retention) is over.

mod daemons;
mod facts;
mod index;
pub mod names;
pub mod parse;
mod parts;
mod quote;
mod read_back;
pub mod run;
mod schedule;
mod scripts;
mod supports;
mod view;

use super::super::artifact::{Artifact, ArtifactTree};
use super::super::target::{Input, Target};
use super::super::template::TemplateError;
use crate::base::Span;
use crate::diag::Problems;
use crate::model::Host;
use index::Index;
use la_arena::Idx;
use serde::Serialize;

/// Its name in `--target` and in the manifest.
const NAME: &str = "bacula";

/// The target.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bacula;

impl Target for Bacula {
    fn name(&self) -> &'static str {
        NAME
    }

    fn templates(&self) -> &'static [&'static str] {
        &[
            "bacula/bacula-dir.conf.hbs",
            "bacula/bacula-sd.conf.hbs",
            "bacula/bacula-fd.conf.hbs",
            "bacula/bconsole.conf.hbs",
            "bacula/zone.conf.hbs",
            "bacula/files.sh.hbs",
            "bacula/physical.sh.hbs",
            "bacula/logical.sh.hbs",
            "bacula/log-before.sh.hbs",
            "bacula/log-after.sh.hbs",
            "bacula/prepare.sh.hbs",
            "bacula/mark.sh.hbs",
            "bacula/read-volumes.sh.hbs",
        ]
    }

    fn supports(&self, input: Input<'_>, problems: &mut Problems) {
        supports::check(&Index::new(input.model, input.ops), problems);
    }

    fn emit(&self, input: Input<'_>, tree: &mut ArtifactTree) -> Result<(), TemplateError> {
        let index = Index::new(input.model, input.ops);
        for (id, d) in input.ops.directors.iter() {
            let spans = vec![d.span];
            let jobs = Index::of(&index.scheduled, id).iter().map(|j| input.ops.jobs[*j].span);
            let all: Vec<Span> = spans.iter().copied().chain(jobs).collect();
            let view = view::director(&index, id);
            conf(input, tree, d.host, names::DIRECTOR_CONF, DIRECTOR, &view, all)?;
            let console = daemons::console(&index, id);
            conf(input, tree, d.host, names::CONSOLE_CONF, CONSOLE, &console, spans.clone())?;
            let zone = Zone { zone: input.model.zone(d.host).name() };
            conf(input, tree, d.host, names::ZONE_CONF, ZONE, &zone, spans)?;
        }
        for (_, s) in input.ops.storages.iter() {
            let spans = s.stores.iter().map(|s| input.model.stores[*s].span).collect();
            let view = daemons::storage(&index, s);
            conf(input, tree, s.host, names::STORAGE_CONF, STORAGE, &view, spans)?;
        }
        for (id, c) in input.ops.clients.iter() {
            let spans = vec![input.model.hosts[c.host].span];
            conf(input, tree, c.host, names::CLIENT_CONF, CLIENT, &daemons::client(&index, id), spans)?;
        }
        scripts::Writer { index: &index, templates: input.templates, tree }.all()
    }

    fn read_back(&self, input: Input<'_>, tree: &ArtifactTree) -> Vec<String> {
        read_back::compare(&Index::new(input.model, input.ops), tree)
    }
}

#[derive(Serialize)]
struct Zone<'a> {
    zone: &'a str,
}

type Text = (&'static str, &'static str);

const DIRECTOR: Text = ("bacula/bacula-dir.conf.hbs", include_str!("templates/bacula-dir.conf.hbs"));
const STORAGE: Text = ("bacula/bacula-sd.conf.hbs", include_str!("templates/bacula-sd.conf.hbs"));
const CLIENT: Text = ("bacula/bacula-fd.conf.hbs", include_str!("templates/bacula-fd.conf.hbs"));
const CONSOLE: Text = ("bacula/bconsole.conf.hbs", include_str!("templates/bconsole.conf.hbs"));
const ZONE: Text = ("bacula/zone.conf.hbs", include_str!("templates/zone.conf.hbs"));

fn conf(
    input: Input<'_>,
    tree: &mut ArtifactTree,
    host: Idx<Host>,
    path: &str,
    (name, ours): Text,
    view: &impl Serialize,
    spans: Vec<Span>,
) -> Result<(), TemplateError> {
    let text = input.templates.render(name, ours, quote::string, view)?;
    let artifact = Artifact { bytes: text.into_bytes(), mode: 0o644, target: NAME, spans };
    tree.host_file(&input.model.hosts[host].name, path, artifact);
    Ok(())
}
