//! From what a person typed to the thing that is meant: a run, one of its steps, a workflow,
//! a session. What is not found says what there is.

use crate::base::{Error, Result, RunId, StepId};
use crate::cli::{Env, link::Link};
use crate::run::{Run, Session};
use crate::workflow::{Entry, Registry, registry::EntryState};

/// The variable that scripts of a run find their session in.
const SESSION: &str = "MWTUI_SESSION";

/// The run that `text` names, and the connection it was found through.
pub async fn run(env: &Env, text: &str) -> Result<(Link, RunId)> {
    let link = Link::connect(&env.paths).await?;
    let run = link.find_run(text).await?;
    Ok((link, run))
}

/// A step by its id, or by its number from 1.
pub fn step(run: &Run, text: &str) -> Result<StepId> {
    let steps = &run.workflow.steps;
    let by_number = || {
        let index = text.parse::<usize>().ok()?.checked_sub(1)?;
        steps.get(index)
    };
    steps.iter().find(|s| s.id.as_str() == text).or_else(by_number).map(|s| s.id.clone()).ok_or_else(|| {
        let ids: Vec<&str> = steps.iter().map(|s| s.id.as_str()).collect();
        Error::not_found(format!("Run {} has no step {text}", run.id().short())).hint(format!(
            "Give a number from 1 to {}, or one of: {}",
            ids.len(),
            ids.join(", ")
        ))
    })
}

/// A step that may be left out: the engine then takes the one that waits.
pub async fn optional_step(link: &Link, run: &RunId, text: Option<&str>) -> Result<Option<StepId>> {
    match text {
        Some(text) => step(&link.run(run).await?, text).map(Some),
        None => Ok(None),
    }
}

/// The name that an entry goes by, broken or not.
pub fn label(entry: &Entry) -> &str {
    match &entry.state {
        EntryState::Loaded { workflow, .. } => workflow.id.as_str(),
        EntryState::Broken { label, .. } => label,
    }
}

/// The entry with this id, blind to case where that is unmistakable.
pub fn entry<'a>(registry: &'a Registry, id: &str) -> Option<&'a Entry> {
    let exact = registry.entries.iter().find(|e| label(e) == id);
    exact.or_else(|| {
        let mut same = registry.entries.iter().filter(|e| label(e).eq_ignore_ascii_case(id));
        same.next().filter(|_| same.next().is_none())
    })
}

/// That no workflow has this id, with those that are spelt nearly so.
pub fn no_workflow(registry: &Registry, id: &str) -> Error {
    let error = Error::not_found(format!("There is no workflow {id}"));
    let near = |e: &&Entry| strsim::jaro_winkler(&label(e).to_lowercase(), &id.to_lowercase()) > 0.8;
    let close: Vec<&str> = registry.entries.iter().filter(near).map(label).take(3).collect();
    if close.is_empty() {
        error.hint("mwtui list shows all workflows; mwtui match finds one by what you want to do")
    } else {
        error.hint(format!("mwtui list; did you mean {}?", close.join(" or ")))
    }
}

/// The session that `text` names; without one the session of the environment, else this
/// folder's current one, else the last.
pub async fn session(link: &Link, env: &Env, text: Option<&str>) -> Result<Session> {
    let given = text.map(str::to_owned).or_else(|| std::env::var(SESSION).ok().filter(|s| !s.is_empty()));
    if let Some(given) = given {
        return link.find_session(&given, env.folder_text()).await;
    }
    match link.find_session("current", env.folder_text()).await {
        Err(error) if error.kind == crate::base::ErrorKind::NotFound => {
            link.find_session("last", env.folder_text()).await
        }
        other => other,
    }
}

/// The session to write to: that of the environment, else this folder's, opened if need be.
pub async fn open_session(link: &Link, env: &Env) -> Result<Session> {
    match std::env::var(SESSION).ok().filter(|s| !s.is_empty()) {
        Some(given) => link.find_session(&given, env.folder_text()).await,
        None => link.open_session(env.folder_text()).await,
    }
}

/// The session that is open here. Opens none.
pub async fn open_one(link: &Link, env: &Env) -> Result<Session> {
    let given = std::env::var(SESSION).ok().filter(|s| !s.is_empty());
    link.find_session(given.as_deref().unwrap_or("current"), env.folder_text()).await
}
