//! The wording that commands share: statuses with glyph and word, one row of a run, one line
//! for an event, what a run waits for, and what to type about it.

use crate::base::{Millis, Timestamp};
use crate::cli::output::{Line, Tone};
use crate::run::{
    AfterFailure, Event, EventBody, NeedKind, Prompt, Run, RunStatus, RunSummary, SkipReason, StepRecord,
    StepState, StepStatus, Work,
};
use crate::workflow::Step;

pub fn run_tone(status: RunStatus) -> Tone {
    match status {
        RunStatus::Running => Tone::Info,
        RunStatus::Waiting => Tone::Warning,
        RunStatus::Paused => Tone::Dim,
        RunStatus::Completed => Tone::Success,
        RunStatus::Failed => Tone::Failure,
        RunStatus::Cancelled => Tone::Plain,
    }
}

/// Glyph and word: nothing is told by colour alone.
pub fn run_word(status: RunStatus) -> String {
    let glyph = match status {
        RunStatus::Running => "*",
        RunStatus::Waiting => "▲",
        RunStatus::Paused => "‖",
        RunStatus::Completed => "✓",
        RunStatus::Failed => "✗",
        RunStatus::Cancelled => "-",
    };
    format!("{glyph} {}", status.word())
}

pub fn step_tone(status: StepStatus) -> Tone {
    match status {
        StepStatus::Pending | StepStatus::Skipped | StepStatus::Cancelled => Tone::Dim,
        StepStatus::Running => Tone::Info,
        StepStatus::Waiting | StepStatus::Uncertain => Tone::Warning,
        StepStatus::Done => Tone::Success,
        StepStatus::Failed => Tone::Failure,
    }
}

pub fn step_word(status: StepStatus) -> String {
    let glyph = match status {
        StepStatus::Pending => "·",
        StepStatus::Running => "*",
        StepStatus::Waiting => "▲",
        StepStatus::Done => "✓",
        StepStatus::Failed => "✗",
        StepStatus::Skipped | StepStatus::Cancelled => "-",
        StepStatus::Uncertain => "?",
    };
    format!("{glyph} {}", status.word())
}

/// `7f3a  MW-004  Deploy MCP changes  ▲ waiting  3/5  Run the tests`
pub fn summary_line(run: &RunSummary) -> Line {
    let line = Line::new()
        .strong(run.run.short())
        .plain("  ")
        .plain(run.workflow.as_str())
        .plain("  ")
        .plain(&run.name)
        .plain("  ")
        .put(run_tone(run.status), run_word(run.status));
    if run.status.is_ended() {
        return line.dim(format!("  {}/{} steps settled", run.settled, run.steps));
    }
    line.dim(format!("  {}/{}  ", run.current, run.steps)).plain(&run.current_title)
}

/// What to type next about a run that needs a person.
pub fn next_line(run: &RunSummary) -> Option<Line> {
    let id = run.run.short();
    if run.status == RunStatus::Paused {
        return Some(Line::new().dim("next: ").plain(format!("mwtui resume {id}")));
    }
    let need = run.need.as_ref()?;
    let what = match need.kind {
        NeedKind::Check => format!("mwtui done {id}, or mwtui skip {id} --reason TEXT"),
        NeedKind::Answer => format!("mwtui answer {id} --set NAME=VALUE…"),
        NeedKind::Approve => format!("mwtui approve {id}, or mwtui reject {id} --reason TEXT"),
        NeedKind::Failed => {
            format!("mwtui retry {id}, mwtui skip {id} --reason TEXT, or mwtui back {id} STEP")
        }
        NeedKind::Agent => format!("mwtui answer {id} --set text=TEXT, or mwtui skip {id} --reason TEXT"),
        NeedKind::Proceed => format!("mwtui proceed {id}, or mwtui skip {id} --reason TEXT"),
        NeedKind::Uncertain => format!("mwtui retry {id}, mwtui done {id}, or mwtui skip {id} --reason TEXT"),
    };
    Some(Line::new().dim("next: ").plain(what))
}

/// One step of a run, as `status` and the walk list it.
pub fn step_line(number: usize, step: &Step, record: &StepRecord, run: &Run, now: Timestamp) -> Line {
    let status = record.state.status();
    let mut line = Line::new()
        .put(step_tone(status), format!("  {:<11}", step_word(status)))
        .dim(format!("{number:>3}  "))
        .plain(&step.title)
        .dim(format!("  {}", step.kind.word()));
    if record.attempt() > 1 {
        line = line.dim(format!("  attempt {}", record.attempt()));
    }
    let spent: u64 =
        run.segments.iter().filter(|s| s.step.as_ref() == Some(&step.id)).map(|s| s.length(now).0).sum();
    if spent >= 1000 {
        line = line.dim(format!("  {}", Millis(spent)));
    }
    match &record.state {
        StepState::Failed { failure, .. } => line.put(Tone::Failure, format!("  {}", failure.message)),
        StepState::Skipped { reason, .. } => line.dim(format!("  {}", skip_reason(reason))),
        StepState::Done { outcome, .. } if outcome.evidence.is_empty() && outcome.answers.is_empty() => {
            line.dim("  unverified")
        }
        StepState::Waiting { on: Prompt::Retry { due, .. }, .. } => {
            line.dim(format!("  next try in {}", due.since(now)))
        }
        _ => line,
    }
}

fn skip_reason(reason: &SkipReason) -> String {
    match reason {
        SkipReason::Condition { expression } => format!("{expression} is false"),
        SkipReason::Person { reason } => reason.clone(),
        SkipReason::NotListed => "its item is no longer in the list".to_owned(),
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
            let edited = if edit.is_some() { ", edited" } else { "" };
            (Tone::Plain, format!("{step} is tried again{edited}"))
        }
        EventBody::StepHeld { step, .. } => {
            (Tone::Warning, format!("{step} is held until somebody has looked"))
        }
        EventBody::StepReleased { step } => (Tone::Plain, format!("{step} may begin")),
        EventBody::StepChild { step, need: Some(need), .. } => {
            (Tone::Plain, format!("{step}: its run waits at “{}”", need.title))
        }
        EventBody::StepChild { step, need: None, .. } => (Tone::Plain, format!("{step}: its run goes on")),
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
        EventBody::RolledBack => (Tone::Warning, "rolled back".to_owned()),
        EventBody::SubjectMoved { subject, to: Some(to), .. } => {
            (Tone::Success, format!("{subject} is {to} now"))
        }
        EventBody::SubjectMoved { subject, to: None, .. } => {
            (Tone::Plain, format!("{subject} has no state any more"))
        }
        EventBody::StepInterrupted { step, .. } => (Tone::Dim, format!("- {step} interrupted")),
        EventBody::WentBack { to, reason, .. } => {
            (Tone::Plain, format!("back to {to}{}", because(reason.as_ref())))
        }
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

fn because(reason: Option<&String>) -> String {
    reason.map_or_else(String::new, |r| format!(": {r}"))
}
