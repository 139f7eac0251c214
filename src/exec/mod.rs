//! Doing a step's work: one file per step kind; start, stream, stop; asking for a second opinion.
//! With `client`, the only room that spawns processes. Knows attempts, not runs' states; deadlines are the run's.

mod agent;
mod breaker;
mod breakers;
mod call;
mod command;
pub mod drain;
pub mod git;
mod group;
pub mod hook;
pub mod leftovers;
mod mcp;
pub mod opinion;
pub mod options;
pub mod output;
pub mod prerequisite;
mod process;
mod program;
mod remarks;
mod run;
mod secrets;
mod spill;
mod stop;
mod terminal;
#[cfg(test)]
mod tests;
mod tools;
pub mod vault;
mod work;
mod write;

pub use breaker::Open;
pub use breakers::Helper;
pub use tools::Tools;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use crate::base::{Error, RunId, StepId};
use crate::exec::breakers::Breakers;
use crate::exec::call::OldServers;
use crate::exec::drain::Drain;
use crate::exec::process::Leader;
use crate::exec::tools::Lookup;
use crate::exec::vault::Vault;
use crate::run::{Failure, Outcome, Report, Work};

/// One attempt to be made.
#[derive(Debug, Clone)]
pub struct Job {
    pub run: RunId,
    pub step: StepId,
    pub attempt: u32,
    pub work: Work,
    /// The run's folder.
    pub folder: PathBuf,
    /// Further environment of every script: `MWTUI`, `MWTUI_RUN`, `MWTUI_SESSION`, ….
    pub environment: Vec<(String, String)>,
}

/// What the executor tells the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// `Completed`, `Failed` or `Stopped` for a run.
    Report { run: RunId, report: Report },
    /// A step's output has grown; sent at most every 50 ms an attempt, and once at its end.
    Output { run: RunId, step: StepId, attempt: u32, total: u64, lines: u64 },
}

/// Runs jobs on the current tokio runtime. Cheap to clone.
#[derive(Clone)]
pub struct Executor {
    shared: Arc<Shared>,
}

struct Shared {
    outputs: PathBuf,
    drain: Drain,
    notices: UnboundedSender<Notice>,
    vault: Arc<Vault>,
    tools: Mutex<Arc<Tools>>,
    /// Where they are looked up before each job; without it they stay as they are.
    settings: Option<Box<Lookup>>,
    breakers: Breakers,
    old_servers: OldServers,
    state: Mutex<State>,
    /// Touched whenever `state` changes.
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    attempts: HashMap<Attempt, Live>,
    /// Stops that are not through yet; `None` is the whole run.
    stops: Vec<(RunId, Option<StepId>)>,
    frozen: HashSet<RunId>,
}

impl State {
    fn stopped(&self, attempt: &Attempt) -> Option<Stopped> {
        self.attempts.get(attempt).map_or(Some(Stopped::Wished), |live| live.stopped)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Attempt {
    run: RunId,
    step: StepId,
    number: u32,
}

/// Why an attempt is ended before it has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Somebody wants it no more.
    Wished,
    /// Its time was over.
    Late,
}

/// An attempt that this engine works on.
#[derive(Default)]
struct Live {
    /// `None` before its process has started, and where it has none.
    leader: Option<Leader>,
    /// It reports no more.
    stopped: Option<Stopped>,
}

impl Executor {
    /// `outputs` is the folder of the spill files. `settings` is asked before each job, so that a server or an agent
    /// may be set right while the engine runs.
    pub fn new(
        outputs: PathBuf,
        notices: UnboundedSender<Notice>,
        settings: impl Fn() -> Result<Tools, Error> + Send + Sync + 'static,
    ) -> Self {
        Self::make(outputs, notices, Some(Box::new(settings)))
    }

    fn make(outputs: PathBuf, notices: UnboundedSender<Notice>, settings: Option<Box<Lookup>>) -> Self {
        let (changed, _) = watch::channel(());
        let shared = Shared {
            drain: Drain::new(outputs.clone()),
            outputs,
            notices,
            tools: Mutex::default(),
            settings,
            breakers: Breakers::default(),
            old_servers: OldServers::default(),
            vault: Arc::default(),
            state: Mutex::default(),
            changed,
        };
        Self { shared: Arc::new(shared) }
    }

    /// The same with the secrets that its jobs may need; for one that is not shared yet.
    #[must_use]
    pub fn with_vault(mut self, vault: Arc<Vault>) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.vault = vault;
        }
        self
    }

    /// The servers and agents that have failed so often that they are left alone now.
    pub fn left_alone(&self) -> Vec<(Helper, Open)> {
        self.shared.breakers.open()
    }

    /// Starts a job; its end comes as a notice. Waits for a `stop` of an earlier attempt of the
    /// same step to be through.
    pub fn execute(&self, job: Job) {
        if !job.work.is_executed() {
            tracing::warn!(run = %job.run, step = %job.step, "work for a person was given to the executor");
            return;
        }
        let attempt = Attempt { run: job.run.clone(), step: job.step.clone(), number: job.attempt };
        self.change(|state| state.attempts.insert(attempt.clone(), Live::default()));
        let executor = self.clone();
        tokio::spawn(async move {
            let result = executor.attempt(&job, &attempt).await;
            let live = executor.change(|state| state.attempts.remove(&attempt));
            if live.is_some_and(|live| live.stopped.is_none())
                && let Some(result) = result
            {
                executor.report(&attempt, result);
            }
        });
    }

    /// Ends the processes of one attempt, also one that an earlier engine started; it reports no more.
    pub fn stop(&self, run: &RunId, step: &StepId, attempt: u32, why: Stopped) {
        let executor = self.clone();
        let stop = (run.clone(), Some(step.clone()));
        let attempt = Attempt { run: run.clone(), step: step.clone(), number: attempt };
        self.begin_stop(&stop, why, |a| a == &attempt);
        tokio::spawn(async move {
            let left = executor.end(&attempt.run, Some(&attempt)).await;
            if !left.is_empty() {
                tracing::error!(run = %attempt.run, step = %attempt.step, ?left, "processes could not be ended");
            }
            executor.finish_stop(&stop);
        });
    }

    /// Ends every process of the run, whoever started it, then reports `Stopped`.
    pub fn stop_all(&self, run: &RunId) {
        let executor = self.clone();
        let stop = (run.clone(), None);
        self.begin_stop(&stop, Stopped::Wished, |a| &a.run == run);
        self.change(|state| state.frozen.remove(run));
        tokio::spawn(async move {
            let left_behind = executor.end(&stop.0, None).await;
            executor.finish_stop(&stop);
            executor.notify(Notice::Report { run: stop.0, report: Report::Stopped { left_behind } });
        });
    }

    /// Stops the run's processes where they are (SIGSTOP to their groups).
    pub fn freeze(&self, run: &RunId) {
        self.change(|state| state.frozen.insert(run.clone()));
        process::freeze(&self.scope(run, None));
    }

    /// Lets them go on.
    pub fn thaw(&self, run: &RunId) {
        self.change(|state| state.frozen.remove(run));
        process::thaw(&self.scope(run, None));
    }

    /// The result of the attempt's work; `None` where it was stopped before it began.
    async fn attempt(&self, job: &Job, attempt: &Attempt) -> Option<Result<Outcome, Failure>> {
        let is_stopped = |state: &State| state.stopped(attempt).is_some();
        let busy = |state: &State| {
            state
                .stops
                .iter()
                .any(|(run, step)| run == &job.run && step.as_ref().is_none_or(|s| s == &job.step))
        };
        self.until(|state| is_stopped(state) || !busy(state)).await;
        if is_stopped(&self.state()) {
            return None;
        }
        self.work(job, attempt).await
    }

    fn report(&self, attempt: &Attempt, result: Result<Outcome, Failure>) {
        let (step, number) = (attempt.step.clone(), attempt.number);
        let report = match result {
            Ok(outcome) => Report::Completed { step, attempt: number, outcome },
            Err(failure) => Report::Failed { step, attempt: number, failure },
        };
        self.notify(Notice::Report { run: attempt.run.clone(), report });
    }

    fn begin_stop(&self, stop: &(RunId, Option<StepId>), why: Stopped, meant: impl Fn(&Attempt) -> bool) {
        self.change(|state| {
            state.stops.push(stop.clone());
            for (_, live) in state.attempts.iter_mut().filter(|(attempt, _)| meant(attempt)) {
                live.stopped.get_or_insert(why);
            }
        });
    }

    fn finish_stop(&self, stop: &(RunId, Option<StepId>)) {
        self.change(|state| {
            if let Some(at) = state.stops.iter().position(|s| s == stop) {
                state.stops.swap_remove(at);
            }
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.shared.changed.send_replace(());
        result
    }

    async fn until(&self, holds: impl Fn(&State) -> bool) {
        let mut changed = self.shared.changed.subscribe();
        while !holds(&self.state()) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    fn notify(&self, notice: Notice) {
        if self.shared.notices.send(notice).is_err() {
            tracing::debug!("the engine listens no more");
        }
    }
}

/// Runs `work` on a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is ending; nobody waits for the answer.
            Err(_) => std::future::pending().await,
        },
    }
}
