//! The states of subjects in one batch: looked at when a run starts, changed by the same commit that
//! completes or rolls back the run, or by a person's word.

use std::path::Path;

use crate::base::{Actor, Error, Result};
use crate::engine::Reply;
use crate::engine::batch::Batch;
use crate::protocol::Response;
use crate::run::subject::NAME_LIMIT;
use crate::run::{Event, EventBody, Run, RunStarted, SubjectMove, SubjectState};
use crate::store::Append;
use crate::workflow::Workflow;

impl Batch<'_> {
    /// Fills in the state that the subject has now; refuses a run that must not start in it.
    pub(super) fn know_subject(&self, workflow: &Workflow, header: &mut RunStarted) -> Result<()> {
        let (Some(moves), Some(subject)) = (&workflow.moves, &mut header.subject) else { return Ok(()) };
        let known = self.subject(&subject.root, &subject.name)?;
        let is_same = |run: &&Run| {
            let other = run.header.subject.as_ref();
            !run.is_ended()
                && run.workflow.moves.is_some()
                && other.is_some_and(|o| o.root == subject.root && o.name == subject.name)
        };
        let touched = self.runs.values();
        let others = self.live.iter().filter(|(id, _)| !self.runs.contains_key(*id)).map(|(_, run)| &**run);
        let busy = touched.chain(others).find(is_same).map(|run| run.id().clone());
        known.may_start(moves, busy.as_ref())?;
        subject.state = known.state;
        Ok(())
    }

    fn subject(&self, root: &str, name: &str) -> Result<SubjectState> {
        if let Some(known) = self.subjects.get(&(root.to_owned(), name.to_owned())) {
            return Ok(known.clone());
        }
        let stored = self.store.subject(root, name)?;
        Ok(stored.unwrap_or_else(|| SubjectState::unknown(root, name)))
    }

    /// What an event of a run does to its subject.
    pub(super) fn move_subject(&mut self, run: &Run, event: &Event) {
        let (EventBody::SubjectMoved { from, to, .. }, Some(subject)) = (&event.body, &run.header.subject)
        else {
            return;
        };
        let made = SubjectMove {
            at: event.at,
            by: run.started_by.clone(),
            from: from.clone(),
            to: to.clone(),
            run: Some(run.id().clone()),
            reason: None,
        };
        match self.subject(&subject.root, &subject.name) {
            Ok(mut state) => {
                state.moved(made);
                self.keep(state);
            }
            Err(error) => tracing::error!(run = %run.id(), ?error, "a subject cannot be read"),
        }
    }

    /// Whether rolling this run back may put its subject back: not once something else has moved it.
    pub(super) fn may_put_back(&self, run: &Run) -> Result<()> {
        let (true, Some((moves, subject))) = (run.completed, run.moves()) else { return Ok(()) };
        let known = self.subject(&subject.root, &subject.name)?;
        if known.state.as_ref() == Some(&moves.to) {
            return Ok(());
        }
        let now = known.state.as_deref().unwrap_or("in no known state");
        Err(Error::refused(format!("“{}” is {now}, no longer {}", subject.name, moves.to))
            .cause("Something else has moved it since this run completed")
            .hint(format!("Roll that back first; mwtui subject show {} tells what it was", subject.name)))
    }

    pub fn set_subject(
        &mut self,
        root: &Path,
        name: &str,
        state: Option<String>,
        reason: &str,
        actor: &Actor,
        reply: Reply,
    ) {
        let answer = self.set(root, name, state, reason, actor);
        self.answers.push((reply, answer));
    }

    fn set(
        &mut self,
        root: &Path,
        name: &str,
        state: Option<String>,
        reason: &str,
        actor: &Actor,
    ) -> Result<Response> {
        if !actor.is_person() {
            return Err(Error::refused("Only a person says in which state a subject is")
                .hint("Ask the person at the console to do it"));
        }
        let state = state.map(|s| s.trim().to_owned());
        let (name, reason) = (name.trim(), reason.trim());
        if name.is_empty() || state.as_ref().is_some_and(String::is_empty) || reason.is_empty() {
            return Err(Error::usage("A subject is set with its name, its state and a reason"));
        }
        if [name, reason, state.as_deref().unwrap_or_default()].iter().any(|t| t.len() > NAME_LIMIT) {
            return Err(Error::usage(format!("Names, states and reasons have at most {NAME_LIMIT} bytes")));
        }
        let root = root.to_string_lossy();
        let busy = self.live.values().find(|run| {
            let subject = run.header.subject.as_ref();
            run.workflow.moves.is_some() && subject.is_some_and(|s| s.root == root && s.name == name)
        });
        if let Some(run) = busy {
            return Err(Error::refused(format!("Run {} is moving “{name}” now", run.id().short()))
                .hint("Let it end, or cancel it, then say where the subject stands"));
        }
        let mut subject = self.subject(&root, name)?;
        subject.moved(SubjectMove {
            at: self.now,
            by: actor.clone(),
            from: subject.state.clone(),
            to: state,
            run: None,
            reason: Some(reason.to_owned()),
        });
        let answer = Response::Subjects(vec![subject.clone()]);
        self.keep(subject);
        Ok(answer)
    }

    fn keep(&mut self, state: SubjectState) {
        self.appends.push(Append::Subject { state: Box::new(state.clone()) });
        self.subjects.insert((state.root.clone(), state.name.clone()), state);
    }
}
