//! What the engine must do once events are durable, and never before.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::base::{RunId, StepId, WorkflowId};
use crate::run::state::Role;
use crate::run::{AttemptEnd, EventBody, FailureKind, Run, StepRecord, Work};

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Do the work of this attempt and report.
    Execute { run: RunId, step: StepId, attempt: u32, work: Work },
    /// Start the child run of this attempt, unless there is one already.
    StartChild {
        run: RunId,
        step: StepId,
        attempt: u32,
        child: RunId,
        workflow: WorkflowId,
        inputs: Map<String, Value>,
    },
    /// End the processes of this attempt; its reports count no more. `late`: its time was over.
    Stop { run: RunId, step: StepId, attempt: u32, late: bool },
    /// End every process of the run, then report `Stopped`.
    StopAll { run: RunId },
    /// Stop the run's processes where they are.
    Freeze { run: RunId },
    /// Let them go on.
    Thaw { run: RunId },
}

/// The effects of one event, given the run with that event, and perhaps later ones, folded in.
pub fn effects(run: &Run, event: &EventBody) -> Vec<Effect> {
    let id = || run.id().clone();
    match event {
        EventBody::StepStarted { step, attempt, work, .. } => match work {
            work if work.is_executed() => {
                vec![Effect::Execute { run: id(), step: step.clone(), attempt: *attempt, work: work.clone() }]
            }
            Work::Workflow { workflow, inputs, run: child } => vec![Effect::StartChild {
                run: id(),
                step: step.clone(),
                attempt: *attempt,
                child: child.clone(),
                workflow: workflow.clone(),
                inputs: inputs.clone(),
            }],
            _ => Vec::new(),
        },
        EventBody::StepInterrupted { step, attempt } => {
            vec![Effect::Stop { run: id(), step: step.clone(), attempt: *attempt, late: false }]
        }
        EventBody::StepFailed { step, attempt, failure, .. } if failure.kind == FailureKind::Timeout => {
            vec![Effect::Stop { run: id(), step: step.clone(), attempt: *attempt, late: true }]
        }
        // Whatever a crashed engine left running must not run beside, or after, the decision.
        EventBody::StepRetried { step, .. }
        | EventBody::StepSkipped { step, .. }
        | EventBody::StepCompleted { step, .. } => {
            run.record(step).and_then(|(_, record)| stop_leftovers(run, record)).into_iter().collect()
        }
        EventBody::WentBack { to, .. } => {
            let places = run.record(to).map(|(_, r)| run.workflow.with_dependents(r.role.index()));
            let places = places.unwrap_or_default();
            let meant = |r: &&Arc<StepRecord>| {
                !matches!(r.role, Role::Undo { .. }) && places.contains(&r.role.index())
            };
            run.steps.iter().filter(meant).filter_map(|record| stop_leftovers(run, record)).collect()
        }
        EventBody::RollbackStarted { .. } => {
            run.steps.iter().filter_map(|record| stop_leftovers(run, record)).collect()
        }
        EventBody::CancelRequested { .. } | EventBody::RunFailed { .. } => {
            vec![Effect::StopAll { run: id() }]
        }
        EventBody::RunPaused { freeze: true } => vec![Effect::Freeze { run: id() }],
        EventBody::RunResumed => vec![Effect::Thaw { run: id() }],
        _ => Vec::new(),
    }
}

/// Ending what has ended is harmless, so an older uncertain try is ended as well: the answer
/// is the same whether or not later events of the same command are folded in already.
fn stop_leftovers(run: &Run, record: &StepRecord) -> Option<Effect> {
    let uncertain =
        record.attempts.iter().rev().find(|a| matches!(a.ended, Some(AttemptEnd::Uncertain { .. })))?;
    let (run, step, attempt) = (run.id().clone(), record.id.clone(), uncertain.number);
    Some(Effect::Stop { run, step, attempt, late: false })
}
