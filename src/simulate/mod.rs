//! The estate simulated: an independent second account of what a verdict claims.
//!
//! The same jobs, streams, caps and plan steps that are emitted are run event by event, with
//! behaviours that are drawn: how much is written and when, how large transactions are, how long
//! what is only bounded takes, which run is in progress at the strike. At a strike what is gone
//! stops, each copy holds what it really holds, and the plan is carried out step by step on that.
//!
//! It shares no formula with `flow`, `plan::times` or `judge`, and names none of them: of a plan it
//! takes the choice of copies and the order of steps, not their times. Where an input is a range or
//! a bound it may take any value within; so a strike that is worse than a proved bound shows a
//! defect of the analysis, or of this.
//!
//! Absent: the moments at which a copy that is taken file by file is not of one moment, what a
//! volume's reuse costs, shares that nothing enforces being taken unfairly, and how disks fill.

mod dice;
mod lost;
mod network;
mod pipe;
mod points;
mod recovery;
mod script;
mod steps;
mod strike;
mod windows;
mod world;
mod writes;
mod yard;

use crate::model::{Data, Model, Objective, Scenario};
use crate::ops::Ops;
use crate::plan::{Plan, Subject};
use crate::quantity::Duration;
use dice::Dice;
use la_arena::Idx;
use lost::Taken;
use recovery::{Outcome, Recovery};
use script::{Script, Style};
use world::World;
use yard::Yard;

/// What is simulated.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The estate.
    pub model: &'a Model,
    /// The operations.
    pub ops: &'a Ops,
    /// The plan for each scenario that is struck.
    pub plans: &'a [Plan],
    /// The first instant of the horizon, in Unix seconds.
    pub as_of: i64,
    /// How many days it lasts.
    pub days: u32,
}

/// How long a recovery is followed.
pub const FOLLOWED: Duration = Duration::from_days(40);

/// Which strikes.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The same seed gives the same strikes.
    pub seed: u64,
    /// How many stretches of time are simulated: the first have the longest gaps of the calendar in
    /// them, the end of the horizon, and nights on which clocks are changed.
    pub windows: usize,
    /// How many strikes in each, under each scenario: the worst moments first, then random ones.
    pub strikes: usize,
    /// Strike at this instant alone, in Unix seconds.
    pub at: Option<i64>,
}

/// What one strike came to.
#[derive(Clone, Copy, Debug)]
pub struct Strike {
    /// The plan that was carried out, by its place.
    pub plan: usize,
    /// When, in nanoseconds from the first instant of the horizon.
    pub at: i128,
    /// Whose.
    pub subject: Subject,
    /// Recent work that was lost, rounded up; [`Duration::MAX`] when nothing was left. `None` for
    /// services, and where no copy had to serve.
    pub loss: Option<Duration>,
    /// How long it was out of work, rounded up; [`Duration::MAX`] when it was not back after
    /// [`FOLLOWED`]. `None` where nothing had to be recovered.
    pub recovery: Option<Duration>,
    /// In which stretch of time.
    pub window: usize,
}

/// Whether what a strike came to is worse than a bound. A millionth and a millisecond are left to
/// arithmetic in floating point; a recovery that is allowed to take longer than is followed shows
/// nothing.
pub fn exceeds(objective: Objective, simulated: Duration, bound: Duration) -> bool {
    let most = bound.plus(Duration(bound.0 / 1_000_000)).plus(Duration::from_millis(1));
    let followed = objective == Objective::Rpo || simulated < Duration::MAX || bound < FOLLOWED;
    simulated > most && followed
}

/// Seconds up to the nanosecond above.
fn duration(seconds: f64) -> Duration {
    if seconds.is_finite() { Duration((seconds.max(0.0) * 1e9).ceil() as u64) } else { Duration::MAX }
}

/// Strikes an estate. `progress` is told how much is done, and of how much.
pub fn run(case: &Case<'_>, settings: &Settings, mut progress: impl FnMut(usize, usize)) -> Vec<Strike> {
    let yard = Yard::new(case.model, case.ops, case.as_of);
    let taken: Vec<Taken> = case.plans.iter().map(|p| Taken::by(case.model, &p.scenario.strikes)).collect();
    let mut dice = Dice::new(settings.seed);
    let windows = match settings.at {
        Some(at) => {
            let at = (at - case.as_of) as f64;
            vec![(at - windows::LENGTH, at)]
        }
        None => windows::choose(&yard, case.days, settings.windows, &mut dice),
    };
    let earlier: Vec<Vec<(f64, Taken)>> =
        case.plans.iter().map(|p| before(case.model, &p.scenario)).collect();
    let past = windows::past(case.ops);
    let total = windows.len() * settings.strikes.max(1);
    let mut strikes = Vec::new();
    for (number, window) in windows.iter().enumerate() {
        let mut own = dice.fork(number as u64 + 1);
        let style = if number % 2 == 0 { Style::WORST } else { Style::drawn(&mut own) };
        let after = windows::AFTER;
        let script = Script::draw(&yard, *window, (past, after), style, own.fork(1));
        let moments = match settings.at {
            Some(_) => vec![window.1],
            None => moments(&yard, &script, settings.strikes, &mut own),
        };
        let mut world = World::new(&yard, &script);
        for (n, at) in moments.iter().enumerate() {
            while world.go(*at).is_some() {}
            for (plan, (p, taken)) in case.plans.iter().zip(&taken).enumerate() {
                let dice = own.fork(1000 + (n * case.plans.len() + plan) as u64);
                let world = match earlier.get(plan) {
                    Some(earlier) if !earlier.is_empty() => World::struck(&yard, &script, earlier, *at),
                    _ => world.clone(),
                };
                let outcome = Recovery::new(world, p, taken, dice).run();
                note(case, &yard, taken, plan, number, *at, &outcome, &mut strikes);
            }
            progress(number * settings.strikes.max(1) + n + 1, total);
        }
    }
    strikes
}

/// What had struck before the last strike, and how long. Where contents went wrong first, all falls
/// at the last moment, so that what the earlier strikes cut is not held against a bound.
fn before(model: &Model, scenario: &Scenario) -> Vec<(f64, Taken)> {
    let earlier = scenario.earlier.iter();
    let taken: Vec<(f64, Taken)> =
        earlier.map(|e| (e.before.as_secs_f64(), Taken::by(model, &e.strikes))).collect();
    if taken.iter().any(|(_, t)| t.dirty()) { Vec::new() } else { taken }
}

/// The moments at which a behaviour is struck: of those that are worst for some job or stream as
/// many as fit, the others random.
fn moments(yard: &Yard<'_>, script: &Script, many: usize, dice: &mut Dice) -> Vec<f64> {
    let mut rehearsal = World::new(yard, script);
    while rehearsal.go(script.end).is_some() {}
    let first = (script.start + 86_400.0).max(0.0);
    let mut worst = rehearsal.worst_moments(first);
    let mut all = Vec::new();
    while all.len() + 1 < many && !worst.is_empty() {
        all.push(worst.swap_remove(dice.below(worst.len())));
    }
    while all.len() < many {
        all.push(dice.between(first, script.end));
    }
    all.sort_by(f64::total_cmp);
    all
}

#[expect(clippy::too_many_arguments, reason = "a strike is told of by all that it depends on")]
fn note(
    case: &Case<'_>,
    yard: &Yard<'_>,
    taken: &Taken,
    plan: usize,
    window: usize,
    at: f64,
    outcome: &Outcome,
    strikes: &mut Vec<Strike>,
) {
    let strike =
        |subject| Strike { plan, at: (at * 1e9) as i128, subject, loss: None, recovery: None, window };
    for (data, _) in case.model.data.iter() {
        let subject = Subject::Data(data);
        let mut s = strike(subject);
        s.loss = loss(case.plans.get(plan), taken, yard, data, outcome);
        s.recovery = outcome.times.iter().find(|t| t.0 == subject).map(|t| duration(t.1));
        strikes.push(s);
    }
    for (service, _) in case.model.services.iter() {
        let subject = Subject::Service(service);
        if let Some((_, time)) = outcome.times.iter().find(|t| t.0 == subject) {
            strikes.push(Strike { recovery: Some(duration(*time)), ..strike(subject) });
        }
    }
}

/// What is lost of a data class: nothing of one that is not hit, or that goes on out of reach with
/// no copy promoted beside it, everything of one that is hit and that no copy serves.
fn loss(
    plan: Option<&Plan>,
    taken: &Taken,
    yard: &Yard<'_>,
    data: Idx<Data>,
    outcome: &Outcome,
) -> Option<Duration> {
    if let Some((_, loss)) = outcome.losses.iter().find(|l| l.0 == data) {
        return loss.map(duration);
    }
    if taken.goes_on(yard.model, data) {
        return Some(Duration::ZERO);
    }
    let given_up = plan?.lost.iter().any(|(s, _)| *s == Subject::Data(data));
    match (taken.hits(yard.model, data), given_up) {
        (true, _) => Some(Duration::MAX),
        (false, true) => None,
        (false, false) => Some(Duration::ZERO),
    }
}
