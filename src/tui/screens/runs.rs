//! Runs: one line a run, live ones on top.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::config::{Action, Context};
use crate::tui::Model;
use crate::tui::msg::Effect;
use crate::tui::screens::{Screen, empty};
use crate::tui::widgets::Hint;

#[derive(Debug, Default)]
pub struct State {}

pub struct Runs;

impl Screen for Runs {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Runs, Context::List]
    }

    fn on_action(&self, _model: &mut Model, _action: Action) -> Option<Vec<Effect>> {
        None
    }

    fn draw(&self, model: &Model, frame: &mut Frame, area: Rect) {
        empty(model, frame, area, &["Live and past runs: none yet.", "Press 1 and say what you want to do."]);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        vec![Action::GoConsole.into()]
    }
}
