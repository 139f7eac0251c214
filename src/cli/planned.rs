//! What a run would do, resolved as far as it can be from here, the steps of child runs with it: as
//! deep as the registry knows them, a workflow that comes again cut off.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::base::{Result, WorkflowId};
use crate::cli::{Env, find};
use crate::client::repo;
use crate::config::Settings;
use crate::run::{Context, Failure, PlannedStep, Work, plan, resolve};
use crate::workflow::registry::EntryState;
use crate::workflow::{Registry, Step, StepKind, Workflow, field};

pub struct Planned<'r> {
    pub workflow: &'r Workflow,
    pub steps: Vec<PlannedOne<'r>>,
}

pub struct PlannedOne<'r> {
    pub step: &'r Step,
    pub planned: PlannedStep,
    /// Of a loop whose list is known: each item, and what would be done for it.
    pub iterations: Vec<(Value, Result<Work, Failure>)>,
    /// Of a step that runs another workflow.
    pub child: Option<Child<'r>>,
    /// Why it could not be done.
    pub problem: Option<String>,
}

/// What is the same for all of it.
struct Around<'r> {
    registry: &'r Registry,
    context: Context,
    /// The names of the servers that can be called.
    servers: Vec<String>,
}

pub enum Child<'r> {
    Plan(Planned<'r>),
    /// It stands above in this very branch.
    Again,
    /// It cannot be run.
    Problem(String),
}

impl<'r> Planned<'r> {
    pub fn new(
        env: &Env,
        registry: &'r Registry,
        workflow: &'r Workflow,
        inputs: &Map<String, Value>,
    ) -> Result<Self> {
        let settings = Settings::load(&env.paths)?;
        let commanded = settings.agents.values().filter(|agent| !agent.command.is_empty());
        let around = Around {
            registry,
            context: Context {
                folder: env.folder_text(),
                repo: repo::read(&env.folder),
                agents: commanded.map(|agent| agent.name.clone()).collect(),
                ..Context::default()
            },
            servers: settings.servers.keys().cloned().collect(),
        };
        Ok(Self::under(&around, workflow, Some(inputs), &mut Vec::new()))
    }

    /// `inputs` are `None` where they are known only later: then no condition is decided yet.
    fn under(
        around: &Around<'r>,
        workflow: &'r Workflow,
        inputs: Option<&Map<String, Value>>,
        above: &mut Vec<WorkflowId>,
    ) -> Self {
        let known = inputs.is_some();
        let none = Map::new();
        let inputs = inputs.unwrap_or(&none);
        let context = Context { env: declared(workflow), ..around.context.clone() };
        above.push(workflow.id.clone());
        let steps = plan(workflow, inputs, &context).into_iter().filter_map(|mut planned| {
            let step = workflow.steps.get(planned.index)?;
            if !known && step.condition.is_some() {
                planned.condition = None;
            }
            let iterations = resolve::iterations(workflow, planned.index, inputs, &context);
            let child = match &step.kind {
                StepKind::Workflow { workflow: id, .. } => {
                    let first = iterations.first().map_or(planned.work.as_ref(), |(_, work)| work.as_ref());
                    let given = match first {
                        Ok(Work::Workflow { inputs, .. }) => Some(inputs),
                        _ => None,
                    };
                    Some(Self::child(around, id, given, above))
                }
                _ => None,
            };
            let problem = match &step.kind {
                StepKind::Call { server, .. } if !around.servers.contains(server) => {
                    Some(format!("config.toml has no [servers.{server}] to call"))
                }
                _ => None,
            };
            Some(PlannedOne { step, planned, iterations, child, problem })
        });
        let steps = steps.collect();
        above.pop();
        Self { workflow, steps }
    }

    /// `given` is `None` where it is known only later.
    fn child(
        around: &Around<'r>,
        id: &WorkflowId,
        given: Option<&Map<String, Value>>,
        above: &mut Vec<WorkflowId>,
    ) -> Child<'r> {
        if above.contains(id) {
            return Child::Again;
        }
        let Some(entry) = find::entry(around.registry, id.as_str()) else {
            return Child::Problem(format!("There is no workflow {id}"));
        };
        let workflow = match &entry.state {
            EntryState::Broken { .. } => {
                return Child::Problem(format!("{id} is broken: mwtui validate {}", entry.file));
            }
            EntryState::Loaded { trusted: false, .. } => {
                return Child::Problem(format!("{id} is not trusted yet: mwtui trust {}", entry.file));
            }
            EntryState::Loaded { workflow, .. } => workflow,
        };
        let inputs = match given.map(|given| field::complete(&workflow.inputs, given)) {
            Some(Ok(inputs)) => Some(inputs),
            Some(Err(problems)) => {
                return Child::Problem(format!("The inputs do not fit {id}: {}", problems.join("; ")));
            }
            None => None,
        };
        Child::Plan(Self::under(around, workflow, inputs.as_ref(), above))
    }

    /// Why it could not be done, as far as that can be seen now.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for one in self.steps.iter().filter(|one| one.planned.condition != Some(false)) {
            problems.extend(one.problem.as_ref().map(|problem| format!("{}: {problem}", one.step.id)));
            match &one.child {
                Some(Child::Problem(problem)) => problems.push(format!("{}: {problem}", one.step.id)),
                Some(Child::Plan(child)) => problems
                    .extend(child.problems().into_iter().map(|problem| format!("{}/{problem}", one.step.id))),
                Some(Child::Again) | None => {}
            }
        }
        problems
    }

    pub fn json(&self) -> Value {
        self.steps.iter().map(PlannedOne::json).collect()
    }
}

impl PlannedOne<'_> {
    fn json(&self) -> Value {
        let mut object = json!({
            "step": self.step.id,
            "title": self.step.title,
            "kind": self.step.kind.word(),
            "if": self.step.condition,
            "condition": self.planned.condition,
            "needs": self.step.needs,
            "work": self.planned.work.as_ref().ok(),
            "known_later": self.planned.work.as_ref().err().map(|f| &f.message),
        });
        if self.step.for_each.is_some() {
            let one = |(item, work): &(Value, Result<Work, Failure>)| {
                let later = work.as_ref().err().map(|f| &f.message);
                json!({ "item": item, "work": work.as_ref().ok(), "known_later": later })
            };
            object["iterations"] = self.iterations.iter().map(one).collect();
        }
        match &self.child {
            Some(Child::Plan(child)) => {
                object["child"] = json!({ "workflow": child.workflow.id, "steps": child.json() });
            }
            Some(Child::Again) => object["child"] = json!({ "again": true }),
            Some(Child::Problem(problem)) => object["child"] = json!({ "problem": problem }),
            None => {}
        }
        object
    }
}

/// The values here of the variables that a workflow declares.
fn declared(workflow: &Workflow) -> IndexMap<String, String> {
    let names = workflow.env.iter();
    names.filter_map(|name| std::env::var(name).ok().map(|value| (name.clone(), value))).collect()
}
