//! Where a run's time goes: stretches that begin and end with its events, and clocks that stand
//! still in a pause. Folding only; nothing is decided here.

use std::sync::Arc;

use crate::base::{Actor, Millis, StepId, Timestamp};
use crate::run::NeedKind;
use crate::run::state::{Phase, Prompt, Run, Segment, SegmentKind, StepState};

pub(super) fn pause(run: &mut Run, freeze: bool, by: &Actor, at: Timestamp) {
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
pub(super) fn resume(run: &mut Run, at: Timestamp) {
    let Phase::Paused { since: paused, deadline, frozen, .. } = run.phase else { return };
    let shift = |moment: Timestamp, since: Timestamp| moment.plus(at.since(paused.max(since)));
    run.phase = Phase::Active { deadline: deadline.map(|d| d.plus(at.since(paused))) };
    for record in &mut run.steps {
        let state = &mut Arc::make_mut(record).state;
        if let Some(lease) = state.lease_mut().and_then(Option::as_mut) {
            lease.until = shift(lease.until, lease.since);
        }
        match state {
            StepState::Running { since, deadline: Some(deadline), .. }
            | StepState::Waiting { since, on: Prompt::Retry { due: deadline, .. }, .. } => {
                *deadline = shift(*deadline, *since);
            }
            StepState::Waiting {
                since, on: Prompt::Approval { deadline, remind, escalation, .. }, ..
            } => {
                let escalated = escalation.as_mut().and_then(|e| e.deadline.as_mut());
                for moment in deadline.iter_mut().chain(remind).chain(escalated) {
                    *moment = shift(*moment, *since);
                }
            }
            StepState::Failed { at: since, escalation: Some(escalation), .. } => {
                if let Some(moment) = &mut escalation.deadline {
                    *moment = shift(*moment, *since);
                }
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
        // A loop's time is that of its iterations.
        .filter(|s| !s.is_loop())
        .filter_map(|s| Some((s.id.clone(), segment_kind(&s.state)?)))
        .filter(|(_, kind)| frozen || *kind != SegmentKind::Work)
        .collect();
    for (id, kind) in reopen {
        open_segment(run, &id, kind, at);
    }
}

/// What time goes into while a step is in this state.
pub(super) fn segment_kind(state: &StepState) -> Option<SegmentKind> {
    match state {
        StepState::Running { need: Some(need), .. } if need.kind == NeedKind::Approve => {
            Some(SegmentKind::Approval)
        }
        StepState::Running { need: Some(_), .. } => Some(SegmentKind::Person),
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
pub(super) fn open_segment(run: &mut Run, id: &StepId, kind: SegmentKind, at: Timestamp) {
    if !run.is_paused() {
        run.segments.push(Segment { step: Some(id.clone()), kind, from: at, to: None });
    }
}

/// Closes the open segments of one step, or all of them.
pub(super) fn close_segments(run: &mut Run, step: Option<&StepId>, at: Timestamp) {
    for segment in &mut run.segments {
        if segment.to.is_none() && (step.is_none() || segment.step.as_ref() == step) {
            segment.to = Some(at);
        }
    }
    // A stretch of no length tells nothing.
    run.segments.retain(|s| s.to.is_none_or(|to| to.since(s.from) > Millis::ZERO));
}
