//! What the engine must do once events are durable, and never before.

use crate::base::{RunId, StepId, Timestamp};
use crate::run::{EventBody, Run, Work};

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Do the work of this attempt and report.
    Execute { run: RunId, step: StepId, attempt: u32, work: Work, deadline: Option<Timestamp> },
    /// End the processes of this attempt; its reports count no more.
    Stop { run: RunId, step: StepId, attempt: u32 },
    /// End every process of the run, then report `Stopped`.
    StopAll { run: RunId },
    /// Stop the run's processes where they are.
    Freeze { run: RunId },
    /// Let them go on.
    Thaw { run: RunId },
}

/// The effects of one event, given the run with the event folded in.
pub fn effects(run: &Run, event: &EventBody) -> Vec<Effect> {
    let _ = (run, event);
    Vec::new()
}
