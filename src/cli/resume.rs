//! `mwtui resume`: a paused run goes on, its clocks as well.

use crate::base::Result;
use crate::cli::{Env, Exit, find, status};
use crate::run::Verb;

/// Let a paused run go on
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let (link, run) = find::run(env, &args.run).await?;
    let summary = link.act_and_settle(&run, Verb::Resume).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}
