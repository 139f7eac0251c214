//! `mwtui session`: the current session and past ones; notes, name, end.

use std::path::PathBuf;

use serde_json::json;

use crate::base::Result;
use crate::cli::output::{Line, Table, Tone};
use crate::cli::{Env, Exit, ask, find, link::Link, summary, tell};
use crate::run::{RunFilter, Session};

/// The current session, past ones, notes, the end
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<SessionCommand>,
}

#[derive(Debug, clap::Subcommand)]
enum SessionCommand {
    /// List all sessions, newest first
    List,
    /// Show a session; without one, the current one
    Show {
        /// `current`, `last`, an id, or a unique beginning of one
        session: Option<String>,
    },
    /// Write a note into the current session
    Note {
        /// The note
        #[arg(required = true)]
        text: Vec<String>,
    },
    /// Give the current session a name
    Rename {
        /// The name
        name: String,
    },
    /// End the current session
    End {
        /// Write its summary to a file as well
        #[arg(long)]
        export: bool,
        /// Write no summary, and do not ask
        #[arg(long, conflicts_with_all = ["export", "output"])]
        no_export: bool,
        /// Write the summary to this file
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace a file that is there already
        #[arg(long)]
        replace: bool,
    },
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let link = Link::connect(&env.paths).await?;
    match args.command {
        None => show(env, &link, None).await,
        Some(SessionCommand::Show { session }) => show(env, &link, session.as_deref()).await,
        Some(SessionCommand::List) => list(env, &link).await,
        Some(SessionCommand::Note { text }) => {
            let session = find::open_session(&link, env).await?.id;
            let session = link.note_session(&session, text.join(" ")).await?;
            Ok(changed(env, &session, "noted"))
        }
        Some(SessionCommand::Rename { name }) => {
            let session = find::open_session(&link, env).await?.id;
            let session = link.rename_session(&session, name).await?;
            Ok(changed(env, &session, "renamed"))
        }
        Some(SessionCommand::End { export, no_export, output, replace }) => {
            let session = find::open_one(&link, env).await?;
            let wanted = if export || output.is_some() {
                true
            } else if no_export || !env.may_ask() {
                false
            } else {
                ask::yes(env, Line::from("Write the session summary to a file?")).await?
            };
            let mut written = None;
            if wanted {
                let record = link.session_record(&session.id).await?;
                let path = summary::target(&session, output.as_deref())?;
                written = Some(summary::write(&link, &record, &path, replace).await?.path);
            }
            let session = link.end_session(&session.id).await?;
            if env.out.is_json() {
                env.out.json(json!({ "session": session, "exported": written }));
            } else {
                env.out.line(Line::new().strong(&session.name).plain(" has ended."));
                if let Some(path) = written {
                    env.out.line(Line::new().dim("  summary  ").plain(path));
                } else {
                    let id = session.id.short();
                    env.out.line(Line::new().dim(format!("  mwtui summary {id} shows its summary")));
                }
            }
            Ok(Exit::Done)
        }
    }
}

fn changed(env: &Env, session: &Session, word: &str) -> Exit {
    if env.out.is_json() {
        env.out.json(json!({ "session": session }));
    } else {
        env.out
            .line(Line::new().strong(&session.name).dim(format!("  {}  ", session.id.short())).plain(word));
    }
    Exit::Done
}

async fn list(env: &Env, link: &Link) -> Result<Exit> {
    let sessions = link.sessions().await?;
    if env.out.is_json() {
        env.out.json(json!({ "sessions": sessions }));
        return Ok(Exit::Done);
    }
    if sessions.is_empty() {
        env.out.line(Line::new().plain("There are no sessions yet. ").dim("The first run opens one."));
        return Ok(Exit::Done);
    }
    let mut table = Table::new(&["SESSION", "STATUS", "OPENED", "BY", "NAME", "FOLDER"]);
    for session in &sessions {
        let (tone, word) = status(session);
        table.row(vec![
            (Tone::Strong, session.id.short().to_owned()),
            (tone, word.to_owned()),
            (Tone::Dim, session.opened_at.local_minute()),
            (Tone::Dim, session.opened_by.short().to_owned()),
            (Tone::Plain, session.name.clone()),
            (Tone::Dim, session.folder.clone()),
        ]);
    }
    env.out.table(&table);
    Ok(Exit::Done)
}

fn status(session: &Session) -> (Tone, &'static str) {
    if session.ended.is_some() { (Tone::Dim, "ended") } else { (Tone::Info, "open") }
}

async fn show(env: &Env, link: &Link, text: Option<&str>) -> Result<Exit> {
    let session = match text {
        Some(text) => link.find_session(text, env.folder_text()).await?,
        None => find::open_one(link, env).await?,
    };
    let runs = link.runs(RunFilter { session: Some(session.id.clone()), ..RunFilter::default() }).await?;
    if env.out.is_json() {
        env.out.json(json!({ "session": session, "runs": runs }));
        return Ok(Exit::Done);
    }
    let (tone, word) = status(&session);
    env.out
        .line(Line::new().strong(&session.name).dim(format!("  {}  ", session.id.short())).put(tone, word));
    env.out.line(
        Line::new()
            .dim("  opened ")
            .plain(session.opened_at.local_minute())
            .dim(" by ")
            .plain(session.opened_by.to_string())
            .dim(" in ")
            .plain(&session.folder),
    );
    if let Some((at, by)) = &session.ended {
        env.out.line(Line::new().dim("  ended ").plain(at.local_minute()).dim(" by ").plain(by.to_string()));
    }
    for run in &runs {
        env.out.line(Line::new().plain("  ").then(tell::summary_line(run)));
    }
    for note in &session.notes {
        env.out.line(
            Line::new()
                .dim(format!("  note {} ", note.at.local_clock()))
                .dim(note.by.short())
                .plain("  ")
                .plain(&note.text),
        );
    }
    for export in &session.exports {
        env.out.line(Line::new().dim("  summary  ").plain(&export.path));
    }
    Ok(Exit::Done)
}
