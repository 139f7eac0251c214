//! What the keys of the Run screen do to its selection, and which cards they open.

use crate::base::{RunId, StepId};
use crate::config::Action;
use crate::run::{NeedKind, Prompt, Role, Run, StepRecord, StepState, Verb, Work};
use crate::tui::Model;
use crate::tui::msg::Effect;
use crate::tui::overlays::approval::Approval;
use crate::tui::overlays::failure::FailureCard;
use crate::tui::overlays::pager::Pager;
use crate::tui::overlays::proceed::ProceedCard;
use crate::tui::screens::ScreenId;
use crate::tui::screens::run::rows::{FOLD, Row, parts, rows};
use crate::tui::screens::run::{Focus, current, refresh, run};
use crate::tui::verbs;
use crate::workflow::StepKind;

/// Opens the card about an approval, a failure or an uncertain step, the first time that it is
/// seen here. Nothing opens over another card.
pub fn offer(model: &mut Model) -> Vec<Effect> {
    if model.screen != ScreenId::Run || !model.layers.is_empty() {
        return Vec::new();
    }
    let Some(run) = run(model) else { return Vec::new() };
    if run.is_ended() {
        return Vec::new();
    }
    let Some((_, record)) = run.waiting_steps().next() else { return Vec::new() };
    if verbs::is_anothers(model, record) {
        return Vec::new();
    }
    let (id, step) = (run.id().clone(), record.id.clone());
    match once(&id, record) {
        Some(once) if !model.run.offered.contains(&once) => decide(model, &id, &step, true),
        _ => Vec::new(),
    }
}

/// What a card is about that opens by itself once; `None`: no card is about this.
fn once(run: &RunId, record: &StepRecord) -> Option<(RunId, StepId, u32, &'static str)> {
    let what = match &record.state {
        StepState::Waiting { on: Prompt::Approval { .. }, .. } => NeedKind::Approve,
        StepState::Waiting { on: Prompt::Proceed { .. }, .. } => NeedKind::Proceed,
        StepState::Failed { .. } => NeedKind::Failed,
        StepState::Uncertain { .. } => NeedKind::Uncertain,
        _ => return None,
    };
    Some((run.clone(), record.id.clone(), record.attempt(), what.word()))
}

/// Opens the card on which a person decides about this step.
pub fn decide(model: &mut Model, id: &RunId, step: &StepId, by_itself: bool) -> Vec<Effect> {
    let Some(run) = model.mirror.run(id) else { return Vec::new() };
    let Some((_, record)) = run.record(step) else { return Vec::new() };
    let prompt = match &record.state {
        StepState::Waiting { on, .. } => Some(on.clone()),
        _ => None,
    };
    model.run.offered.extend(once(id, record));
    match prompt {
        Some(Prompt::Approval { .. }) => {
            if let Some(card) = Approval::new(model, id, step, by_itself) {
                model.open(card);
            }
            Vec::new()
        }
        Some(Prompt::Proceed { .. }) => {
            if let Some(card) = ProceedCard::new(model, id, step, by_itself) {
                model.open(card);
            }
            Vec::new()
        }
        _ => FailureCard::open(model, id, step, by_itself),
    }
}

/// The main thing of the step that is shown.
pub fn activate(model: &mut Model) -> Vec<Effect> {
    let Some(run) = run(model) else { return model.go(ScreenId::Runs) };
    let index = model.run.shown(run);
    let Some(record) = run.steps.get(index) else { return Vec::new() };
    let (id, step) = (run.id().clone(), record.id.clone());
    let focus = model.run.focus(run);
    if focus == Focus::Steps && (model.run.narrow.get() || !record.state.needs_person() || run.is_ended()) {
        model.run.focus = Some(Focus::Detail);
        return Vec::new();
    }
    if let Some(child) = record.child()
        && (run.is_ended()
            || !record.state.needs_person()
            || matches!(record.state, StepState::Running { .. }))
    {
        let child = verbs::child::asker(model, &child.clone());
        return model.open_run(&child);
    }
    if run.is_ended() || !record.state.needs_person() {
        if long_loop(run, record).is_some() {
            fold(model);
            return Vec::new();
        }
        if model.run.output.is_empty() {
            model.say("Nothing is to be done at this step now");
            return Vec::new();
        }
        return Pager::open(model);
    }
    match &record.state {
        StepState::Waiting { on: Prompt::Check { .. }, .. } => verbs::perform(model, &id, Action::Done),
        StepState::Waiting { on: Prompt::Answers | Prompt::Agent { .. }, .. } => {
            verbs::perform(model, &id, Action::Answer)
        }
        _ => decide(model, &id, &step, false),
    }
}

/// Moves to another line of the list; the current step is followed again once it is reached.
pub fn select(model: &mut Model, to: impl FnOnce(usize, usize) -> usize) -> Vec<Effect> {
    let Some(run) = run(model) else { return Vec::new() };
    let shown = model.run.shown(run);
    let lines: Vec<usize> = rows(run, shown, &model.run.unfolded)
        .into_iter()
        .filter_map(|row| if let Row::Record(place) = row { Some(place) } else { None })
        .collect();
    let last = lines.len().saturating_sub(1);
    let at = lines.iter().position(|place| *place == shown).unwrap_or_default();
    let Some(place) = lines.get(to(at, last).min(last)).copied() else { return Vec::new() };
    let chosen = run.steps.get(place).filter(|_| place != current(run)).map(|r| r.id.clone());
    model.run.selected = chosen;
    refresh(model)
}

/// The loop that a record is, or is a part of, where it is long enough to be folded.
pub fn long_loop(run: &Run, record: &StepRecord) -> Option<StepId> {
    let of = match record.role {
        Role::Step { .. } => record,
        Role::Iteration { index, .. } => {
            run.steps.iter().find(|r| matches!(r.role, Role::Step { index: i } if i == index))?
        }
        Role::Undo { .. } => return None,
    };
    (parts(run, of).count() > FOLD).then(|| of.id.clone())
}

/// Shows every part of the loop at hand, or only those that matter.
pub fn fold(model: &mut Model) {
    let Some(run) = run(model) else { return };
    let of = run.steps.get(model.run.shown(run)).and_then(|record| long_loop(run, record));
    let Some(of) = of else { return };
    if !model.run.unfolded.remove(&of) {
        model.run.unfolded.insert(of);
    }
}

/// Whether the step that is shown has actions to tick off.
pub fn ticks(model: &Model) -> bool {
    let record = run(model).and_then(|run| run.steps.get(model.run.shown(run)));
    record.is_some_and(|r| matches!(r.state, StepState::Waiting { on: Prompt::Check { .. }, .. }))
}

/// Moves the cursor among the actions, or scrolls.
pub fn move_in_detail(model: &mut Model, action: Action) {
    let Some(run) = run(model) else { return };
    let index = model.run.shown(run);
    let Some(record) = run.steps.get(index) else { return };
    if let StepState::Waiting { on: Prompt::Check { checked }, .. } = &record.state
        && !checked.is_empty()
    {
        let last = checked.len() - 1;
        let to = match action {
            Action::Up => Some(model.run.action.saturating_sub(1)),
            Action::Down => Some((model.run.action + 1).min(last)),
            Action::Top => Some(0),
            Action::Bottom => Some(last),
            _ => None,
        };
        if let Some(to) = to {
            model.run.action = to;
            model.run.reveal.set(true);
            return;
        }
    }
    scroll(model, action);
}

pub fn scroll(model: &mut Model, action: Action) {
    let Some(run) = run(model) else { return };
    let with_output =
        run.steps.get(model.run.shown(run)).is_some_and(|record| model.run.output.shown(record));
    if with_output && model.run.output.of().is_some() {
        model.run.output.scroll.on_action(action);
        if action == Action::Bottom {
            model.run.output.scroll.follow = true;
        }
    } else {
        model.run.detail.on_action(action);
    }
}

/// Ticks the action at the cursor, or takes the tick away, and goes on to the next.
pub fn tick(model: &mut Model) -> Vec<Effect> {
    let Some(run) = run(model) else { return Vec::new() };
    let Some(record) = run.steps.get(model.run.shown(run)) else { return Vec::new() };
    let StepState::Waiting { on: Prompt::Check { checked }, .. } = &record.state else { return Vec::new() };
    let at = model.run.action.min(checked.len().saturating_sub(1));
    let on = !checked.get(at).copied().unwrap_or_default();
    let verb = Verb::Check { step: Some(record.id.clone()), action: at, checked: on };
    let effect = verbs::act(run.id(), verb);
    if on {
        let mut then = checked.clone();
        if let Some(tick) = then.get_mut(at) {
            *tick = true;
        }
        let next = (at + 1..then.len()).chain(0..at).find(|n| !then[*n]);
        model.run.action = next.unwrap_or(at);
        model.run.reveal.set(true);
    }
    vec![effect]
}

/// What `y` copies, and what it is called: the run's id from the list, otherwise the output or
/// what the step does.
pub fn copied(model: &Model) -> Option<String> {
    let run = run(model)?;
    if model.run.focus(run) == Focus::Steps {
        return Some(run.id().as_str().to_owned());
    }
    let index = model.run.shown(run);
    let record = run.steps.get(index)?;
    let step = run.definition(record)?;
    if !model.run.output.is_empty() {
        return Some(model.run.output.plain());
    }
    Some(match record.attempts.last().map(|a| &a.work) {
        Some(Work::Run { script, .. }) => script.clone(),
        Some(Work::Write { path, .. }) => path.clone(),
        Some(Work::Approve { question, .. }) => question.clone(),
        Some(Work::Agent { prompt, .. }) => prompt.clone(),
        Some(Work::Workflow { run, .. } | Work::Rollback { run }) => run.as_str().to_owned(),
        _ => match &step.kind {
            StepKind::Run { script, .. } => script.clone(),
            _ => step.title.clone(),
        },
    })
}
