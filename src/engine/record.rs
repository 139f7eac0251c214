//! What a session summary is made from, and where its file goes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::atomic::{self, Existing};
use crate::base::{Actor, Error, ErrorKind, Result, SessionId, Timestamp, digest};
use crate::engine::{Engine, blocking, load};
use crate::exec;
use crate::run::session::StepOutput;
use crate::run::{Export, Run, RunFilter, Session, SessionRecord, StepState, Work};

/// How much of a step's output goes into a summary, in bytes.
const TAIL: u32 = 4096;

/// Everything a summary is made from, as it is now.
pub async fn build(engine: &Arc<Engine>, id: &SessionId) -> Result<SessionRecord> {
    let (shared, id) = (Arc::clone(engine), id.clone());
    let (session, runs, outputs) = blocking(move || {
        let session = load::session(&shared.store, &id)?;
        let runs = runs(&shared, &id)?;
        let outputs = runs.iter().flat_map(|run| tails(&shared.paths.outputs(), run)).collect();
        Ok((session, runs, outputs))
    })
    .await?;
    let git = exec::git::state(Path::new(&session.folder), session.start_commit.as_deref()).await;
    Ok(SessionRecord { session, runs, git, at: Timestamp::now(), outputs })
}

/// In order of start. One that cannot be read is left out, and the log says so.
fn runs(engine: &Engine, session: &SessionId) -> Result<Vec<Run>> {
    let filter = RunFilter { session: Some(session.clone()), ..RunFilter::default() };
    let mut summaries = engine.store.runs(&filter)?;
    summaries.sort_by(|a, b| (a.started_at, &a.run).cmp(&(b.started_at, &b.run)));
    let mut runs = Vec::with_capacity(summaries.len());
    for summary in summaries {
        match engine.run(&summary.run) {
            Ok(run) => runs.push(Arc::unwrap_or_clone(run)),
            Err(error) => {
                tracing::error!(run = %summary.run, session = %session, ?error, "left out of a session record");
            }
        }
    }
    Ok(runs)
}

/// Of steps whose output belongs into the summary, and of those that failed.
fn tails(outputs: &Path, run: &Run) -> Vec<StepOutput> {
    let mut tails = Vec::new();
    for (step, record) in run.each_step() {
        let wanted = step.summary.is_some() || matches!(record.state, StepState::Failed { .. });
        let Some(last) = record.attempts.iter().rev().find(|a| matches!(a.work, Work::Run { .. })) else {
            continue;
        };
        if !wanted {
            continue;
        }
        match exec::output::tail(outputs, run.id(), &record.id, last.number, TAIL) {
            Ok(piece) if !piece.bytes.is_empty() => tails.push(StepOutput {
                run: run.id().clone(),
                step: record.id.clone(),
                attempt: last.number,
                tail: String::from_utf8_lossy(&piece.bytes).into_owned(),
            }),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(run = %run.id(), step = %record.id, ?error, "an output cannot be read");
            }
        }
    }
    tails
}

/// Writes a summary's text and says what was written. A file that is already there is kept,
/// unless `replace`, or unless it is the session's own last export and nobody changed it since.
/// Relative paths stay under the session's folder; an agent's always do. Blocking.
pub fn export(session: &Session, path: &str, text: &str, replace: bool, by: &Actor) -> Result<Export> {
    let target = target(session, path, by)?;
    let written = target.to_string_lossy().into_owned();
    let own = session.exports.iter().rfind(|e| e.path == written);
    let is_own = own.is_some_and(|e| std::fs::read(&target).is_ok_and(|there| digest(&there) == e.digest));
    let existing = if replace || is_own { Existing::Replace } else { Existing::Keep };
    atomic::write(&target, text.as_bytes(), 0o644, existing)?;
    Ok(Export { path: written, digest: digest(text.as_bytes()) })
}

fn target(session: &Session, path: &str, by: &Actor) -> Result<PathBuf> {
    let folder = Path::new(&session.folder);
    let given = Path::new(path);
    if path.is_empty() {
        return Err(Error::usage("There is no file name to write the summary to"));
    }
    if given.is_absolute() && by.is_person() {
        if given.is_dir() {
            return Err(Error::usage(format!("{path} is a folder")).hint("Name a file in it"));
        }
        return Ok(given.to_owned());
    }
    atomic::place_under(folder, given.strip_prefix(folder).unwrap_or(given))
}

/// Whether the file was kept because it is somebody else's.
pub fn is_taken(error: &Error) -> bool {
    error.kind == ErrorKind::Refused
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(folder: &Path) -> Session {
        Session {
            id: SessionId::new("a"),
            name: "api".to_owned(),
            folder: folder.to_string_lossy().into_owned(),
            start_commit: None,
            opened_at: Timestamp(0),
            opened_by: Actor::Engine,
            ended: None,
            notes: Vec::new(),
            exports: Vec::new(),
            seq: 1,
        }
    }

    #[test]
    fn only_its_own_unchanged_file_is_brought_up_to_date() {
        let dir = tempfile::tempdir().expect("temp dir");
        let ana = Actor::Person("ana@laptop".to_owned());
        let mut session = session(dir.path());
        let first = export(&session, "S.md", "one", false, &ana).expect("new");
        assert!(is_taken(&export(&session, "S.md", "two", false, &ana).expect_err("not known as its own")));
        session.exports.push(first);
        let second = export(&session, "S.md", "two", false, &ana).expect("its own");
        session.exports = vec![second];
        std::fs::write(dir.path().join("S.md"), "edited").expect("a person edits it");
        assert!(export(&session, "S.md", "three", false, &ana).is_err());
        assert!(export(&session, "S.md", "three", true, &ana).is_ok());
    }

    #[test]
    fn an_agent_writes_under_the_folder_only() {
        let dir = tempfile::tempdir().expect("temp dir");
        let other = tempfile::tempdir().expect("temp dir");
        let session = session(dir.path());
        let agent = Actor::Agent("helper".to_owned());
        let outside = other.path().join("S.md");
        let outside = outside.to_str().expect("text");
        assert!(export(&session, outside, "x", false, &agent).is_err());
        assert!(export(&session, outside, "x", false, &Actor::Person("ana@laptop".to_owned())).is_ok());
        let inside = dir.path().join("S.md");
        assert!(export(&session, inside.to_str().expect("text"), "x", false, &agent).is_ok());
        assert!(export(&session, "../S.md", "x", false, &Actor::Person("ana@laptop".to_owned())).is_err());
    }
}
