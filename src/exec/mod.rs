//! Doing a step's work: one file per step kind; start, stream, stop; asking for a second opinion.
//! With `client`, the only room that spawns processes. Knows attempts, not runs' states; deadlines are the run's.

pub mod git;
mod group;
pub mod hook;
pub mod opinion;
pub mod output;
pub mod prerequisite;
mod process;
mod run;
#[cfg(test)]
mod tests;
mod write;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use crate::base::{RunId, StepId};
use crate::exec::process::{Leader, Marks, Scope};
use crate::run::{Failure, Outcome, Report, Work};

/// How often a stop looks for processes of an attempt that is not over, about two seconds apart.
/// Only a file system that hangs takes an attempt so long.
const STOP_ROUNDS: u32 = 5;

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
    notices: UnboundedSender<Notice>,
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

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Attempt {
    run: RunId,
    step: StepId,
    number: u32,
}

/// An attempt that this engine works on.
#[derive(Default)]
struct Live {
    /// `None` before its process has started, and where it has none.
    leader: Option<Leader>,
    /// It reports no more.
    stopped: bool,
}

impl Executor {
    /// `outputs` is the folder of the spill files.
    pub fn new(outputs: PathBuf, notices: UnboundedSender<Notice>) -> Self {
        let (changed, _) = watch::channel(());
        Self { shared: Arc::new(Shared { outputs, notices, state: Mutex::default(), changed }) }
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
            if live.is_some_and(|live| !live.stopped)
                && let Some(result) = result
            {
                executor.report(&attempt, result);
            }
        });
    }

    /// Ends the processes of one attempt, also one that an earlier engine started; it reports no more.
    pub fn stop(&self, run: &RunId, step: &StepId, attempt: u32) {
        let executor = self.clone();
        let stop = (run.clone(), Some(step.clone()));
        let attempt = Attempt { run: run.clone(), step: step.clone(), number: attempt };
        self.begin_stop(&stop, |a| a == &attempt);
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
        self.begin_stop(&stop, |a| &a.run == run);
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
        let is_stopped = |state: &State| state.attempts.get(attempt).is_none_or(|live| live.stopped);
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
        match &job.work {
            Work::Manual
            | Work::Ask
            | Work::Approve { .. }
            | Work::Workflow { .. }
            | Work::ForEach { .. }
            | Work::Call { .. }
            | Work::Agent { .. }
            | Work::Unresolved => None,
            Work::Write { path, content, overwrite } => {
                let (folder, overwrite) = (job.folder.clone(), *overwrite);
                let (path, content) = (path.clone(), content.clone());
                Some(run::blocking(move || write::write(&folder, &path, &content, overwrite)).await)
            }
            Work::Run { script, shell, env, cwd, .. } => {
                let work = run::Script { text: script, shell, env, cwd };
                let started = |leader| {
                    let frozen = self.change(|state| {
                        if let Some(live) = state.attempts.get_mut(attempt) {
                            live.leader = Some(leader);
                        }
                        state.frozen.contains(&job.run)
                    });
                    let scope = Scope { marks: None, leaders: vec![leader] };
                    if frozen {
                        process::freeze(&scope);
                        // A thaw may have come in between, and found it running.
                        if !self.state().frozen.contains(&job.run) {
                            process::thaw(&scope);
                        }
                    }
                };
                let grown = |total, lines| {
                    let (run, step) = (job.run.clone(), job.step.clone());
                    self.notify(Notice::Output { run, step, attempt: job.attempt, total, lines });
                };
                Some(run::run(&self.shared.outputs, job, work, started, grown).await)
            }
        }
    }

    fn report(&self, attempt: &Attempt, result: Result<Outcome, Failure>) {
        let (step, number) = (attempt.step.clone(), attempt.number);
        let report = match result {
            Ok(outcome) => Report::Completed { step, attempt: number, outcome },
            Err(failure) => Report::Failed { step, attempt: number, failure },
        };
        self.notify(Notice::Report { run: attempt.run.clone(), report });
    }

    fn begin_stop(&self, stop: &(RunId, Option<StepId>), meant: impl Fn(&Attempt) -> bool) {
        self.change(|state| {
            state.stops.push(stop.clone());
            for (_, live) in state.attempts.iter_mut().filter(|(attempt, _)| meant(attempt)) {
                live.stopped = true;
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

    /// Ends the processes of one attempt or of the whole run, and waits for this engine's own
    /// stopped attempts to be through; names what could not be ended.
    async fn end(&self, run: &RunId, attempt: Option<&Attempt>) -> Vec<String> {
        let meant = |a: &Attempt, live: &Live| {
            live.stopped && attempt.map_or_else(|| &a.run == run, |wanted| a == wanted)
        };
        let mut left_behind = Vec::new();
        for _ in 0..STOP_ROUNDS {
            let scope = self.scope(run, attempt);
            left_behind = run::blocking(move || process::end(&scope)).await.left_behind;
            let over = |state: &State| !state.attempts.iter().any(|(a, live)| meant(a, live));
            // An attempt may have been about to start its process: look again until it is over.
            let waited = tokio::time::timeout(process::GRACE, self.until(over)).await;
            if left_behind.is_empty() && waited.is_ok() {
                self.forget(run, attempt);
                return left_behind;
            }
            if !left_behind.is_empty() {
                return left_behind;
            }
        }
        let at_work = self.state();
        let at_work = at_work.attempts.iter().filter(|(a, live)| meant(a, live));
        left_behind.extend(at_work.map(|(a, _)| format!("step {}, which does not come back", a.step)));
        left_behind
    }

    /// The attempt's or the run's processes, this engine's and those that an earlier one left.
    fn scope(&self, run: &RunId, attempt: Option<&Attempt>) -> Scope {
        let meant = |a: &Attempt| attempt.map_or_else(|| &a.run == run, |wanted| a == wanted);
        let mut leaders: Vec<Leader> = self
            .state()
            .attempts
            .iter()
            .filter(|(a, _)| meant(a))
            .filter_map(|(_, live)| live.leader)
            .collect();
        for file in self.pid_files(run, attempt) {
            let former = std::fs::read_to_string(&file).ok().and_then(|text| Leader::parse(&text));
            leaders.extend(former.filter(|f| !leaders.iter().any(|l| l.pid == f.pid)));
        }
        let attempt = attempt.map(|a| (a.step.clone(), a.number));
        Scope { marks: Some(Marks { run: run.clone(), attempt }), leaders }
    }

    fn pid_files(&self, run: &RunId, attempt: Option<&Attempt>) -> Vec<PathBuf> {
        if let Some(a) = attempt {
            return output::place(&self.shared.outputs, run, &a.step, a.number, "pid").into_iter().collect();
        }
        let Ok(entries) = std::fs::read_dir(self.shared.outputs.join(run.as_str())) else {
            return Vec::new();
        };
        let files = entries.flatten().map(|e| e.path());
        files.filter(|f| f.extension().is_some_and(|e| e == "pid")).collect()
    }

    /// The pid files of what has ended say nothing any more.
    fn forget(&self, run: &RunId, attempt: Option<&Attempt>) {
        for file in self.pid_files(run, attempt) {
            if let Err(error) = std::fs::remove_file(&file)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(%error, file = %file.display(), "a pid file cannot be removed");
            }
        }
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
