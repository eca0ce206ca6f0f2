//! One behaviour that the inputs admit, over some days: what is written, when what changes, how
//! long what is only bounded takes.

use super::dice::Dice;
use super::world::World;
use super::writes::{Changes, Course, Load, float};
use super::yard::Yard;
use crate::model::{Cluster, Data, On};
use crate::ops::{Job, JobKind, Level};
use la_arena::{ArenaMap, Idx};

/// How long what is only bounded takes: fixed times and people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Delays {
    /// As long as it may.
    Most,
    /// As short as it may.
    Least,
    /// Something between, drawn.
    Drawn,
}

/// The kinds of behaviour that are tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub load: Load,
    pub delays: Delays,
    /// Whether all that may change in a window does so at once.
    pub at_once: bool,
    /// Whether transactions are as large as they may be.
    pub large: bool,
    /// Whether as many runs in a row are missed as a tier tolerates.
    pub missed: bool,
}

impl Style {
    /// All that is admitted against the user.
    pub const WORST: Self =
        Self { load: Load::Full, delays: Delays::Most, at_once: true, large: true, missed: true };

    pub fn drawn(dice: &mut Dice) -> Self {
        Self {
            load: if dice.one_in(2) { Load::Full } else { Load::Drawn },
            delays: match dice.below(3) {
                0 => Delays::Most,
                1 => Delays::Least,
                _ => Delays::Drawn,
            },
            at_once: dice.one_in(2),
            large: dice.one_in(2),
            missed: dice.one_in(2),
        }
    }
}

/// A behaviour.
#[derive(Debug)]
pub(super) struct Script {
    /// Seconds from the as-of instant.
    pub start: f64,
    pub end: f64,
    pub dice: Dice,
    pub delays: Delays,
    /// Runs before the start, in their order, taken as done when they were due.
    pub before: Vec<(f64, Idx<Job>, Level)>,
    /// Runs from the start on.
    pub due: Vec<(f64, Idx<Job>, Level)>,
    pub logs: ArenaMap<Idx<Cluster>, Course>,
    pub files: ArenaMap<Idx<Data>, Course>,
    changes: ArenaMap<Idx<Data>, Changes>,
}

const DAY: f64 = 86_400.0;

impl Script {
    /// Draws one, with strikes between `start` and `end` and recoveries of up to `after` seconds,
    /// and a past of so many seconds.
    pub fn draw(
        yard: &Yard<'_>,
        (start, end): (f64, f64),
        (past, after): (f64, f64),
        style: Style,
        mut dice: Dice,
    ) -> Self {
        let model = yard.model;
        let mut files = ArenaMap::default();
        let mut changes = ArenaMap::default();
        let mut logs: ArenaMap<Idx<Cluster>, Course> = ArenaMap::default();
        let mut bursts: Vec<(Idx<Cluster>, f64, f64)> = Vec::new();
        let mut parts: ArenaMap<Idx<Cluster>, Vec<Course>> = ArenaMap::default();
        // What is late at random may well be not at all, or by all that it may.
        let mut late = |most: f64| match dice.below(3) {
            0 => 0.0,
            1 => most,
            _ => dice.between(0.0, most),
        };
        let mut before = yard.calendar((start - past, start), &mut late);
        before.iter_mut().for_each(|run| run.0 = run.0.min(start));
        let mut due = yard.calendar((start, end + after), &mut late);
        if style.missed {
            miss(yard, &mut before, &mut due, end, &mut dice);
        }
        for (id, data) in model.data.iter() {
            let changed = if style.at_once {
                Changes::AtOnce(phase(yard, id, &due, end, &mut dice))
            } else {
                Changes::Even(dice.unit())
            };
            changes.insert(id, changed);
            let Some(writes) = &data.writes else { continue };
            let zone = &model.sites[model.hosts[model.primary_host(id)].site].zone;
            let span = (start - 16.0 * DAY, end + after);
            let course = Course::of(&writes.value, zone, yard.as_of, span, style.load, &mut dice);
            match data.on {
                On::Cluster(cluster) => {
                    if writes.value.burst.0 > 0 && style.load == Load::Full {
                        // The sum of a profile and its burst admits it once.
                        bursts.push((cluster, float(writes.value.burst), dice.unit()));
                    }
                    parts.entry(cluster).or_default().push(course);
                }
                On::Files { .. } => {
                    files.insert(id, course);
                }
            }
        }
        for (id, courses) in parts.iter() {
            let amplification = model.engines[model.clusters[id].engine].amplification.value.as_f64();
            let mut course = Course::sum(courses, amplification);
            let falls: Vec<f64> = course.falls().into_iter().filter(|t| *t > start && *t < end).collect();
            if style.large {
                let bytes = World::largest(yard, id);
                for n in 0..3 {
                    let at = if n < 2 { pick(&falls, dice.unit()) } else { None };
                    course.commit_at(at.unwrap_or_else(|| dice.between(start, end)), bytes);
                }
            }
            let own = bursts.iter().filter(|b| b.0 == id);
            let at = pick(&falls, dice.unit()).unwrap_or_else(|| dice.between(start, end));
            for (_, bytes, apart) in own {
                // Together as often as each by itself.
                let at = if *apart < 0.5 { at } else { dice.between(start, end) };
                course.jumps.push((at, bytes * amplification));
            }
            course.jumps.sort_by(|a, b| a.0.total_cmp(&b.0));
            logs.insert(id, course);
        }
        Self { start, end, dice, delays: style.delays, before, due, logs, files, changes }
    }

    pub fn changes(&self, data: Idx<Data>) -> Changes {
        self.changes.get(data).copied().unwrap_or(Changes::Even(1.0))
    }

    /// A time between two, in the style of this behaviour.
    pub fn delay(&self, dice: &mut Dice, least: f64, most: f64) -> f64 {
        match self.delays {
            Delays::Most => most,
            Delays::Least => least,
            Delays::Drawn => dice.between(least, most),
        }
    }
}

/// Takes out as many runs of each job, one after the other, as a tier of what it carries tolerates:
/// among those up to the end that a strike may come after, as often as not from the end of its longest
/// gap on.
fn miss(
    yard: &Yard<'_>,
    before: &mut Vec<(f64, Idx<Job>, Level)>,
    due: &mut Vec<(f64, Idx<Job>, Level)>,
    end: f64,
    dice: &mut Dice,
) {
    let model = yard.model;
    for (id, task) in yard.jobs.iter() {
        let tiers = task.data.iter().filter_map(|d| model.tiers[model.data[*d].tier?.0].tolerate.as_ref());
        let many = tiers.map(|t| t.value).max().unwrap_or(0) as usize;
        let own = |run: &&(f64, Idx<Job>, Level)| run.1 == id && run.0 < end;
        let past = before.iter().filter(own).count().saturating_sub(many);
        let times: Vec<f64> = before.iter().chain(due.iter()).filter(own).map(|r| r.0).collect();
        let (any, longest) = (past + dice.below(times.len().saturating_sub(past).max(1)), dice.one_in(2));
        let gaps = (past.max(1)..times.len()).filter_map(|n| Some((n, times.get(n)? - times.get(n - 1)?)));
        let widest = gaps.max_by(|x, y| x.1.total_cmp(&y.1)).map(|(n, _)| n);
        let first = widest.filter(|_| longest).unwrap_or(any);
        // A run that failed is taken again by the next; one that was never started is not.
        let failed = dice.one_in(2)
            && matches!(yard.ops.jobs[id].kind, JobKind::Files { .. } | JobKind::Database { .. });
        let (mut seen, mut again) = (0, None::<Level>);
        for list in [&mut *before, &mut *due] {
            list.retain_mut(|run| {
                if run.1 != id {
                    return true;
                }
                seen += 1;
                let missed = (first..first + many).contains(&(seen - 1));
                // The fuller level is the lesser one.
                match again {
                    _ if missed && failed => again = Some(again.map_or(run.2, |a| a.min(run.2))),
                    Some(level) if !missed => {
                        run.2 = run.2.min(level);
                        again = None;
                    }
                    _ => {}
                }
                !missed
            });
        }
    }
}

/// At which part of each window all of a data class changes: anywhere, or as often just after one
/// of its runs began, that before the longest gap or any, where the run after a longer gap than a
/// window finds two of them.
fn phase(yard: &Yard<'_>, data: Idx<Data>, due: &[(f64, Idx<Job>, Level)], end: f64, dice: &mut Dice) -> f64 {
    let (anywhere, just_after, longest) = (dice.unit(), dice.one_in(2), dice.one_in(2));
    let carries = |job: &Idx<Job>| yard.jobs.get(*job).is_some_and(|t| t.data.contains(&data));
    let own: Vec<(f64, Idx<Job>)> =
        due.iter().filter(|d| d.0 < end && carries(&d.1)).map(|d| (d.0, d.1)).collect();
    let per = yard.model.data[data].changed.map_or(0.0, |c| c.value.1.as_secs_f64());
    let Some((any, job)) = pick(&own, dice.unit()) else { return anywhere };
    let runs: Vec<f64> = own.iter().filter(|r| r.1 == job).map(|r| r.0).collect();
    let gaps = runs.iter().zip(runs.iter().skip(1));
    let widest = gaps.max_by(|x, y| (x.1 - x.0).total_cmp(&(y.1 - y.0))).map(|(from, _)| *from);
    let begun = widest.filter(|_| longest).unwrap_or(any);
    if just_after && per > 0.0 { ((begun + 1.0) / per).rem_euclid(1.0) } else { anywhere }
}

fn pick<T: Copy>(list: &[T], at: f64) -> Option<T> {
    list.get((at * list.len() as f64) as usize).copied()
}
