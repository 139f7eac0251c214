//! `mwtui restore`: a backup becomes the store again. The engine is ended for it where that harms
//! nothing; what was the store is kept.

use std::path::PathBuf;

use serde_json::json;

use crate::base::{Error, Result, backups};
use crate::cli::backup::{absolute, as_json, tell};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit};

/// Put a backup back in the place of the store, and keep the present store aside
///
/// The backup is looked over before anything is changed. Refused while runs work, since their steps
/// would be left uncertain.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup: a file, the name of one in the folder for backups, or `last` for the newest there
    file: PathBuf,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let file = find(env, args.file)?;
    // Before an engine is ended for it.
    (env.upkeep.check)(&file).contents?;
    let stopped = crate::client::stop_engine(&env.paths, false).await.map_err(|mut error| {
        error.hint = Some("Wait for the runs that work, pause or cancel them; then restore".to_owned());
        error
    })?;
    let Some(restored) = (env.upkeep.restore)(&env.paths, &file)? else {
        return Err(Error::refused("An engine was started at the same moment; nothing was changed")
            .cause("A console or a command that needs one is at work")
            .hint("Leave it, then try again"));
    };
    if env.out.is_json() {
        env.out.json(json!({
            "restored": as_json(&restored.backup), "aside": restored.aside, "engine_stopped": stopped,
        }));
        return Ok(Exit::Done);
    }
    env.out.line(
        Line::new().put(Tone::Success, "✓ ").plain("The store is again as in ").strong(&restored.backup.path),
    );
    tell(env, &restored.backup);
    if let Some(aside) = &restored.aside {
        env.out.line(Line::new().plain("  What was the store until now is kept: ").strong(aside));
    }
    env.out.line(Line::new().dim("  Outputs of steps were not touched; mwtui doctor looks the whole over"));
    Ok(Exit::Done)
}

fn find(env: &Env, given: PathBuf) -> Result<PathBuf> {
    let folder = env.paths.backups();
    if given.as_os_str() == "last" && !given.exists() {
        return backups::newest(&folder).map(|backup| backup.path).ok_or_else(|| {
            Error::not_found(format!("There is no backup in {}", folder.display()))
                .hint("Name a file elsewhere: mwtui restore FILE")
        });
    }
    let named = folder.join(&given);
    if given.exists() {
        absolute(&given)
    } else if given.components().count() == 1 && named.exists() {
        Ok(named)
    } else {
        Err(Error::not_found(format!("There is no file {}", given.display()))
            .hint("mwtui backup --list shows the backups"))
    }
}
