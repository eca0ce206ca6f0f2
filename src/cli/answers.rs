//! What `slack`, `suggest` and the help of `check` have in common.

use super::Failure;
use super::input::Spec;
use crate::answers::suggest::{Fix, Wanted, suggest};
use crate::answers::{Key, Trials};
use crate::base::similar::nearest;
use crate::diag::{self, Replacement};
use crate::driver::Compiled;
use crate::model::Objective;

/// So many runs of a schedule cost about as much to look at as one verdict to judge.
const RUNS: usize = 300;

/// How many changed specs may be compiled: `most` for a small one, fewer the more there is to
/// judge and the more often jobs run, so that the answer takes about as long. Counted and not timed,
/// so that the answer is the same on every machine.
pub(super) fn trials(spec: &Spec, most: usize) -> usize {
    let Compiled { verdicts, facts, .. } = &spec.compiled;
    let weight = verdicts.list.len() + facts.points.moments() / RUNS;
    (most * 1_000 / weight.max(1_000)).max(1)
}

/// The objective of that name.
pub(super) fn objective(trials: &Trials<'_>, name: &str) -> Result<Key, Failure> {
    let key = match name.rsplit_once('.') {
        Some((s, "rpo")) => Key { subject: s.into(), objective: Objective::Rpo },
        Some((s, "rto")) => Key { subject: s.into(), objective: Objective::Rto },
        _ => {
            return Err(Failure(format!(
                "`{name}` is no objective: write it as `orders.rpo` or `orders.rto`"
            )));
        }
    };
    if trials.before.claims.contains_key(&key) {
        return Ok(key);
    }
    let names: Vec<String> = trials.before.claims.keys().map(ToString::to_string).collect();
    let hint = nearest(name, names.iter().map(String::as_str))
        .map_or(String::new(), |n| format!(": did you mean `{n}`?"));
    Err(Failure(format!("nothing promises `{name}`{hint}")))
}

/// Changed specs that are compiled for the help of `check`, and objectives that are helped.
const HELP: (usize, usize) = (200, 6);

/// Adds to what is not met the first change that was found to mend it.
pub(super) fn help(spec: &mut Spec) {
    let most = trials(spec, HELP.0);
    // A spec that is wrong is mended first.
    if spec.broken() {
        return;
    }
    // A large one is asked about when somebody wants to know.
    if most < HELP.0 / 4 {
        for finding in &mut spec.findings {
            if let Some(key) = objective_of(finding) {
                let how = format!("`drc suggest --of {key}` looks for the smallest change that meets it");
                finding.help.push(how);
            }
        }
        return;
    }
    let found = {
        let trials = spec.trials(most);
        suggest(&trials, &Wanted { only: None, limit: HELP.1, combine: false, first: true }).suggestions
    };
    for s in found {
        let Some(fix) = s.single.first() else { continue };
        let mut same = spec.findings.iter_mut().filter(|f| objective_of(f).as_ref() == Some(&s.objective));
        if let Some(finding) = same.next() {
            let lines = fix.changes.iter().map(|c| format!("`{}`", c.line)).collect::<Vec<_>>().join(" and ");
            let own =
                if fix.changes.iter().any(|c| c.own_response) { " in a response of your own" } else { "" };
            finding.help.insert(0, format!("{lines}{own} meets it (re-checked)"));
            finding.fixes.push(as_fix(lines, fix));
        }
    }
}

/// The objective that a finding says is not met.
fn objective_of(finding: &diag::Diagnostic) -> Option<Key> {
    let name = finding.entry.name;
    let objective = match name.strip_suffix("-not-met").or_else(|| name.strip_suffix("-unproved"))? {
        "rpo" => Objective::Rpo,
        "rto" => Objective::Rto,
        _ => return None,
    };
    let (subject, _) = finding.message.strip_prefix('`')?.split_once('`')?;
    Some(Key { subject: subject.into(), objective })
}

fn as_fix(text: String, fix: &Fix) -> diag::Fix {
    let replacement = |e: &crate::answers::Edit| Replacement {
        file: e.file.clone(),
        start: e.start,
        end: e.end,
        text: e.text.clone(),
    };
    diag::Fix { text, edits: fix.changes.iter().map(|c| replacement(&c.edit)).collect() }
}
