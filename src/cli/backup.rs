//! `mwtui backup`: a copy of the store, made while the engine works or where none runs.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::base::backups::{self, Origin};
use crate::base::{Error, Result, Timestamp};
use crate::cli::output::{Line, Table, Tone};
use crate::cli::{Env, Exit, link::Link};
use crate::protocol::upkeep::{Backup, Contents};

/// Copy the store, while the engine works too
///
/// A backup holds the journals of all runs, their definitions, the sessions and what was learned
/// from phrases. It does not hold the outputs of steps, logs, settings and workflow files.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write it to this file, which must not be there yet, instead of the folder for backups
    #[arg(short, long, value_name = "FILE", conflicts_with = "list")]
    output: Option<PathBuf>,
    /// Show the backups that are in the folder for backups; makes none
    #[arg(long)]
    list: bool,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    if args.list {
        list(env);
        return Ok(Exit::Done);
    }
    let target = args.output.map(|file| absolute(&file)).transpose()?;
    let backup = match Link::existing(&env.paths).await? {
        Some(link) => asked(&link, target).await?,
        None => match (env.upkeep.backup)(&env.paths, target.as_deref())? {
            Some(backup) => backup,
            // An engine was started at the same moment.
            None => asked(&Link::connect(&env.paths).await?, target).await?,
        },
    };
    if env.out.is_json() {
        env.out.json(json!({ "backup": as_json(&backup) }));
        return Ok(Exit::Done);
    }
    env.out.line(Line::new().put(Tone::Success, "✓ ").plain("The backup is made: ").strong(&backup.path));
    tell(env, &backup);
    env.out.line(Line::new().dim("  mwtui restore FILE puts it back"));
    Ok(Exit::Done)
}

async fn asked(link: &Link, target: Option<PathBuf>) -> Result<Backup> {
    let path = target.map(|path| {
        path.into_os_string().into_string().map_err(|path| {
            Error::usage(format!("The name {} cannot be handed to the engine", path.display()))
                .hint("Give a name in UTF-8")
        })
    });
    link.backup(path.transpose()?).await
}

/// The path as other processes understand it.
pub fn absolute(file: &std::path::Path) -> Result<PathBuf> {
    std::path::absolute(file)
        .map_err(|e| Error::usage(format!("{} is not a usable path", file.display())).because(e))
}

/// What a backup holds, and what is wrong in it.
pub fn tell(env: &Env, backup: &Backup) {
    match &backup.contents {
        Ok(contents) => {
            env.out.line(Line::new().dim(format!("  {}; {}", held(contents), size(backup.bytes))));
        }
        Err(error) => env.out.warning(error),
    }
    for fault in &backup.faults {
        env.out.warning(fault);
    }
}

pub fn held(contents: &Contents) -> String {
    let newest =
        contents.newest.map(|at| format!("; the newest run is of {}", at.local_minute())).unwrap_or_default();
    format!(
        "runs: {}, of them live: {}; events: {}; sessions: {}; schema {}{newest}",
        contents.runs, contents.live_runs, contents.events, contents.sessions, contents.schema
    )
}

pub fn size(bytes: u64) -> String {
    format!("{} KiB", bytes.div_ceil(1024))
}

pub fn as_json(backup: &Backup) -> Value {
    let (contents, error) = match &backup.contents {
        Ok(contents) => (Some(contents), None),
        Err(error) => (None, Some(error)),
    };
    json!({ "path": backup.path, "bytes": backup.bytes, "contents": contents, "error": error, "faults": backup.faults })
}

/// The time that the file was written.
fn written(path: &std::path::Path) -> Option<Timestamp> {
    let since = std::fs::metadata(path).ok()?.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(Timestamp)
}

fn list(env: &Env) {
    let folder = env.paths.backups();
    let found: Vec<(backups::Backup, Backup)> = backups::list(&folder)
        .into_iter()
        .map(|file| {
            let looked = (env.upkeep.check)(&file.path);
            (file, looked)
        })
        .collect();
    if env.out.is_json() {
        let all: Vec<Value> = found
            .iter()
            .map(|(file, backup)| {
                let mut value = as_json(backup);
                value["made"] = json!(written(&file.path).map(Timestamp::rfc3339));
                value["why"] = json!(file.origin.told());
                value
            })
            .collect();
        env.out.json(json!({ "folder": folder.to_string_lossy(), "backups": all }));
        return;
    }
    if found.is_empty() {
        env.out.line(Line::new().plain("There are no backups yet.").dim("  mwtui backup makes one"));
        return;
    }
    let mut table = Table::new(&["MADE", "RUNS", "LIVE", "SIZE", "WHY", "FILE"]).right(&[1, 2, 3]);
    for (file, backup) in &found {
        let made = written(&file.path).map(Timestamp::local_minute).unwrap_or_default();
        let (runs, live) = match &backup.contents {
            Ok(contents) => (contents.runs.to_string(), contents.live_runs.to_string()),
            Err(_) => ("-".to_owned(), "-".to_owned()),
        };
        let why = match &backup.contents {
            Ok(_) => (Tone::Plain, file.origin.told()),
            Err(error) if file.origin == Origin::Aside => {
                (Tone::Dim, format!("{}, not usable: {}", file.origin.told(), first_cause(error)))
            }
            Err(error) => (Tone::Failure, format!("not usable: {}", first_cause(error))),
        };
        table.row(vec![
            (Tone::Dim, made),
            (Tone::Plain, runs),
            (Tone::Plain, live),
            (Tone::Dim, size(backup.bytes)),
            why,
            (Tone::Plain, backup.path.clone()),
        ]);
    }
    env.out.table(&table);
}

pub fn first_cause(error: &Error) -> &str {
    error.causes.first().unwrap_or(&error.message)
}
