//! What follows when a try fails, a time is over, or an engine has died: what the author decided
//! beforehand, and otherwise a person.

use crate::base::{Actor, StepId, Timestamp, digest};
use crate::run::advance::{line, next_in_line};
use crate::run::decide::Draft;
use crate::run::state::{Phase, Prompt, StepRecord, StepState};
use crate::run::{AfterFailure, AfterRollback, BackCause, EventBody, Failure, FailureKind, Run};
use crate::workflow::{Final, OnFailure, Retry, StepKind};

impl Draft {
    /// A failed try, and what follows from the author's `retry`, `continue_on_error` and `on_failure`.
    pub fn fail(&mut self, step: &StepId, attempt: u32, failure: Failure) {
        self.fail_as(self.actor.clone(), step, attempt, failure);
    }

    pub fn fail_as(&mut self, actor: Actor, step: &StepId, attempt: u32, failure: Failure) {
        let next = self.after_failure(step, attempt, &failure);
        let message = failure.message.clone();
        self.emit_as(actor, EventBody::StepFailed { step: step.clone(), attempt, failure, next });
        if next == AfterFailure::Decide {
            self.on_failure(step, &message);
        }
    }

    fn after_failure(&self, id: &StepId, attempt: u32, failure: &Failure) -> AfterFailure {
        let Some((_, record)) = self.run.record(id) else { return AfterFailure::Decide };
        let (Some(step), config) = (self.run.definition(record), &self.run.workflow.config) else {
            return AfterFailure::Decide;
        };
        let failed = record.failures_in_row + 1;
        if let Some(retry) = step.retry.as_ref().or(config.retry.as_ref())
            && may_be_tried_again(retry, failure)
            && failed < retry.max_attempts
        {
            let chance = chance(&self.run, id, attempt);
            return AfterFailure::Retry { due: self.at.plus(retry.delay(failed, chance)) };
        }
        let is_gate = matches!(step.kind, StepKind::Approve { .. });
        if step.continue_on_error && !is_gate { AfterFailure::Continue } else { AfterFailure::Decide }
    }

    fn on_failure(&mut self, id: &StepId, message: &str) {
        let Some((_, record)) = self.run.record(id) else { return };
        let backs = record.backs;
        let Some(step) = self.run.definition(record) else { return };
        match step.on_failure.clone() {
            OnFailure::Back { to, times } if backs < times => {
                let cause = BackCause::Failed { step: id.clone() };
                self.interrupt_from(&to);
                let reason = Some(message.to_owned());
                self.emit_as(Actor::Engine, EventBody::WentBack { to, reason, cause });
            }
            OnFailure::Ask | OnFailure::Back { .. } => {}
            OnFailure::Escalate { to, within } => {
                if let Some(mut first) = next_in_line(&to, 0, Some(within), self.at) {
                    if to.len() == 1 {
                        first.deadline = None;
                    }
                    self.emit_as(Actor::Engine, EventBody::StepEscalated { step: id.clone(), to: first });
                }
            }
            OnFailure::Rollback => {
                let reason = format!("“{}” failed: {message}", step.title);
                self.roll_back(Actor::Engine, reason, AfterRollback::Failed);
            }
        }
    }

    /// Ends what runs of a step and of everything that needs it.
    pub fn interrupt_from(&mut self, to: &StepId) {
        let Some((_, record)) = self.run.record(to) else { return };
        let places = self.run.workflow.with_dependents(record.role.index());
        let running: Vec<(StepId, u32)> = self
            .run
            .steps
            .iter()
            .filter(|r| places.contains(&r.role.index()) && is_at_work(r))
            .map(|r| (r.id.clone(), r.attempt()))
            .collect();
        for (step, attempt) in running {
            self.emit(EventBody::StepInterrupted { step, attempt });
        }
    }

    /// Everything whose time has come.
    pub fn wake(&mut self) {
        let Phase::Active { deadline } = self.run.phase else { return };
        if deadline.is_some_and(|d| d <= self.at) {
            let limit = self.run.workflow.config.timeout.unwrap_or_default();
            self.emit(EventBody::RunFailed {
                reason: format!("The run took longer than its limit of {limit}"),
            });
            return;
        }
        for id in self.run.steps.iter().map(|r| r.id.clone()).collect::<Vec<_>>() {
            self.end_lease(&id);
            // What came before it in this very moment may have ended it.
            if let (Phase::Active { .. }, Some((_, record))) = (&self.run.phase, self.run.record(&id)) {
                let record = record.clone();
                self.wake_step(&record);
            }
        }
    }

    fn wake_step(&mut self, record: &StepRecord) {
        let (id, attempt) = (record.id.clone(), record.attempt());
        let is_due = |moment: &Option<Timestamp>| moment.is_some_and(|m| m <= self.at);
        match &record.state {
            StepState::Running { deadline: Some(deadline), since, .. } if *deadline <= self.at => {
                let message = format!("It took longer than its limit of {}", deadline.since(*since));
                let failure = Failure { kind: FailureKind::Timeout, message, exit: None };
                self.fail(&id, attempt, failure);
            }
            StepState::Waiting { on: Prompt::Approval { deadline, escalation, .. }, .. }
                if is_due(deadline) =>
            {
                let level = escalation.as_ref().map_or(0, |e| e.level + 1);
                let next = self
                    .run
                    .definition(record)
                    .and_then(|step| line(&step.kind))
                    .and_then(|(line, within)| next_in_line(line, level, within, self.at));
                if let Some(to) = next {
                    self.emit(EventBody::StepEscalated { step: id, to });
                } else {
                    let message = "Nobody decided before the deadline".to_owned();
                    let failure = Failure { kind: FailureKind::Rejected, message, exit: None };
                    self.fail(&id, attempt, failure);
                }
            }
            StepState::Waiting { on: Prompt::Approval { remind, .. }, .. } if is_due(remind) => {
                let every = self.run.definition(record).and_then(|step| match &step.kind {
                    StepKind::Approve { remind, .. } => *remind,
                    _ => None,
                });
                if let Some(every) = every {
                    let next = self.at.plus(every);
                    self.emit(EventBody::ApprovalReminded { step: id, next });
                }
            }
            StepState::Waiting { on: Prompt::Retry { due, .. }, .. } if *due <= self.at => {
                self.begin_step(&id);
            }
            StepState::Failed { escalation: Some(escalation), .. } if is_due(&escalation.deadline) => {
                let level = escalation.level + 1;
                if let Some(OnFailure::Escalate { to, within }) =
                    self.run.definition(record).map(|s| s.on_failure.clone())
                    && let Some(mut next) = next_in_line(&to, level, Some(within), self.at)
                {
                    if level as usize + 1 >= to.len() {
                        next.deadline = None;
                    }
                    self.emit(EventBody::StepEscalated { step: id, to: next });
                }
            }
            _ => {}
        }
    }

    /// The engine has just loaded this run: what was running is uncertain, and a cancellation
    /// that was under way goes on. Loops and child runs are not: the engine knows of them.
    pub fn recover(&mut self) {
        if let Phase::Cancelling { by, reason, .. } = self.run.phase.clone() {
            self.emit_as(by, EventBody::CancelRequested { reason });
            return;
        }
        if self.run.is_ended() {
            return;
        }
        for record in self.run.steps.clone() {
            if !is_at_work(&record) || record.attempts.last().is_some_and(|a| a.work.child().is_some()) {
                continue;
            }
            let step = record.id.clone();
            self.emit(EventBody::StepUncertain { step: step.clone(), attempt: record.attempt() });
            if self.run.definition(&record).is_some_and(|s| s.idempotent) {
                self.emit(EventBody::StepRetried { step, edit: None });
            }
        }
    }
}

/// It runs, and is no loop, which runs by its iterations.
pub(super) fn is_at_work(record: &StepRecord) -> bool {
    matches!(record.state, StepState::Running { .. }) && !record.is_loop()
}

/// What a person said, and what can never come out otherwise, is not tried again; nor what the
/// author called final.
fn may_be_tried_again(retry: &Retry, failure: &Failure) -> bool {
    let kind = match failure.kind {
        FailureKind::Exit => {
            return !failure.exit.is_some_and(|exit| retry.finals.contains(&Final::Exit(exit)));
        }
        FailureKind::Spawn => Final::Spawn,
        FailureKind::Timeout => Final::Timeout,
        FailureKind::Write => Final::Write,
        FailureKind::Call => Final::Call,
        FailureKind::Agent => Final::Agent,
        FailureKind::Expectation => Final::Expectation,
        FailureKind::Child => Final::Child,
        FailureKind::Breaker => return true,
        FailureKind::Expression | FailureKind::Rejected | FailureKind::Reported | FailureKind::Secret => {
            return false;
        }
    };
    !retry.finals.contains(&kind)
}

/// A number for this try, as good as random and always the same.
fn chance(run: &Run, step: &StepId, attempt: u32) -> u64 {
    let text = digest(format!("chance/{}/{step}/{attempt}", run.id()).as_bytes());
    text.get(..15).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or_default()
}

impl Run {
    /// When `Report::Wake` is due next; `None` while no clock runs.
    pub fn next_timer(&self) -> Option<Timestamp> {
        let Phase::Active { deadline } = self.phase else { return None };
        self.steps
            .iter()
            .filter_map(|record| match &record.state {
                StepState::Running { deadline, .. } => *deadline,
                StepState::Waiting { on: Prompt::Approval { deadline, remind, .. }, .. } => {
                    deadline.iter().chain(remind).min().copied()
                }
                StepState::Waiting { on: Prompt::Retry { due, .. }, .. } => Some(*due),
                StepState::Failed { escalation: Some(escalation), .. } => escalation.deadline,
                _ => None,
            })
            .chain(self.steps.iter().filter_map(|record| record.state.lease()).map(|lease| lease.until))
            .chain(deadline)
            .min()
    }
}
