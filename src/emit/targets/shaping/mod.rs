//! Traffic shaping: each host that sends over a divided link is held to its part of the link.
//!
//! A host gets `/etc/drc/shaping.sh`, which sets up HTB on its interface: a root class at the rate
//! of its card, a class for each share, guaranteed and at most what the share gives this host, and
//! one for all else; in each of them a fair queue, so that the streams of a share get equal parts.
//! A systemd unit runs it at boot. All is written by small typed writers: no template.

mod limits;
mod parse;
mod read_back;
mod tree;
mod unit;
mod write;

pub use parse::{ParseError, parse};
pub use tree::{Leaf, Matcher, Side, Tree};

use crate::diag::Problems;
use crate::emit::artifact::ArtifactTree;
use crate::emit::target::{Input, Target};
use crate::emit::template::TemplateError;

/// The target.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shaping;

const NAME: &str = "shaping";
/// The script, on its host.
const SCRIPT: &str = "/etc/drc/shaping.sh";
/// The unit that runs it.
const UNIT: &str = "/etc/systemd/system/drc-shaping.service";

impl Target for Shaping {
    fn name(&self) -> &'static str {
        NAME
    }

    fn supports(&self, input: Input<'_>, problems: &mut Problems) {
        limits::supports(input.model, input.ops, problems);
    }

    fn emit(&self, input: Input<'_>, tree: &mut ArtifactTree) -> Result<(), TemplateError> {
        write::emit(input, tree);
        Ok(())
    }

    fn read_back(&self, input: Input<'_>, tree: &ArtifactTree) -> Vec<String> {
        read_back::read_back(input, tree)
    }
}
