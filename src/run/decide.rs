//! Commands → events, or a refusal that says why. Nothing else decides what a run does next.
//!
//! Every answer includes the run's own next steps: after a step is done, the start of the next
//! one is part of the same answer, so that one transaction of the store holds both.

use std::sync::Arc;

use crate::base::{Actor, StepId, Timestamp};
use crate::run::apply::{apply, begin};
use crate::run::state::{Phase, StepState};
use crate::run::{
    Command, Event, EventBody, Outcome, Refusal, Report, Run, RunStarted, failure, moving, resolve, verbs,
};
use crate::workflow::Workflow;

/// The events that answer a command, in order. Empty: the command is out of date and changes
/// nothing (a report about an old attempt, a timer that comes too early).
pub fn decide(run: &Run, command: &Command, actor: &Actor, at: Timestamp) -> Result<Vec<Event>, Refusal> {
    let mut draft = Draft { run: run.clone(), events: Vec::new(), actor: actor.clone(), at };
    match command {
        Command::Verb(verb) => verbs::act(&mut draft, verb)?,
        Command::MoveOver(version) => moving::move_over(&mut draft, version)?,
        Command::Report(report) => draft.report(report),
    }
    draft.advance();
    Ok(draft.events)
}

/// The first events of a new run.
pub fn start(
    workflow: Arc<Workflow>,
    header: RunStarted,
    actor: &Actor,
    at: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    let first = Event { seq: 1, at, actor: actor.clone(), body: EventBody::RunStarted(Box::new(header)) };
    let run = begin(workflow, &first).ok_or_else(|| Refusal::new("The run has no first event"))?;
    let mut draft = Draft { run, events: vec![first], actor: actor.clone(), at };
    draft.advance();
    Ok(draft.events)
}

/// A copy of the run that events are folded into as they are decided.
pub(super) struct Draft {
    pub run: Run,
    pub events: Vec<Event>,
    pub actor: Actor,
    pub at: Timestamp,
}

impl Draft {
    pub fn emit(&mut self, body: EventBody) {
        self.emit_as(self.actor.clone(), body);
    }

    pub fn emit_as(&mut self, actor: Actor, body: EventBody) {
        let event = Event { seq: self.run.seq + 1, at: self.at, actor, body };
        apply(&mut self.run, &event);
        self.events.push(event);
    }

    fn report(&mut self, report: &Report) {
        match report {
            Report::Completed { step, attempt, outcome } => {
                if self.is_current(step, *attempt) {
                    self.complete_step(step, *attempt, outcome.clone());
                }
            }
            Report::Failed { step, attempt, failure } => {
                if self.is_current(step, *attempt) {
                    self.fail(step, *attempt, failure.clone());
                }
            }
            Report::Child { step, attempt, need } => {
                let known = match self.run.record(step).map(|(_, r)| &r.state) {
                    Some(StepState::Running { need, .. }) => need.clone(),
                    _ => None,
                };
                if self.is_current(step, *attempt) && &known != need {
                    let (step, attempt, need) = (step.clone(), *attempt, need.clone());
                    self.emit(EventBody::StepChild { step, attempt, need });
                }
            }
            Report::Stopped { left_behind } => {
                if let Phase::Cancelling { by, reason, .. } = self.run.phase.clone() {
                    self.emit_as(by, EventBody::RunCancelled { reason, left_behind: left_behind.clone() });
                }
            }
            Report::Wake => self.wake(),
            Report::Recovered => self.recover(),
        }
    }

    /// A try that came out well, with the outputs that the author declared.
    pub fn complete_step(&mut self, id: &StepId, attempt: u32, outcome: Outcome) {
        let Some((_, record)) = self.run.record(id) else { return };
        let Some(step) = self.run.definition(record) else { return };
        match resolve::outcome(step, outcome, || resolve::scope_of(&self.run, record)) {
            Ok(outcome) => {
                self.emit(EventBody::StepCompleted { step: id.clone(), attempt, outcome });
            }
            Err(failure) => self.fail(id, attempt, failure),
        }
    }

    /// Only the running attempt's own report counts, and none once the run is being cancelled.
    fn is_current(&self, step: &StepId, attempt: u32) -> bool {
        matches!(self.run.phase, Phase::Active { .. } | Phase::Paused { .. })
            && self
                .run
                .record(step)
                .is_some_and(|(_, record)| record.attempt() == attempt && failure::is_at_work(record))
    }
}
