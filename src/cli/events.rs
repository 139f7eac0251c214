//! `mwtui events`: a run's journal, as lines for people or as the JSON that it is kept in.

use crate::base::{Error, Result};
use crate::cli::output::Line;
use crate::cli::{Env, Exit, find, tell};
use crate::run::Event;

/// Show a run's journal
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// Keep printing until the run ends
    #[arg(short, long)]
    follow: bool,
}

pub async fn run(args: &Args, env: &Env) -> Result<Exit> {
    let (link, id) = find::run(env, &args.run).await?;
    let mut updates = if args.follow { Some(link.updates().await?) } else { None };
    let mut seq = 0;
    loop {
        loop {
            let events = link.events(&id, seq).await?;
            let Some(last) = events.last() else { break };
            seq = last.seq;
            for event in &events {
                print(env, event)?;
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

fn print(env: &Env, event: &Event) -> Result<()> {
    if env.out.is_json() {
        let value = serde_json::to_value(event)
            .map_err(|e| Error::internal("An event could not be written as JSON").because(e))?;
        env.out.json(value);
        return Ok(());
    }
    let (tone, text) = tell::event_text(event);
    env.out.line(
        Line::new()
            .dim(format!("{:>4}  {}  ", event.seq, event.at.local_clock_seconds()))
            .dim(format!("{:<10} ", event.actor.short()))
            .put(tone, text),
    );
    Ok(())
}
