//! `mwtui reject`: a person says no to an approval.

use crate::base::Result;
use crate::cli::{Env, Exit, find, status};
use crate::run::Verb;

/// Reject what a run asks approval for
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// Why; it stays in the journal
    #[arg(long)]
    reason: String,
    /// The step, by id or number; without it, the one that waits
    #[arg(long)]
    step: Option<String>,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let (link, run) = find::run(env, &args.run).await?;
    let step = find::optional_step(&link, &run, args.step.as_deref()).await?;
    let summary = link.act_and_settle(&run, Verb::Reject { step, reason: args.reason }).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}
