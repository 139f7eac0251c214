//! The engine's life: take the lock, open the store, recover, serve, end.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rustix::fs::Mode;
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::base::{Error, Paths, Result, Timestamp};
use crate::config::Settings;
use crate::engine::lock::{self, Lock};
use crate::engine::run_loop::RunLoop;
use crate::engine::{Ending, Engine, Input, learning, server};
use crate::exec::{Executor, Tools};
use crate::protocol::Update;
use crate::store::Store;

/// How long whoever started the engine may take to connect.
const FIRST_CLIENT: Duration = Duration::from_secs(5);
/// How long connections may take for their last words.
const LAST_WORDS: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
pub struct Options {
    /// After this long without a client and without working runs, the engine ends by itself.
    pub idle: Duration,
}

impl Options {
    pub fn of(settings: &Settings) -> Self {
        Self { idle: settings.engine_idle.as_duration() }
    }
}

/// How a start ended.
pub enum Served {
    /// It served, and has ended.
    Ended,
    /// Another engine has the lock; nothing was done.
    Taken,
}

/// Serves in this process until it is told to end, or nobody needs it. Refused where another
/// engine has the home.
pub fn serve(paths: Paths, options: Options) -> Result<()> {
    match serve_with(&paths, &options, || Ok(()))? {
        Served::Ended => Ok(()),
        Served::Taken => Err(Error::refused("An engine already runs for this home")
            .cause(format!("It holds {}", paths.lock().display()))
            .hint("`mwtui engine status` shows it, `mwtui engine stop` ends it")),
    }
}

/// The same, with `ready` called once clients can connect.
pub(super) fn serve_with(
    paths: &Paths,
    options: &Options,
    ready: impl FnOnce() -> Result<()>,
) -> Result<Served> {
    // The engine's own files are for its owner alone from the moment they are created. Scripts
    // get the mask back that the person has: their files are theirs.
    let mask = rustix::process::umask(Mode::from_raw_mode(0o077));
    let started = start(paths);
    rustix::process::umask(mask);
    let Some((lock, store, listener)) = started? else { return Ok(Served::Taken) };
    // Whatever folder the engine was started from may be unmounted.
    std::env::set_current_dir("/")
        .map_err(|e| Error::internal("The engine cannot leave its folder").because(e))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("mwtui-engine")
        .build()
        .map_err(|e| Error::internal("The engine's threads cannot be started").because(e))?;
    let handle = runtime.handle().clone();
    let entered = handle.enter();
    let listener = UnixListener::from_std(listener)
        .map_err(|e| Error::internal("The engine's socket cannot be used").because(e))?;

    let (inputs, taken) = mpsc::channel();
    let memory = learning::load(&store)?;
    let engine = Arc::new(Engine::new(paths.clone(), store, memory, inputs, Timestamp::now()));
    if let Some(caller) = engine.hooks.caller() {
        runtime.spawn(caller.attend());
    }
    let (notices, mut noticed) = tokio::sync::mpsc::unbounded_channel();
    let settings = engine.settings.clone();
    let tools = move || settings.now().map(|settings| Tools::of(&settings));
    let executor = engine
        .executor
        .get_or_init(|| Executor::new(paths.outputs(), notices, tools).with_vault(Arc::clone(&engine.vault)));
    let executor = executor.clone();
    let run_loop = RunLoop::recover(Arc::clone(&engine), taken, executor, handle.clone())?;
    let inputs = engine.inputs.clone();
    runtime.spawn(async move {
        while let Some(notice) = noticed.recv().await {
            if inputs.send(Input::Notice(notice)).is_err() {
                return;
            }
        }
    });
    let looping = {
        let engine = Arc::clone(&engine);
        std::thread::Builder::new()
            .name("mwtui-runs".to_owned())
            .spawn(move || {
                // However the loop ends, nothing is served without it.
                let _end = EndOnDrop(engine);
                run_loop.run();
            })
            .map_err(|e| Error::internal("The run loop's thread cannot be started").because(e))?
    };
    let accepting = runtime.spawn(server::accept(Arc::clone(&engine), listener));
    tracing::info!(pid = std::process::id(), state = %paths.state.display(), "the engine is ready");
    ready()?;

    runtime.block_on(until_told(&engine, options.idle))?;
    let ended = end(paths, &engine, &runtime, accepting, looping);
    // A command that still runs is left alone; the next engine finds its step uncertain.
    drop(entered);
    runtime.shutdown_timeout(LAST_WORDS);
    // The store is closed before the next engine may open it.
    if Arc::into_inner(engine).is_none() {
        tracing::warn!("something still works on the store: the lock is held until the process has ended");
        std::mem::forget(lock);
    }
    tracing::info!("the engine has ended");
    ended.map(|()| Served::Ended)
}

struct EndOnDrop(Arc<Engine>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// What only one process may do: lock, store, socket, in this order.
fn start(paths: &Paths) -> Result<Option<(Lock, Store, std::os::unix::net::UnixListener)>> {
    paths.create()?;
    let Some(lock) = lock::take(paths)? else { return Ok(None) };
    let store = Store::open(&paths.store_file())?;
    let listener = bind(&paths.socket())?;
    Ok(Some((lock, store, listener)))
}

/// A socket that is there already is a dead engine's: the lock is ours.
fn bind(socket: &Path) -> Result<std::os::unix::net::UnixListener> {
    let failed = |what: &str, e: std::io::Error| {
        Error::internal(format!("The engine's socket {} cannot be {what}", socket.display()))
            .because(e)
            .hint("Check the folder it lies in, or choose another with --home DIR")
    };
    match std::fs::remove_file(socket) {
        Ok(()) => {}
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => return Err(failed("replaced", e)),
    }
    let listener = std::os::unix::net::UnixListener::bind(socket).map_err(|e| failed("made", e))?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))
        .and_then(|()| listener.set_nonblocking(true))
        .map_err(|e| failed("prepared", e))?;
    Ok(listener)
}

async fn until_told(engine: &Engine, idle: Duration) -> Result<()> {
    let listen =
        |kind| signal(kind).map_err(|e| Error::internal("The engine cannot listen for signals").because(e));
    let (mut term, mut interrupt, mut hangup) =
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?, listen(SignalKind::hangup())?);
    let mut ending = engine.ending.subscribe();
    let reason = tokio::select! {
        _ = ending.wait_for(|e| *e >= Ending::Asked) => "it was asked to",
        _ = term.recv() => "SIGTERM came",
        _ = interrupt.recv() => "SIGINT came",
        _ = hangup.recv() => "SIGHUP came",
        () = engine.activity.idle_for(idle, FIRST_CLIENT) => "nobody needs it",
    };
    let working = engine.activity.counts().working_runs;
    if working > 0 {
        tracing::warn!(
            working,
            reason,
            "the engine ends while runs work: their commands go on, the next engine finds the steps uncertain"
        );
    } else {
        tracing::info!(reason, "the engine ends");
    }
    Ok(())
}

/// No new clients, then no new decisions, then no connections.
fn end(
    paths: &Paths,
    engine: &Arc<Engine>,
    runtime: &tokio::runtime::Runtime,
    accepting: tokio::task::JoinHandle<()>,
    looping: std::thread::JoinHandle<()>,
) -> Result<()> {
    engine.end();
    accepting.abort();
    // The listener is closed once the task is gone; a client that comes now starts a new engine.
    let _ = runtime.block_on(accepting);
    if let Err(error) = std::fs::remove_file(paths.socket()) {
        tracing::warn!(%error, "the socket could not be removed");
    }
    let _ = engine.inputs.send(Input::Stop);
    let looped = looping.join();
    engine.hub.broadcast(Update::Stopping);
    engine.ending.send_replace(Ending::Stopped);
    runtime.block_on(async {
        let last = async {
            engine.activity.no_clients().await;
            // Hooks are told of the last events, if they are quick.
            engine.activity.no_tasks().await;
        };
        let _ = tokio::time::timeout(LAST_WORDS, last).await;
    });
    looped.map_err(|_| {
        Error::internal("The run loop broke off")
            .cause("Something in it panicked; the log has the place")
            .hint("Nothing that was acknowledged is lost: the next engine carries on")
    })
}
