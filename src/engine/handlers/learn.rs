//! A person's choice of a workflow for a phrase.

use std::path::Path;
use std::sync::Arc;

use crate::base::paths::project_root;
use crate::base::{Error, Result, WorkflowId};
use crate::engine::handlers::canonical;
use crate::engine::server::Peer;
use crate::engine::{Engine, Input, blocking, learning};
use crate::matching::{Chosen, MemoryEventBody};
use crate::protocol::Response;
use crate::workflow::Registry;
use crate::workflow::registry::Origin;

pub async fn learn(
    engine: &Arc<Engine>,
    peer: &Peer,
    phrase: String,
    workflow: WorkflowId,
    how: Chosen,
    folder: String,
) -> Result<Response> {
    learning::only_people(&peer.actor, "teach what a phrase means")?;
    let phrase = learning::phrase(&phrase)?;
    let (registry, root) = registry(engine, folder).await?;
    if registry.get(&workflow).is_none() {
        return Err(Error::not_found(format!("There is no workflow {workflow}"))
            .hint("`mwtui list` shows what there is"));
    }
    let body = MemoryEventBody::Chosen { phrase, workflow, how, project: project(&registry, &root) };
    engine.ask(|reply| Input::Learn { body, actor: peer.actor.clone(), reply }).await
}

/// The registry that people see in this folder, and the root of its project.
pub async fn registry(engine: &Engine, folder: String) -> Result<(Registry, String)> {
    let root = project_root(&canonical(folder).await?);
    let paths = engine.paths.clone();
    blocking(move || Ok((Registry::load(&paths, &root), text(&root)))).await
}

/// The project, where its registry is one of its own.
pub fn project(registry: &Registry, root: &str) -> Option<String> {
    registry.entries.iter().any(|e| e.origin == Origin::Project).then(|| root.to_owned())
}

pub fn text(root: &Path) -> String {
    root.to_string_lossy().into_owned()
}
