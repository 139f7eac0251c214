//! Folding events into the state. Total: any event sequence that `decide` made folds, and an
//! event that does not fit the state (which `decide` never makes) changes the sequence number only.

use std::sync::Arc;

use crate::base::{Actor, Millis, StepId, Timestamp};
use crate::run::state::{
    Attempt, AttemptEnd, Back, Note, Phase, Prompt, Segment, SegmentKind, StepRecord, StepState,
};
use crate::run::{AfterFailure, Event, EventBody, Failure, Run, Work};
use crate::workflow::{StepKind, Workflow};

/// The state after the first event, which must be `RunStarted`.
pub fn begin(workflow: Arc<Workflow>, first: &Event) -> Option<Run> {
    let EventBody::RunStarted(header) = &first.body else { return None };
    let steps = workflow
        .steps
        .iter()
        .map(|step| StepRecord {
            id: step.id.clone(),
            state: StepState::Pending,
            attempts: Vec::new(),
            failures_in_row: 0,
        })
        .collect();
    Some(Run {
        header: (**header).clone(),
        started_at: first.at,
        started_by: first.actor.clone(),
        seq: first.seq,
        updated_at: first.at,
        phase: Phase::Active { deadline: workflow.config.timeout.map(|limit| first.at.plus(limit)) },
        steps,
        notes: Vec::new(),
        backs: Vec::new(),
        segments: Vec::new(),
        workflow,
    })
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

/// Folds one event in.
pub fn apply(run: &mut Run, event: &Event) {
    let at = event.at;
    let by = &event.actor;
    run.seq = event.seq;
    run.updated_at = at;
    match &event.body {
        EventBody::RunStarted(_) => {}
        EventBody::StepStarted { step, attempt, work, deadline } => {
            start_step(run, step, *attempt, work, *deadline, at);
        }
        EventBody::ActionChecked { step, action, checked } => {
            if let Some(record) = record_mut(run, step)
                && let StepState::Waiting { on: Prompt::Check { checked: ticks }, .. } = &mut record.state
                && let Some(tick) = ticks.get_mut(*action)
            {
                *tick = *checked;
            }
        }
        EventBody::StepCompleted { step, outcome, .. } => {
            let end = AttemptEnd::Done { at, by: by.clone(), outcome: outcome.clone() };
            let state = StepState::Done { at, by: by.clone(), outcome: outcome.clone() };
            settle(run, step, end, state, at);
        }
        EventBody::StepFailed { step, failure, next, .. } => fail_step(run, step, failure, *next, by, at),
        EventBody::StepSkipped { step, reason } => {
            let end = AttemptEnd::Skipped { at, by: by.clone(), reason: reason.clone() };
            let state = StepState::Skipped { at, by: by.clone(), reason: reason.clone() };
            settle(run, step, end, state, at);
        }
        EventBody::StepUncertain { step, .. } => {
            settle(run, step, AttemptEnd::Uncertain { at }, StepState::Uncertain { since: at }, at);
            open_segment(run, step, SegmentKind::Person, at);
        }
        EventBody::StepRetried { step } => {
            close_segments(run, Some(step), at);
            if let Some(record) = record_mut(run, step) {
                record.state = StepState::Pending;
                record.failures_in_row = 0;
            }
        }
        EventBody::StepInterrupted { step, .. } => {
            let end = AttemptEnd::Interrupted { at, by: by.clone() };
            settle(run, step, end, StepState::Pending, at);
        }
        EventBody::WentBack { to, reason } => {
            run.backs.push(Back { at, by: by.clone(), to: to.clone(), reason: reason.clone() });
            let from = run.record(to).map_or(run.steps.len(), |(index, _)| index);
            let ids: Vec<StepId> = run.steps.iter().skip(from).map(|s| s.id.clone()).collect();
            for id in ids {
                settle(run, &id, AttemptEnd::Interrupted { at, by: by.clone() }, StepState::Pending, at);
                if let Some(record) = record_mut(run, &id) {
                    record.failures_in_row = 0;
                }
            }
        }
        EventBody::NoteAdded { step, text } => {
            run.notes.push(Note { at, by: by.clone(), step: step.clone(), text: text.clone() });
        }
        EventBody::RunPaused { freeze } => pause(run, *freeze, by, at),
        EventBody::RunResumed => resume(run, at),
        EventBody::CancelRequested { reason } => {
            run.phase = Phase::Cancelling { since: at, by: by.clone(), reason: reason.clone() };
        }
        EventBody::RunCancelled { reason, left_behind } => {
            close_open_steps(run, at);
            run.phase = Phase::Cancelled {
                at,
                by: by.clone(),
                reason: reason.clone(),
                left_behind: left_behind.clone(),
            };
        }
        EventBody::RunCompleted => {
            close_open_steps(run, at);
            run.phase = Phase::Completed { at };
        }
        EventBody::RunFailed { reason } => {
            close_open_steps(run, at);
            run.phase = Phase::Failed { at, reason: reason.clone() };
        }
    }
}

fn record_mut<'a>(run: &'a mut Run, step: &StepId) -> Option<&'a mut StepRecord> {
    run.steps.iter_mut().find(|s| &s.id == step)
}

fn start_step(
    run: &mut Run,
    id: &StepId,
    number: u32,
    work: &Work,
    deadline: Option<Timestamp>,
    at: Timestamp,
) {
    let actions = match run.workflow.step(id).map(|s| &s.kind) {
        Some(StepKind::Manual { actions }) => actions.len(),
        _ => 0,
    };
    let (state, kind) = match work {
        Work::Run { .. } | Work::Write { .. } | Work::Unresolved => {
            (StepState::Running { since: at, deadline }, SegmentKind::Work)
        }
        Work::Manual => (
            StepState::Waiting { since: at, on: Prompt::Check { checked: vec![false; actions] } },
            SegmentKind::Person,
        ),
        Work::Ask => (StepState::Waiting { since: at, on: Prompt::Answers }, SegmentKind::Person),
        Work::Approve { question, digest, .. } => (
            StepState::Waiting {
                since: at,
                on: Prompt::Approval { question: question.clone(), digest: digest.clone(), deadline },
            },
            SegmentKind::Approval,
        ),
    };
    close_segments(run, Some(id), at);
    if let Some(record) = record_mut(run, id) {
        record.attempts.push(Attempt { number, started: at, work: work.clone(), ended: None });
        record.state = state;
    }
    open_segment(run, id, kind, at);
}

fn fail_step(run: &mut Run, id: &StepId, failure: &Failure, next: AfterFailure, by: &Actor, at: Timestamp) {
    let failed = |continued| StepState::Failed { at, by: by.clone(), failure: failure.clone(), continued };
    let (state, waits) = match next {
        AfterFailure::Decide => (failed(false), Some(SegmentKind::Person)),
        AfterFailure::Continue => (failed(true), None),
        AfterFailure::Retry { due } => (
            StepState::Waiting { since: at, on: Prompt::Retry { due, failure: failure.clone() } },
            Some(SegmentKind::Retry),
        ),
    };
    settle(run, id, AttemptEnd::Failed { at, by: by.clone(), failure: failure.clone() }, state, at);
    if let Some(record) = record_mut(run, id) {
        record.failures_in_row += 1;
    }
    if let Some(kind) = waits {
        open_segment(run, id, kind, at);
    }
}

/// Ends the open try, if there is one, and gives the step its new state.
fn settle(run: &mut Run, id: &StepId, end: AttemptEnd, state: StepState, at: Timestamp) {
    close_segments(run, Some(id), at);
    let Some(record) = record_mut(run, id) else { return };
    if let Some(attempt) = record.attempts.last_mut()
        && attempt.ended.is_none()
    {
        attempt.ended = Some(end);
    }
    record.state = state;
}

fn close_open_steps(run: &mut Run, at: Timestamp) {
    let open: Vec<StepId> = run.steps.iter().filter(|s| s.state.is_open()).map(|s| s.id.clone()).collect();
    for id in open {
        settle(run, &id, AttemptEnd::Cancelled { at }, StepState::Cancelled { at }, at);
    }
    close_segments(run, None, at);
}

fn pause(run: &mut Run, freeze: bool, by: &Actor, at: Timestamp) {
    match &mut run.phase {
        Phase::Active { deadline } => {
            run.phase = Phase::Paused { since: at, by: by.clone(), frozen: freeze, deadline: *deadline };
            for segment in run.segments.iter_mut().filter(|s| s.to.is_none()) {
                if freeze || segment.kind != SegmentKind::Work {
                    segment.to = Some(at);
                }
            }
            run.segments.push(Segment { step: None, kind: SegmentKind::Paused, from: at, to: None });
        }
        Phase::Paused { frozen, .. } => {
            *frozen |= freeze;
            for segment in run.segments.iter_mut().filter(|s| s.to.is_none()) {
                if segment.kind == SegmentKind::Work {
                    segment.to = Some(at);
                }
            }
        }
        _ => {}
    }
}

/// Clocks stood still: every open deadline moves by as long as its step was paused.
fn resume(run: &mut Run, at: Timestamp) {
    let Phase::Paused { since: paused, deadline, frozen, .. } = run.phase else { return };
    let shift = |moment: Timestamp, since: Timestamp| moment.plus(at.since(paused.max(since)));
    run.phase = Phase::Active { deadline: deadline.map(|d| d.plus(at.since(paused))) };
    for record in &mut run.steps {
        match &mut record.state {
            StepState::Running { since, deadline: Some(deadline) }
            | StepState::Waiting {
                since,
                on: Prompt::Approval { deadline: Some(deadline), .. } | Prompt::Retry { due: deadline, .. },
            } => {
                *deadline = shift(*deadline, *since);
            }
            _ => {}
        }
    }
    for segment in run.segments.iter_mut().filter(|s| s.kind == SegmentKind::Paused && s.to.is_none()) {
        segment.to = Some(at);
    }
    let reopen: Vec<(StepId, SegmentKind)> = run
        .steps
        .iter()
        .filter_map(|s| Some((s.id.clone(), segment_kind(&s.state)?)))
        .filter(|(_, kind)| frozen || *kind != SegmentKind::Work)
        .collect();
    for (id, kind) in reopen {
        open_segment(run, &id, kind, at);
    }
}

/// What time goes into while a step is in this state.
fn segment_kind(state: &StepState) -> Option<SegmentKind> {
    match state {
        StepState::Running { .. } => Some(SegmentKind::Work),
        StepState::Waiting { on: Prompt::Approval { .. }, .. } => Some(SegmentKind::Approval),
        StepState::Waiting { on: Prompt::Retry { .. }, .. } => Some(SegmentKind::Retry),
        StepState::Waiting { .. }
        | StepState::Uncertain { .. }
        | StepState::Failed { continued: false, .. } => Some(SegmentKind::Person),
        _ => None,
    }
}

/// While the run is paused its clocks stand still, so nothing but the pause itself is open.
fn open_segment(run: &mut Run, id: &StepId, kind: SegmentKind, at: Timestamp) {
    if !run.is_paused() {
        run.segments.push(Segment { step: Some(id.clone()), kind, from: at, to: None });
    }
}

/// Closes the open segments of one step, or all of them.
fn close_segments(run: &mut Run, step: Option<&StepId>, at: Timestamp) {
    for segment in &mut run.segments {
        if segment.to.is_none() && (step.is_none() || segment.step.as_ref() == step) {
            segment.to = Some(at);
        }
    }
    // A stretch of no length tells nothing.
    run.segments.retain(|s| s.to.is_none_or(|to| to.since(s.from) > Millis::ZERO));
}
