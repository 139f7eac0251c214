//! Undoing: which steps are undone, in which order, and what becomes of the run and its subject.

use crate::base::{Actor, StepId, Timestamp};
use crate::run::decide::Draft;
use crate::run::failure::is_at_work;
use crate::run::state::{Role, StepState};
use crate::run::{AfterRollback, EventBody, Run};

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
                // A try that failed or broke off may have done a part of it.
                let at = match &record.state {
                    StepState::Done { at, .. } | StepState::Failed { at, .. } => *at,
                    StepState::Uncertain { since, .. } | StepState::Running { since, .. } => *since,
                    StepState::Cancelled { at } if record.attempt() > 0 => *at,
                    _ => return None,
                };
                let undone = self.record(&StepId::new(format!("{}.rollback", record.id)));
                let is_undone = undone.is_some_and(|(_, r)| r.state.is_settled());
                (is_own && step.rollback.is_some() && !is_undone).then_some((at, place, &record.id))
            })
            .collect();
        done.sort_by_key(|(at, place, _)| std::cmp::Reverse((*at, *place)));
        done.into_iter().map(|(_, _, id)| id.clone()).collect()
    }
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
