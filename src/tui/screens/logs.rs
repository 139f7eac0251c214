//! Logs: time, level, run and step, text, of all runs or of one.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::config::{Action, Context};
use crate::tui::Model;
use crate::tui::msg::Effect;
use crate::tui::screens::{Screen, empty};
use crate::tui::widgets::Hint;

#[derive(Debug, Default)]
pub struct State {}

pub struct Logs;

impl Screen for Logs {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Logs, Context::List]
    }

    fn on_action(&self, _model: &mut Model, _action: Action) -> Option<Vec<Effect>> {
        None
    }

    fn draw(&self, model: &Model, frame: &mut Frame, area: Rect) {
        empty(
            model,
            frame,
            area,
            &["What every run prints, in one place: nothing yet.", "Press 1 and start a run."],
        );
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        vec![Action::GoConsole.into()]
    }
}
