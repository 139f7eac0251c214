//! The keys that matter now on the Run screen, by the state of the run and of the step.

use crate::config::Action;
use crate::run::{Prompt, Run, StepRecord, StepState};
use crate::tui::Model;
use crate::tui::screens::run::{Focus, act};
use crate::tui::verbs;
use crate::tui::widgets::Hint;

pub fn hints(model: &Model, run: &Run) -> Vec<Hint> {
    let focus = model.run.focus(run);
    let other = match focus {
        Focus::Steps => Hint::labelled(Action::Focus, "the step"),
        Focus::Detail => Hint::labelled(Action::Focus, "steps"),
    };
    let output = (!model.run.output.is_empty()).then(|| Hint::new(Action::Output));
    if run.is_ended() {
        let enter =
            Hint::labelled(Action::Activate, if focus == Focus::Steps { "look at it" } else { "output" });
        let enter = Some(enter).filter(|_| focus == Focus::Steps || output.is_some());
        let undo = (!run.undoable().is_empty()).then(|| Hint::new(Action::Rollback));
        return enter
            .into_iter()
            .chain([other])
            .chain(output)
            .chain(undo)
            .chain([Action::Note.into(), Action::Fork.into(), Action::Copy.into()])
            .collect();
    }
    let shown = model.run.shown(run);
    let Some(record) = run.steps.get(shown) else { return vec![hold(run)] };
    if model.run.selected.is_some() && !record.state.is_open() {
        let first =
            if focus == Focus::Steps { Hint::labelled(Action::Activate, "look at it") } else { other };
        let back = Hint::labelled(Action::Escape, "follow the run");
        return [first, back]
            .into_iter()
            .chain(output)
            .chain([Hint::new(Action::Back), Action::Breakpoint.into(), Action::Fork.into()])
            .collect();
    }
    let mut hints = of_step(model, run, record, other, output);
    if matches!(record.state, StepState::Running { .. }) {
        return hints;
    }
    if run.is_paused() {
        hints.insert(0, hold(run));
    } else {
        hints.push(hold(run));
    }
    hints.push(Action::Note.into());
    hints
}

fn hold(run: &Run) -> Hint {
    if run.is_paused() { Action::Resume.into() } else { Action::Pause.into() }
}

/// What may be done about the step that is shown.
fn of_step(model: &Model, run: &Run, record: &StepRecord, other: Hint, output: Option<Hint>) -> Vec<Hint> {
    if verbs::is_anothers(model, record) {
        let there = record.child().map(|_| Hint::labelled(Action::Activate, "go to its run"));
        return there.or_else(|| verbs::lease_hint(model, record)).into_iter().chain([other]).collect();
    }
    let hand_over = verbs::lease_hint(model, record);
    let mut hints = when_free(model, run, record, other, output);
    hints.extend(hand_over);
    hints
}

/// The same, where nobody else has it.
fn when_free(model: &Model, run: &Run, record: &StepRecord, other: Hint, output: Option<Hint>) -> Vec<Hint> {
    match &record.state {
        StepState::Waiting { on: Prompt::Check { checked }, .. } => {
            let tick = (!checked.is_empty()).then(|| Hint::new(Action::Check));
            let done = Hint::labelled(Action::Activate, "done");
            tick.into_iter()
                .chain([done, Action::Skip.into(), Action::Fail.into(), Action::Back.into()])
                .collect()
        }
        StepState::Waiting { on: Prompt::Answers | Prompt::Agent { .. }, .. } => {
            vec![Hint::labelled(Action::Activate, "answer…"), Action::Skip.into(), Action::Back.into()]
        }
        StepState::Waiting { on: Prompt::Approval { .. }, .. } => {
            vec![Hint::labelled(Action::Activate, "decide…"), Action::Reject.into(), Action::PushBack.into()]
        }
        StepState::Waiting { on: Prompt::Proceed { .. }, .. } => {
            vec![
                Hint::labelled(Action::Activate, "decide…"),
                Hint::labelled(Action::EditRetry, "edit…"),
                Action::Skip.into(),
                Action::Back.into(),
            ]
        }
        StepState::Waiting { on: Prompt::Retry { .. }, .. } => {
            vec![Hint::labelled(Action::Retry, "retry now"), Action::Skip.into(), Action::Cancel.into()]
        }
        StepState::Failed { .. } | StepState::Uncertain { .. } => {
            vec![
                Hint::labelled(Action::Activate, "decide…"),
                Action::Retry.into(),
                Hint::labelled(Action::EditRetry, "edit…"),
                Action::Back.into(),
                Action::Skip.into(),
            ]
        }
        StepState::Running { need: Some(_), .. } => {
            vec![
                Hint::labelled(Action::Activate, "go to its run"),
                hold(run),
                Action::Skip.into(),
                Action::Cancel.into(),
                other,
            ]
        }
        StepState::Running { .. } => {
            let child = record.child().map(|_| Hint::new(Action::OpenChild));
            let mut all: Vec<Hint> = child.into_iter().collect();
            all.extend([hold(run), Action::PauseNow.into(), Action::Cancel.into()]);
            all.extend(output);
            if !model.run.output.scroll.follow && output.is_some() {
                all.push(Action::Follow.into());
            }
            if act::long_loop(run, record).is_some() {
                all.push(Action::Fold.into());
            }
            all.push(other);
            all
        }
        _ => Vec::new(),
    }
}
