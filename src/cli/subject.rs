//! `mwtui subject`: what runs work on in this project, and the state that each is in.

use serde_json::json;

use crate::base::{Error, Result};
use crate::cli::output::{Line, Table, Tone};
use crate::cli::{Env, Exit, link::Link};
use crate::run::SubjectState;

/// Show or correct the state of what runs work on
///
/// A workflow with `moves` takes its subject (a feature; by default the branch) from one state to another: only
/// a run that completes does so, a rollback puts it back.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: SubjectCommand,
}

#[derive(Debug, clap::Subcommand)]
enum SubjectCommand {
    /// List the subjects of this project
    List,
    /// Show one subject, and every move of it
    Show {
        /// Its name
        name: String,
    },
    /// Say in which state a subject is, where that is not what mwtui has
    Set {
        /// Its name
        name: String,
        /// Its state; `-`: nothing is known of it any more
        state: String,
        /// Why; it stays with the subject
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let link = Link::connect(&env.paths).await?;
    let folder = env.folder_text();
    match args.command {
        SubjectCommand::List => {
            let subjects = link.subjects(folder).await?;
            list(env, &subjects);
            Ok(Exit::Done)
        }
        SubjectCommand::Show { name } => {
            let subjects = link.subjects(folder).await?;
            let subject = named(&subjects, &name)?;
            show(env, subject);
            Ok(Exit::Done)
        }
        SubjectCommand::Set { name, state, reason } => {
            let state = Some(state).filter(|state| state != "-");
            let subjects = link.set_subject(folder, &name, state, reason).await?;
            let subject = named(&subjects, name.trim())?;
            if env.out.is_json() {
                env.out.json(json!({ "subject": subject }));
            } else {
                env.out.line(line(subject));
            }
            Ok(Exit::Done)
        }
    }
}

fn named<'a>(subjects: &'a [SubjectState], name: &str) -> Result<&'a SubjectState> {
    subjects.iter().find(|s| s.name == name).ok_or_else(|| {
        let names: Vec<&str> = subjects.iter().map(|s| s.name.as_str()).collect();
        let known = if names.is_empty() {
            "A run of a workflow with `moves` makes one when it completes".to_owned()
        } else {
            format!("There are: {}", names.join(", "))
        };
        Error::not_found(format!("There is no subject {name} in this project")).hint(known)
    })
}

fn list(env: &Env, subjects: &[SubjectState]) {
    if env.out.is_json() {
        env.out.json(json!({ "subjects": subjects }));
        return;
    }
    if subjects.is_empty() {
        let line = Line::new().plain("There are no subjects in this project yet.");
        env.out.line(line.dim("  Runs of workflows with `moves` make them when they complete"));
        return;
    }
    let mut table = Table::new(&["SUBJECT", "STATE", "SINCE", "BY", "RUN"]);
    for subject in subjects {
        let last = subject.moves.last();
        table.row(vec![
            (Tone::Strong, subject.name.clone()),
            (Tone::Plain, subject.state.clone().unwrap_or_else(|| "unknown".to_owned())),
            (Tone::Dim, last.map_or_else(String::new, |m| m.at.local_minute())),
            (Tone::Dim, last.map_or_else(String::new, |m| m.by.short().to_owned())),
            (Tone::Dim, last.and_then(|m| m.run.as_ref()).map_or_else(String::new, |r| r.short().to_owned())),
        ]);
    }
    env.out.table(&table);
}

fn line(subject: &SubjectState) -> Line {
    let line = Line::new().strong(&subject.name);
    match &subject.state {
        Some(state) => line.dim(" is ").plain(state),
        None => line.dim(" is in no known state"),
    }
}

fn show(env: &Env, subject: &SubjectState) {
    if env.out.is_json() {
        env.out.json(json!({ "subject": subject }));
        return;
    }
    env.out.line(line(subject));
    for moved in subject.moves.iter().rev() {
        let state = |state: &Option<String>| state.clone().unwrap_or_else(|| "unknown".to_owned());
        let mut line = Line::new()
            .dim(format!("  {}  {:<10} ", moved.at.local_minute(), moved.by.short()))
            .plain(format!("{} → {}", state(&moved.from), state(&moved.to)));
        if let Some(run) = &moved.run {
            line = line.dim("  run ").plain(run.short());
        }
        if let Some(reason) = &moved.reason {
            line = line.dim("  ").plain(reason);
        }
        env.out.line(line);
    }
}
