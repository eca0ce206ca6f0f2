//! What a step does, as the verbs that its script is made of.

use super::sheet::Sheet;
use crate::base::EcoString;
use crate::emit::quote::shell;
use crate::emit::target::Input;
use crate::model::Host;
use la_arena::Idx;

/// Where a command runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At {
    /// On the machine that runs the plan.
    Here,
    /// On a host of the estate.
    Host(Idx<Host>),
}

/// What a restore chooses its runs by. `shell/lib.sh` says what each means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Chain {
    /// By the levels of the catalogue.
    Data,
    /// Logs.
    Log,
}

impl Chain {
    fn word(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Log => "log",
        }
    }
}

/// One restore of Bacula.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restore {
    /// The host of the director.
    pub director: Idx<Host>,
    /// How its runs are chosen.
    pub chain: Chain,
    /// The job that made the runs.
    pub job: EcoString,
    /// The pool of the volumes that are read.
    pub pool: EcoString,
    /// The client that was backed up.
    pub from: String,
    /// The client that gets the files.
    pub to: String,
    /// The Restore job.
    pub by: String,
    /// The host that gets the files.
    pub host: Idx<Host>,
    /// A folder there that is moved aside before; empty when nothing is.
    pub folder: EcoString,
}

/// One verb of a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// The step has been done when this succeeds.
    Unless(At, String),
    /// This is run and must succeed.
    Run(At, String),
    /// This is tried; a person makes sure of it afterwards.
    Attempt(At, String),
    /// This is tried again until it succeeds, for so many seconds at most.
    Await(At, u64, String),
    /// So many seconds pass, for a reason.
    Pause(u64, String),
    /// A person does or sees this and says so.
    Confirm(String),
    /// What a person can use for it; nothing is run.
    Guide(At, String),
    /// People name the moment up to which data is good; later commands have it in `DRC_MOMENT`.
    Moment,
    /// Bacula restores.
    Restore(Restore),
    /// The chosen replica fetches what another has more of, so that it has all that any in reach
    /// received.
    Furthest {
        /// `mariadb` or `mysql`.
        family: EcoString,
        /// The option file.
        options: EcoString,
        /// Seconds until the chosen replica must have everything.
        seconds: u64,
        /// The chosen replica.
        chosen: Idx<Host>,
        /// The others, each with the statement that makes the chosen one follow it.
        others: Vec<(Idx<Host>, String)>,
    },
    /// The primary stops taking writes and its replica gets all of them.
    Handover {
        /// `mariadb` or `mysql`.
        family: EcoString,
        /// The option file.
        options: EcoString,
        /// The primary.
        from: Idx<Host>,
        /// The replica.
        to: Idx<Host>,
        /// Seconds until the replica must have everything.
        seconds: u64,
    },
}

impl Act {
    /// The verb and its words, as they stand in the script and in `plan.json`.
    pub fn words(&self, input: Input<'_>) -> (&'static str, Vec<String>) {
        let name = |h: &Idx<Host>| input.model.hosts[*h].name.to_string();
        let at = |at: &At| match at {
            At::Here => "-".to_owned(),
            At::Host(h) => name(h),
        };
        match self {
            Self::Unless(a, text) => ("unless", vec![at(a), text.clone()]),
            Self::Run(a, text) => ("run", vec![at(a), text.clone()]),
            Self::Attempt(a, text) => ("attempt", vec![at(a), text.clone()]),
            Self::Guide(a, text) => ("guide", vec![at(a), text.clone()]),
            Self::Await(a, seconds, text) => ("await", vec![at(a), seconds.to_string(), text.clone()]),
            Self::Pause(seconds, why) => ("pause", vec![seconds.to_string(), why.clone()]),
            Self::Confirm(text) => ("confirm", vec![text.clone()]),
            Self::Moment => ("moment", Vec::new()),
            Self::Restore(r) => {
                let words =
                    [name(&r.director), r.chain.word().to_owned(), r.job.to_string(), r.pool.to_string()]
                        .into_iter()
                        .chain([
                            r.from.clone(),
                            r.to.clone(),
                            r.by.clone(),
                            name(&r.host),
                            r.folder.to_string(),
                        ]);
                ("restore", words.collect())
            }
            Self::Furthest { family, options, seconds, chosen, others } => {
                let words = [family.to_string(), options.to_string(), seconds.to_string(), name(chosen)];
                let others = others.iter().flat_map(|(h, follow)| [name(h), follow.clone()]);
                ("furthest", words.into_iter().chain(others).collect())
            }
            Self::Handover { family, options, from, to, seconds } => (
                "handover",
                vec![family.to_string(), options.to_string(), name(from), name(to), seconds.to_string()],
            ),
        }
    }

    /// The hosts that it needs to reach.
    fn hosts(&self) -> Vec<Idx<Host>> {
        match self {
            Self::Unless(At::Host(h), _)
            | Self::Run(At::Host(h), _)
            | Self::Attempt(At::Host(h), _)
            | Self::Await(At::Host(h), ..) => vec![*h],
            Self::Restore(r) => vec![r.director, r.host],
            Self::Furthest { chosen, others, .. } => {
                std::iter::once(*chosen).chain(others.iter().map(|(h, _)| *h)).collect()
            }
            Self::Handover { from, to, .. } => vec![*from, *to],
            _ => Vec::new(),
        }
    }
}

/// The hosts that a step reaches, each once, in the order in which they are first needed.
pub fn reached(acts: &[Act]) -> Vec<Idx<Host>> {
    let mut hosts = Vec::new();
    for host in acts.iter().flat_map(Act::hosts) {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

/// How a host is reached: its address, else its name.
pub fn address(input: Input<'_>, host: Idx<Host>) -> String {
    let h = &input.model.hosts[host];
    h.address.map_or_else(|| h.name.to_string(), |a| a.value.to_string())
}

/// One line of a script: a verb and its words.
pub fn line(verb: &str, words: &[String]) -> String {
    let mut text = verb.to_owned();
    for word in words {
        text.push(' ');
        text.push_str(&shell(word));
    }
    text.push('\n');
    text
}

/// The script of a step.
pub fn script(input: Input<'_>, plan: &str, sheet: &Sheet) -> String {
    let mut text = format!(
        "#!/usr/bin/env bash\n\
         # Made by drc: do not edit; change the spec and build again.\n\
         # Step {} of the plan {plan}. Run by run.sh, or by hand.\n\
         # Words stand between single quotes on purpose: each reaches its host exactly as written.\n\
         # shellcheck disable=SC1003,SC1017,SC1111,SC1112,SC2016\n\
         set -euo pipefail\n\
         # shellcheck source=/dev/null\n\
         . \"$(dirname -- \"${{BASH_SOURCE[0]}}\")/lib.sh\"\n",
        sheet.number
    );
    text.push_str(&line("begin", &[sheet.number.to_string(), sheet.title.clone()]));
    for host in reached(&sheet.acts) {
        text.push_str(&line("host", &[input.model.hosts[host].name.to_string(), address(input, host)]));
    }
    for act in &sheet.acts {
        let (verb, words) = act.words(input);
        text.push_str(&line(verb, &words));
    }
    text
}
