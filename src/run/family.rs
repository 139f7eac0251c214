//! Parents and children: what an event of a run means for the child runs of its `workflow` steps,
//! what a child tells its parent, and which of them a verb is meant for.

use serde_json::{Map, Value, json};

use crate::base::{RunId, StepId};
use crate::run::state::{Phase, Role, StepState};
use crate::run::summary::{self, Need};
use crate::run::{
    ChildNeed, EventBody, Evidence, EvidenceKind, Failure, FailureKind, Outcome, Report, Run, Verb,
};

/// What must be said to child runs because of an event, given the run before it.
pub fn passed_down(before: &Run, event: &EventBody) -> Vec<(RunId, Verb)> {
    let all = |verb: Verb| before.children().map(|(_, child)| (child.clone(), verb.clone())).collect();
    let cancel = || Verb::Cancel { reason: Some(format!("Run {} needs it no more", before.id().short())) };
    match event {
        EventBody::RunPaused { freeze } => all(Verb::Pause { freeze: *freeze }),
        EventBody::RunResumed => all(Verb::Resume),
        EventBody::CancelRequested { .. }
        | EventBody::RunFailed { .. }
        | EventBody::RollbackStarted { .. } => all(cancel()),
        EventBody::StepInterrupted { step, .. } | EventBody::StepSkipped { step, .. } => {
            of_step(before, step).map(|child| (child, cancel())).into_iter().collect()
        }
        EventBody::StepFailed { step, failure, .. } if failure.kind == FailureKind::Timeout => {
            of_step(before, step).map(|child| (child, cancel())).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn of_step(run: &Run, step: &StepId) -> Option<RunId> {
    run.children().find(|(record, _)| &record.id == step).map(|(_, child)| child.clone())
}

/// What a child run tells its parent; `None` where it has none.
pub fn passed_up(run: &Run) -> Option<(RunId, Report)> {
    let parent = run.header.parent.as_ref()?;
    let (step, attempt) = (parent.step.clone(), parent.attempt);
    let failed = |message: String| Report::Failed {
        step: step.clone(),
        attempt,
        failure: Failure { kind: FailureKind::Child, message, exit: None },
    };
    let name = || format!("{} (run {})", run.header.workflow.name, run.id().short());
    let report = match &run.phase {
        Phase::Completed { .. } => Report::Completed { step, attempt, outcome: outcome(run) },
        Phase::Failed { reason, .. } => failed(format!("{} failed: {reason}", name())),
        Phase::Cancelled { by, reason, .. } => {
            let why = reason.as_ref().map_or_else(String::new, |r| format!(": {r}"));
            failed(format!("{} was cancelled by {by}{why}", name()))
        }
        Phase::Active { .. } | Phase::Paused { .. } | Phase::Cancelling { .. } => {
            Report::Child { step, attempt, need: need(run) }
        }
    };
    Some((parent.run.clone(), report))
}

/// What a child run waits for, as its parent shows it.
pub(super) fn need(run: &Run) -> Option<ChildNeed> {
    summary::summarise(run).need.map(|need: Need| ChildNeed {
        kind: need.kind,
        step: need.step,
        title: need.title,
        deadline: need.deadline,
        lease: need.lease,
    })
}

/// What a completed child gives: every name that its steps assigned, and its answers.
fn outcome(run: &Run) -> Outcome {
    let mut outputs = Map::new();
    let mut answers = Map::new();
    for (step, record) in run.each_step() {
        if let (Role::Step { .. }, StepState::Done { outcome, .. }) = (&record.role, &record.state) {
            answers.extend(outcome.answers.clone());
            if let Some(name) = &step.assign {
                outputs.insert(name.clone(), Value::Object(outcome.outputs.clone()));
            }
        }
    }
    outputs.insert("answers".to_owned(), Value::Object(answers));
    outputs.insert("run".to_owned(), json!(run.id()));
    let text = format!("Run {} of {} completed", run.id().short(), run.header.workflow.name);
    Outcome { evidence: vec![Evidence { kind: EvidenceKind::Run, text }], outputs, ..Outcome::default() }
}

/// Where a verb is meant for a child run: its id, and the verb as the child reads it. A step of a
/// child is named `step/step-of-the-child`, one of a grandchild `step/step/step`, which the child reads in
/// its turn; without a name it is the one step that waits.
pub fn addressee(run: &Run, verb: &Verb) -> Option<(RunId, Verb)> {
    let mut verb = verb.clone();
    let named = verb.step()?;
    if let Some(path) = named {
        let (step, inner) = path.as_str().split_once('/')?;
        let (step, inner) = (StepId::new(step), StepId::new(inner));
        *named = Some(inner);
        return of_step(run, &step).map(|child| (child, verb));
    }
    let mut waiting = run.waiting_steps();
    let (Some((_, record)), None) = (waiting.next(), waiting.next()) else { return None };
    of_step(run, &record.id).map(|child| (child, verb))
}

impl Verb {
    /// The step that the verb is about; `None` where it is about the run, or always names its step.
    fn step(&mut self) -> Option<&mut Option<StepId>> {
        match self {
            Self::Retry { step, .. }
            | Self::Skip { step, .. }
            | Self::Done { step, .. }
            | Self::Answer { step, .. }
            | Self::Approve { step, .. }
            | Self::Reject { step, .. }
            | Self::Fail { step, .. }
            | Self::Check { step, .. }
            | Self::PushBack { step, .. }
            | Self::Proceed { step }
            | Self::Take { step, .. }
            | Self::HandOver { step, .. }
            | Self::TakeBack { step, .. } => Some(step),
            Self::Pause { .. }
            | Self::Resume
            | Self::Cancel { .. }
            | Self::Back { .. }
            | Self::Note { .. }
            | Self::StepThrough { .. }
            | Self::Breakpoint { .. }
            | Self::Rollback { .. } => None,
        }
    }
}
