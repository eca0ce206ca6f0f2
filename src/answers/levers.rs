//! The inputs of a spec as places in its text that can be changed.
//!
//! They are read off the trees of its files, not off the model: a change must be one that the user
//! can write. What `let`, `for`, `pattern` and `apply` make of a number is found out by trying.

use super::edit::{Edit, edited};
use super::reading;
use super::roles::Role;
use super::writing::{Literal, Timetable};
use crate::base::limits::Limits;
use crate::base::{EcoString, SourceMap, Span};
use std::collections::{BTreeMap, BTreeSet};

/// What can stand in a place.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// A number of the same kind.
    Number(Literal),
    /// Another schedule.
    Schedule(Timetable),
    /// One of these, the mildest first.
    Words(Vec<String>),
}

/// A place of a spec's text that can be changed.
#[derive(Clone, Debug)]
pub(super) struct Lever {
    /// What it is: `` `log` of `backup shelf` of `data orders` ``.
    pub name: String,
    /// What stands there; what is assumed, for an attribute that nobody wrote.
    pub stated: String,
    /// What kind of thing it is.
    pub role: Role,
    /// Whether it stands in the standard library.
    pub library: bool,
    /// Whether nobody wrote it, so that a change adds it.
    pub absent: bool,
    /// What can stand there.
    pub form: Form,
    /// Where it stands, for people: the value, or the block that lacks it.
    pub span: Span,
    /// The entry that it is part of, in its file.
    pub(super) entry: (usize, usize),
    pub(super) file: String,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) before: String,
    pub(super) after: String,
    /// What follows a number and belongs to it: `/s`, ` / day`.
    pub(super) per: String,
    /// The `let` or parameter whose value it is part of.
    pub(super) binds: Option<EcoString>,
    /// The top-level entry that it stands in.
    pub(super) top: Span,
}

impl Lever {
    /// The change that puts `text` there.
    pub fn edit(&self, text: &str) -> Edit {
        Edit {
            file: self.file.clone(),
            library: self.library,
            start: self.start,
            end: self.end,
            text: format!("{}{text}{}", self.before, self.after),
        }
    }

    /// A value of it, as people read it.
    pub fn shown(&self, text: &str) -> String {
        format!("{text}{}", self.per)
    }

    /// The entry as it reads with `text` there: `log = every 3 min`.
    pub fn line(&self, text: &str, sources: &SourceMap) -> String {
        let (lo, hi) = self.entry;
        let file = sources.files().iter().find(|f| f.name == self.file);
        let old = file.and_then(|f| f.text.get(lo..hi)).unwrap_or_default();
        if self.absent {
            return format!("{}{text}", self.before.trim_start_matches([';', ' ', '\n']));
        }
        let edit = Edit { start: self.start - lo, end: self.end - lo, ..self.edit(text) };
        let new = edited(old, [&edit]);
        new.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// All levers of a spec, and what names stand for what.
#[derive(Debug, Default)]
pub(super) struct Levers {
    pub list: Vec<Lever>,
    /// For each `let` and parameter: the names in what it stands for.
    pub(super) made_of: BTreeMap<EcoString, BTreeSet<EcoString>>,
    /// Where the user's files bring in a module of the standard library whole.
    pub(super) brought: BTreeMap<EcoString, (String, usize, usize)>,
}

impl Levers {
    /// Reads the files of a spec.
    pub fn of(sources: &SourceMap, limits: &Limits) -> Self {
        reading::levers(sources, limits)
    }

    /// The change that a user can make who wants `text` in a place: where it stands, or, for how
    /// people react, in a response of their own in place of the one that was brought in. `None`
    /// for all else of the standard library.
    pub fn offer(&self, lever: &Lever, text: &str, sources: &SourceMap) -> Option<Edit> {
        let edit = lever.edit(text);
        if !lever.library {
            return Some(edit);
        }
        let (file, start, end) = self.brought.get(lever.file.as_str())?.clone();
        let own = lever.file.starts_with("std.responses.") && !lever.absent;
        let module = sources.file_of(lever.top).filter(|_| own)?;
        let lo = (lever.top.lo - module.base) as usize;
        let block = sources.text(lever.top);
        let moved = Edit { start: edit.start.checked_sub(lo)?, end: edit.end.checked_sub(lo)?, ..edit };
        Some(Edit { file, library: false, start, end, text: edited(block, [&moved]) })
    }

    /// How near each lever is to a derivation: 0 when it is one of its inputs, 1 when it stands in
    /// the same block as one, 2 otherwise. `inputs` are the places where the inputs were written.
    pub fn ranks(&self, inputs: &BTreeSet<Span>, sources: &SourceMap) -> Vec<u8> {
        let mut names: BTreeSet<EcoString> =
            inputs.iter().flat_map(|s| words(sources.text(*s))).map(EcoString::from).collect();
        loop {
            let more: Vec<EcoString> = names
                .iter()
                .filter_map(|n| self.made_of.get(n))
                .flatten()
                .filter(|n| !names.contains(*n))
                .cloned()
                .collect();
            if more.is_empty() {
                break;
            }
            names.extend(more);
        }
        let overlap = |a: Span, b: Span| a.lo < b.hi && b.lo < a.hi;
        let holds = |a: Span, b: Span| a.lo <= b.lo && b.hi <= a.hi;
        let tops: BTreeSet<Span> = inputs
            .iter()
            .filter_map(|s| self.list.iter().find(|l| holds(l.top, *s)).map(|l| l.top))
            .collect();
        let rank = |l: &Lever| {
            let named = l.binds.as_ref().is_some_and(|b| names.contains(b));
            if named || inputs.iter().any(|s| overlap(*s, l.span)) {
                return 0;
            }
            2 - u8::from(tops.contains(&l.top))
        };
        self.list.iter().map(rank).collect()
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
        .filter(|w| w.starts_with(|c: char| c.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::super::edit::Edit;
    use super::super::roles::{self, Good, Who};
    use super::super::trial::{State, Trials};
    use super::*;
    use crate::base::world::Memory;
    use crate::driver::{Options, compile};

    /// A spec that states as little as can be.
    const BARE: &str = r#"use std.engines.mariadb
use std.responses.staffed
tier t { rpo = 1 day; rto = 2 days }
site a {
    timezone = "UTC"
    host db  { address = 10.1.0.1; replace = 1 h }
    host web { address = 10.1.0.2 }
    host lb  { address = 10.1.0.3 }
    host lb2 { address = 10.1.0.4 }
}
site b {
    timezone = "UTC"
    host far    { address = 10.2.0.1 }
    host keeper { address = 10.2.0.2 }
    host web2   { address = 10.2.0.3 }
    store shelf { host = keeper; path = "/srv/bacula" }
}
link line : a <-> b { bandwidth = 1 Gbit/s; rtt = 5 ms; share { replication = 30 %; backup = 40 % } }
cluster c : mariadb { primary = db; replicas = [far] }
data orders : t {
    on = c
    size = 10 GiB
    writes = 100 KiB/s
    replica far { mode = async }
    backup shelf { full = daily 01:30; keep = 30 days }
}
pool p { members = [web]; standby = [web2]; needs = 1; port = 80; check { timeout = 1 s } }
vip v { address = 10.1.0.100/24; on = [lb, lb2]; serves = p }
dns n { name = "shop.example.com"; ttl = 60 s; points = [v]; failover = [web2]; server = 10.9.0.1 }
service s : t { runs-on = p; needs = [orders]; start = 10 s; reached = [n] }
"#;

    #[test]
    fn writing_a_default_down_changes_nothing() {
        let world = Memory([("main.dr".to_owned(), BARE.as_bytes().to_vec())].into());
        let options = Options::from(1_768_435_200);
        let c = compile(&world, "main.dr", &options).unwrap();
        assert_eq!(c.problems.iter().filter(|d| d.entry.stage != "judge").count(), 0);
        let trials = Trials::new(&world, "main.dr", &options, &c, c.problems.iter(), 1_000);
        let levers = Levers::of(&c.sources, &options.limits);
        let mut written: BTreeSet<&'static str> = BTreeSet::new();
        for lever in levers.list.iter().filter(|l| l.absent && !l.library) {
            let Form::Number(_) = lever.form else { continue };
            let edit: Edit = lever.edit(&lever.stated);
            let after: State = trials.run(std::slice::from_ref(&edit)).unwrap();
            assert!(!after.is_broken(&trials.before), "{}: `{}`", lever.name, edit.text);
            assert_eq!(after.claims, trials.before.claims, "{}: `{}`", lever.name, edit.text);
            let row = roles::DEFAULTS.iter().find(|(_, a, _)| lever.name.starts_with(&format!("`{a}`")));
            written.insert(row.unwrap().1);
        }
        let all: BTreeSet<&'static str> = roles::DEFAULTS.iter().map(|(_, a, _)| *a).collect();
        assert_eq!(written, all, "each default was written down somewhere");
    }

    #[test]
    fn what_a_name_stands_for_is_moved_where_it_is_written() {
        let text =
            "let fast = 2 Gbit/s\nlet slow = fast\nsite a { timezone = \"UTC\"; host x { nic = slow } }
site b { timezone = \"UTC\" }
pattern p(name, rate = 5 Mbit/s) { link name : a <-> b { bandwidth = rate; rtt = 5 ms } }
apply p(one, rate = 7 Mbit/s)
apply p(two)
let unused = 9 Mbit/s\n";
        let world = Memory([("main.dr".to_owned(), text.as_bytes().to_vec())].into());
        let c = compile(&world, "main.dr", &Options::from(1_768_435_200)).unwrap();
        assert!(c.problems.is_empty());
        let levers = Levers::of(&c.sources, &Options::from(0).limits);
        let of = |name: &str| levers.list.iter().find(|l| l.name == name && !l.absent);
        let fast = of("`let fast`").unwrap();
        assert_eq!((fast.role.who, fast.role.good), (Who::Purchase, Good::Up));
        assert_eq!(fast.line("3 Gbit", &c.sources), "let fast = 3 Gbit/s");
        let seven = of("`rate` of `apply p(one, …)`").unwrap();
        assert_eq!(seven.line("8 Mbit", &c.sources), "rate = 8 Mbit/s");
        assert_eq!(of("`rate` of `pattern p`").unwrap().shown("6 Mbit"), "6 Mbit/s");
        assert!(of("`let unused`").is_none(), "what nothing uses is no input");
        // A derivation that rests on `bandwidth = rate` rests on what `rate` stands for.
        let at = u32::try_from(text.find("= rate;").unwrap()).unwrap() + 3;
        let inputs = BTreeSet::from([Span::new(at, at + 4)]);
        let ranks = levers.ranks(&inputs, &c.sources);
        let rank = |name: &str| levers.list.iter().zip(&ranks).find(|(l, _)| l.name == name).map(|(_, r)| *r);
        assert_eq!((rank("`rate` of `apply p(one, …)`"), rank("`let fast`")), (Some(0), Some(2)));
    }
}
