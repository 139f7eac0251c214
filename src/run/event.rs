//! One fact in a run's journal, in order, never changed. The JSON names are a public format
//! (`mwtui events --json`) and old ones must be read for ever: add, never rename.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::base::{Actor, RunId, SessionId, StepId, Timestamp, WorkflowId};
use crate::run::{Context, Lease, NeedKind, PrerequisiteResult};
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
    StepStarted {
        step: StepId,
        attempt: u32,
        work: Work,
        deadline: Option<Timestamp>,
        /// When people are next reminded of an approval.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remind: Option<Timestamp>,
    },
    /// It would begin now, but somebody wanted to look first.
    #[serde(rename = "step.held")]
    StepHeld { step: StepId, work: Option<Work>, why: Held },
    /// A held step may begin.
    #[serde(rename = "step.released")]
    StepReleased { step: StepId },
    /// The child run of a `workflow` step waits for somebody, or does no more.
    #[serde(rename = "step.child")]
    StepChild { step: StepId, attempt: u32, need: Option<ChildNeed> },
    /// Whoever did it has the waiting step to themselves until then; again, where they had it already.
    #[serde(rename = "step.taken")]
    StepTaken { step: StepId, until: Timestamp },
    /// Somebody else has it from now on.
    #[serde(rename = "step.handed_over")]
    StepHandedOver { step: StepId, to: Actor, until: Timestamp },
    /// A person has it, who did not wait until it was free.
    #[serde(rename = "step.taken_back")]
    StepTakenBack { step: StepId, from: Actor, until: Timestamp },
    /// Nobody has it any more. What ends the prompt itself ends the lease without this.
    #[serde(rename = "step.lease_ended")]
    LeaseEnded { step: StepId, holder: Actor, why: LeaseEnd },
    /// The next in line is asked to decide.
    #[serde(rename = "step.escalated")]
    StepEscalated { step: StepId, to: Escalation },
    /// Nobody has decided yet, and people are told again.
    #[serde(rename = "approval.reminded")]
    ApprovalReminded { step: StepId, next: Timestamp },
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
    StepRetried {
        step: StepId,
        /// What is done otherwise from now on; what was done before stays in the journal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edit: Option<Box<Edit>>,
    },
    /// Stopped by somebody's wish, to go back or to skip it.
    #[serde(rename = "step.interrupted")]
    StepInterrupted { step: StepId, attempt: u32 },
    /// `to` and every step that needs it are pending again; what they did stays in the history.
    #[serde(rename = "run.back")]
    WentBack {
        to: StepId,
        reason: Option<String>,
        #[serde(default, skip_serializing_if = "BackCause::is_wish")]
        cause: BackCause,
    },
    /// Every automatic step waits for `proceed`, or does so no more.
    #[serde(rename = "run.step_through")]
    StepThroughSet { on: bool },
    #[serde(rename = "run.breakpoint")]
    BreakpointSet { step: StepId, set: bool },
    /// What was done is being undone, newest first; the run ends as `then` says when that is through.
    #[serde(rename = "run.rolling_back")]
    RollbackStarted { reason: String, steps: Vec<StepId>, then: AfterRollback },
    #[serde(rename = "run.rolled_back")]
    RolledBack,
    /// The run goes on in another version of its workflow.
    #[serde(rename = "run.moved_over")]
    MovedOver(Box<MovedOver>),
    /// The subject's state, changed by a completed run, or put back by a rollback.
    #[serde(rename = "subject.moved")]
    SubjectMoved { subject: String, from: Option<String>, to: Option<String> },
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
    /// The step of another run that this one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// What the run changes the state of, where its workflow says `moves`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// The run that this one was forked from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork: Option<Fork>,
    /// Every automatic step waits for `proceed`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub step_through: bool,
    /// Steps that wait for `proceed`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breakpoints: Vec<StepId>,
}

/// A step of another run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    pub run: RunId,
    pub step: StepId,
    pub attempt: u32,
}

/// What a run works on, and the state that it was in at the start; `None`: none was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The root of its project, absolute.
    pub root: String,
    pub name: String,
    pub state: Option<String>,
}

/// Where a forked run comes from, and what it takes over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fork {
    pub run: RunId,
    /// The first step that is done anew.
    pub from: StepId,
    /// The settled steps before it, with everything that they gave.
    pub carried: Vec<Carried>,
}

/// A settled step of another run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Carried {
    pub step: StepId,
    pub at: Timestamp,
    pub by: Actor,
    #[serde(flatten)]
    pub result: CarriedResult,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum CarriedResult {
    Done {
        outcome: Outcome,
    },
    /// A loop, with the items of its iterations, which follow.
    Looped {
        outcome: Outcome,
        items: Vec<Value>,
    },
    Skipped {
        reason: SkipReason,
    },
    /// A failure that was noted.
    Failed {
        failure: Failure,
    },
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

/// From which version to which a run has been moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MovedOver {
    pub from: WorkflowRef,
    pub to: WorkflowRef,
    /// All inputs, as they are from now on.
    pub inputs: Map<String, Value>,
    /// Environment variables that the new version declares.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub env: IndexMap<String, String>,
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
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pty: bool,
        /// Exit codes that count as done; empty: 0 alone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        done_exits: Vec<i32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expects: Option<String>,
    },
    Call {
        server: String,
        tool: String,
        arguments: Map<String, Value>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expects: Option<String>,
    },
    Agent {
        agent: String,
        persona: String,
        prompt: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expects: Option<String>,
        /// The settings have a command for it; otherwise somebody answers.
        by_command: bool,
    },
    /// A child run, whose id follows from its place.
    Workflow {
        workflow: WorkflowId,
        inputs: Map<String, Value>,
        run: RunId,
    },
    /// The child run of the step that is undone is rolled back.
    Rollback {
        run: RunId,
    },
    /// The step is done once for each of these.
    ForEach {
        items: Vec<Value>,
    },
    Approve {
        question: String,
        /// What the approval lets happen: the work of the automatic steps that need it, where it is known.
        #[serde(default, deserialize_with = "opens")]
        opens: Vec<Opened>,
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
    /// The engine does it, and it may leave processes behind.
    pub fn runs_processes(&self) -> bool {
        matches!(self, Self::Run { .. } | Self::Call { .. } | Self::Agent { by_command: true, .. })
    }

    /// The run of its own that does it.
    pub fn child(&self) -> Option<&RunId> {
        match self {
            Self::Workflow { run, .. } | Self::Rollback { run } => Some(run),
            _ => None,
        }
    }

    /// The executor does it.
    pub fn is_executed(&self) -> bool {
        self.runs_processes() || matches!(self, Self::Write { .. })
    }
}

/// A step that an approval opens, and what it would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    pub step: StepId,
    pub work: Work,
}

/// Before there were steps side by side, an approval opened one work or none.
fn opens<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Opened>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Opens {
        All(Vec<Opened>),
        One(Box<Work>),
    }
    Ok(match Option::<Opens>::deserialize(from)? {
        None => Vec::new(),
        Some(Opens::All(all)) => all,
        Some(Opens::One(work)) => vec![Opened { step: StepId::new(""), work: *work }],
    })
}

/// What is done otherwise when a step is tried again: texts of its definition, and inputs of the run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// Instead of the step's own; values may hold `${{ … }}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<IndexMap<String, String>>,
    /// Instead of the `with` of a call or the inputs of a child run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Map<String, Value>>,
    /// Instead of an agent's prompt or a written file's template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Inputs of the run that are otherwise from now on.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub inputs: Map<String, Value>,
}

impl Edit {
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// Whether the step's own definition is changed by it.
    pub fn changes_step(&self) -> bool {
        self.script.is_some() || self.env.is_some() || self.with.is_some() || self.text.is_some()
    }
}

/// Why a step waits for `proceed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    StepThrough,
    Breakpoint,
}

/// Who is asked to decide now, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// From 0, the place in the line.
    pub level: u32,
    pub to: String,
    /// `None`: nobody comes after.
    pub deadline: Option<Timestamp>,
}

/// What a child run waits for, as its parent shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildNeed {
    pub kind: NeedKind,
    pub step: StepId,
    pub title: String,
    pub deadline: Option<Timestamp>,
    /// Who has taken it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
}

/// How a lease ends while its step goes on waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseEnd {
    /// Its time is over.
    Expired,
    /// Its holder handed the step over to whoever comes.
    GivenUp,
}

/// Why a run went back to a step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum BackCause {
    /// Somebody wanted it.
    #[default]
    Wish,
    /// An approver sent it back; the reason is the feedback.
    PushedBack { from: StepId },
    /// The author's `on_failure` of a step.
    Failed { step: StepId },
    /// What an approval opened is no longer what was approved.
    Changed { step: StepId },
}

impl BackCause {
    fn is_wish(&self) -> bool {
        self == &Self::Wish
    }
}

/// How a run ends when it has been rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterRollback {
    Failed,
    Cancelled,
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
    /// A child run that completed.
    Run,
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
    /// A tool could not be called, or said that it failed.
    Call,
    /// An agent's command could not be asked.
    Agent,
    /// What should be in the output is not there.
    Expectation,
    /// The child run did not complete.
    Child,
    /// Its server or agent has failed so often that it is left alone for a while.
    Breaker,
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
    /// Its item is no longer in the list.
    NotListed,
}
