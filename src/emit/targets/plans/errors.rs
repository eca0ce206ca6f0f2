//! What plans cannot express, found before anything is written.

use crate::base::Span;
use crate::diag::{Diagnostic, Problems, catalogue as c};
use crate::emit::target::Input;
use crate::model::{On, Secret};

/// Whether a text is a domain name that `nsupdate` and `dig` read as one word: letters, digits,
/// hyphens and underscores between dots, at most 253.
fn is_domain(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let label = |l: &str| {
        (1..=63).contains(&l.len()) && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    name.len() <= 253 && !name.starts_with('-') && name.split('.').all(label)
}

/// Names that follow a failover must be domain names.
pub fn names(input: Input<'_>, problems: &mut Problems) {
    for (_, dns) in input.model.dns.iter() {
        if !is_domain(&dns.fqdn.value) {
            let message = format!("`{}` is no domain name", dns.fqdn.value.escape_debug());
            problems.push(
                Diagnostic::new(&c::BAD_DOMAIN_NAME, dns.fqdn.span, message)
                    .help("write letters, digits and hyphens between dots, such as `shop.example.com`"),
            );
        }
    }
}

/// No word of a command can hold NUL.
pub fn texts(input: Input<'_>, problems: &mut Problems) {
    let model = input.model;
    let mut found: Vec<(&str, Span)> = Vec::new();
    for (_, d) in model.data.iter() {
        if let On::Files { path, .. } = &d.on {
            found.push((&path.value, path.span));
        }
    }
    for (_, cluster) in model.clusters.iter() {
        let Secret::File(options) = &cluster.credentials;
        found.push((options, cluster.span));
        for path in [&cluster.datadir, &cluster.logdir, &cluster.staging] {
            found.push((&path.value, path.span));
        }
    }
    found.extend(model.stores.iter().map(|(_, s)| (s.path.value.as_str(), s.path.span)));
    found.extend(model.pools.iter().map(|(_, p)| (p.unit.value.as_str(), p.unit.span)));
    for (_, dns) in model.dns.iter() {
        if let Some(Secret::File(key)) = &dns.key {
            found.push((key, dns.span));
        }
    }
    for (_, s) in model.services.iter() {
        if let Some(check) = &s.check {
            found.push((&check.url.value, check.url.span));
        }
    }
    for (text, span) in found {
        if text.contains('\0') {
            problems.push(Diagnostic::new(
                &c::NUL_IN_COMMAND,
                span,
                "a text that a command needs holds the character U+0000",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_domain;

    #[test]
    fn domain_names_are_told_from_other_texts() {
        for good in ["shop.example.com", "shop.example.com.", "_x.a-b.c", "localhost"] {
            assert!(is_domain(good), "{good}");
        }
        for bad in ["", ".", "a..b", "a b", "-a", "a\nb", "ä.de", "a;b", "$(id).com", &"a".repeat(64)] {
            assert!(!is_domain(bad), "{bad}");
        }
    }
}
