//! `run.sh`: a table of the steps, and below it the same program in every plan.

use super::act::line;
use super::markdown::visible;
use super::sheet::{Sheet, actor, sheets, stage};
use crate::emit::target::Input;
use crate::plan::Plan;
use crate::quantity::Duration;
use sha2::{Digest as _, Sha256};

pub(super) const PROGRAM: &str = include_str!("shell/run.sh");

/// The runner of a plan.
pub fn runner(input: Input<'_>, plan: &Plan) -> String {
    let mut table = String::new();
    for sheet in sheets(input, plan) {
        table.push_str("    ");
        table.push_str(&line("step", &row(&sheet)));
    }
    let digest = digest(&super::json(input, plan));
    format!(
        "#!/usr/bin/env bash\n\
         # Made by drc: do not edit; change the spec and build again.\n\
         # The recovery from: {title}\n\
         # shellcheck disable=SC1003,SC1017,SC1111,SC1112,SC2016\n\
         set -euo pipefail\n\n\
         plan={slug}\n\
         digest={digest}\n\n\
         steps() {{\n    :\n{table}}}\n\n\
         {PROGRAM}",
        title = visible(&plan.title),
        // Always in quotes: shellcheck takes `plan=only-a` for a sum.
        slug = format_args!("'{}'", plan.slug.replace("'", r"'\''")),
    )
}

/// The words of a step in the table.
pub(super) fn row(sheet: &Sheet<'_>) -> Vec<String> {
    let after: Vec<String> = sheet.after.iter().map(ToString::to_string).collect();
    let most = match sheet.step.takes.most {
        Duration::MAX => "ever".to_owned(),
        most => most.secs_up().to_string(),
    };
    vec![
        sheet.number.to_string(),
        stage(sheet.step.stage).to_owned(),
        actor(sheet.step.actor).to_owned(),
        after.join(" "),
        most,
        sheet.file.clone(),
        visible(&sheet.title),
    ]
}

/// What tells one version of a plan from another: a journal belongs to one.
pub(super) fn digest(plan: &str) -> String {
    use std::fmt::Write as _;
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(plan.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
