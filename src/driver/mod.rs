//! A spec on disk to everything that the commands show: the stages one after the other.

mod disk;

pub use disk::Disk;

use crate::base::SourceMap;
use crate::base::limits::{self, Limits};
use crate::base::world::{ReadError, World};
use crate::diag::Problems;
use crate::flow::{self, Facts, Horizon};
use crate::judge::{self, Verdicts};
use crate::model::{self, Model};
use crate::ops::{self, Ops};
use crate::plan::{self, Estate, Index, Plan};
use crate::resolve;

/// What a run of the compiler is told beside the spec.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The time that verdicts hold for.
    pub horizon: Horizon,
    /// How large things may be.
    pub limits: Limits,
}

impl Options {
    /// The default limits, for the 365 days from an instant in Unix seconds.
    pub fn from(as_of: i64) -> Self {
        Self { horizon: Horizon { as_of, days: 365 }, limits: limits::DEFAULT }
    }
}

/// All that is known of a spec.
#[derive(Debug)]
pub struct Compiled {
    /// The texts.
    pub sources: SourceMap,
    /// The findings of all stages.
    pub problems: Problems,
    /// The estate.
    pub model: Model,
    /// How many data classes and services are not in the model because of findings.
    pub left_out: usize,
    /// The operations.
    pub ops: Ops,
    /// What is known of them.
    pub facts: Facts,
    /// Who depends on what.
    pub index: Index,
    /// What is claimed.
    pub verdicts: Verdicts,
}

impl Compiled {
    /// What plans and derivations are made from.
    pub fn estate(&self) -> Estate<'_> {
        Estate { model: &self.model, ops: &self.ops, facts: &self.facts, index: &self.index }
    }

    /// The plan for every scenario, in their order, with unique slugs.
    ///
    /// # Errors
    /// What is wrong with a plan that is not fit to be followed, one line each: a defect of the
    /// planner, of which nothing may be emitted.
    pub fn plans(&self) -> Result<Vec<Plan>, Vec<String>> {
        let mut plans: Vec<Plan> =
            self.verdicts.scenarios.iter().map(|s| plan::plan(self.estate(), s)).collect();
        plan::name_all(&mut plans);
        let wrong: Vec<String> = plans.iter().flat_map(|p| plan::audit(&self.model, &self.ops, p)).collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        plans.iter_mut().for_each(|p| plan::expose(self.estate(), p));
        Ok(plans)
    }
}

/// Runs all stages over the spec whose main file is `main`.
///
/// # Errors
/// When the main file cannot be read. All else becomes a finding.
pub fn compile(world: &dyn World, main: &str, options: &Options) -> Result<Compiled, ReadError> {
    let mut sources = SourceMap::new();
    let mut problems = Problems::new();
    let loaded = resolve::load(world, main, &mut sources, &options.limits, &mut problems)?;
    let hir = resolve::resolve(&loaded, &options.limits, &mut problems);
    let lowered = model::lower::lower(&hir, &mut problems);
    let (model, left_out) = (lowered.model, lowered.left_out);
    let ops = ops::lower(&model, &mut problems);
    let facts = flow::analyse(&model, &ops, options.horizon);
    let index = Index::new(&model, &ops);
    let estate = Estate { model: &model, ops: &ops, facts: &facts, index: &index };
    judge::normal_days(estate, &mut problems);
    let verdicts = judge::judge(estate);
    judge::findings(estate, &verdicts, &mut problems);
    judge::thin(estate, &verdicts.scenarios, &mut problems);
    Ok(Compiled { sources, problems, model, left_out, ops, facts, index, verdicts })
}
