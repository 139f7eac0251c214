//! The verbs on a run, as every screen and overlay acts on them: whether one can be taken, and
//! the request or the question that it leads to.

use std::collections::BTreeMap;

use crate::base::{Actor, RunId, StepId};
use crate::config::Action;
use crate::protocol::Request;
use crate::run::{Command, FailureKind, Prompt, Run, StepState, Verb, Work, decide, resolve};
use crate::tui::Model;
use crate::tui::msg::{Asker, Effect};
use crate::tui::overlays::choose::Choose;
use crate::tui::overlays::form::Form;
use crate::tui::overlays::reason::{Reason, Wanted};
use crate::workflow::{Reference, StepKind};

/// Whether the action is a verb on a run.
pub fn is_verb(action: Action) -> bool {
    matches!(
        action,
        Action::Pause
            | Action::PauseNow
            | Action::Resume
            | Action::Cancel
            | Action::Retry
            | Action::Skip
            | Action::Back
            | Action::Done
            | Action::Answer
            | Action::Approve
            | Action::Reject
            | Action::Fail
            | Action::Check
            | Action::Note
    )
}

/// Sends a verb to the engine.
pub fn act(run: &RunId, verb: Verb) -> Effect {
    Effect::ask(Asker::Verb, Request::Act { run: run.clone(), verb })
}

/// Why a verb cannot be taken on the run at hand; `None` where it can, where it is no verb, and
/// where only the engine knows.
pub fn refused(model: &Model, action: Action) -> Option<String> {
    if !is_verb(action) || (action == Action::Note && model.run_at_hand().is_none()) {
        return None;
    }
    let Some(id) = model.run_at_hand() else { return Some("There is no run at hand".to_owned()) };
    match model.mirror.run(&id) {
        Some(run) => refused_by(model, run, action),
        None => match model.mirror.summary(&id) {
            Some(row) if row.status.is_ended() && action != Action::Note => {
                Some(format!("The run is {}", row.status.word()))
            }
            _ => None,
        },
    }
}

/// Asks the run's own rules, as the engine will.
fn refused_by(model: &Model, run: &Run, action: Action) -> Option<String> {
    let probe = probe(run, action);
    let Some(verb) = probe else { return Some(nothing_waits(action).to_owned()) };
    let person = Actor::Person(String::new());
    decide(run, &Command::Verb(verb), &person, model.now).err().map(|refusal| refusal.reason)
}

fn nothing_waits(action: Action) -> &'static str {
    match action {
        Action::Answer => "No step waits for answers",
        Action::Approve | Action::Reject => "No step waits for an approval",
        Action::Check => "No step waits for a check",
        Action::Back => "There is no earlier step to go back to",
        _ => "Nothing waits for that",
    }
}

/// A verb that stands for what the person may give: whether the run takes it does not depend on
/// a reason's words. `None`: no step of the needed kind waits.
fn probe(run: &Run, action: Action) -> Option<Verb> {
    let reason = || "reason".to_owned();
    Some(match action {
        Action::Pause => Verb::Pause { freeze: false },
        Action::PauseNow => Verb::Pause { freeze: true },
        Action::Resume => Verb::Resume,
        Action::Cancel => Verb::Cancel { reason: None },
        Action::Retry => Verb::Retry { step: None, edit: None },
        Action::Skip => Verb::Skip { step: None, reason: reason() },
        Action::Back => Verb::Back { to: earlier(run).last()?.clone(), reason: None },
        Action::Done => {
            let evidence = crate::run::Evidence { kind: crate::run::EvidenceKind::Note, text: reason() };
            Verb::Done { step: None, evidence: vec![evidence] }
        }
        Action::Answer => {
            waiting(run, |p| matches!(p, Prompt::Answers))?;
            Verb::Note { step: None, text: reason() }
        }
        Action::Approve => {
            let (step, Prompt::Approval { digest, .. }) =
                waiting(run, |p| matches!(p, Prompt::Approval { .. }))?
            else {
                return None;
            };
            Verb::Approve { step: Some(step), digest }
        }
        Action::Reject => {
            let (step, _) = waiting(run, |p| matches!(p, Prompt::Approval { .. }))?;
            Verb::Reject { step: Some(step), reason: reason() }
        }
        Action::Fail => Verb::Fail { step: None, reason: reason() },
        Action::Check => {
            let (step, _) = waiting(run, |p| matches!(p, Prompt::Check { .. }))?;
            Verb::Check { step: Some(step), action: 0, checked: true }
        }
        _ => Verb::Note { step: None, text: reason() },
    })
}

/// The first step that waits on such a prompt.
pub fn waiting(run: &Run, wanted: impl Fn(&Prompt) -> bool) -> Option<(StepId, Prompt)> {
    run.steps.iter().find_map(|record| match &record.state {
        StepState::Waiting { on, .. } if wanted(on) => Some((record.id.clone(), on.clone())),
        _ => None,
    })
}

/// The steps that one can go back to, in order.
pub fn earlier(run: &Run) -> Vec<StepId> {
    run.steps.iter().filter(|s| !s.attempts.is_empty()).map(|s| s.id.clone()).collect()
}

/// Does a verb on a run: asks the engine, or opens the card that asks what is missing.
pub fn perform(model: &mut Model, id: &RunId, action: Action) -> Vec<Effect> {
    let step = None;
    match action {
        Action::Pause => vec![act(id, Verb::Pause { freeze: false })],
        Action::PauseNow => vec![act(id, Verb::Pause { freeze: true })],
        Action::Resume => vec![act(id, Verb::Resume)],
        Action::Retry => retry(model, id),
        Action::Cancel => open_reason(model, id, Wanted::Cancel),
        Action::Skip => open_reason(model, id, Wanted::Skip { step }),
        Action::Reject => open_reason(model, id, Wanted::Reject { step }),
        Action::Fail => open_reason(model, id, Wanted::Fail { step }),
        Action::Note => open_reason(model, id, Wanted::Note { step }),
        Action::Done => done(model, id),
        Action::Back => {
            if let Some(run) = model.mirror.run(id) {
                let choose = Choose::back(run);
                model.open(choose);
            }
            Vec::new()
        }
        Action::Answer => open_form(model, id),
        _ => Vec::new(),
    }
}

fn open_reason(model: &mut Model, id: &RunId, wanted: Wanted) -> Vec<Effect> {
    model.open(Reason::new(id.clone(), wanted));
    Vec::new()
}

/// `done` at once, or first asks for the evidence that the step, or its failure, needs.
fn done(model: &mut Model, id: &RunId) -> Vec<Effect> {
    let needs_evidence = model.mirror.run(id).is_some_and(|run| {
        run.waiting_steps().next().is_some_and(|(step, record)| {
            step.evidence_required || !matches!(record.state, StepState::Waiting { .. })
        })
    });
    if needs_evidence {
        open_reason(model, id, Wanted::Done { step: None })
    } else {
        vec![act(id, Verb::Done { step: None, evidence: Vec::new() })]
    }
}

/// The form for the questions of the step that waits for answers.
fn open_form(model: &mut Model, id: &RunId) -> Vec<Effect> {
    let Some(run) = model.mirror.run(id) else { return Vec::new() };
    let Some((step, _)) = waiting(run, |p| matches!(p, Prompt::Answers)) else { return Vec::new() };
    let found = run.workflow.step(&step).map(|s| (s.title.clone(), s.kind.clone()));
    let Some((title, StepKind::Ask { fields })) = found else { return Vec::new() };
    let asking = resolve::asking(run);
    let draft = model.run.drafts.get(&(id.clone(), step.clone())).cloned().unwrap_or_default();
    Form::answer(id.clone(), step, &title, fields, asking, &draft).open(model)
}

/// The secrets to be given again, where the step that waits failed for want of one.
fn lost_secrets(run: &Run) -> Option<(StepId, BTreeMap<String, String>)> {
    let (step, record) = run.waiting_steps().next()?;
    let StepState::Failed { failure, .. } = &record.state else { return None };
    let Some(Work::Run { secrets, .. }) = record.attempts.last().map(|a| &a.work) else { return None };
    // What comes from a file or a command is put right there.
    let is_given = |reference: &String| {
        matches!(Reference::parse(reference), Ok(Reference::Typed(_) | Reference::Env(_)))
    };
    let given = secrets.iter().filter(|(_, reference)| is_given(reference));
    let given: BTreeMap<String, String> = given.map(|(v, r)| (v.clone(), r.clone())).collect();
    (failure.kind == FailureKind::Secret && !given.is_empty()).then(|| (step.id.clone(), given))
}

/// Tries again at once, or first asks for what the step lacked.
fn retry(model: &mut Model, id: &RunId) -> Vec<Effect> {
    match model.mirror.run(id).and_then(lost_secrets) {
        Some((step, secrets)) => {
            Form::give(id.clone(), step, "Secrets that are not known any more", secrets).open(model)
        }
        None => vec![act(id, Verb::Retry { step: None, edit: None })],
    }
}
