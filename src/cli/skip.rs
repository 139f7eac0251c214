//! `mwtui skip`: a step is left out, with a reason that stays in the journal.

use crate::base::Result;
use crate::cli::{Env, Exit, find, status};
use crate::run::{StepState, Verb};

/// Go on without a step, and say why
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
    let fits = |_: &StepState| true;
    let (link, meant) = find::meant(env, &args.run, args.step.as_deref(), "skip", fits).await?;
    let step = meant.step.clone();
    let summary = link.act_on(&meant, Verb::Skip { step, reason: args.reason }).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}
