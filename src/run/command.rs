//! What may be asked of a run: a person's verbs, and the reports of the engine's own parts.
//! Clients can send verbs only.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::{Actor, Error, Millis, StepId};
use crate::run::{ChildNeed, Edit, Evidence, Failure, Outcome, Version};

/// What a person (or an agent, where that is allowed) asks for. One verb, one name: key
/// action, request, subcommand and test are called the same. `step: None` means the step
/// that waits; where several do, that is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Verb {
    /// Starts nothing new; `freeze` stops what runs as well.
    Pause {
        freeze: bool,
    },
    Resume,
    Cancel {
        reason: Option<String>,
    },
    /// Try a failed, uncertain or retry-waiting step again now.
    Retry {
        step: Option<StepId>,
        /// What is to be done otherwise.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edit: Option<Box<Edit>>,
    },
    Skip {
        step: Option<StepId>,
        reason: String,
    },
    Back {
        to: StepId,
        reason: Option<String>,
    },
    /// Mark a manual, failed or uncertain step as done.
    Done {
        step: Option<StepId>,
        evidence: Vec<Evidence>,
    },
    Answer {
        step: Option<StepId>,
        values: Map<String, Value>,
    },
    /// `digest` is of what was shown; another one is refused.
    Approve {
        step: Option<StepId>,
        digest: String,
    },
    Reject {
        step: Option<StepId>,
        reason: String,
    },
    /// Say that a manual step failed.
    Fail {
        step: Option<StepId>,
        reason: String,
    },
    /// Tick action number `action` (from 0) of a manual step, or take the tick away.
    Check {
        step: Option<StepId>,
        action: usize,
        checked: bool,
    },
    Note {
        step: Option<StepId>,
        text: String,
    },
    /// Neither approve nor reject: go back to a step, with what must be different.
    PushBack {
        step: Option<StepId>,
        to: StepId,
        feedback: String,
    },
    /// Let a held step begin.
    Proceed {
        step: Option<StepId>,
    },
    /// Nobody else answers the step for this long, by default as the settings say.
    Take {
        step: Option<StepId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        length: Option<Millis>,
    },
    /// Somebody else has the step from now on; with `to: None`, whoever comes.
    HandOver {
        step: Option<StepId>,
        to: Option<Actor>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        length: Option<Millis>,
    },
    /// A person takes a step from whoever has it.
    TakeBack {
        step: Option<StepId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        length: Option<Millis>,
    },
    /// From now on every automatic step waits for `proceed`, or no more.
    StepThrough {
        on: bool,
    },
    /// Hold this step before it begins, or no more.
    Breakpoint {
        step: StepId,
        set: bool,
    },
    /// Undo what was done, newest first, and end the run.
    Rollback {
        reason: String,
    },
}

impl Verb {
    /// The one name of the verb.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "pause",
            Self::Resume => "resume",
            Self::Cancel { .. } => "cancel",
            Self::Retry { .. } => "retry",
            Self::Skip { .. } => "skip",
            Self::Back { .. } => "back",
            Self::Done { .. } => "done",
            Self::Answer { .. } => "answer",
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::Fail { .. } => "fail",
            Self::Check { .. } => "check",
            Self::Note { .. } => "note",
            Self::PushBack { .. } => "push-back",
            Self::Proceed { .. } => "proceed",
            Self::Take { .. } => "take",
            Self::HandOver { .. } => "hand-over",
            Self::TakeBack { .. } => "take-back",
            Self::StepThrough { .. } => "step-through",
            Self::Breakpoint { .. } => "breakpoint",
            Self::Rollback { .. } => "rollback",
        }
    }
}

/// What the engine's own parts report. Reports about an attempt that is no longer the current
/// one change nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    Completed {
        step: StepId,
        attempt: u32,
        outcome: Outcome,
    },
    Failed {
        step: StepId,
        attempt: u32,
        failure: Failure,
    },
    /// The child run of a `workflow` step waits for somebody, or does no more.
    Child {
        step: StepId,
        attempt: u32,
        need: Option<ChildNeed>,
    },
    /// After `CancelRequested`: every process has ended, but for those named.
    Stopped {
        left_behind: Vec<String>,
    },
    /// A timer of [`crate::run::Run::next_timer`] has come.
    Wake,
    /// The engine has just loaded this run: what was running is uncertain.
    Recovered,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Verb(Verb),
    /// A person wants the run to go on in another version of its workflow.
    MoveOver(Box<Version>),
    Report(Report),
}

/// Why a command changes nothing, and what would.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    pub reason: String,
    pub hint: Option<String>,
}

impl Refusal {
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: None }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let error = Self::refused(refusal.reason);
        match refusal.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}
