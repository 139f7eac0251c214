//! `mwtui secret`: gives a run again a secret that its engine does not know any more.

use std::io::Read as _;

use serde_json::{Map, Value};

use crate::base::secret::SECRET_LIMIT;
use crate::base::{Error, Result, RunId, Secret};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, find, hidden, link::Link};
use crate::run::{Run, StepState, Work};
use crate::workflow::{Reference, StepKind};

/// Give a run one of its secrets again
///
/// What is typed is kept in the engine's memory alone, and is lost with it. A step that failed for want of
/// it is then tried again with `mwtui retry`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// The input, the question, or the variable of a step; without it, the only one there is
    name: Option<String>,
    /// Read it from standard input, to its end, instead of asking
    #[arg(long)]
    stdin: bool,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let (link, id) = find::run(env, &args.run).await?;
    let run = link.run(&id).await?;
    let (name, reference) = wanted(&run, args.name.as_deref())?;
    let typed = if args.stdin {
        let mut text = String::new();
        std::io::stdin()
            .take(SECRET_LIMIT as u64 + 2)
            .read_to_string(&mut text)
            .map_err(|e| Error::internal("Standard input cannot be read").because(e))?;
        Some(Secret::new(text.trim_end_matches(['\n', '\r'])))
    } else if env.may_ask() {
        let question = Line::new().put(Tone::Accent, &name).dim("  not shown as you type").plain(" ");
        hidden::line(env, &question).await?
    } else {
        return Err(Error::usage("A secret is asked for at a terminal")
            .hint("Give it on standard input with --stdin"));
    };
    let Some(typed) = typed.filter(|t| !t.is_empty()) else {
        return Err(Error::usage("Nothing was given"));
    };
    link.give_secret(&id, reference.to_string(), typed).await?;
    if env.out.is_json() {
        env.out.json(serde_json::json!({ "run": id, "secret": name }));
    } else {
        env.out.line(format!("Run {} has {name} again.", id.short()));
    }
    Ok(Exit::Done)
}

/// The values here of the variables that answers refer to, so that the run has those of whoever answered.
pub async fn give_variables(link: &Link, run: &RunId, values: &Map<String, Value>) -> Result<()> {
    for reference in values.values().filter_map(Reference::of) {
        if let Reference::Env(name) = &reference
            && let Ok(value) = std::env::var(name)
        {
            link.give_secret(run, reference.to_string(), Secret::new(value)).await?;
        }
    }
    Ok(())
}

/// The secret that is meant, by the name of its input, question or variable.
fn wanted(run: &Run, name: Option<&str>) -> Result<(String, Reference)> {
    let mut all = secrets(run);
    if let Some(name) = name {
        all.retain(|(known, _)| known == name);
    }
    let short = run.id().short();
    let mut different = all.clone();
    different.dedup_by(|a, b| a.1 == b.1);
    match (all.into_iter().next(), different.len()) {
        (Some(one), 1) => Ok(one),
        (None, _) => Err(Error::not_found(match name {
            Some(name) => format!("Run {short} has no secret {name}"),
            None => format!("Run {short} has no secret"),
        })),
        (Some(_), _) => {
            let names: Vec<String> = different.into_iter().map(|(name, _)| name).collect();
            Err(Error::usage(format!("Run {short} has several secrets"))
                .hint(format!("Name one: {}", names.join(", "))))
        }
    }
}

/// Names and references, those of inputs first; the same reference stands side by side.
fn secrets(run: &Run) -> Vec<(String, Reference)> {
    let mut all: Vec<(String, Reference)> = Vec::new();
    let mut add = |name: &str, value: Option<Reference>| {
        all.extend(value.map(|reference| (name.to_owned(), reference)));
    };
    for (name, value) in &run.header.inputs {
        add(name, Reference::of(value));
    }
    for (step, record) in run.each_step() {
        if let (StepKind::Ask { .. }, StepState::Done { outcome, .. }) = (&step.kind, &record.state) {
            for (name, value) in &outcome.answers {
                add(name, Reference::of(value));
            }
        }
        if let Some(Work::Run { secrets, .. }) = record.attempts.last().map(|a| &a.work) {
            for (variable, reference) in secrets {
                add(variable, Reference::parse(reference).ok());
            }
        }
    }
    all.sort_by(|a, b| a.1.cmp(&b.1));
    all
}
