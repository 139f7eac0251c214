//! What each verb does to a run, and when it is refused. One function a verb.

use crate::base::{Actor, StepId};
use crate::run::decide::Draft;
use crate::run::failure::is_at_work;
use crate::run::state::{Phase, Prompt, Role, StepRecord, StepState};
use crate::run::{
    AfterRollback, BackCause, Edit, EventBody, Evidence, EvidenceKind, Failure, FailureKind, Outcome,
    Refusal, SkipReason, Verb, Work, answer, lease, resolve,
};
use crate::workflow::{Step, StepKind, field};

/// Largest edit that is kept, in bytes of JSON.
const EDIT_LIMIT: usize = 512 * 1024;

/// Longest note or reason that is kept, in bytes.
pub const NOTE_LIMIT: usize = 64 * 1024;

pub(super) fn act(draft: &mut Draft, verb: &Verb) -> Result<(), Refusal> {
    allowed_now(draft, verb)?;
    draft.end_leases();
    match verb {
        Verb::Pause { freeze } => pause(draft, *freeze),
        Verb::Resume => resume(draft),
        Verb::Cancel { reason } => cancel(draft, reason.as_deref()),
        Verb::Retry { step, edit } => retry(draft, step.as_ref(), edit.as_deref()),
        Verb::Skip { step, reason } => skip(draft, step.as_ref(), reason),
        Verb::Back { to, reason } => back(draft, to, reason.as_deref()),
        Verb::Done { step, evidence } => done(draft, step.as_ref(), evidence),
        Verb::Answer { step, values } => answer::answer(draft, step.as_ref(), values),
        Verb::Approve { step, digest } => approve(draft, step.as_ref(), digest),
        Verb::Reject { step, reason } => reject(draft, step.as_ref(), reason),
        Verb::Fail { step, reason } => fail(draft, step.as_ref(), reason),
        Verb::Check { step, action, checked } => check(draft, step.as_ref(), *action, *checked),
        Verb::Note { step, text } => note(draft, step.as_ref(), text),
        Verb::PushBack { step, to, feedback } => push_back(draft, step.as_ref(), to, feedback),
        Verb::Proceed { step } => proceed(draft, step.as_ref()),
        Verb::Take { step, length } => lease::take(draft, step.as_ref(), *length),
        Verb::HandOver { step, to, length } => lease::hand_over(draft, step.as_ref(), to.as_ref(), *length),
        Verb::TakeBack { step, length } => lease::take_back(draft, step.as_ref(), *length),
        Verb::StepThrough { on } => step_through(draft, *on),
        Verb::Breakpoint { step, set } => breakpoint(draft, step, *set),
        Verb::Rollback { reason } => rollback(draft, reason),
    }
}

fn allowed_now(draft: &Draft, verb: &Verb) -> Result<(), Refusal> {
    if matches!(verb, Verb::Note { .. }) {
        return Ok(());
    }
    let run = &draft.run;
    // What a run did can be undone after its end.
    if run.is_ended() && !matches!(verb, Verb::Rollback { .. }) {
        let step = match verb {
            Verb::Approve { step: Some(step), .. } | Verb::Reject { step: Some(step), .. } => {
                run.record(step)
            }
            _ => None,
        };
        let first = step.map(|(_, record)| decided(record)).unwrap_or_default();
        return Err(Refusal::new(format!(
            "Run {} is {}{first}; nothing of it can be changed",
            run.id().short(),
            run.status().word()
        ))
        .hint(format!("Start {} again for a new run", run.workflow.id)));
    }
    if matches!(run.phase, Phase::Cancelling { .. }) {
        return Err(Refusal::new(format!("Run {} is being cancelled", run.id().short()))
            .hint("Wait until its processes have ended"));
    }
    if run.is_rolling_back() && matches!(verb, Verb::Back { .. } | Verb::PushBack { .. }) {
        return Err(Refusal::new(format!("Run {} is being rolled back", run.id().short()))
            .hint("Let it end, then start or fork the run again"));
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
    // Any attempt that ran a command may have left processes; the executor looks. Child runs end first.
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

fn retry(draft: &mut Draft, step: Option<&StepId>, edit: Option<&Edit>) -> Result<(), Refusal> {
    let (step, definition, record) = target(draft, step, "retry")?;
    match &record.state {
        StepState::Failed { continued: false, .. }
        | StepState::Uncertain { .. }
        | StepState::Waiting { on: Prompt::Retry { .. } | Prompt::Proceed { .. }, .. } => {}
        _ => {
            return Err(Refusal::new(format!(
                "“{step}” is {}; only a failed or uncertain step is tried again",
                record.state.status().word()
            ))
            .hint("To do a finished step again, go back to it"));
        }
    }
    let edit = edit.filter(|edit| !edit.is_empty());
    if let Some(edit) = edit {
        fits(draft, &definition, edit)?;
    }
    draft.emit(EventBody::StepRetried { step, edit: edit.cloned().map(Box::new) });
    if edit.is_some() {
        ask_again(draft);
    }
    Ok(())
}

/// Whether an edit changes what this step has, in a way that its file could say as well.
fn fits(draft: &Draft, step: &Step, edit: &Edit) -> Result<(), Refusal> {
    let is = |kinds: &[&str]| kinds.contains(&step.kind.word());
    let wrong = [
        (edit.script.is_some(), is(&["run"]), "script"),
        (edit.env.is_some(), is(&["run"]), "env"),
        (edit.with.is_some(), is(&["call", "workflow"]), "parameters"),
        (edit.text.is_some(), is(&["agent", "write"]), "text"),
    ];
    if let Some((_, _, what)) = wrong.iter().find(|(given, fits, _)| *given && !fits) {
        return Err(Refusal::new(format!(
            "“{}” is a {} step and has no {what} to edit",
            step.id,
            step.kind.word()
        )));
    }
    if edit.script.as_deref().is_some_and(|s| s.trim().is_empty()) {
        return Err(Refusal::new("The script is empty").hint("To do nothing, skip the step with a reason"));
    }
    if edit.script.as_deref().is_some_and(|s| s.contains("${{")) {
        return Err(Refusal::new("A script is never filled in: `${{` has no meaning in it")
            .hint("Give the value through env, and read it as \"$NAME\""));
    }
    let size = serde_json::to_string(edit).map_or(usize::MAX, |text| text.len());
    if size > EDIT_LIMIT {
        return Err(Refusal::new(format!("The edit is longer than {} KiB", EDIT_LIMIT / 1024)));
    }
    if !edit.inputs.is_empty() {
        answer::secrets_by_person(draft, &draft.run.workflow.inputs, &edit.inputs)?;
        let mut inputs = draft.run.inputs.clone();
        inputs.extend(edit.inputs.clone());
        field::complete(&draft.run.workflow.inputs, &inputs).map_err(|problems| {
            Refusal::new(problems.join("; ")).hint("Give the inputs as the workflow asks for them")
        })?;
    }
    Ok(())
}

/// An approval that waits is void once anything that it shows is otherwise: it is asked anew.
pub(super) fn ask_again(draft: &mut Draft) {
    for record in draft.run.steps.clone() {
        let (StepState::Waiting { on: Prompt::Approval { digest, .. }, .. }, Role::Step { index }) =
            (&record.state, &record.role)
        else {
            continue;
        };
        let Some(step) = draft.run.definition(&record).cloned() else { continue };
        let scope = resolve::scope_of(&draft.run, &record);
        let place = resolve::Place::of(&draft.run, &record, record.attempt());
        let now = resolve::work(&step, None, &scope, &place, resolve::opens(&draft.run, *index));
        if !matches!(now, Ok(Work::Approve { digest: now, .. }) if &now == digest) {
            let (step, attempt) = (record.id.clone(), record.attempt());
            draft.emit(EventBody::StepInterrupted { step, attempt });
        }
    }
}

fn skip(draft: &mut Draft, step: Option<&StepId>, reason: &str) -> Result<(), Refusal> {
    let reason = required(reason, "A skip needs a reason", "Say why the step is not needed")?;
    let (step, definition, record) = target(draft, step, "skip")?;
    if matches!(definition.kind, StepKind::Approve { .. }) {
        return Err(gate(&step));
    }
    let running: Vec<(StepId, u32)> = match record.role {
        // Of a loop, its iterations run.
        Role::Step { index } if definition.for_each.is_some() => draft
            .run
            .iterations(index)
            .filter(|r| is_at_work(r))
            .map(|r| (r.id.clone(), r.attempt()))
            .collect(),
        _ if is_at_work(&record) => vec![(step.clone(), record.attempt())],
        _ => Vec::new(),
    };
    if let (Role::Step { index }, true) = (&record.role, definition.for_each.is_some()) {
        draft.run.iterations(*index).try_for_each(|part| lease::may_answer(draft, part))?;
    }
    for (step, attempt) in running {
        draft.emit(EventBody::StepInterrupted { step, attempt });
    }
    draft.emit(EventBody::StepSkipped { step, reason: SkipReason::Person { reason } });
    Ok(())
}

fn back(draft: &mut Draft, to: &StepId, reason: Option<&str>) -> Result<(), Refusal> {
    let reason = reason.map(str::trim).filter(|r| !r.is_empty()).map(|r| bounded(r, "reason")).transpose()?;
    let to = goal(draft, to)?;
    let places = draft.run.place(&to).map(|at| draft.run.workflow.with_dependents(at)).unwrap_or_default();
    lease::spares_people(draft, |record| places.contains(&record.role.index()))?;
    draft.interrupt_from(&to);
    draft.emit(EventBody::WentBack { to, reason, cause: BackCause::Wish });
    Ok(())
}

/// The step that going back to `to` begins with: itself, or the approval that it has used up.
fn goal(draft: &Draft, to: &StepId) -> Result<StepId, Refusal> {
    let Some((_, record)) = draft.run.record(to) else { return Err(unknown(draft, to)) };
    let Role::Step { index } = record.role else {
        return Err(Refusal::new(format!("“{to}” is a part of another step"))
            .hint("Go back to the step itself, or retry this part where it has failed"));
    };
    if record.state == StepState::Pending {
        return Err(
            Refusal::new(format!("“{to}” has not been reached yet")).hint("Go back to an earlier step")
        );
    }
    let is_gate = |id: &&StepId| {
        draft.run.record(id).is_some_and(|(_, gate)| {
            matches!(gate.state, StepState::Done { .. })
                && matches!(gate.attempts.last().map(|a| &a.work), Some(Work::Approve { .. }))
        })
    };
    let was_done = matches!(record.state, StepState::Done { .. });
    let gate = draft.run.workflow.needs(index).into_iter().find(is_gate);
    Ok(gate.filter(|_| was_done && record.attempt() > 0).unwrap_or(to).clone())
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
        (StepState::Waiting { on: Prompt::Agent { .. }, .. }, _) => {
            return Err(Refusal::new(format!("“{step}” waits for an agent's answer"))
                .hint("Answer it with its text, or skip it with a reason"));
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
    // What the author wanted of a result does not hold for one that a person vouches for.
    draft.emit(EventBody::StepCompleted { step, attempt: record.attempt(), outcome });
    Ok(())
}

fn approve(draft: &mut Draft, step: Option<&StepId>, digest: &str) -> Result<(), Refusal> {
    person_only(draft)?;
    let (step, _, record) = target(draft, step, "approve")?;
    let StepState::Waiting { on: Prompt::Approval { digest: shown, question, deadline, .. }, .. } =
        &record.state
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
    draft.fail(&step, record.attempt(), failure);
    Ok(())
}

fn fail(draft: &mut Draft, step: Option<&StepId>, reason: &str) -> Result<(), Refusal> {
    let reason = required(reason, "A failure needs a reason", "Say what went wrong")?;
    let (step, _, record) = target(draft, step, "fail")?;
    if !matches!(
        record.state,
        StepState::Waiting { on: Prompt::Check { .. } | Prompt::Answers | Prompt::Agent { .. }, .. }
    ) {
        return Err(Refusal::new(format!(
            "“{step}” is {}; only a step that waits for a person is said to have failed",
            record.state.status().word()
        )));
    }
    let failure = Failure { kind: FailureKind::Reported, message: reason, exit: None };
    draft.fail(&step, record.attempt(), failure);
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

fn push_back(draft: &mut Draft, step: Option<&StepId>, to: &StepId, feedback: &str) -> Result<(), Refusal> {
    person_only(draft)?;
    let feedback = required(feedback, "Pushing back needs feedback", "Say what must be different")?;
    let (step, _, record) = target(draft, step, "push-back")?;
    if !matches!(record.state, StepState::Waiting { on: Prompt::Approval { .. }, .. }) {
        return Err(no_approval(&step, &record));
    }
    let to = goal(draft, to)?;
    let leads_here = draft.run.place(&to).zip(draft.run.place(&step));
    if !leads_here
        .is_some_and(|(to, step)| to != step && draft.run.workflow.with_dependents(to).contains(&step))
    {
        return Err(Refusal::new(format!("“{to}” does not lead to “{step}”"))
            .hint("Push back to a step that comes before the approval"));
    }
    draft.interrupt_from(&to);
    draft.emit(EventBody::WentBack {
        to,
        reason: Some(feedback),
        cause: BackCause::PushedBack { from: step },
    });
    Ok(())
}

fn proceed(draft: &mut Draft, step: Option<&StepId>) -> Result<(), Refusal> {
    let (step, _, record) = target(draft, step, "proceed")?;
    if !matches!(record.state, StepState::Waiting { on: Prompt::Proceed { .. }, .. }) {
        return Err(Refusal::new(format!("“{step}” is not held; it is {}", record.state.status().word())));
    }
    draft.emit(EventBody::StepReleased { step });
    Ok(())
}

fn step_through(draft: &mut Draft, on: bool) -> Result<(), Refusal> {
    if draft.run.step_through == on {
        let now = if on { "steps through already" } else { "does not step through" };
        return Err(Refusal::new(format!("Run {} {now}", draft.run.id().short())));
    }
    draft.emit(EventBody::StepThroughSet { on });
    Ok(())
}

fn breakpoint(draft: &mut Draft, step: &StepId, set: bool) -> Result<(), Refusal> {
    if draft.run.record(step).is_none() {
        return Err(unknown(draft, step));
    }
    if draft.run.breakpoints.contains(step) == set {
        let now = if set { "has a breakpoint already" } else { "has no breakpoint" };
        return Err(Refusal::new(format!("“{step}” {now}")));
    }
    draft.emit(EventBody::BreakpointSet { step: step.clone(), set });
    Ok(())
}

fn rollback(draft: &mut Draft, reason: &str) -> Result<(), Refusal> {
    let reason = required(reason, "A rollback needs a reason", "Say why it must be undone")?;
    if draft.run.is_rolling_back() && !draft.run.is_ended() {
        return Err(Refusal::new(format!("Run {} is being rolled back already", draft.run.id().short())));
    }
    if draft.run.undoable().is_empty() {
        return Err(Refusal::new(format!(
            "Run {} has done nothing that can be undone",
            draft.run.id().short()
        ))
        .hint("Only child runs and steps with `rollback` are undone; look at what its steps did, and undo it by hand"));
    }
    lease::spares_people(draft, |_| true)?;
    let then = match draft.run.phase {
        Phase::Failed { .. } => AfterRollback::Failed,
        _ => AfterRollback::Cancelled,
    };
    let actor = draft.actor.clone();
    draft.roll_back(actor, reason, then);
    Ok(())
}

/// The step that a verb means, unless somebody else has taken it.
pub(super) fn target(
    draft: &Draft,
    named: Option<&StepId>,
    verb: &str,
) -> Result<(StepId, Step, StepRecord), Refusal> {
    let meant = open_step(draft, named, verb)?;
    lease::may_answer(draft, &meant.2)?;
    Ok(meant)
}

/// The step that a verb means: the one named, or the one that waits. A step that is at work must
/// be named: who says “skip” while the next command has just begun does not mean that.
pub(super) fn open_step(
    draft: &Draft,
    named: Option<&StepId>,
    verb: &str,
) -> Result<(StepId, Step, StepRecord), Refusal> {
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
    let record = run.record(&id);
    match (record, record.and_then(|(_, r)| run.definition(r))) {
        (Some((_, record)), Some(step)) if record.state.is_open() => Ok((id, step.clone(), record.clone())),
        (Some((_, record)), Some(_)) => Err(Refusal::new(format!(
            "“{id}” is {}{}; {verb} does not apply to it now",
            record.state.status().word(),
            decided(record)
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
    Refusal::new(format!(
        "“{step}” asks for no approval now; it is {}{}",
        record.state.status().word(),
        decided(record)
    ))
}

/// Who was first, for whoever comes second.
fn decided(record: &StepRecord) -> String {
    match &record.state {
        StepState::Done { by, .. } | StepState::Failed { by, .. } | StepState::Skipped { by, .. }
            if *by != Actor::Engine =>
        {
            format!(" ({by} decided)")
        }
        _ => String::new(),
    }
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
