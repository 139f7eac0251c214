//! `mwtui take`: a step that waits is one's own for a while.

use crate::base::{Error, Millis, Result};
use crate::cli::{Env, Exit, find, status};
use crate::run::{StepState, Verb};

/// Take a step that waits: until its time is over, nobody else answers it
///
/// Take it again to have it longer. The lease ends with the step, and whenever what is asked changes; while the
/// run is paused its clock stands still.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// The step, by id or number; without it, the one that waits
    #[arg(long)]
    step: Option<String>,
    /// For how long: 30m, 2h, at most 24h; without it, as `limits.lease` says
    #[arg(long = "for", value_name = "LENGTH")]
    length: Option<String>,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let length = length(args.length.as_deref())?;
    let fits = StepState::needs_person;
    let (link, meant) = find::meant(env, &args.run, args.step.as_deref(), "take", fits).await?;
    let step = meant.step.clone();
    let summary = link.act_on(&meant, Verb::Take { step, length }).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}

pub fn length(text: Option<&str>) -> Result<Option<Millis>> {
    let read = |text| {
        Millis::parse(text).ok_or_else(|| {
            Error::usage(format!("“{text}” is no length of time")).hint("Write it as 30m, 2h or 1h30m")
        })
    };
    text.map(read).transpose()
}
