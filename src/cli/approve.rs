//! `mwtui approve`: a person says yes to exactly what is shown, bound to its digest.

use crate::base::{Error, Result, StepId};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, ask, find, status};
use crate::run::{Prompt, Run, StepState, Verb};

/// Approve what a run asks approval for
///
/// Shows the question and the digest that the approval is bound to. On a terminal it asks once
/// more; otherwise giving the command is the decision.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// Approve only if this is what the approval is bound to, or how it begins
    #[arg(long)]
    digest: Option<String>,
    /// The step, by id or number; without it, the one that waits
    #[arg(long)]
    step: Option<String>,
}

/// Shortest beginning of a digest that `--digest` takes.
const DIGEST_PREFIX: usize = 8;

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let (link, id) = find::run(env, &args.run).await?;
    let run = link.run(&id).await?;
    let wanted = args.step.as_deref().map(|text| find::step(&run, text)).transpose()?;
    let (step, question, digest) = open_approval(&run, wanted.as_ref())?;
    if let Some(expected) = &args.digest
        && (expected.len() < DIGEST_PREFIX || !digest.starts_with(expected.as_str()))
    {
        return Err(Error::refused("What is to be approved is not what --digest names")
            .cause(format!("The approval is bound to {digest}"))
            .hint(format!("mwtui status {} shows it", id.short())));
    }
    if !env.out.is_json() {
        show(env, &question, &digest);
    }
    if env.may_ask() && args.digest.is_none() && !ask::yes(env, Line::from("Approve this?")).await? {
        env.out.line("Nothing was decided.");
        return Ok(Exit::Waiting);
    }
    let summary =
        link.act_and_settle(&id, Verb::Approve { step: Some(step), digest: digest.clone() }).await?;
    if !env.out.is_json() {
        env.out.line(Line::new().put(Tone::Success, "✓ approved"));
    }
    status::after(env, &summary);
    Ok(Exit::Done)
}

/// Exactly what is decided about.
pub fn show(env: &Env, question: &str, digest: &str) {
    env.out.block("  ", &crate::base::SafeText::new(question));
    env.out.line(Line::new().dim("  bound to sha256 ").dim(digest));
}

/// The step, question and digest of the approval that waits.
fn open_approval(run: &Run, wanted: Option<&StepId>) -> Result<(StepId, String, String)> {
    let mut open = run.each_step().filter_map(|(step, record)| match &record.state {
        StepState::Waiting { on: Prompt::Approval { question, digest, .. }, .. }
            if wanted.is_none_or(|id| &step.id == id) =>
        {
            Some((step.id.clone(), question.clone(), digest.clone()))
        }
        _ => None,
    });
    let id = run.id().short();
    let first = open.next().ok_or_else(|| {
        Error::refused(format!("Run {id} waits for no approval at that place"))
            .hint(format!("mwtui status {id}"))
    })?;
    match open.next() {
        Some((second, ..)) => Err(Error::refused(format!("Run {id} waits for more than one approval"))
            .hint(format!("Say which with --step {} or --step {second}", first.0))),
        None => Ok(first),
    }
}
