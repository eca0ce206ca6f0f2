//! Reads `plan.json`, `run.sh` and the steps' scripts back and compares them with the plan.

mod facts;
mod words;

use super::json::{resource, seconds, subject};
use super::runner::{PROGRAM, digest};
use super::sheet::{actor, stage};
use crate::emit::artifact::ArtifactTree;
use crate::emit::target::Input;
use crate::plan::{Plan, Step, StepKind};
use crate::quantity::{Bytes, Duration};
use serde_json::Value;

/// Verbs and the numbers of words that they take at least and at most.
const VERBS: &[(&str, usize, usize)] = &[
    ("begin", 2, 2),
    ("host", 2, 2),
    ("unless", 2, 2),
    ("run", 2, 2),
    ("attempt", 2, 2),
    ("guide", 2, 2),
    ("await", 3, 3),
    ("pause", 2, 2),
    ("confirm", 1, 1),
    ("moment", 0, 0),
    ("restore", 9, 9),
    ("furthest", 4, usize::MAX),
    ("handover", 5, 5),
];

/// The differences between a plan and its files, a line each.
pub fn compare(input: Input<'_>, plan: &Plan, tree: &ArtifactTree) -> Vec<String> {
    let mut reading = Reading { input, plan, tree, wrong: Vec::new() };
    reading.json();
    let files = reading.table();
    for (n, file) in files.iter().enumerate() {
        reading.script(n, file);
    }
    if reading.file("steps/lib.sh") != Some(super::LIBRARY) {
        reading.say("steps/lib.sh", "is not ours");
    }
    reading.wrong
}

struct Reading<'a> {
    input: Input<'a>,
    plan: &'a Plan,
    tree: &'a ArtifactTree,
    wrong: Vec<String>,
}

impl<'a> Reading<'a> {
    fn file(&self, path: &str) -> Option<&'a str> {
        let artifact = self.tree.get(&format!("plans/{}/{path}", self.plan.slug))?;
        std::str::from_utf8(&artifact.bytes).ok()
    }

    fn say(&mut self, path: &str, what: impl std::fmt::Display) {
        self.wrong.push(format!("plans/{}/{path}: {what}", self.plan.slug));
    }

    fn same<T: PartialEq + std::fmt::Debug>(&mut self, path: &str, what: &str, found: T, wanted: T) {
        if found != wanted {
            self.say(path, format_args!("{what} is {found:?}, not {wanted:?}"));
        }
    }

    fn json(&mut self) {
        const PATH: &str = "plan.json";
        let Some(text) = self.file(PATH) else { return self.say(PATH, "is not there") };
        let read: Value = match serde_json::from_str(text) {
            Ok(read) => read,
            Err(e) => return self.say(PATH, e),
        };
        let plan = self.plan;
        self.same(PATH, "the version", read["version"].as_u64(), Some(1));
        self.same(PATH, "the slug", read["slug"].as_str(), Some(plan.slug.as_str()));
        self.same(PATH, "the title", read["title"].as_str(), Some(plan.title.as_str()));
        let rows = |name: &str| read[name].as_array().cloned().unwrap_or_default();
        let steps = rows("steps");
        self.same(PATH, "the number of steps", steps.len(), plan.steps.len());
        for (n, (found, step)) in steps.iter().zip(&plan.steps).enumerate() {
            self.step(n, found, step);
        }
        let choices = rows("choices");
        self.same(PATH, "the number of choices", choices.len(), plan.choices.len());
        for (found, choice) in choices.iter().zip(&plan.choices) {
            let model = self.input.model;
            self.same(PATH, "a choice's data", found["data"].as_str(), Some(&model.data[choice.data].name));
            self.same(PATH, "a choice's copy", found["copy"].as_str(), Some(&model.copies[choice.copy].name));
            self.same(
                PATH,
                "a choice's target",
                found["target"].as_str(),
                Some(&model.hosts[choice.target].name),
            );
            self.same(PATH, "a loss", found["loss_seconds"].as_f64(), choice.loss.and_then(seconds));
            let discarded = choice.discarded.and_then(seconds);
            self.same(PATH, "what is discarded", found["discarded_seconds"].as_f64(), discarded);
        }
        let recovered: Vec<_> = rows("recovered")
            .iter()
            .map(|r| (r["name"].as_str().map(str::to_owned), r["step"].as_u64()))
            .collect();
        let wanted: Vec<_> = plan
            .recovered
            .iter()
            .map(|(s, n)| (Some(subject(self.input, *s).1), Some(*n as u64 + 1)))
            .collect();
        self.same(PATH, "what is recovered", recovered, wanted);
        self.same(PATH, "the number of losses", rows("lost").len(), plan.lost.len());
        let whole: Vec<_> = rows("exposure").iter().map(|e| e["whole_seconds"]["most"].as_f64()).collect();
        let wanted: Vec<_> = plan.exposure.iter().map(|e| seconds(e.whole.most)).collect();
        self.same(PATH, "when protection is whole again", whole, wanted);
    }

    fn step(&mut self, n: usize, found: &Value, step: &Step) {
        let path = format!("plan.json step {}", n + 1);
        self.same(&path, "its number", found["number"].as_u64(), Some(n as u64 + 1));
        self.same(&path, "its kind", found["kind"].as_str(), Some(step.kind.name()));
        self.same(&path, "its stage", found["stage"].as_str(), Some(stage(step.stage)));
        self.same(&path, "its actor", found["actor"].as_str(), Some(actor(step.actor)));
        let numbers: Vec<u64> = array(&found["after"]).iter().filter_map(Value::as_u64).collect();
        let wanted: Vec<u64> = step.after.iter().map(|a| *a as u64 + 1).collect();
        self.same(&path, "what it waits for", numbers, wanted);
        let times = [
            ("the least time", &found["takes_seconds"]["least"], step.takes.least),
            ("the most time", &found["takes_seconds"]["most"], step.takes.most),
            ("the start", &found["start_seconds"], step.start),
            ("the finish", &found["finish_seconds"], step.finish),
            ("the sure finish", &found["surely_seconds"], step.surely),
        ];
        for (what, value, time) in times {
            self.same(&path, what, value.as_f64(), seconds(time));
        }
        let input = self.input;
        let held: Vec<_> = array(&found["holds"])
            .iter()
            .map(|h| (h["kind"].as_str().unwrap_or("").to_owned(), h["name"].as_str().map(str::to_owned)))
            .collect();
        let wanted: Vec<_> = step
            .holds
            .iter()
            .map(|r| resource(input, *r))
            .map(|(kind, name)| (kind.to_owned(), name))
            .collect();
        self.same(&path, "what it holds", held, wanted);
        let hosts: Vec<&str> = array(&found["hosts"]).iter().filter_map(|h| h["name"].as_str()).collect();
        let wanted: Vec<&str> = super::words::place(input, &step.kind)
            .into_iter()
            .map(|h| input.model.hosts[h].name.as_str())
            .collect();
        self.same(&path, "where it is done", hosts, wanted);
        let jobs: Vec<&str> = array(&found["jobs"]).iter().filter_map(Value::as_str).collect();
        let (wanted, bytes) = moved(input, &step.kind);
        self.same(&path, "its jobs", jobs, wanted);
        self.same(&path, "its bytes", found["bytes"].as_u64(), bytes.map(|b| b.0));
    }

    /// Reads the table of `run.sh`; gives the steps' files.
    fn table(&mut self) -> Vec<String> {
        const PATH: &str = "run.sh";
        let plan = self.plan;
        let Some(text) = self.file(PATH) else {
            self.say(PATH, "is not there");
            return Vec::new();
        };
        let parts = text
            .split_once("steps() {\n    :\n")
            .and_then(|(head, rest)| Some((head, rest.strip_suffix(PROGRAM)?.strip_suffix("}\n\n")?)));
        let Some((head, table)) = parts else {
            self.say(PATH, "has another form than we write");
            return Vec::new();
        };
        let settings = words::commands(head).unwrap_or_default();
        let set = |name: &str| {
            settings
                .iter()
                .flatten()
                .find_map(|w| w.strip_prefix(name).map(str::to_owned))
                .unwrap_or_default()
        };
        let json = self.file("plan.json").unwrap_or("");
        self.same(PATH, "the plan", set("plan="), plan.slug.to_string());
        self.same(PATH, "the digest", set("digest="), digest(json));
        let rows = match words::commands(table) {
            Ok(rows) => rows,
            Err(line) => {
                self.say(PATH, format_args!("line {line} of the table cannot be read"));
                return Vec::new();
            }
        };
        self.same(PATH, "the number of steps", rows.len(), plan.steps.len());
        let mut files = Vec::new();
        for (n, (row, step)) in rows.iter().zip(&plan.steps).enumerate() {
            let [verb, number, of, who, after, most, file, _title] = row.as_slice() else {
                self.say(PATH, format_args!("step {} has {} words", n + 1, row.len()));
                continue;
            };
            let path = format!("run.sh step {}", n + 1);
            self.same(&path, "its line", (verb.as_str(), number.as_str()), ("step", &*(n + 1).to_string()));
            self.same(&path, "its stage", of.as_str(), stage(step.stage));
            self.same(&path, "its actor", who.as_str(), actor(step.actor));
            let after: Vec<usize> = after.split(' ').filter_map(|a| a.parse().ok()).collect();
            let wanted: Vec<usize> = step.after.iter().map(|a| a + 1).collect();
            self.same(&path, "what it waits for", after, wanted);
            let wanted = (step.takes.most != Duration::MAX).then(|| step.takes.most.secs_up());
            self.same(&path, "its most time", most.parse().ok(), wanted);
            files.push(file.clone());
        }
        files
    }

    fn script(&mut self, n: usize, file: &str) {
        let path = format!("steps/{file}.sh");
        let Some(step) = self.plan.steps.get(n) else { return };
        let Some(text) = self.file(&path) else { return self.say(&path, "is not there") };
        let Some(at) = text.find("\nbegin ") else {
            return self.say(&path, "has another form than we write");
        };
        let lines = match words::commands(text.get(at..).unwrap_or("")) {
            Ok(lines) => lines,
            Err(line) => return self.say(&path, format_args!("line {line} after `begin` cannot be read")),
        };
        for line in &lines {
            let words = line.len().saturating_sub(1);
            let known = line.first().and_then(|v| VERBS.iter().find(|k| k.0 == v));
            match known {
                Some((_, least, most)) if (*least..=*most).contains(&words) => {}
                _ => self.say(
                    &path,
                    format_args!("`{}` is no verb with {words} words", line.first().map_or("", |v| v)),
                ),
            }
            if let [verb, name, address] = line.as_slice()
                && verb == "host"
            {
                let known = self.input.model.hosts.iter().find(|(_, h)| h.name == *name);
                let wanted = known.map(|(id, _)| super::act::address(self.input, id));
                self.same(&path, "an address", Some(address.clone()), wanted);
            }
        }
        let number = lines.first().and_then(|l| l.get(1)).cloned();
        self.same(&path, "its number", number, Some((n + 1).to_string()));
        for fact in facts::facts(self.input, &step.kind) {
            if !lines.iter().any(|l| says(l, &fact)) {
                self.say(&path, format_args!("no `{}` says {:?}", fact.verb, fact.words));
            }
        }
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The jobs that a step reads and the most that it moves.
pub(super) fn moved<'a>(input: Input<'a>, kind: &StepKind) -> (Vec<&'a str>, Option<Bytes>) {
    let names = |jobs: &[la_arena::Idx<crate::ops::Job>]| {
        jobs.iter().map(|j| input.ops.jobs[*j].name.as_str()).collect()
    };
    match kind {
        StepKind::Scan { jobs, bytes, .. } | StepKind::Restore { jobs, bytes, .. } => {
            (names(jobs), Some(*bytes))
        }
        StepKind::Publish { job, .. } => (names(&[*job]), None),
        StepKind::Prepare { bytes, .. } | StepKind::Replay { bytes, .. } => (Vec::new(), Some(*bytes)),
        _ => (Vec::new(), None),
    }
}

/// Whether a line has the verb and all words of a fact, as words of its own or of the command
/// that it carries.
fn says(line: &[String], fact: &facts::Fact) -> bool {
    let Some((verb, words)) = line.split_first() else { return false };
    if verb != fact.verb {
        return false;
    }
    let inner: Vec<String> = words
        .iter()
        .flat_map(|w| w.lines().chain([w.as_str()]))
        .filter_map(|t| words::commands(t).ok())
        .flatten()
        .flatten()
        .collect();
    fact.words.iter().all(|w| words.contains(w) || inner.contains(w))
}
