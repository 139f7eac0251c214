//! Ending an attempt's or a run's processes, whoever started them, and naming what could not be ended.

use std::path::PathBuf;

use super::{Attempt, Executor, Live, State, blocking, output, process};
use crate::base::RunId;
use crate::exec::process::{Leader, Marks, Scope};

/// How often a stop looks for processes of an attempt that is not over, about two seconds apart.
/// Only a file system that hangs takes an attempt so long.
const STOP_ROUNDS: u32 = 5;

impl Executor {
    /// Ends the processes of one attempt or of the whole run, and waits for this engine's own
    /// stopped attempts to be through; names what could not be ended.
    pub(super) async fn end(&self, run: &RunId, attempt: Option<&Attempt>) -> Vec<String> {
        let meant = |a: &Attempt, live: &Live| {
            live.stopped.is_some() && attempt.map_or_else(|| &a.run == run, |wanted| a == wanted)
        };
        let mut left_behind = Vec::new();
        for _ in 0..STOP_ROUNDS {
            let scope = self.scope(run, attempt);
            left_behind = blocking(move || process::end(&scope)).await.left_behind;
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
    pub(super) fn scope(&self, run: &RunId, attempt: Option<&Attempt>) -> Scope {
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
}
