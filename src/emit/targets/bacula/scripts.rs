//! The scripts that Bacula runs on its clients, and those that people run.

use super::index::Index;
use super::names;
use crate::base::{EcoString, Span};
use crate::emit::artifact::{Artifact, ArtifactTree};
use crate::emit::quote::shell;
use crate::emit::template::{TemplateError, Templates};
use crate::model::{Cluster, Host, Secret};
use crate::ops::{Job, JobKind, Staging};
use la_arena::Idx;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Programs of one family of databases.
pub(super) struct Family {
    pub physical: &'static str,
    pub dump: &'static str,
    pub client: &'static str,
    /// The flag that writes the log's position into a dump.
    pub position: &'static str,
}

/// The programs of a database.
pub(super) fn family(index: &Index<'_>, cluster: Idx<Cluster>) -> Family {
    let engine = &index.model.engines[index.model.clusters[cluster].engine];
    if engine.family.value == "mysql" {
        Family { physical: "xtrabackup", dump: "mysqldump", client: "mysql", position: "--source-data=2" }
    } else {
        Family {
            physical: "mariadb-backup",
            dump: "mariadb-dump",
            client: "mariadb",
            position: "--master-data=2",
        }
    }
}

/// The option file of the account that backs up.
pub(super) fn credentials<'a>(index: &Index<'a>, cluster: Idx<Cluster>) -> &'a EcoString {
    match &index.model.clusters[cluster].credentials {
        Secret::File(path) => path,
    }
}

/// The file that lists the logs of a job that runs have carried.
pub(super) fn carried(job: &str) -> String {
    format!("{}/{job}.carried", names::WORKING)
}

#[derive(Serialize)]
struct Files<'a> {
    folder: &'a str,
}

#[derive(Serialize)]
struct Physical<'a> {
    program: &'a str,
    staging: &'a str,
    credentials: &'a str,
    datadir: &'a str,
    replica: bool,
}

#[derive(Serialize)]
struct Logical<'a> {
    program: &'a str,
    staging: &'a str,
    credentials: &'a str,
    position: Option<&'a str>,
}

#[derive(Serialize)]
struct Log<'a> {
    program: &'a str,
    folder: &'a str,
    logdir: &'a str,
    credentials: &'a str,
    carried: String,
}

#[derive(Serialize)]
struct Mark {
    runs: &'static str,
}

#[derive(Serialize)]
struct Prepare {
    logs: bool,
    stores: Vec<String>,
    staging: Vec<String>,
}

#[derive(Serialize)]
struct Volumes<'a> {
    config: &'static str,
    console: &'static str,
    zone: &'a str,
    secret: String,
    jobs: Vec<Volume>,
}

#[derive(Serialize)]
struct Volume {
    name: String,
    path: String,
    media: String,
    device: String,
    /// Where its runs left word of themselves.
    runs: String,
}

pub(super) struct Writer<'a, 'b> {
    pub index: &'a Index<'a>,
    pub templates: &'a Templates,
    pub tree: &'b mut ArtifactTree,
}

impl Writer<'_, '_> {
    /// Writes all scripts.
    pub fn all(&mut self) -> Result<(), TemplateError> {
        for (id, _) in self.index.ops.jobs.iter() {
            self.job(id)?;
        }
        self.prepares()?;
        self.marks()?;
        self.volumes()
    }

    fn script(
        &mut self,
        host: Idx<Host>,
        path: &str,
        (name, ours): (&str, &str),
        view: &impl Serialize,
        spans: Vec<Span>,
    ) -> Result<(), TemplateError> {
        let text = self.templates.render(name, ours, shell, view)?;
        let artifact = Artifact { bytes: text.into_bytes(), mode: 0o755, target: super::NAME, spans };
        self.tree.host_file(self.index.host(host), path, artifact);
        Ok(())
    }

    fn job(&mut self, id: Idx<Job>) -> Result<(), TemplateError> {
        let job = &self.index.ops.jobs[id];
        let spans = vec![job.span];
        let before = names::before(&job.name);
        match &job.kind {
            JobKind::Files { client, path, .. } => {
                let host = self.index.ops.clients[*client].host;
                self.script(host, &before, template("files"), &Files { folder: path }, spans)
            }
            JobKind::Database { client, cluster, staging, .. } => {
                let host = self.index.ops.clients[*client].host;
                let c = &self.index.model.clusters[*cluster];
                let programs = family(self.index, *cluster);
                let credentials = credentials(self.index, *cluster);
                match staging {
                    Staging::Physical { path } => {
                        let view = Physical {
                            program: programs.physical,
                            staging: path,
                            credentials,
                            datadir: &c.datadir.value,
                            replica: c.primary.0 != host,
                        };
                        self.script(host, &before, template("physical"), &view, spans)
                    }
                    Staging::Logical { path } => {
                        let logged = self.index.logged(*cluster, *client);
                        let view = Logical {
                            program: programs.dump,
                            staging: path,
                            credentials,
                            position: logged.then_some(programs.position),
                        };
                        self.script(host, &before, template("logical"), &view, spans)
                    }
                }
            }
            JobKind::Log { client, cluster, path, .. } => {
                let host = self.index.ops.clients[*client].host;
                let view = Log {
                    program: family(self.index, *cluster).client,
                    folder: path,
                    logdir: &self.index.model.clusters[*cluster].logdir.value,
                    credentials: credentials(self.index, *cluster),
                    carried: carried(&job.name),
                };
                self.script(host, &before, template("log-before"), &view, spans.clone())?;
                self.script(host, &names::after(&job.name), template("log-after"), &view, spans)
            }
            JobKind::Copy { .. } | JobKind::Verify { .. } | JobKind::Mirror { .. } => Ok(()),
        }
    }

    /// The folders that must stand on each host before its daemons start.
    fn prepares(&mut self) -> Result<(), TemplateError> {
        let (index, ops) = (self.index, self.index.ops);
        let mut hosts: BTreeMap<Idx<Host>, (Prepare, BTreeSet<Span>)> = BTreeMap::new();
        let mut at = |host: Idx<Host>, span: Span, change: &dyn Fn(&mut Prepare)| {
            let (prepare, spans) = hosts.entry(host).or_insert_with(|| {
                (Prepare { logs: false, stores: Vec::new(), staging: Vec::new() }, BTreeSet::new())
            });
            spans.insert(span);
            change(prepare);
        };
        for (_, director) in ops.directors.iter() {
            at(director.host, director.span, &|p| p.logs = true);
        }
        for store in ops.storages.iter().flat_map(|(_, s)| &s.stores) {
            let s = &index.model.stores[*store];
            at(s.host, s.span, &|p| p.stores.push(s.path.value.to_string()));
        }
        for (_, job) in ops.jobs.iter() {
            let (JobKind::Database { client, .. } | JobKind::Log { client, .. }) = &job.kind else {
                continue;
            };
            let Some(folder) = super::index::folder(&job.kind) else { continue };
            at(ops.clients[*client].host, job.span, &|p| p.staging.push(folder.to_string()));
        }
        for (host, (prepare, spans)) in hosts {
            let spans = spans.into_iter().collect();
            self.script(host, names::PREPARE, template("prepare"), &prepare, spans)?;
        }
        Ok(())
    }

    /// On each host that jobs read: what leaves word of their runs.
    fn marks(&mut self) -> Result<(), TemplateError> {
        let ops = self.index.ops;
        let mut hosts: BTreeMap<Idx<Host>, BTreeSet<Span>> = BTreeMap::new();
        for (_, job) in ops.jobs.iter() {
            if let Some(client) = job.kind.client() {
                hosts.entry(ops.clients[client].host).or_default().insert(job.span);
            }
        }
        for (host, spans) in hosts {
            let view = Mark { runs: names::RUNS };
            self.script(host, names::MARK, template("mark"), &view, spans.into_iter().collect())?;
        }
        Ok(())
    }

    /// On each host with a store and a director: what reads the store's volumes into the
    /// director's catalogue.
    fn volumes(&mut self) -> Result<(), TemplateError> {
        let ops = self.index.ops;
        for (_, daemon) in ops.storages.iter() {
            let Some((_, director)) = ops.directors.iter().find(|(_, d)| d.host == daemon.host) else {
                continue;
            };
            let writers = daemon
                .stores
                .iter()
                .flat_map(|s| Index::of(&self.index.writers, *s).iter().map(|j| (*j, *s)));
            let jobs = writers
                .map(|(job, store)| {
                    let (name, s) = (ops.jobs[job].name.to_string(), &self.index.model.stores[store]);
                    Volume {
                        path: s.path.value.to_string(),
                        media: self.index.media(&name, store),
                        device: match s.drives {
                            Some(_) => names::drive(&s.name, 1),
                            None => names::restore_storage(&name),
                        },
                        runs: names::runs(&ops.jobs[ops.original(job)].name),
                        name,
                    }
                })
                .collect();
            let view = Volumes {
                config: names::STORAGE_CONF,
                console: names::CONSOLE_CONF,
                zone: self.index.model.zone(director.host).name(),
                secret: names::catalog_secret(&director.secrets),
                jobs,
            };
            self.script(
                daemon.host,
                names::READ_VOLUMES,
                template("read-volumes"),
                &view,
                vec![director.span],
            )?;
        }
        Ok(())
    }
}

macro_rules! templates {
    ($($name:literal)*) => {
        /// The name of a script's template, and our text of it.
        pub(super) fn template(name: &str) -> (&'static str, &'static str) {
            match name {
                $($name => (
                    concat!("bacula/", $name, ".sh.hbs"),
                    include_str!(concat!("templates/", $name, ".sh.hbs")),
                ),)*
                _ => ("", ""),
            }
        }
    };
}

templates! { "files" "physical" "logical" "log-before" "log-after" "prepare" "mark" "read-volumes" }
