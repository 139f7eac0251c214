//! Who does the work of steps, as the run loop sees them: the executor, or in tests a simulated one.

use crate::base::{RunId, StepId};
use crate::exec::{Executor, Job};

/// Who does the work of steps. None of these waits; what comes of them comes as an input.
pub trait Hands: Send {
    fn execute(&self, job: Job);
    fn stop(&self, run: &RunId, step: &StepId, attempt: u32);
    fn stop_all(&self, run: &RunId);
    fn freeze(&self, run: &RunId);
    fn thaw(&self, run: &RunId);
}

impl Hands for Executor {
    fn execute(&self, job: Job) {
        self.execute(job);
    }

    fn stop(&self, run: &RunId, step: &StepId, attempt: u32) {
        self.stop(run, step, attempt);
    }

    fn stop_all(&self, run: &RunId) {
        self.stop_all(run);
    }

    fn freeze(&self, run: &RunId) {
        self.freeze(run);
    }

    fn thaw(&self, run: &RunId) {
        self.thaw(run);
    }
}
