//! One fact in a run's journal, in order, never changed. The JSON names are a public format
//! (`mwtui events --json`) and old ones must be read for ever: add, never rename.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::{Actor, RunId, SessionId, StepId, Timestamp, WorkflowId};
use crate::workflow::Origin;

/// One fact. `seq` counts from 1 within its run, without gaps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub seq: u64,
    pub at: Timestamp,
    pub actor: Actor,
    #[serde(flatten)]
    pub body: EventBody,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data")]
pub enum EventBody {
    #[serde(rename = "run.started")]
    RunStarted(Box<RunStarted>),
    /// A try at a step begins; everything is resolved, nothing has been done yet.
    #[serde(rename = "step.started")]
    StepStarted { step: StepId, attempt: u32, work: Work, deadline: Option<Timestamp> },
    /// A person ticked an action of a manual step, or took the tick away.
    #[serde(rename = "step.checked")]
    ActionChecked { step: StepId, action: usize, checked: bool },
    #[serde(rename = "step.completed")]
    StepCompleted { step: StepId, attempt: u32, outcome: Outcome },
    #[serde(rename = "step.failed")]
    StepFailed { step: StepId, attempt: u32, failure: Failure, next: AfterFailure },
    #[serde(rename = "step.skipped")]
    StepSkipped { step: StepId, reason: SkipReason },
    /// The engine died while it ran; nobody knows how far it came.
    #[serde(rename = "step.uncertain")]
    StepUncertain { step: StepId, attempt: u32 },
    /// A person (or, for an idempotent step after a crash, the engine) wants another try.
    #[serde(rename = "step.retried")]
    StepRetried { step: StepId },
    /// Stopped by somebody's wish, to go back or to skip it.
    #[serde(rename = "step.interrupted")]
    StepInterrupted { step: StepId, attempt: u32 },
    /// `to` and every later step are pending again; what they did stays in the history.
    #[serde(rename = "run.back")]
    WentBack { to: StepId, reason: Option<String> },
    #[serde(rename = "run.note")]
    NoteAdded { step: Option<StepId>, text: String },
    #[serde(rename = "run.paused")]
    RunPaused { freeze: bool },
    #[serde(rename = "run.resumed")]
    RunResumed,
    /// Processes have been asked to end; `RunCancelled` follows when they have.
    #[serde(rename = "run.cancelling")]
    CancelRequested { reason: Option<String> },
    #[serde(rename = "run.cancelled")]
    RunCancelled {
        reason: Option<String>,
        /// Processes that could not be ended, as people would name them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left_behind: Vec<String>,
    },
    #[serde(rename = "run.completed")]
    RunCompleted,
    #[serde(rename = "run.failed")]
    RunFailed { reason: String },
}

/// The first event of every run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    pub run: RunId,
    pub workflow: WorkflowRef,
    pub inputs: Map<String, Value>,
    pub context: Context,
    pub session: SessionId,
    /// As the session was called at the start.
    #[serde(default)]
    pub session_name: String,
    /// What the person typed, where the run came from a phrase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phrase: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prerequisites: Vec<PrerequisiteResult>,
}

/// The version that a run is pinned to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowRef {
    pub id: WorkflowId,
    pub name: String,
    pub version: u32,
    /// SHA-256 of the file, lowercase hexadecimal.
    pub digest: String,
    pub origin: Origin,
}

/// What surrounded the run when it started; expressions read it, so it never changes later.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// Absolute; steps run here and files are written under it.
    pub folder: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<Repo>,
    /// The environment variables that the workflow declares.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub env: IndexMap<String, String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repo {
    pub root: String,
    pub branch: String,
    /// From the `origin` remote; empty where there is none.
    pub owner: String,
    pub name: String,
}

impl Repo {
    /// Owner and name as the URL of a remote tells them: `git@host:owner/name.git`, `ssh://git@host:22/owner/name`, `https://host/group/team/name.git`.
    /// A path on this machine has no owner.
    pub fn owner_and_name(url: &str) -> (String, String) {
        let url = url.trim().trim_end_matches('/');
        let path = match url.split_once("://") {
            Some(("file", path)) => return (String::new(), last_part(path)),
            Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
            // `host:path`; a colon after a slash belongs to a file's name.
            None => match url.split_once(':') {
                Some((host, path)) if !host.contains('/') => path,
                _ => return (String::new(), last_part(url)),
            },
        };
        let path = path.trim_start_matches('/');
        let owner = path.rsplit_once('/').map_or("", |(owner, _)| owner);
        (owner.to_owned(), last_part(path))
    }
}

fn last_part(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".git").unwrap_or(name).to_owned()
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrerequisiteResult {
    pub says: String,
    /// `None`: a sentence that nobody has ticked.
    pub passed: Option<bool>,
    /// What the command printed, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What one try does, with every value filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    Manual,
    Ask,
    Run {
        script: String,
        shell: Vec<String>,
        env: IndexMap<String, String>,
        /// Variables whose values are secrets, and where those come from; resolved by the executor.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        secrets: IndexMap<String, String>,
        cwd: String,
    },
    Approve {
        question: String,
        /// What the approval lets happen: the work of the next automatic step, where it is known.
        opens: Option<Box<Work>>,
        /// Of everything that was shown: step, question, inputs, folder, `opens`.
        digest: String,
    },
    Write {
        path: String,
        content: String,
        overwrite: bool,
    },
    /// Its values could not be filled in; nothing is done, and the failure follows.
    Unresolved,
}

impl Work {
    pub fn runs_processes(&self) -> bool {
        matches!(self, Self::Run { .. })
    }
}

/// What came out of a try that is done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Empty: the result is shown as unverified.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Values for `steps.<id>.outputs`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub outputs: Map<String, Value>,
    /// Actions of a manual step that were not ticked when it was said to be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unchecked: Vec<String>,
    /// Values for `answers`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub answers: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub kind: EvidenceKind,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    Note,
    Link,
    File,
    /// A command's own output and exit code.
    Output,
    /// A person's decision on an approval.
    Decision,
    /// A person's answers are their own evidence.
    Answer,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub kind: FailureKind,
    /// One sentence, untrusted where it quotes output.
    pub message: String,
    /// The exit code, where a command ended with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The command ended with another code than 0, or by a signal.
    Exit,
    /// It could not be started.
    Spawn,
    Timeout,
    /// An expression gave no value.
    Expression,
    /// A file could not be written.
    Write,
    /// An approval was rejected, or its time ran out.
    Rejected,
    /// A person said that it failed.
    Reported,
    /// A secret that it needs could not be had.
    Secret,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "then", rename_all = "snake_case")]
pub enum AfterFailure {
    /// A person decides.
    Decide,
    /// Tried again by itself at `due`.
    Retry { due: Timestamp },
    /// Noted; the run goes on, as the author said.
    Continue,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum SkipReason {
    /// The step's `if` was false.
    Condition {
        expression: String,
    },
    Person {
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_of_every_form_tell_owner_and_name() {
        for (url, owner, name) in [
            ("git@github.com:ana/tools.git", "ana", "tools"),
            ("ssh://git@github.com:22/ana/tools.git", "ana", "tools"),
            ("https://github.com/ana/tools", "ana", "tools"),
            ("https://ana:token@git.example.org/group/team/tools.git/", "group/team", "tools"),
            ("host:tools.git", "", "tools"),
            ("/srv/git/tools.git", "", "tools"),
            ("file:///srv/git/tools.git", "", "tools"),
            ("../a:b/tools", "", "tools"),
            ("", "", ""),
        ] {
            assert_eq!(Repo::owner_and_name(url), (owner.to_owned(), name.to_owned()), "{url}");
        }
    }
}
