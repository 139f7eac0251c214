//! The real host: terminal events, the clock, signals, the engine, files. Everything that
//! `update` may not do.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use ratatui::crossterm::event::{Event, EventStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::base::{Error, Paths, Result, SafeText, Timestamp, paths::project_root};
use crate::client::{Client, editor, repo};
use crate::config::{Keymap, Settings, Theme};
use crate::matching::Options;
use crate::protocol::{ClientKind, Request};
use crate::tui::app::{self, Host};
use crate::tui::look::Look;
use crate::tui::model::{Facts, Model};
use crate::tui::msg::{Asker, Bank, Effect, Link, Msg};
use crate::tui::{keys, logfile, phrases, terminal};
use crate::workflow::{Registry, create, trust};

/// The waits between two tries to reach the engine.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How long a request waits for the engine to be reached.
const REACHED_WITHIN: Duration = Duration::from_secs(5);

/// How long the last phrase may take to be kept once the console is left.
const KEPT_WITHIN: Duration = Duration::from_secs(2);

/// The engine, while it is reached.
type Engine = watch::Receiver<Option<Arc<Client>>>;

/// Opens the console in this terminal and stays until it is left. Settings that do not read are
/// an error before the terminal is touched.
pub fn run(paths: Paths) -> Result<()> {
    let (model, options) = open(&paths)?;
    // Signals are heard while this thread waits for the person's editor.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| Error::internal("The console cannot start").because(e))?;
    let outcome = runtime.block_on(console(paths, model, options));
    // What still runs in the background (a connection, a bank being read) is not waited for.
    runtime.shutdown_background();
    outcome
}

/// The model as it is before anything has been asked, and how phrases are matched.
fn open(paths: &Paths) -> Result<(Model, Options)> {
    let env = |name: &str| std::env::var(name).ok();
    let settings = Settings::load(paths)?;
    let options = Options::new(&settings.matching)?;
    let keymap = Keymap::load(&paths.keymap_file())?;
    let theme = Theme::load(settings.theme_name(env), &paths.themes())?;
    let look = Look::new(theme, settings.depth(env), settings.glyph_set(env));
    let here = std::env::current_dir().map_err(|e| {
        Error::usage("The current folder cannot be read").because(e).hint("Change to another folder")
    })?;
    let mut facts = Facts::new(&project_root(&here), paths);
    facts.env = std::env::vars_os()
        .filter_map(|(n, v)| Some((n.into_string().ok()?, v.into_string().ok()?)))
        .collect();
    facts.repo = repo::read(Path::new(&facts.folder));
    facts.agents = settings.agents.keys().cloned().collect();
    facts.second_opinion = settings.second_opinion;
    Ok((Model::new(facts, look, keymap, Timestamp::now()), options))
}

async fn console(paths: Paths, mut model: Model, options: Options) -> Result<()> {
    let (sender, mut messages) = mpsc::unbounded_channel();
    let (slot, engine) = watch::channel(None);
    let guard = terminal::Guard::take()?;
    let mut screen = terminal::screen()?;
    let folder = PathBuf::from(&model.facts.folder);
    let mut host = RealHost {
        paths: paths.clone(),
        folder,
        bank: Arc::new(Mutex::new(Arc::new(Bank::empty(&options)))),
        engine,
        reader: read_events(&sender),
        sender: sender.clone(),
        keeping: None,
        editing: Arc::default(),
    };
    watch_signals(&sender, &host.editing)?;
    tokio::spawn(keep_connected(paths, sender, slot));
    let first = vec![Effect::LoadBank, Effect::ReadPhrases];
    let outcome = app::run(&mut screen, &mut model, &mut messages, &mut host, first).await;
    host.reader.abort();
    drop(guard);
    // Who leaves right after a phrase finds it again; a disk that hangs keeps nobody here.
    if let Some(kept) = host.keeping.take() {
        let _ = tokio::time::timeout(KEPT_WITHIN, kept).await;
    }
    outcome
}

struct RealHost {
    paths: Paths,
    folder: PathBuf,
    /// The one that was read last: what is unchanged of it is not read into the index again.
    bank: Arc<Mutex<Arc<Bank>>>,
    engine: Engine,
    sender: UnboundedSender<Msg>,
    reader: JoinHandle<()>,
    /// The phrase that is being kept, after those before it.
    keeping: Option<JoinHandle<()>>,
    /// The terminal is the person's editor's, and ctrl-c as well.
    editing: Arc<AtomicBool>,
}

impl Host for RealHost {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Ask { asker, request } => self.ask(asker, request),
            Effect::LoadBank => self.load_bank(),
            Effect::Copy(text) => {
                let copied = terminal::copy(&SafeText::new(&text).plain()).map(|()| "Copied".to_owned());
                let _ = self.sender.send(Msg::Done(copied));
            }
            Effect::Trust { path, digest } => self.trust(path, digest),
            Effect::ReadPhrases => {
                let (paths, sender) = (self.paths.clone(), self.sender.clone());
                tokio::task::spawn_blocking(move || {
                    let _ = sender.send(Msg::Phrases(Box::new(phrases::read(&paths))));
                });
            }
            Effect::KeepPhrase(phrase) => self.keep_phrase(phrase),
            Effect::NewWorkflow { phrase } => {
                let (paths, folder, sender) = (self.paths.clone(), self.folder.clone(), self.sender.clone());
                tokio::task::spawn_blocking(move || {
                    let bank = Registry::load(&paths, &folder);
                    let draft = create::draft(None, Some(&phrase), &bank);
                    let written = draft.and_then(|draft| create::write(&paths, &draft));
                    let _ = sender.send(Msg::Written(Box::new(written)));
                });
            }
            Effect::ReadLog { from } => {
                let (folder, sender) = (self.paths.logs(), self.sender.clone());
                tokio::task::spawn_blocking(move || {
                    let _ = sender.send(Msg::Log(Box::new(logfile::read(&folder, from.as_ref()))));
                });
            }
            // The loop's own affairs.
            Effect::Edit(_) | Effect::Suspend | Effect::Redraw | Effect::Quit => {}
        }
    }

    fn aside(&mut self, effect: Effect) -> Result<()> {
        self.reader.abort();
        terminal::leave();
        let outcome = match effect {
            Effect::Edit(path) => {
                self.editing.store(true, Ordering::Release);
                let outcome = editor::edit(&path);
                self.editing.store(false, Ordering::Release);
                outcome
            }
            _ => rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP)
                .map_err(|e| Error::internal("The console cannot be suspended").because(e)),
        };
        terminal::enter()?;
        self.reader = read_events(&self.sender);
        outcome
    }
}

impl RealHost {
    fn ask(&self, asker: Asker, request: Request) {
        let mut engine = self.engine.clone();
        let sender = self.sender.clone();
        tokio::spawn(async move {
            // Who types fast asks before the engine has been started; that is no reason to refuse.
            let reached = tokio::time::timeout(REACHED_WITHIN, engine.wait_for(Option::is_some)).await;
            let client = reached.ok().and_then(Result::ok).and_then(|client| client.clone());
            let result = match client {
                Some(client) => client.call(request.clone()).await,
                None => Err(Error::internal("The engine is not reached at the moment")
                    .hint("The console keeps trying; try again in a moment")),
            };
            // A closed channel means that the console is being left.
            let _ =
                sender.send(Msg::Answered { asker, request: Box::new(request), result: Box::new(result) });
        });
    }

    fn load_bank(&self) {
        let (paths, folder, sender) = (self.paths.clone(), self.folder.clone(), self.sender.clone());
        let last = Arc::clone(&self.bank);
        tokio::task::spawn_blocking(move || {
            // Held while it reads: who asks later reads later, and what comes last is the newest.
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            *last = Arc::new(last.reread(Registry::load(&paths, &folder)));
            let _ = sender.send(Msg::Bank(Arc::clone(&last)));
        });
    }

    fn keep_phrase(&mut self, phrase: String) {
        let (paths, sender, before) = (self.paths.clone(), self.sender.clone(), self.keeping.take());
        self.keeping = Some(tokio::spawn(async move {
            if let Some(before) = before {
                let _ = before.await;
            }
            let kept = tokio::task::spawn_blocking(move || phrases::add(&paths, &phrase)).await;
            if let Ok(Err(error)) = kept {
                tracing::error!(causes = ?error.causes, "{}", error.message);
                let _ = sender.send(Msg::Done(Err(error)));
            }
        }));
    }

    fn trust(&self, path: PathBuf, digest: String) {
        let done = trust::trust(&self.paths, &path, &digest);
        let reload = done.is_ok();
        let told = done.map(|()| format!("{} is trusted as it stands now", path.display()));
        let _ = self.sender.send(Msg::Done(told));
        if reload {
            self.load_bank();
        }
    }
}

/// Keys, pastes and sizes, until the task is aborted.
fn read_events(sender: &UnboundedSender<Msg>) -> JoinHandle<()> {
    let sender = sender.clone();
    tokio::spawn(async move {
        let mut events = EventStream::new();
        loop {
            let msg = match events.next().await {
                Some(Ok(Event::Key(event))) => keys::key(&event).map(Msg::Key),
                Some(Ok(Event::Paste(text))) => Some(Msg::Paste(text)),
                Some(Ok(Event::Resize(..))) => Some(Msg::Resize),
                Some(Ok(_)) => None,
                // The terminal is gone.
                Some(Err(_)) | None => {
                    let _ = sender.send(Msg::Terminated);
                    return;
                }
            };
            if let Some(msg) = msg
                && sender.send(msg).is_err()
            {
                return;
            }
        }
    })
}

fn watch_signals(sender: &UnboundedSender<Msg>, editing: &Arc<AtomicBool>) -> Result<()> {
    for kind in [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()] {
        let mut signals =
            signal(kind).map_err(|e| Error::internal("Signals cannot be listened to").because(e))?;
        let (sender, editing) = (sender.clone(), Arc::clone(editing));
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if kind != SignalKind::interrupt() || !editing.load(Ordering::Acquire) {
                    let _ = sender.send(Msg::Terminated);
                }
            }
        });
    }
    Ok(())
}

/// Reaches the engine, starts it where there is none, and does so again whenever it is lost.
async fn keep_connected(
    paths: Paths,
    sender: UnboundedSender<Msg>,
    slot: watch::Sender<Option<Arc<Client>>>,
) {
    let mut wait = FIRST_WAIT;
    loop {
        let lost = match attempt(&paths, &sender, &slot).await {
            Ok(()) => {
                wait = FIRST_WAIT;
                Error::internal("The connection to the engine is lost")
                    .hint("The console connects again by itself; runs go on meanwhile")
            }
            Err(error) => error,
        };
        slot.send_replace(None);
        if sender.send(Msg::Link(Link::Lost(lost))).is_err() {
            return;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// One connection, for as long as it lasts.
async fn attempt(
    paths: &Paths,
    sender: &UnboundedSender<Msg>,
    slot: &watch::Sender<Option<Arc<Client>>>,
) -> Result<()> {
    let client = Arc::new(Client::connect(paths, ClientKind::Tui).await?);
    let mut updates = client.subscribe().await?;
    let me = client.engine().actor.clone();
    slot.send_replace(Some(client));
    let _ = sender.send(Msg::Link(Link::Connected(me)));
    while let Some(update) = updates.recv().await {
        if sender.send(Msg::Update(Box::new(update))).is_err() {
            break;
        }
    }
    Ok(())
}
