//! Telling the hooks of `config.toml` what happened, once it is durable. Whatever they do, no run waits for
//! them: what is to be told goes into queues of a fixed length, and what does not fit is counted and told of.
//! A hook is called at most once for an event; an engine that ends may leave some uncalled.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;

use crate::base::text::escape_json;
use crate::base::trace::HOOK;
use crate::base::{Paths, RunId, SafeLine, Timestamp};
use crate::config::{Hook, Settings};
use crate::engine::activity::{Activity, Held};
use crate::engine::settings::Current;
use crate::exec;
use crate::protocol::{HookFailure, HooksStatus, Update};
use crate::run::line;
use crate::run::{Event, RunSummary};

/// Changes of runs that wait to be looked at.
const CHANGES: usize = 1024;
/// Calls that wait for their turn.
const CALLS: usize = 256;
/// Failures that are remembered.
const FAILURES: usize = 5;

/// Where the run loop puts what has happened.
pub struct Hooks {
    changes: Sender<Change>,
    shared: Arc<Shared>,
    caller: Mutex<Option<Caller>>,
}

#[derive(Default)]
struct Shared {
    status: Mutex<HooksStatus>,
}

/// One change of a run, durable.
struct Change {
    summary: Box<RunSummary>,
    events: Vec<Event>,
    /// The engine does not end by itself before the hooks have been told.
    held: Arc<Held>,
}

/// One call that is to be made.
struct Call {
    hook: Hook,
    name: &'static str,
    line: String,
    environment: Vec<(&'static str, String)>,
    run: RunId,
    _held: Arc<Held>,
}

/// Calls the hooks; its future is the work.
pub struct Caller {
    changes: Receiver<Change>,
    shared: Arc<Shared>,
    settings: Current,
    folder: PathBuf,
    /// What every hook is told of this installation.
    told: Vec<(&'static str, String)>,
    /// What the file said last, as long as it could be read.
    known: Arc<Settings>,
    waiting: VecDeque<Call>,
    running: JoinSet<()>,
    /// Calls that found no place since the last time that all was quiet.
    dropped: u64,
}

impl Hooks {
    pub fn new(paths: &Paths, settings: &Current) -> Self {
        let (changes, receiver) = mpsc::channel(CHANGES);
        let shared = Arc::new(Shared::default());
        let exe = std::env::current_exe().map(|exe| ("MWTUI", exe.to_string_lossy().into_owned()));
        let home = paths.home.as_ref().map(|home| ("MWTUI_HOME", home.to_string_lossy().into_owned()));
        let profile = paths.overrides.profile.clone().map(|name| ("MWTUI_PROFILE", name));
        let caller = Caller {
            changes: receiver,
            shared: Arc::clone(&shared),
            settings: settings.clone(),
            folder: paths.config.clone(),
            told: exe.into_iter().chain(home).chain(profile).collect(),
            known: Arc::default(),
            waiting: VecDeque::new(),
            running: JoinSet::new(),
            dropped: 0,
        };
        Self { changes, shared, caller: Mutex::new(Some(caller)) }
    }

    /// The one who does the work; once.
    pub fn caller(&self) -> Option<Caller> {
        self.caller.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Never waits.
    pub fn tell(&self, update: &Update, activity: &Activity) {
        let Update::Run { summary, events } = update else { return };
        let Ok(place) = self.changes.try_reserve() else {
            self.shared.lock().missed += 1;
            return;
        };
        let held = Arc::new(activity.task());
        place.send(Change { summary: summary.clone(), events: events.clone(), held });
    }

    pub fn status(&self) -> HooksStatus {
        self.shared.lock().clone()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HooksStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self, call: &Call, result: Result<(), String>) {
        let hook = call.hook.command.join(" ");
        let mut status = self.lock();
        status.called += 1;
        let Err(why) = result else {
            drop(status);
            tracing::debug!(target: HOOK, run = %call.run, event = call.name, hook, "a hook was told");
            return;
        };
        status.failed += 1;
        if status.last.len() == FAILURES {
            status.last.remove(0);
        }
        let why = SafeLine::new(&why.replace('\n', "; ")).as_str().to_owned();
        tracing::warn!(target: HOOK, run = %call.run, event = call.name, hook, why, "a hook failed");
        status.last.push(HookFailure {
            at: Timestamp::now(),
            event: call.name.to_owned(),
            run: call.run.clone(),
            command: hook,
            why,
        });
    }
}

impl Caller {
    /// Until nobody can tell anything any more. Dropping it ends what runs.
    pub async fn attend(mut self) {
        loop {
            while self.running.len() < self.known.limits.hooks
                && let Some(call) = self.waiting.pop_front()
            {
                self.call(call);
            }
            self.quiet();
            tokio::select! {
                change = self.changes.recv() => match change {
                    Some(change) => self.take(change).await,
                    None => return,
                },
                Some(_) = self.running.join_next(), if !self.running.is_empty() => {}
            }
        }
    }

    /// Finds out whom a change is told.
    async fn take(&mut self, change: Change) {
        // What cannot be read now has been told of; the hooks that were there go on.
        if let Ok(settings) = self.settings.get().await {
            self.known = settings;
        }
        let known = Arc::clone(&self.known);
        if known.hooks.is_empty() {
            return;
        }
        let (run, workflow) = (&change.summary.run, &change.summary.workflow);
        let events = change.events.iter().map(|event| {
            let (name, ..) = line::describe(&event.body);
            (name, None, Some(event))
        });
        let derived = line::derived(&change.summary, &change.events);
        let derived = derived.into_iter().map(|(name, line)| (name, Some(line), None));
        for (name, line, event) in events.chain(derived) {
            let mut wanted = known.hooks.iter().filter(|hook| hook.wants(name)).peekable();
            if wanted.peek().is_none() {
                continue;
            }
            let line = line.or_else(|| event.map(|event| line::line(run, workflow, event)));
            let line = line.unwrap_or_default();
            let environment = self.environment(name, &line);
            let line = escape_json(&line.to_string()).into_owned();
            for hook in wanted {
                self.put(Call {
                    hook: hook.clone(),
                    name,
                    line: line.clone(),
                    environment: environment.clone(),
                    run: run.clone(),
                    _held: Arc::clone(&change.held),
                });
            }
        }
    }

    fn environment(&self, name: &str, line: &Value) -> Vec<(&'static str, String)> {
        let mut environment = self.told.clone();
        environment.push(("MWTUI_EVENT", name.to_owned()));
        let named =
            [("run", "MWTUI_EVENT_RUN"), ("workflow", "MWTUI_EVENT_WORKFLOW"), ("step", "MWTUI_EVENT_STEP")];
        for (key, variable) in named {
            environment.push((variable, line[key].as_str().unwrap_or_default().to_owned()));
        }
        environment
    }

    fn put(&mut self, call: Call) {
        if self.waiting.len() < CALLS {
            self.waiting.push_back(call);
            return;
        }
        if self.dropped == 0 {
            tracing::warn!(
                target: HOOK,
                run = %call.run,
                event = call.name,
                hook = call.hook.command.join(" "),
                waiting = CALLS,
                "hooks are too slow: events are not told until there is room"
            );
        }
        self.dropped += 1;
        self.shared.lock().missed += 1;
    }

    fn call(&mut self, call: Call) {
        let (shared, folder) = (Arc::clone(&self.shared), self.folder.clone());
        self.running.spawn(async move {
            let result = exec::hook::run(&call.hook, &call.line, &call.environment, &folder).await;
            shared.ended(&call, result);
        });
    }

    fn quiet(&mut self) {
        if self.dropped > 0 && self.waiting.is_empty() {
            tracing::warn!(target: HOOK, missed = self.dropped, "hooks were not told of so many events");
            self.dropped = 0;
        }
        let mut status = self.shared.lock();
        status.configured = u32::try_from(self.known.hooks.len()).unwrap_or(u32::MAX);
        status.waiting = u32::try_from(self.waiting.len() + self.running.len()).unwrap_or(u32::MAX);
    }
}
