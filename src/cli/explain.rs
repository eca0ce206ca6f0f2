//! `drc explain`.

use super::{Failure, Outcome};
use crate::base::similar::nearest;
use crate::diag::{catalogue, pages};
use crate::resolve;
use clap::Args;

/// The page of a finding, or a module of the standard library.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A finding such as `rpo-not-met`, or a module such as `std.tiers.ecommerce`. All names when
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
            for module in resolve::module_names() {
                out.push_str(&format!("{module}\n"));
            }
            return answer(out);
        };
        if let Some(page) = pages::page(name) {
            return answer(page.to_owned());
        }
        if let Some(text) = resolve::module_source(name) {
            return answer(text.to_owned());
        }
        let modules = resolve::module_names();
        let names = catalogue::ALL.iter().map(|e| e.name).chain(modules.iter().map(String::as_str));
        let hint = nearest(name, names).map_or(String::new(), |n| format!(": did you mean `{n}`?"));
        Err(Failure(format!("nothing is called `{name}`{hint}")))
    }
}
