//! `mwtui events`: a run's journal, as JSON lines for programs or as lines for people.

use crate::base::{Result, RunId, WorkflowId};
use crate::cli::output::Line;
use crate::cli::{Env, Exit, find, tell};
use crate::run::Event;
use crate::run::line::line;

/// Print a run's events, one JSON object a line
///
/// The names are stable: docs/EVENTS.md tells them all. Hooks of config.toml are given the same lines.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// Keep printing until the run ends
    #[arg(short, long)]
    follow: bool,
    /// Lines for people instead
    #[arg(long)]
    text: bool,
}

pub async fn run(args: &Args, env: &Env) -> Result<Exit> {
    let (link, id) = find::run(env, &args.run).await?;
    let mut updates = if args.follow { Some(link.updates().await?) } else { None };
    let workflow = link.run(&id).await?.header.workflow.id;
    let mut seq = 0;
    loop {
        loop {
            let events = link.events(&id, seq).await?;
            let Some(last) = events.last() else { break };
            seq = last.seq;
            for event in &events {
                print(env, args.text, (&id, &workflow), event);
            }
        }
        env.out.flush();
        let Some(updates) = &mut updates else { return Ok(Exit::Done) };
        let run = link.run(&id).await?;
        if env.out.is_closed() || run.is_ended() && run.seq <= seq {
            return Ok(Exit::Done);
        }
        if run.seq <= seq {
            updates.run_changed(&id).await?;
        }
    }
}

fn print(env: &Env, as_text: bool, (run, workflow): (&RunId, &WorkflowId), event: &Event) {
    if env.out.is_json() || !as_text {
        env.out.bare_json(line(run, workflow, event));
        return;
    }
    let (tone, text) = tell::event_text(event);
    env.out.line(
        Line::new()
            .dim(format!("{:>4}  {}  ", event.seq, event.at.local_clock_seconds()))
            .dim(format!("{:<10} ", event.actor.short()))
            .put(tone, text),
    );
}
