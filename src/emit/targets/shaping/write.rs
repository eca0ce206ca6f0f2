//! Shapers to scripts and units.

use super::tree::{Matcher, Side, Tree};
use super::{NAME, SCRIPT, UNIT, unit};
use crate::emit::artifact::{Artifact, ArtifactTree};
use crate::emit::target::Input;
use crate::model::Model;
use crate::ops::Shaper;
use crate::quantity::{Rate, show};

/// Writes the files of every host that is shaped.
pub(super) fn emit(input: Input<'_>, tree: &mut ArtifactTree) {
    for shaper in &input.ops.shapers {
        let host = &input.model.hosts[shaper.host].name;
        let mut spans: Vec<_> = shaper.classes.iter().map(|c| c.span).collect();
        spans.sort_unstable();
        spans.dedup();
        let file = |text: String, mode: u32| Artifact {
            bytes: text.into_bytes(),
            mode,
            target: NAME,
            spans: spans.clone(),
        };
        let script = script(&Tree::of(shaper), &notes(input.model, shaper));
        tree.host_file(host, SCRIPT, file(script, 0o755));
        tree.host_file(host, UNIT, file(unit::text(), 0o644));
    }
}

/// What each share is, in the order of the classes.
fn notes(model: &Model, shaper: &Shaper) -> Vec<String> {
    let note = |c: &crate::ops::ShaperClass| {
        let link = &model.links[c.link].name;
        let of = if c.members == 1 { "1 member".to_owned() } else { format!("{} members", c.members) };
        format!("{} on {link}: {}, {of}", c.class.name(), show::rate(c.cap))
    };
    shaper.classes.iter().map(note).collect()
}

/// Bytes that a class may send at once: a millisecond's worth, so that timers need not be finer,
/// and two packets at the least.
fn burst(rate: Rate) -> u64 {
    (rate.in_bytes_down() / 1_000).max(3_200)
}

/// How many bytes a class that borrows sends before it is another's turn: any figure above a
/// jumbo frame, stated because the kernel's own guess goes by the rate and complains at both ends.
const QUANTUM: u32 = 10_000;

/// Filters of one priority number. The kernel numbers up to 2047 of them.
const PER_PRIORITY: usize = 500;

fn class(dev: &str, minor: u16, parent: &str, rate: Rate, ceil: Rate) -> String {
    format!(
        "class add dev {dev} parent {parent} classid d0c:{minor:x} htb rate {}bit ceil {}bit \
         burst {} cburst {} quantum {QUANTUM}\n",
        rate.0,
        ceil.0,
        burst(rate),
        burst(ceil)
    )
}

/// One filter. It looks at TCP alone, at whole packets, and at headers of the plain length: what
/// is not found there is not ours.
fn filter(dev: &str, matcher: Matcher, minor: u16, priority: usize) -> String {
    let Matcher { to, port, side } = matcher;
    let (protocol, ip, plain, length) = match to.is_ipv4() {
        true => ("ip", "ip", "match u8 0x05 0x0f at 0 match u16 0x0000 0x1fff at 6 ", 32),
        false => ("ipv6", "ip6", "", 128),
    };
    let side = match side {
        Side::Source => "sport",
        Side::Destination => "dport",
    };
    format!(
        "filter add dev {dev} parent d0c: protocol {protocol} prio {priority} u32 {plain}\
         match {ip} protocol 6 0xff match {ip} dst {to}/{length} match {ip} {side} {port} 0xffff \
         flowid d0c:{minor:x}\n"
    )
}

/// The lines that set up classes and filters, and those that set up queues. `notes` say what the
/// shares are, in the order of their classes.
fn lines(tree: &Tree, notes: &[String]) -> (String, String) {
    let dev = &tree.interface;
    let mut classes = format!("qdisc add dev {dev} root handle d0c: htb default {:x}\n", tree.rest);
    classes += &class(dev, 1, "d0c:", tree.root, tree.root);
    let mut queues = String::new();
    let mut notes = notes.iter();
    for (minor, leaf) in &tree.leaves {
        let note = match *minor == tree.rest {
            true => format!("all else, within the card's {}", show::rate(tree.root)),
            false => notes.next().cloned().unwrap_or_default(),
        };
        classes += &format!("# {note}\n");
        classes += &class(dev, *minor, "d0c:1", leaf.rate, leaf.ceil);
        queues += &format!("qdisc add dev {dev} parent d0c:{minor:x} fq\n");
    }
    // Filters of one priority are of one protocol.
    let (v4, v6): (Vec<_>, Vec<_>) = tree.filters.iter().partition(|(m, _)| m.to.is_ipv4());
    let chunks = v4.chunks(PER_PRIORITY).chain(v6.chunks(PER_PRIORITY));
    for (priority, chunk) in (1..).zip(chunks) {
        for (matcher, minor) in chunk {
            classes += &filter(dev, *matcher, *minor, priority);
        }
    }
    (classes, queues)
}

/// The script. It deletes and adds rather than changes, so that nothing of an older version stays;
/// between the two, for some milliseconds, nothing is shaped.
fn script(tree: &Tree, notes: &[String]) -> String {
    let dev = &tree.interface;
    let (classes, queues) = lines(tree, notes);
    format!(
        r#"#!/bin/sh
# Made by drc: do not edit; change the spec and build again.
# Holds what this host sends over divided links to its part of them, on the interface {dev}.
#   shaping.sh start   sets it up, in place of what an earlier run set up
#   shaping.sh stop    takes it away
# Exits with 3 when each share gets its rate, but the kernel has no fair queue (sch_fq) to divide
# it among the streams within.
set -eu

remove() {{
    if tc qdisc show dev {dev} root | grep -q '^qdisc htb d0c: '; then
        tc qdisc del dev {dev} root
    fi
}}

case "${{1-}}" in
    start) ;;
    stop)
        remove
        exit 0
        ;;
    *)
        echo "usage: shaping.sh start|stop" >&2
        exit 2
        ;;
esac

remove
# All or nothing: half of the classes would hold the wrong packets.
trap remove EXIT
tc -batch - <<'END'
{classes}END
trap - EXIT
tc -batch - <<'END' || exit 3
{queues}END
"#
    )
}
