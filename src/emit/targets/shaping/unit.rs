//! The systemd unit that shapes at boot.

use super::SCRIPT;

/// Its text. It is tried again while the interface is not there; an exit code of 3 stands, for a
/// kernel does not gain a queue by waiting.
pub(super) fn text() -> String {
    format!(
        "# Made by drc: do not edit; change the spec and build again.
[Unit]
Description=Shares of links, held where this host sends
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={SCRIPT} start
ExecStop={SCRIPT} stop
Restart=on-failure
RestartSec=30
RestartPreventExitStatus=3

[Install]
WantedBy=multi-user.target
"
    )
}

/// The settings of a unit as (section, key, value), in their order. Lines that are none are given
/// with an empty key.
pub(super) fn settings(text: &str) -> Vec<(&str, &str, &str)> {
    let mut section = "";
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name;
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or(("", line));
        found.push((section, key.trim_end(), value.trim_start()));
    }
    found
}
