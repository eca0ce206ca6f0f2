//! Our files, read by our parser and held against the facts of the operations.

use super::facts::{self, Facts, minutes};
use super::index::Index;
use super::names;
use super::parse::{Block, Directive, parse};
use super::run::run_line;
use crate::calendar::{ALL_WEEKDAYS, ALL_WEEKS, Days, Rule};
use crate::emit::artifact::ArtifactTree;
use crate::model::Host;
use la_arena::Idx;
use std::net::IpAddr;

/// One line for each difference between the files and the operations.
pub(super) fn compare(index: &Index<'_>, tree: &ArtifactTree) -> Vec<String> {
    let mut differences = Vec::new();
    let mut file = |host: Idx<Host>, path: &str, wanted: Facts| {
        let path = format!("hosts/{}{path}", index.host(host));
        match read(tree, &path) {
            Ok(found) => differ(&path, &wanted, &found, &mut differences),
            Err(reason) => differences.push(format!("{path}: {reason}")),
        }
    };
    for (id, d) in index.ops.directors.iter() {
        file(d.host, names::DIRECTOR_CONF, facts::director(index, id));
        file(d.host, names::CONSOLE_CONF, facts::console(index, id));
    }
    for (_, s) in index.ops.storages.iter() {
        file(s.host, names::STORAGE_CONF, facts::storage(index, s));
    }
    for (id, c) in index.ops.clients.iter() {
        file(c.host, names::CLIENT_CONF, facts::client(index, id));
    }
    for (_, d) in index.ops.directors.iter() {
        let path = format!("hosts/{}{}", index.host(d.host), names::ZONE_CONF);
        let wanted = index.model.zone(d.host).name();
        let text = tree.get(&path).and_then(|a| std::str::from_utf8(&a.bytes).ok()).unwrap_or_default();
        let found = text.lines().find_map(|l| l.strip_prefix("Environment=\"TZ=")?.strip_suffix('"'));
        if found != Some(wanted) {
            differences.push(format!("{path}: TZ is {found:?}, should be `{wanted}`"));
        }
    }
    differences
}

fn differ(path: &str, wanted: &Facts, found: &Facts, differences: &mut Vec<String>) {
    for (place, value) in &wanted.0 {
        match found.0.get(place) {
            Some(there) if there == value => {}
            Some(there) => differences.push(format!("{path}: {place} is `{there}`, should be `{value}`")),
            None => differences.push(format!("{path}: {place} is missing, should be `{value}`")),
        }
    }
    for (place, value) in &found.0 {
        if !wanted.0.contains_key(place) {
            differences.push(format!("{path}: {place} is `{value}`, which nothing asks for"));
        }
    }
}

/// What a file says, in the words of facts.
fn read(tree: &ArtifactTree, path: &str) -> Result<Facts, String> {
    let artifact = tree.get(path).ok_or("missing")?;
    let text = std::str::from_utf8(&artifact.bytes).map_err(|e| e.to_string())?;
    let config = parse(text).map_err(|e| e.to_string())?;
    let mut facts = Facts::default();
    for block in &config.resources {
        resource(block, &mut facts)?;
    }
    Ok(facts)
}

/// Keywords that say nothing of the operations, by kind of resource: where daemons keep their own
/// things, and how a backup is read.
fn plain(kind: &str, name: &str, daemon: bool, key: &str) -> bool {
    let common = matches!(key, "name" | "workingdirectory" | "piddirectory" | "messages");
    common
        || match kind {
            "director" => key == "queryfile",
            "catalog" => matches!(key, "dbname" | "dbuser"),
            "client" => matches!(key, "catalog" | "maximumconcurrentjobs" | "fileretention" | "jobretention"),
            // The daemon's own; a director's say how many of its runs have it at once.
            "storage" => key == "maximumconcurrentjobs" && daemon,
            "filedaemon" => matches!(key, "maximumconcurrentjobs" | "pkicipher" | "pkidigest"),
            "device" => matches!(
                key,
                "devicetype" | "randomaccess" | "automaticmount" | "removablemedia" | "alwaysopen"
            ),
            "pool" => key == "pooltype" || name == names::RESTORES,
            "job" if name.starts_with("restore_") => {
                matches!(key, "fileset" | "storage" | "pool" | "where")
            }
            "job" => matches!(key, "maximumspawnedjobs" | "level"),
            _ => false,
        }
}

fn resource(block: &Block, facts: &mut Facts) -> Result<(), String> {
    let (kind, name) = (block.kind.as_str(), block.name());
    let daemon = block.text("workingdirectory").is_some();
    let mut runs: Vec<(String, Rule)> = Vec::new();
    for directive in &block.directives {
        match directive.key.as_str() {
            "run" => runs.extend(rule(directive)?),
            // Of all jobs only a verification's level is not that of its run.
            "level" if directive.text() == "VolumeToCatalog" => {
                facts.say(kind, &name, "level", directive.text());
            }
            key if kind == "messages" || plain(kind, &name, daemon, key) => {}
            key => facts.say(kind, &name, key, value(key, directive)),
        }
    }
    if kind == "schedule" {
        facts.say(kind, &name, "run", minutes(runs.iter().map(|(l, r)| (l.as_str(), r))));
    }
    for include in &block.includes {
        facts.say(kind, &name, "@", &include.path);
    }
    for inner in &block.blocks {
        for file in inner.all("file") {
            facts.say(kind, &name, "file", file.text());
        }
        // `DirAddresses = { ip = { addr = …` and its like.
        for socket in &inner.blocks {
            if let (Some(addr), Some(port)) = (socket.text("addr"), socket.text("port")) {
                facts.say(kind, &name, "address", addr);
                facts.say(kind, &name, "port", port);
            }
        }
    }
    Ok(())
}

/// A value in the words of facts: addresses in their shortest form, times in seconds.
fn value(key: &str, directive: &Directive) -> String {
    let text = directive.text();
    if key == "address" {
        return text.parse::<IpAddr>().map_or(text, |a| a.to_string());
    }
    if (key.ends_with("retention") || key == "volumeuseduration")
        && let [number, unit @ ("days" | "seconds")] = directive.words()[..]
        && let Ok(number) = number.parse::<u64>()
    {
        let seconds = if unit == "days" { number.saturating_mul(86_400) } else { number };
        return format!("{seconds} seconds");
    }
    text
}

/// A `Run` line as rules of our calendar, with its level.
fn rule(directive: &Directive) -> Result<Option<(String, Rule)>, String> {
    let run = run_line(directive).map_err(|e| format!("line {}: {e}", directive.line))?;
    let every_day = 0x7fff_ffff;
    let days = match (run.days, run.weeks, run.weekdays) {
        (d, weeks, weekdays) if d == every_day => Days::Weekly { weeks, weekdays },
        (days, ALL_WEEKS, ALL_WEEKDAYS) => Days::Monthly { days },
        _ => return Err(format!("line {}: days of the week and of the month", directive.line)),
    };
    let level = match run.overrides.as_slice() {
        [] => String::new(),
        [(key, level)] if key == "level" => level.clone(),
        _ => return Err(format!("line {}: overrides more than the level", directive.line)),
    };
    let hours = (0..24u16).filter(|h| run.hours & (1 << h) != 0);
    let times = hours.map(|h| h * 60 + run.minute).collect();
    Ok(Some((level, Rule::plain(run.months, days, times))))
}
