//! A console without a terminal, for tests: type keys, look at the screen, see what it asked for.
//!
//! `Harness::new(80, 24).with_bank().keys("deploy <ret>").see("MW-004").golden("name")`

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use serde_json::{Map, Value};

use crate::base::{Actor, Error, Millis, Paths, Result, RunId, SessionId, Timestamp, WorkflowId};
use crate::config::{Action, ColourDepth, GlyphSet, Key, Keymap, Theme};
use crate::matching::{Chosen, Memory, MemoryEvent, MemoryEventBody, Offered, Options};
use crate::protocol::{Request, Response, Update};
use crate::run::{GitState, Run, RunSummary, Session, SessionRecord, Verb, summarise};
use crate::tui::look::Look;
use crate::tui::model::{Facts, Model};
use crate::tui::msg::{Asker, Bank, Effect, Link, Msg};
use crate::tui::{frame, update};
use crate::workflow::{Entry, Registry};

/// When every test happens: 2026-11-21 09:00 UTC.
pub const NOW: Timestamp = Timestamp(1_795_251_600_000);

type Answerer = Box<dyn Fn(&Request) -> Option<Result<Response>>>;

/// A model, a screen of a given size, and an engine made of prepared answers.
pub struct Harness {
    pub model: Model,
    terminal: Terminal<TestBackend>,
    /// Every effect that came out, oldest first.
    pub effects: Vec<Effect>,
    answers: Vec<Answerer>,
    pub runs: Vec<Run>,
    pub sessions: Vec<Session>,
    pub memory: Memory,
}

impl Harness {
    /// A dark, Unicode, truecolor console of this size, not connected yet, without a bank.
    pub fn new(width: u16, height: u16) -> Self {
        let paths = Paths::under(std::path::Path::new("/home/ana/.config/mwtui"));
        let mut facts = Facts::new(std::path::Path::new("/work/checkout-api"), &paths);
        facts.zone = jiff::tz::TimeZone::UTC;
        let look = Look::new(Theme::dark(), ColourDepth::True, GlyphSet::Unicode);
        Self {
            model: Model::new(facts, look, Keymap::default(), NOW),
            terminal: Terminal::new(TestBackend::new(width, height)).expect("a test backend never fails"),
            effects: Vec::new(),
            answers: Vec::new(),
            runs: Vec::new(),
            sessions: Vec::new(),
            memory: Memory::default(),
        }
    }

    pub fn look(mut self, theme: &str, depth: ColourDepth, glyphs: GlyphSet) -> Self {
        let theme = Theme::load(theme, std::path::Path::new("/nonexistent")).expect("a bundled theme");
        self.model.look = Look::new(theme, depth, glyphs);
        self
    }

    /// The bank of `tests/fixtures/bank`: screens do not change with every workflow that is bundled.
    pub fn with_bank(self) -> Self {
        self.with_registry(Registry::sample())
    }

    pub fn with_registry(mut self, registry: Registry) -> Self {
        let old = self.model.bank.take().unwrap_or_else(|| Arc::new(Bank::empty(&Options::default())));
        self.send(Msg::Bank(Arc::new(old.reread(registry))));
        self
    }

    /// Phrases are matched in this way; give it before the bank.
    pub fn matching(mut self, options: &Options) -> Self {
        self.model.bank = Some(Arc::new(Bank::empty(options)));
        self
    }

    /// A run that the engine knows; give it before `connected`, or as an update by `update_run`.
    pub fn with_run(mut self, run: Run) -> Self {
        self.runs.push(run);
        self
    }

    pub fn with_session(mut self, session: Session) -> Self {
        self.sessions.push(session);
        self
    }

    /// What the engine has learned; give it before `connected`.
    pub fn with_memory(mut self, bodies: impl IntoIterator<Item = (MemoryEventBody, Millis)>) -> Self {
        for (body, ago) in bodies {
            let event = remembered(self.memory.seq + 1, body, ago);
            self.memory.apply(&event);
        }
        self
    }

    /// Answers requests in a way of the test's own; asked before the prepared answers.
    pub fn answering(mut self, answer: impl Fn(&Request) -> Option<Result<Response>> + 'static) -> Self {
        self.answers.push(Box::new(answer));
        self
    }

    /// The engine is reached; lists and session come.
    pub fn connected(mut self) -> Self {
        self.send(Msg::Link(Link::Connected(crate::run::testing::ana())));
        self
    }

    /// Types keys: characters as they are, others in angle brackets: `de pl<ret>`, `<ctrl-p>`,
    /// `<esc>`, `<lt>` for `<`.
    pub fn keys(mut self, text: &str) -> Self {
        for key in read_keys(text) {
            self.send(Msg::Key(key));
        }
        self
    }

    pub fn action(mut self, action: Action) -> Self {
        self.send(Msg::Action(action));
        self
    }

    pub fn paste(mut self, text: &str) -> Self {
        self.send(Msg::Paste(text.to_owned()));
        self
    }

    pub fn update(mut self, update: Update) -> Self {
        self.send(Msg::Update(Box::new(update)));
        self
    }

    /// The engine says that this run has changed; `events` is its journal since `run` was known.
    pub fn update_run(mut self, run: &Run, events: Vec<crate::run::Event>) -> Self {
        self.runs.retain(|r| r.id() != run.id());
        self.runs.push(run.clone());
        self.update(Update::Run { summary: Box::new(summarise(run)), events })
    }

    /// Time passes.
    pub fn later(mut self, length: Millis) -> Self {
        self.model.now = self.model.now.plus(length);
        self.send(Msg::Tick);
        self
    }

    pub fn resize(mut self, width: u16, height: u16) -> Self {
        self.terminal.backend_mut().resize(width, height);
        self.send(Msg::Resize);
        self
    }

    /// Takes a message in, and every message that answers its effects.
    pub fn send(&mut self, msg: Msg) {
        let mut queue = VecDeque::from([msg]);
        while let Some(msg) = queue.pop_front() {
            let now = self.model.now;
            for effect in update(&mut self.model, now, msg) {
                if let Effect::Ask { asker, request } = &effect
                    && let Some(result) = self.answer(request)
                {
                    queue.push_back(answered(*asker, request, result));
                }
                self.effects.push(effect);
            }
        }
        self.terminal.draw(|f| frame::draw(&self.model, f)).expect("a test backend never fails");
    }

    /// Carries out an effect that a test got from the model itself.
    pub fn perform(&mut self, effect: Effect) {
        let answer = match &effect {
            Effect::Ask { asker, request } => {
                self.answer(request).map(|result| answered(*asker, request, result))
            }
            _ => None,
        };
        self.effects.push(effect);
        self.send(answer.unwrap_or(Msg::Resize));
    }

    /// What the prepared engine says; `None`: nothing yet.
    fn answer(&self, request: &Request) -> Option<Result<Response>> {
        if let Some(result) = self.answers.iter().find_map(|answer| answer(request)) {
            return Some(result);
        }
        let row = |run: &Run| summarise(run);
        Some(match request {
            Request::Runs { .. } => {
                Ok(Response::Runs(self.runs.iter().map(row).collect::<Vec<RunSummary>>()))
            }
            Request::Run { run } => match self.runs.iter().find(|r| r.id() == run) {
                Some(found) => Ok(Response::Run(Box::new(found.clone()))),
                None => Err(Error::not_found(format!("There is no run {run}"))),
            },
            Request::Offered => {
                let mut offered: BTreeMap<WorkflowId, Offered> = BTreeMap::new();
                for run in &self.runs {
                    let names = offered.entry(run.header.workflow.id.clone()).or_default();
                    names.add_inputs(&run.header.inputs);
                }
                Ok(Response::Offered(offered))
            }
            Request::Sessions => {
                let mut all = self.sessions.clone();
                all.push(session());
                Ok(Response::Sessions(all))
            }
            Request::OpenSession { .. } => Ok(Response::Session(session())),
            Request::SessionRecord { .. } => Ok(Response::SessionRecord(Box::new(SessionRecord {
                session: session(),
                runs: self.runs.clone(),
                git: Some(GitState {
                    branch: "main".to_owned(),
                    uncommitted: vec!["M src/main.rs".to_owned(), "?? notes.md".to_owned()],
                    ..GitState::default()
                }),
                at: NOW,
                outputs: Vec::new(),
            }))),
            Request::Learned => Ok(Response::Memory(Box::new(self.memory.clone()))),
            Request::Subscribe => Ok(Response::Done),
            _ => return None,
        })
    }

    /// The requests that came out, oldest first.
    pub fn requests(&self) -> Vec<&Request> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Ask { request, .. } => Some(request),
                _ => None,
            })
            .collect()
    }

    /// The verbs that were asked for, oldest first.
    pub fn verbs(&self) -> Vec<&Verb> {
        self.requests()
            .into_iter()
            .filter_map(|request| match request {
                Request::Act { verb, .. } => Some(verb),
                _ => None,
            })
            .collect()
    }

    pub fn buffer(&self) -> &Buffer {
        self.terminal.backend().buffer()
    }

    /// What stands on the screen, without colours and trailing spaces.
    pub fn screen(&self) -> String {
        text(self.buffer())
    }

    /// Fails unless this text stands on the screen.
    #[track_caller]
    pub fn see(self, wanted: &str) -> Self {
        let screen = self.screen();
        assert!(screen.contains(wanted), "“{wanted}” is not on the screen:\n{screen}");
        self
    }

    /// Fails if this text stands on the screen.
    #[track_caller]
    pub fn see_no(self, unwanted: &str) -> Self {
        let screen = self.screen();
        assert!(!screen.contains(unwanted), "“{unwanted}” is on the screen:\n{screen}");
        self
    }

    /// Compares the screen with `snapshots/tui_<name>.snap`.
    #[track_caller]
    pub fn golden(mut self, name: &str) -> Self {
        let screen = self.screen();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(format!("tui_{name}"), screen));
        // For the eye: `MWTUI_PICTURES=/some/folder cargo test` leaves every golden screen there, with
        // `MWTUI_PICTURES_THEME=light` in another theme.
        if let Some(folder) = std::env::var_os("MWTUI_PICTURES") {
            let folder = std::path::Path::new(&folder);
            std::fs::create_dir_all(folder).expect("the pictures' folder can be made");
            let picture = match std::env::var("MWTUI_PICTURES_THEME") {
                Ok(theme) => self.svg_in(&theme),
                Err(_) => self.svg(),
            };
            std::fs::write(folder.join(format!("{name}.svg")), picture)
                .expect("the pictures' folder can be written to");
        }
        self
    }

    /// The screen as a picture in another theme; it is drawn in its own again afterwards.
    fn svg_in(&mut self, theme: &str) -> String {
        let other = Theme::load(theme, std::path::Path::new("/nonexistent")).expect("a bundled theme");
        let own = std::mem::replace(&mut self.model.look.theme, other);
        self.terminal.draw(|f| frame::draw(&self.model, f)).expect("a test backend never fails");
        let picture = self.svg();
        self.model.look.theme = own;
        self.terminal.draw(|f| frame::draw(&self.model, f)).expect("a test backend never fails");
        picture
    }

    /// Compares the screen, as a picture, with a file of the project; `INSTA_UPDATE=always` writes it.
    #[track_caller]
    pub fn picture(self, file: &str) -> Self {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        if std::env::var("INSTA_UPDATE").as_deref() == Ok("always") {
            std::fs::write(&file, self.svg()).expect("the picture can be written");
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(kept == self.svg(), "{} is out of date: INSTA_UPDATE=always cargo test", file.display());
        self
    }

    /// The screen as a picture.
    pub fn svg(&self) -> String {
        crate::tui::picture::svg(self.buffer(), &self.model.look.theme)
    }
}

fn answered(asker: Asker, request: &Request, result: Result<Response>) -> Msg {
    Msg::Answered { asker, request: Box::new(request.clone()), result: Box::new(result) }
}

/// The open session of every test: begun 72 minutes ago.
pub fn session() -> Session {
    Session {
        id: SessionId::new("5e55000000000000"),
        name: "checkout-api".to_owned(),
        folder: "/work/checkout-api".to_owned(),
        start_commit: None,
        opened_at: Timestamp(NOW.0 - 72 * 60_000),
        opened_by: Actor::Person("ana@laptop".to_owned()),
        ended: None,
        notes: Vec::new(),
        exports: Vec::new(),
        seq: 1,
    }
}

/// Something that ana taught, `ago` before now.
pub fn remembered(seq: u64, body: MemoryEventBody, ago: Millis) -> MemoryEvent {
    let at = Timestamp(NOW.0 - i64::try_from(ago.0).expect("a short time"));
    MemoryEvent { seq, at, actor: Actor::Person("ana@laptop".to_owned()), body }
}

/// An answer to the question which workflow was meant.
pub fn answered_with(phrase: &str, workflow: &str) -> MemoryEventBody {
    let workflow = crate::base::WorkflowId::new(workflow);
    MemoryEventBody::Chosen { phrase: phrase.to_owned(), workflow, how: Chosen::Asked, project: None }
}

/// A run of a workflow of that bank, begun `ago`, driven no further than its first step.
pub fn bundled_run(workflow: &str, id: &str, ago: Millis) -> (Run, Vec<crate::run::Event>) {
    let registry = Registry::sample();
    let entry = registry.find(workflow).expect("a workflow of the bank");
    let fields = &entry.workflow().expect("it loads").inputs;
    let inputs = fields.iter().filter_map(|f| Some((f.name.clone(), f.default.clone()?))).collect();
    run_of(entry, inputs, id, ago)
}

/// A run of this entry with these inputs, begun `ago`.
pub fn run_of(
    entry: &Entry,
    inputs: Map<String, Value>,
    id: &str,
    ago: Millis,
) -> (Run, Vec<crate::run::Event>) {
    let definition = entry.workflow().expect("it loads").clone();
    let header = crate::run::RunStarted {
        run: RunId::new(format!("{id:0<16}")),
        workflow: crate::run::WorkflowRef {
            id: definition.id.clone(),
            name: definition.name.clone(),
            version: definition.version,
            digest: entry.digest.clone(),
            origin: entry.origin,
        },
        inputs,
        context: crate::run::Context { folder: "/work/checkout-api".to_owned(), ..Default::default() },
        session: SessionId::new("5e55000000000000"),
        session_name: "checkout-api".to_owned(),
        phrase: None,
        prerequisites: Vec::new(),
        parent: None,
        subject: None,
        fork: None,
        step_through: false,
        breakpoints: Vec::new(),
    };
    let at = Timestamp(NOW.0 - i64::try_from(ago.0).expect("a short time"));
    let ana = Actor::Person("ana@laptop".to_owned());
    let events = crate::run::start(Arc::clone(&definition), header, &ana, at).expect("a run starts");
    let run = crate::run::apply::replay(definition, &events).expect("a journal begins with run.started");
    (run, events)
}

/// Does a command on a run, as the engine would, `ago` before now.
pub fn drive(run: &mut Run, command: &crate::run::Command, ago: Millis) -> Vec<crate::run::Event> {
    let at = Timestamp(NOW.0 - i64::try_from(ago.0).expect("a short time"));
    let actor = match command {
        crate::run::Command::Verb(_) | crate::run::Command::MoveOver(_) => {
            Actor::Person("ana@laptop".to_owned())
        }
        crate::run::Command::Report(_) => Actor::Engine,
    };
    let events = crate::run::decide(run, command, &actor, at).expect("the run takes the command");
    for event in &events {
        crate::run::apply(run, event);
    }
    events
}

fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let mut lines: Vec<String> = Vec::new();
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        let mut skip = 0;
        for cell in row {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            line.push_str(cell.symbol());
            skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

fn read_keys(text: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '<' {
            let end = rest.find('>').expect("a key in angle brackets ends with >");
            let name = &rest[1..end];
            let key = match name {
                "ret" => Key::parse("enter"),
                "lt" => Some(Key::char('<')),
                other => Key::parse(other),
            };
            keys.push(key.unwrap_or_else(|| panic!("{name} is a key")));
            rest = &rest[end + 1..];
        } else {
            keys.push(Key::char(c));
            rest = &rest[c.len_utf8()..];
        }
    }
    keys
}
