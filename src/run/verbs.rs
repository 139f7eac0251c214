//! What each verb does to a run, and when it is refused. One function a verb.

use serde_json::{Map, Value};

use crate::base::StepId;
use crate::run::decide::Draft;
use crate::run::state::{Phase, Prompt, StepRecord, StepState};
use crate::run::{
    AfterFailure, EventBody, Evidence, EvidenceKind, Failure, FailureKind, Outcome, Refusal, SkipReason,
    Verb, resolve,
};
use crate::workflow::{Step, StepKind};

/// Longest note or reason that is kept, in bytes.
pub const NOTE_LIMIT: usize = 64 * 1024;

pub(super) fn act(draft: &mut Draft, verb: &Verb) -> Result<(), Refusal> {
    allowed_now(draft, verb)?;
    match verb {
        Verb::Pause { freeze } => pause(draft, *freeze),
        Verb::Resume => resume(draft),
        Verb::Cancel { reason } => cancel(draft, reason.as_deref()),
        Verb::Retry { step } => retry(draft, step.as_ref()),
        Verb::Skip { step, reason } => skip(draft, step.as_ref(), reason),
        Verb::Back { to, reason } => back(draft, to, reason.as_deref()),
        Verb::Done { step, evidence } => done(draft, step.as_ref(), evidence),
        Verb::Answer { step, values } => answer(draft, step.as_ref(), values),
        Verb::Approve { step, digest } => approve(draft, step.as_ref(), digest),
        Verb::Reject { step, reason } => reject(draft, step.as_ref(), reason),
        Verb::Fail { step, reason } => fail(draft, step.as_ref(), reason),
        Verb::Check { step, action, checked } => check(draft, step.as_ref(), *action, *checked),
        Verb::Note { step, text } => note(draft, step.as_ref(), text),
    }
}

fn allowed_now(draft: &Draft, verb: &Verb) -> Result<(), Refusal> {
    if matches!(verb, Verb::Note { .. }) {
        return Ok(());
    }
    let run = &draft.run;
    if run.is_ended() {
        return Err(Refusal::new(format!(
            "Run {} is {}; nothing of it can be changed",
            run.id().short(),
            run.status().word()
        ))
        .hint(format!("Start {} again for a new run", run.workflow.id)));
    }
    if matches!(run.phase, Phase::Cancelling { .. }) {
        return Err(Refusal::new(format!("Run {} is being cancelled", run.id().short()))
            .hint("Wait until its processes have ended"));
    }
    Ok(())
}

fn pause(draft: &mut Draft, freeze: bool) -> Result<(), Refusal> {
    if let Phase::Paused { frozen, .. } = draft.run.phase
        && (frozen || !freeze)
    {
        return Err(Refusal::new(format!("Run {} is paused already", draft.run.id().short()))
            .hint("Resume it to go on"));
    }
    draft.emit(EventBody::RunPaused { freeze });
    Ok(())
}

fn resume(draft: &mut Draft) -> Result<(), Refusal> {
    if !draft.run.is_paused() {
        return Err(Refusal::new(format!(
            "Run {} is not paused but {}",
            draft.run.id().short(),
            draft.run.status().word()
        )));
    }
    draft.emit(EventBody::RunResumed);
    Ok(())
}

fn cancel(draft: &mut Draft, reason: Option<&str>) -> Result<(), Refusal> {
    let reason = reason.map(str::trim).filter(|r| !r.is_empty()).map(|r| bounded(r, "reason")).transpose()?;
    // Any attempt that ran a command may have left processes; the executor looks.
    let may_have_processes = draft.run.steps.iter().any(|record| {
        matches!(record.state, StepState::Running { .. } | StepState::Uncertain { .. })
            || record.attempts.iter().any(|a| a.work.runs_processes())
    });
    draft.emit(EventBody::CancelRequested { reason: reason.clone() });
    if !may_have_processes {
        draft.emit(EventBody::RunCancelled { reason, left_behind: Vec::new() });
    }
    Ok(())
}

fn retry(draft: &mut Draft, step: Option<&StepId>) -> Result<(), Refusal> {
    let (step, _, record) = target(draft, step, "retry")?;
    match &record.state {
        StepState::Failed { continued: false, .. }
        | StepState::Uncertain { .. }
        | StepState::Waiting { on: Prompt::Retry { .. }, .. } => {
            draft.emit(EventBody::StepRetried { step });
            Ok(())
        }
        _ => Err(Refusal::new(format!(
            "“{step}” is {}; only a failed or uncertain step is tried again",
            record.state.status().word()
        ))
        .hint("To do a finished step again, go back to it")),
    }
}

fn skip(draft: &mut Draft, step: Option<&StepId>, reason: &str) -> Result<(), Refusal> {
    let reason = required(reason, "A skip needs a reason", "Say why the step is not needed")?;
    let (step, definition, record) = target(draft, step, "skip")?;
    if matches!(definition.kind, StepKind::Approve { .. }) {
        return Err(gate(&step));
    }
    if matches!(record.state, StepState::Running { .. }) {
        draft.emit(EventBody::StepInterrupted { step: step.clone(), attempt: record.attempt() });
    }
    draft.emit(EventBody::StepSkipped { step, reason: SkipReason::Person { reason } });
    Ok(())
}

fn back(draft: &mut Draft, to: &StepId, reason: Option<&str>) -> Result<(), Refusal> {
    let reason = reason.map(str::trim).filter(|r| !r.is_empty()).map(|r| bounded(r, "reason")).transpose()?;
    let Some((index, record)) = draft.run.record(to) else { return Err(unknown(draft, to)) };
    if record.state == StepState::Pending {
        return Err(
            Refusal::new(format!("“{to}” has not been reached yet")).hint("Go back to an earlier step")
        );
    }
    let running: Vec<(StepId, u32)> = draft
        .run
        .steps
        .iter()
        .skip(index)
        .filter(|r| matches!(r.state, StepState::Running { .. }))
        .map(|r| (r.id.clone(), r.attempt()))
        .collect();
    for (step, attempt) in running {
        draft.emit(EventBody::StepInterrupted { step, attempt });
    }
    draft.emit(EventBody::WentBack { to: to.clone(), reason });
    Ok(())
}

fn done(draft: &mut Draft, step: Option<&StepId>, evidence: &[Evidence]) -> Result<(), Refusal> {
    let (step, definition, record) = target(draft, step, "done")?;
    let evidence: Vec<Evidence> = evidence.iter().filter(|e| !e.text.trim().is_empty()).cloned().collect();
    for item in &evidence {
        bounded(&item.text, "evidence")?;
    }
    let mut unchecked = Vec::new();
    match (&record.state, &definition.kind) {
        (_, StepKind::Approve { .. }) => return Err(gate(&step)),
        (StepState::Waiting { on: Prompt::Check { checked }, .. }, StepKind::Manual { actions }) => {
            let open = actions.iter().zip(checked).filter(|(_, ticked)| !**ticked);
            unchecked.extend(open.map(|(action, _)| action.clone()));
        }
        (StepState::Waiting { on: Prompt::Answers, .. }, _) => {
            return Err(Refusal::new(format!("“{step}” asks questions"))
                .hint("Answer them, or skip it with a reason"));
        }
        (StepState::Failed { continued: false, .. } | StepState::Uncertain { .. }, _) => {
            if evidence.is_empty() {
                return Err(Refusal::new(format!("“{step}” {}", record.state.status().word()))
                    .hint("To mark it done, say what shows that it is: a note, a link, a file"));
            }
        }
        _ => {
            return Err(Refusal::new(format!(
                "“{step}” is {}; there is nothing to mark done",
                record.state.status().word()
            )));
        }
    }
    if definition.evidence_required && evidence.is_empty() {
        return Err(Refusal::new(format!("“{}” needs evidence", definition.title))
            .hint("Give a note, a link or a file that shows it"));
    }
    let outcome = Outcome { evidence, unchecked, ..Outcome::default() };
    draft.emit(EventBody::StepCompleted { step, attempt: record.attempt(), outcome });
    Ok(())
}

fn answer(draft: &mut Draft, step: Option<&StepId>, values: &Map<String, Value>) -> Result<(), Refusal> {
    let (step, definition, record) = target(draft, step, "answer")?;
    let (StepKind::Ask { fields }, StepState::Waiting { on: Prompt::Answers, .. }) =
        (&definition.kind, &record.state)
    else {
        return Err(Refusal::new(format!(
            "“{step}” asks nothing now; it is {}",
            record.state.status().word()
        )));
    };
    let is_secret = |name: &String| fields.iter().any(|f| &f.name == name && f.is_secret());
    if !draft.actor.is_person() && values.iter().any(|(name, value)| is_secret(name) && !value.is_null()) {
        return Err(Refusal::new("Only a person gives a secret")
            .hint("Leave it out, or ask the person at the console to answer"));
    }
    let answers = resolve::asking(&draft.run).complete(fields, values).map_err(|problems| {
        Refusal::new(problems.join("; ")).hint(format!("Answer “{}” again", definition.title))
    })?;
    let count = answers.values().filter(|v| !v.is_null()).count();
    let text = format!("{count} of {} answered by {}", fields.len(), draft.actor);
    let outcome = Outcome {
        evidence: vec![Evidence { kind: EvidenceKind::Answer, text }],
        answers,
        ..Outcome::default()
    };
    draft.emit(EventBody::StepCompleted { step, attempt: record.attempt(), outcome });
    Ok(())
}

fn approve(draft: &mut Draft, step: Option<&StepId>, digest: &str) -> Result<(), Refusal> {
    person_only(draft)?;
    let (step, _, record) = target(draft, step, "approve")?;
    let StepState::Waiting { on: Prompt::Approval { digest: shown, question, deadline }, .. } = &record.state
    else {
        return Err(no_approval(&step, &record));
    };
    if deadline.is_some_and(|d| d <= draft.at) && !draft.run.is_paused() {
        return Err(Refusal::new("The time for this approval is over").hint("Retry the step to ask again"));
    }
    if digest != shown {
        return Err(Refusal::new("What you saw is no longer what would be approved")
            .hint("Look at the approval again, then decide"));
    }
    let text = format!("{} approved: {question}", draft.actor);
    let outcome =
        Outcome { evidence: vec![Evidence { kind: EvidenceKind::Decision, text }], ..Outcome::default() };
    draft.emit(EventBody::StepCompleted { step, attempt: record.attempt(), outcome });
    Ok(())
}

fn reject(draft: &mut Draft, step: Option<&StepId>, reason: &str) -> Result<(), Refusal> {
    person_only(draft)?;
    let reason = required(reason, "A rejection needs a reason", "Say what must change")?;
    let (step, _, record) = target(draft, step, "reject")?;
    if !matches!(record.state, StepState::Waiting { on: Prompt::Approval { .. }, .. }) {
        return Err(no_approval(&step, &record));
    }
    let message = format!("{} rejected it: {reason}", draft.actor);
    let failure = Failure { kind: FailureKind::Rejected, message, exit: None };
    let attempt = record.attempt();
    draft.emit(EventBody::StepFailed { step, attempt, failure, next: AfterFailure::Decide });
    Ok(())
}

fn fail(draft: &mut Draft, step: Option<&StepId>, reason: &str) -> Result<(), Refusal> {
    let reason = required(reason, "A failure needs a reason", "Say what went wrong")?;
    let (step, _, record) = target(draft, step, "fail")?;
    if !matches!(record.state, StepState::Waiting { on: Prompt::Check { .. } | Prompt::Answers, .. }) {
        return Err(Refusal::new(format!(
            "“{step}” is {}; only a step that waits for a person is said to have failed",
            record.state.status().word()
        )));
    }
    let failure = Failure { kind: FailureKind::Reported, message: reason, exit: None };
    let attempt = record.attempt();
    draft.emit(EventBody::StepFailed { step, attempt, failure, next: AfterFailure::Decide });
    Ok(())
}

fn check(draft: &mut Draft, step: Option<&StepId>, action: usize, checked: bool) -> Result<(), Refusal> {
    let (step, _, record) = target(draft, step, "check")?;
    let StepState::Waiting { on: Prompt::Check { checked: ticks }, .. } = &record.state else {
        return Err(Refusal::new(format!("“{step}” has nothing to tick off now")));
    };
    if action >= ticks.len() {
        return Err(Refusal::new(format!("“{step}” has {} actions, not {}", ticks.len(), action + 1)));
    }
    draft.emit(EventBody::ActionChecked { step, action, checked });
    Ok(())
}

fn note(draft: &mut Draft, step: Option<&StepId>, text: &str) -> Result<(), Refusal> {
    let text = required(text, "A note needs some text", "Write a sentence")?;
    if let Some(id) = step
        && draft.run.record(id).is_none()
    {
        return Err(unknown(draft, id));
    }
    draft.emit(EventBody::NoteAdded { step: step.cloned(), text });
    Ok(())
}

/// The step that a verb means: the one named, or the one that waits. A step that is at work must
/// be named: who says “skip” while the next command has just begun does not mean that.
fn target(draft: &Draft, named: Option<&StepId>, verb: &str) -> Result<(StepId, Step, StepRecord), Refusal> {
    let run = &draft.run;
    let id = if let Some(id) = named {
        id.clone()
    } else {
        let waits = |state: &StepState| state.is_open() && !matches!(state, StepState::Running { .. });
        let mut open = run.steps.iter().filter(|s| waits(&s.state));
        match (open.next(), open.next()) {
            (Some(one), None) => one.id.clone(),
            (None, _) => {
                return Err(Refusal::new(format!(
                    "No step of run {} waits for anybody now",
                    run.id().short()
                ))
                .hint("Name the step that is meant, or wait until the run comes to the next one"));
            }
            (Some(_), Some(_)) => {
                return Err(Refusal::new("Several steps are open").hint("Name one with --step"));
            }
        }
    };
    match (run.record(&id), run.workflow.step(&id)) {
        (Some((_, record)), Some(step)) if record.state.is_open() => Ok((id, step.clone(), record.clone())),
        (Some((_, record)), Some(_)) => Err(Refusal::new(format!(
            "“{id}” is {}; {verb} does not apply to it now",
            record.state.status().word()
        ))),
        _ => Err(unknown(draft, &id)),
    }
}

fn unknown(draft: &Draft, id: &StepId) -> Refusal {
    let names: Vec<&str> = draft.run.steps.iter().map(|s| s.id.as_str()).collect();
    Refusal::new(format!("There is no step “{id}”")).hint(format!("The steps are: {}", names.join(", ")))
}

fn gate(step: &StepId) -> Refusal {
    Refusal::new(format!("“{step}” is an approval; it cannot be passed by"))
        .hint("Approve or reject it, retry it to be asked again, go back, or cancel the run")
}

fn no_approval(step: &StepId, record: &StepRecord) -> Refusal {
    let by = match &record.state {
        StepState::Done { by, .. } | StepState::Failed { by, .. } => format!("; {by} decided"),
        _ => String::new(),
    };
    Refusal::new(format!("“{step}” asks for no approval now; it is {}{by}", record.state.status().word()))
}

fn person_only(draft: &Draft) -> Result<(), Refusal> {
    if draft.actor.is_person() {
        Ok(())
    } else {
        Err(Refusal::new("Only a person approves or rejects").hint("Ask the person at the console to decide"))
    }
}

fn required(text: &str, refusal: &str, hint: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::new(refusal).hint(hint));
    }
    bounded(text, "text")
}

fn bounded(text: &str, what: &str) -> Result<String, Refusal> {
    if text.len() > NOTE_LIMIT {
        return Err(Refusal::new(format!("The {what} is longer than {} KiB", NOTE_LIMIT / 1024))
            .hint("Put it into a file and name the file"));
    }
    Ok(text.to_owned())
}
