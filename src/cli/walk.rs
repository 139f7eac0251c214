//! `mwtui walk`: leads through a run at the prompt: streams what runs, asks where a person is
//! needed. Leaving it leaves the run as it is.

use std::time::Duration;

use serde_json::json;

use crate::base::{Actor, Error, Result, RunId};
use crate::cli::family::{Family, Open, Reach};
use crate::cli::link::{Link, Updates};
use crate::cli::output::{Line, Tone};
use crate::cli::{Env, Exit, find, follow::Follower, prompt, rollback, tell};
use crate::run::{Export, Need, NeedKind, Phase, Run, Session, summarise};

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
    /// Show what works until something else happens.
    Watch,
    /// Leave it as it is.
    Leave,
}

/// Follows a run and its child runs to its end, or to where a person is needed and none can be asked.
pub async fn walk(env: &Env, link: &Link, id: &RunId) -> Result<Exit> {
    env.on_interrupt(come_back(id));
    let mut updates = link.updates().await?;
    let mut follower = Follower::new(id.clone());
    // The person wants to see what works before they are asked again.
    let mut watched: Option<Vec<String>> = None;
    let mut was_torn = false;
    loop {
        let family = Family::load(link, id, Reach::Open).await?;
        follower.catch_up(env, link).await?;
        if env.out.is_closed() {
            return Ok(Exit::Done);
        }
        let run = &family.run;
        if run.is_ended() {
            return ended(env, link, &mut updates, run).await;
        }
        let asked = family.asked();
        let working = family.is_working();
        let paused = family.paused();
        let names = || asked.iter().map(|open| open.name.clone()).collect::<Vec<_>>();
        let watches = working && watched.as_ref().is_some_and(|seen| *seen == names());
        let waits = if env.may_ask() { watches || asked.is_empty() } else { working };
        if paused.is_none() && waits {
            let ids: Vec<RunId> = family.each().iter().map(|f| f.run.id().clone()).collect();
            updates.any_changed(&ids).await?;
            continue;
        }
        if !env.may_ask() {
            // The child runs were read after their parent, which tells of what they wait for in the same commit.
            let is_torn = paused.is_none() && summarise(run).need.is_none() && !asked.is_empty();
            if is_torn && !std::mem::replace(&mut was_torn, true) {
                continue;
            }
            return Ok(stopped(env, &family));
        }
        let turn = match paused {
            Some(paused) => prompt::paused(env, link, paused).await?,
            None => prompt::ask(env, link, &family, &asked, working).await?,
        };
        watched = None;
        match turn {
            Turn::Look => {}
            Turn::Watch => watched = Some(names()),
            Turn::Leave => {
                env.out.line(come_back(id));
                return Ok(Exit::Waiting);
            }
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
    if !completed && run.rollback.is_none() {
        rollback::offer(env, run);
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
fn stopped(env: &Env, family: &Family) -> Exit {
    let summary = summarise(&family.run);
    let asked = family.asked();
    let needs: Vec<Need> = asked.iter().filter_map(Open::need).collect();
    if env.out.is_json() {
        let steps: Vec<_> =
            asked.iter().zip(&needs).map(|(open, need)| json!({ "step": open.name, "need": need })).collect();
        env.out.json(json!({ "run": summary, "waiting": steps }));
    } else {
        env.out.line(tell::summary_line(&summary));
        for (open, need) in asked.iter().zip(&needs) {
            let detail = need.detail.as_deref().map_or_else(String::new, |d| format!(": {d}"));
            let line = Line::new()
                .put(Tone::Warning, format!("▲ {}  ", need.kind.word()))
                .plain(format!("{}{detail}", need.title));
            env.out.line(line.dim(format!("  {}", open.name)));
        }
        let next = match asked.first() {
            Some(first) if asked.len() > 1 && family.paused().is_none() => {
                tell::next_of(family.run.id().short(), first)
            }
            _ => tell::next_line(&summary),
        };
        if let Some(next) = next {
            env.out.line(next);
        }
    }
    let failed = needs.iter().any(|need| need.kind == NeedKind::Failed);
    if failed && family.paused().is_none() { Exit::Failed } else { Exit::Waiting }
}
