//! `mwtui fork`: a new run from a step of an old one, with what was settled before it.

use serde_json::json;

use crate::base::Result;
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, ask, find, start, tell, walk};
use crate::run::{CarriedResult, Fork, Run, fork};
use crate::workflow::field;

/// Start a new run from a step of an old one
///
/// What the old run had settled before that step is taken over, with its values; the step and all that need it
/// are done anew, in the version of the workflow that the old run had. Approvals for work that is still to be
/// done are asked anew. The old run stays as it is. On a terminal you see what is taken over and are asked;
/// then the new run is walked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The old run: its id, a unique beginning of it, or `last`
    run: String,
    /// The first step that is done anew, by id or number
    #[arg(long, value_name = "STEP")]
    from: String,
    /// Another value for an input; may be given more than once, the others are as in the old run
    #[arg(long, value_name = "NAME=VALUE")]
    input: Vec<String>,
    /// Start, print the new run's id, and leave it to the engine
    #[arg(long)]
    detach: bool,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let (link, id) = find::run(env, &args.run).await?;
    let place = find::place(&link, link.run(&id).await?, &args.from).await?;
    let run = place.run;
    let inputs = start::some(&run.workflow, &args.input)?;
    let taken = fork(&run, &place.step)?;
    if env.may_ask() {
        show(env, &run, &taken);
        for (name, value) in &inputs {
            env.out.line(Line::new().dim("  input ").plain(name).dim(" = ").plain(field::shown(value)));
        }
        let question = Line::new().put(Tone::Accent, "Enter").plain(" start   ").put(Tone::Accent, "q");
        let typed = ask::line(env, &question.plain(" not this ")).await?;
        if !typed.is_some_and(|t| matches!(t.trim().to_lowercase().as_str(), "" | "y" | "yes")) {
            env.out.line("Nothing was started.");
            return Ok(Exit::Done);
        }
    }
    let summary = link.fork(run.id(), place.step, inputs).await?;
    if args.detach {
        if env.out.is_json() {
            env.out.json(json!({ "run": summary }));
        } else {
            env.out.line(summary.run.as_str());
        }
        return Ok(Exit::Done);
    }
    if !env.out.is_json() {
        env.out.line(tell::summary_line(&summary));
    }
    walk::walk(env, &link, &summary.run).await
}

/// What is taken over and what is done anew.
fn show(env: &Env, run: &Run, taken: &Fork) {
    let head = &run.header.workflow;
    let line = Line::new().strong(head.id.as_str()).plain("  ").strong(&head.name);
    env.out.line(line.dim(format!("  version {}  forked from run {}", head.version, run.id().short())));
    for step in &run.workflow.steps {
        let carried = taken.carried.iter().find(|c| c.step == step.id);
        let line = match carried.map(|c| &c.result) {
            None => Line::new().put(Tone::Info, "  anew        ").plain(&step.title),
            Some(result) => {
                let word = match result {
                    CarriedResult::Done { .. } | CarriedResult::Looped { .. } => "✓ done",
                    CarriedResult::Skipped { .. } => "- skipped",
                    CarriedResult::Failed { .. } => "✗ failed",
                };
                Line::new().dim(format!("  {word:<10}  ")).dim(&step.title).dim("  taken over")
            }
        };
        env.out.line(line.dim(format!("  {}", step.id)));
    }
}
