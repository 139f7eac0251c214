//! Looking the store over as only the engine can: every journal folded with its definition and
//! compared with its row; and what lies around that no run needs any more.

use std::collections::HashMap;
use std::path::Path;

use crate::base::{Error, Paths, Result, RunId};
use crate::engine::{load, upkeep};
use crate::exec::leftovers;
use crate::protocol::upkeep::Examination;
use crate::run::{Run, RunFilter, RunSummary, StepState, summarise};
use crate::store::{Append, Store};

/// How often a run is read again that goes on while it is looked at.
const TRIES: usize = 5;

/// Changes nothing. Blocking.
pub fn examine(paths: &Paths, store: &Store) -> Result<Examination> {
    let mut faults = store.faults()?;
    let mut busy = HashMap::new();
    let mut folded = 0;
    for row in store.runs(&RunFilter::default())? {
        match fold(store, row) {
            Ok((row, run)) => {
                folded += 1;
                faults.extend(difference(&row, &run));
                busy.insert(row.run, is_busy(&run));
            }
            Err((id, error)) => {
                // What the store itself has found is told already.
                let told = format!("Run {}:", id.short());
                if !faults.iter().any(|fault| fault.message.starts_with(&told)) {
                    faults.push(error);
                }
                busy.insert(id, true);
            }
        }
    }
    let contents = upkeep::contents(store.contents()?);
    Ok(Examination { contents, folded, faults, leftovers: leftovers(&paths.outputs(), &busy) })
}

/// The row and the run of the same moment.
fn fold(store: &Store, row: RunSummary) -> std::result::Result<(RunSummary, Run), (RunId, Error)> {
    let id = row.run.clone();
    let failed = |error| (id.clone(), error);
    let mut row = row;
    for _ in 0..TRIES {
        let run = load::run(store, &id).map_err(failed)?;
        if run.seq == row.seq {
            return Ok((row, run));
        }
        row = store.summary(&id).map_err(failed)?.ok_or_else(|| failed(load::no_such_run(&id)))?;
    }
    let run = load::run(store, &id).map_err(failed)?;
    Ok((row, run))
}

fn difference(row: &RunSummary, run: &Run) -> Option<Error> {
    let folded = summarise(run);
    // Rows of ended runs are never written again: an earlier version may have counted otherwise.
    let is_same =
        if run.is_ended() { (folded.status, folded.seq) == (row.status, row.seq) } else { folded == *row };
    (!is_same).then(|| {
        let hint = if run.is_ended() {
            "The journal counts: mwtui status and the Run screen show it as it says"
        } else {
            "mwtui engine stop; the next engine writes the row anew from the journal"
        };
        Error::internal(format!(
            "Run {}: its journal gives another row than the one in the store",
            row.run.short()
        ))
        .cause(format!(
            "The journal says {} at event {}, the row {} at event {}",
            folded.status.word(),
            folded.seq,
            row.status.word(),
            row.seq
        ))
        .hint(hint)
    })
}

/// Whether a process of it may be running with reason.
fn is_busy(run: &Run) -> bool {
    !run.is_ended()
        && run
            .steps
            .iter()
            .any(|record| matches!(record.state, StepState::Running { .. } | StepState::Uncertain { .. }))
}

fn leftovers(outputs: &Path, busy: &HashMap<RunId, bool>) -> Vec<Error> {
    let mut found = Vec::new();
    for folder in leftovers::folders(outputs) {
        let run = folder.run.short();
        let busy = busy.get(&folder.run);
        if busy.is_none() {
            found.push(
                Error::internal(format!(
                    "{}: outputs of a run that is not in the store",
                    folder.path.display()
                ))
                .cause("It was started after the backup that is the store now, or its store was removed")
                .hint(format!("rm -r {}", folder.path.display())),
            );
        }
        for file in folder.pids.iter().filter(|_| busy != Some(&true)) {
            let path = file.path.display();
            found.push(match file.alive {
                Some(pid) => {
                    Error::internal(format!("Process {pid}, which a step of run {run} started, runs still"))
                        .cause(format!("{path} names it, and no step of that run is running"))
                        .hint(format!(
                            "Look at it with ps {pid}; kill -- -{pid} ends it and all that it started"
                        ))
                }
                None => Error::internal(format!("{path}: left over from a step whose engine died"))
                    .hint(format!("rm {path}")),
            });
        }
    }
    found
}

/// Writes the rows of these runs anew where their journals give others. Where that fails, the doctor
/// finds them again. Blocking.
pub fn mend<'r>(store: &Store, runs: impl Iterator<Item = &'r Run>) -> Result<()> {
    let mut appends = Vec::new();
    for run in runs {
        let summary = summarise(run);
        if store.summary(run.id())?.as_ref() != Some(&summary) {
            tracing::warn!(run = %run.id(), "its row was not that of its journal; it is written anew");
            let (run, summary) = (run.id().clone(), Box::new(summary));
            appends.push(Append::Run { run, events: Vec::new(), summary, definition: None });
        }
    }
    if !appends.is_empty()
        && let Err(error) = store.commit(&appends)
    {
        tracing::error!(?error, "rows could not be written anew");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_not_its_journals_is_found_and_written_anew() {
        let home = tempfile::tempdir().expect("temp dir");
        let paths = Paths::under(home.path());
        paths.create().expect("folders");
        let frozen = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stores/2026-11-25.redb");
        std::fs::copy(frozen, paths.store_file()).expect("a copy");
        let store = Store::open(&paths.store_file()).expect("a store");
        let runs: Vec<Run> = store
            .live_runs()
            .expect("read")
            .iter()
            .map(|id| load::run(&store, id).expect("it folds"))
            .collect();
        mend(&store, runs.iter()).expect("mended");
        assert_eq!(examine(&paths, &store).expect("examined").faults, []);

        let mut forged = summarise(&runs[0]);
        forged.settled += 1;
        let run = runs[0].id().clone();
        let append = Append::Run { run, events: Vec::new(), summary: Box::new(forged), definition: None };
        store.commit(&[append]).expect("a wrong row");
        let faults = examine(&paths, &store).expect("examined").faults;
        assert!(faults.len() == 1 && faults[0].message.contains(runs[0].id().short()), "{faults:?}");
        assert!(faults[0].message.contains("another row") && faults[0].hint.is_some(), "{faults:?}");
        mend(&store, runs.iter()).expect("mended");
        assert_eq!(examine(&paths, &store).expect("examined").faults, []);
    }
}
