//! Commands → events, or a refusal that says why. Nothing else decides what a run does next.

use std::sync::Arc;

use crate::base::{Actor, Timestamp};
use crate::run::{Command, Event, Refusal, Run, RunStarted};
use crate::workflow::Workflow;

/// The events that answer a command, in order, the run's own next steps included. Empty: the
/// command is out of date and changes nothing (a report about an old attempt, a timer too early).
pub fn decide(run: &Run, command: &Command, actor: &Actor, at: Timestamp) -> Result<Vec<Event>, Refusal> {
    let _ = (run, command, actor, at);
    Ok(Vec::new())
}

/// The first events of a new run.
pub fn start(
    workflow: Arc<Workflow>,
    header: RunStarted,
    actor: &Actor,
    at: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    let _ = (workflow, header, actor, at);
    Ok(Vec::new())
}
