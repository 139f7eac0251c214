//! How runs of a life come to be: started, forked, started by a parent; and moved over to a file that was edited.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};
use tokio::sync::oneshot;

use crate::base::{Millis, RunId, SessionId};
use crate::engine::outside::Child;
use crate::engine::simulation::checker::SUBJECT;
use crate::engine::simulation::flows::{self, Flow};
use crate::engine::simulation::people;
use crate::engine::simulation::world::{Asked, Coming, World};
use crate::engine::{Input, Prepared};
use crate::run::{
    Context, Failure, FailureKind, Parent, Report, Run, RunStarted, Subject, Version, WorkflowRef, fork,
};
use crate::workflow::Origin;

impl World {
    fn flow(&self, digest: &str) -> Option<Flow> {
        self.flows.iter().chain(&self.edited).find(|flow| flow.digest == digest).cloned()
    }

    /// Somebody edits the file of a run, and wants the run to go on as it says now.
    pub(super) fn moves(&mut self, run: &Run) -> Option<Input> {
        let flow = self.flow(&run.header.workflow.digest)?;
        self.number += 1;
        let new = flows::edited(&mut self.chance, &flow, self.number)?;
        let actor = people::somebody(&mut self.chance);
        let run = run.id().clone();
        self.say(|| format!("{actor} moves {run} over to\n{}", String::from_utf8_lossy(&new.source)));
        self.checker.knows(new.digest.clone(), Arc::clone(&new.workflow));
        let version = Box::new(Version {
            workflow: Arc::clone(&new.workflow),
            source: Arc::clone(&new.source),
            reference: reference(&new),
            inputs: Map::new(),
            env: IndexMap::new(),
        });
        self.edited.push(new);
        let (reply, answer) = oneshot::channel();
        self.asked.push(Asked { answer, verb: None, actor: actor.clone() });
        Some(Input::MoveOver { run, version, actor, reply })
    }

    pub(super) fn starts(&mut self) -> Option<Input> {
        let flow = self.chance.pick(&self.flows)?.clone();
        let run = RunId::new(format!("{:016x}", self.chance.number()));
        let actor = people::somebody(&mut self.chance);
        self.say(|| format!("{actor} starts {run} of\n{}", String::from_utf8_lossy(&flow.source)));
        let go = self.chance.one_in(2).into();
        let prepared = Box::new(self.prepared(&flow, run, std::iter::once(("go".to_owned(), go)).collect()));
        let (reply, answer) = oneshot::channel();
        self.asked.push(Asked { answer, verb: None, actor: actor.clone() });
        Some(Input::Start { prepared, actor, reply })
    }

    pub(super) fn forks(&mut self, run: &Run) -> Option<Input> {
        let from = self.chance.pick(&run.workflow.steps)?.id.clone();
        let taken_over = fork(run, &from).ok()?;
        let flow = self.flow(&run.header.workflow.digest)?;
        let id = RunId::new(format!("{:016x}", self.chance.number()));
        let actor = people::somebody(&mut self.chance);
        self.say(|| format!("{actor} forks {} from {from} as {id}", run.id()));
        let mut prepared = self.prepared(&flow, id, run.inputs.clone());
        prepared.header.fork = Some(taken_over);
        let (reply, answer) = oneshot::channel();
        self.asked.push(Asked { answer, verb: None, actor: actor.clone() });
        Some(Input::Start { prepared: Box::new(prepared), actor, reply })
    }

    fn prepared(&mut self, flow: &Flow, run: RunId, inputs: Map<String, Value>) -> Prepared {
        let moves = flow.workflow.moves.is_some();
        let header = RunStarted {
            run,
            workflow: reference(flow),
            inputs,
            context: Context {
                folder: "/work".to_owned(),
                agents: vec![flows::AGENT.to_owned()],
                ..Context::default()
            },
            session: SessionId::new(""),
            session_name: String::new(),
            phrase: None,
            prerequisites: Vec::new(),
            parent: None,
            subject: moves.then(|| Subject {
                root: SUBJECT.0.to_owned(),
                name: SUBJECT.1.to_owned(),
                state: None,
            }),
            fork: None,
            step_through: self.chance.one_in(12),
            breakpoints: Vec::new(),
        };
        Prepared {
            workflow: Arc::clone(&flow.workflow),
            source: Arc::clone(&flow.source),
            header,
            root: "/work".into(),
            start_commit: None,
        }
    }

    /// Makes a child run ready, as a handler would, in a moment; or cannot.
    pub(super) fn child(&mut self, child: &Child) {
        let later = self.now.plus(Millis(self.chance.between(0, 3_000)));
        let Some(flow) = self.flows.iter().find(|f| f.workflow.id == child.workflow).cloned() else { return };
        if !self.is_kind && self.chance.one_in(10) {
            let failure = Failure { kind: FailureKind::Child, message: "Not trusted".to_owned(), exit: None };
            let (step, attempt) = (child.step.clone(), child.attempt);
            let report = Report::Failed { step, attempt, failure };
            self.comes_at(later, Coming::Report { run: child.parent.clone(), report });
            return;
        }
        let mut prepared = self.prepared(&flow, child.run.clone(), child.inputs.clone());
        let (step, attempt) = (child.step.clone(), child.attempt);
        prepared.header.parent = Some(Parent { run: child.parent.clone(), step, attempt });
        self.comes_at(later, Coming::Child(Box::new(prepared)));
    }
}

fn reference(flow: &Flow) -> WorkflowRef {
    WorkflowRef {
        id: flow.workflow.id.clone(),
        name: flow.workflow.name.clone(),
        version: flow.workflow.version,
        digest: flow.digest.clone(),
        origin: Origin::User,
    }
}
