//! The log's line for each event of a journal.

use crate::run::line::describe;
use crate::run::{Event, Run, SessionEvent, SessionEventBody};

/// One line at info, with run, step and attempt as fields.
pub fn run_event(run: &Run, event: &Event) {
    let (name, step, attempt) = describe(&event.body);
    tracing::info!(
        run = %run.id(),
        workflow = %run.workflow.id,
        seq = event.seq,
        step = step.map(tracing::field::display),
        attempt,
        actor = %event.actor,
        "{name}"
    );
}

pub fn session_event(session: &crate::base::SessionId, event: &SessionEvent) {
    let name = match event.body {
        SessionEventBody::Opened { .. } => "session.opened",
        SessionEventBody::Noted { .. } => "session.note",
        SessionEventBody::Renamed { .. } => "session.renamed",
        SessionEventBody::Exported(_) => "session.exported",
        SessionEventBody::Ended => "session.ended",
    };
    tracing::info!(session = %session, seq = event.seq, actor = %event.actor, "{name}");
}
