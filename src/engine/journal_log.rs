//! The log's line for each event of a journal.

use std::collections::HashMap;

use crate::base::RunId;
use crate::engine::learning;
use crate::run::{Event, EventBody, Run, SessionEvent, SessionEventBody};
use crate::store::Append;

/// Everything that one commit has made durable; `runs` are as they are after it.
pub fn all(appends: &[Append], runs: &HashMap<RunId, Run>) {
    for append in appends {
        match append {
            Append::Run { run, events, .. } => {
                for (event, run) in events.iter().filter_map(|e| Some((e, runs.get(run)?))) {
                    run_event(run, event);
                }
            }
            Append::Session { session, events, .. } => {
                for event in events {
                    session_event(session, event);
                }
            }
            Append::Subject { state } => {
                tracing::info!(subject = state.name, root = state.root, state = state.state, "subject.moved");
            }
            Append::Memory { events } => events.iter().for_each(learning::log),
        }
    }
}

/// One line at info, with run, step and attempt as fields.
fn run_event(run: &Run, event: &Event) {
    let (name, step, attempt) = describe(&event.body);
    tracing::info!(
        run = %run.id(),
        workflow = %run.workflow.id,
        seq = event.seq,
        step = step.map(tracing::field::display),
        attempt,
        actor = %event.actor,
        "{name}"
    );
}

fn session_event(session: &crate::base::SessionId, event: &SessionEvent) {
    let name = match event.body {
        SessionEventBody::Opened { .. } => "session.opened",
        SessionEventBody::Noted { .. } => "session.note",
        SessionEventBody::Renamed { .. } => "session.renamed",
        SessionEventBody::Exported(_) => "session.exported",
        SessionEventBody::Ended => "session.ended",
    };
    tracing::info!(session = %session, seq = event.seq, actor = %event.actor, "{name}");
}

/// The event's public name, its step and its attempt.
fn describe(body: &EventBody) -> (&'static str, Option<&str>, Option<u32>) {
    match body {
        EventBody::RunStarted(_) => ("run.started", None, None),
        EventBody::StepStarted { step, attempt, .. } => ("step.started", Some(step.as_str()), Some(*attempt)),
        EventBody::ActionChecked { step, .. } => ("step.checked", Some(step.as_str()), None),
        EventBody::StepCompleted { step, attempt, .. } => {
            ("step.completed", Some(step.as_str()), Some(*attempt))
        }
        EventBody::StepFailed { step, attempt, .. } => ("step.failed", Some(step.as_str()), Some(*attempt)),
        EventBody::StepSkipped { step, .. } => ("step.skipped", Some(step.as_str()), None),
        EventBody::StepUncertain { step, attempt } => ("step.uncertain", Some(step.as_str()), Some(*attempt)),
        EventBody::StepRetried { step, .. } => ("step.retried", Some(step.as_str()), None),
        EventBody::StepInterrupted { step, attempt } => {
            ("step.interrupted", Some(step.as_str()), Some(*attempt))
        }
        EventBody::WentBack { to, .. } => ("run.back", Some(to.as_str()), None),
        EventBody::StepHeld { step, .. } => ("step.held", Some(step.as_str()), None),
        EventBody::StepReleased { step } => ("step.released", Some(step.as_str()), None),
        EventBody::StepChild { step, attempt, .. } => ("step.child", Some(step.as_str()), Some(*attempt)),
        EventBody::StepEscalated { step, .. } => ("step.escalated", Some(step.as_str()), None),
        EventBody::ApprovalReminded { step, .. } => ("approval.reminded", Some(step.as_str()), None),
        EventBody::StepThroughSet { .. } => ("run.step_through", None, None),
        EventBody::BreakpointSet { step, .. } => ("run.breakpoint", Some(step.as_str()), None),
        EventBody::RollbackStarted { .. } => ("run.rolling_back", None, None),
        EventBody::RolledBack => ("run.rolled_back", None, None),
        EventBody::SubjectMoved { .. } => ("subject.moved", None, None),
        EventBody::NoteAdded { step, .. } => ("run.note", step.as_ref().map(AsRef::as_ref), None),
        EventBody::RunPaused { .. } => ("run.paused", None, None),
        EventBody::RunResumed => ("run.resumed", None, None),
        EventBody::CancelRequested { .. } => ("run.cancelling", None, None),
        EventBody::RunCancelled { .. } => ("run.cancelled", None, None),
        EventBody::RunCompleted => ("run.completed", None, None),
        EventBody::RunFailed { .. } => ("run.failed", None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::BackCause;

    #[test]
    fn the_log_uses_the_journals_names() {
        let bodies = [
            EventBody::RunResumed,
            EventBody::RunCompleted,
            EventBody::StepRetried { step: "a".into(), edit: None },
            EventBody::WentBack { to: "a".into(), reason: None, cause: BackCause::Wish },
            EventBody::CancelRequested { reason: None },
            EventBody::NoteAdded { step: None, text: String::new() },
            EventBody::StepUncertain { step: "a".into(), attempt: 1 },
        ];
        for body in bodies {
            let json = serde_json::to_value(&body).expect("an event is JSON");
            assert_eq!(json["event"], describe(&body).0);
        }
    }
}
