//! Subjects of a project: which states they are in, and a person's word about one.

use std::sync::Arc;

use crate::base::Result;
use crate::base::paths::project_root;
use crate::engine::handlers::canonical;
use crate::engine::server::Peer;
use crate::engine::{Engine, Input, blocking};
use crate::protocol::Response;

pub async fn list(engine: &Arc<Engine>, folder: String) -> Result<Response> {
    let root = project_root(&canonical(folder).await?);
    let shared = Arc::clone(engine);
    blocking(move || Ok(Response::Subjects(shared.store.subjects(&root.to_string_lossy())?))).await
}

pub async fn set(
    engine: &Arc<Engine>,
    peer: &Peer,
    folder: String,
    name: String,
    state: Option<String>,
    reason: String,
) -> Result<Response> {
    let root = project_root(&canonical(folder).await?);
    let actor = peer.actor.clone();
    engine.ask(|reply| Input::SetSubject { root, name, state, reason, actor, reply }).await
}
