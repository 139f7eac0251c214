//! What the doctor looks at around the store: the store itself, its backups, the engine's socket and
//! lock, and what lies around in the folder of state.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Finding, bad, from_error, good, remark};
use crate::base::backups::{self, Origin};
use crate::base::{Error, Result, paths};
use crate::cli::backup::{first_cause, held};
use crate::cli::{Env, link::Link};
use crate::protocol::EngineStatus;
use crate::protocol::upkeep::Examination;

/// Backups that are looked over; older ones are counted.
const BACKUPS: usize = 5;
/// A file that somebody has written to so lately may yet be finished.
const UNFINISHED_FOR: Duration = Duration::from_secs(600);
/// The deepest folder that is looked into: `state/outputs/<run>/<file>` lies at 3.
const DEPTH: usize = 4;

/// The engine that runs, if one does, and the store: through it, or directly. Gives what the engine
/// says of itself.
pub async fn engine_and_store(env: &Env, findings: &mut Vec<Finding>) -> Option<EngineStatus> {
    let link = match Link::existing(&env.paths).await {
        Ok(Some(link)) => link,
        Ok(None) => {
            no_engine(env, findings);
            directly(env, findings).await?
        }
        Err(error) => {
            findings.push(from_error("engine", &error));
            return None;
        }
    };
    let status = link.engine_status().await;
    match &status {
        Ok(status) => {
            findings.push(good(format!(
                "engine: process {}, version {}, live runs: {}",
                status.pid, status.version, status.live_runs
            )));
            if let Some(trouble) = &status.trouble {
                findings.push(from_error("store", &trouble.error));
            }
            let own = env!("CARGO_PKG_VERSION");
            if status.version != own {
                findings.push(bad(
                    format!("engine: it is of version {}, this program of {own}", status.version),
                    "mwtui engine stop; the next command starts the new one",
                ));
            }
        }
        Err(error) => findings.push(from_error("engine", error)),
    }
    let store = env.paths.store_file();
    if !store.exists() {
        findings.push(bad(
            format!("store {}: the file is gone while the engine has it open", store.display()),
            "mwtui backup -o FILE saves what the engine still has; then mwtui engine stop and mwtui restore FILE",
        ));
    }
    match link.examine().await {
        Ok(looked) => examined(&looked, findings),
        Err(error) => findings.push(from_error("store", &error)),
    }
    status.ok()
}

/// The store without an engine; a connection where one was started at the same moment.
async fn directly(env: &Env, findings: &mut Vec<Finding>) -> Option<Link> {
    if !env.paths.store_file().exists() {
        findings.push(remark("store: not there yet; the first engine makes it"));
        return None;
    }
    match (env.upkeep.examine)(&env.paths) {
        Ok(Some(looked)) => examined(&looked, findings),
        Err(error) => findings.push(from_error("store", &error)),
        Ok(None) => match Link::existing(&env.paths).await {
            Ok(Some(link)) => return Some(link),
            Ok(None) => findings.push(locked(&env.paths.lock())),
            Err(error) => findings.push(from_error("engine", &error)),
        },
    }
    None
}

fn examined(looked: &Examination, findings: &mut Vec<Finding>) {
    findings.push(good(format!("store: it is readable; {}", held(&looked.contents))));
    if looked.faults.is_empty() {
        findings.push(good(format!("journals: {} folded, all as their rows say", looked.folded)));
    }
    findings.extend(looked.faults.iter().map(|fault| from_error("store", fault)));
    findings.extend(looked.leftovers.iter().map(|left| from_error("leftover", left)));
}

fn no_engine(env: &Env, findings: &mut Vec<Finding>) {
    let socket = env.paths.socket();
    findings.push(match std::fs::symlink_metadata(&socket) {
        Ok(meta) if meta.file_type().is_socket() => remark(format!(
            "engine: none runs; {} is left over from one that ended badly, the next one takes it away",
            socket.display()
        )),
        Ok(_) => bad(
            format!("engine: {} is no socket", socket.display()),
            format!("move {} out of the way", socket.display()),
        ),
        Err(_) => remark("engine: none runs; the next command that needs one starts it"),
    });
}

/// Somebody holds the lock and serves nobody.
fn locked(lock: &Path) -> Finding {
    bad(
        format!("engine: {} is held, and nobody answers at the socket", lock.display()),
        format!(
            "wait until the engine has started or ended; if it stays so, fuser {} names the process: end it",
            lock.display()
        ),
    )
}

pub fn backups(env: &Env, findings: &mut Vec<Finding>) {
    let all = backups::list(&env.paths.backups());
    if all.is_empty() {
        findings.push(remark("backups: there are none; mwtui backup makes one"));
        return;
    }
    let mut usable = 0;
    for file in all.iter().take(BACKUPS) {
        let backup = (env.upkeep.check)(&file.path);
        match &backup.contents {
            Ok(_) => usable += 1,
            Err(error) if file.origin == Origin::Aside => findings.push(remark(format!(
                "backups: {}, {}, is not usable: {}",
                file.path.display(),
                file.origin.told(),
                first_cause(error)
            ))),
            Err(error) => findings.push(bad(
                format!("backups: {} is not usable: {}", file.path.display(), first_cause(error)),
                format!("rm {}, and make a new one with mwtui backup", file.path.display()),
            )),
        }
    }
    let older = all.len().saturating_sub(BACKUPS);
    let not_looked =
        if older > 0 { format!("; {older} older ones were not looked at") } else { String::new() };
    if let Some(newest) = all.iter().find(|file| file.origin != Origin::Aside) {
        findings.push(good(format!(
            "backups: {usable} usable, the newest is {}{not_looked}",
            newest.path.display()
        )));
    }
}

/// What lies in the folder of state: open to others, or never finished.
pub fn files(env: &Env, findings: &mut Vec<Finding>) {
    let mut open = Vec::new();
    let mut unfinished = Vec::new();
    let state = &env.paths.state;
    if let Err(error) = walk(state, DEPTH, &mut |path, meta| {
        if meta.permissions().mode() & 0o077 != 0 {
            open.push(path.to_owned());
        }
        let is_unfinished =
            path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(paths::UNFINISHED));
        let age = meta.modified().ok().and_then(|at| at.elapsed().ok());
        if is_unfinished && meta.is_file() && age.is_some_and(|age| age > UNFINISHED_FOR) {
            unfinished.push(path.to_owned());
        }
    }) {
        findings.push(from_error("state", &error));
    }
    if let Some(first) = open.first() {
        findings.push(bad(
            format!(
                "state: others can read {} files and folders in it, {} among them",
                open.len(),
                first.display()
            ),
            format!("chmod -R go= {}", state.display()),
        ));
    }
    for path in unfinished {
        findings.push(bad(
            format!("state: {} was never finished; whoever wrote it was killed", path.display()),
            format!("rm {}", path.display()),
        ));
    }
}

/// Everything below `folder`, folders too; links are not followed.
fn walk(folder: &Path, depth: usize, look: &mut impl FnMut(&Path, &std::fs::Metadata)) -> Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => {
            return Err(Error::internal(format!("{} cannot be looked into", folder.display()))
                .because(e)
                .hint(format!("chmod -R u=rwX {}", folder.display())));
        }
    };
    for entry in entries.flatten() {
        let path: PathBuf = entry.path();
        // What is gone by now needs no look.
        let Ok(meta) = std::fs::symlink_metadata(&path) else { continue };
        if meta.is_dir() || meta.is_file() {
            look(&path, &meta);
        }
        if meta.is_dir() && depth > 1 {
            walk(&path, depth - 1, look)?;
        }
    }
    Ok(())
}
