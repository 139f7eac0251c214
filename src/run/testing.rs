//! Small workflows and runs for tests of every room; not part of the program.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::base::{Actor, Millis, RunId, SessionId, StepId, Timestamp};
use crate::run::{
    Command, Context, Event, Refusal, Report, Run, RunStarted, Verb, Version, WorkflowRef, decide, fold,
    replay, start,
};
use crate::workflow::testing::step;
use crate::workflow::{Field, FieldKind, OnTimeout, Origin, Step, StepKind, Workflow};

pub fn ana() -> Actor {
    Actor::Person("ana@laptop".to_owned())
}

pub fn manual(id: &str) -> Step {
    step(id, StepKind::Manual { actions: vec!["Look".to_owned(), "Act".to_owned()] })
}

pub fn script(id: &str, script: &str) -> Step {
    let shell = vec!["sh".to_owned(), "-c".to_owned()];
    step(
        id,
        StepKind::Run {
            script: script.to_owned(),
            shell,
            env: IndexMap::new(),
            secrets: IndexMap::new(),
            cwd: None,
            pty: false,
            done_exits: Vec::new(),
            expects: None,
        },
    )
}

pub fn approval(id: &str) -> Step {
    step(
        id,
        StepKind::Approve {
            question: "Go on?".to_owned(),
            within: Some(Millis::from_secs(60)),
            remind: None,
            on_timeout: OnTimeout::Reject,
            escalate: Vec::new(),
        },
    )
}

pub fn question(id: &str) -> Step {
    let field = Field::new("why", FieldKind::String { max_length: None }, "Why?");
    step(id, StepKind::Ask { fields: vec![field] })
}

pub fn workflow(steps: Vec<Step>) -> Workflow {
    crate::workflow::testing::workflow("test", steps)
}

/// This definition as a version that a run can be moved over to; its digest is of what it says.
pub fn version(workflow: Workflow) -> Version {
    let text = serde_json::to_vec(&workflow).expect("a workflow is JSON");
    let reference = WorkflowRef {
        id: workflow.id.clone(),
        name: workflow.name.clone(),
        version: workflow.version,
        digest: crate::base::digest(&text),
        origin: Origin::User,
    };
    Version {
        workflow: Arc::new(workflow),
        source: Arc::from(text),
        reference,
        inputs: serde_json::Map::new(),
        env: IndexMap::new(),
    }
}

/// A run with its journal, driven as the engine drives it, on a clock of its own.
pub struct Driver {
    pub run: Run,
    pub journal: Vec<Event>,
    pub now: Timestamp,
}

impl Driver {
    pub fn start(workflow: Workflow) -> Self {
        Self::start_with(workflow, |_| {})
    }

    /// With a header that is otherwise than usual.
    pub fn start_with(workflow: Workflow, change: impl FnOnce(&mut RunStarted)) -> Self {
        let mut header = RunStarted {
            run: RunId::new("7f3a000000000000"),
            workflow: WorkflowRef {
                id: workflow.id.clone(),
                name: workflow.name.clone(),
                version: workflow.version,
                digest: "0".repeat(64),
                origin: Origin::Bundled,
            },
            inputs: serde_json::Map::new(),
            context: Context { folder: "/work".to_owned(), ..Context::default() },
            session: SessionId::new("5e55000000000000"),
            session_name: "tests".to_owned(),
            phrase: None,
            prerequisites: Vec::new(),
            parent: None,
            subject: None,
            fork: None,
            step_through: false,
            breakpoints: Vec::new(),
        };
        change(&mut header);
        let now = Timestamp(1_000_000);
        let workflow = Arc::new(workflow);
        let journal = start(Arc::clone(&workflow), header, &ana(), now).expect("a run starts");
        let run = replay(workflow, &journal).expect("a journal begins with run.started");
        Self { run, journal, now }
    }

    pub fn later(&mut self, millis: u64) -> &mut Self {
        self.now = self.now.plus(Millis(millis));
        self
    }

    pub fn act(&mut self, verb: Verb) -> Result<Vec<Event>, Refusal> {
        self.act_as(&ana(), Command::Verb(verb))
    }

    pub fn report(&mut self, report: Report) -> Vec<Event> {
        self.act_as(&Actor::Engine, Command::Report(report)).expect("a report is never refused")
    }

    pub fn act_as(&mut self, actor: &Actor, command: Command) -> Result<Vec<Event>, Refusal> {
        let events = decide(&self.run, &command, actor, self.now)?;
        let version = match &command {
            Command::MoveOver(version) => Some(&**version),
            _ => None,
        };
        for event in &events {
            fold(&mut self.run, event, version);
        }
        self.journal.extend(events.iter().cloned());
        Ok(events)
    }

    pub fn word(&self, step: &str) -> &'static str {
        let (_, record) = self.run.record(&StepId::new(step)).expect("the step exists");
        record.state.status().word()
    }
}
