//! `drc build`.

use super::input::Spec;
use super::terminal::Terminal;
use super::{Common, Failure, Outcome, check};
use crate::base::similar::nearest;
use crate::diag::Problems;
use crate::emit::build::{BuildError, build};
use crate::emit::commit;
use crate::emit::manifest::{self, Manifest};
use crate::emit::target::{Input, Target};
use crate::emit::targets;
use crate::emit::template::Templates;
use clap::Args;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Check, then write every generated file.
#[derive(Debug, Args)]
pub(super) struct Build {
    /// The spec: a `.dr` file, a folder with a `main.dr`, or `-`.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Where to.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Only these targets; the folder then holds theirs alone.
    #[arg(long, value_name = "TARGET", value_delimiter = ',')]
    target: Vec<String>,
    /// Write nothing; say what differs from DIR.
    #[arg(long)]
    check: bool,
    /// Replace what was changed by hand, and say what that was.
    #[arg(long)]
    force: bool,
    /// Write even though an objective is not met; the manifest says so.
    #[arg(long)]
    allow_unmet: bool,
    /// A folder with `TARGET/NAME.hbs` in place of ours.
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

impl Build {
    pub fn run(&self, terminal: &Terminal) -> Result<Outcome, Failure> {
        let chosen = chosen(&self.target)?;
        let templates = match &self.templates {
            Some(folder) => Templates::new(read_templates(folder)?),
            None => Templates::default(),
        };
        for name in templates.names() {
            if !chosen.iter().any(|t| t.templates().contains(&name)) {
                let all = chosen.iter().flat_map(|t| t.templates().iter().copied());
                let hint = nearest(name, all).map_or(String::new(), |n| format!(": did you mean `{n}`?"));
                return Err(Failure(format!("no target has a template `{name}`{hint}")));
            }
        }
        let mut spec = Spec::read(&self.path, &self.common)?;
        let unmet = spec.unmet();
        if spec.broken() || (unmet && !self.allow_unmet) {
            let mut outcome = spec.refused(terminal.findings());
            outcome.out = check::verdicts(&spec, false);
            outcome.err.push_str("drc: nothing was written\n");
            return Ok(outcome);
        }
        let plans = spec.plans()?;
        let input = Input {
            model: &spec.compiled.model,
            ops: &spec.compiled.ops,
            plans: &plans,
            templates: &templates,
        };
        let mut problems = Problems::new();
        let built = build(input, &chosen, &mut problems);
        spec.add(problems);
        let tree = match built {
            Ok(tree) => tree,
            Err(BuildError::Unsupported) => {
                let mut outcome = spec.refused(terminal.findings());
                outcome.err.push_str("drc: nothing was written\n");
                return Ok(outcome);
            }
            Err(error) => return Err(error.into()),
        };
        if !self.target.is_empty() && !self.check && !self.force {
            keeps_others(&self.output, &chosen)?;
        }
        let manifest = Manifest::of(&tree, &spec.compiled.sources, !unmet);
        let mut outcome = Outcome { err: spec.drawn(terminal.findings()), ..Outcome::default() };
        outcome.out = check::verdicts(&spec, false);
        if self.check {
            let differences = commit::check(&tree, &manifest, &self.output)?;
            outcome.failed = unmet || !differences.is_empty();
            for difference in &differences {
                outcome.out.push_str(&format!("{difference}\n"));
            }
            if differences.is_empty() {
                outcome.out.push_str(&format!("{} is what this spec builds\n", self.output.display()));
            }
            return Ok(outcome);
        }
        let done = commit::commit(&tree, &manifest, &self.output, self.force).map_err(|e| match e {
            commit::CommitError::ChangedByHand { .. } => Failure(format!(
                "{e}\nSay --force to replace what is changed and to drop what is not of the build."
            )),
            other => other.into(),
        })?;
        for change in &done.replaced {
            outcome.out.push_str(&format!("replaced: {change}\n"));
        }
        let hosts = tree
            .iter()
            .filter_map(|(p, _)| p.strip_prefix("hosts/")?.split('/').next())
            .collect::<std::collections::BTreeSet<_>>()
            .len();
        let verb = if done.unchanged { "unchanged" } else { "wrote" };
        outcome.out.push_str(&format!(
            "{verb}: {}, {} files for {hosts} hosts and {} plans\n",
            self.output.display(),
            tree.len() + 1,
            if chosen.iter().any(|t| t.name() == "plans") { plans.len() } else { 0 },
        ));
        outcome.failed = unmet;
        Ok(outcome)
    }
}

/// A build of some targets would take the place of one that has others too.
fn keeps_others(dir: &Path, chosen: &[&dyn Target]) -> Result<(), Failure> {
    let there = std::fs::read(dir.join(manifest::NAME)).ok().and_then(|b| Manifest::parse(&b).ok());
    let other = there.and_then(|m| {
        m.files.into_iter().find(|f| !chosen.iter().any(|t| t.name() == f.target)).map(|f| f.target)
    });
    match other {
        Some(other) => Err(Failure(format!(
            "{} holds files of target `{other}` too, which would go: name another folder, or say --force",
            dir.display()
        ))),
        None => Ok(()),
    }
}

/// The targets of those names; all when none is named.
fn chosen(names: &[String]) -> Result<Vec<&'static dyn Target>, Failure> {
    for name in names {
        if !targets::ALL.iter().any(|t| t.name() == name) {
            let all = targets::ALL.iter().map(|t| t.name());
            let list = all.clone().collect::<Vec<_>>().join(", ");
            let hint = nearest(name, all)
                .map_or(format!("; there are {list}"), |n| format!(": did you mean `{n}`?"));
            return Err(Failure(format!("no target is called `{name}`{hint}")));
        }
    }
    let wanted = |t: &&&'static dyn Target| names.is_empty() || names.iter().any(|n| n == t.name());
    Ok(targets::ALL.iter().filter(wanted).copied().collect())
}

/// All `TARGET/NAME.hbs` below a folder.
fn read_templates(folder: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let failed = |path: &Path, e: std::io::Error| Failure(format!("cannot read {}: {e}", path.display()));
    let mut found = BTreeMap::new();
    for target in std::fs::read_dir(folder).map_err(|e| failed(folder, e))? {
        let target = target.map_err(|e| failed(folder, e))?.path();
        if !target.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&target).map_err(|e| failed(&target, e))? {
            let path = file.map_err(|e| failed(&target, e))?.path();
            if path.extension().is_some_and(|e| e == "hbs") {
                let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                found.insert(name, std::fs::read_to_string(&path).map_err(|e| failed(&path, e))?);
            }
        }
    }
    Ok(found)
}
