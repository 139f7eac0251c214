//! `mwtui take-back`: a step that somebody else has taken is one's own.

use crate::base::Result;
use crate::cli::{Env, Exit, find, status, take};
use crate::run::{StepState, Verb};

/// Take a step back from whoever has taken it
///
/// It is yours then, as if you had taken it. A person may always do so; an agent may not.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// The step, by id or number; without it, the one that is taken
    #[arg(long)]
    step: Option<String>,
    /// For how long: 30m, 2h, at most 24h; without it, as `limits.lease` says
    #[arg(long = "for", value_name = "LENGTH")]
    length: Option<String>,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let length = take::length(args.length.as_deref())?;
    let fits = |s: &StepState| s.lease().is_some();
    let (link, meant) = find::meant(env, &args.run, args.step.as_deref(), "take back", fits).await?;
    let step = meant.step.clone();
    let summary = link.act_on(&meant, Verb::TakeBack { step, length }).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}
