//! The entries that are no blocks and no attributes: the same words wherever they stand.

/// A statement of the language.
#[derive(Debug)]
pub struct Statement {
    /// The word that it begins with.
    pub keyword: &'static str,
    /// What to write, by example.
    pub form: &'static str,
    /// What it does.
    pub doc: &'static str,
}

/// All of them.
pub static STATEMENTS: &[Statement] = &[
    Statement {
        keyword: "use",
        form: "use std.engines.mariadb, use \"./network.dr\", use \"./network.dr\" as net",
        doc: "Brings in a module of the standard library, or a file beside or below the spec.",
    },
    Statement { keyword: "let", form: "let name = value", doc: "Gives a value a name." },
    Statement {
        keyword: "for",
        form: "for name in [a, b] { … }",
        doc: "Repeats its entries for each item of a list, a range such as `1..4`, `csv(\"…\")` or `json(\"…\")`.",
    },
    Statement {
        keyword: "pattern",
        form: "pattern name(parameter, other = default) { … }",
        doc: "Entries with parameters, to be applied.",
    },
    Statement {
        keyword: "apply",
        form: "apply name(argument, other = argument)",
        doc: "Puts the entries of a pattern in its place.",
    },
    Statement {
        keyword: "allow",
        form: "allow(replica-beside-source) because \"one rack until Q3\" until 2027-03-31",
        doc: "Waives a finding of that name inside the block in which it stands, through that day; for one scenario with `allow(rpo-not-met, under = site hz-a) because …`. What is waived stays listed and counted. Verdicts and warnings can be waived.",
    },
    Statement {
        keyword: "assert",
        form: "assert rpo(orders, site hz-a) <= 30 s because \"the contract says so\"",
        doc: "Compares `rpo(subject, scenario)` and `rto(subject, scenario)` at worst, attributes such as `dwdm.bandwidth`, and values; or `verdict(subject.rpo, scenario)` with `proved`, `refuted` or `unknown`. It fails unless it is proved.",
    },
    Statement {
        keyword: "test",
        form: "test slow-decision { set staffed.declare = 1 h; assert rto(orders, site hz-a) <= 2 h }",
        doc: "What holds when attributes are otherwise than stated; `drc test` runs it. Attributes of inner blocks are reached by what their heads name: `set orders.vault-a.log = every 1 h`.",
    },
];

/// What to write for a statement, by example.
pub fn form(keyword: &str) -> &'static str {
    STATEMENTS.iter().find(|s| s.keyword == keyword).map_or("", |s| s.form)
}
