//! Everything that the console knows. Plain state; `update` alone changes it, `frame` draws it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{Actor, Error, Millis, RunId, SafeLine, Secret, StepId, Timestamp};
use crate::config::{Action, Context, Keymap, SecondOpinion};
use crate::tui::look::Look;
use crate::tui::mirror::Mirror;
use crate::tui::msg::{Bank, Effect};
use crate::tui::overlays::Overlay;
use crate::tui::screens::{ScreenId, console, logs, registry, run, runs, sessions};
use crate::workflow::{Workflow, secret};

/// What does not change while the console is open.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The project's root, absolute: where runs start.
    pub folder: String,
    /// Its last part, for the top line.
    pub folder_name: SafeLine,
    /// Where the user's and the project's own workflows lie, for empty places.
    pub workflows: String,
    pub project_workflows: String,
    /// The zone that times are shown in.
    pub zone: jiff::tz::TimeZone,
    /// The environment that the console was started in: workflows name what they need of it.
    pub env: BTreeMap<String, String>,
    /// The git working tree that the folder is in, for the dry run; the engine asks git itself.
    pub repo: Option<crate::run::Repo>,
    /// The agents for which the settings have a command, for the dry run.
    pub agents: Vec<String>,
    /// Who is asked where the console is not sure.
    pub second_opinion: Option<SecondOpinion>,
}

impl Facts {
    pub fn new(folder: &std::path::Path, paths: &crate::base::Paths) -> Self {
        let name = folder.file_name().unwrap_or(folder.as_os_str());
        Self {
            folder: folder.display().to_string(),
            folder_name: SafeLine::new(&name.to_string_lossy()),
            workflows: paths.workflows().display().to_string(),
            project_workflows: ".mwtui/workflows".to_owned(),
            zone: jiff::tz::TimeZone::system(),
            env: BTreeMap::new(),
            repo: None,
            agents: Vec::new(),
            second_opinion: None,
        }
    }

    /// The values of the variables that a workflow names.
    pub fn declared(&self, names: &[String]) -> indexmap::IndexMap<String, String> {
        names.iter().filter_map(|name| Some((name.clone(), self.env.get(name)?.clone()))).collect()
    }

    /// The variables that secrets of a run with these inputs come from, as far as they are set here.
    pub fn secrets(
        &self,
        workflow: &Workflow,
        inputs: &serde_json::Map<String, serde_json::Value>,
    ) -> indexmap::IndexMap<String, Secret> {
        let names = secret::variables(workflow, inputs).into_iter();
        names.filter_map(|name| self.env.get(&name).map(|value| (name, Secret::new(value)))).collect()
    }
}

/// How the engine is reached right now.
#[derive(Debug, Clone)]
pub enum LinkState {
    Connecting,
    Connected,
    Lost(Error),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Info,
    Error,
}

/// The one way in which things are told: what happened, why, what to do next.
#[derive(Debug, Clone)]
pub struct Toast {
    pub tone: Tone,
    pub message: SafeLine,
    pub causes: Vec<SafeLine>,
    pub hint: Option<SafeLine>,
    pub until: Timestamp,
}

const INFO_STAYS: Millis = Millis(4_000);
const ERROR_STAYS: Millis = Millis(15_000);
/// Within this time a second ctrl-c leaves.
pub const QUIT_WITHIN: Millis = Millis(3_000);

pub struct Model {
    pub now: Timestamp,
    pub facts: Facts,
    pub look: Look,
    pub keymap: Keymap,
    /// `None` until it has been read.
    pub bank: Option<Arc<Bank>>,
    pub link: LinkState,
    /// Who the engine takes the person here for.
    pub me: Actor,
    pub mirror: Mirror,
    pub screen: ScreenId,
    /// The last one gets keys first.
    pub layers: Vec<Box<dyn Overlay>>,
    pub toast: Option<Toast>,
    pub quit_asked: Option<Timestamp>,

    pub console: console::State,
    pub registry: registry::State,
    pub runs: runs::State,
    pub run: run::State,
    pub logs: logs::State,
    pub sessions: sessions::State,
}

impl Model {
    pub fn new(facts: Facts, look: Look, keymap: Keymap, now: Timestamp) -> Self {
        Self {
            now,
            facts,
            look,
            keymap,
            bank: None,
            link: LinkState::Connecting,
            me: Actor::Person(String::new()),
            mirror: Mirror::default(),
            screen: ScreenId::Console,
            layers: Vec::new(),
            toast: None,
            quit_asked: None,
            console: console::State::default(),
            registry: registry::State::default(),
            runs: runs::State::default(),
            run: run::State::default(),
            logs: logs::State::default(),
            sessions: sessions::State::default(),
        }
    }

    /// Tells something in one line, for a few seconds.
    pub fn say(&mut self, message: &str) {
        self.toast = Some(Toast {
            tone: Tone::Info,
            message: SafeLine::new(message),
            causes: Vec::new(),
            hint: None,
            until: self.now.plus(INFO_STAYS),
        });
    }

    /// Shows an error: message, causes, hint.
    pub fn report(&mut self, error: &Error) {
        self.toast = Some(Toast {
            tone: Tone::Error,
            message: SafeLine::new(&error.message),
            causes: error.causes.iter().map(|c| SafeLine::new(c)).collect(),
            hint: error.hint.as_deref().map(SafeLine::new),
            until: self.now.plus(ERROR_STAYS),
        });
    }

    /// Opens an overlay on top of everything.
    pub fn open(&mut self, overlay: impl Overlay + 'static) {
        self.layers.push(Box::new(overlay));
    }

    /// Goes to a screen.
    pub fn go(&mut self, screen: ScreenId) -> Vec<Effect> {
        self.screen = screen;
        screen.screen().on_enter(self)
    }

    /// Shows a run, large.
    pub fn open_run(&mut self, id: &RunId) -> Vec<Effect> {
        let mut effects = run::open(self, id);
        effects.extend(self.go(ScreenId::Run));
        effects
    }

    /// Where keys are looked up, the most particular place first.
    pub fn contexts(&self) -> Vec<Context> {
        let mut contexts = match self.layers.last() {
            Some(layer) => layer.contexts().to_vec(),
            None => self.screen.screen().contexts().to_vec(),
        };
        contexts.push(Context::Everywhere);
        contexts
    }

    /// The run that verbs act on here.
    pub fn run_at_hand(&self) -> Option<RunId> {
        match self.layers.last() {
            Some(layer) => layer.run_at_hand(self),
            None => self.screen.screen().run_at_hand(self),
        }
    }

    /// The step of that run that a verb means; `None`: the one that waits.
    pub fn step_at_hand(&self) -> Option<StepId> {
        match self.layers.last() {
            Some(layer) => layer.step_at_hand(self),
            None => self.screen.screen().step_at_hand(self),
        }
    }

    /// Why an action cannot be taken here and now; `None` where it can.
    pub fn refused(&self, action: Action) -> Option<String> {
        let own = match self.layers.last() {
            Some(layer) => layer.refused(self, action),
            None => self.screen.screen().refused(self, action),
        };
        own.or_else(|| crate::tui::verbs::refused(self, action))
    }

    /// How long until something shown changes by itself; `None`: nothing does.
    pub fn next_tick(&self) -> Option<Millis> {
        let moving = if self.mirror.anything_runs() { Some(Millis(250)) } else { None };
        // Young ages are shown in seconds, older ones in minutes.
        let young = |since: Timestamp| self.now.since(since) < Millis::from_secs(90);
        let needs = self
            .mirror
            .live()
            .filter_map(|r| r.need.as_ref())
            .any(|n| young(n.since) || n.deadline.is_some());
        let aging = if needs { Some(Millis::from_secs(1)) } else { None };
        let minute = self.mirror.session.as_ref().map(|_| Millis::from_secs(60));
        let trouble = self.mirror.trouble.as_ref().map(|_| Millis::from_secs(60));
        let toast = self.toast.as_ref().map(|t| t.until.since(self.now).plus(Millis(1)));
        let quit = self.quit_asked.map(|at| at.plus(QUIT_WITHIN).since(self.now).plus(Millis(1)));
        let screen = self.screen.screen().next_tick(self);
        [moving, aging, minute, trouble, toast, quit, screen].into_iter().flatten().min()
    }
}

/// How long ago, roughly: `just now`, `6 m ago`, `16 h ago`, `3 d ago`.
pub fn ago(length: Millis) -> String {
    let minutes = length.0 / 60_000;
    match (minutes / 1440, minutes / 60, minutes) {
        (0, 0, 0) => "just now".to_owned(),
        (0, 0, m) => format!("{m} m ago"),
        (0, h, _) => format!("{h} h ago"),
        (d, ..) => format!("{d} d ago"),
    }
}

/// A length as lists show it: `41 s`, `6 m`, `1 h 12 m`, `3 d`.
pub fn short(length: Millis) -> String {
    let seconds = length.0 / 1000;
    match (seconds / 86_400, seconds / 3600, seconds / 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, m) => format!("{m} m"),
        (0, h, m) => format!("{h} h {:02} m", m % 60),
        (d, ..) => format!("{d} d"),
    }
}
