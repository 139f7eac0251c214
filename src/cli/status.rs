//! `mwtui status`: one run with its steps and child runs, what it waits for and where the time went.

use serde_json::{Value, json};

use crate::base::{Result, StepId, Timestamp};
use crate::cli::family::{Family, Reach};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, find, happened, prompts, tell};
use crate::run::{Phase, Run, RunSummary, summarise};
use crate::workflow::field;

/// Show a run: its steps, what it waits for, where the time went
///
/// Steps are numbered as other commands take them; those of a child run are named by the step that
/// started it: `deploy/verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
}

pub async fn run(args: &Args, env: &Env) -> Result<Exit> {
    let (link, id) = find::run(env, &args.run).await?;
    let family = Family::load(&link, &id, Reach::Open).await?;
    if env.out.is_json() {
        env.out.json(object(&family));
    } else {
        show(env, &family);
    }
    Ok(Exit::Done)
}

/// What a verb answers: the run after it.
pub fn after(env: &Env, summary: &RunSummary) {
    if env.out.is_json() {
        env.out.json(json!({ "run": summary }));
        return;
    }
    env.out.line(tell::summary_line(summary));
    if let Some(next) = tell::next_line(summary) {
        env.out.line(next);
    }
}

fn object(family: &Family) -> Value {
    let children: Vec<Value> = family.children.iter().map(object).collect();
    let path = family.path.trim_end_matches('/');
    let step = if path.is_empty() { Value::Null } else { Value::from(path) };
    json!({ "step": step, "run": summarise(&family.run), "state": family.run, "children": children })
}

fn show(env: &Env, family: &Family) {
    let now = Timestamp::now();
    let run = &family.run;
    let summary = summarise(run);
    env.out.line(tell::summary_line(&summary));
    origin(env, run);
    env.out.line(times(run, now));
    values(env, run);
    phase(env, run);
    env.out.blank();
    tree(env, family, "", now);
    for back in &run.backs {
        let text = happened::back_text(&back.to, back.reason.as_ref(), &back.cause);
        env.out
            .line(Line::new().dim(format!("  {} {}  ", back.at.local_clock(), back.by.short())).plain(text));
    }
    for moved in &run.moved {
        let text = happened::moved_text(&moved.from, &moved.to);
        let who = format!("  {} {}  ", moved.at.local_clock(), moved.by.short());
        env.out.line(Line::new().dim(who).plain(text));
    }
    for note in &run.notes {
        let at = note.step.as_ref().map_or_else(String::new, |step| format!(" on {step}"));
        env.out.line(
            Line::new()
                .dim(format!("  note {} ", note.at.local_clock()))
                .dim(note.by.short())
                .dim(at)
                .plain("  ")
                .plain(&note.text),
        );
    }
    let asked = family.asked();
    for open in &asked {
        env.out.blank();
        prompts::show(env, open);
    }
    let next = match asked.first() {
        Some(first) if asked.len() > 1 && family.paused().is_none() => tell::next_of(run.id().short(), first),
        _ => tell::next_line(&summary),
    };
    if let Some(next) = next {
        env.out.line(next);
    }
}

/// Who started it, where, why, and out of what.
fn origin(env: &Env, run: &Run) {
    let mut facts = Line::new()
        .dim("  started ")
        .plain(run.started_at.local_minute())
        .dim(" by ")
        .plain(run.started_by.to_string())
        .dim(" in ")
        .plain(&run.header.context.folder);
    if let Some(phrase) = &run.header.phrase {
        facts = facts.dim("  said ").plain(format!("“{phrase}”"));
    }
    env.out.line(facts);
    if let Some(parent) = &run.header.parent {
        let line = Line::new().dim("  is the step ").plain(parent.step.as_str());
        env.out.line(line.dim(" of run ").plain(parent.run.short()));
    }
    if let Some(fork) = &run.header.fork {
        let line = Line::new().dim("  forked from run ").plain(fork.run.short());
        let taken = format!("; {} settled steps were taken over", fork.carried.len());
        env.out.line(line.dim(" at ").plain(fork.from.as_str()).dim(taken));
    }
}

/// Inputs as they are now, and the subject with what the run does to its state.
fn values(env: &Env, run: &Run) {
    for (name, value) in &run.inputs {
        let line = Line::new().dim("  input ").plain(name).dim(" = ").plain(field::shown(value));
        let given = run.header.inputs.get(name);
        env.out.line(match given.filter(|given| *given != value) {
            Some(given) => line.put(Tone::Info, "  edited").dim(format!("; was {}", field::shown(given))),
            None => line,
        });
    }
    if let Some(subject) = &run.header.subject {
        let was = subject.state.as_deref().unwrap_or("of no known state");
        let mut line =
            Line::new().dim("  subject ").plain(&subject.name).dim(format!(", {was} at the start"));
        if let Some((moves, _)) = run.moves() {
            line = line.dim("; completing the run makes it ").plain(&moves.to);
        }
        env.out.line(line);
    }
}

/// Pause, holds, rollback and the end.
fn phase(env: &Env, run: &Run) {
    match &run.phase {
        Phase::Paused { since, by, frozen, .. } => {
            let how = if *frozen { "paused with its processes frozen" } else { "paused" };
            let line = Line::new().put(Tone::Warning, format!("  {how}"));
            env.out.line(line.dim(format!(" by {by} since {}", since.local_minute())));
        }
        Phase::Failed { reason, .. } => {
            env.out.line(Line::new().put(Tone::Failure, "  failed: ").plain(reason));
        }
        Phase::Cancelled { by, reason, left_behind, .. } => {
            let why = reason.as_deref().map_or_else(String::new, |r| format!(": {r}"));
            env.out.line(Line::new().dim("  cancelled by ").plain(by.to_string()).plain(why));
            for process in left_behind {
                env.out.line(Line::new().put(Tone::Warning, "  still there: ").plain(process));
            }
        }
        Phase::Cancelling { by, .. } => {
            env.out.line(Line::new().put(Tone::Warning, "  being cancelled").dim(format!(" by {by}")));
        }
        Phase::Active { .. } | Phase::Completed { .. } => {}
    }
    if let Some(rollback) = &run.rollback {
        let word = if rollback.done.is_some() { "  rolled back" } else { "  being rolled back" };
        let line = Line::new().put(Tone::Warning, word);
        let by = format!(" by {} since {}: ", rollback.by, rollback.since.local_minute());
        env.out.line(line.dim(by).plain(&rollback.reason));
    }
    if run.step_through && !run.is_ended() {
        env.out.line(Line::new().put(Tone::Info, "  steps through: every automatic step waits for proceed"));
    }
    if !run.breakpoints.is_empty() && !run.is_ended() {
        let steps: Vec<&str> = run.breakpoints.iter().map(StepId::as_str).collect();
        env.out.line(Line::new().dim("  breakpoints ").plain(steps.join(", ")));
    }
}

/// Every step, with those of child runs that go on under the step that started them.
pub fn tree(env: &Env, family: &Family, indent: &str, now: Timestamp) {
    let run = &family.run;
    for (index, (step, record)) in run.each_step().enumerate() {
        let line = tell::step_line(index + 1, step, record, run, now);
        env.out.line(Line::new().plain(indent).then(line));
        if let Some(child) = family.child(record) {
            tree(env, child, &format!("{indent}      "), now);
        }
    }
}

fn times(run: &Run, now: Timestamp) -> Line {
    let times = run.times(now);
    Line::new()
        .dim("  work ")
        .plain(times.work.to_string())
        .dim("  waiting for people ")
        .plain(times.waiting.to_string())
        .dim("  for retries ")
        .plain(times.retry.to_string())
        .dim("  paused ")
        .plain(times.paused.to_string())
}
