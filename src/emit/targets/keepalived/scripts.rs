//! The scripts that keepalived runs: written word by word, never from a template.

use crate::emit::quote;
use crate::ops::{Member, Vrrp};
use crate::quantity::{Duration, show};
use std::net::IpAddr;

/// A run that hangs is ended this long before the next is due, and killed at half of it. Keepalived
/// would end it too, but waits two more seconds for one that does not obey, and asks only then
/// again: a failure of `fall` runs would be seen later than `fall + 1` times `every`.
const SPARE: Duration = Duration::from_millis(100);

const HEAD: &str = "#!/bin/sh\n# Made by drc: do not edit; change the spec and build again.\n";

/// What a check script does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// How long a run may take.
    pub within: Duration,
    /// What is run.
    pub asks: Asks,
}

/// What a check script asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asks {
    /// A shell command of the spec.
    Command(String),
    /// Whether somebody listens.
    Port(IpAddr, u16),
}

impl Check {
    /// The check of an address on one of its hosts.
    pub(super) fn of(vrrp: &Vrrp, member: &Member) -> Option<Self> {
        let asks = match (&vrrp.check, vrrp.port) {
            (Some(command), _) => Asks::Command(command.to_string()),
            (None, Some(port)) => Asks::Port(member.address, port),
            (None, None) => return None,
        };
        Some(Self { within: vrrp.every.minus(SPARE), asks })
    }

    /// The command that it is.
    fn command(&self) -> String {
        let tenths = self.within.0 / SPARE.0;
        let within = format!("exec timeout --kill-after=0.05 {}.{}", tenths / 10, tenths % 10);
        match &self.asks {
            // The hyphens: a command may begin with one.
            Asks::Command(text) => format!("{within} /bin/sh -c -- {}", quote::shell(text)),
            Asks::Port(address, port) => {
                format!("{within} /bin/bash -c {} drc-check {address} {port}", quote::shell(KNOCK))
            }
        }
    }

    /// The script's text.
    pub(super) fn script(&self, vip: &str, every: Duration) -> String {
        format!(
            "{HEAD}# Whether this host can hold the address `{vip}`: keepalived asks every {}.\n\
             PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nexport PATH\n{}\n",
            show::duration(every),
            self.command()
        )
    }
}

/// Opens a connection to the address and port in its two arguments, and closes it.
const KNOCK: &str = r#"exec 3<>"/dev/tcp/$1/$2""#;

/// Reads a check script of ours.
///
/// # Errors
/// With a sentence, when it is none.
pub fn read_check(text: &str) -> Result<Check, String> {
    let start = text.find("\nexec ").ok_or("it runs nothing")?;
    let words = words(text.get(start..).unwrap_or_default())?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (within, asks) = match *words.as_slice() {
        ["exec", "timeout", "--kill-after=0.05", within, "/bin/sh", "-c", "--", text] => {
            (within, Asks::Command(text.to_owned()))
        }
        ["exec", "timeout", "--kill-after=0.05", within, "/bin/bash", "-c", KNOCK, "drc-check", to, port] => {
            let to = to.parse().map_err(|_| format!("`{to}` is no address"))?;
            let port = port.parse().map_err(|_| format!("`{port}` is no port"))?;
            (within, Asks::Port(to, port))
        }
        _ => return Err("it runs something else".to_owned()),
    };
    let within = super::conf::seconds(within).ok_or_else(|| format!("`{within}` is no time"))?;
    Ok(Check { within, asks })
}

/// The words of one shell command: bare, between single quotes, or after a backslash.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("a quote is never closed".to_owned()),
                    }
                }
            }
            '\\' => {
                let next = chars.next().ok_or("nothing follows a backslash")?;
                word.get_or_insert_default().push(next);
            }
            '"' | '$' | '`' | '|' | '&' | ';' | '<' | '>' | '(' | ')' | '*' | '?' | '[' | '#' | '~' => {
                return Err(format!("`{c}` stands outside of quotes"));
            }
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// The script that keepalived tells every change to.
pub(super) fn notify() -> String {
    format!(
        r#"{HEAD}# Keepalived calls it with the kind, the name, the new state and the priority whenever an address
# comes or goes. It says so in the system's log, and keeps the state in /run/drc/vrrp-NAME.
set -u
name=${{2:?}}
state=${{3:?}}
priority=${{4-}}
logger -t drc-vrrp -p daemon.notice -- "$name: $state, priority $priority"
# Keepalived does not wait for one call before it makes the next: of two, the younger is right.
began=$(cut -d ' ' -f 22 "/proc/$$/stat")
mkdir -p /run/drc
exec 9>"/run/drc/.vrrp-$name.lock"
flock 9
latest=$(cat "/run/drc/.vrrp-$name.began" 2>/dev/null) || latest=0
if [ "$began" -ge "$latest" ]; then
    echo "$began" >"/run/drc/.vrrp-$name.began"
    echo "$state" >"/run/drc/.vrrp-$name.state"
    mv -f "/run/drc/.vrrp-$name.state" "/run/drc/vrrp-$name"
fi
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str) -> Check {
        Check { within: Duration::from_millis(1_900), asks: Asks::Command(text.to_owned()) }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let long = "x'".repeat(150);
        for text in
            ["true", "a\nexec b", "it's", "-x", "'", "\\", "$(a) `b` %c {{d}} @e !f #g é", "\r", &long]
        {
            let check = command(text);
            assert_eq!(read_check(&check.script("x", Duration::from_secs(2))), Ok(check));
        }
        let port =
            Check { within: Duration::from_millis(900), asks: Asks::Port("fd00::1".parse().unwrap(), 8080) };
        assert_eq!(read_check(&port.script("x", Duration::from_secs(1))), Ok(port));
    }

    #[test]
    fn nothing_else_is_taken_for_a_check() {
        let good = command("true").script("x", Duration::from_secs(2));
        for bad in ["", "exec true", "\nexec true", "\nexec timeout 'a"] {
            assert!(read_check(bad).is_err(), "{bad}");
        }
        assert!(read_check(&good.replace("exec timeout", "exec nice timeout")).is_err());
        assert!(read_check(&format!("{good}rm -rf /x\n")).is_err());
    }
}
