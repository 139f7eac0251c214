//! Commands → events, or a refusal that says why. Nothing else decides what a run does next.
//!
//! Every answer includes the run's own next steps: after a step is done, the start of the next
//! one is part of the same answer, so that one transaction of the store holds both.

use std::sync::Arc;

use crate::base::{Actor, StepId, Timestamp};
use crate::run::apply::{apply, begin};
use crate::run::state::{Phase, Prompt, StepState};
use crate::run::{
    AfterFailure, Command, Event, EventBody, Failure, FailureKind, Refusal, Report, Run, RunStarted,
    SkipReason, Work, resolve, verbs,
};
use crate::workflow::{StepKind, Workflow};

/// The events that answer a command, in order. Empty: the command is out of date and changes
/// nothing (a report about an old attempt, a timer that comes too early).
pub fn decide(run: &Run, command: &Command, actor: &Actor, at: Timestamp) -> Result<Vec<Event>, Refusal> {
    let mut draft = Draft { run: run.clone(), events: Vec::new(), actor: actor.clone(), at };
    match command {
        Command::Verb(verb) => verbs::act(&mut draft, verb)?,
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

    fn emit_as(&mut self, actor: Actor, body: EventBody) {
        let event = Event { seq: self.run.seq + 1, at: self.at, actor, body };
        apply(&mut self.run, &event);
        self.events.push(event);
    }

    fn report(&mut self, report: &Report) {
        match report {
            Report::Completed { step, attempt, outcome } => {
                if self.is_current(step, *attempt) {
                    let body = EventBody::StepCompleted {
                        step: step.clone(),
                        attempt: *attempt,
                        outcome: outcome.clone(),
                    };
                    self.emit(body);
                }
            }
            Report::Failed { step, attempt, failure } => {
                if self.is_current(step, *attempt) {
                    self.fail(step, *attempt, failure.clone());
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

    /// Only the running attempt's own report counts, and none once the run is being cancelled.
    fn is_current(&self, step: &StepId, attempt: u32) -> bool {
        matches!(self.run.phase, Phase::Active { .. } | Phase::Paused { .. })
            && self.run.record(step).is_some_and(|(_, record)| {
                record.attempt() == attempt && matches!(record.state, StepState::Running { .. })
            })
    }

    /// A failed try, and what follows from the author's `retry` and `continue_on_error`.
    fn fail(&mut self, step: &StepId, attempt: u32, failure: Failure) {
        let next = self.after_failure(step, &failure);
        self.emit(EventBody::StepFailed { step: step.clone(), attempt, failure, next });
    }

    fn after_failure(&self, id: &StepId, failure: &Failure) -> AfterFailure {
        let Some((index, record)) = self.run.record(id) else { return AfterFailure::Decide };
        let (Some(step), config) = (self.run.workflow.steps.get(index), &self.run.workflow.config) else {
            return AfterFailure::Decide;
        };
        // What a person said, and what can never come out otherwise, is not tried again.
        let again = matches!(
            failure.kind,
            FailureKind::Exit | FailureKind::Spawn | FailureKind::Timeout | FailureKind::Write
        );
        let failed = record.failures_in_row + 1;
        if let Some(retry) = step.retry.as_ref().or(config.retry.as_ref())
            && again
            && failed < retry.max_attempts
        {
            return AfterFailure::Retry { due: self.at.plus(retry.delay(failed)) };
        }
        let is_gate = matches!(step.kind, StepKind::Approve { .. });
        if step.continue_on_error && !is_gate { AfterFailure::Continue } else { AfterFailure::Decide }
    }

    /// Everything whose time has come.
    fn wake(&mut self) {
        let Phase::Active { deadline } = self.run.phase else { return };
        if deadline.is_some_and(|d| d <= self.at) {
            let limit = self.run.workflow.config.timeout.unwrap_or_default();
            self.emit(EventBody::RunFailed {
                reason: format!("The run took longer than its limit of {limit}"),
            });
            return;
        }
        for record in self.run.steps.clone() {
            let attempt = record.attempt();
            match &record.state {
                StepState::Running { deadline: Some(deadline), since } if *deadline <= self.at => {
                    let message = format!("It took longer than its limit of {}", deadline.since(*since));
                    let failure = Failure { kind: FailureKind::Timeout, message, exit: None };
                    self.fail(&record.id, attempt, failure);
                }
                StepState::Waiting { on: Prompt::Approval { deadline: Some(deadline), .. }, .. }
                    if *deadline <= self.at =>
                {
                    let message = "Nobody decided before the deadline".to_owned();
                    let failure = Failure { kind: FailureKind::Rejected, message, exit: None };
                    self.fail(&record.id, attempt, failure);
                }
                StepState::Waiting { on: Prompt::Retry { due, .. }, .. } if *due <= self.at => {
                    self.begin_step(&record.id);
                }
                _ => {}
            }
        }
    }

    /// The engine has just loaded this run: what was running is uncertain, and a cancellation
    /// that was under way goes on.
    fn recover(&mut self) {
        if let Phase::Cancelling { by, reason, .. } = self.run.phase.clone() {
            self.emit_as(by, EventBody::CancelRequested { reason });
            return;
        }
        if self.run.is_ended() {
            return;
        }
        for record in self.run.steps.clone() {
            if !matches!(record.state, StepState::Running { .. }) {
                continue;
            }
            let step = record.id.clone();
            self.emit(EventBody::StepUncertain { step: step.clone(), attempt: record.attempt() });
            if self.run.workflow.step(&step).is_some_and(|s| s.idempotent) {
                self.emit(EventBody::StepRetried { step });
            }
        }
    }

    /// Goes on as far as the run can by itself: skips what its condition excludes, starts the
    /// next step, completes the run after the last.
    fn advance(&mut self) {
        while let Phase::Active { .. } = self.run.phase {
            let Some(record) = self.run.steps.iter().find(|s| !s.state.is_settled()) else {
                self.emit_as(Actor::Engine, EventBody::RunCompleted);
                return;
            };
            if record.state != StepState::Pending {
                return;
            }
            let id = record.id.clone();
            self.begin_step(&id);
        }
    }

    fn begin_step(&mut self, id: &StepId) {
        let Some((index, record)) = self.run.record(id) else { return };
        let attempt = record.attempt() + 1;
        let Some(step) = self.run.workflow.steps.get(index).cloned() else { return };
        let scope = resolve::scope(&self.run);
        let folder = self.run.header.context.folder.clone();
        let resolved = match resolve::condition(&step, &scope) {
            Ok(false) => {
                let expression = step.condition.unwrap_or_default();
                let reason = SkipReason::Condition { expression };
                self.emit_as(Actor::Engine, EventBody::StepSkipped { step: id.clone(), reason });
                return;
            }
            Ok(true) => resolve::work(&step, self.run.workflow.steps.get(index + 1), &scope, &folder),
            Err(failure) => Err(failure),
        };
        let (work, failure) = match resolved {
            Ok(work) => (work, None),
            Err(failure) => (Work::Unresolved, Some(failure)),
        };
        let limit = match &step.kind {
            StepKind::Approve { within, .. } => *within,
            StepKind::Run { .. } => step.timeout,
            _ => None,
        };
        let deadline = limit.map(|limit| self.at.plus(limit));
        let started = EventBody::StepStarted { step: id.clone(), attempt, work, deadline };
        self.emit_as(Actor::Engine, started);
        if let Some(failure) = failure {
            let next = self.after_failure(id, &failure);
            self.emit_as(Actor::Engine, EventBody::StepFailed { step: id.clone(), attempt, failure, next });
        }
    }
}

impl Run {
    /// When `Report::Wake` is due next; `None` while no clock runs.
    pub fn next_timer(&self) -> Option<Timestamp> {
        let Phase::Active { deadline } = self.phase else { return None };
        self.steps
            .iter()
            .filter_map(|record| match &record.state {
                StepState::Running { deadline, .. }
                | StepState::Waiting { on: Prompt::Approval { deadline, .. }, .. } => *deadline,
                StepState::Waiting { on: Prompt::Retry { due, .. }, .. } => Some(*due),
                _ => None,
            })
            .chain(deadline)
            .min()
    }
}
