//! Forgetting what was learned: of one phrase, or all that counts in a folder.

use crate::base::Result;
use crate::base::paths::project_root;
use crate::engine::handlers::{canonical, learn};
use crate::engine::server::Peer;
use crate::engine::{Engine, Input, learning};
use crate::matching::MemoryEventBody;
use crate::protocol::Response;

pub async fn forget(
    engine: &Engine,
    peer: &Peer,
    phrase: Option<String>,
    folder: String,
) -> Result<Response> {
    learning::only_people(&peer.actor, "forget what was learned")?;
    let phrase = phrase.map(|p| learning::phrase(&p)).transpose()?;
    let root = project_root(&canonical(folder).await?);
    let body = MemoryEventBody::Forgotten { phrase, project: Some(learn::text(&root)) };
    engine.ask(|reply| Input::Learn { body, actor: peer.actor.clone(), reply }).await
}
