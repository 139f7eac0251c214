//! Overlays: cards over the screen, as a stack; the top one gets keys first. One file each.
//! To add one: a struct with its state that implements [`Overlay`], and `model.open(…)`.

use std::any::Any;

use ratatui::Frame;
use serde_json::{Map, Value};

use crate::base::{Result, RunId, StepId};
use crate::config::{Action, Context, Key};
use crate::protocol::{Request, Response};
use crate::tui::Model;
use crate::tui::msg::Effect;
use crate::tui::widgets::Hint;

pub mod answer;
pub mod approval;
pub mod choose;
pub mod confirm;
pub mod edit;
pub mod editor;
pub mod export;
pub mod failure;
pub mod fork;
pub mod form;
pub mod help;
pub mod history;
pub mod learned;
#[cfg(test)]
mod learned_tests;
pub mod move_over;
pub mod pager;
pub mod palette;
pub mod proceed;
pub mod push_back;
pub mod reason;
pub mod rollback;
pub mod trust;

/// What an overlay has done with what came in.
#[derive(Debug, Default)]
pub struct Reaction {
    /// It closes.
    pub closes: bool,
    pub effects: Vec<Effect>,
    /// After closing, handed to the overlay below (`Overlay::on_values`).
    pub values: Option<Map<String, Value>>,
    /// After closing, taken as if its key had been pressed.
    pub action: Option<Action>,
}

impl Reaction {
    pub fn stay() -> Self {
        Self::default()
    }

    pub fn close() -> Self {
        Self { closes: true, ..Self::default() }
    }

    #[must_use]
    pub fn with(mut self, effects: impl IntoIterator<Item = Effect>) -> Self {
        self.effects.extend(effects);
        self
    }

    #[must_use]
    pub fn values(mut self, values: Map<String, Value>) -> Self {
        self.values = Some(values);
        self
    }

    #[must_use]
    pub fn action(mut self, action: Action) -> Self {
        self.action = Some(action);
        self
    }
}

/// What an overlay does. It owns its state; while one of these functions runs it is not on the
/// model's stack, so it may open others, which then lie above it.
pub trait Overlay: Any {
    /// Where its keys are looked up, without `Everywhere`.
    fn contexts(&self) -> &'static [Context];

    /// Its name, as the heading of help.
    fn title(&self) -> &'static str;

    /// Takes this key as text, before the keymap is asked.
    fn takes(&self, _key: Key) -> bool {
        false
    }

    fn on_key(&mut self, _model: &mut Model, _key: Key) -> Reaction {
        Reaction::stay()
    }

    /// Text from the clipboard: untrusted.
    fn on_paste(&mut self, _model: &mut Model, _text: &str) -> Reaction {
        Reaction::stay()
    }

    /// `None`: not its affair. `Escape` closes it then.
    fn on_action(&mut self, model: &mut Model, action: Action) -> Option<Reaction>;

    /// An answer to `Effect::Ask { asker: Asker::Overlay, .. }`; `None`: not its request.
    fn on_answer(
        &mut self,
        _model: &mut Model,
        _request: &Request,
        _result: &Result<Response>,
    ) -> Option<Reaction> {
        None
    }

    /// Values that an overlay above it brought home.
    fn on_values(&mut self, _model: &mut Model, _values: Map<String, Value>) -> Reaction {
        Reaction::stay()
    }

    /// The model has changed otherwise (an update, the bank): close where there is nothing left to show.
    fn on_change(&mut self, _model: &mut Model) -> Reaction {
        Reaction::stay()
    }

    /// The output of a watched run has grown: the mirror knows how far.
    fn on_output(&mut self, _model: &mut Model) -> Reaction {
        Reaction::stay()
    }

    /// Why the action cannot be taken now.
    fn refused(&self, _model: &Model, _action: Action) -> Option<String> {
        None
    }

    /// The run that `run.*` actions act on here.
    fn run_at_hand(&self, _model: &Model) -> Option<RunId> {
        None
    }

    /// The step of it that they mean; `None`: the one that waits.
    fn step_at_hand(&self, _model: &Model) -> Option<StepId> {
        None
    }

    fn draw(&self, model: &Model, frame: &mut Frame);

    /// The keys that matter now; drawn in the card's last line by the overlay itself.
    fn hints(&self, model: &Model) -> Vec<Hint>;
}
