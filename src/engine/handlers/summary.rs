//! What a session summary is made from, and writing one to a file.

use std::sync::Arc;

use crate::base::{Result, SessionId};
use crate::engine::server::Peer;
use crate::engine::{Engine, Input, SessionVerb, blocking, load, record as records};
use crate::protocol::Response;

pub async fn record(engine: &Arc<Engine>, session: SessionId) -> Result<Response> {
    records::build(engine, &session).await.map(|record| Response::SessionRecord(Box::new(record)))
}

pub async fn export(
    engine: &Arc<Engine>,
    peer: &Peer,
    session: SessionId,
    path: String,
    text: String,
    replace: bool,
) -> Result<Response> {
    let (shared, id, by) = (Arc::clone(engine), session.clone(), peer.actor.clone());
    let export = blocking(move || {
        let session = load::session(&shared.store, &id)?;
        records::export(&session, &path, &text, replace, &by)
    })
    .await?;
    let verb = SessionVerb::Exported { session, export };
    engine.ask(|reply| Input::Session { verb, actor: peer.actor.clone(), reply }).await
}
