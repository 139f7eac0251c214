//! Sessions: their runs, notes and summaries.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::config::{Action, Context};
use crate::tui::Model;
use crate::tui::msg::Effect;
use crate::tui::screens::{Screen, empty};
use crate::tui::widgets::Hint;

#[derive(Debug, Default)]
pub struct State {}

pub struct Sessions;

impl Screen for Sessions {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Sessions, Context::List]
    }

    fn on_action(&self, _model: &mut Model, _action: Action) -> Option<Vec<Effect>> {
        None
    }

    fn draw(&self, model: &Model, frame: &mut Frame, area: Rect) {
        empty(
            model,
            frame,
            area,
            &[
                "Stretches of work and their summaries: none yet.",
                "A session opens by itself; its summary writes itself.",
            ],
        );
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        vec![Action::GoConsole.into()]
    }
}
