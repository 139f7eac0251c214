//! The log's line for each event of a journal.

use std::collections::HashMap;

use crate::base::RunId;
use crate::engine::learning;
use crate::run::line::describe;
use crate::run::{Event, Run, SessionEvent, SessionEventBody};
use crate::store::Append;

/// Everything that one commit has made durable; `runs` are as they are after it.
pub fn all(appends: &[Append], runs: &HashMap<RunId, Run>) {
    for append in appends {
        match append {
            Append::Run { run, events, .. } => {
                for (event, run) in events.iter().filter_map(|e| Some((e, runs.get(run)?))) {
                    run_event(run, event);
                }
            }
            Append::Session { session, events, .. } => {
                for event in events {
                    session_event(session, event);
                }
            }
            Append::Subject { state } => {
                tracing::info!(subject = state.name, root = state.root, state = state.state, "subject.moved");
            }
            Append::Memory { events } => events.iter().for_each(learning::log),
        }
    }
}

/// One line at info, with run, step and attempt as fields.
fn run_event(run: &Run, event: &Event) {
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

fn session_event(session: &crate::base::SessionId, event: &SessionEvent) {
    let name = match event.body {
        SessionEventBody::Opened { .. } => "session.opened",
        SessionEventBody::Noted { .. } => "session.note",
        SessionEventBody::Renamed { .. } => "session.renamed",
        SessionEventBody::Exported(_) => "session.exported",
        SessionEventBody::Ended => "session.ended",
    };
    tracing::info!(session = %session, seq = event.seq, actor = %event.actor, "{name}");
}
