//! What is promised, what can go wrong, and how people react.

use super::{LIKELIHOOD, may, must};
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
case!(CASE_STORE Store "store" "Bounds for the loss of a store whose host is alive. Those for a host when not stated.");
case!(CASE_SITE Site "site" "Bounds for the loss of a site.");
case!(CASE_ISOLATED Isolated "isolated" "Bounds for a site that is cut off and alive. Those for a site when not stated.");
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
            "tolerate",
            Type::Missed,
            "Runs in a row that each schedule may have missed before a strike. None when not stated: all runs had succeeded.",
        ),
        may(
            "reprotect",
            Type::Duration,
            "Longest time from a loss until every copy stands again. Not judged when not stated.",
        ),
        may("encrypted", Type::Bool, "Whether links and stores must be encrypted. `false` when not stated."),
        may(
            "verify-every",
            Type::Duration,
            "How often each backup must be read back. Never when not stated.",
        ),
        may(
            "outage-cost",
            Type::Penalty,
            "What each time costs in which a service, or data that no service needs, is away.",
        ),
        may("loss-cost", Type::Penalty, "What each time costs of which the work on a data class is lost."),
    ],
    inside: &[
        &CASE_HOST,
        &CASE_STORE,
        &CASE_SITE,
        &CASE_ISOLATED,
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
        may("cost", Type::Cost, "What it costs: `900 EUR / month`, `4000 EUR / operator / month`, or a sum."),
    ],
    inside: &[],
    doc: "How people react to a disaster.",
};

pub static THEN: KindDef = KindDef {
    kind: Kind::Then,
    keyword: "then",
    head: Head::Bare,
    colon: Colon::None,
    attributes: &[
        must("after", Type::Duration, "How long after the first loss."),
        must("lose", Type::Strikes, "What is lost then; nothing of what was lost before has come back."),
    ],
    inside: &[],
    doc: "What is lost later. Loss and recovery are counted from the last loss, and plans begin there.",
};

pub static CONTROL: KindDef = KindDef {
    kind: Kind::Control,
    keyword: "control",
    head: Head::Bare,
    colon: Colon::None,
    attributes: &[
        may(
            "hosts",
            Type::Refs(&[Kind::Host]),
            "The hosts on which the runner of a plan can be started. One in reach of every step is assumed when not stated.",
        ),
        may(
            "plans",
            Type::Refs(&[Kind::Host, Kind::Site]),
            "Where the plans are kept: on hosts, or on paper in sites. A place that nothing takes is assumed when not stated.",
        ),
    ],
    inside: &[],
    doc: "From where recovery is run, and where its plans lie: a scenario may take both.",
};

pub static SCENARIO: KindDef = KindDef {
    kind: Kind::Scenario,
    keyword: "scenario",
    head: Head::Declares,
    colon: Colon::None,
    attributes: &[
        must(
            "lose",
            Type::Strikes,
            "What is lost at the same moment: `host db-a1`, `site hz-a`, `site hz-a isolated` (cut off, alive), `store vault-a`, `any 2 of [db-a1, db-a2, db-b1]`, `any 1 host of pool web`, `any 2 hosts in site hz-a`.",
        ),
        LIKELIHOOD,
    ],
    inside: &[&THEN],
    doc: "Something that goes wrong, beside the losses that are judged unasked.",
};

pub static BUDGET: KindDef = KindDef {
    kind: Kind::Budget,
    keyword: "budget",
    head: Head::Bare,
    colon: Colon::None,
    attributes: &[must("yearly", Type::Money, "The most that all which states a `cost` may cost in a year.")],
    inside: &[],
    doc: "What may be spent. More is a finding.",
};
