//! `mwtui summary`: the summary of a session, on standard output or in a file.

use std::path::{Path, PathBuf};

use crate::base::{Error, Result, SafeText};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, find, link::Link};
use crate::report;
use crate::run::{Export, Session, SessionRecord};

/// Print or write the summary of a session
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The session: `current`, `last`, an id or a unique beginning of one; without it, this
    /// folder's current session, or the last one
    session: Option<String>,
    /// Write it to this file
    #[arg(short, long, value_name = "FILE", conflicts_with = "export")]
    output: Option<PathBuf>,
    /// Write it to SESSION-SUMMARY-<name>.md in the session's folder
    #[arg(long)]
    export: bool,
    /// Replace a file that is there already
    #[arg(long)]
    replace: bool,
}

pub async fn run(args: &Args, env: &Env) -> Result<Exit> {
    let link = Link::connect(&env.paths).await?;
    let session = find::session(&link, env, args.session.as_deref()).await?;
    let record = link.session_record(&session.id).await?;
    if args.export || args.output.is_some() {
        let path = target(&session, args.output.as_deref())?;
        let export = write(&link, &record, &path, args.replace).await?;
        if env.out.is_json() {
            env.out.json(serde_json::json!({ "exported": export.path, "digest": export.digest }));
        } else {
            env.out.line(Line::new().put(Tone::Success, "✓ ").plain("written to ").strong(&export.path));
        }
        return Ok(Exit::Done);
    }
    if env.out.is_json() {
        env.out.json(report::json(&record));
    } else {
        env.out.block("", &SafeText::new(report::markdown(&record).trim_end()));
    }
    Ok(Exit::Done)
}

/// Where a summary is written: the given file, or the usual name in the session's folder.
pub fn target(session: &Session, given: Option<&Path>) -> Result<PathBuf> {
    match given {
        Some(path) => std::path::absolute(path).map_err(|e| {
            Error::usage(format!("{} is not a usable path", path.display()))
                .because(e)
                .hint("Give a file name")
        }),
        None => Ok(Path::new(&session.folder).join(report::file_name(&session.name))),
    }
}

/// Has the engine write the summary.
pub async fn write(link: &Link, record: &SessionRecord, path: &Path, replace: bool) -> Result<Export> {
    let path = path.to_str().ok_or_else(|| {
        Error::usage(format!("{} is no valid text (UTF-8)", path.display())).hint("Choose another name")
    })?;
    link.export(&record.session.id, path.to_owned(), report::markdown(record), replace).await
}
