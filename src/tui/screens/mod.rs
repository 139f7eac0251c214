//! One file a screen: its state, what it does with actions, how it is drawn. A screen knows the
//! model and the widgets, and no other screen but by `Model::go` and `Model::open_run`.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::base::{Millis, Result, RunId, StepId};
use crate::config::{Action, Context, Key};
use crate::protocol::{Request, Response, Update};
use crate::tui::Model;
use crate::tui::msg::Effect;
use crate::tui::widgets::Hint;

pub mod console;
pub mod logs;
pub mod registry;
pub mod run;
pub mod runs;
pub mod sessions;

/// The screens, in the order of their tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScreenId {
    Console,
    Registry,
    Runs,
    Run,
    Logs,
    Sessions,
}

impl ScreenId {
    pub const ALL: [Self; 6] =
        [Self::Console, Self::Registry, Self::Runs, Self::Run, Self::Logs, Self::Sessions];

    pub fn title(self) -> &'static str {
        match self {
            Self::Console => "Console",
            Self::Registry => "Registry",
            Self::Runs => "Runs",
            Self::Run => "Run",
            Self::Logs => "Logs",
            Self::Sessions => "Sessions",
        }
    }

    /// The action that goes there.
    pub fn action(self) -> Action {
        match self {
            Self::Console => Action::GoConsole,
            Self::Registry => Action::GoRegistry,
            Self::Runs => Action::GoRuns,
            Self::Run => Action::GoRun,
            Self::Logs => Action::GoLogs,
            Self::Sessions => Action::GoSessions,
        }
    }

    pub fn of(action: Action) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.action() == action)
    }

    pub fn screen(self) -> &'static dyn Screen {
        match self {
            Self::Console => &console::Console,
            Self::Registry => &registry::Registry,
            Self::Runs => &runs::Runs,
            Self::Run => &run::RunScreen,
            Self::Logs => &logs::Logs,
            Self::Sessions => &sessions::Sessions,
        }
    }
}

/// What a screen does. Its state lies in the model, in a field of its own.
pub trait Screen: Sync {
    /// Where its keys are looked up, without `Everywhere`.
    fn contexts(&self) -> &'static [Context];

    /// Takes this key as text, before the keymap is asked.
    fn takes(&self, _model: &Model, _key: Key) -> bool {
        false
    }

    /// A key that it takes as text.
    fn on_key(&self, _model: &mut Model, _key: Key) -> Vec<Effect> {
        Vec::new()
    }

    /// Text from the clipboard: untrusted.
    fn on_paste(&self, _model: &mut Model, _text: &str) -> Vec<Effect> {
        Vec::new()
    }

    /// `None`: not its affair; what everybody does with the action is done then.
    fn on_action(&self, model: &mut Model, action: Action) -> Option<Vec<Effect>>;

    /// It is shown from now on.
    fn on_enter(&self, _model: &mut Model) -> Vec<Effect> {
        Vec::new()
    }

    /// An answer to `Effect::Ask { asker: Asker::Screen(..), .. }`. Errors that are given back
    /// here as they are get shown.
    fn on_answer(&self, _model: &mut Model, _request: &Request, _result: Result<Response>) -> Vec<Effect> {
        Vec::new()
    }

    /// An update that the mirror has folded in already; also while the screen is not shown.
    fn on_update(&self, _model: &mut Model, _update: &Update) -> Vec<Effect> {
        Vec::new()
    }

    /// The mirror has got an answer to a request of its own: lists, a whole run.
    fn on_mirror(&self, _model: &mut Model) -> Vec<Effect> {
        Vec::new()
    }

    /// The engine is reached (again): ask anew for what only this screen holds.
    fn on_connected(&self, _model: &mut Model) -> Vec<Effect> {
        Vec::new()
    }

    /// The bank was read (again).
    fn on_bank(&self, _model: &mut Model) {}

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

    /// How long until something that only this screen shows changes by itself.
    fn next_tick(&self, _model: &Model) -> Option<Millis> {
        None
    }

    /// Time has passed while it is shown; also where something else asked for the tick.
    fn on_tick(&self, _model: &mut Model) -> Vec<Effect> {
        Vec::new()
    }

    fn draw(&self, model: &Model, frame: &mut Frame, area: Rect);

    /// The four to seven keys that matter now, the most important first. The palette and help
    /// are added by the footer.
    fn hints(&self, model: &Model) -> Vec<Hint>;
}

/// An empty place: what it is, why it is empty, the one key to press.
pub fn empty(model: &Model, frame: &mut Frame, area: Rect, sentences: &[&str]) {
    use ratatui::text::Line;
    let look = &model.look;
    let lines: Vec<Line<'static>> = sentences
        .iter()
        .enumerate()
        .map(|(n, s)| Line::styled((*s).to_owned(), if n == 0 { look.text() } else { look.muted() }))
        .collect();
    let inner = Rect { x: area.x + 2.min(area.width), width: area.width.saturating_sub(4), ..area };
    let state = crate::tui::widgets::PaneState::default();
    crate::tui::widgets::pane::draw(frame, inner, look, &lines, &state, true);
}
