//! All that is said of a step, whatever the format: worked out once, so that the paper, the graph
//! and the script cannot say different things.

use super::act::Act;
use super::{acts, words};
use crate::emit::target::Input;
use crate::model::Host;
use crate::plan::{Actor, Plan, Stage, Step};
use la_arena::Idx;

/// One step, worked out.
#[derive(Debug)]
pub struct Sheet<'a> {
    /// The step.
    pub step: &'a Step,
    /// Its number, from 1.
    pub number: usize,
    /// The numbers of the steps that it waits for.
    pub after: Vec<usize>,
    /// The name of its script without `.sh`: letters, digits and hyphens.
    pub file: String,
    /// What is done, in a line.
    pub title: String,
    /// Who does it, in a few words.
    pub who: String,
    /// Where it is done: hosts, or nothing when that says nothing.
    pub place: Vec<Idx<Host>>,
    /// What its script does.
    pub acts: Vec<Act>,
    /// How one sees that it is done.
    pub verify: String,
    /// What to do when it fails.
    pub fails: String,
}

impl Sheet<'_> {
    /// The path of its script below the folder of the plan.
    pub fn path(&self) -> String {
        format!("steps/{}.sh", self.file)
    }
}

/// The sheets of a plan, in the order of its steps.
pub fn sheets<'a>(input: Input<'_>, plan: &'a Plan) -> Vec<Sheet<'a>> {
    let digits = plan.steps.len().to_string().len().max(2);
    let sheet = |(n, step): (usize, &'a Step)| {
        let title = words::title(input, plan, step);
        let short = plain(&words::short(input, step));
        Sheet {
            step,
            number: n + 1,
            after: step.after.iter().map(|a| a + 1).collect(),
            file: format!("{:0digits$}-{short}", n + 1),
            who: who(input, step),
            place: words::place(input, &step.kind),
            acts: acts::acts(input, plan, step),
            verify: words::verify(input, &step.kind),
            fails: words::fails(input, plan, step),
            title,
        }
    };
    plan.steps.iter().enumerate().map(sheet).collect()
}

fn who(input: Input<'_>, step: &Step) -> String {
    match (step.actor, step.response) {
        (Actor::Automatic, _) => "by itself".to_owned(),
        (Actor::Runner, _) => "the runner".to_owned(),
        (Actor::Person, Some(r)) => format!("a person ({})", input.model.responses[r].name),
        (Actor::Person, None) => "a person".to_owned(),
    }
}

/// The name of a stage for people.
pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Recover => "recover",
        Stage::Afterwards => "afterwards",
        Stage::Failback => "failback",
    }
}

/// The name of an actor in outputs for machines.
pub fn actor(actor: Actor) -> &'static str {
    match actor {
        Actor::Automatic => "automatic",
        Actor::Person => "person",
        Actor::Runner => "runner",
    }
}

/// A name of lower-case letters, digits and hyphens, at most 60.
pub fn plain(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => name.push(c),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
        if name.len() == 60 {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "step".to_owned() } else { name.to_owned() }
}
