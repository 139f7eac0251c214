//! Forking a run: the version that the old one is pinned to, with what it had settled.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::base::paths::project_root;
use crate::base::{Error, Result, RunId, StepId};
use crate::engine::handlers::secret;
use crate::engine::handlers::start::{same_profile, surroundings, unfit};
use crate::engine::server::Peer;
use crate::engine::{Engine, Input, Prepared, blocking};
use crate::exec::git;
use crate::protocol::Response;
use crate::run::{Context, RunStarted, fork};
use crate::workflow::field;

pub async fn fork_run(
    engine: &Arc<Engine>,
    peer: &Peer,
    run: RunId,
    from: StepId,
    edited: Map<String, Value>,
) -> Result<Response> {
    same_profile(engine, peer).await?;
    let shared = Arc::clone(engine);
    let (old, source) = blocking(move || {
        let old = shared.run(&run)?;
        let digest = &old.header.workflow.digest;
        let source = shared.store.definition(digest)?.ok_or_else(|| {
            Error::internal(format!("The definition {digest} is not in the store"))
                .hint("`mwtui doctor` looks the store over")
        })?;
        Ok((old, source))
    })
    .await?;
    let taken = fork(&old, &from)?;
    let mut inputs = old.inputs.clone();
    inputs.extend(edited);
    let inputs = field::complete(&old.workflow.inputs, &inputs).map_err(|p| unfit(&old.workflow, p))?;
    let folder = PathBuf::from(&old.header.context.folder);
    if !folder.is_dir() {
        return Err(Error::refused(format!("The folder {} is not there any more", folder.display()))
            .hint("A fork runs where the old run ran: bring the folder back, or start a new run"));
    }
    let root = project_root(&folder);
    let (repo, start_commit) = tokio::join!(git::repo(&folder), git::head(&root));
    let around = surroundings(engine).await?;
    let header = RunStarted {
        run: RunId::random()?,
        inputs,
        context: Context {
            repo,
            agents: around.agents,
            parallel: around.parallel,
            ..old.header.context.clone()
        },
        phrase: None,
        parent: None,
        fork: Some(taken),
        breakpoints: Vec::new(),
        ..old.header.clone()
    };
    let new = header.run.clone();
    engine.vault.inherit(old.id(), &new);
    engine.vault.take(&new, secret::typed(&header.inputs));
    let prepared = Box::new(Prepared {
        workflow: Arc::clone(&old.workflow),
        source: Arc::from(source),
        header,
        root: Path::to_owned(&root),
        start_commit,
    });
    let started = engine.ask(|reply| Input::Start { prepared, actor: peer.actor.clone(), reply }).await;
    if started.is_err() {
        engine.vault.forget(&new);
    }
    started
}
