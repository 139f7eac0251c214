//! The pure state machine of a run, and what is folded from its journal.
//!
//! `decide` turns a command into events or a refusal, `apply` folds events into the state,
//! `effects` says what the engine must do once events are durable. No I/O, no clock, no tokio:
//! time comes in as a value. Sessions are folded here too, in the same way.

mod advance;
mod answer;
pub mod apply;
mod clock;
pub mod command;
pub mod context;
pub mod decide;
pub mod effect;
pub mod event;
mod failure;
mod family;
mod fork;
mod lease;
pub mod line;
mod moving;
pub mod resolve;
mod rollback;
pub mod session;
pub mod state;
pub mod subject;
pub mod summary;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
mod times;
pub mod values;
mod verbs;

pub use apply::{apply, begin, replay, replay_with};
pub use command::{Command, Refusal, Report, Verb};
pub use context::{Context, PrerequisiteResult, Repo};
pub use decide::{decide, start};
pub use effect::{Effect, effects};
pub use event::{
    AfterFailure, AfterRollback, BackCause, Carried, CarriedResult, ChildNeed, Edit, Escalation, Event,
    EventBody, Evidence, EvidenceKind, Failure, FailureKind, Fork, Held, LeaseEnd, MovedOver, Opened,
    Outcome, Parent, RunStarted, SkipReason, Subject, Work, WorkflowRef,
};
pub use family::{addressee, passed_down, passed_up};
pub use fork::fork;
pub use lease::Lease;
pub use moving::{Changes, Version, changes, fold, moved};
pub use resolve::{PlannedStep, plan};
pub use rollback::{Undoing, undoing};
pub use session::{
    Export, GitState, Session, SessionEvent, SessionEventBody, SessionNote, SessionRecord, StepOutput,
};
pub use state::{
    Attempt, AttemptEnd, Back, Moved, Note, Phase, Prompt, Role, Rollback, Run, Segment, SegmentKind,
    StepRecord, StepState,
};
pub use subject::{SubjectMove, SubjectState};
pub use summary::{Need, NeedKind, RunFilter, RunStatus, RunSummary, StepStatus, Times, summarise};
