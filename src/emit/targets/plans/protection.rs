//! How long protection is thin after a plan, and what a second failure would cost, in words.

use crate::emit::target::Input;
use crate::model::Strike;
use crate::plan::{Exposure, Reason, Second};
use crate::quantity::{Duration, show};

/// When protection is whole again.
pub fn whole(input: Input<'_>, exposure: &Exposure) -> String {
    let last = &input.model.copies[exposure.last].name;
    match (&exposure.unstated, exposure.whole.most) {
        (Some(what), _) => format!("nobody says {what}, which {last} waits for"),
        (None, Duration::MAX) => format!("without a bound: {last} may never be whole"),
        (None, most) => {
            let least = exposure.whole.least;
            let range = if least == Duration::ZERO {
                format!("at the latest {}", show::duration(most))
            } else {
                format!("{} to {}", show::duration(least), show::duration(most))
            };
            format!("{range} after the strike, with {last}")
        }
    }
}

/// What is lost when this goes too.
pub fn second(input: Input<'_>, second: &Second) -> String {
    let what = strike(input, second.strike);
    match &second.serves {
        Ok(copy) => {
            let loss = second.loss.map_or("nobody knows how much".to_owned(), |l| {
                if l == Duration::ZERO {
                    "nothing".to_owned()
                } else {
                    format!("at most {}", show::duration(l))
                }
            });
            let since = if second.since { " up to the first loss, and what was written since" } else { "" };
            format!("with {what} too: from {}, losing {loss}{since}", input.model.copies[*copy].name)
        }
        Err(Reason::MissingInput(missing)) => format!("with {what} too: the spec does not say {missing}"),
        Err(_) => format!("with {what} too: nothing is left"),
    }
}

/// The name of a strike on a host or a site.
pub fn strike(input: Input<'_>, strike: Strike) -> String {
    let model = input.model;
    match strike {
        Strike::Host(h) => format!("host {}", model.hosts[h].name),
        Strike::Site(s) => format!("site {}", model.sites[s].name),
        _ => "another loss".to_owned(),
    }
}
