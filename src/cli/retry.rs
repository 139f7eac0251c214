//! `mwtui retry`: a failed or uncertain step is tried again now.

use crate::base::Result;
use crate::cli::{Env, Exit, find, status};
use crate::run::Verb;

/// Try a failed or uncertain step again
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// The step, by id or number; without it, the one that waits
    #[arg(long)]
    step: Option<String>,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let (link, run) = find::run(env, &args.run).await?;
    let step = find::optional_step(&link, &run, args.step.as_deref()).await?;
    let summary = link.act_and_settle(&run, Verb::Retry { step, edit: None }).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}
