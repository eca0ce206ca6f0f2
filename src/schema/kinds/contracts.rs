//! What is promised, what can go wrong, and how people react.

use super::{may, must};
use crate::schema::StrikeKind;
use crate::schema::{Attribute, Colon, Head, Kind, KindDef, Type};

const BOUNDS: &[Attribute] = &[
    may("rpo", Type::Duration, "Most recent work that may be lost, as a time."),
    may("rto", Type::Duration, "Longest time until work goes on."),
];

macro_rules! case {
    ($constant:ident $kind:ident $keyword:literal $doc:literal) => {
        pub static $constant: KindDef = KindDef {
            kind: Kind::TierCase(StrikeKind::$kind),
            keyword: $keyword,
            head: Head::Bare,
            colon: Colon::None,
            attributes: BOUNDS,
            inside: &[],
            doc: $doc,
        };
    };
}

case!(CASE_HOST Host "host" "Bounds for the loss of a host.");
case!(CASE_SITE Site "site" "Bounds for the loss of a site.");
case!(CASE_REGION Region "region" "Bounds for the loss of a region.");
case!(CASE_LINK Link "link" "Bounds for the loss of a link or a conduit.");
case!(CASE_GROUP Group "group" "Bounds for the loss of a rack, a power feed, a chassis or a domain of credentials.");
case!(CASE_CORRUPTION Corruption "corruption" "Bounds for wrong contents, found later.");
case!(CASE_HOSTILE Hostile "hostile" "Bounds for an attacker who holds production and its credentials.");
case!(CASE_OWN Own "scenario" "Bounds for the spec's own scenarios.");

pub static TIER: KindDef = KindDef {
    kind: Kind::Tier,
    keyword: "tier",
    head: Head::Declares,
    colon: Colon::None,
    attributes: &[
        may(
            "rpo",
            Type::Duration,
            "Most recent work that may be lost, as a time, in every case without one of its own.",
        ),
        may("rto", Type::Duration, "Longest time until work goes on, in every case without one of its own."),
        may(
            "response",
            Type::Ref(&[Kind::Response]),
            "Who reacts. The only response in reach when not stated.",
        ),
        may(
            "reprotect",
            Type::Duration,
            "Longest time from a loss until every copy stands again. Not judged when not stated.",
        ),
        may("encrypted", Type::Bool, "Whether links and stores must be encrypted. `false` when not stated."),
    ],
    inside: &[
        &CASE_HOST,
        &CASE_SITE,
        &CASE_REGION,
        &CASE_LINK,
        &CASE_GROUP,
        &CASE_CORRUPTION,
        &CASE_HOSTILE,
        &CASE_OWN,
    ],
    doc: "A class of promises. A data class or service that names one claims to meet it.",
};

pub static RESPONSE: KindDef = KindDef {
    kind: Kind::Response,
    keyword: "response",
    head: Head::Declares,
    colon: Colon::None,
    attributes: &[
        must("detect", Type::Interval, "From a loss until somebody knows."),
        must("notice", Type::Interval, "From wrong contents, or an intrusion, until somebody knows."),
        must("declare", Type::Interval, "From knowing until the decision stands."),
        must("confirm", Type::Interval, "What one manual step takes."),
        must("operators", Type::Count, "People who can work on steps at the same time."),
    ],
    inside: &[],
    doc: "How people react to a disaster.",
};

pub static SCENARIO: KindDef = KindDef {
    kind: Kind::Scenario,
    keyword: "scenario",
    head: Head::Declares,
    colon: Colon::None,
    attributes: &[must("lose", Type::Strikes, "What is lost at the same moment.")],
    inside: &[],
    doc: "Something that goes wrong, beside the losses that are judged unasked.",
};
