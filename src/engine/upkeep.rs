//! What is done to the store as a file: backups made and put back, the store looked over. While an
//! engine runs it does these itself; where none runs, `main` hands them to the command line, and
//! each holds the engine's lock while it works, so that none is started meanwhile.

use std::path::Path;

use crate::base::{Error, Paths, Result};
use crate::engine::examine;
use crate::engine::lock::{self, Lock};
use crate::protocol::upkeep::{Backup, Contents, Examination, Restored};
use crate::store::backup::{self, Target};
use crate::store::{Store, examine as stored};

/// A copy of the store; `None` where an engine runs, which is to be asked.
pub fn backup(paths: &Paths, to: Option<&Path>) -> Result<Option<Backup>> {
    there(paths)?;
    let Turn::Ours(_lock) = turn(paths)? else { return Ok(None) };
    back_up(&Store::view(&paths.store_file())?, to).map(Some)
}

/// Puts a backup back; `None` where an engine runs.
pub fn restore(paths: &Paths, file: &Path) -> Result<Option<Restored>> {
    paths.create()?;
    let Some(_lock) = lock::take(paths)? else { return Ok(None) };
    let (checked, aside) = backup::put_back(file, &paths.store_file())?;
    tracing::info!(backup = %file.display(), ?aside, "a backup was put back");
    Ok(Some(Restored {
        backup: described(file, Ok(checked)),
        aside: aside.map(|path| path.to_string_lossy().into_owned()),
    }))
}

/// Looks the store over without changing it; `None` where an engine runs.
pub fn examine(paths: &Paths) -> Result<Option<Examination>> {
    there(paths)?;
    let Turn::Ours(_lock) = turn(paths)? else { return Ok(None) };
    examine::examine(paths, &Store::view(&paths.store_file())?).map(Some)
}

/// What a backup holds, or why it cannot be put back.
pub fn check(file: &Path) -> Backup {
    described(file, backup::check(file))
}

/// With an open store. Blocking.
pub(super) fn back_up(store: &Store, to: Option<&Path>) -> Result<Backup> {
    let made = store.backup(to.map_or(Target::Folder, Target::File))?;
    tracing::info!(file = %made.display(), "a backup was made");
    Ok(check(&made))
}

pub(super) fn contents(contents: stored::Contents) -> Contents {
    let stored::Contents {
        schema,
        runs,
        live_runs,
        events,
        definitions,
        sessions,
        learned,
        subjects,
        newest,
    } = contents;
    Contents { schema, runs, live_runs, events, definitions, sessions, learned, subjects, newest }
}

fn described(file: &Path, checked: Result<backup::Checked>) -> Backup {
    let (held, faults) = match checked {
        Ok(checked) => (Ok(contents(checked.contents)), checked.faults),
        Err(error) => (Err(error), Vec::new()),
    };
    Backup {
        path: file.to_string_lossy().into_owned(),
        bytes: std::fs::metadata(file).map_or(0, |meta| meta.len()),
        contents: held,
        faults,
    }
}

fn there(paths: &Paths) -> Result<()> {
    let file = paths.store_file();
    match std::fs::symlink_metadata(&file) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(Error::not_found(format!(
            "There is no store yet: {} is made by the first engine",
            file.display()
        ))
        .hint("mwtui run ID starts a run, and with it an engine")),
        _ => Ok(()),
    }
}

/// Who may open the store.
enum Turn {
    Engine,
    /// With the lock that keeps engines from starting.
    Ours(Option<Lock>),
}

/// Without the lock's folder no engine can run, and for a look nothing is made.
fn turn(paths: &Paths) -> Result<Turn> {
    if !paths.run.is_dir() {
        return Ok(Turn::Ours(None));
    }
    Ok(lock::take(paths)?.map_or(Turn::Engine, |lock| Turn::Ours(Some(lock))))
}
