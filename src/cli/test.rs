//! `drc test`.

use super::input::Spec;
use super::terminal::Terminal;
use super::wire::{self, AssertionAnswer};
use super::{Common, Failure, Format, Outcome};
use crate::diag::render::terminal::{Style, one};
use crate::diag::{Diagnostic, Severity};
use crate::driver::{Compiled, retest};
use crate::judge::Status;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

/// The spec's own assertions, and its tests: what holds when something is otherwise than stated.
#[derive(Debug, Args)]
pub(super) struct Test {
    /// The spec: a `.dr` file, a folder with a `main.dr`, or `-`.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// How the answer looks.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    common: Common,
}

/// The answer of `test --format json`.
#[derive(Debug, Serialize)]
struct TestAnswer {
    /// Of this interface: 1.
    version: u32,
    /// How many hold.
    passed: usize,
    /// How many do not, or cannot be judged.
    failed: usize,
    /// The spec's own assertions first, without a name; then each test.
    tests: Vec<OneAnswer>,
}

/// One test.
#[derive(Debug, Serialize)]
struct OneAnswer {
    /// Its name; `null` for the assertions outside of tests.
    name: Option<String>,
    /// Whether all of it holds.
    passed: bool,
    /// What it asserts.
    assertions: Vec<AssertionAnswer>,
    /// Why it cannot be judged: what is wrong with the spec that it makes.
    errors: Vec<String>,
}

/// A test that was run.
struct Ran {
    answer: OneAnswer,
    findings: Vec<Diagnostic>,
}

impl Test {
    pub fn run(&self, terminal: &Terminal) -> Result<Outcome, Failure> {
        let spec = Spec::read(&self.path, &self.common)?;
        if spec.broken() {
            return Ok(spec.refused(terminal.findings()));
        }
        let compiled = &spec.compiled;
        let mut all = Vec::new();
        if !compiled.asserted.is_empty() {
            all.push(judged(None, compiled, Vec::new()));
        }
        for test in &compiled.hir.tests {
            let under = retest(compiled, test, &spec.read_from.options);
            let findings = under.problems.iter().filter(|f| f.severity == Severity::Error);
            let broken = findings.filter(|f| f.entry.stage != "judge").cloned().collect();
            all.push(judged(Some(test.name.to_string()), &under, broken));
        }
        if all.is_empty() {
            return Err(Failure(
                "the spec asserts nothing: write `assert rpo(orders, site hz-a) <= 30 s`, or a `test` block"
                    .to_owned(),
            ));
        }
        let failed = all.iter().filter(|r| !r.answer.passed).count();
        let passed = all.len() - failed;
        let mut outcome = Outcome { failed: failed > 0, ..Outcome::default() };
        if self.format == Format::Json {
            let tests = all.into_iter().map(|r| r.answer).collect();
            outcome.out =
                serde_json::to_string_pretty(&TestAnswer { version: 1, passed, failed, tests })? + "\n";
            return Ok(outcome);
        }
        for ran in &all {
            outcome.out.push_str(&lines(&ran.answer));
            outcome.err.push_str(&drawn(compiled, &ran.findings, terminal.findings()));
        }
        outcome.out.push_str(&format!("{passed} passed, {failed} failed\n"));
        Ok(outcome)
    }
}

fn judged(name: Option<String>, compiled: &Compiled, broken: Vec<Diagnostic>) -> Ran {
    let assertions = wire::asserted(compiled);
    let left_out = compiled.hir.assertions.len() > assertions.len();
    let passed = broken.is_empty() && !left_out && assertions.iter().all(|a| a.status == Status::Proved);
    let mut errors: Vec<String> = broken.iter().map(|f| f.message.clone()).collect();
    if left_out && errors.is_empty() {
        errors.push("what it asserts something about is left out of the analysis".to_owned());
    }
    let findings =
        broken.into_iter().chain(compiled.asserted.iter().filter_map(|a| a.finding.clone())).collect();
    Ran { answer: OneAnswer { name, passed, assertions, errors }, findings }
}

fn lines(answer: &OneAnswer) -> String {
    let word = if answer.passed { "ok" } else { "FAILED" };
    let mut out = format!("{word:<7} {}\n", answer.name.as_deref().unwrap_or("assertions of the spec"));
    for a in &answer.assertions {
        out.push_str(&format!("        {:<8} {}\n", a.status.name(), a.text));
    }
    for e in &answer.errors {
        out.push_str(&format!("        error: {e}\n"));
    }
    out
}

fn drawn(compiled: &Compiled, findings: &[Diagnostic], style: Style) -> String {
    findings.iter().map(|f| one(&compiled.sources, f, style) + "\n").collect()
}
