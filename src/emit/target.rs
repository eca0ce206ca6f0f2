//! What a target is: first it says what it cannot express, then it writes, which cannot fail;
//! then it reads its own files back and compares them with the operations.

use super::artifact::ArtifactTree;
use super::template::Templates;
use crate::diag::Problems;
use crate::model::Model;
use crate::ops::Ops;
use crate::plan::Plan;

/// All that an emitter reads.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The estate.
    pub model: &'a Model,
    /// The operations.
    pub ops: &'a Ops,
    /// The plans, in the order of their slugs.
    pub plans: &'a [Plan],
    /// The templates, the user's in place of ours where given.
    pub templates: &'a Templates,
}

/// A family of generated files.
pub trait Target: Sync {
    /// Its name in `--target` and in the manifest.
    fn name(&self) -> &'static str;

    /// The names of its templates, `TARGET/NAME.hbs`: what `--templates` may replace.
    fn templates(&self) -> &'static [&'static str] {
        &[]
    }

    /// Finds what the target cannot express: a finding each, at the place where it was written.
    fn supports(&self, input: Input<'_>, problems: &mut Problems);

    /// Writes its files. Called only when [`supports`](Self::supports) found no error.
    ///
    /// # Errors
    /// When a user's own template does not render, with the template's message.
    fn emit(&self, input: Input<'_>, tree: &mut ArtifactTree) -> Result<(), super::template::TemplateError>;

    /// Reads its files back with a parser of the target's language and compares what they say with
    /// the operations: one line for each difference. Empty when they say the same.
    fn read_back(&self, input: Input<'_>, tree: &ArtifactTree) -> Vec<String>;
}
