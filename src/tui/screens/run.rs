//! One run, large: its steps, the current one in full, output, timeline.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::base::RunId;
use crate::config::{Action, Context};
use crate::tui::Model;
use crate::tui::msg::Effect;
use crate::tui::screens::{Screen, empty};
use crate::tui::widgets::Hint;

#[derive(Debug, Default)]
pub struct State {
    /// The run that is shown.
    pub open: Option<RunId>,
    /// Answers that were typed and left.
    pub drafts: crate::tui::overlays::form::Drafts,
}

pub struct RunScreen;

/// Shows another run from now on; its whole copy is kept in the mirror.
pub fn open(model: &mut Model, run: &RunId) -> Vec<Effect> {
    if let Some(last) = model.run.open.replace(run.clone())
        && &last != run
    {
        model.mirror.unwatch(&last);
    }
    model.mirror.watch(run)
}

impl Screen for RunScreen {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Run, Context::List]
    }

    fn run_at_hand(&self, model: &Model) -> Option<RunId> {
        model.run.open.clone()
    }

    fn on_action(&self, _model: &mut Model, _action: Action) -> Option<Vec<Effect>> {
        None
    }

    fn draw(&self, model: &Model, frame: &mut Frame, area: Rect) {
        empty(
            model,
            frame,
            area,
            &["One run, step by step: none is open.", "Press 3 and open one, or 1 and start one."],
        );
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        vec![Action::GoRuns.into(), Action::GoConsole.into()]
    }
}
