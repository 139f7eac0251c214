//! Moving a run over to the version that its workflow's file is now: what differs, whether it can be, and the move.

use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::base::{Error, Result, RunId};
use crate::engine::handlers::secret;
use crate::engine::handlers::start::{self, Runnable};
use crate::engine::server::Peer;
use crate::engine::{Engine, Input, blocking};
use crate::protocol::{Difference, MoveOver, Response};
use crate::run::{Run, Version, WorkflowRef, changes};
use crate::workflow::Reference;
use crate::workflow::secret::variables;

pub async fn difference(engine: &Arc<Engine>, run: RunId, inputs: Map<String, Value>) -> Result<Response> {
    let shared = Arc::clone(engine);
    let (run, before) = blocking(move || {
        let run = shared.run(&run)?;
        let digest = &run.header.workflow.digest;
        let source = shared.store.definition(digest)?.ok_or_else(|| {
            Error::internal(format!("The definition {digest} is not in the store"))
                .hint("`mwtui doctor` looks the store over")
        })?;
        Ok((run, source))
    })
    .await?;
    let found = present(engine, &run).await?;
    let untrusted = start::untrusted(&found.entry, &run.workflow.id);
    let version = version(found, inputs, IndexMap::new());
    let changes = match untrusted {
        Some(error) => Err(error),
        None => changes(&run, &version).map_err(Error::from),
    };
    let text = |source: &[u8]| String::from_utf8_lossy(source).into_owned();
    Ok(Response::Difference(Box::new(Difference {
        from: run.header.workflow.clone(),
        to: version.reference,
        before: text(&before),
        after: text(&version.source),
        changes,
    })))
}

pub async fn move_over(engine: &Arc<Engine>, peer: &Peer, request: MoveOver) -> Result<Response> {
    start::same_profile(engine, peer).await?;
    let MoveOver { run, digest, inputs, mut env, mut secrets } = request;
    let (shared, id) = (Arc::clone(engine), run.clone());
    let now = blocking(move || shared.run(&id)).await?;
    let found = present(engine, &now).await?;
    if found.entry.digest != digest {
        return Err(Error::refused(format!("{} has changed since you looked", now.workflow.id))
            .cause(format!("{} is no longer the version that was shown", found.entry.file))
            .hint("Look at the difference again, then move the run over"));
    }
    if let Some(error) = start::untrusted(&found.entry, &now.workflow.id) {
        return Err(error);
    }
    let declared = found.workflow.env.iter().filter_map(|name| env.shift_remove_entry(name)).collect();
    if peer.actor.is_person() {
        engine.vault.take(&run, secret::typed(&inputs));
        for name in variables(&found.workflow, &inputs) {
            if let Some(value) = secrets.shift_remove(&name) {
                engine.vault.give(&run, Reference::Env(name), value);
            }
        }
    }
    let version = Box::new(version(found, inputs, declared));
    engine.ask(|reply| Input::MoveOver { run, version, actor: peer.actor.clone(), reply }).await
}

/// The run's workflow as it is now where the run is at home.
async fn present(engine: &Arc<Engine>, run: &Run) -> Result<Runnable> {
    start::present(engine, &run.workflow.id, Path::new(&run.header.context.folder)).await
}

fn version(found: Runnable, inputs: Map<String, Value>, env: IndexMap<String, String>) -> Version {
    let Runnable { workflow, entry, .. } = found;
    let reference = WorkflowRef {
        id: workflow.id.clone(),
        name: workflow.name.clone(),
        version: workflow.version,
        digest: entry.digest,
        origin: entry.origin,
    };
    Version { workflow, source: entry.source, reference, inputs, env }
}
