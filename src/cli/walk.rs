//! `mwtui walk`: leads through a run at the prompt: streams what runs, asks where a person is
//! needed. Leaving it leaves the run as it is.

use std::time::Duration;

use serde_json::json;

use crate::base::{Actor, Error, Result, RunId, StepId};
use crate::cli::link::{Link, Updates};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, find, follow::Follower, prompt, tell};
use crate::run::{Export, NeedKind, Phase, Run, Session, summarise};

/// Come back to a run and walk it at the prompt
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, a unique beginning of it, or `last`
    run: String,
}

pub async fn run(args: &Args, env: &Env) -> Result<Exit> {
    let (link, id) = find::run(env, &args.run).await?;
    walk(env, &link, &id).await
}

/// What a person at the prompt decided.
pub enum Turn {
    /// The run has changed, or may have: look again.
    Look,
    /// Leave it as it is.
    Leave,
}

/// Follows a run to its end, or to where a person is needed and none can be asked.
pub async fn walk(env: &Env, link: &Link, id: &RunId) -> Result<Exit> {
    env.on_interrupt(come_back(id));
    let mut updates = link.updates().await?;
    let mut follower = Follower::new(id.clone());
    loop {
        let run = link.run(id).await?;
        follower.catch_up(env, link, &run).await?;
        if env.out.is_closed() {
            return Ok(Exit::Done);
        }
        if run.is_ended() {
            return ended(env, link, &mut updates, &run).await;
        }
        let summary = summarise(&run);
        let working = matches!(summary.status, crate::run::RunStatus::Running);
        if working {
            updates.run_changed(id).await?;
            continue;
        }
        if !env.may_ask() {
            return Ok(stopped(env, &run));
        }
        let turn = match run.waiting_steps().next() {
            _ if run.is_paused() => prompt::paused(env, link, &run).await?,
            Some((step, record)) => prompt::step(env, link, &run, step, record).await?,
            None => {
                updates.run_changed(id).await?;
                Turn::Look
            }
        };
        if matches!(turn, Turn::Leave) {
            env.out.line(come_back(id));
            return Ok(Exit::Waiting);
        }
    }
}

fn come_back(id: &RunId) -> Line {
    Line::new()
        .plain(format!("Run {} stays as it is. ", id.short()))
        .dim("Come back with ")
        .plain(format!("mwtui walk {}", id.short()))
}

/// Says how a run ended.
async fn ended(env: &Env, link: &Link, updates: &mut Updates, run: &Run) -> Result<Exit> {
    let summary = summarise(run);
    let completed = matches!(run.phase, Phase::Completed { .. });
    let written = if completed && run.workflow.ends_session {
        closed_session(env, link, updates, run).await?
    } else {
        Vec::new()
    };
    if env.out.is_json() {
        let paths: Vec<&str> = written.iter().map(|e| e.path.as_str()).collect();
        env.out.json(json!({ "run": summary, "exports": paths }));
    } else {
        env.out.line(
            tell::summary_line(&summary)
                .dim(format!("  work {}, waiting {}", summary.times.work, summary.times.waiting)),
        );
        for export in &written {
            env.out.line(Line::new().dim("  session summary  ").plain(&export.path));
        }
    }
    Ok(if completed { Exit::Done } else { Exit::Failed })
}

/// How long the engine may take to write the summary of a session that a run has ended.
const SUMMARY_LIMIT: Duration = Duration::from_secs(20);

/// The files that the session's summary was written to, once the engine has ended the session.
async fn closed_session(env: &Env, link: &Link, updates: &mut Updates, run: &Run) -> Result<Vec<Export>> {
    let id = &run.header.session;
    let closing = async {
        loop {
            let session = link.find_session(id.as_str(), env.folder_text()).await?;
            // A note after the run's end is the engine saying why it could not.
            let noted = session.notes.iter().any(|n| n.by == Actor::Engine && n.at >= run.updated_at);
            if session.ended.is_some() || noted {
                return Ok::<Session, Error>(session);
            }
            updates.session_changed(id).await?;
        }
    };
    let Ok(session) = tokio::time::timeout(SUMMARY_LIMIT, closing).await else {
        env.out.remark("The session summary is not written yet: mwtui session shows it");
        return Ok(Vec::new());
    };
    let session = session?;
    if session.ended.is_none() {
        let note = session.notes.last().map_or("", |n| n.text.as_str());
        env.out.remark(Line::new().put(Tone::Warning, "The session stays open: ").plain(note));
    }
    Ok(session.exports)
}

/// A person is needed and none can be asked.
fn stopped(env: &Env, run: &Run) -> Exit {
    let summary = summarise(run);
    if env.out.is_json() {
        env.out.json(json!({ "run": summary }));
    } else {
        env.out.line(tell::summary_line(&summary));
        if let Some(need) = &summary.need {
            let detail = need.detail.as_deref().map_or_else(String::new, |d| format!(": {d}"));
            env.out.line(
                Line::new()
                    .put(Tone::Warning, format!("▲ {}  ", need.kind.word()))
                    .plain(format!("{}{detail}", need.title)),
            );
        }
        if let Some(next) = tell::next_line(&summary) {
            env.out.line(next);
        }
    }
    let failed = summary.need.is_some_and(|n| n.kind == NeedKind::Failed);
    if failed && !run.is_paused() { Exit::Failed } else { Exit::Waiting }
}

/// The place of a step in its run, from 1.
pub fn number(run: &Run, step: &StepId) -> usize {
    run.record(step).map_or(0, |(index, _)| index + 1)
}
