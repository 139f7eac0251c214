//! A run or a session as the store has it: its journal, folded again.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::{Error, Result, RunId, SessionId};
use crate::run::{Event, EventBody, Run, Session, replay_with};
use crate::store::Store;
use crate::workflow::{self, Diagnostic, Workflow};

/// Events of a run are read in pieces of this many.
const PIECE: usize = 1000;

/// Definitions that were read already: runs of the same version share theirs.
#[derive(Default)]
pub struct Definitions(HashMap<String, Arc<Workflow>>);

impl Definitions {
    fn get(&mut self, store: &Store, digest: &str) -> Result<Arc<Workflow>> {
        if let Some(known) = self.0.get(digest) {
            return Ok(Arc::clone(known));
        }
        let workflow = definition(store, digest)?;
        self.0.insert(digest.to_owned(), Arc::clone(&workflow));
        Ok(workflow)
    }
}

/// The run after its last event. Blocking.
pub fn run(store: &Store, id: &RunId) -> Result<Run> {
    run_with(store, id, &mut Definitions::default())
}

/// The same, one of many.
pub fn run_with(store: &Store, id: &RunId, definitions: &mut Definitions) -> Result<Run> {
    let mut events: Vec<Event> = Vec::new();
    loop {
        let after = events.last().map_or(0, |e| e.seq);
        let piece = store.events(id, after, PIECE)?;
        let is_last = piece.len() < PIECE;
        events.extend(piece);
        if is_last {
            break;
        }
    }
    if events.is_empty() {
        return Err(no_such_run(id));
    }
    let workflow = match events.first().map(|e| &e.body) {
        Some(EventBody::RunStarted(header)) => definitions.get(store, &header.workflow.digest)?,
        _ => return Err(broken(id, "its journal does not begin with its start")),
    };
    let run = replay_with(workflow, &events, |digest| definitions.get(store, digest))?;
    run.ok_or_else(|| broken(id, "its journal cannot be folded"))
}

/// The workflow version that a run is pinned to. Blocking.
pub fn definition(store: &Store, digest: &str) -> Result<Arc<Workflow>> {
    let bytes = store.definition(digest)?.ok_or_else(|| {
        Error::internal(format!("The definition {digest} is not in the store"))
            .hint("`mwtui doctor` looks the store over")
    })?;
    let (workflow, _) = workflow::parse(&format!("definition {digest}"), &bytes).map_err(|problems| {
        problems.iter().map(|d: &Diagnostic| d.message.clone()).fold(
            Error::internal(format!("The definition {digest} cannot be read any more"))
                .hint("It was written by another version of mwtui: use that one to end its runs"),
            Error::cause,
        )
    })?;
    Ok(Arc::new(workflow))
}

/// The session with this id, open or ended. Blocking.
pub fn session(store: &Store, id: &SessionId) -> Result<Session> {
    store.session(id)?.ok_or_else(|| {
        Error::not_found(format!("There is no session {}", id.short()))
            .hint("See them all with `mwtui session list`")
    })
}

pub fn no_such_run(id: &RunId) -> Error {
    Error::not_found(format!("There is no run {}", id.short())).hint("See them all with `mwtui runs`")
}

fn broken(id: &RunId, why: &str) -> Error {
    Error::internal(format!("Run {} cannot be read: {why}", id.short()))
        .hint("`mwtui doctor` looks the store over; the other runs are not affected")
}
