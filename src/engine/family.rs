//! Parents and children in one batch: what happens to a run and what follows for its child runs and
//! its parent are one commit.

use crate::base::{Actor, RunId};
use crate::engine::batch::{Batch, Due};
use crate::engine::{Prepared, load};
use crate::run::{Command, Effect, Report, Run, StepState, Verb, Work, passed_up};

impl Batch<'_> {
    /// Begins a child run, unless it is there already or its parent needs it no more.
    pub fn start_child(&mut self, prepared: Prepared) {
        self.start_wanted(prepared);
        self.roll_children_back();
    }

    fn start_wanted(&mut self, prepared: Prepared) {
        let child = prepared.header.run.clone();
        let Some(parent) = prepared.header.parent.clone() else { return };
        let Ok(run) = self.run(&parent.run) else { return };
        let is_wanted = run.children().any(|(record, id)| {
            id == &child && record.id == parent.step && record.attempt() == parent.attempt
        });
        if !is_wanted || run.is_ended() || self.run(&child).is_ok() {
            return;
        }
        self.children.push(prepared.clone());
        if let Err(error) = self.started(prepared, &Actor::Engine) {
            tracing::warn!(parent = %parent.run, %child, ?error, "a child run cannot start");
            let failure = crate::run::Failure {
                kind: crate::run::FailureKind::Child,
                message: error.message,
                exit: None,
            };
            let report = Report::Failed { step: parent.step, attempt: parent.attempt, failure };
            self.follow_up(&parent.run, &report);
            return;
        }
        let now = self.run(&parent.run).ok();
        if let Some(freeze) = now.as_ref().and_then(|run| match run.phase {
            crate::run::Phase::Paused { frozen, .. } => Some(frozen),
            _ => None,
        }) {
            self.pass_down(vec![(child.clone(), Verb::Pause { freeze }, Actor::Engine)]);
        }
        self.pass_up(&child);
    }

    /// Says to child runs what an event of their parent means for them.
    pub(super) fn pass_down(&mut self, verbs: Vec<(RunId, Verb, Actor)>) {
        for (child, verb, actor) in verbs {
            // One that is paused already, or has ended in this very moment, refuses; that is fine.
            if let Err(error) = self.command(&child, &Command::Verb(verb), &actor) {
                tracing::debug!(%child, %error, "a child run takes no verb of its parent");
            }
        }
    }

    /// Tells the parent how a child run stands.
    pub(super) fn pass_up(&mut self, id: &RunId) {
        let up = self.runs.get(id).and_then(passed_up);
        if let Some((parent, report)) = up {
            self.follow_up(&parent, &report);
        }
    }

    /// A run is cancelled only once its child runs have ended.
    pub(super) fn must_wait(&self, id: &RunId, report: &Report) -> bool {
        matches!(report, Report::Stopped { .. })
            && self.run(id).is_ok_and(|run| run.children().any(|(_, child)| self.is_live(child)))
    }

    fn is_live(&self, id: &RunId) -> bool {
        match self.runs.get(id) {
            Some(run) => !run.is_ended(),
            None => self.live.contains_key(id),
        }
    }

    /// Takes in what waited for child runs that have ended meanwhile.
    pub fn look_again(&mut self) {
        loop {
            let held = std::mem::take(&mut self.held);
            let before = held.len();
            for (run, report) in held {
                self.report(&run, report);
            }
            if self.held.is_empty() || self.held.len() == before {
                return;
            }
        }
    }

    /// After a crash: a child run that ended tells its parent again, one that was never begun is begun, and
    /// what was to be rolled back is.
    pub(super) fn reunite(&mut self, id: &RunId) {
        let Ok(run) = self.run(id) else { return };
        self.look_at_open_undone(&run);
        for (step, child) in children(&run) {
            if self.is_live(&child) {
                continue;
            }
            match load::run(self.store, &child) {
                Ok(child) => {
                    if let Some((parent, report)) = passed_up(&child) {
                        self.follow_up(&parent, &report);
                    }
                }
                Err(error) if error.kind == crate::base::ErrorKind::NotFound => self.effects.push(Due {
                    effect: step,
                    folder: run.header.context.folder.clone().into(),
                    environment: Vec::new(),
                }),
                Err(error) => tracing::error!(%child, ?error, "a child run cannot be loaded"),
            }
        }
    }
}

/// The child runs that should go on, and the effect that starts each.
fn children(run: &Run) -> Vec<(Effect, RunId)> {
    let open = run.steps.iter().filter(|r| matches!(r.state, StepState::Running { .. }));
    open.filter_map(|record| match record.attempts.last().map(|a| &a.work) {
        Some(Work::Workflow { workflow, inputs, run: child }) => {
            let effect = Effect::StartChild {
                run: run.id().clone(),
                step: record.id.clone(),
                attempt: record.attempt(),
                child: child.clone(),
                workflow: workflow.clone(),
                inputs: inputs.clone(),
            };
            Some((effect, child.clone()))
        }
        _ => None,
    })
    .collect()
}
