//! `mwtui proceed`: a held step may begin.

use crate::base::Result;
use crate::cli::{Env, Exit, find, status};
use crate::run::{Prompt, StepState, Verb};

/// Let a held step begin
///
/// A step is held at a breakpoint, or because the run steps through; `mwtui status` shows what it would do. To
/// do something else, `mwtui retry RUN --edit`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// The step, by id or number; without it, the one that is held
    #[arg(long)]
    step: Option<String>,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let fits = |s: &StepState| matches!(s, StepState::Waiting { on: Prompt::Proceed { .. }, .. });
    let (link, meant) = find::meant(env, &args.run, args.step.as_deref(), "let begin", fits).await?;
    let summary = link.act_on(&meant, Verb::Proceed { step: meant.step.clone() }).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}
