//! An event as one flat JSON object with stable names: what `mwtui events` prints and hooks are given.
//! The names themselves are declared in `config::events`; `docs/EVENTS.md` tells of them.

use serde_json::{Map, Value, json};

use crate::base::{RunId, StepId, WorkflowId};
use crate::config::events::{APPROVAL_NEEDED, PERSON_NEEDED};
use crate::run::{Event, EventBody, RunSummary, Work};

/// Raised when a line changes its meaning; additions do not raise it.
pub const SCHEMA_VERSION: u32 = 1;

/// The event's public name, its step and its attempt.
pub fn describe(body: &EventBody) -> (&'static str, Option<&StepId>, Option<u32>) {
    match body {
        EventBody::RunStarted(_) => ("run.started", None, None),
        EventBody::StepStarted { step, attempt, .. } => ("step.started", Some(step), Some(*attempt)),
        EventBody::ActionChecked { step, .. } => ("step.checked", Some(step), None),
        EventBody::StepCompleted { step, attempt, .. } => ("step.completed", Some(step), Some(*attempt)),
        EventBody::StepFailed { step, attempt, .. } => ("step.failed", Some(step), Some(*attempt)),
        EventBody::StepSkipped { step, .. } => ("step.skipped", Some(step), None),
        EventBody::StepUncertain { step, attempt } => ("step.uncertain", Some(step), Some(*attempt)),
        EventBody::StepRetried { step, .. } => ("step.retried", Some(step), None),
        EventBody::StepInterrupted { step, attempt } => ("step.interrupted", Some(step), Some(*attempt)),
        EventBody::WentBack { to, .. } => ("run.back", Some(to), None),
        EventBody::StepHeld { step, .. } => ("step.held", Some(step), None),
        EventBody::StepReleased { step } => ("step.released", Some(step), None),
        EventBody::StepChild { step, attempt, .. } => ("step.child", Some(step), Some(*attempt)),
        EventBody::StepTaken { step, .. } => ("step.taken", Some(step), None),
        EventBody::StepHandedOver { step, .. } => ("step.handed_over", Some(step), None),
        EventBody::StepTakenBack { step, .. } => ("step.taken_back", Some(step), None),
        EventBody::LeaseEnded { step, .. } => ("step.lease_ended", Some(step), None),
        EventBody::StepEscalated { step, .. } => ("step.escalated", Some(step), None),
        EventBody::ApprovalReminded { step, .. } => ("approval.reminded", Some(step), None),
        EventBody::StepThroughSet { .. } => ("run.step_through", None, None),
        EventBody::BreakpointSet { step, .. } => ("run.breakpoint", Some(step), None),
        EventBody::RollbackStarted { .. } => ("run.rolling_back", None, None),
        EventBody::MovedOver(_) => ("run.moved_over", None, None),
        EventBody::RolledBack => ("run.rolled_back", None, None),
        EventBody::SubjectMoved { .. } => ("subject.moved", None, None),
        EventBody::NoteAdded { step, .. } => ("run.note", step.as_ref(), None),
        EventBody::RunPaused { .. } => ("run.paused", None, None),
        EventBody::RunResumed => ("run.resumed", None, None),
        EventBody::CancelRequested { .. } => ("run.cancelling", None, None),
        EventBody::RunCancelled { .. } => ("run.cancelled", None, None),
        EventBody::RunCompleted => ("run.completed", None, None),
        EventBody::RunFailed { .. } => ("run.failed", None, None),
    }
}

/// One event of a run of this workflow.
pub fn line(run: &RunId, workflow: &WorkflowId, event: &Event) -> Value {
    let (name, step, attempt) = describe(&event.body);
    let mut data = match serde_json::to_value(&event.body) {
        Ok(Value::Object(mut body)) => match body.remove("data") {
            Some(Value::Object(data)) => data,
            _ => Map::new(),
        },
        _ => Map::new(),
    };
    // They stand beside it.
    data.shift_remove("step");
    data.shift_remove("attempt");
    envelope(name, run, workflow, (step, attempt), event, data)
}

/// What hooks are told beside the events of a change: their names, and their lines.
pub fn derived(summary: &RunSummary, events: &[Event]) -> Vec<(&'static str, Value)> {
    let (run, workflow) = (&summary.run, &summary.workflow);
    let mut told = Vec::new();
    for event in events {
        if let EventBody::StepStarted { work: Work::Approve { .. }, .. } = &event.body {
            let mut line = line(run, workflow, event);
            line["event"] = APPROVAL_NEEDED.into();
            told.push((APPROVAL_NEEDED, line));
        }
    }
    let (Some(need), Some(first), Some(last)) = (&summary.need, events.first(), events.last()) else {
        return told;
    };
    // What was needed before is not needed anew.
    if need.since >= first.at {
        let attempt = events.iter().rev().find_map(|event| match describe(&event.body) {
            (_, Some(step), attempt) if step == &need.step => attempt,
            _ => None,
        });
        let data = json!({
            "kind": need.kind, "title": need.title, "since": need.since, "deadline": need.deadline,
            "detail": need.detail, "to": need.to, "child": need.child,
        });
        let Value::Object(data) = data else { return told };
        let place = (Some(&need.step), attempt);
        told.push((PERSON_NEEDED, envelope(PERSON_NEEDED, run, workflow, place, last, data)));
    }
    told
}

fn envelope(
    name: &str,
    run: &RunId,
    workflow: &WorkflowId,
    (step, attempt): (Option<&StepId>, Option<u32>),
    event: &Event,
    data: Map<String, Value>,
) -> Value {
    json!({
        "event": name,
        "run": run,
        "workflow": workflow,
        "step": step,
        "attempt": attempt,
        "actor": event.actor,
        "at": event.at.rfc3339(),
        "seq": event.seq,
        "data": data,
        "schema_version": SCHEMA_VERSION,
    })
}

#[cfg(test)]
mod tests;
