//! `mwtui step-through`: every automatic step waits for `proceed`, or does so no more.

use clap::ValueEnum;

use crate::base::Result;
use crate::cli::{Env, Exit, find, status};
use crate::run::Verb;

/// Hold every automatic step of a run until somebody has looked, or no more
///
/// What is held already stays so until `mwtui proceed`. To start a run so: `mwtui run ID --step-through`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// Whether its automatic steps are held from now on
    #[arg(value_enum)]
    state: Switch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let (link, run) = find::run(env, &args.run).await?;
    let on = args.state == Switch::On;
    let summary = link.act_and_settle(&run, Verb::StepThrough { on }).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}
