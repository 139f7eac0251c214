//! What lists show of a run: one row, folded from its state.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::{Actor, Millis, RunId, SessionId, StepId, Timestamp, WorkflowId};
use crate::run::{Lease, Phase, Prompt, Role, Run, SegmentKind, StepRecord, StepState};
use crate::workflow::Step;

/// The words of a run's status; glyph and colour follow from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    Running,
    Waiting,
    Paused,
    Completed,
    Failed,
    Cancelled,
}

impl RunStatus {
    pub const ALL: [Self; 6] =
        [Self::Running, Self::Waiting, Self::Paused, Self::Completed, Self::Failed, Self::Cancelled];

    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn is_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    Pending,
    Running,
    Waiting,
    Done,
    Failed,
    Skipped,
    Cancelled,
    Uncertain,
}

impl StepStatus {
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
            Self::Uncertain => "uncertain",
        }
    }
}

impl StepState {
    pub fn status(&self) -> StepStatus {
        match self {
            Self::Pending => StepStatus::Pending,
            Self::Running { .. } => StepStatus::Running,
            Self::Waiting { .. } => StepStatus::Waiting,
            Self::Done { .. } => StepStatus::Done,
            Self::Failed { .. } => StepStatus::Failed,
            Self::Skipped { .. } => StepStatus::Skipped,
            Self::Cancelled { .. } => StepStatus::Cancelled,
            Self::Uncertain { .. } => StepStatus::Uncertain,
        }
    }
}

/// What a person is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeedKind {
    Check,
    Answer,
    Approve,
    /// A step failed.
    Failed,
    /// A step is uncertain after a crash.
    Uncertain,
    /// An agent's prompt has nobody else to answer it.
    Agent,
    /// A step is held until somebody has looked.
    Proceed,
}

impl NeedKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Answer => "answer",
            Self::Approve => "approve",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Agent => "agent",
            Self::Proceed => "proceed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    pub kind: NeedKind,
    pub step: StepId,
    pub title: String,
    pub since: Timestamp,
    pub deadline: Option<Timestamp>,
    /// `exit 101`, for a failure.
    pub detail: Option<String>,
    /// Who is asked, where the author named a line of people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The child run that it is asked in; what is said to the parent reaches it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<RunId>,
    /// Who has taken it, and answers it alone until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
}

/// Where the time went, told apart. Open stretches count up to `at`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    pub work: Millis,
    /// Waiting for people: checks, answers, decisions, approvals.
    pub waiting: Millis,
    pub retry: Millis,
    pub paused: Millis,
}

/// One row of a list of runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSummary {
    pub run: RunId,
    pub session: SessionId,
    pub workflow: WorkflowId,
    pub name: String,
    pub version: u32,
    pub status: RunStatus,
    pub folder: String,
    /// The inputs in short, `checkout, staging`.
    pub subject: String,
    pub started_at: Timestamp,
    pub started_by: Actor,
    pub ended_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    pub seq: u64,
    /// Steps of the workflow that are settled so far, and how many it has; the parts of a loop are none of them.
    pub settled: u32,
    pub steps: u32,
    /// From 1; the step that a screen shows first.
    pub current: u32,
    pub current_title: String,
    pub current_status: StepStatus,
    /// What a person is needed for, first of several.
    pub need: Option<Need>,
    /// Up to `updated_at`; what is open since then is `open`.
    pub times: Times,
    /// What the time since `updated_at` goes into, while the run lives.
    pub open: Option<SegmentKind>,
    /// The titles of steps that failed and were not mended.
    pub failed_steps: Vec<String>,
    /// The run that this one is a step of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RunId>,
    /// It goes on, or went on, in another version than it was started with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moved_over: bool,
    /// What was done was undone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rolled_back: bool,
}

impl Run {
    pub fn status(&self) -> RunStatus {
        match self.phase {
            Phase::Paused { .. } => RunStatus::Paused,
            Phase::Completed { .. } => RunStatus::Completed,
            Phase::Failed { .. } => RunStatus::Failed,
            Phase::Cancelled { .. } => RunStatus::Cancelled,
            Phase::Cancelling { .. } => RunStatus::Running,
            Phase::Active { .. } => {
                let working = self.steps.iter().any(|s| {
                    (matches!(s.state, StepState::Running { need: None, .. }) && !s.is_loop())
                        || matches!(s.state, StepState::Waiting { on: Prompt::Retry { .. }, .. })
                });
                if !working && self.steps.iter().any(|s| s.state.needs_person()) {
                    RunStatus::Waiting
                } else {
                    RunStatus::Running
                }
            }
        }
    }
}

/// Which runs a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFilter {
    /// Empty: every status.
    #[serde(default)]
    pub statuses: Vec<RunStatus>,
    #[serde(default)]
    pub workflow: Option<WorkflowId>,
    #[serde(default)]
    pub session: Option<SessionId>,
    /// Started at or after.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Blind to case, in id, name, subject, step titles.
    #[serde(default)]
    pub search: Option<String>,
    /// Live runs are never cut off by it.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// The row of a run.
pub fn summarise(run: &Run) -> RunSummary {
    let current = run.current_index();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let is_step = |record: &&std::sync::Arc<StepRecord>| matches!(record.role, Role::Step { .. });
    let title_at = |index: usize| {
        run.steps.get(index).and_then(|r| Some(title(run.definition(r)?, r))).unwrap_or_default()
    };
    RunSummary {
        run: run.id().clone(),
        session: run.header.session.clone(),
        workflow: run.header.workflow.id.clone(),
        name: run.header.workflow.name.clone(),
        version: run.header.workflow.version,
        status: run.status(),
        folder: run.header.context.folder.clone(),
        subject: subject(run),
        started_at: run.started_at,
        started_by: run.started_by.clone(),
        ended_at: run.ended_at(),
        updated_at: run.updated_at,
        seq: run.seq,
        settled: count(run.steps.iter().filter(is_step).filter(|s| s.state.is_settled()).count()),
        steps: count(run.workflow.steps.len()),
        current: count(run.steps.get(current).map_or(0, |record| record.role.index() + 1)),
        current_title: title_at(current),
        current_status: run.steps.get(current).map_or(StepStatus::Pending, |s| s.state.status()),
        need: if run.is_ended() { None } else { run.waiting_steps().next().and_then(|(s, r)| need(s, r)) },
        times: run.times(run.updated_at),
        open: open_kind(run),
        parent: run.header.parent.as_ref().map(|p| p.run.clone()),
        moved_over: !run.moved.is_empty(),
        rolled_back: run.rollback.as_ref().is_some_and(|r| r.done.is_some()),
        failed_steps: run
            .each_step()
            .filter(|(_, r)| matches!(r.state, StepState::Failed { .. }))
            .map(|(s, r)| title(s, r))
            .collect(),
    }
}

impl RunSummary {
    /// Where the time went until `now`, what is open since the last event included.
    pub fn times_at(&self, now: Timestamp) -> Times {
        let mut times = self.times;
        let since = now.since(self.updated_at);
        match self.open {
            Some(SegmentKind::Work) => times.work = times.work.plus(since),
            Some(SegmentKind::Person | SegmentKind::Approval) => times.waiting = times.waiting.plus(since),
            Some(SegmentKind::Retry) => times.retry = times.retry.plus(since),
            Some(SegmentKind::Paused) => times.paused = times.paused.plus(since),
            None => {}
        }
        times
    }
}

/// What a person is needed for at this step.
pub fn need(step: &Step, record: &StepRecord) -> Option<Need> {
    let title = || title(step, record);
    let mut need = Need {
        kind: NeedKind::Check,
        step: record.id.clone(),
        title: title(),
        since: Timestamp(0),
        deadline: None,
        detail: None,
        to: None,
        child: None,
        lease: record.state.taken().cloned(),
    };
    match &record.state {
        StepState::Waiting { since, on, .. } => {
            need.since = *since;
            need.kind = match on {
                Prompt::Check { .. } => NeedKind::Check,
                Prompt::Answers => NeedKind::Answer,
                Prompt::Agent { .. } => NeedKind::Agent,
                Prompt::Proceed { .. } => NeedKind::Proceed,
                Prompt::Approval { deadline, escalation, .. } => {
                    need.deadline = *deadline;
                    need.to = escalation.as_ref().map(|e| e.to.clone());
                    NeedKind::Approve
                }
                Prompt::Retry { .. } => return None,
            };
        }
        StepState::Failed { at, failure, continued: false, escalation, .. } => {
            need.kind = NeedKind::Failed;
            need.since = *at;
            need.detail =
                Some(failure.exit.map_or_else(|| failure.message.clone(), |code| format!("exit {code}")));
            need.deadline = escalation.as_ref().and_then(|e| e.deadline);
            need.to = escalation.as_ref().map(|e| e.to.clone());
        }
        StepState::Uncertain { since, .. } => {
            need.kind = NeedKind::Uncertain;
            need.since = *since;
        }
        StepState::Running { since, need: Some(child), .. } => {
            need.kind = child.kind;
            need.since = *since;
            need.deadline = child.deadline;
            need.title = format!("{} › {}", title(), child.title);
            need.child = record.attempts.last().and_then(|a| a.work.child().cloned());
        }
        _ => return None,
    }
    Some(need)
}

/// The step's title, with the item of an iteration or what it undoes.
pub fn title(step: &Step, record: &StepRecord) -> String {
    let short = |item: &Value| {
        let text = item.as_str().map_or_else(|| item.to_string(), str::to_owned);
        let mut short: String = text.chars().take(40).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        short
    };
    match &record.role {
        Role::Iteration { item, .. } | Role::Undo { number: Some(_), item, .. } => {
            format!("{}: {}", step.title, short(item))
        }
        Role::Step { .. } | Role::Undo { number: None, .. } => step.title.clone(),
    }
}

/// A pause hides what stands still under it; work hides what waits beside it.
fn open_kind(run: &Run) -> Option<SegmentKind> {
    let open: Vec<SegmentKind> = run.segments.iter().filter(|s| s.to.is_none()).map(|s| s.kind).collect();
    [SegmentKind::Paused, SegmentKind::Work, SegmentKind::Retry, SegmentKind::Approval, SegmentKind::Person]
        .into_iter()
        .find(|kind| open.contains(kind))
}

/// The first short inputs, which tell one run of a workflow from another.
fn subject(run: &Run) -> String {
    let texts = run.header.inputs.values().filter_map(|value| match value {
        Value::String(text) if !text.is_empty() && text.len() <= 40 && !text.contains('\n') => {
            Some(text.clone())
        }
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    texts.take(3).collect::<Vec<_>>().join(", ")
}
