//! Starting a run: the version that the person saw, trusted, with inputs that fit.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::base::paths::project_root;
use crate::base::{Error, Result, RunId, Secret, SessionId, StepId, WorkflowId};
use crate::engine::handlers::{canonical, secret};
use crate::engine::outside::Child;
use crate::engine::server::Peer;
use crate::engine::{Engine, Input, Prepared, blocking};
use crate::exec::git;
use crate::protocol::{Response, Start};
use crate::run::subject::NAME_LIMIT;
use crate::run::{Context, Parent, PrerequisiteResult, Repo, Run, RunStarted, Subject, WorkflowRef};
use crate::workflow::registry::EntryState;
use crate::workflow::secret::variables;
use crate::workflow::{Entry, Field, Reference, Registry, Workflow, field};

/// Longest phrase that is kept, in characters.
const PHRASE_LIMIT: usize = 4096;

/// How deep runs may stand in runs.
const GENERATIONS: usize = 8;

/// A workflow that may be run, as it lies on disk.
pub struct Runnable {
    pub workflow: Arc<Workflow>,
    pub entry: Entry,
    root: PathBuf,
}

pub async fn start(engine: &Arc<Engine>, peer: &Peer, request: Start) -> Result<Response> {
    same_profile(engine, peer).await?;
    let folder = canonical(request.folder).await?;
    let Runnable { workflow, entry, root } =
        entry(engine, &request.workflow, Some(&request.digest), &folder).await?;
    let wanted = Wanted {
        run: RunId::random()?,
        inputs: request.inputs,
        env: request.env,
        secrets: request.secrets,
        phrase: request.phrase.map(|text| text.chars().take(PHRASE_LIMIT).collect()),
        prerequisites: request.prerequisites,
        subject: request.subject,
        parent: None,
        // Known only to the run loop, which fills them in.
        session: (SessionId::new(""), String::new()),
        step_through: request.step_through,
        breakpoints: request.breakpoints,
    };
    let run = wanted.run.clone();
    let prepared = Box::new(prepare(engine, workflow, entry, root, folder, wanted).await?);
    let started = engine.ask(|reply| Input::Start { prepared, actor: peer.actor.clone(), reply }).await;
    if started.is_err() {
        engine.vault.forget(&run);
    }
    started
}

/// A child run, as the registry of its parent's folder has the workflow now.
pub async fn child(engine: &Arc<Engine>, child: &Child) -> Result<Prepared> {
    let id = child.parent.clone();
    let shared = Arc::clone(engine);
    let parent = blocking(move || shared.run(&id)).await?;
    let Runnable { workflow, entry, root } = entry(engine, &child.workflow, None, &child.folder).await?;
    if generation(engine, &parent).await? >= GENERATIONS {
        return Err(Error::refused(format!("{} is {GENERATIONS} runs deep", child.workflow))
            .hint("A workflow that runs itself never ends: look at its `workflow:` steps"));
    }
    let header = &parent.header;
    let wanted = Wanted {
        run: child.run.clone(),
        inputs: child.inputs.clone(),
        env: header.context.env.clone(),
        secrets: IndexMap::new(),
        phrase: None,
        prerequisites: Vec::new(),
        subject: header.subject.as_ref().map(|s| s.name.clone()),
        parent: Some(Parent { run: child.parent.clone(), step: child.step.clone(), attempt: child.attempt }),
        session: (header.session.clone(), header.session_name.clone()),
        step_through: parent.step_through,
        breakpoints: Vec::new(),
    };
    prepare(engine, workflow, entry, root, child.folder.clone(), wanted).await
}

/// How many runs stand above this one.
async fn generation(engine: &Arc<Engine>, run: &Run) -> Result<usize> {
    let (shared, mut parent) = (Arc::clone(engine), run.header.parent.clone());
    blocking(move || {
        let mut count = 1;
        while let Some(of) = parent.take() {
            if count > GENERATIONS {
                break;
            }
            count += 1;
            parent.clone_from(&shared.run(&of.run)?.header.parent);
        }
        Ok(count)
    })
    .await
}

/// What a start was asked with.
struct Wanted {
    run: RunId,
    inputs: Map<String, Value>,
    env: IndexMap<String, String>,
    secrets: IndexMap<String, Secret>,
    phrase: Option<String>,
    prerequisites: Vec<PrerequisiteResult>,
    subject: Option<String>,
    parent: Option<Parent>,
    session: (SessionId, String),
    step_through: bool,
    breakpoints: Vec<StepId>,
}

async fn prepare(
    engine: &Arc<Engine>,
    workflow: Arc<Workflow>,
    entry: Entry,
    root: PathBuf,
    folder: PathBuf,
    wanted: Wanted,
) -> Result<Prepared> {
    workflow.refuse_deprecated()?;
    let inputs =
        field::complete(&workflow.inputs, &wanted.inputs).map_err(|problems| unfit(&workflow, problems))?;
    let given = |f: &&Field| f.is_secret() && wanted.inputs.get(&f.name).is_some_and(|v| !v.is_null());
    if wanted.parent.is_some()
        && let Some(field) = workflow.inputs.iter().find(given)
    {
        return Err(Error::refused(format!("{} is not given its secret {}", workflow.id, field.name))
            .cause("A value that a step made could name any file as a secret")
            .hint("Its own workflow says with `from` where the secret comes from"));
    }
    if let Some(unknown) = wanted.breakpoints.iter().find(|id| workflow.step(id).is_none()) {
        return Err(Error::usage(format!("{} has no step “{unknown}” to break at", workflow.id))
            .hint(format!("`mwtui show {}` lists its steps", workflow.id)));
    }
    let (repo, start_commit) = tokio::join!(git::repo(&folder), git::head(&root));
    let around = surroundings(engine).await?;
    // What is not set stays unknown: an expression that reads it says so.
    let mut given = wanted.env;
    let env = workflow.env.iter().filter_map(|name| given.shift_remove_entry(name)).collect();
    let subject = subject(&workflow, &inputs, wanted.subject, repo.as_ref(), &root)?;
    let header = RunStarted {
        run: wanted.run,
        workflow: WorkflowRef {
            id: workflow.id.clone(),
            name: workflow.name.clone(),
            version: workflow.version,
            digest: entry.digest.clone(),
            origin: entry.origin,
        },
        inputs,
        context: Context {
            folder: folder.to_string_lossy().into_owned(),
            repo,
            env,
            agents: around.agents,
            parallel: around.parallel,
        },
        session: wanted.session.0,
        session_name: wanted.session.1,
        phrase: wanted.phrase,
        prerequisites: wanted.prerequisites,
        parent: wanted.parent,
        subject,
        fork: None,
        step_through: wanted.step_through,
        breakpoints: wanted.breakpoints,
    };
    let run = &header.run;
    engine.vault.take(run, secret::typed(&header.inputs));
    let mut secrets = wanted.secrets;
    for name in variables(&workflow, &header.inputs) {
        if let Some(value) = secrets.shift_remove(&name) {
            engine.vault.give(run, Reference::Env(name), value);
        }
    }
    Ok(Prepared { workflow, source: entry.source, header, root, start_commit })
}

/// What the settings say about runs.
pub struct Surroundings {
    /// Those that have a command; for all others somebody answers.
    pub agents: Vec<String>,
    pub parallel: Option<u32>,
}

pub async fn surroundings(engine: &Arc<Engine>) -> Result<Surroundings> {
    let settings = engine.settings.get().await?;
    let commanded = settings.agents.values().filter(|agent| !agent.command.is_empty());
    Ok(Surroundings {
        agents: commanded.map(|agent| agent.name.clone()).collect(),
        parallel: u32::try_from(settings.limits.parallel).ok(),
    })
}

/// What a run with `moves` works on: what was named, else the branch.
fn subject(
    workflow: &Workflow,
    inputs: &Map<String, Value>,
    named: Option<String>,
    repo: Option<&Repo>,
    root: &Path,
) -> Result<Option<Subject>> {
    if workflow.moves.is_none() {
        return match named {
            // A child run that moves nothing has its parent's subject and no use for it.
            Some(_) | None => Ok(None),
        };
    }
    let named = named.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let branch = || repo.map(|r| r.branch.clone()).filter(|b| !b.is_empty());
    let name = named.or_else(branch).ok_or_else(|| {
        Error::usage(format!("{} changes the state of a subject, and none is named", workflow.id))
            .cause("There is no branch to take its name from")
            .hint("Name it: --subject NAME")
    })?;
    if let Some(Err(error)) = workflow.moves.as_ref().map(|moves| moves.apply(inputs)) {
        return Err(Error::usage(format!("Whether {} moves {name} cannot be told", workflow.id))
            .cause(error.to_string()));
    }
    if name.len() > NAME_LIMIT {
        return Err(Error::usage(format!("The subject's name is longer than {NAME_LIMIT} bytes")));
    }
    Ok(Some(Subject { root: root.to_string_lossy().into_owned(), name, state: None }))
}

/// Inputs that do not fit, all problems at once.
pub fn unfit(workflow: &Workflow, problems: Vec<String>) -> Error {
    problems.into_iter().fold(
        Error::usage(format!("The inputs of {} do not fit", workflow.id))
            .hint(format!("`mwtui show {}` says what it asks for", workflow.id)),
        Error::cause,
    )
}

/// Agents, servers, hooks and limits are those of the engine's profile: nobody gets production's who asked for
/// staging's.
pub async fn same_profile(engine: &Engine, peer: &Peer) -> Result<()> {
    let own = engine.settings.get().await?.profile.clone();
    if own == peer.profile {
        return Ok(());
    }
    let told = |profile: &Option<String>| match profile {
        Some(name) => format!("the profile `{name}`"),
        None => "no profile".to_owned(),
    };
    Err(Error::refused(format!(
        "The engine works with {}, and this asks for {}",
        told(&own),
        told(&peer.profile)
    ))
    .cause("Whoever started the engine chose its profile; agents, servers and hooks are of that profile")
    .hint("`mwtui engine stop` ends it once no run works; the next command starts one with its own profile"))
}

/// The workflow with this id as the registry of `folder` has it, where it is what the person saw
/// (`digest`, where one did) and a person trusts it.
pub async fn entry(
    engine: &Engine,
    id: &WorkflowId,
    digest: Option<&str>,
    folder: &Path,
) -> Result<Runnable> {
    let found = present(engine, id, folder).await?;
    if digest.is_some_and(|digest| found.entry.digest != digest) {
        return Err(Error::refused(format!("{id} has changed since you looked"))
            .cause(format!("{} is no longer the version that was shown", found.entry.file))
            .hint("Look at it again, then start it"));
    }
    untrusted(&found.entry, id).map_or(Ok(found), Err)
}

/// The workflow with this id as the registry of `folder` has it, trusted or not.
pub async fn present(engine: &Engine, id: &WorkflowId, folder: &Path) -> Result<Runnable> {
    let (settings, id) = (engine.settings.clone(), id.clone());
    let root = project_root(folder);
    blocking(move || {
        let mut registry = Registry::load(&settings.paths()?, &root);
        let Some(index) = registry.entries.iter().position(|e| e.workflow().is_some_and(|w| w.id == id))
        else {
            return Err(missing(&registry, &id));
        };
        let entry = registry.entries.swap_remove(index);
        let EntryState::Loaded { workflow, .. } = &entry.state else {
            return Err(missing(&registry, &id));
        };
        Ok(Runnable { workflow: Arc::clone(workflow), entry, root })
    })
    .await
}

/// Why this file may not be run, where nobody trusts it.
pub fn untrusted(entry: &Entry, id: &WorkflowId) -> Option<Error> {
    let EntryState::Loaded { trusted: false, .. } = &entry.state else { return None };
    let path = entry.path.as_deref().unwrap_or(Path::new(&entry.file));
    Some(
        Error::refused(format!("{id} comes from this project and nobody trusts it yet"))
            .cause("A project's workflows run commands on your machine")
            .hint(format!("Read it, then trust it: `mwtui trust {}`", path.display())),
    )
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
