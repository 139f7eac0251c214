//! What may follow what: the transitions of steps and runs, written down a second time and by hand.

use crate::run::{EventBody, Phase, Prompt, Run, StepState};

/// What a step is in, as far as it decides what may happen to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    Pending,
    Running,
    /// A person is to do and tick.
    Check,
    Asked,
    Gate,
    /// Tried again at a time.
    Retry,
    Done,
    /// A person decides.
    Failed,
    /// Noted; the run goes on.
    Continued,
    Skipped,
    Cancelled,
    Uncertain,
}

/// What happens to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Started,
    Checked,
    Completed,
    Failed,
    Skipped,
    Uncertain,
    Retried,
    Interrupted,
    /// Somebody went back to it or to an earlier one.
    Back,
    /// The run was cancelled or has failed.
    Ended,
    /// The run is completed.
    RunDone,
}

use At::{
    Asked, Cancelled, Check, Continued, Done, Failed, Gate, Pending, Retry, Running, Skipped, Uncertain,
};

const ANY: &[At] =
    &[Pending, Running, Check, Asked, Gate, Retry, Done, Failed, Continued, Skipped, Cancelled, Uncertain];

/// From, what happens, to.
const STEPS: &[(&[At], What, &[At])] = &[
    (&[Pending, Retry], What::Started, &[Running, Check, Asked, Gate]),
    (&[Check], What::Checked, &[Check]),
    (&[Running, Check, Asked, Gate, Failed, Uncertain], What::Completed, &[Done]),
    (&[Running], What::Failed, &[Failed, Continued, Retry]),
    (&[Check, Asked, Gate], What::Failed, &[Failed]),
    (&[Pending, Retry, Check, Asked, Failed, Uncertain], What::Skipped, &[Skipped]),
    (&[Running], What::Uncertain, &[Uncertain]),
    (&[Failed, Uncertain, Retry], What::Retried, &[Pending]),
    (&[Running], What::Interrupted, &[Pending]),
    (ANY, What::Back, &[Pending]),
    (&[Running, Check, Asked, Gate, Retry, Failed, Uncertain], What::Ended, &[Cancelled]),
    (&[Pending], What::Ended, &[Pending]),
    (&[Done], What::Ended, &[Done]),
    (&[Skipped], What::Ended, &[Skipped]),
    (&[Continued], What::Ended, &[Continued]),
    (&[Done], What::RunDone, &[Done]),
    (&[Skipped], What::RunDone, &[Skipped]),
    (&[Continued], What::RunDone, &[Continued]),
];

pub fn at(state: &StepState) -> At {
    match state {
        StepState::Pending => Pending,
        StepState::Running { .. } => Running,
        StepState::Waiting { on: Prompt::Check { .. }, .. } => Check,
        StepState::Waiting { on: Prompt::Answers, .. } => Asked,
        StepState::Waiting { on: Prompt::Approval { .. }, .. } => Gate,
        StepState::Waiting { on: Prompt::Retry { .. }, .. } => Retry,
        StepState::Done { .. } => Done,
        StepState::Failed { continued: false, .. } => Failed,
        StepState::Failed { continued: true, .. } => Continued,
        StepState::Skipped { .. } => Skipped,
        StepState::Cancelled { .. } => Cancelled,
        StepState::Uncertain { .. } => Uncertain,
    }
}

/// The steps that an event touches, by their place, and what happens to them.
fn touched(run: &Run, event: &EventBody) -> Vec<(usize, What)> {
    let one = |step, what| run.record(step).map(|(index, _)| (index, what)).into_iter().collect();
    let all = |what| (0..run.steps.len()).map(|index| (index, what)).collect();
    match event {
        EventBody::StepStarted { step, .. } => one(step, What::Started),
        EventBody::ActionChecked { step, .. } => one(step, What::Checked),
        EventBody::StepCompleted { step, .. } => one(step, What::Completed),
        EventBody::StepFailed { step, .. } => one(step, What::Failed),
        EventBody::StepSkipped { step, .. } => one(step, What::Skipped),
        EventBody::StepUncertain { step, .. } => one(step, What::Uncertain),
        EventBody::StepRetried { step } => one(step, What::Retried),
        EventBody::StepInterrupted { step, .. } => one(step, What::Interrupted),
        EventBody::WentBack { to, .. } => {
            let from = run.record(to).map_or(run.steps.len(), |(index, _)| index);
            (from..run.steps.len()).map(|index| (index, What::Back)).collect()
        }
        EventBody::RunCancelled { .. } | EventBody::RunFailed { .. } => all(What::Ended),
        EventBody::RunCompleted => all(What::RunDone),
        EventBody::RunStarted(_)
        | EventBody::NoteAdded { .. }
        | EventBody::RunPaused { .. }
        | EventBody::RunResumed
        | EventBody::CancelRequested { .. } => Vec::new(),
    }
}

/// Why `event` may not have led from `before` to `after`; `None` where it may.
pub fn wrong(before: &Run, event: &EventBody, after: &Run) -> Option<String> {
    if !in_phase(&before.phase, event) {
        return Some(format!("an event that may not come while the run is {:?}", before.phase));
    }
    let touched = touched(before, event);
    for (index, (old, new)) in before.steps.iter().zip(&after.steps).enumerate() {
        let (from, to) = (at(&old.state), at(&new.state));
        let what = touched.iter().find(|(place, _)| *place == index).map(|(_, what)| *what);
        let may = match what {
            Some(what) => STEPS.iter().any(|(f, w, t)| f.contains(&from) && *w == what && t.contains(&to)),
            // A pause moves deadlines, nothing else.
            None => from == to,
        };
        if !may {
            return Some(format!("step {} goes from {from:?} to {to:?} by {what:?}", old.id));
        }
    }
    None
}

/// Which events a run takes in which phase.
fn in_phase(phase: &Phase, event: &EventBody) -> bool {
    let note = matches!(event, EventBody::NoteAdded { .. });
    match phase {
        Phase::Active { .. } => !matches!(
            event,
            EventBody::RunStarted(_) | EventBody::RunResumed | EventBody::RunCancelled { .. }
        ),
        // Nothing begins, and no clock ends it.
        Phase::Paused { .. } => !matches!(
            event,
            EventBody::RunStarted(_)
                | EventBody::StepStarted { .. }
                | EventBody::RunCompleted
                | EventBody::RunFailed { .. }
                | EventBody::RunCancelled { .. }
        ),
        Phase::Cancelling { .. } => {
            note || matches!(event, EventBody::CancelRequested { .. } | EventBody::RunCancelled { .. })
        }
        Phase::Completed { .. } | Phase::Failed { .. } | Phase::Cancelled { .. } => note,
    }
}
