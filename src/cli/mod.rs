//! The commands: arguments in, an answer on standard output, findings on standard error.

mod answers;
mod baseline;
mod build;
mod check;
mod cost;
mod explain;
mod init;
mod input;
mod plan;
mod profile;
mod simulate;
mod slack;
mod suggest;
mod table;
mod terminal;
mod test;
mod why;
pub mod wire;
pub mod wire_answers;
pub mod wire_cost;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use std::io::Write as _;
use std::process::ExitCode;

/// Proves or refutes recovery objectives, and writes what existing tools deploy.
#[derive(Debug, Parser)]
#[command(name = "drc", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    color: Colour,
}

/// When to use colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check specs: findings, and a verdict for every objective under every scenario.
    Check(check::Check),
    /// Check, then write every generated file.
    Build(build::Build),
    /// Print the ordered recovery from a scenario, and the way back.
    Plan(plan::Print),
    /// Run the estate event by event, strike it, and show what came of it beside the bounds.
    Simulate(simulate::Simulate),
    /// Show where one number comes from, down to what was written.
    Why(why::Why),
    /// Check the spec's own assertions, and what its tests change.
    Test(test::Test),
    /// Show how far the nearest input of each objective can move before its verdict turns.
    Slack(slack::Slack),
    /// Show what mends each objective that fails, re-checked.
    Suggest(suggest::Suggest),
    /// Show what is declared costs in a year, and what losses are expected to cost.
    Cost(cost::Cost),
    /// Show a week of writes and runs as the compiler understands it.
    Profile(profile::Profile),
    /// Explain a finding, or show a module of the standard library.
    Explain(explain::Explain),
    /// Write a first spec that checks clean.
    Init(init::Init),
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// What every command that reads a spec takes.
#[derive(Debug, Clone, Args)]
struct Common {
    /// The day from which verdicts hold, such as 2026-01-15. Today when not stated.
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// For how many days they hold.
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3660))]
    horizon: u32,
    /// What counts as an error beside errors.
    #[arg(long, value_enum)]
    deny: Vec<Deny>,
}

/// How the answer of a command looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// What can be raised to an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Deny {
    /// All warnings.
    Warnings,
}

/// What a command has to say, and how it ends.
#[derive(Debug, Default)]
struct Outcome {
    out: String,
    err: String,
    failed: bool,
}

/// Why a command could not run: usage, or the system.
#[derive(Debug)]
struct Failure(String);

impl<T: std::fmt::Display> From<T> for Failure {
    fn from(error: T) -> Self {
        Self(error.to_string())
    }
}

/// Runs the command that the process was started with.
///
/// Ends with 0 when every objective is proved, 1 with findings at error level, 2 when the command
/// could not run.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers; all else is a mistake in usage. A closed pipe changes
            // nothing about that.
            let _closed = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let terminal = terminal::Terminal::of(cli.color);
    let done = match &cli.command {
        Command::Check(args) => args.run(&terminal),
        Command::Build(args) => args.run(&terminal),
        Command::Plan(args) => args.run(&terminal),
        Command::Simulate(args) => args.run(&terminal),
        Command::Why(args) => args.run(&terminal),
        Command::Test(args) => args.run(&terminal),
        Command::Slack(args) => args.run(&terminal),
        Command::Suggest(args) => args.run(&terminal),
        Command::Cost(args) => args.run(&terminal),
        Command::Profile(args) => args.run(&terminal),
        Command::Explain(args) => args.run(),
        Command::Init(args) => args.run(),
        Command::Completions { shell } => Ok(completions(*shell)),
    };
    match done {
        Ok(outcome) => {
            // Nobody is left to tell when both ends are closed; the exit code still speaks.
            let _closed = std::io::stderr().write_all(outcome.err.as_bytes());
            let mut out = std::io::stdout().lock();
            match out.write_all(outcome.out.as_bytes()).and_then(|()| out.flush()) {
                Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
                    let _closed = writeln!(std::io::stderr(), "drc: {e}");
                    ExitCode::from(2)
                }
                _ => ExitCode::from(u8::from(outcome.failed)),
            }
        }
        Err(Failure(why)) => {
            let _closed = writeln!(std::io::stderr(), "drc: {why}");
            ExitCode::from(2)
        }
    }
}

fn completions(shell: clap_complete::Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "drc", &mut script);
    Outcome { out: String::from_utf8_lossy(&script).into_owned(), ..Outcome::default() }
}
