//! `mwtui logs`: what a run's commands printed, cleaned of everything that could steer a terminal.

use serde_json::json;

use crate::base::Result;
use crate::cli::output::Line;
use crate::cli::stream::{Stream, print_line};
use crate::cli::{Env, Exit, find};
use crate::run::{Run, Work};

/// Show what a run's commands printed
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// Only this step, by id or number
    step: Option<String>,
    /// Keep printing until the run ends
    #[arg(short, long)]
    follow: bool,
}

pub async fn run(args: &Args, env: &Env) -> Result<Exit> {
    let (link, id) = find::run(env, &args.run).await?;
    let mut updates = if args.follow { Some(link.updates().await?) } else { None };
    let mut run = link.run(&id).await?;
    let only = args.step.as_deref().map(|text| find::step(&run, text)).transpose()?;
    let mut streams: Vec<Stream> = Vec::new();
    loop {
        for (step, attempt, over) in attempts(&run) {
            if only.as_ref().is_some_and(|id| id.as_str() != step) {
                continue;
            }
            let known = streams.iter().position(|s| s.step.as_str() == step && s.attempt == attempt);
            let index = known.unwrap_or_else(|| {
                if env.out.is_terminal() && !env.out.is_json() && only.is_none() {
                    env.out.line(Line::new().dim(format!("── {step}, attempt {attempt}")));
                }
                streams.push(Stream::new(step.into(), attempt));
                streams.len() - 1
            });
            let Some(stream) = streams.get_mut(index) else { continue };
            let print = |line: &str| {
                if env.out.is_json() {
                    env.out.json(json!({ "step": step, "attempt": attempt, "line": line }));
                } else {
                    print_line(env, "", line);
                }
            };
            stream.drain(&link, &id, over, print).await?;
        }
        env.out.flush();
        let Some(updates) = &mut updates else { return Ok(Exit::Done) };
        if run.is_ended() || env.out.is_closed() {
            return Ok(Exit::Done);
        }
        updates.run_changed(&id).await?;
        run = link.run(&id).await?;
    }
}

/// Step, attempt and whether it is over, of every command that was run, oldest first.
fn attempts(run: &Run) -> Vec<(&str, u32, bool)> {
    let mut all: Vec<_> = run
        .steps
        .iter()
        .flat_map(|record| record.attempts.iter().map(move |attempt| (record, attempt)))
        .filter(|(_, attempt)| matches!(attempt.work, Work::Run { .. }))
        .collect();
    all.sort_by_key(|(_, attempt)| attempt.started);
    all.into_iter().map(|(record, a)| (record.id.as_str(), a.number, a.ended.is_some())).collect()
}
