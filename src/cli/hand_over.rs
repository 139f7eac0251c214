//! `mwtui hand-over`: somebody else has a step from now on, or whoever comes.

use crate::base::{Actor, Result};
use crate::cli::{Env, Exit, find, status, take};
use crate::run::{StepState, Verb};

/// Hand a step over to a person or an agent, or to whoever comes
///
/// What you have taken, or what nobody has, is theirs from now on: nobody else answers it until their time is
/// over. An approval is never an agent's. Without --to you give up what you have taken.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// A person as user@host, or the name of an agent's client
    #[arg(long, value_name = "WHOM")]
    to: Option<String>,
    /// The step, by id or number; without it, the one that waits
    #[arg(long)]
    step: Option<String>,
    /// For how long: 30m, 2h, at most 24h; without it, as `limits.lease` says
    #[arg(long = "for", value_name = "LENGTH", requires = "to")]
    length: Option<String>,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let length = take::length(args.length.as_deref())?;
    let fits = |s: &StepState| s.needs_person() && (args.to.is_some() || s.lease().is_some());
    let (link, meant) = find::meant(env, &args.run, args.step.as_deref(), "hand over", fits).await?;
    let to = args.to.as_deref().map(Actor::named);
    let verb = Verb::HandOver { step: meant.step.clone(), to, length };
    let summary = link.act_on(&meant, verb).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}
