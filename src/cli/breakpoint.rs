//! `mwtui breakpoint`: one step is held before it begins, or no more.

use crate::base::Result;
use crate::cli::{Env, Exit, find, status};
use crate::run::Verb;

/// Hold a step of a run before it begins, or no more
///
/// The run stops there and shows what the step would do; `mwtui proceed` lets it begin. To start a run with
/// one: `mwtui run ID --breakpoint STEP`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// The step, by id or number
    step: String,
    /// Take the breakpoint away
    #[arg(long)]
    off: bool,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let (link, root) = find::run(env, &args.run).await?;
    let place = find::place(&link, link.run(&root).await?, &args.step).await?;
    let verb = Verb::Breakpoint { step: place.step, set: !args.off };
    let summary = link.act_in(&root, place.run.id(), verb).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}
