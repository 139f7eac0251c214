//! How the engine is, and ending it.

use std::sync::{Arc, PoisonError};

use crate::base::{Error, Result};
use crate::engine::{Engine, blocking};
use crate::exec::{Executor, Helper, Open};
use crate::protocol::{EngineStatus, LeftAlone, Response};

pub async fn status(engine: &Arc<Engine>) -> Result<Response> {
    let engine = Arc::clone(engine);
    blocking(move || {
        let counts = engine.activity.counts();
        let settings = engine.settings.now();
        let live = engine.live.read().unwrap_or_else(PoisonError::into_inner).len();
        let trouble = engine.trouble.read().unwrap_or_else(PoisonError::into_inner).clone();
        let schema_version = match (engine.store.schema_version(), &trouble) {
            (Ok(version), _) => version,
            // That it cannot be read just now is a part of the trouble.
            (Err(_), Some(_)) => 0,
            (Err(error), None) => return Err(error),
        };
        Ok(Response::EngineStatus(EngineStatus {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: engine.started_at,
            clients: counts.clients,
            consoles: counts.consoles,
            live_runs: u32::try_from(live).unwrap_or(u32::MAX),
            working_runs: counts.working_runs,
            store_bytes: engine.store.size(),
            schema_version,
            trouble,
            profile: settings.as_ref().ok().and_then(|s| s.profile.clone()),
            settings_error: settings.err(),
            hooks: engine.hooks.status(),
            left_alone: left_alone(&engine),
        }))
    })
    .await
}

/// `Done` says that it will end; that it has, the client sees by its connection's end.
pub fn stop(engine: &Engine, force: bool) -> Result<Response> {
    let working = engine.activity.counts().working_runs;
    if working > 0 && !force {
        let runs = if working == 1 { "1 run works".to_owned() } else { format!("{working} runs work") };
        return Err(Error::refused(format!("The engine is needed: {runs}"))
            .cause("Their steps would be left uncertain")
            .hint("Wait for them, cancel them, or say --force"));
    }
    tracing::info!(force, working, "a client ends the engine");
    engine.end();
    Ok(Response::Done)
}

fn left_alone(engine: &Engine) -> Vec<LeftAlone> {
    let open = engine.executor.get().map(Executor::left_alone).unwrap_or_default();
    let told = |(helper, open): (Helper, Open)| LeftAlone {
        what: helper.to_string(),
        since: open.since,
        until: open.until,
        failures: open.failures,
        why: open.why,
    };
    open.into_iter().map(told).collect()
}
