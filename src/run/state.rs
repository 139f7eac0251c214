//! The state of a run: a fold of its events, and nothing that is not in them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::{Actor, Millis, RunId, StepId, Timestamp};
use crate::run::{Failure, Outcome, RunStarted, SkipReason, Work};
use crate::workflow::{Step, Workflow};

/// One execution of one workflow version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub workflow: Arc<Workflow>,
    pub header: RunStarted,
    pub started_at: Timestamp,
    pub started_by: Actor,
    /// The last event that is folded in.
    pub seq: u64,
    pub updated_at: Timestamp,
    pub phase: Phase,
    /// In the order of the workflow's steps.
    pub steps: Vec<StepRecord>,
    pub notes: Vec<Note>,
    /// Every time somebody went back to a step.
    #[serde(default)]
    pub backs: Vec<Back>,
    /// What the time went into, in order of start.
    pub segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    Active {
        /// Of the whole run.
        deadline: Option<Timestamp>,
    },
    Paused {
        since: Timestamp,
        by: Actor,
        frozen: bool,
        /// Of the whole run, as it stood when the clock stopped.
        deadline: Option<Timestamp>,
    },
    Cancelling {
        since: Timestamp,
        by: Actor,
        reason: Option<String>,
    },
    Completed {
        at: Timestamp,
    },
    Failed {
        at: Timestamp,
        reason: String,
    },
    Cancelled {
        at: Timestamp,
        by: Actor,
        reason: Option<String>,
        left_behind: Vec<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    pub id: StepId,
    pub state: StepState,
    /// Every try, oldest first; never overwritten.
    pub attempts: Vec<Attempt>,
    /// Failed tries since a person last decided about this step: what `retry` counts.
    pub failures_in_row: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum StepState {
    Pending,
    /// Work is being done.
    Running {
        since: Timestamp,
        deadline: Option<Timestamp>,
    },
    /// Somebody or something must come.
    Waiting {
        since: Timestamp,
        on: Prompt,
    },
    Done {
        at: Timestamp,
        by: Actor,
        outcome: Outcome,
    },
    Failed {
        at: Timestamp,
        by: Actor,
        failure: Failure,
        /// True: noted, and the run went on. False: a person must decide.
        continued: bool,
    },
    Skipped {
        at: Timestamp,
        by: Actor,
        reason: SkipReason,
    },
    Cancelled {
        at: Timestamp,
    },
    /// The engine died while it ran; a person must decide.
    Uncertain {
        since: Timestamp,
    },
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case")]
pub enum Prompt {
    /// A person does the actions and says that it is done.
    Check {
        checked: Vec<bool>,
    },
    Answers,
    Approval {
        question: String,
        digest: String,
        deadline: Option<Timestamp>,
    },
    /// Not a person: the time of the next try.
    Retry {
        due: Timestamp,
        failure: Failure,
    },
}

/// One try at a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    pub started: Timestamp,
    pub work: Work,
    /// `None` while it goes on.
    pub ended: Option<AttemptEnd>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum AttemptEnd {
    Done { at: Timestamp, by: Actor, outcome: Outcome },
    Failed { at: Timestamp, by: Actor, failure: Failure },
    Skipped { at: Timestamp, by: Actor, reason: SkipReason },
    Interrupted { at: Timestamp, by: Actor },
    Uncertain { at: Timestamp },
    Cancelled { at: Timestamp },
}

impl AttemptEnd {
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Done { at, .. }
            | Self::Failed { at, .. }
            | Self::Skipped { at, .. }
            | Self::Interrupted { at, .. }
            | Self::Uncertain { at }
            | Self::Cancelled { at } => *at,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub at: Timestamp,
    pub by: Actor,
    pub step: Option<StepId>,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Back {
    pub at: Timestamp,
    pub by: Actor,
    pub to: StepId,
    pub reason: Option<String>,
}

/// A stretch of time and what it went into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// `None` for a pause of the whole run.
    pub step: Option<StepId>,
    pub kind: SegmentKind,
    pub from: Timestamp,
    /// `None` while it goes on.
    pub to: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentKind {
    Work,
    Person,
    Approval,
    Retry,
    Paused,
}

impl Run {
    pub fn id(&self) -> &RunId {
        &self.header.run
    }

    pub fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Completed { .. } | Phase::Failed { .. } | Phase::Cancelled { .. })
    }

    pub fn is_paused(&self) -> bool {
        matches!(self.phase, Phase::Paused { .. })
    }

    pub fn ended_at(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Completed { at } | Phase::Failed { at, .. } | Phase::Cancelled { at, .. } => Some(at),
            Phase::Active { .. } | Phase::Paused { .. } | Phase::Cancelling { .. } => None,
        }
    }

    /// The record of a step and its place in the workflow.
    pub fn record(&self, id: &StepId) -> Option<(usize, &StepRecord)> {
        self.steps.iter().enumerate().find(|(_, s)| &s.id == id)
    }

    /// Definitions and records side by side, in order.
    pub fn each_step(&self) -> impl Iterator<Item = (&Step, &StepRecord)> {
        self.workflow.steps.iter().zip(&self.steps)
    }

    /// The steps at which a person must do something, in order.
    pub fn waiting_steps(&self) -> impl Iterator<Item = (&Step, &StepRecord)> {
        self.each_step().filter(|(_, record)| record.state.needs_person())
    }

    /// The step that a screen shows first: the one that waits for a person, else the one that
    /// works, else the next, else the last.
    pub fn current_index(&self) -> usize {
        let find = |wanted: fn(&StepState) -> bool| self.steps.iter().position(|s| wanted(&s.state));
        find(StepState::needs_person)
            .or_else(|| find(StepState::is_open))
            .or_else(|| find(|s| matches!(s, StepState::Pending)))
            .unwrap_or(self.steps.len().saturating_sub(1))
    }
}

impl StepRecord {
    /// The number of the latest try; 0 before the first.
    pub fn attempt(&self) -> u32 {
        self.attempts.last().map_or(0, |a| a.number)
    }
}

impl StepState {
    /// A person must come: a check, answers, an approval, a decision after a failure or a crash.
    pub fn needs_person(&self) -> bool {
        match self {
            Self::Waiting { on, .. } => !matches!(on, Prompt::Retry { .. }),
            Self::Failed { continued, .. } => !continued,
            Self::Uncertain { .. } => true,
            _ => false,
        }
    }

    /// Neither pending nor over.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Running { .. } | Self::Waiting { .. } | Self::Uncertain { .. })
            || matches!(self, Self::Failed { continued: false, .. })
    }

    /// The run may go on past it.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Skipped { .. } | Self::Failed { continued: true, .. })
    }
}

impl Segment {
    pub fn length(&self, now: Timestamp) -> Millis {
        self.to.unwrap_or(now).since(self.from)
    }
}
