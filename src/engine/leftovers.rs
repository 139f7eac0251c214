//! Processes that an engine left running when it died: what the journal says is stopped, and what
//! belongs to runs that have ended meanwhile. A step that is uncertain is left to whoever decides.

use std::sync::{Arc, PoisonError};

use crate::base::{RunId, StepId};
use crate::engine::Engine;
use crate::exec::{Executor, leftovers};
use crate::run::{Attempt, AttemptEnd, FailureKind, Run, StepState};

/// The attempts that the journal says are stopped: an engine that died right then stopped nothing.
pub fn stopped(run: &Run) -> impl Iterator<Item = (&RunId, &StepId, u32)> {
    run.steps.iter().flat_map(move |record| {
        let undecided = matches!(record.state, StepState::Uncertain { .. }).then(|| record.attempt());
        let is_stopped = move |attempt: &&Attempt| match &attempt.ended {
            Some(AttemptEnd::Interrupted { .. }) => attempt.work.runs_processes(),
            Some(AttemptEnd::Failed { failure, .. }) => failure.kind == FailureKind::Timeout,
            Some(AttemptEnd::Uncertain { .. }) => undecided != Some(attempt.number),
            _ => false,
        };
        let attempts = record.attempts.iter().filter(is_stopped);
        attempts.map(|attempt| (run.id(), &record.id, attempt.number))
    })
}

/// Ends what still runs for runs that have ended. Blocking.
pub fn end(engine: &Arc<Engine>, executor: &Executor) {
    for folder in leftovers::folders(&engine.paths.outputs()) {
        let is_live = engine.live.read().unwrap_or_else(PoisonError::into_inner).contains_key(&folder.run);
        if !is_live && folder.pids.iter().any(|pid| pid.alive.is_some()) {
            tracing::warn!(run = %folder.run, "processes of an ended run are ended");
            executor.stop_all(&folder.run);
        }
    }
}
