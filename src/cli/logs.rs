//! `mwtui logs`: what a run's commands, tools and agents gave, its child runs' as well, cleaned of
//! everything that could steer a terminal.

use std::cell::Cell;

use serde_json::json;

use crate::base::{Result, RunId, StepId};
use crate::cli::family::{Family, Reach};
use crate::cli::output::Line;
use crate::cli::stream::{Stream, print_line};
use crate::cli::{Env, Exit, find};

/// Show what a run's commands printed
///
/// Also what tools answered and agents said, and all of it from child runs. `--follow` prints each as it comes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// Only this step, by id or number; of a child run as deploy/verify
    step: Option<String>,
    /// Keep printing until the run ends
    #[arg(short, long)]
    follow: bool,
}

/// One try that has an output.
struct Source {
    run: RunId,
    step: StepId,
    attempt: u32,
    /// `deploy/verify`.
    name: String,
    over: bool,
}

pub async fn run(args: &Args, env: &Env) -> Result<Exit> {
    let (link, id) = find::run(env, &args.run).await?;
    let mut updates = if args.follow { Some(link.updates().await?) } else { None };
    let mut family = Family::load(&link, &id, Reach::All).await?;
    let only = match &args.step {
        Some(text) => {
            let place = find::place(&link, family.run.clone(), text).await?;
            Some((place.run.id().clone(), place.step))
        }
        None => None,
    };
    let mut streams: Vec<(RunId, Stream)> = Vec::new();
    // Several may grow at the same time: whose lines follow is said whenever that changes.
    let headed = env.out.is_terminal() && only.is_none();
    let told = Cell::new(None);
    loop {
        for source in sources(&family) {
            let is_wanted = |(run, step): &(RunId, StepId)| {
                // Of a loop, all its iterations.
                let prefix = format!("{step}.");
                &source.run == run && (&source.step == step || source.step.as_str().starts_with(&prefix))
            };
            if !only.as_ref().is_none_or(is_wanted) {
                continue;
            }
            let same = |(run, s): &(RunId, Stream)| {
                run == &source.run && s.step == source.step && s.attempt == source.attempt
            };
            let index = streams.iter().position(same).unwrap_or_else(|| {
                streams.push((source.run.clone(), Stream::new(source.step.clone(), source.attempt)));
                streams.len() - 1
            });
            let Some((_, stream)) = streams.get_mut(index) else { continue };
            let print = |line: &str| {
                if env.out.is_json() {
                    let (name, attempt) = (&source.name, source.attempt);
                    env.out.json(json!({ "step": name, "attempt": attempt, "line": line }));
                    return;
                }
                if headed && told.replace(Some(index)) != Some(index) {
                    let head = format!("── {}, attempt {}", source.name, source.attempt);
                    env.out.line(Line::new().dim(head));
                }
                print_line(env, "", line);
            };
            stream.drain(&link, &source.run, source.over, print).await?;
        }
        env.out.flush();
        let Some(updates) = &mut updates else { return Ok(Exit::Done) };
        if family.run.is_ended() || env.out.is_closed() {
            return Ok(Exit::Done);
        }
        let ids: Vec<RunId> = family.each().iter().map(|f| f.run.id().clone()).collect();
        updates.any_changed(&ids).await?;
        family = Family::load(&link, &id, Reach::All).await?;
    }
}

/// Every try that was run by the engine, oldest first.
fn sources(family: &Family) -> Vec<Source> {
    let mut all = Vec::new();
    for member in family.each() {
        for record in &member.run.steps {
            for attempt in record.attempts.iter().filter(|a| a.work.runs_processes()) {
                let source = Source {
                    run: member.run.id().clone(),
                    step: record.id.clone(),
                    attempt: attempt.number,
                    name: format!("{}{}", member.path, record.id),
                    over: attempt.ended.is_some(),
                };
                all.push((attempt.started, source));
            }
        }
    }
    all.sort_by_key(|(started, _)| *started);
    all.into_iter().map(|(_, source)| source).collect()
}
