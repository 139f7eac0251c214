//! Child runs rolled back by their parents, in the same batch: a parent's step goes on as its child run
//! does, and what a child run undoes is part of what its parent does.

use crate::base::{Actor, ErrorKind, Result, RunId, StepId};
use crate::engine::batch::Batch;
use crate::engine::children;
use crate::run::{Command, Event, EventBody, Report, Run, Undoing, Verb, Work, undoing};

/// A child run that may be rolled back by a step of its parent.
pub(super) struct Undone {
    parent: RunId,
    child: RunId,
    /// Its rollback has just ended before it was through.
    broke_off: bool,
}

impl Batch<'_> {
    /// Notes what these events of a run mean for rollbacks of its child runs, and for its own by its parent.
    pub(super) fn look_at_undone(&mut self, run: &Run, events: &[Event], broke_off: bool) {
        for event in events {
            match &event.body {
                EventBody::StepStarted { work: Work::Rollback { run: child }, .. } => {
                    let (parent, child) = (run.id().clone(), child.clone());
                    self.undone.push_back(Undone { parent, child, broke_off: false });
                }
                EventBody::RunResumed => self.look_at_open_undone(run),
                _ => {}
            }
        }
        if let Some(parent) = &run.header.parent {
            let (parent, child) = (parent.run.clone(), run.id().clone());
            self.undone.push_back(Undone { parent, child, broke_off });
        }
    }

    /// The same for every rollback that this run has begun and that is not through.
    pub(super) fn look_at_open_undone(&mut self, run: &Run) {
        for (_, child) in run.children() {
            let (parent, child) = (run.id().clone(), child.clone());
            self.undone.push_back(Undone { parent, child, broke_off: false });
        }
    }

    /// Goes on with all of them. One after the other: what follows from one may be the next.
    pub(super) fn roll_children_back(&mut self) {
        while let Some(next) = self.undone.pop_front() {
            self.roll_child_back(&next);
        }
    }

    fn roll_child_back(&mut self, undone: &Undone) {
        let Some((step, attempt, next)) = self.next_of(undone) else { return };
        let Undone { parent, child, .. } = undone;
        let went = match next {
            Ok(Undoing::Wait) => Ok(()),
            Ok(Undoing::Tell(report)) => {
                self.follow_up(parent, &report);
                Ok(())
            }
            Ok(Undoing::Cancel) => {
                let reason = Some(format!("Run {} is rolled back", parent.short()));
                self.pass_down(vec![(child.clone(), Verb::Cancel { reason }, Actor::Engine)]);
                Ok(())
            }
            Ok(Undoing::Begin { reason, by }) => self.begin_rollback(child, reason, &by),
            Err(error) => Err(error),
        };
        if let Err(error) = went {
            tracing::warn!(%parent, %child, ?error, "a child run cannot be rolled back");
            let report = Report::Failed { step, attempt, failure: children::failure(&error) };
            self.follow_up(parent, &report);
        }
    }

    /// The step of the parent that waits for it, and what comes next there; `None` where none does.
    fn next_of(&self, undone: &Undone) -> Option<(StepId, u32, Result<Undoing>)> {
        // A parent that has ended waits for nothing.
        let parent =
            self.runs.get(&undone.parent).or_else(|| self.live.get(&undone.parent).map(AsRef::as_ref))?;
        let (record, _) = parent.children().find(|(_, child)| **child == undone.child)?;
        let next = match self.run(&undone.child) {
            Ok(child) => Ok(undoing(parent, record, Some(&child), undone.broke_off)?),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(undoing(parent, record, None, false)?),
            Err(error) => Err(error),
        };
        Some((record.id.clone(), record.attempt(), next))
    }

    fn begin_rollback(&mut self, child: &RunId, reason: String, by: &Actor) -> Result<()> {
        let run = self.run(child)?;
        self.may_put_back(&run)?;
        self.command(child, &Command::Verb(Verb::Rollback { reason }), by).map(|_| ())
    }
}
