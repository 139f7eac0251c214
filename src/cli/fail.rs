//! `mwtui fail`: a person says that a manual step failed.

use crate::base::Result;
use crate::cli::{Env, Exit, find, status};
use crate::run::{Prompt, StepState, Verb};

/// Say that a manual step failed
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// What went wrong; it stays in the journal
    #[arg(long)]
    reason: String,
    /// The step, by id or number; without it, the one that waits
    #[arg(long)]
    step: Option<String>,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let fits = |s: &StepState| {
        matches!(
            s,
            StepState::Waiting { on: Prompt::Check { .. } | Prompt::Answers | Prompt::Agent { .. }, .. }
        )
    };
    let (link, meant) = find::meant(env, &args.run, args.step.as_deref(), "mark failed", fits).await?;
    let step = meant.step.clone();
    let summary = link.act_on(&meant, Verb::Fail { step, reason: args.reason }).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}
