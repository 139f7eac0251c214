//! The typed workflow, as the rest of the program sees it: every rule of the file format has
//! been checked by then. Reading YAML into it is `parse`'s work, finding files `registry`'s.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::{Error, Millis, Result, StepId, WorkflowId};
use crate::workflow::Retry;

/// A definition: one file of the process bank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    pub id: WorkflowId,
    pub name: String,
    pub version: u32,
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The date of the last change, as its author wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<String>,
    pub trigger_phrases: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
    /// Empty where the file does not say.
    pub scope: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disambiguates_from: Vec<Distinction>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prerequisites: Vec<Prerequisite>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Field>,
    /// Environment variables whose values the expressions may read as `env.NAME`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// How a completed run changes the state of its subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moves: Option<Moves>,
    #[serde(default)]
    pub config: Defaults,
    /// Completing a run of it ends the session and writes its summary.
    #[serde(default)]
    pub ends_session: bool,
    /// Never empty; ids are unique.
    pub steps: Vec<Step>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub success_criteria: Vec<String>,
}

impl Workflow {
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|s| &s.id == id)
    }

    /// The steps that must be settled before the step at `index` begins.
    pub fn needs(&self, index: usize) -> Vec<&StepId> {
        match self.steps.get(index).map(|s| &s.needs) {
            Some(Some(needs)) => needs.iter().collect(),
            Some(None) => {
                index.checked_sub(1).and_then(|i| self.steps.get(i)).map(|s| &s.id).into_iter().collect()
            }
            None => Vec::new(),
        }
    }

    /// The places of the step at `index` and of every step that needs it, directly or not, in order.
    pub fn with_dependents(&self, index: usize) -> Vec<usize> {
        let mut found = vec![index];
        // Needs point to earlier steps only where nothing else is written, so look until nothing is added.
        loop {
            let more: Vec<usize> = (0..self.steps.len())
                .filter(|i| !found.contains(i))
                .filter(|i| {
                    self.needs(*i)
                        .iter()
                        .any(|id| found.iter().any(|f| self.steps.get(*f).is_some_and(|s| &s.id == *id)))
                })
                .collect();
            if more.is_empty() {
                found.sort_unstable();
                return found;
            }
            found.extend(more);
        }
    }

    /// What this workflow's author says of another one that it might be confused with.
    pub fn says_of(&self, other: &WorkflowId) -> Option<&str> {
        self.disambiguates_from.iter().find(|d| d.id.as_ref() == Some(other)).map(|d| d.because.as_str())
    }

    /// A deprecated workflow is read, and not run: the refusal says why, and what to run instead.
    pub fn refuse_deprecated(&self) -> Result<()> {
        let Status::Deprecated { replaced_by, reason } = &self.status else { return Ok(()) };
        let mut error = Error::refused(format!("{} is deprecated", self.id));
        error.causes.extend(reason.clone());
        Err(match replaced_by {
            Some(other) => error.hint(format!("Run {other} instead")),
            None => error.hint("`mwtui list` shows what else there is"),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Status {
    Draft,
    Active,
    Deprecated {
        #[serde(default)]
        replaced_by: Option<WorkflowId>,
        #[serde(default)]
        reason: Option<String>,
    },
}

impl Status {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Deprecated { .. } => "deprecated",
        }
    }
}

/// What tells this workflow from another one, in its author's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distinction {
    /// `None` where the sentence is about something that is no workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<WorkflowId>,
    pub because: String,
}

/// What must be true before the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Prerequisite {
    /// Passes when the command exits 0.
    Check {
        check: String,
        says: String,
        /// What to do where it does not pass.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
    /// Ticked by a person.
    Sentence(String),
}

impl Prerequisite {
    /// The sentence that people read.
    pub fn says(&self) -> &str {
        match self {
            Self::Check { says, .. } => says,
            Self::Sentence(text) => text,
        }
    }
}

/// A question: an input of the workflow, or one field of an `ask` step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    pub name: String,
    pub kind: FieldKind,
    pub prompt: String,
    /// More about it, as people read it below the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Of a secret: where its value comes from unless a person gives another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    pub required: bool,
    /// What the whole answer must look like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Pattern>,
    /// A command that prints one option a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options_from: Option<String>,
    /// The source of an expression over the answers before; asked only where it gives true.
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The section of the session summary that the answer goes into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<SummarySection>,
}

impl Field {
    /// A question that needs an answer and says nothing else.
    pub fn new(name: impl Into<String>, kind: FieldKind, prompt: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind,
            prompt: prompt.into(),
            description: None,
            default: None,
            required: true,
            pattern: None,
            options_from: None,
            condition: None,
            summary: None,
        }
    }

    pub fn is_secret(&self) -> bool {
        self.kind == FieldKind::Secret
    }

    /// The options that are known; of a command only once it has run.
    pub fn options(&self) -> &[String] {
        match &self.kind {
            FieldKind::Choice { options } | FieldKind::MultiChoice { options } => options,
            _ => &[],
        }
    }

    /// The same question with the options that its command has printed. Where one chooses, it must be
    /// one of them; anywhere else they are only offered.
    #[must_use]
    pub fn with_options(&self, offered: &[String]) -> Self {
        let mut field = self.clone();
        if let FieldKind::Choice { options } | FieldKind::MultiChoice { options } = &mut field.kind {
            offered.clone_into(options);
        }
        field
    }
}

/// What the text of an answer must look like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// A regular expression that the whole answer fits.
    pub regex: String,
    /// The same in words: “small letters and dashes”.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldKind {
    /// One line.
    String {
        /// The longest answer that is taken, in characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_length: Option<usize>,
    },
    /// Many lines.
    Text,
    Number {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
    },
    Boolean,
    /// One of the options; they are empty where a command prints them.
    Choice {
        options: Vec<String>,
    },
    /// Any number of the options: a list of texts.
    MultiChoice {
        options: Vec<String>,
    },
    Path,
    /// A value that nobody may see: what is kept is a reference to it.
    Secret,
}

impl FieldKind {
    /// A number of any size.
    pub const NUMBER: Self = Self::Number { min: None, max: None };

    pub fn word(&self) -> &'static str {
        match self {
            Self::String { .. } => "string",
            Self::Text => "text",
            Self::Number { .. } => "number",
            Self::Boolean => "boolean",
            Self::Choice { .. } => "choice",
            Self::MultiChoice { .. } => "multi_choice",
            Self::Path => "path",
            Self::Secret => "secret",
        }
    }
}

/// The sections of a session summary that a workflow may write into, as MW-001 lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SummarySection {
    Executive,
    Architecture,
    Features,
    Configuration,
    Decisions,
    Testing,
    Issues,
    Next,
    Commands,
    Notes,
    ReadFirst,
}

/// What a completed run does to the state of its subject; nothing else changes it, but a rollback puts it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moves {
    /// The states in which a run may start; empty: any, also none yet.
    pub from: Vec<String>,
    pub to: String,
    /// An expression over the inputs that the run was started with: where it gives false, the state stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// Defaults for every step, and the limit of the whole run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defaults {
    /// The limit of the whole run, paused time not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Millis>,
    #[serde(default)]
    pub continue_on_error: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// How many automatic steps may run side by side; `None`: as the settings say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u32>,
}

/// One unit of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub id: StepId,
    pub title: String,
    /// More about it, as prose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub kind: StepKind,
    /// How to tell that it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<String>,
    /// The source of an expression that must give a boolean; the step is skipped on false.
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The steps that must be settled first; `None`: the one before it in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Vec<StepId>>,
    /// The step is done once for each item of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<ForEach>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// A failure is noted, and the run goes on.
    pub continue_on_error: bool,
    /// What follows a failure that is neither tried again nor noted.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// How the step is undone: a step of its own, done when the run is rolled back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Box<Step>>,
    /// Further outputs: names, and the sources of expressions that may read `output`, what the try gave.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub outputs: IndexMap<String, String>,
    /// Run again by itself after an engine crash.
    pub idempotent: bool,
    /// `done` is refused without evidence.
    pub evidence_required: bool,
    /// A further name for the step's outputs in expressions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assign: Option<String>,
    /// The section of the session summary that the step's output goes into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<SummarySection>,
}

impl Step {
    /// Of this kind, without a name or any other key: what cannot be done is asked about, never passed over.
    pub fn bare(kind: StepKind) -> Self {
        Self {
            id: StepId::new(""),
            title: String::new(),
            description: None,
            kind,
            validation: None,
            condition: None,
            needs: None,
            for_each: None,
            timeout: None,
            retry: None,
            continue_on_error: false,
            on_failure: OnFailure::Ask,
            rollback: None,
            outputs: IndexMap::new(),
            idempotent: false,
            evidence_required: false,
            assign: None,
            summary: None,
        }
    }
}

/// Most iterations of one loop.
pub const ITEMS_LIMIT: usize = 1000;

/// The list that a step is done for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForEach {
    pub items: Items,
    /// How many iterations run side by side; 1: in order.
    pub parallel: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Items {
    /// Texts in it may hold `${{ … }}`.
    Listed(Vec<Value>),
    /// The source of an expression that gives a list.
    Expression(String),
}

/// What follows a failure that is neither tried again nor noted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// A person decides.
    #[default]
    Ask,
    /// The run goes back to an earlier step, at most `times` times; then a person decides.
    Back { to: StepId, times: u32 },
    /// A person decides: the first of the line, after each `within` the next one.
    Escalate { to: Vec<String>, within: Millis },
    /// What was done is undone, and the run fails.
    Rollback,
}

/// What the end of an approval's time means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    #[default]
    Reject,
    /// The next in line is asked; after the last one it is rejected.
    Escalate,
}

/// What a step does; named in the file by its one key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepKind {
    /// A person does it; the actions are ticked off.
    Manual { actions: Vec<String> },
    /// A person answers.
    Ask { fields: Vec<Field> },
    /// A script, handed to a shell as it stands. Values reach it by `env` alone.
    Run {
        script: String,
        /// Program and arguments that read the script as one more argument; `["sh", "-c"]` by default.
        shell: Vec<String>,
        /// Values may hold `${{ … }}`.
        #[serde(default)]
        env: IndexMap<String, String>,
        /// Variables that get a secret, and which: `inputs.token`, `answers.token`.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        secrets: IndexMap<String, String>,
        /// Relative to the run's folder; may hold `${{ … }}`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cwd: Option<String>,
        /// On a terminal of its own instead of a pipe.
        #[serde(default)]
        pty: bool,
        /// Exit codes that count as done; empty: 0 alone.
        #[serde(default)]
        done_exits: Vec<i32>,
        /// Must be in the output, blind to case and white space.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expects: Option<String>,
    },
    /// A tool of a configured MCP server.
    Call {
        server: String,
        tool: String,
        /// Texts in it may hold `${{ … }}`.
        #[serde(default)]
        with: Map<String, Value>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expects: Option<String>,
    },
    /// A configured command, or whoever answers the prompt.
    Agent {
        agent: String,
        /// Who the agent is to be. May hold `${{ … }}`.
        #[serde(default)]
        persona: String,
        /// May hold `${{ … }}`.
        prompt: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expects: Option<String>,
    },
    /// A run of another workflow.
    Workflow {
        workflow: WorkflowId,
        /// Texts in it may hold `${{ … }}`.
        #[serde(default)]
        inputs: Map<String, Value>,
    },
    /// A person decides.
    Approve {
        /// May hold `${{ … }}`.
        question: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<Millis>,
        /// How often it is called to mind while nobody decides.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remind: Option<Millis>,
        #[serde(default)]
        on_timeout: OnTimeout,
        /// Who is asked after whom when nobody decides within the time.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        escalate: Vec<String>,
    },
    /// A file under the run's folder, written whole or not at all.
    Write {
        /// May hold `${{ … }}`.
        path: String,
        /// May hold `${{ … }}`.
        template: String,
        /// Replaces a file that is already there; otherwise the step fails and says so.
        #[serde(default)]
        overwrite: bool,
    },
    /// The child run of the step that it undoes is rolled back. A file cannot say it: it undoes each
    /// `workflow` step that has no `rollback` of its own.
    Rollback,
}

impl StepKind {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Manual { .. } => "manual",
            Self::Ask { .. } => "ask",
            Self::Run { .. } => "run",
            Self::Approve { .. } => "approve",
            Self::Write { .. } => "write",
            Self::Call { .. } => "call",
            Self::Agent { .. } => "agent",
            Self::Workflow { .. } => "workflow",
            Self::Rollback => "rollback",
        }
    }

    /// Whether the engine does it, rather than a person.
    pub fn is_automatic(&self) -> bool {
        matches!(
            self,
            Self::Run { .. }
                | Self::Write { .. }
                | Self::Call { .. }
                | Self::Agent { .. }
                | Self::Workflow { .. }
                | Self::Rollback
        )
    }
}
