//! Starting a run: the version that the person saw, trusted, with inputs that fit.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::paths::project_root;
use crate::base::{Error, Result, RunId, SessionId, WorkflowId};
use crate::engine::handlers::{canonical, secret};
use crate::engine::server::Peer;
use crate::engine::{Engine, Input, Prepared, blocking};
use crate::exec::git;
use crate::protocol::{Response, Start};
use crate::run::{Context, RunStarted, WorkflowRef};
use crate::workflow::registry::EntryState;
use crate::workflow::secret::variables;
use crate::workflow::{Entry, Reference, Registry, Status, Workflow, field};

/// Longest phrase that is kept, in characters.
const PHRASE_LIMIT: usize = 4096;

/// A workflow that may be run, as it lies on disk.
pub struct Runnable {
    pub workflow: Arc<Workflow>,
    entry: Entry,
    root: PathBuf,
}

pub async fn start(engine: &Arc<Engine>, peer: &Peer, request: Start) -> Result<Response> {
    let folder = canonical(request.folder).await?;
    let Runnable { workflow, entry, root } =
        entry(engine, &request.workflow, &request.digest, &folder).await?;
    if let Status::Deprecated { replaced_by, reason } = &workflow.status {
        let mut error = Error::refused(format!("{} is deprecated", workflow.id));
        error.causes.extend(reason.clone());
        return Err(match replaced_by {
            Some(other) => error.hint(format!("Run {other} instead")),
            None => error.hint("`mwtui list` shows what else there is"),
        });
    }
    let inputs = field::complete(&workflow.inputs, &request.inputs).map_err(|problems| {
        problems.into_iter().fold(
            Error::usage(format!("The inputs of {} do not fit", workflow.id))
                .hint(format!("`mwtui show {}` says what it asks for", workflow.id)),
            Error::cause,
        )
    })?;
    let (repo, start_commit) = tokio::join!(git::repo(&folder), git::head(&root));
    // What is not set stays unknown: an expression that reads it says so.
    let mut given = request.env;
    let env = workflow.env.iter().filter_map(|name| given.shift_remove_entry(name)).collect();
    let header = RunStarted {
        run: RunId::random()?,
        workflow: WorkflowRef {
            id: workflow.id.clone(),
            name: workflow.name.clone(),
            version: workflow.version,
            digest: entry.digest.clone(),
            origin: entry.origin,
        },
        inputs,
        context: Context { folder: folder.to_string_lossy().into_owned(), repo, env },
        // Known only to the run loop, which fills them in.
        session: SessionId::new(""),
        session_name: String::new(),
        phrase: request.phrase.map(|text| text.chars().take(PHRASE_LIMIT).collect()),
        prerequisites: request.prerequisites,
    };
    let run = header.run.clone();
    engine.vault.take(&run, secret::typed(&header.inputs));
    let mut given = request.secrets;
    for name in variables(&workflow, &header.inputs) {
        if let Some(value) = given.shift_remove(&name) {
            engine.vault.give(&run, Reference::Env(name), value);
        }
    }
    let prepared = Box::new(Prepared { workflow, source: entry.source, header, root, start_commit });
    let started = engine.ask(|reply| Input::Start { prepared, actor: peer.actor.clone(), reply }).await;
    if started.is_err() {
        engine.vault.forget(&run);
    }
    started
}

/// The workflow with this id as the registry of `folder` has it, where it is what the person saw
/// and a person trusts it.
pub async fn entry(engine: &Engine, id: &WorkflowId, digest: &str, folder: &Path) -> Result<Runnable> {
    let (paths, id, digest) = (engine.paths.clone(), id.clone(), digest.to_owned());
    let root = project_root(folder);
    blocking(move || {
        let mut registry = Registry::load(&paths, &root);
        let Some(index) = registry.entries.iter().position(|e| e.workflow().is_some_and(|w| w.id == id))
        else {
            return Err(missing(&registry, &id));
        };
        let entry = registry.entries.swap_remove(index);
        let EntryState::Loaded { workflow, trusted, .. } = &entry.state else {
            return Err(missing(&registry, &id));
        };
        if entry.digest != digest {
            return Err(Error::refused(format!("{id} has changed since you looked"))
                .cause(format!("{} is no longer the version that was shown", entry.file))
                .hint("Look at it again, then start it"));
        }
        if !trusted {
            let path = entry.path.as_deref().unwrap_or(Path::new(&entry.file));
            return Err(Error::refused(format!("{id} comes from this project and nobody trusts it yet"))
                .cause("A project's workflows run commands on your machine")
                .hint(format!("Read it, then trust it: `mwtui trust {}`", path.display())));
        }
        Ok(Runnable { workflow: Arc::clone(workflow), entry, root })
    })
    .await
}

fn missing(registry: &Registry, id: &WorkflowId) -> Error {
    let broken = registry.entries.iter().find_map(|entry| match &entry.state {
        EntryState::Broken { label, errors } if label == id.as_str() => Some((entry, errors)),
        _ => None,
    });
    match broken {
        Some((entry, errors)) => errors.iter().map(|d| format!("line {}: {}", d.line, d.message)).fold(
            Error::refused(format!("{id} cannot be loaded")).hint(format!("`mwtui validate {}`", entry.file)),
            Error::cause,
        ),
        None => {
            Error::not_found(format!("There is no workflow {id}")).hint("`mwtui list` shows what there is")
        }
    }
}
