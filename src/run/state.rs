//! The state of a run: a fold of its events, and nothing that is not in them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::{Actor, Millis, RunId, StepId, Timestamp};
use crate::run::{
    AfterRollback, BackCause, ChildNeed, Edit, Escalation, Failure, Held, Lease, Outcome, RunStarted,
    SkipReason, Work, WorkflowRef,
};
use crate::workflow::{Step, Workflow};

/// One execution of one workflow version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub workflow: Arc<Workflow>,
    /// As the run was started, but for the version, which is the present one, and what that declares.
    pub header: RunStarted,
    pub started_at: Timestamp,
    pub started_by: Actor,
    /// The last event that is folded in.
    pub seq: u64,
    pub updated_at: Timestamp,
    pub phase: Phase,
    /// The inputs as they are now: as given at the start, and edited since.
    pub inputs: Map<String, Value>,
    /// Shared with the state before, as far as they are the same: a run is copied for each command.
    /// In the order of the workflow's steps, each loop followed by its iterations; then what undoes them.
    pub steps: Vec<Arc<StepRecord>>,
    /// Every automatic step waits for `proceed`.
    pub step_through: bool,
    pub breakpoints: Vec<StepId>,
    /// Every step was settled once; a rollback may have come after that.
    pub completed: bool,
    /// Once what was done is being undone, or has been.
    pub rollback: Option<Rollback>,
    pub notes: Vec<Arc<Note>>,
    /// Every time somebody went back to a step.
    #[serde(default)]
    pub backs: Vec<Back>,
    /// Every time somebody moved the run over to another version; the present one is the header's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<Moved>,
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

/// What was done is being undone; until then the run went forward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    pub since: Timestamp,
    pub by: Actor,
    pub reason: String,
    pub then: AfterRollback,
    /// When it was through.
    pub done: Option<Timestamp>,
}

/// What a record is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Role {
    /// Step number `index` (from 0) of the workflow.
    Step { index: usize },
    /// One iteration of the loop at `index`; `number` is from 1.
    Iteration { index: usize, number: u32, item: Value },
    /// What undoes `of`.
    Undo { index: usize, of: StepId, number: Option<u32>, item: Value },
}

impl Role {
    /// The place of the step in the workflow.
    pub fn index(&self) -> usize {
        match self {
            Self::Step { index } | Self::Iteration { index, .. } | Self::Undo { index, .. } => *index,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The step's id; `build.2` for an iteration, `build.rollback` for what undoes it.
    pub id: StepId,
    pub role: Role,
    pub state: StepState,
    /// Every try, oldest first; never overwritten.
    pub attempts: Vec<Attempt>,
    /// Failed tries since a person last decided about this step: what `retry` counts.
    pub failures_in_row: u32,
    /// How the step is done otherwise than its definition says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<Box<Edit>>,
    /// Somebody said `proceed`.
    #[serde(default)]
    pub released: bool,
    /// How often its failure took the run back.
    #[serde(default)]
    pub backs: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum StepState {
    Pending,
    /// Work is being done.
    Running {
        since: Timestamp,
        deadline: Option<Timestamp>,
        /// What the child run of a `workflow` step waits for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        need: Option<ChildNeed>,
    },
    /// Somebody or something must come.
    Waiting {
        since: Timestamp,
        on: Prompt,
        /// Who alone answers now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lease: Option<Lease>,
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
        /// Who is to decide, where the author named a line of people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        escalation: Option<Escalation>,
        /// Who alone answers now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lease: Option<Lease>,
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
        /// Who alone answers now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lease: Option<Lease>,
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
        /// When people are reminded next.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remind: Option<Timestamp>,
        /// Who is asked, once the first time was over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        escalation: Option<Escalation>,
    },
    /// Somebody answers for an agent that has no command.
    Agent {
        agent: String,
        persona: String,
        prompt: String,
    },
    /// Somebody wanted to look first: `work` is what would be done, where it is known.
    Proceed {
        why: Held,
        work: Option<Box<Work>>,
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
    #[serde(default)]
    pub cause: BackCause,
}

/// The run goes on in another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub at: Timestamp,
    pub by: Actor,
    pub from: WorkflowRef,
    pub to: WorkflowRef,
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
        self.steps.iter().map(|s| &**s).enumerate().find(|(_, s)| &s.id == id)
    }

    /// What a record's step is, as its author wrote it.
    pub fn definition(&self, record: &StepRecord) -> Option<&Step> {
        let step = self.workflow.steps.get(record.role.index())?;
        match record.role {
            Role::Undo { .. } => step.rollback.as_deref(),
            Role::Step { .. } | Role::Iteration { .. } => Some(step),
        }
    }

    /// Definitions and records side by side, in order; iterations and what undoes steps among them.
    pub fn each_step(&self) -> impl Iterator<Item = (&Step, &StepRecord)> {
        self.steps.iter().filter_map(|record| Some((self.definition(record)?, &**record)))
    }

    /// The iterations of the loop at `index`, in order.
    pub fn iterations(&self, index: usize) -> impl Iterator<Item = &StepRecord> {
        let all = self.steps.iter().map(|record| &**record);
        all.filter(move |r| matches!(r.role, Role::Iteration { index: i, .. } if i == index))
    }

    /// The child runs that go on, with the step that waits for each.
    pub fn children(&self) -> impl Iterator<Item = (&StepRecord, &RunId)> {
        self.steps.iter().filter_map(|record| {
            let is_open = matches!(record.state, StepState::Running { .. });
            let work = record.attempts.last().filter(|_| is_open).map(|a| &a.work)?;
            work.child().map(|child| (&**record, child))
        })
    }

    /// What was done is being undone.
    pub fn is_rolling_back(&self) -> bool {
        self.rollback.as_ref().is_some_and(|r| r.done.is_none())
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
            .or_else(|| self.steps.iter().position(|s| s.state.is_open() && !s.is_loop()))
            .or_else(|| find(StepState::is_open))
            .or_else(|| find(|s| matches!(s, StepState::Pending)))
            .unwrap_or(self.steps.len().saturating_sub(1))
    }
}

impl StepRecord {
    /// Its latest try goes through a list; the work is that of its iterations.
    pub fn is_loop(&self) -> bool {
        matches!(self.attempts.last().map(|a| &a.work), Some(Work::ForEach { .. }))
    }

    /// The child run that it started last, or that it rolls back.
    pub fn child(&self) -> Option<&RunId> {
        self.attempts.iter().rev().find_map(|attempt| attempt.work.child())
    }

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
            Self::Running { need, .. } => need.is_some(),
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
