//! What lies outside the run loop's own decisions: the executor, who does the work of steps, and the
//! subscribers, who are told of it. Tests put a simulated one in its place.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::base::{RunId, StepId, WorkflowId};
use crate::engine::{Engine, children};
use crate::exec::{Executor, Job, Stopped};
use crate::protocol::Update;

/// A child run to be started.
#[derive(Debug, Clone)]
pub struct Child {
    pub parent: RunId,
    pub step: StepId,
    pub attempt: u32,
    pub run: RunId,
    pub workflow: WorkflowId,
    pub inputs: Map<String, Value>,
    /// The parent's.
    pub folder: PathBuf,
}

/// None of these waits; what comes of them comes as an input.
pub trait Outside: Send {
    fn execute(&self, job: Job);
    fn start_child(&self, child: Child);
    fn stop(&self, run: &RunId, step: &StepId, attempt: u32, late: bool);
    fn stop_all(&self, run: &RunId);
    fn freeze(&self, run: &RunId);
    fn thaw(&self, run: &RunId);
    fn tell(&self, update: Update);
}

/// The real one.
pub struct Real {
    pub engine: Arc<Engine>,
    pub executor: Executor,
}

impl Outside for Real {
    fn execute(&self, job: Job) {
        self.executor.execute(job);
    }

    fn start_child(&self, child: Child) {
        tokio::spawn(children::start(Arc::clone(&self.engine), child));
    }

    fn stop(&self, run: &RunId, step: &StepId, attempt: u32, late: bool) {
        self.executor.stop(run, step, attempt, if late { Stopped::Late } else { Stopped::Wished });
    }

    fn stop_all(&self, run: &RunId) {
        self.executor.stop_all(run);
    }

    fn freeze(&self, run: &RunId) {
        self.executor.freeze(run);
    }

    fn thaw(&self, run: &RunId) {
        self.executor.thaw(run);
    }

    fn tell(&self, update: Update) {
        self.engine.hooks.tell(&update, &self.engine.activity);
        self.engine.hub.broadcast(update);
    }
}
