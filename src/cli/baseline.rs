//! What an earlier run knew: with it only what is new fails.

use super::input::Spec;
use super::{Failure, table};
use crate::diag::{Problems, render::json};
use crate::judge::{self, Status, Verdicts};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What `check --format json` said earlier, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Answer {
    verdicts: Vec<Verdict>,
    findings: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
struct Verdict {
    subject: String,
    objective: String,
    scenario: String,
    status: String,
    #[serde(default)]
    waived: bool,
}

#[derive(Debug, Deserialize)]
struct Finding {
    fingerprint: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Answers {
    One(Answer),
    Many(Vec<Answer>),
}

/// What is known already.
#[derive(Debug)]
pub(super) struct Baseline {
    /// The findings, by their fingerprints.
    findings: BTreeSet<String>,
    /// The objectives that were not proved, and whether they were refuted.
    open: BTreeMap<(String, String, String), bool>,
}

impl Baseline {
    /// Reads what an earlier `check --format json` said.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| Failure(format!("cannot read {}: {e}", path.display())))?;
        let answers: Answers = serde_json::from_str(&text).map_err(|_| {
            Failure(format!(
                "{} is no baseline: write one with `drc check --format json > {}`",
                path.display(),
                path.display()
            ))
        })?;
        let list = match answers {
            Answers::One(one) => vec![one],
            Answers::Many(many) => many,
        };
        let mut known = Self { findings: BTreeSet::new(), open: BTreeMap::new() };
        for answer in list {
            known.findings.extend(answer.findings.into_iter().map(|f| f.fingerprint));
            // What was waived had an end and a reason: without them it is new.
            for v in answer.verdicts.into_iter().filter(|v| v.status != "proved" && !v.waived) {
                let refuted = known.open.entry((v.subject, v.objective, v.scenario)).or_default();
                *refuted |= v.status == "refuted";
            }
        }
        Ok(known)
    }

    /// Leaves the findings that are new: those that it does not list, and of verdicts those that
    /// were met or, where they are refuted now, not known.
    pub fn leave_new(&self, spec: &mut Spec) {
        let compiled = &spec.compiled;
        let model = &compiled.model;
        let name =
            |n: u32| compiled.verdicts.scenarios.get(n as usize).map_or_else(String::new, |s| s.name(model));
        let known = |v: &judge::Verdict| {
            let key =
                (table::name(model, v.subject).to_owned(), v.objective.name().to_owned(), name(v.scenario));
            self.open.get(&key).is_some_and(|refuted| *refuted || v.status != Status::Refuted)
        };
        let rest = Verdicts {
            scenarios: compiled.verdicts.scenarios.clone(),
            list: compiled
                .verdicts
                .list
                .iter()
                .filter(|v| v.waived.is_some() || !known(v))
                .cloned()
                .collect(),
        };
        let mut fresh = Problems::new();
        judge::findings(compiled.estate(), &rest, &mut fresh);
        let before = std::mem::take(&mut spec.findings);
        let total = before.len();
        let prints = json::findings(&compiled.sources, &before);
        let others = before
            .into_iter()
            .zip(prints)
            .filter(|(f, print)| !judge::is_verdict(f.entry) && !self.findings.contains(&print.fingerprint));
        let mut left: Vec<_> = others.map(|(f, _)| f).chain(fresh.sorted()).collect();
        left.sort_by_key(|f| f.primary.span);
        spec.raise(&mut left);
        spec.known = total.saturating_sub(left.len());
        spec.findings = left;
    }
}
