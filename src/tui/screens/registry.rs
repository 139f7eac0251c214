//! Registry: every workflow of the bank, and the selected one as one reads it.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::config::{Action, Context};
use crate::tui::Model;
use crate::tui::msg::Effect;
use crate::tui::screens::{Screen, empty};
use crate::tui::widgets::Hint;

#[derive(Debug, Default)]
pub struct State {}

pub struct Registry;

impl Screen for Registry {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Registry, Context::List]
    }

    fn on_action(&self, _model: &mut Model, _action: Action) -> Option<Vec<Effect>> {
        None
    }

    fn draw(&self, model: &Model, frame: &mut Frame, area: Rect) {
        empty(model, frame, area, &["Every workflow of the bank: bundled, your own, the project's.", "Press 1 and say what you want to do."]);
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        vec![Action::GoConsole.into()]
    }
}
