//! `mwtui back`: a run goes back to a step; what was done since stays in its history.

use crate::base::Result;
use crate::cli::{Env, Exit, find, status};
use crate::run::Verb;

/// Go back to a step; it and every later one are done anew
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// The step to go back to, by id or number
    step: String,
    /// Why; it stays in the journal
    #[arg(long)]
    reason: Option<String>,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let (link, run) = find::run(env, &args.run).await?;
    let to = find::step(&link.run(&run).await?, &args.step)?;
    let summary = link.act_and_settle(&run, Verb::Back { to, reason: args.reason }).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}
