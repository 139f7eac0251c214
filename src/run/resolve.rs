//! Filling a step's expressions in: what a try would do, exactly. Also the dry run.

use serde_json::{Map, Value};

use crate::run::{Context, Failure, Run, Work};
use crate::workflow::{Step, Workflow, expression::Scope};

/// A step as a dry run or the confirmation card shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedStep {
    pub index: usize,
    /// What would be done; `Err` where a value is known only once earlier steps are done.
    pub work: Result<Work, Failure>,
    /// `Some(false)`: it would be skipped; `None`: known only later.
    pub condition: Option<bool>,
}

/// What expressions may read at this point of the run.
pub fn scope(run: &Run) -> Scope {
    let _ = run;
    Scope::default()
}

/// The work of a step, with every value filled in.
pub fn work(step: &Step, scope: &Scope, folder: &str) -> Result<Work, Failure> {
    let _ = (step, scope, folder);
    Ok(Work::Manual)
}

/// Every step resolved as far as it can be before the start; nothing is run.
pub fn plan(workflow: &Workflow, inputs: &Map<String, Value>, context: &Context) -> Vec<PlannedStep> {
    let _ = (workflow, inputs, context);
    Vec::new()
}
