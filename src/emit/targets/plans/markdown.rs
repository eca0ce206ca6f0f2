//! `plan.md`: for an operator at three in the morning, with paper and a pencil.

use super::act::{Act, At, address};
use super::json::subject;
use super::protection;
use super::sheet::{Sheet, sheets};
use crate::emit::target::Input;
use crate::model::Place;
use crate::plan::{Lost, Means, Plan, Resource, Stage};
use crate::quantity::{Duration, show};
use std::fmt::Write as _;

/// A text on one line, with nothing in it that moves the cursor or turns the direction of writing:
/// line breaks become spaces, other such characters `\u{…}`.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(' '),
            '\u{2028}'
            | '\u{2029}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => {
                out.extend(c.escape_unicode());
            }
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// A text that Markdown shows as it is, in a line or a cell of a table.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '&' | '~' | '#' | '$' | '{' | '}'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A block of code. The fence is longer than any run of its character inside, so nothing in the
/// text ends it.
fn fenced(out: &mut String, text: &str) {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(out, "{fence}sh");
    for line in text.split('\n') {
        let _ = writeln!(out, "{}", visible_tabs(line));
    }
    let _ = writeln!(out, "{fence}");
}

fn visible_tabs(line: &str) -> String {
    line.split('\t').map(visible).collect::<Vec<_>>().join("\t")
}

/// A time from the strike.
fn at(time: Duration) -> String {
    match time {
        Duration::MAX => "no bound".to_owned(),
        time => format!("+{}", show::duration(time)),
    }
}

fn loss(loss: Option<Duration>) -> String {
    match loss {
        None | Some(Duration::MAX) => "no bound".to_owned(),
        Some(Duration::ZERO) => "nothing".to_owned(),
        Some(loss) => format!("at most {}", show::duration(loss)),
    }
}

/// A plan for people.
pub fn markdown(input: Input<'_>, plan: &Plan) -> String {
    let sheets = sheets(input, plan);
    let mut out = String::from("<!-- Made by drc: do not edit; change the spec and build again. -->\n");
    let _ = writeln!(out, "# Recovery: {}\n", escape(&plan.title));
    if plan.steps.is_empty() {
        idle(&mut out, input, plan);
    } else {
        head(&mut out, plan);
    }
    what_is_lost(&mut out, input, plan);
    table(&mut out, &sheets);
    for (stage, heading) in [
        (Stage::Recover, "## The steps\n"),
        (Stage::Afterwards, "## Afterwards\n"),
        (Stage::Failback, "## Failback\n\nOn a day of your choice: `./run.sh --stage failback`.\n"),
    ] {
        let mut part = sheets.iter().filter(|s| s.step.stage == stage).peekable();
        if part.peek().is_some() {
            let _ = writeln!(out, "{heading}");
        }
        for sheet in part {
            step(&mut out, input, sheet);
        }
    }
    out
}

/// By when it works again, and how the plan is run.
fn head(out: &mut String, plan: &Plan) {
    let until = plan.steps.iter().filter(|s| s.stage == Stage::Recover).map(|s| s.finish).max();
    let _ = writeln!(
        out,
        "Everything that can be recovered works again {} after the strike, when every step takes its longest.\n",
        escape(&until.map_or_else(
            || "at once".to_owned(),
            |u| match u {
                Duration::MAX => "at no known time".to_owned(),
                u => format!("{} at most", show::duration(u)),
            }
        ))
    );
    out.push_str(
        "Time of the strike: \\_\\_\\_\\_\\_\\_\\_\\_\\_\\_ UTC. Led by: \\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\n\n\
         Run `./run.sh` in this folder: it does the steps of the runner, asks people for theirs, and goes on where it was\n\
         when it is started again. `./run.sh --dry-run` changes nothing. Without it, do each step by its script in `steps/`,\n\
         or by hand as written below. A step may begin when the steps that it waits for are done.\n\n",
    );
}

/// A plan without steps: what the estate goes on without.
fn idle(out: &mut String, input: Input<'_>, plan: &Plan) {
    if plan.lost.is_empty() {
        out.push_str("Nothing stops and nothing is lost: there is nothing to run.\n\n");
    } else {
        out.push_str("There is nothing to run: no step brings anything back.\n\n");
    }
    let gone = unprotected(input, plan);
    if gone.is_empty() {
        return;
    }
    out.push_str("## What does not protect meanwhile\n\n| data | copy | why |\n| --- | --- | --- |\n");
    for (data, copy, why) in gone {
        let _ = writeln!(out, "| {} | {} | {} |", escape(data), escape(copy), escape(&why));
    }
    out.push('\n');
}

/// The copies that are gone with a scenario, or get nothing new: the data, the copy, and why.
fn unprotected<'a>(input: Input<'a>, plan: &Plan) -> Vec<(&'a str, &'a str, String)> {
    let model = input.model;
    let lost = Lost::of(model, &plan.scenario);
    let mut gone = Vec::new();
    for (id, copy) in model.copies.iter() {
        let place = model.host_of(copy.place);
        let source = model.source_host(id);
        let ways = &copy.route.ways;
        let cut = !ways.is_empty() && ways.iter().all(|way| way.iter().any(|hop| lost.link(hop.link)));
        let store = matches!(copy.place, Place::Store(s) if lost.store(s));
        let why = if lost.cut_off(place) {
            format!("{} is cut off, and this copy with it", model.hosts[place].name)
        } else if lost.cut_off(source) {
            format!("gets nothing new: {} is cut off", model.hosts[source].name)
        } else if lost.host(place) {
            format!("{} is lost, and this copy with it", model.hosts[place].name)
        } else if store {
            "its store is lost".to_owned()
        } else if lost.host(source) {
            format!("gets nothing new: {} is lost", model.hosts[source].name)
        } else if cut {
            "gets nothing new: its link is cut".to_owned()
        } else {
            continue;
        };
        gone.push((model.data[copy.data].name.as_str(), copy.name.as_str(), why));
    }
    gone
}

fn what_is_lost(out: &mut String, input: Input<'_>, plan: &Plan) {
    if !plan.choices.is_empty() {
        out.push_str("## What is recovered, and what is lost\n\n");
        out.push_str(
            "| data | from | how | to | recent work that is lost |\n| --- | --- | --- | --- | --- |\n",
        );
        for choice in &plan.choices {
            let means = match choice.means {
                Means::Promote => "promoted",
                Means::Publish => "put in place",
                Means::Restore => "restored",
            };
            let mut lost = loss(choice.loss);
            if let Some(reason) = &choice.reason {
                let _ = write!(lost, ": {reason}");
            }
            if let Some(time) = choice.discarded.filter(|d| *d != Duration::MAX) {
                let _ = write!(
                    lost,
                    "; and what was written since it went wrong, up to {}",
                    show::duration(time)
                );
            }
            let _ = writeln!(
                out,
                "| {} | {} | {means} | {} | {} |",
                escape(&input.model.data[choice.data].name),
                escape(&input.model.copies[choice.copy].name),
                escape(&input.model.hosts[choice.target].name),
                escape(&lost),
            );
        }
        out.push('\n');
    }
    if !plan.recovered.is_empty() {
        out.push_str("## When it works again\n\n| what | step | at the latest |\n| --- | --- | --- |\n");
        for (what, step) in &plan.recovered {
            let (kind, name) = subject(input, *what);
            let finish = plan.steps.get(*step).map_or(Duration::MAX, |s| s.finish);
            let _ = writeln!(out, "| {kind} {} | {} | {} |", escape(&name), step + 1, escape(&at(finish)));
        }
        out.push('\n');
    }
    if !plan.lost.is_empty() {
        out.push_str("## What cannot be recovered\n\n");
        for (what, why) in &plan.lost {
            let (kind, name) = subject(input, *what);
            let _ = writeln!(out, "- {kind} {}: {}", escape(&name), escape(&why.to_string()));
        }
        out.push('\n');
    }
    if !plan.exposure.is_empty() {
        out.push_str("## Until protection is whole again\n\n");
        out.push_str(
            "| data | every copy stands | and if a second loss comes before |\n| --- | --- | --- |\n",
        );
        for e in &plan.exposure {
            let second: Vec<String> = e.second.iter().map(|s| protection::second(input, s)).collect();
            let _ = writeln!(
                out,
                "| {} | {} | {} |",
                escape(&input.model.data[e.data].name),
                escape(&protection::whole(input, e)),
                escape(&second.join("; "))
            );
        }
        out.push('\n');
    }
    if !plan.notes.is_empty() {
        out.push_str("## To know\n\n");
        for note in &plan.notes {
            let _ = writeln!(out, "- {}", escape(note));
        }
        out.push('\n');
    }
}

fn numbers(after: &[usize]) -> String {
    after.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn table(out: &mut String, sheets: &[Sheet<'_>]) {
    if sheets.is_empty() {
        return;
    }
    out.push_str("## At a glance\n\n| step | who | what | waits for | takes at most | done by | done at |\n");
    out.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
    for sheet in sheets.iter().filter(|s| s.step.stage == Stage::Recover) {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | |",
            sheet.number,
            escape(&sheet.who),
            escape(&sheet.title),
            numbers(&sheet.after),
            escape(&show::duration(sheet.step.takes.most)),
            escape(&at(sheet.step.finish)),
        );
    }
    out.push('\n');
}

fn step(out: &mut String, input: Input<'_>, sheet: &Sheet<'_>) {
    let s = sheet.step;
    let _ = writeln!(out, "### {}. {}\n", sheet.number, escape(&sheet.title));
    let _ = writeln!(out, "- Who: {}", escape(&sheet.who));
    if !sheet.place.is_empty() {
        let hosts: Vec<String> = sheet
            .place
            .iter()
            .map(|h| {
                let name = &input.model.hosts[*h].name;
                let address = address(input, *h);
                if address == name.as_str() { name.to_string() } else { format!("{name} ({address})") }
            })
            .collect();
        let _ = writeln!(out, "- Where: {}", escape(&super::words::list(&hosts)));
    }
    if !sheet.after.is_empty() {
        let had = |(n, r): &(usize, Resource)| {
            let what = r.words(input.model).replace('`', "");
            format!("{} until {} is done with it", what, n + 1)
        };
        let behind: Vec<String> = s.behind.iter().map(had).collect();
        let behind =
            if behind.is_empty() { String::new() } else { format!("; for {}", escape(&behind.join(", "))) };
        let _ = writeln!(out, "- Waits for: {}{behind}", numbers(&sheet.after));
    }
    if s.stage == Stage::Recover {
        let _ = writeln!(
            out,
            "- Takes: {} to {}; begins by {}, done by {}",
            escape(&show::duration(s.takes.least)),
            escape(&show::duration(s.takes.most)),
            escape(&at(s.start)),
            escape(&at(s.finish))
        );
    }
    let _ = writeln!(
        out,
        "- Script: `{}`\n- Began at \\_\\_\\_\\_\\_\\_, done at \\_\\_\\_\\_\\_\\_\n",
        sheet.path()
    );
    for act in &sheet.acts {
        by_hand(out, input, act);
    }
    let _ = writeln!(out, "Done when: {}\n", escape(&sheet.verify));
    let _ = writeln!(out, "If it fails: {}\n", escape(&sheet.fails));
}

fn by_hand(out: &mut String, input: Input<'_>, act: &Act) {
    let name = |h: &la_arena::Idx<crate::model::Host>| escape(&input.model.hosts[*h].name);
    let on = |at: &At| match at {
        At::Here => "here".to_owned(),
        At::Host(h) => format!("on {}", name(h)),
    };
    let mut command = |words: String, text: &str| {
        let _ = writeln!(out, "{words}\n");
        fenced(out, text);
        out.push('\n');
    };
    match act {
        Act::Unless(a, text) => command(format!("Done already when this succeeds {}:", on(a)), text),
        Act::Run(a, text) => command(format!("Run {}:", on(a)), text),
        Act::Attempt(a, text) => command(format!("Try {}; it may fail:", on(a)), text),
        Act::Guide(a, text) => command(format!("By hand, {}:", on(a)), text),
        Act::Await(a, seconds, text) => {
            let most = show::duration(Duration::from_secs(*seconds));
            command(format!("Wait until this succeeds {}, {} at most:", on(a), escape(&most)), text);
        }
        Act::Pause(seconds, why) => {
            let time = show::duration(Duration::from_secs(*seconds));
            let _ = writeln!(out, "Wait {}: {}.\n", escape(&time), escape(why));
        }
        Act::Confirm(text) => {
            let _ = writeln!(out, "\\[ \\] {}.\n", escape(text));
        }
        Act::Moment => out.push_str(
            "Data is good up to this moment, in UTC: \\_\\_\\_\\_-\\_\\_-\\_\\_ \\_\\_:\\_\\_:\\_\\_. \
             By hand, put it into `DRC_MOMENT` before the commands below, as `2026-01-31 02:30:00`.\n\n",
        ),
        Act::Restore(r) => {
            let lines = format!(
                "list jobs jobname={}\nrestore jobid=IDS client={} restoreclient={} restorejob={} where=/ replace=always all done yes",
                r.job, r.from, r.to, r.by
            );
            let _ =
                writeln!(out, "{}\n", chain(r, &name(&r.host), &escape(input.model.zone(r.director).name())));
            fenced(out, &lines);
            out.push('\n');
        }
        Act::Furthest { chosen, others, .. } => {
            if others.is_empty() {
                return;
            }
            let all: Vec<String> = others.iter().map(|(h, _)| name(h)).collect();
            let _ = writeln!(
                out,
                "{} must have everything that {} received: compare `Gtid_IO_Pos` (MariaDB) or the received and executed \
                 sets (MySQL) on each of them. When one is further, let {0} follow it until it has the rest:\n",
                name(chosen),
                super::words::list(&all)
            );
            for (other, follow) in others {
                let _ = writeln!(out, "On {}, when {} is further:\n", name(chosen), name(other));
                fenced(out, follow);
                out.push('\n');
            }
        }
        Act::Handover { from, to, seconds, .. } => {
            let _ = writeln!(
                out,
                "Set {} read-only, and wait until {} has all of its transactions, {} at most.\n",
                name(from),
                name(to),
                escape(&show::duration(Duration::from_secs(*seconds)))
            );
        }
    }
}

fn chain(r: &super::act::Restore, to: &str, clock: &str) -> String {
    use super::act::Chain;
    let which = match r.chain {
        Chain::Data => {
            "the newest full run that ended before the wanted moment, the newest differential after it, and each incremental after that"
        }
        Chain::Log => "each run that ended after that of the data had begun",
    };
    let aside = if r.folder.is_empty() {
        String::new()
    } else {
        format!(" Move {} on {to} aside before.", escape(&r.folder))
    };
    format!(
        "In bconsole, IDS are the runs of {} in pool {} with status T or W: {which}. The times in the catalogue are those of {clock}.{aside}",
        escape(&r.job),
        escape(&r.pool)
    )
}
