//! `mwtui push-back`: neither yes nor no to an approval, but what must be different first.

use crate::base::Result;
use crate::cli::{Env, Exit, find, status};
use crate::run::{Prompt, StepState, Verb};

/// Send a run back from an approval to an earlier step, with feedback
///
/// The run does that step and all that need it again, then asks for approval anew. Expressions read the
/// feedback as `run.feedback`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// The step to go back to, by id or number; it leads to the approval
    #[arg(long, value_name = "STEP")]
    to: String,
    /// What must be different; it stays in the journal
    #[arg(long, value_name = "TEXT")]
    feedback: String,
    /// The approval, by id or number; without it, the one that waits
    #[arg(long)]
    step: Option<String>,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let fits = |s: &StepState| matches!(s, StepState::Waiting { on: Prompt::Approval { .. }, .. });
    let (link, meant) = find::meant(env, &args.run, args.step.as_deref(), "push back", fits).await?;
    let to = find::step(&meant.run, &args.to)?;
    let verb = Verb::PushBack { step: meant.step.clone(), to, feedback: args.feedback };
    let summary = link.act_on(&meant, verb).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}
