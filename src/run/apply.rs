//! Folding events into the state. Total: any event sequence that `decide` made folds.

use std::sync::Arc;

use crate::run::{Event, Run};
use crate::workflow::Workflow;

/// The state after the first event, which must be `RunStarted`.
pub fn begin(workflow: Arc<Workflow>, first: &Event) -> Option<Run> {
    let _ = (workflow, first);
    None
}

/// Folds one event in.
pub fn apply(run: &mut Run, event: &Event) {
    run.seq = event.seq;
}

/// Folds a whole journal; `None` where it does not begin with `RunStarted`.
pub fn replay(workflow: Arc<Workflow>, events: &[Event]) -> Option<Run> {
    let (first, rest) = events.split_first()?;
    let mut run = begin(workflow, first)?;
    for event in rest {
        apply(&mut run, event);
    }
    Some(run)
}
