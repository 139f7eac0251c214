//! `mwtui done`: a person says that a step is done.

use crate::base::Result;
use crate::cli::{Env, Exit, find, status};
use crate::run::{Evidence, EvidenceKind, Prompt, StepState, Verb};

/// Say that a manual, failed or uncertain step is done
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// What backs it: a note or a link; may be given more than once
    #[arg(long, value_name = "TEXT")]
    evidence: Vec<String>,
    /// The step, by id or number; without it, the one that waits
    #[arg(long)]
    step: Option<String>,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let fits = |s: &StepState| {
        matches!(
            s,
            StepState::Waiting { on: Prompt::Check { .. }, .. }
                | StepState::Failed { .. }
                | StepState::Uncertain { .. }
        )
    };
    let (link, meant) = find::meant(env, &args.run, args.step.as_deref(), "mark done", fits).await?;
    let step = meant.step.clone();
    let summary = link.act_on(&meant, Verb::Done { step, evidence: evidence(&args.evidence) }).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}

/// What a person typed, as evidence: an address is a link, anything else a note.
pub fn evidence(typed: &[String]) -> Vec<Evidence> {
    let kind = |text: &str| {
        let link = text.starts_with("https://") || text.starts_with("http://");
        if link { EvidenceKind::Link } else { EvidenceKind::Note }
    };
    typed.iter().map(|text| Evidence { kind: kind(text), text: text.clone() }).collect()
}
