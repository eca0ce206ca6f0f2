//! Scripts compared with the operations.

use super::parse::parse;
use super::{Mirror, kib_per_sec, mirrors, publish_script, script};
use crate::emit::artifact::ArtifactTree;
use crate::emit::target::Input;
use crate::quantity::Ratio;

pub(super) fn differences(input: Input<'_>, tree: &ArtifactTree) -> Vec<String> {
    let mut found = Vec::new();
    for mirror in mirrors(input.model, input.ops) {
        let job = &mirror.job.name;
        let runs = format!("hosts/{}{}", input.model.hosts[mirror.from].name, script(job));
        found.extend(constants_differ(tree, &runs, &copying(&mirror)));
        let publishes = format!("hosts/{}{}", input.model.hosts[mirror.to].name, publish_script(job));
        found.extend(constants_differ(tree, &publishes, &publishing(&mirror)));
    }
    found
}

fn copying(mirror: &Mirror<'_>) -> Vec<(&'static str, String)> {
    vec![
        ("JOB", mirror.job.name.to_string()),
        ("SOURCE", mirror.source.to_string()),
        ("TARGET", mirror.target.to_string()),
        ("FOLDER", mirror.folder.to_string()),
        ("KEEP", mirror.keep.to_string()),
        ("MAX_DELETE", mirror.max_delete.0.min(Ratio::WHOLE.0).to_string()),
        ("LIMIT", mirror.limit.map_or(0, kib_per_sec).to_string()),
    ]
}

fn publishing(mirror: &Mirror<'_>) -> Vec<(&'static str, String)> {
    vec![
        ("JOB", mirror.job.name.to_string()),
        ("TREE", mirror.source.to_string()),
        ("FOLDER", mirror.folder.to_string()),
    ]
}

/// What a script says otherwise than it should.
fn constants_differ(tree: &ArtifactTree, path: &str, wanted: &[(&str, String)]) -> Vec<String> {
    let Some(artifact) = tree.get(path) else { return vec![format!("{path}: missing")] };
    let said = match parse(&String::from_utf8_lossy(&artifact.bytes)) {
        Ok(script) => script.constants,
        Err(e) => return vec![format!("{path}: {e}")],
    };
    wanted
        .iter()
        .filter_map(|(name, value)| match said.get(*name) {
            Some(found) if found == value => None,
            Some(found) => Some(format!("{path}: {name} is {found:?}, not {value:?}")),
            None => Some(format!("{path}: {name} is not set")),
        })
        .collect()
}
