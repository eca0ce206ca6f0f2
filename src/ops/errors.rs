//! The findings of this stage, one function each.

use crate::base::Span;
use crate::diag::{Diagnostic, catalogue as c};
use crate::model::{Class, Copy, Host, Link};

pub(super) fn copies_differ(copy: &Copy, before: Span) -> Diagnostic {
    Diagnostic::new(
        &c::COPIES_DIFFER,
        copy.span,
        format!("`{}` says something else than the same copy of another data class in this database", copy.name),
    )
    .label(before, "stated here first")
    .help("a database is streamed and backed up as a whole: state the same, or give the data class a cluster of its own")
}

pub(super) fn too_many_vips(at: Span) -> Diagnostic {
    Diagnostic::new(&c::TOO_MANY_VIPS, at, "a site has more than 255 virtual addresses of one family")
        .help("VRRP tells them apart by one byte: spread them over sites")
}

pub(super) fn missing_address(host: &Host) -> Diagnostic {
    Diagnostic::new(
        &c::MISSING_ADDRESS,
        host.span,
        format!("`{}` needs an address for what runs on it", host.name),
    )
    .help("write `address = 10.1.0.11`")
}

pub(super) fn same_address(host: &Host, before: &Host) -> Diagnostic {
    let at = host.address.map_or(host.span, |a| a.span);
    Diagnostic::new(&c::SAME_ADDRESS, at, format!("`{}` has the address of `{}`", host.name, before.name))
        .label(before.address.map_or(before.span, |a| a.span), "stated here first")
}

pub(super) fn no_share(at: Span, name: &str, link: &Link, class: Class) -> Diagnostic {
    let class = class.name();
    let what = format!("`{name}` crosses `{}`, which is divided and gives `{class}` nothing", link.name);
    let mut finding = Diagnostic::new(&c::NO_SHARE, at, what);
    if let Some((_, share)) = link.shares.first() {
        finding = finding.label(share.span, "divided here");
    }
    finding.help(format!(
        "give it a share of the link, `share {{ {class} = 10 % }}`, or another way, `over = …`"
    ))
}
