//! A spec on disk to everything that the commands show: the stages one after the other.

mod disk;

pub use disk::Disk;

use crate::base::SourceMap;
use crate::base::limits::{self, Limits};
use crate::base::world::{ReadError, World};
use crate::cost;
use crate::diag::{Problems, Waived, allow};
use crate::flow::{self, Facts, Horizon};
use crate::judge::{self, Asserted, Verdicts};
use crate::model::{self, Model};
use crate::ops::{self, Ops};
use crate::plan::{self, Estate, Index, Plan};
use crate::resolve::{self, Hir, hir::Test};
use crate::why::Seen;

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
    /// The findings of all stages, those that are waived apart.
    pub problems: Problems,
    /// The findings that are waived.
    pub waived: Vec<Waived>,
    /// Which waivers of the spec cover something.
    pub used: Vec<bool>,
    /// The resolved spec.
    pub hir: Hir,
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
    /// What the plans use that verdicts rest on.
    pub seen: Seen,
    /// What became of the spec's assertions, in their order.
    pub asserted: Vec<Asserted>,
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
    Ok(analyse(sources, hir, options, problems))
}

/// The spec as one of its tests has it, through all stages behind the resolved spec.
pub fn retest(compiled: &Compiled, test: &Test, options: &Options) -> Compiled {
    analyse(compiled.sources.clone(), compiled.hir.under(test), options, Problems::new())
}

/// From the resolved spec to verdicts.
fn analyse(sources: SourceMap, hir: Hir, options: &Options, mut problems: Problems) -> Compiled {
    let lowered = model::lower::lower(&hir, &mut problems);
    let (model, left_out) = (lowered.model, lowered.left_out);
    let ops = ops::lower(&model, &mut problems);
    let facts = flow::analyse(&model, &ops, options.horizon);
    let index = Index::new(&model, &ops);
    let estate = Estate { model: &model, ops: &ops, facts: &facts, index: &index };
    judge::normal_days(estate, &mut problems);
    let (mut verdicts, seen) = judge::judge(estate, |seen: &mut Seen, plan| seen.look(estate, plan));
    let as_of = options.horizon.as_of;
    let waivers = &model.claims.waivers;
    let mut used = vec![false; waivers.len()];
    judge::waive(&model, &mut verdicts, as_of, &mut used);
    let mut waived = judge::findings(estate, &verdicts, &mut problems);
    let asserted = judge::assertions(estate, &verdicts);
    Asserted::tell(&asserted, &mut problems);
    judge::thin(estate, &verdicts.scenarios, &mut problems);
    cost::findings(&model, &mut problems);
    let (mut kept, more) = allow::split(problems.sorted(), waivers, as_of, &mut used);
    waived.extend(more);
    kept.extend(allow::findings(waivers, as_of, &used));
    let problems = Problems::from(kept);
    let seen = Seen::all(seen);
    Compiled {
        sources,
        problems,
        waived,
        used,
        hir,
        model,
        left_out,
        ops,
        facts,
        index,
        verdicts,
        seen,
        asserted,
    }
}
