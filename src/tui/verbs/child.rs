//! What the child run of a `workflow` step asks: its prompt shows in the parent, and is answered where all of
//! it can be seen, in the child.

use crate::base::{RunId, StepId};
use crate::config::Action;
use crate::run::{Lease, NeedKind, StepState};
use crate::tui::Model;

/// A child run that waits for somebody.
pub struct Asked {
    pub run: RunId,
    kind: NeedKind,
    /// Who has taken it, where that is somebody else.
    taken: Option<Lease>,
}

impl Asked {
    /// Why this is no answer to what it asks.
    pub fn refused(&self, action: Action) -> Option<String> {
        match (action, &self.taken) {
            (Action::TakeBack, Some(_)) | (Action::Take | Action::HandOver, None) => return None,
            (Action::TakeBack, None) => return Some("Nobody else has taken it".to_owned()),
            (Action::Take | Action::HandOver, Some(lease)) => return Some(format!("It is {lease}")),
            _ => {}
        }
        let fits = match self.kind {
            NeedKind::Check => matches!(action, Action::Check | Action::Done | Action::Fail),
            NeedKind::Answer | NeedKind::Agent => matches!(action, Action::Answer | Action::Fail),
            NeedKind::Approve => matches!(action, Action::Approve | Action::Reject | Action::PushBack),
            NeedKind::Failed | NeedKind::Uncertain => {
                matches!(action, Action::Retry | Action::EditRetry | Action::Done)
            }
            NeedKind::Proceed => action == Action::Proceed,
        };
        let wants = match self.kind {
            NeedKind::Check => "that actions are done",
            NeedKind::Answer => "for answers",
            NeedKind::Agent => "for an agent's answer",
            NeedKind::Approve => "for an approval",
            NeedKind::Failed => "for a decision after a failure",
            NeedKind::Uncertain => "for a decision after a crash",
            NeedKind::Proceed => "until somebody lets it proceed",
        };
        (!fits).then(|| format!("The run of this step waits {wants}; Enter goes to it"))
    }
}

/// Whether the action answers what a run asks, rather than being about the step itself: that one is skipped
/// with its whole run.
pub fn is_answer(action: Action) -> bool {
    super::is_of_step(action) && action != Action::Skip
}

/// The child run of this step, or of the only one that waits, if it asks something.
pub fn asked(model: &Model, id: &RunId, step: Option<&StepId>) -> Option<Asked> {
    let run = model.mirror.run(id)?;
    let record = match step {
        Some(step) => run.record(step).map(|(_, r)| r),
        None => run.waiting_steps().map(|(_, r)| r).next(),
    }?;
    match &record.state {
        StepState::Running { need: Some(need), .. } if !run.is_ended() => {
            let taken = need.lease.clone().filter(|lease| lease.holder != model.me);
            Some(Asked { run: record.child()?.clone(), kind: need.kind, taken })
        }
        _ => None,
    }
}

/// The run that really asks: the last of a chain of children.
pub fn asker(model: &Model, run: &RunId) -> RunId {
    let mut at = run.clone();
    // As deep as runs can be nested, and no cycle.
    for _ in 0..16 {
        let next = model.mirror.summary(&at).and_then(|row| row.need.as_ref()?.child.clone());
        match next.filter(|child| model.mirror.summary(child).is_some()) {
            Some(child) => at = child,
            None => break,
        }
    }
    at
}
