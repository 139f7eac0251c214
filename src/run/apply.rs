//! Folding events into the state. Total: any event sequence that `decide` made folds, and an
//! event that does not fit the state (which `decide` never makes) changes the sequence number only.

use std::sync::Arc;

use serde_json::Value;

use crate::base::{Actor, StepId, Timestamp};
use crate::run::clock::{close_segments, open_segment, pause, resume};
use crate::run::moving::moved;
use crate::run::state::{
    Attempt, AttemptEnd, Back, Note, Phase, Prompt, Role, Rollback, SegmentKind, StepRecord, StepState,
};
use crate::run::{
    AfterFailure, AfterRollback, BackCause, Carried, CarriedResult, Edit, Event, EventBody, Failure, Lease,
    Run, Work,
};
use crate::workflow::{StepKind, Workflow};

/// The state after the first event, which must be `RunStarted`.
pub fn begin(workflow: Arc<Workflow>, first: &Event) -> Option<Run> {
    let EventBody::RunStarted(header) = &first.body else { return None };
    let steps = workflow
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| Arc::new(StepRecord::new(step.id.clone(), Role::Step { index })))
        .collect();
    let mut run = Run {
        header: (**header).clone(),
        started_at: first.at,
        started_by: first.actor.clone(),
        seq: first.seq,
        updated_at: first.at,
        phase: Phase::Active { deadline: workflow.config.timeout.map(|limit| first.at.plus(limit)) },
        inputs: header.inputs.clone(),
        steps,
        step_through: header.step_through,
        breakpoints: header.breakpoints.clone(),
        completed: false,
        rollback: None,
        notes: Vec::new(),
        backs: Vec::new(),
        moved: Vec::new(),
        segments: Vec::new(),
        workflow,
    };
    for carried in header.fork.iter().flat_map(|fork| &fork.carried) {
        carry(&mut run, carried);
    }
    Some(run)
}

/// Folds the whole journal of a run that was never moved over; `None` where it is no such journal.
pub fn replay(workflow: Arc<Workflow>, events: &[Event]) -> Option<Run> {
    replay_with(workflow, events, |_| Err(())).ok().flatten()
}

/// The same for a run that may have been moved over: `version` finds what it went to, by its digest.
pub fn replay_with<E>(
    workflow: Arc<Workflow>,
    events: &[Event],
    mut version: impl FnMut(&str) -> Result<Arc<Workflow>, E>,
) -> Result<Option<Run>, E> {
    let Some((first, rest)) = events.split_first() else { return Ok(None) };
    let Some(mut run) = begin(workflow, first) else { return Ok(None) };
    for event in rest {
        match &event.body {
            EventBody::MovedOver(to) => moved(&mut run, event, version(&to.to.digest)?),
            _ => apply(&mut run, event),
        }
    }
    Ok(Some(run))
}

/// Folds one event in.
pub fn apply(run: &mut Run, event: &Event) {
    let at = event.at;
    let by = &event.actor;
    run.seq = event.seq;
    run.updated_at = at;
    match &event.body {
        // Without the version that it goes to, a move cannot be folded: that is `moving::fold`'s.
        EventBody::RunStarted(_) | EventBody::SubjectMoved { .. } | EventBody::MovedOver(_) => {}
        EventBody::StepStarted { step, attempt, work, deadline, remind } => {
            let state = started(run, step, work, *deadline, *remind, at);
            start_step(run, step, *attempt, work, state, at);
        }
        EventBody::StepHeld { step, work, why } => {
            let on = Prompt::Proceed { why: *why, work: work.clone().map(Box::new) };
            set_state(run, step, StepState::Waiting { since: at, on, lease: None });
            open_segment(run, step, SegmentKind::Person, at);
        }
        EventBody::StepReleased { step } => {
            close_segments(run, Some(step), at);
            set_state(run, step, StepState::Pending);
            if let Some(record) = record_mut(run, step) {
                record.released = true;
            }
        }
        EventBody::StepChild { step, need, .. } => {
            let kind = match need {
                Some(need) if need.kind == crate::run::NeedKind::Approve => SegmentKind::Approval,
                Some(_) => SegmentKind::Person,
                None => SegmentKind::Work,
            };
            if let Some(record) = record_mut(run, step)
                && let StepState::Running { need: present, .. } = &mut record.state
            {
                present.clone_from(need);
                close_segments(run, Some(step), at);
                open_segment(run, step, kind, at);
            }
        }
        EventBody::StepHandedOver { step, to, until } => lease(run, step, to, at, *until),
        EventBody::StepTaken { step, until } | EventBody::StepTakenBack { step, until, .. } => {
            lease(run, step, by, at, *until);
        }
        EventBody::LeaseEnded { step, .. } => {
            if let Some(lease) = record_mut(run, step).and_then(|r| r.state.lease_mut()) {
                *lease = None;
            }
        }
        // Who is asked now is not kept out by whom nobody heard from.
        EventBody::StepEscalated { step, to } => match record_mut(run, step).map(|r| &mut r.state) {
            Some(StepState::Failed { escalation, lease, .. }) => {
                (*escalation, *lease) = (Some(to.clone()), None);
            }
            Some(StepState::Waiting { on: Prompt::Approval { escalation, deadline, .. }, lease, .. }) => {
                *deadline = to.deadline;
                (*escalation, *lease) = (Some(to.clone()), None);
            }
            _ => {}
        },
        EventBody::ApprovalReminded { step, next } => {
            if let Some(StepState::Waiting { on: Prompt::Approval { remind, .. }, .. }) =
                record_mut(run, step).map(|r| &mut r.state)
            {
                *remind = Some(*next);
            }
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
            for id in with_iterations(run, step) {
                if &id == step || !record_mut(run, &id).is_some_and(|r| r.state.is_settled()) {
                    let end = AttemptEnd::Skipped { at, by: by.clone(), reason: reason.clone() };
                    let state = StepState::Skipped { at, by: by.clone(), reason: reason.clone() };
                    settle(run, &id, end, state, at);
                }
            }
        }
        EventBody::StepUncertain { step, .. } => {
            settle(
                run,
                step,
                AttemptEnd::Uncertain { at },
                StepState::Uncertain { since: at, lease: None },
                at,
            );
            open_segment(run, step, SegmentKind::Person, at);
        }
        EventBody::StepRetried { step, edit } => {
            close_segments(run, Some(step), at);
            if let Some(edit) = edit {
                run.inputs.extend(edit.inputs.clone());
            }
            if let Some(record) = record_mut(run, step) {
                record.state = StepState::Pending;
                record.failures_in_row = 0;
                record.released = true;
                if let Some(edit) = edit {
                    change(record, edit);
                }
            }
        }
        EventBody::StepInterrupted { step, .. } => {
            let end = AttemptEnd::Interrupted { at, by: by.clone() };
            settle(run, step, end, StepState::Pending, at);
        }
        EventBody::WentBack { to, reason, cause } => {
            let (to, reason) = (to.clone(), reason.clone());
            if let BackCause::Failed { step } = cause
                && let Some(record) = record_mut(run, step)
            {
                record.backs += 1;
            }
            go_back(run, &to, by, at);
            run.backs.push(Back { at, by: by.clone(), to, reason, cause: cause.clone() });
        }
        EventBody::StepThroughSet { on } => run.step_through = *on,
        EventBody::BreakpointSet { step, set } => {
            run.breakpoints.retain(|s| s != step);
            if *set {
                run.breakpoints.push(step.clone());
            }
        }
        EventBody::NoteAdded { step, text } => {
            let (by, step, text) = (by.clone(), step.clone(), text.clone());
            run.notes.push(Arc::new(Note { at, by, step, text }));
        }
        EventBody::RunPaused { freeze } => pause(run, *freeze, by, at),
        EventBody::RunResumed => resume(run, at),
        EventBody::RollbackStarted { reason, steps, then } => {
            roll_back(run, steps, at);
            let (by, reason) = (by.clone(), reason.clone());
            run.rollback = Some(Rollback { since: at, by, reason, then: *then, done: None });
        }
        EventBody::RolledBack => rolled_back(run, at),
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
            run.completed = true;
            run.phase = Phase::Completed { at };
        }
        EventBody::RunFailed { reason } => {
            close_open_steps(run, at);
            run.phase = Phase::Failed { at, reason: reason.clone() };
        }
    }
}

impl StepRecord {
    pub(super) fn new(id: StepId, role: Role) -> Self {
        Self {
            id,
            role,
            state: StepState::Pending,
            attempts: Vec::new(),
            failures_in_row: 0,
            edit: None,
            released: false,
            backs: 0,
        }
    }
}

fn record_mut<'a>(run: &'a mut Run, step: &StepId) -> Option<&'a mut StepRecord> {
    run.steps.iter_mut().find(|s| &s.id == step).map(Arc::make_mut)
}

fn lease(run: &mut Run, step: &StepId, holder: &Actor, since: Timestamp, until: Timestamp) {
    if let Some(lease) = record_mut(run, step).and_then(|r| r.state.lease_mut()) {
        *lease = Some(Lease { holder: holder.clone(), since, until });
    }
}

fn set_state(run: &mut Run, step: &StepId, state: StepState) {
    if let Some(record) = record_mut(run, step) {
        record.state = state;
    }
}

/// A step, and its iterations where it is a loop.
fn with_iterations(run: &Run, step: &StepId) -> Vec<StepId> {
    let index = run.record(step).and_then(|(_, record)| match record.role {
        Role::Step { index } => Some(index),
        _ => None,
    });
    let iterations = index.into_iter().flat_map(|index| run.iterations(index)).map(|r| r.id.clone());
    std::iter::once(step.clone()).chain(iterations).collect()
}

/// The state of a step whose try begins.
fn started(
    run: &Run,
    id: &StepId,
    work: &Work,
    deadline: Option<Timestamp>,
    remind: Option<Timestamp>,
    at: Timestamp,
) -> StepState {
    let waiting = |on| StepState::Waiting { since: at, on, lease: None };
    match work {
        Work::Run { .. }
        | Work::Write { .. }
        | Work::Call { .. }
        | Work::Agent { by_command: true, .. }
        | Work::Workflow { .. }
        | Work::Rollback { .. }
        | Work::ForEach { .. }
        | Work::Unresolved => StepState::Running { since: at, deadline, need: None },
        Work::Manual => {
            let definition = run.record(id).and_then(|(_, record)| run.definition(record));
            let actions = match definition.map(|s| &s.kind) {
                Some(StepKind::Manual { actions }) => actions.len(),
                _ => 0,
            };
            waiting(Prompt::Check { checked: vec![false; actions] })
        }
        Work::Ask => waiting(Prompt::Answers),
        Work::Agent { agent, persona, prompt, .. } => {
            waiting(Prompt::Agent { agent: agent.clone(), persona: persona.clone(), prompt: prompt.clone() })
        }
        Work::Approve { question, digest, .. } => waiting(Prompt::Approval {
            question: question.clone(),
            digest: digest.clone(),
            deadline,
            remind,
            escalation: None,
        }),
    }
}

fn start_step(run: &mut Run, id: &StepId, number: u32, work: &Work, state: StepState, at: Timestamp) {
    let kind = match (work, &state) {
        // Its iterations have times of their own.
        (Work::ForEach { .. }, _) => None,
        (_, state) => crate::run::clock::segment_kind(state),
    };
    close_segments(run, Some(id), at);
    if let Some(record) = record_mut(run, id) {
        record.attempts.push(Attempt { number, started: at, work: work.clone(), ended: None });
        record.state = state;
        record.released = false;
    }
    if let Some(kind) = kind {
        open_segment(run, id, kind, at);
    }
    if let Work::ForEach { items } = work {
        iterate(run, id, items, at);
    }
}

/// Gives a loop one record for each item. What earlier iterations did stays in their history.
fn iterate(run: &mut Run, id: &StepId, items: &[Value], at: Timestamp) {
    let Some((place, record)) = run.record(id) else { return };
    let index = record.role.index();
    let earlier = run.iterations(index).count();
    for number in 0..earlier {
        let at_place = place + 1 + number;
        match (items.get(number), run.steps.get_mut(at_place).map(Arc::make_mut)) {
            (Some(new), Some(StepRecord { role: Role::Iteration { item, .. }, .. })) => item.clone_from(new),
            (None, Some(record)) => {
                let reason = crate::run::SkipReason::NotListed;
                record.state = StepState::Skipped { at, by: Actor::Engine, reason };
            }
            _ => {}
        }
    }
    for (position, item) in items.iter().enumerate().skip(earlier) {
        let number = u32::try_from(position + 1).unwrap_or(u32::MAX);
        let role = Role::Iteration { index, number, item: item.clone() };
        let record = StepRecord::new(StepId::new(format!("{id}.{number}")), role);
        run.steps.insert(place + 1 + position, Arc::new(record));
    }
}

fn fail_step(run: &mut Run, id: &StepId, failure: &Failure, next: AfterFailure, by: &Actor, at: Timestamp) {
    let failed = |continued| StepState::Failed {
        at,
        by: by.clone(),
        failure: failure.clone(),
        continued,
        escalation: None,
        lease: None,
    };
    let (state, waits) = match next {
        AfterFailure::Decide => (failed(false), Some(SegmentKind::Person)),
        AfterFailure::Continue => (failed(true), None),
        AfterFailure::Retry { due } => (
            StepState::Waiting {
                since: at,
                on: Prompt::Retry { due, failure: failure.clone() },
                lease: None,
            },
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

fn change(record: &mut StepRecord, edit: &Edit) {
    if !edit.changes_step() {
        return;
    }
    let mut merged = record.edit.take().unwrap_or_default();
    let Edit { script, env, with, text, inputs: _ } = edit.clone();
    merged.script = script.or(merged.script);
    merged.env = env.or(merged.env);
    merged.with = with.or(merged.with);
    merged.text = text.or(merged.text);
    record.edit = Some(merged);
}

fn go_back(run: &mut Run, to: &StepId, by: &Actor, at: Timestamp) {
    let Some((_, record)) = run.record(to) else { return };
    let places = run.workflow.with_dependents(record.role.index());
    let ids: Vec<StepId> = run
        .steps
        .iter()
        .filter(|r| !matches!(r.role, Role::Undo { .. }) && places.contains(&r.role.index()))
        .map(|s| s.id.clone())
        .collect();
    for id in ids {
        settle(run, &id, AttemptEnd::Interrupted { at, by: by.clone() }, StepState::Pending, at);
        if let Some(record) = record_mut(run, &id) {
            record.failures_in_row = 0;
            record.released = false;
        }
    }
}

/// Everything that was open is over, and each of `steps` gets a record for what undoes it.
fn roll_back(run: &mut Run, steps: &[StepId], at: Timestamp) {
    let open: Vec<StepId> = run.steps.iter().filter(|s| s.state.is_open()).map(|s| s.id.clone()).collect();
    for id in open {
        if let Some(StepState::Failed { continued, escalation, lease, .. }) =
            record_mut(run, &id).map(|r| &mut r.state)
        {
            // Rolling back is the decision.
            (*continued, *escalation, *lease) = (true, None, None);
            close_segments(run, Some(&id), at);
        } else {
            settle(run, &id, AttemptEnd::Cancelled { at }, StepState::Cancelled { at }, at);
        }
    }
    for of in steps {
        let id = StepId::new(format!("{of}.rollback"));
        if let Some(record) = record_mut(run, &id) {
            record.state = StepState::Pending;
            continue;
        }
        let Some((_, record)) = run.record(of) else { continue };
        let (index, number, item) = match &record.role {
            Role::Iteration { index, number, item } => (*index, Some(*number), item.clone()),
            other => (other.index(), None, Value::Null),
        };
        let role = Role::Undo { index, of: of.clone(), number, item };
        run.steps.push(Arc::new(StepRecord::new(id, role)));
    }
    match &mut run.phase {
        // A run's own limit must not end what mends it.
        Phase::Active { deadline } | Phase::Paused { deadline, .. } => *deadline = None,
        _ => run.phase = Phase::Active { deadline: None },
    }
}

fn rolled_back(run: &mut Run, at: Timestamp) {
    close_open_steps(run, at);
    let Some(rollback) = &mut run.rollback else { return };
    rollback.done = Some(at);
    let reason = format!("Rolled back: {}", rollback.reason);
    run.phase = match rollback.then {
        AfterRollback::Failed => Phase::Failed { at, reason },
        AfterRollback::Cancelled => {
            Phase::Cancelled { at, by: rollback.by.clone(), reason: Some(reason), left_behind: Vec::new() }
        }
    };
}

/// Takes a settled step of another run over.
fn carry(run: &mut Run, carried: &Carried) {
    let Carried { step, at, by, result } = carried;
    let (at, by) = (*at, by.clone());
    if let CarriedResult::Looped { items, .. } = result {
        iterate(run, step, items, at);
    }
    let state = match result.clone() {
        CarriedResult::Done { outcome } | CarriedResult::Looped { outcome, .. } => {
            StepState::Done { at, by, outcome }
        }
        CarriedResult::Skipped { reason } => StepState::Skipped { at, by, reason },
        CarriedResult::Failed { failure } => {
            StepState::Failed { at, by, failure, continued: true, escalation: None, lease: None }
        }
    };
    set_state(run, step, state);
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
