//! What may follow what: the transitions of steps and runs, written down a second time and by hand.

use crate::run::{EventBody, LeaseEnd, Phase, Prompt, Role, Run, StepRecord, StepState, Work};

/// What a step is in, as far as it decides what may happen to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    Pending,
    Running,
    /// It runs by its iterations.
    Loop,
    /// A person is to do and tick.
    Check,
    Asked,
    /// Somebody answers for an agent.
    Agent,
    Gate,
    /// Somebody wanted to look first.
    Held,
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
    Held,
    Released,
    /// Its child run waits, or does so no more.
    Child,
    Escalated,
    Reminded,
    /// Somebody has it for a while, or has it no more.
    Lease,
    Checked,
    Completed,
    Failed,
    Skipped,
    Uncertain,
    Retried,
    Interrupted,
    /// Somebody went back to it or to one that it needs.
    Back,
    /// Its loop has begun, with other items perhaps.
    Listed,
    /// The run was cancelled or has failed, or is rolled back.
    Ended,
    RunDone,
    RollingBack,
}

use At::{
    Agent, Asked, Cancelled, Check, Continued, Done, Failed, Gate, Held, Loop, Pending, Retry, Running,
    Skipped, Uncertain,
};

const ANY: &[At] = &[
    Pending, Running, Loop, Check, Asked, Agent, Gate, Held, Retry, Done, Failed, Continued, Skipped,
    Cancelled, Uncertain,
];
const OPEN: &[At] = &[Running, Loop, Check, Asked, Agent, Gate, Held, Retry, Failed, Uncertain];

/// From, what happens, to.
const STEPS: &[(&[At], What, &[At])] = &[
    (&[Pending, Retry], What::Started, &[Running, Loop, Check, Asked, Agent, Gate]),
    (&[Pending, Retry], What::Held, &[Held]),
    (&[Held], What::Released, &[Pending]),
    (&[Running], What::Child, &[Running]),
    (&[Gate], What::Escalated, &[Gate]),
    (&[Failed], What::Escalated, &[Failed]),
    (&[Gate], What::Reminded, &[Gate]),
    (&[Check], What::Lease, &[Check]),
    (&[Asked], What::Lease, &[Asked]),
    (&[Agent], What::Lease, &[Agent]),
    (&[Gate], What::Lease, &[Gate]),
    (&[Held], What::Lease, &[Held]),
    (&[Failed], What::Lease, &[Failed]),
    (&[Uncertain], What::Lease, &[Uncertain]),
    (&[Check], What::Checked, &[Check]),
    (&[Running, Loop, Check, Asked, Agent, Gate, Failed, Uncertain], What::Completed, &[Done]),
    (&[Running], What::Failed, &[Failed, Continued, Retry]),
    (&[Loop, Check, Asked, Agent], What::Failed, &[Failed, Continued]),
    (&[Gate], What::Failed, &[Failed]),
    (&[Pending, Retry, Check, Asked, Agent, Held, Failed, Uncertain, Loop], What::Skipped, &[Skipped]),
    (&[Running], What::Uncertain, &[Uncertain]),
    (&[Failed, Uncertain, Retry, Held], What::Retried, &[Pending]),
    // Work, and the prompts that another version or an edit makes void.
    (&[Running, Check, Asked, Agent, Gate, Held], What::Interrupted, &[Pending]),
    (ANY, What::Back, &[Pending]),
    (&[Pending], What::Listed, &[Pending, Skipped]),
    (&[Skipped], What::Listed, &[Skipped]),
    (OPEN, What::Ended, &[Cancelled]),
    (&[Failed], What::RollingBack, &[Continued]),
    (&[Running, Loop, Check, Asked, Agent, Gate, Held, Retry, Uncertain], What::RollingBack, &[Cancelled]),
    // What a step is that is left as it is.
    (&[Pending, Done, Skipped, Continued, Cancelled], What::Ended, &[]),
    (&[Pending, Done, Skipped, Continued, Cancelled], What::RollingBack, &[]),
    (&[Done, Skipped, Continued], What::RunDone, &[]),
];

pub fn at(record: &StepRecord) -> At {
    match &record.state {
        StepState::Pending => Pending,
        StepState::Running { .. } => match record.attempts.last().map(|a| &a.work) {
            Some(Work::ForEach { .. }) => Loop,
            _ => Running,
        },
        StepState::Waiting { on: Prompt::Check { .. }, .. } => Check,
        StepState::Waiting { on: Prompt::Answers, .. } => Asked,
        StepState::Waiting { on: Prompt::Agent { .. }, .. } => Agent,
        StepState::Waiting { on: Prompt::Approval { .. }, .. } => Gate,
        StepState::Waiting { on: Prompt::Proceed { .. }, .. } => Held,
        StepState::Waiting { on: Prompt::Retry { .. }, .. } => Retry,
        StepState::Done { .. } => Done,
        StepState::Failed { continued: false, .. } => Failed,
        StepState::Failed { continued: true, .. } => Continued,
        StepState::Skipped { .. } => Skipped,
        StepState::Cancelled { .. } => Cancelled,
        StepState::Uncertain { .. } => Uncertain,
    }
}

/// What an event means for a step of the run before it.
fn happens(run: &Run, event: &EventBody, record: &StepRecord) -> Option<What> {
    let is = |step: &crate::base::StepId| *step == record.id;
    // An iteration of the loop that is named.
    let is_part = |step: &crate::base::StepId| {
        let place = run.place(step);
        matches!(record.role, Role::Iteration { index, .. } if Some(index) == place)
    };
    match event {
        EventBody::StepStarted { step, .. } if is(step) => Some(What::Started),
        EventBody::StepStarted { step, work: Work::ForEach { .. }, .. } if is_part(step) => {
            Some(What::Listed)
        }
        EventBody::StepHeld { step, .. } if is(step) => Some(What::Held),
        EventBody::StepReleased { step } if is(step) => Some(What::Released),
        EventBody::StepChild { step, .. } if is(step) => Some(What::Child),
        EventBody::StepEscalated { step, .. } if is(step) => Some(What::Escalated),
        EventBody::ApprovalReminded { step, .. } if is(step) => Some(What::Reminded),
        EventBody::StepTaken { step, .. }
        | EventBody::StepHandedOver { step, .. }
        | EventBody::StepTakenBack { step, .. }
        | EventBody::LeaseEnded { step, .. }
            if is(step) =>
        {
            Some(What::Lease)
        }
        EventBody::ActionChecked { step, .. } if is(step) => Some(What::Checked),
        EventBody::StepCompleted { step, .. } if is(step) => Some(What::Completed),
        EventBody::StepFailed { step, .. } if is(step) => Some(What::Failed),
        EventBody::StepSkipped { step, .. } if is(step) => Some(What::Skipped),
        EventBody::StepSkipped { step, .. } if is_part(step) && !record.state.is_settled() => {
            Some(What::Skipped)
        }
        EventBody::StepUncertain { step, .. } if is(step) => Some(What::Uncertain),
        EventBody::StepRetried { step, .. } if is(step) => Some(What::Retried),
        EventBody::StepInterrupted { step, .. } if is(step) => Some(What::Interrupted),
        EventBody::WentBack { to, .. } if !matches!(record.role, Role::Undo { .. }) => {
            let places = run.place(to).map(|place| run.workflow.with_dependents(place)).unwrap_or_default();
            places.contains(&record.role.index()).then_some(What::Back)
        }
        EventBody::RollbackStarted { steps, .. } => match &record.role {
            // What could not be undone last time is tried once more.
            Role::Undo { of, .. } if steps.contains(of) => Some(What::Back),
            _ => Some(What::RollingBack),
        },
        EventBody::RunCancelled { .. } | EventBody::RunFailed { .. } | EventBody::RolledBack => {
            Some(What::Ended)
        }
        EventBody::RunCompleted => Some(What::RunDone),
        _ => None,
    }
}

/// Why `event` may not have led from `before` to `after`; `None` where it may.
pub fn wrong(before: &Run, event: &EventBody, after: &Run) -> Option<String> {
    if !in_phase(&before.phase, event) {
        return Some(format!("an event that may not come while the run is {:?}", before.phase));
    }
    for new in &after.steps {
        let to = at(new);
        let Some((_, old)) = before.record(&new.id) else {
            // Records come with a loop's items and with a rollback.
            let may = match (&new.role, event) {
                (Role::Iteration { .. }, EventBody::StepStarted { work: Work::ForEach { .. }, .. })
                | (Role::Undo { .. }, EventBody::RollbackStarted { .. })
                | (Role::Step { .. }, EventBody::MovedOver(_)) => to == Pending,
                _ => false,
            };
            if may {
                continue;
            }
            return Some(format!("step {} comes out of nothing", new.id));
        };
        let from = at(old);
        let what = happens(before, event, old);
        let may = match what {
            Some(what) => STEPS.iter().any(|(f, w, t)| {
                f.contains(&from) && *w == what && (t.contains(&to) || (t.is_empty() && from == to))
            }),
            // A pause moves deadlines, nothing else.
            None => from == to,
        };
        if !may {
            return Some(format!("step {} goes from {from:?} to {to:?} by {what:?}", old.id));
        }
    }
    // Another version may do without what was never begun.
    let is_unbegun = |old: &StepRecord| {
        matches!(event, EventBody::MovedOver(_)) && at(old) == Pending && old.attempts.is_empty()
    };
    let gone = before.steps.iter().find(|old| after.record(&old.id).is_none() && !is_unbegun(old));
    gone.map(|old| format!("step {} is gone", old.id))
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
                | EventBody::StepHeld { .. }
                | EventBody::ApprovalReminded { .. }
                | EventBody::LeaseEnded { why: LeaseEnd::Expired, .. }
                | EventBody::SubjectMoved { .. }
                | EventBody::RolledBack
                | EventBody::RunCompleted
                | EventBody::RunFailed { .. }
                | EventBody::RunCancelled { .. }
        ),
        Phase::Cancelling { .. } => {
            note || matches!(event, EventBody::CancelRequested { .. } | EventBody::RunCancelled { .. })
        }
        Phase::Completed { .. } | Phase::Failed { .. } | Phase::Cancelled { .. } => {
            note || matches!(event, EventBody::RollbackStarted { .. })
        }
    }
}
