//! The smallest workflow and step, for tests of every room above; not part of the program.

use crate::base::{StepId, WorkflowId};
use crate::workflow::{Defaults, Status, Step, StepKind, Workflow};

pub fn step(id: &str, kind: StepKind) -> Step {
    Step { id: StepId::new(id), title: format!("Do {id}"), ..Step::bare(kind) }
}

pub fn workflow(id: &str, steps: Vec<Step>) -> Workflow {
    Workflow {
        id: WorkflowId::new(id),
        name: "Test".to_owned(),
        version: 1,
        status: Status::Active,
        category: None,
        tags: Vec::new(),
        updated: None,
        trigger_phrases: vec!["run the test workflow".to_owned()],
        examples: Vec::new(),
        scope: "Tests".to_owned(),
        disambiguates_from: Vec::new(),
        prerequisites: Vec::new(),
        inputs: Vec::new(),
        env: Vec::new(),
        moves: None,
        config: Defaults::default(),
        ends_session: false,
        steps,
        outputs: Vec::new(),
        success_criteria: Vec::new(),
    }
}
