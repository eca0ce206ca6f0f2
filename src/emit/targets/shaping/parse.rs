//! The lines that tc is given, read into a tree.

use super::tree::{Leaf, Matcher, Side, Tree};
use crate::quantity::Rate;
use std::net::IpAddr;

/// Why a script says no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ParseError {
    /// The line, from 1; 0 for the script as a whole.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// Reads the tc lines of a script: those between `<<'END'` and `END`.
///
/// # Errors
/// At the first line that is no tc command of an HTB tree, or that names what no line before it
/// made.
pub fn parse(script: &str) -> Result<Tree, ParseError> {
    let mut tree = Tree::default();
    let mut made = Made::default();
    let mut inside = false;
    for (n, text) in script.lines().enumerate() {
        if !inside {
            inside = text.starts_with("tc -batch - <<'END'");
            continue;
        }
        if text == "END" {
            inside = false;
            continue;
        }
        let text = text.split('#').next().unwrap_or_default();
        let words: Vec<&str> = text.split_whitespace().collect();
        if !words.is_empty() {
            line(&mut tree, &mut made, &words).map_err(|reason| ParseError { line: n + 1, reason })?;
        }
    }
    if inside || !made.qdisc || !made.root || !tree.leaves.contains_key(&tree.rest) {
        return Err(ParseError { line: 0, reason: "there is no whole tree in it".to_owned() });
    }
    Ok(tree)
}

#[derive(Default)]
struct Made {
    qdisc: bool,
    root: bool,
}

fn line(tree: &mut Tree, made: &mut Made, words: &[&str]) -> Result<(), String> {
    match *words {
        ["qdisc", "add", "dev", dev, "root", "handle", "d0c:", "htb", "default", rest] if !made.qdisc => {
            made.qdisc = true;
            tree.interface = dev.to_owned();
            tree.rest = hex(rest)?;
        }
        ["class", "add", "dev", dev, "parent", parent, "classid", id, "htb", ref options @ ..] => {
            same_device(tree, dev)?;
            let (rate, ceil) = rates(options)?;
            match (parent, minor(id)?) {
                ("d0c:", 1) if made.qdisc && !made.root && rate == ceil => {
                    made.root = true;
                    tree.root = rate;
                }
                ("d0c:1", minor) if made.root && minor != 1 => {
                    let before = tree.leaves.insert(minor, Leaf { rate, ceil, fair: false });
                    if before.is_some() {
                        return Err(format!("class {id} is there already"));
                    }
                }
                _ => return Err(format!("class {id} cannot stand below {parent}")),
            }
        }
        ["qdisc", "add", "dev", dev, "parent", id, "fq"] => {
            same_device(tree, dev)?;
            let leaf = tree.leaves.get_mut(&minor(id)?).ok_or_else(|| format!("there is no class {id}"))?;
            leaf.fair = true;
        }
        [
            "filter",
            "add",
            "dev",
            dev,
            "parent",
            "d0c:",
            "protocol",
            protocol,
            "prio",
            priority,
            "u32",
            ref matches @ ..,
        ] => {
            same_device(tree, dev)?;
            let _: u16 = priority.parse().map_err(|_| format!("`{priority}` is no priority"))?;
            let (matcher, id) = filter(protocol, matches)?;
            let minor = minor(id)?;
            if !tree.leaves.contains_key(&minor) {
                return Err(format!("there is no class {id}"));
            }
            tree.filters.push((matcher, minor));
        }
        _ => return Err(format!("`{}` is no command of a tree", words.join(" "))),
    }
    Ok(())
}

fn same_device(tree: &Tree, dev: &str) -> Result<(), String> {
    if tree.interface == dev { Ok(()) } else { Err(format!("`{dev}` is another interface")) }
}

fn hex(text: &str) -> Result<u16, String> {
    u16::from_str_radix(text, 16).map_err(|_| format!("`{text}` is no class"))
}

fn minor(id: &str) -> Result<u16, String> {
    id.strip_prefix("d0c:").ok_or_else(|| format!("`{id}` is no class")).and_then(hex)
}

/// The rate and the ceiling in a class's options.
fn rates(options: &[&str]) -> Result<(Rate, Rate), String> {
    let (mut rate, mut ceil) = (None, None);
    for pair in options.chunks(2) {
        let &[key, value] = pair else { return Err("an option lacks its value".to_owned()) };
        let bits = || {
            let digits = value.strip_suffix("bit").unwrap_or_default();
            digits.parse().map(Rate).map_err(|_| format!("`{value}` is no rate in bits"))
        };
        match key {
            "rate" => rate = Some(bits()?),
            "ceil" => ceil = Some(bits()?),
            // How smoothly it sends, not how much.
            "burst" | "cburst" | "quantum" => {}
            _ => return Err(format!("`{key}` is no option of a class")),
        }
    }
    match (rate, ceil) {
        (Some(rate), ceil) => Ok((rate, ceil.unwrap_or(rate))),
        _ => Err("a class lacks its rate".to_owned()),
    }
}

/// What a filter matches, and the class that it names.
fn filter<'a>(protocol: &str, words: &[&'a str]) -> Result<(Matcher, &'a str), String> {
    let (v4, family) = match protocol {
        "ip" => (true, "ip"),
        "ipv6" => (false, "ip6"),
        _ => return Err(format!("`{protocol}` is no protocol")),
    };
    let plain: &[&str] =
        &["match", "u8", "0x05", "0x0f", "at", "0", "match", "u16", "0x0000", "0x1fff", "at", "6"];
    let words =
        if v4 { words.strip_prefix(plain).ok_or("it may look into options and fragments")? } else { words };
    let &[
        "match",
        f1,
        "protocol",
        "6",
        "0xff",
        "match",
        f2,
        "dst",
        to,
        "match",
        f3,
        side,
        port,
        "0xffff",
        "flowid",
        id,
    ] = words
    else {
        return Err("a filter matches something else".to_owned());
    };
    if [f1, f2, f3].iter().any(|f| *f != family) {
        return Err("a filter mixes protocols".to_owned());
    }
    let side = match side {
        "sport" => Side::Source,
        "dport" => Side::Destination,
        _ => return Err(format!("`{side}` is no end")),
    };
    let port = port.parse().map_err(|_| format!("`{port}` is no port"))?;
    let whole = if v4 { "/32" } else { "/128" };
    let to: Option<IpAddr> = to.strip_suffix(whole).and_then(|a| a.parse().ok());
    match to {
        Some(to) if to.is_ipv4() == v4 => Ok((Matcher { to, port, side }, id)),
        _ => Err("a filter matches no single address".to_owned()),
    }
}
