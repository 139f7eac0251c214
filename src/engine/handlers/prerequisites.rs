//! The prerequisites of a workflow, their commands run.

use std::sync::Arc;

use crate::base::{Result, WorkflowId};
use crate::engine::Engine;
use crate::engine::handlers::{canonical, start};
use crate::exec;
use crate::protocol::Response;

/// Commands of a workflow that nobody trusts are not run: the same rules as for a start.
pub async fn check(
    engine: &Arc<Engine>,
    workflow: WorkflowId,
    digest: String,
    folder: String,
) -> Result<Response> {
    let folder = canonical(folder).await?;
    let entry = start::entry(engine, &workflow, Some(&digest), &folder).await?;
    let limit = engine.settings.get().await?.timeouts.prerequisite.as_duration();
    let results = exec::prerequisite::check(&entry.workflow.prerequisites, &folder, limit).await;
    Ok(Response::Prerequisites(results))
}
