//! Doing a step's work: one file per step kind; start, stream, stop. With `client`, the only
//! room that spawns processes. Knows attempts, not runs' states; deadlines are the run's.

pub mod git;
pub mod output;
pub mod prerequisite;

use std::path::PathBuf;

use tokio::sync::mpsc::UnboundedSender;

use crate::base::{RunId, StepId};
use crate::run::{Report, Work};

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
pub struct Executor;

impl Executor {
    /// `outputs` is the folder of the spill files.
    pub fn new(outputs: PathBuf, notices: UnboundedSender<Notice>) -> Self {
        let _ = (outputs, notices);
        todo!("contract")
    }

    /// Starts a job; its end comes as a notice. Waits for a `stop` of an earlier attempt of the
    /// same step to be through.
    pub fn execute(&self, job: Job) {
        let _ = job;
        todo!("contract")
    }

    /// Ends the processes of one attempt, also one that an earlier engine started; it reports no more.
    pub fn stop(&self, run: &RunId, step: &StepId, attempt: u32) {
        let _ = (run, step, attempt);
        todo!("contract")
    }

    /// Ends every process of the run, whoever started it, then reports `Stopped`.
    pub fn stop_all(&self, run: &RunId) {
        let _ = run;
        todo!("contract")
    }

    /// Stops the run's processes where they are (SIGSTOP to their groups).
    pub fn freeze(&self, run: &RunId) {
        let _ = run;
        todo!("contract")
    }

    /// Lets them go on.
    pub fn thaw(&self, run: &RunId) {
        let _ = run;
        todo!("contract")
    }
}
