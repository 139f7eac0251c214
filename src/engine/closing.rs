//! Ending a session because a workflow with `ends_session` has completed: its summary is
//! written first, so that an engine that dies in between does it again.

use std::sync::Arc;

use crate::base::{Actor, Result, SessionId};
use crate::engine::{Engine, Input, SessionVerb, blocking, load, record};
use crate::report;
use crate::run::{EventBody, Export, RunFilter, RunStatus};

/// How many names are tried where other people's files have the first ones.
const NAMES: u32 = 99;

/// Writes the summary and ends the session. Where the summary cannot be written, the session
/// stays open with a note that says why, and the next start of the engine tries again.
pub async fn close(engine: Arc<Engine>, session: SessionId) {
    let _task = engine.activity.task();
    if let Err(error) = try_close(&engine, &session).await {
        tracing::error!(%session, ?error, "a session's summary could not be written");
        let mut text = format!("The session summary could not be written: {error}");
        for cause in &error.causes {
            text.push_str("; ");
            text.push_str(cause);
        }
        let verb = SessionVerb::Note { session: session.clone(), text };
        if let Err(error) = apply(&engine, verb).await {
            tracing::error!(%session, ?error, "and that could not be noted");
        }
    }
}

async fn try_close(engine: &Arc<Engine>, id: &SessionId) -> Result<()> {
    let mut record = record::build(engine, id).await?;
    if record.session.ended.is_some() {
        return Ok(());
    }
    // The summary is of the session as it will be right after.
    record.session.ended = Some((record.at, Actor::Engine));
    let export = blocking(move || {
        let text = report::markdown(&record);
        let session = &record.session;
        let mut number = 1;
        loop {
            let name = match number {
                1 => session.name.clone(),
                _ => format!("{}-{number}", session.name),
            };
            let file = report::file_name(&name);
            match record::export(session, &file, &text, false, &Actor::Engine) {
                Err(error) if record::is_taken(&error) && number < NAMES => number += 1,
                result => return result,
            }
        }
    })
    .await?;
    exported(engine, id.clone(), export).await?;
    apply(engine, SessionVerb::End { session: id.clone() }).await
}

async fn exported(engine: &Engine, session: SessionId, export: Export) -> Result<()> {
    apply(engine, SessionVerb::Exported { session, export }).await
}

async fn apply(engine: &Engine, verb: SessionVerb) -> Result<()> {
    engine.ask(|reply| Input::Session { verb, actor: Actor::Engine, reply }).await.map(|_| ())
}

/// The open sessions that a completed run should have ended: an engine died before it could.
/// Blocking.
pub fn left_open<'a>(engine: &Engine, open: impl Iterator<Item = &'a SessionId>) -> Result<Vec<SessionId>> {
    let mut left = Vec::new();
    for session in open {
        let filter = RunFilter {
            statuses: vec![RunStatus::Completed],
            session: Some(session.clone()),
            ..RunFilter::default()
        };
        let ends = engine.store.runs(&filter)?.iter().any(|summary| {
            if summary.moved_over {
                return load::run(&engine.store, &summary.run).is_ok_and(|run| run.workflow.ends_session);
            }
            let first = engine.store.events(&summary.run, 0, 1);
            let Ok(Some(EventBody::RunStarted(header))) = first.map(|e| e.into_iter().next().map(|e| e.body))
            else {
                return false;
            };
            load::definition(&engine.store, &header.workflow.digest).is_ok_and(|w| w.ends_session)
        });
        if ends {
            left.push(session.clone());
        }
    }
    Ok(left)
}
