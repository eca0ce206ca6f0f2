//! The findings of this stage.

use super::Outlay;
use crate::base::Span;
use crate::diag::{Diagnostic, catalogue as c};
use crate::quantity::Currency;

/// Outlays that are named.
const NAMED: usize = 3;

pub(super) fn over_budget(
    at: Span,
    currency: Currency,
    budget: u64,
    sum: u64,
    dearest: &[Outlay],
) -> Diagnostic {
    let mut finding = Diagnostic::new(
        &c::OVER_BUDGET,
        at,
        format!(
            "what is declared costs {} in a year, {} more than the budget",
            currency.show(sum),
            currency.show(sum.saturating_sub(budget))
        ),
    );
    for outlay in dearest.iter().take(NAMED) {
        if let Some(yearly) = outlay.yearly {
            finding = finding.label(outlay.at, format!("`{}`: {}", outlay.what, currency.show(yearly)));
        }
    }
    finding.help("`drc cost` lists every outlay; do without one, or raise `yearly`")
}
