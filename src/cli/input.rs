//! From a path on the command line to a compiled spec.

use super::{Common, Deny, Failure, Outcome};
use crate::answers::Trials;
use crate::base::limits;
use crate::base::world::{Memory, World};
use crate::calendar;
use crate::diag::render::terminal::{Style, render};
use crate::diag::{Diagnostic, Problems, Severity, allow};
use crate::driver::{Compiled, Disk, Options, compile};
use crate::flow::Horizon;
use crate::plan::Plan;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A path, if one comes first, and the name of what is asked for in it, such as `wanted`.
///
/// # Errors
/// When a spec is named and nothing in it.
pub(super) fn path_and<'a>(what: &'a [String], wanted: &str) -> Result<(PathBuf, &'a str), Failure> {
    match what {
        [only] if only.ends_with(".dr") || Path::new(only).join("main.dr").exists() => {
            Err(Failure(format!("name something in `{only}` too, such as `{wanted}`")))
        }
        [name] => Ok((PathBuf::from("."), name)),
        [path, name, ..] => Ok((PathBuf::from(path), name)),
        [] => Err(Failure(format!("name something, such as `{wanted}`"))),
    }
}

/// A compiled spec, and its findings in order.
#[derive(Debug)]
pub(super) struct Spec {
    pub compiled: Compiled,
    pub findings: Vec<Diagnostic>,
    pub horizon: Horizon,
    /// All findings as they were found, whatever a flag raises or a baseline knows.
    raw: Vec<Diagnostic>,
    /// How many findings a baseline knows.
    pub known: usize,
    strict: bool,
    pub read_from: ReadFrom,
}

/// Where a spec was read, so that it can be read again with changes.
#[derive(Debug)]
pub(super) struct ReadFrom {
    pub world: Box<dyn World>,
    pub main: String,
    pub options: Options,
}

impl Spec {
    /// Reads and compiles the spec at a path: a file, a folder with a `main.dr`, or `-`.
    pub fn read(path: &Path, common: &Common) -> Result<Self, Failure> {
        let horizon = Horizon { as_of: as_of(common.as_of.as_deref())?, days: common.horizon };
        let options = Options { horizon, limits: limits::DEFAULT };
        let largest = options.limits.file_bytes;
        let failed = |e: &dyn std::fmt::Display| Failure(format!("cannot read {}: {e}", path.display()));
        let (world, main): (Box<dyn World>, String) = if path == Path::new("-") {
            let mut bytes = Vec::new();
            std::io::stdin().take(largest as u64 + 1).read_to_end(&mut bytes)?;
            (Box::new(Memory([("stdin".to_owned(), bytes)].into())), "stdin".to_owned())
        } else {
            let (root, main) = root_and_main(path);
            if path.is_dir() && !root.join(&main).exists() {
                return Err(Failure(format!("{} has no main.dr", path.display())));
            }
            (Box::new(Disk::new(root, largest)), main)
        };
        let mut compiled = compile(&*world, &main, &options).map_err(|e| failed(&e))?;
        let mut findings = std::mem::take(&mut compiled.problems).sorted();
        let strict = common.deny.contains(&Deny::Warnings);
        let read_from = ReadFrom { world, main, options };
        let raw = findings.clone();
        let mut spec = Self { compiled, findings: Vec::new(), horizon, raw, known: 0, strict, read_from };
        spec.raise(&mut findings);
        spec.findings = findings;
        Ok(spec)
    }

    /// Makes errors of warnings, if the command line says so.
    pub fn raise(&self, findings: &mut [Diagnostic]) {
        if self.strict {
            findings.iter_mut().for_each(|f| f.severity = Severity::Error);
        }
    }

    /// Takes in what a build finds, apart from what the spec waives.
    pub fn add(&mut self, problems: Problems) {
        let waivers = &self.compiled.model.claims.waivers;
        let as_of = self.horizon.as_of;
        let (mut kept, waived) = allow::split(problems.sorted(), waivers, as_of, &mut self.compiled.used);
        self.raise(&mut kept);
        self.findings.extend(kept);
        self.compiled.waived.extend(waived);
    }

    /// Trials of changes on this spec, at most `most` of them.
    pub fn trials(&self, most: usize) -> Trials<'_> {
        let ReadFrom { world, main, options } = &self.read_from;
        Trials::new(&**world, main, options, &self.compiled, self.raw.iter(), most)
    }

    /// Whether any finding is an error.
    pub fn failed(&self) -> bool {
        self.findings.iter().any(|f| f.severity == Severity::Error)
    }

    /// Whether any finding is an error about the spec itself, so that its files would be wrong; a
    /// verdict that is not proved is none.
    pub fn broken(&self) -> bool {
        self.findings.iter().any(|f| f.severity == Severity::Error && f.entry.stage != "judge")
            || self.compiled.left_out > 0
    }

    /// Whether an objective is not proved, or something else that is judged is an error.
    pub fn unmet(&self) -> bool {
        self.failed()
    }

    /// The plan of every scenario.
    pub fn plans(&self) -> Result<Vec<Plan>, Failure> {
        self.compiled.plans().map_err(|wrong| {
            Failure(format!(
                "a plan is not fit to be followed; this is a defect of drc, please report it with the spec:\n{}",
                wrong.join("\n")
            ))
        })
    }

    /// The findings, drawn.
    pub fn drawn(&self, style: Style) -> String {
        render(&self.compiled.sources, &self.findings, style, limits::DEFAULT.findings_per_name)
    }

    /// An outcome that holds only the findings.
    pub fn refused(&self, style: Style) -> Outcome {
        Outcome { out: String::new(), err: self.drawn(style), failed: true }
    }
}

/// The folder that a spec may read in, and its main file there.
fn root_and_main(path: &Path) -> (PathBuf, String) {
    if path.is_dir() {
        return (path.to_owned(), "main.dr".to_owned());
    }
    let name = path.file_name().map_or_else(|| "main.dr".to_owned(), |n| n.to_string_lossy().into_owned());
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    (parent.to_owned(), name)
}

/// The first instant of a day, in Unix seconds; of today when none is given.
fn as_of(day: Option<&str>) -> Result<i64, Failure> {
    match day {
        Some(text) => {
            calendar::day(text).ok_or_else(|| Failure(format!("`{text}` is no date: write it as 2026-01-15")))
        }
        None => {
            let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
            Ok(today.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp().as_second())
        }
    }
}

/// The day of an instant, as the command line takes it.
pub(super) fn day(instant: i64) -> String {
    jiff::Timestamp::from_second(instant)
        .map(|t| t.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
        .unwrap_or_default()
}
