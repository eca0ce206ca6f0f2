//! Names of network interfaces, which several targets write down.

use crate::diag::{Diagnostic, catalogue as c};
use crate::model::Host;

/// Whether a Linux kernel gives such a name to an interface, and every file can hold it as it is:
/// up to 15 of `a-z A-Z 0-9 . _ -`, neither `.` nor `..`, with no hyphen in front.
fn sound(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=15).contains(&name.len())
        && name.chars().all(good)
        && !name.starts_with('-')
        && !matches!(name, "." | "..")
}

/// The finding about a host's interface, if its name is not sound.
pub(super) fn check(host: &Host) -> Option<Diagnostic> {
    let name = &host.interface;
    (!sound(&name.value)).then(|| {
        Diagnostic::new(
            &c::BAD_INTERFACE,
            name.span,
            format!("`{}` has no interface of such a name", host.name),
        )
        .help("write it as `ip link` shows it: up to 15 of letters, digits, `.`, `_` and `-`")
    })
}

#[cfg(test)]
mod tests {
    use super::sound;

    #[test]
    fn only_names_that_kernels_give_are_sound() {
        for good in ["eth0", "enp3s0f1np1", "bond0.100", "br-lan", "wg_a", "0"] {
            assert!(sound(good), "{good}");
        }
        for bad in ["", ".", "..", "-a", "a/b", "a b", "a:1", "abcdefghijklmnop", "é", "a\nb", "a\"b", "$x"]
        {
            assert!(!sound(bad), "{bad}");
        }
    }
}
