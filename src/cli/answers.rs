//! What `slack`, `suggest` and the help of `check` have in common.

use super::Failure;
use super::input::Spec;
use crate::answers::{Key, Trials};
use crate::base::similar::nearest;
use crate::model::Objective;

/// How many changed specs may be compiled: `most` for a small one, fewer the more there is to
/// judge, so that the answer takes about as long. Counted and not timed, so that the answer is the
/// same on every machine.
pub(super) fn trials(spec: &Spec, most: usize) -> usize {
    let judged = spec.compiled.verdicts.list.len().max(1);
    (most * 1_000 / judged.max(1_000)).max(1)
}

/// The objective of that name.
pub(super) fn objective(trials: &Trials<'_>, name: &str) -> Result<Key, Failure> {
    let key = match name.rsplit_once('.') {
        Some((s, "rpo")) => Key { subject: s.into(), objective: Objective::Rpo },
        Some((s, "rto")) => Key { subject: s.into(), objective: Objective::Rto },
        _ => {
            return Err(Failure(format!(
                "`{name}` is no objective: write it as `orders.rpo` or `orders.rto`"
            )));
        }
    };
    if trials.before.claims.contains_key(&key) {
        return Ok(key);
    }
    let names: Vec<String> = trials.before.claims.keys().map(ToString::to_string).collect();
    let hint = nearest(name, names.iter().map(String::as_str))
        .map_or(String::new(), |n| format!(": did you mean `{n}`?"));
    Err(Failure(format!("nothing promises `{name}`{hint}")))
}
