//! Opening, finding, noting, renaming and ending sessions.

use std::sync::Arc;

use crate::base::paths::project_root;
use crate::base::{Error, Result, SessionId};
use crate::engine::handlers::canonical;
use crate::engine::server::Peer;
use crate::engine::{Engine, Input, SessionVerb, blocking, sessions};
use crate::exec::git;
use crate::protocol::Response;
use crate::run::Session;

pub async fn open(engine: &Engine, peer: &Peer, folder: String) -> Result<Response> {
    let root = project_root(&canonical(folder).await?);
    let start_commit = git::head(&root).await;
    ask(engine, peer, SessionVerb::Open { root, start_commit }).await
}

pub async fn list(engine: &Arc<Engine>) -> Result<Response> {
    let engine = Arc::clone(engine);
    blocking(move || engine.store.sessions().map(Response::Sessions)).await
}

pub async fn find(engine: &Arc<Engine>, prefix: String, folder: String) -> Result<Response> {
    let root = if prefix == "current" { Some(project_root(&canonical(folder).await?)) } else { None };
    let engine = Arc::clone(engine);
    blocking(move || {
        let all = engine.store.sessions()?;
        let found = match root {
            Some(root) => sessions::of_root(all.iter(), &root).ok_or_else(|| {
                Error::not_found(format!("No session is open in {}", root.display()))
                    .hint("A run opens one, and so does the console")
            })?,
            None => pick(&all, &prefix)?,
        };
        Ok(Response::Session(found.clone()))
    })
    .await
}

/// `all` is newest first.
fn pick<'a>(all: &'a [Session], prefix: &str) -> Result<&'a Session> {
    if prefix == "last" {
        return all
            .first()
            .ok_or_else(|| Error::not_found("There is no session yet").hint("A run opens one"));
    }
    if let Some(named) = all.iter().find(|s| s.name == prefix) {
        return Ok(named);
    }
    let found: Vec<&Session> =
        all.iter().filter(|s| !prefix.is_empty() && s.id.as_str().starts_with(prefix)).collect();
    match found.as_slice() {
        [] => Err(Error::not_found(format!("There is no session “{prefix}”"))
            .hint("See them all with `mwtui session list`")),
        [one] => Ok(one),
        several => {
            let ids: Vec<&str> = several.iter().map(|s| s.id.as_str()).collect();
            Err(Error::usage(format!("Several sessions begin with {prefix}"))
                .cause(ids.join(", "))
                .hint("Give one digit more, or the name"))
        }
    }
}

pub async fn note(engine: &Engine, peer: &Peer, session: SessionId, text: String) -> Result<Response> {
    ask(engine, peer, SessionVerb::Note { session, text }).await
}

pub async fn rename(engine: &Engine, peer: &Peer, session: SessionId, name: String) -> Result<Response> {
    ask(engine, peer, SessionVerb::Rename { session, name }).await
}

pub async fn end(engine: &Engine, peer: &Peer, session: SessionId) -> Result<Response> {
    ask(engine, peer, SessionVerb::End { session }).await
}

async fn ask(engine: &Engine, peer: &Peer, verb: SessionVerb) -> Result<Response> {
    engine.ask(|reply| Input::Session { verb, actor: peer.actor.clone(), reply }).await
}
