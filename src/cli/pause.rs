//! `mwtui pause`: a run starts nothing new until it is resumed.

use crate::base::Result;
use crate::cli::{Env, Exit, find, status};
use crate::run::Verb;

/// Pause a run: nothing new starts, what runs may finish
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// Stop the running processes where they are as well
    #[arg(long)]
    now: bool,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let (link, run) = find::run(env, &args.run).await?;
    let summary = link.act(&run, Verb::Pause { freeze: args.now }).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}
