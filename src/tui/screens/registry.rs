//! Registry: every workflow of the bank, and the selected one as one reads it.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::base::WorkflowId;
use crate::config::{Action, Context};
use crate::tui::Model;
use crate::tui::msg::Effect;
use crate::tui::screens::{Screen, ScreenId, empty};
use crate::tui::widgets::Hint;

#[derive(Debug, Default)]
pub struct State {
    /// The workflow to select, from elsewhere.
    pub wanted: Option<WorkflowId>,
}

pub struct Registry;

impl Screen for Registry {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Registry, Context::List]
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
                "Every workflow of the bank: bundled, your own, the project's.",
                "Press 1 and say what you want to do.",
            ],
        );
    }

    fn hints(&self, _model: &Model) -> Vec<Hint> {
        vec![Action::GoConsole.into()]
    }
}

/// Goes to the registry, to this workflow.
pub fn show(model: &mut Model, id: &WorkflowId) -> Vec<Effect> {
    model.registry.wanted = Some(id.clone());
    model.go(ScreenId::Registry)
}
