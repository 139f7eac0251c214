//! The keys that matter now on the Run screen, by the state of the run and of the step.

use crate::config::Action;
use crate::run::{Prompt, Run, StepState};
use crate::tui::Model;
use crate::tui::screens::run::Focus;
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
        return enter
            .into_iter()
            .chain([other])
            .chain(output)
            .chain([Action::Note.into(), Action::Copy.into()])
            .collect();
    }
    let shown = model.run.shown(run);
    if model.run.selected.is_some() {
        let first =
            if focus == Focus::Steps { Hint::labelled(Action::Activate, "look at it") } else { other };
        let back = Hint::labelled(Action::Escape, "follow the run");
        return [first, back]
            .into_iter()
            .chain(output)
            .chain([Hint::new(Action::Back), Hint::new(Action::Note)])
            .collect();
    }
    let hold = if run.is_paused() { Action::Resume } else { Action::Pause };
    let Some(record) = run.steps.get(shown) else { return vec![hold.into()] };
    let mut hints: Vec<Hint> = match &record.state {
        StepState::Waiting { on: Prompt::Check { checked }, .. } => {
            let tick = (!checked.is_empty()).then(|| Hint::new(Action::Check));
            let done = Hint::labelled(Action::Activate, "done");
            tick.into_iter()
                .chain([done, Action::Skip.into(), Action::Fail.into(), Action::Back.into()])
                .collect()
        }
        StepState::Waiting { on: Prompt::Answers, .. } => {
            vec![Hint::labelled(Action::Activate, "answer…"), Action::Skip.into(), Action::Back.into()]
        }
        StepState::Waiting { on: Prompt::Approval { .. }, .. } => {
            vec![Hint::labelled(Action::Activate, "decide…"), Action::Reject.into(), Action::Back.into()]
        }
        StepState::Waiting { on: Prompt::Retry { .. }, .. } => {
            vec![Hint::labelled(Action::Retry, "retry now"), Action::Skip.into(), Action::Cancel.into()]
        }
        StepState::Failed { .. } | StepState::Uncertain { .. } => {
            vec![
                Hint::labelled(Action::Activate, "decide…"),
                Action::Retry.into(),
                Action::Back.into(),
                Action::Skip.into(),
            ]
        }
        StepState::Running { .. } => {
            let mut all = vec![hold.into(), Action::PauseNow.into(), Action::Cancel.into()];
            all.extend(output);
            if !model.run.output.scroll.follow && output.is_some() {
                all.push(Action::Follow.into());
            }
            all.push(other);
            return all;
        }
        _ => Vec::new(),
    };
    if run.is_paused() {
        hints.insert(0, hold.into());
    } else {
        hints.push(hold.into());
    }
    hints.push(Action::Note.into());
    hints
}
