//! `drc explain`.

use super::{Failure, Outcome};
use crate::base::similar::nearest;
use crate::diag::{catalogue, pages};
use crate::resolve;
use crate::schema::{self, KindDef};
use clap::Args;

/// The page of a finding, the attributes of a block, or a module of the standard library.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A finding such as `rpo-not-met`, a block such as `cluster`, or a module such as
    /// `std.tiers.ecommerce`. All names when
    /// not stated.
    name: Option<String>,
}

impl Explain {
    pub fn run(&self) -> Result<Outcome, Failure> {
        let answer = |out: String| Ok(Outcome { out, ..Outcome::default() });
        let Some(name) = &self.name else {
            let mut out = String::new();
            for entry in catalogue::ALL {
                out.push_str(&format!("{:<22} {}\n", entry.name, entry.summary));
            }
            for kind in schema::TOP {
                out.push_str(&format!("{:<22} {}\n", kind.keyword, kind.doc));
            }
            for statement in schema::STATEMENTS {
                out.push_str(&format!("{:<22} {}\n", statement.keyword, statement.doc));
            }
            for module in resolve::module_names() {
                out.push_str(&format!("{module}\n"));
            }
            return answer(out);
        };
        if let Some(page) = pages::page(name) {
            return answer(page.to_owned());
        }
        if let Some(text) = block(name) {
            return answer(text);
        }
        if let Some(s) = schema::STATEMENTS.iter().find(|s| s.keyword == name.as_str()) {
            return answer(format!("{}\n\n    {}\n\n{}\n", s.keyword, s.form, s.doc));
        }
        if let Some(text) = resolve::module_source(name) {
            return answer(text.to_owned());
        }
        let modules = resolve::module_names();
        let blocks =
            schema::TOP.iter().map(|k| k.keyword).chain(schema::STATEMENTS.iter().map(|s| s.keyword));
        let names =
            catalogue::ALL.iter().map(|e| e.name).chain(modules.iter().map(String::as_str)).chain(blocks);
        let hint = nearest(name, names).map_or(String::new(), |n| format!(": did you mean `{n}`?"));
        Err(Failure(format!("nothing is called `{name}`{hint}")))
    }
}

/// What a kind of block takes, its inner blocks after it.
fn block(keyword: &str) -> Option<String> {
    let mut kinds: Vec<&'static KindDef> =
        schema::TOP.iter().copied().filter(|k| k.keyword == keyword).collect();
    if kinds.is_empty() {
        let inner = schema::TOP.iter().flat_map(|k| inside(k));
        kinds = inner.filter(|k| k.keyword == keyword).collect();
    }
    let first = *kinds.first()?;
    let mut out = String::new();
    let mut told: Vec<&str> = Vec::new();
    for kind in std::iter::once(first).chain(inside(first)) {
        if told.contains(&kind.keyword) {
            continue;
        }
        told.push(kind.keyword);
        out.push_str(&format!("{}: {}\n\n", kind.keyword, kind.doc));
        for a in kind.attributes {
            let must = if a.required { "must be stated. " } else { "" };
            out.push_str(&format!(
                "  {:<20} {must}{} Such as `{} = {}`.\n",
                a.name,
                a.doc,
                a.name,
                a.example()
            ));
        }
        out.push('\n');
    }
    Some(out)
}

/// The kinds that may stand in a block, however deep.
fn inside(kind: &'static KindDef) -> Vec<&'static KindDef> {
    kind.inside.iter().flat_map(|k| std::iter::once(*k).chain(inside(k))).collect()
}
