//! `mwtui note`: a note in a run's journal.

use crate::base::Result;
use crate::cli::{Env, Exit, find, status};
use crate::run::{Verb, summarise};

/// Write a note into a run
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// The note
    text: String,
    /// The step it is about, by id or number
    #[arg(long)]
    step: Option<String>,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let (link, run) = find::run(env, &args.run).await?;
    let (target, step) = match &args.step {
        Some(named) => {
            let place = find::place(&link, link.run(&run).await?, named).await?;
            (place.run.id().clone(), Some(place.step))
        }
        None => (run.clone(), None),
    };
    let mut summary = link.act(&target, Verb::Note { step, text: args.text }).await?;
    if target != run {
        summary = summarise(&link.run(&run).await?);
    }
    status::after(env, &summary);
    Ok(Exit::Done)
}
