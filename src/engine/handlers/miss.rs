//! A phrase that fits no workflow: what the bank lacks.

use std::sync::Arc;

use crate::base::Result;
use crate::engine::handlers::learn;
use crate::engine::server::Peer;
use crate::engine::{Engine, Input, learning};
use crate::matching::MemoryEventBody;
use crate::protocol::Response;

pub async fn miss(engine: &Arc<Engine>, peer: &Peer, phrase: String, folder: String) -> Result<Response> {
    learning::only_people(&peer.actor, "say what the bank lacks")?;
    let phrase = learning::phrase(&phrase)?;
    let (registry, root) = learn::registry(engine, folder).await?;
    let body = MemoryEventBody::Missed { phrase, project: learn::project(&registry, &root) };
    engine.ask(|reply| Input::Learn { body, actor: peer.actor.clone(), reply }).await
}
