//! Moving a run over to another version of its workflow: where what was done allows it, what is asked anew, and
//! how the records of its steps go on. What is done stays as it was done; what is not may be anything.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::StepId;
use crate::run::apply::apply;
use crate::run::decide::Draft;
use crate::run::failure::is_at_work;
use crate::run::state::{Moved, Phase, Prompt, Role, Run, StepRecord, StepState};
use crate::run::verbs::ask_again;
use crate::run::{Event, EventBody, MovedOver, Refusal, Work, WorkflowRef, answer};
use crate::workflow::{Status, Step, StepKind, Workflow, field};

/// The version that a run is moved over to.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    pub workflow: Arc<Workflow>,
    /// Its file.
    pub source: Arc<[u8]>,
    pub reference: WorkflowRef,
    /// Inputs that are otherwise, or that this version asks for and the one before did not.
    pub inputs: Map<String, Value>,
    /// The variables that this version declares, as far as they are known.
    pub env: IndexMap<String, String>,
}

/// What a move would change, by the ids of steps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// In both, and otherwise in the new one.
    pub changed: Vec<StepId>,
    pub added: Vec<StepId>,
    pub removed: Vec<StepId>,
    /// Of the steps that wait now: their prompts are void, and asked as the new version says.
    pub asked_anew: Vec<StepId>,
}

pub(super) fn move_over(draft: &mut Draft, version: &Version) -> Result<(), Refusal> {
    if !draft.actor.is_person() {
        return Err(Refusal::new("Only a person moves a run over to another version")
            .hint("Ask the person at the console"));
    }
    answer::secrets_by_person(draft, &version.workflow.inputs, &version.inputs)?;
    let changes = changes(&draft.run, version)?;
    let inputs = inputs(&draft.run, version)?;
    for step in changes.asked_anew {
        let attempt = draft.run.record(&step).map_or(0, |(_, record)| record.attempt());
        draft.emit(EventBody::StepInterrupted { step, attempt });
    }
    let moved = MovedOver {
        from: draft.run.header.workflow.clone(),
        to: version.reference.clone(),
        inputs,
        env: version.env.clone(),
    };
    let (seq, at, actor) = (draft.run.seq + 1, draft.at, draft.actor.clone());
    let event = Event { seq, at, actor, body: EventBody::MovedOver(Box::new(moved)) };
    fold(&mut draft.run, &event, Some(version));
    draft.events.push(event);
    // An approval that waits is for what it shows, also where its own step is the same.
    ask_again(draft);
    Ok(())
}

/// What moving over would change, or why it cannot be.
pub fn changes(run: &Run, version: &Version) -> Result<Changes, Refusal> {
    fits(run, version)?;
    for record in &run.steps {
        if is_at_work(record) {
            let refusal = Refusal::new(format!("“{}” is running", record.id));
            return Err(match record.attempts.last().map(|a| &a.work) {
                Some(Work::Workflow { .. }) => refusal.hint("Wait until its own run has ended"),
                _ => refusal.hint("Wait until it is done; a pause starts nothing new meanwhile"),
            });
        }
    }
    let new = &version.workflow;
    let own = |record: &&Arc<StepRecord>| matches!(record.role, Role::Step { .. });
    if let Some(why) = run.steps.iter().filter(own).find_map(|record| obstacle(run, new, record)) {
        return Err(Refusal::new(why).hint("Go back to that step first, fork the run, or start a new one"));
    }
    inputs(run, version)?;
    let mut changes = Changes::default();
    for record in run.steps.iter().filter(own) {
        let index = record.role.index();
        let Some(old) = run.workflow.steps.get(index) else { continue };
        let Some((place, step)) = find(new, &record.id) else {
            changes.removed.push(record.id.clone());
            continue;
        };
        let is_same = step == old && same_needs(run, index, new, place);
        if !is_same {
            changes.changed.push(record.id.clone());
        }
        if !is_same
            && is_prompt(&record.state)
            && asks_otherwise(old, step, same_needs(run, index, new, place))
        {
            changes.asked_anew.push(record.id.clone());
        }
    }
    let known = |step: &&Step| run.workflow.step(&step.id).is_none();
    changes.added = new.steps.iter().filter(known).map(|step| step.id.clone()).collect();
    Ok(changes)
}

/// What must hold of the run and of the version, whatever the steps are.
fn fits(run: &Run, version: &Version) -> Result<(), Refusal> {
    let (short, new) = (run.id().short(), &version.workflow);
    if run.is_ended() || matches!(run.phase, Phase::Cancelling { .. }) || run.is_rolling_back() {
        let how = if run.is_ended() { run.status().word() } else { "being ended" };
        return Err(Refusal::new(format!("Run {short} is {how}; it keeps its version"))
            .hint(format!("Start {} again for a run of the new one", run.workflow.id)));
    }
    if run.header.workflow.digest == version.reference.digest {
        return Err(Refusal::new(format!("{} has not changed since run {short} got its version", new.id)));
    }
    if new.id != run.workflow.id {
        return Err(Refusal::new(format!("Run {short} is one of {}, not of {}", run.workflow.id, new.id)));
    }
    if let Status::Deprecated { replaced_by, .. } = &new.status {
        let refusal = Refusal::new(format!("{} is deprecated in the new version", new.id));
        return Err(match replaced_by {
            Some(other) => refusal.hint(format!("Let the run end as it is; after that, run {other} instead")),
            None => refusal.hint("Let the run end as it is"),
        });
    }
    if new.moves != run.workflow.moves {
        return Err(Refusal::new("The new version changes the state of its subject in another way")
            .hint("The run was let begin for what its own version says: start a new one"));
    }
    Ok(())
}

/// The inputs as they would be: those of the run that the new version knows, and those given now.
fn inputs(run: &Run, version: &Version) -> Result<Map<String, Value>, Refusal> {
    let fields = &version.workflow.inputs;
    let known = |name: &String| fields.iter().any(|f| &f.name == name);
    let mut inputs: Map<String, Value> =
        run.inputs.iter().filter(|(name, _)| known(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
    inputs.extend(version.inputs.clone());
    field::complete(fields, &inputs).map_err(|problems| {
        Refusal::new(format!("The inputs do not fit the new version: {}", problems.join("; ")))
            .hint("Give them with the move: --input NAME=VALUE")
    })
}

/// Why a step that was begun stands in the way.
fn obstacle(run: &Run, new: &Workflow, record: &StepRecord) -> Option<String> {
    if record.state == StepState::Pending && record.attempts.is_empty() {
        return None;
    }
    let (id, word) = (&record.id, record.state.status().word());
    let index = record.role.index();
    let old = run.workflow.steps.get(index)?;
    let Some((place, step)) = find(new, id) else {
        return Some(format!("“{id}” was begun and is {word}, and it is not in the new version"));
    };
    let otherwise =
        |what: &str| Some(format!("“{id}” is {word}, and {what} is otherwise in the new version"));
    let needs_differ = !same_needs(run, index, new, place);
    if step.for_each.is_none() && run.iterations(index).next().is_some() {
        return otherwise("its list");
    }
    // What waits is asked anew, whatever it is.
    if is_prompt(&record.state) {
        return None;
    }
    if step.kind.word() != old.kind.word() {
        let (was, is) = (old.kind.word(), step.kind.word());
        return Some(format!("“{id}” is {word}, a {was} step, and a {is} step in the new version"));
    }
    match &record.state {
        StepState::Pending => None,
        _ if needs_differ => otherwise("what comes before it"),
        _ if step.for_each != old.for_each => otherwise("its list"),
        // Whatever is decided about it, the next try is one of the new version.
        StepState::Failed { continued: false, .. }
        | StepState::Uncertain { .. }
        | StepState::Waiting { .. } => None,
        _ if step.condition != old.condition => otherwise("its condition"),
        StepState::Skipped { .. } if record.attempts.is_empty() => None,
        _ if !same_work(&old.kind, &step.kind) => otherwise("what it does"),
        _ if step.outputs != old.outputs || step.assign != old.assign => otherwise("what it gives"),
        _ => None,
    }
}

/// Whether somebody would do, or has done, the same.
fn same_work(old: &StepKind, new: &StepKind) -> bool {
    match (old, new) {
        // Until when it could be decided, and by whom, is no part of the decision.
        (StepKind::Approve { question: old, .. }, StepKind::Approve { question: new, .. }) => old == new,
        (old, new) => old == new,
    }
}

/// It waits for somebody, and nothing of it has been done.
fn is_prompt(state: &StepState) -> bool {
    matches!(state, StepState::Waiting { on, .. } if !matches!(on, Prompt::Retry { .. }))
}

/// Whether somebody who looks at the step's prompt would see, or is held to, something else.
fn asks_otherwise(old: &Step, new: &Step, same_needs: bool) -> bool {
    let shown = |step: &Step| {
        let Step { title, description, validation, condition, evidence_required, .. } = step.clone();
        (title, description, validation, condition, evidence_required)
    };
    let given = |step: &Step| (step.for_each.clone(), step.outputs.clone(), step.assign.clone());
    !same_needs || old.kind != new.kind || shown(old) != shown(new) || given(old) != given(new)
}

fn same_needs(run: &Run, index: usize, new: &Workflow, place: usize) -> bool {
    let sorted = |mut needs: Vec<&StepId>| {
        needs.sort();
        needs.into_iter().cloned().collect::<Vec<_>>()
    };
    sorted(run.workflow.needs(index)) == sorted(new.needs(place))
}

fn find<'w>(workflow: &'w Workflow, id: &StepId) -> Option<(usize, &'w Step)> {
    workflow.steps.iter().enumerate().find(|(_, step)| &step.id == id)
}

/// Folds one event in; `version` is what the run is moved over to, where the event says so.
pub fn fold(run: &mut Run, event: &Event, version: Option<&Version>) {
    match (&event.body, version) {
        (EventBody::MovedOver(to), Some(version)) if version.reference.digest == to.to.digest => {
            moved(run, event, Arc::clone(&version.workflow));
        }
        _ => apply(run, event),
    }
}

/// A move, folded in with the version that it goes to.
pub fn moved(run: &mut Run, event: &Event, workflow: Arc<Workflow>) {
    apply(run, event);
    let EventBody::MovedOver(to) = &event.body else { return };
    let old = std::mem::replace(&mut run.workflow, workflow);
    let mut records = std::mem::take(&mut run.steps);
    for (index, step) in run.workflow.steps.iter().enumerate() {
        let before = find(&old, &step.id);
        let (own, others): (Vec<_>, Vec<_>) = records.into_iter().partition(|record| {
            before.is_some_and(|(place, _)| record.role.index() == place)
                && !matches!(record.role, Role::Undo { .. })
        });
        records = others;
        let is_changed = before.is_none_or(|(_, old)| old.kind != step.kind);
        if own.is_empty() {
            run.steps.push(Arc::new(StepRecord::new(step.id.clone(), Role::Step { index })));
        }
        for mut record in own {
            let own = Arc::make_mut(&mut record);
            place_at(&mut own.role, index);
            if is_changed {
                // It was an edit of what the file said before.
                (own.edit, own.released) = (None, false);
            }
            run.steps.push(record);
        }
    }
    let known = |id: &StepId| run.steps.iter().any(|record| &record.id == id);
    run.breakpoints = run.breakpoints.iter().filter(|id| known(id)).cloned().collect();
    run.inputs.clone_from(&to.inputs);
    run.header.context.env.extend(to.env.clone());
    if old.config.timeout != run.workflow.config.timeout {
        let limit = run.workflow.config.timeout;
        match &mut run.phase {
            Phase::Active { deadline } => *deadline = limit.map(|limit| event.at.plus(limit)),
            // Its clock stands since the pause began.
            Phase::Paused { since, deadline, .. } => *deadline = limit.map(|limit| since.plus(limit)),
            _ => {}
        }
    }
    let from = std::mem::replace(&mut run.header.workflow, to.to.clone());
    run.moved.push(Moved { at: event.at, by: event.actor.clone(), from, to: to.to.clone() });
}

fn place_at(role: &mut Role, to: usize) {
    match role {
        Role::Step { index } | Role::Iteration { index, .. } | Role::Undo { index, .. } => *index = to,
    }
}
