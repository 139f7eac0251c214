//! The verbs on a run, as every screen and overlay acts on them: whether one can be taken, and
//! the request or the question that it leads to. What a child run asks is in `child`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::base::{Actor, RunId, StepId};
use crate::config::Action;
use crate::protocol::Request;
use crate::run::{
    Command, FailureKind, Prompt, Refusal, Role, Run, StepRecord, StepState, Verb, Work, decide, resolve,
};
use crate::tui::Model;
use crate::tui::msg::{Asker, Effect};
use crate::tui::overlays::answer::AgentAnswer;
use crate::tui::overlays::choose::Choose;
use crate::tui::overlays::edit::EditCard;
use crate::tui::overlays::fork::ForkCard;
use crate::tui::overlays::form::Form;
use crate::tui::overlays::move_over::MoveOverCard;
use crate::tui::overlays::push_back::PushBack;
use crate::tui::overlays::reason::{Reason, Wanted};
use crate::tui::overlays::rollback::RollbackCard;
use crate::tui::screens::console::control::reach;
use crate::tui::screens::run::decide as decide_on;
use crate::tui::widgets::Hint;
use crate::workflow::{Entry, Origin, Reference, StepKind};

pub mod child;

/// Whether the action is a verb on a run, or makes another run of it.
pub fn is_verb(action: Action) -> bool {
    is_of_step(action)
        || matches!(
            action,
            Action::Pause
                | Action::PauseNow
                | Action::Resume
                | Action::Cancel
                | Action::Back
                | Action::Note
                | Action::Rollback
                | Action::StepThrough
                | Action::Breakpoint
                | Action::Fork
                | Action::MoveOver
        )
}

/// Whether it is about a step that is open: the one that is looked at.
pub fn is_of_step(action: Action) -> bool {
    matches!(
        action,
        Action::Retry
            | Action::EditRetry
            | Action::Skip
            | Action::Done
            | Action::Answer
            | Action::Approve
            | Action::Reject
            | Action::PushBack
            | Action::Proceed
            | Action::Fail
            | Action::Check
            | Action::Take
            | Action::TakeBack
            | Action::HandOver
    )
}

/// What is to be said first of a step that somebody has taken.
pub fn lease_hint(model: &Model, record: &StepRecord) -> Option<Hint> {
    let lease = record.state.lease()?;
    Some(if lease.holder == model.me { Action::HandOver.into() } else { Action::TakeBack.into() })
}

/// Whether somebody else has it: nothing is to be done here before that is over.
pub fn is_anothers(model: &Model, record: &StepRecord) -> bool {
    record.state.taken().is_some_and(|lease| lease.holder != model.me)
}

/// Sends a verb to the engine.
pub fn act(run: &RunId, verb: Verb) -> Effect {
    Effect::ask(Asker::Verb, Request::Act { run: run.clone(), verb })
}

/// What the run's own rules say against a verb, as the engine will.
pub fn refusal(model: &Model, run: &Run, verb: Verb) -> Option<Refusal> {
    decide(run, &Command::Verb(verb), &model.me, model.now).err()
}

/// Why a verb cannot be taken on the run at hand; `None` where it can, where it is no verb, and
/// where only the engine knows.
pub fn refused(model: &Model, action: Action) -> Option<String> {
    if !is_verb(action) || (action == Action::Note && model.run_at_hand().is_none()) {
        return None;
    }
    let Some(id) = model.run_at_hand() else { return Some("There is no run at hand".to_owned()) };
    match model.mirror.run(&id) {
        Some(run) => {
            let step = model.step_at_hand();
            match child::asked(model, &id, step.as_ref()).filter(|_| child::is_answer(action)) {
                Some(asked) => asked.refused(action),
                None => refused_by(model, run, step.as_ref(), action),
            }
        }
        None => match model.mirror.summary(&id) {
            Some(row) if row.status.is_ended() && !matches!(action, Action::Note | Action::Fork) => {
                Some(format!("The run is {}", row.status.word()))
            }
            _ => None,
        },
    }
}

/// The file of the run's workflow, where it is another one now than the run has. What lies elsewhere is not known here.
pub fn newer<'m>(model: &'m Model, run: &Run) -> Option<&'m Entry> {
    let has = &run.header.workflow;
    let entry = model.bank.as_ref()?.registry.get(&has.id)?;
    let is_here = Path::new(&run.header.context.folder).starts_with(&model.facts.folder);
    let is_everywhere = entry.origin != Origin::Project && has.origin != Origin::Project;
    let is_newer = entry.workflow().is_some() && entry.digest != has.digest;
    (is_newer && (is_here || is_everywhere) && !run.is_ended()).then_some(entry)
}

fn refused_by(model: &Model, run: &Run, step: Option<&StepId>, action: Action) -> Option<String> {
    if action == Action::MoveOver {
        let is_here = Path::new(&run.header.context.folder).starts_with(&model.facts.folder);
        return if run.is_ended() {
            Some(format!("The run is {}; it keeps its version", run.status().word()))
        } else if is_here && newer(model, run).is_none() {
            Some(format!("{} has not changed since this run got its version", run.workflow.id))
        } else {
            None
        };
    }
    // Before what is the matter with this verb: it is not for us now.
    let at = step.and_then(|s| run.record(s)).map(|(_, r)| r).or_else(|| first_open(run));
    if let Some(lease) = at.filter(|r| is_anothers(model, r)).and_then(|r| r.state.lease())
        && is_of_step(action)
        && action != Action::TakeBack
    {
        return Some(format!("It is {lease}"));
    }
    match probe(run, step, action) {
        Ok(verb) => refusal(model, run, verb).map(|refusal| refusal.reason),
        Err(why) => Some(why.to_owned()),
    }
}

/// A verb as it would be sent, to ask whether it would be taken; `Err` where nothing of its kind waits.
fn probe(run: &Run, step: Option<&StepId>, action: Action) -> Result<Verb, &'static str> {
    let reason = || "reason".to_owned();
    let named = step.cloned();
    let waits = |wanted: fn(&Prompt) -> bool, otherwise| waiting_at(run, step, wanted).ok_or(otherwise);
    Ok(match action {
        Action::Pause => Verb::Pause { freeze: false },
        Action::PauseNow => Verb::Pause { freeze: true },
        Action::Resume => Verb::Resume,
        Action::Cancel => Verb::Cancel { reason: None },
        Action::Retry => Verb::Retry { step: named, edit: None },
        Action::EditRetry => {
            let record = step.and_then(|s| run.record(s)).map(|(_, r)| r).or_else(|| first_open(run));
            let record = record.ok_or("No step waits that could be edited")?;
            if !EditCard::fits(run, record) {
                return Err("This step has nothing that could be edited; the run has no inputs either");
            }
            Verb::Retry { step: Some(record.id.clone()), edit: None }
        }
        Action::Skip => Verb::Skip { step: named, reason: reason() },
        Action::Back => {
            let to = earlier(run).last().ok_or("There is no step to go back to")?.clone();
            Verb::Back { to, reason: None }
        }
        Action::Done => {
            let evidence = crate::run::Evidence { kind: crate::run::EvidenceKind::Note, text: reason() };
            Verb::Done { step: named, evidence: vec![evidence] }
        }
        Action::Answer => {
            waits(|p| matches!(p, Prompt::Answers | Prompt::Agent { .. }), "No step waits for answers")?;
            Verb::Note { step: None, text: reason() }
        }
        Action::Approve => {
            let otherwise = "No step waits for an approval";
            match waits(|p| matches!(p, Prompt::Approval { .. }), otherwise)? {
                (step, Prompt::Approval { digest, .. }) => Verb::Approve { step: Some(step), digest },
                _ => return Err(otherwise),
            }
        }
        Action::Reject => {
            let (step, _) = waits(|p| matches!(p, Prompt::Approval { .. }), "No step waits for an approval")?;
            Verb::Reject { step: Some(step), reason: reason() }
        }
        Action::PushBack => {
            let (step, _) = waits(|p| matches!(p, Prompt::Approval { .. }), "No step waits for an approval")?;
            let none = "No step comes before this approval that it could be pushed back to";
            let to = before(run, &step).last().ok_or(none)?.clone();
            Verb::PushBack { step: Some(step), to, feedback: reason() }
        }
        Action::Proceed => {
            let (step, _) = waits(|p| matches!(p, Prompt::Proceed { .. }), "No step is held")?;
            Verb::Proceed { step: Some(step) }
        }
        Action::Fail => Verb::Fail { step: named, reason: reason() },
        Action::Take => Verb::Take { step: named, length: None },
        Action::TakeBack => Verb::TakeBack { step: named, length: None },
        Action::HandOver => {
            Verb::HandOver { step: named, to: Some(Actor::Person("somebody@else".to_owned())), length: None }
        }
        Action::Check => {
            let (step, _) =
                waits(|p| matches!(p, Prompt::Check { .. }), "No step waits for actions to be ticked off")?;
            Verb::Check { step: Some(step), action: 0, checked: true }
        }
        Action::Rollback => Verb::Rollback { reason: reason() },
        Action::StepThrough => Verb::StepThrough { on: !run.step_through },
        Action::Breakpoint => breakpoint(run, step)?,
        Action::Fork => {
            forkable(run, step)?;
            Verb::Note { step: None, text: reason() }
        }
        _ => Verb::Note { step: None, text: reason() },
    })
}

/// Sets a breakpoint on the step, or takes it away.
fn breakpoint(run: &Run, step: Option<&StepId>) -> Result<Verb, &'static str> {
    let (_, record) =
        step.and_then(|s| run.record(s)).ok_or("Select the step that is to be held, on the Run screen")?;
    if matches!(record.role, Role::Undo { .. }) {
        return Err("What undoes a step is never held");
    }
    Ok(Verb::Breakpoint { step: record.id.clone(), set: !run.breakpoints.contains(&record.id) })
}

/// The step that a new run would begin with: an iteration stands for its loop, what undoes a step for that step.
fn forkable(run: &Run, step: Option<&StepId>) -> Result<StepId, &'static str> {
    let (_, record) = step
        .and_then(|s| run.record(s))
        .ok_or("Select the step that the new run is to begin with, on the Run screen")?;
    run.workflow
        .steps
        .get(record.role.index())
        .map(|s| s.id.clone())
        .ok_or("This step is not in the workflow")
}

fn first_open(run: &Run) -> Option<&StepRecord> {
    run.waiting_steps().map(|(_, record)| record).next()
}

/// The step, or else the first one, that waits on such a prompt.
fn waiting_at(run: &Run, step: Option<&StepId>, wanted: fn(&Prompt) -> bool) -> Option<(StepId, Prompt)> {
    run.steps.iter().filter(|r| step.is_none_or(|s| s == &r.id)).find_map(|record| match &record.state {
        StepState::Waiting { on, .. } if wanted(on) => Some((record.id.clone(), on.clone())),
        _ => None,
    })
}

/// The first step that waits on such a prompt.
pub fn waiting(run: &Run, wanted: fn(&Prompt) -> bool) -> Option<(StepId, Prompt)> {
    waiting_at(run, None, wanted)
}

/// The steps that one can go back to, in order.
pub fn earlier(run: &Run) -> Vec<StepId> {
    let is_own = |r: &&Arc<StepRecord>| matches!(r.role, Role::Step { .. }) && r.state != StepState::Pending;
    run.steps.iter().filter(is_own).map(|s| s.id.clone()).collect()
}

/// Those of them that lead to this step.
pub fn before(run: &Run, step: &StepId) -> Vec<StepId> {
    let Some(at) = run.place(step) else { return Vec::new() };
    let leads = |id: &StepId| {
        id != step && run.place(id).is_some_and(|place| run.workflow.with_dependents(place).contains(&at))
    };
    earlier(run).into_iter().filter(leads).collect()
}

/// Does a verb on a run: asks the engine, or opens the card that asks what is missing.
pub fn perform(model: &mut Model, id: &RunId, action: Action) -> Vec<Effect> {
    let step = model.step_at_hand().filter(|_| model.run_at_hand().as_ref() == Some(id));
    if child::is_answer(action)
        && let Some(asked) = child::asked(model, id, step.as_ref())
    {
        return reach(model, &asked.run, action);
    }
    match action {
        Action::Pause => vec![act(id, Verb::Pause { freeze: false })],
        Action::PauseNow => vec![act(id, Verb::Pause { freeze: true })],
        Action::Resume => vec![act(id, Verb::Resume)],
        Action::Retry => retry(model, id, step),
        Action::EditRetry => EditCard::open(model, id, step.as_ref()),
        Action::Cancel => open_reason(model, id, Wanted::Cancel),
        Action::Skip => open_reason(model, id, Wanted::Skip { step }),
        Action::Reject => open_reason(model, id, Wanted::Reject { step }),
        Action::Fail => open_reason(model, id, Wanted::Fail { step }),
        Action::Note => open_reason(model, id, Wanted::Note { step }),
        Action::Take => vec![act(id, Verb::Take { step, length: None })],
        Action::TakeBack => vec![act(id, Verb::TakeBack { step, length: None })],
        Action::HandOver => open_reason(model, id, Wanted::HandOver { step }),
        Action::Done => done(model, id, step),
        Action::Approve | Action::Proceed => {
            let wanted: fn(&Prompt) -> bool = if action == Action::Approve {
                |p| matches!(p, Prompt::Approval { .. })
            } else {
                |p| matches!(p, Prompt::Proceed { .. })
            };
            let found = model.mirror.run(id).and_then(|run| waiting_at(run, step.as_ref(), wanted));
            found.map(|(step, _)| decide_on(model, id, &step, false)).unwrap_or_default()
        }
        Action::PushBack => {
            let at = model.mirror.run(id).and_then(|run| {
                waiting_at(run, step.as_ref(), |p| matches!(p, Prompt::Approval { .. })).map(|(s, _)| s)
            });
            if let Some(card) = at.and_then(|step| PushBack::new(model, id, &step)) {
                model.open(card);
            }
            Vec::new()
        }
        Action::Rollback => {
            if let Some(card) = RollbackCard::new(model, id) {
                model.open(card);
            }
            Vec::new()
        }
        Action::StepThrough => {
            let on = model.mirror.run(id).is_some_and(|run| !run.step_through);
            vec![act(id, Verb::StepThrough { on })]
        }
        Action::Breakpoint => {
            let verb = model.mirror.run(id).and_then(|run| breakpoint(run, step.as_ref()).ok());
            verb.map(|verb| act(id, verb)).into_iter().collect()
        }
        Action::Fork => {
            let from = model.mirror.run(id).and_then(|run| forkable(run, step.as_ref()).ok());
            if let Some(card) = from.and_then(|from| ForkCard::new(model, id, &from)) {
                model.open(card);
            }
            Vec::new()
        }
        Action::MoveOver => MoveOverCard::open(model, id),
        Action::Back => {
            if let Some(run) = model.mirror.run(id) {
                let choose = Choose::back(run);
                model.open(choose);
            }
            Vec::new()
        }
        Action::Answer => answer(model, id, step.as_ref()),
        _ => Vec::new(),
    }
}

fn open_reason(model: &mut Model, id: &RunId, wanted: Wanted) -> Vec<Effect> {
    model.open(Reason::new(id.clone(), wanted));
    Vec::new()
}

/// `done` at once, or first asks for the evidence that the step, or its failure, needs.
fn done(model: &mut Model, id: &RunId, step: Option<StepId>) -> Vec<Effect> {
    let needs_evidence = model.mirror.run(id).is_some_and(|run| {
        let named = step.as_ref().and_then(|s| run.record(s)).map(|(_, r)| r);
        named.or_else(|| first_open(run)).is_some_and(|record| {
            run.definition(record).is_some_and(|s| s.evidence_required)
                || !matches!(record.state, StepState::Waiting { .. })
        })
    });
    if needs_evidence {
        open_reason(model, id, Wanted::Done { step })
    } else {
        vec![act(id, Verb::Done { step, evidence: Vec::new() })]
    }
}

/// The form for the questions of the step that waits for answers, or the place to answer for an agent.
fn answer(model: &mut Model, id: &RunId, step: Option<&StepId>) -> Vec<Effect> {
    let Some(run) = model.mirror.run(id) else { return Vec::new() };
    let asks = |p: &Prompt| matches!(p, Prompt::Answers | Prompt::Agent { .. });
    let Some((step, prompt)) = waiting_at(run, step, asks) else { return Vec::new() };
    if matches!(prompt, Prompt::Agent { .. }) {
        if let Some(card) = AgentAnswer::new(model, id, &step) {
            model.open(card);
        }
        return Vec::new();
    }
    open_form(model, id, step)
}

fn open_form(model: &mut Model, id: &RunId, step: StepId) -> Vec<Effect> {
    let Some(run) = model.mirror.run(id) else { return Vec::new() };
    let found = run.record(&step).and_then(|(_, r)| run.definition(r));
    let found = found.map(|s| (s.title.clone(), s.kind.clone()));
    let Some((title, StepKind::Ask { fields })) = found else { return Vec::new() };
    let asking = resolve::asking(run);
    let draft = model.run.drafts.get(&(id.clone(), step.clone())).cloned().unwrap_or_default();
    Form::answer(id.clone(), step, &title, fields, asking, &draft).open(model)
}

/// The secrets to be given again, where the step failed for want of one.
fn lost_secrets(run: &Run, step: Option<&StepId>) -> Option<(StepId, BTreeMap<String, String>)> {
    let named = step.and_then(|s| run.record(s)).map(|(_, r)| r);
    let record = named.or_else(|| first_open(run))?;
    let StepState::Failed { failure, .. } = &record.state else { return None };
    let Some(Work::Run { secrets, .. }) = record.attempts.last().map(|a| &a.work) else { return None };
    // What comes from a file or a command is put right there.
    let is_given = |reference: &String| {
        matches!(Reference::parse(reference), Ok(Reference::Typed(_) | Reference::Env(_)))
    };
    let given = secrets.iter().filter(|(_, reference)| is_given(reference));
    let given: BTreeMap<String, String> = given.map(|(v, r)| (v.clone(), r.clone())).collect();
    (failure.kind == FailureKind::Secret && !given.is_empty()).then(|| (record.id.clone(), given))
}

/// Tries again at once, or first asks for what the step lacked.
fn retry(model: &mut Model, id: &RunId, step: Option<StepId>) -> Vec<Effect> {
    match model.mirror.run(id).and_then(|run| lost_secrets(run, step.as_ref())) {
        Some((step, secrets)) => {
            Form::give(id.clone(), step, "Secrets that are not known any more", secrets).open(model)
        }
        None => vec![act(id, Verb::Retry { step, edit: None })],
    }
}
