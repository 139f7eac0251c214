//! Undoing: which steps are undone, in which order, and what becomes of the run and its subject.

use crate::base::{Actor, StepId, Timestamp};
use crate::run::decide::Draft;
use crate::run::failure::is_at_work;
use crate::run::state::{AttemptEnd, Phase, Role, StepRecord, StepState};
use crate::run::{
    AfterRollback, EventBody, Evidence, EvidenceKind, Failure, FailureKind, Outcome, Report, Run, Work,
    family,
};
use crate::workflow::StepKind;

/// Longest part of a parent's reason that its child runs repeat, in characters.
const REASON_LIMIT: usize = 1_000;

impl Run {
    /// The steps that a rollback would undo now, in its order: what was done last comes first.
    pub fn undoable(&self) -> Vec<StepId> {
        let mut done: Vec<(Timestamp, usize, &StepId)> = self
            .steps
            .iter()
            .enumerate()
            .filter_map(|(place, record)| {
                let step = self.workflow.steps.get(record.role.index())?;
                let is_own = match record.role {
                    Role::Step { .. } => step.for_each.is_none(),
                    Role::Iteration { .. } => true,
                    Role::Undo { .. } => false,
                };
                let at = match step.rollback.as_ref()?.kind {
                    StepKind::Rollback => child_ended(record)?,
                    _ => acted(record)?,
                };
                let undone = self.record(&StepId::new(format!("{}.rollback", record.id)));
                let is_undone = undone.is_some_and(|(_, r)| r.state.is_settled());
                (is_own && !is_undone).then_some((at, place, &record.id))
            })
            .collect();
        done.sort_by_key(|(at, place, _)| std::cmp::Reverse((*at, *place)));
        done.into_iter().map(|(_, _, id)| id.clone()).collect()
    }
}

/// When a step did last what it does. A try that failed or broke off may have done a part of it.
fn acted(record: &StepRecord) -> Option<Timestamp> {
    match &record.state {
        StepState::Done { at, .. } | StepState::Failed { at, .. } => Some(*at),
        StepState::Uncertain { since, .. } | StepState::Running { since, .. } => Some(*since),
        StepState::Cancelled { at } if record.attempt() > 0 => Some(*at),
        _ => None,
    }
}

/// When the child run of a step ended. What that run did is in its own journal, whatever has become of the
/// step since: skipped, gone back over, waiting for its next try.
fn child_ended(record: &StepRecord) -> Option<Timestamp> {
    let attempt = record.attempts.iter().rev().find(|attempt| attempt.work.child().is_some())?;
    Some(attempt.ended.as_ref().map_or(attempt.started, AttemptEnd::at))
}

/// What comes next of rolling a child run back.
#[derive(Debug, Clone, PartialEq)]
pub enum Undoing {
    /// It has not ended and nobody has told it to.
    Cancel,
    /// It has ended, and is to undo what it did.
    Begin { reason: String, by: Actor },
    /// The step that rolls it back is to hear this.
    Tell(Report),
    /// It is ending, or its parent begins nothing now.
    Wait,
}

/// What comes next at a step that rolls a child run back. `child` is that run, where it ever began;
/// `broke_off`: its rollback has just ended before it was through. `None`: the step does nothing of the kind.
pub fn undoing(parent: &Run, record: &StepRecord, child: Option<&Run>, broke_off: bool) -> Option<Undoing> {
    let attempt = record.attempts.last()?;
    let (StepState::Running { .. }, Work::Rollback { run }) = (&record.state, &attempt.work) else {
        return None;
    };
    let done = |text: String| {
        let evidence = vec![Evidence { kind: EvidenceKind::Run, text }];
        let outcome = Outcome { evidence, ..Outcome::default() };
        let (step, attempt) = (record.id.clone(), attempt.number);
        Some(Undoing::Tell(Report::Completed { step, attempt, outcome }))
    };
    let Some(child) = child else {
        return done(format!("Run {} never began: there was nothing to undo", run.short()));
    };
    let name = format!("{} (run {})", child.header.workflow.name, child.id().short());
    let rollback = child.rollback.as_ref();
    match &child.phase {
        Phase::Cancelling { .. } => return Some(Undoing::Wait),
        Phase::Active { .. } | Phase::Paused { .. } if !child.is_rolling_back() => {
            return Some(Undoing::Cancel);
        }
        Phase::Active { .. } | Phase::Paused { .. } => {
            let (step, attempt, need) = (record.id.clone(), attempt.number, family::need(child));
            return Some(Undoing::Tell(Report::Child { step, attempt, need }));
        }
        Phase::Completed { .. } | Phase::Failed { .. } | Phase::Cancelled { .. } => {}
    }
    // One that was under way before, and had to end for this one, is begun again.
    if broke_off && rollback.is_some_and(|rollback| rollback.since >= attempt.started) {
        let how = match &child.phase {
            Phase::Cancelled { by, reason: Some(reason), .. } => format!("was cancelled by {by}: {reason}"),
            Phase::Cancelled { by, .. } => format!("was cancelled by {by}"),
            _ => "broke off".to_owned(),
        };
        // Somebody did not want it: it is not tried again by itself.
        let failure = Failure {
            kind: FailureKind::Reported,
            message: format!("The rollback of {name} {how}"),
            exit: None,
        };
        let (step, attempt) = (record.id.clone(), attempt.number);
        return Some(Undoing::Tell(Report::Failed { step, attempt, failure }));
    }
    if child.undoable().is_empty() {
        return match rollback.and_then(|rollback| rollback.done) {
            Some(at) if at < attempt.started => done(format!("{name} was rolled back before")),
            Some(_) => done(format!("{name} was rolled back")),
            None => done(format!("{name} did nothing that can be undone")),
        };
    }
    let Phase::Active { .. } = parent.phase else { return Some(Undoing::Wait) };
    let rollback = parent.rollback.as_ref()?;
    let why: String = rollback.reason.chars().take(REASON_LIMIT).collect();
    let reason = format!("Run {} is rolled back: {why}", parent.id().short());
    Some(Undoing::Begin { reason, by: rollback.by.clone() })
}

impl Draft {
    /// Stops what runs, and begins to undo what was done.
    pub fn roll_back(&mut self, actor: Actor, reason: String, then: AfterRollback) {
        let running: Vec<(StepId, u32)> =
            self.run.steps.iter().filter(|r| is_at_work(r)).map(|r| (r.id.clone(), r.attempt())).collect();
        let steps = self.run.undoable();
        for (step, attempt) in running {
            self.emit_as(actor.clone(), EventBody::StepInterrupted { step, attempt });
        }
        self.emit_as(actor, EventBody::RollbackStarted { reason, steps, then });
    }

    /// Begins what undoes the next step; ends the run after the last. False where something of it
    /// is still at work or waits for a person.
    pub fn undo_next(&mut self) -> bool {
        let next = self
            .run
            .steps
            .iter()
            .find(|r| matches!(r.role, Role::Undo { .. }) && !r.state.is_settled())
            .map(|r| (r.id.clone(), r.state.clone()));
        match next {
            Some((id, StepState::Pending)) => {
                self.begin_step(&id);
                true
            }
            Some(_) => false,
            None => {
                self.put_back_subject();
                self.emit_as(Actor::Engine, EventBody::RolledBack);
                true
            }
        }
    }

    /// Only a run that had completed has moved its subject.
    fn put_back_subject(&mut self) {
        if !self.run.completed {
            return;
        }
        if let Some((moves, subject)) = self.run.moves() {
            let (from, to) = (Some(moves.to.clone()), subject.state.clone());
            let moved = EventBody::SubjectMoved { subject: subject.name.clone(), from, to };
            self.emit_as(Actor::Engine, moved);
        }
    }
}
