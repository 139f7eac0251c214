//! `mwtui cancel`: a run ends, and every process of it.

use crate::base::Result;
use crate::cli::{Env, Exit, find, rollback, status};
use crate::run::Verb;

/// Cancel a run and end its processes
///
/// What it did stays; where its steps say how they are undone, `mwtui rollback` does that afterwards.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// Why
    #[arg(long)]
    reason: Option<String>,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let (link, run) = find::run(env, &args.run).await?;
    let summary = link.act(&run, Verb::Cancel { reason: args.reason }).await?;
    status::after(env, &summary);
    rollback::offer(env, &link.run(&run).await?);
    Ok(Exit::Done)
}
