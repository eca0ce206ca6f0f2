//! What a keepalived configuration says of addresses that move.

use super::parse::{ParseError, Statement, parse};
use crate::quantity::Duration;
use std::net::IpAddr;

/// What of a configuration bears on who holds which address, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    /// Whether scripts that others than root can change are refused.
    pub script_security: bool,
    /// The user that runs scripts without a user of their own.
    pub script_user: Option<String>,
    /// The protocol version of instances that state none; keepalived's own default is 2.
    pub version: Option<u8>,
    /// Its scripts.
    pub scripts: Vec<Script>,
    /// Its instances.
    pub instances: Vec<Instance>,
    /// Blocks at the top and statements for all instances that are not read, such as
    /// `virtual_server` and `vrrp_strict`, with their lines.
    pub unread: Vec<(String, usize)>,
}

/// A `vrrp_script`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Its name.
    pub name: String,
    /// The command, as its words.
    pub command: Vec<String>,
    /// The user that runs it.
    pub user: Option<String>,
    /// Time between runs.
    pub every: Option<Duration>,
    /// How long a run may take.
    pub timeout: Option<Duration>,
    /// Failures until it counts as failed.
    pub fall: Option<u64>,
    /// Successes until it counts as well again.
    pub rise: Option<u64>,
    /// What it does to priorities; 0, also when not stated: a failure takes the host out.
    pub weight: i64,
    /// Statements that are not read.
    pub unread: Vec<(String, usize)>,
}

/// A `vrrp_instance`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instance {
    /// Its name.
    pub name: String,
    /// Its own protocol version.
    pub version: Option<u8>,
    /// The state it starts in.
    pub state: Option<String>,
    /// Its interface.
    pub interface: Option<String>,
    /// Its id on the segment.
    pub router_id: Option<u8>,
    /// Its priority.
    pub priority: Option<u8>,
    /// Time between advertisements.
    pub advert: Option<Duration>,
    /// The source of its advertisements.
    pub source: Option<IpAddr>,
    /// Whom it speaks to; all of the segment when empty.
    pub peers: Vec<IpAddr>,
    /// The addresses that it moves, each with its prefix length and interface where stated.
    pub addresses: Vec<(IpAddr, Option<u8>, Option<String>)>,
    /// The scripts that it follows, as the words of each line.
    pub tracks: Vec<Vec<String>>,
    /// The script that its changes are told to.
    pub notify: Option<String>,
    /// Statements that are not read, such as `nopreempt`.
    pub unread: Vec<(String, usize)>,
}

/// Reads a configuration.
///
/// # Errors
/// When the text is not in keepalived's language, or a value is not of its type.
pub fn read(text: &str) -> Result<Conf, ParseError> {
    let mut conf = Conf::default();
    for block in parse(text)? {
        let body = block.body.as_deref().unwrap_or_default();
        match block.keyword() {
            "global_defs" => globals(&mut conf, body)?,
            "vrrp_script" => conf.scripts.push(script(&block, body)?),
            "vrrp_instance" => conf.instances.push(instance(&block, body)?),
            other => conf.unread.push((other.to_owned(), block.line)),
        }
    }
    Ok(conf)
}

fn globals(conf: &mut Conf, body: &[Statement]) -> Result<(), ParseError> {
    for s in body {
        match s.keyword() {
            "enable_script_security" => conf.script_security = true,
            "script_user" => conf.script_user = Some(word(s)?.to_owned()),
            "vrrp_version" => conf.version = Some(value(s)?),
            // Such as `vrrp_strict` or `vrrp_startup_delay`. What has another name is about how it
            // calls itself and whom it mails: nothing of who holds what.
            other if other.starts_with("vrrp_") && !other.starts_with("vrrp_garp_") => {
                conf.unread.push((other.to_owned(), s.line));
            }
            _ => {}
        }
    }
    Ok(())
}

fn script(block: &Statement, body: &[Statement]) -> Result<Script, ParseError> {
    let mut script = Script { name: word(block)?.to_owned(), ..Script::default() };
    for s in body {
        match s.keyword() {
            // One quoted word may hold a command with arguments.
            "script" => {
                let words = s.words_from(1).flat_map(str::split_whitespace);
                script.command = words.map(str::to_owned).collect();
            }
            "user" => script.user = Some(word(s)?.to_owned()),
            "interval" => script.every = Some(time(s)?),
            "timeout" => script.timeout = Some(time(s)?),
            "fall" => script.fall = Some(value(s)?),
            "rise" => script.rise = Some(value(s)?),
            "weight" if s.words.len() == 2 => script.weight = value(s)?,
            other => script.unread.push((other.to_owned(), s.line)),
        }
    }
    Ok(script)
}

fn instance(block: &Statement, body: &[Statement]) -> Result<Instance, ParseError> {
    let mut found = Instance { name: word(block)?.to_owned(), ..Instance::default() };
    for s in body {
        match s.keyword() {
            "version" => found.version = Some(value(s)?),
            "state" => found.state = Some(word(s)?.to_owned()),
            "interface" => found.interface = Some(word(s)?.to_owned()),
            "virtual_router_id" => found.router_id = Some(value(s)?),
            "priority" => found.priority = Some(value(s)?),
            "advert_int" => found.advert = Some(time(s)?),
            "unicast_src_ip" => found.source = Some(value(s)?),
            "unicast_peer" => {
                for peer in s.body.iter().flatten() {
                    found.peers.push(parsed(peer, peer.keyword())?);
                }
            }
            "virtual_ipaddress" => {
                for line in s.body.iter().flatten() {
                    found.addresses.push(address(line)?);
                }
            }
            "track_script" => {
                found.tracks.extend(s.body.iter().flatten().map(|t| t.words.clone()));
            }
            "notify" => found.notify = Some(word(s)?.to_owned()),
            // When addresses are told again, and who else is told: not who holds them.
            "garp_master_delay"
            | "garp_master_repeat"
            | "garp_master_refresh"
            | "garp_master_refresh_repeat"
            | "smtp_alert"
            | "notify_master"
            | "notify_backup"
            | "notify_fault"
            | "notify_stop"
            | "check_unicast_src" => {}
            other => found.unread.push((other.to_owned(), s.line)),
        }
    }
    Ok(found)
}

/// `10.0.0.1/24 dev eth0`.
fn address(line: &Statement) -> Result<(IpAddr, Option<u8>, Option<String>), ParseError> {
    let (address, prefix) = match line.keyword().split_once('/') {
        Some((a, p)) => (parsed(line, a)?, Some(parsed(line, p)?)),
        None => (parsed(line, line.keyword())?, None),
    };
    let device = line.words_from(1).skip_while(|w| *w != "dev").nth(1).map(str::to_owned);
    Ok((address, prefix, device))
}

fn parsed<T: std::str::FromStr>(s: &Statement, text: &str) -> Result<T, ParseError> {
    text.parse().map_err(|_| ParseError {
        line: s.line,
        reason: format!("`{text}` is no value of `{}`", s.keyword()),
    })
}

/// The word after the keyword.
fn word(s: &Statement) -> Result<&str, ParseError> {
    let missing = || ParseError { line: s.line, reason: format!("`{}` lacks its value", s.keyword()) };
    s.words_from(1).next().ok_or_else(missing)
}

fn value<T: std::str::FromStr>(s: &Statement) -> Result<T, ParseError> {
    parsed(s, word(s)?)
}

fn time(s: &Statement) -> Result<Duration, ParseError> {
    let text = word(s)?;
    seconds(text)
        .ok_or_else(|| ParseError { line: s.line, reason: format!("`{text}` is no time in seconds") })
}

/// Seconds with or without a fraction, exactly: `1`, `0.25`. At most nine digits stand behind the
/// point.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 9 {
        return None;
    }
    let nanos: u64 = format!("{part:0<9}").parse().ok()?;
    let whole: u64 = whole.parse().ok()?;
    Some(Duration::from_secs(whole).plus(Duration(nanos)))
}

/// A time in seconds, exactly, as short as can be.
pub(super) fn show_seconds(time: Duration) -> String {
    let (whole, part) = (time.0 / 1_000_000_000, time.0 % 1_000_000_000);
    if part == 0 {
        return whole.to_string();
    }
    format!("{whole}.{}", format!("{part:09}").trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_both_ways() {
        for (millis, text) in [(10, "0.01"), (200, "0.2"), (1_000, "1"), (40_950, "40.95"), (1_500, "1.5")] {
            let time = Duration::from_millis(millis);
            assert_eq!(show_seconds(time), text);
            assert_eq!(seconds(text), Some(time));
        }
        for bad in ["", ".", "1.", ".5", "-1", "1e3", "1.0000000001", "x"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_changes_the_meaning_is_not_passed_over() {
        let conf = read("vrrp_instance a {\n nopreempt\n priority 100\n}\nvirtual_server 10.0.0.1 80 {\n}\n")
            .unwrap();
        assert_eq!(conf.instances[0].unread, [("nopreempt".to_owned(), 2)]);
        assert_eq!(conf.unread, [("virtual_server".to_owned(), 5)]);
        assert!(read("vrrp_instance a {\n priority 300\n}\n").is_err());
        assert!(read("vrrp_instance {\n}\n").is_err());
    }
}
