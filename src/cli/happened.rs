//! What happened in a run, in words: one line for each event of its journal.

use crate::base::StepId;
use crate::cli::output::Tone;
use crate::cli::tell::skip_reason;
use crate::run::{AfterFailure, BackCause, Edit, Event, EventBody, Held, LeaseEnd, Work, WorkflowRef};

/// Why and where a run went back, without who did it.
pub fn back_text(to: &StepId, reason: Option<&String>, cause: &BackCause) -> String {
    match cause {
        BackCause::Wish => format!("back to {to}{}", because(reason)),
        BackCause::PushedBack { from } => format!("sent back from {from} to {to}{}", because(reason)),
        BackCause::Failed { step } => format!("back to {to}, because {step} failed{}", because(reason)),
        BackCause::Changed { .. } => format!("back to {to} for another approval{}", because(reason)),
    }
}

/// What happened, in one line without time and actor; `None` where it is of no interest to a
/// person who follows the run.
pub fn event_text(event: &Event) -> (Tone, String) {
    match &event.body {
        EventBody::RunStarted(header) => {
            (Tone::Strong, format!("started {} version {}", header.workflow.id, header.workflow.version))
        }
        EventBody::StepStarted { step, attempt, work, .. } => {
            let what = match work {
                Work::Manual => "waits for a person",
                Work::Ask => "asks",
                Work::Run { .. } => "runs",
                Work::Approve { .. } => "asks for approval",
                Work::Write { .. } => "writes",
                Work::Call { .. } => "calls a tool",
                Work::Agent { by_command: true, .. } => "asks an agent",
                Work::Agent { .. } => "waits for an agent's answer",
                Work::Workflow { .. } => "starts a run of its own",
                Work::Rollback { .. } => "rolls its run back",
                Work::ForEach { .. } => "goes through its list",
                Work::Unresolved => "cannot begin",
            };
            let again = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
            (Tone::Plain, format!("{step} {what}{again}"))
        }
        EventBody::ActionChecked { step, action, checked } => {
            let word = if *checked { "ticked" } else { "took the tick from" };
            (Tone::Plain, format!("{step}: {word} action {}", action + 1))
        }
        EventBody::StepCompleted { step, outcome, .. } => {
            let evidence: Vec<&str> = outcome.evidence.iter().map(|e| e.text.as_str()).collect();
            let tail = if evidence.is_empty() { String::new() } else { format!(": {}", evidence.join("; ")) };
            (Tone::Success, format!("✓ {step} done{tail}"))
        }
        EventBody::StepFailed { step, failure, next, .. } => {
            let then = match next {
                AfterFailure::Decide => "",
                AfterFailure::Retry { .. } => " (tried again by itself)",
                AfterFailure::Continue => " (the run goes on)",
            };
            (Tone::Failure, format!("✗ {step} failed: {}{then}", failure.message))
        }
        EventBody::StepSkipped { step, reason } => {
            (Tone::Dim, format!("- {step} skipped: {}", skip_reason(reason)))
        }
        EventBody::StepUncertain { step, .. } => {
            (Tone::Warning, format!("? {step} is uncertain: the engine ended while it ran"))
        }
        EventBody::StepRetried { step, edit } => {
            let edited = edit.as_ref().map_or_else(String::new, |e| format!(", edited: {}", edited(e)));
            (Tone::Plain, format!("{step} is tried again{edited}"))
        }
        EventBody::StepHeld { step, why, .. } => {
            let why = match why {
                Held::StepThrough => "the run steps through",
                Held::Breakpoint => "it has a breakpoint",
            };
            (Tone::Warning, format!("{step} is held: {why}"))
        }
        EventBody::StepReleased { step } => (Tone::Plain, format!("{step} may begin")),
        EventBody::StepChild { step, need: Some(need), .. } => {
            (Tone::Plain, format!("{step}: its run waits at “{}”", need.title))
        }
        EventBody::StepChild { step, need: None, .. } => (Tone::Plain, format!("{step}: its run goes on")),
        EventBody::StepTaken { step, until } => {
            (Tone::Plain, format!("{step} is taken until {}", until.local_clock()))
        }
        EventBody::StepHandedOver { step, to, until } => {
            (Tone::Plain, format!("{step} is handed over to {to} until {}", until.local_clock()))
        }
        EventBody::StepTakenBack { step, from, until } => {
            (Tone::Plain, format!("{step} is taken back from {from} until {}", until.local_clock()))
        }
        EventBody::LeaseEnded { step, holder, why: LeaseEnd::Expired } => {
            (Tone::Dim, format!("{step} is free again: the time of {holder} is over"))
        }
        EventBody::LeaseEnded { step, why: LeaseEnd::GivenUp, .. } => {
            (Tone::Plain, format!("{step} is handed over to whoever comes"))
        }
        EventBody::StepEscalated { step, to } => (Tone::Warning, format!("{step} is escalated to {}", to.to)),
        EventBody::ApprovalReminded { step, .. } => {
            (Tone::Warning, format!("{step} still waits for a decision"))
        }
        EventBody::StepThroughSet { on: true } => (Tone::Plain, "steps through from now on".to_owned()),
        EventBody::StepThroughSet { on: false } => (Tone::Plain, "steps through no more".to_owned()),
        EventBody::BreakpointSet { step, set: true } => (Tone::Plain, format!("breakpoint on {step}")),
        EventBody::BreakpointSet { step, set: false } => {
            (Tone::Plain, format!("no breakpoint on {step} any more"))
        }
        EventBody::RollbackStarted { reason, steps, .. } => {
            (Tone::Warning, format!("rolling back {} steps: {reason}", steps.len()))
        }
        EventBody::MovedOver(moved) => (Tone::Strong, moved_text(&moved.from, &moved.to)),
        EventBody::RolledBack => (Tone::Warning, "rolled back".to_owned()),
        EventBody::SubjectMoved { subject, to: Some(to), .. } => {
            (Tone::Success, format!("{subject} is {to} now"))
        }
        EventBody::SubjectMoved { subject, to: None, .. } => {
            (Tone::Plain, format!("{subject} has no state any more"))
        }
        EventBody::StepInterrupted { step, .. } => (Tone::Dim, format!("- {step} interrupted")),
        EventBody::WentBack { to, reason, cause } => (Tone::Plain, back_text(to, reason.as_ref(), cause)),
        EventBody::NoteAdded { text, .. } => (Tone::Plain, format!("note: {text}")),
        EventBody::RunPaused { freeze } => {
            (Tone::Dim, if *freeze { "paused, processes frozen".into() } else { "paused".into() })
        }
        EventBody::RunResumed => (Tone::Plain, "resumed".to_owned()),
        EventBody::CancelRequested { reason } => {
            (Tone::Dim, format!("cancel asked{}", because(reason.as_ref())))
        }
        EventBody::RunCancelled { reason, left_behind } => {
            let left = if left_behind.is_empty() {
                String::new()
            } else {
                format!("; still there: {}", left_behind.join(", "))
            };
            (Tone::Warning, format!("cancelled{}{left}", because(reason.as_ref())))
        }
        EventBody::RunCompleted => (Tone::Success, "✓ completed".to_owned()),
        EventBody::RunFailed { reason } => (Tone::Failure, format!("✗ failed: {reason}")),
    }
}

pub fn moved_text(from: &WorkflowRef, to: &WorkflowRef) -> String {
    format!("moved over from {}", versions_text(from, to))
}

/// `version 2 to 3`; digests tell versions of the same number apart.
pub fn versions_text(from: &WorkflowRef, to: &WorkflowRef) -> String {
    let told = |of: &WorkflowRef| {
        let digest = if from.version == to.version { of.digest.get(..8) } else { None };
        digest.map_or_else(|| of.version.to_string(), |digest| format!("{} ({digest})", of.version))
    };
    format!("version {} to {}", told(from), told(to))
}

/// What an edit changes: `script, env, input environment`.
pub fn edited(edit: &Edit) -> String {
    let texts = [
        (edit.script.is_some(), "script"),
        (edit.env.is_some(), "env"),
        (edit.with.is_some(), "parameters"),
        (edit.text.is_some(), "text"),
    ];
    let texts = texts.iter().filter(|(is, _)| *is).map(|(_, word)| (*word).to_owned());
    texts.chain(edit.inputs.keys().map(|name| format!("input {name}"))).collect::<Vec<_>>().join(", ")
}

fn because(reason: Option<&String>) -> String {
    reason.map_or_else(String::new, |r| format!(": {r}"))
}
