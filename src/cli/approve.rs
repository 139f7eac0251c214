//! `mwtui approve`: a person says yes to exactly what is shown, bound to its digest.

use crate::base::{Error, Result, SafeText};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, ask, find, status, tell, work};
use crate::run::{Opened, Prompt, StepRecord, StepState, Verb, Work};

/// Approve what a run asks approval for
///
/// Shows the question, what the approval lets happen, and the digest that it is bound to. On a terminal it
/// asks once more; otherwise giving the command is the decision.
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
    let fits = |s: &StepState| matches!(s, StepState::Waiting { on: Prompt::Approval { .. }, .. });
    let (link, meant) = find::meant(env, &args.run, args.step.as_deref(), "approve", fits).await?;
    let (step, record) = meant.some_step()?;
    let StepState::Waiting { on: Prompt::Approval { question, digest, .. }, .. } = &record.state else {
        let by = match &record.state {
            StepState::Done { by, .. } | StepState::Failed { by, .. } => format!("; {by} decided"),
            _ => String::new(),
        };
        let word = tell::need_word(&record.state);
        return Err(Error::refused(format!("“{}” asks for no approval now; it is {word}{by}", step.id))
            .hint(format!("mwtui status {}", meant.root.short())));
    };
    if let Some(expected) = &args.digest
        && (expected.len() < DIGEST_PREFIX || !digest.starts_with(expected.as_str()))
    {
        return Err(Error::refused("What is to be approved is not what --digest names")
            .cause(format!("The approval is bound to {digest}"))
            .hint(format!("mwtui status {} shows it", meant.root.short())));
    }
    if !env.out.is_json() {
        show(env, question, opened(record), digest);
    }
    if env.may_ask() && args.digest.is_none() && !ask::yes(env, Line::from("Approve this?")).await? {
        env.out.line("Nothing was decided.");
        return Ok(Exit::Waiting);
    }
    let verb = Verb::Approve { step: meant.step.clone(), digest: digest.clone() };
    let summary = link.act_on(&meant, verb).await?;
    if !env.out.is_json() {
        env.out.line(Line::new().put(Tone::Success, "✓ approved"));
    }
    status::after(env, &summary);
    Ok(Exit::Done)
}

/// What the approval that waits lets happen.
pub fn opened(record: &StepRecord) -> &[Opened] {
    match record.attempts.last().map(|a| &a.work) {
        Some(Work::Approve { opens, .. }) => opens,
        _ => &[],
    }
}

/// Exactly what is decided about.
pub fn show(env: &Env, question: &str, opens: &[Opened], digest: &str) {
    env.out.block("  ", &SafeText::new(question));
    for opened in opens {
        env.out.line(Line::new().dim("  lets happen  ").plain(opened.step.as_str()));
        work::show(env, "    ", &opened.work, true);
    }
    env.out.line(Line::new().dim("  bound to sha256 ").dim(digest));
}
