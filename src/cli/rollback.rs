//! `mwtui rollback`: what a run did is undone, newest first, and the run ends.

use serde_json::{Value, json};

use crate::base::{Result, StepId};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, ask, find, status, work};
use crate::run::{Failure, Role, Run, Verb, Work, resolve, summary};

/// Undo what a run did, newest first, and end it
///
/// Every step that was done, or may have been, and says how it is undone (`rollback:`) is undone; the others
/// stay as they are. Also a run that has ended can be rolled back: its subject goes back to the state it had.
/// What will be undone is listed first; on a terminal you are asked once.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
    /// Why; it stays in the journal
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Only list what would be undone
    #[arg(long)]
    preview: bool,
}

pub async fn run(args: Args, env: &Env) -> Result<Exit> {
    let (link, id) = find::run(env, &args.run).await?;
    let run = link.run(&id).await?;
    let steps = run.undoable();
    if args.preview && env.out.is_json() {
        env.out
            .json(json!({ "run": id, "steps": steps.iter().map(|s| object(&run, s)).collect::<Vec<_>>() }));
        return Ok(Exit::Done);
    }
    if !env.out.is_json() {
        list(env, &run, &steps);
    }
    if args.preview {
        return Ok(Exit::Done);
    }
    // Where nothing can be undone the engine says so, and why.
    if !steps.is_empty() && env.may_ask() {
        let question = Line::new().put(Tone::Warning, "Undo this, and end the run?");
        if !ask::yes(env, question).await? {
            env.out.line("Nothing was undone.");
            return Ok(Exit::Done);
        }
    }
    let summary = link.act_and_settle(&id, Verb::Rollback { reason: args.reason }).await?;
    status::after(env, &summary);
    Ok(Exit::Done)
}

/// What would be undone, in order, and what stays.
pub fn list(env: &Env, run: &Run, steps: &[StepId]) {
    for (index, id) in steps.iter().enumerate() {
        let Some((title, undo)) = undo(run, id) else { continue };
        let line = Line::new().dim(format!("  {:>3}  ", index + 1)).plain(title);
        env.out.line(line.dim(format!("  undoes {id}")));
        match undo {
            Ok(undo) => work::show(env, "       ", &undo, false),
            Err(failure) => env.out.line(Line::new().dim("       known later: ").dim(failure.message)),
        }
    }
    let stays = staying(run, steps);
    if !stays.is_empty() && !steps.is_empty() {
        env.out.line(Line::new().dim("  stays as it is  ").plain(stays.join(", ")));
    }
}

/// What can be undone of a run that has ended otherwise than it should.
pub fn offer(env: &Env, run: &Run) {
    let steps: Vec<String> = run.undoable().iter().map(ToString::to_string).collect();
    if !steps.is_empty() && !env.out.is_json() {
        let line =
            Line::new().dim("next: ").plain(format!("mwtui rollback {} --reason TEXT", run.id().short()));
        env.out.line(line.dim("  undoes ").plain(steps.join(", ")));
    }
}

/// The title of what undoes a step, and what it would do as things stand.
fn undo(run: &Run, id: &StepId) -> Option<(String, Result<Work, Failure>)> {
    let (_, record) = run.record(id)?;
    let (undo, work) = resolve::undo(run, record)?;
    Some((summary::title(undo, record), work))
}

/// Steps that have done something and do not say how it is undone.
fn staying(run: &Run, undone: &[StepId]) -> Vec<String> {
    let acted = run.steps.iter().filter(|record| {
        let acts = |work: &Work| work.is_executed() || matches!(work, Work::Workflow { .. });
        record.attempts.iter().any(|a| acts(&a.work)) && !undone.contains(&record.id)
    });
    acted
        .filter(|record| run.definition(record).is_some_and(|step| step.rollback.is_none()))
        .filter(|record| !matches!(record.role, Role::Undo { .. }))
        .map(|record| record.id.to_string())
        .collect()
}

fn object(run: &Run, id: &StepId) -> Value {
    let (title, work) = undo(run, id).unzip();
    let work = work.map(|work| work.map_err(|failure| failure.message));
    let (work, later) = match work {
        Some(Ok(work)) => (Some(work), None),
        Some(Err(message)) => (None, Some(message)),
        None => (None, None),
    };
    json!({ "step": id, "title": title, "work": work, "known_later": later })
}
