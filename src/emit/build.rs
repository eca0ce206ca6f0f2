//! All targets over one estate: asked what they cannot say, then written, then read back.

use super::artifact::ArtifactTree;
use super::target::{Input, Target};
use super::template::TemplateError;
use crate::diag::Problems;

/// Why nothing was built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A target cannot express something; the findings say what and where.
    #[error("a target cannot express something of the spec")]
    Unsupported,
    /// A template of the user's does not work.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A file does not say what the operations say: a defect of an emitter or of a user's
    /// template. One line for each difference.
    #[error("what was written differs from what was meant:\n{}", .0.join("\n"))]
    Differs(Vec<String>),
}

/// Writes the files of `targets` into memory.
///
/// # Errors
/// As [`BuildError`] lists; with findings in `problems` where they have a place in the spec.
pub fn build(
    input: Input<'_>,
    targets: &[&dyn Target],
    problems: &mut Problems,
) -> Result<ArtifactTree, BuildError> {
    let mut found = Problems::new();
    for target in targets {
        target.supports(input, &mut found);
    }
    let refused = found.has_errors();
    problems.extend(found.sorted());
    if refused {
        return Err(BuildError::Unsupported);
    }
    let mut tree = ArtifactTree::new();
    for target in targets {
        target.emit(input, &mut tree)?;
    }
    // Read back whole, since targets name one another's files.
    let differences: Vec<String> = targets
        .iter()
        .flat_map(|t| t.read_back(input, &tree).into_iter().map(|d| format!("{}: {d}", t.name())))
        .collect();
    if differences.is_empty() { Ok(tree) } else { Err(BuildError::Differs(differences)) }
}
