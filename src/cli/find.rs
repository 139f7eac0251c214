//! From what a person typed to the thing that is meant: a run, one of its steps, a workflow,
//! a session. What is not found says what there is.

use crate::base::{Error, Result, RunId, StepId};
use crate::cli::family::{self, Family, Open, Reach};
use crate::cli::{Env, link::Link, tell};
use crate::run::{Run, Session, StepRecord, StepState};
use crate::workflow::{Entry, Registry, Step, registry::EntryState};

/// The variable that scripts of a run find their session in.
const SESSION: &str = "MWTUI_SESSION";

/// The run that `text` names, and the connection it was found through.
pub async fn run(env: &Env, text: &str) -> Result<(Link, RunId)> {
    let link = Link::connect(&env.paths).await?;
    let run = link.find_run(text).await?;
    Ok((link, run))
}

/// A step by its id (`build.2` for an iteration, `build.rollback` for what undoes it), or by its
/// number as `status` lists it.
pub fn step(run: &Run, text: &str) -> Result<StepId> {
    let by_number = || run.steps.get(text.parse::<usize>().ok()?.checked_sub(1)?);
    let found = run.steps.iter().find(|r| r.id.as_str() == text).or_else(by_number);
    found.map(|r| r.id.clone()).ok_or_else(|| {
        let ids: Vec<&str> = run.steps.iter().map(|r| r.id.as_str()).take(STEPS_NAMED).collect();
        let more = if ids.len() < run.steps.len() { ", …" } else { "" };
        Error::not_found(format!("Run {} has no step {text}", run.id().short())).hint(format!(
            "Give a number from 1 to {}, or one of: {}{more}",
            run.steps.len(),
            ids.join(", ")
        ))
    })
}

/// Most steps that an error names.
const STEPS_NAMED: usize = 40;

/// A step, and the run that it is a step of: `deploy/verify` is the step `verify` of the child run
/// that the step `deploy` started last.
pub struct Place {
    pub run: Run,
    pub step: StepId,
}

pub async fn place(link: &Link, run: Run, text: &str) -> Result<Place> {
    let (mut run, mut text) = (run, text);
    loop {
        let not_here = match step(&run, text) {
            Ok(step) => return Ok(Place { run, step }),
            Err(error) => error,
        };
        let Some((head, rest)) = text.split_once('/') else { return Err(not_here) };
        let parent = step(&run, head)?;
        let child = run.record(&parent).and_then(|(_, record)| family::child_of(record)).cloned();
        let child = child.ok_or_else(|| {
            Error::not_found(format!("The step {parent} of run {} has no run of its own", run.id().short()))
                .hint(format!("mwtui status {}", run.id().short()))
        })?;
        run = link.run(&child).await?;
        text = rest;
    }
}

/// What a verb is said to.
pub struct Meant {
    /// The run that was named; what is told afterwards is how it stands.
    pub root: RunId,
    /// This run or a child of it.
    pub run: Run,
    /// `None`: no step is open, and the engine says what is the matter.
    pub step: Option<StepId>,
}

impl Meant {
    /// The step that is meant, whatever it does now.
    pub fn step(&self) -> Option<(&Step, &StepRecord)> {
        let (_, record) = self.run.record(self.step.as_ref()?)?;
        Some((self.run.definition(record)?, record))
    }

    /// The same, or that there is none.
    pub fn some_step(&self) -> Result<(&Step, &StepRecord)> {
        self.step().ok_or_else(|| {
            let id = self.root.short();
            Error::refused(format!("No step of run {id} waits for anybody now"))
                .hint(format!("mwtui status {id} shows where it stands"))
        })
    }
}

/// The step that a verb means: the one that is named, else the only one that is open in a way that
/// the verb `fits`.
pub async fn meant(
    env: &Env,
    run: &str,
    named: Option<&str>,
    verb: &str,
    fits: impl Fn(&StepState) -> bool,
) -> Result<(Link, Meant)> {
    let (link, root) = self::run(env, run).await?;
    let run = link.run(&root).await?;
    if let Some(named) = named {
        let place = place(&link, run, named).await?;
        return Ok((link, Meant { root, run: place.run, step: Some(place.step) }));
    }
    let family = Family::with(&link, run, Reach::Open).await?;
    let chosen = only(&family, verb, fits)?.map(|open| (open.run.clone(), open.record.id.clone()));
    let (run, step) = match chosen {
        Some((run, step)) => (run, Some(step)),
        None => (family.run, None),
    };
    Ok((link, Meant { root, run, step }))
}

/// The one open step that fits; where none does, the one that is open at all, so that the engine can say
/// why it does not. Several are an error that names them.
fn only<'f>(family: &'f Family, verb: &str, fits: impl Fn(&StepState) -> bool) -> Result<Option<Open<'f>>> {
    let all = family.open();
    let (mut fitting, mut others): (Vec<Open<'_>>, Vec<Open<'_>>) =
        all.into_iter().partition(|open| fits(&open.record.state));
    let id = family.run.id().short();
    match (fitting.len(), others.len()) {
        (1, _) => Ok(fitting.pop()),
        (0, 0) => Ok(None),
        (0, 1) => Ok(others.pop()),
        (0, _) => Err(Error::refused(format!("No open step of run {id} is one to {verb}"))
            .cause(format!("Open are {}", names(&others)))
            .hint(format!("mwtui status {id}"))),
        _ => Err(Error::refused(format!("{} open steps of run {id} could be meant", fitting.len()))
            .cause(names(&fitting))
            .hint(format!("Say which: --step {}", fitting.first().map_or("STEP", |o| o.name.as_str())))),
    }
}

fn names(open: &[Open<'_>]) -> String {
    let one = |o: &Open<'_>| format!("{} ({})", o.name, tell::need_word(&o.record.state));
    open.iter().map(one).collect::<Vec<_>>().join(", ")
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
