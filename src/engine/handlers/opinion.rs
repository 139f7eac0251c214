//! A second opinion on a phrase: whom the settings name is asked, for as long as the client waits.

use std::sync::Arc;
use std::time::Instant;

use crate::base::{Error, Result};
use crate::engine::Engine;
use crate::engine::server::Peer;
use crate::exec;
use crate::matching::Question;
use crate::protocol::Response;

/// The settings are read anew: the engine may be older than they are.
pub async fn ask(engine: &Arc<Engine>, peer: &Peer, number: u64, question: Question) -> Result<Response> {
    peer.opinion.send_replace(Some(number));
    let mut waited_for = peer.opinion.subscribe();
    let paths = &engine.paths;
    let work = async {
        let settings = engine.settings.get().await?;
        let asked = settings.second_opinion.as_ref().ok_or_else(|| {
            Error::usage("No second opinion is configured")
                .hint("Add a [second_opinion] to config.toml; docs/CONFIGURATION.md shows how")
        })?;
        let begun = Instant::now();
        let result = exec::opinion::ask(asked, &question, &paths.config, &paths.vectors()).await;
        let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &result {
            Ok(opinion) => {
                let id = opinion.id.as_ref().map_or("none", |id| id.as_str());
                tracing::info!(asked = asked.name, id, took, "a second opinion was given");
            }
            Err(error) => tracing::warn!(asked = asked.name, ?error, took, "a second opinion was not given"),
        }
        result.map(Response::Opinion)
    };
    let result = tokio::select! {
        result = work => result,
        // An error would mean that the connection is gone.
        _ = waited_for.wait_for(|now| *now != Some(number)) => {
            tracing::debug!(number, "nobody waits for a second opinion any more");
            Err(Error::refused("The second opinion is no longer waited for"))
        }
    };
    cancel(peer, number);
    result
}

/// Ends the work on that question, where it is still at work.
pub fn cancel(peer: &Peer, number: u64) -> Response {
    peer.opinion.send_if_modified(|now| {
        let meant = *now == Some(number);
        if meant {
            *now = None;
        }
        meant
    });
    Response::Done
}
