//! The messages. JSON, one message a frame.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::{Actor, Error, RunId, Secret, SessionId, StepId, Timestamp, WorkflowId};
use crate::matching::{Chosen, Memory, MemoryEvent, Offered, Opinion, Question};
use crate::protocol::upkeep::{Backup, Examination};
use crate::run::{
    Changes, Event, Export, PrerequisiteResult, Run, RunFilter, RunSummary, Session, SessionRecord,
    SubjectState, Verb, WorkflowRef,
};

/// Raised whenever a message changes its meaning; both sides must have the same.
pub const PROTOCOL: u32 = 4;

/// The first message of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    pub protocol: u32,
    /// The program's version, for messages to people.
    pub version: String,
    pub client: ClientKind,
    /// The profile of the settings that the client goes by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
}

/// What kind of client it is; the engine takes a person's name from the socket's peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "client", rename_all = "snake_case")]
pub enum ClientKind {
    /// A console: while one is connected, the engine is attended.
    Tui,
    Cli,
    Mcp {
        agent: String,
    },
}

/// The engine's answer to `Hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    pub protocol: u32,
    pub version: String,
    pub pid: u32,
    /// Who the engine takes the client for.
    pub actor: Actor,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientMessage {
    /// Chosen by the client; the response carries it.
    pub id: u64,
    pub request: Request,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", content = "with", rename_all = "snake_case")]
pub enum Request {
    Hello(Hello),
    /// Prerequisites of a workflow, commands run: what the confirmation card shows.
    CheckPrerequisites {
        workflow: WorkflowId,
        digest: String,
        folder: String,
    },
    /// The options of a question, printed by its command, which is run with the answers so far in its
    /// environment: of a trusted workflow's input, or of a step that asks.
    Options {
        of: OptionsOf,
        field: String,
        values: Map<String, Value>,
    },
    /// Keeps what a person typed in the engine's memory, and says by which reference. Refused from agents.
    KeepSecret {
        secret: Secret,
    },
    /// Gives a run one of its secrets again. Refused from agents.
    GiveSecret {
        run: RunId,
        reference: String,
        secret: Secret,
    },
    /// Starts a run.
    Start(Box<Start>),
    /// Starts a new run from a step of an old one: what was settled before it is taken over.
    Fork {
        run: RunId,
        from: StepId,
        /// Inputs that are otherwise than in the old run.
        inputs: Map<String, Value>,
    },
    /// How a run's version differs from its workflow's file now, and whether the run can be moved over with
    /// these inputs.
    Difference {
        run: RunId,
        inputs: Map<String, Value>,
    },
    /// The run goes on in the version that its workflow's file is now. Refused from agents.
    MoveOver(Box<MoveOver>),
    /// The subjects of this folder's project and their states, by name.
    Subjects {
        folder: String,
    },
    /// A person says in which state a subject is. Refused from agents.
    SetSubject {
        folder: String,
        name: String,
        /// `None`: nothing is known of it any more.
        state: Option<String>,
        reason: String,
    },
    /// A verb on a run.
    Act {
        run: RunId,
        verb: Verb,
    },
    /// `last`, or a unique prefix of a run id.
    FindRun {
        prefix: String,
    },
    Runs {
        filter: RunFilter,
    },
    /// Names that are known for the inputs of each workflow: what earlier runs were given.
    Offered,
    /// The whole state of one run.
    Run {
        run: RunId,
    },
    /// Events after `after`, oldest first, at most 1,000.
    Events {
        run: RunId,
        after: u64,
    },
    /// A piece of a step's output; `attempt: None` means the latest.
    Output {
        run: RunId,
        step: StepId,
        attempt: Option<u32>,
        range: OutputRange,
    },
    /// From now on, every update comes to this connection.
    Subscribe,
    /// The open session of this person in this folder, opened if there is none.
    OpenSession {
        folder: String,
    },
    /// Newest first.
    Sessions,
    /// `current` (with a folder), `last`, or a unique prefix of a session id.
    FindSession {
        prefix: String,
        folder: String,
    },
    SessionRecord {
        session: SessionId,
    },
    NoteSession {
        session: SessionId,
        text: String,
    },
    RenameSession {
        session: SessionId,
        name: String,
    },
    EndSession {
        session: SessionId,
    },
    /// Writes a summary's text to a file. Without `replace`, an existing file is kept, unless
    /// it is this session's own last export, unchanged since.
    ExportSummary {
        session: SessionId,
        path: String,
        text: String,
        replace: bool,
    },
    /// A person chose a workflow for a phrase, and it was started in this folder. Refused from agents.
    Learn {
        phrase: String,
        workflow: WorkflowId,
        how: Chosen,
        folder: String,
    },
    /// A person said a phrase in this folder that fits no workflow. Refused from agents.
    Miss {
        phrase: String,
        folder: String,
    },
    /// What was learned and missed, everywhere.
    Learned,
    /// Forgets what was learned of a phrase, or of all that count in this folder. Refused from agents.
    Forget {
        phrase: Option<String>,
        folder: String,
    },
    /// Asks whom the settings name for a second opinion, now. One at a time on a connection: the next
    /// question ends the one before, and so does the connection's end.
    Opinion {
        /// Chosen by the client, another one for each question.
        number: u64,
        question: Box<Question>,
    },
    /// Nobody waits for that opinion any more; whatever works on it is ended.
    CancelOpinion {
        number: u64,
    },
    /// Writes a copy of the store: to this absolute path, which must be free, or into the folder for
    /// backups. To a path, refused from agents.
    Backup {
        path: Option<String>,
    },
    /// Looks the store over.
    Examine,
    EngineStatus,
    /// Ends the engine; refused while runs work, unless `force`.
    StopEngine {
        force: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    pub workflow: WorkflowId,
    /// Of the version that the person saw; another one on disk is refused.
    pub digest: String,
    pub folder: String,
    /// Already typed and checked by the client, checked again by the engine.
    pub inputs: Map<String, Value>,
    /// The values that the environment variables named by the workflow's `env` have where the
    /// client runs; others are not kept.
    #[serde(default)]
    pub env: IndexMap<String, String>,
    /// The values of the variables that secrets of the workflow come from, where the client runs; kept
    /// in the engine's memory alone.
    #[serde(default)]
    pub secrets: IndexMap<String, Secret>,
    pub phrase: Option<String>,
    pub prerequisites: Vec<PrerequisiteResult>,
    /// What the run is to change the state of, where its workflow says `moves`; the branch by default.
    #[serde(default)]
    pub subject: Option<String>,
    #[serde(default)]
    pub step_through: bool,
    #[serde(default)]
    pub breakpoints: Vec<StepId>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MoveOver {
    pub run: RunId,
    /// Of the version that the person saw; another one on disk is refused.
    pub digest: String,
    /// Inputs that are otherwise, or that the new version asks for.
    pub inputs: Map<String, Value>,
    /// As in [`Start`], for what the new version declares.
    #[serde(default)]
    pub env: IndexMap<String, String>,
    /// As in [`Start`].
    #[serde(default)]
    pub secrets: IndexMap<String, Secret>,
}

/// The version that a run is pinned to, and its workflow's file as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    pub from: WorkflowRef,
    pub to: WorkflowRef,
    /// The two files: untrusted.
    pub before: String,
    pub after: String,
    /// What moving over would change, or why it cannot be.
    pub changes: std::result::Result<Changes, Error>,
}

/// Whose question it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum OptionsOf {
    /// A workflow's that is about to be started.
    Input {
        workflow: WorkflowId,
        digest: String,
        folder: String,
        /// As in [`Start`].
        env: IndexMap<String, String>,
    },
    /// A step's that waits for answers.
    Step { run: RunId, step: StepId },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "range", rename_all = "snake_case")]
pub enum OutputRange {
    /// The last `bytes`, beginning with a whole line where possible.
    Tail { bytes: u32 },
    /// `bytes` from `offset` on.
    From { offset: u64, bytes: u32 },
}

/// A piece of a step's output: untrusted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputChunk {
    pub step: Option<StepId>,
    pub attempt: u32,
    pub offset: u64,
    /// Where the next piece begins.
    pub next: u64,
    /// Bytes in all, so far.
    pub total: u64,
    /// Lines in all, so far.
    pub lines: u64,
    /// What is not UTF-8 is `�`.
    pub text: String,
    /// Nothing more will come.
    pub complete: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineStatus {
    pub pid: u32,
    pub version: String,
    pub started_at: Timestamp,
    pub clients: u32,
    pub consoles: u32,
    pub live_runs: u32,
    pub working_runs: u32,
    pub store_bytes: u64,
    pub schema_version: u32,
    /// The profile of the settings that it was started with.
    #[serde(default)]
    pub profile: Option<String>,
    /// Where its settings do not read: why.
    #[serde(default)]
    pub settings_error: Option<Error>,
    #[serde(default)]
    pub hooks: HooksStatus,
    /// MCP servers and agents that failed so often that no step asks them for a while.
    #[serde(default)]
    pub left_alone: Vec<LeftAlone>,
    /// Why nothing can be written now.
    #[serde(default)]
    pub trouble: Option<StoreTrouble>,
}

/// A server or agent whose circuit breaker is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftAlone {
    /// `MCP server observability`, `agent analyst`.
    pub what: String,
    pub since: Timestamp,
    /// When it is tried again at the earliest.
    pub until: Timestamp,
    /// Failures in a row.
    pub failures: u32,
    /// What the last one said; untrusted.
    pub why: String,
}

/// How it went with hooks since the engine was started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HooksStatus {
    pub configured: u32,
    /// Calls that have ended, well or not.
    pub called: u64,
    pub failed: u64,
    /// Calls that were not made: too many waited.
    pub missed: u64,
    /// Calls under way or waiting for their turn.
    pub waiting: u32,
    /// The last failures, oldest first.
    #[serde(default)]
    pub last: Vec<HookFailure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookFailure {
    pub at: Timestamp,
    pub event: String,
    pub run: RunId,
    pub command: String,
    /// Safe to show, on one line.
    pub why: String,
}

/// Why the engine can write nothing down, and so begins nothing. It goes on by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreTrouble {
    pub since: Timestamp,
    pub error: Error,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "response", content = "with", rename_all = "snake_case")]
pub enum Response {
    Welcome(Welcome),
    Prerequisites(Vec<PrerequisiteResult>),
    Options(Vec<String>),
    /// The reference that stands for it among values.
    SecretKept(String),
    Difference(Box<Difference>),
    /// Of `Start`, `Fork`, `MoveOver`, `Act`: the run as it is now, the change included.
    Summary(Box<RunSummary>),
    RunId(RunId),
    Runs(Vec<RunSummary>),
    Offered(BTreeMap<WorkflowId, Offered>),
    Run(Box<Run>),
    Events(Vec<Event>),
    Output(OutputChunk),
    Session(Session),
    Sessions(Vec<Session>),
    SessionRecord(Box<SessionRecord>),
    Subjects(Vec<SubjectState>),
    Exported(Export),
    Memory(Box<Memory>),
    /// How many lessons and missed phrases were forgotten.
    Forgotten(u32),
    Opinion(Opinion),
    Backup(Box<Backup>),
    Examination(Box<Examination>),
    EngineStatus(EngineStatus),
    Done,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum ServerMessage {
    Response { id: u64, result: std::result::Result<Response, Error> },
    Update { update: Update },
}

/// What subscribers are told, in the order of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "update", content = "with", rename_all = "snake_case")]
pub enum Update {
    /// These events are durable; `summary` is the run after them. A client whose copy of the
    /// run does not end right before the first of them asks for the run.
    Run {
        summary: Box<RunSummary>,
        events: Vec<Event>,
    },
    /// A step's output has grown to this size.
    Output {
        run: RunId,
        step: StepId,
        attempt: u32,
        total: u64,
        lines: u64,
    },
    Session(Session),
    /// Something was learned, missed or forgotten. A client whose copy does not end right before it
    /// asks for all of it.
    Learned(Box<MemoryEvent>),
    /// The store cannot be written, or can be again: until then nothing changes and nothing begins.
    Store {
        trouble: Option<StoreTrouble>,
    },
    /// This subscriber was too slow and missed updates: ask for everything again.
    Missed,
    /// The engine ends.
    Stopping,
}
