//! `mwtui status`: one run with its steps, what it waits for and where the time went.

use serde_json::json;

use crate::base::{Result, SafeText, Timestamp};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, find, tell};
use crate::run::{Phase, Prompt, Run, RunSummary, StepRecord, StepState, summarise};
use crate::workflow::{Step, StepKind, field};

/// Show a run: its steps, what it waits for, where the time went
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
}

pub async fn run(args: &Args, env: &Env) -> Result<Exit> {
    let (link, id) = find::run(env, &args.run).await?;
    let run = link.run(&id).await?;
    let summary = summarise(&run);
    if env.out.is_json() {
        env.out.json(json!({ "run": summary, "state": run }));
    } else {
        show(env, &run, &summary);
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

fn show(env: &Env, run: &Run, summary: &RunSummary) {
    let now = Timestamp::now();
    env.out.line(tell::summary_line(summary));
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
    env.out.line(times(run, now));
    for (name, value) in &run.header.inputs {
        env.out.line(Line::new().dim("  input ").plain(name).dim(" = ").plain(field::shown(value)));
    }
    match &run.phase {
        Phase::Paused { since, by, frozen, .. } => {
            let how = if *frozen { "paused with its processes frozen" } else { "paused" };
            env.out.line(
                Line::new()
                    .put(Tone::Warning, format!("  {how}"))
                    .dim(format!(" by {by} since {}", since.local_minute())),
            );
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
        Phase::Active { .. } | Phase::Cancelling { .. } | Phase::Completed { .. } => {}
    }
    env.out.blank();
    for (index, (step, record)) in run.each_step().enumerate() {
        env.out.line(tell::step_line(index + 1, step, record, run, now));
    }
    for note in &run.notes {
        env.out.line(
            Line::new()
                .dim(format!("  note {} ", note.at.local_clock()))
                .dim(note.by.short())
                .plain("  ")
                .plain(&note.text),
        );
    }
    for (step, record) in run.waiting_steps() {
        env.out.blank();
        prompt(env, step, record);
    }
    if let Some(next) = tell::next_line(summary) {
        env.out.line(next);
    }
}

fn times(run: &Run, now: Timestamp) -> Line {
    use crate::run::SegmentKind as Kind;
    let spent = |kinds: &[Kind]| {
        let sum = run.segments.iter().filter(|s| kinds.contains(&s.kind)).map(|s| s.length(now).0).sum();
        crate::base::Millis(sum)
    };
    Line::new()
        .dim("  work ")
        .plain(spent(&[Kind::Work]).to_string())
        .dim("  waiting for people ")
        .plain(spent(&[Kind::Person, Kind::Approval]).to_string())
        .dim("  for retries ")
        .plain(spent(&[Kind::Retry]).to_string())
        .dim("  paused ")
        .plain(spent(&[Kind::Paused]).to_string())
}

/// Everything that a person must know to act on a waiting step.
pub fn prompt(env: &Env, step: &Step, record: &StepRecord) {
    env.out.line(Line::new().put(Tone::Warning, "▲ ").strong(&step.title).dim(format!("  {}", step.id)));
    if let Some(description) = &step.description {
        env.out.block("  ", &SafeText::new(description));
    }
    match &record.state {
        StepState::Waiting { on: Prompt::Check { checked }, .. } => {
            if let StepKind::Manual { actions } = &step.kind {
                for (index, action) in actions.iter().enumerate() {
                    let ticked = checked.get(index).copied().unwrap_or(false);
                    let tick = if ticked { "[x]" } else { "[ ]" };
                    env.out.line(Line::new().dim(format!("  {tick} {:>2} ", index + 1)).plain(action));
                }
            }
        }
        StepState::Waiting { on: Prompt::Answers, .. } => {
            if let StepKind::Ask { fields } = &step.kind {
                for asked in fields {
                    let required = if asked.required { ", required" } else { "" };
                    let kind = format!(" ({}{required}) ", asked.kind.word());
                    let mut line = Line::new().dim("  ").plain(&asked.name).dim(kind);
                    line = line.plain(&asked.prompt);
                    if let Some(default) = &asked.default {
                        line = line.dim(format!("  default {}", field::shown(default)));
                    }
                    env.out.line(line);
                }
            }
        }
        StepState::Waiting { on: Prompt::Approval { question, digest, deadline, .. }, .. } => {
            crate::cli::approve::show(env, question, digest);
            if let Some(deadline) = deadline {
                env.out.line(Line::new().dim("  until ").plain(deadline.local_minute()));
            }
        }
        StepState::Failed { failure, .. } => {
            env.out.line(Line::new().plain("  ").put(Tone::Failure, &failure.message));
        }
        StepState::Uncertain { .. } => {
            env.out.line("  The engine ended while it ran: nobody knows how far it came. Look first.");
        }
        _ => {}
    }
    if let Some(validation) = &step.validation {
        env.out.line(Line::new().dim("  done when ").plain(validation));
    }
    if step.evidence_required {
        env.out.line(Line::new().dim("  evidence is required"));
    }
}
