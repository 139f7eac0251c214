//! The owner of the store and of every run: socket server, request handlers, run loop, timers, recovery.
//!
//! One thread, the run loop, decides everything that changes, in one order. Handlers prepare
//! requests for it (files, git, the registry) and answer questions from what it has published
//! or from the store; they never change a run.

mod activity;
pub mod background;
mod batch;
mod cancels;
mod children;
mod closing;
mod examine;
mod family;
#[cfg(test)]
mod frozen_tests;
mod handlers;
mod hooks;
mod hub;
mod journal_log;
mod learning;
mod leftovers;
mod load;
mod lock;
mod outside;
mod person;
mod record;
mod run_loop;
mod serve;
mod server;
mod sessions;
mod settings;
#[cfg(test)]
mod simulation;
mod subjects;
mod trouble;
mod turns;
mod undoing;
pub mod upkeep;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tokio::sync::{oneshot, watch};

use crate::base::{Actor, Error, Paths, Result, RunId, SessionId, Timestamp, WorkflowId};
use crate::exec::vault::Vault;
use crate::exec::{Executor, Notice};
use crate::matching::{Memory, MemoryEventBody, Offered};
use crate::protocol::{Response, StoreTrouble};
use crate::run::{Export, Run, RunStarted, Verb, Version};
use crate::store::Store;
use crate::workflow::Workflow;

pub use serve::{Options, serve};

/// What every part of the engine shares.
struct Engine {
    paths: Paths,
    /// As the file says them now.
    settings: settings::Current,
    store: Arc<Store>,
    /// Runs that have not ended, as they are in the store: written by the run loop alone.
    live: RwLock<HashMap<RunId, Arc<Run>>>,
    /// What is learned from phrases, as it is in the store: written by the run loop alone.
    memory: RwLock<Arc<Memory>>,
    /// What commands printed as options, since this engine began.
    offers: RwLock<BTreeMap<WorkflowId, Offered>>,
    /// Secrets, for the executor alone.
    vault: Arc<Vault>,
    /// Why nothing can be written now: written by the run loop alone.
    trouble: RwLock<Option<StoreTrouble>>,
    hub: hub::Hub,
    hooks: hooks::Hooks,
    /// Set once, before anything is served.
    executor: OnceLock<Executor>,
    activity: activity::Activity,
    inputs: Sender<Input>,
    ending: watch::Sender<Ending>,
    started_at: Timestamp,
}

/// How far the engine's end has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    #[default]
    Not,
    /// Somebody wants it to end.
    Asked,
    /// Nothing is decided any more; connections may close.
    Stopped,
}

/// Where an answer goes.
type Reply = oneshot::Sender<Result<Response>>;

/// What the run loop takes, one after the other.
enum Input {
    Act {
        run: RunId,
        verb: Verb,
        actor: Actor,
        reply: Reply,
    },
    Start {
        prepared: Box<Prepared>,
        actor: Actor,
        reply: Reply,
    },
    MoveOver {
        run: RunId,
        version: Box<Version>,
        actor: Actor,
        reply: Reply,
    },
    /// A child run, made ready; nobody waits for an answer.
    StartChild(Box<Prepared>),
    /// A person says in which state a subject is.
    SetSubject {
        root: PathBuf,
        name: String,
        state: Option<String>,
        reason: String,
        actor: Actor,
        reply: Reply,
    },
    Session {
        verb: SessionVerb,
        actor: Actor,
        reply: Reply,
    },
    /// Something learned, missed or forgotten.
    Learn {
        body: MemoryEventBody,
        actor: Actor,
        reply: Reply,
    },
    Notice(Notice),
    Stop,
}

/// A start with all that needs files or git found out.
#[derive(Clone)]
struct Prepared {
    workflow: Arc<Workflow>,
    source: Arc<[u8]>,
    /// Its session is filled in by the run loop.
    header: RunStarted,
    root: PathBuf,
    start_commit: Option<String>,
}

/// What is done to a session.
enum SessionVerb {
    Open { root: PathBuf, start_commit: Option<String> },
    Note { session: SessionId, text: String },
    Rename { session: SessionId, name: String },
    Exported { session: SessionId, export: Export },
    End { session: SessionId },
}

impl Engine {
    fn new(paths: Paths, store: Store, memory: Memory, inputs: Sender<Input>, now: Timestamp) -> Self {
        let settings = settings::Current::new(&paths);
        Self {
            hooks: hooks::Hooks::new(&paths, &settings),
            executor: OnceLock::new(),
            settings,
            paths,
            store: Arc::new(store),
            live: RwLock::default(),
            memory: RwLock::new(Arc::new(memory)),
            offers: RwLock::default(),
            vault: Arc::default(),
            trouble: RwLock::default(),
            hub: hub::Hub::default(),
            activity: activity::Activity::default(),
            inputs,
            ending: watch::Sender::new(Ending::Not),
            started_at: now,
        }
    }

    /// The run as it is now, from memory or from the store. Blocking.
    fn run(&self, id: &RunId) -> Result<Arc<Run>> {
        match self.live_run(id) {
            Some(run) => Ok(run),
            None => load::run(&self.store, id).map(Arc::new),
        }
    }

    fn live_run(&self, id: &RunId) -> Option<Arc<Run>> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn memory(&self) -> Arc<Memory> {
        Arc::clone(&self.memory.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hands an input to the run loop and waits for its answer.
    async fn ask(&self, input: impl FnOnce(Reply) -> Input) -> Result<Response> {
        let (reply, answer) = oneshot::channel();
        self.inputs.send(input(reply)).map_err(|_| ending())?;
        answer.await.map_err(|_| ending())?
    }

    fn end(&self) {
        self.ending.send_if_modified(|e| {
            let first = *e < Ending::Asked;
            *e = (*e).max(Ending::Asked);
            first
        });
    }
}

fn ending() -> Error {
    Error::internal("The engine is ending").hint("Try again: the next call starts a new one")
}

/// Runs what may block on a thread that may.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::internal("A part of the engine broke off").because(e))?
}
